"""``evaluation.toml``: the questions évaluatives and the analysis of contribution, as their authors wrote them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctgeval.errors import Problem, suggestion

FILE_NAME = "evaluation.toml"
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
_LISTS = ("criteres", "criteres_de_jugement", "indicateurs", "elements_qualitatifs")
_KEYS = (*_TEXTS, *_LISTS, "contribution")

__all__ = [
    "ANSWER", "APPROVED", "CRITERIA", "FILE_NAME", "QUALITATIVE", "RUBRICS", "Evaluation", "Question", "read",
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
    criteres, criteres_de_jugement, indicateurs, elements_qualitatifs : tuple of str
    reponse, validee_par : str
    contribution : mapping of str to tuple of str
        Sentences of the analysis of contribution, by key of `RUBRICS`.
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
    path = folder / FILE_NAME
    if not path.is_file():
        return Evaluation(questions={}, problems=())
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Evaluation(
            questions={},
            problems=(
                Problem(
                    message="Les questions évaluatives ne peuvent pas être lues.",
                    remedy="Enregistrez le fichier en UTF-8 et vérifiez la ligne indiquée : texte entre guillemets, "
                    "listes entre crochets.",
                    file=FILE_NAME,
                    value=str(error)[:120],
                ),
            ),
        )
    problems = list(_unknown_keys(values, ("question",), ""))
    questions: dict[str, Question] = {}
    rows = values.get("question", [])
    for rank, row in enumerate(rows if isinstance(rows, list) else [rows], start=1):
        place = f"question[{rank}]"
        found, told = _question(row, place)
        problems += told
        if found is not None and found.id in questions:
            problems.append(_problem(f"La question {found.id} est écrite deux fois.", "Donnez un autre id.", place))
        elif found is not None:
            questions[found.id] = found
    return Evaluation(questions=questions, problems=tuple(problems))


def _question(row: Any, place: str) -> tuple[Question | None, list[Problem]]:
    if not isinstance(row, dict):
        return None, [_problem("Une question s’écrit [[question]], puis une ligne par champ.", "", place)]
    problems = list(_unknown_keys(row, _KEYS, place))
    texts = {name: row.get(name, "") for name in _TEXTS}
    for name, value in texts.items():
        if not isinstance(value, str):
            problems.append(
                _problem(f"« {name} » doit être un texte.", "Mettez-le entre guillemets.", f"{place}.{name}")
            )
            texts[name] = str(value)
    if not texts["id"] or not texts["texte"]:
        return None, [
            *problems,
            _problem("Une question a besoin d’un id et d’un texte.", 'id = "Q1" et texte = "...".', place),
        ]
    lists = {name: _sentences(row.get(name, []), f"{place}.{name}", problems) for name in _LISTS}
    own = row.get("contribution", {})
    if not isinstance(own, dict):
        problems.append(_problem("« contribution » est une section.", "[question.contribution]", place))
        own = {}
    problems += _unknown_keys(own, tuple(RUBRICS), f"{place}.contribution")
    contribution = {
        name: _sentences(own.get(name, []), f"{place}.contribution.{name}", problems) for name in RUBRICS if name in own
    }
    question = Question(
        id=texts["id"],
        texte=texts["texte"],
        reponse=texts["reponse"],
        validee_par=texts["validee_par"],
        criteres=lists["criteres"],
        criteres_de_jugement=lists["criteres_de_jugement"],
        indicateurs=lists["indicateurs"],
        elements_qualitatifs=lists["elements_qualitatifs"],
        contribution=contribution,
    )
    return question, problems


def _sentences(value: Any, place: str, problems: list[Problem]) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        problems.append(_problem("Une liste de textes est attendue ici.", '["...", "..."]', place))
        return ()
    return tuple(item.strip() for item in items if item.strip())


def _unknown_keys(values: Mapping[str, Any], known: Iterable[str], place: str) -> Iterable[Problem]:
    for name in values:
        if name not in known:
            key = f"{place}.{name}" if place else name
            yield _problem(f"La clé « {name} » n’est pas connue.", suggestion(name, known), key)


def _problem(message: str, remedy: str, key: str) -> Problem:
    return Problem(message=message, remedy=remedy, file=FILE_NAME, key=key, severity="avertissement")
