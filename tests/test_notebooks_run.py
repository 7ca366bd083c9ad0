"""Every notebook on the demo, for every audience that it declares: it runs, it reads, and the versions agree."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import ctgeval
from ctgeval.confidentiality import Release

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Those of the demo's own pages are run by many other tests.
BUILT = ("bilan_annuel", "diagnostic", "impact")
PERIODS = {"observation": "2025-S2"}
MARKS = ("non diffusable", "non disponible", "non communiqué")
FIGURES = re.compile(r"(?<![A-Za-z\d])\d+(?:[\s\u00a0\u202f]\d{3})*(?:,\d+)?")
Tables = dict[tuple[str, str, str], str]


class Reader(HTMLParser):
    """Cells of the tables, by caption, first cell of the row and header of the column."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Tables = {}
        self._caption, self._heads, self._row = "", [], []  # type: ignore[var-annotated]
        self._into: list[str] | None = None

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._caption, self._heads = "", []
        elif tag == "tr":
            self._row = []
        elif tag in {"caption", "th", "td"}:
            self._into = []

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)

    def handle_endtag(self, tag: str) -> None:
        text = re.sub(r"\s+", " ", "".join(self._into or [])).strip()
        if tag == "caption":
            self._caption, self._into = text, None
        elif tag in {"th", "td"}:
            self._row.append(text)
            self._into = None
        elif tag == "tr" and self._row:
            if not self._heads:
                self._heads = self._row
                return
            for head, cell in zip(self._heads[1:], self._row[1:], strict=False):
                self.found[(self._caption, self._row[0], head)] = cell


@pytest.fixture(scope="module")
def release() -> Callable[[str], Release]:
    """The releases of the demo, each made once."""
    dossier = ctgeval.open(ROOT / "data" / "demo")

    @cache
    def made(audience: str) -> Release:
        return dossier.release(audience, partner="caf" if audience == "partenaire" else None)

    return made


def run(notebook: Path, release: Release) -> str:
    """Run the cells in this process, and return what they show; figures are taken out."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    shown: list[str] = []
    for cell in content["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, notebook.name, "exec"), names)  # noqa: S102 the project's own notebooks
        if "parameters" in cell["metadata"].get("tags", []):
            names |= {"release": release, "periode": PERIODS.get(notebook.stem, "2025")}
        if isinstance(last, ast.Expr):
            shown.append(str(eval(compile(ast.Expression(last.value), notebook.name, "eval"), names)))  # noqa: S307
    return re.sub(r"<svg.*?</svg>", "", "\n".join(shown), flags=re.DOTALL)


def cells(html: str) -> Tables:
    reader = Reader()
    reader.feed(html)
    return reader.found


def pairs(found: dict[str, Tables]) -> Iterator[tuple[str, str, tuple[str, str, str]]]:
    names = list(found)
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            for key in found[one].keys() & found[other].keys():
                yield one, other, key


@pytest.mark.parametrize("notebook", [path for path in NOTEBOOKS if path.stem not in BUILT], ids=lambda path: path.stem)
def test_it_reads_well_for_each_audience_and_its_versions_agree(
    notebook: Path, release: Callable[[str], Release]
) -> None:
    declared = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]["ctgeval"]["audiences"]
    # The two that are furthest apart, and the committee between them.
    audiences = dict.fromkeys([declared[0], *({"copil"} & set(declared)), declared[-1]])
    shown = {audience: run(notebook, release(audience)) for audience in audiences}
    for audience, html in shown.items():
        text = re.sub(r"<[^>]+>", " ", re.sub(r'href="[^"]*"', "", html))
        assert html.count("<h1") == 1, audience
        assert "fictif" in text
        assert not re.search(r"\bnan\b|\bNone\b|\bNaT\b|\binf\b|\{[a-z_]+\}", text), audience
        assert "Les sources" in text or "D’où viennent les chiffres" in text
    found = {audience: cells(html) for audience, html in shown.items()}
    unlike = [
        (one, other, key, found[one][key], found[other][key])
        for one, other, key in pairs(found)
        if not agree(found[one][key], found[other][key])
    ]
    assert not unlike, unlike[:3]


def agree(one: str, other: str) -> bool:
    """Whether two versions say the same, one may say more than the other, or one bears a mark."""
    # One version may say more than the other, such as a margin, and never another figure.
    first, second = (set(FIGURES.findall(cell)) for cell in (one, other))
    return first <= second or second <= first or any(mark in cell for mark in MARKS for cell in (one, other))


def test_versions_are_compared_cell_by_cell(release: Callable[[str], Release]) -> None:
    notebook = next(path for path in NOTEBOOKS if path.stem == "bilan_annuel")
    found = {audience: cells(run(notebook, release(audience))) for audience in ("interne", "copil", "habitants")}
    assert sum(1 for _ in pairs(found)) > 150
    assert not agree("27,4 %", "27,5 %")
