"""Covariances of linear estimators from what each cell weighs in them, with the small-sample switches of fixest.

Every function takes *influences*: cell by cell (or unit by unit), the coefficient that the estimator gives to the
outcome times the residual. A cluster covariance is then the sum of squares of their sums by cluster.

References
----------
MacKinnon, J. and White, H. (1985), Journal of Econometrics 29 (HC1 to HC3); Cameron, C., Gelbach, J. and Miller, D.
(2011), Journal of Business & Economic Statistics 29 (two ways); Bergé, L., fixest, vignette « On standard-errors »
(``K.adj``, ``K.fixef``, ``G.adj``, ``G.df``: the names of the switches).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ctgeval.impact.panel import Floats, Ints

__all__ = ["FIXEST", "KINDS", "Degrees", "Kind", "SmallSample", "cluster_sums", "scaled", "two_way_sum"]

Kind = Literal["iid", "hc1", "hc2", "hc3", "cluster", "two_way"]
KINDS: tuple[Kind, ...] = ("iid", "hc1", "hc2", "hc3", "cluster", "two_way")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallSample:
    """Switches of the small-sample adjustment, as fixest names them.

    Parameters
    ----------
    k_adj : bool
        Multiply by (n - 1) / (n - k), or n / (n - k) for HC1.
    k_fixef : {"none", "nonnested", "full"}
        Fixed effects that k counts: none, all, or all but those nested in the clusters.
    G_adj : bool
        Multiply a cluster covariance by G / (G - 1).
    G_df : {"min", "conventional"}
        With two ways, G is the smaller number of clusters, or that of each term.
    """

    k_adj: bool = True
    k_fixef: Literal["none", "nonnested", "full"] = "nonnested"
    G_adj: bool = True
    G_df: Literal["min", "conventional"] = "min"


FIXEST = SmallSample()
"""The defaults of fixest (and pyfixest)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Degrees:
    """What a covariance counts.

    Parameters
    ----------
    n : int
        Observations.
    k : int
        Estimated coefficients, without the fixed effects.
    effects : int
        Free fixed effects: units + periods - connected parts of the panel.
    units, periods : int
        Levels of each fixed effect.
    """

    n: int
    k: int
    effects: int
    units: int
    periods: int

    def counted(self, kind: Kind, switches: SmallSample, *, unit_nested: bool, period_nested: bool) -> int:
        """Return k with the fixed effects that the switches let it count."""
        if switches.k_fixef == "none":
            return self.k
        if switches.k_fixef == "full" or kind not in {"cluster", "two_way"} or not (unit_nested or period_nested):
            return self.k + self.effects
        levels = unit_nested * self.units + period_nested * self.periods
        return self.k + self.effects - levels + unit_nested + period_nested


def scaled(kind: Kind, degrees: Degrees, switches: SmallSample, counted: int) -> float:
    """Return the factor that stands for the regressors, without that of the clusters.

    NaN when there are no more observations than coefficients.
    """
    left = degrees.n - counted
    if left <= 0:
        return float("nan")
    if not switches.k_adj or kind in {"hc2", "hc3"}:
        return 1.0
    return degrees.n / left if kind == "hc1" else (degrees.n - 1) / left


def cluster_sums(influence: Floats, clusters: Ints) -> Floats:
    """Sum influences, shape (N, c), by cluster: shape (G, c)."""
    n_clusters = int(clusters.max(initial=-1)) + 1
    if n_clusters == len(clusters):
        # Each unit its own cluster: their order does not matter to a sum of squares.
        return influence
    return np.stack([np.bincount(clusters, weights=column, minlength=n_clusters) for column in influence.T], axis=1)


def two_way_sum(
    by_cluster: Floats,
    by_period: Floats,
    both: Floats,
    *,
    n_clusters: int,
    n_periods: int,
    n_cells: int,
    switches: SmallSample,
) -> Floats:
    """Join the sums of squares of the two ways, less that of their crossing (Cameron, Gelbach and Miller 2011, 2.1)."""
    smallest = min(n_clusters, n_periods)

    def factor(groups: int) -> float:
        if not switches.G_adj:
            return 1.0
        count = smallest if switches.G_df == "min" else groups
        return count / (count - 1)

    return factor(n_clusters) * by_cluster + factor(n_periods) * by_period - factor(n_cells) * both
