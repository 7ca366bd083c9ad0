"""What changed since before the convention: how many indicators, which ones, and what chance leaves uncertain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, tables, wording
from ctgeval.render.lines import Indicator, Point
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

MOST_PUBLIC = 6
"""A short list stays a short list for the inhabitants."""
_LEVEL = 0.05
_CLEAR = frozenset({"amelioration", "degradation"})


@dataclass(frozen=True, slots=True)
class _Change:
    """One row of the release, and the two values that it compares."""

    row: Mapping[str, Any]
    indicator: Indicator
    first: Point
    last: Point

    @property
    def code(self) -> str:
        """The verdict; of an indicator that has no wished direction, which way it moved."""
        verdict, moved = str(self.row["verdict"]), View.text(self.row["moved"])
        return moved if moved and verdict == "non_concluant" else verdict

    @property
    def established(self) -> bool:
        """Whether the figure did move."""
        return bool(View.text(self.row["moved"]))

    @property
    def unsaid(self) -> bool:
        """Whether the table does not tell why nothing is concluded."""
        stands_alone = float(self.row["p_value"]) <= _LEVEL
        return str(self.row["verdict"]) == "non_evaluable" or (stands_alone and not self.established)


def changes(view: View, names: Names) -> Markup:
    """Return what changed since before the convention: the count, what chance would do, the table, the sentences."""
    title = common.heading(view, "evolutions")
    heading = names("evolutions")
    found = _found(view)
    if not found:
        return common.nothing(view, heading, title, provide="evolutions")
    if view.public:
        return _plain(heading, title, found)
    lead = _lead(found)
    about = [blocks.paragraph(_chance(found)), blocks.paragraph(_told("constat"))]
    shown = [one for one in found if view.technical or one.established]
    parts = about
    if shown:
        parts.append(tables.render(_table(view, names, shown, whole=len(shown) == len(found))))
    unsaid = [View.text(one.row["sentence"]) for one in shown if one.unsaid]
    if view.technical and unsaid:
        parts.append(blocks.folded(_told("phrases"), blocks.bullets(unsaid)))
    return blocks.section(heading, title, parts, lead=lead)


def told(view: View) -> frozenset[str]:
    """Return the indicators that the table of the section gives, each with its last value."""
    if view.public:
        return frozenset()
    return frozenset(one.indicator.id for one in _found(view) if view.technical or one.established)


def _found(view: View) -> list[_Change]:
    """Read the comparisons of the territory whose two periods the page speaks of, in the order of the indicators."""
    table = view.table("changes")
    rows = {str(row["indicator"]): row for row in table[table["geo"].eq(view.geo)].to_dict("records")}
    found = []
    for indicator in view.indicators.values():
        row, line = rows.get(indicator.id), view.line(indicator.id)
        if row is None or line is None:
            continue
        first, last = line.at(str(row["period_from"])), line.at(str(row["period_to"]))
        if first is not None and last is not None and first.known and last.known:
            found.append(_Change({str(name): value for name, value in row.items()}, indicator, first, last))
    return found


def _plain(heading: str, title: str, found: Sequence[_Change]) -> Markup:
    clear = [one for one in found if str(one.row["verdict"]) in _CLEAR and one.indicator.retained]
    if not clear:
        return blocks.section(heading, title, [], lead=_told("habitants_rien"))
    lines = [wording.evolution(one.first, one.last, one.indicator) for one in clear[:MOST_PUBLIC]]
    key = "habitants_un" if len(clear) == 1 else "habitants"
    told = {"nombre": french.plural(len(clear), "chiffre")}
    parts = [blocks.bullets(lines), blocks.paragraph(_told("constat"))]
    return blocks.section(heading, title, parts, lead=_told(key, told))


def _lead(found: Sequence[_Change]) -> str:
    """Return how many indicators were compared, and what became of them."""
    codes = [one.code for one in found]
    details = []
    for code in wording.catalogue()["constats_bilan"]:
        count = codes.count(code)
        if count:
            words = "constats_bilan" if count == 1 else "constats_bilan_pluriel"
            details.append(f"{french.number(count)} {wording.word(words, code)}")
    total = french.plural(len(found), "indicateur")
    key = "lead_un" if len(found) == 1 else "lead"
    return _told(key, {"total": total, "details": french.enumeration(details)})


def _chance(found: Sequence[_Change]) -> str:
    """Return what chance alone would make of so many comparisons, and how they were judged together."""
    tested = [one for one in found if math.isfinite(float(one.row["p_value"]))]
    if len(tested) < 2:
        return _told("hasard_un" if tested else "hasard_aucun")
    alone = sum(float(one.row["p_value"]) <= _LEVEL for one in tested)
    together = sum(one.established for one in tested)
    return _told(
        "hasard",
        {
            "tests": french.number(len(tested)),
            "attendu": french.number(len(tested) * _LEVEL, 1),
            "seules": _counted("seules", alone),
            "ensemble": _counted("ensemble", together),
        },
    )


def _counted(key: str, count: int) -> str:
    suffix = {0: "_aucune", 1: "_une"}.get(count, "")
    return _told(f"{key}{suffix}", {"nombre": french.number(count)})


def _table(view: View, names: Names, found: Sequence[_Change], *, whole: bool) -> Table:
    columns = [Column("Indicateur"), Column("Avant"), Column("Maintenant"), Column("Écart", numeric=True)]
    columns.append(Column("Constat"))
    rows = [_row(view, one) for one in found]
    points = [point for one in found for point in (one.first, one.last)]
    caption = f"{common.heading(view, 'evolutions')}, {wording.place(view.name)}"
    margins = _told("parentheses") if view.technical else ""
    details = [common.perimeter(points), margins, _told("methode"), "" if whole else _told("autres")]
    return Table(
        names("evolutions-tableau"), caption, columns, rows, details=[one for one in details if one],
        notes=common.notes(view, points), downloadable=view.technical,
    )  # fmt: skip


def _row(view: View, one: _Change) -> list[Cell]:
    indicator = one.indicator
    unit = wording.unit(replace(indicator, unit=wording.counted(indicator)))
    cells = [
        tables.text(f"{indicator.label} ({unit})" if unit else indicator.label),
        _value(replace(one.first, ci_low=math.nan), indicator),
        _value(one.last if view.technical else replace(one.last, ci_low=math.nan), indicator),
        Cell(_gap(float(one.row["change"]), indicator) + _margin(view, one), raw=float(one.row["change"])),
    ]
    return [*cells, tables.text(wording.word("constats", one.code))]


def _margin(view: View, one: _Change) -> str:
    """Return, for those who check the figures, what chance leaves uncertain of a change."""
    low, high = float(one.row["ci_low"]), float(one.row["ci_high"])
    if not view.technical or not math.isfinite(low):
        return ""
    told = wording.say("marge", {"bas": _signed(low, one.indicator), "haut": _signed(high, one.indicator)})
    return french.typography(f" ({told})")


def _value(point: Point, indicator: Indicator) -> Cell:
    """Return a value with its period, and what a share was made from."""
    shown = f"{wording.amount(point.value, indicator, with_unit=False)} ({wording.short_period(point.period)})"
    counts = wording.margin(point, indicator)
    return Cell(f"{shown} ; {counts}" if counts else shown, raw=point.value, provisional=point.provisional)


def _gap(value: float, indicator: Indicator) -> str:
    """Return a change with its sign, in points when it is one of percentages."""
    shown = _signed(value, indicator)
    return f"{shown}{french.NBSP}{'point' if abs(value) < 2 else 'points'}" if indicator.unit == "%" else shown


def _signed(value: float, indicator: Indicator) -> str:
    return french.number(value, indicator.decimals, sign=True)


def _told(key: str, values: Mapping[str, str] | None = None) -> str:
    return wording.say(key, values, table="evolutions")
