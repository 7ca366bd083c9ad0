"""Repeated cross-sections: other persons before and after, in the territories of an action and elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError, NotIdentified, suggestion
from ctgeval.impact.conclusion import Inference, conclude
from ctgeval.impact.group_changes import ask_territories, mixed_clusters
from ctgeval.impact.least_squares import Errors, Fit
from ctgeval.impact.mean_changes import t_test
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Direction
from ctgeval.impact.repeated import EFFECT, ReprCrossSections
from ctgeval.impact.result import Check, ImpactResult
from ctgeval.impact.territory_inference import TWO_PLACES, cell_means, infer_territories, treated_clusters

__all__ = ["ReprCrossSections", "did_cross_section"]

_MISSING = 0.20
"""Share of rows without an answer from which the check fails."""
_SMALLEST = 5
"""Persons in a cell of the two by two table under which nothing is tested."""
_BY_PERSON: tuple[Errors, ...] = ("iid", "hc1", "hc2", "hc3")

CrossErrors = Literal[
    "auto", "iid", "hc1", "hc2", "hc3", "cluster", "collapsed", "permutation", "permutation_coefficient",
    "ferman_pinto", "conley_taber", "wild",
]  # fmt: skip


@guarded
def did_cross_section(
    frame: pd.DataFrame | ReprCrossSections,
    *,
    outcome: str | None = None,
    treated: str | None = None,
    post: str | None = None,
    covariates: Sequence[str] = (),
    weights: str | None = None,
    cluster: str | None = None,
    errors: CrossErrors = "auto",
    randomised: bool = False,
    unit_label: str = "",
    label: str = "",
    direction: Direction = "higher",
    level: float = 0.95,
    seed: int = 0,
    allow_invalid: bool = False,
    minimum_effect: float | None = None,
) -> ImpactResult:
    """Compare the change of the persons concerned with that of others, different persons being asked before and after.

    The estimate is the coefficient of ``treated`` times ``post`` in a (weighted) regression on both and the covariates.
    What it may conclude depends on the territories, not on the number of answers:

    - with ``cluster``, each wholly concerned or not: the ladder of `ctgeval.impact.inference` on the mean of each
      territory before and after (collapsed t, permutation, Ferman-Pinto by number of persons; cluster-robust errors
      from 6 territories concerned and 20 of comparison on, and never alone);
    - with ``cluster``, each holding both groups: cluster-robust errors, from 20 clusters on;
    - without ``cluster``: errors robust to unequal variances. They cover the persons' sampling error, not what happened
      to the territory at the same time (Donald and Lang 2007), so that no verdict is given, unless ``randomised``.

    Parameters
    ----------
    frame : DataFrame or ReprCrossSections
        One row per person.
    outcome, treated, post : str
        Columns; ``treated`` and ``post`` hold 0 and 1. Not needed with a `ReprCrossSections`.
    covariates, weights, cluster
        Columns (see `ReprCrossSections.from_frame`).
    errors : str
        ``auto``; ``iid``, ``hc1``, ``hc2`` (what independent samples give), ``hc3`` by person; ``cluster``,
        ``collapsed``, ``permutation``, ... by territory.
    randomised : bool
        The persons concerned were drawn by lot.
    unit_label, label, direction, level, seed, allow_invalid, minimum_effect
        As for every estimator.

    Returns
    -------
    ImpactResult
        ``details``: ``means`` (the four groups), ``tests``, ``coefficients`` (name, estimate), ``missing``.

    Raises
    ------
    DesignError, NotIdentified
        As `ReprCrossSections.from_frame`, and when covariates are redundant.
    TooFewUnits
        When cluster-robust errors are asked with fewer than 6 territories concerned or 20 of comparison, unless
        ``allow_invalid``.

    References
    ----------
    Card, D. and Krueger, A. (1994), American Economic Review 84(4); Donald, S. and Lang, K. (2007), Review of Economics
    and Statistics 89(2); Wooldridge, J. (2010), Econometric Analysis, section 6.5.
    """
    if errors not in get_args(CrossErrors):
        raise DesignError(
            f"« {errors} » ne désigne pas une façon de mesurer l’incertitude.",
            value=str(errors),
            remedy=suggestion(str(errors), get_args(CrossErrors))
            or f"Choisissez parmi : {', '.join(get_args(CrossErrors))}.",
        )
    data = _read(
        frame, outcome=outcome, treated=treated, post=post, covariates=covariates, weights=weights, cluster=cluster,
        unit_label=unit_label, label=label, direction=direction,
    )  # fmt: skip
    model = data.fit()
    estimate = float(model.coefficients[model.place(EFFECT)])
    if data.clusters is not None and errors not in _BY_PERSON:
        found = _by_territory(data, model, estimate, errors, level=level, seed=seed, allow_invalid=allow_invalid)
    else:
        found = _by_person(data, model, estimate, errors, randomised=randomised, level=level)
    return conclude(
        method="did_cross_section",
        design="randomised" if randomised else "comparison",
        label=data.label,
        unit=data.unit_label,
        direction=data.direction,
        estimate=estimate,
        inference=found,
        n_treated=int(data.treated.sum()),
        n_controls=int((~data.treated).sum()),
        n_pre=1,
        n_post=1,
        by_period=_by_period(estimate, found),
        checks=_checks(data),
        limits=_limits(data),
        level=level,
        minimum_effect=minimum_effect,
        details={
            "means": data.means,
            "coefficients": pd.DataFrame({"name": model.names, "estimate": model.coefficients}),
            "missing": data.missing,
        },
    )


def _read(
    frame: pd.DataFrame | ReprCrossSections,
    *,
    outcome: str | None,
    treated: str | None,
    post: str | None,
    covariates: Sequence[str],
    weights: str | None,
    cluster: str | None,
    unit_label: str,
    label: str,
    direction: Direction,
) -> ReprCrossSections:
    if isinstance(frame, ReprCrossSections):
        return frame
    if outcome is None or treated is None or post is None:
        raise DesignError(
            "Il manque une colonne : la mesure, qui est concerné, ou qui a été interrogé après.",
            remedy="Donnez outcome=…, treated=… et post=….",
        )
    return ReprCrossSections.from_frame(
        frame, outcome=outcome, treated=treated, post=post, covariates=covariates, weights=weights, cluster=cluster,
        unit_label=unit_label, label=label, direction=direction,
    )  # fmt: skip


def _by_person(
    data: ReprCrossSections, model: Fit, estimate: float, errors: str, *, randomised: bool, level: float
) -> Inference:
    if errors not in {"auto", *_BY_PERSON}:
        raise DesignError(
            "Ce test se fait sur des territoires, et rien ne dit de quel territoire vient chaque personne.",
            value=errors,
            remedy='Donnez cluster=« colonne du territoire », ou errors="auto".',
        )  # fmt: skip
    kinds = {"iid": "classiques", "hc1": "robustes (HC1)", "hc2": "robustes (HC2)", "hc3": "robustes (HC3)"}
    tests = []
    for kind in _BY_PERSON:
        error, df = model.error(EFFECT, kind)
        tests.append(t_test(estimate, error, df, code=kind, name=f"écarts-types {kinds[kind]}", level=level))
    code = "hc2" if errors == "auto" else errors
    made = next(test for test in tests if test.code == code)
    why = "des dispersions inégales entre les quatre groupes" if errors == "auto" else "demandés"
    table = [test.row(decides=test.code == code) for test in tests]
    steps = (f"{data.n} personnes interrogées une fois : {made.name} ({why}).",)
    few = data.smallest_cell < _SMALLEST
    told = (
        f"Un des quatre groupes n’a que {data.smallest_cell} personne(s) : trop peu pour un test (il en faut au moins "
        f"{_SMALLEST})."
    )
    if few or not np.isfinite(made.p_value):
        limit = told if few else "Il n’y a aucune dispersion dans les groupes : rien ne permet de mesurer le hasard."
        return Inference(valid=False, conclusive=False, steps=steps, limits=(limit,), details={"tests": table})
    return Inference(
        code=code,
        p_value=made.p_value,
        std_error=made.std_error,
        interval=made.interval,
        conclusive=randomised,
        steps=steps,
        limits=() if randomised else (TWO_PLACES,),
        minimum_p=0.0,
        mde=made.mde,
        details={"tests": table},
    )


def _by_territory(
    data: ReprCrossSections, model: Fit, estimate: float, errors: str, *, level: float, seed: int, allow_invalid: bool
) -> Inference:
    assert data.clusters is not None
    clusters = data.clusters
    asked = ask_territories(errors)
    count = len(data.cluster_names)
    own = treated_clusters(data.treated, clusters)

    def formula() -> tuple[float, float]:
        return model.error(EFFECT, "cluster", clusters)

    if own is None:
        return mixed_clusters(estimate, formula, count, asked=asked, level=level, allow_invalid=allow_invalid)
    adjusted = data.outcome - data.covariates @ model.coefficients[4:]
    means = cell_means(adjusted, data.weights, clusters, data.post)
    complete = np.asarray(~np.isnan(means).any(axis=1), dtype=bool).reshape(-1)
    if not complete[own].any() or not complete[~own].any():
        raise NotIdentified(
            "Aucun territoire, concerné ou de comparaison, n’a de réponses à la fois avant et après.",
            remedy="Regroupez les territoires qui se suivent d’une enquête à l’autre, ou retirez cluster=.",
        )
    found = infer_territories(
        means[complete],
        own[complete],
        names=[name for name, kept in zip(data.cluster_names, complete, strict=True) if kept],
        persons=np.bincount(clusters, weights=data.weights)[complete].astype(np.float64),
        estimate=estimate,
        formula=formula,
        asked=asked,
        option="errors",
        level=level,
        seed=seed,
        allow_invalid=allow_invalid,
    )
    if complete.all():
        return found
    once = ", ".join(name for name, kept in zip(data.cluster_names, complete, strict=True) if not kept)
    told = f"Interrogés à un seul des deux moments, ils comptent dans l’écart mais pas dans le test : {once}."
    return replace(found, limits=(*found.limits, told))


def _by_period(estimate: float, found: Inference) -> pd.DataFrame:
    row = {
        "time_period": "après",
        "event_time": 0,
        "estimate": estimate,
        "std_error": found.std_error,
        "low": found.interval.low,
        "high": found.interval.high,
    }
    return pd.DataFrame([row])


def _checks(data: ReprCrossSections) -> tuple[Check, ...]:
    share = data.missing / data.n_read if data.n_read else 0.0
    return (
        Check(
            "pre_trends",
            None,
            "Un seul moment avant l’action : rien ne dit si les deux groupes évoluaient de même auparavant.",
        ),
        Check(
            "missing",
            bool(share <= _MISSING),
            f"{data.missing} ligne(s) sur {max(data.n_read, data.n)} sans réponse ou sans covariable.",
        ),
    )


def _limits(data: ReprCrossSections) -> tuple[str, ...]:
    told = [
        "Les personnes interrogées avant et après ne sont pas les mêmes : l’écart peut venir de qui a répondu.",
        "Une seule mesure avant : les deux groupes auraient pu ne pas évoluer de même sans l’action.",
    ]
    if data.missing:
        told.append(
            f"{data.missing} personnes sur {data.n_read} n’ont pas de réponse exploitable : elles ne sont pas comptées."
        )
    return tuple(told)
