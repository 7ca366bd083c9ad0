"""The annual event: what was expected of it, who came, what they thought of it, what it cost."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, tables, wording
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

_WORDS = "evenement"
Row = dict[Any, Any]


def event(view: View, names: Names) -> Markup:
    """Return the sheet of the last edition, and the editions side by side."""
    title, heading = common.heading(view, "evenement"), names("evenement")
    table = view.table("events")
    if len(table) and view.period:
        table = table[table["date"].astype(str) <= periods.end(view.period).isoformat()]
    prose = common.commentary(view, "evenement")
    if not len(table):
        return Markup("\n").join([common.nothing(view, heading, title, provide="evenement"), prose])
    rows = table.sort_values(["date", "id"], kind="stable").to_dict("records")
    last = rows[-1]
    if view.public:
        told = [_came(last), _pleased(last), View.text(last["enseignement"])]
        plain = blocks.paragraph(" ".join(one for one in told if one))
        return common.section(view, "evenement", heading, title, [prose, plain])
    parts = [prose, blocks.definitions(_sheet(last)), _editions(names, rows) if len(rows) > 1 else Markup("")]
    return common.section(view, "evenement", heading, title, parts, lead=_came(last))


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table=_WORDS)


def _came(row: Row) -> str:
    where = View.text(row["lieu"])
    named = {
        "nom": View.text(row["intitule"]),
        "jour": french.date(View.text(row["date"])),
        "lieu": f" à {where}" if where else "",
    }
    if math.isnan(row["presences"]):
        return _say("venus_masque" if row["conf_status"] == "C" else "venus_inconnu", **named)
    how = View.text(row["comptage"])
    told = _say("venus", **named, presences=french.plural(row["presences"], "présence"),
                comptage=f" (comptage : {wording.lower(how)})" if how else "")  # fmt: skip
    moved = row["evolution_presences"]
    if math.isnan(moved):
        return told
    key = "autant" if moved == 0 else "plus" if moved > 0 else "moins"
    return f"{told} {_say(key, ecart=french.number(abs(moved)))}"


def _pleased(row: Row) -> str:
    """Return the satisfaction with the rate of response beside it, which says how far it goes."""
    if math.isnan(row["satisfaction"]):
        return ""
    values = {
        "satisfaits": french.number(row["satisfaits"]),
        "repondants": french.plural(row["repondants"], "répondant"),
        "reponses": french.plural(row["repondants"], "réponse"),
        "part": french.percent(row["satisfaction"], 1),
        "presences": french.plural(row["presences"], "présence"),
        "taux": french.percent(row["taux_reponse"], 1),
    }
    return _say("satisfaits_seuls" if math.isnan(row["taux_reponse"]) else "satisfaits", **values)


def _sheet(row: Row) -> list[tuple[str, str]]:
    cost = row["cout"]
    told = "" if math.isnan(cost) else french.euros(cost, 2)
    if told and not math.isnan(row["cout_par_presence"]):
        told = _say("cout", cout=told, par_presence=french.euros(row["cout_par_presence"], 2))
    masked = wording.word("marques", "masque") if row["conf_status"] == "C" else ""
    items = [
        ("Ce qui en était attendu", View.text(row["objectifs"])),
        ("Satisfaction", _pleased(row) or masked),
        ("Coût", told),
        ("Ce qui en a été retenu", View.text(row["enseignement"])),
        ("Ce qui manque", View.text(row["reason"])),
    ]
    return [item for item in items if item[1]]


def _editions(names: Names, rows: list[Row]) -> Markup:
    columns = [Column("Édition"), Column("Lieu"), Column("Présences", numeric=True), Column("Comptage"),
               Column("Satisfaits"), Column("Réponses"), Column("Coût par présence", numeric=True)]  # fmt: skip
    body = [
        [
            Cell(str(row["annee"])),
            tables.text(View.text(row["lieu"]) or "–"),
            _number(row, "presences", french.number(row["presences"])),
            tables.text(View.text(row["comptage"]) or "–"),
            _rate(row, "satisfaction", "satisfaits", "repondants"),
            _rate(row, "taux_reponse", "repondants", "presences"),
            _number(row, "cout_par_presence", french.euros(row["cout_par_presence"], 2)),
        ]
        for row in rows
    ]
    table = Table(names("evenement-editions"), _say("editions"), columns, body, notes=[_say("note")])
    return tables.render(table)


def _number(row: Row, name: str, shown: str) -> Cell:
    return tables.withheld(_mark(row)) if pd.isna(row[name]) else tables.number(float(row[name]), shown)


def _rate(row: Row, name: str, part: str, whole: str) -> Cell:
    if pd.isna(row[name]):
        return tables.withheld(_mark(row))
    counts = f"{french.number(row[part])}/{french.number(row[whole])}"
    return Cell(f"{french.percent(row[name], 1)} ({counts})", raw=float(row[name]))


def _mark(row: Row) -> Any:
    return "masque" if row["conf_status"] == "C" else "absent"
