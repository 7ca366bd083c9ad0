"""Unit and time weights of synthetic difference-in-differences, for one date and many sets of units.

References
----------
Arkhangelsky, D., Athey, S., Hirshberg, D., Imbens, G. and Wager, S. (2021), Synthetic Difference-in-Differences, AER
111, equations 4 to 6 (weights, zeta) and their replication package (stopping rule).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from ctgeval.impact.frank_wolfe import published_weights
from ctgeval.impact.panel import Floats, Ints
from ctgeval.impact.simplex import simplex_least_squares

__all__ = ["DidWeights", "Kind", "noise_level", "own_weights", "simple_synthetic", "weighted_paths"]

Kind = Literal["published", "exact"]

_CELLS = 3_000_000
_TINY = 1e-6
_STOP = 1e-5


class DidWeights(NamedTuple):
    """Weights of the donors, shape (B, n), and of the periods before the action, shape (B, T0)."""

    unit: Floats
    time: Floats


def noise_level(donors: Floats, start: int) -> float:
    """Give the standard deviation of the changes of the donors from one period to the next, before the action."""
    changes = np.diff(donors[:, :start], axis=1)
    return float(changes.std(ddof=1)) if changes.size > 1 else 0.0


def own_weights(target: Floats, donors: Floats, start: int, *, n_treated: int, noise: float, kind: Kind) -> DidWeights:
    """Weights for a batch of problems of one date.

    Parameters
    ----------
    target : ndarray of float64, shape (B, T)
        Mean of the units that are treated, or stand for them.
    donors : ndarray of float64, shape (B, n, T)
    start : int
        First treated column.
    n_treated : int
        Units in the mean: zeta is ``(n_treated (T - start))^(1/4)`` times the noise.
    noise : float
        Of the real donors, the same for every placebo.
    kind : {"published", "exact"}
        What the published algorithm gives when it stops, or the optimum of the same problem.
    """
    n_periods, n_donors = donors.shape[2], donors.shape[1]
    zeta = (n_treated * (n_periods - start)) ** 0.25 * noise
    pre, after = donors[:, :, :start], donors[:, :, start:].mean(axis=2)
    if kind == "exact":
        ridges = zeta**2 * start, (_TINY * noise) ** 2 * n_donors
        unit = [
            simplex_least_squares(own.T, goal, ridge=ridges[0], intercept=True).weights
            for own, goal in zip(pre, target[:, :start], strict=True)
        ]
        time = [
            simplex_least_squares(own, goal, ridge=ridges[1], intercept=True).weights
            for own, goal in zip(pre, after, strict=True)
        ]
        return DidWeights(np.array(unit), np.array(time))
    time_ridge, least = (_TINY * noise) ** 2, (_STOP * noise) ** 2
    unit, time = [], []
    for own, goal, mean in zip(pre, target[:, :start], after, strict=True):
        across = own - mean[:, None]
        across = across - across.mean(axis=0)
        time.append(published_weights(across.T @ across, ridge=time_ridge, rows=n_donors, least_gain=least))
        along = own - goal
        along = along - along.mean(axis=1, keepdims=True)
        unit.append(published_weights(along @ along.T, ridge=zeta**2, rows=start, least_gain=least))
    return DidWeights(np.array(unit), np.array(time))


def weighted_paths(
    outcome: Floats,
    treated: Ints,
    donors: Ints,
    start: int,
    *,
    noise: float,
    kind: Kind,
    weights: list[DidWeights] | None = None,
) -> Floats:
    """Gap of each set of units, less its weighted mean before the action: its mean after is the estimate.

    Parameters
    ----------
    outcome : ndarray of float64, shape (N, T)
    treated : ndarray of intp, shape (B, m)
        Rows that are treated, or stand for them.
    donors : ndarray of intp, shape (B, n)
        Rows that they are compared with.
    start, noise, kind
        As in `own_weights`.
    weights : list, optional
        Receives the weights, block by block.

    Returns
    -------
    ndarray of float64, shape (B, T)
    """
    n_sets, n = donors.shape
    found = np.empty((n_sets, outcome.shape[1]))
    step = max(1, _CELLS // max(1, n * max(n, outcome.shape[1])))
    for first in range(0, n_sets, step):
        block = slice(first, first + step)
        target, others = outcome[treated[block]].mean(axis=1), outcome[donors[block]]
        own = own_weights(target, others, start, n_treated=treated.shape[1], noise=noise, kind=kind)
        gap = target - np.einsum("bn,bnt->bt", own.unit, others)
        found[block] = gap - np.einsum("bt,bt->b", own.time, gap[:, :start])[:, None]
        if weights is not None:
            weights.append(own)
    return found


def simple_synthetic(target: Floats, donors: Floats, start: int, *, noise: float) -> Floats:
    """Weights of the synthetic control of the same article: no intercept, next to no ridge, same algorithm.

    Parameters
    ----------
    target : ndarray of float64, shape (T,)
    donors : ndarray of float64, shape (n, T)
    """
    apart = donors[:, :start] - target[:start]
    return published_weights(apart @ apart.T, ridge=(_TINY * noise) ** 2, rows=start, least_gain=(_STOP * noise) ** 2)
