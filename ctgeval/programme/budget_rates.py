"""Ratios of a budget: executed, co-financed, cost of a unit of output; what they are made of is always given.

References
----------
Indicators PI03 and PI04 of the catalogue.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from ctgeval.french import fold
from ctgeval.programme import budget as money
from ctgeval.programme.budget_checks import OWN

__all__ = ["RATES", "UNIT_COSTS", "rates", "unit_costs"]

RATES = (
    "exercice", "budget_vote", "budget_execute", "taux_execution", "cout_total", "financements_externes_recus",
    "taux_cofinancement", "attendus", "reason",
)  # fmt: skip
UNIT_COSTS = ("action", "exercice", "indicateur", "depenses", "quantite", "cout_unitaire", "reason")


def rates(budget: pd.DataFrame, *, own: Collection[str] = OWN) -> pd.DataFrame:
    """Return what was executed and what others paid, year by year.

    Parameters
    ----------
    budget : DataFrame
        Table ``budget``.
    own : collection of str
        Names of the collectivité itself as a funder, without case and accents: its money is not external.

    Returns
    -------
    DataFrame
        `RATES`, one row per year, in euros and in hundredths: ``budget_vote`` the planned expenses, ``budget_execute``
        (and ``cout_total``) those carried out, ``taux_execution`` the second over the first; ``attendus`` the external
        revenues granted or asked for and not received yet, ``financements_externes_recus`` those received,
        ``taux_cofinancement`` the latter over the cost. What no line tells is NaN, and so is a ratio with an
        unknown or null denominator; ``reason`` says why. Contributions in kind are left out.
    """
    lines = money.lines(budget)
    rows: list[dict[str, Any]] = []
    for year, group in lines.groupby("exercice", sort=True):
        voted, executed = (_euros(money.spent(group, basis)) for basis in ("prevu", "realise"))
        received = money.income(group, "realise", without=own) / 100
        reasons = []
        if not voted > 0:
            reasons.append("aucune dépense prévue")
        if not executed > 0:
            reasons.append("aucune dépense réalisée")
        rows.append(
            {
                "exercice": int(str(year)),
                "budget_vote": voted,
                "budget_execute": executed,
                "taux_execution": _share(executed, voted),
                "cout_total": executed,
                "financements_externes_recus": received,
                "taux_cofinancement": _share(received, executed),
                "attendus": _expected(group, own) / 100,
                "reason": " ; ".join(reasons),
            }
        )
    return pd.DataFrame(rows, columns=list(RATES))


def _expected(lines: pd.DataFrame, own: Collection[str]) -> int:
    """Return the cents that funders granted or were asked for, less what they have paid, line by line."""
    external = lines[lines["nature"].eq("recette") & ~lines["financeur"].map(fold).isin(set(own))]
    keys = ["action", "exercice", "poste", "financeur"]
    if external.empty:
        return 0
    stages = external.pivot_table(index=keys, columns="statut", values="cents", aggfunc="sum", sort=True)
    stages = stages.reindex(columns=["acquis", "sollicite"])
    promised = stages["acquis"].fillna(stages["sollicite"]).fillna(0)
    received = money.once(external, "realise").set_index(keys)["cents"].reindex(promised.index, fill_value=0)
    return int((promised - received).clip(lower=0).sum())


def unit_costs(budget: pd.DataFrame, outputs: Mapping[tuple[str, str], Mapping[int, float]]) -> pd.DataFrame:
    """Divide what an action cost in a year by what it produced that year.

    Parameters
    ----------
    budget : DataFrame
        Table ``budget``.
    outputs : mapping
        By action and indicator, the quantity of each year (NaN when it is not known, or can't be told).

    Returns
    -------
    DataFrame
        `UNIT_COSTS`, one row per action, indicator and year for which the action has a budget:
        ``depenses`` carried out in euros, ``quantite``, ``cout_unitaire`` in euros per unit; NaN with a ``reason`` when
        the cost or the quantity is unknown, or the quantity is not above 0.
    """
    lines = money.lines(budget)
    rows: list[dict[str, Any]] = []
    for (action, indicator), quantities in sorted(outputs.items()):
        own = lines[lines["action"].eq(action)]
        for year in sorted({int(year) for year in own["exercice"]}):
            cost = _euros(money.spent(own[own["exercice"].eq(year)], "realise"))
            quantity = quantities.get(year, math.nan)
            reason = ""
            if math.isnan(cost):
                reason = "dépenses réalisées non renseignées"
            elif math.isnan(quantity):
                reason = "quantité non disponible ou non diffusable"
            elif quantity <= 0:
                reason = "quantité nulle"
            rows.append(
                {
                    "action": action,
                    "exercice": year,
                    "indicateur": indicator,
                    "depenses": cost,
                    "quantite": quantity,
                    "cout_unitaire": math.nan if reason else cost / quantity,
                    "reason": reason,
                }
            )
    return pd.DataFrame(rows, columns=list(UNIT_COSTS))


def _euros(cents: int | None) -> float:
    return math.nan if cents is None else cents / 100


def _share(part: float, whole: float) -> float:
    return 100 * part / whole if whole > 0 else math.nan
