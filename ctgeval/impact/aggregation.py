"""Averages of effects by cohort and period: simple, by time since treatment, by cohort, by period.

References
----------
Callaway, B. and Sant'Anna, P. (2021), Difference-in-differences with multiple time periods, Journal of Econometrics
225, section 3.1, table 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np

from ctgeval.impact.panel import Bools, Floats, Ints

__all__ = ["AGGREGATES", "Aggregate", "Average", "aggregate"]

Aggregate = Literal["simple", "dynamic", "group", "calendar"]
AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)


@dataclass(frozen=True, eq=False, kw_only=True)
class Average:
    """Averages that are linear in the effects of the cells, with weights that are estimated.

    Parameters
    ----------
    key : ndarray of intp, shape (A,)
        What each row is about: a time since treatment, a cohort's place, a column; 0 for an overall average.
    estimate : ndarray of float64, shape (A,)
    weights : ndarray of float64, shape (A, M)
        Weight of each cell, of sum 1.
    drift : ndarray of float64, shape (A, K)
        Derivative by the share of each cohort among all units.
    """

    key: Ints
    estimate: Floats
    weights: Floats
    drift: Floats

    def mean(self, rows: Bools) -> Average:
        """Return the plain mean of some rows."""
        part = np.where(rows, 1.0, 0.0)[None] / max(1, int(rows.sum()))
        estimate = part @ self.estimate if rows.any() else np.array([np.nan])
        return Average(
            key=np.zeros(1, dtype=np.intp), estimate=estimate, weights=part @ self.weights, drift=part @ self.drift
        )


def aggregate(
    estimate: Floats, cohort: Ints, column: Ints, event_time: Ints, share: Floats
) -> tuple[Mapping[str, Average], Mapping[str, Average]]:
    """Average the effects of the cells in each way.

    Parameters
    ----------
    estimate : ndarray of float64, shape (M,)
        NaN where unknown: left out of every average.
    cohort, column, event_time : ndarray of intp, shape (M,)
    share : ndarray of float64, shape (K,)
        Share of each cohort among all units.

    Returns
    -------
    tuple of mappings
        By aggregate: rows of the ``dynamic``, ``group`` and ``calendar`` tables; and the overall average of each.
    """
    known = ~np.isnan(estimate)
    post = known & (event_time >= 0)
    value = np.where(known, estimate, 0.0)

    def rows(key: Ints, kept: Bools) -> Average:
        return _by(key, kept, value, cohort, share)

    dynamic, calendar, group = rows(event_time, known), rows(column, post), rows(cohort, post)
    overall = {
        "simple": rows(np.zeros_like(column), post),
        "dynamic": dynamic.mean(dynamic.key >= 0),
        "group": _across(group, share),
        "calendar": calendar.mean(np.ones(len(calendar.key), dtype=bool)),
    }
    tables = {"dynamic": dynamic, "group": group, "calendar": calendar}
    return MappingProxyType(tables), MappingProxyType(overall)


def _by(key: Ints, kept: Bools, value: Floats, cohort: Ints, share: Floats) -> Average:
    """Average the kept cells of each key, each cohort by its share."""
    keys = np.unique(key[kept])
    inside = (key == keys[:, None]) & kept
    size = inside * share[cohort]
    total = size.sum(axis=1, keepdims=True)
    weights = size / total
    estimate = weights @ value
    # A share moves its own cells, and the total of the weights.
    each = np.where(inside, (value - estimate[:, None]) / total, 0.0)
    return Average(key=keys, estimate=estimate, weights=weights, drift=_sum_by(each, cohort, len(share)))


def _sum_by(values: Floats, cohort: Ints, n_cohorts: int) -> Floats:
    return np.asarray(values @ (cohort[:, None] == np.arange(n_cohorts)))


def _across(group: Average, share: Floats) -> Average:
    """Average cohorts by their share."""
    part = np.zeros((1, len(share)))
    kept = share[group.key]
    part = (kept / kept.sum())[None]
    estimate = part @ group.estimate
    drift = part @ group.drift
    drift[0, group.key] += (group.estimate - estimate) / kept.sum()
    return Average(key=np.zeros(1, dtype=np.intp), estimate=estimate, weights=part @ group.weights, drift=drift)
