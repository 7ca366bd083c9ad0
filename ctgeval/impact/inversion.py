"""Confidence sets: the effects that a test does not reject."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ctgeval.impact.panel import Floats
from ctgeval.impact.result import Interval

__all__ = ["confidence_set", "hull"]

_GRID = np.concatenate([np.linspace(0.0, 4.0, 17), 2.0 ** np.arange(3, 11)])
_ROUNDS = 8


def confidence_set(
    p_at: Callable[[Floats], Floats], centre: float, scale: float, *, level: float, minimum_p: float
) -> Interval:
    """Invert a test.

    Parameters
    ----------
    p_at : callable
        P-values of an array of effects.
    centre : float
        An effect that the test does not reject: the estimate.
    scale : float
        Order of magnitude of the distance between the ends, above zero.
    level : float
        Of confidence.
    minimum_p : float
        Smallest p-value that the test can give: above ``1 - level``, it rejects nothing and the set is the whole line.

    Returns
    -------
    Interval
        Smallest interval that holds the set: what lies between two accepted effects is kept. An end is infinite when no
        effect within a thousand scales is rejected.
    """
    alpha = 1 - level
    if minimum_p > alpha:
        return Interval(-np.inf, np.inf)
    ends = [_end(p_at, centre, side * scale, alpha) for side in (-1.0, 1.0)]
    return Interval(ends[0], ends[1])


def _end(p_at: Callable[[Floats], Floats], centre: float, step: float, alpha: float) -> float:
    accepted = p_at(centre + step * _GRID) > alpha
    if accepted[-1]:
        return float(np.inf if step > 0 else -np.inf)
    last = int(np.flatnonzero(accepted)[-1]) if accepted.any() else 0
    inside, outside = _GRID[last], _GRID[last + 1]
    # Nine points at a time: a test answers many effects as fast as one.
    for _ in range(_ROUNDS):
        points = np.linspace(inside, outside, 11)
        held = p_at(centre + step * points[1:-1]) > alpha
        last = int(np.flatnonzero(held)[-1]) + 1 if held.any() else 0
        inside, outside = points[last], points[last + 1]
    return float(centre + step * inside)


def hull(intervals: list[Interval]) -> Interval:
    """Smallest interval that holds several: the set of the test whose p-value is the largest of theirs."""
    if not intervals or any(np.isnan(end) for interval in intervals for end in interval):
        return Interval(np.nan, np.nan)
    return Interval(min(item.low for item in intervals), max(item.high for item in intervals))
