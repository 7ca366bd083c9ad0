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
from ctgeval.programme.evaluation import ANSWER, APPROVED, CRITERIA, QUALITATIVE, RUBRICS
from ctgeval.render import blocks, wording
from ctgeval.render.lines import Point
from ctgeval.render.sections import common, impact_values
from ctgeval.render.sections.common import Names
from ctgeval.render.view import View

OWN_NOTEBOOK = "impact"
"""The notebook that asks first what may be concluded; elsewhere that is folded with the method."""
_BESIDE, _UNDER = ("comparison", "difference"), ("certainty", "not_shown")
"""Parts of the text that are read beside the figure, and under it."""


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


def points(view: View) -> list[Point]:
    """Return everything that the designs of the territory stand on: their sources and their limits are told."""
    rows = view.release.impact.to_dict("records")
    return [point for row in rows if _concerns(view, row) for point in _points(row)]


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
    action, title, texts = View.text(row["action_label"]), _title(row), _texts(view, row)
    parts = [blocks.paragraph(_say("effets_action", action=action))] if action and action != title else []
    if texts.get(CRITERIA):
        parts.append(blocks.definitions([(_say("effets_criteres"), " ".join(texts[CRITERIA]))]))
    if _later(view, row):
        return blocks.subsection(title, [*parts, blocks.paragraph(_say("effets_plus_tard", quand=_until(row)))])
    text = View.text(row["record"])
    record = json.loads(text) if text else None
    parts += _unestimated(row) if record is None else _estimated(view, names, row, record)
    parts += [_contribution(texts), _conclusion(record, texts)]
    return blocks.subsection(title, [*parts, *([] if record is None else [_annex(view, names, row, record)])])


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
    stem = names(f"effet-{french.slug(View.text(row['nom']))}")
    first = _beforehand(row) if view.carnet == OWN_NOTEBOOK else []
    verdict = f"{told.short_verdict(record)[0]} {said['verdict']}"
    compared = _compared(view, stem, row, record, said)
    checks = [blocks.paragraph(said["solidity"]), blocks.bullets(told.checks(record) if view.technical else [])]
    return [*first, blocks.paragraph(verdict, css="message"), *compared, blocks.minor(_say("effets_controle"), checks)]


def _compared(
    view: View, stem: str, row: Mapping[str, Any], record: Mapping[str, Any], said: Mapping[str, str]
) -> list[Markup]:
    """Return the figure of what was compared, beside what is said of it."""
    about, under = (Markup("\n").join(blocks.paragraph(said[part]) for part in parts) for parts in (_BESIDE, _UNDER))
    notes = [*common.notes(view, _points(row)), *([said["limits"]] if said["limits"] else [])]
    found = impact_values.main(f"{stem}-valeurs", record, _series(view, row), fictional=view.fictional)
    if found is None:
        return [about, under, blocks.bullets(notes, css="notes")]
    drawing, caption, values = found
    figure = blocks.figure(f"{stem}-figure", caption, drawing, about=View.text(row["label"]))
    return [blocks.sheet(figure, about=about, values=_folded(values), notes=notes), under]


def _folded(values: Markup) -> Markup:
    return blocks.folded("Les valeurs en tableau", values)


def _beforehand(row: Mapping[str, Any]) -> list[Markup]:
    """Return what could be concluded of the design, said before what was found."""
    text = View.text(row["evaluability"])
    return [blocks.minor(_say("effets_evaluabilite"), [blocks.paragraph(text)])] if text else []


def _points(row: Mapping[Any, Any]) -> list[Point]:
    """Return the origin of all that a design compares, as the one point that bears its sources and its limits."""
    said = {name: View.text(row[name]) for name in ("source", "limits")}
    nothing = Point(period="", value=math.nan, low=math.nan, high=math.nan, mark="", provisional=False, geography=None,
                    reason="", source=said["source"], limits=said["limits"])  # fmt: skip
    return [nothing] if said["source"] else []


def _series(view: View, row: Mapping[Any, Any]) -> pd.DataFrame:
    table = view.release.impact_series
    return table[table["nom"].eq(row["nom"]) & table["conf_status"].eq("F")]


def _annex(view: View, names: Names, row: Mapping[str, Any], record: Mapping[str, Any]) -> Markup:
    """Return the method, folded: test, checks, steps, then the figures that only an evaluator asks for."""
    stem = names(f"methode-{french.slug(View.text(row['nom']))}")
    parts = _beforehand(row) if view.carnet != OWN_NOTEBOOK else []
    parts += [
        blocks.minor(title, [blocks.bullets(lines)]) for title, lines in told.annex(record, checks=not view.technical)
    ]
    if not view.public:
        parts += [
            blocks.figure(f"{stem}-{key}-figure", _say(f"effets_figure_{key}"), drawing) + _folded(values)
            for key, (drawing, values) in impact_values.further(stem, record, fictional=view.fictional).items()
        ]
    return blocks.folded(_say("effets_annexe"), Markup("\n").join(parts))


def _texts(view: View, row: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what the authors of the evaluation wrote of the question of a design, by rubric."""
    table = view.release.contribution
    own = table[table["nom"].eq(row["nom"])]
    found: dict[str, list[str]] = {}
    for key, text in zip(own["rubrique"], own["texte"], strict=True):
        found.setdefault(View.text(key), []).append(View.text(text))
    return found


def _contribution(texts: Mapping[str, Sequence[str]]) -> Markup:
    """Return the analysis of contribution; once it is begun, a rubric without anything says so."""
    if not any(texts.get(key) for key in (*RUBRICS, QUALITATIVE)):
        return Markup("")
    items = [(title, " ".join(texts.get(key, ())) or _say("effets_rubrique_vide")) for key, title in RUBRICS.items()]
    if texts.get(QUALITATIVE):
        items.append((_say("effets_qualitatif"), " ".join(texts[QUALITATIVE])))
    return blocks.minor(_say("effets_contribution"), [blocks.definitions(items)])


def _conclusion(record: Mapping[str, Any] | None, texts: Mapping[str, Sequence[str]]) -> Markup:
    """Return what the figures let one conclude and what is needed to go further, then the answer of the evaluation."""
    said = told.sentences(record) if record is not None else {}
    parts = [blocks.paragraph(said[part]) for part in ("verdict", "needed") if said.get(part)]
    answered = [(_say(f"effets_{key}"), " ".join(texts[key])) for key in (ANSWER, APPROVED) if texts.get(key)]
    parts.append(blocks.definitions(answered if texts.get(ANSWER) else []))
    return blocks.minor(_say("effets_conclusion"), parts)
