"""Each figure of each table put beside the release: its indicator, its place and its period are read from the headers.

Two ways lead to what a cell must say. A table of results says its indicator, place and period in its caption, its rows
and its columns: the release must give that very cell. Any other table (budget, surveys, actions...) is led to the rows
of the release that bear the same words as its headers: one of them must give the figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ctgeval.prose import fold
from ctgeval.report.scan.contents import Grid
from ctgeval.report.scan.facts import Facts, Given, Row
from ctgeval.report.scan.hits import hidden
from ctgeval.report.scan.numerals import Numeral, is_figure, numerals
from ctgeval.report.scan.summaries import summaries, sums_up

__all__ = ["Coverage", "compare"]

Found = tuple[str, str, str]
_PAREN = re.compile(r"\(([^()]*)\)")
_RANK = re.compile(r"\b(?:en|au)\s+((?:S[12]|T[1-4])?\s?\d{4}|\d(?:er|e)\s\w+\s\d{4})")
_LAST = frozenset({"derniere valeur", "valeur"})
_TRUSTED = 0.8
_ENOUGH = 4


@dataclass(slots=True)
class Coverage:
    """How much of the tables of a file could be put beside the release.

    Parameters
    ----------
    figures : int
        Cells that hold a figure.
    results, others : int
        Those led to a cell of the results, or to rows of another table of the release.
    lost : dict of str to int
        Cells that lead nowhere, by table.
    """

    figures: int = 0
    results: int = 0
    others: int = 0
    lost: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, int]:
        """Return what a manifest says of it."""
        left = sum(self.lost.values())
        return {"chiffres": self.figures, "resultats": self.results, "autres": self.others, "non_rattaches": left}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a figure stands, and what its headers say of it."""

    grid: Grid
    row: str
    column: str
    texts: tuple[str, ...]
    text: str

    @property
    def where(self) -> str:
        return f"{self.grid.where}, ligne « {self.row[:60]} », colonne « {self.column[:60]} »"


def compare(grids: Sequence[Grid], facts: Facts) -> tuple[list[Found], Coverage]:
    """Return what the tables show that the release does not give, and how much of them was led to it.

    Parameters
    ----------
    grids : sequence of Grid
    facts : Facts

    Returns
    -------
    list of (kind, where, what)
        ``masque``: a figure where the release has a mark; ``inconnu``: one that it does not give.
    """
    hits: list[Found] = []
    coverage = Coverage()
    for grid in grids:
        table = _Table(grid, facts)
        doubtful: list[Found] = []
        led = 0
        for place in _figures(grid):
            coverage.figures += 1
            way, kind = table.judge(place)
            if way == "results":
                coverage.results += 1
            elif way == "others":
                coverage.others += 1
                led += not kind
            else:
                coverage.lost[grid.where] = coverage.lost.get(grid.where, 0) + 1
            if kind:
                (hits if way == "results" or kind == "masque" else doubtful).append(
                    (kind, place.where, hidden(place.text))
                )
        # Words lead to rows with less certainty than codes: one odd figure counts where all others are found.
        if led >= _ENOUGH and led >= _TRUSTED * (led + len(doubtful)):
            hits += doubtful
        elif doubtful:
            coverage.others -= len(doubtful)
            coverage.lost[grid.where] = coverage.lost.get(grid.where, 0) + len(doubtful)
    return hits, coverage


def _figures(grid: Grid) -> Iterator[_Place]:
    for row in grid.rows:
        texts = tuple(cell for cell in row[1:] if cell and not is_figure(cell))
        for rank, cell in enumerate(row[1:], start=1):
            if is_figure(cell) and any(True for _ in numerals(cell)):
                column = grid.columns[rank] if rank < len(grid.columns) else ""
                yield _Place(grid, row[0], column, texts, cell)


class _Table:
    """What the caption and the headings of a table say of all its cells."""

    def __init__(self, grid: Grid, facts: Facts) -> None:
        self._facts = facts
        self._caption = fold(grid.caption)
        self._about = [self._caption, *(fold(one) for one in grid.headings)]
        self._indicator = next(filter(None, map(self._label, self._about)), "")
        self._identifier = fold(grid.id.partition("-")[0])
        self._geos = next(filter(None, (self._named(text) for text in self._about)), facts.subjects)
        self._period = next((self._dated(found) for found in _RANK.findall(grid.caption)), "")

    def judge(self, place: _Place) -> tuple[str, str]:
        """Return the way that led to the release (``results``, ``others`` or none), and the kind of what is wrong."""
        row, column = fold(place.row), fold(place.column)
        facts = self._facts
        indicator = self._exact(place.row) or self._exact(place.column) or self._indicator
        if not indicator and self._identifier in facts.labels:
            indicator = facts.labels[self._identifier]
        geos = facts.names.get(row) or facts.names.get(column)
        period = facts.periods.get(row) or facts.periods.get(column) or ""
        if not period and self._exact(place.row) and column in _LAST:
            # « Population municipale, 2023 »: the row says of when its last value is.
            period = facts.periods.get(row.rpartition(", ")[2], "")
        if indicator and (geos or period or sums_up(row)) and self._in_results(indicator, geos or self._geos):
            # « 17,3 places pour 100 enfants de moins de 3 ans »: what follows is the unit.
            told = list(numerals(place.text.split(" pour ", 1)[0]))
            if period and (column in _LAST or not self._other(column, row)) and not sums_up(row):
                return self._cell(indicator, geos or self._geos, period, told, place)
            return self._line(indicator, geos or self._geos, period or self._period, told, place)
        if indicator and self._exact(place.row) and self._in_results(indicator, self._geos):
            return self._line(indicator, self._geos, "", list(numerals(place.text)), place)
        return self._elsewhere(place, indicator)

    def _cell(
        self, indicator: str, geos: Iterable[str], period: str, told: list[Numeral], place: _Place
    ) -> tuple[str, str]:
        """Judge a cell whose indicator, place and period are known."""
        given = self._given(indicator, geos, (period,))
        if given and all(one.masked for one in given):
            return "results", "masque"
        if all(any(one.gives(number) for one in given) for number in told):
            return "results", ""
        if not given:
            return self._elsewhere(place, indicator)
        return "results", "inconnu"

    def _line(
        self, indicator: str, geos: Iterable[str], period: str, told: list[Numeral], place: _Place
    ) -> tuple[str, str]:
        """Judge a cell whose period is said in the cell, or by the column («Dernière valeur»), or is all of them."""
        facts, places = self._facts, tuple(geos)
        noted = [facts.periods[form] for form in map(fold, _PAREN.findall(place.text)) if form in facts.periods]
        dated = (period,) if period else tuple(noted)
        every = tuple(when for geo in places for when in facts.results.times(indicator, geo))
        given = self._given(indicator, places, dated or every)
        if given and all(one.masked for one in given):
            return "results", "masque"
        rows = [row for row in facts.about(indicator, places) if _dated_so(row, dated)]
        figures = [one for one in told if not one.is_year]
        exact = [one.value for one in self._given(indicator, places, every)]
        for number in figures:
            found = any(one.gives(number) for one in given) or any(row.gives(number) for row in rows)
            if not (found or _derived(number, exact)):
                # « Moyenne des territoires de comparaison »: a figure about others than the place of the table.
                way, kind = self._elsewhere(place, indicator)
                if (not way or kind) and self._summary(place, number, indicator, dated or every, places):
                    return "results", ""
                return (way, kind) if way and not kind else ("results", "inconnu")
        return "results", ""

    def _summary(
        self, place: _Place, told: Numeral, indicator: str, when: Iterable[str], places: Iterable[str]
    ) -> bool:
        """Whether a cell is a median or a quartile of the places of a level, as the release gives their values."""
        if not (sums_up(fold(place.row)) or sums_up(fold(place.column))):
            return False
        own = tuple(places)
        return any(told.shows(one) for period in when for one in summaries(self._facts, indicator, period, own=own))

    def _elsewhere(self, place: _Place, indicator: str) -> tuple[str, str]:
        """Judge a cell by the rows of the release that bear the words of its headers."""
        sets = self._rows(place, indicator)
        if not sets:
            return "", ""
        if all(row.masked for row in sets[0]):
            return "others", "masque"
        figures = [one for one in numerals(place.text) if not one.is_year]
        given = all(any(row.gives(one) for rows in sets for row in rows) for one in figures)
        return "others", "" if given else "inconnu"

    def _rows(self, place: _Place, indicator: str) -> list[list[Row]]:
        """Return the rows of the release that the headers lead to, table by table, the surest table first.

        Those that bear the words of the row (of the rest, failing that), narrowed by all the other words in turn.
        """
        facts = self._facts
        others = [*place.texts, place.column, place.grid.caption, *place.grid.headings]
        near = [set(self._about_word(text)) for text in others]
        if indicator:
            near.append(set(facts.by_indicator.get(indicator, ())))
        first = set(self._about_word(place.row)) or next(filter(None, near), set())
        by_table: dict[str, set[int]] = {}
        for rank in first:
            by_table.setdefault(facts.rows[rank].table, set()).add(rank)
        scored: list[tuple[int, str, set[int]]] = []
        for table, ranks in by_table.items():
            score, kept = 0, ranks
            for found in near:
                if narrowed := kept & found:
                    score, kept = score + 1, narrowed
            scored.append((-score, table, kept))
        return [[facts.rows[rank] for rank in sorted(kept)] for _, _, kept in sorted(scored, key=lambda one: one[:2])]

    def _about_word(self, text: str) -> Iterator[int]:
        folded = fold(text)
        forms = {folded, *(part.strip() for part in re.split(r" – | : |, | \(|\)|\? ", folded))}
        for form in forms:
            if len(form) >= 3:
                yield from self._facts.by_word.get(form, ())

    def _given(self, indicator: str, geos: Iterable[str], when: Iterable[str]) -> list[Given]:
        found = (self._facts.results.get((indicator, geo, one)) for geo in geos for one in when)
        return [one for one in found if one is not None]

    def _in_results(self, indicator: str, geos: Iterable[str]) -> bool:
        return any(self._facts.results.has(indicator, geo) for geo in geos)

    def _other(self, column: str, row: str) -> bool:
        """Whether a header is neither a place, a period nor an indicator: « Évolution », « Rang », « Écart »."""
        facts = self._facts
        return any(
            text not in facts.periods and text not in facts.names and text not in facts.labels for text in (column, row)
        )

    def _exact(self, header: str) -> str:
        folded, labels = fold(header), self._facts.labels
        forms = (folded, folded.split(" (", 1)[0], folded.rpartition(" – ")[2], folded.rpartition(", ")[0])
        return next((labels[form] for form in forms if form in labels), "")

    def _label(self, text: str) -> str:
        """Return the indicator that a caption or a heading begins with."""
        best = max((one for one in self._facts.labels if text.startswith(one)), key=len, default="")
        return self._facts.labels[best] if best and not text[len(best) : len(best) + 1].isalnum() else ""

    def _named(self, text: str) -> tuple[str, ...]:
        best = max(self._facts.named(text), key=len, default="")
        return self._facts.names.get(best, ())

    def _dated(self, text: str) -> str:
        return self._facts.periods.get(fold(text), "")


def _dated_so(row: Row, dated: Sequence[str]) -> bool:
    """Whether a row may be about these periods: it is silent of them, or names one."""
    return not dated or not row.periods or not row.periods.isdisjoint(dated)


def _derived(told: Numeral, exact: Sequence[float]) -> bool:
    """Tell whether a number is the difference of two values that are given, or the growth from one to the other."""
    for rank, first in enumerate(exact):
        for second in exact[rank + 1 :]:
            if told.shows(second - first, outwards=True):
                return True
            if (first and told.shows(100 * (second / first - 1))) or (
                second and told.shows(100 * (first / second - 1))
            ):
                return True
    return False
