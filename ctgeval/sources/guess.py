"""A first description of a file that no reader knows: what its columns look like, and what is left to complete.

Everything here is a proposal that the evaluator reads before it serves: nothing of it is ever used to read a dossier.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ctgeval.errors import TerritoryError
from ctgeval.french import fold
from ctgeval.measures import Measure
from ctgeval.sources.cellbook import Book, Figure, Sheet
from ctgeval.sources.cells import BAD, EMPTY, NUMBER, numbers
from ctgeval.sources.described import period_in_name
from ctgeval.sources.description import Description
from ctgeval.sources.layout import Layout, lay
from ctgeval.sources.tidy import year_of
from ctgeval.territory import codes

__all__ = ["Guess", "guess"]

_FIRST = 25
_SAMPLE = 400
_MOST = 0.85
_FOOTERS = ("source", "champ", "note", "lecture", "avertissement", "nd :", "(")
_TERRITORY = {
    "EPCI": ("siren", "epci", "codgeo", "code"),
    "COM": ("codgeo", "insee", "depcom", "commune", "com", "code", "cog"),
    "DEP": ("departement", "dep"),
    "REG": ("region", "reg"),
}
_HALVES = (("code departement", "dep", "departement"), ("code commune", "com", "commune"))
_PERIODS = ("annee", "an", "millesime", "date", "periode", "time_period", "exercice", "year")
_CODES = re.compile(r"\b(code?\w*|siren|siret|insee|id\w{0,4}|num\w*|dep|reg|lat\w*|lon\w*|lng|postal|cp|tel\w*|x|y)\b")
_CATEGORIES = 15


@dataclass(frozen=True, slots=True)
class Guess:
    """What a file looks like.

    Parameters
    ----------
    sheet : str
        The sheet with most rows; empty for what is no workbook.
    header : tuple of int
        Lines of the header.
    footer : str
        First word of the footer; empty when there is none.
    layout : Layout
        The table that this gives.
    columns : tuple of str
        Columns of the territory's code; empty when none looks like one.
    level : str
        ``COM``, ``EPCI``, ``DEP``, ``REG``, or empty.
    period : str
        The period told by the name of the sheet or of the file; empty when neither does.
    period_column : str
        Column of the period; empty when none looks like one.
    figures : mapping of str to str
        Columns of numbers, and the measure that each may be; empty when none has its name.
    answers : bool
        Whether the rows look like answers: no territory, and several columns of few texts.
    """

    sheet: str
    header: tuple[int, ...]
    footer: str
    layout: Layout
    columns: tuple[str, ...]
    level: str
    period: str
    period_column: str
    figures: Mapping[str, str]
    answers: bool


def guess(book: Book, measures: Mapping[str, Measure]) -> Guess:
    """Guess where the table of a file is, and what its columns are.

    Parameters
    ----------
    book : Book
        The file.
    measures : mapping of str to Measure
        Declared measures, looked for by their names and labels among the headers.

    Raises
    ------
    SourceError
        When there is no table in it.
    """
    sheet = max(book.sheets, key=lambda one: sum(_filled(cells) for _, cells in one.rows))
    header = _header(sheet)
    footer = _footer(sheet, header[-1] if header else 0)
    layout = lay(book, sheet, Description(header=header, end=footer))
    columns, level = _territory(layout)
    period_column = next((name for name in layout.places if name not in columns and _is_period(layout, name)), "")
    figures = {
        name: _measure(name, measures)
        for name in layout.places
        if name not in {*columns, period_column} and _is_figures(layout.cells(name)) and not _is_code(name)
    }
    period = period_in_name(sheet.name) or period_in_name(re.sub(r"[^0-9]+", " ", book.file))
    chosen = sum(_is_category(layout.cells(name)) for name in layout.places)
    return Guess(
        sheet=sheet.name,
        header=header,
        footer=footer,
        layout=layout,
        columns=columns,
        level=level,
        period=period,
        period_column=period_column,
        figures=figures,
        answers=not columns and chosen >= 3 and len(layout.grid.lines) >= 30,
    )


def _header(sheet: Sheet) -> tuple[int, ...]:
    """Find the first line that has as many texts as the table has columns, and the line of merged cells above it."""
    rows = sheet.rows[: _FIRST * 2]
    if not rows:
        return ()
    width = Counter(_filled(cells) for _, cells in rows).most_common(1)[0][0]
    for rank, (line, cells) in enumerate(rows[:_FIRST]):
        texts = [cell for cell in cells if cell.strip()]
        words = sum(cell.__class__ is not Figure and not re.fullmatch(r"[\d\s.,]+", cell) for cell in texts)
        if len(texts) >= max(2, 0.7 * width) and words >= 0.7 * len(texts):
            above = rows[rank - 1] if rank else None
            if above and above[0] == line - 1 and 1 < _filled(above[1]) < len(texts):
                return above[0], line
            return (line,)
    return (rows[0][0],)


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _footer(sheet: Sheet, header: int) -> str:
    """Find the first of the last lines that hold one cell only, when it begins as a note does."""
    found = ""
    for line, cells in reversed(sheet.rows[-10:]):
        first = next((cell.strip() for cell in cells if cell.strip()), "")
        if line <= header or _filled(cells) > 1 or not fold(first).startswith(_FOOTERS):
            break
        found = first
    return re.split(r"[\s:]", found)[0] if found else ""


def _territory(layout: Layout) -> tuple[tuple[str, ...], str]:
    names = list(layout.places)
    halves = [next((name for name in names if fold(name) in told), "") for told in _HALVES]
    if all(halves) and _matches(layout.cells(halves[1]), re.compile(r"\d{1,3}")) > _MOST:
        return tuple(halves), "COM"
    best: tuple[float, str, str] = (0.0, "", "")
    for level, hints in _TERRITORY.items():
        for name in names:
            words = fold(name).replace("_", " ")
            hinted = next((1 - rank / 20 for rank, hint in enumerate(hints) if hint in words), 0.0)
            share = _share(layout.cells(name), level) if hinted else 0.0
            # A row is about the territory that changes from one row to the next, not about the one it lies in.
            own = 0.5 + 0.5 * len(set(layout.cells(name))) / max(1, len(layout.cells(name)))
            if share > _MOST:
                best = max(best, (share * hinted * own, level, name), key=lambda one: one[0])
    return ((best[2],), best[1]) if best[2] else ((), "")


def _share(cells: Sequence[str], level: str) -> float:
    read = {"COM": codes.commune, "EPCI": codes.epci, "DEP": codes.departement, "REG": codes.region}[level]
    sample = [cell for cell in cells[:_SAMPLE] if cell.strip()]

    def right(cell: str) -> bool:
        try:
            geo = read(cell)
        except TerritoryError:
            return False
        return level != "EPCI" or geo.startswith(("EPCI-20", "EPCI-24", "EPCI-25"))

    return float(np.mean([right(cell) for cell in sample])) if sample else 0.0


def _matches(cells: Sequence[str], pattern: re.Pattern[str]) -> float:
    sample = [cell.strip() for cell in cells[:_SAMPLE] if cell.strip()]
    return float(np.mean([pattern.fullmatch(cell) is not None for cell in sample])) if sample else 0.0


def _is_period(layout: Layout, name: str) -> bool:
    if not set(fold(name).replace("_", " ").split()) & set(_PERIODS):
        return False
    sample = [cell for cell in layout.cells(name)[:_SAMPLE] if cell.strip()]
    return bool(sample) and all(year_of(cell.removesuffix(".0")) is not None for cell in sample)


def _is_figures(cells: Sequence[str]) -> bool:
    sample = list(cells[:_SAMPLE])
    best = max(
        (numbers(sample, decimal=mark).status for mark in (",", ".")), key=lambda status: int((status == NUMBER).sum())
    )
    told = int((best != EMPTY).sum())
    if any(re.fullmatch(r"0\d+", cell) for cell in sample):
        return False
    return told > 0 and int((best == NUMBER).sum()) >= 0.6 * told and int((best == BAD).sum()) < 0.4 * told


def _is_category(cells: Sequence[str]) -> bool:
    texts = {cell for cell in cells if cell.strip()}
    return 1 < len(texts) <= _CATEGORIES and not any(re.fullmatch(r"[\d\s.,]+", cell) for cell in texts)


def _is_code(name: str) -> bool:
    return _CODES.search(fold(name).replace("_", " ")) is not None


def _measure(header: str, measures: Mapping[str, Measure]) -> str:
    wanted = fold(header).replace("_", " ")
    for name, one in measures.items():
        if wanted in {name.replace("_", " "), fold(one.label)}:
            return name
    return ""
