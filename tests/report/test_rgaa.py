"""The criteria of the RGAA that a machine can check, one by one, on every page of the two demo dossiers.

The rest of what a machine can see is asked of axe-core and of a browser (`promises`); what needs a person is not here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from ctgeval.prose import fold
from ctgeval.report.lint import colours, figures
from ctgeval.report.lint.markup import HEADINGS, Element, Page
from tests.report.demo import Key

NUMBER = re.compile(r"[−-]?\d+(?:[\u202f\u00a0]\d{3})*(?:,\d+)?")
SHARE = re.compile(r"−?\d+ %")
Criterion = Callable[[Page], Iterator[str]]


@pytest.fixture(scope="module")
def read(demo_pages: dict[Key, Path]) -> list[tuple[str, Page]]:
    return [(f"{key[1]}/{path.name}", Page.read(path.read_text(encoding="utf-8"))) for key, path in demo_pages.items()]


def drawn(page: Page) -> Iterator[tuple[Element, str, str]]:
    """Each drawing with its alternative and its caption."""
    for one in page.all("svg", "img"):
        figure = next(holder for holder in one.above() if holder.tag == "figure")
        caption = page.text(page.within(figure, "figcaption")[0])
        yield figure, one.get("aria-label") or one.get("alt"), caption


def each_image_has_an_alternative(page: Page) -> Iterator[str]:
    for _, alternative, caption in drawn(page):
        if not alternative.strip():
            yield caption


def each_alternative_is_relevant(page: Page) -> Iterator[str]:
    for _, alternative, caption in drawn(page):
        if figures.alternative_fault(alternative, caption):
            yield alternative


def each_image_has_a_detailed_description(page: Page) -> Iterator[str]:
    """Its values, in the table that comes next; every number of the alternative is there, or follows from it."""
    order, leads = page.all("figure", "table"), [one for one in page.all("p") if one.get("class") == "message"]
    for figure, alternative, caption in drawn(page):
        table = order[order.index(figure) + 1]
        cells = [page.text(cell) for cell in page.within(table, "td")]
        shown = set(NUMBER.findall(page.source[table.start : table.end]))
        # As many as there are rows, or as there are shares of the way to a target.
        shown |= {str(len(page.within(table, "tr")) - 1), str(sum(bool(SHARE.fullmatch(cell)) for cell in cells))}
        # How many there are of what the table lists in part is said at the head of the section.
        shown |= {one for lead in leads if lead.start < figure.start for one in NUMBER.findall(page.content(lead))}
        if "base 100" in caption:
            shown |= {"100", "100,0", *_rebased(page, table)}
        missing = [one for one in NUMBER.findall(alternative) if one not in shown]
        if missing:
            yield f"{caption}: {missing}"


def _rebased(page: Page, table: Element) -> Iterator[str]:
    """The values of each territory, 100 at the first one, whichever way the table lies."""
    rows = [
        [page.text(cell) for cell in page.all("th", "td") if row.inside <= cell.start < row.end]
        for row in page.within(table, "tr")
    ]
    lines = rows[1:] if rows[0][0] == "Territoire" else list(zip(*rows[1:], strict=True))
    for line in lines:
        numbers = [
            float(cell.replace("\u202f", "").replace(" ", "").replace(",", "."))
            for cell in line[rows[0][0] == "Territoire" :]
            if re.fullmatch(r"[\d \u202f]+", cell)
        ]
        for number in numbers:
            yield f"{100 * number / numbers[0]:.1f}".replace(".", ",")


def each_caption_is_tied_to_its_image(page: Page) -> Iterator[str]:
    for figure in page.all("figure"):
        (caption,) = page.within(figure, "figcaption")
        if (figure.get("role"), figure.get("aria-labelledby")) != ("group", caption.get("id")):
            yield page.text(caption)


def no_information_by_colour_alone(page: Page) -> Iterator[str]:
    yield from (fault.message for fault in colours.drawings(page) if fault.rule == "couleur-seule")


def texts_stand_out(page: Page) -> Iterator[str]:
    yield from (fault.message for fault in colours.style(page))
    yield from (one.message for one in colours.drawings(page) if one.reference == "RGAA 3.2")


def drawings_stand_out(page: Page) -> Iterator[str]:
    yield from (one.message for one in colours.drawings(page) if one.reference == "RGAA 3.3")


def complex_tables_have_a_summary(page: Page) -> Iterator[str]:
    """None is complex: a row of headers, a column of headers, no span."""
    for table in page.all("table"):
        source = page.source[table.start : table.end]
        if "span=" in source or source.count("<thead") != 1:
            yield page.text(table)[:60]


def tables_have_their_title(page: Page) -> Iterator[str]:
    for table in page.all("table"):
        first = page.after(table)
        if first is None or first.tag != "caption" or not page.text(first):
            yield page.text(table)[:60]


def titles_of_tables_are_relevant(page: Page) -> Iterator[str]:
    """Each says more than a word, and no two tables have the same."""
    titles = Counter(fold(page.text(one)) for one in page.all("caption"))
    yield from (title for title, count in titles.items() if count > 1 or len(title.split()) < 2)


def headers_are_declared(page: Page) -> Iterator[str]:
    for table in page.all("table"):
        rows = page.within(table, "tr")
        tags = [[one.tag for one in page.all("th", "td") if row.inside <= one.start < row.end] for row in rows]
        if set(tags[0]) != {"th"} or any(row[0] != "th" or set(row[1:]) - {"td"} for row in tags[1:]):
            yield page.text(table)[:60]


def cells_are_tied_to_their_headers(page: Page) -> Iterator[str]:
    for one in page.all("th"):
        expected = "col" if one.inside_of("thead") else "row"
        if one.get("scope") != expected or not page.text(one):
            yield page.text(one)


def the_code_is_valid(page: Page) -> Iterator[str]:
    yield from page.broken
    yield from (name for name, count in Counter(re.findall(r'\sid="([^"]*)"', page.source)).items() if count > 1)
    for one in page.elements:
        names = re.findall(r'\s([\w:-]+)="', one.written)
        yield from (f"{one.tag} {name}" for name, count in Counter(names).items() if count > 1)


def the_language_is_told(page: Page) -> Iterator[str]:
    if page.all("html")[0].get("lang") != "fr":
        yield page.source[:100]


def the_page_has_a_relevant_title(page: Page) -> Iterator[str]:
    (title,), (heading,) = page.all("title"), page.all("h1")
    if page.text(heading) not in page.text(title):
        yield page.text(title)


def headings_are_in_their_order(page: Page) -> Iterator[str]:
    levels = [int(one.tag[1]) for one in page.all(*HEADINGS)]
    if levels.count(1) != 1 or any(after > before + 1 for before, after in pairwise(levels)):
        yield str(levels)


def the_structure_is_told(page: Page) -> Iterator[str]:
    outside = [one.tag for one in page.all("header", "footer") if not one.inside_of("main", "section")]
    if (outside, len(page.all("main"))) != (["header", "footer"], 1):
        yield str(outside)
    yield from ("nav without a name" for one in page.all("nav") if not one.get("aria-labelledby"))


def texts_can_be_enlarged(page: Page) -> Iterator[str]:
    """In no unit that ignores what the reader chose, paper aside; `promises` looks at the result at 200 %."""
    style = re.sub(r"@media print\{(?:[^{}]|\{[^{}]*\})*\}", "", page.content(page.all("style")[0]))
    yield from re.findall(r"font(?:-size)?:[^;}]*\d(?:px|pt|cm|mm)", style)
    if "user-scalable" in page.source or "maximum-scale" in page.source:
        yield "viewport"


def one_can_skip_to_the_content(page: Page) -> Iterator[str]:
    if page.all("a")[0].get("href") != f"#{page.all('main')[0].get('id')}":
        yield page.text(page.all("a")[0])


CRITERIA: dict[str, Criterion] = {
    "1.1": each_image_has_an_alternative,
    "1.3": each_alternative_is_relevant,
    "1.6": each_image_has_a_detailed_description,
    "1.9": each_caption_is_tied_to_its_image,
    "3.1": no_information_by_colour_alone,
    "3.2": texts_stand_out,
    "3.3": drawings_stand_out,
    "5.1": complex_tables_have_a_summary,
    "5.4": tables_have_their_title,
    "5.5": titles_of_tables_are_relevant,
    "5.6": headers_are_declared,
    "5.7": cells_are_tied_to_their_headers,
    "8.2": the_code_is_valid,
    "8.3": the_language_is_told,
    "8.5": the_page_has_a_relevant_title,
    "9.1": headings_are_in_their_order,
    "9.2": the_structure_is_told,
    "10.4": texts_can_be_enlarged,
    "12.7": one_can_skip_to_the_content,
}


@pytest.mark.parametrize("criterion", CRITERIA)
def test_every_page_meets_the_criterion(read: list[tuple[str, Page]], criterion: str) -> None:
    assert len(read) == 14
    assert {name: found for name, page in read if (found := list(CRITERIA[criterion](page)))} == {}
