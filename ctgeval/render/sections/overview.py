"""Indicators: the page for elected officials, the context, each indicator by itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, figures, tables, wording
from ctgeval.render.lines import Indicator, Line, Point
from ctgeval.render.sections import common, programme, targets
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

MOST_CARDS = 8
MOST_FIGURES = 3
MOST_RESULTS = 2


@dataclass(frozen=True, slots=True)
class Card:
    """One key figure."""

    name: str
    value: str
    source: str
    unit: str = ""
    mark: str = ""
    evolution: str = ""
    verdict: str = ""
    code: str = ""
    strong: bool = False


def key_figures(view: View, names: Names) -> Markup:
    """Return the five to eight figures that an elected official reads first, the reste à charge among them."""
    title = common.heading(view, "chiffres")
    identifier = names("chiffres")
    cards = [Card(**card, strong=True) for card in programme.headlines(view)]
    cards += [_card(view, indicator) for indicator in _chosen(view)[: MOST_CARDS - len(cards)]]
    if not cards:
        return common.nothing(view, identifier, title, provide="chiffres")
    marks = sorted({card.mark for card in cards if card.mark})
    legend = " ".join(wording.word("marques", f"legende_{mark}") for mark in marks)
    return blocks.section(identifier, title, [blocks.block("cards", cards), blocks.paragraph(legend, css="legende")])


def _chosen(view: View) -> list[Indicator]:
    told = [one for one in view.indicators.values() if one.retained and view.line(one.id) is not None]
    if told:
        return told
    return common.by_headline(view.available())


def _card(view: View, indicator: Indicator) -> Card:
    line = view.line(indicator.id)
    line = line.steady if line is not None else Line(view.geo, view.name, ())
    points, known = line.points, line.known
    last = points[-1]
    # A value withheld for the last period is told as such; one not given yet gives way to the last known.
    shown = known[-1] if known and last.mark != "masque" else last
    cited = [View.text(row["producteur"]) or View.text(row["titre"]) for row in view.sources([shown])]
    target = view.target(indicator.id)
    verdict = targets.verdict(view, target) if target else "sans_cible"
    value, unit = wording.split(shown, indicator)
    return Card(
        name=indicator.label,
        value=value,
        unit=unit,
        mark="" if shown.known or shown.bounded else shown.mark,
        evolution=wording.card_evolution(line.baseline, shown, indicator) if shown.known else "",
        verdict=wording.verdict({**target, "verdict": verdict}, indicator)
        if target and verdict != "sans_cible"
        else "",
        code=verdict.replace("_", "-"),
        source=" · ".join([wording.capital(french.period(shown.period)), *dict.fromkeys(cited)])
        + (" · provisoire" if shown.provisional else ""),
    )


def context(view: View, names: Names) -> Markup:
    """Return the population and the needs, each against its comparators; the author's text first."""
    title = common.heading(view, "contexte")
    identifier = names("contexte")
    found = common.by_headline(view.available(kind="contexte"))
    prose = common.commentary(view, "contexte")
    if not found:
        return Markup("\n").join(
            [common.nothing(view, identifier, title, provide="contexte"), prose] if prose
            else [common.nothing(view, identifier, title, provide="contexte")]
        )  # fmt: skip
    drawn, others = found[:MOST_FIGURES], found[MOST_FIGURES:]
    lead = wording.message(view.line(found[0].id), found[0])
    parts = [prose, *(_detail(view, names, one, told=lead) for one in drawn)]
    if others:
        parts.append(_rest(view, names, others, key="autres_contexte"))
    return blocks.section(identifier, title, parts, lead=lead)


def _lines(view: View, indicator: Indicator) -> list[Line]:
    own = view.line(indicator.id)
    if own is None:
        return []
    compared = list(view.compared(indicator.id))[: figures.MOST_LINES - 2]
    typical = view.typical(indicator.id) if wording.relative(indicator) else None
    if typical is None:
        return [own, *compared]
    median, count = typical
    return [own, *compared, replace(median, name=wording.typical(count, view.level))]


def _detail(view: View, names: Names, indicator: Indicator, *, told: str = "") -> Markup:
    lines = _lines(view, indicator)
    message = wording.message(lines[0], indicator)
    drawn = common.trajectory(view, names, indicator, lines, message="" if message == told else message)
    return blocks.subsection(indicator.label, [drawn])


def _rest(view: View, names: Names, found: Sequence[Indicator], *, key: str = "autres") -> Markup:
    title = common.heading(view, key)
    table = summary(view, names, found, caption=f"{title}, {wording.place(view.name)}")
    return blocks.folded(title, table) if view.public else blocks.subsection(title, [table])


def summary(view: View, names: Names, found: Sequence[Indicator], *, caption: str) -> Markup:
    """Return the last value and the evolution of some indicators, in a table."""
    rows: list[list[Cell]] = []
    points: list[Point] = []
    for indicator in found:
        line = view.line(indicator.id)
        if line is None or not line.known:
            continue
        line = line.steady
        first, last = line.baseline, line.known[-1]
        points += [first, last]
        evolution = wording.card_evolution(first, last, indicator) if first is not last else "une seule période"
        rows.append(
            [
                tables.text(f"{indicator.label}, {wording.short_period(last.period)}"),
                Cell(_with_margin(view, last, indicator), raw=last.value, provisional=last.provisional),
                tables.text(evolution),
            ]
        )
    columns = [Column("Indicateur"), Column("Dernière valeur"), Column("Évolution")]
    details = [one for one in [common.perimeter(points)] if one]
    return tables.render(
        Table(names("autres-indicateurs"), caption, columns, rows, details=details, notes=common.notes(view, points))
    )


def _with_margin(view: View, point: Point, indicator: Indicator) -> str:
    """Return a value, and for those who check the figures what chance leaves uncertain of it."""
    # In a cell as narrow as a word, a number may stand on the line above what it counts.
    shown = wording.amount(point.value, indicator).replace(french.NBSP, " ")
    told = wording.margin(point, indicator) if view.technical else ""
    return f"{shown} ({told})" if told else shown


def indicator(view: View, names: Names, identifier: str) -> Markup:
    """Return all that is known of one indicator: message, figure, values, definition, source and limits."""
    found = view.indicator(identifier)
    heading = names(french.slug(found.id))
    line = view.line(found.id)
    if line is None or not line.points:
        return common.nothing(view, heading, found.label, provide="indicateur")
    parts = [
        blocks.paragraph(found.definition, css="definition"),
        common.trajectory(view, names, found, _lines(view, found)),
        blocks.bullets(found.caveats, css="precautions"),
    ]
    return blocks.section(heading, found.label, parts, lead=wording.message(line, found))


def others(view: View, names: Names, *, compared: Collection[str] = ()) -> Markup:
    """Return every indicator that the territory has and that the context did not show.

    Those of ``compared`` are counted and may be drawn, but have no row: the page gives it elsewhere.
    """
    title = common.heading(view, "resultats")
    heading = names("resultats")
    found = [one for one in common.by_headline(view.available()) if one.kind != "contexte"]
    if not found:
        return common.nothing(view, heading, title, provide="autres")
    drawn, rest = found[:MOST_RESULTS], found[MOST_RESULTS:]
    parts = [_detail(view, names, one) for one in drawn]
    told = [one for one in rest if one.id not in compared]
    if told:
        parts.append(_rest(view, names, told))
    if len(told) < len(rest):
        title_of_changes = common.heading(view, "evolutions")
        parts.append(blocks.paragraph(wording.say("deja_compares", {"titre": title_of_changes}), css="note"))
    key = "resultats" if len(found) == 1 else "resultats_plusieurs"
    lead = wording.say(key, {"nombre": french.plural(len(found), "chiffre" if view.public else "indicateur")})
    return blocks.section(heading, title, parts, lead=lead)
