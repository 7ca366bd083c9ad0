"""The budget: totals and *reste à charge*, counted in whole cents so that every total agrees with every other.

Amounts enter and leave in euros (floats); inside they are integers of cents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from ctgeval.errors import DossierError, Problem, suggestion
from ctgeval.french import euros
from ctgeval.programme.origin import place
from ctgeval.programme.tables import BUDGET, BUDGET_NATURES, BUDGET_STATUSES

__all__ = ["NATURE_LABELS", "STATUS_LABELS", "cents", "problems", "reste_a_charge", "totals"]

NATURE_LABELS = {"depense": "Dépenses", "recette": "Recettes"}
STATUS_LABELS = {
    "prevu": "Prévu",
    "sollicite": "Sollicité",
    "acquis": "Acquis",
    "verse": "Versé",
    "realise": "Réalisé",
}
_AXES = tuple(column.name for column in BUDGET.columns if column.name not in {"nature", "statut", "montant"})
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_LINE = ["action", "exercice", "poste", "financeur"]
# The same money may be written at each of its stages: each line of revenue counts once, at the first of these.
_REVENUE = {"prevu": ("prevu", "acquis", "sollicite"), "realise": ("realise", "verse")}


def cents(amount: float | Decimal | str) -> int:
    """Return an amount in whole cents.

    Raises
    ------
    DossierError
        When it is not a number, or has a fraction of a cent.
    """
    try:
        exact = Decimal(str(amount)) * 100
        whole = int(exact.to_integral_value(rounding=ROUND_HALF_UP))
    except (ArithmeticError, ValueError):
        raise _not_an_amount(amount) from None
    # A float holds a cent to within far less than a thousandth of it.
    if abs(exact - whole) > Decimal("0.001"):
        raise _not_an_amount(amount)
    return whole


def _not_an_amount(amount: object) -> DossierError:
    return DossierError(
        "Ce montant n’est pas un nombre d’euros au centime près.",
        remedy="Écrivez par exemple 1250,50.",
        column="montant",
        value=str(amount),
    )


def totals(budget: pd.DataFrame, by: Sequence[str] = ("action",)) -> pd.DataFrame:
    """Add up a budget by action, by funder, by year, or by several of them.

    Parameters
    ----------
    budget : DataFrame
        Table ``budget``.
    by : sequence of str
        Among ``action``, ``exercice``, ``poste``, ``financeur``; empty for the whole budget.

    Returns
    -------
    DataFrame
        One row per group and nature (``depense``, ``recette``), sorted: the columns of ``by`` (empty text when the
        row says nothing), ``nature``, then ``prevu, sollicite, acquis, verse, realise`` in euros. A status that no
        row of the group has is NaN: not written is not zero.

    Raises
    ------
    DossierError
        When a column of ``by`` is not one of those, or an amount is not exact to the cent.
    """
    for name in by:
        if name not in _AXES:
            raise DossierError(
                f"Le budget ne se totalise pas par « {name} ».",
                remedy=suggestion(name, _AXES) or f"Choisissez parmi : {', '.join(_AXES)}.",
                value=name,
            )
    lines = _lines(budget)
    keys = [*by, "nature"]
    if lines.empty:
        return pd.DataFrame(columns=[*keys, *BUDGET_STATUSES])
    summed = lines.pivot_table(index=keys, columns="statut", values="cents", aggfunc="sum", sort=True)
    wide = summed.reindex(columns=list(BUDGET_STATUSES)).rename_axis(columns=None)
    return (wide.astype("float64") / 100).reset_index()


def reste_a_charge(budget: pd.DataFrame, exercice: int | None = None) -> pd.DataFrame:
    """Return what is left to pay, year by year: expenses less revenues.

    Parameters
    ----------
    budget : DataFrame
        Table ``budget``.
    exercice : int, optional
        One year only; all of them by default.

    Returns
    -------
    DataFrame
        ``exercice, depenses, recettes, reste_a_charge, statut`` in euros, one row per year and basis: ``prevu``
        (planned expenses less planned revenues) and ``realise`` (expenses carried out less revenues received). A line
        of revenue (action, year, item, funder) written at several stages counts once: when planned, as ``prevu``,
        else ``acquis``, else ``sollicite``; when received, as ``realise``, else ``verse``. A basis without any
        expense is left out: what is left to pay is not known.

    Raises
    ------
    DossierError
        When an amount is not exact to the cent.
    """
    lines = _lines(budget)
    rows: list[dict[str, Any]] = []
    years = sorted(set(lines["exercice"])) if len(lines) else []
    for year in years if exercice is None else [exercice]:
        of_year = lines[lines["exercice"] == year]
        for basis in _REVENUE:
            spent = _spent(of_year, basis)
            if spent is None:
                continue
            income = _income(of_year, basis)
            rows.append(
                {
                    "exercice": int(year),
                    "depenses": spent / 100,
                    "recettes": income / 100,
                    "reste_a_charge": (spent - income) / 100,
                    "statut": basis,
                }
            )
    return pd.DataFrame(rows, columns=["exercice", "depenses", "recettes", "reste_a_charge", "statut"])


def problems(budget: pd.DataFrame) -> list[Problem]:
    """Tell what can't be used in a budget: negative amounts; revenues that exceed the expenses of an action."""
    found = [
        Problem(
            message="Un montant ne peut pas être négatif.",
            remedy="Écrivez un montant positif, et « recette » ou « depense » dans la colonne « nature ».",
            column="montant",
            value=f"{row['montant']:.2f}",
            **place(row.get("origin")),
        )
        for row in budget.to_dict("records")
        if row["montant"] < 0
    ]
    found += [
        Problem(
            message=f"L’exercice {row['exercice']:.0f} n’est pas une année.",
            remedy="Écrivez l’année sur quatre chiffres, par exemple 2024.",
            column="exercice",
            value=f"{row['exercice']:.0f}",
            **place(row.get("origin")),
        )
        for row in budget.to_dict("records")
        if not _FIRST_YEAR <= row["exercice"] <= _LAST_YEAR
    ]
    return [*found, *_overfunded(_lines(budget[budget["montant"].astype("float64").ge(0)]))]


def _overfunded(lines: pd.DataFrame) -> Iterable[Problem]:
    if lines.empty:
        return
    for basis in _REVENUE:
        for (action, year), group in lines.groupby(["action", "exercice"], sort=True):
            spent, income = _spent(group, basis), _income(group, basis)
            if spent is not None and income > spent:
                yield Problem(
                    message=f"Les recettes de l’action {action} en {year} ({euros(income / 100, 2)}) dépassent ses "
                    f"dépenses ({euros(spent / 100, 2)}), au statut « {STATUS_LABELS[basis].lower()} ».",
                    remedy="Vérifiez les montants, ou qu’une ligne n’est pas écrite deux fois.",
                    column="montant",
                    value=str(action),
                    severity="avertissement",
                    **place(group["origin"].iloc[0] if "origin" in group else None),
                )


def _spent(lines: pd.DataFrame, basis: str) -> int | None:
    """Cents of expenses on a basis, None when no line says any."""
    kept = lines[(lines["nature"] == "depense") & (lines["statut"] == basis)]
    return int(kept["cents"].sum()) if len(kept) else None


def _income(lines: pd.DataFrame, basis: str) -> int:
    """Cents of revenues on a basis, each line of revenue once."""
    stages = {name: rank for rank, name in enumerate(_REVENUE[basis])}
    kept = lines[(lines["nature"] == "recette") & lines["statut"].isin(list(stages))]
    if kept.empty:
        return 0
    summed = kept.groupby([*_LINE, "statut"], sort=True)["cents"].sum().reset_index()
    first = summed.assign(rank=summed["statut"].map(stages)).sort_values("rank", kind="stable").drop_duplicates(_LINE)
    return int(first["cents"].sum())


def _lines(budget: pd.DataFrame) -> pd.DataFrame:
    """Return the usable rows with whole cents and no missing label."""
    lines = budget[budget["montant"].astype("float64").notna()].copy()
    lines["cents"] = pd.Series([cents(amount) for amount in lines["montant"]], index=lines.index, dtype="int64")
    lines["exercice"] = lines["exercice"].astype("int64")
    for name in ("action", "poste", "financeur"):
        lines[name] = lines[name].astype(object).where(lines[name].notna(), "")
    kept = lines["nature"].isin(BUDGET_NATURES) & lines["statut"].isin(BUDGET_STATUSES)
    return lines[kept]
