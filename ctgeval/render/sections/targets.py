"""Targets: the way done from each baseline, in sentences, in a figure and in a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, figures, tables, wording
from ctgeval.render.figures import Bar
from ctgeval.render.lines import Indicator, Point
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View


def progress(view: View, names: Names) -> Markup:
    """Return the way done from the baselines to the targets: sentences, figure, table."""
    title = common.heading(view, "progres")
    heading = names("progres")
    targets = [target for one in view.indicators if (target := view.target(one)) is not None]
    if not targets:
        return common.nothing(view, heading, title, provide="progres")
    entries = [
        Bar(View.text(target["label"]), share, wording.path(share))
        for target in targets
        if math.isfinite(share := _share(target))
    ]
    cells = [_by_verdict(view, targets)]
    if entries:
        drawing = figures.paths(entries, alternative=_alternative(entries), fictional=view.fictional)
        cells.insert(0, blocks.figure(names("progres-figure"), wording.say("legende_progres"), drawing))
    told_plainly = [sentence for target in targets if view.public and (sentence := View.text(target["sentence"]))]
    table = tables.render(_progress_table(view, names, targets))
    found = [verdict(view, target) for target in targets]
    lead = wording.progress(found, noun="chiffre" if view.public else "indicateur")
    parts = [blocks.grid(cells), blocks.folded("Le tableau complet", table) if view.public else table]
    if told_plainly:
        parts.append(blocks.folded("Objectif par objectif, en phrases", blocks.bullets(told_plainly)))
    return blocks.section(heading, title, parts, lead=lead)


def _alternative(entries: Sequence[Bar]) -> str:
    """Return what the figure shows: how many, the extremes, then each."""
    low, high = (choose(entries, key=lambda one: one.value) for choose in (min, max))
    ends = {"bas": low.text, "nom_bas": low.label, "haut": high.text, "nom_haut": high.label}
    values = {
        "nombre": french.plural(len(entries), "indicateur"),
        "etendue": wording.say("alternative_etendue", ends) if len(entries) > 1 else "",
        "lignes": " ".join(
            wording.say("alternative_chemin", {"nom": one.label, "chemin": one.text}) for one in entries
        ),
    }
    return wording.say("alternative_progres", values)


def verdict(view: View, target: Mapping[str, Any]) -> str:
    """Return the code of a verdict; a baseline that exists but is withheld is not told as a missing one."""
    told = str(target["verdict"])
    line, period = view.line(str(target["indicator"])), View.text(target["period_reference"])
    point = line.at(period) if line is not None and period else None
    masked = point is not None and point.mark == "masque" and not math.isfinite(_float(target["baseline"]))
    return "reference_masquee" if told == "sans_reference" and masked else told


def _share(target: dict[str, Any]) -> float:
    """Return the share of the way done; NaN for a range, to which there is no single way."""
    return _float(target["share"]) if math.isfinite(_float(target["target"])) else math.nan


def _by_verdict(view: View, targets: Sequence[dict[str, Any]]) -> Markup:
    """Return the indicators under each verdict, the best first."""
    found = ((one, [View.text(t["label"]) for t in targets if verdict(view, t) == one]) for one in wording.verdicts())
    return blocks.definitions([(wording.word("verdicts", one), " ; ".join(labels)) for one, labels in found if labels])


def _progress_table(view: View, names: Names, targets: Sequence[dict[str, Any]]) -> Table:
    labels = ("Indicateur", "Situation de départ", "Dernière valeur", "Cible", "Chemin parcouru", "Constat")
    points: list[Point] = []
    rows = []
    for target in targets:
        indicator = view.indicator(str(target["indicator"]))
        line = view.line(indicator.id)
        points += line.points[-1:] if line is not None else ()
        share = _share(target)
        rows.append(
            [
                tables.text(f"{indicator.label} ({wording.unit(replace(indicator, unit=wording.counted(indicator)))})"),
                _dated(view, target, "baseline", "period_reference", indicator),
                _dated(view, target, "actual", "time_period", indicator),
                _aimed(target, indicator),
                Cell(wording.path(share), raw=share) if math.isfinite(share) else Cell("sans objet"),
                tables.text(wording.word("verdicts", verdict(view, target))),
            ]
        )
    caption = f"{common.heading(view, 'progres')}, {wording.place(view.name)}"
    details = [one for one in [common.perimeter(points)] if one]
    return Table(
        names("progres-tableau"), caption, [Column(label) for label in labels], rows, details=details,
        notes=common.notes(view, points),
    )  # fmt: skip


def _dated(view: View, target: dict[str, Any], name: str, when: str, indicator: Indicator) -> Cell:
    """Return a value with its unit and its period, or the mark of what is missing."""
    value, period = _float(target[name]), View.text(target[when])
    line = view.line(indicator.id)
    point = line.at(period) if line is not None and period else None
    if not math.isfinite(value):
        if point is not None and point.bounded:
            return Cell(f"{wording.value(point, indicator, with_unit=False)} ({wording.short_period(period)})")
        return tables.withheld("masque" if point is not None and point.mark == "masque" else "absent")
    shown = wording.amount(value, indicator, with_unit=False)
    provisional = point is not None and point.provisional
    return Cell(f"{shown} ({wording.short_period(period)})" if period else shown, provisional=provisional)


def _aimed(target: dict[str, Any], indicator: Indicator) -> Cell:
    """Return the target: a value, a range or « maintenir », with its period."""
    period, shown = View.text(target["period_target"]), wording.aim(target, indicator, with_unit=False)
    if not shown:
        return Cell("sans cible")
    return Cell(f"{shown} ({wording.short_period(period)})" if period else shown)


def _float(value: object) -> float:
    text = View.text(value)
    return float(text) if text else math.nan
