"""The results of a release, looked up by indicator, place and period: a cell is read when a figure leads to it.

A release of hundreds of territories has hundreds of thousands of rows, and a page shows a few hundred of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.report.scan.numerals import Numeral

__all__ = ["Given", "Results"]

_WITHHELD = frozenset({"C", "D", "N"})
_EXACT = ("value", "numerator", "denominator", "n")
_BOUNDS = ("low", "high", "ci_low", "ci_high")
_NAMES = ("indicator", "geo", "time_period")

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Given:
    """What the results say of one indicator, one place and one period, all categories together; NaN where nothing."""

    value: float
    exact: tuple[float, ...]
    bounds: tuple[float, ...]
    masked: bool

    def gives(self, told: Numeral) -> bool:
        """Tell whether a number is one of them, as it is rounded."""
        return any(told.shows(one) for one in self.exact) or any(told.shows(one, outwards=True) for one in self.bounds)


class Results(Mapping[Key, Given]):
    """What each cell says; cells without figure nor mark say nothing.

    Parameters
    ----------
    frame : DataFrame
        Result rows.

    Attributes
    ----------
    periods : frozenset of str
        All those of the rows.
    figures : ndarray
        All the numbers that are given.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        numbers = frame[[*_EXACT, *_BOUNDS]].to_numpy(dtype=float)
        masked = frame["conf_status"].isin(_WITHHELD).to_numpy(dtype=bool)
        told = masked | np.isfinite(numbers).any(axis=1)
        self.periods = frozenset(frame["time_period"].unique().tolist())
        self.figures = numbers[np.isfinite(numbers)]
        self._numbers, self._masked = numbers[told], masked[told]
        coded = [pd.factorize(frame[name].to_numpy(dtype=object)[told]) for name in _NAMES]
        self._names = [names.tolist() for _, names in coded]
        self._codes = [{name: code for code, name in enumerate(names)} for names in self._names]
        self._sizes = [max(1, len(names)) for names in self._names]
        indicator, geo, period = (codes.astype(np.int64) for codes, _ in coded)
        key = (indicator * self._sizes[1] + geo) * self._sizes[2] + period
        self._order = np.argsort(key, kind="stable")
        self._keys = key[self._order]
        self._moments: tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]] | None = None
        self._hidden: frozenset[tuple[str, str]] | None = None
        self._made: dict[Key, Given] = {}

    def __getitem__(self, key: Key) -> Given:
        if key not in self._made:
            left, right = self._span(self._key(*key), 1)
            if left == right:
                raise KeyError(key)
            self._made[key] = self._given(self._order[left:right])
        return self._made[key]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and len(key) == 3 and self.get(key) is not None

    def __iter__(self) -> Iterator[Key]:
        for code in np.unique(self._keys).tolist():
            pair, period = divmod(code, self._sizes[2])
            indicator, geo = divmod(pair, self._sizes[1])
            yield self._names[0][indicator], self._names[1][geo], self._names[2][period]

    def __len__(self) -> int:
        return len(np.unique(self._keys))

    def has(self, indicator: str, geo: str) -> bool:
        """Tell whether anything is said of an indicator and a place."""
        left, right = self._pair(indicator, geo)
        return right > left

    def hides(self, indicator: str, period: str) -> bool:
        """Tell whether anything is masked for an indicator and a period, wherever it is."""
        if self._hidden is None:
            of = self._keys[self._masked[self._order]]
            pairs = np.unique((of // (self._sizes[1] * self._sizes[2])) * self._sizes[2] + of % self._sizes[2])
            told = (divmod(one, self._sizes[2]) for one in pairs.tolist())
            self._hidden = frozenset((self._names[0][first], self._names[2][last]) for first, last in told)
        return (indicator, period) in self._hidden

    def times(self, indicator: str, geo: str) -> tuple[str, ...]:
        """Return the periods of which something is said, for an indicator and a place."""
        left, right = self._pair(indicator, geo)
        return tuple(self._names[2][code] for code in dict.fromkeys((self._keys[left:right] % self._sizes[2]).tolist()))

    def valued(self, indicator: str, period: str) -> dict[str, float]:
        """Return the value of each place that has one, for an indicator and a period."""
        if self._moments is None:
            self._moments = self._by_moment()
        codes = self._codes[0].get(indicator), self._codes[2].get(period)
        if codes[0] is None or codes[1] is None:
            return {}
        keys, values = self._moments
        first = (codes[0] * self._sizes[2] + codes[1]) * self._sizes[1]
        left, right = np.searchsorted(keys, [first, first + self._sizes[1]])
        geos = (keys[left:right] - first).tolist()
        return {self._names[1][geo]: value for geo, value in zip(geos, values[left:right].tolist(), strict=True)}

    def _by_moment(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return the cells that have a value, by indicator, period and place, with the first that is known."""
        known = self._order[np.isfinite(self._numbers[self._order, 0])]
        keys, first = np.unique(self._keys[np.isfinite(self._numbers[self._order, 0])], return_index=True)
        pairs, periods = np.divmod(keys, self._sizes[2])
        indicators, geos = np.divmod(pairs, self._sizes[1])
        moments = (indicators * self._sizes[2] + periods) * self._sizes[1] + geos
        order = np.argsort(moments)
        return moments[order], self._numbers[known[first], 0][order]

    def _key(self, indicator: str, geo: str, period: str) -> int:
        codes = [of.get(name) for of, name in zip(self._codes, (indicator, geo, period), strict=True)]
        if codes[0] is None or codes[1] is None or codes[2] is None:
            return -1
        return (codes[0] * self._sizes[1] + codes[1]) * self._sizes[2] + codes[2]

    def _pair(self, indicator: str, geo: str) -> tuple[int, int]:
        codes = self._codes[0].get(indicator), self._codes[1].get(geo)
        if codes[0] is None or codes[1] is None:
            return 0, 0
        return self._span((codes[0] * self._sizes[1] + codes[1]) * self._sizes[2], self._sizes[2])

    def _span(self, first: int, size: int) -> tuple[int, int]:
        left, right = np.searchsorted(self._keys, [first, first + size])
        return int(left), int(right)

    def _given(self, rows: npt.NDArray[np.int64]) -> Given:
        """Return what some rows say together, the first value that is known first."""
        found = self._numbers[rows].tolist()
        value = next((row[0] for row in found if math.isfinite(row[0])), math.nan)
        exact = tuple(one for row in found for one in row[: len(_EXACT)])
        bounds = tuple(one for row in found for one in row[len(_EXACT) :])
        return Given(value, exact, bounds, bool(self._masked[rows].all()))
