"""Follow targets: baseline, actual, share of the way, verdict, and a French sentence for every case."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from ctgeval import french, measures as measures_, periods
from ctgeval.indicators import definition, verdict as judging
from ctgeval.indicators.definition import Indicator
from ctgeval.indicators.sentences import Follow, Found, sentence
from ctgeval.indicators.verdict import UNKNOWN, Case, Goal, Level, Verdict
from ctgeval.measures import Measure
from ctgeval.observations import DIMENSIONS

__all__ = ["PROGRESS_COLUMNS", "progress"]

PROGRESS_COLUMNS: tuple[str, ...] = (
    "indicator",
    "geo",
    "label",
    "unit",
    "direction",
    "period_reference",
    "baseline",
    "baseline_low",
    "baseline_high",
    "period_target",
    "target",
    "target_min",
    "target_max",
    "tolerance",
    "time_period",
    "actual",
    "actual_low",
    "actual_high",
    "share",
    "share_low",
    "share_high",
    "verdict",
    "sentence",
    "provisional",
)
_TEXTS = ("indicator", "geo", "label", "unit", "direction", "period_reference", "period_target", "time_period")
_NUMBERS = tuple(name for name in PROGRESS_COLUMNS if name not in {*_TEXTS, "verdict", "sentence", "provisional"})
_BEYOND = 1e15
_FLOWS = frozenset({"flow", "amount", "distinct"})

Objection = Callable[[Indicator, str, str], str]


def progress(
    results: pd.DataFrame,
    targets: pd.DataFrame,
    *,
    catalogue: Mapping[str, Indicator] | None = None,
    measures: Mapping[str, Measure] | None = None,
    start: date | None = None,
    end: date | None = None,
    objection: Objection | None = None,
) -> pd.DataFrame:
    """Compare results with their targets; never raises on what a target or a result may hold.

    The share of the way is ``(v - b) / (t - b)``: nothing when the target is the baseline (the verdict is then
    ``maintenu`` or ``non_maintenu``), above 1 beyond the target. Two values that print alike are not told apart. A
    verdict holds for every value within the bounds, or is ``non_concluant``.

    Parameters
    ----------
    results : DataFrame
        Table of results (see `ctgeval.indicators.compute`).
    targets : DataFrame
        Table ``cibles`` of the dossier; of a revised target only the last revision is followed.
    catalogue, measures : mapping, optional
        Indicators and measures; those of the house by default.
    start, end : date, optional
        First and last day of the convention.
    objection : callable, optional
        Given an indicator, a baseline's period and a later one, says in French why their vintages are not compared,
        or nothing: such a target is ``non_evaluable``.

    Returns
    -------
    DataFrame
        Columns `PROGRESS_COLUMNS`, one row per target, in the order of the table.
    """
    known = definition.catalogue() if catalogue is None else catalogue
    declared = measures_.load() if measures is None else measures
    followed = results["indicator"].isin(list(targets["indicateur"].dropna())) & _is_total(results)
    index = dict(tuple(results[followed].groupby(["indicator", "geo"], sort=False)))
    rows = []
    for row in _last_revisions(targets):
        follow = _follow(row, index.get((row["indicateur"], row["territoire"])), known, declared)
        if objection is not None:
            follow = replace(follow, objection=_objection(follow, objection))
        rows.append(_row(follow, start, end))
    table = pd.DataFrame(rows, columns=list(PROGRESS_COLUMNS))
    texts = dict.fromkeys([*_TEXTS, "verdict", "sentence"], "str")
    return table.astype(texts | dict.fromkeys(_NUMBERS, "float64") | {"provisional": "bool"})


def _objection(follow: Follow, objection: Objection) -> str:
    reference, actual = follow.baseline.period, follow.actual.period
    if follow.item is None or not reference or not actual or not periods.is_period(reference):
        return ""
    return objection(follow.item, reference, actual)


def _is_total(results: pd.DataFrame) -> pd.Series[bool]:
    return (results[list(DIMENSIONS)].fillna("") == "").all(axis=1)


def _last_revisions(targets: pd.DataFrame) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for record in targets.to_dict("records"):
        row = {str(name): value for name, value in record.items()}
        for name in ("indicateur", "territoire", "periode_cible", "periode_reference", "motif"):
            row[name] = _text(row.get(name))
        row["revisee_le"] = _day(row.get("revisee_le"))
        key = (row["indicateur"], row["territoire"], row["periode_cible"])
        before = rows.get(key)
        if before is None or (before["revisee_le"] or date.min) <= (row["revisee_le"] or date.min):
            rows[key] = row
    return list(rows.values())


def _follow(
    row: Mapping[str, Any],
    results: pd.DataFrame | None,
    catalogue: Mapping[str, Indicator],
    measures: Mapping[str, Measure],
) -> Follow:
    item = catalogue.get(row["indicateur"])
    decimals, direction = (item.decimals, item.direction) if item else (0, "neutral")
    least, most = _number(row.get("cible_min")), _number(row.get("cible_max"))
    tolerance = _number(row.get("tolerance"))
    goal = Goal(
        target=_number(row.get("valeur_cible")),
        least=-math.inf if math.isnan(least) else least,
        most=math.inf if math.isnan(most) else most,
        tolerance=0.0 if math.isnan(tolerance) else tolerance,
        print_step=0.5 * 10.0**-decimals,
        direction=direction,
    )
    actual = _actual(item, results, row["periode_cible"], measures)
    return Follow(
        id=row["indicateur"],
        geo=row["territoire"],
        item=item,
        goal=goal,
        period_target=row["periode_cible"],
        baseline=_baseline(row, results),
        actual=actual,
        row=row,
    )


def _baseline(row: Mapping[str, Any], results: pd.DataFrame | None) -> Found:
    value, period = _number(row.get("valeur_reference")), row["periode_reference"]
    if not math.isnan(value):
        return Found(level=Level.of(value, value, value), period=period)
    if not period or results is None:
        return Found(period=period)
    same = results[results["time_period"] == (periods.normalise(period) if periods.is_period(period) else period)]
    return _found(same.iloc[0]) if len(same) else Found(period=period)


def _actual(
    item: Indicator | None, results: pd.DataFrame | None, period: str, measures: Mapping[str, Measure]
) -> Found:
    """Return the last result up to the term of the target, else the first one after it."""
    if item is None or results is None or not periods.is_period(period):
        return Found()
    term = periods.parse(period)
    found = [_found(row) for _, row in results.iterrows()]
    told = [one for one in found if one.level.known or one.masked] or found
    alike = [one for one in told if periods.parse(one.period).frequency == term.frequency]
    if not alike:
        alike = told if _any_span(item, measures) else []
        if told and not alike:
            return Found(reason="autre_periodicite")
    in_time = [one for one in alike if periods.end(one.period) <= term.end]
    ordered = sorted(in_time or alike, key=lambda one: periods.sort_key(one.period), reverse=bool(in_time))
    return ordered[0] if ordered else Found()


def _any_span(item: Indicator, measures: Mapping[str, Measure]) -> bool:
    """Whether a half-year may be compared with a year: a state, or a rate of two flows, may; a flow may not."""
    kinds = {measures[name].kind if name in measures else "flow" for name in item.measures}
    return not kinds & _FLOWS or (bool(item.denominator) and kinds == {"flow"})


def _found(row: pd.Series[Any]) -> Found:
    return Found(
        level=Level.of(_number(row["value"]), _number(row["low"]), _number(row["high"])),
        period=str(row["time_period"]),
        provisional=row["obs_status"] == "P",
        masked=row["conf_status"] in {"C", "D"},
        reason=_text(row["reason"]),
    )


def _row(follow: Follow, start: date | None, end: date | None) -> dict[str, Any]:
    item, goal, actual, baseline = follow.item, follow.goal, follow.actual, follow.baseline
    decided, key, case = _decide(follow)
    way = judging.share(goal, actual.level, baseline.level) if decided not in _WITHOUT_SHARE else UNKNOWN
    told = sentence(follow, decided, key, case, way=way, start=start, end=end)
    return {
        "indicator": follow.id,
        "geo": follow.geo,
        "label": item.label if item else follow.id,
        "unit": item.unit if item else "",
        "direction": item.direction if item else "",
        "period_reference": baseline.period,
        **_columns("baseline", baseline.level),
        "period_target": follow.period_target,
        "target": goal.target,
        "target_min": goal.least if math.isfinite(goal.least) else math.nan,
        "target_max": goal.most if math.isfinite(goal.most) else math.nan,
        "tolerance": _number(follow.row.get("tolerance")),
        "time_period": actual.period,
        **_columns("actual", actual.level),
        **_columns("share", way),
        "verdict": decided,
        "sentence": french.typography(told),
        "provisional": actual.provisional or baseline.provisional,
    }


def _columns(name: str, level: Level) -> dict[str, float]:
    known = level.known
    low, high = (level.low, level.high) if known else (math.nan, math.nan)
    return {name: level.value, f"{name}_low": low, f"{name}_high": high}


_WITHOUT_SHARE = frozenset({"sans_cible", "sans_reference", "non_evaluable", "maintenu", "non_maintenu"})


def _decide(follow: Follow) -> tuple[Verdict, str, Case]:
    """Return the verdict, the key of its phrase, and the case of the target."""
    goal, actual, baseline = follow.goal, follow.actual, follow.baseline
    blocked = _blocked(follow)
    if blocked:
        return "non_evaluable", blocked, "chemin"
    if not goal.exists:
        return "sans_cible", "sans_cible" if baseline.level.known else "sans_cible_ni_reference", "chemin"
    decided, case = judging.judge(goal, actual.level, baseline.level)
    if decided == "sans_reference":
        one_way = goal.is_range or goal.direction in {"higher", "lower"}
        reached = judging.reaches(goal, actual.level) if one_way else None
        suffix = {True: "_atteint", False: "_non_atteint", None: ""}[reached]
        return decided, f"sans_reference{suffix}", case
    return decided, _phrase(follow, decided, case), case


def _blocked(follow: Follow) -> str:
    """Return the key of what makes the target impossible to follow; empty when nothing does."""
    goal, actual, reference = follow.goal, follow.actual, follow.baseline.period
    dates = [text for text in (follow.period_target, reference) if text]
    checks = (
        (follow.item is None, "inconnu"),
        (not follow.period_target or not all(map(periods.is_period, dates)), "periode_illisible"),
        (goal.least > goal.most, "fourchette_renversee"),
        (goal.tolerance < 0, "tolerance_negative"),
        (actual.reason == "autre_periodicite", "autre_periodicite"),
        (not actual.level.known and not actual.masked, "sans_donnee"),
    )
    first = next((key for wrong, key in checks if wrong), "")
    if not first and reference and periods.end(reference) >= periods.end(actual.period):
        return "reference_posterieure"
    return first or ("millesimes" if follow.objection else "")


def _phrase(follow: Follow, decided: Verdict, case: Case) -> str:
    goal, actual = follow.goal, follow.actual
    if decided == "non_concluant":
        return "non_concluant" if actual.level.known else "non_concluant_masque"
    if case == "limite":
        return f"{decided}_limite"
    if decided in {"atteint", "depasse"}:
        return f"{decided}_fourchette" if case == "fourchette" else decided
    if decided == "maintenu" and not math.isnan(goal.target):
        gain = {"higher": actual.level.low - goal.target, "lower": goal.target - actual.level.high}
        return "maintenu_mieux" if gain.get(goal.direction, 0.0) > goal.slack else decided
    if decided in {"en_progres", "stable", "en_recul"}:
        due = periods.end(actual.period) >= periods.end(follow.period_target)
        if decided == "en_progres" and math.isnan(judging.share(goal, actual.level, follow.baseline.level).value):
            return "en_progres_incertain"
        return f"{decided}_echu" if due else decided
    return decided


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value).strip()


def _number(value: Any) -> float:
    """Return a number that can be written; NaN for what is missing, is not one, or is beyond anything counted."""
    if value is None or pd.isna(value):
        return math.nan
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if abs(number) < _BEYOND else math.nan


def _day(value: Any) -> date | None:
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value if isinstance(value, date) else None
