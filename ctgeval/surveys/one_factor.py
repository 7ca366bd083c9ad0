"""One-factor model by maximum likelihood, on many correlation matrices at once.

References
----------
Jöreskog, K. (1967), Some Contributions to Maximum Likelihood Factor Analysis, Psychometrika 32(4) (concentrated
function of the uniquenesses, its gradient and its approximate second derivatives).
"""

from __future__ import annotations

import numpy as np

from ctgeval.intervals import Floats

__all__ = ["one_factor"]

LEAST = 0.005
"""Smallest uniqueness, as in R's factanal: under it an item would be the factor itself (Heywood case)."""
_STEPS = 200
_CLOSE = 1e-8


def one_factor(correlations: Floats) -> tuple[Floats, Floats]:
    """Fit one common factor.

    Parameters
    ----------
    correlations : ndarray of float64, shape (..., k, k)
        Finite, with ones on the diagonal; k of 3 or more.

    Returns
    -------
    loadings, uniquenesses : ndarray of float64, shape (..., k)
        Signs are such that loadings sum to zero or more. NaN where the fit did not converge.
    """
    shape = correlations.shape[:-1]
    r = correlations.reshape(-1, *correlations.shape[-2:])
    k = r.shape[-1]
    psi = np.full((len(r), k), 0.5)
    done = np.zeros(len(r), dtype=bool)
    for _ in range(_STEPS):
        todo = np.flatnonzero(~done)
        if not len(todo):
            break
        step, gradient = _newton(r[todo], psi[todo])
        done[todo] = np.abs(gradient).max(axis=1) < _CLOSE
        moved = np.exp(np.log(psi[todo]) - np.clip(step, -1, 1))
        psi[todo] = np.where(done[todo][:, None], psi[todo], np.clip(moved, LEAST, 1.0))
    theta, omega = _spectrum(r, psi)
    loadings = np.sqrt(psi * np.maximum(theta[:, -1:] - 1, 0)) * omega[:, :, -1]
    loadings *= np.where(loadings.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    loadings[~done], psi[~done] = np.nan, np.nan
    return loadings.reshape(shape), psi.reshape(shape)


def _spectrum(r: Floats, psi: Floats) -> tuple[Floats, Floats]:
    scale = 1 / np.sqrt(psi)
    theta, omega = np.linalg.eigh(r * scale[:, :, None] * scale[:, None, :])
    return np.asarray(theta), np.asarray(omega)


def _newton(r: Floats, psi: Floats) -> tuple[Floats, Floats]:
    """Step in the logarithm of the uniquenesses, and the gradient, both zero for those that a bound holds."""
    theta, omega = _spectrum(r, psi)
    rest = omega[:, :, :-1]
    gradient = ((1 - theta[:, None, :-1]) * rest**2).sum(axis=2)
    held = ((psi <= LEAST) & (gradient > 0)) | ((psi >= 1) & (gradient < 0))
    gradient = np.where(held, 0.0, gradient)
    second = (rest @ rest.transpose(0, 2, 1)) ** 2
    second = np.where(held[:, :, None] | held[:, None, :], 0.0, second)
    ridge = np.where(held, 1.0, 1e-9)
    second = second + ridge[:, :, None] * np.eye(psi.shape[1])
    return np.asarray(np.linalg.solve(second, gradient[:, :, None])[:, :, 0], dtype=np.float64), gradient
