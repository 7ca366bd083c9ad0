"""Change of a share, of an ordered answer or of a mean between two waves, on other persons.

Without weights, clusters or strata these are the tests of textbooks; with them, the same figures with the design's own
variance, linearised or by replication.

References
----------
Newcombe, R. (1998), Interval Estimation for the Difference between Independent Proportions, Statistics in Medicine 17,
method 10; Rao, J. and Scott, A. (1992), A Simple Method for the Analysis of Clustered Binary Data, Biometrics 48
(effective sizes); Mann, H. and Whitney, D. (1947), Annals of Mathematical Statistics 18; DeLong, E. et al. (1988),
Biometrics 44 (variance by placements); Lumley, T. and Scott, A. (2013), Two-Sample Rank Tests under Complex Sampling,
Biometrika 100(4); Welch, B. (1947), Biometrika 34; Cohen, J. (1988), Statistical Power Analysis (h); Hedges, L. (1981),
Journal of Educational Statistics 6.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special, stats

from ctgeval import intervals
from ctgeval.intervals import Floats
from ctgeval.surveys.change import Change, of_estimate, satterthwaite
from ctgeval.surveys.comparing import FEWEST, answered, is_plain, spread, why_not
from ctgeval.surveys.design import Design
from ctgeval.surveys.estimates import share_bounds, weighted_median

__all__ = ["mean_change", "rank_change", "share_change"]

_CERTAIN = 1e12


def share_change(
    before: Floats, after: Floats, first: Design, second: Design, *, level: float = 0.95, fewest: int = FEWEST
) -> Change:
    """Compare two shares on other persons: score test and Newcombe's interval, on effective sizes.

    Parameters
    ----------
    before, after : ndarray of float64
        0, 1, or NaN for who did not answer; one per row of the designs.
    first, second : Design
    level : float
    fewest : int
        Answers in each wave under which nothing is tested; never less than 2.
    """
    one, two = (design.ratios(y[:, None], ~np.isnan(y)[:, None]) for y, design in ((before, first), (after, second)))
    p0, p1 = float(one.estimate[0]), float(two.estimate[0])
    plain: Any = {
        "kind": "part", "before": p0, "after": p1, "change": p1 - p0,
        "n_before": int(one.n[0]), "n_after": int(two.n[0]),
    }  # fmt: skip
    reason = why_not(first, second, plain["n_before"], plain["n_after"], fewest)
    if reason:
        return Change(**plain, reason=reason)
    (l0, h0, n0), (l1, h1, n1) = (
        (float(low[0]), float(high[0]), min(float(size[0]) / max(1 - design.fraction, 1 / _CERTAIN), _CERTAIN))
        for (low, high, size), design in (
            (share_bounds(one, first, level=level), first),
            (share_bounds(two, second, level=level), second),
        )
    )
    if not (n0 > 0 and n1 > 0):
        return Change(**plain, reason="sans_variance")
    change = p1 - p0
    pooled = (p0 * n0 + p1 * n1) / (n0 + n1)
    error = float(np.sqrt(max(pooled * (1 - pooled), 0.0) * (1 / n0 + 1 / n1)))
    statistic = change / error if error > 0 else 0.0
    p_value, method = 2 * float(special.ndtr(-abs(statistic))), "score"
    if is_plain(first) and is_plain(second) and min(pooled, 1 - pooled) * min(n0, n1) < 5:
        yes0, yes1 = round(p0 * plain["n_before"]), round(p1 * plain["n_after"])
        table = [[yes1, plain["n_after"] - yes1], [yes0, plain["n_before"] - yes0]]
        p_value, method = float(stats.fisher_exact(np.array(table)).pvalue), "fisher"
    return Change(
        **plain,
        low=change - float(np.hypot(p1 - l1, h0 - p0)),
        high=change + float(np.hypot(h1 - p1, p0 - l0)),
        std_error=float(np.hypot(one.std_error[0], two.std_error[0])),
        statistic=statistic,
        p_value=p_value,
        method=method,
        effect=float(2 * np.arcsin(np.sqrt(_unit(p1))) - 2 * np.arcsin(np.sqrt(_unit(p0)))),
        effect_name="h de Cohen",
    )


def rank_change(
    before: Floats, after: Floats, first: Design, second: Design, *, level: float = 0.95, fewest: int = FEWEST
) -> Change:
    """Compare ordered answers on other persons: Mann-Whitney, and Cliff's delta with its variance by placements.

    Parameters
    ----------
    before, after : ndarray of float64
        Ranks of the answers (1, 2, 3...), NaN for who did not answer.
    first, second, level, fewest
        See `share_change`.
    """
    here0, here1 = (~np.isnan(y) & (d.weights > 0) for y, d in ((before, first), (after, second)))
    w0, w1 = first.weights[here0], second.weights[here1]
    x, y = before[here0], after[here1]
    plain: Any = {
        "kind": "rang", "before": weighted_median(x, w0), "after": weighted_median(y, w1), "change": float("nan"),
        "n_before": len(x), "n_after": len(y),
    }  # fmt: skip
    if not len(x) or not len(y):
        return Change(**plain, reason=why_not(first, second, len(x), len(y), fewest))
    above, below = np.zeros(len(after)), np.zeros(len(before))
    above[here1], below[here0] = _placements(y, x, w0), 1 - _placements(x, y, w1)
    one, two = first.ratios(below[:, None], here0[:, None]), second.ratios(above[:, None], here1[:, None])
    delta = 2 * float(two.estimate[0]) - 1
    plain |= {"change": delta}
    reason = why_not(first, second, len(x), len(y), fewest)
    if reason:
        return Change(**plain, reason=reason, effect=delta, effect_name="delta de Cliff")
    v0, v1 = 4 * float(one.std_error[0]) ** 2, 4 * float(two.std_error[0]) ** 2
    error = float(np.sqrt(v0 + v1))
    df = satterthwaite(v0, float(one.df[0]), v1, float(two.df[0]))
    low, high, statistic, p_value = of_estimate(delta, error, df, level=level)
    if not error > 0:
        # Every answer of a wave is above every one of the other, or all are equal: no variance is seen.
        size = min(float(one.kish[0]), float(two.kish[0]))
        low, high = (2 * float(end) - 1 for end in intervals.wilson((delta + 1) / 2 * size, size, level=level))
        p_value = 1.0 if delta == 0 else float("nan")
    method = "rangs_ponderes"
    if is_plain(first) and is_plain(second):
        if np.ptp(np.concatenate([x, y])) > 0:
            test = stats.mannwhitneyu(y, x, alternative="two-sided")
            statistic, p_value = float(test.statistic), float(test.pvalue)
        method = "mann_whitney"
    return Change(
        **plain, low=max(-1.0, low), high=min(1.0, high), std_error=error, statistic=statistic, p_value=p_value,
        method=method, effect=delta, effect_name="delta de Cliff",
        reason="" if not np.isnan(p_value) else "sans_variance",
    )  # fmt: skip


def mean_change(
    before: Floats, after: Floats, first: Design, second: Design, *, level: float = 0.95, fewest: int = FEWEST
) -> Change:
    """Compare two means on other persons: Welch, and Hedges's g.

    Parameters
    ----------
    before, after : ndarray of float64
        NaN for who did not answer.
    first, second, level, fewest
        See `share_change`.
    """
    (y0, d0), (y1, d1) = answered(before, first), answered(after, second)
    one, two = (d.ratios(y[:, None], ~np.isnan(y)[:, None]) for y, d in ((y0, d0), (y1, d1)))
    change = float(two.estimate[0] - one.estimate[0])
    spreads = [spread(y, d) for y, d in ((y0, d0), (y1, d1))]
    n0, n1 = int(one.n[0]), int(two.n[0])
    pooled = np.sqrt((spreads[0] ** 2 * max(n0 - 1, 0) + spreads[1] ** 2 * max(n1 - 1, 0)) / max(n0 + n1 - 2, 1))
    effect = change / pooled * (1 - 3 / (4 * (n0 + n1) - 9)) if n0 + n1 > 3 and pooled > 0 else float("nan")
    plain: Any = {
        "kind": "moyenne", "before": float(one.estimate[0]), "after": float(two.estimate[0]), "change": change,
        "n_before": n0, "n_after": n1, "effect": float(effect), "effect_name": "g de Hedges",
    }  # fmt: skip
    reason = why_not(first, second, n0, n1, fewest)
    if reason:
        return Change(**plain, reason=reason)
    v0, v1 = float(one.std_error[0]) ** 2, float(two.std_error[0]) ** 2
    df = satterthwaite(v0, float(one.df[0]), v1, float(two.df[0]))
    low, high, statistic, p_value = of_estimate(change, float(np.sqrt(v0 + v1)), df, level=level)
    return Change(
        **plain, low=low, high=high, std_error=float(np.sqrt(v0 + v1)), statistic=statistic, p_value=p_value,
        method="welch" if is_plain(first) and is_plain(second) else "pondere",
        reason="" if not np.isnan(p_value) else "sans_variance",
    )  # fmt: skip


def _placements(values: Floats, others: Floats, weights: Floats) -> Floats:
    """Share of the weight of the others that is under each value, half of what is equal to it."""
    order = np.argsort(others, kind="stable")
    reached = np.concatenate([[0.0], np.cumsum(weights[order])]) / weights.sum()
    left = np.searchsorted(others[order], values, side="left")
    right = np.searchsorted(others[order], values, side="right")
    return np.asarray((reached[left] + reached[right]) / 2)


def _unit(share: float) -> float:
    return min(max(share, 0.0), 1.0)
