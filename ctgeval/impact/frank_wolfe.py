"""Weights of synthetic difference-in-differences: many small simplex problems, by Frank-Wolfe steps taken together.

The published estimator is what its Frank-Wolfe algorithm gives when it stops, not the optimum: uniform start, at most
100 steps, weights below a quarter of the largest set to 0, then at most 10,000 steps, each time until a step gains less
than ``(1e-5 sigma)²``. Every step needs the Gram matrix alone, and its gain is known without subtracting two
objectives: all placebos advance together.

References
----------
Arkhangelsky, D. et al. (2021), Synthetic Difference-in-Differences, AER 111, section I and its replication code; Jaggi,
M. (2013), Revisiting Frank-Wolfe, ICML.
"""

from __future__ import annotations

import numpy as np

from ctgeval.impact.panel import Floats

__all__ = ["frank_wolfe", "published_weights", "sparsify"]

_FIRST = 100
_LAST = 10_000


def published_weights(gram: Floats, *, ridge: float, rows: int, least_gain: float) -> Floats:
    """Solve a batch of problems as published: some steps, sparsified, then many.

    Parameters
    ----------
    gram : ndarray of float64, shape (B, n, n)
        ``D' D`` of each problem, where ``D`` is donors less target, centred when there is an intercept.
    ridge : float
        zeta²: penalty on the squared weights, per row.
    rows : int
        Rows of ``D``: the objective is ``|D w|² / rows + ridge |w|²``.
    least_gain : float
        Gain of a step under which it is the last.

    Returns
    -------
    ndarray of float64, shape (B, n)
    """
    n = gram.shape[-1]
    start = np.full(gram.shape[:-1], 1 / n)
    first = frank_wolfe(gram, start, ridge=ridge, rows=rows, least_gain=least_gain, steps=_FIRST)
    return frank_wolfe(gram, sparsify(first), ridge=ridge, rows=rows, least_gain=least_gain, steps=_LAST)


def sparsify(weights: Floats) -> Floats:
    """Set to 0 the weights that are at most a quarter of the largest, and scale the others to sum to one."""
    kept = np.where(weights <= weights.max(axis=-1, keepdims=True) / 4, 0.0, weights)
    return np.asarray(kept / kept.sum(axis=-1, keepdims=True))


def frank_wolfe(gram: Floats, start: Floats, *, ridge: float, rows: int, least_gain: float, steps: int) -> Floats:
    """Take Frank-Wolfe steps with an exact line search, each problem until its own last step.

    Parameters
    ----------
    gram, ridge, rows, least_gain
        As in `published_weights`.
    start : ndarray of float64, shape (B, n)
        On the simplex.
    steps : int
        Most steps.

    Returns
    -------
    ndarray of float64, shape (B, n)
    """
    found = start.copy()
    n = gram.shape[-1]
    # With the ridge inside, the objective is w' Q w / rows.
    quadratic = gram + (ridge * rows) * np.eye(n)
    left = np.arange(len(found))
    weights = start.copy()
    slope = np.einsum("bij,bj->bi", quadratic, weights)
    value = np.einsum("bi,bi->b", weights, slope)
    diagonal = np.ascontiguousarray(np.diagonal(quadratic, axis1=1, axis2=2))
    batch = np.arange(len(left))
    for step in range(steps):
        corner = slope.argmin(axis=1)
        best = slope[batch, corner]
        # Towards the corner: the gain of the whole step has slope `descent` and curvature `bend`.
        descent = value - best
        bend = diagonal[batch, corner] - 2 * best + value
        length = np.clip(np.divide(descent, bend, out=np.zeros_like(bend), where=bend > 0), 0.0, 1.0)
        gain = (2 * length * descent - length**2 * bend) / rows
        keep = (1 - length)[:, None]
        weights *= keep
        weights[batch, corner] += length
        slope *= keep
        slope += length[:, None] * quadratic[batch, corner]
        value = value - gain * rows
        # The first step has no step before it to be compared with.
        done = (gain <= least_gain) if step > 0 else np.zeros(len(left), dtype=bool)
        if done.any():
            found[left[done]] = weights[done]
            on = ~done
            left, weights, slope, value = left[on], weights[on], slope[on], value[on]
            quadratic, diagonal = quadratic[on], diagonal[on]
            batch = np.arange(len(left))
            if not len(left):
                return found
        if step % 256 == 255:
            # The running products drift with rounding.
            slope = np.einsum("bij,bj->bi", quadratic, weights)
            value = np.einsum("bi,bi->b", weights, slope)
    found[left] = weights
    return found
