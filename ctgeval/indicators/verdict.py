"""Where an indicator stands on the way from its baseline to its target, bounds included."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Literal

from ctgeval.indicators.indicator import Direction

Verdict = Literal[
    "atteint",
    "depasse",
    "en_progres",
    "stable",
    "en_recul",
    "maintenu",
    "non_maintenu",
    "sans_cible",
    "sans_reference",
    "non_evaluable",
    "non_concluant",
]
Case = Literal["chemin", "maintien", "fourchette", "limite"]

__all__ = ["UNKNOWN", "Goal", "Level", "Verdict", "judge", "reaches", "share"]

_REACHED = frozenset({"atteint", "depasse"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A value known within bounds; NaN and infinite bounds when nothing is known."""

    value: float = math.nan
    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def of(cls, value: float, low: float, high: float) -> Level:
        """Return a level whose bounds hold its value, whatever was missing."""
        low = value if math.isnan(low) else low
        high = value if math.isnan(high) else high
        low, high = (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)
        if math.isnan(value):
            return cls(value=value, low=min(low, high), high=max(low, high))
        return cls(value=value, low=min(low, value), high=max(high, value))

    @property
    def known(self) -> bool:
        """Whether something is known of it."""
        return not math.isnan(self.value) or math.isfinite(self.low) or math.isfinite(self.high)

    @property
    def ends(self) -> tuple[float, ...]:
        """Its two bounds, or the only value it can have."""
        return (self.low,) if self.low == self.high else (self.low, self.high)


UNKNOWN = Level()


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A target, exact or between two bounds, with what is admitted around it.

    Parameters
    ----------
    target : float
        Value aimed at; NaN when there is only a range, or nothing.
    least, most : float
        Range aimed at; infinite where it is open.
    tolerance : float
        Gap admitted around the target.
    print_step : float
        Gap under which two values print alike.
    direction : {"higher", "lower", "maintain", "neutral"}
        Which way is progress.
    """

    target: float
    least: float
    most: float
    tolerance: float
    print_step: float
    direction: Direction

    @property
    def is_range(self) -> bool:
        """Whether it is a range."""
        return math.isfinite(self.least) or math.isfinite(self.most)

    @property
    def exists(self) -> bool:
        """Whether anything is aimed at."""
        return self.is_range or not math.isnan(self.target)

    @property
    def slack(self) -> float:
        """What is admitted around the target: the tolerance, and never less than what printing hides."""
        return max(self.tolerance, self.print_step)

    def aim(self, baseline: float) -> float:
        """Return the value to reach from a baseline: the target, or the nearest end of the range."""
        if not math.isnan(self.target):
            return self.target
        return min(max(baseline, self.least), self.most)

    def case(self, baseline: float) -> Case:
        """Tell how the target is to be judged from a baseline (NaN when it is not known)."""
        if self.is_range:
            return "fourchette"
        if self.direction == "maintain" or abs(self.target - baseline) <= self.slack:
            return "maintien"
        against = {"higher": self.target < baseline, "lower": self.target > baseline}
        return "limite" if against.get(self.direction, False) else "chemin"


def judge(goal: Goal, actual: Level, baseline: Level) -> tuple[Verdict, Case]:
    """Give the verdict that holds for every value within the bounds, or ``non_concluant``.

    Parameters
    ----------
    goal : Goal
        Has a target or a range.
    actual, baseline : Level
        Where it stands and where it started; an unknown baseline gives ``sans_reference`` unless the level is enough.

    Returns
    -------
    verdict, case : str
        Never raises, never divides.
    """
    if not baseline.known:
        return _by_level(goal, actual)
    found = {_at(goal, v, b) for v, b in product(actual.ends, baseline.ends)}
    cases = {case for _, case in found}
    verdicts = {verdict for verdict, _ in found}
    case = cases.pop() if len(cases) == 1 else "chemin"
    if len(found) == 1:
        return verdicts.pop(), case
    if not cases and verdicts <= _REACHED:
        return "atteint", case
    return "non_concluant", case


def share(goal: Goal, actual: Level, baseline: Level) -> Level:
    """Return the share of the way, ``(v - b) / (t - b)``, with its bounds; not known where it has no meaning.

    Not capped: 1.2 is 20 % further than planned, -0.1 a step back.
    """
    if not goal.exists or not baseline.known or not actual.known:
        return UNKNOWN
    aims = {goal.aim(b) for b in baseline.ends}
    senses = {math.copysign(1.0, goal.aim(b) - b) for b in baseline.ends}
    apart = all(abs(goal.aim(b) - b) > goal.slack for b in baseline.ends)
    if len(aims) > 1 or len(senses) > 1 or not apart or any(map(math.isinf, baseline.ends)):
        return UNKNOWN
    if goal.direction == "maintain" or {goal.case(b) for b in baseline.ends} & {"limite", "maintien"}:
        return UNKNOWN
    aim = aims.pop()
    corners = [(v - b) / (aim - b) for v, b in product(actual.ends, baseline.ends)]
    value = (actual.value - baseline.value) / (aim - baseline.value) if not math.isnan(baseline.value) else math.nan
    return Level.of(value, min(corners), max(corners))


def reaches(goal: Goal, actual: Level) -> bool | None:
    """Tell whether the level is at the target whatever the path; None when its bounds do not agree."""
    found = {_reached(goal, v) for v in actual.ends}
    return found.pop() if len(found) == 1 else None


def _by_level(goal: Goal, actual: Level) -> tuple[Verdict, Case]:
    if goal.is_range:
        return ("atteint" if reaches(goal, actual) else "sans_reference"), "fourchette"
    if goal.direction == "maintain":
        kept = reaches(goal, actual)
        return ("non_concluant" if kept is None else "maintenu" if kept else "non_maintenu"), "maintien"
    return "sans_reference", "chemin"


def _reached(goal: Goal, value: float) -> bool:
    if goal.is_range:
        return goal.least - goal.slack <= value <= goal.most + goal.slack
    if goal.direction == "higher":
        return value >= goal.target - goal.slack
    if goal.direction == "lower":
        return value <= goal.target + goal.slack
    return abs(value - goal.target) <= goal.slack


def _at(goal: Goal, value: float, baseline: float) -> tuple[Verdict, Case]:
    """Judge one pair of exact values."""
    case = goal.case(baseline)
    reached = _reached(goal, value)
    if case == "maintien":
        return ("maintenu" if reached else "non_maintenu"), case
    if case == "limite":
        return ("atteint" if reached else "en_recul"), case
    if case == "fourchette" and reached:
        return "atteint", case
    return _on_the_way(goal, value, baseline), case


def _on_the_way(goal: Goal, value: float, baseline: float) -> Verdict:
    aim = goal.aim(baseline)
    if aim == baseline:
        return "en_recul"
    sense = 1.0 if aim > baseline else -1.0
    if abs(value - aim) <= goal.slack:
        return "atteint"
    if sense * (value - aim) > 0:
        return "depasse"
    if abs(value - baseline) <= goal.print_step:
        return "stable"
    return "en_progres" if sense * (value - baseline) > 0 else "en_recul"
