"""Effects by cohort and period, each against comparators that are not treated (Callaway and Sant'Anna)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError, NotIdentified, suggestion
from ctgeval.impact.aggregation import AGGREGATES, Aggregate, Average, aggregate as averages
from ctgeval.impact.conclusion import conclude_panel
from ctgeval.impact.contrasts import METHODS, Method
from ctgeval.impact.covariance import cluster_sums
from ctgeval.impact.distributions import chi2_sf, t_quantile
from ctgeval.impact.group_cells import Base, Control, GroupCells, estimate_cells, unit_weights
from ctgeval.impact.inference import infer
from ctgeval.impact.multiplier import critical, multiplier
from ctgeval.impact.panel import Bools, Floats, Ints, Panel
from ctgeval.impact.projection import pseudo_inverse
from ctgeval.impact.reading import some
from ctgeval.impact.result import ImpactResult
from ctgeval.impact.situation import FEW, MANY_CONTROLS
from ctgeval.impact.staggered import (
    NO_LEADS,
    ClusterCounts,
    Leads,
    absorbing,
    choice,
    cohort_rows,
    comparison_checks,
    count,
    event_labels,
    few_limit,
    refuse_formula,
    table,
)

__all__ = ["group_time"]

_SMALL = 10_000


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
    effects = _Effects(cells, level=level, draws=draws, seed=seed, everywhere=formula_asked)
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


@dataclass(frozen=True, eq=False)
class _Effects:
    """Averages of the cells, their errors and their bands."""

    cells: GroupCells
    level: float
    draws: int
    seed: int
    everywhere: bool

    @cached_property
    def share(self) -> Floats:
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
        return self._averages[0]

    @property
    def overall(self) -> Mapping[str, Average]:
        return self._averages[1]

    @cached_property
    def counts(self) -> ClusterCounts:
        return ClusterCounts(self.cells.panel)

    @property
    def df(self) -> float:
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
        dynamic = self.tables["dynamic"]
        keys = {"time_period": event_labels(self.cells.panel, dynamic.key), "event_time": dynamic.key}
        return self._table(keys, dynamic, told=True)

    def _reference(self, average: Average) -> Bools:
        """Rows made of reference cells alone."""
        return np.asarray(~((average.weights > 0) & ~self.cells.reference).any(axis=1) & ~np.isnan(average.estimate))

    def details(self) -> dict[str, Any]:
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
