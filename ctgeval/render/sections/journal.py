"""The journal: what went well and what did not, and the practices that others may take up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, wording
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.view import View

MOST_CARDS = 3
_TOLD = (("contexte", "Contexte"), ("freins", "Ce qui a gêné"), ("leviers", "Ce qui a aidé"))


def journal(view: View, names: Names) -> Markup:
    """Return the notes of the period by type, with what to do again and to avoid, then the cards of good practice."""
    title, heading = common.heading(view, "journal"), names("journal")
    table = view.release.journal
    if len(table) and view.period:
        found = periods.parse(view.period)
        days = [View.day(value) for value in table["date"]]
        table = table[[day is not None and found.start <= day <= found.end for day in days]]
    cards = _practices(view)
    if not len(table) and not cards:
        return common.nothing(view, heading, title, provide="journal")
    rows = table.sort_values("date", kind="stable").to_dict("records")
    parts = [
        blocks.subsection(
            wording.word("entrees", kind),
            [blocks.bullets([_entry(row, whole=view.internal) for row in rows if row["type"] == kind])],
        )
        for kind in ("reussite", "levier", "difficulte", "frein")
        if any(row["type"] == kind for row in rows)
    ]
    return common.section(view, "journal", heading, title, [*parts, cards])


def _practices(view: View) -> Markup:
    """Return the last practices known at the end of the period, each with the figure that shows it and its source."""
    rows = view.table("practices").to_dict("records")
    if view.period:
        end = periods.end(view.period)
        # A figure that is not known yet at the end of the period can't show anything of it.
        rows = [row for row in rows if (day := View.day(row["date"])) and day <= end
                and periods.end(str(row["time_period"])) <= end]  # fmt: skip
    if not rows or not view.own:
        return Markup("")
    last = sorted(rows, key=lambda row: str(row["date"]), reverse=True)[: 2 if view.public else MOST_CARDS]
    return blocks.subsection(common.heading(view, "pratiques"), [blocks.grid([_card(view, row) for row in last])])


def _card(view: View, row: Mapping[Any, Any]) -> Markup:
    keys = View.text(row["source"]).split()
    sources = view.release.sources
    told = sources.loc[sources["cle"].isin(keys), "titre"]
    cited = french.enumeration(list(dict.fromkeys(View.text(title) for title in told)))
    figure = wording.say(
        "pratique_chiffre",
        {
            "indicateur": View.text(row["label"]),
            "valeur": View.text(row["shown"]),
            "quand": wording.when(View.text(row["time_period"])),
        },
    )
    again = View.text(row["a_refaire"])
    return Markup("\n").join(
        part
        for part in (
            blocks.minor(
                View.text(row["action_label"]) or View.text(row["label"]), [blocks.paragraph(View.text(row["texte"]))]
            ),
            blocks.paragraph(f"À refaire : {_verb(again)}" if _said(again) else ""),
            blocks.paragraph(figure, css="message"),
            blocks.bullets([wording.say("source_citee", {"sources": cited})] if cited else [], css="notes"),
        )
        if part
    )


def _entry(row: Mapping[Any, Any], *, whole: bool) -> str:
    day = View.day(row["date"])
    told = [f"{wording.capital(french.date(day))} – " if day else "", View.text(row["texte"])]
    for name, label in (("a_refaire", "À refaire"), ("a_eviter", "À éviter")):
        content = View.text(row[name])
        if _said(content):
            told.append(f" {label}." if content.casefold() in {"oui", "true"} else f" {label} : {_verb(content)}")
    for name, label in _TOLD if whole else ():
        if content := View.text(row.get(name)):
            told.append(f" {label} : {wording.lower(content)}")
    return "".join(told)


def _said(content: str) -> bool:
    return bool(content) and content.casefold() not in {"non", "false"}


def _verb(sentence: str) -> str:
    """Lower the first letter of a sentence that opens with an infinitive, as after a colon."""
    return wording.lower(sentence) if re.match(r"[^\W\d_]+(?:er|ir|re)\b", sentence) else sentence
