"""Permutation of changes measured against each unit's own variability: no equal variances needed, nor populations.

A small commune varies more than a large one. Each unit's change is divided by the standard deviation of its own
figures around their mean before and around their mean after; when units differ only by the scale of their noise, these
ratios are exchangeable, so that their permutation holds its level with a single treated unit (measured in
``docs/impact_size.md``). The price is power when there are few periods.

Units may also differ by what their noise is made of. Sampling noise, that of small communes, comes anew each year and
swells both a change and the variability it is divided by; what lasts, that of large ones, swells the change more. A
large treated commune then has the larger ratios (12 % false with 2 of 40). So an effect must stand out in a second way
too: its ratio to its own variability and the median one added together, which only the small can inflate. The larger
p-value is kept; where the first ratio holds its level, hardly any power is lost.

A treated unit of which half the cells are missing has a variability that is known from few figures, and larger ratios
(10 % false): a unit that stands in its place is looked at through the same cells.

References
----------
MacKinnon, J. and Webb, M. (2020), Randomization inference for difference-in-differences with few treated clusters,
Journal of Econometrics 218 (why a coefficient is not enough); Abadie, A., Diamond, A. and Hainmueller, J. (2010), JASA
105 (ratio of post- to pre-period errors as the statistic of a placebo test). Tusher, V., Tibshirani, R. and Chu, G.
(2001), Significance analysis of microarrays, PNAS 98(9), eq. 1 (a constant added to each standard deviation).
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
_PATTERNS = 20
"""Kinds of treated units, by date and cells seen, that are told apart."""


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
    rows, kinds = _kinds(seen, start, cohorts)
    strata = None if panel.strata is None else panel.strata[np.unique(panel.clusters, return_index=True)[1]][enough]
    sides = [
        _Sides.of(_through(seen, cells, int(cohorts[k])), int(cohorts[k]), None if weights is None else weights[k])
        for k, cells in kinds
    ]
    drawn = assignments(rows, strata=strata, draws=draws, seed=seed)
    places, placed = _treated_places(drawn.rows.astype(np.intp), len(kinds))
    total = _summing(places * len(kinds) + placed, len(rows) * len(kinds))

    def statistics(tau: Floats) -> tuple[Floats, Floats]:
        moved = outcome - np.asarray(tau, dtype=np.float64)[:, None, None] * effect
        both = [side.ratios(moved) for side in sides]
        own, tempered = (np.stack([ratios[k] for ratios in both], axis=2).reshape(len(moved), -1) for k in (0, 1))
        return total(own), total(tempered)

    def p_at(tau: Floats) -> Floats:
        laws = [np.abs(law) for law in statistics(tau)]
        shares = [(law >= law[drawn.observed] * (1 - 1e-9)).mean(axis=0) for law in laws]
        return np.asarray(np.maximum(*shares))

    law = statistics(np.zeros(1))[0][:, 0]
    minimum = 1 / len(law)
    if interval is None:
        treated = np.flatnonzero(rows < len(kinds))
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


def _kinds(seen: Bools, start: Ints, cohorts: Ints) -> tuple[Ints, list[tuple[int, Bools]]]:
    """Tell apart the treated by their date and the cells in which they were seen.

    Returns
    -------
    tuple
        Kind of each unit (the last number: never treated), and the cohort and cells of each kind. With more than
        `_PATTERNS` of them, dates alone tell them apart: no single unit then weighs much.
    """
    treated = np.flatnonzero(start < seen.shape[1])
    cohort = np.searchsorted(cohorts, start[treated])
    marks = np.column_stack([cohort, seen[treated]])
    distinct, codes = np.unique(marks, axis=0, return_inverse=True)
    if len(distinct) > _PATTERNS:
        distinct = np.column_stack([np.arange(len(cohorts)), np.ones((len(cohorts), seen.shape[1]), dtype=np.intp)])
        codes = cohort
    rows = np.full(len(seen), len(distinct), dtype=np.intp)
    rows[treated] = codes.reshape(-1)
    return rows, [(int(row[0]), row[1:].astype(bool)) for row in distinct]


def _through(seen: Bools, cells: Bools, column: int) -> Bools:
    """Cells of each unit that are among those given, or all its own where too few would be left."""
    both = seen & cells
    return np.where(_Sides.enough(both, column)[:, None], both, seen)


def _note(panel: Panel, enough: Bools) -> str:
    said = (
        "Chaque évolution est rapportée à la variabilité propre du territoire, seule puis ajoutée à celle du "
        "territoire médian, et l’action est déplacée sur tous les autres ; la plus grande des deux probabilités est "
        "retenue."
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

    def ratios(self, outcome: Floats) -> tuple[Floats, Floats]:
        """Change of each unit in its own standard deviations, and in its own and the median one, shapes (M, N)."""
        spread, change = self.spread(outcome), self.change(outcome)
        # A figure that never moves has no variability: its change still weighs, without overflowing.
        least = np.maximum(1e-6 * spread.mean(axis=1, keepdims=True), 1e-12 * np.abs(change).max(axis=1, keepdims=True))
        least = np.maximum(least, 1e-300)
        own, moving = np.maximum(spread, least), spread > least
        return _centred(change / own, moving), _centred(change / (own + np.median(own, axis=1, keepdims=True)), moving)


def _centred(ratio: Floats, moving: Bools) -> Floats:
    """Take out the mean of units that vary: their median change is that of the treated when these are many.

    The treated would then all stand at zero, whatever the effect, and be found the more ordinary the larger it is.
    """
    count = np.maximum(moving.sum(axis=1, keepdims=True), 1)
    return np.asarray(ratio - np.where(moving, ratio, 0.0).sum(axis=1, keepdims=True) / count)


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
