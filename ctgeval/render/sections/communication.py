"""Communication: each channel by itself; nothing here adds two of them."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, tables, wording
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

_WORDS = "communication"
Row = dict[Any, Any]


def communication(view: View, names: Names) -> Markup:
    """Return the reach of each channel, how often it was fed, and how it moved."""
    title, heading = common.heading(view, "communication"), names("communication")
    rows = _last(view)
    prose = common.commentary(view, "communication")
    if not rows:
        return Markup("\n").join([common.nothing(view, heading, title, provide="communication"), prose])
    live = list(dict.fromkeys(View.text(row["canal"]) for row in rows if not row["arretee"]))
    stopped = {View.text(row["canal"]): row for row in rows if row["arretee"] and View.text(row["canal"]) not in live}
    if view.public:
        told = [_say("habitants", canaux=french.enumeration([wording.lower(one) for one in live]))] if live else []
        plain = blocks.paragraph(" ".join([*told, _say("contact")]))
        return common.section(view, "communication", heading, title, [prose, plain])
    lead = (
        [_say("canaux", nombre=french.plural(len(live), "canal", "canaux"), canaux=french.enumeration(live))]
        if live
        else []
    )
    lead += [
        _say("arret", canal=canal, quand=wording.since(View.text(row["arretee"]))) for canal, row in stopped.items()
    ]
    parts = [prose, _table(view, names, rows)]
    return common.section(view, "communication", heading, title, parts, lead=" ".join(lead))


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table=_WORDS)


def _last(view: View) -> list[Row]:
    """Return what is known of each channel at the end of the year of the bilan, or of the last one before."""
    table = view.table("communication_channels")
    if len(table) and view.period:
        table = table[table["annee"].astype(int) <= periods.year(view.period)]
    return table[table["annee"] == table["annee"].max()].to_dict("records") if len(table) else []


def _table(view: View, names: Names, rows: list[Row]) -> Markup:
    columns = [
        Column("Canal"),
        Column("Dernière valeur", numeric=True),
        Column("Période"),
        Column("En un an", numeric=True),
    ]
    columns += [Column("Périodes alimentées"), Column("Sans rien")] if view.technical else []
    body = [
        [
            tables.text(f"{View.text(row['canal'])}, {wording.lower(View.text(row['mesure']))}"),
            tables.number(row["valeur"], french.number(row["valeur"])),
            Cell(wording.short_period(View.text(row["derniere"]))),
            _moved(row),
            *(_cadence(row) if view.technical else ()),
        ]
        for row in rows
    ]
    return tables.render(
        Table(names("communication-canaux"), _say("tableau"), columns, body, notes=[_say("pas_de_total")])
    )


def _moved(row: Row) -> Cell:
    if math.isnan(row["evolution"]):
        return Cell("–", raw="")
    return Cell(french.percent(row["evolution"], 0, sign=True), raw=row["evolution"])


def _cadence(row: Row) -> list[Cell]:
    without = [wording.short_period(text) for text in View.text(row["sans"]).split()]
    return [Cell(f"{row['avec']} sur {row['attendues']}"), tables.text(", ".join(without) or "–")]
