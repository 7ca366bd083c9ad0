"""Which test for counts of events before and after."""

from __future__ import annotations

import numpy as np

from ctgeval.errors import DesignError, TooFewUnits
from ctgeval.impact.answers import Persons
from ctgeval.impact.change_tests import NAMES, SMALLEST, Answer, ask
from ctgeval.impact.counts import dispersion, exact_ratio, robust_ratio

__all__ = ["count_tests"]


def count_tests(persons: Persons, *, paired: bool, asked: str, level: float) -> Answer:
    """Compare counts of events, with what they are counted on.

    Raises
    ------
    DesignError
        When a count is not a whole number, or is below zero.
    TooFewUnits
        When nothing was counted before: a ratio has no meaning.
    """
    e0, e1 = persons.exposures if persons.exposures is not None else (np.ones(len(persons.before)),) * 2
    (k0, e0), (k1, e1) = (
        (k[rows], e[rows]) for k, e, rows in ((persons.before, e0, persons.first), (persons.after, e1, persons.second))
    )
    for counts, moment in ((k0, persons.moments[0]), (k1, persons.moments[1])):
        wrong = (counts < 0) | (counts != np.round(counts))
        if wrong.any():
            raise DesignError(
                f"{int(wrong.sum())} comptage(s) ne sont pas des nombres entiers positifs ({moment}).",
                value=", ".join(str(value) for value in counts[wrong][:3]),
                remedy='Donnez des nombres d’événements, et l’exposition à part ; pour une moyenne : kind="mean".',
            )
    if not k0.sum():
        raise TooFewUnits(
            "Aucun événement n’a été compté avant : une évolution en pourcentage n’a pas de sens.",
            remedy='Comparez des moyennes : kind="mean".',
        )
    units = min(len(k0), len(k1))
    robust_possible = units >= SMALLEST and bool(k1.sum())
    asked = ask(asked, ("exact", "robust") if robust_possible else ("exact",))
    tests = [exact_ratio(float(k0.sum()), float(k1.sum()), float(e0.sum()), float(e1.sum()), level=level)]
    if robust_possible:
        tests.append(robust_ratio(k0, k1, e0, e1, paired=paired, level=level))
    if asked != "auto":
        return Answer(tests=tuple(tests), deciding=(asked,), steps=(f"Test demandé : {NAMES[asked]}.",), n=units)
    if robust_possible and np.isfinite(tests[1].p_value):
        excess = max(dispersion(k0, e0), dispersion(k1, e1))
        step = (
            f"{units} unités comptées, variance {excess:.1f} fois celle d’une loi de Poisson : test exact et "
            "variabilité d’une unité à l’autre, le moins favorable décide."
        ).replace(".", ",", 1)
        return Answer(tests=tuple(tests), deciding=("exact", "robust"), steps=(step,), n=units)
    limit = (
        "Trop peu d’unités pour voir si les événements se groupent (une famille, une même semaine) : le test suppose "
        "qu’ils arrivent indépendamment les uns des autres."
    )
    step = "Comptages : test exact du rapport des taux (loi de Poisson)."
    return Answer(tests=tuple(tests), deciding=("exact",), steps=(step,), limits=(limit,), n=units)
