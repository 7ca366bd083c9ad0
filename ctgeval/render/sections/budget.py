"""The funding: what stays to the collectivity first, then expenses and receipts by year and by funder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from ctgeval import french, periods, programme
from ctgeval.render import blocks, figures, tables, wording
from ctgeval.render.sections import common, funding
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

BASES = ("prevu", "realise")
_MONEY = ("depenses", "recettes", "reste_a_charge")
STATUSES = ("prevu", "sollicite", "acquis", "verse", "realise")


def budget(view: View, names: Names) -> Markup:
    """Return what stays to the collectivity first, then expenses and receipts by year and by funder."""
    title, heading = common.heading(view, "budget"), names("budget")
    prose = common.commentary(view, "budget")
    rows = yearly(view)
    told_years = best(rows)
    if not told_years:
        return Markup("\n").join([common.nothing(view, heading, title, provide="budget"), *([prose] if prose else [])])
    entries = [
        (
            f"{year_text(row['exercice'])} ({wording.word('bases', str(row['statut']))})",
            float(row["depenses"]),
            float(row["reste_a_charge"]),
        )
        for row in told_years
    ]
    told = " ".join(
        wording.say(
            "alternative_exercice", {"annee": year, "depenses": french.euros(spent), "reste": french.euros(rest)}
        )
        for year, spent, rest in entries
    )
    alternative = wording.say("alternative_budget", {"lignes": told, "evolution": _evolution(entries)})
    drawing = figures.budget(entries, alternative=alternative, fictional=view.fictional)
    table = tables.render(_plain_table(names, told_years) if view.public else _yearly_table(names, rows))
    figure = blocks.figure(names("budget-figure"), "Les dépenses de chaque exercice et le reste à charge", drawing)
    lead = wording.say("budget", rest(told_years[-1]))
    year = int(year_text(told_years[-1]["exercice"]))
    parts = [
        blocks.paragraph(funding.rates(view, year)),
        funding.doubts(view),
        blocks.sheet(figure, about=prose, values=table),
        Markup("") if view.public else _funders(view, names),
        blocks.paragraph(funding.in_kind(view, year)),
        *funding.details(view, names, year),
    ]
    return common.section(view, "budget", heading, title, parts, lead=lead)


def _evolution(entries: Sequence[tuple[str, float, float]]) -> str:
    """Return from what to what the rest went, when there are several years."""
    if len(entries) < 2:
        return ""
    (first, _, start), *_, (last, _, end) = entries
    values = {"debut": first, "fin": last, "depart": french.euros(start), "arrivee": french.euros(end)}
    return wording.say("alternative_budget_evolution", values)


def yearly(view: View) -> list[dict[Any, Any]]:
    """Return one row per year and basis, in the order of time, what was planned before what was carried out."""
    rows = _budget(view)
    if not len(rows):
        return []
    yearly = programme.budget.reste_a_charge(rows)
    return yearly.sort_values(["exercice", "statut"], kind="stable").to_dict("records")


def best(rows: Sequence[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """Keep one row per year: what was carried out when it is known, what was planned otherwise."""
    return list({row["exercice"]: row for row in rows}.values())


def _budget(view: View) -> pd.DataFrame:
    table = view.release.budget
    if not len(table):
        return table
    table = programme.budget.lines(table)
    return (
        table
        if not view.period
        else table[table["exercice"].astype(str).str[:4].astype(int) <= periods.year(view.period)]
    )


def year_text(year: object) -> str:
    """Return a year as it is written, even when a table with gaps keeps it as a number: ``2025``."""
    return str(year).removesuffix(".0")


def rest(row: dict[Any, Any]) -> dict[str, str]:
    """Return the words of one year's reste à charge, for the sentences that tell it."""
    return {
        "annee": year_text(row["exercice"]),
        "reste": french.euros(float(row["reste_a_charge"])),
        "depenses": french.euros(float(row["depenses"])),
        "statut": wording.word("bases", str(row["statut"])),
    }


def _yearly_table(names: Names, rows: Sequence[dict[Any, Any]]) -> Table:
    """Lay the years out, what was planned beside what was carried out."""
    found = {(row["exercice"], str(row["statut"])): row for row in rows}
    years, bases = (
        dict.fromkeys(row["exercice"] for row in rows),
        [one for one in BASES if one in {b for _, b in found}],
    )
    columns = [Column("Exercice")]
    columns += [Column(wording.word("colonnes", f"{name}_{one}"), numeric=True) for name in _MONEY for one in bases]
    body = [
        [
            Cell(year_text(year)),
            *(
                _money(float(row[name])) if (row := found.get((year, one))) is not None else Cell("–")
                for name in _MONEY
                for one in bases
            ),
        ]
        for year in years
    ]
    return Table(names("budget-exercices"), "Dépenses, recettes et reste à charge par exercice", columns, body,
                 details=["Unité : euros."])  # fmt: skip


def _plain_table(names: Names, rows: Sequence[dict[Any, Any]]) -> Table:
    """Lay the years out for the inhabitants: what was spent, and what the collectivité paid of it."""
    columns = [Column("Exercice"), Column("Dépenses", numeric=True), Column("Reste à charge", numeric=True)]
    body = [
        [
            Cell(f"{year_text(row['exercice'])} ({wording.word('bases', str(row['statut']))})"),
            _money(float(row["depenses"])),
            _money(float(row["reste_a_charge"])),
        ]
        for row in rows
    ]
    caption = "Dépenses et reste à charge par exercice"
    return Table(names("budget-exercices"), caption, columns, body, details=["Unité : euros."])


def _funders(view: View, names: Names) -> Markup:
    table = _budget(view)
    receipts = table[table["nature"] == "recette"]
    if not len(receipts):
        return Markup("")
    cents: Counter[tuple[str, str, str]] = Counter()
    for row in receipts.to_dict("records"):
        funder = View.text(row["financeur"]) or "non précisé"
        cents[funder, year_text(row["exercice"]), str(row["statut"])] += round(100 * float(row["montant"]))
    statuses = [status for status in STATUSES if any(status == found for _, _, found in cents)]
    pairs = sorted({(year, funder) for funder, year, _ in cents}, reverse=True)
    body = {
        (year, funder): [
            tables.text(funder),
            Cell(year),
            *(_money(cents[key] / 100) if (key := (funder, year, one)) in cents else Cell("–") for one in statuses),
        ]
        for year, funder in pairs
    }
    last = pairs[0][0]
    shown = [row for (year, _), row in body.items() if year == last]
    earlier = [row for (year, _), row in body.items() if year != last]
    labels = [wording.capital(wording.word("statuts", status)) for status in statuses]
    columns = [Column("Financeur"), Column("Exercice"), *(Column(label, numeric=True) for label in labels)]
    notes = ["Un même financement peut figurer à plusieurs stades : les colonnes ne s’additionnent pas."]
    if earlier:
        notes.append("Le fichier à télécharger contient aussi les exercices précédents.")
    found = Table(
        names("budget-financeurs"), f"Les recettes par financeur en {last}", columns, shown,
        details=["Unité : euros."], notes=notes, extra=earlier,
    )  # fmt: skip
    return tables.render(found)


def _money(amount: float) -> Cell:
    return tables.number(amount, french.euros(amount))


def rest_evolution(rows: Sequence[dict[Any, Any]]) -> str:
    """Return how the reste à charge moved; nothing when the two years are not established alike."""
    if len(rows) < 2 or rows[-1]["statut"] != rows[-2]["statut"]:
        return ""
    gap = float(rows[-1]["reste_a_charge"]) - float(rows[-2]["reste_a_charge"])
    told = {"ecart": french.euros(abs(gap)), "depuis": year_text(rows[-2]["exercice"])}
    if abs(gap) < 1:
        return wording.say("carte_stable", told)
    return wording.say("carte_hausse" if gap > 0 else "carte_baisse", told)
