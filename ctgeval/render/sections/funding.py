"""What is said beside expenses and revenues: shares executed and co-financed, gifts in kind, controls, costs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, tables, wording
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

Row = dict[Any, Any]
_BY_ACTION = ("depenses", "reste_a_charge")
"""The revenues of an action are what stands between them."""


def rates(view: View, year: int) -> str:
    """Return what was executed and what others paid in a year, each share with what it is made of."""
    row = next((one for one in _rows(view, "budget_rates") if int(one["exercice"]) == year), None)
    if row is None:
        return ""
    shared = math.isfinite(row["taux_cofinancement"])
    if view.public:
        part = french.euros(float(row["taux_cofinancement"])) if shared else ""
        return _say("cofinancement_habitants", annee=str(year), part=part) if shared else ""
    told = []
    if math.isfinite(row["taux_execution"]):
        values = {
            "annee": str(year),
            "taux": french.percent(float(row["taux_execution"])),
            "execute": french.euros(float(row["budget_execute"])),
            "vote": french.euros(float(row["budget_vote"])),
        }
        told.append(_say("execution", **values))
    if shared:
        values = {
            "taux": french.percent(float(row["taux_cofinancement"])),
            "recus": french.euros(float(row["financements_externes_recus"])),
            "cout": french.euros(float(row["cout_total"])),
        }
        told.append(_say("cofinancement", **values))
    if row["attendus"] > 0:
        told.append(_say("attendus", montant=french.euros(float(row["attendus"]))))
    return " ".join(told)


def doubts(view: View) -> Markup:
    """Return what must be checked before these amounts are quoted; the years alone for the inhabitants."""
    if view.public:
        years = sorted({View.text(row["exercice"]) for row in _rows(view, "budget_doubts")})
        return blocks.paragraph(_say("verifier_habitants", annees=french.enumeration(years)) if years else "")
    return blocks.bullets([_say("verifier", quoi=View.text(row["sentence"])) for row in _rows(view, "budget_doubts")])


def in_kind(view: View, year: int) -> str:
    """Return what was brought in kind in a year, which is in no total of money."""
    rows = [row for row in _rows(view, "budget_in_kind") if int(row["exercice"]) == year]
    if not rows:
        return ""
    total = french.euros(sum(round(100 * float(row["montant"])) for row in rows) / 100)
    if view.public:
        return _say("nature_habitants", annee=str(year), montant=total)
    items = [f"{wording.lower(_gift(row))}, {french.euros(float(row['montant']))}" for row in rows]
    return _say("nature", annee=str(year), montant=total, details=" ; ".join(items))


def _gift(row: Row) -> str:
    giver = View.text(row["financeur"])
    item = View.text(row["poste"]) or "apport"
    return f"{item} ({giver})" if giver else item


def details(view: View, names: Names, year: int) -> Iterator[Markup]:
    """Yield whether the totals agree, then, for those who run the plan, actions, costs and published grants."""
    if view.public:
        return
    yield _controls(view)
    if view.technical:
        yield _by_action(view, names, year)
        yield _unit_costs(view, names, year)
        yield _grants(view, names, year)


def _controls(view: View) -> Markup:
    rows = _rows(view, "budget_controls")
    gaps = [row for row in rows if row["gap"]]
    if not gaps:
        return blocks.paragraph(_say("concordent")) if rows else Markup("")
    return blocks.bullets([_gap(row) for row in gaps])


def _gap(row: Row) -> str:
    year = View.text(row["exercice"])
    values = {
        "nature": f"{wording.word('natures', str(row['nature']))}s",
        "statut": wording.word("statuts", str(row["statut"])),
        "ecart": french.euros(abs(float(row["gap"])), 2),
        "annee": year.removesuffix(".0"),
    }
    return _say(f"ecart_{row['control']}", **values)


def _by_action(view: View, names: Names, year: int) -> Markup:
    found = [row for row in _rows(view, "budget_actions") if int(row["exercice"]) == year]
    if not found:
        return Markup("")
    bases = [one for one in ("prevu", "realise") if any(row["statut"] == one for row in found)]
    told = {(row["action"], row["statut"]): row for row in found}
    columns = [Column("Action")]
    columns += [Column(wording.word("colonnes", f"{name}_{one}"), numeric=True) for name in _BY_ACTION for one in bases]
    body = [
        [
            tables.text(_titled(view, action)),
            *(
                _money(told[action, one][name]) if (action, one) in told else Cell("–")
                for name in _BY_ACTION
                for one in bases
            ),
        ]
        for action in dict.fromkeys(row["action"] for row in found)
    ]
    caption = _say("actions", annee=str(year))
    table = Table(names("budget-actions"), caption, columns, body, details=["Unité : euros."])
    return blocks.folded(caption, tables.render(table))


def _unit_costs(view: View, names: Names, year: int) -> Markup:
    rows = [row for row in _rows(view, "unit_costs") if int(row["exercice"]) <= year]
    shown = [row for row in rows if int(row["exercice"]) == year]
    if not shown:
        return Markup("")

    def cells(row: Row) -> list[Cell]:
        return [
            tables.text(_titled(view, row["action"])),
            Cell(str(int(row["exercice"]))),
            tables.text(_counted(view, View.text(row["indicateur"]))),
            _money(row["depenses"]),
            tables.number(float(row["quantite"]), french.number(row["quantite"], 0)),
            Cell(french.euros(float(row["cout_unitaire"]), 2), raw=float(row["cout_unitaire"]))
            if math.isfinite(row["cout_unitaire"])
            else tables.text(View.text(row["reason"])),
        ]

    labels = ("Action", "Exercice", "Ce qui est compté", "Dépenses", "Quantité", "Coût d’une unité")
    columns = [Column(label, numeric=rank > 2) for rank, label in enumerate(labels)]
    table = Table(
        names("budget-couts"), _say("couts"), columns, [cells(row) for row in shown],
        details=["Unité : euros."], notes=[_say("couts_note")],
        extra=[cells(row) for row in rows if row not in shown],
    )  # fmt: skip
    return blocks.folded(_say("couts"), tables.render(table))


def _grants(view: View, names: Names, year: int) -> Markup:
    rows = [row for row in _rows(view, "grants") if int(row["exercice"]) <= year]
    if not rows:
        return Markup("")
    body = [
        [
            tables.text(wording.capital(_say(str(row["sens"]), tiers=View.text(row["tiers"])))),
            Cell(str(int(row["exercice"]))),
            Cell(str(int(row["nombre"])), raw=int(row["nombre"])),
            _money(row["montant"]),
            _money(row["budget"]),
            tables.number(float(row["ecart"]), french.euros(row["ecart"], sign=True)),
        ]
        for row in rows
    ]
    labels = ("Subventions", "Exercice", "Nombre", "Montant publié", "Recettes du budget", "Écart")
    columns = [Column(label, numeric=rank > 1) for rank, label in enumerate(labels)]
    notes = [_say("subventions_note")]
    table = Table(
        names("budget-subventions"), _say("subventions"), columns, body, details=["Unité : euros."], notes=notes
    )
    return blocks.folded(_say("subventions"), tables.render(table))


def _titled(view: View, action: object) -> str:
    table = view.release.actions
    titles = dict(zip(table["id"], table["intitule"], strict=True)) if len(table) else {}
    return f"{action} – {titles[action]}" if action in titles else View.text(action)


def _counted(view: View, indicator: str) -> str:
    return view.indicators[indicator].label if indicator in view.indicators else indicator


def _money(amount: float) -> Cell:
    return tables.number(float(amount), french.euros(float(amount)) if math.isfinite(amount) else "")


def _rows(view: View, name: str) -> list[Row]:
    return view.table(name).to_dict("records")


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table="financements")
