"""KoboToolbox: answers to a form, exported as CSV or XLSX (``kobo``).

The tool adds its own columns (``_id``, ``_uuid``, ``_submission_time``...), writes the groups of questions before their
names (``logement/type``), and splits a question with several answers into columns of 0 and 1 (``besoins/transport``).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ctgeval.errors import SourceError
from ctgeval.french import number
from ctgeval.sources import answers, listing
from ctgeval.sources.answers import Question
from ctgeval.sources.table import Options, SourceTable
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections

__all__ = ["FORMAT"]

NAME = "kobo"
_IDS = ("_id", "_uuid", "_index")
_METADATA = {
    "debut": ("start",),
    "fin": ("end",),
    "version": ("__version__",),
    "validation": ("_validation_status",),
}
_TECHNICAL = re.compile(r"_(?:id|uuid|index|submission_time|notes|status|tags|parent_.*|attachments)|__version__|today")
_TRACES = re.compile(
    r"_submitted_by|username|deviceid|subscriberid|simserial|phonenumber|email|audit|_geolocation|meta/.*"
    r"|.*_(?:latitude|longitude|altitude|precision)",
    re.IGNORECASE,
)
_BOOLEANS = frozenset({"", "0", "1", "true", "false", "vrai", "faux"})


def _read(path: Path, options: Options) -> SourceTable:
    grid, dropped = answers.open_answers(path, options, traces=lambda name: bool(_TRACES.fullmatch(name)))
    id_column = next((name for name in _IDS if name in grid.columns), None)
    sent_column = next((name for name in ("_submission_time", "end", "start") if name in grid.columns), None)
    if id_column is None or sent_column is None:
        shown = ", ".join(grid.header[:12])
        raise SourceError(
            "Ce fichier n’est pas un export de KoboToolbox : il lui manque « _id » ou « _submission_time ».",
            remedy=f"Exportez les données avec leurs colonnes de métadonnées. Colonnes trouvées : {shown}.",
            file=grid.file,
            sheet=grid.sheet,
            row=1,
        )
    rejections = Rejections(grid)
    metadata = {name: headers[0] for name, headers in _METADATA.items() if headers[0] in grid.columns}
    questions = _questions(grid, {*dropped, *metadata.values()})
    return answers.respond(
        rejections,
        format=NAME,
        options=options,
        id_column=id_column,
        date=answers.days(listing.texts(grid, sent_column)),
        # A form is sent whole or stays on the telephone: what is exported was sent.
        complete=np.ones(len(grid.lines), dtype=bool),
        metadata=metadata,
        dropped=dropped,
        questions=questions,
        notes=[_disagreement(grid, questions)],
    )


def _questions(grid: Grid, others: set[str]) -> dict[str, Question]:
    """Return what each column of answers is: the choices of a question stand under its name."""
    asked = [name for name in grid.header if name not in others and not _TECHNICAL.fullmatch(name)]
    found: dict[str, Question] = {}
    for name in asked:
        parent, _, leaf = name.rpartition("/")
        group, _, question = parent.rpartition("/")
        siblings = [other for other in asked if other.startswith(f"{parent}/")] if parent else []
        split = parent in grid.columns or (len(siblings) > 1 and all(_is_flag(grid, other) for other in siblings))
        if parent and split and _is_flag(grid, name):
            found[name] = Question(question, group, leaf, "choix")
        else:
            kind = "autre" if re.search(r"_(?:other|autres?|oth)$", leaf) else "question"
            found[name] = Question(leaf, parent, "", kind)
    return found


def _is_flag(grid: Grid, name: str) -> bool:
    return all(cell.strip().lower() in _BOOLEANS for cell in grid.columns[name])


def _disagreement(grid: Grid, questions: dict[str, Question]) -> str:
    """Tell the rows in which the list of choices and their columns of 0 and 1 do not say the same."""
    wrong: set[int] = set()
    parents = {name.rpartition("/")[0] for name, one in questions.items() if one.kind == "choix"}
    for parent in sorted(parents & set(grid.columns)):
        choices = [name for name, one in questions.items() if one.kind == "choix" and name.rpartition("/")[0] == parent]
        for place, cell in enumerate(grid.columns[parent]):
            ticked = {name.rpartition("/")[2] for name in choices if _ticked(grid.columns[name][place])}
            if all(" " not in name.rpartition("/")[2] for name in choices) and set(cell.split()) != ticked:
                wrong.add(int(grid.lines[place]))
    if not wrong:
        return ""
    return (
        "Réponses à choix multiples dont la liste et les colonnes de 0 et 1 ne disent pas la même chose : "
        f"{number(len(wrong))} (lignes {listing.lines(sorted(wrong))})."
    )


def _ticked(cell: str) -> bool:
    return cell.strip().lower() in {"1", "true", "vrai"}


FORMAT = answers.survey_format(NAME, label="Réponses à un formulaire KoboToolbox", read=_read)
