"""The trend of an indicator: mean yearly change, whether it goes one way, and where it would be at the target date.

A series is read on its last unbroken part: two vintages that may not be compared (rolling census, broken series,
another ground) are never joined. Under five points nothing is projected and no way is told: of four points in any
order, one time in twelve they go one way by chance alone. The years of a series are taken as independent of one
another; where a year depends on the one before, a way is found too easily.

References
----------
See `ctgeval.indicators.monotonic`. Prediction interval of a straight line: Draper, N. and Smith, H. (1998), Applied
Regression Analysis, 3rd ed., eq. 3.1.4.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from ctgeval import french, intervals, periods
from ctgeval.indicators import definition, monotonic, phrases
from ctgeval.indicators.definition import Indicator
from ctgeval.indicators.table import shown

__all__ = ["COLUMNS", "ENOUGH", "Projection", "project", "trends", "yearly_growth"]

Floats = npt.NDArray[np.float64]
Objection = Callable[[Indicator, str, str], str]
ENOUGH = 5
"""Points under which no way is told, and nothing is projected."""
COLUMNS: tuple[str, ...] = (
    "indicator",
    "geo",
    "unit",
    "direction",
    "n",
    "first_period",
    "first",
    "last_period",
    "last",
    "yearly_change",
    "change_low",
    "change_high",
    "yearly_growth",
    "s",
    "tau",
    "p_value",
    "p_adjusted",
    "n_tested",
    "way",
    "verdict",
    "target_period",
    "target",
    "projected",
    "projected_low",
    "projected_high",
    "left_out",
    "reason",
    "sentence",
)
_TEXTS = (
    "indicator",
    "geo",
    "unit",
    "direction",
    "first_period",
    "last_period",
    "way",
    "verdict",
    "target_period",
    "reason",
    "sentence",
)
_SEASONAL = {"S": "semestre", "Q": "trimestre", "M": "mois"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Where a straight line through a series would be at a date.

    Parameters
    ----------
    value, low, high : float
        Prediction and its interval; NaN when it is not made.
    reason : str
        Code of why it is not made; empty when it is.
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Series:
    """Points of one indicator and one territory, in order of time, that may be compared with one another."""

    labels: list[str]
    times: Floats
    seasons: npt.NDArray[np.int64] | None
    levels: Floats
    low: Floats
    high: Floats
    left_out: int


def trends(
    results: pd.DataFrame,
    *,
    catalogue: Mapping[str, Indicator] | None = None,
    targets: pd.DataFrame | None = None,
    objection: Objection | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Tell the trend of each indicator of each territory.

    Parameters
    ----------
    results : DataFrame
        Table of results (see `ctgeval.indicators.compute`): rows without dimension, of which those that are withheld
        or have no value are left out.
    catalogue : mapping of str to Indicator, optional
        Indicators; those of the house by default.
    targets : DataFrame, optional
        Table of progress (columns ``indicator, geo, period_target, target``): dates of the projections.
    objection : callable, optional
        Given an indicator and two of its periods, says in French why they may not be compared, or nothing.
    level : float
        Of the intervals, and of the tests after Benjamini and Hochberg's adjustment over all the series tested.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row per series, in the order of the results. ``yearly_change`` is Sen's slope with its
        interval, in the unit per year; ``yearly_growth`` the mean yearly rate in percent, for what is above zero at
        both ends; ``way`` is ``hausse``, ``baisse``, ``aucune`` (no way that chance can't explain) or empty under five
        points; ``verdict`` the word of the common vocabulary, ``non_concluant`` for a neutral indicator.
    """
    known = definition.catalogue() if catalogue is None else catalogue
    told = results[shown(results)]
    wanted = _targets(targets)
    rows = []
    for (name, geo), group in told.groupby(["indicator", "geo"], sort=False):
        if name in known:
            item, target = known[str(name)], wanted.get((str(name), str(geo)))
            series = _series(item, group, objection, term=target[0] if target else "")
            rows.append(_row(item, str(geo), series, target=target, level=level))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["p_adjusted"] = intervals.benjamini_hochberg(table["p_value"].to_numpy(dtype=np.float64))
    table["n_tested"] = int(table["p_value"].notna().sum())
    table = _decided(table, level)
    table["sentence"] = [_sentence(dict(row), known[row["indicator"]]) for _, row in table.iterrows()]
    whole = dict.fromkeys(("n", "s", "n_tested", "left_out"), "Int64")
    numbers = [name for name in COLUMNS if name not in {*_TEXTS, *whole}]
    return table[list(COLUMNS)].astype(dict.fromkeys(_TEXTS, "str") | whole | dict.fromkeys(numbers, "float64"))


def project(
    times: npt.ArrayLike,
    values: npt.ArrayLike,
    at: float,
    *,
    low: npt.ArrayLike | None = None,
    high: npt.ArrayLike | None = None,
    season: npt.ArrayLike | None = None,
    season_at: int = 0,
    level: float = 0.95,
) -> Projection:
    """Extend a series in a straight line to a date, with its prediction interval, or say why not.

    Parameters
    ----------
    times, values : array_like of float, shape (n,)
        In order of time.
    at : float
        Date, in the unit of ``times``.
    low, high : array_like of float, shape (n,), optional
        Bounds of the values: the interval is widened by all that they allow to the line.
    season, season_at : array_like of int, shape (n,), and int, optional
        Season of each value, and of the date: each season has a level of its own, all have one slope.
    level : float

    Returns
    -------
    Projection
        ``peu_de_points`` under five (and under two of the season asked); ``deja_connu`` for a date that the series has
        reached; ``trop_loin`` beyond its own length.

    Examples
    --------
    >>> found = project([1, 2, 3, 4, 5], [1.0, 2.0, 3.0, 4.0, 5.0], 7)
    >>> round(found.value, 6), round(found.low, 6), round(found.high, 6)
    (7.0, 7.0, 7.0)
    """
    t, y = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    of = np.zeros(len(y), dtype=np.int64) if season is None else np.asarray(season)
    kinds = np.unique(of)
    free = len(y) - 1 - len(kinds)
    if len(y) < ENOUGH or free < ENOUGH - 2 or (of == season_at).sum() < min(2, len(y)):
        return Projection(reason="peu_de_points")
    if at <= t[-1]:
        return Projection(reason="deja_connu")
    if at - t[-1] > t[-1] - t[0]:
        return Projection(reason="trop_loin")
    origin = t.mean()
    design = np.column_stack([t - origin, *((of == kind).astype(np.float64) for kind in kinds)])
    wanted = np.array([at - origin, *(kinds == season_at)], dtype=np.float64)
    solved = np.linalg.pinv(design)
    # The line is a weighted sum of the values: what their bounds allow adds up.
    weights = wanted @ solved
    value = float(weights @ y)
    residual = math.sqrt(float(((y - design @ (solved @ y)) ** 2).sum()) / free)
    half = float(special.stdtrit(free, 1 - (1 - level) / 2)) * residual * math.sqrt(1 + float(weights @ weights))
    below = np.zeros(len(y)) if low is None else y - np.asarray(low, dtype=np.float64)
    above = np.zeros(len(y)) if high is None else np.asarray(high, dtype=np.float64) - y
    down = float(np.where(weights > 0, weights * below, -weights * above).sum())
    up = float(np.where(weights > 0, weights * above, -weights * below).sum())
    return Projection(value=value, low=value - half - down, high=value + half + up)


def yearly_growth(first: float, last: float, years: float) -> float:
    """Return the mean yearly rate of growth in percent; NaN where a level is not above zero, or no time has passed.

    Examples
    --------
    >>> round(yearly_growth(100, 121, 2), 6)
    10.0
    """
    if not (first > 0 and last > 0 and years > 0) or math.isinf(first) or math.isinf(last):
        return math.nan
    return 100 * math.expm1((math.log(last) - math.log(first)) / years)


def _targets(targets: pd.DataFrame | None) -> dict[tuple[str, str], tuple[str, float]]:
    if targets is None or targets.empty:
        return {}
    rows = targets[["indicator", "geo", "period_target", "target"]].itertuples(index=False, name=None)
    return {(name, geo): (period, float(target)) for name, geo, period, target in rows if periods.is_period(period)}


def _row(
    item: Indicator, geo: str, series: _Series, *, target: tuple[str, float] | None, level: float
) -> dict[str, Any]:
    n = len(series.levels)
    row: dict[str, Any] = dict.fromkeys(COLUMNS, math.nan) | dict.fromkeys(_TEXTS, "")
    row |= {
        "indicator": item.id,
        "geo": geo,
        "unit": item.unit,
        "direction": item.direction,
        "n": n,
        "left_out": series.left_out,
        "first_period": series.labels[0],
        "first": series.levels[0],
        "last_period": series.labels[-1],
        "last": series.levels[-1],
        "s": pd.NA,
    }
    slope = monotonic.sen(series.times, series.levels, series.low, series.high, season=series.seasons, level=level)
    found = monotonic.mann_kendall(series.levels, series.low, series.high, season=series.seasons)
    years = series.times[-1] - series.times[0]
    row |= {"yearly_change": slope.value, "tau": found.tau, "s": found.s if n > 1 else pd.NA}
    row["yearly_growth"] = yearly_growth(float(series.levels[0]), float(series.levels[-1]), float(years))
    if n >= ENOUGH:
        row |= {"change_low": slope.low, "change_high": slope.high, "p_value": found.p_value}
    else:
        row["reason"] = "rupture" if series.left_out and n + series.left_out >= ENOUGH else "peu_de_points"
    if target is not None:
        there = _project(item, series, target[0], level)
        row |= {"target_period": target[0], "target": target[1]}
        row |= {"projected": there.value, "projected_low": there.low, "projected_high": there.high}
        row["reason"] = row["reason"] or there.reason
    return row


def _project(item: Indicator, series: _Series, period: str, level: float) -> Projection:
    """Extend a series to the period of its target, within what the indicator can be."""
    if periods.parse(period).frequency != periods.parse(series.labels[0]).frequency:
        return Projection(reason="autre_periodicite")
    there = project(
        series.times,
        series.levels,
        _time(period),
        low=series.low,
        high=series.high,
        season=series.seasons,
        season_at=_season(period),
        level=level,
    )
    least, most = _possible(item)
    value, low, high = np.clip([there.value, there.low, there.high], least, most)
    return Projection(value=float(value), low=float(low), high=float(high), reason=there.reason)


def _possible(item: Indicator) -> tuple[float, float]:
    """Return between which values an indicator can be."""
    if item.nature == "part":
        return 0.0, item.factor
    bounds = [item.declared[name].possible for name in item.measures if name in item.declared]
    if item.nature == "publie" and bounds:
        return bounds[0]
    signed = any(sign < 0 for sign, _ in item.numerator_terms) or any(low < 0 for low, _ in bounds)
    return (-math.inf if signed else 0.0), math.inf


def _series(item: Indicator, group: pd.DataFrame, objection: Objection | None, *, term: str) -> _Series:
    """Return the points of one length of period, without those that may not be compared with a later one.

    That of the term of the target when they are enough, else years, which have no season, else the commonest.
    """
    labels = group["time_period"].tolist()
    spans = [periods.parse(text).frequency for text in labels]
    counted = Counter(spans)
    preferred = [periods.parse(term).frequency] if term else []
    enough = (span for span in (*preferred, "A") if counted[span] >= ENOUGH)
    frequency = next(enough, counted.most_common(1)[0][0])
    rows = [row for row, span in enumerate(spans) if span == frequency]
    rows.sort(key=lambda row: periods.sort_key(labels[row]))
    kept = rows[-1:]
    for row in reversed(rows[:-1]):
        if objection is None or not objection(item, labels[row], labels[kept[0]]):
            kept.insert(0, row)
    value, low, high = (group[name].to_numpy(dtype=np.float64)[kept] for name in ("value", "low", "high"))
    return _Series(
        labels=[labels[row] for row in kept],
        times=np.array([_time(labels[row]) for row in kept]),
        seasons=np.array([_season(labels[row]) for row in kept]) if frequency in _SEASONAL else None,
        levels=value,
        low=np.where(np.isfinite(low), np.fmin(low, value), value),
        high=np.where(np.isfinite(high), np.fmax(high, value), value),
        left_out=len(rows) - len(kept),
    )


def _time(period: str) -> float:
    """Return the middle of a period, in years."""
    start, end = periods.start(period), periods.end(period)
    middle = (start.toordinal() + end.toordinal() + 1) / 2
    year = start.year
    first = type(start)(year, 1, 1).toordinal()
    return year + (middle - first) / 365.25


def _season(period: str) -> int:
    """Return the rank of a half-year, quarter or month in its year; 0 for a longer period."""
    return periods.start(period).month if periods.parse(period).frequency in _SEASONAL else 0


def _decided(table: pd.DataFrame, level: float) -> pd.DataFrame:
    tested = table["p_value"].notna()
    found = tested & (table["p_adjusted"] <= 1 - level + 1e-12)
    rises = table["s"].fillna(0).astype(float) > 0
    way = np.where(found, np.where(rises, "hausse", "baisse"), np.where(tested, "aucune", ""))
    judged = found & table["direction"].isin(["higher", "lower"])
    better = rises == table["direction"].eq("higher")
    verdict = np.where(judged, np.where(better, "amelioration", "degradation"), "non_concluant")
    return table.assign(way=way, verdict=np.where(tested, verdict, "non_evaluable"))


def _sentence(row: Mapping[Any, Any], item: Indicator) -> str:
    short = item.unit if item.unit.startswith(("%", "€")) else ""
    values = {
        "label": item.label,
        "n": french.plural(int(row["n"]), _SEASONAL.get(periods.parse(row["first_period"]).frequency, "année")),
        "depuis": _named(row["first_period"], "depuis"),
        "pente": french.number(row["yearly_change"], item.decimals + 1, sign=True),
        "de": french.number(row["change_low"], item.decimals + 1, sign=True),
        "a": french.number(row["change_high"], item.decimals + 1, sign=True),
        "cible_quand": _named(row["target_period"], "en") if row["target_period"] else "",
        "projete": french.quantity(row["projected"], short, item.decimals),
        "bas": french.number(row["projected_low"], item.decimals),
        "haut": french.number(row["projected_high"], item.decimals),
        "cible": french.quantity(row["target"], short, item.decimals),
    }
    parts = [_said(row["way"] or (row["reason"] if row["reason"] == "rupture" else "peu_de_points"), values)]
    if not math.isnan(row["projected"]):
        parts.append(_said("projection", values))
        parts.append(_said(_against(row), values))
    elif row["reason"] == "trop_loin":
        parts.append(_said(row["reason"], values))
    return french.typography(" ".join(part for part in parts if part))


def _named(period: str, word: str) -> str:
    """Return a period after *depuis* or *en*: «depuis le 1er semestre 2022», «au 2e semestre 2026»."""
    text = french.period(period)
    if periods.parse(period).frequency in {"S", "Q"}:
        return f"depuis le {text}" if word == "depuis" else f"au {text}"
    return f"{word} {text}"


def _against(row: Mapping[Any, Any]) -> str:
    """Return the key of what the projection says of the target; a value only agrees when its whole interval does."""
    target, direction = row["target"], row["direction"]
    if math.isnan(target) or direction not in {"higher", "lower"}:
        return "sans_jugement"
    sign = 1 if direction == "higher" else -1
    worst, best = sorted((sign * (row["projected_low"] - target), sign * (row["projected_high"] - target)))
    if worst >= 0:
        return "cible_atteinte"
    return "cible_manquee" if best < 0 else "cible_incertaine"


def _said(key: str, values: Mapping[str, str]) -> str:
    return phrases.say("tendances", key, values)
