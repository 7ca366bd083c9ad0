"""Before and after: the same persons or others, alone or against a comparison group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError, NotIdentified, suggestion
from ctgeval.impact.answers import Persons, read_persons
from ctgeval.impact.change_result import change_result
from ctgeval.impact.change_tests import Kind, infer_change, paired_tests, unpaired_tests
from ctgeval.impact.count_changes import count_tests
from ctgeval.impact.group_changes import compare_groups
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Direction
from ctgeval.impact.result import ImpactResult

__all__ = ["before_after"]

_KINDS = ("auto", "mean", "proportion", "count")


@guarded
def before_after(
    frame: pd.DataFrame,
    *,
    after: str,
    before: str | None = None,
    paired: bool = True,
    outcome: str | None = None,
    time: str | None = None,
    unit: str | None = None,
    group: str | None = None,
    baseline_adjusted: bool = False,
    covariates: Sequence[str] = (),
    weights: str | None = None,
    cluster: str | None = None,
    exposure_before: str | None = None,
    exposure_after: str | None = None,
    kind: Kind = "auto",
    test: str = "auto",
    randomised: bool = False,
    same_territory: bool = False,
    reference_mean: float | None = None,
    unit_label: str = "",
    label: str = "",
    direction: Direction = "higher",
    level: float = 0.95,
    seed: int = 0,
    allow_invalid: bool = False,
    minimum_effect: float | None = None,
) -> ImpactResult:
    """Compare what was measured before an action and after it.

    The table has one row per person (or place that counts events), ``before`` and ``after`` being two columns; or, with
    ``outcome`` and ``time``, one row per person and moment, ``before`` and ``after`` being two values of ``time``.

    Parameters
    ----------
    frame : DataFrame
    after, before : str
        Columns, or values of ``time``. Without ``before``, two groups are compared on ``after`` alone.
    paired : bool
        Whether the same persons answered twice. Otherwise each column holds its own persons (empty cells for the
        others).
    outcome, time, unit : str, optional
        Columns of the value, of the moment and of the person, of a table of one row per person and moment; ``unit`` is
        needed when ``paired``.
    group : str, optional
        Column of 1 (concerned by the action) and 0 (comparison): the estimate is then the gap between their changes.
    baseline_adjusted : bool
        With ``group``: gap between the levels after, at equal starts (analysis of covariance).
    covariates : sequence of str
        With ``group``: numeric columns that the gap is adjusted for.
    weights : str, optional
        Column of survey weights: the variance is linearised, as for a draw with replacement.
    cluster : str, optional
        Column of the territories, schools or households that the answers come from. With ``group``, the territories
        carry the uncertainty: the ladder of `ctgeval.impact.inference` chooses the test by their number.
    exposure_before, exposure_after : str, optional
        With counts: what events are counted on (persons, days, places); the estimate is the change of the rate, in %.
    kind : {"auto", "mean", "proportion", "count"}
        ``auto``: counts when there are exposures, proportions when all answers are 0 or 1, means otherwise. Proportions
        are given in points (0 to 100), counts in percent of change.
    test : str
        ``auto``, or: paired means ``t``, ``wilcoxon`` (exact under 50 answers without ties, as R), ``wilcoxon_exact``
        (exact, ties included); other persons ``welch``, ``t``, ``mann_whitney``; paired proportions ``mcnemar``,
        ``mcnemar_continuity``, ``exact``, ``mid_p``; other persons ``score``, ``newcombe``, ``exact``; counts
        ``exact``, ``robust``; groups ``welch``, ``t``, ``iid``, ``hc1``, ``hc2``, ``hc3``, ``mann_whitney``, or with
        clusters ``cluster``, ``permutation``, ... All that can be made are in ``details["tests"]``.
    randomised : bool
        The group was drawn by lot, person by person (or cluster by cluster, with ``cluster``).
    same_territory : bool
        Both groups live in the same territories, so that a local shock touches both.
    reference_mean : float, optional
        Mean, before, of the population that the persons come from: what would come back without any action is computed.
    unit_label, label, direction
        Unit and name of the outcome; which way is better.
    level, seed, allow_invalid, minimum_effect
        As for every estimator.

    Returns
    -------
    ImpactResult
        ``n_treated`` and ``n_controls`` count persons. ``details``: ``tests``, ``means`` (group, moment, n, mean,
        std_error), ``effect_sizes``, ``moments``, ``missing``,
        ``rate_ratio`` (counts). Under 5 persons: the figure, no interval,
        ``non_evaluable``. Groups of persons without ``cluster``, ``randomised`` or ``same_territory`` never give a
        verdict: the persons' sampling error is covered, what happened to their territory is not (Donald and Lang 2007).

    Raises
    ------
    DesignError
        When a column is absent, not numeric or constant, or the options contradict one another.
    NotIdentified
        When covariates are redundant.
    TooFewUnits
        When nobody answered, or the test asked can't work with so few clusters.

    Examples
    --------
    >>> import pandas as pd
    >>> from ctgeval import impact
    >>> answers = pd.DataFrame({"avant": [3, 4, 2, 5, 3, 4], "apres": [5, 5, 4, 6, 4, 5]})
    >>> result = impact.before_after(answers, before="avant", after="apres")
    >>> round(result.estimate, 2), result.n_treated
    (1.33, 6)
    """
    _check_options(
        before=before, paired=paired, group=group, kind=kind, baseline_adjusted=baseline_adjusted,
        covariates=covariates, exposures=(exposure_before, exposure_after), direction=direction, level=level,
        weighted=bool(weights or cluster), randomised=randomised,
    )  # fmt: skip
    exposures = (
        (exposure_before, exposure_after) if exposure_before is not None and exposure_after is not None else None
    )
    persons = read_persons(
        frame, before=before, after=after, outcome=outcome, time=time, unit=unit, paired=paired, group=group,
        weights=weights, cluster=cluster, exposures=exposures, covariates=covariates,
    )  # fmt: skip
    what = _kind(persons, kind, has_before=before is not None)
    _refuse_empty(persons, has_before=before is not None, label=label or after)
    used = _used(persons, has_before=before is not None, paired=paired)
    asked = test
    if what == "count":
        answer = count_tests(used, paired=paired, asked=asked, level=level)
        estimate, found = infer_change(answer, level=level, allow_invalid=allow_invalid)
    elif group is not None:
        estimate, found = compare_groups(
            used, has_before=before is not None, adjusted=baseline_adjusted, proportion=what == "proportion",
            same_territory=same_territory, randomised=randomised, asked=asked, level=level, seed=seed,
            allow_invalid=allow_invalid,
        )  # fmt: skip
    else:
        make = paired_tests if paired else unpaired_tests
        answer = make(used, proportion=what == "proportion", asked=asked, level=level)
        estimate, found = infer_change(answer, level=level, allow_invalid=allow_invalid)
    return change_result(
        persons, used, estimate, found, what=what, paired=paired, has_before=before is not None, randomised=randomised,
        reference=reference_mean, label=label or outcome or after,
        unit_label=unit_label or {"proportion": "points", "count": "%"}.get(what, ""),
        direction=direction, level=level, minimum_effect=minimum_effect,
    )  # fmt: skip


def _check_options(
    *,
    before: str | None,
    paired: bool,
    group: str | None,
    kind: str,
    baseline_adjusted: bool,
    covariates: Sequence[str],
    exposures: tuple[str | None, str | None],
    direction: str,
    level: float,
    weighted: bool,
    randomised: bool,
) -> None:
    if kind not in _KINDS:
        raise DesignError(
            "La nature de la mesure n’est pas comprise.",
            value=str(kind),
            remedy=suggestion(str(kind), _KINDS) or f"Choisissez parmi : {', '.join(_KINDS)}.",
        )
    if direction not in {"higher", "lower", "neutral"}:
        raise DesignError(
            "Le sens souhaité n’est pas compris.", value=str(direction), remedy="higher, lower ou neutral."
        )
    if not 0.5 <= level < 1:
        raise DesignError(
            "Le niveau de confiance doit être entre 0,5 et 1.", value=str(level), remedy="0.95 est l’usage."
        )
    contradictions = (
        (
            before is None and group is None,
            "Il manque la mesure d’avant, ou un groupe de comparaison.",
            "Donnez before=… ; ou group=… pour comparer deux groupes après l’action.",
        ),
        (
            group is not None and before is not None and not paired,
            "Deux groupes, et des personnes différentes avant et après : ce n’est plus un simple avant/après.",
            "Utilisez impact.did_cross_section(frame, outcome=…, treated=…, post=…).",
        ),
        (
            group is None and (baseline_adjusted or bool(covariates) or randomised),
            "baseline_adjusted, covariates et randomised demandent un groupe de comparaison.",
            "Donnez group=… (1 : concerné, 0 : comparaison).",
        ),
        (
            baseline_adjusted and before is None,
            "Un ajustement sur la situation de départ demande la mesure d’avant.",
            "Donnez before=….",
        ),
        (
            (exposures[0] is None) != (exposures[1] is None),
            "Il faut l’exposition d’avant et celle d’après.",
            "Donnez exposure_before=… et exposure_after=….",
        ),
        (
            exposures[0] is not None and kind in {"mean", "proportion"},
            "Une exposition n’a de sens que pour des comptages.",
            'Retirez l’exposition, ou kind="count".',
        ),
        (
            (kind == "count" or exposures[0] is not None) and (weighted or group is not None),
            "Les comptages ne prennent ni poids, ni groupes.",
            'Agrégez-les par unité ; pour un groupe de comparaison, comparez des taux (kind="mean").',
        ),
    )  # fmt: skip
    for wrong, message, remedy in contradictions:
        if wrong:
            raise DesignError(message, remedy=remedy)


def _kind(persons: Persons, kind: Kind, *, has_before: bool) -> Kind:
    values = np.concatenate([persons.before[persons.first], persons.after[persons.second]])
    binary = bool(len(values)) and bool(np.isin(values, (0.0, 1.0)).all())
    if kind == "proportion" and not binary:
        wrong = values[~np.isin(values, (0.0, 1.0))]
        raise DesignError(
            "Une part demande des réponses 0 ou 1.",
            value=", ".join(str(value) for value in np.unique(wrong)[:3]),
            remedy='Recodez les réponses, ou kind="mean".',
        )
    if kind != "auto":
        return kind
    if persons.exposures is not None and has_before:
        return "count"
    return "proportion" if binary else "mean"


def _refuse_empty(persons: Persons, *, has_before: bool, label: str) -> None:
    for present, moment in ((persons.first, persons.moments[0]), (persons.second, persons.moments[1])):
        if not present.any() and (has_before or moment != persons.moments[0]):
            raise DesignError(
                f"Aucune réponse pour « {moment} ».", remedy="Vérifiez la colonne, ou le filtre du tableau."
            )
    values = np.concatenate([persons.before[persons.first], persons.after[persons.second]])
    if len(values) > 1 and np.ptp(values) == 0:
        raise DesignError(
            f"« {label} » a partout la même valeur ({values[0]:g}) : rien ne peut être comparé.",
            remedy="Vérifiez que la colonne n’a pas été recopiée.",
        )


def _used(persons: Persons, *, has_before: bool, paired: bool) -> Persons:
    if not paired:
        return persons
    rows = persons.both if has_before else persons.second
    rows = rows & ~np.isnan(persons.covariates).any(axis=1)
    if not rows.any():
        raise NotIdentified(
            "Personne n’a répondu aux deux moments.",
            remedy="Si les personnes ne sont pas les mêmes avant et après : paired=False.",
        )
    if persons.treated is not None and (persons.treated[rows].all() or not persons.treated[rows].any()):
        raise NotIdentified(
            "Dans l’un des deux groupes, personne n’a les réponses nécessaires : il n’y a rien à comparer.",
            remedy="Vérifiez les réponses manquantes de ce groupe.",
        )
    return persons.take(rows)
