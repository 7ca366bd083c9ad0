"""The drift before treatment that would stand out of those that comparators show among themselves.

For designs with too few treated units for a covariance: each comparator in turn (or each set of as many comparators as
there are treated clusters) is compared with the others, before treatment.

References
----------
Firpo, S. and Possebom, V. (2018), Synthetic Control Method: Inference, Sensitivity Analysis and Confidence Sets,
Journal of Causal Inference 6(2) (test inversion over placebos). Roth, J. (2022), Pretest with Caution, AER: Insights
4(3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctgeval.impact.assignments import assignments
from ctgeval.impact.panel import Bools, Floats, Panel

__all__ = ["PlaceboSlope", "placebo_slope"]


@dataclass(frozen=True, eq=False, kw_only=True)
class PlaceboSlope:
    """Drift of the treated before treatment, and those of placebos.

    Parameters
    ----------
    slope : float
        Trend of the treated less that of their comparators, in the unit of the outcome per period.
    p_value : float
        Share of placebos (the treated among them) that drift at least as much.
    threshold : float
        Drift beyond which the treated would be out of the law of placebos; NaN when there are too few of them.
    detectable_50, detectable_80 : float
        Drifts that would be beyond it once in two, and four times in five.
    law : ndarray of float64
        Drifts of placebos.
    reason : str
        Why something is NaN, in French.
    """

    slope: float
    p_value: float
    threshold: float
    detectable_50: float
    detectable_80: float
    law: Floats
    reason: str = ""


def placebo_slope(panel: Panel, *, level: float = 0.95, draws: int = 9_999, seed: int = 0) -> PlaceboSlope:
    """Compare the trend of each comparator before treatment with that of the others.

    Parameters
    ----------
    panel : Panel
        Whole clusters are compared; a unit counts in the trend by the periods it has.
    level : float
        Of confidence.
    draws : int
        Sets of placebos drawn when there are more than 20,000.
    seed : int

    Raises
    ------
    NotIdentified
        When nobody is treated, or nobody is left to compare with.
    """
    panel.require(method="la dérive des placebos")
    nothing = np.empty(0)
    if panel.n_pre < 2:
        return _unknown(nothing, "Une dérive demande au moins deux périodes avant l’action.")
    slopes, treated = _by_cluster(panel)
    known = ~np.isnan(slopes)
    slopes, treated = slopes[known], treated[known]
    n_treated, others = int(treated.sum()), slopes[~treated]
    if not n_treated or not len(others):
        return _unknown(nothing, "Aucune dérive n’est calculable d’un des deux côtés : données absentes.")
    slope = float(slopes[treated].mean() - others.mean())
    if len(others) <= n_treated:
        return _unknown(nothing, "Trop peu de comparateurs pour servir de placebos.", slope)
    law = _law(others, n_treated, draws=draws, seed=seed)
    size, n = np.sort(np.abs(law)), len(law)
    p_value = (1 + int((size >= abs(slope) * (1 - 1e-12)).sum())) / (n + 1)
    # The treated count among the placebos: the rank that makes them rarer than 1 - level.
    rank = n - int(np.floor((1 - level) * (n + 1) + 1e-9))
    if rank >= n:
        return _unknown(
            law, f"Avec {n} placebos, aucune dérive ne peut sortir de leur loi au niveau de {100 * level:g} %.", slope,
            p_value,
        )  # fmt: skip
    threshold = float(size[rank])
    return PlaceboSlope(
        slope=slope,
        p_value=p_value,
        threshold=threshold,
        detectable_50=_detectable(law, threshold, 0.5),
        detectable_80=_detectable(law, threshold, 0.8),
        law=law,
    )


def _unknown(law: Floats, reason: str, slope: float = np.nan, p_value: float = np.nan) -> PlaceboSlope:
    return PlaceboSlope(
        slope=slope,
        p_value=p_value,
        threshold=np.nan,
        detectable_50=np.nan,
        detectable_80=np.nan,
        law=law,
        reason=reason,
    )


def _by_cluster(panel: Panel) -> tuple[Floats, Bools]:
    """Mean trend before treatment of the units of each cluster, and whether one of them is treated."""
    n_pre = panel.n_pre
    seen, outcome = panel.observed[:, :n_pre], panel.outcome[:, :n_pre]
    if not panel.balanced:
        # A unit that misses a year must not take the common evolution for its own.
        outcome = outcome - _common(outcome, seen)
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    times = np.where(seen, panel.times[:n_pre] - (seen @ panel.times[:n_pre])[:, None] / count, 0.0)
    spread = (times**2).sum(axis=1)
    slopes = np.where(
        spread > 0, (times * np.where(seen, outcome, 0.0)).sum(axis=1) / np.where(spread > 0, spread, 1.0), np.nan
    )
    codes = np.unique(panel.clusters, return_inverse=True)[1]
    known = ~np.isnan(slopes)
    number = np.bincount(codes, weights=known)
    total = np.bincount(codes, weights=np.where(known, slopes, 0.0))
    treated = np.bincount(codes, weights=panel.treated) > 0
    return np.where(number > 0, total / np.maximum(number, 1), np.nan), treated


def _common(outcome: Floats, seen: Bools) -> Floats:
    """Chain the mean change from each period to the next of the units that have both."""
    both = seen[:, 1:] & seen[:, :-1]
    change = np.where(both, np.where(seen, outcome, 0.0)[:, 1:] - np.where(seen, outcome, 0.0)[:, :-1], 0.0)
    return np.concatenate([[0.0], np.cumsum(change.sum(axis=0) / np.maximum(both.sum(axis=0), 1))])


def _law(slopes: Floats, n_treated: int, *, draws: int, seed: int) -> Floats:
    """Drift of each set of ``n_treated`` comparators from the others."""
    n = len(slopes)
    drawn = assignments(np.where(np.arange(n) < n_treated, 0, 1), draws=draws, seed=seed)
    total = float(slopes.sum())
    moved = len(drawn.kinds)
    sums = np.concatenate([slopes[places].sum(axis=1) for places in drawn.blocks()])
    # When most are treated, those that move are the others.
    law = sums / moved - (total - sums) / (n - moved)
    return np.asarray(law if moved == n_treated else -law)


def _detectable(law: Floats, threshold: float, power: float) -> float:
    """Smallest drift that, added to placebos, is beyond the threshold with that probability."""
    grid = np.linspace(0, threshold + float(np.abs(law).max()), 2_001)
    beyond = np.array([(np.abs(law + drift) > threshold).mean() for drift in grid])
    reached = beyond >= power
    return float(grid[reached.argmax()]) if reached.any() else np.nan
