"""The budget: totals and *reste à charge*, counted in whole cents so that every total agrees with every other.

Amounts enter and leave in euros (floats); inside they are integers of cents. Two kinds of lines are in no total of
money: contributions in kind (``apport`` is ``nature``), and totals that the coordinator wrote (``poste`` or ``action``
is « Total »), which `ctgeval.programme.budget_controls` compares with the lines.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from ctgeval.errors import DossierError, suggestion
from ctgeval.french import fold
from ctgeval.programme.tables import BUDGET, BUDGET_NATURES, BUDGET_STATUSES

__all__ = [
    "NATURE_LABELS", "REVENUE", "STATUS_LABELS", "cents", "in_kind", "income", "is_total", "lines", "reste_a_charge",
    "spent", "totals", "written_totals",
]  # fmt: skip

NATURE_LABELS = {"depense": "Dépenses", "recette": "Recettes"}
STATUS_LABELS = {
    "prevu": "Prévu",
    "sollicite": "Sollicité",
    "acquis": "Acquis",
    "verse": "Versé",
    "realise": "Réalisé",
}
_AXES = tuple(column.name for column in BUDGET.columns if column.name not in {"nature", "statut", "montant", "apport"})
_TOTALS = {"total", "totaux", "total general", "sous total", "sous-total", "ensemble"}
_LINE = ["action", "exercice", "poste", "financeur"]
# The same money may be written at each of its stages: each line of revenue counts once, at the first of these.
REVENUE = {"prevu": ("prevu", "acquis", "sollicite"), "realise": ("realise", "verse")}


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
    found = lines(budget)
    keys = [*by, "nature"]
    if found.empty:
        return pd.DataFrame(columns=[*keys, *BUDGET_STATUSES])
    summed = found.pivot_table(index=keys, columns="statut", values="cents", aggfunc="sum", sort=True)
    wide = summed.reindex(columns=list(BUDGET_STATUSES)).rename_axis(columns=None)
    return (wide.astype("float64") / 100).reset_index()


def reste_a_charge(
    budget: pd.DataFrame, exercice: int | None = None, *, by: str | Sequence[str] = "exercice"
) -> pd.DataFrame:
    """Return what is left to pay, year by year or action by action: expenses less revenues.

    Parameters
    ----------
    budget : DataFrame
        Table ``budget``.
    exercice : int, optional
        One year only; all of them by default.
    by : str or sequence of str, among ``exercice`` and ``action``
        What each row is about.

    Returns
    -------
    DataFrame
        The columns of ``by``, then ``depenses, recettes, reste_a_charge, statut`` in euros, one row per year (or
        action, or both) and basis: ``prevu`` (planned expenses less planned revenues) and ``realise`` (expenses carried
        out less revenues received). A line of revenue (action, year, item, funder) written at several stages counts
        once: when planned, as ``prevu``, else ``acquis``, else ``sollicite``; when received, as ``realise``, else
        ``verse``. A basis without any expense is left out: what is left to pay is not known. Contributions in kind are
        left out.

    Raises
    ------
    DossierError
        When an amount is not exact to the cent, or ``by`` is something else.
    """
    keys = [by] if isinstance(by, str) else list(by)
    if not keys or not set(keys) <= {"exercice", "action"}:
        raise DossierError(
            f"Le reste à charge ne se calcule pas par « {', '.join(keys)} ».",
            remedy="Choisissez « exercice » ou « action » : les dépenses ne disent pas quel financeur les couvre.",
            value=", ".join(keys),
        )
    found = lines(budget)
    if exercice is not None:
        found = found[found["exercice"] == exercice]
    parts = [_left_to_pay(found, basis, keys) for basis in REVENUE]
    order = {basis: rank for rank, basis in enumerate(REVENUE)}
    joined = pd.concat(parts, ignore_index=True)
    joined = joined.sort_values(
        [*keys, "statut"], key=lambda column: column.map(order) if column.name == "statut" else column
    )
    return joined.reset_index(drop=True)


def _left_to_pay(found: pd.DataFrame, basis: str, keys: list[str]) -> pd.DataFrame:
    paid = found[(found["nature"] == "depense") & (found["statut"] == basis)].groupby(keys, sort=True)["cents"].sum()
    received = once(found, basis).groupby(keys, sort=True)["cents"].sum().reindex(paid.index, fill_value=0)
    table = pd.DataFrame({"depenses": paid, "recettes": received}).astype("int64")
    table["reste_a_charge"] = table["depenses"] - table["recettes"]
    return (table / 100).reset_index().assign(statut=basis)


def in_kind(budget: pd.DataFrame) -> pd.DataFrame:
    """Return the contributions in kind (volunteers' time, rooms lent), which are in no total of money.

    Returns
    -------
    DataFrame
        ``exercice, financeur, poste, montant`` in euros, sorted. A contribution written at several stages counts once,
        at the most advanced one; written as an expense and as a revenue (both sides of an account), once too.
    """
    kept = _usable(budget)
    kept = kept[kept["apport"].eq("nature")]
    ranks = {name: rank for rank, name in enumerate(("realise", "verse", "acquis", "sollicite", "prevu"))}
    if kept.empty:
        return pd.DataFrame(columns=["exercice", "financeur", "poste", "montant"])
    kept = kept.assign(stage=kept["statut"].map(ranks))
    summed = kept.groupby([*_LINE, "nature", "stage"], sort=True)["cents"].sum().reset_index()
    staged = summed.drop_duplicates([*_LINE, "nature"])
    # An account writes a contribution in kind twice, as what is used and as what is brought: the second says by whom.
    where = pd.Series(list(zip(staged["action"], staged["exercice"], strict=True)), index=staged.index, dtype=object)
    brought = staged["nature"].eq("recette")
    once = staged[brought | ~where.isin(list(where[brought]))]
    by = ["exercice", "financeur", "poste"]
    return once.groupby(by, sort=True)["cents"].sum().div(100).rename("montant").reset_index()


def is_total(action: object, poste: object) -> bool:
    """Tell whether a line is a total that the coordinator wrote, and not an amount of its own."""
    return any(isinstance(one, str) and fold(one).strip(" :.") in _TOTALS for one in (action, poste))


def spent(lines: pd.DataFrame, basis: str) -> int | None:
    """Return the cents of expenses on a basis, None when no line says any."""
    kept = lines[(lines["nature"] == "depense") & (lines["statut"] == basis)]
    return int(kept["cents"].sum()) if len(kept) else None


def income(lines: pd.DataFrame, basis: str, *, without: Collection[str] = ()) -> int:
    """Return the cents of revenues on a basis, each line of revenue once.

    Parameters
    ----------
    lines : DataFrame
        See `lines`.
    basis : {"prevu", "realise"}
    without : collection of str
        Funders that do not count, without case and accents.
    """
    kept = once(lines, basis)
    return int(kept.loc[~kept["financeur"].map(fold).isin(set(without)), "cents"].sum())


def once(lines: pd.DataFrame, basis: str) -> pd.DataFrame:
    """Return the revenues on a basis, each line of revenue once, at the first of its stages.

    Parameters
    ----------
    lines : DataFrame
        See `lines`.
    basis : {"prevu", "realise"}

    Returns
    -------
    DataFrame
        ``action, exercice, poste, financeur, cents``.
    """
    stages = {name: rank for rank, name in enumerate(REVENUE[basis])}
    kept = lines[(lines["nature"] == "recette") & lines["statut"].isin(list(stages))]
    summed = kept.groupby([*_LINE, "statut"], sort=True)["cents"].sum().reset_index()
    first = summed.assign(rank=summed["statut"].map(stages)).sort_values("rank", kind="stable").drop_duplicates(_LINE)
    return first[[*_LINE, "cents"]]


def lines(budget: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of money that add up: usable, with whole ``cents`` and no missing label.

    Contributions in kind and totals that the coordinator wrote are left out.
    """
    kept = _usable(budget)
    return kept[kept["apport"].ne("nature") & ~_written(kept)]


def written_totals(budget: pd.DataFrame) -> pd.DataFrame:
    """Return the totals that the coordinator wrote among the lines, with whole ``cents``."""
    kept = _usable(budget)
    return kept[kept["apport"].ne("nature") & _written(kept)]


def _written(lines: pd.DataFrame) -> pd.Series[bool]:
    told = [is_total(*pair) for pair in zip(lines["action"], lines["poste"], strict=True)]
    return pd.Series(told, index=lines.index, dtype=bool)


def _usable(budget: pd.DataFrame) -> pd.DataFrame:
    usable = budget["montant"].astype("float64").notna() & budget["exercice"].notna()
    kept = budget[usable].copy()
    kept["cents"] = pd.Series([cents(amount) for amount in kept["montant"]], index=kept.index, dtype="int64")
    kept["exercice"] = kept["exercice"].astype("int64")
    # Dossiers and releases older than contributions in kind have no such column.
    kept["apport"] = kept.get("apport", "")
    for name in ("action", "poste", "financeur", "apport"):
        kept[name] = kept[name].astype(object).where(kept[name].notna(), "")
    return kept[kept["nature"].isin(BUDGET_NATURES) & kept["statut"].isin(BUDGET_STATUSES)]
