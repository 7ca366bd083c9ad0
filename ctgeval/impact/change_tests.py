"""Which test for a change: by what is compared, how many persons there are, and what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, cast

import numpy as np

from ctgeval.errors import DesignError, suggestion
from ctgeval.impact.answers import Persons
from ctgeval.impact.conclusion import Inference
from ctgeval.impact.inversion import hull
from ctgeval.impact.mean_changes import Sample, mean_change, mean_gap
from ctgeval.impact.panel import Bools, Floats
from ctgeval.impact.proportions import McNemarKind, mcnemar, paired_table, two_shares
from ctgeval.impact.ranks import rank_sum, signed_rank
from ctgeval.impact.survey_test import SurveyTest

__all__ = ["NAMES", "SMALLEST", "Answer", "Kind", "ask", "infer_change", "paired_tests", "unpaired_tests"]

Kind = Literal["auto", "mean", "proportion", "count"]

SMALLEST = 5
"""Persons (or pairs, or clusters) under which a change is told and not tested."""
_SMALL = 15
"""Persons under which a second opinion that supposes no law must agree."""
_CHANGED = 25
"""Changed answers from which McNemar's score test holds its level (Fagerland et al. 2013 advise exact below)."""

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "t": "t de Student",
        "welch": "t de Welch",
        "wilcoxon": "rangs signés de Wilcoxon",
        "wilcoxon_exact": "rangs signés de Wilcoxon, loi exacte",
        "mann_whitney": "rangs de Mann-Whitney",
        "mcnemar": "McNemar",
        "mcnemar_continuity": "McNemar, correction de continuité",
        "exact": "test exact",
        "mid_p": "test exact, mi-probabilité",
        "score": "khi-deux",
        "newcombe": "khi-deux, intervalle de Newcombe",
        "robust": "variabilité d’une unité à l’autre",
    }
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer:
    """Tests of one change: the first of ``deciding`` gives the estimate; several decide by the largest p-value.

    Parameters
    ----------
    tests : tuple of SurveyTest
        All that could be made.
    deciding : tuple of str
        Codes of those that decide.
    second : str
        Code of a second opinion that must agree for a verdict; empty without.
    steps, limits : tuple of str
    n : int
        Persons, pairs or clusters that the error stands on, in the smaller group.
    descriptive : str
        Why nothing is tested; empty otherwise.
    """

    tests: tuple[SurveyTest, ...]
    deciding: tuple[str, ...]
    second: str = ""
    steps: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    n: int = 0
    descriptive: str = ""

    def test(self, code: str) -> SurveyTest:
        """Return a test by its code."""
        return next(test for test in self.tests if test.code == code)


def ask(asked: str, allowed: tuple[str, ...]) -> str:
    """Check the name of a test that was asked.

    Raises
    ------
    DesignError
        When it is no test, or not one of those that these data allow.
    """
    if asked == "auto" or asked in allowed:
        return asked
    if asked in NAMES:
        raise DesignError(
            f"Le test « {NAMES[asked]} » ne s’applique pas à ces données (appariées ou non, moyenne, part ou "
            "comptage, poids).",
            value=asked,
            remedy=f"Choisissez parmi : {', '.join(('auto', *allowed))}.",
        )
    raise DesignError(
        f"Aucun test ne porte le nom « {asked} ».",
        value=asked,
        remedy=suggestion(asked, allowed) or f"Choisissez parmi : {', '.join(('auto', *allowed))}.",
    )


def infer_change(answer: Answer, *, level: float, allow_invalid: bool) -> tuple[float, Inference]:
    """Bring the tests of a change to an estimate and what may be said of it."""
    first = answer.test(answer.deciding[0])
    table = [test.row(decides=test.code in answer.deciding) for test in answer.tests]
    if answer.descriptive:
        shown = allow_invalid and np.isfinite(first.p_value)
        found = Inference(
            code=first.code if shown else "none",
            p_value=first.p_value if shown else float("nan"),
            std_error=first.std_error,
            interval=first.interval if shown else Inference().interval,
            valid=False,
            conclusive=False,
            steps=(*answer.steps, answer.descriptive),
            limits=(*answer.limits, answer.descriptive),
            details={"tests": table},
        )
        return first.estimate, found
    deciding = [answer.test(code) for code in answer.deciding]
    reasons = _disagreement(answer, first, alpha=1 - level)
    return first.estimate, Inference(
        code="+".join(answer.deciding),
        p_value=max(test.p_value for test in deciding),
        std_error=max((test.std_error for test in deciding), key=lambda value: (not np.isnan(value), value)),
        interval=hull([test.interval for test in deciding]),
        conclusive=not reasons,
        steps=(*answer.steps, *reasons),
        limits=(*answer.limits, *reasons),
        minimum_p=max(test.minimum_p for test in deciding),
        mde=float(np.fmax.reduce([test.mde for test in deciding])),
        details={"tests": table},
    )


def _disagreement(answer: Answer, first: SurveyTest, *, alpha: float) -> tuple[str, ...]:
    if not answer.second or first.p_value > alpha:
        return ()
    second = answer.test(answer.second)
    if second.p_value <= alpha:
        return ()
    return (
        (
            f"Avec {answer.n} réponses, le test par les rangs, qui ne suppose rien de la forme des écarts, ne conclut "
            "pas comme la moyenne : quelques réponses extrêmes peuvent faire l’écart."
        ),
    )


def _few(n: int, what: str) -> str:
    if n >= SMALLEST:
        return ""
    return f"{n} {what} : trop peu pour un test (il en faut au moins {SMALLEST}) ; le chiffre est un simple constat."


def _sample(values: Floats, persons: Persons, rows: Bools) -> Sample:
    return Sample(
        values[rows],
        None if persons.weights is None else persons.weights[rows],
        None if persons.clusters is None else persons.clusters[rows],
    )


def _surveyed(persons: Persons) -> tuple[str, ...]:
    told = []
    if persons.weights is not None:
        told.append("Réponses pondérées : la variance est linéarisée, celle d’un tirage avec remise.")
    if persons.clusters is not None:
        count = len(np.unique(persons.clusters))
        told.append(f"Réponses par groupes : la variance est celle des {count} groupes, pas celle des personnes.")
    return tuple(told)


def paired_tests(persons: Persons, *, proportion: bool, asked: str, level: float) -> Answer:
    """Test the change of persons who answered twice.

    Parameters
    ----------
    persons : Persons
        All of them answered twice.
    proportion : bool
        Answers are 0 or 1.
    asked : str
    level : float
    """
    everyone = np.ones(len(persons.after), dtype=bool)
    change = _sample(persons.change, persons, everyone)
    told = _surveyed(persons)
    units = change.n if change.clusters is None else len(np.unique(change.clusters))
    what = "personne(s) ont répondu deux fois" if change.clusters is None else "groupe(s) de réponses"
    few = _few(units, what)
    if told:
        ask(asked, ("t",))
        tests: tuple[SurveyTest, ...] = (mean_change(change, level=level).scaled(100.0 if proportion else 1.0),)
        return _with_spread(Answer(tests=tests, deciding=("t",), steps=told, n=units, descriptive=few))
    if proportion:
        return _paired_shares(persons, asked=asked, level=level, few=few)
    asked = ask(asked, ("t", "wilcoxon", "wilcoxon_exact"))
    made = mean_change(change, level=level)
    ranks = signed_rank(change.values, level=level)
    exact = signed_rank(change.values, level=level, exact=True)
    moving = _rank_mde(made, ranks), _rank_mde(made, exact)
    chosen = "t" if asked == "auto" else asked
    second = "wilcoxon_exact" if asked == "auto" and change.n < _SMALL else ""
    steps = _mean_steps(asked, change.n, "t de Student sur les écarts de chaque personne", second)
    answer = Answer(tests=(made, *moving), deciding=(chosen,), second=second, steps=steps, n=change.n, descriptive=few)
    return _with_spread(answer)


def _rank_mde(made: SurveyTest, ranks: SurveyTest) -> SurveyTest:
    """Give a rank test the detectable effect of the t test, over its efficiency for a normal law, 3 / pi."""
    return replace(ranks, mde=made.mde / float(np.sqrt(3 / np.pi)))


def _mean_steps(asked: str, n: int, how: str, second: str) -> tuple[str, ...]:
    if asked != "auto":
        return (f"Test demandé : {NAMES[asked]}.",)
    if second:
        return (
            (
                f"{n} réponses : {how} ; sous {_SMALL} réponses, un test par les rangs doit dire la même chose pour "
                "qu’un verdict soit donné."
            ),
        )
    return (f"{n} réponses : {how}.",)


def _with_spread(answer: Answer) -> Answer:
    """Tell a change that is the same for everybody: there is nothing to measure chance with."""
    if answer.descriptive or np.isfinite(answer.test(answer.deciding[0]).p_value):
        return answer
    why = "L’écart est le même pour tous : rien ne permet de mesurer le hasard, aucun test n’est possible."
    return replace(answer, descriptive=why)


def _paired_shares(persons: Persons, *, asked: str, level: float, few: str) -> Answer:
    kinds: tuple[McNemarKind, ...] = ("mcnemar", "mcnemar_continuity", "exact", "mid_p")
    asked = ask(asked, (*kinds, "t"))
    table = paired_table(persons.before, persons.after)
    plain = mean_change(Sample(persons.change), level=level)
    tests = tuple(test.scaled(100.0) for test in (*(mcnemar(table, kind=kind, level=level) for kind in kinds), plain))
    chosen = asked if asked != "auto" else ("mcnemar" if table.changed >= _CHANGED else "exact")
    steps = (
        (f"Test demandé : {NAMES[asked]}.",)
        if asked != "auto"
        else (
            (
                f"{table.changed} personnes sur {table.n} ont changé de réponse ({table.gained} vers oui, {table.lost} "
                f"vers non) : {'test de McNemar' if chosen == 'mcnemar' else 'test exact de McNemar'}."
            ),
        )
    )
    return _with_spread(Answer(tests=tests, deciding=(chosen,), steps=steps, n=table.n, descriptive=few))


def unpaired_tests(persons: Persons, *, proportion: bool, asked: str, level: float) -> Answer:
    """Compare the answers of different persons before and after."""
    before = _sample(persons.before, persons, persons.first)
    after = _sample(persons.after, persons, persons.second)
    told = _surveyed(persons)
    units = min(_units(before), _units(after))
    few = _few(units, "réponse(s), ou groupe(s), d’un des deux côtés")
    if told:
        ask(asked, ("welch",))
        factor = 100.0 if proportion else 1.0
        made = mean_gap(after, before, level=level).scaled(factor)
        return _with_spread(Answer(tests=(made,), deciding=(made.code,), steps=told, n=units, descriptive=few))
    if proportion:
        return _two_shares(before, after, asked=asked, level=level, few=few)
    asked = ask(asked, ("welch", "t", "mann_whitney"))
    made = mean_gap(after, before, level=level)
    ranks = _rank_mde(made, rank_sum(before.values, after.values, level=level))
    tests = (made, mean_gap(after, before, level=level, pooled=True), ranks)
    chosen = "welch" if asked == "auto" else asked
    second = "mann_whitney" if asked == "auto" and units < _SMALL else ""
    steps = _mean_steps(asked, units, "t de Welch, qui n’exige pas des dispersions égales", second)
    return _with_spread(Answer(tests=tests, deciding=(chosen,), second=second, steps=steps, n=units, descriptive=few))


def _units(sample: Sample) -> int:
    return sample.n if sample.clusters is None else len(np.unique(sample.clusters))


def _two_shares(before: Sample, after: Sample, *, asked: str, level: float, few: str) -> Answer:
    kinds = ("score", "newcombe", "exact")
    asked = ask(asked, (*kinds, "welch"))
    k0, k1 = int(before.values.sum()), int(after.values.sum())
    n0, n1 = before.n, after.n
    tests = [
        two_shares(k0, n0, k1, n1, kind=cast("Literal['score', 'newcombe', 'exact']", kind), level=level).scaled(100.0)
        for kind in kinds
    ]
    tests.append(mean_gap(after, before, level=level).scaled(100.0))
    share = (k0 + k1) / (n0 + n1)
    expected = min(n0, n1) * min(share, 1 - share)
    chosen = asked if asked != "auto" else ("score" if expected >= SMALLEST else "exact")
    steps = (
        (f"Test demandé : {NAMES[asked]}.",)
        if asked != "auto"
        else (
            "Parts de personnes différentes : khi-deux, avec l’intervalle du même test."
            if chosen == "score"
            else f"Moins de {SMALLEST} réponses attendues dans une case : test exact de Fisher.",
        )
    )
    return Answer(tests=tuple(tests), deciding=(chosen,), steps=steps, n=min(n0, n1), descriptive=few)
