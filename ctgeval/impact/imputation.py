"""Imputation: unit and period effects learnt on untreated cells, effects read on treated ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ctgeval.impact.absorbed import Absorbed
from ctgeval.impact.conclusion import conclude_panel
from ctgeval.impact.covariance import cluster_sums
from ctgeval.impact.distributions import f_sf
from ctgeval.impact.imputed import Centre, Imputed, design_weights, impute
from ctgeval.impact.inference import infer
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Floats, Panel
from ctgeval.impact.projection import pseudo_inverse
from ctgeval.impact.reading import some
from ctgeval.impact.result import ImpactResult
from ctgeval.impact.situation import FEW
from ctgeval.impact.staggered import (
    NO_LEADS,
    ClusterCounts,
    Leads,
    absorbing,
    cohort_rows,
    comparison_checks,
    event_labels,
    few_limit,
    refuse_formula,
    table,
)
from ctgeval.impact.twoway import fit
from ctgeval.impact.unobserved import unobserved

__all__ = ["imputation", "imputation_result"]


@guarded
def imputation(
    panel: Panel,
    *,
    inference: str = "auto",
    level: float = 0.95,
    seed: int = 0,
    allow_invalid: bool = False,
    minimum_effect: float | None = None,
) -> ImpactResult:
    """Estimate the mean effect on treated cells from what untreated cells say they would have been.

    Parameters
    ----------
    panel : Panel
        With its covariates and weights; gaps are no matter, but a treated cell whose unit or period has no untreated
        one is left out, and told.
    inference : str
        ``auto``, ``cluster`` (the estimator's own formula) or a test of `ctgeval.impact.inference.NAMES`.
    level, seed, allow_invalid, minimum_effect
        As for every estimator.

    Returns
    -------
    ImpactResult
        ``by_period`` holds the mean effect at each time since treatment, in columns of the panel, and before it the
        leads of the test of Borusyak, Jaravel and Spiess, estimated on untreated cells alone against earlier periods.
        The standard error is their conservative one, by cluster: effects vary around the mean of their cohort and
        period. ``details``: ``group_time`` (mean effect by cohort and period), ``pre_test``, and ``event_times,
        coefficients, covariance`` from treatment on.

    Raises
    ------
    NotIdentified
        When nobody is treated, or no treated cell can be predicted.
    TooFewUnits
        When ``inference="cluster"`` can't work with so few treated clusters.

    References
    ----------
    Borusyak, K., Jaravel, X. and Spiess, J. (2024), Revisiting event-study designs: robust and efficient estimation,
    Review of Economic Studies 91.
    """
    return imputation_result(
        panel,
        "imputation",
        "cohort",
        inference=inference,
        level=level,
        seed=seed,
        allow_invalid=allow_invalid,
        minimum_effect=minimum_effect,
    )


def imputation_result(
    panel: Panel,
    method: str,
    centre: Centre,
    *,
    inference: str,
    level: float,
    seed: int,
    allow_invalid: bool,
    minimum_effect: float | None,
) -> ImpactResult:
    """Make the result of an estimator that imputes; ``centre`` is what its variance lets effects vary around."""
    refuse_formula(inference, "L’imputation")
    panel.require(controls=False, pre=1, method="l’imputation")
    panel, told = absorbing(panel, panel.covariates, panel.covariate_names)
    imputed = impute(panel)
    if not len(imputed.events):
        raise unobserved(
            panel,
            "Aucun effet ne peut être estimé : aux périodes de l’action, plus aucun territoire n’est hors de l’action.",
            remedy="Ajoutez des territoires de comparaison.",
        )
    counts = ClusterCounts(panel)
    everywhere = allow_invalid and inference == "cluster"
    by_event, overall = (cluster_sums(s, panel.clusters) for s in _two(imputed.scores(centre)))
    df, estimate = float(counts.n_clusters - 1), imputed.estimate
    shown = _shown(imputed, counts, everywhere=everywhere)
    error = np.where(shown, np.sqrt((by_event**2).sum(axis=0)), np.nan)
    leads, before = _leads(panel, counts, df=df, level=level, everywhere=everywhere)
    after = table(
        {"time_period": event_labels(panel, imputed.events), "event_time": imputed.events},
        imputed.effects,
        error,
        df=df,
        level=level,
    )
    found = infer(
        panel,
        estimate=estimate,
        weights=_weights(panel),
        cluster=(float(np.sqrt((overall**2).sum())), df),
        asked=inference,
        level=level,
        seed=seed,
        allow_invalid=allow_invalid,
    )
    return conclude_panel(
        panel,
        method=method,
        estimate=estimate,
        inference=found,
        by_period=pd.concat([before, after], ignore_index=True) if len(before) else after,
        bounds=None if panel.exact else panel.bound(imputed.coefficients(), estimate),
        checks=comparison_checks(panel, leads, df=df, level=level, seed=seed),
        limits=(*told, *_lost(imputed), *_few(imputed, shown, counts)),
        level=level,
        minimum_effect=minimum_effect,
        details={
            "group_time": _group_time(imputed),
            "pre_test": {"p_value": leads.p_value, "df": leads.rank},
            "event_times": imputed.events,
            "coefficients": imputed.effects,
            "covariance": by_event.T @ by_event,
            "covariance_valid": False,
            "covariance_reason": "L’imputation ne mesure pas de la même façon les écarts d’avant et d’après l’action : "
            "utilisez impact.event_study, impact.sun_abraham ou impact.group_time.",
        },
    )


def _two(scores: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    return scores[0], scores[1][:, None]


def _weights(panel: Panel) -> Floats:
    counts = np.bincount(cohort_rows(panel), minlength=len(panel.cohorts) + 1)
    return design_weights(panel.cohorts, counts, panel.n_periods)


def _shown(imputed: Imputed, counts: ClusterCounts, *, everywhere: bool) -> Any:
    """Whether the error of each mean effect means something, shape (A,)."""
    if everywhere:
        return np.ones(len(imputed.events), dtype=bool)
    panel = imputed.panel
    total = imputed.by_cohort[1]
    at = panel.cohorts[:, None] + imputed.events
    inside = (at < panel.n_periods) & (np.take_along_axis(total, np.minimum(at, panel.n_periods - 1), axis=1) > 0)
    return (counts.of(inside.T) >= FEW) & counts.allowed()


def _few(imputed: Imputed, shown: Any, counts: ClusterCounts) -> tuple[str, ...]:
    if shown.all():
        return ()
    if not counts.allowed():
        return (few_limit("les écarts-types des effets par période ne sont pas donnés"),)
    which = some([f"{e} période{'s' if e > 1 else ''} après" for e in imputed.events[~shown]])
    return (few_limit(f"l’écart-type n’est pas donné pour les effets que peu de groupes portent ({which})"),)


def _lost(imputed: Imputed) -> tuple[str, ...]:
    rows = np.flatnonzero(imputed.lost.any(axis=1))
    if not len(rows):
        return ()
    columns = [imputed.panel.periods[t] for t in np.flatnonzero(imputed.lost.any(axis=0))]
    names = [imputed.panel.name(int(i)) for i in rows]
    why = "aucune observation sans action ne dit ce qu’elles auraient été"
    return (f"{int(imputed.lost.sum())} observations de {some(names)} ({some(columns)}) hors de la moyenne : {why}.",)


def _group_time(imputed: Imputed) -> pd.DataFrame:
    panel = imputed.panel
    estimate, weight = imputed.by_cohort
    cohort, column = np.nonzero(np.arange(panel.n_periods) >= panel.cohorts[:, None])
    return pd.DataFrame(
        {
            "cohort": [panel.periods[int(panel.cohorts[k])] for k in cohort],
            "time_period": [panel.periods[int(t)] for t in column],
            "estimate": estimate[cohort, column],
            "weight": weight[cohort, column],
        }
    )


def _leads(
    panel: Panel, counts: ClusterCounts, *, df: float, level: float, everywhere: bool
) -> tuple[Leads, pd.DataFrame]:
    """Differences before treatment, estimated on untreated cells alone (the test of BJS), and their table."""
    events = np.arange(1 - int(panel.cohorts[-1]), 0)
    if not len(events):
        return NO_LEADS, pd.DataFrame()
    untreated = panel.with_outcome(np.where(panel.post, np.nan, panel.outcome))
    patterns = np.zeros((len(panel.cohorts) + 1, panel.n_periods, len(events)))
    patterns[:-1] = (np.arange(panel.n_periods) - panel.cohorts[:, None])[:, :, None] == events
    found = fit(Absorbed.of(untreated), patterns)
    estimable = found.estimable[: len(events)]
    inside = (panel.cohorts[:, None] + events >= 0).T
    shown = estimable & (everywhere or ((counts.of(inside) >= FEW) & counts.allowed()))
    estimate = found.coefficients[: len(events)]
    error = np.full(len(events), np.nan)
    leads = NO_LEADS
    if shown.any():
        covariance, _ = found.covariance("cluster", np.eye(len(found.estimable))[: len(events)][shown])
        error[shown] = np.sqrt(np.diagonal(covariance))
        inverse, rank = pseudo_inverse(covariance)
        statistic = estimate[shown] @ inverse @ estimate[shown] / max(rank, 1)
        leads = Leads(estimate[shown], covariance, float(f_sf(statistic, rank, df)) if rank else np.nan, rank)
    keys = {"time_period": event_labels(panel, events[estimable]), "event_time": events[estimable]}
    return leads, table(keys, estimate[estimable], error[estimable], df=df, level=level)
