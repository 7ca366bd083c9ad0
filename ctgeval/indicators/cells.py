"""What is known of one quantity, territory by territory and period by period, and how such quantities combine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from ctgeval import periods
from ctgeval.observations import Bounded, total
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
    "petit_effectif",
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

NO_VINTAGE = int(np.iinfo(np.int16).max)
"""Stands for a denominator of the period itself."""
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
            vintage=np.full(shape, NO_VINTAGE, dtype=np.int64),
            detail=zero.copy(),
        )

    @property
    def bounded(self) -> Bounded:
        """Value and bounds, flattened."""
        return Bounded(self.value.ravel(), self.low.ravel(), self.high.ravel())

    def take(self, rows: Any, columns: Any = slice(None)) -> Cells:
        """Return some rows, and some columns of them; these very cells when that is all of them, in order."""
        if _all(rows, self.value.shape[0]) and _all(columns, self.value.shape[1]):
            return self
        return Cells(**{field.name: getattr(self, field.name)[rows][:, columns] for field in fields(self)})

    def where(self, keep: Bools, other: Cells) -> Cells:
        """Return these cells where ``keep`` is true, the other ones elsewhere."""
        names = [field.name for field in fields(self)]
        return Cells(**{name: np.where(keep, getattr(self, name), getattr(other, name)) for name in names})


def _all(chosen: Any, size: int) -> bool:
    if isinstance(chosen, slice):
        return chosen == slice(None)
    return isinstance(chosen, np.ndarray) and len(chosen) == size and bool((chosen == np.arange(size)).all())


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
                put(out, column, told, _unknown(here, "debut_inconnu"))
            elif before is None:
                follows = _follows(start - timedelta(days=1), period)
                put(out, column, told, here if follows else _unknown(here, "cumul_incomplet"))
            else:
                joined = out.present[:, [before]] & _follows(axis[before].end, period)
                summed = _plus(out.take(slice(None), [before]), here)
                put(out, column, told, summed.where(joined, _unknown(summed, "cumul_incomplet")))
            before = column
    return out


def _unknown(cells: Cells, reason: str) -> Cells:
    blank = Cells.blank(cells.value.shape)
    return replace(
        cells,
        value=blank.value,
        low=blank.low,
        high=blank.high,
        reason=np.full_like(cells.reason, REASON[reason]),
    )


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
    # A list, so that what is filled in below is a copy.
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
            put(out, position, fill, cells.take(slice(None), [rank]))
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
        geography=gathered(np.minimum, parts.geography, NO_VINTAGE),
        flags=gathered(np.bitwise_or, parts.flags, 0),
        reason=gathered(np.maximum, parts.reason, 0),
        vintage=gathered(np.minimum, parts.vintage, NO_VINTAGE),
        detail=np.zeros((size, width), dtype=np.int64),
    )


def count(mask: Bools, member: Ints, group: Ints, size: int) -> Ints:
    """Return how many members of each group a mask holds, shape (size, periods)."""
    out = np.zeros((size, mask.shape[1]), dtype=np.int64)
    np.add.at(out, group, mask[member].astype(np.int64))
    return out


def put(cells: Cells, column: int, rows: Bools, other: Cells) -> None:
    """Write the first column of other cells into a column, at some rows, in place."""
    for field in fields(Cells):
        getattr(cells, field.name)[rows, column] = getattr(other, field.name)[rows, 0]
