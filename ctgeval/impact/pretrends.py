"""Did treated and comparators move together before the action? A joint test, and the drift it would have missed.

With many treated clusters, a Wald test on the coefficients before treatment. Otherwise the covariance is degenerate (a
single treated unit has no variance of its own), and the same distance is judged against all the places where the
treatment could have gone.

References
----------
Roth, J. (2022), Pretest with Caution, AER: Insights 4(3) (why the slope that could have been detected is always told).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ctgeval.impact.assignments import assignments
from ctgeval.impact.distributions import f_sf
from ctgeval.impact.panel import Bools, Floats, Ints, Panel
from ctgeval.impact.projection import TwoWay
from ctgeval.impact.situation import detectable

__all__ = ["PreTrend", "pre_trend", "wald"]

_PER_PERIOD = 10
"""Clusters of each side that a Wald test needs for each coefficient."""
_LISTED = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PreTrend:
    """What the periods before treatment say.

    Parameters
    ----------
    how : {"wald", "permutation", "none"}
    p_value : float
        Of parallel evolutions before treatment; NaN when nothing can be tested.
    minimum_p : float
        Smallest p-value that the test could give; 0 for a Wald test.
    statistic : float
        F of the Wald test; squared distance in the permutation.
    n_periods : int
        Periods before the first treatment.
    slope : float
        Difference of trends before treatment, in the unit of the outcome per period.
    detectable_slope : float
        Smallest difference of trends that these data would have shown four times in five.
    """

    how: Literal["wald", "permutation", "none"]
    p_value: float = float("nan")
    minimum_p: float = float("nan")
    statistic: float = float("nan")
    n_periods: int
    slope: float = float("nan")
    detectable_slope: float = float("nan")


def wald(estimates: Floats, covariance: Floats, df: float) -> tuple[float, float]:
    """Test that several estimates are all zero.

    Returns
    -------
    tuple of float
        F and its p-value; NaN when the covariance is singular.
    """
    values, vectors = np.linalg.eigh(covariance)
    if not len(values) or not np.isfinite(values).all() or values[0] <= 1e-10 * values[-1] or not df > 0:
        return np.nan, np.nan
    statistic = float((((vectors.T @ estimates) ** 2) / values).sum()) / len(values)
    return statistic, float(f_sf(statistic, len(values), df))


def pre_trend(
    panel: Panel,
    *,
    estimates: Floats | None = None,
    covariance: Floats | None = None,
    df: float = float("nan"),
    level: float = 0.95,
    draws: int = 1_999,
    seed: int = 0,
) -> PreTrend:
    """Test parallel evolutions before treatment.

    Parameters
    ----------
    panel : Panel
    estimates, covariance : ndarray of float64, shape (m,) and (m, m), optional
        Coefficients before treatment, where their covariance is valid; the test is made by permutation otherwise.
    df : float
        Degrees of freedom of the covariance.
    level : float
        Of confidence.
    draws : int
        Assignments drawn when there are more than 5,000.
    seed : int
    """
    n_pre = panel.n_pre
    groups = None if n_pre < 2 else _groups(panel)
    if groups is None:
        return PreTrend(how="none", n_periods=n_pre)
    slope, missed = _slope(_mean(panel, _slopes(panel)[:, None])[:, 0], groups, level)
    counts = (int(groups.sum()), int((~groups).sum()))
    if estimates is not None and covariance is not None and min(counts) >= _PER_PERIOD * len(estimates):
        statistic, p_value = wald(estimates, covariance, df)
        how: Literal["wald", "permutation"] = "wald"
        minimum = 0.0
    else:
        first = np.unique(panel.clusters, return_index=True)[1]
        strata = None if panel.strata is None else panel.strata[first if panel.clustered else slice(None)]
        statistic, p_value, minimum = _permuted(
            _mean(panel, _paths(panel)[:, :-1]), groups, strata, draws=draws, seed=seed
        )
        how = "permutation"
    return PreTrend(
        how=how,
        p_value=p_value,
        minimum_p=minimum,
        statistic=statistic,
        n_periods=n_pre,
        slope=slope,
        detectable_slope=missed,
    )


def _groups(panel: Panel) -> Bools | None:
    """Whether each cluster has a treated unit; None when all are on the same side."""
    treated = _mean(panel, panel.treated.astype(np.float64)[:, None])[:, 0] > 0
    return None if treated.all() or not treated.any() else treated


def _mean(panel: Panel, values: Floats) -> Floats:
    """Mean by cluster of what is known of its units, shape (G, m); NaN where nothing is."""
    if not panel.clustered:
        return values
    codes = np.unique(panel.clusters, return_inverse=True)[1]
    known = ~np.isnan(values)
    number = np.stack([np.bincount(codes, weights=column) for column in known.T], axis=1)
    total = np.stack([np.bincount(codes, weights=column) for column in np.where(known, values, 0.0).T], axis=1)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _paths(panel: Panel) -> Floats:
    """Path of each unit before treatment, once unit and period effects are out, shape (N, n_pre).

    A gap counts for 0, as if the unit had followed the others there.
    """
    seen = panel.observed[:, : panel.n_pre]
    outcome = np.where(seen, panel.outcome[:, : panel.n_pre], 0.0)
    return TwoWay(seen.astype(np.float64)).demean(outcome)


def _slopes(panel: Panel) -> Floats:
    """Trend of each unit before treatment, by period; NaN under two periods."""
    n_pre = panel.n_pre
    if panel.balanced:
        centred = panel.times[:n_pre] - panel.times[:n_pre].mean()
        return np.asarray(panel.outcome[:, :n_pre] @ (centred / (centred @ centred)))
    seen = panel.observed[:, :n_pre]
    count = np.maximum(seen.sum(axis=1), 1)
    times = np.where(seen, panel.times[:n_pre] - ((seen @ panel.times[:n_pre]) / count)[:, None], 0.0)
    spread = np.einsum("it,it->i", times, times)
    # A unit that misses a year must not take the common evolution for its own: effects are out first.
    along = np.einsum("it,it->i", times, _paths(panel))
    return np.where(spread > 0, along / np.where(spread > 0, spread, 1.0), np.nan)


def _slope(slopes: Floats, treated: Bools, level: float) -> tuple[float, float]:
    on, off = slopes[treated & ~np.isnan(slopes)], slopes[~treated & ~np.isnan(slopes)]
    if not len(on) or not len(off):
        return np.nan, np.nan
    noise = float(off.std(ddof=1)) if len(off) > 1 else np.nan
    return float(on.mean() - off.mean()), detectable(noise, len(on), len(off), level=level)


def _permuted(
    left: Floats, treated: Bools, strata: Ints | None, *, draws: int, seed: int
) -> tuple[float, float, float]:
    """Distance between the mean paths of both groups, against all assignments: distance, p-value, smallest p-value."""
    n, m = left.shape
    spread = left - left.mean(axis=0)
    total = spread.T @ spread / n
    if n < 3 * m:
        # Too few clusters to know how periods go together: each is judged alone.
        total = np.diag(np.diagonal(total))
    values, vectors = np.linalg.eigh(total)
    kept = values > 1e-12 * max(values[-1], 1e-300)
    if not kept.any() or not values[-1] > 0:
        return np.nan, np.nan, np.nan
    white = spread @ (vectors[:, kept] / np.sqrt(values[kept]))
    drawn = assignments(np.where(treated, 0, 1), strata=strata, limit=_LISTED, draws=draws, seed=seed)
    n_moved = len(drawn.kinds)
    law = np.concatenate(
        [((white[places].sum(axis=1)) ** 2).sum(axis=1) for places in drawn.blocks(_block(n_moved, m))]
    )
    law *= (1 / n_moved + 1 / (n - n_moved)) ** 2
    observed = float(law[drawn.observed])
    return observed, float((law >= observed * (1 - 1e-9)).mean()), 1 / len(law)


def _block(n_moved: int, m: int) -> int:
    return max(1, 2_000_000 // (n_moved * m))
