"""The counts that each row of a result table shows, or would show were it not masked.

A row of a count shows one; a row of a rate shows its numerator and its denominator, maybe of an older vintage: whoever
holds the rate and one of them has the other. Counts of places, structures or euros are nobody's secret and are left
out. A figure made from a part of its communes counts what that part holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from ctgeval import measures as measures_, periods
from ctgeval.confidentiality.answered import Answered
from ctgeval.confidentiality.grounds import Grounds
from ctgeval.confidentiality.rules import secret_measures
from ctgeval.indicators.definition import Formula, Indicator
from ctgeval.observations import DIMENSIONS

__all__ = ["Count", "Key", "Span", "contributions", "masked_counts", "shown_counts", "terms_of"]

_VINTAGE = r"denominateur:(\S+)"

Span = tuple[int, int]
"""First and last day, as ordinals."""


class Key(NamedTuple):
    """What is counted: a formula of measures, a ground by its number, days, categories."""

    formula: Formula
    ground: int
    span: Span
    category: tuple[str, ...]


class Count(NamedTuple):
    """A count as one row shows it."""

    key: Key
    value: float
    low: float
    high: float


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
    parts = Answered(table, numbers, places, times, kinds, grounds)
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


def contributions(
    table: pd.DataFrame, *, grounds: Grounds, catalogue: Mapping[str, Indicator]
) -> Iterator[tuple[Key, float]]:
    """Give what one contributor counted of each count that rows made from its figures alone would show.

    Parameters
    ----------
    table : DataFrame
        Result rows made from its figures alone; where it did not count everywhere, what it counted is a part all the
        same.
    grounds, catalogue
        See `shown_counts`.
    """
    least = table["numerator"].fillna(table["low"].where(table["denominator"].isna())).to_numpy(dtype=float)
    bases = table["denominator"].to_numpy(dtype=float)
    names = table["indicator"].astype(str).tolist()
    for row, key in masked_counts(table, range(len(table)), grounds=grounds, catalogue=catalogue):
        item = catalogue[names[row]]
        own = least[row] if key.formula == terms_of(item.numerator_terms, item) else bases[row]
        if math.isfinite(own) and own > 0:
            yield key, float(own)


def _count(key: Key, told: tuple[float, float, float], parts: Answered, row: int) -> Count | None:
    """Return what the row of a count tells: it, an interval of it, or what a part of those asked have counted."""
    value, low, high = told
    least, most = (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)
    if not math.isnan(value):
        rounded = math.isfinite(least) and math.isfinite(most) and least <= value <= most
        return Count(key, value, least, most) if rounded else Count(key, value, value, value)
    if parts.secret[row] or math.isfinite(most):
        # Nobody is counted less than 0 times; a balance may be under it.
        floor = -math.inf if any(sign < 0 for sign, _ in key.formula) else 0.0
        return Count(key, value, max(floor, least), most)
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
