"""Effects when the gap of trends bends by at most M from one period to the next.

References
----------
Rambachan, A. and Roth, J. (2023), A More Credible Approach to Parallel Trends, Review of Economic Studies 90(5),
sections 2.4 (smoothness) and 4 (fixed-length intervals). Armstrong, T. and Kolesár, M. (2018), Optimal Inference in a
Class of Regression Models, Econometrica 86(2).
"""

from __future__ import annotations

import numpy as np
from scipy import optimize, special

from ctgeval.impact.honest_relative import changes, pair_norms, standardised
from ctgeval.impact.least_favourable import Family, confidence_set, vertices
from ctgeval.impact.panel import Floats
from ctgeval.impact.result import Interval

__all__ = ["folded_quantile", "smoothness_hybrid", "smoothness_interval", "smoothness_system"]


def smoothness_interval(
    coefficients: Floats, covariance: Floats, *, n_pre: int, target: Floats, value: float, alpha: float = 0.05
) -> Interval:
    """Give the shortest interval of fixed length around a linear estimator, under the worst bend allowed.

    The estimator extrapolates to after treatment a line through the coefficients before it; their weights settle the
    worst bias (from the bends) against the variance.

    Parameters
    ----------
    coefficients : ndarray of float64, shape (n_pre + T,)
        Gaps before and after treatment, in order of time; the reference, between them, is left out.
    covariance : ndarray of float64, shape (n_pre + T, n_pre + T)
    n_pre : int
    target : ndarray of float64, shape (T,)
        The effect is this combination of those after treatment.
    value : float
        M: largest change of the slope of the gap between two successive periods; 0 for a straight line.
    alpha : float
    """
    base, free, fixed = _estimators(n_pre, target)
    scale = float(np.sqrt(np.diagonal(covariance).mean()))
    root = np.linalg.cholesky(covariance / scale**2).T
    stops = _lasso_path(root @ free, -(root @ base))

    def at(place: float) -> tuple[float, Floats]:
        k = min(int(place), len(stops) - 1)
        bends = stops[k] + (place - k) * (stops[min(k + 1, len(stops) - 1)] - stops[k])
        estimator = base + free @ bends
        bias = value / scale * (fixed + float(np.abs(bends).sum()))
        spread = float(np.linalg.norm(root @ estimator))
        return spread * folded_quantile(bias / spread, 1 - alpha), estimator

    # The length is convex along the path from the least bias to the least variance.
    lengths = [at(k)[0] for k in range(len(stops))]
    k = int(np.argmin(lengths))
    found = [at(k)]
    for start in (k - 1, k):
        if 0 <= start < len(stops) - 1:
            near = optimize.minimize_scalar(
                lambda place: at(place)[0], bounds=(start, start + 1), method="bounded", options={"xatol": 1e-7}
            )
            found.append(at(float(near.x)))
    half, estimator = min(found, key=lambda pair: pair[0])
    centre = float(estimator @ coefficients)
    return Interval(centre - half * scale, centre + half * scale)


def folded_quantile(mean: float, level: float) -> float:
    """Quantile of the absolute value of a normal variable of variance 1."""
    # Past 20 standard errors the other tail weighs nothing.
    if mean > 20:
        return mean + float(special.ndtri(level))
    low, high = 0.0, mean + float(special.ndtri((1 + level) / 2))
    for _ in range(60):
        middle = (low + high) / 2
        if special.ndtr(middle - mean) - special.ndtr(-middle - mean) < level:
            low = middle
        else:
            high = middle
    return high


def _estimators(n_pre: int, target: Floats) -> tuple[Floats, Floats, float]:
    """Linear estimators without bias when the gap is a straight line, by the weight of each bend before treatment.

    Returns
    -------
    base : ndarray, shape (n_pre + T,)
        The line through the last period before and the reference, taken away from the target.
    free : ndarray, shape (n_pre + T, n_pre - 1)
        What to add to it for a unit weight on each bend.
    fixed : float
        Sum of the absolute weights of the bends after treatment: nothing can change it.
    """
    n_post = len(target)
    before = np.arange(-n_pre, 0)
    after = np.arange(1, n_post + 1)
    # Rows: slope of the line, then bends at -1, -2, ...; columns: coefficients before treatment.
    paths = np.stack([before, *(np.maximum(-c - before, 0) for c in range(1, n_pre))]).astype(np.float64)
    inverse = np.linalg.inv(paths)
    base = np.concatenate([-inverse[:, 0] * float(target @ after), target])
    free = np.concatenate([inverse[:, 1:], np.zeros((n_post, n_pre - 1))])
    fixed = sum(abs(float(target @ np.maximum(after - c, 0))) for c in range(n_post))
    return base, free, fixed


def _lasso_path(design: Floats, outcome: Floats) -> list[Floats]:
    """Corners of the path of ``|outcome - design x|^2 / 2 + weight |x|_1``, from 0 to least squares.

    References
    ----------
    Osborne, M., Presnell, B. and Turlach, B. (2000), A New Approach to Variable Selection in Least Squares Problems,
    IMA Journal of Numerical Analysis 20(3).
    """
    gram, moment = design.T @ design, design.T @ outcome
    n = len(moment)
    corners = [np.zeros(n)]
    if not n or not np.abs(moment).max() > 0:
        return corners
    signs = np.zeros(n)
    entering = int(np.abs(moment).argmax())
    weight = top = float(abs(moment[entering]))
    signs[entering] = np.sign(moment[entering])
    for _ in range(20 * n):
        on = signs != 0
        inner = gram[np.ix_(on, on)]
        ends, speed = np.zeros(n), np.zeros(n)
        ends[on], speed[on] = np.linalg.solve(inner, np.stack([moment[on], signs[on]], axis=1)).T
        left, drift = moment - gram @ ends, gram @ speed
        # Weights at which one enters (its correlation reaches the weight) or leaves (it crosses 0).
        with np.errstate(divide="ignore", invalid="ignore"):
            enters = np.where(
                on, -np.inf, np.maximum(_below(left / (1 - drift), weight), _below(-left / (1 + drift), weight))
            )
            leaves = np.where(on, _below(ends / speed, weight), -np.inf)
        next_weight = max(float(enters.max()), float(leaves.max()), 0.0)
        corners.append(ends - next_weight * speed)
        if next_weight <= 1e-12 * top:
            break
        weight = next_weight
        if leaves.max() >= enters.max():
            signs[int(leaves.argmax())] = 0.0
        else:
            entering = int(enters.argmax())
            signs[entering] = np.sign(left[entering] + weight * drift[entering])
    corners[-1] = np.asarray(np.linalg.solve(gram, moment), dtype=np.float64)
    return corners


def _below(weight: Floats, limit: float) -> Floats:
    """Weights that are still to come."""
    return np.where(np.isfinite(weight) & (weight < limit * (1 - 1e-10)), weight, -np.inf)


def smoothness_hybrid(
    coefficients: Floats,
    covariance: Floats,
    *,
    n_pre: int,
    target: Floats,
    value: float,
    alpha: float = 0.05,
    kappa: float | None = None,
) -> Interval:
    """Bound the effect under the same restriction by the conditional least favourable test."""
    family = smoothness_system(coefficients, covariance, n_pre=n_pre, target=target, value=value)
    return confidence_set(family, alpha=alpha, kappa=alpha / 10 if kappa is None else kappa)


def smoothness_system(coefficients: Floats, covariance: Floats, *, n_pre: int, target: Floats, value: float) -> Family:
    """Write the restriction as inequalities on the bends from the reference on."""
    n_post = len(target)
    bends = np.diff(changes(n_pre, n_post), axis=0)[n_pre - 1 :]
    path = np.array([float(target @ np.maximum(np.arange(1, n_post + 1) - c, 0)) for c in range(n_post)])
    combinations, subtracted, slopes = vertices(bends[None], -bends[None], np.full(n_post, value), path)
    size = np.sqrt(np.einsum("rq,qk,rk->r", bends, covariance, bends))[None]
    norm = pair_norms(size, size, path)
    family = Family(intercepts=-subtracted / norm, slopes=slopes / norm, covariance=covariance)
    return standardised(family, combinations / norm[:, :, None], coefficients)
