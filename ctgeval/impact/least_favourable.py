"""Tests of moment inequalities: conditional, and its hybrid with the least favourable law; sets by their inversion.

The effect is ``theta`` when some path of the other effects keeps every inequality: their dual form is a maximum over a
few combinations of the moments that no other effect enters. Those combinations are known in closed form for the
restrictions used here, so that a test costs a maximum and no linear programme, and whole grids are tested at once.

References
----------
Andrews, I., Roth, J. and Pakes, A. (2023), Inference for Linear Conditional Moment Inequalities, Review of Economic
Studies 90(6), sections 4 (conditional test) and 5 (hybrid). Rambachan, A. and Roth, J. (2023), A More Credible Approach
to Parallel Trends, Review of Economic Studies 90(5), section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from ctgeval.impact.panel import Bools, Floats
from ctgeval.impact.result import NO_INTERVAL, Interval

__all__ = ["Family", "confidence_set", "critical_values", "rejects", "vertices"]

_ANGLES = 720
_GRID = 257
_STEPS = 26
_TINY = 1e-10
_NEVER = 1e-12


@dataclass(frozen=True, eq=False, kw_only=True)
class Family:
    """Several systems of inequalities, of which one holds: their combinations are ``intercepts + slopes * theta``.

    Parameters
    ----------
    intercepts, slopes : ndarray of float64, shape (C, p)
        Of each combination, in standard errors; none is above 0 in expectation when ``theta`` is the effect.
    covariance : ndarray of float64, shape (C, p, p)
    """

    intercepts: Floats
    slopes: Floats
    covariance: Floats


def vertices(positive: Floats, negative: Floats, constant: Floats, path: Floats) -> tuple[Floats, Floats, Floats]:
    """Combine pairs of inequalities ``±(path of effects) <= bound`` so that only the target is left.

    Parameters
    ----------
    positive, negative : ndarray of float64, shape (C, T, q)
        Coefficients on the estimates of both inequalities of each of the T periods after treatment.
    constant : ndarray of float64, shape (T,)
        Bound of each.
    path : ndarray of float64, shape (T,)
        Multiple of each period's inequality whose sum is the target.

    Returns
    -------
    combinations : ndarray, shape (C, T + 2, q)
        Coefficients on the estimates: the target from below, from above, then each pair of opposite inequalities (what
        says that a bound is not negative).
    subtracted : ndarray, shape (T + 2,)
        What the bounds take away.
    slopes : ndarray, shape (T + 2,)
        Coefficient of ``theta``.
    """
    up, down = np.maximum(path, 0), np.maximum(-path, 0)
    lower = np.einsum("t,ctq->cq", up, positive) + np.einsum("t,ctq->cq", down, negative)
    upper = np.einsum("t,ctq->cq", up, negative) + np.einsum("t,ctq->cq", down, positive)
    combinations = np.concatenate([lower[:, None], upper[:, None], positive + negative], axis=1)
    total = float(np.abs(path) @ constant)
    subtracted = np.concatenate([[total, total], 2 * constant])
    slopes = np.zeros(len(subtracted))
    slopes[:2] = -1.0, 1.0
    return combinations, subtracted, slopes


def rejects(values: Floats, covariance: Floats, *, cap: Floats, size: float) -> Bools:
    """Test that no combination is above 0 in expectation, given which is the largest and how far the others are.

    Parameters
    ----------
    values : ndarray of float64, shape (C, G, p)
        Combinations of the C systems at G hypotheses.
    covariance : ndarray of float64, shape (C, p, p)
    cap : ndarray of float64, shape (C,)
        Least favourable critical value: above it, rejected; infinite for the conditional test alone.
    size : float
        Level of the second step: ``alpha``, or ``(alpha - kappa) / (1 - kappa)`` under a cap of level ``kappa``.

    Returns
    -------
    ndarray of bool, shape (C, G)
    """
    first = values.argmax(axis=2)
    largest = np.take_along_axis(values, first[:, :, None], axis=2)
    row = np.arange(len(values))[:, None]
    with_first = covariance[row, first]
    variance = np.take_along_axis(with_first, first[:, :, None], axis=2)
    scale = covariance[:, np.arange(values.shape[2]), np.arange(values.shape[2])].max(axis=1)[:, None]
    known = variance[:, :, 0] <= _TINY * scale
    share = with_first / np.where(variance > 0, variance, 1.0)
    rest = 1 - share
    # Another combination is above the largest beyond (or under) the value at which both meet.
    meet = (values - share * largest) / np.where(np.abs(rest) > _TINY, rest, 1.0)
    low = np.where(rest > _TINY, meet, -np.inf).max(axis=2)
    high = np.minimum(np.where(rest < -_TINY, meet, np.inf).min(axis=2), cap[:, None])
    top, spread = largest[:, :, 0], np.sqrt(np.where(known, 1.0, variance[:, :, 0]))
    tail = _tail(top / spread, np.minimum(low, top) / spread, np.maximum(high, top) / spread)
    return np.asarray((top > cap[:, None]) | ((top > 0) & (known | (tail < size))))


def _tail(value: Floats, low: Floats, high: Floats) -> Floats:
    """Probability that a normal variable between two ends is above ``value``."""
    beyond, end, all_of_it = special.log_ndtr(-value), special.log_ndtr(-high), special.log_ndtr(-low)
    above = -np.expm1(np.minimum(end - beyond, 0.0))
    total = -np.expm1(np.minimum(end - all_of_it, -1e-300))
    return np.asarray(np.exp(beyond - all_of_it) * above / np.where(total > 0, total, 1.0))


def critical_values(covariance: Floats, *, size: float) -> Floats:
    """Quantile ``1 - size`` of the largest of several centred normal variables: the least favourable law.

    By integration over directions, the distance being integrated exactly: exact in one dimension, to 1e-5 in two. The
    restrictions used here need no more: the target and the bound vary.

    Parameters
    ----------
    covariance : ndarray of float64, shape (C, p, p)
        Of rank 1 or 2.
    size : float

    Returns
    -------
    ndarray of float64, shape (C,)
    """
    values, vectors = np.linalg.eigh(covariance)
    root = vectors[:, :, -2:] * np.sqrt(np.maximum(values[:, None, -2:], 0.0))
    angle = (np.arange(_ANGLES) + 0.5) * 2 * np.pi / _ANGLES
    reach = (root @ np.stack([np.cos(angle), np.sin(angle)])).max(axis=1)
    reach = np.maximum(reach, 1e-300)
    widest = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2).max(axis=1))
    low, high = np.zeros(len(covariance)), -widest * special.ndtri(size / covariance.shape[1])
    for _ in range(_STEPS):
        middle = (low + high) / 2
        # A distance that nothing reaches must not overflow.
        half_square = np.minimum(middle[:, None] / reach, 1e6) ** 2 / 2
        missed = np.exp(-half_square).mean(axis=1) > size
        low, high = np.where(missed, middle, low), np.where(missed, high, middle)
    return np.asarray(high, dtype=np.float64)


def confidence_set(family: Family, *, alpha: float, kappa: float) -> Interval:
    """Find the smallest interval that holds every effect that one of the systems does not reject.

    Parameters
    ----------
    family : Family
    alpha : float
        Level of the test.
    kappa : float
        Level of its first step; ``alpha / 10`` is the convention. With 0, the conditional test alone, in the bracket of
        a first step of level 1e-12.

    Returns
    -------
    Interval
        NaN when every effect is rejected: the restriction itself is.
    """
    cap = critical_values(family.covariance, size=kappa or _NEVER)
    size = (alpha - kappa) / (1 - kappa)
    low, high = _bracket(family, cap)
    if not kappa:
        cap = np.full(len(cap), np.inf)
    open_ = low < high
    if not open_.any():
        return NO_INTERVAL
    some = Family(intercepts=family.intercepts[open_], slopes=family.slopes[open_], covariance=family.covariance[open_])
    cap, low, high = cap[open_], low[open_], high[open_]

    def accepted(theta: Floats) -> Bools:
        values = some.intercepts[:, None, :] + some.slopes[:, None, :] * theta[:, :, None]
        return ~rejects(values, some.covariance, cap=cap, size=size)

    grid = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, _GRID)
    kept = accepted(grid)
    kept[:, [0, -1]] = False
    found = kept.any(axis=1)
    if not found.any():
        return NO_INTERVAL
    row = np.arange(len(grid))
    start = np.where(found, kept.argmax(axis=1), 1)
    end = np.where(found, _GRID - 1 - kept[:, ::-1].argmax(axis=1), _GRID - 2)
    inside, outside = (
        np.stack(pair, axis=1)
        for pair in ((grid[row, start], grid[row, end]), (grid[row, start - 1], grid[row, end + 1]))
    )
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        held = accepted(middle)
        inside, outside = np.where(held, middle, inside), np.where(held, outside, middle)
    return Interval(float(inside[found, 0].min()), float(inside[found, 1].max()))


def _bracket(family: Family, cap: Floats) -> tuple[Floats, Floats]:
    """Effects that the first step does not reject: nothing is accepted out of them."""
    rising, falling = family.slopes > 0, family.slopes < 0
    room = cap[:, None] - family.intercepts
    cross = room / np.where(family.slopes != 0, family.slopes, 1.0)
    high = np.where(rising, cross, np.inf).min(axis=1)
    low = np.where(falling, cross, -np.inf).max(axis=1)
    shut = ((family.slopes == 0) & (room < 0)).any(axis=1)
    return low, np.where(shut, low, high)
