"""Mean change of the same persons, and gap between two groups: t tests with weights and clusters.

With weights or clusters the variance is linearised: that of the sums, by person or by cluster, of ``w (y - mean)`` over
the total of the weights, with G / (G - 1). Without them, the tests are Student's and Welch's, to the last digit.

References
----------
Student (1908), Biometrika 6; Welch, B. (1947), Biometrika 34; Binder, D. (1983), International Statistical Review 51
(linearised variance of a weighted mean).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctgeval.impact.distributions import t_quantile, t_two_sided
from ctgeval.impact.effect_sizes import detectable_shift
from ctgeval.impact.panel import Floats, Ints
from ctgeval.impact.result import NO_INTERVAL, Interval
from ctgeval.impact.survey_test import SurveyTest

__all__ = ["Sample", "mean_change", "mean_gap", "t_test"]


@dataclass(frozen=True, eq=False)
class Sample:
    """Values of persons, with their weights and clusters.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
    weights : ndarray of float64, shape (n,), optional
    clusters : ndarray of intp, shape (n,), optional
        Codes shared by the samples that are compared.
    """

    values: Floats
    weights: Floats | None = None
    clusters: Ints | None = None

    @property
    def n(self) -> int:
        """Persons."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """Weighted mean; of equal values, that value to the last digit."""
        if self.n and not np.ptp(self.values) > 0:
            return float(self.values[0])
        return float(self.values.mean() if self.weights is None else self.values @ self.weights / self.weights.sum())

    @property
    def spread(self) -> float:
        """Standard deviation, weighted, with n / (n - 1)."""
        if self.weights is None:
            return float(self.values.std(ddof=1))
        variance = self.weights @ (self.values - self.mean) ** 2 / self.weights.sum()
        return float(np.sqrt(variance * self.n / (self.n - 1)))

    def influence(self) -> Floats:
        """Return what each person adds to the error of the mean, shape (n,)."""
        gap = self.values - self.mean
        return gap / self.n if self.weights is None else gap * self.weights / self.weights.sum()

    def variance(self) -> tuple[float, float]:
        """Variance of the mean, and its degrees of freedom: persons, or clusters, less one."""
        own = self.influence()
        if self.clusters is not None:
            codes = np.unique(self.clusters, return_inverse=True)[1].reshape(-1)
            own = np.bincount(codes, weights=own).astype(np.float64)
        count = len(own)
        if count < 2:
            return float("nan"), float("nan")
        return float(count / (count - 1) * (own @ own)), float(count - 1)

    @property
    def std_error(self) -> float:
        """Standard error of the mean; NaN with a single person or cluster."""
        return float(np.sqrt(self.variance()[0]))


def t_test(estimate: float, std_error: float, df: float, *, code: str, name: str, level: float) -> SurveyTest:
    """Make a t test from an estimate, its standard error and its degrees of freedom; NaN without any spread."""
    if not std_error > 0 or not df > 0:
        return SurveyTest(code=code, name=name, estimate=estimate, p_value=float("nan"), interval=NO_INTERVAL)
    half = t_quantile(1 - (1 - level) / 2, df) * std_error
    statistic = estimate / std_error
    return SurveyTest(
        code=code,
        name=name,
        estimate=estimate,
        p_value=float(t_two_sided(statistic, df)),
        std_error=std_error,
        interval=Interval(estimate - half, estimate + half),
        statistic=statistic,
        df=df,
        mde=detectable_shift(df, level=level) * std_error,
    )


def mean_change(sample: Sample, *, level: float) -> SurveyTest:
    """Test that the mean of the changes is zero."""
    variance, df = sample.variance()
    name = "t de Student apparié" if sample.weights is None and sample.clusters is None else "t apparié, linéarisé"
    return t_test(sample.mean, float(np.sqrt(variance)), df, code="t", name=name, level=level)


def mean_gap(after: Sample, before: Sample, *, level: float, pooled: bool = False) -> SurveyTest:
    """Test that two groups have the same mean.

    Parameters
    ----------
    after, before : Sample
        The estimate is the mean of the first less that of the second.
    level : float
    pooled : bool
        Suppose equal variances (Student); otherwise Welch, with his degrees of freedom. Without effect when there are
        weights or clusters.
    """
    estimate = after.mean - before.mean
    plain = after.weights is None and after.clusters is None
    if plain and pooled:
        df = float(after.n + before.n - 2)
        variance = ((after.n - 1) * after.spread**2 + (before.n - 1) * before.spread**2) / df
        error = float(np.sqrt(variance * (1 / after.n + 1 / before.n)))
        return t_test(estimate, error, df, code="t", name="t de Student", level=level)
    if after.clusters is not None and before.clusters is not None and np.isin(after.clusters, before.clusters).any():
        return _shared_clusters(after, before, estimate, level=level)
    (v1, d1), (v0, d0) = after.variance(), before.variance()
    total = v1 + v0
    df = total**2 / (v1**2 / d1 + v0**2 / d0) if total > 0 else float("nan")
    name = "t de Welch" if plain else "t de Welch, linéarisé"
    return t_test(estimate, float(np.sqrt(total)), df, code="welch", name=name, level=level)


def _shared_clusters(after: Sample, before: Sample, estimate: float, *, level: float) -> SurveyTest:
    """Clusters met in both groups: what they have in common goes out of the difference."""
    assert after.clusters is not None
    assert before.clusters is not None
    codes = np.unique(np.concatenate([after.clusters, before.clusters]), return_inverse=True)[1].reshape(-1)
    sums = np.bincount(codes, weights=np.concatenate([after.influence(), -before.influence()]))
    count = len(sums)
    error = float(np.sqrt(count / (count - 1) * (sums @ sums))) if count > 1 else float("nan")
    return t_test(estimate, error, count - 1.0, code="cluster", name="t par groupe de réponses, linéarisé", level=level)
