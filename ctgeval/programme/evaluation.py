"""``evaluation.toml``: the questions évaluatives and the chain of each, from its criteria to its recommendations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctgeval.errors import Problem
from ctgeval.programme import toml_rows
from ctgeval.programme.evidence import Evidence, Judgement, read_evidence, read_judgements, without_persons
from ctgeval.programme.toml_rows import Faults

FILE_NAME = "evaluation.toml"
LENSES = ("pertinence", "cohérence", "efficacité", "efficience", "impact", "utilité", "durabilité")
"""The seven criteria: lenses for a question, never boxes to fill."""
RUBRICS: Mapping[str, str] = {
    "mecanisme": "Mécanisme attendu",
    "pour": "Éléments en faveur d’une contribution",
    "contre": "Éléments contraires",
    "autres": "Autres explications possibles",
}
"""Parts of an analysis of contribution, by their key, in their order."""

CRITERIA, QUALITATIVE, ANSWER, APPROVED = "criteres_de_jugement", "elements_qualitatifs", "reponse", "validee_par"
"""What else is told of a question beside its analysis of contribution."""

_TEXTS = ("id", "texte", "reponse", "validee_par")
_LISTS = ("criteres", "criteres_de_jugement", "indicateurs", "elements_qualitatifs", "constats", "recommandations")
_KEYS = (*_TEXTS, *_LISTS, "contribution", "preuve", "jugement")

__all__ = [
    "ANSWER", "APPROVED", "CRITERIA", "FILE_NAME", "LENSES", "QUALITATIVE", "RUBRICS", "Evaluation", "Question",
    "read",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question évaluative.

    Parameters
    ----------
    id : str
        As ``[[impact]]`` names it: ``Q2``.
    texte : str
        The question.
    criteres : tuple of str
        Among `LENSES`.
    criteres_de_jugement, indicateurs, elements_qualitatifs, constats : tuple of str
    reponse, validee_par : str
    recommandations : tuple of str
        Ids of the table ``recommandations``.
    contribution : mapping of str to tuple of str
        Sentences of the analysis of contribution, by key of `RUBRICS`.
    preuves : tuple of Evidence
        What the answer stands on.
    jugements : tuple of Judgement
        What was found of the criteria of judgement.
    key : str
        Its place in the file.
    """

    id: str
    texte: str
    criteres: tuple[str, ...]
    criteres_de_jugement: tuple[str, ...]
    indicateurs: tuple[str, ...]
    elements_qualitatifs: tuple[str, ...]
    reponse: str
    validee_par: str
    contribution: Mapping[str, tuple[str, ...]]
    constats: tuple[str, ...] = ()
    recommandations: tuple[str, ...] = ()
    preuves: tuple[Evidence, ...] = ()
    jugements: tuple[Judgement, ...] = ()
    key: str = ""

    @property
    def figures(self) -> tuple[str, ...]:
        """Ids of every indicator that it names, its own first."""
        return tuple(dict.fromkeys([*self.indicateurs, *(one.indicateur for one in self.preuves if one.indicateur)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The questions of a dossier, by id, and what could not be read."""

    questions: Mapping[str, Question]
    problems: tuple[Problem, ...]


def read(folder: Path) -> Evaluation:
    """Read the questions of a dossier.

    Parameters
    ----------
    folder : Path
        The dossier; a dossier without the file has no question.

    Returns
    -------
    Evaluation
        Never raises: what can't be read is told with its place and its remedy.
    """
    values, problems = toml_rows.load(folder / FILE_NAME, what="Les questions évaluatives")
    faults = Faults(FILE_NAME, problems)
    faults.unknown_keys(values, ("question",), "")
    questions: dict[str, Question] = {}
    for row, place in faults.rows(values, "question"):
        found = _question(row, place, faults)
        if found is not None and found.id in questions:
            faults.leave_out(
                f"La question {found.id} est écrite deux fois : la première est gardée.", "Donnez un autre id.", place
            )
        elif found is not None:
            questions[found.id] = found
    return Evaluation(questions=questions, problems=tuple(faults.problems))


def _question(row: Mapping[str, Any], place: str, faults: Faults) -> Question | None:
    faults.unknown_keys(row, _KEYS, place)
    texts = {name: faults.text(row, name, place) for name in _TEXTS}
    if not texts["id"] or not texts["texte"]:
        faults.leave_out("Une question a besoin d’un id et d’un texte.", 'id = "Q1" et texte = "...".', place)
        return None
    lists = {name: faults.texts(row, name, place) for name in _LISTS}
    for name in ("elements_qualitatifs", "constats"):
        lists[name] = without_persons(lists[name], f"{place}.{name}", faults)
    lenses = [faults.choice(one, LENSES, f"{place}.criteres", "un critère d’évaluation") for one in lists["criteres"]]
    return Question(
        id=texts["id"],
        texte=texts["texte"],
        reponse=texts["reponse"],
        validee_par=texts["validee_par"],
        criteres=tuple(dict.fromkeys(filter(None, lenses))),
        criteres_de_jugement=lists["criteres_de_jugement"],
        indicateurs=lists["indicateurs"],
        elements_qualitatifs=lists["elements_qualitatifs"],
        constats=lists["constats"],
        recommandations=lists["recommandations"],
        contribution=_contribution(row, place, faults),
        preuves=read_evidence(row, place, faults),
        jugements=read_judgements(row, lists["criteres_de_jugement"], place, faults),
        key=place,
    )


def _contribution(row: Mapping[str, Any], place: str, faults: Faults) -> dict[str, tuple[str, ...]]:
    own = row.get("contribution", {})
    if not isinstance(own, dict):
        faults.tell("« contribution » est une section.", "[question.contribution]", place)
        return {}
    key = f"{place}.contribution"
    faults.unknown_keys(own, tuple(RUBRICS), key)
    return {name: faults.texts(own, name, key) for name in RUBRICS if name in own}
