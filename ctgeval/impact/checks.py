"""Checks of a comparison on a panel: evolutions before the action, likeness of the comparators, weight of each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.impact.panel import Floats, Panel
from ctgeval.impact.pretrends import PreTrend
from ctgeval.impact.quantities import Scale
from ctgeval.impact.result import Check

__all__ = ["check_comparators", "check_leave_one_out", "check_pre_trends", "figure", "gap"]


def figure(value: float, unit: str) -> str:
    """Write a figure with its unit, to two significant digits after the first, at most four decimals."""
    return french.quantity(value, unit, _digits(abs(value)))


def _digits(size: float) -> int:
    return 0 if size >= 100 or size == 0 else int(np.clip(2 - np.floor(np.log10(size)) - 1, 0, 4))


def gap(value: float, unit: str) -> str:
    """Write a difference with its unit, as `figure` does: in points between percentages."""
    return figure(value, Scale(unit, 0).written)


def _probability(value: float) -> str:
    return "p < 0,001" if value < 0.001 else f"p = {french.number(value, 3 if value < 0.1 else 2)}"


def check_pre_trends(panel: Panel, found: PreTrend, *, level: float = 0.95) -> Check:
    """Say whether treated and comparators moved together before the action.

    Parameters
    ----------
    panel : Panel
    found : PreTrend
        What `ctgeval.impact.pretrends.pre_trend` found.
    level : float
        Of confidence.
    """
    name, alpha = "pre_trends", 1 - level
    missed = ""
    if np.isfinite(found.detectable_slope):
        missed = (
            f" Un écart de tendance de moins de {gap(found.detectable_slope, panel.unit_label)} par période serait "
            "sans doute passé inaperçu."
        )
    if found.how == "none":
        return Check(
            name,
            None,
            "Une seule période avant l’action : rien ne dit si les territoires évoluaient de même auparavant."
            if found.n_periods < 2
            else "Les évolutions d’avant l’action ne peuvent pas être comparées.",
        )
    if np.isnan(found.p_value):
        return Check(name, None, "Les évolutions d’avant l’action ne varient pas assez pour être comparées." + missed)
    if found.minimum_p > alpha:
        return Check(
            name,
            None,
            "Il y a trop peu de territoires pour dire si les évolutions d’avant l’action différaient "
            f"({_probability(found.p_value)}, qui ne peut pas descendre sous {french.number(found.minimum_p, 2)})."
            + missed,
        )
    if found.p_value <= alpha:
        return Check(
            name=name,
            passed=False,
            text=f"Avant l’action, les évolutions différaient déjà ({_probability(found.p_value)} sur "
            f"{french.plural(found.n_periods, 'période')}) : l’écart mesuré peut prolonger cette différence.",
        )
    return Check(
        name=name,
        passed=True,
        text="Avant l’action, aucune différence d’évolution n’apparaît "
        f"({_probability(found.p_value)} sur {french.plural(found.n_periods, 'période')})." + missed,
    )


def check_comparators(panel: Panel) -> Check:
    """Say whether the treated look like their comparators before the action, in level and in population."""
    name = "comparators"
    if panel.n_controls < 2:
        return Check(
            name, None, "Il y a moins de deux territoires de comparaison : leur ressemblance ne se mesure pas."
        )
    seen = panel.observed[:, : panel.n_pre]
    count = seen.sum(axis=1)
    total = np.where(seen, panel.outcome[:, : panel.n_pre], 0.0).sum(axis=1)
    level = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    parts, wrong = [], []
    for values, what, unit in (
        (level, "Niveau moyen avant l’action", panel.unit_label),
        (panel.population, "Population moyenne", "habitants"),
    ):
        if values is None:
            parts.append("Les populations ne sont pas connues.")
            continue
        on, off = values[panel.treated & ~np.isnan(values)], values[~panel.treated & ~np.isnan(values)]
        if not len(on) or len(off) < 2:
            continue
        parts.append(_compared(on, off, what, unit))
        wrong += _outside(on, off, population=values is panel.population)
    if len(parts) < 2 and panel.population is None:
        return Check(name, None, "Rien n’est connu des territoires avant l’action. " + " ".join(parts))
    return Check(name, not wrong, " ".join([*parts, *wrong]))


def _compared(on: Floats, off: Floats, what: str, unit: str) -> str:
    spread = float(off.std(ddof=1))
    apart = f" ({french.number((on.mean() - off.mean()) / spread, 1, sign=True)} écart-type)" if spread > 0 else ""
    return f"{what} : {figure(float(on.mean()), unit)} contre {figure(float(off.mean()), unit)} ailleurs{apart}."


def _outside(on: Floats, off: Floats, *, population: bool) -> list[str]:
    mean = float(on.mean())
    if not population:
        if off.min() <= mean <= off.max():
            return []
        return ["Aucun territoire de comparaison n’a un niveau aussi " + ("bas." if mean < off.min() else "élevé.")]
    if mean < float(np.quantile(off, 0.25)):
        return ["Les territoires concernés sont plus petits que les trois quarts de ceux auxquels ils sont comparés."]
    if mean > off.max():
        return ["Les territoires concernés sont plus peuplés que tous ceux auxquels ils sont comparés."]
    return []


def check_leave_one_out(table: pd.DataFrame, estimate: float, unit: str) -> Check | None:
    """Say how far the estimate moves when one comparator is left out; None when there is no table."""
    values = table["estimate"].to_numpy(dtype=np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    decimals = _digits(max(abs(low), abs(high)))
    ends = f"va de {french.number(low, decimals)} à {french.quantity(high, Scale(unit, 0).written, decimals)}"
    if french.number(low, decimals) == french.number(high, decimals):
        ends = f"reste de {french.quantity(high, Scale(unit, 0).written, decimals)}"
    same = bool((np.sign(values) == np.sign(estimate)).all())
    return Check(
        "leave_one_out",
        same,
        f"Sans l’un ou l’autre des territoires de comparaison, l’écart {ends}"
        + (" : aucun ne décide seul de son sens." if same else " : son sens dépend d’un seul d’entre eux."),
    )
