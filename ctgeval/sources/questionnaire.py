"""Answers to a questionnaire in a plain table: Framaforms, another form on line, or what was typed in a spreadsheet.

One row a respondent, one column a question. Lines above the header (the title of the form, the groups of questions, as
Framaforms writes them) are left out: the header is the line that names the number of the response. A question with
several answers is one cell, or one column a choice, headed ``question [choix]``.
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

NAME = "questionnaire"
_IDS = ("reponse id", "id", "numero", "n", "numero de reponse", "numero de serie", "serial", "sid", "identifiant")
_DATES = (
    "date", "horodateur", "date de reponse", "heure de soumission", "soumis le", "submitted time", "completed time",
    "heure de fin",
)  # fmt: skip
_DRAFTS = ("brouillon", "draft")
_TOOL = frozenset({"sid", "modified time", "heure de modification", "uid", *_DRAFTS, *_IDS, *_DATES})
_TRACES = frozenset({
    "ip address", "adresse ip", "ip", "username", "nom d'utilisateur", "utilisateur", "courriel", "adresse e-mail",
    "e-mail", "email", "adresse de messagerie",
})  # fmt: skip
_CHOICE = re.compile(r"(.*\S)\s*\[([^\[\]]+)\]")
_YES = frozenset({"1", "oui", "yes", "true", "vrai"})


def _read(path: Path, options: Options) -> SourceTable:
    grid, dropped = answers.open_answers(path, options, traces=lambda name: loose(name) in _TRACES, named=_IDS)
    known = {loose(name): name for name in reversed(grid.header)}
    id_column = next((known[name] for name in _IDS if name in known), None)
    if id_column is None:
        shown = ", ".join(grid.header[:12])
        raise SourceError(
            "Les réponses n’ont pas de numéro : une correction ne saurait pas laquelle est laquelle.",
            remedy=f"Ajoutez une colonne « reponse_id », un numéro par ligne. Colonnes trouvées : {shown}.",
            file=grid.file,
            sheet=grid.sheet,
            row=1,
            column="reponse_id",
        )
    rejections = Rejections(grid)
    dated = next((known[name] for name in _DATES if name in known), None)
    draft = next((known[name] for name in _DRAFTS if name in known), None)
    unsent = np.array([cell.casefold() in _YES for cell in listing.texts(grid, draft).tolist()], dtype=np.bool_)
    return answers.respond(
        rejections,
        format=NAME,
        options=options,
        id_column=id_column,
        date=answers.days(listing.texts(grid, dated)),
        complete=~unsent,
        metadata={},
        dropped=dropped,
        questions=_questions(grid, dropped),
        notes=[],
    )


def _questions(grid: Grid, dropped: tuple[str, ...]) -> dict[str, Question]:
    found: dict[str, Question] = {}
    for name in grid.header:
        if name in dropped or loose(name) in _TOOL:
            continue
        match = _CHOICE.fullmatch(name)
        if match is None:
            found[name] = Question(name)
        else:
            other = loose(match[2]) in {"autre", "other"}
            found[name] = Question(match[1], choice=match[2], kind="autre" if other else "choix")
    return found


FORMAT = answers.survey_format(NAME, label="Réponses à un questionnaire en tableau (Framaforms, Excel)", read=_read)
