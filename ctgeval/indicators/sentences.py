"""The French sentences of the targets; their words live in ``catalogue/progres.toml``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ctgeval import french, periods
from ctgeval.indicators import phrases
from ctgeval.indicators.indicator import Indicator
from ctgeval.indicators.verdict import UNKNOWN, Case, Goal, Level, Verdict

__all__ = ["Follow", "Found", "sentence", "when"]

_SHORT_UNITS = ("%", "EUR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One result, as it is compared with a target."""

    level: Level = UNKNOWN
    period: str = ""
    provisional: bool = False
    masked: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """One target and all that is known about it."""

    id: str
    geo: str
    item: Indicator | None
    goal: Goal
    period_target: str
    baseline: Found
    actual: Found
    row: Mapping[str, Any]
    objection: str = ""


def sentence(
    follow: Follow, decided: Verdict, key: str, case: Case, *, way: Level, start: date | None, end: date | None
) -> str:
    """Return all that is to be said of a target: where it stands, the verdict, what to keep in mind.

    Parameters
    ----------
    follow : Follow
        The target and what is known about it.
    decided, key, case : str
        The verdict, its phrase, and the case of the target.
    way : Level
        Share of the way.
    start, end : date or None
        First and last day of the convention.
    """
    values = _values(follow, case, way)
    parts = []
    if decided != "non_evaluable":
        dated = "evolution" if follow.baseline.period else "evolution_sans_date"
        parts.append(_say("phrases", dated if follow.baseline.level.known else "niveau", values))
    if key == "depasse" and not values["share"]:
        key = "atteint"
    parts.append(_say("phrases", key, values).strip())
    if decided != "non_evaluable":
        parts.extend(_notes(follow, case, start, end))
    return " ".join(parts)


def _notes(follow: Follow, case: Case, start: date | None, end: date | None) -> Iterable[str]:
    actual, baseline, row = follow.actual, follow.baseline, follow.row
    if case == "limite":
        yield _say("notes", "sens_inverse", {})
    if actual.provisional or baseline.provisional:
        yield _say("notes", "provisoire", {})
    if not baseline.level.known and baseline.reason:
        yield _say("notes", "reference_sans_valeur", {"reason": baseline.reason})
    if start is not None and baseline.period and periods.start(baseline.period) >= start:
        yield _say("notes", "reference_apres_debut", {"debut": french.date(start)})
    if start is not None and periods.end(actual.period) < start:
        yield _say("notes", "avant_debut", {"debut": french.date(start)})
    if periods.end(actual.period) > periods.end(follow.period_target):
        yield _say("notes", "apres_echeance", {})
    if end is not None and periods.end(follow.period_target) > end:
        yield _say("notes", "apres_fin", {"fin": french.date(end)})
    if row["revisee_le"] is not None:
        motif = f" : {row['motif'].rstrip('.')}" if row["motif"] else ""
        yield _say("notes", "revisee", {"date": french.date(row["revisee_le"]), "motif": motif})


def _values(follow: Follow, case: Case, way: Level) -> dict[str, str]:
    item, goal = follow.item, follow.goal
    unit, decimals = (item.unit, item.decimals) if item else ("", 0)
    short = unit if unit.startswith(_SHORT_UNITS) else ""
    if goal.is_range:
        target = french.interval(goal.least, goal.most, decimals, short)
    else:
        target = french.quantity(goal.target, short, decimals)
    near = f", à {french.number(goal.tolerance)} près" if goal.tolerance > 0 and case in {"maintien", "chemin"} else ""
    return {
        "id": follow.id,
        "label": item.label if item else follow.id,
        "reason": follow.actual.reason,
        "objection": follow.objection,
        "actual": _shown(follow.actual, unit, decimals),
        "baseline": _shown(follow.baseline, short, decimals),
        "target": target,
        "quand": when(follow.actual.period),
        "quand_ref": when(follow.baseline.period),
        "quand_cible": when(follow.period_target) + near,
        "share": "" if math.isnan(way.value) else french.percent(100 * way.value, 0),
    }


def _shown(found: Found, unit: str, decimals: int) -> str:
    level = found.level
    if not math.isnan(level.value):
        return french.quantity(level.value, unit, decimals)
    if not level.known:
        return "valeur non diffusable"
    return french.interval(level.low, level.high, decimals, unit)


def when(period: str) -> str:
    """Return a period as a complement of time, in quotes when it can't be read."""
    if not periods.is_period(period):
        return f"« {period} »" if period else ""
    frequency, text = periods.parse(period).frequency, french.period(period)
    if frequency in {"S", "Q"}:
        return f"au {text}"
    return f"pendant l’{text}" if frequency == "SCOLAIRE" else f"en {text}"


def _say(table: str, key: str, values: Mapping[str, str]) -> str:
    return phrases.say("progres", key, values, table=table)
