"""What a release gives, put so that a figure of a file can be looked up: by indicator, place, period, or by words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import french, periods
from ctgeval.confidentiality.released import TABLES
from ctgeval.prose import fold as _fold
from ctgeval.report.scan.numerals import Numeral, numerals
from ctgeval.report.scan.results import Given, Results

if TYPE_CHECKING:
    from ctgeval.confidentiality import Release

__all__ = ["Facts", "Given", "Row", "period_forms"]

_WITHHELD = frozenset({"C", "D", "N"})
_PLACES = ("geo", "other", "commune")
_YEARS = frozenset({"annee", "exercice", "year", "periode", "wave", "wave_before", "wave_after"})
_BOUND = re.compile(r"low|high")
_LONGEST = 300
_GRAM = 4
_LEFT_OUT = frozenset({"contours", "members", "sources", "limits", "sheets", "texts"})

fold = lru_cache(maxsize=8192)(_fold)
"""The same words stand in many rows."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of another table of the release: what names it, and its figures."""

    table: str
    indicator: str
    places: frozenset[str]
    periods: frozenset[str]
    words: frozenset[str]
    figures: tuple[float, ...]
    bounds: tuple[float, ...]
    masked: bool

    def gives(self, told: Numeral) -> bool:
        """Tell whether a number is one of its figures, as it is rounded, whole or in hundredths."""
        return any(told.shows(one) for one in self.figures) or any(
            told.shows(one, outwards=True) for one in self.bounds
        )


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """The figures of a release and the words that lead to them.

    Parameters
    ----------
    results : Results
        By indicator, place and period.
    rows : tuple of Row
        Those of the other tables.
    labels, names, periods : mapping
        From what a reader sees, folded, to the indicator, the places of that name, the period.
    subjects : tuple of str
        Places that the bilans are about.
    by_word : mapping
        Rows in which a text stands, by that text folded.
    by_indicator : mapping
        Rows about an indicator.
    by_place : mapping
        Rows about an indicator and a place; those that are silent of places, under an empty one.
    begun : mapping
        Names of places by their first four letters.
    figures : ndarray
        Absolute values of all that is given, sorted.
    signed : str
        What the authors wrote under their own name.
    """

    results: Results
    rows: tuple[Row, ...]
    labels: Mapping[str, str]
    names: Mapping[str, tuple[str, ...]]
    periods: Mapping[str, str]
    subjects: tuple[str, ...]
    by_word: Mapping[str, tuple[int, ...]]
    by_indicator: Mapping[str, tuple[int, ...]]
    by_place: Mapping[tuple[str, str], tuple[int, ...]]
    begun: Mapping[str, tuple[str, ...]]
    figures: npt.NDArray[np.float64]
    signed: str

    @classmethod
    def of(cls, release: Release) -> Facts:
        """Read a release; its folder is named by its content, so that it is read once."""
        return _read(_Named(release))

    def named(self, text: str) -> list[str]:
        """Return the names of places that stand in a text as whole words, folded; those of three letters are words."""
        places = range(len(text) - _GRAM + 1)
        found = ((at, name) for at in places for name in self.begun.get(text[at : at + _GRAM], ()))
        return list(dict.fromkeys(name for at, name in found if text.startswith(name, at) and _whole(text, at, name)))

    def about(self, indicator: str, places: Iterable[str]) -> list[Row]:
        """Return the rows about an indicator that name one of some places, or none."""
        ranks = {rank for place in ("", *places) for rank in self.by_place.get((indicator, place), ())}
        return [self.rows[rank] for rank in sorted(ranks)]

    def gives(self, told: Numeral) -> bool:
        """Tell whether any figure of the release may be shown so."""
        size = abs(told.value)
        left, right = np.searchsorted(self.figures, [size - 2 * told.step, size + 2 * told.step])
        return bool(right > left)


def _whole(text: str, at: int, name: str) -> bool:
    """Tell whether a name is not a part of a longer word: «Bais» does not stand in « baisse »."""
    end = at + len(name)
    return not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum())


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """A release that is another when its folder is."""

    release: Release

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and self.release.path == other.release.path

    def __hash__(self) -> int:
        return hash(self.release.path)


@lru_cache(maxsize=4)
def _read(named: _Named) -> Facts:
    release = named.release
    results = Results(release.results)
    periods_seen = set(results.periods)
    indicators, territories = release.indicators, release.territories
    labels = {fold(french.typography(str(label))): str(id) for id, label in _pairs(indicators, "id", "label")}
    labels |= {fold(id): id for id in labels.values()}
    names: dict[str, list[str]] = {}
    for geo, name in _pairs(territories, "geo", "name"):
        for text in dict.fromkeys((fold(str(name)), _shown(str(name)), fold(str(geo)))):
            names.setdefault(text, []).append(str(geo))
    designs = {str(name): str(indicator) for name, indicator in _pairs(release.impact, "nom", "indicator")}
    told = (name for name in TABLES if name not in _LEFT_OUT)
    rows = tuple(row for name in told for row in _rows(name, release.table(name), periods_seen, designs))
    by_word: dict[str, list[int]] = {}
    by_indicator: dict[str, list[int]] = {}
    by_place: dict[tuple[str, str], list[int]] = {}
    for rank, row in enumerate(rows):
        for word in row.words:
            by_word.setdefault(word, []).append(rank)
        if row.indicator:
            by_indicator.setdefault(row.indicator, []).append(rank)
            for place in row.places or ("",):
                by_place.setdefault((row.indicator, place), []).append(rank)
    others = [number for row in rows for number in (*row.figures, *row.bounds)]
    return Facts(
        results=results,
        rows=rows,
        labels=labels,
        names={name: tuple(codes) for name, codes in names.items()},
        periods={fold(form): period for period in sorted(periods_seen) for form in period_forms(period)},
        subjects=tuple(territories.loc[territories["role"] == "territoire", "geo"].astype(str)),
        by_word={word: tuple(ranks) for word, ranks in by_word.items()},
        by_indicator={name: tuple(ranks) for name, ranks in by_indicator.items()},
        by_place={pair: tuple(ranks) for pair, ranks in by_place.items()},
        begun=_begun(names),
        figures=np.unique(np.abs(np.concatenate([results.figures, np.array(others, dtype=float)]))),
        signed="\n".join(release.texts["markdown"].dropna().astype(str)),
    )


def _begun(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in names:
        if len(name) >= _GRAM:
            found.setdefault(name[:_GRAM], []).append(name)
    return {first: tuple(those) for first, those in found.items()}


def period_forms(period: str) -> tuple[str, ...]:
    """Return the ways in which a reader sees a period: ``2021-S1``, ``S1 2021``, ``1er semestre 2021``."""
    if not periods.is_period(period):
        return (period,)
    read = periods.parse(period)
    first, _, rest = read.text.partition("-")
    short = {"A": first, "SCOLAIRE": f"{first}-{rest[2:]}", "M": f"{rest}/{first}"}
    return (read.text, french.period(period), short.get(read.frequency, f"{rest.replace('Q', 'T')} {first}"))


def _pairs(frame: pd.DataFrame, first: str, second: str) -> Iterable[tuple[Any, Any]]:
    return zip(frame[first], frame[second], strict=True)


def _rows(table: str, frame: pd.DataFrame, seen: set[str], designs: Mapping[str, str]) -> Iterator[Row]:
    """Yield the rows of a table; ``seen`` gathers the periods."""
    columns = list(frame.columns)
    for record in frame.itertuples(index=False, name=None):
        known = dict(zip(columns, record, strict=True))
        words: set[str] = set()
        figures: list[float] = []
        bounds: list[float] = []
        when: set[str] = set()
        for name, value in known.items():
            if isinstance(value, str):
                _text(name, value, words=words, figures=figures, when=when)
            elif isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_):
                _number(name, float(value), figures=bounds if _BOUND.search(name) else figures, when=when)
        words.update(fold(form) for period in when for form in period_forms(period))
        seen |= when
        told = str(known.get("indicator") or known.get("indicateur") or designs.get(str(known.get("nom", "")), ""))
        places = frozenset(str(known[name]) for name in _PLACES if isinstance(known.get(name), str))
        masked = str(known.get("conf_status", "")) in _WITHHELD
        yield Row(table, told, places - {""}, frozenset(when), frozenset(words), tuple(figures), tuple(bounds), masked)


def _text(name: str, value: str, *, words: set[str], figures: list[float], when: set[str]) -> None:
    if not value or len(value) > _LONGEST:
        return
    words.add(_shown(value))
    if name not in _PLACES and any(sign.isdigit() for sign in value):
        if periods.is_period(value):
            when.add(periods.normalise(value))
        figures += [told.value for told in numerals(value)]


# The same words stand in many rows.
@lru_cache(maxsize=16384)
def _shown(text: str) -> str:
    """Return a text as pages show it, folded."""
    return fold(french.typography(text))


def _number(name: str, value: float, *, figures: list[float], when: set[str]) -> None:
    if not math.isfinite(value):
        return
    if name in _YEARS:
        when.add(str(int(value)))
    figures.append(value)
    if abs(value) <= 1.5:
        # A share may be shown in hundredths.
        figures.append(value * 100)
