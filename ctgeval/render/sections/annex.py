"""The annex: the sheet of each indicator that the committee chose, and what each one is for the actions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, tables, wording
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Column, Table
from ctgeval.render.view import View

_COMPACT = ("definition", "calcul", "echelle", "source", "origine")
_ELSEWHERE = frozenset({"limites", "nature"})
"""Told under each table and figure already, or beside the name."""
_TOGETHER = {
    "sens": "unite", "periodicite": "source", "grain": "source", "territoires": "additions", "periodes": "additions",
}  # fmt: skip
"""Headings that are told in one with another, so that twenty sheets stay light."""
_NAMED = {"grain": " : ", "territoires": ", ", "periodes": ", "}
"""Those that keep their name there, and what stands after it."""


def annex(view: View, names: Names) -> Markup:
    """Return the sheets, in full for those who keep the figures; nothing for the inhabitants."""
    if view.public:
        return Markup("")
    title, heading = common.heading(view, "fiches"), names("fiches")
    table = view.table("sheets")
    if not len(table):
        return common.nothing(view, heading, title, provide="fiches")
    sheets = [(id, list(rows)) for id, rows in groupby(table.to_dict("records"), key=lambda row: row["indicator"])]
    lead = wording.say("lead", {"nombre": str(len(sheets))}, table="fiches")
    parts = [*(_sheet(view, str(id), rows) for id, rows in sheets), _links(view, names)]
    return blocks.section(heading, title, parts, lead=lead)


def _sheet(view: View, id: str, rows: list[dict[Any, Any]]) -> Markup:
    label = str(rows[0]["label"])
    name = f"{id} – {label} ({wording.lower(str(rows[0]['kind_label']))})" if view.technical else label
    # The formula of what is simply counted is its name again.
    told = [row for row in rows if not (row["key"] == "calcul" and row["text"] == f"{label}.")]
    items = _whole(told) if view.technical else _short(told)
    return blocks.folded(name, blocks.definitions([(term, " ".join(texts)) for term, texts in items.items()]))


def _short(rows: Iterable[dict[Any, Any]]) -> dict[str, list[str]]:
    items: dict[str, list[str]] = {}
    for row in rows:
        if row["key"] in _COMPACT:
            items.setdefault(str(row["term"]), []).append(str(row["text"]))
    return items


def _whole(rows: Iterable[dict[Any, Any]]) -> dict[str, list[str]]:
    heads = wording.catalogue()["fiches_rubriques"]
    items: dict[str, list[str]] = {}
    for row in rows:
        key, term, text = str(row["key"]), str(row["term"]), str(row["text"])
        if key not in _ELSEWHERE:
            said = french.typography(f"{term}{_NAMED[key]}{wording.lower(text)}") if key in _NAMED else text
            items.setdefault(heads.get(_TOGETHER.get(key, key), term), []).append(said)
    return items


def _links(view: View, names: Names) -> Markup:
    """Return the indicators of each action, with their place in the chain of results for it."""
    table = view.table("links")
    if not len(table) or not view.technical:
        return Markup("")
    body = [
        [
            tables.text(f"{action} – {rows[0]['action_label']}"),
            tables.text(f"{' ; '.join(_link(row) for row in rows)}."),
        ]
        for action, found in groupby(table.to_dict("records"), key=lambda row: row["action"])
        for rows in [list(found)]
    ]
    columns = [Column("Action"), Column("Indicateurs, et ce qu’ils sont pour elle")]
    caption = wording.say("liens", table="fiches")
    found = Table(names("liens"), caption, columns, body, downloadable=False)
    return blocks.subsection(wording.say("liens_titre", table="fiches"), [tables.render(found)])


def _link(row: dict[Any, Any]) -> str:
    values = {"label": f"{row['indicator']} – {row['label']}", "nature": wording.lower(str(row["kind_label"]))}
    if not row["changed"]:
        return wording.say("lien", values, table="fiches")
    reason = str(row["motif"]).rstrip(".") or wording.say("sans_motif", table="fiches")
    return wording.say("lien_change", values | {"motif": wording.lower(reason)}, table="fiches")
