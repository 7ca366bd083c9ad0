"""One measure laid on a dense grid of territories and periods, with what is known of each cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import periods
from ctgeval.measures import Measure
from ctgeval.observations import DIMENSIONS, Bounded, total
from ctgeval.periods import Period

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# The more a status calls for prudence, the later it stands: a figure takes the last of its parts.
OBS_STATUS = (
    "A",
    "V",
    "U",
    "N",
    "T",
    "W",
    "X",
    "J",
    "S",
    "G",
    "I",
    "F",
    "D",
    "K",
    "B",
    "E",
    "P",
    "Q",
    "H",
    "O",
    "L",
    "M",
)
CONF_STATUS = ("F", "A", "N", "T", "S", "D", "C")

# Limits that arise from the data, one bit each; the order is that of reading.
FLAGS = (
    "somme_communes",
    "couverture_partielle",
    "ventilation_sommee",
    "somme_periodes",
    "retour_manquant",
    "valeur_arrondie",
    "somme_arrondis",
    "valeurs_masquees",
    "doublon",
    "geographie_inconnue",
    "provisoire",
    "estime",
)
FLAG = {name: 1 << rank for rank, name in enumerate(FLAGS)}
REASONS = (
    "",
    "absent",
    "absent_membres",
    "non_diffuse",
    "non_retourne",
    "denominateur_absent",
    "denominateur_nul",
    "part_impossible",
    "membres_manquants",
    "membres_masques",
    "retour_manquant",
    "ventilation_incompatible",
    "ventilation_non_additive",
    "debut_inconnu",
    "cumul_incomplet",
    "code_change",
    "territoire_inconnu",
    "non_additif",
)
REASON = {name: rank for rank, name in enumerate(REASONS)}

_STRUCTURE = 1 << DIMENSIONS.index("structure")
_DISJOINT = (1 << DIMENSIONS.index("sexe")) | (1 << DIMENSIONS.index("age"))
_PARTS_OF_YEAR = {"S": 2, "Q": 4, "M": 12}
_NO_VINTAGE = np.iinfo(np.int16).max
_OLDEST_DENOMINATOR = 6


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What is known of one quantity, as arrays of shape (territories, periods).

    Parameters
    ----------
    value, low, high : ndarray of float64
        As in `ctgeval.observations.Bounded`.
    present : ndarray of bool
        The source says something, be it that the value is secret.
    obs, conf : ndarray of int64
        Ranks in `OBS_STATUS` and `CONF_STATUS`.
    source : ndarray of int64
        Bits of the sources.
    geography : ndarray of int64
        Year of the geography; 0 when the source does not say.
    flags, reason : ndarray of int64
        Bits of `FLAGS`; rank in `REASONS` (0: none).
    vintage : ndarray of int64
        Year of an older denominator; the largest int16 when it is of the period itself.
    detail : ndarray of int64
        Signature of the categories summed; 0 for a total row.
    """

    value: Floats
    low: Floats
    high: Floats
    present: Bools
    obs: Ints
    conf: Ints
    source: Ints
    geography: Ints
    flags: Ints
    reason: Ints
    vintage: Ints
    detail: Ints

    @classmethod
    def blank(cls, shape: tuple[int, ...]) -> Cells:
        """Return cells of which nothing is said."""
        zero = np.zeros(shape, dtype=np.int64)
        return cls(
            value=np.full(shape, np.nan),
            low=np.full(shape, -np.inf),
            high=np.full(shape, np.inf),
            present=np.zeros(shape, dtype=np.bool_),
            obs=zero,
            conf=zero.copy(),
            source=zero.copy(),
            geography=zero.copy(),
            flags=zero.copy(),
            reason=zero.copy(),
            vintage=np.full(shape, _NO_VINTAGE, dtype=np.int64),
            detail=zero.copy(),
        )

    @property
    def bounded(self) -> Bounded:
        """Value and bounds, flattened."""
        return Bounded(self.value.ravel(), self.low.ravel(), self.high.ravel())

    def take(self, rows: Any, columns: Any = slice(None)) -> Cells:
        """Return some rows, and some columns of them."""
        return Cells(**{field.name: getattr(self, field.name)[rows][:, columns] for field in fields(self)})

    def where(self, keep: Bools, other: Cells) -> Cells:
        """Return these cells where ``keep`` is true, the other ones elsewhere."""
        names = [field.name for field in fields(self)]
        return Cells(**{name: np.where(keep, getattr(self, name), getattr(other, name)) for name in names})


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
    cells = Cells.blank(shape)
    if not len(rows.geo):
        return cells
    rows, doubled = _first_of_each(rows)
    rows = rows.select(np.argsort(rows.geo * shape[1] + rows.period, kind="stable"))
    rows = _coarsest(rows, shape[1])
    key = rows.geo * shape[1] + rows.period
    starts = _starts(key)
    unique = key[starts]
    group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(key)]))
    floor, ceiling = measure.possible
    unknown = np.isnan(rows.value)
    low = np.where(unknown, np.maximum(rows.low, floor), np.fmin(rows.low, rows.value))
    high = np.where(unknown, np.minimum(rows.high, ceiling), np.fmax(rows.high, rows.value))
    summed = total(Bounded(rows.value, np.minimum(low, high), high), group, size=len(unique))
    several = np.bincount(group) > 1
    detailed = _fold(np.maximum, rows.pattern, starts) > 0
    additive = measure.additive_over_places | (
        (measure.kind == "distinct") & (_fold(np.bitwise_or, rows.pattern, starts) & ~_DISJOINT == 0)
    )
    refused = several & ~additive
    parts_low = _fold(np.maximum, low, starts)
    value = np.where(refused, np.nan, summed.value)
    flags = np.where(_fold(np.maximum, doubled[rows.position].astype(np.int64), starts) > 0, FLAG["doublon"], 0)
    flags |= np.where(detailed & several & ~refused, FLAG["ventilation_sommee"], 0)
    flags |= np.where(np.isfinite(value) & (summed.low < summed.high), FLAG["valeur_arrondie"], 0)
    conf, obs = _fold(np.maximum, rows.conf, starts), _fold(np.maximum, rows.obs, starts)
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
        vintage=np.full(len(unique), _NO_VINTAGE, dtype=np.int64),
        detail=np.where(detailed, _fold(np.add, rows.category, starts), 0),
    )
    for field in fields(Cells):
        getattr(cells, field.name).ravel()[unique] = getattr(found, field.name)
    cells = _without_missing_returns(cells, rows, axis)
    return _yearly(cells, axis) if measure.additive_over_time else cells


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
                _put(cells, column, fill, _over_time(cells, inside))
    return cells


def _put(cells: Cells, column: int, rows: Bools, other: Cells) -> None:
    for field in fields(Cells):
        getattr(cells, field.name)[rows, column] = getattr(other, field.name)[rows, 0]


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


def since(cells: Cells, axis: tuple[Period, ...], start: date | None) -> Cells:
    """Sum flows from the start of the convention to each period.

    Parameters
    ----------
    cells : Cells
        Flows.
    axis : tuple of Period
        The periods, in order.
    start : date or None
        Start of the convention.

    Returns
    -------
    Cells
        Periods before the start say nothing; after a gap, the sum is unknown and open upwards.
    """
    out = Cells.blank(cells.value.shape)
    for frequency in sorted({period.frequency for period in axis}):
        before: int | None = None
        for column, period in enumerate(axis):
            if period.frequency != frequency or (start is not None and period.start < start):
                continue
            here = cells.take(slice(None), [column])
            told = here.present[:, 0]
            if start is None:
                unknown = replace(
                    here,
                    value=np.full_like(here.value, np.nan),
                    low=np.full_like(here.low, -np.inf),
                    high=np.full_like(here.high, np.inf),
                    reason=np.full_like(here.reason, REASON["debut_inconnu"]),
                )
                _put(out, column, told, unknown)
                continue
            first = _follows(start - timedelta(days=1), period) if before is None else None
            joined = (
                np.full(len(told), bool(first))
                if before is None
                else out.present[:, before] & _follows(axis[before].end, period)
            )
            merged = here if before is None else _plus(out.take(slice(None), [before]), here)
            gap = replace(
                merged,
                value=np.full_like(here.value, np.nan),
                low=np.full_like(here.low, -np.inf),
                high=np.full_like(here.high, np.inf),
                reason=np.full_like(here.reason, REASON["cumul_incomplet"]),
            )
            _put(out, column, told, merged.where(joined[:, None], gap))
            before = column
    return out


def _follows(day: date, period: Period) -> bool:
    """Whether the period starts the day after, or so soon that no whole period of its length stands between."""
    return period.start - day <= period.end - period.start + timedelta(days=1)


def _plus(a: Cells, b: Cells) -> Cells:
    return replace(
        b,
        value=a.value + b.value,
        low=a.low + b.low,
        high=a.high + b.high,
        obs=np.maximum(a.obs, b.obs),
        conf=np.maximum(a.conf, b.conf),
        source=a.source | b.source,
        geography=np.minimum(a.geography, b.geography),
        flags=a.flags | b.flags,
        reason=np.where(a.reason > 0, a.reason, b.reason),
    )


def combine(terms: Iterable[tuple[int, Cells]]) -> Cells:
    """Add and subtract quantities cell by cell; a cell is present when all its terms are."""
    parts = list(terms)
    sign, first = parts[0]
    out = first if sign > 0 else replace(first, value=-first.value, low=-first.high, high=-first.low)
    for sign, other in parts[1:]:
        signed = other if sign > 0 else replace(other, value=-other.value, low=-other.high, high=-other.low)
        out = replace(
            _plus(out, signed),
            present=out.present & other.present,
            vintage=np.minimum(out.vintage, other.vintage),
            detail=np.where(out.detail == other.detail, out.detail, -1),
        )
    return out


def latest_known(cells: Cells, axis: tuple[Period, ...], columns: Iterable[int]) -> Cells:
    """Return, for each period asked, the stock of that period or the last one known before it.

    Parameters
    ----------
    cells : Cells
        A stock, such as a population.
    axis : tuple of Period
        The periods, in order.
    columns : iterable of int
        The periods asked.

    Returns
    -------
    Cells
        Shape (territories, periods asked); ``vintage`` tells the year of an older figure.
    """
    asked = list(columns)
    out = cells.take(slice(None), asked)
    for position, column in enumerate(asked):
        wanted = axis[column]
        older = [
            rank
            for rank, period in enumerate(axis)
            if rank != column
            and (period.end <= wanted.end or period.start <= wanted.start <= wanted.end <= period.end)
            and wanted.end.year - period.end.year <= _OLDEST_DENOMINATOR
        ]
        for rank in sorted(older, key=lambda item: periods.sort_key(axis[item].text), reverse=True):
            fill = ~out.present[:, position] & cells.present[:, rank]
            if not fill.any():
                continue
            _put(out, position, fill, cells.take(slice(None), [rank]))
            if axis[rank].end.year < wanted.end.year:
                out.vintage[fill, position] = axis[rank].end.year
    return out


def pool(cells: Cells, member: Ints, group: Ints, size: int, keep: Bools | None = None) -> Cells:
    """Sum the cells of the members of each group.

    Parameters
    ----------
    cells : Cells, shape (territories, periods)
        Figures of the members.
    member, group : ndarray of int64, shape (pairs,)
        Row of a member, and its group 0..size-1, sorted by group.
    size : int
        Number of groups.
    keep : ndarray of bool, shape (territories, periods), optional
        Cells to sum; those that are present by default.

    Returns
    -------
    Cells, shape (size, periods)
        Present where at least one member is.
    """
    width = cells.value.shape[1]
    inside = (cells.present if keep is None else keep)[member]
    parts = cells.take(member)
    codes = np.where(inside, group[:, None] * width + np.arange(width), -1).ravel()
    sums = total(parts.bounded, codes, size=size * width)

    def gathered(operation: np.ufunc, array: Ints, neutral: int) -> Ints:
        out = np.full((size, width), neutral, dtype=np.int64)
        operation.at(out, group, np.where(inside, array, neutral))
        return out

    return Cells(
        value=sums.value.reshape(size, width),
        low=sums.low.reshape(size, width),
        high=sums.high.reshape(size, width),
        present=gathered(np.maximum, parts.present.astype(np.int64), 0) > 0,
        obs=gathered(np.maximum, parts.obs, 0),
        conf=gathered(np.maximum, parts.conf, 0),
        source=gathered(np.bitwise_or, parts.source, 0),
        geography=gathered(np.minimum, parts.geography, _NO_VINTAGE),
        flags=gathered(np.bitwise_or, parts.flags, 0),
        reason=gathered(np.maximum, parts.reason, 0),
        vintage=gathered(np.minimum, parts.vintage, _NO_VINTAGE),
        detail=np.zeros((size, width), dtype=np.int64),
    )


def count(mask: Bools, member: Ints, group: Ints, size: int) -> Ints:
    """Return how many members of each group a mask holds, shape (size, periods)."""
    out = np.zeros((size, mask.shape[1]), dtype=np.int64)
    np.add.at(out, group, mask[member].astype(np.int64))
    return out


def _starts(sorted_key: Ints) -> Ints:
    return np.flatnonzero(np.r_[True, sorted_key[1:] != sorted_key[:-1]])


def _fold(operation: np.ufunc, array: npt.NDArray[Any], starts: Ints) -> npt.NDArray[Any]:
    return np.asarray(operation.reduceat(array, starts))
