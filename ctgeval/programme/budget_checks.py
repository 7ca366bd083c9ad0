"""What can't be true, or is doubtful, in a budget, each fault with its place and its remedy.

Whether amounts are with or without VAT can't be told from the amounts: it is not checked.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from ctgeval.errors import Problem, Severity
from ctgeval.french import euros, fold, plural
from ctgeval.programme import budget as money
from ctgeval.programme.budget_controls import controls
from ctgeval.programme.origin import place

__all__ = ["OWN", "problems", "thousands"]

OWN = frozenset({"cc", "epci", "collectivite", "communaute de communes", "autofinancement", "fonds propres",
                 "reste a charge"})  # fmt: skip
"""Names under which a coordinator writes the collectivité itself as a funder, without case and accents."""
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_THOUSANDS = (math.log10(300), math.log10(3000))
_SAME = ["action", "exercice", "nature", "poste", "financeur", "statut", "cents"]


def problems(budget: pd.DataFrame, *, own: Collection[str] = OWN) -> list[Problem]:
    """Tell what can't be used in a budget, then what is doubtful.

    Parameters
    ----------
    budget : DataFrame
        Table ``budget``.
    own : collection of str
        Names of the collectivité itself, without case and accents.

    Returns
    -------
    list of Problem
        Negative amounts and years that are none set their row aside; revenues above expenses, a year written in
        thousands, lines written twice, revenues without funder, what the collectivité pays written as a revenue, and a
        written total that is not the sum of its lines are warnings.
    """
    found = [
        _problem(
            row,
            "montant",
            f"{row['montant']:.2f}",
            "Un montant ne peut pas être négatif.",
            "Écrivez un montant positif, et « recette » ou « depense » dans la colonne « nature ».",
            severity="partiel",
        )
        for row in budget.to_dict("records")
        if row["montant"] < 0
    ]
    found += [
        _problem(
            row,
            "exercice",
            f"{row['exercice']:.0f}",
            f"L’exercice {row['exercice']:.0f} n’est pas une année.",
            "Écrivez l’année sur quatre chiffres, par exemple 2024.",
            severity="partiel",
        )
        for row in budget.to_dict("records")
        if not _FIRST_YEAR <= row["exercice"] <= _LAST_YEAR
    ]
    lines = _sound(budget)
    return [
        *found,
        *_overfunded(lines),
        *thousands(budget),
        *_twice(lines),
        *_without_funder(lines),
        *_own_money(lines, own),
        *_declared(budget),
    ]


def _sound(budget: pd.DataFrame) -> pd.DataFrame:
    """Return the lines whose year and amount can be true."""
    years = budget["exercice"].between(_FIRST_YEAR, _LAST_YEAR).fillna(False).astype(bool)  # noqa: FBT003
    return money.lines(budget[budget["montant"].astype("float64").ge(0) & years])


def _overfunded(lines: pd.DataFrame) -> Iterator[Problem]:
    left = money.reste_a_charge(lines, by=("action", "exercice"))
    for row in left[left["reste_a_charge"] < 0].to_dict("records"):
        action, year, basis = row["action"], row["exercice"], row["statut"]
        group = lines[lines["action"].eq(action) & lines["exercice"].eq(year)]
        yield _problem(
            group.iloc[0].to_dict(),
            "montant",
            str(action),
            f"Les recettes de l’action {action} en {year} ({euros(row['recettes'], 2)}) dépassent ses "
            f"dépenses ({euros(row['depenses'], 2)}), au statut « {money.STATUS_LABELS[basis].lower()} ».",
            "Vérifiez les montants, ou qu’une ligne n’est pas écrite deux fois.",
        )


def thousands(budget: pd.DataFrame) -> Iterator[Problem]:
    """Tell the years written in thousands of euros: a whole year first, then an action of a year that is not told."""
    lines = _sound(budget)
    told: set[tuple[int, str]] = set()
    for (nature, status), group in lines.groupby(["nature", "statut"], sort=True):
        sums = group.groupby("exercice", sort=True)["cents"].sum().to_dict()
        for year, ratio in _jumps(sums):
            told.add((year, str(nature)))
            own = group[group["exercice"].eq(year)]
            what = (
                f"{money.NATURE_LABELS[str(nature)].lower()} au statut « {money.STATUS_LABELS[str(status)].lower()} »"
            )
            yield _jump(own, f"Les {what} de {year}", year, ratio)
    for (action, nature, _), group in lines.groupby(["action", "nature", "statut"], sort=True):
        sums = group.groupby("exercice", sort=True)["cents"].sum().to_dict()
        for year, ratio in _jumps(sums):
            if (year, str(nature)) not in told:
                told.add((year, str(nature)))
                what = f"Les {money.NATURE_LABELS[str(nature)].lower()} de l’action {action} en {year}"
                yield _jump(group[group["exercice"].eq(year)], what, year, ratio)
    expenses = lines[lines["nature"].eq("depense")]
    for (action, year), group in expenses.groupby(["action", "exercice"], sort=True):
        sums = group.groupby("statut", sort=True)["cents"].sum().to_dict()
        for status, ratio in _jumps(sums):
            if (year, "depense") not in told:
                label = money.STATUS_LABELS[status].lower()
                what = f"Les dépenses de l’action {action} en {year} au statut « {label} »"
                yield _jump(
                    group[group["statut"].eq(status)], what, int(str(year)), ratio, others="celles d’un autre statut"
                )


def _jumps(sums: dict[Any, Any]) -> Iterator[tuple[Any, float]]:
    """Yield the years (or the statuses) a thousand times under or over the median of the others, and by how much.

    With two of them nobody knows which one is wrong: the lower is told, as amounts are typed in thousands by mistake.
    """
    for year, amount in sums.items():
        others = [other for one, other in sums.items() if one != year and other > 0]
        if not others or amount <= 0:
            continue
        ratio = amount / statistics.median(others)
        least, most = _THOUSANDS
        if least <= abs(math.log10(ratio)) <= most and (len(others) > 1 or ratio < 1):
            yield year, ratio


def _jump(rows: pd.DataFrame, what: str, year: int, ratio: float, *, others: str = "les autres années") -> Problem:
    total = euros(float(rows["cents"].sum()) / 100, 2)
    many = f" ({plural(len(rows), 'ligne')})" if len(rows) > 1 else ""
    way = "mille fois moins" if ratio < 1 else "mille fois plus"
    return _problem(
        rows.iloc[0].to_dict(),
        "montant",
        str(year),
        f"{what} font {total}{many}, environ {way} que {others} : l’une est sans doute en milliers d’euros.",
        "Écrivez tous les montants en euros : multipliez par 1 000 ceux qui sont en milliers.",
    )


def _twice(lines: pd.DataFrame) -> Iterator[Problem]:
    seen = lines.duplicated(_SAME, keep="first")
    for row in lines[seen].to_dict("records"):
        yield _problem(
            row,
            "montant",
            f"{row['montant']:.2f}",
            f"Cette ligne répète une autre : même action ({row['action']}), même exercice, même poste, même financeur, "
            f"même statut et même montant ({euros(row['montant'], 2)}).",
            "Retirez-en une si c’est la même somme ; sinon, distinguez-les dans la colonne « poste ».",
        )


def _without_funder(lines: pd.DataFrame) -> Iterator[Problem]:
    silent = lines[lines["nature"].eq("recette") & lines["financeur"].eq("")]
    for row in silent.to_dict("records"):
        yield _problem(
            row,
            "financeur",
            "",
            f"Cette recette de l’action {row['action']} ({euros(row['montant'], 2)}) n’a pas de financeur : le total "
            "par financeur n’est pas celui des recettes.",
            "Écrivez qui l’apporte dans la colonne « financeur ».",
        )


def _own_money(lines: pd.DataFrame, own: Collection[str]) -> Iterator[Problem]:
    paid = lines[lines["nature"].eq("recette") & lines["financeur"].map(fold).isin(set(own))]
    for row in paid.to_dict("records"):
        yield _problem(
            row,
            "financeur",
            str(row["financeur"]),
            f"« {row['financeur']} » est la collectivité elle-même : cette recette ({euros(row['montant'], 2)}) cache "
            "son reste à charge.",
            "Retirez la ligne : le reste à charge est calculé, dépenses moins recettes des autres financeurs.",
        )


def _declared(budget: pd.DataFrame) -> Iterator[Problem]:
    found = controls(budget)
    for row in found[found["control"].eq("total_ecrit") & found["gap"].ne(0)].to_dict("records"):
        yield _problem(
            row,
            "montant",
            f"{row['declared']:.2f}",
            f"Le total écrit ({euros(row['declared'], 2)}) n’est pas la somme des lignes ({euros(row['total'], 2)}) : "
            f"l’écart est de {euros(abs(row['gap']), 2)}.",
            "Corrigez la ligne manquante ou le total ; le bilan compte les lignes.",
        )


def _problem(
    row: dict[Any, Any],
    column: str,
    value: str,
    message: str,
    remedy: str,
    *,
    severity: Severity = "avertissement",
) -> Problem:
    return Problem(
        message=message,
        remedy=remedy,
        column=column,
        value=value,
        severity=severity,
        **place(row.get("origin")),
    )
