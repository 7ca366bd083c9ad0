"""Normal vectors kept in a box: how likely they are to be in it, and their mean when they are.

References
----------
Genz, A. (1992), Numerical Computation of Multivariate Normal Probabilities, Journal of Computational and Graphical
Statistics 1(2) (separation of variables, on a lattice).
"""

from __future__ import annotations

import numpy as np
from scipy import special

from ctgeval.impact.panel import Floats

__all__ = ["box"]

_POINTS = 8_192
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
           107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227,
           229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281)  # fmt: skip


def box(mean: Floats, covariance: Floats, half: Floats, *, seed: int = 0) -> tuple[float, Floats]:
    """Integrate a normal law over the box of half-widths ``half`` around 0.

    Parameters
    ----------
    mean : ndarray of float64, shape (d,)
    covariance : ndarray of float64, shape (d, d)
        Positive definite.
    half : ndarray of float64, shape (d,)
    seed : int
        Of the shift of the lattice.

    Returns
    -------
    probability : float
        To be in the box; the error is near 1e-5 under 10 dimensions.
    mean : ndarray, shape (d,)
        Of the vectors that are in it; NaN when none is.
    """
    d = len(mean)
    root = np.linalg.cholesky(covariance)
    points = _lattice(_POINTS, d, seed=seed)
    drawn = np.zeros((_POINTS, d))
    log_weight = np.zeros(_POINTS)
    for j in range(d):
        centre = mean[j] + drawn[:, :j] @ root[j, :j]
        low, high = (-half[j] - centre) / root[j, j], (half[j] - centre) / root[j, j]
        # In the right tail, probabilities are told apart on the left one.
        flip = low > 0
        low, high = np.where(flip, -high, low), np.where(flip, -low, high)
        below, inside = special.log_ndtr(low), special.log_ndtr(high)
        share = -np.expm1(np.minimum(below - inside, -1e-300))
        log_weight += inside + np.log(share)
        place = special.ndtri_exp(inside + np.log1p(-(1 - points[:, j]) * share))
        drawn[:, j] = np.where(flip, -place, place)
    weight = np.exp(log_weight)
    total = float(weight.mean())
    if not total > 0:
        return 0.0, np.full(d, np.nan)
    return total, np.asarray(mean + (weight @ drawn / weight.sum()) @ root.T)


def _lattice(n: int, d: int, *, seed: int) -> Floats:
    """Spread ``n`` points over the unit cube of ``d`` dimensions, evenly; drawn beyond 60 dimensions."""
    random = np.random.default_rng(seed)
    steps = np.sqrt(np.array(_PRIMES[:d], dtype=np.float64)) if d <= len(_PRIMES) else random.random((n, d))
    points = (np.arange(1, n + 1)[:, None] * steps + random.random(d)) % 1.0
    # Folded, the integrand is periodic: the lattice converges faster.
    return np.abs(2 * points - 1)
