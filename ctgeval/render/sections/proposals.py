"""What inhabitants proposed and what became of it, a part of the section on participation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, tables, wording
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

__all__ = ["became", "one", "part"]

Row = dict[Any, Any]


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table="participation")


def became(row: Row) -> str:
    """Return how many proposals were made up to a year, and what became of them."""
    told = [
        french.plural(row[name], one, many)
        for name, one, many in (
            ("retenues", "est retenue", "sont retenues"),
            ("refusees", "est refusée", "sont refusées"),
            ("en_attente", "attend une suite", "attendent une suite"),
        )
        if row[name]
    ]
    return _say("bilan", total=french.plural(row["total"], "proposition"),
                details=french.enumeration(told))  # fmt: skip


def one(row: Row) -> str:
    """Return a proposal, what became of it, and why."""
    reason = View.text(row["motif"]).rstrip(".")
    suite = _say(f"suite_{View.text(row['suite']).replace(' ', '_')}")
    return f"« {View.text(row['texte']).rstrip('.')} » : {suite}" + (f" {reason}." if reason else "")


def action(view: View, row: Row) -> str:
    """Return the name of the action of a row, with its number for those who work on it."""
    label = View.text(row["action_label"])
    return f"{row['action']} – {label}" if view.technical and label else label or View.text(row["action"])


def part(view: View, names: Names, asked: Sequence[Row], rows: Sequence[Row]) -> list[Markup]:
    """Return how long replies took, what still waits, and, for the team, each proposal.

    Parameters
    ----------
    asked, rows : sequence of dict
        Rows of ``proposal_years`` and of ``proposals`` up to the year of the bilan.
    """
    together = [row for row in asked if row["cumul"]]
    if not together:
        return []
    last = together[-1]
    told = []
    if not math.isnan(last["delai_median"]):
        told.append(_say("delai", jours=french.plural(last["delai_median"], "jour"),
                         nombre=french.number(last["repondues"]), total=french.number(last["total"])))  # fmt: skip
    if day := View.day(last["attente_depuis"]):
        told.append(_say("attente", jour=french.date(day)))
    if last["devenues_actions"]:
        told.append(
            _say(
                "devenues",
                nombre=french.plural(last["devenues_actions"], "proposition retenue", "propositions retenues"),
            )
        )
    if last["refus_sans_motif"]:
        told.append(_say("sans_motif", nombre=french.plural(last["refus_sans_motif"], "refus", "refus")))
    refused = [row for row in rows if row["suite"] == "refusee"]
    parts = [blocks.paragraph(" ".join(told))] if told else []
    if view.internal and rows:
        parts.append(blocks.folded(_say("liste"), tables.render(_list(view, names, rows))))
    elif refused:
        reasons = blocks.bullets([one(row) for row in refused if row["annee"] == refused[-1]["annee"]])
        parts.append(blocks.folded(_say("refus", annee=str(refused[-1]["annee"])), reasons))
    return parts


def _list(view: View, names: Names, rows: Sequence[Row]) -> Table:
    columns = [Column(label) for label in ("Proposition", "Date", "Suite", "Réponse", "Motif", "Action")]
    recent = [row for row in rows if row["annee"] == rows[-1]["annee"] or row["suite"] == "en cours"]
    earlier = [row for row in rows if row not in recent]
    notes = [_say("anterieures")] if earlier else []
    return Table(
        names("participation-propositions"), _say("liste"), columns, [_cells(view, row) for row in recent],
        notes=notes, downloadable=False,
    )  # fmt: skip


def _cells(view: View, row: Row) -> list[Cell]:
    return [
        tables.text(View.text(row["texte"])),
        Cell(french.date(View.text(row["date"])), raw=View.text(row["date"])),
        tables.text(_say(f"suite_{View.text(row['suite']).replace(' ', '_')}").rstrip(".")),
        _reply(row),
        tables.text(View.text(row["motif"]) or "–"),
        tables.text(action(view, row) or "–"),
    ]


def _reply(row: Row) -> Cell:
    day = View.text(row["reponse_le"])
    if not day:
        return Cell("pas encore", raw="")
    delay: str = "" if pd.isna(row["delai"]) else f" ({french.plural(row['delai'], 'jour')})"
    return Cell(f"{french.date(day)}{delay}", raw=day)
