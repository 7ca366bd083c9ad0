"""Permutation of changes measured against each unit's own variability: no equal variances needed, nor populations.

A small commune varies more than a large one. Each unit's change is divided by the standard deviation of its own
figures around their mean before and around their mean after; when units differ only by the scale of their noise, these
ratios are exchangeable, so that their permutation holds its level with a single treated unit (measured in
``docs/impact_size.md``). The price is power when there are few periods.

References
----------
MacKinnon, J. and Webb, M. (2020), Randomization inference for difference-in-differences with few treated clusters,
Journal of Econometrics 218 (why a coefficient is not enough); Abadie, A., Diamond, A. and Hainmueller, J. (2010), JASA
105 (ratio of post- to pre-period errors as the statistic of a placebo test).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ctgeval.impact.assignments import assignments
from ctgeval.impact.inversion import confidence_set
from ctgeval.impact.panel import Bools, Floats, Ints, Panel
from ctgeval.impact.projection import residualise
from ctgeval.impact.reading import some
from ctgeval.impact.result import Interval
from ctgeval.impact.tested import Tested

__all__ = ["studentised"]

_DENSE = 5_000_000


def studentised(
    panel: Panel,
    *,
    weights: Floats | None = None,
    level: float = 0.95,
    draws: int = 9_999,
    seed: int = 0,
    interval: Interval | None = None,
) -> Tested | None:
    """Test no effect by permuting studentised changes.

    Parameters
    ----------
    panel : Panel
        Units are brought to their clusters (plain means) first; with covariates, the residuals of the model without
        effect stand for the outcome. Weights of the cells are not used.
    weights : ndarray of float64, shape (K + 1, T), optional
        Coefficients of one unit of each cohort, which say what a change is; mean after less mean before by default.
    level : float
    draws : int
        Assignments drawn, without replacement, when there are more than 20,000.
    seed : int
    interval : Interval, optional
        Taken as it is instead of inverting the test.

    Returns
    -------
    Tested or None
        None when the periods are too few to know a unit's own variability (a single one before and a single one
        after), or when a treated unit was not observed on both sides. Comparators that were not are left out of this
        test, and ``note`` names them.
    """
    outcome, effect, start = _by_cluster(panel)
    n_periods = outcome.shape[1]
    cohorts = np.unique(start[start < n_periods])
    seen = ~np.isnan(outcome)
    enough = np.all([_Sides.enough(seen, int(column)) for column in cohorts], axis=0)
    if not len(cohorts) or not enough[start < n_periods].all() or enough.sum() <= (start < n_periods).sum():
        return None
    outcome, effect, start, seen = outcome[enough], effect[enough], start[enough], seen[enough]
    rows = np.where(start < n_periods, np.searchsorted(cohorts, start), len(cohorts))
    strata = None if panel.strata is None else panel.strata[np.unique(panel.clusters, return_index=True)[1]][enough]
    sides = [_Sides.of(seen, int(c), None if weights is None else weights[k]) for k, c in enumerate(cohorts)]
    drawn = assignments(rows, strata=strata, draws=draws, seed=seed)
    places, kinds = _treated_places(drawn.rows.astype(np.intp), len(cohorts))
    total = _summing(places * len(cohorts) + kinds, len(rows) * len(cohorts))

    def statistics(tau: Floats) -> Floats:
        moved = outcome - np.asarray(tau, dtype=np.float64)[:, None, None] * effect
        ratio = np.stack([side.ratio(moved) for side in sides], axis=2)
        return total(ratio.reshape(len(ratio), -1))

    def p_at(tau: Floats) -> Floats:
        law = np.abs(statistics(tau))
        return np.asarray((law >= law[drawn.observed] * (1 - 1e-9)).mean(axis=0))

    law = statistics(np.zeros(1))[:, 0]
    minimum = 1 / len(law)
    if interval is None:
        treated = np.flatnonzero(rows < len(cohorts))
        own = [sides[rows[k]].change(outcome[None])[0, k] for k in treated]
        scale = float(np.mean([sides[rows[k]].spread(outcome[None])[0, k] for k in treated])) or 1.0
        interval = confidence_set(p_at, float(np.mean(own)), scale, level=level, minimum_p=minimum)
    return Tested(
        code="studentised",
        p_value=float(p_at(np.zeros(1))[0]),
        std_error=float("nan"),
        interval=interval,
        minimum_p=minimum,
        reference=law,
        p_at=p_at,
        note=_note(panel, enough),
    )


def _note(panel: Panel, enough: Bools) -> str:
    said = (
        "Chaque évolution est rapportée à la variabilité propre du territoire, puis l’action est déplacée sur tous les "
        "autres."
    )
    if enough.all():
        return said
    codes = np.unique(panel.clusters, return_inverse=True)[1]
    left = [panel.name(int(i)) for i in np.flatnonzero(~enough[codes])]
    return f"{said} Faute de valeur avant ou après l’action, n’y entrent pas : {some(left)}."


def _by_cluster(panel: Panel) -> tuple[Floats, Floats, Ints]:
    """Mean outcome, mean treated share and first treated column of each cluster of assignment."""
    outcome, effect = panel.outcome, panel.treatment
    if panel.covariates is not None:
        outcome = np.where(panel.observed, residualise(panel, outcome), np.nan)
        effect = residualise(panel, effect)
    if not panel.clustered:
        return outcome, effect, panel.start
    codes = np.unique(panel.clusters, return_inverse=True)[1]
    n = int(codes.max()) + 1
    total, count, share = np.zeros((n, panel.n_periods)), np.zeros((n, panel.n_periods)), np.zeros((n, panel.n_periods))
    np.add.at(total, codes, np.where(panel.observed, outcome, 0.0))
    np.add.at(count, codes, panel.observed.astype(np.float64))
    np.add.at(share, codes, np.nan_to_num(effect))
    start = np.full(n, panel.n_periods, dtype=np.intp)
    np.minimum.at(start, codes, panel.start)
    means = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means, share / np.bincount(codes)[:, None], start


@dataclass(frozen=True, eq=False, kw_only=True)
class _Sides:
    """Cells before and after a date, and what is measured from them."""

    before: Bools
    after: Bools
    row: Floats | None

    @classmethod
    def of(cls, seen: Bools, column: int, weights: Floats | None = None) -> _Sides:
        """Cut the periods at a date; ``weights`` are scaled so that a whole effect changes the outcome by one."""
        after = np.arange(seen.shape[1]) >= column
        scale = 1.0 if weights is None else float(weights[after].sum())
        return cls(
            before=seen & ~after, after=seen & after, row=None if weights is None or not scale else weights / scale
        )

    @staticmethod
    def enough(seen: Bools, column: int) -> Bools:
        """Whether each unit is seen on both sides, and twice on one of them."""
        before, after = seen[:, :column].sum(axis=1), seen[:, column:].sum(axis=1)
        return np.asarray((before > 0) & (after > 0) & (before + after > 2))

    def _centred(self, outcome: Floats) -> tuple[Floats, Floats, Floats]:
        """Outcome from its own mean before, less the median of all units at each period; its mean on each side.

        The median: the noise of one very variable unit must not be lent to all the others.
        """
        level = _mean(outcome, self.before)
        own = outcome - level[..., None]
        seen = self.before | self.after
        common = np.median(own, axis=1) if seen.all() else _median(own, seen)
        own = np.where(seen, own - common[:, None, :], 0.0)
        return own, _mean(own, self.before), _mean(own, self.after)

    def change(self, outcome: Floats) -> Floats:
        """Change of each unit, shape (M, N)."""
        own, before, after = self._centred(outcome)
        return after - before if self.row is None else np.asarray(own @ self.row)

    def spread(self, outcome: Floats) -> Floats:
        """Return the standard deviation of each unit around its mean on each side, shape (M, N)."""
        own, before, after = self._centred(outcome)
        squares = np.where(self.before, (own - before[..., None]) ** 2, 0.0)
        squares += np.where(self.after, (own - after[..., None]) ** 2, 0.0)
        freedom = self.before.sum(axis=1) + self.after.sum(axis=1) - 2
        return np.asarray(np.sqrt(squares.sum(axis=2) / freedom))

    def ratio(self, outcome: Floats) -> Floats:
        """Change of each unit in its own standard deviations, shape (M, N)."""
        spread, change = self.spread(outcome), self.change(outcome)
        # A figure that never moves has no variability: its change still weighs, without overflowing.
        least = np.maximum(1e-6 * spread.mean(axis=1, keepdims=True), 1e-12 * np.abs(change).max(axis=1, keepdims=True))
        return np.asarray(change / np.maximum(spread, np.maximum(least, 1e-300)))


def _mean(values: Floats, chosen: Bools) -> Floats:
    return np.asarray(np.where(chosen, values, 0.0).sum(axis=-1) / chosen.sum(axis=-1))


def _median(values: Floats, seen: Bools) -> Floats:
    """Median over units at each period, of those that are seen; zero where none is."""
    ordered = np.sort(np.where(seen, values, np.inf), axis=1)
    count = seen.sum(axis=0)
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    columns = np.arange(values.shape[2])
    middle = (ordered[:, low, columns] + ordered[:, np.minimum(high, values.shape[1] - 1), columns]) / 2
    return np.where(count > 0, middle, 0.0)


def _summing(places: Ints, width: int) -> Callable[[Floats], Floats]:
    """Return what sums values of shape (M, width) over the places of each assignment: shape (B, M)."""
    if len(places) * width > _DENSE:
        return lambda values: np.stack([row[places].sum(axis=1) for row in values], axis=1)
    chosen = np.zeros((len(places), width))
    np.put_along_axis(chosen, places, 1.0, axis=1)
    return lambda values: np.asarray(chosen @ values.T)


def _treated_places(rows: Ints, n_cohorts: int) -> tuple[Ints, Ints]:
    """Return the unit and the cohort of each treated place of each assignment, both of shape (B, n1)."""
    treated = rows < n_cohorts
    n1 = int(treated[0].sum())
    places = np.nonzero(treated)[1].reshape(len(rows), n1)
    return places, np.take_along_axis(rows, places, axis=1).astype(np.intp)
