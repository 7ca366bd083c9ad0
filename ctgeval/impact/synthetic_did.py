"""Synthetic difference-in-differences: donors and past periods are weighted so that the paths before are parallel.

A difference in differences between the treated and weighted donors, between the periods after and weighted periods
before: levels may differ, contrary to the synthetic control. With several dates, cohort by cohort against the units
never treated, averaged over treated cells.

References
----------
Arkhangelsky, D., Athey, S., Hirshberg, D., Imbens, G. and Wager, S. (2021), Synthetic Difference-in-Differences, AER
111 (algorithm 1; algorithm 4 for placebos); Clarke, D. et al. (2023), Synthetic difference-in-differences estimation
(several dates).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError
from ctgeval.impact.checks import check_comparators, check_leave_one_out, gap
from ctgeval.impact.conclusion import conclude_panel
from ctgeval.impact.did_cohorts import Cohort, DidEstimate, cohorts_of, effects
from ctgeval.impact.did_placebos import Reference, did_inference, did_placebos, noise_before
from ctgeval.impact.did_weights import Kind, simple_synthetic, weighted_paths
from ctgeval.impact.donors import Donors, Path, complete, dispersion, gaps_table
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Panel
from ctgeval.impact.placebos import critical
from ctgeval.impact.result import Check, ImpactResult

__all__ = ["synthetic_did"]

_NAME = "la double différence synthétique"
_HOW = {
    "published": "Poids obtenus par l’algorithme publié, avec son arrêt ; placebos à l’optimum exact.",
    "exact": "Poids à l’optimum exact du problème publié.",
}


@guarded
def synthetic_did(
    panel: Panel,
    *,
    weights: Kind = "published",
    donors: Literal["all", "complete"] = "all",
    placebos: bool = True,
    draws: int = 999,
    level: float = 0.95,
    seed: int = 0,
    allow_invalid: bool = False,
    minimum_effect: float | None = None,
) -> ImpactResult:
    """Estimate by synthetic difference-in-differences.

    Parameters
    ----------
    panel : Panel
        Without missing cells (see ``donors``).
    weights : {"published", "exact"}
        What the published algorithm gives when it stops (the figures of the article), or the optimum of the same
        problem. ``details`` holds both estimates. Placebos are always at the optimum: it is a hundred times faster to
        reach, and the published stop differs from it by some ten thousandths of their spread.
    donors : {"all", "complete"}
        Refuse missing cells, or leave out (and name) the donors that have some.
    placebos : bool
        Give the action to the donors: without it there is no test.
    draws : int
        Most sets of donors, when several units are treated; with one, every donor is tried.
    level : float
        Of confidence.
    seed : int
        Of the sets drawn when there are too many.
    allow_invalid : bool
        Accepted by every estimator; the placebo test has nothing to allow.
    minimum_effect : float, optional
        Smallest effect of interest, in the unit of the outcome.

    Returns
    -------
    ImpactResult
        ``p_value``: rank of the size of the estimate among the placebos', never a normal law (and, unless populations
        are close, of that size over the variations before, the larger p-value); ``interval``: the effects that these
        ranks do not reject. ``std_error``: standard deviation of the placebos (the article's algorithm 4).
        ``bounds``: with the weights fixed. In ``details``: ``weights`` (donors), ``time_weights``, ``placebos``,
        ``cohorts``, ``leave_one_out``, ``estimate_published``, ``estimate_exact``, ``did`` and ``synthetic_control``
        (the article's two other columns, for a single date). No verdict with fewer than 8 periods before the action.

    Raises
    ------
    NotIdentified
        When nobody is treated, nobody is left to compare with, or fewer than 2 periods precede the action.
    TooFewUnits
        With a single donor.
    DesignError
        When cells are missing, or ``weights`` is not understood.
    """
    del allow_invalid
    if weights not in ("published", "exact"):
        raise DesignError("Le choix des poids n’est pas compris.", value=str(weights), remedy='"published" ou "exact".')
    data = complete(panel, donors=donors, method=_NAME)
    cohorts = cohorts_of(data)
    found = DidEstimate(data, cohorts, weights)
    estimate = found.estimate
    reference = did_placebos(data, cohorts, draws=draws, seed=seed) if placebos else None
    inference = did_inference(panel, data, found.average, estimate, reference, level=level, steps=(_HOW[weights],))
    left_out = _leave_one_out(data, cohorts, found)
    alone = check_leave_one_out(left_out, estimate, data.panel.unit_label)
    checks = (_check_parallel(data, found), check_comparators(data.panel), *([alone] if alone is not None else []))
    return conclude_panel(
        data.panel,
        method="synthetic_did",
        estimate=estimate,
        inference=inference,
        by_period=_by_period(data, found.average, reference, level=level),
        bounds=(-np.inf, np.inf) if panel.withheld.any() else data.panel.bound(found.coefficients(), estimate),
        checks=checks,
        limits=(*data.limits, *_unused(data.panel)),
        level=level,
        minimum_effect=minimum_effect,
        details={
            "weights": found.unit_table(),
            "time_weights": found.time_table(),
            "cohorts": found.cohort_table(),
            "gaps": gaps_table(data.panel, np.array([c.rows[0] for c in cohorts]), found.paths),
            "placebos": _placebo_table(data, reference),
            "leave_one_out": left_out,
            **_others(data, cohorts, estimate, weights),
        },
    )


def _by_period(data: Donors, average: Path, reference: Reference | None, *, level: float) -> pd.DataFrame:
    nothing = np.full(len(average.gap[0]), np.nan)
    error = half = nothing
    if reference is not None:
        after = average.event_time >= 0
        error = np.where(after, reference.average.gap.std(axis=0), np.nan)
        half = np.where(after, critical(np.abs(reference.average.gap), level=level), np.nan)
    values = average.gap[0]
    single = data.panel.single_date
    return pd.DataFrame(
        {
            "time_period": list(data.panel.periods)
            if single
            else [f"{e:+d}" if e else "0" for e in average.event_time],
            "event_time": average.event_time,
            "estimate": values,
            "std_error": error,
            "low": values - half,
            "high": values + half,
            "n_treated": average.count,
        }
    )


def _leave_one_out(data: Donors, cohorts: list[Cohort], found: DidEstimate) -> pd.DataFrame:
    """Estimate without each donor that has a weight: ``unit, name, weight, estimate``."""
    table = found.unit_table()
    table = table[table["weight"] > 0]
    place = {unit: j for j, unit in enumerate(data.panel.units)}
    rows = np.array([place[unit] for unit in table["unit"]], dtype=np.intp)
    if len(data.donors) < 3:
        return table.iloc[:0].assign(estimate=np.empty(0))
    others = np.array([data.donors[data.donors != row] for row in rows])
    paths = [
        weighted_paths(
            data.panel.outcome,
            np.broadcast_to(cohort.rows, (len(rows), len(cohort.rows))),
            others,
            cohort.start,
            noise=cohort.noise,
            kind="exact",
        )
        for cohort in cohorts
    ]
    return table.assign(estimate=effects(cohorts, paths)).reset_index(drop=True)


def _placebo_table(data: Donors, reference: Reference | None) -> pd.DataFrame:
    """One row per placebo: ``units`` (joined by « + »), ``effect``."""
    if reference is None:
        return pd.DataFrame({"units": [], "effect": []})
    codes = [data.panel.units[i] for i in data.donors]
    return pd.DataFrame(
        {"units": [" + ".join(codes[j] for j in chosen) for chosen in reference.sets], "effect": reference.effects}
    )


def _check_parallel(data: Donors, found: DidEstimate) -> Check:
    """Say whether the treated and the weighted donors moved together before the action."""
    average = found.average
    size = float(noise_before(average)[0])
    donors = data.panel.outcome[data.donors, : data.panel.n_pre]
    apart = dispersion(donors - donors.mean(axis=1, keepdims=True))
    if not apart > 0:
        return Check("pre_fit", None, "Les donneurs évoluent tous de même avant l’action.")
    return Check(
        "pre_fit",
        size <= apart,
        f"Avant l’action, l’écart avec les donneurs pondérés varie de {gap(size, data.panel.unit_label)} autour de "
        f"sa moyenne ; les évolutions des donneurs diffèrent entre elles de {gap(apart, data.panel.unit_label)}.",
    )


def _unused(panel: Panel) -> tuple[str, ...]:
    return () if panel.covariates is None else ("Les covariables ne servent pas à cette méthode.",)


def _others(data: Donors, cohorts: list[Cohort], estimate: float, kind: Kind) -> dict[str, Any]:
    """Compute the other kind of weights, and the two other columns of the article for a single date."""
    other: Kind = "exact" if kind == "published" else "published"
    found: dict[str, Any] = {
        f"estimate_{kind}": estimate,
        f"estimate_{other}": DidEstimate(data, cohorts, other).estimate,
    }
    if len(cohorts) == 1:
        start, outcome = cohorts[0].start, data.panel.outcome
        target, donors = outcome[data.treated].mean(axis=0), outcome[data.donors]
        gap = target - donors.mean(axis=0)
        found["did"] = float(gap[start:].mean() - gap[:start].mean())
        own = simple_synthetic(target, donors, start, noise=cohorts[0].noise)
        found["synthetic_control"] = float((target - own @ donors)[start:].mean())
    return found
