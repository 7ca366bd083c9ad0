"""Effects imputed cell by cell: what untreated cells say each treated one would have been, and averages of the gaps.

Unit effects are eliminated by hand, so that everything rests on one exact system of the size of the periods, with gaps
and weights as without.

References
----------
Borusyak, K., Jaravel, X. and Spiess, J. (2024), Revisiting event-study designs: robust and efficient estimation,
Review of Economic Studies 91: theorems 1 to 3; Gardner, J. (2022), Two-stage differences in
differences, arXiv 2207.05943 (variance).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from ctgeval.impact.covariance import cluster_sums
from ctgeval.impact.panel import Bools, Floats, Ints, Panel
from ctgeval.impact.projection import collinear, pseudo_inverse

__all__ = ["Centre", "Imputed", "design_weights", "impute"]

Centre = Literal["cohort", "average"]
_ABSORBED = 1e-11


@dataclass(frozen=True, eq=False, kw_only=True)
class _System:
    """Unit and period effects estimated on untreated cells."""

    cells: Floats
    shares: Floats
    inverse: Floats
    matrix: Floats

    @classmethod
    def of(cls, cells: Floats) -> _System:
        total = cells.sum(axis=1, keepdims=True)
        shares = cells / np.where(total > 0, total, 1.0)
        matrix = np.diag(cells.sum(axis=0)) - cells.T @ shares
        return cls(
            cells=cells, shares=shares, matrix=matrix, inverse=pseudo_inverse(matrix, np.diagonal(matrix).copy())[0]
        )

    def solve(self, moment: Floats) -> Floats:
        found = self.inverse @ moment
        # One step of refinement: the system is small, and its rounding would show in every cell.
        return np.asarray(found + self.inverse @ (moment - self.matrix @ found))

    def gap(self, values: Floats) -> Floats:
        """Less what untreated cells predict, shape (N, T): finite everywhere."""
        centred = values - np.einsum("it,it->i", self.shares, values)[:, None]
        effects = self.solve(np.einsum("it,it->t", self.cells, centred))
        centred -= effects
        centred += (self.shares @ effects)[:, None]
        return np.asarray(centred)

    @cached_property
    def parts(self) -> Ints:
        """Connected part of each period, shape (T,); -1 without an untreated cell."""
        linked = (np.abs(self.matrix) > 0) & (np.diagonal(self.matrix) > 0)[:, None]
        linked |= np.diag(self.cells.sum(axis=0) > 0)
        part = np.full(len(linked), -1, dtype=np.intp)
        for t in np.flatnonzero(linked.diagonal()):
            if part[t] < 0:
                reached = np.zeros(len(linked), dtype=bool)
                reached[t] = True
                while (grown := linked[reached].any(axis=0) | reached).sum() > reached.sum():
                    reached = grown
                part[reached] = t
        return part


@dataclass(frozen=True, eq=False, kw_only=True)
class Imputed:
    """Effects of the treated cells of a panel.

    Parameters
    ----------
    gap : ndarray of float64, shape (N, T)
        Outcome less what untreated cells predict; 0 where nothing is observed.
    weights : ndarray of float64, shape (N, T)
        Weight of each treated cell whose outcome can be predicted; 0 elsewhere.
    lost : ndarray of bool, shape (N, T)
        Treated cells observed that nothing predicts.
    """

    panel: Panel
    gap: Floats
    weights: Floats
    lost: Bools
    _system: _System
    _covariates: Floats
    _inverse: Floats

    @cached_property
    def _at(self) -> tuple[Ints, ...]:
        """Columns of each time since treatment by unit are ``start + e``."""
        n_events = self.panel.n_periods - int(self.panel.cohorts[0])
        return tuple(np.flatnonzero(self.panel.start + e < self.panel.n_periods) for e in range(n_events))

    @cached_property
    def totals(self) -> Floats:
        """Weight behind each time since treatment, from 0 on, shape (E,)."""
        return np.array([self._pick(self.weights, e).sum() for e in range(len(self._at))])

    def _pick(self, values: Floats, e: int) -> Floats:
        rows = self._at[e]
        return np.asarray(values[rows, self.panel.start[rows] + e])

    @cached_property
    def events(self) -> Ints:
        """Times since treatment that can be estimated, shape (A,)."""
        return np.flatnonzero(self.totals > 0)

    @cached_property
    def effects(self) -> Floats:
        """Weighted mean effect at each of the `events`, shape (A,)."""
        return np.array([self._pick(self.weights * self.gap, e).sum() / self.totals[e] for e in self.events])

    @cached_property
    def overall(self) -> Floats:
        """Weight of each of the `events` in the mean of all treated cells, shape (A,)."""
        kept = self.totals[self.events]
        return np.asarray(kept / kept.sum())

    @property
    def estimate(self) -> float:
        """Weighted mean effect of all treated cells."""
        return float(self.overall @ self.effects)

    @cached_property
    def by_cohort(self) -> tuple[Floats, Floats]:
        """Mean effect by cohort and period, and its weight, shape (K, T); NaN where the weight is 0."""
        inside = self.panel.start == self.panel.cohorts[:, None]
        total = inside.astype(np.float64) @ self.weights
        summed = inside.astype(np.float64) @ (self.weights * self.gap)
        return np.where(total > 0, summed / np.where(total > 0, total, 1.0), np.nan), total

    def _own_cohort(self) -> Floats:
        """Mean effect that the conservative variance centres each treated cell on, shape (K, T).

        Clusters count by their squared weight, which keeps the sum of squares of each cohort and period the smallest.
        """
        panel = self.panel
        found = np.zeros((len(panel.cohorts), panel.n_periods))
        for k, start in enumerate(panel.cohorts):
            rows = np.flatnonzero(panel.start == start)
            one = self.weights[rows]
            sums, moments = one, one * self.gap[rows]
            if panel.clustered:
                codes = np.unique(panel.clusters[rows], return_inverse=True)[1]
                sums, moments = cluster_sums(sums, codes), cluster_sums(moments, codes)
            size = (sums**2).sum(axis=0)
            found[k] = (sums * moments).sum(axis=0) / np.where(size > 0, size, 1.0)
        return found

    def scores(self, centre: Centre) -> tuple[Floats, Floats]:
        """Return what each unit adds to the error of each mean effect, and of the overall one: shapes (N, A), (N,).

        Parameters
        ----------
        centre : {"cohort", "average"}
            Effects vary around the mean of their cohort and period (Borusyak, Jaravel and Spiess), or around the
            average that is estimated (Gardner).
        """
        system, panel = self._system, self.panel
        left = system.cells * self.gap
        found = np.zeros((panel.n_units, len(self.events)))
        own = self._own_cohort() if centre == "cohort" else np.empty((0, 0))
        row = np.searchsorted(panel.cohorts, panel.start)
        treated_part = np.zeros(panel.n_units)
        for j, e in enumerate(self.events):
            units = self._at[e]
            weight = self._pick(self.weights, e) / self.totals[e]
            value = self._pick(self.gap, e)
            around = own[row[units], panel.start[units] + e] if centre == "cohort" else self.effects[j]
            overall = around if centre == "cohort" else self.estimate
            treated_part[units] += self.overall[j] * weight * (value - overall)
            found[units, j] = weight * (value - around)
        untreated = left @ self._period_weights
        if self._covariates.shape[2]:
            drift = np.einsum("it,itk->ik", left, self._covariates)
            untreated += drift @ self._inverse @ self._drift
        return found - untreated, treated_part - untreated @ self.overall

    @cached_property
    def _period_weights(self) -> Floats:
        """Part of each period's untreated cells in each mean effect, shape (T, A)."""
        panel, system = self.panel, self._system
        moment = np.zeros((panel.n_periods, len(self.events)))
        for j, e in enumerate(self.events):
            units = self._at[e]
            weight = self._pick(self.weights, e) / self.totals[e]
            moment[:, j] = np.bincount(panel.start[units] + e, weights=weight, minlength=panel.n_periods)
            moment[:, j] -= weight @ system.shares[units]
        return system.solve(moment)

    @cached_property
    def _drift(self) -> Floats:
        """Mean gap of each covariate at each of the `events`, shape (k, A)."""
        columns = [
            [(self._pick(self.weights, e) @ self._pick(values, e)) / self.totals[e] for e in self.events]
            for values in np.moveaxis(self._covariates, 2, 0)
        ]
        return np.array(columns)

    def coefficients(self) -> Floats:
        """Coefficient of each outcome in the overall estimate, shape (N, T)."""
        one = self.weights / self.weights.sum()
        system = self._system
        periods = self._period_weights @ self.overall
        total = system.cells.sum(axis=1)
        units = one.sum(axis=1) / np.where(total > 0, total, 1.0) - system.shares @ periods
        found = one - system.cells * (units[:, None] + periods)
        if self._covariates.shape[2]:
            found -= system.cells * (self._covariates @ (self._inverse @ (self._drift @ self.overall)))
        return np.asarray(found)


def impute(panel: Panel) -> Imputed:
    """Predict treated cells from unit effects, period effects and covariates estimated on untreated ones.

    Raises
    ------
    NotIdentified
        When a covariate says nothing more than the effects or the other covariates, on untreated cells.
    """
    seen = panel.observed if panel.weights is None else np.where(panel.observed, panel.weights, 0.0)
    weights = np.asarray(seen, dtype=np.float64)
    untreated = np.where(panel.post, 0.0, weights)
    system = _System.of(untreated)
    outcome = panel.outcome if panel.balanced else np.where(panel.observed, panel.outcome, 0.0)
    gap = system.gap(outcome)
    covariates, inverse = _covariates(panel, system)
    if covariates.shape[2]:
        slope = inverse @ np.einsum("it,itk,it->k", untreated, covariates, gap)
        gap = gap - covariates @ slope
    measured = untreated.any(axis=1)
    part = np.where(measured, system.parts[(untreated > 0).argmax(axis=1)], -2)
    predicted = part[:, None] == system.parts
    treated = panel.post & panel.observed
    if not panel.balanced:
        gap = np.where(panel.observed, gap, 0.0)
    return Imputed(
        panel=panel,
        gap=gap,
        weights=np.where(treated & predicted, weights, 0.0),
        lost=treated & ~predicted,
        _system=system,
        _covariates=covariates,
        _inverse=inverse,
    )


def _covariates(panel: Panel, system: _System) -> tuple[Floats, Floats]:
    """Covariates less their own effects, shape (N, T, k), and the inverse of their products on untreated cells."""
    if panel.covariates is None or not panel.covariates.shape[2]:
        return np.empty((*panel.outcome.shape, 0)), np.empty((0, 0))
    values = np.where(panel.observed[:, :, None], panel.covariates, 0.0)
    gaps = np.stack([system.gap(values[:, :, k]) for k in range(values.shape[2])], axis=2)
    gaps[~panel.observed] = 0.0
    product = np.einsum("it,itj,itk->jk", system.cells, gaps, gaps)
    means = np.einsum("it,itk->k", system.cells, values) / system.cells.sum()
    size = np.einsum("it,itk->k", system.cells, (values - means) ** 2)
    alone = np.diagonal(product) <= _ABSORBED * np.maximum(size, 1e-300)
    if alone.any():
        raise collinear([panel.covariate_names[k] for k in np.flatnonzero(alone)], absorbed=True)
    inverse, _ = pseudo_inverse(product)
    lost = np.abs(inverse @ product - np.eye(len(product))).max(axis=1) > 1e-6
    if lost.any():
        raise collinear([panel.covariate_names[k] for k in np.flatnonzero(lost)], absorbed=False)
    return gaps, inverse


def design_weights(cohorts: Ints, counts: Ints, n_periods: int) -> Floats:
    """Coefficients of one unit of each cohort in the overall estimate of a balanced panel, shape (K + 1, T).

    Parameters
    ----------
    cohorts : ndarray of intp, shape (K,)
        First treated column.
    counts : ndarray of intp, shape (K + 1,)
        Units of each cohort, then never treated.
    n_periods : int
    """
    post = np.arange(n_periods) >= np.append(cohorts, n_periods)[:, None]
    cells = np.where(post, 0.0, counts[:, None].astype(np.float64))
    system = _System.of(cells)
    one = np.where(post & (cells.sum(axis=0) > 0), counts[:, None].astype(np.float64), 0.0)
    one /= max(one.sum(), 1.0)
    periods = system.solve(one.sum(axis=0) - one.sum(axis=1) @ system.shares)
    pre = (~post).astype(np.float64)
    length = pre.sum(axis=1)
    alone = one / np.maximum(counts, 1)[:, None]
    units = (alone.sum(axis=1) - pre @ periods) / length
    return np.asarray(alone - pre * (units[:, None] + periods))
