"""The answers to the questions évaluatives: what was asked, what was found, on what evidence, and what was answered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from ctgeval import french
from ctgeval.programme.evaluation import RUBRICS
from ctgeval.programme.evidence import LEVELS, TYPES
from ctgeval.render import blocks, tables, wording
from ctgeval.render.lines import Point
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Column, Table
from ctgeval.render.view import View

Told = Mapping[str, Sequence[Mapping[Any, Any]]]


def evaluation(view: View, names: Names) -> Markup:
    """Return each question with its answer; for the team and the COTECH, the whole chain that leads to it."""
    title, heading = common.heading(view, "evaluation"), names("evaluation")
    questions = _questions(view)
    if not view.own or not questions:
        return common.nothing(view, heading, title, provide="evaluation")
    prose = common.commentary(view, "evaluation")
    if view.public:
        lead = _say(
            "message_habitants", total=french.plural(len(questions), "question a été posée", "questions ont été posées")
        )
        plain = [prose, *(_plain(one) for one in questions.values())]
        return common.section(view, "evaluation", heading, title, plain, lead=lead)
    lead = _message(questions)
    if not view.technical:
        return common.section(view, "evaluation", heading, title, [prose, _compact(view, names, questions)], lead=lead)
    parts = [_whole(view, name, one) for name, one in questions.items()]
    parts.append(blocks.bullets(common.notes(view, _points(view.table("evidence"))), css="notes"))
    return common.section(view, "evaluation", heading, title, [prose, *parts], lead=lead)


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table="evaluation")


def _questions(view: View) -> dict[str, Told]:
    """Return what is told of each question, by rubric."""
    found: dict[str, dict[str, list[Mapping[Any, Any]]]] = {}
    for row in view.table("questions").to_dict("records"):
        found.setdefault(str(row["question"]), {}).setdefault(str(row["rubrique"]), []).append(row)
    return {name: told for name, told in found.items() if "texte" in told}


def _texts(told: Told, key: str) -> list[str]:
    return [View.text(row["contenu"]) for row in told.get(key, ())]


def _message(questions: Mapping[str, Told]) -> str:
    answered = sum("reponse" in told for told in questions.values())
    total = french.plural(len(questions), "question évaluative", "questions évaluatives")
    key = "message_aucune" if not answered else "message_toutes" if answered == len(questions) else "message"
    return _say(key, total=total, reponses=french.plural(answered, "réponse"))


def _plain(told: Told) -> Markup:
    answer = _texts(told, "reponse")
    return blocks.subsection(
        _texts(told, "texte")[0], [blocks.paragraph(" ".join(answer) or _say("a_venir_habitants"))]
    )


# -- the committee: one table -----------------------------------------------------------------------------------------


def _compact(view: View, names: Names, questions: Mapping[str, Told]) -> Markup:
    evidence = view.table("evidence")
    rows = [
        [
            tables.text(_texts(told, "texte")[0]),
            tables.text(" ".join(_texts(told, "reponse")) or _say("a_venir")),
            tables.text(_stands_on(evidence[evidence["question"].eq(name)])),
            tables.text(_approved(told)),
        ]
        for name, told in questions.items()
    ]
    columns = [Column(_say(f"colonne_{key}")) for key in ("question", "reponse", "preuves", "validee_par")]
    return tables.render(Table(names("evaluation-reponses"), _say("tableau"), columns, rows))


def _stands_on(evidence: pd.DataFrame) -> str:
    counts = evidence["type"].value_counts()
    told = [
        french.plural(int(counts[kind]), wording.word("preuves", kind), wording.word("preuves_pluriel", kind))
        for kind in TYPES
        if kind in counts.index
    ]
    return french.enumeration(told) or _say("sans_preuve")


def _approved(told: Told) -> str:
    return " ".join(_texts(told, "validee_par")) or (_say("non_validee") if "reponse" in told else _say("sans_objet"))


# -- the team and the COTECH: the whole chain -------------------------------------------------------------------------


def _whole(view: View, name: str, told: Told) -> Markup:
    evidence = view.table("evidence")
    lenses, answer = _texts(told, "criteres"), _texts(told, "reponse")
    advised = [_advised(row) for row in told.get("recommandations", ())]
    judged = [_judged(row) for row in told.get("criteres_de_jugement", ())]
    parts = [
        blocks.paragraph(" ".join(answer) or _say("a_venir"), css="message"),
        blocks.definitions(
            [
                *([(_say("criteres"), french.enumeration(lenses))] if lenses else []),
                *([(_say("validee_par"), _approved(told))] if answer else []),
            ]
        ),
        blocks.minor(_say("jugements"), [blocks.bullets(judged)]),
        blocks.minor(_say("constats"), [blocks.bullets(_texts(told, "constats"))]),
        _evidence(evidence[evidence["question"].eq(name)], _texts(told, "elements_qualitatifs")),
        _contribution(told),
        blocks.minor(_say("recommandations"), [blocks.bullets(advised)]),
    ]  # fmt: skip
    return blocks.subsection(_texts(told, "texte")[0], parts)


def _advised(row: Mapping[Any, Any]) -> str:
    return f"{View.text(row['contenu']).rstrip('.')} ({wording.word('decisions', str(row['niveau']))})."


def _judged(row: Mapping[Any, Any]) -> str:
    level, finding = View.text(row["niveau"]), View.text(row["detail"])
    text = View.text(row["contenu"])
    if not level and not finding:
        return f"{text} {_say('non_juge')}"
    return " ".join(filter(None, [text, f"{LEVELS[level]}." if level in LEVELS else "", finding]))


def _evidence(rows: pd.DataFrame, older: Sequence[str]) -> Markup:
    parts = []
    for kind, label in TYPES.items():
        own = rows[rows["type"].eq(kind)].to_dict("records")
        told = [_figure(row) if kind == "chiffre" else _proof(row) for row in own]
        if told:
            parts.append(blocks.paragraph(f"{label} :"))
            parts.append(blocks.bullets(told))
    if older:
        parts += [blocks.paragraph(_say("autres_preuves")), blocks.bullets(older)]
    return blocks.minor(_say("preuves"), parts)


def _figure(row: Mapping[Any, Any]) -> str:
    when, place = View.text(row["time_period"]), View.text(row["place"])
    about = ", ".join(filter(None, [View.text(row["label"]), place]))
    told = f"{about} : {View.text(row['shown'])}"
    told += f" {wording.when(when)}" if when else ""
    told += f" {_say('provisoire')}" if bool(row["provisional"]) else ""
    return " ".join(filter(None, [f"{told}.", View.text(row["texte"])]))


def _proof(row: Mapping[Any, Any]) -> str:
    day, link = View.day(row["date"]), View.text(row["lien"])
    text = View.text(row["texte"])
    if row["type"] == "verbatim":
        text = f"« {text.rstrip('.')} »" if not text.startswith("«") else text
        text += "" if View.text(row["valide_par"]) else f" {_say('non_relu')}"
    origin = [View.text(row["told_by"]), french.date(day) if day else "", link]
    cited = ", ".join(filter(None, origin))
    return f"{text.rstrip('.') if cited else text} ({cited})." if cited else text


def _points(rows: pd.DataFrame) -> list[Point]:
    """Return the origin of the figures that are quoted, which bears their sources and their limits."""
    return [
        Point(period=View.text(row["time_period"]), value=float(row["value"]), low=math.nan, high=math.nan, mark="",
              provisional=bool(row["provisional"]), geography=None, source=View.text(row["source"]),
              limits=View.text(row["limits"]), reason="")
        for row in rows.to_dict("records")
        if View.text(row["source"])
    ]  # fmt: skip


def _contribution(told: Told) -> Markup:
    """Return the analysis of contribution; once it is begun, a rubric without anything says so."""
    if not any(key in told for key in RUBRICS):
        return Markup("")
    empty = wording.say("effets_rubrique_vide", table="impact")
    items = [(title, " ".join(_texts(told, key)) or empty) for key, title in RUBRICS.items()]
    return blocks.folded(wording.say("effets_contribution", table="impact"), blocks.definitions(items))
