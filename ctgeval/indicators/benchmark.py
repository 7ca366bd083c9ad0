"""The place of a territory among those it is compared with: rank, share of them below, gap, each within its bounds.

What is not known of a value (rounding, secrecy, chance) is kept all along: a rank is a range of ranks, a gap an
interval, and a place is told only when the whole interval agrees. The territories compared with are those that were
chosen, not a sample of others: nothing is inferred beyond them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import french, periods
from ctgeval.indicators import definition, phrases
from ctgeval.indicators.definition import Indicator
from ctgeval.indicators.sentences import when
from ctgeval.indicators.table import shown

__all__ = ["COLUMNS", "LINES", "PLACES", "benchmark", "lines"]

Floats = npt.NDArray[np.float64]
PLACES = ("plus_favorable", "moins_favorable", "au_dessus", "au_dessous", "non_concluant", "non_evaluable")
"""Places of a territory: the two first where progress has a direction, the two next where it has none."""
COLUMNS: tuple[str, ...] = (
    "indicator",
    "geo",
    "unit",
    "direction",
    "time_period",
    "value",
    "low",
    "high",
    "n_compared",
    "rank",
    "rank_low",
    "rank_high",
    "quantile",
    "quantile_low",
    "quantile_high",
    "median",
    "median_low",
    "median_high",
    "gap",
    "gap_low",
    "gap_high",
    "place",
    "reason",
    "sentence",
)
LINES: tuple[str, ...] = (
    "indicator",
    "geo",
    "other",
    "time_period",
    "value",
    "low",
    "high",
    "gap",
    "gap_low",
    "gap_high",
)
_TEXTS = ("indicator", "geo", "unit", "direction", "time_period", "place", "reason", "sentence")
_OLDEST = 3
"""Years behind the last value of the territory after which the comparison is of another time."""


def benchmark(
    results: pd.DataFrame,
    compared: Mapping[str, Sequence[str]],
    *,
    catalogue: Mapping[str, Indicator] | None = None,
) -> pd.DataFrame:
    """Place territories among those they are compared with, indicator by indicator.

    Parameters
    ----------
    results : DataFrame
        Table of results (see `ctgeval.indicators.compute`) of the territories and of those compared with; a value that
        is withheld is not used.
    compared : mapping of str to sequence of str
        Territories that each territory is compared with; itself is left out of them.
    catalogue : mapping of str to Indicator, optional
        Indicators; those of the house by default. Counts, which follow the size of a territory, are not placed.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row per territory and indicator that is a rate or a level, for the last period that the
        territory shares with at least one other. ``rank`` 1 is the highest value, the territory included, and ties
        share the best rank; ``quantile`` is the share of the others that are below, ties counting for half; ``gap`` is
        the value less the median of the others. Bounds join what the source lets one know and the sampling interval.
    """
    known = definition.catalogue() if catalogue is None else catalogue
    told = _usable(results)
    rows = []
    for name in told["indicator"].drop_duplicates():
        item = known.get(str(name))
        if item is None or item.nature == "compte":
            continue
        of = told[told["indicator"].eq(name)]
        for geo, others in compared.items():
            row = _row(item, geo, [one for one in dict.fromkeys(others) if one != geo], of)
            if row is not None:
                rows.append(row)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = [name for name in COLUMNS if name not in _TEXTS]
    return table.astype(dict.fromkeys(_TEXTS, "str") | dict.fromkeys(numbers, "float64"))


def lines(results: pd.DataFrame, places: pd.DataFrame, compared: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the line of every territory compared with, at the period of each place.

    Parameters
    ----------
    results : DataFrame
        As given to `benchmark`.
    places : DataFrame
        What `benchmark` returned.
    compared : mapping of str to sequence of str
        As given to `benchmark`.

    Returns
    -------
    DataFrame
        Columns `LINES`, the highest value first; ``gap`` is the value of the territory less that of the other. A
        territory whose value is not known at that period is there too, without figures.
    """
    told = _usable(results).set_index(["indicator", "geo", "time_period"])
    rows = []
    wanted = ["indicator", "geo", "time_period", "value", "low", "high"]
    for name, geo, period, own, own_low, own_high in places[wanted].itertuples(index=False, name=None):
        for other in dict.fromkeys(compared.get(geo, ())):
            if other == geo:
                continue
            key = (name, other, period)
            value, low, high = _bounds(told.loc[[key]].iloc[0]) if key in told.index else (math.nan,) * 3
            rows.append((name, geo, other, period, value, low, high, own - value, own_low - high, own_high - low))
    table = pd.DataFrame(rows, columns=list(LINES))
    ordered = table.sort_values("value", ascending=False, kind="stable", na_position="last")
    return ordered.sort_values(["indicator", "geo"], kind="stable").reset_index(drop=True)


def _usable(results: pd.DataFrame) -> pd.DataFrame:
    kept: pd.DataFrame = results.loc[shown(results)].drop_duplicates(["indicator", "geo", "time_period"])
    return kept


def _bounds(row: pd.Series[Any]) -> tuple[float, float, float]:
    """Return a value and the widest of its bounds and of its sampling interval."""
    value = float(row["value"])
    ends = [float(row[name]) for name in ("low", "high", "ci_low", "ci_high") if name in row and pd.notna(row[name])]
    return value, min([value, *ends]), max([value, *ends])


def _row(item: Indicator, geo: str, others: list[str], of: pd.DataFrame) -> dict[str, Any] | None:
    own = of[of["geo"].eq(geo)]
    if own.empty or not others:
        return None
    row: dict[str, Any] = dict.fromkeys(COLUMNS, math.nan) | dict.fromkeys(_TEXTS, "")
    row |= {"indicator": item.id, "geo": geo, "unit": item.unit, "direction": item.direction}
    around = of[of["geo"].isin(others)]
    period = _period(own["time_period"].tolist(), set(around["time_period"]))
    if not period:
        last = own.iloc[[periods.sort(own["time_period"].tolist())[-1] == text for text in own["time_period"]]].iloc[0]
        value, low, high = _bounds(last)
        row |= {"time_period": last["time_period"], "value": value, "low": low, "high": high, "n_compared": 0}
        row |= {"place": "non_evaluable", "reason": "sans_comparateur"}
        return row | {"sentence": _sentence(row, item)}
    value, low, high = _bounds(own[own["time_period"].eq(period)].iloc[0])
    at = around[around["time_period"].eq(period)]
    known = np.array([_bounds(one) for _, one in at.iterrows()])
    row |= {"time_period": period, "value": value, "low": low, "high": high, "n_compared": len(known)}
    row |= _ranked(value, low, high, known) | _apart(value, low, high, known)
    row |= {"place": _place(item, row["gap_low"], row["gap_high"])}
    return row | {"sentence": _sentence(row, item)}


def _period(own: list[str], theirs: set[str]) -> str:
    """Return the last period that the territory shares, unless it is much older than its last one."""
    ordered = periods.sort(own)
    shared = [text for text in ordered if text in theirs]
    if not shared or periods.year(ordered[-1]) - periods.year(shared[-1]) > _OLDEST:
        return ""
    return shared[-1]


def _ranked(value: float, low: float, high: float, known: Floats) -> dict[str, float]:
    """Return the rank and the share of the others below, with what the bounds leave possible."""
    values, lows, highs = known.T
    n = len(values)
    above, equal = int((values > value).sum()), int((values == value).sum())
    # Both are at an end of their bounds where the share below is the least, or the most; ends that meet are a tie.
    least, most = (((one < other).sum() + (one == other).sum() / 2) / n for one, other in ((highs, low), (lows, high)))
    return {
        "rank": 1 + above,
        "rank_low": 1 + int((lows > high).sum()),
        "rank_high": 1 + int((highs > low).sum()),
        "quantile": (n - above - equal + equal / 2) / n,
        "quantile_low": float(least),
        "quantile_high": float(most),
    }


def _apart(value: float, low: float, high: float, known: Floats) -> dict[str, float]:
    """Return the median of the others and the gap to it; the median rises with each value, so its bounds are exact."""
    median, least, most = np.median(known, axis=0)
    return {
        "median": float(median),
        "median_low": float(least),
        "median_high": float(most),
        "gap": value - float(median),
        "gap_low": low - float(most),
        "gap_high": high - float(least),
    }


def _place(item: Indicator, gap_low: float, gap_high: float) -> str:
    step = 0.5 * 10.0**-item.decimals
    if not (gap_low > step or gap_high < -step):
        return "non_concluant"
    above = gap_low > 0
    if item.direction in {"higher", "lower"}:
        return "plus_favorable" if above == (item.direction == "higher") else "moins_favorable"
    return "au_dessus" if above else "au_dessous"


def _sentence(row: Mapping[str, Any], item: Indicator) -> str:
    n = int(row["n_compared"])
    values = {
        "label": item.label,
        "valeur": french.quantity(row["value"], item.unit, item.decimals),
        "quand": when(str(row["time_period"])),
        "autres": french.plural(n, "territoire comparé", "territoires comparés"),
        "mediane": french.number(row["median"], item.decimals),
        "ecart": french.number(row["gap"], item.decimals, sign=True),
        "de": french.number(row["gap_low"], item.decimals, sign=True),
        "a": french.number(row["gap_high"], item.decimals, sign=True),
    }
    key = row["reason"] or row["place"]
    head = phrases.say("places", "tete" if n else "tete_seule", values)
    return french.typography(f"{head} {phrases.say('places', key, values)}")
