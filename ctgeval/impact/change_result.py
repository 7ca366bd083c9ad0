"""Result of a before/after: its checks, its limits, the means that it stands on and its standardised effects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ctgeval.impact.answer_checks import (
    check_attrition,
    check_attrition_by_group,
    check_baseline,
    check_return_to_mean,
    check_scale_ends,
    missing_told,
)
from ctgeval.impact.answers import Persons
from ctgeval.impact.change_tests import Kind
from ctgeval.impact.conclusion import Inference, conclude
from ctgeval.impact.effect_sizes import EffectSize, cohen_d, cohen_dz
from ctgeval.impact.evidence import Design
from ctgeval.impact.mean_changes import Sample
from ctgeval.impact.panel import Bools, Direction, Floats
from ctgeval.impact.result import Check, ImpactResult

__all__ = ["change_result"]

NO_COMPARISON = (
    "Sans groupe de comparaison, rien ne distingue l’action de tout ce qui a changé en même temps : cet écart est un "
    "constat."
)
OTHER_PERSONS = (
    "Les personnes interrogées avant et après ne sont pas les mêmes : l’écart peut venir de qui a répondu autant que "
    "d’une évolution."
)
NO_START = "Rien n’a été mesuré avant l’action : l’écart entre les deux groupes pouvait déjà exister."


def change_result(
    persons: Persons,
    used: Persons,
    estimate: float,
    found: Inference,
    *,
    what: Kind,
    paired: bool,
    has_before: bool,
    randomised: bool,
    reference: float | None,
    label: str,
    unit_label: str,
    direction: Direction,
    level: float,
    minimum_effect: float | None,
) -> ImpactResult:
    """Make the result from the persons as read, those used, and what the tests say (see `before_after`)."""
    n_treated, n_controls = _sizes(used)
    by_period = pd.DataFrame(
        [
            {
                "time_period": used.moments[1],
                "event_time": 0,
                "estimate": estimate,
                "std_error": found.std_error,
                "low": found.interval.low,
                "high": found.interval.high,
            }
        ]
    )
    missing = len(persons.before) - len(used.before)
    sizes = _effect_sizes(used, paired=paired, has_before=has_before, level=level) if what == "mean" else []
    return conclude(
        method="before_after",
        design=_design(used, has_before=has_before, randomised=randomised),
        label=label,
        unit=unit_label,
        direction=direction,
        estimate=estimate,
        inference=found,
        n_treated=n_treated,
        n_controls=n_controls,
        n_pre=int(has_before),
        n_post=1,
        by_period=by_period,
        checks=_checks(persons, used, what=what, paired=paired, has_before=has_before, randomised=randomised,
                       reference=reference, unit=unit_label),
        limits=_limits(persons, used, paired=paired, has_before=has_before, randomised=randomised),
        level=level,
        minimum_effect=minimum_effect,
        details={
            "kind": what,
            "paired": paired,
            "moments": list(used.moments),
            "means": _means(used, has_before=has_before),
            "effect_sizes": sizes,
            "missing": missing,
            **({"rate_ratio": 1 + estimate / 100} if what == "count" else {}),
        },
    )  # fmt: skip


def _design(used: Persons, *, has_before: bool, randomised: bool) -> Design:
    if used.treated is None:
        return "before_after"
    if randomised:
        return "randomised"
    # A gap seen after the action alone is no better than a before/after alone (What Works Centre guide, level 1).
    return "comparison" if has_before else "before_after"


def _sizes(used: Persons) -> tuple[int, int]:
    if used.treated is None:
        return int(used.second.sum()), 0
    return int(used.treated.sum()), int((~used.treated).sum())


def _limits(persons: Persons, used: Persons, *, paired: bool, has_before: bool, randomised: bool) -> tuple[str, ...]:
    told = [] if used.treated is not None else [NO_COMPARISON]
    if not has_before:
        told += [] if randomised else [NO_START]
        lost = int((~persons.second).sum())
        if lost:
            told.append(f"{lost} personnes sur {len(persons.after)} n’ont pas répondu.")
    elif paired:
        told += missing_told(persons)
    else:
        told.append(OTHER_PERSONS)
    without = (persons.both if has_before else persons.second) & np.isnan(persons.covariates).any(axis=1)
    if without.any():
        told.append(f"{int(without.sum())} personnes n’ont pas toutes les covariables : elles ne sont pas comptées.")
    return tuple(told)


def _checks(
    persons: Persons,
    used: Persons,
    *,
    what: Kind,
    paired: bool,
    has_before: bool,
    randomised: bool,
    reference: float | None,
    unit: str,
) -> tuple[Check, ...]:
    found: list[Check] = []
    if used.treated is None:
        found.append(Check("comparators", None, "Il n’y a pas de groupe de comparaison."))
    if what == "count":
        return tuple(found)
    first, second = used.before[used.first], used.after[used.second]
    if paired and has_before:
        if used.treated is None:
            found.append(check_attrition(persons))
            if what == "mean":
                found.append(check_return_to_mean(first, second, reference=reference, unit=unit))
        else:
            found += [
                check_attrition_by_group(persons),
                check_baseline(used.before, used.treated, randomised=randomised),
            ]
    elif not paired:
        found.append(Check("attrition", None, "Les personnes ne sont pas les mêmes : rien ne dit qui n’a pas répondu."))
    elif not randomised:
        found.append(
            Check("comparators", passed=False, text="Rien ne dit si les deux groupes se ressemblaient avant l’action.")
        )
    if what == "mean":
        found.append(check_scale_ends(first if len(first) else second, second))
    return tuple(found)


def _means(used: Persons, *, has_before: bool) -> pd.DataFrame:
    groups: list[tuple[str, Bools]] = [("ensemble", np.ones(len(used.after), dtype=bool))]
    if used.treated is not None:
        groups = [("concernés", used.treated), ("comparaison", ~used.treated)]
    rows = []
    for name, inside in groups:
        for moment, values in zip(used.moments, (used.before, used.after), strict=True):
            known = inside & ~np.isnan(values)
            if (moment == used.moments[0] and not has_before) or not known.any():
                continue
            sample = _of(values, used, known)
            rows.append(
                {"group": name, "moment": moment, "n": sample.n, "mean": sample.mean, "std_error": sample.std_error}
            )
    return pd.DataFrame(rows)


def _of(values: Floats, used: Persons, rows: Bools) -> Sample:
    return Sample(
        values[rows],
        None if used.weights is None else used.weights[rows],
        None if used.clusters is None else used.clusters[rows],
    )


def _effect_sizes(used: Persons, *, paired: bool, has_before: bool, level: float) -> list[dict[str, Any]]:
    """Standardised effects, of persons that count the same; weights and clusters change their meaning."""
    if used.weights is not None or used.clusters is not None:
        return []
    if used.treated is None and paired:
        change = used.change
        if len(change) < 3 or not change.std() > 0:
            return []
        return [_row("d_z", cohen_dz(float(change.mean()), float(change.std(ddof=1)), len(change), level=level))]
    if used.treated is None:
        one, other = used.after[used.second], used.before[used.first]
    else:
        gap = used.change if has_before else used.after
        one, other = gap[used.treated], gap[~used.treated]
    if min(len(one), len(other)) < 2:
        return []
    df = len(one) + len(other) - 2
    pooled = float(np.sqrt((one.var(ddof=1) * (len(one) - 1) + other.var(ddof=1) * (len(other) - 1)) / df))
    if not pooled > 0:
        return []
    return [_row("d", cohen_d(float(one.mean() - other.mean()), pooled, len(one), len(other), level=level))]


def _row(name: str, size: EffectSize) -> dict[str, Any]:
    return {
        "name": name,
        "value": size.value,
        "low": size.interval.low,
        "high": size.interval.high,
        "hedges": size.corrected,
        "hedges_low": size.corrected_interval.low,
        "hedges_high": size.corrected_interval.high,
    }
