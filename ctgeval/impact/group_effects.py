"""Averages of the effects by cohort and period: their errors by cluster, uniform bands, tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.impact.aggregation import Average, aggregate as averages
from ctgeval.impact.covariance import cluster_sums
from ctgeval.impact.distributions import chi2_sf, t_quantile
from ctgeval.impact.group_cells import GroupCells, unit_weights
from ctgeval.impact.multiplier import critical, multiplier
from ctgeval.impact.panel import Bools, Floats, Ints
from ctgeval.impact.projection import pseudo_inverse
from ctgeval.impact.reading import some
from ctgeval.impact.situation import FEW, MANY_CONTROLS
from ctgeval.impact.staggered import NO_LEADS, ClusterCounts, Leads, cohort_rows, event_labels, few_limit, table

__all__ = ["GroupEffects"]

_SMALL = 10_000
"""Numbers up to which influences are kept in a result."""


@dataclass(frozen=True, eq=False)
class GroupEffects:
    """Averages of the effects by cohort and period, their errors and their bands.

    Parameters
    ----------
    cells : GroupCells
    level : float
        Of confidence.
    draws, seed : int
        Of the multiplier bootstrap.
    everywhere : bool
        Give errors even where they mean nothing.
    """

    cells: GroupCells
    level: float
    draws: int
    seed: int
    everywhere: bool

    @cached_property
    def share(self) -> Floats:
        """Share of each cohort among all units, shape (K,)."""
        weights = unit_weights(self.cells.panel)
        rows = cohort_rows(self.cells.panel)
        n_cohorts = len(self.cells.panel.cohorts)
        return np.asarray(np.bincount(rows, weights, minlength=n_cohorts + 1)[:n_cohorts] / weights.sum())

    @cached_property
    def _averages(self) -> tuple[Mapping[str, Average], Mapping[str, Average]]:
        cells = self.cells
        return averages(cells.estimate, cells.cohort, cells.column, cells.event_time, self.share)

    @property
    def tables(self) -> Mapping[str, Average]:
        """Rows of the ``dynamic``, ``group`` and ``calendar`` tables."""
        return self._averages[0]

    @property
    def overall(self) -> Mapping[str, Average]:
        """Overall average of each aggregate."""
        return self._averages[1]

    @cached_property
    def counts(self) -> ClusterCounts:
        """Clusters behind the effects."""
        return ClusterCounts(self.cells.panel)

    @property
    def df(self) -> float:
        """Degrees of freedom of t: clusters less one."""
        return float(self.counts.n_clusters - 1)

    @cached_property
    def scores(self) -> Floats:
        """Errors of the cells, then of the shares of the cohorts, by cluster: shape (M + K, C)."""
        panel, weights = self.cells.panel, unit_weights(self.cells.panel)
        inside = cohort_rows(panel) == np.arange(len(panel.cohorts))[:, None]
        shares = (inside - self.share[:, None]) * (weights / weights.sum())
        return np.ascontiguousarray(cluster_sums(np.vstack([self.cells.scores, shares]).T, panel.clusters).T)

    @cached_property
    def covariance(self) -> Floats:
        """Covariance of the cells and of the shares, shape (M + K, M + K)."""
        return np.asarray(self.scores @ self.scores.T)

    @cached_property
    def errors(self) -> Floats:
        """Draws of the errors, shape (B, M + K); none when no error means anything."""
        if not self.draws or not (self.counts.allowed() or self.everywhere):
            return np.empty((0, len(self.scores)))
        return multiplier(self.scores, draws=self.draws, seed=self.seed)

    def _combination(self, average: Average) -> Floats:
        return np.hstack([average.weights, average.drift])

    def raw_error(self, average: Average) -> Floats:
        """Return the standard error of each row of an average, whether it means something or not."""
        rows = self._combination(average)
        variance = np.einsum("am,am->a", rows @ self.covariance, rows)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))

    def _meaning(self, average: Average) -> Bools:
        """Rows that rest on enough clusters for their error to mean something."""
        if self.everywhere:
            return np.ones(len(average.key), dtype=bool)
        cells = self.cells
        used = (average.weights > 0) & ~cells.reference
        cohorts = used.astype(float) @ (cells.cohort[:, None] == np.arange(len(self.share))) > 0
        fewest = np.where(used, cells.n_controls, np.iinfo(np.intp).max).min(axis=1)
        return np.asarray((self.counts.of(cohorts) >= FEW) & (fewest >= MANY_CONTROLS))

    def _table(self, keys: Mapping[str, Any], average: Average, *, told: bool = False) -> pd.DataFrame:
        reference = self._reference(average)
        raw = self.raw_error(average)
        shown = np.where(self._meaning(average) & (raw > 0), raw, np.nan)
        errors = self.errors @ self._combination(average).T
        least = t_quantile(1 - (1 - self.level) / 2, self.df)
        multiple = critical(errors, shown, level=self.level, least=least)
        return table(
            keys,
            average.estimate,
            shown,
            df=self.df,
            level=self.level,
            bands=(multiple, shown),
            reference=reference if told or reference.any() else None,
        )

    @cached_property
    def _every_cell(self) -> Average:
        """Each cell as an average of itself."""
        n = len(self.cells.estimate)
        return Average(
            key=np.arange(n), estimate=self.cells.estimate, weights=np.eye(n), drift=np.zeros((n, len(self.share)))
        )

    @cached_property
    def by_period(self) -> pd.DataFrame:
        """Average by time since treatment."""
        dynamic = self.tables["dynamic"]
        keys = {"time_period": event_labels(self.cells.panel, dynamic.key), "event_time": dynamic.key}
        return self._table(keys, dynamic, told=True)

    def _reference(self, average: Average) -> Bools:
        """Rows made of reference cells alone."""
        return np.asarray(~((average.weights > 0) & ~self.cells.reference).any(axis=1) & ~np.isnan(average.estimate))

    def details(self) -> dict[str, Any]:
        """Every table, by its name in ``details``."""
        cells, periods = self.cells, self.cells.panel.periods
        group, calendar = self.tables["group"], self.tables["calendar"]
        cohorts = [periods[int(c)] for c in cells.panel.cohorts]
        overall = pd.concat([self._table({"aggregate": [k]}, v) for k, v in self.overall.items()], ignore_index=True)
        found = {
            "group_time": self._table(
                {
                    "cohort": [cohorts[int(k)] for k in cells.cohort],
                    "time_period": [periods[int(t)] for t in cells.column],
                },
                self._every_cell,
            ),
            "dynamic": self.by_period,
            "group": self._table({"cohort": [cohorts[int(k)] for k in group.key]}, group),
            "calendar": self._table({"time_period": [periods[int(t)] for t in calendar.key]}, calendar),
            "overall": overall,
            "simple": overall[overall["aggregate"] == "simple"].reset_index(drop=True),
            **self._path(),
        }
        if cells.scores.size <= _SMALL:
            found["influence"] = cells.scores.T
        return found

    def _path(self) -> dict[str, Any]:
        """Estimates by time since treatment without the reference, and their covariance, for sensitivity analyses."""
        dynamic = self.tables["dynamic"]
        reference = self._reference(dynamic)
        rows = self._combination(dynamic)[~reference]
        valid = bool(self._meaning(dynamic)[~reference].all()) and not self.everywhere
        why = "" if valid else "Trop peu de groupes concernés ou de comparaison : la covariance est dégénérée."
        if valid and not reference.any():
            valid = False
            why = 'Avant l’action, chaque écart est mesuré depuis la période précédente : demandez base="universal".'
        return {
            "event_times": dynamic.key[~reference],
            "coefficients": dynamic.estimate[~reference],
            "covariance": rows @ self.covariance @ rows.T,
            "covariance_valid": valid,
            "covariance_reason": why,
            "df": self.df,
            "reference": int(dynamic.key[reference][-1]) if reference.any() else None,
        }

    def limits(self) -> tuple[str, ...]:
        """Why some errors are not given."""
        if self.everywhere:
            return ()
        if not self.counts.allowed():
            return (few_limit("les écarts-types des effets par cohorte et par période ne sont pas donnés"),)
        few = ~self._meaning(self.tables["group"])
        if not few.any():
            return ()
        panel = self.cells.panel
        which = [panel.periods[int(panel.cohorts[int(k)])] for k in self.tables["group"].key[few]]
        what = (
            f"l’écart-type n’est pas donné pour ce qui repose sur {'les cohortes' if len(which) > 1 else 'la cohorte'}"
        )
        return (few_limit(f"{what} {some(which)}"),)

    def leads(self, anticipation: int) -> Leads:
        """Effects before treatment, and the test that they all are 0."""
        cells = self.cells
        before = (cells.event_time < -anticipation) & ~np.isnan(cells.estimate) & ~cells.reference
        kept: Ints = np.flatnonzero(before & self._meaning(self._every_cell))
        if not len(kept):
            return NO_LEADS
        estimate, covariance = cells.estimate[kept], self.covariance[np.ix_(kept, kept)]
        inverse, rank = pseudo_inverse(covariance)
        p_value = float(chi2_sf(estimate @ inverse @ estimate, rank)) if rank else np.nan
        return Leads(estimate, covariance, p_value, rank)
