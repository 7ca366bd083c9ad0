"""Synthetic difference-in-differences cohort by cohort: weights, paths, and what they make together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctgeval.impact.did_weights import DidWeights, Kind, noise_level, weighted_paths
from ctgeval.impact.donors import Donors, Path, path
from ctgeval.impact.panel import Floats, Ints

__all__ = ["Cohort", "DidEstimate", "averaged", "cohorts_of", "effects"]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Cohort:
    """Treated units that begin together.

    Parameters
    ----------
    rows, places : ndarray of intp
        Their rows of the panel, and their places among the treated.
    start : int
        First treated column.
    noise : float
        Standard deviation of the changes of the donors before it.
    share : float
        Their part of the treated cells.
    """

    rows: Ints
    places: Ints
    start: int
    noise: float
    share: float


def cohorts_of(data: Donors) -> list[Cohort]:
    """Group the treated by date."""
    outcome, n_periods = data.panel.outcome, data.panel.n_periods
    cells = float((n_periods - data.starts).sum())
    found = []
    for start in np.unique(data.starts):
        places = np.flatnonzero(data.starts == start)
        found.append(
            Cohort(
                rows=data.treated[places],
                places=places,
                start=int(start),
                noise=noise_level(outcome[data.donors], int(start)),
                share=len(places) * (n_periods - int(start)) / cells,
            )
        )
    return found


class DidEstimate:
    """Weights and paths of each cohort, and what they make together."""

    def __init__(self, data: Donors, cohorts: list[Cohort], kind: Kind) -> None:
        self.data, self.cohorts = data, cohorts
        self.weights: list[DidWeights] = []
        self.paths: list[Floats] = [
            weighted_paths(
                data.panel.outcome,
                cohort.rows[None],
                data.donors[None],
                cohort.start,
                noise=cohort.noise,
                kind=kind,
                weights=self.weights,
            )[0]
            for cohort in cohorts
        ]

    @property
    def average(self) -> Path:
        """Average path by time since the action, ``gap`` of shape (1, E)."""
        return averaged(self.data, self.cohorts, [values[None] for values in self.paths])

    @property
    def estimate(self) -> float:
        """Mean over treated cells."""
        return float(effects(self.cohorts, [values[None] for values in self.paths])[0])

    def coefficients(self) -> Floats:
        """Give the coefficients of the outcomes in the estimate, weights being fixed."""
        n_periods = self.data.panel.n_periods
        found = np.zeros(self.data.panel.outcome.shape)
        for cohort, own in zip(self.cohorts, self.weights, strict=True):
            contrast = np.concatenate([-own.time[0], np.full(n_periods - cohort.start, 1 / (n_periods - cohort.start))])
            found[cohort.rows] += cohort.share / len(cohort.rows) * contrast
            found[self.data.donors] -= cohort.share * own.unit[0][:, None] * contrast
        return found

    def unit_table(self) -> pd.DataFrame:
        """List the mean weight of each donor, the heaviest first."""
        mean = sum(cohort.share * own.unit[0] for cohort, own in zip(self.cohorts, self.weights, strict=True))
        mean = np.asarray(mean)
        order = np.lexsort((np.arange(len(mean)), -mean))
        units = [self.data.panel.units[self.data.donors[j]] for j in order]
        names = [self.data.panel.names.get(unit, "") for unit in units]
        return pd.DataFrame({"unit": units, "name": names, "weight": mean[order]})

    def time_table(self) -> pd.DataFrame:
        """List the weights of the periods before the action, by cohort."""
        periods = self.data.panel.periods
        return pd.DataFrame(
            [
                {"start": periods[cohort.start], "time_period": periods[t], "weight": float(weight)}
                for cohort, own in zip(self.cohorts, self.weights, strict=True)
                for t, weight in enumerate(own.time[0])
            ]
        )

    def cohort_table(self) -> pd.DataFrame:
        """List the estimate of each cohort and its share of the whole."""
        return pd.DataFrame(
            [
                {
                    "start": self.data.panel.periods[cohort.start],
                    "n_treated": len(cohort.rows),
                    "share": cohort.share,
                    "estimate": float(values[cohort.start :].mean()),
                }
                for cohort, values in zip(self.cohorts, self.paths, strict=True)
            ]
        )


def effects(cohorts: list[Cohort], paths: list[Floats]) -> Floats:
    """Compute the estimate of each set, from its paths by cohort, each of shape (B, T)."""
    return np.asarray(
        sum(cohort.share * own[:, cohort.start :].mean(axis=1) for cohort, own in zip(cohorts, paths, strict=True))
    )


def averaged(data: Donors, cohorts: list[Cohort], paths: list[Floats]) -> Path:
    """Average paths by time since the action, each cohort as many times as it has units."""
    gaps: list[Floats] = [np.empty(0)] * len(data.treated)
    for cohort, own in zip(cohorts, paths, strict=True):
        for place in cohort.places:
            gaps[place] = own
    return path(gaps, data.starts)
