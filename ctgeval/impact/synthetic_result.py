"""From the weights of a synthetic method to its result: placebos, interval, checks, and when there is no verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.impact.checks import check_comparators, check_leave_one_out
from ctgeval.impact.conclusion import Inference, conclude_panel
from ctgeval.impact.conformal import Conformal, Residuals, conformal
from ctgeval.impact.donors import Donors, Path, Sizes, Weigher, event_times, gaps_table, magnitude, path
from ctgeval.impact.panel import Floats, Panel
from ctgeval.impact.placebos import (
    Space,
    detectable,
    in_space,
    in_time,
    inverted,
    placebo_table,
    pointwise,
    rank,
    rank_of_effect,
    spread,
    synthetic,
    without_each,
)
from ctgeval.impact.result import Check, ImpactResult
from ctgeval.impact.situation import situation
from ctgeval.impact.synthetic_checks import check_false_date, check_hull, check_pre_fit

__all__ = ["ENOUGH_PRE", "Options", "coefficients", "finish", "refusals"]

ENOUGH_PRE = 8
"""Periods before the action under which the placebo test rejects too often after matching (Illenberger, Small and Shaw
2020: 16 to 40 % with 4 to 10)."""
_SLACK = 1e-9
_ROUNDING = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options that synthetic methods share."""

    level: float
    seed: int
    placebos: bool
    draws: int
    minimum_effect: float | None


def finish(
    original: Panel,
    data: Donors,
    weigh: Weigher,
    *,
    method: str,
    residuals: Residuals | None,
    options: Options,
    steps: tuple[str, ...] = (),
    limits: tuple[str, ...] = (),
    details: Mapping[str, Any] | None = None,
) -> ImpactResult:
    """Make the result of a synthetic method.

    Parameters
    ----------
    original : Panel
        As it was given.
    data : Donors
    weigh : callable
        Gives the weights; asked again for every placebo.
    method : str
    residuals : callable, optional
        For the conformal test, of the mean of the treated on all periods; None when there is none.
    options : Options
    steps, limits, details
        The method's own.
    """
    panel = data.panel
    scale = magnitude(panel.outcome)
    weights, gaps = synthetic(data, weigh)
    unique = bool(getattr(weigh, "unique", True))
    average = path(gaps, data.starts)
    sizes = average.averages(scale)
    estimate = float(sizes.effect)
    space = in_space(data, weigh, scale=scale, draws=options.draws, seed=options.seed) if options.placebos else None
    inference = _inference(original, data, space, sizes, steps, level=options.level)
    left_out = without_each(data, weigh, weights, scale=scale)
    false_dates = in_time(data, weigh, scale=scale)
    exact_test = _conformal(data, estimate, residuals, level=options.level, scale=scale)
    alone = None if unique else _NOT_UNIQUE
    return conclude_panel(
        panel,
        method=method,
        estimate=estimate,
        inference=inference,
        by_period=by_period(data, average, sizes, space, level=options.level),
        bounds=(-np.inf, np.inf) if original.withheld.any() else panel.bound(coefficients(data, weights), estimate),
        checks=_checks(data, sizes, inference, left_out, false_dates, level=options.level),
        limits=(*data.limits, *limits, *([alone] if alone else [])),
        level=options.level,
        minimum_effect=options.minimum_effect,
        details={
            "weights": weights_table(data, weights),
            **({"weights_by_unit": weights_by_unit(data, weights)} if len(weights) > 1 else {}),
            "gaps": gaps_table(panel, data.treated, gaps),
            "placebos": placebo_table(data, space, sizes) if space else pd.DataFrame(),
            "placebo_gaps": gaps_table(panel, data.donors, list(space.single_gaps)) if space else pd.DataFrame(),
            "leave_one_out": left_out,
            "placebo_time": false_dates,
            "conformal": {
                "p_value": exact_test.p_value,
                "low": exact_test.interval.low,
                "high": exact_test.interval.high,
                "minimum_p": exact_test.minimum_p,
                "reason": exact_test.reason,
            },
            "pre_rmspe": float(sizes.pre_rmspe),
            "post_rmspe": float(sizes.post_rmspe),
            "ratio": float(sizes.ratio),
            "unique": unique,
            **(details or {}),
        },
    )


_NOT_UNIQUE = (
    "Plusieurs jeux de poids s’ajustent aussi bien : le plus réparti a été retenu (plus petite somme des carrés)."
)


def coefficients(data: Donors, weights: list[Floats]) -> Floats:
    """Coefficients of the outcomes in the estimate, weights being fixed, shape (N, T): what the bounds rest on."""
    found = np.zeros(data.panel.outcome.shape)
    cells = float((data.panel.n_periods - data.starts).sum())
    for i, start, own in zip(data.treated, data.starts, weights, strict=True):
        found[i, start:] += 1 / cells
        found[data.donors, start:] -= own[:, None] / cells
    return found


def refusals(original: Panel, data: Donors, *, level: float, minimum: float) -> list[str]:
    """Say why no verdict may come out of a placebo rank in this design."""
    found = list(situation(data.panel, level=level).reasons)
    n_pre = data.panel.n_pre
    if n_pre < ENOUGH_PRE:
        found.append(
            f"Il y a {french.plural(n_pre, 'période')} avant l’action : avec moins de {ENOUGH_PRE}, les territoires "
            "s’ajustent par hasard et le test placebo se trompe de 16 à 40 fois sur 100."
        )
    if minimum > 1 - level and not situation(data.panel, level=level).minimum_p > 1 - level:
        found.append(
            f"Avec {french.plural(len(data.donors), 'territoire')} de comparaison, la probabilité ne peut pas "
            f"descendre sous {french.number(minimum, 2)}."
        )
    if data.panel.clustered and data.panel.n_treated > 1:
        found.append(
            "Les territoires sont concernés par groupes : les placebos, tirés un par un, ne voient pas ce qui touche "
            "tout un groupe."
        )
    if original.withheld.any():
        found.append("Des valeurs masquées sont sans bornes : aucun verdict ne peut en être tiré.")
    return found


def _inference(
    original: Panel, data: Donors, space: Space | None, sizes: Sizes, steps: tuple[str, ...], *, level: float
) -> Inference:
    """Rank the ratio among the placebos, and say what it allows."""
    if space is None or not len(space.sets):
        reason = (
            "Les placebos n’ont pas été demandés : aucun test."
            if space is None
            else f"Il n’y a que {french.plural(len(data.donors), 'territoire')} de comparaison pour "
            f"{french.plural(len(data.treated), 'territoire concerné', 'territoires concernés')} : l’action ne peut "
            "pas leur être attribuée fictivement, et aucun test n’existe."
        )
        return Inference(valid=False, conclusive=False, steps=(*steps, reason), limits=(reason,))
    p_value, minimum = rank(sizes, space)
    interval, kind = inverted(sizes, space, level=level)
    reasons = refusals(original, data, level=level, minimum=minimum)
    if sizes.pre_rmspe == 0:
        reasons.append(
            "L’ajustement d’avant l’action est parfait : les donneurs sont trop nombreux pour si peu de périodes, et "
            "cet ajustement ne prouve rien."
        )
    if abs(sizes.effect) <= _ROUNDING * np.ptp(data.panel.outcome):
        reasons.append("L’écart est de l’ordre des arrondis du calcul : il n’y a rien à juger.")
    of_effect = rank_of_effect(sizes, space)
    if p_value <= 1 - level + _SLACK < of_effect and situation(data.panel, level=level).sizes != "equal":
        reasons.append(
            f"Sans rapporter l’écart à celui d’avant, {french.percent(100 * of_effect, 0)} des placebos en "
            "donnent un aussi grand ; comme les populations diffèrent ou ne sont pas connues, un territoire moins "
            "variable que les autres suffirait à l’expliquer."
        )
    told = {
        "constant": (),
        "proportional": (
            "Aucun effet constant n’est compatible avec les données : l’intervalle suppose qu’il évolue comme l’écart.",
        ),
        "none": ("Aucun intervalle ne peut être donné.",),
    }[kind]
    count = len(space.sets)
    how = (
        f"L’action est attribuée fictivement à chacun des {count} territoires de comparaison"
        if len(data.treated) == 1
        else f"L’action est attribuée fictivement à {french.number(count)} groupes de {len(data.treated)} "
        "territoires de comparaison" + ("" if space.all_sets else " tirés au hasard")
    )
    return Inference(
        code="placebo",
        p_value=p_value,
        std_error=spread(space),
        interval=interval,
        conclusive=not reasons,
        steps=(
            *steps,
            f"{how} : l’écart d’après, rapporté à celui d’avant, est classé parmi les leurs.",
            "L’intervalle contient les effets que ce classement ne rejette pas.",
            *reasons,
        ),
        limits=(*reasons, *told),
        minimum_p=minimum,
        mde=detectable(sizes, space, level=level),
        details={
            "reference": space.sizes.ratio,
            "placebo_set": {"low": interval.low, "high": interval.high, "kind": kind},
            "n_placebos": count,
            "ranks": {"ratio": p_value, "effect": of_effect},
            "all_placebos": space.all_sets,
        },
    )


def _conformal(data: Donors, estimate: float, residuals: Residuals | None, *, level: float, scale: float) -> Conformal:
    if residuals is None:
        return Conformal(reason="Le test conforme n’est fait que pour des poids faits sur l’indicateur seul.")
    if not data.panel.single_date:
        return Conformal(reason="Le test conforme demande une seule date de début.")
    target = data.panel.outcome[data.treated].mean(axis=0)
    return conformal(target, int(data.starts[0]), estimate, residuals, level=level, scale=scale)


def by_period(data: Donors, average: Path, sizes: Sizes, space: Space | None, *, level: float) -> pd.DataFrame:
    """Average gap by time since the action, with the mean of the treated and of their synthetic."""
    panel = data.panel
    nothing = np.full(len(average.gap), np.nan)
    error, low, high = pointwise(average, sizes, space, level=level) if space else (nothing, nothing, nothing)
    observed = path([panel.outcome[i] for i in data.treated], data.starts).gap
    labels = (
        list(panel.periods)
        if panel.single_date
        else ["" if e == 0 else f"{e:+d}" for e in event_times(panel.n_periods, data.starts)[0]]
    )
    return pd.DataFrame(
        {
            "time_period": labels,
            "event_time": average.event_time,
            "estimate": average.gap,
            "std_error": error,
            "low": low,
            "high": high,
            "treated": observed,
            "synthetic": observed - average.gap,
            "n_treated": average.count,
        }
    )


def weights_table(data: Donors, weights: list[Floats]) -> pd.DataFrame:
    """Mean weight of each donor, the heaviest first: ``unit, name, weight``."""
    mean = np.mean(weights, axis=0)
    order = np.lexsort((np.arange(len(mean)), -mean))
    units = [data.panel.units[data.donors[j]] for j in order]
    return pd.DataFrame(
        {"unit": units, "name": [data.panel.names.get(unit, "") for unit in units], "weight": mean[order]}
    )


def weights_by_unit(data: Donors, weights: list[Floats]) -> pd.DataFrame:
    """Weights of each treated unit: ``treated, unit, weight``, without the zeros."""
    return pd.DataFrame(
        [
            {"treated": data.panel.units[i], "unit": data.panel.units[data.donors[j]], "weight": float(own[j])}
            for i, own in zip(data.treated, weights, strict=True)
            for j in np.flatnonzero(own)
        ],
        columns=["treated", "unit", "weight"],
    )


def _checks(
    data: Donors,
    sizes: Sizes,
    inference: Inference,
    left_out: pd.DataFrame,
    false_dates: pd.DataFrame,
    *,
    level: float,
) -> tuple[Check, ...]:
    estimate = float(sizes.effect)
    alone = check_leave_one_out(left_out, estimate, data.panel.unit_label)
    found = (
        check_pre_fit(data, sizes),
        check_hull(data),
        check_comparators(data.panel),
        check_false_date(false_dates, inference, estimate, data.panel.unit_label, level=level),
    )
    return (*found, *([alone] if alone is not None else []))
