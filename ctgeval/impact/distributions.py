"""Student, normal and chi-squared laws from scipy's special functions: the statistics module costs half a second."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

__all__ = ["chi2_sf", "f_sf", "normal_cdf", "normal_quantile", "normal_two_sided", "t_cdf", "t_quantile", "t_two_sided"]


def t_cdf(value: Any, df: Any) -> Any:
    """Student's distribution function; infinite degrees of freedom give the normal law."""
    return np.where(np.isinf(df), special.ndtr(value), special.stdtr(df, value))


def t_two_sided(value: Any, df: Any) -> Any:
    """Probability that a Student variable is further from zero than ``value``."""
    return 2 * t_cdf(-np.abs(value), df)


def t_quantile(probability: float, df: float) -> float:
    """Quantile of Student's law."""
    return float(special.ndtri(probability) if np.isinf(df) else special.stdtrit(df, probability))


def normal_cdf(value: Any) -> Any:
    """Distribution function of the normal law."""
    return special.ndtr(value)


def normal_quantile(probability: float) -> float:
    """Quantile of the normal law."""
    return float(special.ndtri(probability))


def normal_two_sided(value: Any) -> Any:
    """Probability that a normal variable is further from zero than ``value``."""
    return 2 * special.ndtr(-np.abs(value))


def chi2_sf(value: Any, df: Any) -> Any:
    """Probability that a chi-squared variable is above ``value``."""
    return special.chdtrc(df, value)


def f_sf(value: Any, df1: Any, df2: Any) -> Any:
    """Probability that a Fisher variable is above ``value``; infinite ``df2`` gives a chi-squared law over ``df1``."""
    return np.where(np.isinf(df2), special.chdtrc(df1, df1 * value), special.fdtrc(df1, df2, value))
