"""Weights on the simplex by the published Frank-Wolfe algorithm of synthetic difference-in-differences.

The published estimator is what its algorithm gives when it stops, not the optimum: uniform start, at most 100 steps,
weights below a quarter of the largest set to 0, then at most 10,000 steps, each time until a step gains less than
``(1e-5 sigma)²``. Every step needs the Gram matrix alone, and its gain is known without subtracting two objectives.

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
    """Solve a problem as published: some steps, sparsified, then many.

    Parameters
    ----------
    gram : ndarray of float64, shape (n, n)
        ``D' D``, where ``D`` is donors less target, centred when there is an intercept.
    ridge : float
        zeta²: penalty on the squared weights, per row.
    rows : int
        Rows of ``D``: the objective is ``|D w|² / rows + ridge |w|²``.
    least_gain : float
        Gain of a step under which it is the last.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    quadratic = gram + (ridge * rows) * np.eye(len(gram))
    least = least_gain * rows
    first = frank_wolfe(quadratic, np.full(len(gram), 1 / len(gram)), least_gain=least, steps=_FIRST)
    return frank_wolfe(quadratic, sparsify(first), least_gain=least, steps=_LAST)


def sparsify(weights: Floats) -> Floats:
    """Set to 0 the weights that are at most a quarter of the largest, and scale the others to sum to one."""
    kept = np.where(weights <= weights.max() / 4, 0.0, weights)
    return np.asarray(kept / kept.sum())


def frank_wolfe(quadratic: Floats, start: Floats, *, least_gain: float, steps: int) -> Floats:
    """Minimise ``w' Q w`` on the simplex by Frank-Wolfe steps with an exact line search.

    Parameters
    ----------
    quadratic : ndarray of float64, shape (n, n)
        Q.
    start : ndarray of float64, shape (n,)
        On the simplex.
    least_gain : float
        Gain of a step under which it is the last (the first step is never the last).
    steps : int
        Most steps.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    diagonal = quadratic.diagonal().tolist()
    weights = start.copy()
    for step in range(steps):
        if step % 256 == 0:
            # The running products would drift with rounding.
            slope = quadratic @ weights
            value = float(weights @ slope)
        corner = int(slope.argmin())
        best = float(slope[corner])
        # Towards the corner the objective has slope -2 descent and curvature 2 bend.
        descent, bend = value - best, diagonal[corner] - 2 * best + value
        length = min(1.0, max(0.0, descent / bend)) if bend > 0 else 0.0
        gain = 2 * length * descent - length**2 * bend
        weights *= 1 - length
        weights[corner] += length
        slope *= 1 - length
        slope += length * quadratic[corner]
        value -= gain
        if gain <= least_gain and step > 0:
            break
    return weights
