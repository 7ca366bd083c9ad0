"""A panel with its unit effects taken out, cohort by cohort: what any two-way regression on it needs.

What the regressors of a unit are (treated or not, time since treatment) depends on its cohort alone. Each cohort
therefore enters by one T x T matrix and one vector, whatever the number of units, the gaps and the weights; covariates
and treated shares enter cell by cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ctgeval.errors import NotIdentified
from ctgeval.impact.panel import Floats, Ints, Panel
from ctgeval.impact.projection import cell_weights

__all__ = ["Absorbed", "Cohort", "event_patterns", "saturated_patterns", "treated_patterns"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Cohort:
    """Units with the same dates: cells in use, and their products once unit effects are out."""

    rows: Ints
    outcome: Floats
    weights: Floats | None
    dense: Floats
    gram: Floats
    moment: Floats
    cross: Floats

    @cached_property
    def shares(self) -> Floats:
        """Weight of each period in the mean of a unit, shape (n, T) or (1, T)."""
        n_periods = self.outcome.shape[1]
        if self.weights is None:
            return np.full((1, n_periods), 1 / n_periods)
        total = self.weights.sum(axis=1, keepdims=True)
        return np.asarray(self.weights / np.where(total > 0, total, 1.0))


@dataclass(frozen=True, eq=False, kw_only=True)
class Absorbed:
    """A panel ready for two-way regressions; made once, fitted with several sets of regressors."""

    panel: Panel
    cohorts: tuple[Cohort, ...]
    dense_gram: Floats
    dense_moment: Floats
    dense_scale: Floats
    dense_names: tuple[str, ...]

    @classmethod
    def of(cls, panel: Panel, *, shares: bool = False) -> Absorbed:
        """Take the unit effects out of a panel.

        Parameters
        ----------
        panel : Panel
        shares : bool
            Hold the treated share as the first cell-by-cell regressor.
        """
        weights = cell_weights(panel)
        blocks = ([panel.treatment[:, :, None]] if shares else []) + (
            [panel.covariates] if panel.covariates is not None else []
        )
        dense = np.concatenate(blocks, axis=2) if blocks else np.empty((*panel.outcome.shape, 0))
        if dense.shape[2] and not panel.balanced:
            dense = np.where(panel.observed[:, :, None], dense, 0.0)
        row = np.where(panel.treated, np.searchsorted(panel.cohorts, panel.start), len(panel.cohorts))
        cohorts = []
        for k in range(len(panel.cohorts) + 1):
            rows = np.flatnonzero(row == k)
            cohorts.append(_cohort(panel, rows, None if weights is None else weights[rows], dense[rows]))
        inside = [(c.dense * (1.0 if c.weights is None else c.weights[:, :, None]), c) for c in cohorts]
        return cls(
            panel=panel,
            cohorts=tuple(cohorts),
            dense_gram=sum((np.einsum("ita,itb->ab", w, c.dense) for w, c in inside), np.zeros((dense.shape[2],) * 2)),
            dense_moment=sum((np.einsum("ita,it->a", w, c.outcome) for w, c in inside), np.zeros(dense.shape[2])),
            dense_scale=np.einsum("ita,ita->a", dense, dense),
            dense_names=(("",) if shares else ()) + panel.covariate_names,
        )

    @property
    def plain(self) -> bool:
        """Whether a unit's coefficients depend on its cohort alone: balanced, unweighted, nothing cell by cell."""
        return not self.dense_names and self.cohorts[0].weights is None


def _cohort(panel: Panel, rows: Ints, weights: Floats | None, dense: Floats) -> Cohort:
    n_periods = panel.n_periods
    outcome = panel.outcome[rows]
    if weights is None:
        moment = outcome.sum(axis=0)
        dense = dense - dense.mean(axis=1, keepdims=True) if dense.shape[2] else dense
        return Cohort(
            rows=rows,
            outcome=outcome,
            weights=None,
            dense=dense,
            gram=len(rows) * (np.eye(n_periods) - 1 / n_periods),
            moment=moment - moment.mean(),
            cross=dense.sum(axis=0),
        )
    outcome = np.where(weights > 0, outcome, 0.0)
    total = weights.sum(axis=1, keepdims=True)
    shares = weights / np.where(total > 0, total, 1.0)
    inside = outcome - np.einsum("it,it->i", shares, outcome)[:, None]
    if dense.shape[2]:
        dense = dense - np.einsum("it,ita->ia", shares, dense)[:, None, :]
        dense = np.where((weights > 0)[:, :, None], dense, 0.0)
    return Cohort(
        rows=rows,
        outcome=outcome,
        weights=weights,
        dense=dense,
        gram=np.diag(weights.sum(axis=0)) - weights.T @ shares,
        moment=np.einsum("it,it->t", weights, inside),
        cross=np.einsum("it,ita->ta", weights, dense),
    )


def event_patterns(panel: Panel, *, reference: int = -1, bins: tuple[int, int] | None = None) -> tuple[Ints, Floats]:
    """Make indicators of the time since treatment, without the reference.

    Returns
    -------
    tuple of ndarray
        Event times, shape (p,), and patterns, shape (K + 1, T, p).

    Raises
    ------
    NotIdentified
        When no period is at the reference.
    """
    since = np.arange(panel.n_periods) - panel.cohorts[:, None]
    if bins is not None:
        since = np.clip(since, *bins)
    events = np.unique(since)
    if reference not in events:
        raise NotIdentified(
            f"Aucune période ne se trouve à {reference} période(s) du début de l’action.",
            value=str(reference),
            remedy=f"Choisissez reference parmi : {', '.join(str(e) for e in events)}.",
        )
    kept = events[events != reference]
    patterns = np.zeros((len(panel.cohorts) + 1, panel.n_periods, len(kept)))
    patterns[:-1] = since[:, :, None] == kept
    return kept, patterns


def saturated_patterns(panel: Panel) -> tuple[Ints, Ints, Floats]:
    """Make indicators of each cohort and period but its last one before treatment: cohorts are not compared together.

    Returns
    -------
    tuple of ndarray
        Cohort and column of each indicator, shape (p,), and patterns, shape (K + 1, T, p).
    """
    n_cohorts, n_periods = len(panel.cohorts), panel.n_periods
    cohort, column = np.nonzero(np.arange(n_periods) != panel.cohorts[:, None] - 1)
    patterns = np.zeros((n_cohorts + 1, n_periods, len(cohort)))
    patterns[cohort, column, np.arange(len(cohort))] = 1.0
    return cohort, column, patterns


def treated_patterns(panel: Panel) -> Floats:
    """Make the indicator of treatment, shape (K + 1, T, 1)."""
    starts = np.append(panel.cohorts, panel.n_periods)
    return (np.arange(panel.n_periods) >= starts[:, None]).astype(np.float64)[:, :, None]
