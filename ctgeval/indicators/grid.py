"""One measure laid on a dense grid of territories and periods."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.indicators.cells import FLAG, NO_VINTAGE, OBS_STATUS, REASON, Bools, Cells, Floats, Ints, put
from ctgeval.measures import Measure
from ctgeval.observations import DIMENSIONS, Bounded, total
from ctgeval.periods import Period

__all__ = ["Rows", "gather"]

_STRUCTURE = 1 << DIMENSIONS.index("structure")
_DISJOINT = (1 << DIMENSIONS.index("sexe")) | (1 << DIMENSIONS.index("age"))
_ESTIMATED = OBS_STATUS.index("E")
_PARTS_OF_YEAR = {"S": 2, "Q": 4, "M": 12}


def gather(rows: Rows, measure: Measure, shape: tuple[int, int], axis: tuple[Period, ...]) -> Cells:
    """Lay the rows of one measure on the grid.

    Categories are summed where there is no total row, and never added to it; when several sources give the same
    figure the first one is kept.

    Parameters
    ----------
    rows : Rows
        Rows of that measure, in the order in which their sources are declared.
    measure : Measure
        Decides what may be summed.
    shape : tuple of int
        Numbers of territories and of periods.
    axis : tuple of Period
        The periods, in order.
    """
    if not len(rows.geo):
        return Cells.blank(shape)
    alone = _once_each(rows, shape)
    doubled = None
    if not alone:
        rows, doubled = _first_of_each(rows)
        rows = rows.select(np.argsort(rows.geo * shape[1] + rows.period, kind="stable"))
        rows = _coarsest(rows, shape[1])
    key = rows.geo * shape[1] + rows.period
    starts = None if alone else _starts(key)
    unique = key if starts is None else key[starts]
    floor, ceiling = measure.possible
    unknown = np.isnan(rows.value)
    low, high = np.fmin(rows.low, rows.value), np.fmax(rows.high, rows.value)
    low[unknown], high[unknown] = np.maximum(rows.low[unknown], floor), np.minimum(rows.high[unknown], ceiling)
    summed = _summed(Bounded(rows.value, np.minimum(low, high), high), starts)
    several = np.zeros(len(unique), dtype=np.bool_) if starts is None else np.diff(np.r_[starts, len(key)]) > 1
    detailed = _fold(np.maximum, rows.pattern, starts) > 0
    additive = measure.additive_over_places | (
        (measure.kind == "distinct") & (_fold(np.bitwise_or, rows.pattern, starts) & ~_DISJOINT == 0)
    )
    refused = several & ~additive
    parts_low = _fold(np.maximum, low, starts)
    value = np.where(refused, np.nan, summed.value)
    flags = np.zeros(len(unique), dtype=np.int64)
    if doubled is not None:
        twice = _fold(np.maximum, doubled[rows.position].astype(np.int64), starts) > 0
        flags |= np.where(twice, FLAG["doublon"], 0)
        flags |= np.where(detailed & several & ~refused, FLAG["ventilation_sommee"], 0)
    conf, obs = _fold(np.maximum, rows.conf, starts), _fold(np.maximum, rows.obs, starts)
    rounded = np.isfinite(value) & (summed.low < summed.high) & (obs != _ESTIMATED)
    flags |= np.where(rounded, FLAG["valeur_arrondie"], 0)
    flags |= np.where(np.isnan(value) & (conf > 0) & ~refused, FLAG["valeurs_masquees"], 0)
    geography = _fold(np.minimum, rows.geography, starts)
    flags |= np.where(geography == 0, FLAG["geographie_inconnue"], 0)
    changed = _fold(np.maximum, rows.changed.astype(np.int64), starts) > 0
    reason = np.where(conf > 0, REASON["non_diffuse"], REASON["non_retourne"])
    reason = np.where(refused, REASON["ventilation_non_additive"], reason)
    reason = np.where(changed, REASON["code_change"], np.where(np.isnan(value), reason, 0))
    unsure = changed | (refused & (measure.kind != "distinct"))
    found = Cells(
        value=np.where(changed, np.nan, value),
        low=np.where(unsure, floor, np.where(refused, parts_low, summed.low)),
        high=np.where(unsure, ceiling, summed.high),
        present=np.ones(len(unique), dtype=np.bool_),
        obs=obs,
        conf=conf,
        source=_fold(np.bitwise_or, rows.source, starts),
        geography=geography,
        flags=flags,
        reason=reason,
        vintage=np.full(len(unique), NO_VINTAGE, dtype=np.int64),
        detail=np.where(detailed, _fold(np.add, rows.category, starts), 0),
    )
    cells = _without_missing_returns(_laid(found, unique, shape), rows, axis)
    return _yearly(cells, axis) if measure.additive_over_time else cells


def _once_each(rows: Rows, shape: tuple[int, int]) -> bool:
    """Whether every fact is told once, and none is broken down: most national files are so."""
    if rows.pattern.any():
        return False
    return int(np.bincount(rows.geo * shape[1] + rows.period).max()) == 1


def _summed(values: Bounded, starts: Ints | None) -> Bounded:
    if starts is None:
        return values
    group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(values)]))
    return total(values, group, size=len(starts))


def _laid(found: Cells, at: Ints, shape: tuple[int, int]) -> Cells:
    """Lay figures on the grid; when they fill it in its order they are the grid."""
    size = shape[0] * shape[1]
    if len(at) == size and bool((at == np.arange(size)).all()):
        return Cells(**{field.name: getattr(found, field.name).reshape(shape) for field in fields(Cells)})
    cells = Cells.blank(shape)
    for field in fields(Cells):
        getattr(cells, field.name).ravel()[at] = getattr(found, field.name)
    return cells


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of observations as codes: one array per column, shape (rows,)."""

    geo: Ints
    period: Ints
    value: Floats
    low: Floats
    high: Floats
    obs: Ints
    conf: Ints
    source: Ints
    geography: Ints
    pattern: Ints
    category: Ints
    structure: Ints
    changed: Bools
    position: Ints

    def select(self, keep: Any) -> Rows:
        """Return some of the rows."""
        return Rows(**{field.name: getattr(self, field.name)[keep] for field in fields(self)})


def _first_of_each(rows: Rows) -> tuple[Rows, Bools]:
    """Keep one row per fact; also tell, by position, which kept rows had a double."""
    doubled = np.zeros(int(rows.position.max(initial=-1)) + 1, dtype=np.bool_)
    identity = pd.MultiIndex.from_arrays([rows.geo, rows.period, rows.category]) if rows.pattern.any() else None
    code = (
        pd.factorize(identity)[0] if identity is not None else rows.geo * (rows.period.max(initial=0) + 1) + rows.period
    )
    if not pd.Series(code).duplicated().any():
        return rows, doubled
    empty = np.isnan(rows.value) & (rows.obs == OBS_STATUS.index("M"))
    order = np.lexsort((rows.position, empty, code))
    sorted_code = code[order]
    first = np.r_[True, sorted_code[1:] != sorted_code[:-1]]
    starts = np.flatnonzero(first)
    sizes = np.diff(np.r_[starts, len(sorted_code)])
    kept = order[starts]
    doubled[rows.position[kept[sizes > 1]]] = True
    return rows.select(np.sort(kept)), doubled


def _coarsest(rows: Rows, width: int) -> Rows:
    """Keep, for each cell, the rows of the least detailed breakdown only, so that none is counted twice."""
    if not rows.pattern.any():
        return rows
    rank = np.array([(pattern.bit_count() << 8) | pattern for pattern in range(1 << len(DIMENSIONS))])[rows.pattern]
    starts = _starts(rows.geo * width + rows.period)
    least = np.repeat(_fold(np.minimum, rank, starts), np.diff(np.r_[starts, len(rank)]))
    return rows.select(rank == least)


def _without_missing_returns(cells: Cells, rows: Rows, axis: tuple[Period, ...]) -> Cells:
    """Open upwards the sums in which a structure that used to answer is missing.

    A structure is expected from its first figure on; a last figure of 0 says that it has closed.
    """
    detailed = rows.select((rows.pattern & _STRUCTURE) > 0)
    if not len(detailed.geo):
        return cells
    known = pd.DataFrame(
        {
            "geo": detailed.geo,
            "frequency": np.array([period.frequency for period in axis])[detailed.period],
            "structure": detailed.structure,
            "period": detailed.period,
            "value": detailed.value,
        }
    )
    value, high = cells.value.copy(), cells.high.copy()
    flags, reason = cells.flags.copy(), cells.reason.copy()
    for (place_code, _), place in known.groupby(["geo", "frequency"], sort=True):
        geo = int(str(place_code))
        asked = np.unique(place["period"].to_numpy())
        for _, answers in place.groupby("structure", sort=True):
            given = np.unique(answers["period"].to_numpy())
            closed = (answers.loc[answers["period"] == given[-1], "value"] == 0).all()
            expected = asked[(asked >= given[0]) & ((asked <= given[-1]) | (not closed))]
            missing = np.setdiff1d(expected, given)
            value[geo, missing], high[geo, missing] = np.nan, np.inf
            flags[geo, missing] |= FLAG["retour_manquant"]
            reason[geo, missing] = REASON["retour_manquant"]
    return replace(cells, value=value, high=high, flags=flags, reason=reason)


def _yearly(cells: Cells, axis: tuple[Period, ...]) -> Cells:
    """Sum the half-years, quarters or months of a year where the source gives no yearly figure."""
    for column, period in enumerate(axis):
        if period.frequency != "A":
            continue
        for frequency, count in _PARTS_OF_YEAR.items():
            inside = [
                rank
                for rank, part in enumerate(axis)
                if part.frequency == frequency and period.start <= part.start and part.end <= period.end
            ]
            if len(inside) != count:
                continue
            fill = cells.present[:, inside].all(axis=1) & ~cells.present[:, column]
            if fill.any():
                put(cells, column, fill, _over_time(cells, inside))
    return cells


def _over_time(cells: Cells, columns: list[int]) -> Cells:
    parts = cells.take(slice(None), columns)
    return Cells(
        value=parts.value.sum(axis=1, keepdims=True),
        low=parts.low.sum(axis=1, keepdims=True),
        high=parts.high.sum(axis=1, keepdims=True),
        present=np.asarray(parts.present.all(axis=1, keepdims=True)),
        obs=parts.obs.max(axis=1, keepdims=True),
        conf=parts.conf.max(axis=1, keepdims=True),
        source=np.bitwise_or.reduce(parts.source, axis=1, keepdims=True),
        geography=parts.geography.min(axis=1, keepdims=True),
        flags=np.bitwise_or.reduce(parts.flags, axis=1, keepdims=True) | FLAG["somme_periodes"],
        reason=parts.reason.max(axis=1, keepdims=True),
        vintage=parts.vintage.min(axis=1, keepdims=True),
        detail=parts.detail.sum(axis=1, keepdims=True),
    )


def _starts(sorted_key: Ints) -> Ints:
    return np.flatnonzero(np.r_[True, sorted_key[1:] != sorted_key[:-1]])


def _fold(operation: np.ufunc, array: npt.NDArray[Any], starts: Ints | None) -> npt.NDArray[Any]:
    """Reduce the rows of each cell; without ``starts``, each row is a cell."""
    return array if starts is None else np.asarray(operation.reduceat(array, starts))
