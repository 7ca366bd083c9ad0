"""What every section does alike: perimeter, source and limits of some points, and what to say when there is nothing."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, figures, tables, wording
from ctgeval.render.lines import Indicator, Line, Point
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

Names = Callable[[str], str]
"""Gives each identifier of the page once: ``chiffres``, then ``chiffres-2``."""

HEADLINES = ("PO01", "PE01", "CO02", "CO01")
"""What tells most of a territory, when nothing was retained."""

_MOST_PERIODS = 6
_MOST_TERRITORIES = 6


def heading(view: View, key: str) -> str:
    """Return the title of a section, in plain words for the inhabitants."""
    own = wording.catalogue().get(f"titres_{view.carnet}", {})
    plain = wording.catalogue()["titres_habitants"] if view.public else {}
    return own.get(key) or plain.get(key) or wording.word("titres", key)


def nothing(
    view: View, identifier: str, title: str, *, provide: str, values: Mapping[str, str] | None = None
) -> Markup:
    """Return the one line of a section that has nothing to say; ``interne`` is also told what to provide."""
    parts = [*set_aside(view, provide), blocks.paragraph(wording.say("rien", {"titre": title}), css="vide")]
    if view.internal:
        parts.append(blocks.paragraph(wording.say(provide, values, table="fournir"), css="a-fournir"))
    return blocks.section(identifier, title, parts)


def section(view: View, topic: str, identifier: str, title: str, parts: Sequence[Markup], *, lead: str = "") -> Markup:
    """Return the section of a topic of the follow-up, headed by what it had to leave out, if anything."""
    return blocks.section(identifier, title, [*set_aside(view, topic), *parts], lead=lead)


def set_aside(view: View, topic: str) -> list[Markup]:
    """Return what a section had to leave out, one paragraph per table; where it is, for ``interne``."""
    table = view.table("set_aside")
    rows = table[table["section"].eq(topic)].to_dict("records") if len(table) else []
    told = [
        wording.say("ou", {"sentence": str(row["sentence"]), "place": str(row["place"])}, table="ecartees")
        if View.text(row["place"])
        else str(row["sentence"])
        for row in rows
    ]
    return [blocks.paragraph(sentence, css="a-fournir") for sentence in told]


def perimeter(points: Iterable[Point]) -> str:
    """Return the sentence that tells in which geography some values are expressed; empty when nothing is known."""
    years = {point.geography for point in points if point.geography is not None}
    if not years:
        return ""
    return wording.say("perimetre", {"annee": str(*years)}) if len(years) == 1 else wording.say("perimetres")


def notes(view: View, points: Iterable[Point]) -> list[str]:
    """Return the sources of some points with their date of update, then their limits."""
    points = list(points)
    return [*_cited(view.sources(points)), *view.limits(points)]


def _cited(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the line that cites some sources, each producer named once."""
    if len(rows) < 2:
        return [wording.say("source_citee", {"sources": source(row)}) for row in rows]
    told = []
    for producer, found in groupby(
        sorted(rows, key=lambda row: View.text(row["producteur"])), key=lambda row: View.text(row["producteur"])
    ):
        days: dict[str, set[dt.date]] = {}
        for row in found:
            day = View.day(row["mise_a_jour"])
            days.setdefault(View.text(row["titre"]), set()).update([day] if day else [])
        titles = french.enumeration([_dated(title, given) for title, given in days.items()])
        told.append(f"{producer}, {titles}" if producer else titles)
    return [wording.say("sources_citees", {"sources": " ; ".join(told)})]


def _dated(title: str, days: Iterable[dt.date]) -> str:
    told = french.enumeration([french.date(day) for day in sorted(days)])
    return f"{title} ({told})" if told else title


def source(row: Mapping[str, object]) -> str:
    """Return the line that cites a source."""
    producer, title = View.text(row["producteur"]), View.text(row["titre"])
    named = f"{producer}, {title}" if producer and not title.startswith(producer) else title
    day = View.day(row["mise_a_jour"])
    values = {"titre": named, "date": french.date(day) if day else ""}
    return wording.say("source" if day else "source_sans_date", values)


def unit_sentence(indicator: Indicator) -> str:
    """Return the unit of an indicator as a sentence."""
    unit = {"%": "pourcentage"}.get(indicator.unit, indicator.unit.replace("EUR", "euros"))
    return f"Unité : {unit}." if unit else ""


def values_table(identifier: str, lines: Sequence[Line], indicator: Indicator, *, caption: str) -> Table:
    """Lay the values of some lines out, along whichever of time and territory keeps the table narrow."""
    times = periods.sort({point.period for line in lines for point in line.points})
    details = [unit_sentence(indicator), perimeter(point for line in lines for point in line.points)]
    if len(times) <= _MOST_PERIODS and len(lines) > 1:
        columns = [Column("Territoire"), *(Column(wording.short_period(time), numeric=True) for time in times)]
        rows = [[tables.text(line.name), *(tables.point(line.at(time), indicator) for time in times)] for line in lines]
    elif len(lines) <= _MOST_TERRITORIES:
        columns = [Column("Période"), *(Column(line.name, numeric=True) for line in lines)]
        rows = [
            [Cell(wording.short_period(time)), *(tables.point(line.at(time), indicator) for line in lines)]
            for time in times
        ]
    else:
        columns = [Column("Territoire"), Column("Période"), Column("Valeur", numeric=True)]
        rows = [
            [tables.text(line.name), Cell(wording.short_period(point.period)), tables.point(point, indicator)]
            for line in lines
            for point in line.points
        ]
    return Table(identifier, caption, columns, rows, details=[one for one in details if one])


def trajectory(view: View, names: Names, indicator: Indicator, lines: Sequence[Line], *, message: str = "") -> Markup:
    """Return the figure of an indicator's lines, the table of their values, their source and their limits.

    Counts of territories of unlike sizes are drawn from a base of 100, so that their slopes can be compared; the
    table always holds the values themselves.
    """
    stem = names(f"{french.slug(indicator.id)}-valeurs")
    points = [point for line in lines for point in line.points]
    caption = f"{indicator.label}, {wording.place(view.name)}"
    table = tables.render(values_table(stem, lines, indicator, caption=caption))
    shown, drawn = _drawn([line.steady for line in lines], indicator)
    about, said = blocks.paragraph(message), [*_margin(view, lines[0], indicator), *notes(view, points)]
    if len(shown[0].known) < 2:
        return Markup("\n").join([about, table, blocks.bullets(said, css="notes")])
    drawing = figures.trajectory(shown, drawn, fictional=view.fictional)
    times = periods.sort({point.period for point in shown[0].points})
    title = wording.span(times[0], times[-1], drawn)
    figure = blocks.figure(f"{stem}-figure", title, drawing, about=indicator.label)
    return blocks.sheet(figure, about=about, values=blocks.folded("Les valeurs en tableau", table), notes=said)


def _margin(view: View, line: Line, indicator: Indicator) -> list[str]:
    """Tell those who check the figures what chance leaves uncertain of the last value."""
    last = line.steady.known[-1:] if view.technical else ()
    return [
        wording.say("marge_note", {"valeur": wording.amount(point.value, indicator), "marge": told})
        for point in last
        if (told := wording.margin(point, indicator)) and math.isfinite(point.ci_low)
    ]


def _drawn(lines: Sequence[Line], indicator: Indicator) -> tuple[Sequence[Line], Indicator]:
    lines = lines[: figures.MOST_LINES]
    if len(lines) == 1 or wording.relative(indicator):
        return lines, indicator
    base = next((point for point in lines[0].known if point.value > 0), None)
    if base is None:
        return lines[:1], indicator
    rebased = [wording.rebase(line, base.period) for line in lines]
    kept = [line for line in rebased if line is not None]
    return kept, wording.base_indicator(indicator, base.period)


def by_headline(found: Sequence[Indicator]) -> list[Indicator]:
    """Order indicators: those that the COPIL retained, then those that tell most, then the catalogue's order."""
    ranks = {indicator: rank for rank, indicator in enumerate(HEADLINES)}
    return sorted(found, key=lambda one: (not one.retained, ranks.get(one.id, len(ranks))))


def span(lines: Sequence[Line]) -> tuple[str, str]:
    """Return the first and the last period that at least one line knows."""
    times = periods.sort({point.period for line in lines for point in line.known})
    return times[0], times[-1]


def commentary(view: View, section: str) -> Markup:
    """Return the author's text that goes inside a computed section; nothing when there is none."""
    source = view.prose(section)
    return blocks.block("authored", blocks.markdown(source)) if source else Markup("")
