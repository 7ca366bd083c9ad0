"""Persons concerned by an action against a comparison group: gap of changes, or of levels given the start (ANCOVA).

References
----------
Vickers, A. and Altman, D. (2001), BMJ 323 (analysis of covariance on the baseline); Bell, R. and McCaffrey, D. (2002),
Survey Methodology 28 (HC2 with its degrees of freedom, which is Welch's test without covariates).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ctgeval.errors import DesignError, TooFewUnits
from ctgeval.impact.answers import Persons
from ctgeval.impact.change_tests import SMALLEST, Answer, ask, infer_change
from ctgeval.impact.conclusion import Inference
from ctgeval.impact.least_squares import Errors, Fit, fit
from ctgeval.impact.mean_changes import Sample, mean_gap, t_test
from ctgeval.impact.panel import Floats
from ctgeval.impact.ranks import rank_sum
from ctgeval.impact.survey_test import SurveyTest
from ctgeval.impact.territory_inference import (
    MANY_GROUPS,
    TWO_PLACES,
    cell_means,
    infer_territories,
    treated_clusters,
)

__all__ = ["compare_groups"]

_HETERO: tuple[Errors, ...] = ("iid", "hc1", "hc2", "hc3")
_LABELS = {
    "iid": "moindres carrés",
    "hc1": "moindres carrés, HC1",
    "hc2": "moindres carrés, HC2",
    "hc3": "moindres carrés, HC3",
    "cluster": "moindres carrés, par groupe de réponses",
}
_TERRITORY_TESTS = (
    "cluster",
    "collapsed",
    "permutation",
    "permutation_coefficient",
    "ferman_pinto",
    "conley_taber",
    "wild",
)


def compare_groups(
    persons: Persons,
    *,
    has_before: bool,
    adjusted: bool,
    proportion: bool,
    same_territory: bool,
    randomised: bool,
    asked: str,
    level: float,
    seed: int,
    allow_invalid: bool,
) -> tuple[float, Inference]:
    """Compare two groups of persons, all of whom have what the comparison needs.

    Parameters
    ----------
    persons : Persons
    has_before : bool
        Whether there is a start; without it, levels are compared.
    adjusted : bool
        Regress the level after on the level before, instead of comparing changes.
    proportion : bool
        Answers are 0 or 1: figures are points.
    same_territory, randomised : bool
        Both groups live in the same territories; persons (or clusters) were drawn by lot.
    asked, level, seed, allow_invalid
        As in `ctgeval.impact.before_after`.

    Returns
    -------
    tuple
        Estimate and Inference.
    """
    assert persons.treated is not None
    factor = 100.0 if proportion else 1.0
    outcome = factor * (persons.after if adjusted or not has_before else persons.change)
    columns, names = _columns(persons, with_before=adjusted)
    counts = int(persons.treated.sum()), int((~persons.treated).sum())
    if min(counts) < SMALLEST:
        few = (
            f"{counts[0]} personnes concernées et {counts[1]} de comparaison : il en faut au moins {SMALLEST} de "
            "chaque côté pour un test."
        )
        gap = mean_gap(_sample(outcome, persons, treated=True), _sample(outcome, persons, treated=False), level=level)
        answer = Answer(tests=(gap,), deciding=(gap.code,), n=min(counts), descriptive=few)
        return infer_change(answer, level=level, allow_invalid=allow_invalid)
    model = fit(outcome, columns, names, persons.weights)
    if persons.clusters is not None:
        return _clustered(persons, outcome, model, asked=asked, level=level, seed=seed, allow_invalid=allow_invalid)
    answer = _by_persons(persons, outcome, model, asked=asked, level=level)
    estimate, found = infer_change(answer, level=level, allow_invalid=allow_invalid)
    return estimate, found if randomised or same_territory else _two_places(found)


def _two_places(found: Inference) -> Inference:
    return replace(found, conclusive=False, limits=(*found.limits, TWO_PLACES))


def _columns(persons: Persons, *, with_before: bool) -> tuple[list[Floats], list[str]]:
    assert persons.treated is not None
    columns = [np.ones(len(persons.after)), persons.treated.astype(np.float64)]
    names = ["constante", "groupe"]
    if with_before:
        columns.append(persons.before)
        names.append("valeur de départ")
    return [*columns, *persons.covariates.T], [*names, *persons.covariate_names]


def _sample(outcome: Floats, persons: Persons, *, treated: bool) -> Sample:
    assert persons.treated is not None
    rows = persons.treated == treated
    return Sample(outcome[rows], None if persons.weights is None else persons.weights[rows])


def _formula(model: Fit, kind: Errors, *, level: float) -> SurveyTest:
    error, df = model.error("groupe", kind)
    estimate = float(model.coefficients[model.place("groupe")])
    return t_test(estimate, error, df, code=kind, name=_LABELS[kind], level=level)


def _by_persons(persons: Persons, outcome: Floats, model: Fit, *, asked: str, level: float) -> Answer:
    regressed = tuple(_formula(model, kind, level=level) for kind in _HETERO)
    if len(model.names) > 2:
        chosen = ask(asked, _HETERO)
        tests: tuple[SurveyTest, ...] = regressed
        automatic, how = "hc2", "écart à situation de départ égale (moindres carrés, erreurs HC2)"
    else:
        treated, others = _sample(outcome, persons, treated=True), _sample(outcome, persons, treated=False)
        welch = mean_gap(treated, others, level=level)
        tests = (welch, *regressed)
        if persons.weights is None:
            pooled = mean_gap(treated, others, level=level, pooled=True)
            tests = (*tests, pooled, rank_sum(others.values, treated.values, level=level))
        chosen = ask(asked, tuple(test.code for test in tests))
        automatic, how = "welch", "t de Welch, qui n’exige pas des dispersions égales"
    assert persons.treated is not None
    n1, n0 = int(persons.treated.sum()), int((~persons.treated).sum())
    step = f"{n1} personnes concernées, {n0} de comparaison : {how}."
    if chosen != "auto":
        step = f"Test demandé : {next(test.name for test in tests if test.code == chosen)}."
    code = automatic if chosen == "auto" else chosen
    descriptive = "" if np.isfinite(next(test.p_value for test in tests if test.code == code)) else (
        "L’écart est le même pour tous : rien ne permet de mesurer le hasard, aucun test n’est possible."
    )  # fmt: skip
    return Answer(tests=tests, deciding=(code,), steps=(step,), n=min(n1, n0), descriptive=descriptive)


def _clustered(
    persons: Persons,
    outcome: Floats,
    model: Fit,
    *,
    asked: str,
    level: float,
    seed: int,
    allow_invalid: bool,
) -> tuple[float, Inference]:
    assert persons.treated is not None
    assert persons.clusters is not None
    clusters = np.unique(persons.clusters, return_inverse=True)[1].reshape(-1).astype(np.intp)
    kept = np.unique(persons.clusters)
    asked = ask_territories(asked)
    estimate = float(model.coefficients[model.place("groupe")])
    own = treated_clusters(persons.treated, clusters)

    def formula() -> tuple[float, float]:
        return model.error("groupe", "cluster", clusters)

    if own is None:
        return estimate, mixed_clusters(
            estimate, formula, len(kept), asked=asked, level=level, allow_invalid=allow_invalid
        )
    others = list(range(2, len(model.names)))
    columns = (
        np.column_stack([persons.before, persons.covariates])
        if "valeur de départ" in model.names
        else persons.covariates
    )
    left = outcome - columns @ model.coefficients[others] if others else outcome
    means = cell_means(left, persons.weights, clusters, np.ones(len(left), dtype=bool))
    means[:, 0] = 0.0
    found = infer_territories(
        means,
        own,
        names=[persons.cluster_names[int(k)] for k in kept],
        persons=np.bincount(clusters, weights=persons.weights).astype(np.float64),
        estimate=estimate,
        formula=formula,
        asked=asked,
        option="test",
        level=level,
        seed=seed,
        allow_invalid=allow_invalid,
    )
    return estimate, found


def ask_territories(asked: str) -> str:
    """Check the name of a test of territories.

    Raises
    ------
    DesignError
        When it is none.
    """
    if asked != "auto" and asked not in _TERRITORY_TESTS:
        raise DesignError(
            f"Le test « {asked} » ne tient pas compte des groupes de réponses.",
            value=asked,
            remedy=f"Choisissez parmi : {', '.join(('auto', *_TERRITORY_TESTS))} ; ou retirez cluster=.",
        )
    return asked


def mixed_clusters(
    estimate: float,
    formula: Callable[[], tuple[float, float]],
    count: int,
    *,
    asked: str,
    level: float,
    allow_invalid: bool,
) -> Inference:
    """Infer when each cluster holds persons of both groups: by cluster, which takes many of them.

    Raises
    ------
    TooFewUnits
        When ``cluster`` was asked with fewer than 20 clusters, unless ``allow_invalid``.
    DesignError
        When a test of whole clusters was asked.
    """
    if asked not in {"auto", "cluster"}:
        raise DesignError(
            "Des groupes de réponses contiennent à la fois des personnes concernées et de comparaison : l’action n’a "
            "pas été attribuée par groupe.",
            value=asked,
            remedy='Utilisez "auto" ou "cluster".',
        )
    error, df = formula()
    made = t_test(estimate, error, df, code="cluster", name=_LABELS["cluster"], level=level)
    few = count < MANY_GROUPS
    limit = (
        f"{count} groupes de réponses : il en faut au moins {MANY_GROUPS} pour que l’écart-type par groupe soit fiable."
        if few
        else ""
    )
    if few and asked != "auto" and not allow_invalid:
        raise TooFewUnits(
            limit,
            value=str(count),
            remedy="Retirez cluster= si les personnes ont été choisies une à une ; allow_invalid=True pour voir le "
            "chiffre, marqué non valide.",
        )
    found = Inference(
        code="cluster",
        p_value=made.p_value,
        std_error=made.std_error,
        interval=made.interval,
        valid=bool(np.isfinite(made.p_value)),
        conclusive=not few and bool(np.isfinite(made.p_value)),
        steps=(f"{count} groupes de réponses, chacun avec des personnes des deux côtés : écart-type par groupe.",),
        minimum_p=0.0,
        mde=made.mde,
        details={"tests": [made.row(decides=True)]},
    )
    if few and asked != "auto":
        return found.marked_invalid(limit)
    return replace(found, limits=(limit,)) if few else found
