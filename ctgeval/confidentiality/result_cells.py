"""The counts that result rows show: each with what it counts, where, over which days, for which category.

A row of a count shows one; a row of a rate shows its numerator and its denominator, maybe of an older vintage: whoever
holds the rate and one of them has the other. Counts of places, structures or euros are nobody's secret and are left
out. A figure made from a part of its communes counts what that part holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import measures as measures_, periods
from ctgeval.confidentiality.grounds import Grounds
from ctgeval.confidentiality.rules import Mask, Rule, primary, secret_measures, threshold
from ctgeval.indicators.definition import Formula, Indicator
from ctgeval.measures import Measure
from ctgeval.observations import DIMENSIONS

__all__ = ["Counted", "Held", "Key", "Sums", "counted", "loose", "masked_counts", "shown_counts", "sums_of", "terms_of"]

_EPSILON = 1e-6
_VINTAGE = r"denominateur:(\S+)"
_PART = "partie de"
_RATE = ("numerator", "denominator")
_SOURCE_SECRET = ("C", "D")

Span = tuple[int, int]


class Key(NamedTuple):
    """What is counted: a formula of measures, a ground by its number, days, categories."""

    formula: Formula
    ground: int
    span: Span
    category: tuple[str, ...]


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
        The threshold under which it is small: the highest of those of the indicators that show it.
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


class Count(NamedTuple):
    """A count as one row shows it."""

    key: Key
    value: float
    low: float
    high: float


def loose(table: pd.DataFrame, catalogue: Mapping[str, Indicator]) -> Mask:
    """Tell which rows are rates of persons that are not known: their bounds and base would tell a part of them."""
    secret = {
        name
        for name in table["indicator"].unique()
        if catalogue[name].denominator and secret_measures(catalogue[name].measures, catalogue[name].declared)
    }
    return (table["indicator"].isin(secret) & table["value"].isna()).to_numpy(dtype=bool)


def terms_of(formula: Formula, item: Indicator) -> Formula:
    """Return what must be kept secret in a formula, in a fixed order; nothing when no term must.

    Where only some terms must, the whole is one thing of its own.
    """
    secret = secret_measures([name for _, name in formula], item.declared)
    if not secret:
        return ()
    if len(secret) < len(formula):
        return ((1, " ".join(f"{'+' if sign > 0 else '-'} {name}" for sign, name in formula)),)
    return tuple(sorted(formula, key=lambda term: (term[1], term[0])))


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
        limits = {str(name): threshold(catalogue[name], rule, catalogue) for name in table["indicator"].unique()}
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
                cell.limit = max(cell.limit, limits[item.id])
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
    """Return along what a measure adds up."""
    counts = measure.kind in {"stock", "flow", "amount", "distinct"} and not measure.published
    # What already counts the periods before it is subtracted from as if it were summed.
    return Sums(measure.additive_over_places, measure.additive_over_time or bool(measure.cumul), counts)


# -- row by row --------------------------------------------------------------------------------------------------------


def shown_counts(
    table: pd.DataFrame, *, grounds: Grounds, catalogue: Mapping[str, Indicator]
) -> Iterator[tuple[int, list[Count]]]:
    """Give each row that shows counts of persons, households or enterprises, with the numerator before the base.

    Parameters
    ----------
    table : DataFrame
        Result rows.
    grounds : Grounds
        Communes of each territory.
    catalogue : mapping of str to Indicator
        The indicators of the table.
    """
    names = table["indicator"].to_numpy(dtype=object)
    numbers = {name: table[name].to_numpy(dtype=float) for name in ("value", "low", "high", "numerator", "denominator")}
    places = [grounds.of(geo) for geo in table["geo"].astype(str)]
    times = table["time_period"].astype(str).tolist()
    older = table["limits"].astype("string").str.extract(_VINTAGE, expand=False)
    bases = older.fillna(table["time_period"].astype("string")).astype(str).tolist()
    kinds = _categories(table)
    parts = _Parts(table, numbers, places, times, kinds, grounds)
    for name in dict.fromkeys(names):
        item = catalogue[name]
        top, bottom = terms_of(item.numerator_terms, item), terms_of(item.denominator_terms, item)
        if item.nature == "publie" or not (top or bottom):
            continue
        cumul = _cumul(item)
        for row in np.flatnonzero(names == name).tolist():
            value, low, high = (float(numbers[one][row]) for one in ("value", "low", "high"))
            part, whole = float(numbers["numerator"][row]), float(numbers["denominator"][row])
            key = Key(top, places[row], _span(times[row], cumul), kinds[row])
            if not item.denominator:
                count = _count(key, (part, low, high), parts, row)
                if count is not None:
                    yield row, [count]
            elif not math.isnan(value):
                own = parts.of(row, rate=True)
                found = [Count(key._replace(ground=own), part, part, part)] if top and not math.isnan(part) else []
                if bottom and not math.isnan(whole):
                    base = Key(bottom, own, _span(bases[row], ""), kinds[row])
                    found.append(Count(base, whole, whole, whole))
                if found:
                    yield row, found


def masked_counts(
    table: pd.DataFrame, rows: Iterable[int], *, grounds: Grounds, catalogue: Mapping[str, Indicator]
) -> Iterator[tuple[int, Key]]:
    """Give the counts that some rows would show, whatever they hold.

    Parameters
    ----------
    table, grounds, catalogue
        See `shown_counts`.
    rows : iterable of int
        Positions of the masked rows.
    """
    chosen = sorted(rows)
    part = table.iloc[chosen]
    older = part["limits"].astype("string").str.extract(_VINTAGE, expand=False)
    times = part["time_period"].astype(str).tolist()
    bases = older.fillna(part["time_period"].astype("string")).astype(str).tolist()
    keys = zip(
        chosen, part["indicator"].astype(str), part["geo"].astype(str), times, bases, _categories(part), strict=True
    )
    for row, name, geo, time, base, category in keys:
        item = catalogue[name]
        if item.nature == "publie":
            continue
        top, bottom = terms_of(item.numerator_terms, item), terms_of(item.denominator_terms, item)
        if top:
            yield row, Key(top, grounds.of(geo), _span(time, _cumul(item)), category)
        if bottom:
            yield row, Key(bottom, grounds.of(geo), _span(base, ""), category)


def _count(key: Key, told: tuple[float, float, float], parts: _Parts, row: int) -> Count | None:
    """Return what the row of a count tells: it, an interval of it, or what a part of those asked have counted."""
    value, low, high = told
    least, most = (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)
    if not math.isnan(value):
        rounded = math.isfinite(least) and math.isfinite(most) and least <= value <= most
        return Count(key, value, least, most) if rounded else Count(key, value, value, value)
    if parts.secret[row] or math.isfinite(most):
        return Count(key, value, max(0.0, least), most)
    if least > 0:
        return Count(key._replace(ground=parts.of(row, rate=False)), least, least, least)
    return None


def _cumul(item: Indicator) -> str:
    """Tell since when the numerator is summed: the start, 1 January, or its own period alone."""
    if item.since_start:
        return "convention"
    known = item.declared or None
    return next((one.cumul for one in (measures_.get(name, measures=known) for name in item.numerator_measures)
                 if one.cumul), "")  # fmt: skip


@lru_cache(maxsize=4096)
def _span(period: str, cumul: str) -> Span:
    found = periods.parse(period)
    start = {"convention": date.min, "annee": date(found.end.year, 1, 1)}.get(cumul, found.start)
    return start.toordinal(), found.end.toordinal()


def _categories(table: pd.DataFrame) -> list[tuple[str, ...]]:
    columns = [table[name].astype(object).where(table[name].notna(), "").astype(str).tolist() for name in DIMENSIONS]
    return list(zip(*columns, strict=True))


@dataclass(slots=True, eq=False)
class _Parts:
    """What a figure that lacks some communes is made from: those that the table gives, when they sum to it."""

    table: pd.DataFrame
    numbers: Mapping[str, npt.NDArray[np.float64]]
    places: list[int]
    times: list[str]
    kinds: list[tuple[str, ...]]
    grounds: Grounds
    names: list[str] = field(init=False)
    geos: list[str] = field(init=False)
    secret: Mask = field(init=False)
    _completeness: npt.NDArray[np.float64] = field(init=False)
    _incomplete: Mask = field(init=False)
    _near: dict[tuple[object, ...], dict[str, int]] | None = None

    def __post_init__(self) -> None:
        self.names, self.geos = self.table["indicator"].astype(str).tolist(), self.table["geo"].astype(str).tolist()
        self.secret = self.table["conf_status"].isin(_SOURCE_SECRET).to_numpy(dtype=bool)
        self._completeness = self.table["completeness"].to_numpy(dtype=float)
        self._incomplete = self._completeness < 1

    def of(self, row: int, *, rate: bool) -> int:
        """Return the number of the ground of what a row is made from.

        It is that of the members that gave a figure: those whose rows show one, and as many of those without a row as
        the completeness of the total says, the first ones, since nothing tells them apart. A return that lacks some
        structures is a ground of its own. So is what no member explains.
        """
        if rate and not self._incomplete[row]:
            return self.places[row]
        geo = self.geos[row]
        near = self._beside(row)
        held: set[str] = set()
        silent, answered, unknown = 0, 0, []
        left = np.array([self.numbers[name][row] for name in (_RATE if rate else ("low",))], dtype=float)
        members = [part for part in self.grounds.margins.get(geo, ()) if part != geo]
        for part in sorted(members):
            told = self._told(near[part], rate=rate) if part in near else None
            if told is None:
                unknown.append(part)
            elif np.isnan(told).all():
                silent += 1
            else:
                answered += 1
                left -= told
                own = self.grounds.communes[self.grounds.of(part)]
                held |= own if math.isfinite(self.numbers["numerator"][near[part]]) else {f"{_PART} {part}"}
        share = self._completeness[row]
        asked = round(share * len(members)) - answered if math.isfinite(share) else len(unknown)
        for part in unknown[: max(0, asked)]:
            held |= self.grounds.communes[self.grounds.of(part)]
        told_all = not unknown[: max(0, asked)] and (np.nan_to_num(left) > _EPSILON).any()
        if not held or (left < -_EPSILON).any():
            held = {f"{_PART} {geo}"}
        elif told_all:
            held.add(f"{_PART} {geo}")
        return self.grounds.number(frozenset(held))

    def _told(self, row: int, *, rate: bool) -> npt.NDArray[np.float64]:
        """Return what a member gives to the total; NaN when nothing."""
        names = _RATE if rate else ("numerator",)
        told = np.array([self.numbers[name][row] for name in names], dtype=float)
        if rate and math.isnan(self.numbers["value"][row]) and told[-1] != 0:
            return np.full(len(names), np.nan)
        if not rate and math.isnan(told[0]) and self.numbers["low"][row] > 0:
            return np.array([self.numbers["low"][row]])
        return told

    def _beside(self, row: int) -> Mapping[str, int]:
        """Return the rows of the same indicator, period and category, by territory."""
        if self._near is None:
            near: dict[tuple[object, ...], dict[str, int]] = {}
            for rank in range(len(self.table)):
                near.setdefault(self._group(rank), {}).setdefault(self.geos[rank], rank)
            self._near = near
        return self._near[self._group(row)]

    def _group(self, row: int) -> tuple[object, ...]:
        return self.names[row], self.times[row], self.kinds[row]
