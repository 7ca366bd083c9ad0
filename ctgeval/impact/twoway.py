"""Two-way fixed-effects regression of a panel: unit effects absorbed, period effects and regressors explicit.

Estimates are exact (no iteration), in a few passes over the outcome; see `ctgeval.impact.absorbed`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ctgeval.impact.absorbed import Absorbed, Cohort
from ctgeval.impact.covariance import (
    FIXEST,
    Degrees,
    Kind,
    SmallSample,
    cluster_sums,
    scaled,
    two_way_sum,
)
from ctgeval.impact.panel import Bools, Floats, Ints
from ctgeval.impact.projection import collinear, pseudo_inverse

__all__ = ["Fit", "fit"]

_CHUNK = 2_000_000
_ESTIMABLE = 1e-6


def fit(data: Absorbed, patterns: Floats) -> Fit:
    """Regress the outcome on unit effects, period effects and regressors.

    Parameters
    ----------
    data : Absorbed
    patterns : ndarray of float64, shape (K + 1, T, p)
        Regressors of one unit of each cohort, in the order of ``panel.cohorts``; the last row: never treated.

    Raises
    ------
    NotIdentified
        When a covariate says nothing more than the effects or the other covariates.
    """
    n_periods, n_patterns = patterns.shape[1:]
    eye = np.eye(n_periods)
    designs = np.stack([np.hstack([eye, pattern]) for pattern in patterns])
    q, n_dense = n_periods + n_patterns, len(data.dense_names)
    gram = np.zeros((q + n_dense, q + n_dense))
    moment = np.zeros(q + n_dense)
    size = np.zeros(q + n_dense)
    for design, cohort in zip(designs, data.cohorts, strict=True):
        gram[:q, :q] += design.T @ cohort.gram @ design
        gram[:q, q:] += design.T @ cohort.cross
        moment[:q] += design.T @ cohort.moment
        size[:q] += np.diagonal(cohort.gram) @ design**2
    gram[q:, :q] = gram[:q, q:].T
    gram[q:, q:], moment[q:], size[q:] = data.dense_gram, data.dense_moment, data.dense_scale
    inverse, rank = pseudo_inverse(gram, size)
    effects = inverse @ moment
    effects += inverse @ (moment - gram @ effects)
    lost = np.abs(inverse @ gram - np.eye(q + n_dense))[n_periods:].max(axis=1, initial=0.0) > _ESTIMABLE
    _refuse_collinear(data, lost[n_patterns:], gram, size, q)
    return Fit(
        data=data,
        designs=designs,
        effects=effects,
        inverse=inverse,
        gram=gram,
        moment=moment,
        rank=rank,
        estimable=~lost,
    )


def _refuse_collinear(data: Absorbed, lost: Bools, gram: Floats, size: Floats, q: int) -> None:
    named = [k for k in np.flatnonzero(lost) if data.dense_names[k]]
    if not named:
        return
    n_periods = data.panel.n_periods
    periods, _ = pseudo_inverse(gram[:n_periods, :n_periods])
    across = gram[:n_periods, q:]
    left = np.diagonal(gram[q:, q:]) - np.einsum("ta,ta->a", across, periods @ across)
    alone = [k for k in named if left[k] <= 1e-11 * size[q + k]]
    raise collinear([data.dense_names[k] for k in alone or named], absorbed=bool(alone))


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """Coefficients of a two-way regression, and everything that their precision needs.

    Parameters
    ----------
    effects : ndarray of float64, shape (T + p + D,)
        Period effects, patterned regressors, cell-by-cell regressors.
    estimable : ndarray of bool, shape (p + D,)
        Whether the data tell a coefficient from the effects and the other regressors.
    """

    data: Absorbed
    designs: Floats
    effects: Floats
    inverse: Floats
    gram: Floats
    moment: Floats
    rank: int
    estimable: Bools

    @property
    def n_periods(self) -> int:
        """Number of period effects."""
        return int(self.designs.shape[1])

    @cached_property
    def coefficients(self) -> Floats:
        """Coefficients of the regressors, shape (p + D,); NaN when not estimable."""
        return np.where(self.estimable, self.effects[self.n_periods :], np.nan)

    @cached_property
    def degrees(self) -> Degrees:
        """What a covariance counts."""
        seen = self.data.panel.observed
        units, periods = int(seen.any(axis=1).sum()), int(seen.any(axis=0).sum())
        k = int(self.estimable.sum())
        return Degrees(n=int(seen.sum()), k=k, effects=units + self.rank - k, units=units, periods=periods)

    @cached_property
    def _residuals(self) -> tuple[Floats, ...]:
        """Residuals of each cohort, shape (n, T), times the weights; 0 where nothing is observed."""
        q = self.designs.shape[2]
        found = []
        for design, cohort in zip(self.designs, self.data.cohorts, strict=True):
            left = cohort.outcome - design @ self.effects[:q]
            if cohort.dense.shape[2]:
                left -= cohort.dense @ self.effects[q:]
            if cohort.weights is None:
                left -= left.mean(axis=1, keepdims=True)
            else:
                left -= np.einsum("it,it->i", cohort.shares, left)[:, None]
                left *= cohort.weights
            found.append(left)
        return tuple(found)

    def _parts(self, combination: Floats) -> tuple[Floats, Floats]:
        """Weights of a combination on the explicit regressors: by cohort (K + 1, T, c), and cell by cell (D, c)."""
        q = self.designs.shape[2]
        rows = combination @ self.inverse[self.n_periods :]
        return self.designs @ rows[:, :q].T, rows[:, q:].T

    def influence(self, combination: Floats) -> Floats:
        """Sum by unit of coefficient times residual, shape (N, c), for c combinations, shape (c, p + D)."""
        by_cohort, by_cell = self._parts(combination)
        result = np.empty((self.data.panel.n_units, len(combination)))
        if self.data.plain:
            for part, design, cohort in zip(by_cohort, self.designs, self.data.cohorts, strict=True):
                inside = part - part.mean(axis=0)
                result[cohort.rows] = cohort.outcome @ inside - (design @ self.effects) @ inside
            return result
        for part, cohort, left in zip(by_cohort, self.data.cohorts, self._residuals, strict=True):
            found = left @ part
            if cohort.dense.shape[2]:
                found += np.einsum("it,ita->ia", left, cohort.dense) @ by_cell
            result[cohort.rows] = found
        return result

    def weights_on_outcome(self, combination: Floats) -> Floats:
        """Coefficient of each outcome, shape (N, T), in one combination, shape (p + D,)."""
        by_cohort, by_cell = self._parts(combination[None])
        result = np.zeros(self.data.panel.outcome.shape)
        for part, cohort in zip(by_cohort, self.data.cohorts, strict=True):
            result[cohort.rows] = _cells(part, by_cell, cohort, slice(None))[:, :, 0]
        return result

    def cohort_weights(self, combination: Floats) -> Floats | None:
        """Coefficients of one unit of each cohort, shape (K + 1, T); None when they differ inside a cohort."""
        if not self.data.plain:
            return None
        rows = self._parts(combination[None])[0][:, :, 0]
        return np.asarray(rows - rows.mean(axis=1, keepdims=True))

    def _chunks(self, combination: Floats) -> Iterator[tuple[Cohort, slice, Floats, Floats]]:
        """Cohort, units, and cell by cell the coefficient and the residual, a block at a time."""
        by_cohort, by_cell = self._parts(combination)
        step = max(1, _CHUNK // (self.n_periods * max(len(combination), len(self.effects))))
        for part, cohort, left in zip(by_cohort, self.data.cohorts, self._residuals, strict=True):
            for start in range(0, len(cohort.rows), step):
                block = slice(start, start + step)
                residual = left[block]
                if cohort.weights is not None:
                    weights = cohort.weights[block]
                    residual = residual / np.where(weights > 0, weights, 1.0)
                yield cohort, block, _cells(part, by_cell, cohort, block), residual

    def covariance(
        self, kind: Kind = "cluster", combination: Floats | None = None, *, switches: SmallSample = FIXEST
    ) -> tuple[Floats, float]:
        """Covariance of combinations of coefficients, and degrees of freedom of their t.

        Parameters
        ----------
        kind : str
            ``iid``, ``hc1``, ``hc2``, ``hc3``, ``cluster`` (clusters of the panel) or ``two_way`` (and periods).
        combination : ndarray of float64, shape (c, p + D), optional
            Each coefficient by default.
        switches : SmallSample

        Returns
        -------
        tuple
            The (c, c) covariance, and the degrees of freedom; NaN with a single cluster.
        """
        rows = np.eye(len(self.estimable)) if combination is None else np.atleast_2d(combination)
        panel, degrees = self.data.panel, self.degrees
        unit_nested = kind in {"cluster", "two_way"}
        counted = degrees.counted(kind, switches, unit_nested=unit_nested, period_nested=kind == "two_way")
        factor = scaled(kind, degrees, switches, counted)
        if kind == "iid":
            variance = self._sum_of_squares() / (degrees.n - 1) * factor
            block = self.inverse[self.n_periods :, self.n_periods :]
            return variance * (rows @ block @ rows.T), float(degrees.n - counted)
        if kind == "cluster":
            sums = cluster_sums(self.influence(rows), panel.clusters)
            groups = len(np.unique(panel.clusters)) if panel.clustered else panel.n_units
            if groups < 2:
                return np.full((len(rows),) * 2, np.nan), np.nan
            return factor * (groups / (groups - 1) if switches.G_adj else 1.0) * (sums.T @ sums), groups - 1.0
        if kind == "two_way":
            return self._two_way(rows, factor, switches)
        return factor * self._heteroskedastic(rows, kind), float(degrees.n - counted)

    def _sum_of_squares(self) -> float:
        total = 0.0
        for cohort, left in zip(self.data.cohorts, self._residuals, strict=True):
            weights = 1.0 if cohort.weights is None else np.where(cohort.weights > 0, cohort.weights, 1.0)
            total += float((left * left / weights).sum())
        return total

    def _heteroskedastic(self, rows: Floats, kind: Kind) -> Floats:
        found = np.zeros((len(rows), len(rows)))
        power = {"hc1": 0.0, "hc2": 0.5, "hc3": 1.0}[kind]
        for cohort, block, cells, residual in self._chunks(rows):
            left = residual
            if power:
                free = 1 - self._leverage(cohort, block)
                # A cell fitted by an effect of its own has no residual, whatever the denominator.
                left = np.where(free > 1e-10, residual / np.maximum(free, 1e-10) ** power, 0.0)
            flat = (cells * left[:, :, None]).reshape(-1, len(rows))
            found += flat.T @ flat
        return found

    def _leverage(self, cohort: Cohort, block: slice) -> Floats:
        """Diagonal of the projection on every regressor and fixed effect, shape (n, T)."""
        design = self.designs[next(k for k, item in enumerate(self.data.cohorts) if item is cohort)]
        shares = cohort.shares if cohort.weights is None else cohort.shares[block]
        centred = design[None] - np.einsum("it,tq->iq", shares, design)[:, None, :]
        dense = cohort.dense[block]
        if len(centred) != len(dense):
            centred = np.broadcast_to(centred, (len(dense), *centred.shape[1:]))
        full = np.concatenate([centred, dense], axis=2)
        found = np.einsum("itq,itq->it", full @ self.inverse, full)
        if cohort.weights is None:
            return np.asarray(found + 1 / self.n_periods)
        return np.asarray(cohort.weights[block] * found + shares)

    def _two_way(self, rows: Floats, factor: float, switches: SmallSample) -> tuple[Floats, float]:
        panel = self.data.panel
        clusters = np.unique(panel.clusters, return_inverse=True)[1]
        n_clusters, n_periods = int(clusters.max()) + 1, int(panel.observed.any(axis=0).sum())
        if min(n_clusters, n_periods) < 2:
            return np.full((len(rows),) * 2, np.nan), np.nan
        n_cells = _crossed(panel.observed, clusters)
        by_period = np.zeros((panel.n_periods, len(rows)))
        crossed = np.zeros((n_clusters * panel.n_periods, len(rows)))
        for cohort, block, cells, residual in self._chunks(rows):
            influence = cells * residual[:, :, None]
            by_period += influence.sum(axis=0)
            place = clusters[cohort.rows[block]][:, None] * panel.n_periods + np.arange(panel.n_periods)
            for j in range(len(rows)):
                weights = influence[:, :, j].ravel()
                crossed[:, j] += np.bincount(place.ravel(), weights=weights, minlength=len(crossed))
        sums = cluster_sums(self.influence(rows), clusters)
        found = two_way_sum(
            sums.T @ sums,
            by_period.T @ by_period,
            crossed.T @ crossed,
            n_clusters=n_clusters,
            n_periods=n_periods,
            n_cells=n_cells,
            switches=switches,
        )
        return factor * found, min(n_clusters, n_periods) - 1.0


def _cells(part: Floats, by_cell: Floats, cohort: Cohort, block: slice) -> Floats:
    """Coefficient of each outcome of a block of units, shape (n, T, c)."""
    if cohort.weights is None:
        one = part - part.mean(axis=0)
        found = np.broadcast_to(one, (len(cohort.rows[block]), *one.shape))
    else:
        weights = cohort.weights[block]
        found = weights[:, :, None] * (part - (cohort.shares[block] @ part)[:, None, :])
    if cohort.dense.shape[2]:
        dense = cohort.dense[block] @ by_cell
        found = found + (dense if cohort.weights is None else cohort.weights[block][:, :, None] * dense)
    return np.asarray(found)


def _crossed(observed: Bools, clusters: Ints) -> int:
    """Pairs of a cluster and a period that are observed."""
    place = clusters[:, None] * observed.shape[1] + np.arange(observed.shape[1])
    return len(np.unique(place[observed]))
