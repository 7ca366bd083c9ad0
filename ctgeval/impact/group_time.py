"""Effects by cohort and period, each against comparators that are not treated (Callaway and Sant'Anna)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np

from ctgeval.errors import DesignError, NotIdentified, suggestion
from ctgeval.impact.aggregation import AGGREGATES, Aggregate
from ctgeval.impact.conclusion import conclude_panel
from ctgeval.impact.contrasts import METHODS, Method
from ctgeval.impact.group_cells import Base, Control, GroupCells, estimate_cells
from ctgeval.impact.group_effects import GroupEffects
from ctgeval.impact.inference import infer
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Floats, Panel
from ctgeval.impact.reading import some
from ctgeval.impact.result import ImpactResult
from ctgeval.impact.staggered import (
    absorbing,
    choice,
    cohort_rows,
    comparison_checks,
    count,
    refuse_formula,
)

__all__ = ["group_time"]


@guarded
def group_time(
    panel: Panel,
    *,
    covariates: Sequence[str] = (),
    control: Control = "never",
    method: Method = "dr",
    anticipation: int = 0,
    base: Base = "varying",
    aggregate: Aggregate = "simple",
    draws: int = 999,
    inference: str = "auto",
    level: float = 0.95,
    seed: int = 0,
    allow_invalid: bool = False,
    minimum_effect: float | None = None,
) -> ImpactResult:
    """Estimate the effect on each cohort at each period, and average them.

    Parameters
    ----------
    panel : Panel
        With gaps, each effect compares the units observed at both of its periods. Weights that change in time are
        averaged by unit.
    covariates : sequence of str
        Among ``panel.covariate_names``; read at the base period of each comparison.
    control : {"never", "not_yet"}
        Compare with units that are never treated, or also with those that will be after both periods.
    method : {"dr", "reg", "ipw"}
        With covariates: doubly robust, outcome regression, or weighting by the probability of being treated.
    anticipation : int
        Periods before treatment at which it may already act.
    base : {"varying", "universal"}
        Before treatment, compare with the previous period, or with the last one before treatment.
    aggregate : {"simple", "dynamic", "group", "calendar"}
        The average that gives ``estimate``; all four are in ``details["overall"]``.
    draws : int
        Of the multiplier bootstrap, for uniform bands; 0 for none.
    inference : str
        ``auto``, ``cluster`` (the estimator's own formula) or a test of `ctgeval.impact.inference.NAMES`.
    level, seed, allow_invalid, minimum_effect
        As for every estimator.

    Returns
    -------
    ImpactResult
        ``by_period`` is the average by time since treatment, in columns of the panel, with uniform bands. ``details``:
        tables ``group_time`` (cohort, time_period, estimate, std_error, low, high, band_low, band_high), ``dynamic``,
        ``group``, ``calendar``, ``overall``, ``simple``; ``pre_test``; ``event_times, coefficients, covariance,
        covariance_valid, covariance_reason, df, reference`` as in `ctgeval.impact.event_study`;
        ``influence`` (units x rows of ``group_time``, divided by their number) when it has at most 10,000 numbers.

        Standard errors are analytic, from influence functions that include the estimation of the shares of cohorts
        and are summed by cluster, without small-sample factor (as R's did without bootstrap); intervals are Student's
        with clusters - 1 degrees of freedom. They are NaN, with the reason among ``limits``, for an effect that rests
        on fewer than 6 treated clusters or 20 comparators.

    Raises
    ------
    DesignError
        When an option or a covariate has no such name, or covariates say the same thing.
    NotIdentified
        When nobody is treated, or no effect after treatment has comparators.
    TooFewUnits
        When ``inference="cluster"`` can't work with so few treated clusters.

    References
    ----------
    Callaway, B. and Sant'Anna, P. (2021), Difference-in-differences with multiple time periods, Journal of
    Econometrics 225; Sant'Anna, P. and Zhao, J. (2020), Doubly robust difference-in-differences estimators, ibid. 219.
    """
    choice("control", control, get_args(Control))
    choice("method", method, METHODS)
    choice("base", base, get_args(Base))
    choice("aggregate", aggregate, AGGREGATES)
    refuse_formula(inference, "La comparaison par cohortes")
    count("anticipation", anticipation)
    count("draws", draws)
    panel.require(controls=False, pre=1, method="la comparaison par cohortes")
    if control == "never" and not panel.n_controls:
        raise NotIdentified(
            "Tous les territoires de ce panel finissent par être concernés : aucun ne l’est jamais.",
            remedy='Comparez à ceux qui ne le sont pas encore (control="not_yet"), ou ajoutez des comparaisons.',
        )
    panel, told = absorbing(panel, *_covariates(panel, covariates))
    cells = estimate_cells(
        panel, covariates=panel.covariates, control=control, method=method, anticipation=anticipation, base=base
    )
    _require_effects(cells)
    formula_asked = allow_invalid and inference == "cluster"
    effects = GroupEffects(cells, level=level, draws=draws, seed=seed, everywhere=formula_asked)
    chosen = effects.overall[aggregate]
    estimate = float(chosen.estimate[0])
    found = infer(
        panel,
        estimate=estimate,
        weights=_cohort_weights(cells, chosen.weights[0], control, anticipation),
        cluster=(float(effects.raw_error(chosen)[0]), effects.df),
        asked=inference,
        level=level,
        seed=seed,
        allow_invalid=allow_invalid,
    )
    bounds = None
    if not panel.exact:
        bounds = panel.bound(cells.coefficients(chosen.weights[0], np.arange(panel.n_units)), estimate)
    leads = effects.leads(anticipation)
    return conclude_panel(
        panel,
        method="group_time",
        estimate=estimate,
        inference=found,
        by_period=effects.by_period,
        bounds=bounds,
        checks=comparison_checks(panel, leads, df=effects.df, level=level, seed=seed),
        limits=(*told, *_told(cells), *effects.limits()),
        level=level,
        minimum_effect=minimum_effect,
        details={
            "aggregate": aggregate,
            "control": control,
            **effects.details(),
            "pre_test": {"p_value": leads.p_value, "df": leads.rank},
        },
    )


def _covariates(panel: Panel, names: Sequence[str]) -> tuple[Floats | None, tuple[str, ...]]:
    """Return the covariates in use, and refuse those that are not there or say the same thing."""
    names = (names,) if isinstance(names, str) else tuple(names)
    for name in names:
        if name not in panel.covariate_names:
            known = ", ".join(panel.covariate_names) or "aucune"
            raise DesignError(
                f"Le panel n’a pas de covariable « {name} ».",
                value=name,
                remedy=suggestion(name, panel.covariate_names)
                or f"Nommez-la en construisant le panel (covariates=...) ; il a : {known}.",
            )
    if not names:
        return None, ()
    assert panel.covariates is not None
    values = panel.covariates[:, :, [panel.covariate_names.index(name) for name in names]]
    seen = values[panel.observed & ~np.isnan(values).any(axis=2)]
    centred = seen - seen.mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    constant = size <= 1e-12 * np.maximum(1.0, np.abs(seen).max(axis=0)) * np.sqrt(len(seen))
    triangle = np.linalg.qr(centred / np.where(constant, 1.0, size), mode="r")
    redundant = np.abs(np.diagonal(triangle)) <= 1e-8
    if redundant.any():
        wrong = ", ".join(f"« {names[int(k)]} »" for k in np.flatnonzero(redundant))
        why = "ne varie pas" if constant[redundant].all() else "dit la même chose qu’une combinaison des autres"
        raise DesignError(f"Covariable sans apport : {wrong} {why}.", value=wrong, remedy="Retirez-la de covariates.")
    return np.ascontiguousarray(values), names


def _label(cells: GroupCells, i: int) -> str:
    periods = cells.panel.periods
    return f"cohorte {periods[int(cells.start[i])]} en {periods[int(cells.column[i])]}"


def _require_effects(cells: GroupCells) -> None:
    post = cells.event_time >= 0
    if np.isnan(cells.estimate[post]).all():
        why = sorted({cells.reasons[int(i)] for i in np.flatnonzero(post)})
        raise NotIdentified(
            f"Aucun effet ne peut être estimé : {' ; '.join(why)}.",
            remedy="Ajoutez des territoires de comparaison ou des périodes, ou retirez des covariables.",
        )


def _told(cells: GroupCells) -> list[str]:
    """Say which effects are unknown, and what gaps do."""
    told = []
    unknown = np.flatnonzero(np.isnan(cells.estimate))
    for reason in sorted({cells.reasons[int(i)] for i in unknown}):
        which = [_label(cells, int(i)) for i in unknown if cells.reasons[int(i)] == reason]
        several = "Effets non estimés" if len(which) > 1 else "Effet non estimé"
        told.append(f"{several}, et hors des moyennes : {some(which)} ({reason}).")
    if not cells.panel.balanced:
        told.append("Il manque des observations : chaque effet compare les territoires observés à ses deux périodes.")
    return told


def _cohort_weights(cells: GroupCells, weights: Floats, control: Control, anticipation: int) -> Floats:
    """Coefficients of one unit of each cohort in an average, on a balanced panel without weights or covariates."""
    panel = cells.panel
    starts = np.append(panel.cohorts, panel.n_periods)
    counts = np.bincount(cohort_rows(panel), minlength=len(starts))
    found = np.zeros((len(starts), panel.n_periods))
    for i in np.flatnonzero((weights != 0) & ~cells.reference):
        column, base, cohort = int(cells.column[i]), int(cells.base[i]), int(cells.cohort[i])
        others = starts > max(column, base) + anticipation if control == "not_yet" else starts == panel.n_periods
        others[-1] = True
        others[cohort] = False
        part = np.where(others, -1.0, 0.0) / max(1, counts[others].sum())
        part[cohort] = 1 / counts[cohort]
        found[:, column] += weights[i] * part
        found[:, base] -= weights[i] * part
    return found
