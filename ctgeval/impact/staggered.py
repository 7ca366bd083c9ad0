"""What estimators of staggered treatments share: options, tables of effects, when their own errors mean something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError, suggestion
from ctgeval.impact.checks import check_comparators, check_pre_trends
from ctgeval.impact.distributions import t_quantile
from ctgeval.impact.inference import NAMES
from ctgeval.impact.panel import Bools, Floats, Ints, Panel
from ctgeval.impact.pretrends import PreTrend, pre_trend
from ctgeval.impact.result import Check
from ctgeval.impact.situation import FEW, MANY_CONTROLS

__all__ = [
    "NO_LEADS",
    "ClusterCounts",
    "Leads",
    "absorbing",
    "choice",
    "cohort_rows",
    "comparison_checks",
    "count",
    "event_labels",
    "few_limit",
    "refuse_formula",
    "table",
]

_OTHER_FORMULAS = ("iid", "hc1", "hc2", "hc3", "two_way")


def count(name: str, value: int) -> None:
    """Refuse an option that is not a whole number from 0 on.

    Raises
    ------
    DesignError
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DesignError(
            f"L’option {name} vaut {value} : il faut un nombre entier, positif ou nul.",
            value=str(value),
            remedy=f"Donnez {name}=0, 1, 2…",
        )


def choice(name: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse an option that is not one of those allowed.

    Raises
    ------
    DesignError
    """
    if value not in allowed:
        raise DesignError(
            f"L’option {name} vaut « {value} ».",
            value=value,
            remedy=suggestion(value, allowed) or f"Choisissez parmi : {', '.join(allowed)}.",
        )


def refuse_formula(asked: str, method: str) -> None:
    """Refuse formulas of the two-way regression, which these estimators don't have.

    Raises
    ------
    DesignError
    """
    if asked in _OTHER_FORMULAS:
        raise DesignError(
            f"{method} n’a pas de formule « {NAMES[asked]} ».",
            value=asked,
            remedy='Utilisez inference="auto" ou inference="cluster".',
        )


def absorbing(panel: Panel, covariates: Floats | None, names: tuple[str, ...]) -> tuple[Panel, tuple[str, ...]]:
    """Return the panel as these estimators see it: treated or not, with the covariates in use; and what to tell."""
    told: tuple[str, ...] = ()
    if not panel.binary:
        panel = panel.with_start(panel.start)
        why = "un territoire compte comme concerné dès la première période où elle n’est pas nulle"
        told = (f"La part traitée n’est pas utilisée : {why}.",)
    if covariates is not panel.covariates or names != panel.covariate_names:
        panel = replace(panel, covariates=covariates, covariate_names=names)
    return panel, told


def cohort_rows(panel: Panel) -> Ints:
    """Place of each unit's cohort in ``panel.cohorts``, their number for never treated; shape (N,)."""
    return np.asarray(np.searchsorted(np.append(panel.cohorts, panel.n_periods), panel.start))


class ClusterCounts:
    """Clusters behind averages over cohorts."""

    def __init__(self, panel: Panel) -> None:
        rows, n_cohorts = cohort_rows(panel), len(panel.cohorts)
        treated = rows < n_cohorts
        self.n_clusters = len(np.unique(panel.clusters)) if panel.clustered else panel.n_units
        self.n_treated = panel.n_treated_clusters
        self.n_controls = self.n_clusters - self.n_treated
        if panel.clustered:
            self._inside = np.zeros((n_cohorts, int(panel.clusters.max()) + 1), dtype=bool)
            self._inside[rows[treated], panel.clusters[treated]] = True
        else:
            self._inside = np.empty((0, 0), dtype=bool)
            self._sizes = np.bincount(rows[treated], minlength=n_cohorts)

    def of(self, cohorts: Bools) -> Ints:
        """Count treated clusters of sets of cohorts, shape (A, K): shape (A,)."""
        if self._inside.size:
            return np.asarray((cohorts.astype(np.intp) @ self._inside.astype(np.intp) > 0).sum(axis=1))
        return np.asarray(cohorts @ self._sizes, dtype=np.intp)

    def allowed(self) -> bool:
        """Whether the estimators' own errors mean something for the whole."""
        return self.n_treated >= FEW and self.n_controls >= MANY_CONTROLS


def few_limit(what: str) -> str:
    """Say why the errors of an estimator are not shown."""
    return (
        f"Sans au moins {FEW} groupes concernés et {MANY_CONTROLS} de comparaison, {what} : l’écart-type propre à la "
        "méthode ne verrait que la variabilité des comparaisons, et serait bien trop petit."
    )


def table(
    keys: Mapping[str, Any],
    estimate: Floats,
    std_error: Floats,
    *,
    df: float,
    level: float,
    bands: tuple[float, Floats] | None = None,
    reference: Bools | None = None,
) -> pd.DataFrame:
    """Make a table of effects with pointwise intervals, and uniform bands when there are any.

    Parameters
    ----------
    keys : mapping
        First columns.
    estimate, std_error : ndarray of float64, shape (A,)
    df : float
        Degrees of freedom of t.
    level : float
    bands : tuple, optional
        Critical value, and standard errors that it multiplies, shape (A,).
    reference : ndarray of bool, shape (A,), optional
        Rows that are 0 by construction, with no width.
    """
    if reference is not None:
        std_error = np.where(reference, 0.0, std_error)
    half = t_quantile(1 - (1 - level) / 2, df) * std_error
    columns: dict[str, Any] = {
        **keys,
        "estimate": estimate,
        "std_error": std_error,
        "low": estimate - half,
        "high": estimate + half,
    }
    if bands is not None:
        wide = bands[0] * bands[1]
        wide = wide if reference is None else np.where(reference, 0.0, wide)
        columns |= {"band_low": estimate - wide, "band_high": estimate + wide}
    if reference is not None:
        columns["reference"] = reference
    return pd.DataFrame(columns)


def event_labels(panel: Panel, event_time: Ints) -> list[str]:
    """Period of each time since treatment; empty with several dates, or outside the panel."""
    if not panel.single_date:
        return [""] * len(event_time)
    columns = int(panel.cohorts[0]) + event_time
    return [panel.periods[int(t)] if 0 <= t < panel.n_periods else "" for t in columns]


class Leads(NamedTuple):
    """Differences before treatment that can be judged together.

    Parameters
    ----------
    estimate : ndarray of float64, shape (m,)
    covariance : ndarray of float64, shape (m, m)
    p_value : float
        NaN without any.
    rank : int
        Degrees of freedom.
    """

    estimate: Floats
    covariance: Floats
    p_value: float
    rank: int


NO_LEADS = Leads(np.empty(0), np.empty((0, 0)), np.nan, 0)


def comparison_checks(panel: Panel, leads: Leads, *, df: float, level: float, seed: int) -> tuple[Check, ...]:
    """Check that evolutions were parallel before treatment, by the estimator's own test where it is valid."""
    known = leads.rank > 0
    before = pre_trend(
        panel,
        estimates=leads.estimate if known else None,
        covariance=leads.covariance if known else None,
        df=df,
        level=level,
        seed=seed,
    )
    if known and before.how == "wald":
        before = replace(before, p_value=leads.p_value)
    elif known and before.how == "none":
        # A single period before the first date, several before the last.
        before = PreTrend(how="wald", p_value=leads.p_value, minimum_p=0.0, n_periods=int(panel.cohorts[-1]))
    return check_pre_trends(panel, before, level=level), check_comparators(panel)
