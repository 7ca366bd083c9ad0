"""What is asked of the meeting: figures to validate, decisions that wait, answers that nobody has validated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, tables, wording
from ctgeval.render.lines import Point
from ctgeval.render.sections import common, recommendations
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Column, Table
from ctgeval.render.view import View

Row = Mapping[Any, Any]


def decisions(view: View, names: Names) -> Markup:
    """Return what the body is asked to decide: recommendations first, then answers without a validation."""
    title, heading = common.heading(view, "decisions"), names("decisions")
    waiting = recommendations.waiting(view) if view.own else []
    answers = _unvalidated(view) if view.own else []
    prose = common.commentary(view, "decisions")
    if not waiting and not answers and not prose:
        return blocks.section(heading, title, [blocks.paragraph(_say("aucune"), css="vide")])
    count = len(waiting) + len(answers)
    parts = [
        prose,
        blocks.subsection(_say("preconisations"), [blocks.bullets(waiting)]) if waiting else Markup(""),
        blocks.subsection(_say("reponses"), [blocks.bullets(answers)]) if answers else Markup(""),
    ]
    lead = french.plural(count, _say("message_une"), _say("message")) if count else ""
    return common.section(view, "decisions", heading, title, parts, lead=f"{lead}." if lead else "")


def figures(view: View, names: Names) -> Markup:
    """Return the last figure of each indicator followed, with what is to be looked at before it is validated."""
    title, heading = common.heading(view, "a_valider"), names("a-valider")
    chosen = [one for one in view.indicators.values() if one.retained] or list(view.available())
    points: list[Point] = []
    rows = []
    doubtful = 0
    for indicator in chosen:
        line = view.line(indicator.id)
        if line is None or not line.points:
            continue
        point = line.points[-1]
        points.append(point)
        told = _looks(point)
        doubtful += bool(told)
        rows.append(
            [
                tables.text(f"{indicator.label}, {wording.short_period(point.period)}"),
                tables.point(point, indicator),
                tables.text(french.enumeration(told) or _say("rien_a_signaler")),
            ]
        )
    if not rows:
        return common.nothing(view, heading, title, provide="chiffres")
    columns = [
        Column(_say("colonne_indicateur")),
        Column(_say("colonne_valeur"), numeric=True),
        Column(_say("colonne_regard")),
    ]
    caption = f"{_say('tableau')}, {wording.place(view.name)}"
    table = tables.render(Table(names("a-valider-tableau"), caption, columns, rows, notes=common.notes(view, points)))
    lead = _say(
        "chiffres",
        total=french.plural(len(rows), "chiffre est soumis", "chiffres sont soumis"),
        doutes=french.plural(doubtful, "demande un regard particulier", "demandent un regard particulier")
        if doubtful
        else _say("aucun_doute"),
    )
    return common.section(view, "a_valider", heading, title, [common.commentary(view, "a_valider"), table], lead=lead)


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table="decisions_demandees")


def _unvalidated(view: View) -> list[str]:
    """Return the questions whose answer nobody has validated."""
    told: dict[str, set[str]] = {}
    texts: dict[str, str] = {}
    for row in view.table("questions").to_dict("records"):
        name, rubric = str(row["question"]), str(row["rubrique"])
        told.setdefault(name, set()).add(rubric)
        if rubric == "texte":
            texts[name] = View.text(row["contenu"])
    waiting = [name for name, has in told.items() if "reponse" in has and "validee_par" not in has]
    return [texts[name] for name in waiting if name in texts]


def _looks(point: Point) -> list[str]:
    """Return what is to be looked at in a figure before it is validated."""
    return [
        *([_say("provisoire")] if point.provisional else []),
        *([_say("masquee")] if point.mark == "masque" else []),
        *([_say("absente")] if point.mark == "absent" else []),
        *([_say("bornee")] if point.bounded else []),
    ]
