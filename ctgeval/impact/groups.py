"""Units, or whole clusters of units, as the independent observations that tests with few treated stand on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctgeval.impact.contrast import Contrast
from ctgeval.impact.panel import Bools, Floats, Ints

__all__ = ["Groups", "groups"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Groups:
    """Units, or whole clusters of units, as independent observations.

    ``scores`` are (weighted) means over the units of a group; a group adds ``sizes * scores`` to the estimate.
    """

    scores: Floats
    sizes: Floats
    rows: Ints
    population: Floats | None
    n_cohorts: int

    @property
    def treated(self) -> Ints:
        """Return the places of the treated."""
        return np.flatnonzero(self.rows < self.n_cohorts)

    @property
    def controls(self) -> Bools:
        """Tell which are never treated."""
        return np.asarray(self.rows == self.n_cohorts)

    def noise(self) -> Floats:
        """Return what each comparator would have contributed by chance as each cohort, shape (n0, K + 1)."""
        values = self.scores[self.controls]
        return np.asarray(values - values.mean(axis=0))

    def covariance(self) -> Floats:
        """Return the covariance of that noise."""
        noise = self.noise()
        return np.asarray(noise.T @ noise / (len(noise) - 1))


def groups(contrast: Contrast) -> Groups:
    """Bring units to their clusters when each cluster was treated, or not, as a whole.

    When a cluster holds treated and untreated units, units count one by one: what its units share is not accounted for.
    """
    if not contrast.clustered or not contrast.pure:
        return Groups(
            scores=contrast.scores / contrast.mass[:, None],
            sizes=contrast.mass,
            rows=contrast.rows,
            population=contrast.population,
            n_cohorts=contrast.n_cohorts,
        )
    head, codes = np.unique(contrast.clusters, return_index=True, return_inverse=True)[1:]
    sizes = np.bincount(codes, weights=contrast.mass).astype(np.float64)
    sums = np.column_stack([np.bincount(codes, weights=column) for column in contrast.scores.T])
    return Groups(
        scores=sums / sizes[:, None],
        sizes=sizes,
        rows=contrast.rows[head],
        population=None
        if contrast.population is None
        else np.bincount(codes, weights=contrast.population).astype(np.float64),
        n_cohorts=contrast.n_cohorts,
    )
