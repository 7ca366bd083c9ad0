"""The qualitative indicators: the last judgement of each on its scale, what came before, who judged and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, tables, wording
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

Rows = Sequence[dict[Any, Any]]


def qualitative(view: View, names: Names) -> Markup:
    """Return the judgements of the territory up to the period: the last one of each indicator, then its history."""
    title, heading = common.heading(view, "qualitatif"), names("qualitatif")
    found = _judged(view)
    if view.public:
        found = {id: rows for id, rows in found.items() if rows[-1]["level"]}
    if not found:
        return common.nothing(view, heading, title, provide="qualitatif")
    sentences = [_sentence(rows) for rows in found.values()]
    if view.public:
        told = [
            f"{sentence} {_why(rows[-1])}".strip() for sentence, rows in zip(sentences, found.values(), strict=True)
        ]
        lead = wording.say("lead", table="qualitatif")
        return common.section(view, "qualitatif", heading, title, [blocks.bullets(told)], lead=lead)
    parts = [blocks.bullets(sentences)]
    if view.technical:
        parts += [_history(names, rows) for rows in found.values()]
    else:
        parts.append(_compact(names, found))
    return common.section(view, "qualitatif", heading, title, parts, lead=wording.say("lead", table="qualitatif"))


def _judged(view: View) -> dict[str, Rows]:
    """Return the judgements of each indicator in order of date, the retained indicators first."""
    table = view.table("judgements")
    last = periods.end(view.period) if view.period else dt.date.max
    rows = [row for row in table.to_dict("records") if row["geo"] == view.geo and (_day(row) or dt.date.min) <= last]
    rows.sort(key=lambda row: (not row["retained"], row["indicator"], row["date"]))
    return {id: list(group) for id, group in groupby(rows, key=lambda row: str(row["indicator"]))}


def _day(row: dict[Any, Any]) -> dt.date | None:
    return View.day(row["date"])


def _sentence(rows: Rows) -> str:
    """Return the last judgement in one sentence: the level and the day, against the one before."""
    last, day = rows[-1], _day(rows[-1])
    values = {"label": str(last["label"]), "niveau": str(last["level"]), "date": french.date(day) if day else ""}
    if not last["level"]:
        return wording.say("jamais", values, table="qualitatif")
    if len(rows) == 1 or (before := _day(rows[-2])) is None:
        return wording.say("premier", values, table="qualitatif")
    values |= {"avant": str(last["before"]), "date_avant": french.date(before)}
    return wording.say(_way(last), values, table="qualitatif")


def _way(row: dict[Any, Any]) -> str:
    moved = int(row["moved"])
    if not moved:
        return "inchange"
    if row["direction"] not in {"higher", "lower"}:
        return "change"
    return "progres" if (moved > 0) is (row["direction"] == "higher") else "recul"


def _why(row: dict[Any, Any]) -> str:
    values = {"qui": str(row["by"]), "motif": str(row["reason"]).rstrip(".")}
    return wording.say("pourquoi", values, table="qualitatif") if row["reason"] else ""


def _compact(names: Names, found: dict[str, Rows]) -> Markup:
    rows = [
        [
            tables.text(rows[-1]["label"]),
            tables.text(_scale(rows[-1])),
            tables.text(_why(rows[-1]) or wording.say("attente", table="qualitatif")),
        ]
        for rows in found.values()
    ]
    columns = [Column(label) for label in ("Indicateur", "Échelle", "Jugement")]
    caption = wording.say("tableau", table="qualitatif")
    return tables.render(Table(names("qualitatif-tableau"), caption, columns, rows, downloadable=False))


def _scale(row: dict[Any, Any]) -> str:
    """Return the levels as the reader takes them, with how they are ordered."""
    levels = {"niveaux": " ; ".join(str(level) for level in row["scale"])}
    return wording.say(f"echelle_{row['direction']}", levels, table="qualitatif")


def _history(names: Names, rows: Rows) -> Markup:
    last = rows[-1]
    title = f"{last['indicator']} – {last['label']}"
    about = [
        ("Ce qui est jugé", str(last["definition"])),
        ("Échelle", _scale(last)),
        ("Nature", str(last["kind_label"])),
    ]
    judged = [row for row in rows if row["level"]]
    if not judged:
        provide = wording.say("qualitatif_jugement", table="fournir")
        return blocks.subsection(title, [blocks.definitions(about), blocks.paragraph(provide, css="a-fournir")])
    proofs = any(row["evidence"] for row in judged)
    body = [
        [
            Cell(french.date(day), raw=day.isoformat()) if (day := _day(row)) else Cell(""),
            tables.text(row["level"], strong=row is last),
            tables.text(row["by"]),
            tables.text(row["reason"]),
            *([tables.text(row["evidence"] or "non précisée")] if proofs else ()),
        ]
        for row in reversed(judged)
    ]
    labels = ["Date", "Niveau", "Jugé par", "Motif", *(["Preuve"] if proofs else ())]
    stem = names(f"{french.slug(str(last['indicator']))}-jugements")
    caption = wording.say("historique", {"label": str(last["label"])}, table="qualitatif")
    table = tables.render(Table(stem, caption, [Column(label) for label in labels], body, downloadable=False))
    return blocks.subsection(title, [blocks.definitions(about), table])
