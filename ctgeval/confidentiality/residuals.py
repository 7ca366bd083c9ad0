"""What published totals leave over: a small rest of a total less its published parts is a small count, told.

A cell is a block: a territory (the communes it covers) over a span of time. Whoever holds the block and other blocks
inside it subtracts; what he finds must be nothing at all, or a count that could have been published. This covers a
commune that no table shows, a half-year that no source gives, former groupings inside an EPCI, cumulated figures of
two years, and the same figure told to two audiences from different sources.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import measures, periods
from ctgeval.confidentiality.rules import Mask, Rule, secret_measures, threshold
from ctgeval.indicators import definition

_EPSILON = 1e-6
_ROUNDS = 3
_VINTAGE = r"denominateur:(\S+)"
_Span = tuple[date, date]
_Name = tuple[object, ...]
_REST = "rest"


@dataclass(frozen=True, slots=True)
class _Block:
    row: int
    geo: str
    ground: frozenset[str]
    span: _Span
    value: float
    base: float

    @property
    def size(self) -> int:
        return len(self.ground) * ((self.span[1] - self.span[0]).days + 1)

    def holds(self, other: _Block) -> bool:
        return self.ground >= other.ground and self.span[0] <= other.span[0] and other.span[1] <= self.span[1]

    def order(self, sign: int, *, places_first: bool) -> tuple[object, ...]:
        wide = (len(self.ground), -self.size) if places_first else (self.size,)
        return (*(sign * one for one in wide), self.geo, self.span, self.row)

    def apart(self, other: _Block) -> bool:
        return other.span[1] < self.span[0] or self.span[1] < other.span[0] or self.ground.isdisjoint(other.ground)


@dataclass(frozen=True, slots=True, eq=False)
class _Quantity:
    """What some rows count: its name, its measures, a value and a base by row, and whether it is the base of a rate."""

    name: _Name
    made_from: tuple[str, ...]
    values: npt.NDArray[np.float64]
    bases: npt.NDArray[np.float64]
    is_base: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Family:
    """Blocks of one quantity: what is counted, the limit under which a count of it is small, what may be summed."""

    limit: int
    over_places: bool
    over_time: bool
    rest: bool
    blocks: list[_Block]

    def groups(self, shown: Mask) -> Iterator[list[_Block]]:
        """Blocks among which subtracting has a meaning."""
        found: dict[tuple[object, object], list[_Block]] = defaultdict(list)
        for block in self.blocks:
            if shown[block.row]:
                key = (None if self.over_places else block.geo, None if self.over_time else block.span)
                found[key].append(block)
        yield from found.values()

    def tells(self, left: float, base: float) -> bool:
        """Whether a difference is a count too small to be told; a rest of 0 is, when somebody is concerned."""
        if self.rest and abs(left) <= _EPSILON:
            return base > _EPSILON
        return _EPSILON < abs(left) < self.limit - _EPSILON


def vintages(table: pd.DataFrame) -> pd.Series[str]:
    """Return the period of which the denominator of each row is: an older one when its limits say so."""
    older = table["limits"].astype("string").str.extract(_VINTAGE, expand=False)
    return older.fillna(table["time_period"].astype("string")).astype(str)


def leftovers(
    table: pd.DataFrame,
    masked: Mask,
    rule: Rule,
    *,
    grounds: Mapping[str, frozenset[str]],
    catalogue: Mapping[str, definition.Indicator],
) -> Mask:
    """Tell which rows must be masked as well, so that no subtraction of published figures leaves a small count.

    Parameters
    ----------
    table : DataFrame
        Result rows with their true counts.
    masked : ndarray of bool, shape (rows,)
        Rows that are not published.
    rule : Rule
        Thresholds.
    grounds : mapping of str to frozenset of str
        Communes of each total; a territory that is not there is its own ground.
    catalogue : mapping of str to Indicator
        The indicators of the table.

    Returns
    -------
    ndarray of bool, shape (rows,)
        The widest figure of each subtraction; rows of ``masked`` included.
    """
    families = _families(table, rule, grounds, catalogue)
    hidden = masked.copy()
    found = True
    while found:
        groups = [(family, blocks) for family in families for blocks in family.groups(~hidden)]
        wide = {block.row for family, blocks in groups for block in _wide(family, blocks)}
        found = bool(wide)
        hidden[sorted(wide)] = True
    return hidden


def _wide(family: _Family, blocks: Sequence[_Block]) -> Iterator[_Block]:
    """Give the blocks from which something small is left; what is left is subtracted from, in its turn."""
    pool = list(blocks)
    known = {(block.ground, block.span) for block in pool}
    for _ in range(_ROUNDS):
        found: list[_Block] = []
        for block, inside in _nested(pool):
            if any(family.tells(*left) for left in _rests(block, inside)):
                yield block
            found.extend(left for left in _left(block, inside) if (left.ground, left.span) not in known)
        pool.extend(found)
        known.update((block.ground, block.span) for block in found)


def _nested(blocks: Sequence[_Block]) -> Iterator[tuple[_Block, list[_Block]]]:
    by_ground: dict[frozenset[str], list[_Block]] = defaultdict(list)
    for block in blocks:
        by_ground[block.ground].append(block)
    for ground, here in by_ground.items():
        near = [other for other in by_ground if ground >= other] if len(ground) > 1 else [ground]
        for block in here:
            inside = [one for other in near for one in by_ground[other] if one is not block and block.holds(one)]
            if inside:
                yield block, inside


def _rests(block: _Block, inside: Sequence[_Block]) -> Iterator[tuple[float, float]]:
    """Subtract from a block each block inside it, and as many of them as stand side by side."""
    for one in inside:
        if one.size < block.size or abs(one.value - block.value) > _EPSILON:
            yield block.value - one.value, block.base - one.base
    for chosen in _covers([one for one in inside if one.size < block.size]):
        if sum(one.size for one in chosen) < block.size:
            yield block.value - sum(one.value for one in chosen), block.base - sum(one.base for one in chosen)


def _left(block: _Block, inside: Sequence[_Block]) -> Iterator[_Block]:
    """Subtract the blocks of the same span, which leaves a block: territories without figures of their own."""
    same = [one for one in inside if one.span == block.span and one.size < block.size]
    for chosen in _covers(same):
        ground = block.ground.difference(*(one.ground for one in chosen))
        if ground:
            value = block.value - sum(one.value for one in chosen)
            yield replace(block, ground=ground, value=value, base=block.base - sum(one.base for one in chosen))


def _covers(blocks: Sequence[_Block]) -> Iterator[list[_Block]]:
    """Choose blocks that stand side by side, the widest first, then the narrowest first."""
    for sign, places_first in product((-1, 1), (False, True)):
        chosen: list[_Block] = []
        for one in sorted(blocks, key=lambda one: one.order(sign, places_first=places_first)):
            if all(one.apart(other) for other in chosen):
                chosen.append(one)
        if chosen:
            yield chosen


def _families(
    table: pd.DataFrame,
    rule: Rule,
    grounds: Mapping[str, frozenset[str]],
    catalogue: Mapping[str, definition.Indicator],
) -> list[_Family]:
    names = table["indicator"].to_numpy(dtype=object)
    geos = [str(geo) for geo in table["geo"]]
    times = {False: [str(text) for text in table["time_period"]], True: [str(text) for text in vintages(table)]}
    found: dict[_Name, _Family] = {}
    for name in sorted(set(names)):
        item = catalogue[name]
        rows = np.flatnonzero(names == name)
        for quantity in _quantities(item, table.iloc[rows], rule):
            used = [measures.get(one, measures=item.declared or None) for one in quantity.made_from]
            limit = threshold(item, rule, catalogue)
            family = found.get(quantity.name) or _Family(
                limit=limit,
                over_places=all(one.additive_over_places for one in used),
                over_time=all(one.additive_over_time for one in used),
                rest=quantity.name[0] == _REST,
                blocks=[],
            )
            blocks = [
                _Block(
                    row=int(row),
                    geo=geos[row],
                    ground=grounds.get(geos[row], frozenset({geos[row]})),
                    span=_span(times[quantity.is_base][row], cumulated=item.since_start and not quantity.is_base),
                    value=float(value),
                    base=float(base),
                )
                for row, value, base in zip(rows, quantity.values, quantity.bases, strict=True)
                if np.isfinite(value)
            ]
            found[quantity.name] = replace(family, limit=max(family.limit, limit), blocks=[*family.blocks, *blocks])
    return [*found.values(), *_differences(found)]


def _quantities(item: definition.Indicator, rows: pd.DataFrame, rule: Rule) -> Iterator[_Quantity]:
    """Give the counts that the rows of one indicator tell: numerator, base, and the rest of a part."""
    part, whole = rows["numerator"].to_numpy(dtype=float), rows["denominator"].to_numpy(dtype=float)
    top, bottom = tuple(sorted(item.numerator_terms)), tuple(sorted(item.denominator_terms))
    counted = bool(secret_measures(item.numerator_measures, item.declared))
    if counted:
        low = rows["low"].to_numpy(dtype=float)
        known = np.where(np.isnan(part), low, part) if item.nature == "compte" else part
        yield _Quantity(("count", *top), item.numerator_measures, known, known, is_base=False)
    if secret_measures(item.denominator_measures, item.declared):
        yield _Quantity(("count", *bottom), item.denominator_measures, whole, whole, is_base=True)
    if counted and item.nature == "part" and rule.complement:
        yield _Quantity((_REST, *top, "", *bottom), item.measures, whole - part, whole, is_base=False)


def _span(period: str, *, cumulated: bool) -> _Span:
    return (date.min if cumulated else periods.start(period), periods.end(period))


def _differences(families: Mapping[_Name, _Family]) -> Iterator[_Family]:
    """Give the quantities that two published sums tell by subtraction: «a + b» and «b» tell «a»."""
    sums = {name: family for name, family in families.items() if not family.rest}
    for (wide_name, wide), (narrow_name, narrow) in product(sums.items(), repeat=2):
        if set(narrow_name) < set(wide_name):
            yield _Family(
                limit=max(wide.limit, narrow.limit),
                over_places=False,
                over_time=False,
                rest=False,
                blocks=[*wide.blocks, *narrow.blocks],
            )
