"""The programme: convention, plan of actions, and the author's own texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, tables, wording
from ctgeval.render.sections import budget, common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

BEGUN = ("en_cours", "realisee", "perennisee")
DONE = ("realisee", "perennisee", "abandonnee")
STATES = ("non_engagee", "en_cours", "realisee", "perennisee", "reportee", "abandonnee")


def convention(view: View, names: Names) -> Markup:
    """Return who signed, when, and until when."""
    title, heading = common.heading(view, "convention"), names("convention")
    found: dict[str, Any] = view.meta.get("convention") or {}
    if not found:
        return common.nothing(view, heading, title, provide="convention")
    days = {name: View.day(found.get(name)) for name in ("signature", "debut", "fin")}
    items = [
        ("Signée le", french.date(days["signature"]) if days["signature"] else ""),
        ("Période", _span(days["debut"], days["fin"])),
        ("Signataires", french.enumeration([str(one) for one in found.get("signataires") or ()])),
        *(
            (f"Avenant du {french.date(day)}", View.text(one.get("objet")))
            for one in found.get("avenant") or ()
            if (day := View.day(one.get("date"))) is not None
        ),
    ]
    return blocks.section(heading, title, [blocks.definitions([item for item in items if item[1]])])


def _span(start: dt.date | None, end: dt.date | None) -> str:
    if start is None or end is None:
        return ""
    return f"du {french.date(start)} au {french.date(end)}"


def actions(view: View, names: Names) -> Markup:
    """Return the plan by axis: states, late actions, what was given up or put off and why; the author's text first."""
    title, heading = common.heading(view, "actions"), names("actions")
    table = view.release.actions
    prose = common.commentary(view, "actions")
    if not len(table):
        return Markup("\n").join([common.nothing(view, heading, title, provide="actions"), *([prose] if prose else [])])
    table = table.sort_values(["axe", "id"], kind="stable")
    rows = table.to_dict("records")
    day = _today(view, table)
    late = [row for row in rows if _late(row, day)]
    dropped = [row for row in rows if row["etat"] in {"abandonnee", "reportee"}]
    parts = [
        prose,
        _by_axis(names, table, late),
        blocks.subsection("En retard", [blocks.bullets([_late_sentence(row) for row in late])]) if late else Markup(""),
        blocks.subsection("Abandonnées ou reportées", [blocks.bullets([_reason(row) for row in dropped])])
        if dropped
        else Markup(""),
        _plan(view, names, rows),
    ]
    return blocks.section(heading, title, parts, lead=_actions_message(table, len(late), day))


def _today(view: View, table: pd.DataFrame) -> dt.date:
    """Return the day at which delays are told: the end of the period, or the last news of the plan."""
    news = max((day for value in table["etat_date"] if (day := View.day(value)) is not None), default=dt.date.min)
    return min(periods.end(view.period), news) if view.period and news != dt.date.min else news


def _late(row: dict[Any, Any], day: dt.date) -> bool:
    end = View.day(row["fin"])
    return end is not None and end < day and row["etat"] not in DONE


def _actions_message(table: pd.DataFrame, late: int, day: dt.date) -> str:
    counts = table["etat"].value_counts()
    told = [
        french.plural(int(counts[state]), f"est {wording.word('etats', state)}", f"sont {_plural_state(state)}")
        for state in STATES
        if state in counts.index
    ]
    total = french.plural(len(table), "action")
    sentence = wording.say("actions", {"total": total, "details": french.enumeration(told)})
    if not late:
        return sentence
    key = "actions_retard_une" if late == 1 else "actions_retard"
    return f"{sentence} {wording.say(key, {'nombre': french.number(late), 'jour': french.date(day)})}"


def _plural_state(state: str) -> str:
    text = wording.word("etats", state)
    return text if text.startswith("en ") else f"{text}s"


def _by_axis(names: Names, table: pd.DataFrame, late: Sequence[dict[Any, Any]]) -> Markup:
    states = [state for state in STATES if (table["etat"] == state).any()]
    counts = table.groupby(["axe", "etat"]).size()
    behind = pd.Series([row["axe"] for row in late], dtype=object).value_counts()
    rows = [
        [
            tables.text(axis),
            *(Cell(str(n := int(counts.get((axis, state), 0))), raw=n) for state in states),
            Cell(str(total := int((table["axe"] == axis).sum())), raw=total),
            *([Cell(str(n := int(behind.get(axis, 0))), raw=n)] if late else ()),
        ]
        for axis in dict.fromkeys(table["axe"])
    ]
    labels = [
        *(wording.capital(_plural_state(state)) for state in states),
        "Total",
        *(["dont en retard"] if late else ()),
    ]
    columns = [Column("Axe"), *(Column(label, numeric=True) for label in labels)]
    caption = "Les actions par axe et par état"
    return tables.render(Table(names("actions-axes"), caption, columns, rows, details=["Unité : nombre d’actions."]))


def _plan(view: View, names: Names, rows: Sequence[dict[Any, Any]]) -> Markup:
    columns = [Column(label) for label in ("Action", "Axe", "Pilote", "Fin prévue", "État")]
    body = []
    for row in rows:
        end = View.day(row["fin"])
        body.append(
            [
                tables.text(f"{row['id']} – {row['intitule']}" if view.technical else row["intitule"]),
                tables.text(View.text(row["axe"])),
                tables.text(View.text(row["pilote"]) or "non précisé"),
                Cell(french.date(end), raw=end.isoformat()) if end else Cell("non précisée"),
                tables.text(_state(row)),
            ]
        )
    table = tables.render(Table(names("actions-liste"), "Le détail des actions", columns, body))
    return blocks.folded("Le détail action par action", table)


def _state(row: dict[Any, Any]) -> str:
    state, share = wording.word("etats", str(row["etat"])), View.text(row["avancement_pct"])
    return f"{state} ({french.percent(float(share), 0)})" if share and row["etat"] == "en_cours" else state


def _late_sentence(row: dict[Any, Any]) -> str:
    end = View.day(row["fin"])
    leader = f" (pilote : {View.text(row['pilote'])})" if View.text(row["pilote"]) else ""
    day = french.date(end) if end else ""
    return f"{row['intitule']}{leader} : {wording.word('etats', str(row['etat']))}, fin prévue le {day}."


def _reason(row: dict[Any, Any]) -> str:
    reason = View.text(row["motif"]).rstrip(".") or "motif non précisé"
    return f"{row['intitule']} : action {wording.word('etats', str(row['etat']))}, {wording.lower(reason)}."


def headlines(view: View) -> list[dict[str, str]]:
    """Return the key figures of the programme: reste à charge of the last year, actions begun."""
    cards: list[dict[str, str]] = []
    rows = budget.best(budget.yearly(view))
    if rows:
        told, moved = budget.rest(rows[-1]), budget.rest_evolution(rows)
        cards.append(
            {
                "name": "Reste à charge de la collectivité",
                "value": told["reste"],
                "evolution": wording.say(
                    "budget_carte" if moved else "budget_carte_seule", {**told, "evolution": moved}
                ),
                "source": f"{told['annee']} · budget de la convention ({told['statut']})",
            }
        )
    table = view.release.actions
    if len(table):
        begun = int(table["etat"].isin(BEGUN).sum())
        day = _today(view, table)
        cards.append(
            {
                "name": "Actions engagées ou réalisées",
                "value": f"{begun} sur {len(table)}",
                "evolution": f"dont {french.plural(int(table['etat'].isin(DONE[:2]).sum()), 'réalisée')}",
                "source": f"{wording.capital(french.date(day))} · plan d’actions",
            }
        )
    return cards


def text(view: View, names: Names, section: str) -> Markup:
    """Return a section that the author wrote, or one line when it was not."""
    title, heading = common.heading(view, section), names(french.slug(section))
    source = view.prose(section)
    if not source:
        values = {"carnet": view.carnet, "section": section}
        return common.nothing(view, heading, title, provide="texte", values=values)
    return blocks.section(heading, title, [blocks.block("authored", blocks.markdown(source))])
