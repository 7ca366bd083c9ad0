"""What changed: each indicator between two periods, with what the source and what chance leave uncertain.

It is a *constat*, never an effect: nothing is compared with what would have happened elsewhere. The pair of periods is
chosen by dates alone, before any value is looked at: the last known period, and the last one that ended before the
convention began and that the rules of the sources allow to compare with it. Many indicators are examined at once, and
some would seem to move by chance alone: p-values are adjusted together, territory by territory (Benjamini and Hochberg
1995), and a change is called so only when its interval excludes 0 and its adjusted p-value stays under the level.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from ctgeval import intervals, measures as measures_, periods
from ctgeval.indicators import definition
from ctgeval.indicators.change_sentences import Change, sentence
from ctgeval.indicators.differences import Difference, Fraction, difference
from ctgeval.indicators.indicator import Indicator
from ctgeval.indicators.uncertainty import Bools, law
from ctgeval.intervals import Floats
from ctgeval.measures import Measure
from ctgeval.observations import DIMENSIONS, Bounded, ratio, share

__all__ = ["CHANGE_COLUMNS", "changes"]

CHANGE_COLUMNS: tuple[str, ...] = (
    "indicator", "geo", "label", "unit", "direction", "period_from", "value_from", "numerator_from", "denominator_from",
    "period_to", "value_to", "numerator_to", "denominator_to", "change", "low", "high", "ci_low", "ci_high", "p_value",
    "p_adjusted", "n_tests", "law", "moved", "verdict", "sentence", "provisional",
)  # fmt: skip
_TEXTS = (
    "indicator", "geo", "label", "unit", "direction", "period_from", "period_to", "law", "moved", "verdict", "sentence",
)  # fmt: skip
_NUMBERS = tuple(name for name in CHANGE_COLUMNS if name not in {*_TEXTS, "provisional"})
_LENGTHS = {"A": 12, "SCOLAIRE": 12, "S": 6, "Q": 3, "M": 1}
_SAME = 1e-9
_WHOLE_YEARS = frozenset({"A", "SCOLAIRE"})

Objection = Callable[[Indicator, str, str], str]
Span = Callable[[Indicator, str], tuple[date, date]]


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Two result rows of one indicator and one territory, and why they may not be compared."""

    geo: str
    first: int
    last: int
    refusal: str = ""
    objection: str = ""
    late: bool = False


def changes(
    results: pd.DataFrame,
    *,
    catalogue: Mapping[str, Indicator] | None = None,
    measures: Mapping[str, Measure] | None = None,
    start: date | None = None,
    objection: Objection | None = None,
    span: Span | None = None,
    minimum: Mapping[tuple[str, str], float] | None = None,
    unsampled: Collection[str] = (),
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare the last period of each indicator and territory with its situation before the convention.

    Parameters
    ----------
    results : DataFrame
        Table of results (see `ctgeval.indicators.compute`); rows without a value, masked ones among them, do not exist
        for this comparison.
    catalogue, measures : mapping, optional
        Indicators and measures; those of the house by default.
    start : date, optional
        First day of the convention; the first known period is the reference without it.
    objection : callable, optional
        Given an indicator and two periods, says in French why their vintages are not compared, or nothing.
    span : callable, optional
        Given an indicator and a period, the first and last day that it really describes (a census looks five years
        around); those of the period by default.
    minimum : mapping of (indicator, territory) to float, optional
        Smallest change of interest, in the unit of the indicator.
    unsampled : collection of str, optional
        See `ctgeval.indicators.compute`: what comes from these sources is not tested.
    level : float
        Confidence; 1 less it is the share of false discoveries that is accepted.

    Returns
    -------
    DataFrame
        Columns `CHANGE_COLUMNS`, one row per indicator and territory that has two known periods, in the order of the
        results. ``low`` and ``high`` bound the change by what the sources let one know; ``ci_low`` and ``ci_high`` add
        chance. ``n_tests`` is how many changes of the territory were tested together. ``moved`` is ``hausse`` or
        ``baisse`` when the change is established, whatever the direction wished; ``verdict`` is one of
        ``amelioration``, ``degradation``, ``pas_d_effet_decelable``, ``non_concluant`` (of an indicator without a
        direction too, whose movement nobody judges) and ``non_evaluable``.
    """
    known = definition.catalogue() if catalogue is None else catalogue
    declared = measures_.load() if measures is None else measures
    found: list[Change] = []
    for name, rows in _usable(results, known):
        item = known[name]
        pairs = list(_pairs(item, rows, start=start, objection=objection, span=span))
        if pairs:
            found += _compared(item, rows, pairs, declared, unsampled=frozenset(unsampled), level=level, start=start)
    adjusted = _adjusted(found)
    told = [replace(one, minimum=(minimum or {}).get((one.item.id, one.geo), math.nan)) for one in adjusted]
    order = {key: rank for rank, key in enumerate(zip(results["indicator"], results["geo"], strict=True))}
    told.sort(key=lambda one: order[one.item.id, one.geo])
    table = pd.DataFrame([_row(one, level) for one in told], columns=list(CHANGE_COLUMNS))
    types = dict.fromkeys(_TEXTS, "str") | dict.fromkeys(_NUMBERS, "float64") | {"provisional": "bool"}
    return table.astype(types)


def _usable(results: pd.DataFrame, catalogue: Mapping[str, Indicator]) -> Iterator[tuple[str, pd.DataFrame]]:
    dimensions = results[list(DIMENSIONS)]
    total = (dimensions.isna() | (dimensions == "")).all(axis=1)
    kept = results[total & np.isfinite(results["value"]) & results["indicator"].isin(list(catalogue))]
    for name, rows in kept.groupby("indicator", sort=False):
        yield str(name), rows.reset_index(drop=True)


def _pairs(
    item: Indicator, rows: pd.DataFrame, *, start: date | None, objection: Objection | None, span: Span | None
) -> Iterator[_Pair]:
    spans: dict[str, date] = {}
    said: dict[tuple[str, str], str] = {}

    def end(period: str) -> date:
        if period not in spans:
            spans[period] = span(item, period)[1] if span else periods.end(period)
        return spans[period]

    def refused(first: str, last: str) -> str:
        if objection is None:
            return ""
        if (first, last) not in said:
            said[first, last] = objection(item, first, last)
        return said[first, last]

    by_geo: dict[str, dict[str, int]] = {}
    for at, (geo, period) in enumerate(zip(rows["geo"], rows["time_period"], strict=True)):
        if periods.is_period(period):
            by_geo.setdefault(geo, {}).setdefault(period, at)
    for geo, places in by_geo.items():
        times = _comparable(list(places))
        if len(times) < 2:
            continue
        *earlier, last = times
        before = [one for one in earlier if start is not None and end(one) < start]
        wanted = before[::-1] or earlier
        first = next((one for one in wanted if not refused(one, last)), wanted[0])
        pair = _Pair(geo, places[first], places[last], late=start is not None and not before)
        if start is not None and end(last) < start:
            yield replace(pair, refusal="avant_debut")
        elif said_no := refused(first, last):
            yield replace(pair, refusal="millesimes", objection=said_no)
        else:
            yield pair


def _comparable(times: Sequence[str]) -> list[str]:
    """Keep, in order, the periods of one length and of one season: the longest length that comes twice."""
    by_length: dict[str, list[str]] = {}
    for one in sorted(times, key=periods.sort_key):
        by_length.setdefault(periods.parse(one).frequency, []).append(one)
    found = []
    for frequency, same in by_length.items():
        kept = same if frequency in _WHOLE_YEARS else [one for one in same if one[4:] == same[-1][4:]]
        found.append((len(kept) > 1, _LENGTHS[frequency], len(kept), kept))
    return max(found, key=lambda one: one[:3])[3] if found else []


def _compared(
    item: Indicator,
    rows: pd.DataFrame,
    pairs: Sequence[_Pair],
    measures: Mapping[str, Measure],
    *,
    unsampled: frozenset[str],
    level: float,
    start: date | None,
) -> Iterator[Change]:
    before, after = rows.iloc[[pair.first for pair in pairs]], rows.iloc[[pair.last for pair in pairs]]
    (first, hidden), (last, also_hidden) = _fraction(item, before), _fraction(item, after)
    same = (before["source"].to_numpy() == after["source"].to_numpy()) & (before["source"].to_numpy() != "")
    chance = law(item, measures)
    factor = 1.0 if item.published or item.nature == "compte" else item.factor
    found = difference(chance, first, last, factor=factor, rounded_together=same, level=level)
    silence = _silence(item, measures)
    refused = np.array([bool(pair.refusal) for pair in pairs])
    asked = np.array(
        [bool(chance) and not unsampled.isdisjoint(f"{one} {two}".split())
         for one, two in zip(before["source"].fillna(""), after["source"].fillna(""), strict=True)]
    )  # fmt: skip
    found = _untested(found, refused | asked | hidden | also_hidden)
    for at, pair in enumerate(pairs):
        yield Change(
            item=item,
            geo=pair.geo,
            law=chance,
            before=before.iloc[at],
            after=after.iloc[at],
            change=float(found.change[at]),
            bounds=(float(found.low[at]), float(found.high[at])),
            interval=(float(found.ci_low[at]), float(found.ci_high[at])),
            p_value=float(found.p_value[at]),
            refusal=pair.refusal
            or silence
            or ("enquete" if asked[at] else "sans_effectifs" if chance and np.isnan(found.p_value[at]) else ""),
            objection=pair.objection,
            late=pair.late,
            start=start,
        )


def _silence(item: Indicator, measures: Mapping[str, Measure]) -> str:
    """Return the key of what keeps chance from being told of an indicator that it does move; empty otherwise."""
    if item.published:
        return "publie"
    used = [measures[name] for name in item.numerator_measures]
    silences = {"repeated": "repete", "volunteers": "volontaires"}
    found = next((silences[one.chance] for one in used if one.chance in silences), "")
    if found:
        return found
    return "solde" if len(used) > 1 and all(one.is_random for one in used) and not law(item, measures) else ""


def _untested(found: Difference, where: Bools) -> Difference:
    """Take back the test of what is not compared: it is not one of the comparisons made together."""
    return replace(
        found,
        ci_low=np.where(where, np.nan, found.ci_low),
        ci_high=np.where(where, np.nan, found.ci_high),
        p_value=np.where(where, np.nan, found.p_value),
    )


def _fraction(item: Indicator, rows: pd.DataFrame) -> tuple[Fraction, Bools]:
    """Return the counts behind some results, within the bounds that give those of the results, and which are not told.

    Where they are not, the figure stands for itself: its change is known, not what chance makes of it.
    """
    value, low, high, top, bottom = (
        rows[name].to_numpy(dtype=np.float64) for name in ("value", "low", "high", "numerator", "denominator")
    )
    one, told = Bounded.exact(np.ones(len(rows))), np.zeros(len(rows), dtype=np.bool_)
    if item.published:
        # Printed with so many digits, each value is within half a step, whether its source rounds or cuts.
        step = 0.5 * 10.0**-item.decimals
        return Fraction(_within(value, np.fmin(low, value - step), np.fmax(high, value + step)), one), told
    if item.nature == "compte":
        return Fraction(_within(value, low, high), one), told
    hidden = np.isnan(top) | ~(bottom > 0)
    top, bottom = np.where(hidden, value / item.factor, top), np.where(hidden, 1.0, bottom)
    scale = bottom / item.factor
    plain, base = _within(top, low * scale, high * scale), Bounded.exact(bottom)
    kept = [plain.low, plain.high, base.low, base.high]
    for part, whole in _as_rounded(top, bottom):
        if item.nature == "part":
            found = share(part, whole=whole, factor=item.factor, rounded_together=True)
        else:
            found = ratio(part, whole, factor=item.factor, rounded_together=True)
        # An exact figure is nobody's rounding: its bounds are equal, which those of a huge rounded count nearly are.
        same = (
            ~hidden & (low < high) & np.isclose(found.low, low, rtol=_SAME) & np.isclose(found.high, high, rtol=_SAME)
        )
        ends = (part.low, part.high, whole.low, whole.high)
        kept = [np.where(same, end, other) for end, other in zip(ends, kept, strict=True)]
    return Fraction(Bounded(top, kept[0], kept[1]), Bounded(bottom, kept[2], kept[3])), hidden


def _as_rounded(top: Floats, bottom: Floats) -> list[tuple[Bounded, Bounded]]:
    """Give the counts as a source that rounds to 5 would: both, the numerator alone, the denominator alone."""
    known = [np.where(np.isnan(one) | (one < 0), 0.0, one) for one in (top, bottom)]
    exact, rounded = [Bounded.exact(one) for one in known], [Bounded.rounded(one) for one in known]
    return [(exact[0], rounded[1]), (rounded[0], exact[1]), (rounded[0], rounded[1])]


def _within(value: Floats, low: Floats, high: Floats) -> Bounded:
    """Bounds of a value that hold it, open where they are not known."""
    least = np.where(np.isnan(low), np.where(np.isnan(value), -np.inf, value), np.fmin(low, value))
    most = np.where(np.isnan(high), np.where(np.isnan(value), np.inf, value), np.fmax(high, value))
    return Bounded(value, least, most)


def _adjusted(found: Sequence[Change]) -> list[Change]:
    """Adjust the p-values of each territory together."""
    by_geo: dict[str, list[int]] = {}
    for at, one in enumerate(found):
        by_geo.setdefault(one.geo, []).append(at)
    told = list(found)
    for places in by_geo.values():
        p_values = np.array([found[at].p_value for at in places])
        adjusted = intervals.benjamini_hochberg(p_values)
        tests = int((~np.isnan(p_values)).sum())
        for at, p_adjusted in zip(places, adjusted, strict=True):
            told[at] = replace(found[at], p_adjusted=float(p_adjusted), tests=tests)
    return told


def _row(one: Change, level: float) -> dict[str, object]:
    item, (verdict, key, moved) = one.item, _judged(one, level)
    return {
        "indicator": item.id,
        "geo": one.geo,
        "label": item.label,
        "unit": item.unit,
        "direction": item.direction,
        **{
            f"{name}_{suffix}": row[column]
            for suffix, row in (("from", one.before), ("to", one.after))
            for name, column in (
                ("period", "time_period"),
                ("value", "value"),
                ("numerator", "numerator"),
                ("denominator", "denominator"),
            )
        },
        "change": one.change,
        "low": one.bounds[0],
        "high": one.bounds[1],
        "ci_low": one.interval[0],
        "ci_high": one.interval[1],
        "p_value": one.p_value,
        "p_adjusted": one.p_adjusted,
        "n_tests": one.tests,
        "law": one.law,
        "moved": moved,
        "verdict": verdict,
        "sentence": sentence(one, verdict, key, moved),
        "provisional": one.provisional,
    }  # fmt: skip


def _judged(one: Change, level: float) -> tuple[str, str, str]:
    """Return the verdict, the key of its phrase, and which way the figure moved when that is established."""
    if one.refusal:
        return "non_evaluable", one.refusal, ""
    low, high = one.interval if one.law else one.bounds
    still = _still(one, low, high, level)
    if still:
        return (*still, "")
    moved = "hausse" if low > 0 else "baisse"
    certain, likely = ("exact" if one.exact else "exact_bornes"), ("bouge_corrige" if one.tests > 1 else "bouge")
    key = likely if one.law else certain
    # A level to maintain is judged by its target, not by its movement.
    wished = {"higher": "hausse", "lower": "baisse"}.get(one.item.direction)
    if wished is None:
        return "non_concluant", key, moved
    return ("amelioration" if moved == wished else "degradation"), key, moved


def _still(one: Change, low: float, high: float, level: float) -> tuple[str, str] | None:
    """Return the verdict and the key of the phrase of a change that is not established; None when it is."""
    chance, alpha = bool(one.law), 1 - level
    within = -one.minimum < low and high < one.minimum
    by_chance = "semblable" if one.alike else "hasard"
    cases = (
        (one.alike and not chance, "pas_d_effet_decelable", "inchange"),
        (one.few, "non_concluant", "petits"),
        (within, "pas_d_effet_decelable", "sous_minimum" if chance else "sous_minimum_exact"),
        (low <= 0 <= high, "non_concluant", by_chance if chance else "arrondi"),
        (chance and not one.p_value <= alpha, "non_concluant", "hasard"),
        (chance and not one.p_adjusted <= alpha, "non_concluant", "corrige"),
    )
    return next(((verdict, key) for holds, verdict, key in cases if holds), None)
