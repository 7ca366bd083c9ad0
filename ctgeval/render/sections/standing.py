"""The place of the territory among those it is compared with, indicator by indicator, with the line of each."""

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

MOST_PUBLIC = 4


def standing(view: View, names: Names) -> Markup:
    """Return the gaps to the median of the territories compared; the inhabitants read the clear ones in words."""
    title = common.heading(view, "situation")
    heading = names("situation")
    found = _found(view)
    if not found:
        return common.nothing(view, heading, title, provide="situation")
    clear = [pair for pair in found if pair[0]["place"] not in {"non_concluant", "non_evaluable"}]
    counted = french.plural(len(found), "indicateur")
    lead = _told("lead", {"nombre": counted, "nets": french.number(len(clear)) if clear else "aucun"})
    if view.public:
        said = [_told(f"habitants_{row['place']}", {"label": one.label}) for row, one in clear[:MOST_PUBLIC]]
        return blocks.section(heading, title, [blocks.bullets(said)] if said else [], lead=lead)
    parts = [blocks.paragraph(_told("methode")), tables.render(_table(view, names, found))]
    if view.technical:
        parts.append(blocks.folded(_told("lignes"), tables.render(_lines(view, names, found))))
    return blocks.section(heading, title, parts, lead=lead)


def _found(view: View) -> list[tuple[Mapping[Any, Any], Indicator]]:
    table = view.table("standing")
    rows = {str(row["indicator"]): row for row in table[table["geo"].eq(view.geo)].to_dict("records")}
    kept = [(rows[one.id], one) for one in view.indicators.values() if one.id in rows]
    return [(row, one) for row, one in kept if row["n_compared"] > 0]


def _table(view: View, names: Names, found: list[tuple[Mapping[Any, Any], Indicator]]) -> Table:
    columns = [
        Column("Indicateur"),
        Column("Valeur", numeric=True),
        Column("Médiane", numeric=True),
        Column("Écart", numeric=True),
        Column("Constat"),
    ]
    if view.internal:
        columns.insert(4, Column("Rang"))
    rows = []
    for row, indicator in found:
        unit = wording.unit(replace(indicator, unit=wording.counted(indicator)))
        label = f"{indicator.label} ({unit})" if unit else indicator.label
        cells = [
            tables.text(f"{label}, {wording.short_period(row['time_period'])}"),
            _number(row["value"], indicator),
            Cell(f"{_plain(row['median'], indicator)} ({int(row['n_compared'])})", raw=float(row["median"])),
            Cell(_gap(row, indicator), raw=float(row["gap"])),
        ]
        if view.internal:
            cells.append(tables.text(_rank(row)))
        rows.append([*cells, tables.text(wording.word("situations", row["place"]))])
    caption = f"{common.heading(view, 'situation')}, {wording.place(view.name)}"
    return Table(names("situation-tableau"), caption, columns, rows, details=[_told("legende")], notes=[])


def _lines(view: View, names: Names, found: list[tuple[Mapping[Any, Any], Indicator]]) -> Table:
    """Return one column a territory compared with, one row an indicator."""
    table = view.table("standing_lines")
    own = table[table["geo"].eq(view.geo)]
    others = [geo for geo in dict.fromkeys(own["other"]) if geo in view.names]
    others.sort(key=lambda geo: view.names[geo])
    known = {(row["indicator"], row["other"]): float(row["value"]) for row in own.to_dict("records")}
    columns = [Column("Indicateur"), *(Column(view.names[geo], numeric=True) for geo in others)]
    rows = [
        [
            tables.text(indicator.label),
            *(_number(known.get((indicator.id, geo), math.nan), indicator) for geo in others),
        ]
        for _, indicator in found
    ]
    return Table(names("situation-lignes"), _told("lignes"), columns, rows, details=[], notes=[])


def _rank(row: Mapping[Any, Any]) -> str:
    low, high = int(row["rank_low"]), int(row["rank_high"])
    total = french.number(int(row["n_compared"]) + 1)
    first = french.ordinal(low)
    return _told("rang", {"rang": first if low == high else f"{first} à {french.ordinal(high)}", "sur": total})


def _gap(row: Mapping[Any, Any], indicator: Indicator) -> str:
    gap, low, high = (float(row[name]) for name in ("gap", "gap_low", "gap_high"))
    shown = french.number(gap, indicator.decimals, sign=True)
    ends = {
        "bas": french.number(low, indicator.decimals, sign=True),
        "haut": french.number(high, indicator.decimals, sign=True),
    }
    return f"{shown} ({_told('entre', ends)})" if low < high else shown


def _plain(value: Any, indicator: Indicator) -> str:
    return french.number(float(value), indicator.decimals)


def _number(value: Any, indicator: Indicator) -> Cell:
    number = float(value)
    return tables.withheld("absent") if math.isnan(number) else Cell(_plain(number, indicator), raw=number)


def _told(key: str, values: Mapping[str, str] | None = None) -> str:
    return wording.say(key, values, table="situations_phrases")
