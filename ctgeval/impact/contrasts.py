"""Treated against comparators on a change of the outcome: plain means, outcome regression, weighting, doubly robust.

References
----------
Sant'Anna, P. and Zhao, J. (2020), Doubly robust difference-in-differences estimators, Journal of Econometrics 219,
for panel data: the doubly robust estimator with a logit and least squares, the regression, and the weighting with
weights normalised as Hajek's.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from ctgeval.impact.panel import Bools, Floats
from ctgeval.impact.propensity import logit

__all__ = ["METHODS", "Compared", "Method", "compare"]

Method = Literal["dr", "reg", "ipw"]
METHODS: tuple[Method, ...] = ("dr", "reg", "ipw")
_TRIM = 0.995
_CONDITION = 1e12


class Compared(NamedTuple):
    """A comparison of changes, linear in them.

    Parameters
    ----------
    coefficients : ndarray of float64, shape (n,)
        The estimate is ``change @ coefficients``.
    estimate : ndarray of float64, shape (m,)
    scores : ndarray of float64, shape (m, n)
        What each unit adds to the error of the estimate: their sum of squares is its variance.
    """

    coefficients: Floats
    estimate: Floats
    scores: Floats


def compare(change: Floats, treated: Bools, weights: Floats, design: Floats | None, method: Method) -> Compared | str:
    """Compare the changes of treated units and comparators.

    Parameters
    ----------
    change : ndarray of float64, shape (m, n)
        Changes of the outcome of n units over m pairs of periods.
    treated : ndarray of bool, shape (n,)
    weights : ndarray of float64, shape (n,)
    design : ndarray of float64, shape (n, k), optional
        Covariates before the change, with their column of ones; None to compare plain means.
    method : {"dr", "reg", "ipw"}
        Ignored without covariates, where all agree.

    Returns
    -------
    Compared or str
        Or the reason why it can't be made, the end of a French sentence.
    """
    if design is None:
        return _means(change, treated, weights)
    if method in {"dr", "reg"} and not _regular(design[~treated], weights[~treated]):
        return "trop peu de comparaisons pour autant de covariables, ou des covariables qui y disent la même chose"
    if method == "reg":
        return _regression(change, treated, weights, design)
    odds = _odds(treated, weights, design)
    if odds is None:
        return "les covariables suffisent à dire qui est concerné : personne n’est comparable"
    if method == "ipw":
        return _weighting(change, _side(treated, weights), odds, design)
    return _doubly_robust(change, treated, weights, odds, design)


def _regular(design: Floats, weights: Floats) -> bool:
    if len(design) < design.shape[1]:
        return False
    scale = np.abs(design).max(axis=0)
    scaled = design / np.where(scale > 0, scale, 1.0) * np.sqrt(weights)[:, None]
    return bool(np.linalg.cond(scaled.T @ scaled) < _CONDITION)


def _side(on: Bools, weights: Floats) -> Floats:
    """Weights of one side, of sum 1; 0 on the other."""
    kept = np.where(on, weights, 0.0)
    return np.asarray(kept / kept.sum())


def _means(change: Floats, treated: Bools, weights: Floats) -> Compared:
    one, other = _side(treated, weights), _side(~treated, weights)
    # Not a matrix product: on so thin a one, waiting for threads costs more than the sums.
    with_, without = np.einsum("mn,n->m", change, one), np.einsum("mn,n->m", change, other)
    scores = change - np.where(treated, with_[:, None], without[:, None])
    scores *= one - other
    return Compared(one - other, with_ - without, scores)


class _Line(NamedTuple):
    """Regression of the comparators' changes on their covariates: residuals, and leverage of each comparator."""

    residual: Floats
    leverage: Floats


def _line(change: Floats, treated: Bools, weights: Floats, design: Floats) -> _Line:
    inside = np.where(treated, 0.0, weights)
    leverage = inside[:, None] * design @ np.linalg.inv((design * inside[:, None]).T @ design)
    return _Line(change - (change @ leverage) @ design.T, leverage)


def _regression(change: Floats, treated: Bools, weights: Floats, design: Floats) -> Compared:
    one, line = _side(treated, weights), _line(change, treated, weights, design)
    other = line.leverage @ (one @ design)
    estimate = line.residual @ one
    scores = one * (line.residual - estimate[:, None]) - other * line.residual
    return Compared(one - other, estimate, scores)


class _Odds(NamedTuple):
    """Weights of the comparators by their odds of being treated, of sum 1, and each unit's part in their error."""

    weights: Floats
    drift: Floats


def _odds(treated: Bools, weights: Floats, design: Floats) -> _Odds | None:
    fitted = logit(design, treated, weights)
    if not fitted.overlap:
        return None
    probability = fitted.probability
    kept = ~treated & (probability < _TRIM)
    odds = np.where(kept, weights * probability / (1 - probability), 0.0)
    return _Odds(odds / odds.sum(), (weights * (treated - probability))[:, None] * design @ fitted.inverse)


def _weighting(change: Floats, one: Floats, odds: _Odds, design: Floats) -> Compared:
    with_, without = change @ one, change @ odds.weights
    apart = odds.weights * (change - without[:, None])
    scores = one * (change - with_[:, None]) - apart - (apart @ design) @ odds.drift.T
    return Compared(one - odds.weights, with_ - without, scores)


def _doubly_robust(change: Floats, treated: Bools, weights: Floats, odds: _Odds, design: Floats) -> Compared:
    one, line = _side(treated, weights), _line(change, treated, weights, design)
    found = _weighting(line.residual, one, odds, design)
    corrected = line.leverage @ ((one - odds.weights) @ design)
    return Compared(found.coefficients - corrected, found.estimate, found.scores - corrected * line.residual)
