"""Linear models whose errors follow one another: ordinary least squares, Newey-West, Prais-Winsten; and their tests.

References
----------
Newey, W. and West, K. (1987), A simple, positive semi-definite covariance matrix. Prais, S. and Winsten, C. (1954),
Trend estimators and serial correlation. Durbin, J. and Watson, G. (1950). Ljung, G. and Box, G. (1978).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ctgeval.impact.distributions import chi2_sf
from ctgeval.impact.panel import Floats
from ctgeval.impact.reml import whiten

__all__ = [
    "LinearFit",
    "Whiteness",
    "automatic_lags",
    "newey_west",
    "ordinary",
    "prais_winsten",
    "whiteness",
]

_ROUNDS = 100
_TOLERANCE = 1e-10


class LinearFit(NamedTuple):
    """A linear model.

    Parameters
    ----------
    coefficients : ndarray, shape (k,)
    covariance : ndarray, shape (k, k)
    rho : float
        Autocorrelation that the fit takes out of the errors; NaN when it takes none.
    innovations : ndarray, shape (n,)
        Residuals, free of that autocorrelation.
    """

    coefficients: Floats
    covariance: Floats
    rho: float
    innovations: Floats


class Whiteness(NamedTuple):
    """What is left of autocorrelation in residuals.

    Parameters
    ----------
    durbin_watson : float
        Near 2 without autocorrelation, near 0 when each point repeats the one before.
    ljung_box, p_value : float
    lags : int
    """

    durbin_watson: float
    ljung_box: float
    p_value: float
    lags: int


def automatic_lags(n: int) -> int:
    """Lags of Newey and West (1994): the whole part of 4 (n / 100)^(2/9)."""
    return int(4 * (n / 100) ** (2 / 9))


def _inverse(design: Floats) -> Floats:
    # By the triangle, not by the product: columns of unlike sizes lose no digit.
    scale = np.linalg.norm(design, axis=0)
    half = np.linalg.inv(np.linalg.qr(design / scale, mode="r")) / scale[:, None]
    return np.asarray(half @ half.T)


def ordinary(design: Floats, outcome: Floats, *, dispersion: float | None = None) -> LinearFit:
    """Ordinary least squares: errors are independent.

    Parameters
    ----------
    design : ndarray, shape (n, k)
    outcome : ndarray, shape (n,)
    dispersion : float, optional
        Variance of the errors when it is known; estimated with n - k degrees of freedom otherwise.
    """
    n, k = design.shape
    coefficients: Floats = np.linalg.lstsq(design, outcome, rcond=None)[0].astype(np.float64, copy=False)
    residuals = outcome - design @ coefficients
    variance = float(residuals @ residuals) / (n - k) if dispersion is None else dispersion
    return LinearFit(coefficients, variance * _inverse(design), float("nan"), residuals)


def newey_west(design: Floats, outcome: Floats, gaps: Floats, *, lags: int) -> LinearFit:
    """Ordinary least squares with the covariance of Newey and West (Bartlett), times n / (n - k).

    Parameters
    ----------
    design, outcome
        As in `ordinary`.
    gaps : ndarray, shape (n - 1,)
        Steps between a point and the next: points further apart than ``lags`` steps are not paired.
    lags : int
    """
    n, k = design.shape
    coefficients: Floats = np.linalg.lstsq(design, outcome, rcond=None)[0].astype(np.float64, copy=False)
    residuals = outcome - design @ coefficients
    scores = design * residuals[:, None]
    middle = scores.T @ scores
    places = np.concatenate([[0.0], np.cumsum(gaps)])
    for lag in range(1, min(lags, n - 1) + 1):
        weight = np.maximum(0.0, 1 - (places[lag:] - places[:-lag]) / (lags + 1))
        pair = (scores[lag:] * weight[:, None]).T @ scores[:-lag]
        middle += pair + pair.T
    inverse = _inverse(design)
    return LinearFit(coefficients, inverse @ middle @ inverse * (n / (n - k)), float("nan"), residuals)


def prais_winsten(design: Floats, outcome: Floats, gaps: Floats) -> LinearFit:
    """Generalised least squares with AR(1) errors, first point kept, autocorrelation iterated from the residuals.

    Parameters
    ----------
    design, outcome, gaps
        As in `newey_west`.
    """
    rho = 0.0
    fit = ordinary(design, outcome)
    whole = bool((gaps == np.round(gaps)).all())
    for _ in range(_ROUNDS):
        residuals = outcome - design @ fit.coefficients
        next_to = gaps == 1
        before, after = residuals[:-1][next_to], residuals[1:][next_to]
        previous = rho
        rho = float(np.clip(after @ before / max(before @ before, np.finfo(float).tiny), -0.99 if whole else 0.0, 0.99))
        white = whiten(np.column_stack([design, outcome]), rho, gaps)
        fit = ordinary(white[:, :-1], white[:, -1])
        if abs(rho - previous) < _TOLERANCE:
            break
    return fit._replace(rho=rho)


def whiteness(residuals: Floats, *, estimated: int = 0) -> Whiteness:
    """Test that residuals don't follow one another.

    Parameters
    ----------
    residuals : ndarray, shape (n,)
    estimated : int
        Autocorrelations that were estimated and taken out: each costs a degree of freedom.
    """
    n = len(residuals)
    total = float(residuals @ residuals)
    if total <= 0:
        return Whiteness(float("nan"), float("nan"), float("nan"), 0)
    durbin = float((np.diff(residuals) ** 2).sum()) / total
    lags = max(1 + estimated, min(10, n // 5))
    centred = residuals - residuals.mean()
    variance = float(centred @ centred)
    correlations = np.array([centred[lag:] @ centred[:-lag] for lag in range(1, lags + 1)]) / variance
    box = float(n * (n + 2) * (correlations**2 / (n - np.arange(1, lags + 1))).sum())
    return Whiteness(durbin, box, float(chi2_sf(box, lags - estimated)), lags)
