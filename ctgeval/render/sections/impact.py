"""Effects: what each ``[[impact]]`` design lets one conclude, its figure, and how solid its method is."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.errors import PeriodError, ReportError, suggestion
from ctgeval.impact import wording as told
from ctgeval.impact.phrasebook import named
from ctgeval.programme.evaluation import RUBRICS
from ctgeval.render import blocks, impact_figures, tables, wording
from ctgeval.render.canvas import Drawing
from ctgeval.render.charts import Measure
from ctgeval.render.impact_figures import COMPARED, CONCERNED
from ctgeval.render.lines import Point
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

_SERIES = {"concerne": CONCERNED, "comparaison": COMPARED}
_PATHS = frozenset({"event_study", "group_time", "imputation", "two_stage", "sun_abraham"})
"""Methods whose effect period by period is what they are asked for."""
_OWN_NOTEBOOK = "impact"
"""The notebook that asks first what may be concluded; elsewhere that is folded with the method."""
_BESIDE = ("comparison", "difference", "certainty", "not_shown")
"""Parts of the text that are read beside the figure."""


def effects(view: View, names: Names, design: str = "") -> Markup:
    """Return what may be concluded of each design that concerns the territory, or of one of them.

    Raises
    ------
    ReportError
        When no design of the release has that name.
    """
    table = view.release.impact
    if design and design not in set(table["nom"]):
        raise ReportError(
            f"Aucun dispositif d’impact ne porte le nom « {design} » dans cette diffusion.",
            remedy=suggestion(design, table["nom"]) or "Prenez le « nom » d’un bloc [[impact]] de ctg.toml.",
            key="dispositif",
            value=design,
        )
    title, heading = common.heading(view, "effets"), names("effets")
    rows = [row for row in table.to_dict("records") if design in {"", row["nom"]} and _concerns(view, row)]
    if not rows:
        return common.nothing(view, heading, title, provide="effets")
    parts = [_design(view, names, {str(name): value for name, value in row.items()}) for row in rows]
    return blocks.section(heading, title, [common.commentary(view, "effets"), *parts], lead=_say("effets_lead"))


def summary(view: View, names: Names) -> Markup:
    """Return one sentence for each design that concerns the territory: a bilan has its own notebook for the rest."""
    title, heading = common.heading(view, "effets"), names("effets")
    rows = [row for row in view.release.impact.to_dict("records") if _concerns(view, row)]
    lines = [line for row in rows if (line := _line(view, {str(name): value for name, value in row.items()}))]
    if not lines:
        return common.nothing(view, heading, title, provide="effets")
    return blocks.section(heading, title, [blocks.bullets(lines)])


def _line(view: View, row: Mapping[str, Any]) -> str:
    title = _title(row)
    if _later(view, row):
        return ""
    record = View.text(row["record"])
    if not record:
        withheld = View.text(row["conf_status"]) == "C"
        return f"{title} {_say('effets_retenu' if withheld else 'effets_sans_estimation')}"
    said = told.sentences(json.loads(record))
    return f"{title} {told.short_verdict(json.loads(record))[0]} {said['verdict']} {said['difference']}"


def _title(row: Mapping[str, Any]) -> str:
    kept = ("question_label", "action_label", "label", "nom")
    return next((View.text(row[name]) for name in kept if View.text(row[name])), "")


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table="impact")


def _concerns(view: View, row: Mapping[Any, Any]) -> bool:
    return view.own or view.geo in View.text(row["geo"]).split()


def _design(view: View, names: Names, row: Mapping[str, Any]) -> Markup:
    action, title = View.text(row["action_label"]), _title(row)
    parts = [blocks.paragraph(_say("effets_action", action=action))] if action and action != title else []
    if _later(view, row):
        return blocks.subsection(title, [*parts, blocks.paragraph(_say("effets_plus_tard", quand=_until(row)))])
    record = View.text(row["record"])
    if record:
        parts += _estimated(view, names, row, json.loads(record))
    else:
        parts += _unestimated(row)
    return blocks.subsection(title, [*parts, _contribution(view, row)])


def _later(view: View, row: Mapping[str, Any]) -> bool:
    """Whether the estimate stands on what comes after the period of the page."""
    if not view.period or not View.text(row["time_to"]):
        return False
    try:
        return periods.end(View.text(row["time_to"])) > periods.end(view.period)
    except PeriodError:
        return False


def _until(row: Mapping[str, Any]) -> str:
    return french.period(View.text(row["time_to"]))


def _unestimated(row: Mapping[str, Any]) -> list[Markup]:
    withheld = View.text(row["conf_status"]) == "C"
    lead = _say("effets_retenu" if withheld else "effets_sans_estimation")
    reasons = [View.text(row["reason"]), "" if withheld else View.text(row["evaluability"])]
    return [blocks.paragraph(lead, css="message"), *(blocks.paragraph(reason) for reason in reasons if reason)]


def _estimated(view: View, names: Names, row: Mapping[str, Any], record: Mapping[str, Any]) -> list[Markup]:
    said = told.sentences(record)
    series = _series(view, row)
    stem = names(f"effet-{french.slug(View.text(row['nom']))}")
    main = _main_figure(view, record, series)
    about = Markup("\n").join(blocks.paragraph(said[part]) for part in _BESIDE)
    first = _beforehand(row) if view.carnet == _OWN_NOTEBOOK else []
    found = [*first, blocks.paragraph(f"{told.short_verdict(record)[0]} {said['verdict']}", css="message")]
    notes = [*common.notes(view, _points(view, row)), *([said["limits"]] if said["limits"] else [])]
    values = _values(f"{stem}-valeurs", record, series)
    if main is None:
        found += [about, blocks.bullets(notes, css="notes")]
    else:
        drawing, caption = main
        figure = blocks.figure(f"{stem}-figure", caption, drawing, about=View.text(row["label"]))
        shown = blocks.folded("Les valeurs en tableau", values) if values else Markup("")
        found.append(blocks.sheet(figure, about=about, values=shown, notes=notes))
    found += [blocks.paragraph(said[part]) for part in ("needed", "solidity")]
    return [*found, _annex(view, stem, row, record)]


def _beforehand(row: Mapping[str, Any]) -> list[Markup]:
    """Return what could be concluded of the design, said before what was found."""
    text = View.text(row["evaluability"])
    return [blocks.minor(_say("effets_evaluabilite"), [blocks.paragraph(text)])] if text else []


def _points(view: View, row: Mapping[str, Any]) -> list[Point]:
    """Return what the concerned territories have of the indicator: its sources and its limits are told."""
    lines = view.lines(View.text(row["indicator"]))
    return [point for geo in View.text(row["geo"]).split() if geo in lines for point in lines[geo].points]


def _series(view: View, row: Mapping[str, Any]) -> pd.DataFrame:
    table = view.release.impact_series
    return table[table["nom"].eq(row["nom"]) & table["conf_status"].eq("F")]


def _main_figure(view: View, record: Mapping[str, Any], series: pd.DataFrame) -> tuple[Drawing, str] | None:
    """Return the figure that shows what was compared, and its caption; None when there is nothing to draw."""
    label, unit = str(record["label"]), str(record["unit"])
    details = record["details"]
    path = details.get("counterfactual")
    if record["method"] == "interrupted_series" and path and details.get("at"):
        table, start = pd.DataFrame(path), str(details["at"][0])
        drawing = impact_figures.interrupted_series(
            table, start=start, label=label, unit="" if "rate_ratio" in details else unit,
            level=float(record["level"]), fictional=view.fictional,
        )  # fmt: skip
        return drawing, _caption(table["time_period"].tolist(), unit)
    by_period = pd.DataFrame(record["by_period"])
    if {"treated", "synthetic"} <= set(by_period.columns) and _dated(by_period["time_period"]):
        drawing = impact_figures.synthetic_control(
            by_period, start=_start(by_period), label=label, unit=unit, name=_concerned_name(record),
            fictional=view.fictional,
        )  # fmt: skip
        return drawing, _caption(by_period["time_period"].tolist(), unit)
    lines = series[series["series"].isin([*_SERIES, "temoin"])]
    if lines["time_period"].nunique() < 2:
        return None
    table = pd.DataFrame(
        {
            "time_period": lines["time_period"],
            "group": lines["series"].map(_SERIES).fillna(lines["name"]),
            "value": lines["value"],
        }
    )
    drawing = impact_figures.trajectories(
        table, start=_start(lines), label=label, unit=unit, names=(_concerned_name(record), _compared_name(record)),
        fictional=view.fictional,
    )  # fmt: skip
    return drawing, _caption(list(dict.fromkeys(lines["time_period"])), unit)


def _dated(texts: pd.Series) -> bool:
    return all(text and str(text)[0] not in "+-" for text in texts)


def _start(table: pd.DataFrame) -> str:
    """Return the first period of the action, the earliest when there are several."""
    after = table[table["event_time"] >= 0].sort_values("event_time", kind="stable")
    return str(after["time_period"].iloc[0]) if len(after) else ""


def _concerned_name(record: Mapping[str, Any]) -> str:
    units = [str(name) for name in record["details"].get("units_treated") or []]
    return named(units) if len(units) == 1 else _say("concernes" if int(record["n_treated"]) > 1 else "concerne")


def _compared_name(record: Mapping[str, Any]) -> str:
    return _say("comparaison_seule" if record["n_controls"] == 1 else "moyenne")


def _caption(times: Sequence[object], unit: str) -> str:
    texts = [str(text) for text in times]
    try:
        span = wording.between(texts[0], texts[-1])
    except PeriodError:
        span = ""
    parts = [span, f"en {unit.replace('EUR', 'euros')}" if unit else ""]
    return wording.capital(", ".join(part for part in parts if part)) or _say("effets_evolution")


def _values(identifier: str, record: Mapping[str, Any], series: pd.DataFrame) -> Markup:
    """Return the means of both groups in a table; nothing when there is no series."""
    kept = [name for name in _SERIES if series["series"].eq(name).any()]
    if not kept:
        return Markup("")
    unit = str(record["unit"])
    found = {name: series[series["series"].eq(name)].set_index("time_period")["value"].to_dict() for name in kept}
    measure = Measure.of("", unit, [float(value) for line in found.values() for value in line.values()])
    names = {"concerne": _concerned_name(record), "comparaison": _compared_name(record)}
    times = list(dict.fromkeys(series.loc[series["series"].isin(kept), "time_period"]))
    rows = [
        [Cell(_period(time)), *(_cell(found[name].get(time, math.nan), measure) for name in kept)] for time in times
    ]
    columns = [Column("Période"), *(Column(wording.capital(names[name]), numeric=True) for name in kept)]
    details = [f"Unité : {unit.replace('EUR', 'euros')}."] if unit else []
    return tables.render(Table(identifier, str(record["label"]) or _say("effets_evolution"), columns, rows, details))


def _period(text: object) -> str:
    try:
        return wording.short_period(str(text))
    except PeriodError:
        return str(text)


def _cell(value: float, measure: Measure) -> Cell:
    return tables.number(value, french.number(value, measure.decimals))


def _annex(view: View, stem: str, row: Mapping[str, Any], record: Mapping[str, Any]) -> Markup:
    """Return the method, folded: test, checks, steps, then the figures that only an evaluator asks for."""
    parts = _beforehand(row) if view.carnet != _OWN_NOTEBOOK else []
    parts += [blocks.minor(title, [blocks.bullets(lines)]) for title, lines in told.annex(record)]
    if not view.public:
        parts += [
            blocks.figure(f"{stem}-{key}", _say(f"effets_figure_{key}"), drawing)
            for key, drawing in _further(view, record).items()
        ]
    return blocks.folded(_say("effets_annexe"), Markup("\n").join(parts))


def _further(view: View, record: Mapping[str, Any]) -> dict[str, Drawing]:
    """Return the figures of the annex that the method allows, by key of their caption."""
    label, unit, details = str(record["label"]), str(record["unit"]), record["details"]
    found: dict[str, Drawing] = {}
    by_period = pd.DataFrame(record["by_period"])
    if record["method"] in _PATHS and len(by_period) > 1:
        found["periodes"] = impact_figures.event_study(
            by_period, label=label, unit=unit, level=float(record["level"]), fictional=view.fictional
        )
    if details.get("weights") and isinstance(details["weights"], list):
        found["poids"] = impact_figures.weights(pd.DataFrame(details["weights"]), fictional=view.fictional)
    gaps, placebos = (pd.DataFrame(details.get(name) or []) for name in ("gaps", "placebo_gaps"))
    if len(gaps) and len(placebos.columns) > 1 and _dated(gaps["time_period"]):
        found["placebos"] = impact_figures.placebo_gaps(
            gaps, placebos, start=_start(by_period), label=label, unit=unit, fictional=view.fictional
        )
    return found


def _contribution(view: View, row: Mapping[str, Any]) -> Markup:
    """Return the analysis of contribution, as its authors wrote it."""
    table = view.release.contribution
    own = table[table["nom"].eq(row["nom"])]
    items = [
        (title, " ".join(View.text(text) for text in own.loc[own["rubrique"].eq(key), "texte"]))
        for key, title in RUBRICS.items()
    ]
    kept = [(title, text) for title, text in items if text]
    return blocks.minor(_say("effets_contribution"), [blocks.definitions(kept)]) if kept else Markup("")
