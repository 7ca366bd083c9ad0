"""Checks of a synthetic path: the fit before the action, the reach of the donors, and a false date."""

from __future__ import annotations

import pandas as pd

from ctgeval import french
from ctgeval.impact.checks import gap
from ctgeval.impact.conclusion import Inference
from ctgeval.impact.donors import Donors, Sizes, dispersion
from ctgeval.impact.result import Check

__all__ = ["check_false_date", "check_hull", "check_pre_fit"]

_GOOD_FIT = 0.5
"""Largest gap before the action, as a share of the dispersion of the donors."""


def check_pre_fit(data: Donors, sizes: Sizes) -> Check:
    """Say whether the synthetic path follows the treated before the action."""
    pre = data.panel.n_pre
    apart = dispersion(data.panel.outcome[data.donors, :pre])
    size = float(sizes.pre_rmspe)
    if not apart > 0:
        return Check("pre_fit", None, "Les territoires de comparaison ne diffèrent pas entre eux avant l’action.")
    share = size / apart
    text = (
        f"Avant l’action, l’écart moyen est de {gap(size, data.panel.unit_label)}, soit "
        f"{french.percent(100 * share, 0)} de la dispersion des territoires de comparaison"
    )
    return Check(
        "pre_fit",
        share <= _GOOD_FIT,
        text + ("." if share <= _GOOD_FIT else " : les donneurs ne reproduisent pas le territoire concerné."),
    )


def check_hull(data: Donors) -> Check:
    """Say whether the treated lie between the smallest and the largest of their donors before the action."""
    outside = []
    for i, start in zip(data.treated, data.starts, strict=True):
        donors, own = data.panel.outcome[data.donors, :start], data.panel.outcome[i, :start]
        count = int(((own < donors.min(axis=0)) | (own > donors.max(axis=0))).sum())
        if count:
            outside.append(f"{data.panel.name(int(i))} ({count} sur {start})")
    if not outside:
        return Check(
            "convex_hull",
            passed=True,
            text="À chaque période d’avant, les territoires concernés sont entre le plus bas et le plus haut des "
            "donneurs.",
        )
    return Check(
        "convex_hull",
        passed=False,
        text=f"Hors de ce que les donneurs ont connu avant l’action : {', '.join(outside[:5])}. Aucune moyenne de "
        "donneurs ne peut y ressembler.",
    )


def check_false_date(table: pd.DataFrame, inference: Inference, estimate: float, unit: str, *, level: float) -> Check:
    """Say whether a gap as large opens at a false date, a third of the periods before the real one."""
    name = "placebo_time"
    if table.empty:
        return Check(name, None, "Trop peu de périodes avant l’action pour essayer une fausse date.")
    n_pre = int(table["n_pre"].iloc[0]) + 1
    row = table.iloc[min(len(table), max(1, n_pre // 3)) - 1]
    effect = float(row["effect"])
    told = f"À la fausse date {row['time_period']}, l’écart mesuré est de {gap(effect, unit)}"
    if not inference.p_value <= 1 - level:
        return Check(name, None, f"{told}, pour {gap(estimate, unit)} à la vraie.")
    small = abs(effect) <= abs(estimate) / 2
    return Check(
        name,
        small,
        f"{told}, contre {gap(estimate, unit)} à la vraie"
        + ("." if small else " : l’écart avait commencé avant l’action."),
    )
