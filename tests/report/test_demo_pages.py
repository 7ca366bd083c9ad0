"""Every page of the two demo dossiers, built as ``make bilan`` builds them, keeps the promises made to its readers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.report.demo import PAGES, PRODUCED, Key

READERS = {"interne": "Équipe de la convention", "copil": "Comité de pilotage", "habitants": "Habitantes et habitants"}
CODE = re.compile(r"\b(?:EPCI|COM|DEP|GRP)-[\dA-Za-z]|\b[A-Z]{2}\d{2}\b|ctg\.toml|suivi\.xlsx|\bÀ fournir\b")
MASKED = "non diffusable"
LIGHT = 150
"""In KiB: what a telephone opens at once where the network is poor. A diagnostic or an impact is one subject."""
HEAVIEST = {"interne": 330, "copil": 200, "habitants": 140}
"""In KiB, for the bilan annuel: the team keeps the sheet of each action and indicator, and reads it at the office; the
committee prints it (a lead and one table a section); the inhabitants open it on a telephone."""


class Outline(HTMLParser):
    """What the tests ask of a page: its figures and what follows them, its tables, its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.figures: list[dict[str, str]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.text = ""
        self.cards: dict[str, str] = {}
        self._open: list[str] = []
        self._figure: dict[str, str] | None = None
        self._table: list[list[str]] = []
        self._field = ""
        self._card = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "figure":
            self._figure = {"role": given.get("role", ""), "named": given.get("aria-labelledby", ""), "caption": "",
                            "svg": "", "text": "", "after": ""}  # fmt: skip
            self.figures.append(self._figure)
        elif tag == "figcaption" and self._figure is not None:
            self._figure["id"] = given.get("id", "")
        elif tag == "svg" and self._figure is not None:
            self._figure["svg"] = f"{given.get('role')} {given.get('aria-label', '')}"
        elif tag == "table":
            self._table = self.tables.setdefault(given.get("id", ""), [])
            if self.figures and not self.figures[-1]["after"]:
                self.figures[-1]["after"] = given.get("id", "")
        elif tag == "tr":
            self._table.append([])
        elif tag in {"th", "td"} and self._table:
            self._table[-1].append("")
        self._field = given.get("class", "") if tag in {"p", "style"} else self._field
        if tag not in {"meta", "br", "path", "hr"}:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Leave alone what holds nothing."""

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        if tag == "figure":
            self._figure = None
        if tag == "p":
            self._field = ""

    def handle_data(self, data: str) -> None:
        if "style" in self._open or not data.strip():
            return
        data = re.sub(r"[\s\u00a0\u202f]+", " ", data)
        if "main" in self._open:
            self.text += f"{data} "
        if self._figure is not None:
            self._figure["text"] += data
            if "figcaption" in self._open:
                self._figure["caption"] += data
        if self._table and self._table[-1] and {"th", "td"} & set(self._open):
            self._table[-1][-1] += data
        if self._field == "chiffre-nom":
            self._card = data.strip()
        elif self._field == "chiffre-valeur" and self._card:
            self.cards[self._card] = f"{self.cards.get(self._card, '')} {data.strip()}".strip()


@pytest.fixture(scope="module")
def pages(demo_pages: dict[Key, Path]) -> dict[Key, Path]:
    """Each produced page by dossier, audience and rank."""
    return demo_pages


@pytest.fixture(scope="module")
def outlines(pages: dict[Key, Path]) -> dict[Key, Outline]:
    """What each bilan holds, indexes aside."""
    bilans = {key: path for key, path in pages.items() if path.name != "index.html"}
    return {key: Outline(path.read_text(encoding="utf-8")) for key, path in bilans.items()}


def bilans(outlines: dict[Key, Outline], *audiences: str) -> Iterator[tuple[str, Outline]]:
    for (dossier, audience, _), outline in outlines.items():
        if not audiences or audience in audiences:
            yield dossier, outline


def test_every_page_is_written_and_no_other(pages) -> None:
    assert set(pages) == set(PRODUCED)


@pytest.mark.parametrize("key", PRODUCED, ids=lambda key: "-".join(map(str, key)))
def test_page_keeps_the_promises(pages, check_page: Callable[[Path], None], key: Key) -> None:
    check_page(pages[key])


@pytest.mark.parametrize("key", PRODUCED, ids=lambda key: "-".join(map(str, key)))
def test_bilans_stay_light(pages, key: Key) -> None:
    path = pages[key]
    limit = HEAVIEST.get(key[1], LIGHT) if "bilan-annuel" in path.name else LIGHT
    assert path.stat().st_size <= limit * 1024, path


def test_the_committee_reads_much_less_than_the_team(pages) -> None:
    team, committee, inhabitants = (pages["demo", one, 0].stat().st_size for one in ("interne", "copil", "habitants"))
    assert committee <= 0.65 * team
    assert inhabitants <= 0.7 * committee


def test_each_figure_is_named_described_and_followed_by_its_values(outlines) -> None:
    assert sum(len(outline.figures) for _, outline in bilans(outlines)) >= 25
    for _, outline in bilans(outlines):
        for figure in outline.figures:
            assert figure["role"] == "group"
            assert figure["caption"].strip()
            assert figure["named"] == figure["id"]
            role, _, alternative = figure["svg"].partition(" ")
            assert role == "img"
            assert len(re.findall(r"\d", alternative)) >= 4, "an alternative is computed from the values"
            assert figure["after"], figure["caption"]


def test_the_fiction_is_told_everywhere_in_the_demo_and_nowhere_else(pages, outlines) -> None:
    for (dossier, _, _), path in pages.items():
        source = path.read_text(encoding="utf-8")
        assert ("ictif" in source) == (dossier == "demo"), path
        if dossier == "demo" and path.name != "index.html":
            assert path.name.startswith("territoire-fictif")
            assert re.search(r"<title>[^<]*Territoire fictif[^<]*</title>", source)
            assert re.search(r"<h1>[^<]*territoire fictif[^<]*</h1>", source)
    for dossier, outline in bilans(outlines):
        for figure in outline.figures:
            assert ("Données fictives" in figure["text"]) == (dossier == "demo")


def test_no_page_names_another_audience(pages) -> None:
    for (_, audience, _), path in pages.items():
        source = path.read_text(encoding="utf-8")
        assert READERS[audience] in source
        for other, name in READERS.items():
            if other != audience and path.name == "index.html":
                assert name not in source
                assert f"{other}/" not in source


def test_readers_meet_no_code_and_no_hint_for_the_team(outlines) -> None:
    for _, outline in bilans(outlines, "copil", "habitants"):
        authored = re.sub(r"Avenant du .*?relais petite enfance", "", outline.text)
        assert CODE.findall(authored) == []


def test_key_figures_agree_between_audiences_or_are_masked(outlines) -> None:
    compared = 0
    for dossier in PAGES:
        told: dict[str, set[str]] = {}
        for found, outline in bilans(outlines):
            if found == dossier:
                for name, value in outline.cards.items():
                    told.setdefault(name, set()).add(MASKED if MASKED in value else value)
        assert told
        for name, values in told.items():
            assert len(values - {MASKED}) <= 1, (dossier, name, values)
            compared += 1
    assert compared >= 8


@pytest.mark.parametrize("table", ["po01-valeurs", "pe01-valeurs", "pe02-valeurs", "co02-valeurs", "progres-tableau"])
def test_tables_of_two_audiences_agree_or_are_masked(outlines, table: str) -> None:
    inside = outlines["demo", "interne", 0].tables[table]
    rows = {row[0]: row[1:] for row in inside}
    for audience in ("copil", "habitants"):
        shown = outlines["demo", audience, 0].tables[table]
        assert shown[0] == inside[0]
        for row in shown:
            for before, after in zip(rows[row[0]], row[1:], strict=True):
                assert after == before or MASKED in after or "non disponible" in after, (audience, row[0])


def test_the_contents_stay_in_sight_on_a_wide_screen(pages, browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(pages["demo", "copil", 0].resolve().as_uri())
    page.evaluate("window.scrollTo(0, 6000)")
    top = page.locator(".page-sommaire").evaluate("one => one.getBoundingClientRect().top")
    assert 0 <= top <= 60
    wide = page.evaluate("document.documentElement.scrollWidth <= 1280")
    over = page.evaluate(
        "[...document.querySelectorAll('main table')].filter(one => one.getBoundingClientRect().right > "
        "document.querySelector('main').getBoundingClientRect().right + 1).map(one => one.id)"
    )
    assert wide
    assert over == []
    context.close()


def strings(told: object) -> Iterator[str]:
    """Every text of some JSON."""
    if isinstance(told, dict):
        for name, value in told.items():
            if not name.startswith("@"):
                yield from strings(value)
    elif isinstance(told, list):
        for value in told:
            yield from strings(value)
    elif isinstance(told, str):
        yield told


def test_machines_are_told_what_the_sheet_says_and_nothing_else(pages) -> None:
    for path in pages.values():
        found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', path.read_text(encoding="utf-8"))
        assert len(found) == (path.name != "index.html")
        for block in found:
            told = json.loads(block)
            sheet = json.loads(path.with_suffix(".manifest.json").read_text(encoding="utf-8"))
            known = {*strings(sheet), "fr", "Draft", "2025-01-01/2025-12-31", "2023-01-01/2023-12-31"}
            mention = {"Territoire fictif – données fictives"} if sheet["fictif"] else set()
            assert set(strings(told)) - known - mention == set()
            assert told["identifier"] == sheet["cle"]
            assert len(told["isBasedOn"]) >= 1
