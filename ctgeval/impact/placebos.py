"""Placebos of a synthetic method: in space, in time, without each donor; and the effects that they do not reject.

In space, the action is given to each donor in turn (or to sets of donors, when several territories are treated), its
synthetic path being made of the other donors, never of the treated. The ratio of the root mean squared gaps after and
before is ranked among theirs. The interval inverts that same rank, so that it can't contradict the p-value.

References
----------
Abadie, A., Diamond, A. and Hainmueller, J. (2010), JASA 105, section 2.4; Cavallo, E. et al. (2013), Review of
Economics and Statistics 95 (several treated units); Firpo, S. and Possebom, V. (2018), Journal of Causal Inference
6(2), section 4 (sets of effects that a placebo test does not reject).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

import numpy as np
import pandas as pd

from ctgeval.impact.assignments import assignments
from ctgeval.impact.canonical import by_figures
from ctgeval.impact.distributions import normal_quantile
from ctgeval.impact.donors import Donors, Path, Sizes, Weigher, gap, path
from ctgeval.impact.panel import Floats, Ints
from ctgeval.impact.result import NO_INTERVAL, Interval

__all__ = [
    "Space",
    "critical",
    "detectable",
    "in_space",
    "in_time",
    "inverted",
    "placebo_sets",
    "placebo_table",
    "pointwise",
    "rank",
    "rank_of_effect",
    "spread",
    "synthetic",
    "without_each",
]

_SETS = 999
_SLACK = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class Space:
    """Placebos in space.

    Parameters
    ----------
    sets : ndarray of intp, shape (B, N1)
        Donors (numbers among the donors) that stand for the treated, in the order of the treated.
    average : Path
        Average gap of each set, ``gap`` of shape (B, E).
    sizes : Sizes
        Of shape (B,).
    single : Sizes
        Of each donor alone, shape (N0,), at the first date.
    single_gaps : ndarray of float64, shape (N0, T)
    all_sets : bool
        Whether every set is there.
    """

    sets: Ints
    average: Path
    sizes: Sizes
    single: Sizes
    single_gaps: Floats
    all_sets: bool


def synthetic(data: Donors, weigh: Weigher, *, leaving: int | None = None) -> tuple[list[Floats], list[Floats]]:
    """Weights (shape (N0,)) and gap (shape (T,)) of each treated unit.

    Parameters
    ----------
    data : Donors
    weigh : callable
    leaving : int, optional
        Number of a donor to do without; its weight is 0.
    """
    kept = np.arange(len(data.donors))
    if leaving is not None:
        kept = np.delete(kept, leaving)
    weights, gaps = [], []
    for i, start in zip(data.treated, data.starts, strict=True):
        found = np.zeros(len(data.donors))
        found[kept] = weigh(int(i), data.donors[kept], int(start))
        weights.append(found)
        gaps.append(gap(data.panel.outcome, int(i), data.donors, found))
    return weights, gaps


def placebo_sets(data: Donors, *, draws: int = _SETS, seed: int = 0) -> tuple[Ints, bool]:
    """List the sets of donors that may stand for the treated, shape (B, N1), and whether all of them are there.

    All of them when they are at most ``draws``, otherwise as many drawn without replacement; none when there are not
    more donors than treated.
    """
    n0, n1 = len(data.donors), len(data.treated)
    if n0 <= n1:
        return np.empty((0, n1), dtype=np.intp), False
    if n1 == 1:
        return np.arange(n0)[:, None], True
    cohort = np.unique(data.starts, return_inverse=True)[1]
    never = int(cohort.max()) + 1
    codes = np.full(n0, never, dtype=np.intp)
    codes[:n1] = np.sort(cohort)
    drawn = assignments(codes, limit=draws, draws=draws - 1, seed=seed)
    order = np.argsort(cohort, kind="stable")
    sets = np.empty((drawn.size, n1), dtype=np.intp)
    # Sorted by path, the donors that have one come first, cohort by cohort, as the treated in `order`.
    sets[:, order] = np.argsort(drawn.rows, axis=1, kind="stable")[:, :n1]
    # Drawn among places that do not depend on what donors are called.
    return by_figures(data.panel.outcome[data.donors])[sets], drawn.enumerated


def in_space(data: Donors, weigh: Weigher, *, scale: float, draws: int = _SETS, seed: int = 0) -> Space:
    """Give the action to the donors.

    Parameters
    ----------
    data : Donors
    weigh : callable
    scale : float
        Dispersion of the outcome.
    draws : int
        Most sets of donors, when several units are treated.
    seed : int
    """
    fits = _Fits(data, weigh)
    sets, every = placebo_sets(data, draws=draws, seed=seed)
    n0, first = len(data.donors), int(data.starts.min())
    single = np.array([fits.gap(j, first, ()) for j in range(n0)])
    alone = path([single], np.array([first])).averages(scale)
    if len(data.treated) == 1:
        average = path([single], data.starts)
        return Space(sets=sets, average=average, sizes=alone, single=alone, single_gaps=single, all_sets=every)
    if len(sets):
        gaps = [
            np.array([fits.gap(int(s[k]), int(start), tuple(int(d) for d in s if d != s[k])) for s in sets])
            for k, start in enumerate(data.starts)
        ]
    else:
        gaps = [np.empty((0, data.panel.n_periods)) for _ in data.starts]
    average = path(gaps, data.starts)
    return Space(
        sets=sets,
        average=average,
        sizes=average.averages(scale),
        single=alone,
        single_gaps=single,
        all_sets=every,
    )


class _Fits:
    """Gap of a donor made of the others, without those that stand for the treated with it; each is computed once."""

    def __init__(self, data: Donors, weigh: Weigher) -> None:
        self.data, self.weigh = data, weigh
        self._known: dict[tuple[int, int, frozenset[int]], tuple[Floats, frozenset[int]]] = {}

    def gap(self, donor: int, start: int, others: tuple[int, ...]) -> Floats:
        out: frozenset[int] = frozenset() if self.weigh.sparse else frozenset(others)
        while True:
            values, support = self._fit(donor, start, out)
            # A donor without weight can be taken away: the optimum stays, and serves for many sets.
            met = support.intersection(others)
            if not met:
                return values
            out = out | met

    def _fit(self, donor: int, start: int, out: frozenset[int]) -> tuple[Floats, frozenset[int]]:
        key = (donor, start, out)
        if key not in self._known:
            data = self.data
            kept = np.array([j for j in range(len(data.donors)) if j != donor and j not in out], dtype=np.intp)
            weights = self.weigh(int(data.donors[donor]), data.donors[kept], start)
            values = gap(data.panel.outcome, int(data.donors[donor]), data.donors[kept], weights)
            self._known[key] = values, frozenset(kept[weights != 0].tolist())
        return self._known[key]


def rank(observed: Sizes, space: Space) -> tuple[float, float]:
    """P-value of the ratio among the placebos, and the smallest that it could have been; NaN without placebos."""
    count = len(space.sets)
    if not count:
        return float("nan"), float("nan")
    # Ties count against an effect: to rounding, since a path and its mirror give the same ratio.
    above = int((space.sizes.ratio >= observed.ratio * (1 - _SLACK)).sum())
    return (1 + above) / (1 + count), 1 / (1 + count)


def rank_of_effect(observed: Sizes, space: Space) -> float:
    """P-value of the size of the mean effect itself, whatever the fit before; NaN without placebos.

    The ratio favours a territory that varies less than its donors: its gap before is made small by fitting their noise,
    which comes back after. Where variances may differ, an effect must stand out in both ways.
    """
    if not len(space.sets):
        return float("nan")
    above = int((np.abs(space.sizes.effect) >= abs(observed.effect) * (1 - _SLACK)).sum())
    return (1 + above) / (1 + len(space.sets))


def critical(values: Floats, *, level: float) -> Floats:
    """Value that must be exceeded for the p-value of a rank to be at most ``1 - level``, infinite when none can.

    Parameters
    ----------
    values : ndarray of float64, shape (B,) or (B, E)
        Of the placebos.
    level : float
    """
    count = len(values)
    places = floor((1 - level) * (count + 1) + _SLACK)
    if places < 1:
        return np.full(values.shape[1:], np.inf)
    return np.asarray(-np.sort(-values, axis=0)[places - 1])


def inverted(observed: Sizes, space: Space, *, level: float) -> tuple[Interval, str]:
    """Effects that the rank does not reject, which hold 0 if and only if the p-value is above ``1 - level``.

    Returns
    -------
    tuple
        The interval of constant effects, and ``constant``. When every constant effect is rejected (an effect that
        grows), the interval of mean effects among paths proportional to the gap, and ``proportional``. NaN ends and
        ``none`` without placebos, or when no path of either kind is left.
    """
    if not len(space.sets):
        return NO_INTERVAL, "none"
    bar = float(critical(space.sizes.ratio, level=level))
    if np.isinf(bar):
        return Interval(-np.inf, np.inf), "constant"
    centre = float(observed.effect)
    squared = (bar * float(observed.pre_rmspe)) ** 2 - float(observed.spread) ** 2
    if squared > 0:
        half = float(np.sqrt(squared))
        found = Interval(centre - half, centre + half)
        if observed.ratio <= bar * (1 + _SLACK):
            found = Interval(min(found.low, 0.0), max(found.high, 0.0))
        return found, "constant"
    if not observed.pre_rmspe > 0 or abs(centre) <= _SLACK * float(observed.post_rmspe):
        return NO_INTERVAL, "none"
    share = bar / float(observed.ratio)
    ends = sorted((centre * (1 - share), centre * (1 + share)))
    return Interval(*ends), "proportional"


def detectable(observed: Sizes, space: Space, *, level: float) -> float:
    """Smallest constant effect found four times in five: what the rank needs, and what chance may take away."""
    if not len(space.sets):
        return float("nan")
    needed = float(critical(space.sizes.ratio, level=level)) * float(observed.pre_rmspe)
    return needed + normal_quantile(0.8) * spread(space)


def spread(space: Space) -> float:
    """Root mean squared effect of the placebos: what chance alone gives."""
    return float(np.sqrt(np.mean(space.sizes.effect**2))) if len(space.sets) else float("nan")


def pointwise(observed: Path, sizes: Sizes, space: Space, *, level: float) -> tuple[Floats, Floats, Floats]:
    """Give the standard error and interval of each period, from the placebos' gaps at the same time.

    The gap over the root mean squared gap before is ranked, period by period. Nothing is given before the action, where
    the gaps are small by construction.
    """
    nothing = np.full(len(observed.gap), np.nan)
    if not len(space.sets):
        return nothing, nothing, nothing
    after = observed.event_time >= 0
    error = np.where(after, np.sqrt((space.average.gap**2).mean(axis=0)), np.nan)
    pre = space.sizes.pre_rmspe[:, None]
    size = np.abs(space.average.gap)
    scaled = np.divide(size, pre, out=np.where(size > 0, np.inf, 0.0), where=pre > 0)
    bar = critical(scaled, level=level)
    half = np.where(np.isinf(bar), np.inf, np.where(np.isinf(bar), 0.0, bar) * float(sizes.pre_rmspe))
    half = np.where(after, half, np.nan)
    return error, observed.gap - half, observed.gap + half


def without_each(data: Donors, weigh: Weigher, weights: list[Floats], *, scale: float) -> pd.DataFrame:
    """Estimate without each donor that has a weight: ``unit, name, weight, estimate, pre_rmspe``."""
    mean = np.mean(weights, axis=0)
    rows = []
    for j in np.flatnonzero(np.any([w != 0 for w in weights], axis=0)):
        if len(data.donors) < 3:
            continue
        found = path(synthetic(data, weigh, leaving=int(j))[1], data.starts).averages(scale)
        row = int(data.donors[j])
        rows.append(
            {
                "unit": data.panel.units[row],
                "name": data.panel.names.get(data.panel.units[row], ""),
                "weight": float(mean[j]),
                "estimate": float(found.effect),
                "pre_rmspe": float(found.pre_rmspe),
            }
        )
    return pd.DataFrame(rows, columns=["unit", "name", "weight", "estimate", "pre_rmspe"])


def in_time(data: Donors, weigh: Weigher, *, scale: float, least: int = 4) -> pd.DataFrame:
    """Estimate at false dates, before the action: ``shift, time_period, n_pre, effect, pre_rmspe, post_rmspe, ratio``.

    Only periods before the real action are used. ``shift`` counts periods before the real date; ``time_period`` is the
    false first period of the first treated.
    """
    first = int(data.starts.min())
    rows = []
    for shift in range(1, first // 2 + 1):
        if first - shift < least:
            break
        gaps, starts = [], []
        for i, start in zip(data.treated, data.starts, strict=True):
            false = int(start) - shift
            weights = weigh(int(i), data.donors, false)
            # Times are counted from the last period before the real action, the same for all.
            gaps.append(gap(data.panel.outcome, int(i), data.donors, weights)[int(start) - first : int(start)])
            starts.append(first - shift)
        found = path(gaps, np.array(starts)).averages(scale)
        rows.append(
            {
                "shift": shift,
                "time_period": data.panel.periods[first - shift],
                "n_pre": first - shift,
                "effect": float(found.effect),
                "pre_rmspe": float(found.pre_rmspe),
                "post_rmspe": float(found.post_rmspe),
                "ratio": float(found.ratio),
            }
        )
    columns = ["shift", "time_period", "n_pre", "effect", "pre_rmspe", "post_rmspe", "ratio"]
    return pd.DataFrame(rows, columns=columns)


def placebo_table(data: Donors, space: Space, observed: Sizes, *, most: float = 5.0) -> pd.DataFrame:
    """One row per donor: ``unit, name, pre_rmspe, post_rmspe, ratio, effect, kept``.

    ``kept``: its mean squared gap before is at most ``most`` times that of the treated. Only figures leave the others
    out: the rank keeps them all.
    """
    units = [data.panel.units[i] for i in data.donors]
    single = space.single
    return pd.DataFrame(
        {
            "unit": units,
            "name": [data.panel.names.get(unit, "") for unit in units],
            "pre_rmspe": single.pre_rmspe,
            "post_rmspe": single.post_rmspe,
            "ratio": single.ratio,
            "effect": single.effect,
            "kept": single.pre_rmspe**2 <= most * float(observed.pre_rmspe) ** 2,
        }
    )
