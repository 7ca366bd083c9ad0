"""Where the indicators go, and where they would be at the term of their targets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, tables, wording
from ctgeval.render.lines import Indicator
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

_MOVING = ("hausse", "baisse")


def trends(view: View, names: Names) -> Markup:
    """Return the trends of the retained indicators; the inhabitants are only told those that are clear."""
    title = common.heading(view, "tendances")
    heading = names("tendances")
    found = _found(view)
    if not found:
        return common.nothing(view, heading, title, provide="tendances")
    clear = [row for row, _ in found if row["way"] in _MOVING]
    tested = [row for row, _ in found if row["way"]]
    told = {
        "testes": french.plural(len(tested), "chiffre" if view.public else "indicateur"),
        "nets": french.plural(len(clear), "tendance nette", "tendances nettes") if clear else "aucune tendance nette",
    }
    lead = _told(("lead_habitants" if view.public else "lead") if tested else "lead_aucun", told)
    if view.public:
        sentences = [_told(f"habitants_{row['way']}", {"label": one.label}) for row, one in found if row in clear]
        return blocks.section(heading, title, [blocks.bullets(sentences)] if sentences else [], lead=lead)
    shown = found if view.internal else [(row, one) for row, one in found if _says(row)]
    parts = [blocks.paragraph(_told("methode")), tables.render(_table(view, names, shown))] if shown else []
    return blocks.section(heading, title, parts, lead=lead)


def _says(row: Mapping[Any, Any]) -> bool:
    """Whether a row tells anything to those who do not check the figures: a clear way, or where it would lead."""
    return row["way"] in _MOVING or (bool(row["way"]) and not math.isnan(float(row["projected"])))


def _found(view: View) -> list[tuple[Mapping[Any, Any], Indicator]]:
    table = view.table("trends")
    rows = {str(row["indicator"]): row for row in table[table["geo"].eq(view.geo)].to_dict("records")}
    return [(rows[one.id], one) for one in view.indicators.values() if one.id in rows and one.retained]


def _table(view: View, names: Names, found: list[tuple[Mapping[Any, Any], Indicator]]) -> Table:
    columns = [
        Column("Indicateur"),
        *([Column("Périodes")] if view.technical else []),
        Column("Tendance"),
        Column("Prolongée à l’échéance"),
    ]
    body = [_row(view, *pair) for pair in found]
    details = [_told("legende")] if view.technical else []
    caption = f"{common.heading(view, 'tendances')}, {wording.place(view.name)}"
    return Table(names("tendances-tableau"), caption, columns, body, details=details, downloadable=False)


def _row(view: View, row: Mapping[Any, Any], indicator: Indicator) -> list[Cell]:
    unit = wording.unit(replace(indicator, unit=wording.counted(indicator)))
    span = f"{wording.short_period(row['first_period'])} à {wording.short_period(row['last_period'])} ({int(row['n'])})"
    return [
        tables.text(f"{indicator.label} ({unit})" if unit else indicator.label),
        *([tables.text(span)] if view.technical else []),
        tables.text(_way(row, indicator)),
        tables.text(_projection(row, indicator)),
    ]


def _way(row: Mapping[Any, Any], indicator: Indicator) -> str:
    low, high = float(row["change_low"]), float(row["change_high"])
    said = wording.word("tendances", row["way"] or row["reason"] or "peu_de_points")
    if row["way"] not in _MOVING:
        return said
    yearly = _told("par_an", {"quoi": said, "valeur": _signed(float(row["yearly_change"]), indicator)})
    if math.isinf(low) or math.isinf(high):
        return yearly
    return f"{yearly} ({_told('entre', {'bas': _signed(low, indicator), 'haut': _signed(high, indicator)})})"


def _projection(row: Mapping[Any, Any], indicator: Indicator) -> str:
    value = float(row["projected"])
    if math.isnan(value):
        return "–"
    ends = {
        "valeur": french.number(value, indicator.decimals),
        "quand": wording.short_period(row["target_period"]),
        "bas": french.number(float(row["projected_low"]), indicator.decimals),
        "haut": french.number(float(row["projected_high"]), indicator.decimals),
        "cible": french.number(float(row["target"]), indicator.decimals),
    }
    return _told("projection" if math.isfinite(float(row["target"])) else "projection_sans_cible", ends)


def _signed(value: float, indicator: Indicator) -> str:
    return french.number(value, (indicator.decimals or 0) + 1, sign=True)


def _told(key: str, values: Mapping[str, str] | None = None) -> str:
    return wording.say(key, values, table="tendances_phrases")
