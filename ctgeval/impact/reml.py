"""Linear model with AR(1) errors by restricted likelihood, for one series or thousands of them at once.

References
----------
Patterson, H. and Thompson, R. (1971), Recovery of inter-block information when block sizes are unequal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from ctgeval.impact.panel import Floats

__all__ = ["POSITIVE_RHOS", "RHOS", "Batch", "Estimator", "batch", "likeliest_rho", "whiten"]

Estimator = Literal["gls", "ols"]

RHOS: tuple[float, ...] = (*(round(-0.9 + 0.05 * step, 2) for step in range(38)), 0.97, 0.99)
"""Autocorrelations that the restricted likelihood is compared at: -0.90 to 0.99."""

POSITIVE_RHOS: tuple[float, ...] = tuple(rho for rho in RHOS if rho >= 0)
"""The same for a short series, where a negative one is a whim of the draw: left out, more effects are found."""


def whiten(values: Floats, rho: float, gaps: Floats) -> Floats:
    """Take the autocorrelation out of columns: their errors become independent, of the same variance.

    Parameters
    ----------
    values : ndarray, shape (n, m)
    rho : float
        Correlation of two errors one step apart.
    gaps : ndarray, shape (n - 1,)
        Steps between a point and the next: 1 where no period is missing.
    """
    kept = np.power(rho, gaps)[:, None]
    out = values.copy()
    out[1:] -= kept * values[:-1]
    out[1:] /= np.sqrt(1 - kept**2)
    return out


class _Step(NamedTuple):
    """What a design gives at one autocorrelation."""

    rho: float
    rows: Floats
    inverse: Floats
    log_det: float
    squares: Floats
    products: Floats


def _steps(design: Floats, gaps: Floats, rhos: tuple[float, ...]) -> list[_Step]:
    # A negative correlation has no power that is not whole.
    allowed = rhos if (gaps == np.round(gaps)).all() else tuple(rho for rho in rhos if rho >= 0)
    return [_step(design, gaps, rho) for rho in allowed]


def _step(design: Floats, gaps: Floats, rho: float) -> _Step:
    kept = np.power(rho, gaps)
    left = 1 / (1 - kept**2)
    basis, triangle = np.linalg.qr(whiten(design, rho, gaps))
    # The whitening is bidiagonal: its transpose on the basis, and the quadratic form it makes, are read off `kept`.
    rows = basis.T.copy()
    rows[:, 1:] *= np.sqrt(left)
    rows[:, :-1] -= rows[:, 1:] * kept
    squares = np.concatenate([[1.0], left])
    squares[:-1] += left * kept**2
    log_det = float(np.log1p(-(kept**2)).sum() + 2 * np.log(np.abs(np.diag(triangle))).sum())
    return _Step(rho, rows, np.linalg.inv(triangle), log_det, squares, -2 * left * kept)


def _spread(step: _Step, design: Floats, gaps: Floats, contrasts: Floats, estimator: Estimator) -> Floats:
    """Return the standard error of each contrast for errors of variance 1."""
    if estimator == "gls":
        return np.asarray(np.sqrt(((contrasts @ step.inverse) ** 2).sum(axis=1)))
    places = np.concatenate([[0.0], np.cumsum(gaps)])
    correlation = np.power(step.rho, np.abs(places[:, None] - places[None, :]))
    rows = contrasts @ np.linalg.pinv(design)
    return np.asarray(np.sqrt(((rows @ correlation) * rows).sum(axis=1)))


@dataclass(frozen=True, eq=False)
class Batch:
    """Many series fitted with one design.

    Parameters
    ----------
    estimate, std_error : ndarray, shape (m, d)
        Of each contrast, series by series.
    rho : ndarray, shape (d,)
        Autocorrelation of the largest restricted likelihood.
    """

    estimate: Floats
    std_error: Floats
    rho: Floats


def batch(
    design: Floats,
    outcomes: Floats,
    gaps: Floats,
    contrasts: Floats,
    *,
    estimator: Estimator = "gls",
    rhos: tuple[float, ...] = RHOS,
) -> Batch:
    """Fit many series with one design, each at the autocorrelation that its restricted likelihood prefers.

    Parameters
    ----------
    design : ndarray, shape (n, k)
        Of full column rank.
    outcomes : ndarray, shape (n, d)
        One series per column.
    gaps : ndarray, shape (n - 1,)
        As in `whiten`.
    contrasts : ndarray, shape (m, k)
        Combinations of coefficients to estimate.
    estimator : {"gls", "ols"}
        Coefficients by generalised or by ordinary least squares; the standard error takes the autocorrelation in both.
    rhos : tuple of float
        Autocorrelations to compare, in increasing order.
    """
    n, k = design.shape
    start = np.linalg.pinv(design) @ outcomes
    # The likelihood does not depend on what the design explains; without it, no digit is lost on a large level.
    residuals = outcomes - design @ start
    steps = _steps(design, gaps, rhos)
    squares, products = residuals**2, residuals[1:] * residuals[:-1]
    left = np.array([step.squares for step in steps]) @ squares + np.array([step.products for step in steps]) @ products
    for i, step in enumerate(steps):
        part = step.rows @ residuals
        left[i] -= np.einsum("ij,ij->j", part, part)
    left = np.maximum(left, np.finfo(np.float64).tiny)
    log_det = np.array([step.log_det for step in steps])
    chosen = np.argmin((n - k) * np.log(left) + log_det[:, None], axis=0)
    estimate = contrasts @ start
    error = np.empty_like(estimate)
    for i in np.unique(chosen):
        mine = chosen == i
        if estimator == "gls":
            estimate[:, mine] += (contrasts @ steps[i].inverse) @ (steps[i].rows @ residuals[:, mine])
        spread = _spread(steps[i], design, gaps, contrasts, estimator)
        error[:, mine] = spread[:, None] * np.sqrt(left[i, mine] / (n - k))
    return Batch(estimate, error, np.array([step.rho for step in steps])[chosen])


def likeliest_rho(design: Floats, outcome: Floats, gaps: Floats, rhos: tuple[float, ...]) -> float:
    """Return the autocorrelation of the largest restricted likelihood, between the ends of a grid."""
    coarse = batch(design, outcome[:, None], gaps, np.eye(design.shape[1]), rhos=rhos).rho[0]
    at = rhos.index(float(coarse))
    low, high = rhos[max(at - 1, 0)], rhos[min(at + 1, len(rhos) - 1)]
    residuals = outcome - design @ np.linalg.lstsq(design, outcome, rcond=None)[0]
    n, k = design.shape

    def criterion(rho: float) -> float:
        step = _step(design, gaps, rho)
        part = step.rows @ residuals
        left = step.squares @ residuals**2 + step.products @ (residuals[1:] * residuals[:-1]) - part @ part
        return float((n - k) * math.log(max(float(left), float(np.finfo(np.float64).tiny))) + step.log_det)

    golden = (math.sqrt(5) - 1) / 2
    inner, outer = high - golden * (high - low), low + golden * (high - low)
    first, second = criterion(inner), criterion(outer)
    while high - low > 1e-7:
        if first <= second:
            high, outer, second = outer, inner, first
            inner = high - golden * (high - low)
            first = criterion(inner)
        else:
            low, inner, first = inner, outer, second
            outer = low + golden * (high - low)
            second = criterion(outer)
    found = (low + high) / 2
    # At an end of the grid, the end itself.
    ends = ([rhos[0]] if at == 0 else []) + ([rhos[-1]] if at == len(rhos) - 1 else [])
    return min([found, *ends], key=criterion)
