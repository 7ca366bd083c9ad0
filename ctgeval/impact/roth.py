"""Tests of parallel evolutions before treatment, and the drift that they would have missed.

Two tests: a joint one, and the one that people make by eye (no coefficient before treatment is significant). A drift
that passes the test is not absent: estimates that passed it are biased by another amount than the drift itself.

References
----------
Roth, J. (2022), Pretest with Caution: Event-Study Estimates after Testing for Parallel Trends, AER: Insights 4(3),
sections I and II.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, special

from ctgeval.errors import DesignError
from ctgeval.impact.distributions import normal_quantile
from ctgeval.impact.gaps import Gaps, read_gaps
from ctgeval.impact.panel import Floats, Panel
from ctgeval.impact.placebo_slope import placebo_slope
from ctgeval.impact.pretrends import wald
from ctgeval.impact.result import ImpactResult, plain
from ctgeval.impact.truncated import box

__all__ = ["PreTrends", "pre_trends"]

_POWERS = (0.5, 0.8)
_EMPTY = pd.DataFrame({"power": [], "slope": [], "event_time": [], "bias": [], "conditional_bias": []})


@dataclass(frozen=True, eq=False, kw_only=True)
class PreTrends:
    """What gaps before treatment say, and what they could not have said.

    Parameters
    ----------
    how : {"wald", "placebos", "none"}
        Where the p-value comes from.
    p_value : float
        Of parallel evolutions before treatment, jointly.
    significant : int or None
        Number of periods before treatment whose gap is significant by itself.
    detectable_slope_50, detectable_slope_80 : float
        Linear drift, in the unit of the outcome per period, that some significant gap would have shown once in two, and
        four times in five.
    wald_slope_50, wald_slope_80 : float
        The same for the joint test.
    conditional_bias : DataFrame
        ``power, slope, event_time, bias, conditional_bias``: what those drifts add to each gap after treatment, and
        what they add on average among estimates that passed the test.
    level : float
    n_pre : int
        Gaps before treatment, the reference left out.
    valid : bool
        Whether the covariance may serve.
    limits : tuple of str
        French sentences.
    unit, label : str
        Of the outcome.
    """

    how: Literal["wald", "placebos", "none"]
    p_value: float
    significant: int | None
    detectable_slope_50: float
    detectable_slope_80: float
    wald_slope_50: float
    wald_slope_80: float
    conditional_bias: pd.DataFrame
    level: float
    n_pre: int
    valid: bool
    limits: tuple[str, ...] = ()
    unit: str = ""
    label: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values (NaN is None)."""
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}

    def text(self) -> str:
        """Say it in French sentences."""
        from ctgeval.impact import robustness

        return robustness.pre_trends_text(self.to_dict())

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.text())}</p>"


def pre_trends(
    result: ImpactResult | None = None,
    *,
    coefficients: npt.ArrayLike | None = None,
    covariance: npt.ArrayLike | None = None,
    n_pre: int | None = None,
    n_post: int | None = None,
    panel: Panel | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> PreTrends:
    """Test parallel evolutions before treatment, and tell the drift that the test would have missed.

    Parameters
    ----------
    result : ImpactResult, optional
        Of `ctgeval.impact.event_study`, or of `ctgeval.impact.group_time` with a universal base.
    coefficients : array_like, shape (n_pre + n_post,), optional
        Instead: gaps in order of time, the last period before treatment being the reference and left out.
    covariance : array_like, shape (n_pre + n_post, n_pre + n_post), optional
    n_pre, n_post : int, optional
    panel : Panel, optional
        Where the covariance is degenerate (few treated units), drifts are judged by those of its comparators.
    level : float
        Of confidence.
    seed : int

    Raises
    ------
    DesignError
        When shapes disagree, the covariance is not one, or a period is absent.
    NotIdentified
        When there is no gap before treatment.
    """
    if not 0.5 < level < 1:
        raise DesignError(
            "Le niveau de confiance doit être entre 0,5 et 1.", key="level", value=str(level), remedy="Donnez 0.95."
        )
    gaps = read_gaps(result, coefficients=coefficients, covariance=covariance, n_pre=n_pre, n_post=n_post)
    return _valid(gaps, level, seed) if gaps.valid else _by_placebos(gaps, panel, level, seed)


def _valid(gaps: Gaps, level: float, seed: int) -> PreTrends:
    estimates, covariance = gaps.before
    errors = np.sqrt(np.diagonal(covariance))
    half = normal_quantile((1 + level) / 2) * errors
    # The drift is measured from the reference, one period before treatment.
    times = np.arange(-gaps.n_pre, 0, dtype=np.float64)
    limits: list[str] = []
    alone = [_slope_of(times, covariance, half, power, seed) for power in _POWERS]
    joint = [_wald_slope(times, covariance, level, power) for power in _POWERS]
    for power, slope in zip(_POWERS, alone, strict=True):
        if np.isnan(slope):
            limits.append(
                f"Sans aucune dérive, l’un des {gaps.n_pre} écarts d’avant l’action paraîtrait déjà significatif plus "
                f"de {100 * power:g} fois sur 100 : ce test ne dit rien."
            )
    return PreTrends(
        how="wald",
        p_value=wald(estimates, covariance, gaps.df)[1],
        significant=int((np.abs(estimates) > half).sum()),
        detectable_slope_50=alone[0],
        detectable_slope_80=alone[1],
        wald_slope_50=joint[0],
        wald_slope_80=joint[1],
        conditional_bias=_conditional(gaps, times, half, alone, seed),
        level=level,
        n_pre=gaps.n_pre,
        valid=True,
        limits=tuple(limits),
        unit=gaps.unit,
        label=gaps.label,
    )


def _slope_of(times: Floats, covariance: Floats, half: Floats, power: float, seed: int) -> float:
    """Drift under which some gap is significant with that probability; NaN when one is without any drift."""

    def excess(slope: float) -> float:
        return 1 - box(slope * times, covariance, half, seed=seed)[0] - power

    if excess(0.0) >= 0:
        return np.nan
    # A gap that stands 5 standard errors beyond its threshold is seen.
    most = float(((half + 5 * np.sqrt(np.diagonal(covariance))) / np.abs(times)).min())
    return float(optimize.brentq(excess, 0.0, most, xtol=1e-7 * most))


def _wald_slope(times: Floats, covariance: Floats, level: float, power: float) -> float:
    """Drift that the joint test finds with that probability, for a known covariance."""
    critical = float(special.chdtri(len(times), 1 - level))
    shift = float(special.chndtrinc(critical, len(times), 1 - power))
    return float(np.sqrt(shift / (times @ np.linalg.solve(covariance, times))))


def _conditional(gaps: Gaps, times: Floats, half: Floats, slopes: list[float], seed: int) -> pd.DataFrame:
    n = gaps.n_pre
    covariance = gaps.covariance[:n, :n]
    onto = np.linalg.solve(covariance, gaps.covariance[:n, n:])
    after = np.arange(1, gaps.n_post + 1, dtype=np.float64)
    tables = []
    for power, slope in zip(_POWERS, slopes, strict=True):
        if np.isnan(slope):
            continue
        drift = slope * times
        kept = box(drift, covariance, half, seed=seed)[1]
        tables.append(
            pd.DataFrame(
                {
                    "power": power,
                    "slope": slope,
                    "event_time": np.arange(gaps.n_post),
                    "bias": slope * after,
                    "conditional_bias": slope * after + (kept - drift) @ onto,
                }
            )
        )
    return pd.concat(tables, ignore_index=True) if tables else _EMPTY


def _by_placebos(gaps: Gaps, panel: Panel | None, level: float, seed: int) -> PreTrends:
    limits = [gaps.reason]
    p_value = half = most = np.nan
    if panel is None:
        limits.append("Donnez le panel (panel=...) pour comparer la dérive d’avant l’action à celles des comparateurs.")
    else:
        placebos = placebo_slope(panel, level=level, seed=seed)
        p_value, half, most = placebos.p_value, placebos.detectable_50, placebos.detectable_80
        if placebos.reason:
            limits.append(placebos.reason)
    return PreTrends(
        how="none" if panel is None else "placebos",
        p_value=p_value,
        significant=None,
        detectable_slope_50=half,
        detectable_slope_80=most,
        wald_slope_50=np.nan,
        wald_slope_80=np.nan,
        conditional_bias=_EMPTY,
        level=level,
        n_pre=gaps.n_pre,
        valid=False,
        limits=tuple(limits),
        unit=gaps.unit,
        label=gaps.label,
    )
