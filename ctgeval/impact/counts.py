"""Counts of events before and after, with exposures: ratio of rates, exact given the total or from unit to unit.

References
----------
Przyborowski, J. and Wilenski, H. (1940), Biometrika 31 (conditional test of two Poisson rates); Clopper, C. and
Pearson, E. (1934), Biometrika 26.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from ctgeval.impact.distributions import normal_quantile, t_quantile, t_two_sided
from ctgeval.impact.effect_sizes import detectable_shift
from ctgeval.impact.panel import Floats
from ctgeval.impact.proportions import clopper_pearson
from ctgeval.impact.result import Interval
from ctgeval.impact.survey_test import SurveyTest

__all__ = ["dispersion", "exact_ratio", "robust_ratio"]


def exact_ratio(before: float, after: float, exposure_before: float, exposure_after: float, *, level: float) -> (
    SurveyTest
):  # fmt: skip
    """Compare two Poisson rates given their total; estimate, error and interval are changes in percent.

    Parameters
    ----------
    before, after : float
        Events.
    exposure_before, exposure_after : float
        What they are counted on: persons, days, places.
    level : float

    Returns
    -------
    SurveyTest
        The p-value is twice the smaller tail, so that it never contradicts the interval.
    """
    k0, k1 = round(before), round(after)
    total, share = k0 + k1, exposure_after / (exposure_before + exposure_after)
    low, high = clopper_pearson(k1, total, level)
    odds = exposure_before / exposure_after
    tails = float(special.bdtr(k1, total, share)), float(special.bdtrc(k1 - 1, total, share)) if k1 else 1.0
    extreme = min(1.0, 2 * min(share**total, (1 - share) ** total))
    error = np.sqrt(1 / k0 + 1 / k1) if k0 and k1 else np.nan
    ratio = k1 / k0 * odds if k0 else np.nan
    return SurveyTest(
        code="exact",
        name="test exact de deux comptages (loi de Poisson)",
        estimate=100 * (ratio - 1),
        p_value=min(1.0, 2 * min(tails)),
        std_error=float(100 * ratio * error),
        interval=Interval(_percent(low, odds), _percent(high, odds)),
        minimum_p=extreme,
        mde=_mde(float(error), normal_quantile(1 - (1 - level) / 2) + normal_quantile(0.8)),
    )


def _percent(share: float, odds: float) -> float:
    return float("inf") if share >= 1 else 100 * (share / (1 - share) * odds - 1)


def _mde(error: float, multiple: float) -> float:
    return float(100 * np.expm1(multiple * error))


def robust_ratio(
    before: Floats, after: Floats, exposure_before: Floats, exposure_after: Floats, *, paired: bool, level: float
) -> SurveyTest:
    """Compare two rates by how much they vary from unit to unit, whatever the law of the counts.

    The logarithm of the ratio is linearised; its variance is that of the sums over units (both counts of a unit
    together when ``paired``), with n / (n - 1), and Student's law with n - 1 degrees of freedom.
    """
    totals = [float(x.sum()) for x in (before, after, exposure_before, exposure_after)]
    k0, k1, e0, e1 = totals
    log_ratio = np.log(k1 / k0 * e0 / e1)
    part0, part1 = before / k0 - exposure_before / e0, after / k1 - exposure_after / e1
    pieces = [part1 - part0] if paired else [part0, part1]
    variance = sum(len(u) / (len(u) - 1) * float(u @ u) for u in pieces)
    df = float(min(len(u) for u in pieces) - 1)
    error = float(np.sqrt(variance))
    half = t_quantile(1 - (1 - level) / 2, df) * error
    statistic = float(log_ratio / error) if error > 0 else float("nan")
    return SurveyTest(
        code="robust",
        name="rapport de taux, variabilité d’une unité à l’autre",
        estimate=float(100 * np.expm1(log_ratio)),
        p_value=float(t_two_sided(statistic, df)),
        std_error=float(100 * np.exp(log_ratio) * error),
        interval=Interval(float(100 * np.expm1(log_ratio - half)), float(100 * np.expm1(log_ratio + half))),
        statistic=statistic,
        df=df,
        mde=_mde(error, detectable_shift(df, level=level)),
    )


def dispersion(counts: Floats, exposure: Floats) -> float:
    """Variance of counts over what a Poisson law of the same rate gives (Pearson); 1 without excess."""
    if len(counts) < 2 or counts.sum() == 0:
        return float("nan")
    expected = counts.sum() * exposure / exposure.sum()
    return float(((counts - expected) ** 2 / expected).sum() / (len(counts) - 1))
