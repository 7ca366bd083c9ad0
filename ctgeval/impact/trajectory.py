"""The gap between treated and comparators, period by period, each cohort against the never treated alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ctgeval.impact.absorbed import Absorbed, saturated_patterns
from ctgeval.impact.distributions import t_quantile
from ctgeval.impact.panel import Floats, Ints, Panel
from ctgeval.impact.situation import FEW, MANY_CONTROLS
from ctgeval.impact.twoway import Fit, fit

__all__ = ["Trajectory", "formulas_allowed", "period_table", "trajectory"]


def formulas_allowed(panel: Panel) -> bool:
    """Whether a cluster covariance means something: enough treated and comparison clusters."""
    treated = panel.n_treated_clusters
    total = len(np.unique(panel.clusters)) if panel.clustered else panel.n_units
    return treated >= FEW and total - treated >= MANY_CONTROLS


@dataclass(frozen=True, eq=False, kw_only=True)
class Trajectory:
    """Gap at each time since treatment, relative to the last period before it.

    Parameters
    ----------
    events : ndarray of intp, shape (E,)
        Time since treatment, in periods of the panel; -1 is the reference and is not there.
    estimates : ndarray of float64, shape (E,)
        NaN where no treated unit is observed at that time.
    combination : ndarray of float64, shape (E, p)
        What each estimate takes of each coefficient of the regression.
    fit : Fit
        Of one coefficient per cohort and period.
    """

    events: Ints
    estimates: Floats
    combination: Floats
    fit: Fit

    @cached_property
    def covariance(self) -> tuple[Floats, float]:
        """Cluster covariance, shape (E, E), and degrees of freedom: meaningful only where `formulas_allowed`."""
        return self.fit.covariance("cluster", self.combination)


def trajectory(data: Absorbed) -> Trajectory:
    """Measure the gap at each time since treatment.

    With one date, no gap and no covariate, each figure is a plain difference of mean changes since the last period
    before treatment. With several dates, cohorts are weighted by their number of units.
    """
    panel = data.panel
    cohort, column, patterns = saturated_patterns(panel)
    found = fit(data, patterns)
    since = column - panel.cohorts[cohort]
    events = np.unique(since)
    sizes = np.array([len(item.rows) for item in data.cohorts], dtype=np.float64)[cohort]
    share = np.where(since == events[:, None], sizes, 0.0) * found.estimable[: len(cohort)]
    total = share.sum(axis=1, keepdims=True)
    share = share / np.where(total > 0, total, 1.0)
    combination = np.hstack([share, np.zeros((len(events), len(found.estimable) - len(cohort)))])
    estimates = np.where(total[:, 0] > 0, combination @ np.nan_to_num(found.coefficients), np.nan)
    return Trajectory(events=events, estimates=estimates, combination=combination, fit=found)


def period_table(
    panel: Panel,
    events: Ints,
    estimates: Floats,
    std_errors: Floats,
    *,
    df: float,
    level: float,
    reference: int = -1,
) -> pd.DataFrame:
    """Make the table of an effect period by period, the reference at 0 with no width.

    Parameters
    ----------
    std_errors : ndarray of float64, shape (E,)
        NaN where no formula is valid: the interval is then NaN too.
    df : float
        Of the t of each period.
    """
    place = int(np.searchsorted(events, reference))
    times = np.insert(events, place, reference)
    half = std_errors * (t_quantile(1 - (1 - level) / 2, df) if df > 0 else np.nan)
    first = int(panel.cohorts[0]) if panel.single_date else None
    return pd.DataFrame(
        {
            "time_period": [
                panel.periods[first + e] if first is not None and 0 <= first + e < panel.n_periods else ""
                for e in times
            ],
            "event_time": times.astype(np.int64),
            "estimate": np.insert(estimates, place, 0.0),
            "std_error": np.insert(std_errors, place, 0.0),
            "low": np.insert(estimates - half, place, 0.0),
            "high": np.insert(estimates + half, place, 0.0),
            "reference": times == reference,
        }
    )
