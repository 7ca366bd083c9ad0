"""LimeSurvey: answers to a questionnaire, exported as CSV or XLSX (``limesurvey``).

Headers are the codes of the questions (``Q1``, ``Q1[SQ001]``, ``Q1[other]``), their whole texts, or both
(``Q1. Texte``), as the person who exports chooses; those of the tool follow, in the language of the survey. A response
without a date of submission was left on the way: it is kept, and marked incomplete.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ctgeval.errors import SourceError
from ctgeval.sources import answers, listing
from ctgeval.sources.answers import Question
from ctgeval.sources.table import Options, SourceTable
from ctgeval.sources.text import Grid, loose
from ctgeval.sources.tidy import Rejections

__all__ = ["FORMAT"]

NAME = "limesurvey"
_TOOL: dict[str, tuple[str, ...]] = {
    "id": ("id", "id de la reponse", "identifiant de la reponse", "response id"),
    "submitdate": ("submitdate", "date de soumission", "date submitted"),
    "lastpage": ("lastpage", "derniere page", "last page"),
    "startlanguage": ("startlanguage", "langue de depart", "start language"),
    "seed": ("seed", "tete de serie"),
    "startdate": ("startdate", "date de lancement", "date started"),
    "datestamp": ("datestamp", "date de la derniere action", "date last action"),
    "ipaddr": ("ipaddr", "adresse ip", "ip address"),
    "refurl": ("refurl", "url referente", "url de provenance", "referrer url"),
    "token": ("token", "code d'acces", "code d'invitation", "access code"),
    "firstname": ("firstname", "prenom", "first name"),
    "lastname": ("lastname", "nom de famille", "last name"),
    "email": ("email", "adresse de courriel", "email address"),
}
_NAMES = {name: tool for tool, names in _TOOL.items() for name in names}
_TRACES = frozenset({"ipaddr", "refurl", "token", "firstname", "lastname", "email", "seed"})
_METADATA = {"derniere_page": "lastpage", "langue": "startlanguage", "debut": "startdate", "fin": "datestamp"}
_CODE = re.compile(r"([A-Za-z][A-Za-z0-9_]*)((?:\[[^\[\]]*\])*)")
_TEXT = re.compile(r"(.*\S)\s*\[([^\[\]]*)\]")
# The date that the tool writes when the survey was told not to keep dates.
_NO_DATE = "1980-01-01"


def _read(path: Path, options: Options) -> SourceTable:
    grid, dropped = answers.open_answers(path, options, traces=lambda name: _tool(name) in _TRACES)
    tools = {tool: name for name in grid.header if (tool := _tool(name))}
    for needed, example in (("id", "id"), ("submitdate", "submitdate")):
        if needed not in tools:
            shown = ", ".join(grid.header[:12])
            raise SourceError(
                f"Ce fichier n’est pas un export de LimeSurvey : il lui manque la colonne « {example} ».",
                remedy=f"Exportez toutes les colonnes de l’outil, réponses incomplètes comprises. Trouvées : {shown}.",
                file=grid.file,
                sheet=grid.sheet,
                row=1,
                column=example,
            )
    rejections = Rejections(grid)
    sent = listing.texts(grid, tools["submitdate"])
    date = answers.days(sent)
    metadata = {name: tools[tool] for name, tool in _METADATA.items() if tool in tools}
    undated = date == _NO_DATE
    return answers.respond(
        rejections,
        format=NAME,
        options=options,
        id_column=tools["id"],
        date=np.where(undated, "", date),
        complete=sent != "",
        metadata=metadata,
        dropped=dropped,
        questions=_questions(grid, {*tools.values()}),
        notes=[
            "L’enquête ne garde pas les dates des réponses (elles portent toutes le 1er janvier 1980)."
            if undated.any()
            else "",
        ],
    )


def _tool(name: str) -> str:
    """Return which column of the tool a header is, by its code or its text in one of the languages; else empty."""
    known = _NAMES.get(loose(name))
    if known is not None:
        return known
    code, dot, _ = name.partition(". ")
    return _NAMES.get(loose(code), "") if dot and loose(code) in _TOOL else ""


def _questions(grid: Grid, tools: set[str]) -> dict[str, Question]:
    found: dict[str, Question] = {}
    for name in grid.header:
        if name not in tools:
            found[name] = _question(name)
    return found


def _question(name: str) -> Question:
    code, dot, _ = name.partition(". ")
    match = _CODE.fullmatch(code if dot else name)
    if match is not None:
        parts = re.findall(r"\[([^\[\]]*)\]", match[2])
        choice = "/".join(parts)
        return Question(match[1], choice=choice, kind=_kind(parts[-1]) if parts else "question")
    text = _TEXT.fullmatch(name)
    if text is not None:
        return Question(text[1], choice=text[2], kind=_kind(text[2]))
    return Question(name)


def _kind(choice: str) -> str:
    if loose(choice) in {"other", "autre", "autre precisez"}:
        return "autre"
    return "commentaire" if re.search(r"comment(?:aire)?$", choice, re.IGNORECASE) else "choix"


FORMAT = answers.survey_format(NAME, label="Réponses à un questionnaire LimeSurvey", read=_read)
