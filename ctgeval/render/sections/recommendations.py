"""Recommendations: what was decided since the previous bilan, what waits for a decision, what the rules raise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, tables, wording
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Column, Table
from ctgeval.render.view import View

_KEPT = ("acceptee", "amendee", "faite")
Row = Mapping[Any, Any]


def recommendations(view: View, names: Names) -> Markup:
    """Return what became of each recommendation since the previous bilan, then what is to be decided or looked into."""
    title, heading = common.heading(view, "recommandations"), names("recommandations")
    known = _known(view) if view.own else {}
    raised = _raised(view) if view.own else []
    if not known and not raised:
        return common.nothing(view, heading, title, provide="recommandations")
    moved = [steps for steps in known.values() if _moved(view, steps[-1])]
    waiting = [steps[-1] for steps in known.values() if steps[-1]["etat"] == "proposee"]
    prose = common.commentary(view, "recommandations")
    lead = _message(len(known), len(moved), len(waiting), public=view.public)
    if view.public:
        told = [_plain(steps[-1]) for steps in moved if steps[-1]["etat"] != "refusee" or View.text(steps[-1]["motif"])]
        return common.section(view, "recommandations", heading, title, [prose, blocks.bullets(told)], lead=lead)
    fresh = [row for row in raised if not View.text(row["recommandation"])]
    parts = [
        prose,
        blocks.subsection(_say("depuis"), [_decided(names, moved)]) if moved else Markup(""),
        blocks.subsection(_say("attente"), [blocks.bullets([_waiting(row) for row in waiting])]),
        blocks.subsection(
            _say("regles"),
            [blocks.paragraph(_say("regles_avis")), blocks.bullets([_proposal(row, view) for row in fresh])],
        )
        if fresh
        else Markup(""),
        _followed(raised),
        _register(view, names, known),
    ]
    return common.section(view, "recommandations", heading, title, parts, lead=lead)


def waiting(view: View) -> list[str]:
    """Return the recommendations that wait for a decision at the end of the period, as sentences."""
    return [_waiting(steps[-1]) for steps in _known(view).values() if steps[-1]["etat"] == "proposee"]


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table="recommandations")


def _span(view: View) -> tuple[dt.date, dt.date]:
    """Return the days between the previous bilan and this one; everything without a period."""
    found = periods.parse(view.period) if view.period else None
    return (found.start, found.end) if found else (dt.date.min, dt.date.max)


def _known(view: View) -> dict[str, list[Row]]:
    """Return the states of each recommendation that this bilan may know, by id."""
    end = _span(view)[1]
    rows = [row for row in view.table("recommendations").to_dict("records") if _day(row) <= end]
    rows.sort(key=lambda row: (str(row["id"]), int(row["rang"])))
    return {name: list(found) for name, found in groupby(rows, key=lambda row: str(row["id"]))}


def _day(row: Row) -> dt.date:
    return View.day(row["etat_le"]) or dt.date.min


def _moved(view: View, last: Row) -> bool:
    """Whether a recommendation was decided since the previous bilan."""
    start, end = _span(view)
    return last["etat"] != "proposee" and start <= _day(last) <= end


def _raised(view: View) -> list[Row]:
    rows = view.table("proposals_of_rules").to_dict("records")
    return [row for row in rows if not view.period or View.text(row["periode"]) in {"", view.period}]


def _message(total: int, moved: int, waiting: int, *, public: bool) -> str:
    decided = french.plural(moved, "décision prise", "décisions prises")
    if public:
        return _say("message_habitants" if moved else "message_habitants_aucune", decisions=decided)
    told = french.plural(total, "préconisation est suivie", "préconisations sont suivies")
    left = french.plural(waiting, "attend une décision", "attendent une décision")
    return _say("message", total=told, decisions=decided, attente=left)


def _decided(names: Names, moved: Sequence[Sequence[Row]]) -> Markup:
    rows = []
    for steps in moved:
        last = steps[-1]
        rows.append(
            [
                tables.text(View.text(last["texte"])),
                tables.text(wording.capital(wording.word("decisions", str(last["etat"])))),
                tables.text(_by(last)),
                tables.text(View.text(last["motif"]) or _say("sans_motif")),
            ]
        )
    columns = [Column(_say(f"colonne_{key}")) for key in ("texte", "etat", "instance", "motif")]
    return tables.render(Table(names("recommandations-decisions"), _say("tableau"), columns, rows))


def _by(row: Row) -> str:
    day, body = View.day(row["etat_le"]), View.text(row["instance"])
    return ", ".join(filter(None, [body, french.date(day) if day else ""])) or _say("sans_instance")


def _plain(row: Row) -> str:
    key = "habitants_refusee" if row["etat"] == "refusee" else "habitants_faite" if row["etat"] == "faite" else ""
    text, reason = View.text(row["texte"]).rstrip("."), View.text(row["motif"])
    told = _say(key or "habitants_acceptee", texte=text)
    return f"{told} {reason}" if key == "habitants_refusee" and reason else told


def _waiting(row: Row) -> str:
    day, figure = View.day(row["date"]), View.text(row["chiffre"])
    origin = f"{_say('proposee', jour=french.date(day))}" if day else ""
    return " ".join(filter(None, [View.text(row["texte"]), f"{figure.rstrip('.')}." if figure else "", origin]))


def _proposal(row: Row, view: View) -> str:
    source = _source(row, view)
    return f"{View.text(row['texte'])} {View.text(row['chiffre']).rstrip('.')}{f' – {source}' if source else ''}."


def _source(row: Row, view: View) -> str:
    """Return the producers of a figure; the table that it was read in, for what is not a figure."""
    if not View.text(row["indicator"]):
        return View.text(row["source"]).lower()
    keys = View.text(row["source"]).split()
    table = view.release.sources
    found = table[table["cle"].isin(keys)]
    return french.enumeration(list(dict.fromkeys(View.text(title) for title in found["titre"])))


def _followed(raised: Sequence[Row]) -> Markup:
    """Return what the rules raise and somebody has already written in the register."""
    done = sum(bool(View.text(row["recommandation"])) for row in raised)
    if not done:
        return Markup("")
    return blocks.paragraph(_say("deja_une" if done == 1 else "deja", nombre=french.number(done)))


def _register(view: View, names: Names, known: Mapping[str, Sequence[Row]]) -> Markup:
    """Return every state of every recommendation, folded, for those who keep the register."""
    if not view.technical or not known:
        return Markup("")
    rows = [
        [
            tables.text(f"{name} – {View.text(row['texte'])}"),
            tables.text(wording.capital(wording.word("decisions", str(row["etat"])))),
            tables.text(_by(row)),
            tables.text(View.text(row["chiffre"]) or View.text(row["origine"])),
        ]
        for name, steps in known.items()
        for row in steps
    ]
    columns = [Column(_say(f"colonne_{key}")) for key in ("texte", "etat", "instance", "origine")]
    table = tables.render(Table(names("recommandations-registre"), _say("registre"), columns, rows))
    return blocks.folded(_say("registre"), table)
