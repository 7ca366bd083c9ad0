"""Territories: the place of one among those of its level, and an indicator commune by commune."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, figures, tables, wording
from ctgeval.render.canvas import Drawing
from ctgeval.render.figures import Bar
from ctgeval.render.lines import Indicator, Line, Point
from ctgeval.render.sections import common
from ctgeval.render.sections.area_map import area_map
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

MOST_COMMUNES = 60
EXTREMES = 10
ENOUGH_FOR_QUARTILES = 8
NEIGHBOURS = 3


def comparison(view: View, names: Names, identifier: str) -> Markup:
    """Return the place of the territory among those of its level: rank, quartiles, and the lines around it.

    With an empty identifier, the first rate that at least one other territory has.
    """
    title = common.heading(view, "comparaison")
    heading = names("comparaison")
    found = view.indicator(identifier) if identifier else _comparable(view)
    line = view.line(found.id) if found is not None else None
    if found is None or line is None:
        return _evolutions(view, names, heading, title)
    if not line.known:
        said = wording.say("rang_absent", {"nom": view.name, "quand": wording.when(line.points[-1].period)})
        return blocks.section(heading, title, [], lead=said)
    last = line.known[-1]
    at = [(other, point) for other in view.peers(found.id) if (point := other.at(last.period)) and point.known]
    if not at:
        told = {"nom": view.name, "quand": wording.when(last.period)}
        return blocks.section(heading, title, [], lead=wording.say("rang_seul", told))
    ranked = sorted([(line, last), *at], key=lambda pair: (-pair[1].value, pair[0].name))
    values = [point.value for _, point in ranked]
    rank = 1 + sum(value > last.value for value in values)
    lead = wording.rank(view.name, view.level, rank, len(ranked), last.period)
    caption = f"{found.label} {wording.when(last.period)}"
    many = len(ranked) >= ENOUGH_FOR_QUARTILES
    if many:
        drawing = figures.position(view.name, last.value, values, indicator=found, fictional=view.fictional)
        message = wording.quartiles(view.level, found, [float(q) for q in np.quantile(values, [0.25, 0.5, 0.75])])
    else:
        drawing = _bars(view, found, line, ranked, last.period)
        message = ""
    near = _named(view, line, ranked, many=many)
    rows = [
        [
            tables.text(other.name, strong=other is line),
            Cell(_rank(values, point.value)),
            tables.point(point, found),
        ]
        for other, point in near
    ]
    if not view.internal:
        rows += [
            [tables.text(name), Cell("–"), tables.number(at, wording.amount(at, found, with_unit=False))]
            for name, at in _marks(view, values)
        ]
    columns = [Column("Territoire"), Column("Rang", numeric=True), Column("Valeur", numeric=True)]
    points = [point for _, point in near]
    details = [common.unit_sentence(found), common.perimeter(points)]
    table = Table(
        names("voisins"), wording.say(_kind(view, many=many), {"titre": caption}),
        columns, rows,
        details=[one for one in details if one], notes=common.notes(view, points),
    )  # fmt: skip
    figure = blocks.figure(names("comparaison-figure"), caption, drawing)
    parts = [blocks.paragraph(message), blocks.grid([figure, tables.render(table)])]
    return blocks.section(heading, title, parts, lead=lead)


def _kind(view: View, *, many: bool) -> str:
    return "reperes" if not view.internal else "voisins" if many else "classement"


def _named(view: View, line: Line, ranked: Sequence[tuple[Line, Point]], *, many: bool) -> Sequence[tuple[Line, Point]]:
    """Return the ranked territories that these readers may see named: outside the team, their own alone."""
    if not view.internal:
        return [pair for pair in ranked if pair[0] is line]
    middle = next(place for place, (other, _) in enumerate(ranked) if other is line)
    return ranked[max(0, middle - NEIGHBOURS) : middle + NEIGHBOURS + 1] if many else ranked


def _marks(view: View, values: Sequence[float]) -> list[tuple[str, float]]:
    """Return what stands for all the territories of the level, none of them named: a median, quartiles of many."""
    told = {"nombre": f"{french.number(len(values))} {wording.word('niveaux', view.level)}"}
    shares = {"haut": 0.75, "mediane": 0.5, "bas": 0.25}
    kept = shares if len(values) >= ENOUGH_FOR_QUARTILES else {"mediane": 0.5}
    return [(wording.say(f"reperes_{name}", told), float(np.quantile(values, share))) for name, share in kept.items()]


def _rank(values: Sequence[float], own: float) -> str:
    at = 1 + sum(value > own for value in values)
    return french.ordinal(at).replace(str(at), french.number(at))


def _evolutions(view: View, names: Names, heading: str, title: str) -> Markup:
    """Compare the evolutions of a count, when no rate can be compared: those of the chosen territories, by name."""
    known = [one for one in common.by_headline(view.available()) if view.compared(one.id)]
    moved = ((one, line.steady) for one in known if (line := view.line(one.id)) is not None)
    found = next(((one, line) for one, line in moved if line.baseline is not line.known[-1]), None)
    if found is None:
        return common.nothing(view, heading, title, provide="comparaison")
    indicator, own = found
    first, last = own.baseline, own.known[-1]
    lines = [own, *(line.steady for line in view.compared(indicator.id))]
    both = [
        (line, before, after)
        for line in lines
        if (before := line.at(first.period)) and (after := line.at(last.period)) and before.known and after.known
    ]
    others = sorted(
        ((after.value / before.value, line.name, before, after) for line, before, after in both[1:] if before.value),
        key=lambda one: one[:2],
    )
    told = {
        "indicateur": indicator.label,
        "lieu": wording.place(view.name),
        "ecart": wording.signed_change(first, last, indicator),
        "temps": wording.between(first.period, last.period),
    }
    lead = wording.say("evolutions", told)
    if others:
        (_, low, low_before, low_after), (_, high, high_before, high_after) = others[0], others[-1]
        among = {
            "bas": wording.signed_change(low_before, low_after, indicator), "nom_bas": low,
            "haut": wording.signed_change(high_before, high_after, indicator), "nom_haut": high,
        }  # fmt: skip
        # The first and the last of a ranking are named for the team only.
        lead = f"{lead} {wording.say('evolutions_autres' if view.internal else 'evolutions_etendue', among)}"
    columns = [Column("Territoire"), *(Column(wording.short_period(one.period), numeric=True) for one in (first, last))]
    points = [point for _, before, after in both for point in (before, after)]
    details = [one for one in [common.unit_sentence(indicator), common.perimeter(points)] if one]
    table = Table(
        names("evolutions"), f"{indicator.label} : l’évolution comparée", [*columns, Column("Évolution", numeric=True)],
        [_member(line, indicator, first.period, last.period) for line in lines], details=details,
        notes=common.notes(view, points),
    )  # fmt: skip
    return blocks.section(heading, title, [tables.render(table)], lead=lead)


def _comparable(view: View) -> Indicator | None:
    rates = [one for one in view.available() if wording.relative(one)]
    with_peers = (one for one in common.by_headline(rates) if any(peer.known for peer in view.peers(one.id)))
    return next(with_peers, None)


def _bars(view: View, found: Indicator, line: Line, ranked: Sequence[tuple[Line, Point]], period: str) -> Drawing:
    shown = [(one.name, point.value, one is line) for one, point in _named(view, line, ranked, many=False)]
    if not view.internal:
        shown += [(name, at, False) for name, at in _marks(view, [point.value for _, point in ranked])]
        shown.sort(key=lambda one: -one[1])
    entries = [Bar(name, at, wording.amount(at, found, with_unit=False), main=main) for name, at, main in shown]
    told = french.enumeration([f"{entry.label} {entry.text}" for entry in entries])
    values = {"indicateur": wording.lower(found.label), "quand": wording.when(period), "lignes": told}
    return figures.bars(entries, alternative=wording.say("alternative_rangs", values), fictional=view.fictional)


def members(view: View, names: Names, identifier: str) -> Markup:
    """Return an indicator commune by commune, masked and missing cells with their marks.

    With an empty identifier, the first headline that the communes have. Nothing when the page is about a commune.
    """
    if view.level == "COM":
        return Markup("")
    title = common.heading(view, "communes")
    heading = names("communes")
    found = view.indicator(identifier) if identifier else _shared(view)
    lines = view.members(found.id) if found is not None else ()
    if found is None or not lines:
        return common.nothing(view, heading, title, provide="communes")
    times = [line.known for line in lines if line.known]
    if not times:
        return common.nothing(view, heading, title, provide="communes")
    first, last = common.span(lines)
    rows = [_member(line, found, first, last) for line in lines]
    extra: list[list[Cell]] = []
    parts = []
    if len(lines) > MOST_COMMUNES:
        known = sorted(
            (line for line in lines if (point := line.at(last)) and point.known),
            key=lambda line: (-_value(line, last), line.name),
        )
        shown = {line.geo for line in (*known[:EXTREMES], *known[-EXTREMES:])}
        rows = [_member(line, found, first, last) for line in known if line.geo in shown]
        extra = [_member(line, found, first, last) for line in lines if line.geo not in shown]
        parts.append(blocks.paragraph(wording.say("communes_extrait", {"nombre": str(EXTREMES)})))
    columns = [
        Column("Commune"),
        *(Column(wording.short_period(time), numeric=True) for time in dict.fromkeys([first, last])),
    ]
    if first != last:
        columns.append(Column("Évolution", numeric=True))
    points = [point for line in lines for point in line.points if point.period in {first, last}]
    details = [one for one in [common.unit_sentence(found), common.perimeter(points)] if one]
    table = (
        tables.render(
            Table(names("communes-tableau"), f"{found.label} par commune", columns, rows, details=details,
                  notes=common.notes(view, points), extra=extra)
        )
    )  # fmt: skip
    drawn = area_map(view, names, found, lines, span=(first, last))
    parts += [drawn, table]
    return blocks.section(heading, title, parts, lead=wording.communes(lines, found, last))


def _shared(view: View) -> Indicator | None:
    found = common.by_headline(list(view.indicators.values()))
    return next((one for one in found if any(line.known for line in view.members(one.id))), None)


def _value(line: Line, period: str) -> float:
    point = line.at(period)
    return point.value if point is not None else math.nan


def _member(line: Line, indicator: Indicator, first: str, last: str) -> list[Cell]:
    before, after = line.at(first), line.at(last)
    cells = [tables.text(line.name), tables.point(before, indicator)]
    if first == last:
        return cells
    cells.append(tables.point(after, indicator))
    if before is not None and after is not None and before.known and after.known:
        told = wording.signed_change(before, after, indicator)
        cells.append(Cell(told, raw=wording.evolved(before, after, indicator)))
    else:
        hidden = any(point is not None and point.mark == "masque" for point in (before, after))
        cells.append(tables.withheld("masque" if hidden else "absent"))
    return cells
