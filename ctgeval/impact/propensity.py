"""Probability of being treated given covariates: logit by Newton steps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ctgeval.impact.panel import Bools, Floats

__all__ = ["OVERLAP", "Propensity", "logit"]

OVERLAP = 0.999
"""Probability from which a unit is told apart by its covariates alone: nobody is left to compare it with."""
_STEPS = 50
_TOLERANCE = 1e-10


class Propensity(NamedTuple):
    """Fitted probabilities.

    Parameters
    ----------
    probability : ndarray of float64, shape (n,)
    inverse : ndarray of float64, shape (k, k)
        Inverse of the information matrix.
    overlap : bool
        Whether the steps met and no probability reaches `OVERLAP`.
    """

    probability: Floats
    inverse: Floats
    overlap: bool


def logit(design: Floats, treated: Bools, weights: Floats) -> Propensity:
    """Fit a weighted logit by maximum likelihood.

    Parameters
    ----------
    design : ndarray of float64, shape (n, k)
        With its column of ones.
    treated : ndarray of bool, shape (n,)
    weights : ndarray of float64, shape (n,)

    References
    ----------
    McCullagh, P. and Nelder, J. (1989), Generalized Linear Models, chapter 4.
    """
    target = treated.astype(np.float64)
    beta = np.zeros(design.shape[1])
    inverse = np.zeros((design.shape[1],) * 2)
    probability = np.full(len(target), 0.5)
    met = False
    for _ in range(_STEPS):
        information = (design * (weights * probability * (1 - probability))[:, None]).T @ design
        if not np.linalg.cond(information) < 1 / np.finfo(np.float64).eps:
            break
        inverse = np.linalg.inv(information)
        step = inverse @ (design.T @ (weights * (target - probability)))
        beta = beta + step
        probability = _logistic(design @ beta)
        if met := bool(np.abs(step).max() <= _TOLERANCE * max(1.0, float(np.abs(beta).max()))):
            break
    return Propensity(probability, inverse, met and bool(probability.max() < OVERLAP))


def _logistic(index: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(index, -500, 500))))
