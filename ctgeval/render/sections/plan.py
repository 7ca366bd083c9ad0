"""The plan of actions at the end of a period: by axe, what moved since the one before, what is late, what is next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, tables, wording
from ctgeval.render.sections import common, plan_sheets
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

Row = dict[Any, Any]
STATES = ("non_engagee", "en_cours", "realisee", "perennisee", "reportee", "abandonnee")
STOPPED = ("abandonnee", "reportee")
_PLAIN_CHANGES = ("nouvelle", "arretee", "etat", "fin")


def actions(view: View, names: Names) -> Markup:
    """Return the plan by axe, what moved, what is late or was given up and why; the author's text first."""
    title, heading = common.heading(view, "actions"), names("actions")
    prose = common.commentary(view, "actions")
    rows = states(view)
    if not rows:
        return Markup("\n").join([common.nothing(view, heading, title, provide="actions"), *([prose] if prose else [])])
    late = [row for row in rows if row["situation"] == "en_retard"]
    dropped = [row for row in rows if row["etat"] in STOPPED]
    parts = [
        prose,
        _by_axis(view, names),
        _changed(view, len(rows)),
        blocks.subsection("En retard", [blocks.bullets([_late(row) for row in late])]),
        blocks.subsection("Abandonnées ou reportées", [blocks.bullets([_reason(row) for row in dropped])]),
        *([] if view.public else [_steps(view), blocks.paragraph(_schemes(view))]),
        plan_sheets.sheets(view, rows) if view.technical else _list(view, names, rows),
    ]
    return common.section(view, "actions", heading, title, parts, lead=_message(rows, len(late)))


def period(view: View) -> str:
    """Return the period of the plan that a page shows: its own, or the last one known before its end."""
    table = view.table("action_states")
    known = {str(text) for text in table["periode"]} if len(table) else set()
    if view.period in known:
        return view.period
    kept = [text for text in known if not view.period or periods.end(text) <= periods.end(view.period)]
    return periods.latest(kept) if kept else ""


def told(view: View, name: str) -> list[Row]:
    """Return the rows of a table of the plan that are about the period shown."""
    table = view.table(name)
    return table[table["periode"].eq(period(view))].to_dict("records") if len(table) else []


def states(view: View) -> list[Row]:
    """Return each action as it stood in the period shown, by axe: that of the first action first."""
    if not len(view.release.actions):
        return []
    rows = sorted(told(view, "action_states"), key=lambda row: View.text(row["id"]))
    axes = list(dict.fromkeys(View.text(row["axe"]) for row in rows))
    found = sorted(rows, key=lambda row: axes.index(View.text(row["axe"])))
    return [row | {"intitule": _marked(row)} for row in found]


def _marked(row: Row) -> str:
    """Return the title of an action, marked when its id is perhaps that of two."""
    title = View.text(row["intitule"])
    return wording.say("marque", {"intitule": title}, table="ecartees") if row["doubt"] else title


def plural_state(state: str) -> str:
    """Return a state as several actions bear it: ``réalisées``, ``en cours``."""
    text = wording.word("etats", state)
    return text if text.startswith("en ") else f"{text}s"


def _message(rows: Sequence[Row], late: int) -> str:
    counts = {state: sum(row["etat"] == state for row in rows) for state in STATES}
    told_ = [
        french.plural(count, f"est {wording.word('etats', state)}", f"sont {plural_state(state)}")
        for state, count in counts.items()
        if count
    ]
    values = {"total": french.plural(len(rows), "action"), "details": french.enumeration(told_)}
    sentence = wording.say("actions", values)
    if not late:
        return sentence
    key = "actions_retard_une" if late == 1 else "actions_retard"
    day = french.date(View.text(rows[0]["jour"]))
    return f"{sentence} {wording.say(key, {'nombre': french.number(late), 'jour': day})}"


def _by_axis(view: View, names: Names) -> Markup:
    rows = told(view, "action_axes")
    shown = [state for state in STATES if any(row[state] for row in rows)]
    if not view.technical:
        columns = ["Axe", "Actions", "Réalisées ou pérennisées", *([] if view.public else ["En retard"])]
        late = [[] if view.public else [row["en_retard"]] for row in rows]
        body = [[row["total"], row["realisee"] + row["perennisee"], *own] for row, own in zip(rows, late, strict=True)]
    else:
        columns = ["Axe", *(wording.capital(plural_state(state)) for state in shown), "Total", "En retard"]
        body = [[*(row[state] for state in shown), row["total"], row["en_retard"]] for row in rows]
    cells = [
        [tables.text(View.text(row["axe"])), *(Cell(str(count), raw=count) for count in counts)]
        for row, counts in zip(rows, body, strict=True)
    ]
    if not view.public:
        columns.append("Avancement moyen")
        cells = [[*line, _mean(row)] for line, row in zip(cells, rows, strict=True)]
    notes = [] if view.public else [_say("avancement")]
    found = Table(
        names("actions-axes"),
        "Les actions par axe et par état" if view.technical else "Les actions par axe",
        [Column(columns[0]), *(Column(label, numeric=True) for label in columns[1:])],
        cells,
        details=["Unité : nombre d’actions."],
        notes=notes,
    )
    return tables.render(found)


def _mean(row: Row) -> Cell:
    if not row["avancement_n"]:
        return tables.withheld("absent")
    share = french.percent(float(row["avancement_moyen"]), 0)
    return Cell(f"{share} ({int(row['avancement_n'])} sur {int(row['total'])})", raw=float(row["avancement_moyen"]))


def _changed(view: View, total: int) -> Markup:
    """Return what moved since the period before, one line per action; nothing for the first period."""
    known = {str(text) for text in view.table("action_states")["periode"]}
    if periods.sort(known)[0] == period(view) or not total:
        return Markup("")
    kinds = [row for row in told(view, "action_changes") if not view.public or row["kind"] in _PLAIN_CHANGES]
    start = french.date(periods.start(period(view)) - dt.timedelta(days=1))
    end = french.date(View.text(states(view)[0]["jour"]))
    title = _say("titre_habitants", debut=start) if view.public else _say("titre")
    if not kinds:
        return blocks.subsection(title, [blocks.paragraph(_say("rien", debut=start, fin=end))])
    lines = [
        f"{View.text(group[0]['intitule'])} : {' ; '.join(_moves(group))}."
        for group in (list(found) for _, found in groupby(kinds, key=lambda row: row["id"]))
    ]
    count = french.plural(len(lines), "action concernée", "actions concernées")
    lead = _say("lead", debut=start, fin=end, nombre=count, total=french.number(total))
    return blocks.subsection(title, [blocks.paragraph(lead), blocks.bullets(lines)])


def _moves(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        before, after, reason = (View.text(row[name]) for name in ("before", "after", "motif"))
        day = french.date(View.text(row["day"]))
        why = f" ({wording.lower(reason.rstrip('.'))})" if reason and after in STOPPED else ""
        values = {"jour": day, "motif": why}
        if row["kind"] in {"nouvelle", "arretee", "etat"}:
            values |= {"avant": wording.word("etats", before), "apres": wording.word("etats", after)}
            yield _say(str(row["kind"]), **values)
        elif row["kind"] in {"debut", "fin"}:
            said = {"avant": french.date(before) if before else "", "apres": french.date(after)}
            way = "fixe" if not before else "recule" if after > before else "avance"
            yield _say(f"{row['kind']}_{way}", **said)
        else:
            said = {"jalon": after, "prevu": french.date(before), "jour": day}
            late = row["kind"] == "jalon_franchi" and View.text(row["day"]) > before
            yield _say(f"{row['kind']}_tard" if late else str(row["kind"]), **said)


def _late(row: Row) -> str:
    leader = f" (pilote : {View.text(row['pilote'])})" if View.text(row["pilote"]) else ""
    values = {
        "action": View.text(row["intitule"]),
        "pilote": leader,
        "etat": wording.word("etats", str(row["etat"])),
        "fin": french.date(View.text(row["fin"])),
        "retard": french.plural(int(row["jours_retard"]), "jour"),
    }
    return _say("retard", **values)


def _reason(row: Row) -> str:
    reason = View.text(row["motif"]).rstrip(".") or "motif non précisé"
    return f"{row['intitule']} : action {wording.word('etats', str(row['etat']))}, {wording.lower(reason)}."


def _steps(view: View) -> Markup:
    """Return the milestones that are late, then the next ones."""
    rows = told(view, "milestones")
    title = {row["id"]: View.text(row["intitule"]) for row in states(view)}
    late = [
        _say("etape_retard", **_step(row, title), retard=french.plural(int(row["jours_retard"]), "jour"))
        for row in rows
        if row["situation"] == "en_retard"
    ]
    coming = [_say("etape", **_step(row, title)) for row in rows if row["prochain"] and row["situation"] == "a_venir"]
    parts = [
        blocks.minor("Étapes en retard", [blocks.bullets(late)]),
        blocks.minor("À venir", [blocks.bullets(coming)]),
    ]
    return blocks.subsection("Les étapes des actions", parts)


def _step(row: Row, titles: Mapping[Any, str]) -> dict[str, str]:
    return {
        "action": titles.get(row["action"], View.text(row["action"])),
        "jalon": View.text(row["intitule"]),
        "prevu": french.date(View.text(row["prevu_le"])),
    }


def _schemes(view: View) -> str:
    rows = told(view, "action_schemes")
    if len(rows) < 2:
        return ""
    counts = french.enumeration([f"{row['dispositif']} ({int(row['actions'])})" for row in rows])
    return _say("dispositifs", details=counts)


def _list(view: View, names: Names, rows: Sequence[Row]) -> Markup:
    """Return one line per action, folded: three columns, which a telephone shows as they are."""
    labels = ["Action", "Axe", "État"] if view.public else ["Action et pilote", "Axe", "État et fin prévue"]
    body = []
    for row in rows:
        name, state = View.text(row["intitule"]), plan_sheets.state(row)
        if not view.public:
            leader, end = View.text(row["pilote"]), View.text(row["fin"])
            name = f"{name} ({leader})" if leader else name
            state = f"{state}, {french.date(end)}" if end else state
        body.append([tables.text(name), tables.text(View.text(row["axe"])), tables.text(state)])
    found = Table(names("actions-liste"), "Le détail des actions", [Column(label) for label in labels], body)
    return blocks.folded("Le détail action par action", tables.render(found))


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table="plan")
