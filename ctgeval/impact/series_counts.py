"""Numbers of cases with a log link: Poisson, quasi-Poisson and negative binomial, by reweighted least squares.

References
----------
McCullagh, P. and Nelder, J. (1989), Generalized Linear Models, chapters 2 and 6. Venables, W. and Ripley, B. (2002),
Modern Applied Statistics with S, section 7.4 (negative binomial).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from scipy.special import digamma

from ctgeval.errors import NotIdentified
from ctgeval.impact.panel import Floats

__all__ = ["CountFamily", "CountFit", "fit_counts"]

CountFamily = Literal["poisson", "quasipoisson", "negative_binomial"]

_ROUNDS = 200
_TOLERANCE = 1e-12
_FURTHEST = 25.0


class CountFit(NamedTuple):
    """A log-linear model of counts.

    Parameters
    ----------
    coefficients : ndarray, shape (k,)
        On the log scale.
    mean : ndarray, shape (n,)
        Expected counts.
    design, outcome : ndarray, shapes (n, k) and (n,)
        The weighted linear model of the last step: its ordinary least squares give the coefficients, its residuals
        are Pearson's.
    dispersion : float
        Pearson's statistic divided by n - k: 1 when the variance is the one of the family.
    alpha : float
        Variance = mean + alpha mean^2; 0 except for the negative binomial.
    """

    coefficients: Floats
    mean: Floats
    design: Floats
    outcome: Floats
    dispersion: float
    alpha: float


def fit_counts(design: Floats, counts: Floats, offset: Floats, family: CountFamily) -> CountFit:
    """Fit a log-linear model.

    Parameters
    ----------
    design : ndarray, shape (n, k)
        Of full column rank.
    counts : ndarray, shape (n,)
        Cases.
    offset : ndarray, shape (n,)
        Added to the linear predictor: the logarithm of what cases are counted among.
    family : {"poisson", "quasipoisson", "negative_binomial"}

    Raises
    ------
    NotIdentified
        When a coefficient runs away: no case at all on one side.
    """
    coefficients = _fit(design, counts, offset, 0.0, None)
    alpha = 0.0
    if family == "negative_binomial":
        for _ in range(_ROUNDS):
            before = alpha
            alpha = _alpha(counts, np.exp(design @ coefficients + offset))
            coefficients = _fit(design, counts, offset, alpha, coefficients)
            if abs(alpha - before) <= 1e-11 * max(alpha, 1e-3):
                break
    mean = np.exp(design @ coefficients + offset)
    weighted = design * np.sqrt(mean / (1 + alpha * mean))[:, None]
    pearson = (counts - mean) / np.sqrt(mean + alpha * mean**2)
    n, k = design.shape
    return CountFit(
        coefficients=coefficients,
        mean=mean,
        design=weighted,
        outcome=weighted @ coefficients + pearson,
        dispersion=float(pearson @ pearson) / (n - k),
        alpha=alpha,
    )


def _fit(design: Floats, counts: Floats, offset: Floats, alpha: float, start: Floats | None) -> Floats:
    eta = np.log(counts + 0.5) if start is None else design @ start + offset
    around = float(np.log(counts.mean() + 1))
    coefficients = np.zeros(design.shape[1])
    scale = np.linalg.norm(design, axis=0)
    for _ in range(_ROUNDS):
        mean = np.exp(eta)
        root = np.sqrt(mean / (1 + alpha * mean))
        working = eta - offset + (counts - mean) / mean
        new = np.linalg.lstsq(design / scale * root[:, None], working * root, rcond=None)[0] / scale
        step = design @ (new - coefficients)
        coefficients = new
        eta = design @ new + offset
        if np.abs(eta - around).max() > _FURTHEST:
            raise NotIdentified(
                "Aucun cas n’est compté d’un côté de l’interruption (ou pour une saison) : le rapport des taux n’a pas "
                "de valeur finie.",
                remedy="Regroupez les périodes (des trimestres au lieu de mois), ou retirez des termes (slope=False, "
                "season).",
            )
        if np.abs(step).max() < _TOLERANCE * (1 + np.abs(eta).max()):
            break
    return np.asarray(coefficients, dtype=np.float64)


def _alpha(counts: Floats, mean: Floats) -> float:
    """Maximise the likelihood in the dispersion of a negative binomial; 0 when counts vary less than Poisson's."""
    if ((counts - mean) ** 2 - counts).sum() <= 0:
        return 0.0
    # Bounds of the logarithm of theta = 1 / alpha; the slope of the likelihood changes sign once.
    low, high = -18.0, 18.0
    for _ in range(80):
        middle = (low + high) / 2
        theta = np.exp(middle)
        slope = (digamma(counts + theta) - digamma(theta) + middle + 1 - np.log(theta + mean)).sum()
        slope -= ((counts + theta) / (mean + theta)).sum()
        low, high = (middle, high) if slope > 0 else (low, middle)
    return float(np.exp(-(low + high) / 2)) if high < 17.9 else 0.0
