"""Find the numerator and the denominator of each territory: its own row, or what its communes give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ctgeval.indicators.cells import FLAG, REASON, Cells, Ints, combine, count, pool
from ctgeval.indicators.definition import Formula, Indicator
from ctgeval.indicators.field import Field
from ctgeval.indicators.wholes import whole_again

__all__ = ["resolve"]


_LEAST_COVERED = 0.5
"""Under this share of its communes, a territory is not given the rate of those that answered."""


def resolve(
    item: Indicator, parts: Mapping[str, Cells], field: Field
) -> tuple[Cells, Cells | None, npt.NDArray[np.float64]]:
    """Find numerator and denominator of each territory asked: its own row, or what its communes give."""
    direct = {name: cells.take(field.rows) for name, cells in parts.items()}
    if not len(field.groups):
        top, bottom = _sum(item.numerator_terms, direct), _sum(item.denominator_terms, direct)
        assert top is not None
        complete = (top.present & (bottom.present if bottom is not None else True)).astype(np.float64)
        return top, bottom, complete
    pooling = _Pooling(field, item, parts)
    best = {name: pooling.fill(name, cells) for name, cells in direct.items()}
    top, bottom = _sum(item.numerator_terms, best), _sum(item.denominator_terms, best)
    assert top is not None
    whole = top.present if bottom is None else top.present & bottom.present
    completeness = whole.astype(np.float64)
    rows = field.groups
    shared, share_top, share_bottom = pooling.together()
    partial = ~whole[rows] & (shared > 0)
    completeness[rows] = np.where(whole[rows], 1.0, shared / field.sizes[:, None])
    refused = np.zeros(whole.shape, dtype=np.bool_)
    if not pooling.additive:
        refused[rows] = partial
        return _open(top, refused, pooling), bottom, completeness
    top = _replaced(top, rows, partial, share_top)
    if bottom is not None and share_bottom is not None:
        bottom = _replaced(bottom, rows, partial, share_bottom)
    return top, bottom, completeness


def _sum(formula: Formula, parts: Mapping[str, Cells]) -> Cells | None:
    return combine([(sign, parts[name]) for sign, name in formula]) if formula else None


def _replaced(cells: Cells, rows: Ints, where: npt.NDArray[np.bool_], other: Cells) -> Cells:
    inside = np.zeros(cells.value.shape, dtype=np.bool_)
    inside[rows] = where
    wide = Cells.blank(cells.value.shape)
    for name in Cells.__dataclass_fields__:
        getattr(wide, name)[rows] = getattr(other, name)
    return wide.where(inside, cells)


def _open(top: Cells, refused: npt.NDArray[np.bool_], pooling: _Pooling) -> Cells:
    """Mark sums that have no meaning; of distinct persons, the greatest count of a commune is still a lower bound."""
    low = np.where(refused, pooling.distinct_low(top.value.shape), top.low)
    return replace(
        top,
        value=np.where(refused, np.nan, top.value),
        low=low,
        high=np.where(refused, np.inf, top.high),
        present=top.present | refused,
        reason=np.where(refused, REASON["non_additif"], top.reason),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Pooling:
    """Sums over the communes of the territories asked."""

    field: Field
    item: Indicator
    parts: Mapping[str, Cells]

    @property
    def additive(self) -> bool:
        """Whether every measure of the indicator adds over places."""
        return all(self.field.measures[name].additive_over_places for name in self.parts)

    def fill(self, name: str, direct: Cells) -> Cells:
        """Put the sum of the communes where a territory has no row of its own and none of its communes is missing."""
        field, cells = self.field, self.parts[name]
        if not field.measures[name].additive_over_places:
            return direct
        size = len(field.groups)
        told = count(cells.present, field.member, field.group, size)
        pooled = self._pooled(cells, cells.present)
        return _replaced(direct, field.groups, (told == field.sizes[:, None]) & ~direct.present[field.groups], pooled)

    def together(self) -> tuple[Ints, Cells, Cells | None]:
        """Sum numerator and denominator over the communes that have both; also tell how many they are."""
        top, bottom = _sum(self.item.numerator_terms, self.parts), _sum(self.item.denominator_terms, self.parts)
        assert top is not None
        both = top.present if bottom is None else top.present & bottom.present
        shared = count(both, self.field.member, self.field.group, len(self.field.groups))
        pooled = self._pooled(top, both)
        missing = replace(
            pooled,
            value=np.full_like(pooled.value, np.nan),
            high=np.full_like(pooled.high, np.inf),
            low=np.where(self._signed, -np.inf, pooled.low),
            reason=np.full_like(pooled.reason, REASON["membres_manquants"]),
            flags=pooled.flags | FLAG["couverture_partielle"],
        )
        if bottom is None:
            return shared, missing, None
        partial = replace(pooled, flags=pooled.flags | FLAG["couverture_partielle"])
        most = shared >= _LEAST_COVERED * self.field.sizes[:, None]
        return shared, partial.where(most, missing), self._pooled(bottom, both)

    @property
    def _signed(self) -> bool:
        return any(self.field.measures[name].possible[0] < 0 for name in self.parts) or any(
            sign < 0 for sign, _ in self.item.numerator_terms
        )

    def distinct_low(self, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Return the greatest count of a commune, where the indicator counts distinct persons; -inf elsewhere."""
        low = np.full(shape, -np.inf)
        names = self.item.numerator_measures
        if len(names) == 1 and not self.item.denominator and self.field.measures[names[0]].kind == "distinct":
            cells, field = self.parts[names[0]], self.field
            out = np.full((len(field.groups), shape[1]), 0.0)
            np.maximum.at(out, field.group, np.where(cells.present, cells.low, 0.0)[field.member])
            low[field.groups] = out
        return low

    def _pooled(self, cells: Cells, keep: npt.NDArray[np.bool_]) -> Cells:
        field, size = self.field, len(self.field.groups)
        pooled = pool(cells, field.member, field.group, size, keep)
        pooled = whole_again(pooled, cells, field.member, field.group, keep)
        masked = count(keep & np.isnan(cells.value), field.member, field.group, size) > 0
        flags = (pooled.flags & ~FLAG["valeur_arrondie"]) | FLAG["somme_communes"]
        flags |= np.where(pooled.flags & FLAG["valeur_arrondie"], FLAG["somme_arrondis"], 0)
        return replace(
            pooled,
            flags=flags,
            reason=np.where(masked, np.maximum(REASON["membres_masques"], pooled.reason), 0),
            geography=np.full_like(pooled.geography, field.year),
        )
