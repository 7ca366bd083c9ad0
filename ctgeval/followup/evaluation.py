"""The questions évaluatives in a dossier: what is missing in them, and what each reader is told of each answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctgeval import french
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem
from ctgeval.followup import quoting
from ctgeval.followup.recommendations import WORKING
from ctgeval.followup.topic import Reader, Topic
from ctgeval.programme import evaluation_checks, links, recommendations
from ctgeval.programme.evaluation import FILE_NAME, Question
from ctgeval.programme.evidence import FIGURE, Evidence

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC"]

TECHNICAL = frozenset({"interne", "cotech"})
"""Readers who prepare the answers: what nobody has validated yet stays with them."""


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    questions = tuple(dossier.evaluation.questions.values())
    told = [row for question in questions for row in _question(dossier, question, reader)]
    frame = pd.DataFrame(told, columns=list(TABLES["questions"]), dtype="str")
    for name in ("contenu", "detail"):
        frame[name] = quoting.resolved(dossier, reader, frame[name].tolist())
    evidence = [] if reader.audience == "habitants" else _evidence(dossier, questions, reader)
    return {"questions": frame, "evidence": _evidence_frame(evidence)}


def _question(dossier: Dossier, question: Question, reader: Reader) -> Iterator[dict[str, str]]:
    """Yield a question and what is told of it, one row a sentence; inhabitants get the question and its answer.

    What the question looks at (criteria, figures, documents) may be told; what was found, how far each criterion is met
    and what the action contributed wait, outside the technical committee, for somebody to validate the answer.
    """
    row = {"question": question.id, "detail": "", "niveau": ""}
    yield {**row, "rubrique": "texte", "contenu": question.texte}
    settled = reader.audience in TECHNICAL or bool(question.validee_par)
    if settled:
        answer = {"reponse": question.reponse, "validee_par": question.validee_par if question.reponse else ""}
        yield from ({**row, "rubrique": name, "contenu": text} for name, text in answer.items() if text)
    if reader.audience == "habitants":
        return
    for name in ("criteres", *(("constats", "elements_qualitatifs") if settled else ())):
        yield from ({**row, "rubrique": name, "contenu": text} for text in getattr(question, name))
    judged = {one.critere_de_jugement: one for one in question.jugements if settled}
    for text in question.criteres_de_jugement:
        found = judged.get(text)
        detail, level = (found.constat, found.niveau) if found else ("", "")
        yield {**row, "rubrique": "criteres_de_jugement", "contenu": text, "detail": detail, "niveau": level}
    if settled:
        for name, sentences in question.contribution.items():
            yield from ({**row, "rubrique": name, "contenu": text} for text in sentences)
    yield from ({**row, **advised} for advised in _advised(dossier, question, reader))


def _advised(dossier: Dossier, question: Question, reader: Reader) -> Iterator[dict[str, str]]:
    """Yield the recommendations of a question that this reader finds in the register too."""
    now = recommendations.register(dossier.tables["recommandations"].frame).set_index("id")
    for name in question.recommandations:
        if name in now.index:
            known = now.loc[name]
            if reader.audience in WORKING or known["etat"] in recommendations.DECIDED:
                yield {"rubrique": "recommandations", "contenu": str(known["texte"]), "detail": name,
                       "niveau": str(known["etat"])}  # fmt: skip


def _evidence(dossier: Dossier, questions: tuple[Question, ...], reader: Reader) -> list[dict[str, Any]]:
    rows = []
    for question in questions:
        quoted = {one.indicateur for one in question.preuves if one.type == FIGURE}
        implied = [Evidence(type=FIGURE, texte="", indicateur=name) for name in question.indicateurs]
        own = [*(one for one in implied if one.indicateur not in quoted), *question.preuves]
        shown = [one for one in own if reader.internal or not one.inside]
        rows += [_proof(dossier, question, one, rank, reader) for rank, one in enumerate(shown, start=1)]
    for row, text in zip(rows, quoting.resolved(dossier, reader, [row["texte"] for row in rows]), strict=True):
        row["texte"] = text
    return rows


def _proof(dossier: Dossier, question: Question, one: Evidence, rank: int, reader: Reader) -> dict[str, Any]:
    # Only an address is of use outside; a path tells how the office keeps its papers.
    outside = one.lien if one.lien.startswith("https://") else ""
    geo = one.territoire or dossier.config.territoire.code
    row: dict[str, Any] = {
        "question": question.id,
        "rang": rank,
        "type": one.type,
        "texte": one.texte,
        "lien": one.lien if reader.internal else outside,
        "date": one.date,
        "told_by": one.source,
        "indicator": one.indicateur,
        "label": "",
        "place": "",
        "conf_status": "F",
        "valide_par": one.valide_par,
    }
    if not one.indicateur:
        return row
    item = dossier.known_indicators.get(one.indicateur)
    found = quoting.figure(dossier, reader, one.indicateur, geo=geo, period=one.periode)
    names = dict(zip(dossier.territories["geo"], dossier.territories["name"], strict=True))
    return {
        **row,
        "label": item.label if item is not None else one.indicateur,
        "place": "" if geo == dossier.config.territoire.code else names.get(geo, geo),
        "shown": found.shown,
        "value": found.value,
        "time_period": found.time_period,
        "source": found.source,
        "limits": found.limits,
        "provisional": found.provisional,
        "conf_status": found.conf_status,
    }


def _evidence_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    typed = {"rang": 0, "value": math.nan, "provisional": False}
    columns = TABLES["evidence"]
    whole = [{name: row.get(name, typed.get(name, "")) for name in columns} for row in rows]
    kinds = {"rang": "int64", "value": "float64", "provisional": "bool"}
    return pd.DataFrame(whole, columns=list(columns)).astype({name: kinds.get(name, "str") for name in columns})


def _problems(dossier: Dossier) -> Iterator[Problem]:
    found, known = dossier.evaluation, dossier.known_indicators
    given = links.every_kind(dossier.tables["liens"].frame, known, list(known))
    register = dossier.tables["recommandations"].frame
    named = {one.territoire for question in found.questions.values() for one in question.preuves if one.territoire}
    yield from evaluation_checks.problems(
        found,
        kinds=given,
        recommendations=sorted(set(register["id"])),
        territories={geo: dossier.knows(geo) for geo in sorted(named)},
    )
    yield from quoting.reference_problems(dossier, list(_sentences(dossier)), file=FILE_NAME)


def _sentences(dossier: Dossier) -> Iterator[tuple[str, str]]:
    for question in dossier.evaluation.questions.values():
        yield f"{question.key}.reponse", question.reponse
        yield from ((f"{question.key}.constats", text) for text in question.constats)
        yield from ((one.key, french.typography(one.texte)) for one in question.preuves)
        yield from ((one.key, one.constat) for one in question.jugements)


TOPIC = Topic(tables=_tables, problems=_problems)
