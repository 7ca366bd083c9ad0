"""The programme: convention, plan of actions, funding, journal, and the author's own texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from ctgeval import french, periods, programme
from ctgeval.render import blocks, figures, tables, wording
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

BEGUN = ("en_cours", "realisee", "perennisee")
DONE = ("realisee", "perennisee", "abandonnee")
STATES = ("non_engagee", "en_cours", "realisee", "perennisee", "reportee", "abandonnee")
STATUSES = ("prevu", "sollicite", "acquis", "verse", "realise")


def convention(view: View, names: Names) -> Markup:
    """Return who signed, when, and until when."""
    title, heading = wording.word("titres", "convention"), names("convention")
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
    title, heading = wording.word("titres", "actions"), names("actions")
    table = view.release.actions
    prose = commentary(view, "actions")
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
        _plan(names, rows),
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
            Cell(str(n := int(behind.get(axis, 0))), raw=n),
        ]
        for axis in dict.fromkeys(table["axe"])
    ]
    labels = [*(wording.capital(_plural_state(state)) for state in states), "Total", "dont en retard"]
    columns = [Column("Axe"), *(Column(label, numeric=True) for label in labels)]
    caption = "Les actions par axe et par état"
    return tables.render(Table(names("actions-axes"), caption, columns, rows, details=["Unité : nombre d’actions."]))


def _plan(names: Names, rows: Sequence[dict[Any, Any]]) -> Markup:
    columns = [Column("Action"), Column("Axe"), Column("Pilote"), Column("Fin prévue"), Column("État"), Column("Avancement", numeric=True)]
    body = []
    for row in rows:
        end, share = View.day(row["fin"]), View.text(row["avancement_pct"])
        body.append(
            [
                tables.text(f"{row['id']} – {row['intitule']}"),
                tables.text(View.text(row["axe"])),
                tables.text(View.text(row["pilote"]) or "non précisé"),
                Cell(french.date(end), raw=end.isoformat()) if end else Cell("non précisée"),
                tables.text(wording.word("etats", str(row["etat"]))),
                Cell(french.percent(float(share), 0), raw=float(share)) if share else Cell("non précisé"),
            ]
        )
    table = tables.render(Table(names("actions-liste"), "Le détail des actions", columns, body))
    return blocks.block("folded", "Le détail action par action", table)


def _late_sentence(row: dict[Any, Any]) -> str:
    end = View.day(row["fin"])
    leader = f" (pilote : {View.text(row['pilote'])})" if View.text(row["pilote"]) else ""
    day = french.date(end) if end else ""
    return f"{row['intitule']}{leader} : {wording.word('etats', str(row['etat']))}, fin prévue le {day}."


def _reason(row: dict[Any, Any]) -> str:
    reason = View.text(row["motif"]).rstrip(".") or "motif non précisé"
    return f"{row['intitule']} : action {wording.word('etats', str(row['etat']))}, {wording.lower(reason)}."


def budget(view: View, names: Names) -> Markup:
    """Return what stays to the collectivity first, then expenses and receipts by year and by funder."""
    title, heading = wording.word("titres", "budget"), names("budget")
    prose = commentary(view, "budget")
    rows = _yearly(view)
    best = _best(rows)
    if not best:
        return Markup("\n").join([common.nothing(view, heading, title, provide="budget"), *([prose] if prose else [])])
    entries = [
        (f"{row['exercice']} ({wording.word('bases', str(row['statut']))})", float(row["depenses"]), float(row["reste_a_charge"]))
        for row in best
    ]
    told = " ".join(
        wording.say("alternative_exercice", {"annee": year, "depenses": french.euros(spent), "reste": french.euros(rest)})
        for year, spent, rest in entries
    )
    drawing = figures.budget(
        entries, alternative=wording.say("alternative_budget", {"lignes": told}), fictional=view.fictional
    )
    table = tables.render(_yearly_table(names, rows))
    figure = blocks.figure(names("budget-figure"), "Les dépenses de chaque exercice et le reste à charge", drawing, table=table)
    lead = wording.say("budget", _rest(best[-1]))
    return blocks.section(heading, title, [prose, figure, _funders(view, names)], lead=lead)


def _yearly(view: View) -> list[dict[Any, Any]]:
    """Return one row per year and basis, in the order of time, what was planned before what was carried out."""
    rows = _budget(view)
    if not len(rows):
        return []
    yearly = programme.budget.reste_a_charge(rows)
    return yearly.sort_values(["exercice", "statut"], kind="stable").to_dict("records")


def _best(rows: Sequence[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """Keep one row per year: what was carried out when it is known, what was planned otherwise."""
    return list({row["exercice"]: row for row in rows}.values())


def _budget(view: View) -> pd.DataFrame:
    table = view.release.budget
    if not view.period or not len(table):
        return table
    return table[table["exercice"].astype(str).str[:4].astype(int) <= periods.year(view.period)]


def _rest(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "annee": str(row["exercice"]),
        "reste": french.euros(float(row["reste_a_charge"])),
        "depenses": french.euros(float(row["depenses"])),
        "statut": wording.word("bases", str(row["statut"])),
    }


def _yearly_table(names: Names, rows: Sequence[dict[Any, Any]]) -> Table:
    columns = [Column("Exercice"), Column("Reste à charge", numeric=True), Column("Dépenses", numeric=True),
               Column("Recettes", numeric=True), Column("Établi sur")]  # fmt: skip
    body = [
        [
            Cell(str(row["exercice"])),
            *(_money(float(row[name])) for name in ("reste_a_charge", "depenses", "recettes")),
            tables.text(wording.word("bases", str(row["statut"]))),
        ]
        for row in rows
    ]
    return Table(names("budget-exercices"), "Dépenses, recettes et reste à charge par exercice", columns, body,
                 details=["Unité : euros."])  # fmt: skip


def _funders(view: View, names: Names) -> Markup:
    table = _budget(view)
    receipts = table[table["nature"] == "recette"]
    if not len(receipts):
        return Markup("")
    statuses = [status for status in STATUSES if (receipts["statut"] == status).any()]
    sums = (receipts["montant"] * 100).round().groupby([receipts["financeur"], receipts["exercice"], receipts["statut"]]).sum() / 100
    pairs = sorted({(View.text(funder), str(year)) for funder, year, _ in sums.index}, key=lambda pair: (pair[1], pair[0]))
    amounts = {(View.text(funder), str(year), status): float(total) for (funder, year, status), total in sums.items()}
    body = [
        [
            tables.text(funder or "non précisé"),
            Cell(year),
            *(_money(amounts[key]) if (key := (funder, year, status)) in amounts else Cell("–") for status in statuses),
        ]
        for funder, year in pairs
    ]
    columns = [Column("Financeur"), Column("Exercice"),
               *(Column(wording.capital(wording.word("statuts", status)), numeric=True) for status in statuses)]  # fmt: skip
    note = "Un même financement peut figurer à plusieurs stades : les colonnes ne s’additionnent pas."
    found = Table(names("budget-financeurs"), "Les recettes par financeur et par exercice", columns, body,
                  details=["Unité : euros."], notes=[note])  # fmt: skip
    return tables.render(found)


def _money(amount: float) -> Cell:
    return tables.number(amount, french.euros(amount))


def headlines(view: View) -> list[dict[str, str]]:
    """Return the key figures of the programme: reste à charge of the last year, actions begun."""
    cards: list[dict[str, str]] = []
    rows = _best(_yearly(view))
    if rows:
        told = _rest(rows[-1])
        before = f" ; {french.euros(float(rows[-2]['reste_a_charge']))} en {rows[-2]['exercice']}" if len(rows) > 1 else ""
        cards.append(
            {
                "name": "Reste à charge de la collectivité",
                "value": told["reste"],
                "evolution": f"sur {told['depenses']} de dépenses{before}",
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
                "evolution": french.plural(int(table["etat"].isin(DONE[:2]).sum()), "est réalisée", "sont réalisées"),
                "source": f"{wording.capital(french.date(day))} · plan d’actions",
            }
        )
    return cards


def journal(view: View, names: Names) -> Markup:
    """Return what went well and what did not, with what is to be done again and what is to be avoided."""
    title, heading = wording.word("titres", "journal"), names("journal")
    table = view.release.journal
    if len(table) and view.period:
        found = periods.parse(view.period)
        days = [View.day(value) for value in table["date"]]
        table = table[[day is not None and found.start <= day <= found.end for day in days]]
    if not len(table):
        return common.nothing(view, heading, title, provide="journal")
    rows = table.sort_values("date", kind="stable").to_dict("records")
    parts = [
        blocks.subsection(
            wording.word("entrees", kind), [blocks.bullets([_entry(row) for row in rows if row["type"] == kind])]
        )
        for kind in ("reussite", "levier", "difficulte", "frein")
        if any(row["type"] == kind for row in rows)
    ]
    return blocks.section(heading, title, parts)


def _entry(row: dict[Any, Any]) -> str:
    day = View.day(row["date"])
    told = [f"{french.date(day)} : " if day else "", View.text(row["texte"])]
    for name, label in (("a_refaire", "À refaire"), ("a_eviter", "À éviter")):
        content = View.text(row[name])
        if content and content.casefold() not in {"non", "false"}:
            told.append(f" {label} : {content}" if content.casefold() not in {"oui", "true"} else f" {label}.")
    return "".join(told)


def text(view: View, names: Names, section: str) -> Markup:
    """Return a section that the author wrote, or one line when it was not."""
    title, heading = wording.word("titres", section), names(french.slug(section))
    source = view.prose(section)
    if not source:
        values = {"carnet": view.carnet, "section": section}
        return common.nothing(view, heading, title, provide="texte", values=values)
    return blocks.section(heading, title, [blocks.block("authored", blocks.markdown(source))])


def commentary(view: View, section: str) -> Markup:
    """Return the author's text that goes inside a computed section; nothing when there is none."""
    source = view.prose(section)
    return blocks.block("authored", blocks.markdown(source)) if source else Markup("")
