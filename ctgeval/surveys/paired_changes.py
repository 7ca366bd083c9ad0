"""Change of a share, of an ordered answer or of a mean between two waves, on the same persons.

Without weights, clusters or strata these are the tests of textbooks; with them, the weighted mean of individual changes
is tested, its variance linearised or by replication.

References
----------
McNemar, Q. (1947), Psychometrika 12; Fagerland, M., Lydersen, S. and Laake, P. (2013), BMC Medical Research Methodology
13:91 (mid-p); Bonett, D. and Price, R. (2012), Adjusted Wald Confidence Interval for a Difference of Binomial
Proportions Based on Paired Data, Journal of Educational and Behavioral Statistics 37(4); Wilcoxon, F. (1945),
Biometrics Bulletin 1; Hollander, M. and Wolfe, D. (1999), Nonparametric Statistical Methods, chapter 3 (ties); Kerby,
D. (2014), The Simple Difference Formula, Comprehensive Psychology 3 (rank-biserial); Student (1908), Biometrika 6;
Cohen, J. (1988), Statistical Power Analysis (g, d).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import special, stats

from ctgeval.intervals import Floats
from ctgeval.surveys.change import Change, of_estimate
from ctgeval.surveys.comparing import FEWEST, answered, is_plain, spread, why_not
from ctgeval.surveys.design import Design
from ctgeval.surveys.estimates import weighted_median

__all__ = ["paired_mean_change", "paired_rank_change", "paired_share_change"]

_DRAWS = 500
_EXACT = 50


def paired_share_change(
    before: Floats, after: Floats, design: Design, *, level: float = 0.95, fewest: int = FEWEST
) -> Change:
    """Compare two shares on the same persons: McNemar (mid-p), with the interval of Bonett and Price.

    Parameters
    ----------
    before, after : ndarray of float64, shape (n,)
        0, 1 or NaN; row by row the same persons.
    design : Design
        Of these persons; weighted, the mean of individual changes is tested.
    level, fewest
        See `share_change`.
    """
    gap, plain = _paired(before, after, design, "part")
    n = plain["n_matched"]
    reason = why_not(design, design, n, n, fewest)
    if reason:
        return Change(**plain, reason=reason)
    g = plain["up"] / max(plain["up"] + plain["down"], 1) - 0.5 * (plain["up"] + plain["down"] > 0)
    if not is_plain(design):
        return _weighted(gap, design, plain, level=level, effect=g, effect_name="g de Cohen")
    up, down = plain["up"], plain["down"]
    moved = up + down
    p_value = float(
        min(1.0, 2 * special.bdtr(min(up, down), moved, 0.5) - np.exp(_log_choose(moved, up) - moved * np.log(2)))
    ) if moved else 1.0  # fmt: skip
    gained, lost = (up + 1) / (n + 2), (down + 1) / (n + 2)
    half = float(special.ndtri((1 + level) / 2)) * np.sqrt((gained + lost - (gained - lost) ** 2) / (n + 2))
    return Change(
        **plain,
        low=max(-1.0, gained - lost - half),
        high=min(1.0, gained - lost + half),
        std_error=float(np.sqrt(max(moved - (up - down) ** 2 / n, 0.0)) / n),
        statistic=(up - down) ** 2 / moved if moved else 0.0,
        p_value=p_value,
        method="mcnemar",
        effect=g,
        effect_name="g de Cohen",
    )


def paired_rank_change(
    before: Floats,
    after: Floats,
    design: Design,
    *,
    level: float = 0.95,
    fewest: int = FEWEST,
    draws: int = _DRAWS,
    seed: int = 0,
) -> Change:
    """Compare ordered answers on the same persons: Wilcoxon's signed ranks, with a bootstrap interval of the effect.

    Parameters
    ----------
    before, after : ndarray of float64, shape (n,)
        Ranks of the answers, NaN for who did not answer; row by row the same persons.
    design : Design
        Of these persons; weighted, the share of those who went up less that of those who went down is tested.
    level, fewest
        See `share_change`.
    draws, seed : int
        Of the bootstrap of persons.
    """
    gap, plain = _paired(before, after, design, "rang")
    n = plain["n_matched"]
    known = gap[~np.isnan(gap) & (design.weights > 0)]
    plain |= {"change": float(_rank_biserial(known[None])[0]) if n else float("nan")}
    reason = why_not(design, design, n, n, fewest)
    if reason:
        return Change(**plain, reason=reason)
    if not is_plain(design):
        signs = np.sign(gap)
        net = design.ratios(signs[:, None], ~np.isnan(signs)[:, None]).estimate[0]
        plain |= {"change": float(net)}
        return _weighted(signs, design, plain, level=level, effect=float(net), effect_name="part nette")
    moved = known[known != 0]
    if not len(moved):
        return Change(**plain, low=0.0, high=0.0, p_value=1.0, method="wilcoxon", effect=0.0, effect_name="r des rangs")
    statistic, p_value = _signed_ranks(known)
    rows = np.random.default_rng(seed).integers(0, len(known), (draws, len(known)))
    low, high = np.quantile(_rank_biserial(known[rows]), [(1 - level) / 2, (1 + level) / 2])
    return Change(
        **plain,
        low=float(low),
        high=float(high),
        statistic=statistic,
        p_value=p_value,
        method="wilcoxon",
        effect=plain["change"],
        effect_name="r des rangs",
    )


def paired_mean_change(
    before: Floats, after: Floats, design: Design, *, level: float = 0.95, fewest: int = FEWEST
) -> Change:
    """Compare two means on the same persons: paired t, and the mean change over its standard deviation.

    Parameters
    ----------
    before, after : ndarray of float64, shape (n,)
        NaN for who did not answer; row by row the same persons.
    design : Design
        Of these persons.
    level, fewest
        See `share_change`.
    """
    gap, plain = _paired(before, after, design, "moyenne")
    n = plain["n_matched"]
    reason = why_not(design, design, n, n, fewest)
    if reason:
        return Change(**plain, reason=reason)
    own, drawn = answered(gap, design)
    scale = spread(own, drawn)
    effect = plain["change"] / scale if scale > 0 else float("nan")
    told = _weighted(own, drawn, plain, level=level, effect=effect, effect_name="d apparié")
    return replace(told, method="student_apparie") if is_plain(design) and told.method else told


def _paired(before: Floats, after: Floats, design: Design, kind: str) -> tuple[Floats, Any]:
    """Individual changes, NaN for who did not answer twice, and what is told of them in any case."""
    both = ~np.isnan(before) & ~np.isnan(after) & (design.weights > 0)
    gap = np.where(both, after - before, np.nan)
    n, own = int(both.sum()), design.weights[both]

    def level(values: Floats) -> float:
        if not n:
            return float("nan")
        return weighted_median(values[both], own) if kind == "rang" else float(own @ values[both] / own.sum())

    plain = {
        "kind": kind, "before": level(before), "after": level(after), "n_before": n, "n_after": n, "n_matched": n,
        "change": float(own @ gap[both] / own.sum()) if n else float("nan"),
        "up": int((gap[both] > 0).sum()), "down": int((gap[both] < 0).sum()),
    }  # fmt: skip
    return gap, plain


def _weighted(gap: Floats, design: Design, plain: Any, *, level: float, effect: float, effect_name: str) -> Change:
    found = design.ratios(gap[:, None], ~np.isnan(gap)[:, None])
    error = float(found.std_error[0])
    low, high, statistic, p_value = of_estimate(plain["change"], error, float(found.df[0]), level=level)
    if error == 0 and plain["change"] == 0:
        low, high, p_value = 0.0, 0.0, 1.0
    return Change(
        **plain, low=low, high=high, std_error=error, statistic=statistic, p_value=p_value,
        method="" if np.isnan(p_value) else "pondere", effect=effect, effect_name=effect_name,
        reason="sans_variance" if np.isnan(p_value) else "",
    )  # fmt: skip


def _signed_ranks(gaps: Floats) -> tuple[float, float]:
    """Sum of the ranks that go up, and two-sided p-value: exact up to 50 persons without ties or zeros, else normal."""
    moved = gaps[gaps != 0]
    ranks = stats.rankdata(np.abs(moved))
    n, up = len(moved), float(ranks[moved > 0].sum())
    if n == len(gaps) <= _EXACT and len(np.unique(ranks)) == n:
        return up, float(stats.wilcoxon(moved, method="exact").pvalue)
    ties = np.unique(ranks, return_counts=True)[1]
    variance = n * (n + 1) * (2 * n + 1) / 24 - float((ties**3 - ties).sum()) / 48
    distance = max(abs(up - n * (n + 1) / 4) - 0.5, 0.0)
    return up, 2 * float(special.ndtr(-distance / np.sqrt(variance)))


def _rank_biserial(gaps: Floats) -> Floats:
    """Rank-biserial correlation of each row of changes, zeros left out; 0 when nothing moved."""
    size = np.abs(gaps)
    still = (size == 0).sum(axis=1, keepdims=True)
    ranks = np.where(size > 0, stats.rankdata(size, axis=1) - still, 0.0)
    total = ranks.sum(axis=1)
    return np.asarray(np.divide((np.sign(gaps) * ranks).sum(axis=1), total, out=np.zeros(len(total)), where=total > 0))


def _log_choose(n: int, k: int) -> float:
    return float(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))
