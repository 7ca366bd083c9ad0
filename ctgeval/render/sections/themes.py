"""Indicators by theme, and the figures that a partner returned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, tables, wording
from ctgeval.render.lines import Indicator
from ctgeval.render.sections import common, overview
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import WITHHELD, View

Row = Mapping[Any, Any]
_MOST_PERIODS = 4


def theme(view: View, names: Names, name: str = "") -> Markup:
    """Return what is known of a theme, in a table; by default of each theme of what the partner returns."""
    wanted = [name] if name else _own_themes(view)
    parts = []
    for one in wanted:
        found = [item for item in view.available() if french.fold(item.theme) == french.fold(one)]
        if found:
            parts.append(_of(view, names, one, found))
    if not parts:
        title = name or common.heading(view, "themes")
        return common.nothing(view, names("themes"), title, provide="autres")
    return Markup("\n").join(parts)


def returns(view: View, names: Names) -> Markup:
    """Return the partner's own figures, structure by structure, as they were received."""
    title, heading = common.heading(view, "retours"), names("retours")
    rows = _own(view)
    if not rows:
        return common.nothing(view, heading, title, provide="retours")
    times = periods.sort({str(row["time_period"]) for row in rows})[-_MOST_PERIODS:]
    columns = [Column(_say("colonne_mesure")), *(Column(wording.short_period(one), numeric=True) for one in times)]
    lines = []
    for (indicator, structure), group in groupby(rows, key=lambda row: (str(row["indicator"]), str(row["structure"]))):
        item = view.indicators.get(indicator)
        if item is None:
            continue
        told = {str(row["time_period"]): row for row in group}
        if any(one in told for one in times):
            label = f"{item.label} – {structure}"
            lines.append([tables.text(label), *(_cell(told.get(one), item) for one in times)])
    if not lines:
        return common.nothing(view, heading, title, provide="retours")
    caption = _say("tableau")
    table = tables.render(Table(names("retours-tableau"), caption, columns, lines, notes=[_say("note")]))
    lead = _say("message", nombre=french.plural(len(lines), "série de chiffres", "séries de chiffres"))
    return common.section(view, "retours", heading, title, [common.commentary(view, "retours"), table], lead=lead)


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table="retours")


def _of(view: View, names: Names, name: str, found: Sequence[Indicator]) -> Markup:
    heading = names(french.slug(name) or "theme")
    lead = wording.message(view.line(found[0].id), found[0])
    table = overview.summary(view, names, found, caption=f"{name}, {wording.place(view.name)}")
    return blocks.section(heading, name, [table], lead=lead)


def _own(view: View) -> list[Row]:
    table = view.release.results
    if "structure" not in table:
        return []
    told = table[table["structure"].notna() & table["structure"].astype("str").ne("")]
    if view.period and len(told):
        last = periods.end(view.period)
        told = told[[periods.end(str(one)) <= last for one in told["time_period"]]]
    return list(told.sort_values(["indicator", "structure", "time_period"], kind="stable").to_dict("records"))


def _own_themes(view: View) -> list[str]:
    """Return the themes of what the partner returns; those of the indicators followed when it returns nothing."""
    own = {str(row["indicator"]) for row in _own(view)}
    items = [item for item in view.indicators.values() if item.id in own] or [
        item for item in view.indicators.values() if item.retained
    ]
    return list(dict.fromkeys(item.theme for item in items))


def _cell(row: Row | None, item: Indicator) -> Cell:
    if row is None:
        return tables.withheld("absent")
    value = float(row["value"])
    if math.isfinite(value):
        return tables.number(value, wording.bare(value, item))
    return tables.withheld("masque" if View.text(row["conf_status"]) in WITHHELD else "absent")
