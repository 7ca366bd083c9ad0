"""The counts that result rows show: each with what it counts, where, over which days, for which category.

A row of a count shows one; a row of a rate shows its numerator and its denominator, maybe of an older vintage: whoever
holds the rate and one of them has the other. Counts of places, structures or euros are nobody's secret and are left
out. A figure made from a part of its communes counts what that part holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from ctgeval import measures as measures_
from ctgeval.confidentiality.grounds import Grounds
from ctgeval.confidentiality.row_counts import Key, shown_counts
from ctgeval.confidentiality.rules import Mask, Rule, primary, secret_measures, thresholds
from ctgeval.indicators.definition import Formula, Indicator
from ctgeval.measures import Measure

__all__ = ["Counted", "Held", "Sums", "counted", "loose", "sums_of"]

_SOURCE_SECRET = ("C", "D")


class Sums(NamedTuple):
    """Along what a measure adds up."""

    places: bool
    time: bool
    categories: bool


@dataclass(slots=True, eq=False)
class Counted:
    """One count, with one of the values that some rows show of it.

    Parameters
    ----------
    key : Key
        What it counts.
    value, low, high : float
        NaN when it is not known, and what is known of it then.
    limit : int
        The threshold under which it is small: the highest of those of the rows that show it.
    geo, period : str
        Where a reader sees it, the first in order.
    rows : list of int
        Rows that show it.
    versions : set of int
        Versions of the table in which it stands.
    withheld : bool
        The source itself keeps it secret.
    kept_back : bool
        The rule masks it although its value does not say so (bounds of a count that is not known, a balance).
    """

    key: Key
    value: float
    low: float
    high: float
    limit: int
    geo: str
    period: str
    rows: list[int] = field(default_factory=list)
    versions: set[int] = field(default_factory=set)
    withheld: bool = False
    kept_back: bool = False

    @property
    def signed(self) -> bool:
        """Whether it is a balance, in which nobody is counted."""
        return any(sign < 0 for sign, _ in self.key.formula)

    @property
    def small(self) -> bool:
        """Whether it counts somebody, and too few of them."""
        return 0 < self.value < self.limit and not self.signed


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What the rows of some versions of a table hold.

    Parameters
    ----------
    cells : list of Counted
        By key and value: the order of the tables and of their rows does not matter.
    shares : list of (int, int)
        Cells of the part and of the whole, where a row gives a share and the rule protects what is left.
    sums : mapping of str to Sums
        Along what each measure adds up.
    withheld : ndarray of bool, shape (rows,)
        Rows that a source keeps secret, whatever they count.
    """

    cells: list[Counted]
    shares: list[tuple[int, int]]
    sums: Mapping[str, Sums]
    withheld: Mask


def loose(table: pd.DataFrame, catalogue: Mapping[str, Indicator]) -> Mask:
    """Tell which rows are rates of persons that are not known: their bounds and base would tell a part of them."""
    secret = {
        name
        for name in table["indicator"].unique()
        if catalogue[name].denominator and secret_measures(catalogue[name].measures, catalogue[name].declared)
    }
    return (table["indicator"].isin(secret) & table["value"].isna()).to_numpy(dtype=bool)


def counted(
    versions: Sequence[pd.DataFrame], rule: Rule, *, grounds: Grounds, catalogue: Mapping[str, Indicator]
) -> Held:
    """Read the counts that some versions of a result table show.

    Parameters
    ----------
    versions : sequence of DataFrame
        Result rows with their true counts, for each group of readers; rows are numbered through all of them.
    rule : Rule
        Thresholds.
    grounds : Grounds
        Communes of each territory.
    catalogue : mapping of str to Indicator
        The indicators of the tables.
    """
    found: dict[tuple[object, ...], Counted] = {}
    shares: set[tuple[tuple[object, ...], tuple[object, ...]]] = set()
    sums: dict[str, Sums] = {}
    secret = [table["conf_status"].isin(_SOURCE_SECRET).to_numpy(dtype=bool) for table in versions]
    start = 0
    for number, (table, withheld) in enumerate(zip(versions, secret, strict=True)):
        breach = primary(table, rule, catalogue=catalogue).numerator
        limits = thresholds(table, rule, catalogue)
        geos, times = table["geo"].astype(str).tolist(), table["time_period"].astype(str).tolist()
        names = table["indicator"].astype(str).tolist()
        for row, counts in shown_counts(table, grounds=grounds, catalogue=catalogue):
            item, known = catalogue[names[row]], []
            for count in counts:
                place = (count.key, *(() if math.isnan(count.value) else (round(count.value, 6),)))
                cell = found.get(place)
                if cell is None:
                    cell = found[place] = Counted(
                        count.key, count.value, count.low, count.high, 0, geos[row], times[row]
                    )
                    _declare(sums, count.key.formula, item)
                cell.limit = max(cell.limit, int(limits[row]))
                cell.geo, cell.period = min(cell.geo, geos[row]), min(cell.period, times[row])
                cell.low, cell.high = max(cell.low, count.low), min(cell.high, count.high)
                cell.rows.append(start + row)
                cell.versions.add(number)
                known.append(place)
            if not known:
                continue
            first = found[known[0]]
            first.withheld |= bool(withheld[row])
            first.kept_back |= bool(breach[row]) and (first.signed or (item.nature == "compte" and not first.small))
            if item.nature == "part" and len(known) == 2:
                shares.add((known[0], known[1]))
        start += len(table)
    return _ordered(found, shares, sums, np.concatenate(secret) if secret else np.zeros(0, dtype=bool))


def _ordered(
    found: dict[tuple[object, ...], Counted],
    shares: set[tuple[tuple[object, ...], tuple[object, ...]]],
    sums: Mapping[str, Sums],
    withheld: Mask,
) -> Held:
    # A count that one source keeps secret and another tells is known.
    told = {cell.key for place, cell in found.items() if len(place) > 1}
    for place, cell in found.items():
        if len(place) == 1 and cell.key in told:
            cell.rows.clear()
    places = sorted((place for place, cell in found.items() if cell.rows), key=lambda place: _order(found[place]))
    rank = {place: position for position, place in enumerate(places)}
    return Held(
        cells=[found[place] for place in places],
        shares=sorted((rank[one], rank[other]) for one, other in shares if one in rank and other in rank),
        sums=sums,
        withheld=withheld,
    )


def _order(cell: Counted) -> tuple[object, ...]:
    key = cell.key
    return (key.formula, cell.geo, key.span, key.category, str(cell.period), math.isnan(cell.value), cell.value)


def _declare(sums: dict[str, Sums], formula: Formula, item: Indicator) -> None:
    for _, name in formula:
        if name not in sums:
            known = item.declared or None
            used = [name] if name in (known or measures_.load()) else list(item.measures)
            kinds = [measures_.get(one, measures=known) for one in used]
            sums[name] = Sums(*(all(along) for along in zip(*(sums_of(one) for one in kinds), strict=True)))


def sums_of(measure: Measure) -> Sums:
    """Return along what a reader may subtract a measure.

    More than may be summed: what already counts the periods before it leaves the last one; and different persons are
    the sum of their communes when each lives in one, which a reader knows better than a catalogue does. Where they are
    not, the difference is a gap of the system.
    """
    counts = measure.kind in {"stock", "flow", "amount", "distinct"} and not measure.published
    persons = measure.kind == "distinct" and not measure.published
    return Sums(
        places=measure.additive_over_places or persons,
        time=measure.additive_over_time or persons or bool(measure.cumul),
        categories=counts,
    )
