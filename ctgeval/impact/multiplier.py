"""Multiplier bootstrap: the errors of many estimates drawn together, for bands that hold for all of them at once.

References
----------
Callaway, B. and Sant'Anna, P. (2021), Difference-in-differences with multiple time periods, Journal of Econometrics
225, algorithm 1.
"""

from __future__ import annotations

import numpy as np

from ctgeval.impact.panel import Floats

__all__ = ["critical", "multiplier"]

_BLOCK = 4_096


def multiplier(scores: Floats, *, draws: int, seed: int) -> Floats:
    """Draw the errors of estimates by changing at random the sign of what each cluster adds to them.

    The draws do not depend on the order of the clusters, hence not on how units are named.

    Parameters
    ----------
    scores : ndarray of float64, shape (M, C)
        What each cluster adds to the error of each estimate.
    draws, seed : int

    Returns
    -------
    ndarray of float64, shape (draws, M)
    """
    size = np.sqrt((scores**2).sum(axis=1, keepdims=True))
    scaled = scores / np.where(size > 0, size, 1.0)
    key = np.abs(np.sin(1.0 + np.arange(len(scaled))) @ scaled)
    ordered = scaled[:, np.argsort(key, kind="stable")].astype(np.float32)
    random = np.random.default_rng(seed)
    total = np.zeros((draws, len(scores)), dtype=np.float32)
    n_clusters = scores.shape[1]
    for first in range(0, n_clusters, _BLOCK):
        block = ordered[:, first : first + _BLOCK]
        width = block.shape[1]
        # A sign is one random bit: the sum of signs times scores is twice that of bits times scores, less their sum.
        drawn = random.integers(0, 256, size=(draws, -(-width // 8)), dtype=np.uint8)
        bits = np.unpackbits(drawn, axis=1, count=width).astype(np.float32)
        total += 2 * (bits @ block.T) - block.sum(axis=1)
    return np.asarray(total.astype(np.float64) * size[:, 0])


def critical(errors: Floats, std_error: Floats, *, level: float, least: float) -> float:
    """Multiple of the standard errors that holds all estimates at once.

    Parameters
    ----------
    errors : ndarray of float64, shape (draws, M)
    std_error : ndarray of float64, shape (M,)
        NaN or 0 for an estimate that the band leaves out.
    level : float
    least : float
        Multiple for a single estimate: a band is never narrower.

    Returns
    -------
    float
        NaN without draws or estimates.
    """
    kept = std_error > 0
    if not kept.any() or not len(errors):
        return float("nan")
    largest = np.abs(errors[:, kept] / std_error[kept]).max(axis=1)
    return max(float(np.quantile(largest, level)), least)
