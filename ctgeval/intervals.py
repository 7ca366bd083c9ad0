"""Intervals of one share, one count, one rate, and the control of many tests: the formulas that every stage shares.

References
----------
Wilson, E. (1927), Probable Inference, the Law of Succession, and Statistical Inference, JASA 22(158); Garwood, F.
(1936), Fiducial Limits for the Poisson Distribution, Biometrika 28; Byar's approximation, in Breslow, N. and Day, N.
(1987), Statistical Methods in Cancer Research II, eq. 2.11; Benjamini, Y. and Hochberg, Y. (1995), Controlling the
False Discovery Rate, JRSS B 57(1).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["Bounds", "Floats", "benjamini_hochberg", "byar", "poisson_exact", "wilson"]

Floats = npt.NDArray[np.float64]
Bounds = tuple[Floats, Floats]
"""Low and high, of one shape."""


def wilson(count: npt.ArrayLike, n: npt.ArrayLike, *, level: float = 0.95) -> Bounds:
    """Return the score interval of shares.

    Parameters
    ----------
    count, n : array_like of float
        Numerators and denominators, broadcast together; they need not be whole (effective sizes).
    level : float
        Confidence, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float64
        Shares between 0 and 1; NaN where ``n`` is not positive, or the count not between 0 and ``n``.

    Examples
    --------
    >>> low, high = wilson(15, 100)
    >>> print(f"{low:.4f} {high:.4f}")
    0.0931 0.2328
    """
    k, size = np.broadcast_arrays(np.asarray(count, dtype=np.float64), np.asarray(n, dtype=np.float64))
    usable = (size > 0) & (k >= 0) & (k <= size)
    size = np.where(usable, size, 1.0)
    k = np.where(usable, k, 0.0)
    z = _z(level)
    centre = (k + z * z / 2) / (size + z * z)
    half = z * np.sqrt(k * (size - k) / size + z * z / 4) / (size + z * z)
    low = np.where(k == 0, 0.0, np.maximum(0.0, centre - half))
    high = np.where(k == size, 1.0, np.minimum(1.0, centre + half))
    return np.where(usable, low, np.nan), np.where(usable, high, np.nan)


def poisson_exact(count: npt.ArrayLike, *, level: float = 0.95) -> Bounds:
    """Return the exact interval of the mean of Poisson counts (Garwood).

    Parameters
    ----------
    count : array_like of float
        Counts; those that are negative or missing give NaN.
    level : float

    Examples
    --------
    >>> low, high = poisson_exact(10)
    >>> print(f"{low:.4f} {high:.4f}")
    4.7954 18.3904
    """
    k = np.asarray(count, dtype=np.float64)
    usable = k >= 0
    k = np.where(usable, k, 0.0)
    alpha = 1 - level
    low = np.where(k > 0, special.gammaincinv(np.where(k > 0, k, 1.0), alpha / 2), 0.0)
    high = special.gammaincinv(k + 1, 1 - alpha / 2)
    return np.where(usable, low, np.nan), np.where(usable, high, np.nan)


def byar(count: npt.ArrayLike, *, level: float = 0.95) -> Bounds:
    """Return Byar's approximation of the interval of the mean of Poisson counts, close to the exact one from 5 on.

    Parameters
    ----------
    count : array_like of float
        Counts; those that are negative or missing give NaN.
    level : float

    Examples
    --------
    >>> low, high = byar(10)
    >>> print(f"{low:.4f} {high:.4f}")
    4.7877 18.3911
    """
    k = np.asarray(count, dtype=np.float64)
    usable = k >= 0
    k = np.where(usable, k, 0.0)
    z = _z(level)
    safe = np.where(k > 0, k, 1.0)
    low = np.where(k > 0, safe * (1 - 1 / (9 * safe) - z / (3 * np.sqrt(safe))) ** 3, 0.0)
    high = (k + 1) * (1 - 1 / (9 * (k + 1)) + z / (3 * np.sqrt(k + 1))) ** 3
    return np.where(usable, np.maximum(low, 0.0), np.nan), np.where(usable, high, np.nan)


def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Adjust p-values so that the expected share of false discoveries stays at the level.

    Parameters
    ----------
    p : array_like of float, shape (S,)
        Between 0 and 1; a NaN is a test that was not made: it does not count, and stays NaN.

    Returns
    -------
    ndarray of float64, shape (S,)
    """
    values = np.asarray(p, dtype=np.float64).ravel()
    found = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    n = len(order)
    raised = n / np.arange(1, n + 1) * values[order]
    found[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return found


def _z(level: float) -> float:
    return float(special.ndtri(1 - (1 - level) / 2))
