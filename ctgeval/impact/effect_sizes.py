"""Standardised effects with their intervals, and the effect that a t test finds four times in five."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special

from ctgeval.impact.distributions import normal_quantile, t_quantile
from ctgeval.impact.result import Interval

__all__ = ["EffectSize", "cohen_d", "cohen_dz", "detectable_shift", "hedges_factor", "noncentrality_interval"]

_STEPS = 80
# Statistics whose non-central law its series still give; beyond, the normal one with the same spread.
_LARGE = 500.0


class EffectSize(NamedTuple):
    """A difference in standard deviations, its interval, and both after Hedges' correction for small samples."""

    value: float
    interval: Interval
    corrected: float
    corrected_interval: Interval


def hedges_factor(df: float) -> float:
    """Return the factor that takes the small-sample bias away from a standardised difference.

    References
    ----------
    Hedges, L. (1981), Journal of Educational Statistics 6(2), eq. 6e (exact, by gamma functions).
    """
    return (
        float(np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)) if df > 1 else np.nan
    )


def noncentrality_interval(t: float, df: float, *, level: float = 0.95) -> Interval:
    """Non-centralities under which the observed t is not extreme, by inversion of the non-central law.

    Parameters
    ----------
    t, df : float
        Statistic and degrees of freedom.
    level : float

    References
    ----------
    Steiger, J. and Fouladi, R. (1997), Noncentrality interval estimation, in What if there were no significance tests?
    """
    if t < 0:
        mirrored = noncentrality_interval(-t, df, level=level)
        return Interval(-mirrored.high, -mirrored.low)
    alpha = 1 - level
    spread = float(np.sqrt(1 + t * t / (2 * df)))
    if t > _LARGE:
        half = normal_quantile(1 - alpha / 2) * spread
        return Interval(t - half, t + half)

    def cdf(nc: float) -> float:
        value = float(special.nctdtr(df, nc, t))
        # Far from the observed t the series give nothing, where the answer is 0 or 1.
        return value if np.isfinite(value) else float(nc < t)

    # With t >= 0 no non-centrality under -8 leaves it below its upper tail: P(T <= t) >= P(T <= 0) = Phi(8).
    reach = t + 12 * spread
    return Interval(
        _root(lambda nc: cdf(nc) - (1 - alpha / 2), -8.0, reach),
        _root(lambda nc: cdf(nc) - alpha / 2, -8.0, reach),
    )


def cohen_dz(difference: float, spread: float, n: int, *, level: float = 0.95) -> EffectSize:
    """Mean change over the standard deviation of the changes.

    Parameters
    ----------
    difference, spread : float
        Mean and standard deviation of the changes of ``n`` persons.
    n : int
    level : float
    """
    return _effect(difference / spread, np.sqrt(n), n - 1, level=level)


def cohen_d(difference: float, pooled: float, n1: int, n0: int, *, level: float = 0.95) -> EffectSize:
    """Difference of the means of two groups over their pooled standard deviation."""
    return _effect(difference / pooled, np.sqrt(n1 * n0 / (n1 + n0)), n1 + n0 - 2, level=level)


def _effect(value: float, root_n: float, df: float, *, level: float) -> EffectSize:
    ends = noncentrality_interval(value * root_n, df, level=level)
    interval = Interval(float(ends.low / root_n), float(ends.high / root_n))
    factor = hedges_factor(df)
    return EffectSize(value, interval, value * factor, Interval(interval.low * factor, interval.high * factor))


def detectable_shift(df: float, *, level: float = 0.95, power: float = 0.8) -> float:
    """Shift, in standard errors, that a two-sided t test finds with a given power (non-central t).

    Parameters
    ----------
    df : float
        Degrees of freedom; infinite for a normal test.
    level, power : float
    """
    critical = t_quantile(1 - (1 - level) / 2, df)
    if np.isinf(df) or critical > _LARGE:
        return critical + t_quantile(power, df)

    def missing(nc: float) -> float:
        # By the complement of the lower tail of the mirrored law: the upper tail alone is what a shift reaches.
        return power - (1 - float(special.nctdtr(df, nc, critical)))

    return _root(missing, 0.0, critical + 10.0)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Zero of a decreasing function, by halving."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if function(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
