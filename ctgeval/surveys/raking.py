"""Raking (iterative proportional fitting) of columns of weights to margins, within bounds: the arithmetic alone.

The order of a cycle is that of the margins, then the bounds. Each step is the nearest point in the sense of Kullback
and Leibler, so that the cycles end at weights that keep to every margin and to the bounds, whenever there are any.

References
----------
Deming, W. and Stephan, F. (1940), On a Least Squares Adjustment of a Sampled Frequency Table When the Expected Marginal
Totals Are Known, Annals of Mathematical Statistics 11(4); Csiszár, I. (1975), I-Divergence Geometry of Probability
Distributions and Minimization Problems, Annals of Probability 3(1) (projections on convex sets).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ctgeval.intervals import Floats
from ctgeval.surveys.margins import Ints, Margin

__all__ = ["CYCLES", "TOLERANCE", "Booleans", "BoundsOf", "at_bounds", "raked"]

Booleans = npt.NDArray[np.bool_]
BoundsOf = Literal["moyenne", "depart"]
"""What a bounded weight is divided by: the mean of the final weights, or the start weight brought to the same mean."""

TOLERANCE = 1e-10
"""Largest gap, relative to a margin, at which raking has converged."""
CYCLES = 1_000


@dataclass(frozen=True, eq=False)
class _Step:
    """One margin, ready for cycles: missing answers are a last category, whose share is that of the start weights."""

    codes: Ints
    sums: Any
    target: Floats


def _step(margin: Margin, start: Floats) -> _Step:
    n, k = len(margin.codes), len(margin.categories)
    codes = np.where(margin.codes < 0, k, margin.codes)
    sums: Any = sparse.csr_array((np.ones(n), (codes, np.arange(n))), shape=(k + 1, n))
    silent = (sums @ start)[k]
    target = np.vstack([margin.shares[:, None] * (1 - silent), silent[None]])
    return _Step(codes, sums, target)


def raked(
    start: Floats,
    margins: Sequence[Margin],
    *,
    bounds: tuple[float, float] | None,
    bounds_of: BoundsOf,
    cycles: int = CYCLES,
    tolerance: float = TOLERANCE,
) -> tuple[Floats, Booleans, int]:
    """Rake columns of start weights.

    Parameters
    ----------
    start : ndarray of float64, shape (n, R)
        Not negative; a zero stays a zero.
    margins : sequence of Margin
        A missing answer is a category of its own, whose share is the one it has in the start weights.
    bounds, bounds_of
        See `ctgeval.surveys.weighting.rake`.
    cycles : int
        At most.
    tolerance : float
        Largest gap, relative to each margin.

    Returns
    -------
    weights : ndarray of float64, shape (n, R)
        Each column sums to 1.
    converged : ndarray of bool, shape (R,)
        False for good where a category has nobody left.
    done : int
        Cycles.
    """
    start = start / start.sum(axis=0)
    steps = [_step(margin, start) for margin in margins]
    lost = np.zeros(start.shape[1], dtype=bool)
    for step in steps:
        lost |= ((step.sums @ start <= 0) & (step.target > 0)).any(axis=0)
    weights = start.copy()
    low, high = _limits(start, bounds, bounds_of)
    todo = np.flatnonzero(~lost)
    converged = np.zeros(start.shape[1], dtype=bool)
    done = 0
    while len(todo) and done < cycles:
        done += 1
        part = weights[:, todo]
        for step in steps:
            totals = step.sums @ part
            part = (
                part * np.divide(step.target[:, todo], totals, out=np.ones_like(totals), where=totals > 0)[step.codes]
            )
        if bounds is not None:
            part = np.clip(part, low[:, todo], high[:, todo])
        weights[:, todo] = part
        met = _worst(steps, part, todo) <= tolerance
        converged[todo[met]] = True
        todo = todo[~met]
    return weights / weights.sum(axis=0), converged, done


def _limits(start: Floats, bounds: tuple[float, float] | None, bounds_of: BoundsOf) -> tuple[Floats, Floats]:
    if bounds is None:
        return start, start
    present = start > 0
    unit = start if bounds_of == "depart" else present / present.sum(axis=0)
    return bounds[0] * unit, bounds[1] * unit


def _worst(steps: Sequence[_Step], weights: Floats, columns: Ints) -> Floats:
    """Largest gap of each column, relative to the margin."""
    worst = np.zeros(weights.shape[1])
    for step in steps:
        target = step.target[:, columns]
        gap = np.abs(np.divide(step.sums @ weights, target, out=np.ones_like(target), where=target > 0) - 1)
        worst = np.maximum(worst, gap.max(axis=0))
    return worst


def at_bounds(
    weights: Floats, start: Floats, bounds: tuple[float, float] | None, bounds_of: BoundsOf
) -> tuple[int, int]:
    """Count the weights that stand at the low and at the high bound; all sum to 1."""
    if bounds is None:
        return 0, 0
    low, high = _limits((start / start.sum())[:, None], bounds, bounds_of)
    slack = 1e-9
    return int((weights <= low[:, 0] * (1 + slack)).sum()), int((weights >= high[:, 0] * (1 - slack)).sum())
