"""Where slides begin and end: nothing is lost, a screen is enough, and what is looked at is shown."""

from __future__ import annotations

from collections import Counter
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, strategies as st

from ctgeval.report.formats import content, storyboard
from tests.examples import examples
from tests.report.formats.documents import document

WORDS = "mot " * 60
ROW = "<tr><th scope='row'>Commune</th><td>12</td></tr>"
HEAD = "<thead><tr><th scope='col'>A</th><th scope='col'>B</th></tr></thead>"
CAPTION = "<caption>Titre <span class='table-details'>Unité</span></caption>"
LONG = f"<table id='t'>{CAPTION}{HEAD}<tbody>{ROW * 40}</tbody></table>"
BLOCKS = st.sampled_from(
    [
        "<h2>Une section</h2>", "<h3>Une partie</h3>", "<h4>Un détail</h4>", "<p>court</p>", f"<p>{WORDS * 3}</p>",
        "<p class='message'>Le message</p>", "<ul><li>un</li><li>deux</li></ul>",
        "<ul class='notes'><li>note</li></ul>", f"<ol>{'<li>un point</li>' * 30}</ol>", LONG,
        f"<table><tbody>{ROW}</tbody></table>", "texte nu",
        "<blockquote>cité</blockquote>", "<details class='valeurs'><summary>Voir</summary><p>plié</p></details>",
        "<figure role='group'><figcaption>Figure</figcaption><svg viewBox='0 0 9 9' aria-label='a'></svg></figure>",
        f"<ul class='chiffres'>{'<li class=chiffre><p class=chiffre-nom>Nom</p></li>' * 8}</ul>",
        "<div class='autre'><h2>Dedans</h2><p>texte</p></div>",
        "<dl class='definitions'><div><dt>terme</dt><dd>sens</dd></div></dl>",
        "<div class='fiche'><div class='fiche-texte'>près</div><figure><figcaption>F</figcaption></figure></div>",
    ]
)  # fmt: skip


def _told(raw: str) -> list[storyboard.Slide]:
    return storyboard.slides(content.reading(content.tree(document(raw))))


def _leaves(elements: list[Element]) -> Counter[str]:
    return Counter(
        word for one in elements for part in one.itertext() for word in part.split() if not word.startswith("(")
    )


@examples(40)
@given(st.lists(BLOCKS, max_size=12))
def test_all_that_the_page_says_is_on_a_slide_or_in_its_notes(blocks: list[str]) -> None:
    raw = "".join(blocks)
    page = _leaves([content.reading(content.tree(document(raw)))])
    told = _told(raw)
    said = _leaves([one for slide in told for one in (*slide.shown, *slide.notes)])
    for slide in told:
        said += Counter(slide.title.split()) if slide.rank == 1 else Counter()
    # Captions and headers come again on each slide of a long table; nothing else does.
    repeated = {"Titre", "Unité", "A", "B", "sur"}
    assert {word: said[word] for word in page if word not in repeated} == {
        word: count for word, count in page.items() if word not in repeated
    }
    assert all(said[word] >= page[word] for word in repeated)
    assert all(not list(one.iter("h2")) for slide in told for one in (*slide.shown, *slide.notes))


@examples(40)
@given(st.lists(BLOCKS, max_size=12))
def test_a_slide_holds_one_screen_unless_one_block_is_taller(blocks: list[str]) -> None:
    for slide in _told("".join(blocks)):
        tall = [one for one in slide.shown if one.tag not in {"h3", "h4"}]
        assert slide.height <= 500 or len(tall) == 1


def test_a_long_table_is_shared_evenly_under_its_caption_and_headers() -> None:
    raw = f"<h2>A</h2><table id='t'><caption>Titre</caption>{HEAD}<tbody>{ROW * 23}</tbody></table>"
    tables = [one for slide in _told(raw) for one in slide.shown]
    rows = [len(one.findall("tbody/tr")) for one in tables]
    assert sum(rows) == 23
    assert max(rows) - min(rows) <= 1
    captions = [content.text(one.find("caption")) for one in tables]
    assert captions == [f"Titre ({rank} sur {len(rows)})" for rank in range(1, 1 + len(rows))]
    assert [one.get("id") for one in tables] == ["t", *(f"t-suite-{rank}" for rank in range(2, 1 + len(rows)))]
    assert all(content.text(one.find("thead")) == "AB" for one in tables)
    assert {one.get("data-label") for table in tables for one in table.iterfind("tbody/tr/td")} == {"B"}


@pytest.mark.parametrize(
    ("raw", "shown", "noted"),
    [
        (f"<p class='message'>m</p><p>{WORDS * 4}</p><ul class='notes'><li>n</li></ul>", ["p"], ["p", "ul"]),
        (f"<p>{WORDS * 4}</p>", ["p"], []),
        ("<p class='message'>m</p><p>court</p>", ["p", "p"], []),
        ("<p>court</p><figure><figcaption>f</figcaption></figure>", ["figure"], ["p"]),
        ("<details class='valeurs'><summary>s</summary><p>v</p></details>", [], ["div"]),
        ("<h3>a</h3><p>court</p><h3>b</h3>", ["h3", "p"], ["h3"]),
    ],
)
def test_what_is_looked_at_is_shown_and_what_is_read_is_noted(raw: str, shown: list[str], noted: list[str]) -> None:
    _, slide = _told(f"<h2>A</h2>{raw}")
    assert [one.tag for one in slide.shown] == shown
    assert [one.tag for one in slide.notes] == noted
