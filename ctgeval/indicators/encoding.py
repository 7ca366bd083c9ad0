"""Observations as codes, one measure at a time: what a grid is made from, without ever copying the whole table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.indicators.cells import CONF_STATUS, OBS_STATUS, Bools, Floats, Ints
from ctgeval.indicators.grid import Rows
from ctgeval.observations import DIMENSIONS

__all__ = ["MOST_SOURCES", "Encoded"]

MOST_SOURCES = 62
"""A source is one bit of an int64; those beyond share the last bit."""

_ORDERS = {"obs_status": OBS_STATUS, "conf_status": CONF_STATUS}


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """The rows of a table of observations that some measures and territories need.

    Parameters
    ----------
    frame : DataFrame
        The rows. Their texts may be categories (see `ctgeval.observations.compact`): nothing is then copied.
    codes : mapping of str to ndarray of int
        Code of each row in the columns ``measure``, ``geo``, ``time_period`` and ``source``, -1 when missing.
    texts : mapping of str to list of str
        Text of each code.
    place : ndarray of int64
        Row of the grid of each code of ``geo``; -1, also at the last place, for a territory that is not wanted.
    periods : list of str
        Texts of the periods that occur.
    ranks : mapping of str to ndarray of int64
        Rank of each status in its order of prudence, by code.
    detailed : tuple of str
        Dimensions that some row fills.
    year : int
        Geography of the results.
    changed : callable
        Tells whether a code of commune means another ground in two years.
    touched : ndarray of bool
        Codes of ``geo`` that some event of communes names.
    """

    frame: pd.DataFrame
    codes: Mapping[str, npt.NDArray[Any]]
    texts: Mapping[str, list[str]]
    place: Ints
    periods: list[str]
    ranks: Mapping[str, Ints]
    detailed: tuple[str, ...]
    year: int
    changed: Callable[[str, int, int], bool]
    touched: Bools
    _changes: dict[tuple[int, int], bool] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        observations: pd.DataFrame,
        measures: Iterable[str],
        place: Mapping[str, int],
        *,
        year: int,
        changed: Callable[[str, int, int], bool],
        events: pd.DataFrame,
    ) -> Encoded:
        """Encode the rows of some measures and territories.

        Parameters
        ----------
        observations : DataFrame
            Table of observations.
        measures : iterable of str
            Those that are needed.
        place : mapping of str to int
            Row of the grid of each territory.
        year, changed
            See the class.
        events : DataFrame
            ``code_before, code_after`` of the events of communes.
        """
        seen = observations
        if not all(isinstance(observations[name].dtype, pd.CategoricalDtype) for name in ("measure", "geo")):
            seen = observations[_among(observations["measure"], measures) & _among(observations["geo"], place)]
        columns = {name: _encode(seen[name]) for name in ("measure", "geo", "time_period", "source", *_ORDERS)}
        geos = columns["geo"][1]
        wanted = np.array([*(place.get(geo, -1) for geo in geos), -1], dtype=np.int64)
        if seen is observations:
            columns["source"] = _in_order(columns["source"], _chosen(columns, measures, wanted))
        named = {*events["code_before"], *events["code_after"]}
        used = np.bincount(columns["time_period"][0] + 1, minlength=len(columns["time_period"][1]) + 1)[1:] > 0
        return cls(
            frame=seen,
            codes={name: codes for name, (codes, _) in columns.items()},
            texts={name: texts for name, (_, texts) in columns.items()},
            place=wanted,
            periods=[text for text, here in zip(columns["time_period"][1], used, strict=True) if here],
            ranks={name: _ranks(columns[name][1], order) for name, order in _ORDERS.items()},
            detailed=tuple(name for name in DIMENSIONS if _filled(seen[name])),
            year=year,
            changed=changed,
            touched=np.array([*(geo.startswith("COM-") and geo in named for geo in geos), False], dtype=np.bool_),
        )

    @property
    def sources(self) -> list[str]:
        """Keys of the sources, in the order of their bits."""
        return self.texts["source"]

    def rows(self, measure: str, column: Mapping[str, int]) -> Rows:
        """Return the rows of one measure.

        Parameters
        ----------
        measure : str
            Its name; a measure that no row tells has no rows.
        column : mapping of str to int
            Column of the grid of each text of `periods`.
        """
        names = self.texts["measure"]
        code = names.index(measure) if measure in names else len(names)
        at = np.flatnonzero(self.codes["measure"] == code)
        geo = self.place[self.codes["geo"][at]]
        if (geo < 0).any():
            at, geo = at[geo >= 0], geo[geo >= 0]
        ranks = np.array([*(column.get(text, 0) for text in self.texts["time_period"]), 0], dtype=np.int64)
        value, low, high = (
            self.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)[at] for name in ("value", "low", "high")
        )
        geography = self.frame["geography"].array[at].to_numpy(dtype=np.int64, na_value=0)
        pattern, category, structure = self._details(at)
        return Rows(
            geo=geo,
            period=ranks[self.codes["time_period"][at]],
            value=_finite(value),
            low=np.where(np.isnan(low), -np.inf, low),
            high=np.where(np.isnan(high), np.inf, high),
            obs=self.ranks["obs_status"][self.codes["obs_status"][at]],
            conf=self.ranks["conf_status"][self.codes["conf_status"][at]],
            source=np.left_shift(1, np.clip(self.codes["source"][at], 0, MOST_SOURCES - 1).astype(np.int64)),
            geography=geography,
            pattern=pattern,
            category=category,
            structure=structure,
            changed=self._changed(self.codes["geo"][at], geography),
            position=np.arange(len(at), dtype=np.int64),
        )

    def _details(self, at: Ints) -> tuple[Ints, Ints, Ints]:
        """Return which dimensions each row fills, a signature of its category, and a code of its structure."""
        pattern, category, structure = (np.zeros(len(at), dtype=np.int64) for _ in range(3))
        for name in self.detailed:
            filled = self.frame[name].array[at].astype(str) != ""
            pattern |= np.asarray(filled, dtype=np.int64) << DIMENSIONS.index(name)
        told = pattern > 0
        if told.any():
            details = self.frame.iloc[at[told]][list(DIMENSIONS)].astype("str")
            hashed = pd.util.hash_pandas_object(details, index=False).to_numpy() >> np.uint64(8)
            category[told] = hashed.astype(np.int64)
            structure[told] = pd.factorize(details["structure"])[0]
        return pattern, category, structure

    def _changed(self, geo: npt.NDArray[Any], geography: Ints) -> Bools:
        """Rows whose commune code does not mean the same commune in the geography of the results."""
        out = np.zeros(len(geo), dtype=np.bool_)
        other = geography != self.year
        if not other.any() or not self.touched.any():
            return out
        suspects = np.flatnonzero(other & (geography > 0) & self.touched[geo])
        if not len(suspects):
            return out
        pairs, which = np.unique(np.stack([geo[suspects], geography[suspects]]), axis=1, return_inverse=True)
        answers = np.array([self._has_changed(int(code), int(then)) for code, then in pairs.T], dtype=np.bool_)
        out[suspects] = answers[np.ravel(which)]
        return out

    def _has_changed(self, code: int, then: int) -> bool:
        if (code, then) not in self._changes:
            self._changes[code, then] = self.changed(self.texts["geo"][code], then, self.year)
        return self._changes[code, then]


def _among(column: pd.Series[str], wanted: Iterable[str]) -> Bools:
    # Each distinct text is looked up once: `isin` would turn every row into a Python text.
    codes, uniques = pd.factorize(column)
    return np.asarray(np.append(pd.Index(uniques).isin(list(wanted)), np.False_)[codes])


def _encode(column: pd.Series[Any]) -> tuple[npt.NDArray[Any], list[str]]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), [str(text) for text in column.cat.categories]
    codes, uniques = pd.factorize(column)
    return codes, [str(text) for text in uniques]


def _chosen(
    columns: Mapping[str, tuple[npt.NDArray[Any], list[str]]], measures: Iterable[str], place: Ints
) -> npt.NDArray[np.intp]:
    """Return the rows that some measures and territories need."""
    (measure, names), (geo, _) = columns["measure"], columns["geo"]
    kept = set(measures)
    told = np.array([*(name in kept for name in names), False], dtype=np.bool_)
    return np.flatnonzero(told[measure] & (place >= 0)[geo])


def _in_order(
    column: tuple[npt.NDArray[Any], list[str]], rows: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[Any], list[str]]:
    """Return codes in order of appearance in some rows, for the texts held there alone: no other one takes a bit."""
    codes, texts = column
    if len(texts) < 2:
        return column
    met = pd.unique(codes[rows])
    met = met[met >= 0]
    rank = np.full(len(texts) + 1, -1, dtype=np.int64)
    rank[met] = np.arange(len(met))
    return rank[codes], [texts[code] for code in met]


def _ranks(texts: Sequence[str], order: Sequence[str]) -> Ints:
    rank = {name: place for place, name in enumerate(order)}
    return np.array([*(rank.get(text, 0) for text in texts), 0], dtype=np.int64)


def _filled(column: pd.Series[Any]) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return any(text != "" for text in column.cat.categories)
    return bool(column.ne("").any())


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)
