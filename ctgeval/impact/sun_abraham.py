"""One two-way regression with an effect per cohort and period, then averaged (Sun and Abraham)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ctgeval.errors import NotIdentified
from ctgeval.impact.absorbed import Absorbed, saturated_patterns
from ctgeval.impact.conclusion import conclude_panel
from ctgeval.impact.distributions import f_sf
from ctgeval.impact.inference import infer
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Bools, Floats, Ints, Panel
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
from ctgeval.impact.twoway import Fit, fit

__all__ = ["sun_abraham"]


@guarded
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
    path = _Path.of(panel)
    estimate, combination = path.overall()
    cells = path.table()
    variance, df = path.fit.covariance("cluster", np.vstack([path.combination, combination]))
    counts = ClusterCounts(panel)
    everywhere = allow_invalid and inference == "cluster"
    shown = path.meaning(counts) | everywhere
    leads = _leads(path, variance, shown, df)
    found = infer(
        panel,
        estimate=estimate,
        weights=path.nominal(combination),
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


@dataclass(frozen=True, eq=False, kw_only=True)
class _Path:
    """Effect of each cohort at each period but its reference, and its mean at each time since treatment.

    Cohorts count by their observations of the period (their weights, if any), as in fixest.
    """

    panel: Panel
    fit: Fit
    cohort: Ints
    column: Ints
    size: Floats
    events: Ints

    @classmethod
    def of(cls, panel: Panel) -> _Path:
        cohort, column, patterns = saturated_patterns(panel)
        found = fit(Absorbed.of(panel), patterns)
        seen = panel.observed.astype(np.float64) if panel.weights is None else panel.weights * panel.observed
        sizes = np.stack([seen[panel.start == start].sum(axis=0) for start in panel.cohorts])
        size = np.where(found.estimable[: len(cohort)], sizes[cohort, column], 0.0)
        since = column - panel.cohorts[cohort]
        return cls(
            panel=panel,
            fit=found,
            cohort=cohort,
            column=column,
            size=size,
            events=np.unique(since[size > 0]),
        )

    @property
    def since(self) -> Ints:
        return np.asarray(self.column - self.panel.cohorts[self.cohort])

    @cached_property
    def combination(self) -> Floats:
        """What each mean takes of each coefficient, shape (E, p)."""
        return self._mean(self.since == self.events[:, None])

    @cached_property
    def estimates(self) -> Floats:
        return self.combination @ np.nan_to_num(self.fit.coefficients)

    def _mean(self, inside: Bools) -> Floats:
        share = np.where(inside, self.size, 0.0)
        found = np.zeros((len(share), len(self.fit.estimable)))
        found[:, : share.shape[1]] = share / share.sum(axis=1, keepdims=True)
        return found

    def overall(self) -> tuple[float, Floats]:
        """Mean over treated units and periods, and what it takes of each coefficient."""
        after = self.since >= 0
        if not self.size[after].any():
            raise NotIdentified(
                "Aucun effet ne peut être estimé : rien n’est observé à la fois avant et depuis l’action, avec des "
                "territoires de comparaison.",
                remedy="Ajoutez des territoires de comparaison ou des périodes.",
            )
        combination = self._mean(after[None])[0]
        return float(combination @ np.nan_to_num(self.fit.coefficients)), combination

    def nominal(self, combination: Floats) -> Floats:
        """Coefficients of one unit of each cohort in a combination, shape (K + 1, T), as without gaps nor weights.

        Tests by permutation stand on residuals of the null model: they need the shape of the estimate, not its gaps.
        """
        panel, last = self.panel, len(self.panel.cohorts)
        counts = np.array([(panel.start == column).sum() for column in panel.cohorts] + [panel.n_controls])
        share = combination[: len(self.cohort)]
        rows = np.zeros((last + 1, panel.n_periods))
        for column, sign in ((self.column, 1.0), (panel.cohorts[self.cohort] - 1, -1.0)):
            np.add.at(rows, (self.cohort, column), sign * share / counts[self.cohort])
            np.add.at(rows[last], column, -sign * share / counts[last])
        return rows

    def meaning(self, counts: ClusterCounts) -> Bools:
        """Means that rest on enough clusters for their error to mean something."""
        inside = np.zeros((len(self.events), len(self.panel.cohorts)), dtype=bool)
        known = self.size > 0
        inside[np.searchsorted(self.events, self.since[known]), self.cohort[known]] = True
        return np.asarray((counts.of(inside) >= FEW) & counts.allowed())

    def table(self) -> pd.DataFrame:
        periods = self.panel.periods
        return pd.DataFrame(
            {
                "cohort": [periods[int(t)] for t in self.panel.cohorts[self.cohort]],
                "time_period": [periods[int(t)] for t in self.column],
                "event_time": self.since,
                "estimate": self.fit.coefficients[: len(self.cohort)],
            }
        )


def _leads(path: _Path, variance: Floats, shown: Bools, df: float) -> Leads:
    kept = np.flatnonzero((path.events < 0) & shown)
    if not len(kept):
        return NO_LEADS
    estimate, covariance = path.estimates[kept], variance[np.ix_(kept, kept)]
    inverse, rank = pseudo_inverse(covariance)
    statistic = estimate @ inverse @ estimate / max(rank, 1)
    return Leads(estimate, covariance, float(f_sf(statistic, rank, df)) if rank else np.nan, rank)


def _by_period(panel: Panel, path: _Path, error: Floats, df: float, level: float) -> pd.DataFrame:
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


def _few(path: _Path, shown: Bools, counts: ClusterCounts) -> tuple[str, ...]:
    if shown.all():
        return ()
    if not counts.allowed():
        return (few_limit("les écarts-types des effets par période ne sont pas donnés"),)
    which = some([str(e) for e in path.events[~shown]])
    return (few_limit(f"l’écart-type n’est pas donné à {which} périodes du début de l’action"),)
