"""The workshops: how they were led, what was contributed there, and what became of each contribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, tables, wording
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

STATES = ("retenue", "refusee", "en_cours", "en_attente")
MOST_TOLD = 4
"""Ideas that the inhabitants are told of, one by one."""
Row = dict[Any, Any]


def workshops(view: View, names: Names) -> Markup:
    """Return the workshops and what became of their contributions; a few sentences for the inhabitants."""
    title, heading = common.heading(view, "ateliers"), names("ateliers")
    held, told = _of_period(view, "workshops"), _of_period(view, "workshop_contributions")
    if not held:
        return common.nothing(view, heading, title, provide="ateliers")
    if view.public:
        taken = [row for row in told if row["state"] == "retenue" and View.text(row["action_label"])]
        ideas = [_say("idee", {"texte": _bare(row), "action": View.text(row["action_label"])}) for row in taken]
        parts = [blocks.paragraph(_plainly(held)), blocks.bullets(ideas[-MOST_TOLD:])]
        return common.section(view, "ateliers", heading, title, parts)
    waiting = [row for row in told if row["state"] not in {"retenue", "refusee"}]
    parts = [
        tables.render(_workshops_table(view, names("ateliers-liste"), held)),
        blocks.subsection(_say("en_attente"), [blocks.bullets([_waiting(row) for row in waiting])])
        if waiting
        else Markup(""),
        _contributions(view, names, told),
    ]
    return common.section(view, "ateliers", heading, title, parts, lead=_message(held, told))


def _say(key: str, values: dict[str, str] | None = None) -> str:
    return wording.say(key, values, table="ateliers")


def _of_period(view: View, name: str) -> list[Row]:
    """Return the rows of a table as they were known in the period of the page."""
    table = view.table(name)
    if not len(table):
        return []
    known = periods.sort(set(table["periode"]))
    last = periods.end(view.period) if view.period else periods.end(known[-1])
    within = [text for text in known if periods.end(text) <= last]
    chosen = view.period if view.period in known else within[-1] if within else ""
    return table[table["periode"].eq(chosen)].to_dict("records")


def _bare(row: Row) -> str:
    return View.text(row["text"]).rstrip(".")


def _plainly(held: Sequence[Row]) -> str:
    total, taken = (sum(int(row[name]) for row in held) for name in ("contributions", "retenue"))
    values = {
        "ateliers": french.plural(len(held), "atelier a", "ateliers ont"),
        "idees": french.plural(total, "idée"),
        "reprises": french.plural(
            taken, "est devenue une action ou en fait partie", "sont devenues des actions ou en font partie"
        ),
    }
    return _say("simple", values)


def _ends(row: Row) -> str:
    """Return what became of some contributions: « 2 retenues et 1 refusée »."""
    told = [
        french.plural(int(row[state]), wording.word("suites_une", state), wording.word("suites_plusieurs", state))
        for state in STATES
        if int(row[state])
    ]
    return french.enumeration(told)


def _message(held: Sequence[Row], told: Sequence[Row]) -> str:
    total = {state: sum(int(row[state]) for row in held) for state in STATES}
    actions = {View.text(row["action_label"]) for row in told if row["state"] == "retenue"} - {""}
    count = sum(int(row["contributions"]) for row in held)
    values = {
        "ateliers": french.plural(len(held), "atelier a", "ateliers ont"),
        "contributions": french.plural(count, "contribution"),
        "suites": _ends(total),
        "actions": french.plural(len(actions), "action"),
    }
    if not count:
        return _say("message_sans", values)
    return _say("message" if actions else "message_sans_action", values)


def _workshops_table(view: View, stem: str, held: Sequence[Row]) -> Table:
    if not view.technical:
        columns = [Column("Atelier"), Column("Organismes", numeric=True), Column("Contributions")]
        body = [[tables.text(_named(row)), _count(row), tables.text(_ends(row) or "aucune")] for row in held]
        return Table(stem, _say("tableau"), columns, body)
    columns = [Column("Atelier"), Column("Méthode"), Column("Organismes présents"), Column("Contributions")]
    body = [
        [
            tables.text(_named(row)),
            tables.text(View.text(row["method"]) or "non précisée"),
            tables.text(_who(row)),
            tables.text(_ends(row) or "aucune"),
        ]
        for row in held
    ]
    return Table(stem, _say("tableau"), columns, body)


def _named(row: Row) -> str:
    day = View.day(row["date"])
    return (
        f"{View.text(row['subject']) or 'Sujet non précisé'} ({french.date(day)})" if day else View.text(row["subject"])
    )


def _count(row: Row) -> Cell:
    if pd.isna(row["organisations"]):
        return tables.withheld("absent")
    return Cell(french.number(int(row["organisations"])), raw=int(row["organisations"]))


def _who(row: Row) -> str:
    count: str = "" if pd.isna(row["organisations"]) else french.number(int(row["organisations"]))
    came = View.text(row["came"])
    return f"{count} : {came}" if count and came else count or "non précisé"


def _waiting(row: Row) -> str:
    state = wording.word("suites_une", View.text(row["state"]).replace(" ", "_"))
    if pd.isna(row["waiting"]):
        return f"{_bare(row)} : {state}."
    return _say("attend", {"texte": _bare(row), "etat": state, "jours": french.plural(int(row["waiting"]), "jour")})


def _contributions(view: View, names: Names, told: Sequence[Row]) -> Markup:
    if not told or not view.technical:
        return Markup("")
    columns = [Column("Contribution"), Column("Suite"), Column("Action ou motif"), Column("Réponse")]
    body = []
    for row in told:
        day = View.day(row["answered"])
        why = [View.text(row[name]) for name in ("action_label", "reason")]
        body.append(
            [
                tables.text(_bare(row)),
                tables.text(wording.word("suites_une", View.text(row["state"]).replace(" ", "_"))),
                tables.text(" – ".join(one for one in why if one) or "non précisé"),
                Cell(french.date(day), raw=day.isoformat()) if day else Cell("sans réponse"),
            ]
        )
    caption = _say("contributions")
    return blocks.folded(caption, tables.render(Table(names("ateliers-contributions"), caption, columns, body)))
