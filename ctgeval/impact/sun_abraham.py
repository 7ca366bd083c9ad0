"""One two-way regression with an effect per cohort and period, then averaged (Sun and Abraham)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctgeval.errors import NotIdentified
from ctgeval.impact.absorbed import Absorbed
from ctgeval.impact.conclusion import conclude_panel
from ctgeval.impact.distributions import f_sf
from ctgeval.impact.inference import infer
from ctgeval.impact.panel import Bools, Floats, Panel
from ctgeval.impact.projection import pseudo_inverse
from ctgeval.impact.reading import some
from ctgeval.impact.result import ImpactResult
from ctgeval.impact.situation import FEW
from ctgeval.impact.staggered import (
    NO_LEADS,
    ClusterCounts,
    Leads,
    absorbing,
    comparison_checks,
    event_labels,
    few_limit,
    refuse_formula,
    table,
)
from ctgeval.impact.trajectory import Trajectory, trajectory

__all__ = ["sun_abraham"]


def sun_abraham(
    panel: Panel,
    *,
    inference: str = "auto",
    level: float = 0.95,
    seed: int = 0,
    allow_invalid: bool = False,
    minimum_effect: float | None = None,
) -> ImpactResult:
    """Estimate the effect on each cohort at each period in one regression, and average them by size of cohort.

    Parameters
    ----------
    panel : Panel
        With its covariates and weights. When every unit ends up treated, the last cohort is the comparison, over the
        periods before its own treatment, and this is told.
    inference : str
        ``auto``, ``cluster`` (of the regression, with the small-sample factors of fixest) or a test of
        `ctgeval.impact.inference.NAMES`.
    level, seed, allow_invalid, minimum_effect
        As for every estimator.

    Returns
    -------
    ImpactResult
        The estimate is the mean over treated units and periods; ``by_period`` the mean at each time since treatment,
        relative to the last period before it. ``details``: ``group_time``, ``pre_test``, and ``event_times,
        coefficients, covariance, covariance_valid, covariance_reason, df, reference`` as in
        `ctgeval.impact.event_study`.

    Raises
    ------
    NotIdentified
        When nobody is treated, or nobody is left to compare with.
    TooFewUnits
        When ``inference="cluster"`` can't work with so few treated clusters.

    References
    ----------
    Sun, L. and Abraham, S. (2021), Estimating dynamic treatment effects in event studies with heterogeneous treatment
    effects, Journal of Econometrics 225. The shares of cohorts are held fixed, as in fixest.
    """
    refuse_formula(inference, "La régression par cohortes")
    panel.require(controls=False, pre=1, method="la régression par cohortes")
    panel, told = absorbing(panel, panel.covariates, panel.covariate_names)
    panel, left_out = _with_comparators(panel)
    path = trajectory(Absorbed.of(panel))
    cells = _cells(panel, path)
    estimate, combination = _overall(panel, path, cells)
    variance, df = path.fit.covariance("cluster", np.vstack([path.combination, combination]))
    counts = ClusterCounts(panel)
    everywhere = allow_invalid and inference == "cluster"
    shown = _shown(panel, path, cells, counts, everywhere=everywhere)
    leads = _leads(path, variance, shown, df)
    found = infer(
        panel,
        estimate=estimate,
        weights=path.fit.cohort_weights(combination),
        cluster=(float(np.sqrt(variance[-1, -1])), df),
        asked=inference,
        level=level,
        seed=seed,
        allow_invalid=allow_invalid,
    )
    valid = bool(shown.all()) and not everywhere
    return conclude_panel(
        panel,
        method="sun_abraham",
        estimate=estimate,
        inference=found,
        by_period=_by_period(panel, path, np.where(shown, np.sqrt(np.diagonal(variance)[:-1]), np.nan), df, level),
        bounds=None if panel.exact else panel.bound(path.fit.weights_on_outcome(combination), estimate),
        checks=comparison_checks(panel, leads, df=df, level=level, seed=seed),
        limits=(*told, *left_out, *_lost(cells), *_few(path, shown, counts)),
        level=level,
        minimum_effect=minimum_effect,
        details={
            "group_time": cells,
            "pre_test": {"p_value": leads.p_value, "df": leads.rank},
            "event_times": path.events,
            "coefficients": path.estimates,
            "covariance": variance[:-1, :-1],
            "covariance_valid": valid,
            "covariance_reason": ""
            if valid
            else "Trop peu de groupes concernés ou de comparaison : la covariance est dégénérée.",
            "df": df,
            "reference": -1,
        },
    )


def _with_comparators(panel: Panel) -> tuple[Panel, tuple[str, ...]]:
    if panel.n_controls:
        return panel, ()
    last = int(panel.cohorts[-1])
    if len(panel.cohorts) < 2:
        panel.require(method="la régression par cohortes")
    when = panel.periods[last]
    how = f"ceux qui le sont en {when} servent de comparaison, et les périodes à partir de {when} sont laissées de côté"
    return panel.window(0, last - 1), (f"Tous les territoires finissent par être concernés : {how}.",)


def _cells(panel: Panel, path: Trajectory) -> pd.DataFrame:
    """Effect of each cohort at each period but its reference."""
    n_periods = panel.n_periods
    cohort, column = np.nonzero(np.arange(n_periods) != panel.cohorts[:, None] - 1)
    return pd.DataFrame(
        {
            "cohort": [panel.periods[int(panel.cohorts[k])] for k in cohort],
            "time_period": [panel.periods[int(t)] for t in column],
            "event_time": column - panel.cohorts[cohort],
            "estimate": path.fit.coefficients[: len(cohort)],
        }
    )


def _overall(panel: Panel, path: Trajectory, cells: pd.DataFrame) -> tuple[float, Floats]:
    """Mean over treated units and periods, and what it takes of each coefficient."""
    sizes = np.bincount(np.searchsorted(panel.cohorts, panel.start[panel.treated]), minlength=len(panel.cohorts))
    known = (cells["event_time"] >= 0) & cells["estimate"].notna()
    if not known.any():
        raise NotIdentified(
            "Aucun effet ne peut être estimé : rien n’est observé à la fois avant et depuis l’action, avec des "
            "territoires de comparaison.",
            remedy="Ajoutez des territoires de comparaison ou des périodes.",
        )
    cohort = np.nonzero(np.arange(panel.n_periods) != panel.cohorts[:, None] - 1)[0]
    share = np.where(known, sizes[cohort], 0.0)
    combination = np.zeros(len(path.fit.estimable))
    combination[: len(share)] = share / share.sum()
    return float(combination @ np.nan_to_num(path.fit.coefficients)), combination


def _shown(panel: Panel, path: Trajectory, cells: pd.DataFrame, counts: ClusterCounts, *, everywhere: bool) -> Bools:
    """Whether the error of each time since treatment means something."""
    if everywhere:
        return ~np.isnan(path.estimates)
    cohort = np.nonzero(np.arange(panel.n_periods) != panel.cohorts[:, None] - 1)[0]
    inside = np.zeros((len(path.events), len(panel.cohorts)), dtype=bool)
    known = cells["estimate"].notna().to_numpy()
    inside[np.searchsorted(path.events, cells["event_time"].to_numpy()[known]), cohort[known]] = True
    return np.asarray((counts.of(inside) >= FEW) & counts.allowed())


def _leads(path: Trajectory, variance: Floats, shown: Bools, df: float) -> Leads:
    kept = np.flatnonzero((path.events < 0) & shown & ~np.isnan(path.estimates))
    if not len(kept):
        return NO_LEADS
    estimate, covariance = path.estimates[kept], variance[np.ix_(kept, kept)]
    inverse, rank = pseudo_inverse(covariance)
    statistic = estimate @ inverse @ estimate / max(rank, 1)
    return Leads(estimate, covariance, float(f_sf(statistic, rank, df)) if rank else np.nan, rank)


def _by_period(panel: Panel, path: Trajectory, error: Floats, df: float, level: float) -> pd.DataFrame:
    place = int(np.searchsorted(path.events, -1))
    events = np.insert(path.events, place, -1)
    return table(
        {"time_period": event_labels(panel, events), "event_time": events},
        np.insert(path.estimates, place, 0.0),
        np.insert(error, place, 0.0),
        df=df,
        level=level,
        reference=events == -1,
    )


def _lost(cells: pd.DataFrame) -> tuple[str, ...]:
    lost = cells[cells["estimate"].isna()]
    if lost.empty:
        return ()
    which = [f"cohorte {row.cohort} en {row.time_period}" for row in lost.itertuples()]
    return (f"Effets non estimés faute d’observations, et hors des moyennes : {some(which)}.",)


def _few(path: Trajectory, shown: Bools, counts: ClusterCounts) -> tuple[str, ...]:
    if shown.all():
        return ()
    if not counts.allowed():
        return (few_limit("les écarts-types des effets par période ne sont pas donnés"),)
    which = some([str(e) for e in path.events[~shown]])
    return (few_limit(f"l’écart-type n’est pas donné à {which} périodes du début de l’action"),)
