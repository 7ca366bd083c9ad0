"""Least squares on the simplex: the weights, positive and of sum one, whose mean of donors is nearest to a target.

With weights of sum one, ``A w - b`` is ``D w`` where ``D = A - b``: the point of a polytope that is nearest to the
origin. And for any ``w`` of the simplex, the smallest value over ``s`` of ``|s D w|² + (s - 1)²`` is
``|D w|² / (1 + |D w|²)``, which grows with ``|D w|``: non-negative least squares of ``[D; 1]`` on ``(0, 1)``, divided
by their sum, *are* the optimum, with no heavy row and no step to choose. Lawson and Hanson's active set ends in a
finite number of exact steps.

References
----------
Lawson, C. and Hanson, R. (1974), Solving Least Squares Problems, chapter 23 (least distance programming); Wolfe, P.
(1976), Finding the nearest point in a polytope, Mathematical Programming 11.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from ctgeval.impact.panel import Floats

__all__ = ["SimplexFit", "simplex_least_squares", "violation"]

_PERFECT = 1e-9
"""Residual, relative to the distances of the donors, under which a fit is perfect."""
_TIE = 1e-9
"""Reduced cost, relative to the squared distances, under which a donor might enter without any loss."""
_RIDGES = (1e-14, 1e-12, 1e-10, 1e-8)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SimplexFit:
    """Weights on the simplex.

    Parameters
    ----------
    weights : ndarray of float64, shape (n,)
        Positive or zero, of sum one.
    intercept : float
        Constant that is added to the weighted mean; 0 without intercept.
    loss : float
        Sum of squared residuals, without the ridge.
    perfect : bool
        Whether the residuals are nil, to rounding.
    unique : bool
        False when other weights may fit as well: those of smallest norm were then taken.
    """

    weights: Floats
    intercept: float
    loss: float
    perfect: bool
    unique: bool


def simplex_least_squares(donors: Floats, target: Floats, *, ridge: float = 0.0, intercept: bool = False) -> SimplexFit:
    """Minimise ``|A w + c - b|² + ridge |w|²`` over weights of the simplex.

    Parameters
    ----------
    donors : ndarray of float64, shape (m, n)
        A: one column per donor.
    target : ndarray of float64, shape (m,)
        b.
    ridge : float
        Penalty on the squared weights; above zero, the optimum is unique.
    intercept : bool
        Let a constant c be added to the weighted mean of the donors.

    Returns
    -------
    SimplexFit
        The one optimum; when several sets of weights are optimal (more donors than rows and a perfect fit, equal
        donors), the one of smallest norm, with ``unique`` False.
    """
    distances = donors - target[:, None]
    centre = distances.mean(axis=0) if intercept else np.zeros(donors.shape[1])
    distances = distances - centre
    scale = float(np.sqrt((distances**2).sum(axis=0).mean()))
    n = donors.shape[1]
    if scale == 0.0:
        weights = np.full(n, 1 / n)
        return _fit(distances, weights, centre, perfect=True, unique=n == 1 or ridge > 0)
    unit = distances / scale
    weights = _nearest(unit, ridge / scale**2)
    if ridge > 0:
        return _fit(distances, weights, centre, perfect=False, unique=True)
    residual = unit @ weights
    perfect = bool(np.sqrt(residual @ residual) <= _PERFECT)
    # Donors whose reduced cost is nil could take weight without any loss.
    level = float(residual @ residual)
    candidates = np.ones(n, dtype=bool) if perfect else residual @ unit - level <= _TIE * np.sqrt(level)
    candidates |= weights > 0
    unique = True
    if int(candidates.sum()) > int((weights > 0).sum()):
        face = np.vstack([unit[:, candidates], np.ones(int(candidates.sum()))])
        unique = bool(np.linalg.matrix_rank(face, tol=1e-10 * np.sqrt(face.shape[1])) == face.shape[1])
        if not unique:
            weights = weights.copy()
            weights[candidates] = _least_norm(face, weights[candidates])
    return _fit(distances, weights, centre, perfect=perfect, unique=unique)


def violation(donors: Floats, target: Floats, weights: Floats, *, ridge: float = 0.0) -> float:
    """Tell how far weights are from the conditions of an optimum (Karush, Kuhn and Tucker), relative to the data.

    Parameters
    ----------
    donors, target, ridge
        As in `simplex_least_squares`, without intercept.
    weights : ndarray of float64, shape (n,)

    Returns
    -------
    float
        The largest gain per unit of weight moved to another donor, as a share of the mean squared distance; 0 at the
        optimum, whatever the path that led there.
    """
    distances = donors - target[:, None]
    gradient = distances.T @ (distances @ weights) + ridge * weights
    scale = float((distances**2).sum(axis=0).mean()) + ridge
    gain = float(weights @ gradient - gradient.min()) / scale if scale > 0 else 0.0
    return max(gain, float(-weights.min()), abs(float(weights.sum()) - 1))


def _fit(distances: Floats, weights: Floats, centre: Floats, *, perfect: bool, unique: bool) -> SimplexFit:
    residual = distances @ weights
    return SimplexFit(
        weights=weights,
        intercept=-float(centre @ weights),
        loss=float(residual @ residual),
        perfect=perfect,
        unique=unique,
    )


def _nearest(unit: Floats, ridge: float) -> Floats:
    """Weights of the point of a polytope that is nearest to the origin; columns are its corners."""
    n = unit.shape[1]
    for extra in (0.0, *_RIDGES):
        penalty = ridge + extra
        m = len(unit)
        stacked = np.zeros((m + 1 + (n if penalty > 0 else 0), n))
        stacked[0] = 1.0
        stacked[1 : m + 1] = unit
        if penalty > 0:
            np.fill_diagonal(stacked[m + 1 :], np.sqrt(penalty))
        goal = np.zeros(len(stacked))
        goal[0] = 1.0
        try:
            found, _ = nnls(stacked, goal, maxiter=10 * n + 100)
        except RuntimeError:
            # Nearly equal donors may make the active set go round: a ridge of the size of rounding tells them apart.
            continue
        total = float(found.sum())
        if total > 0:
            return np.asarray(found / total)
    raise ArithmeticError("non-negative least squares did not end")


def _least_norm(face: Floats, start: Floats) -> Floats:
    """Non-negative weights of smallest norm that give the same means as ``start``, by Newton's method on the dual.

    The weights are ``max(0, F' x)`` where ``x`` minimises ``|max(0, F' x)|² / 2 - f' x``: piecewise quadratic, so that
    Newton's steps end on the exact piece.
    """
    goal = face @ start
    dual = np.asarray(np.linalg.lstsq(face @ face.T, goal, rcond=1e-12)[0], dtype=np.float64)

    def value(point: Floats) -> float:
        return float((np.maximum(face.T @ point, 0) ** 2).sum() / 2 - goal @ point)

    for _ in range(100):
        weights = np.maximum(face.T @ dual, 0)
        gap = goal - face @ weights
        if np.abs(gap).max() <= 1e-12:
            break
        active = face[:, weights > 0]
        square = active @ active.T + 1e-13 * np.eye(len(goal))
        step = np.asarray(np.linalg.lstsq(square, gap, rcond=None)[0], dtype=np.float64)
        length, now, slope = 1.0, value(dual), float(gap @ step)
        while value(np.asarray(dual + length * step)) > now - 1e-4 * length * slope and length > 1e-10:
            length /= 2
        dual = np.asarray(dual + length * step)
    else:
        return start
    return np.asarray(weights / weights.sum())
