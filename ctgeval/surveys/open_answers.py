"""Open answers: themes coded by hand, and verbatims that somebody has read before they are published.

Themes stand in a column of the export (``themes`` of the question) or in a file of the dossier,
``enquetes/<id>_themes.csv``, which also says which answers may be quoted and in which words:

=============  =====================================================================================
``reponse_id``  number of the response
``question``    code of the open question
``texte``       words to publish; those of the answer, scrubbed, when it is empty
``themes``      themes, separated by ``|``
``valide``      ``oui`` when somebody read these words and lets them be published
=============  =====================================================================================

Nothing that nobody let through leaves the internal bilan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ctgeval.errors import Problem, suggestion
from ctgeval.sources.known_persons import known_persons
from ctgeval.sources.workbook import Column, Table, TableSchema, read_tables
from ctgeval.surveys.answers import Answers
from ctgeval.surveys.declaration import Question
from ctgeval.surveys.place import place
from ctgeval.surveys.results import ENOUGH
from ctgeval.surveys.scrubbing import scrub

__all__ = ["FOLDER", "THEMES", "VERBATIMS", "coding", "themes", "verbatims"]

FOLDER = "enquetes"
VERBATIMS = ("survey", "wave", "question", "text", "response", "themes", "verbatim", "approved")
"""Columns of `verbatims`."""
THEMES = ("survey", "wave", "question", "text", "theme", "n", "base", "answers", "share", "reason")
"""Columns of `themes`."""


def coding(folder: Path, answers: Answers) -> Table:
    """Read the themes that were coded by hand in a file of the dossier.

    Parameters
    ----------
    folder : Path
        The dossier.
    answers : Answers
        What the file is about.

    Returns
    -------
    Table
        Empty without the file; rows about an answer that does not exist are told and left out.
    """
    schema = TableSchema(
        name=f"{answers.survey.id}_themes",
        title="Thèmes des réponses libres",
        key=("reponse_id", "question"),
        columns=(
            Column("reponse_id", "code", required=True),
            Column("question", "code", required=True),
            Column("texte", "texte"),
            Column("themes", "texte"),
            Column("valide", "choix", choices=("oui", "non")),
        ),
    )
    table = read_tables(folder / FOLDER, [schema])[schema.name]
    known = {"reponse_id": list(answers.frame.index), "question": [one.code for one in _open(answers)]}
    good = pd.Series(data=True, index=table.frame.index)
    problems = [replace(problem, severity="avertissement") for problem in table.problems]
    for name, values in known.items():
        wrong = ~table.frame[name].isin(values)
        good &= ~wrong
        problems += [_stray(row, name, values) for row in table.frame[wrong].head(5).to_dict("records")]
    kept = table.frame[good].reset_index(drop=True)
    return Table(table.name, kept, tuple(problems), table.file, table.n_rows)


def _stray(row: dict[Any, Any], column: str, values: list[str]) -> Problem:
    return Problem(
        message="Ce thème est celui d’une réponse qui n’est pas dans l’enquête.",
        remedy=suggestion(str(row[column]), values) or "Corrigez le numéro ou le code, ou retirez la ligne.",
        column=column,
        value=str(row[column]),
        severity="avertissement",
        **place(str(row["origin"])),
    )


def verbatims(answers: Answers, coded: pd.DataFrame, *, places: Iterable[str] = ()) -> pd.DataFrame:
    """Return the open answers, scrubbed, with their themes, and whether somebody let them through.

    Parameters
    ----------
    answers : Answers
        Coded answers.
    coded : DataFrame
        Rows of `coding`.
    places : iterable of str
        Places too small to be named.

    Returns
    -------
    DataFrame
        Columns `VERBATIMS`, in the order of the questions, then of the file. ``themes`` are separated by `` | ``.
    """
    rows: list[dict[str, Any]] = []
    hidden = tuple(places)
    said = [str(text) for question in _open(answers) for text in answers.frame[question.code].dropna()]
    persons = known_persons({}, texts=said, bodies=hidden)
    for question in _open(answers):
        own = {str(row["reponse_id"]): row for row in coded[coded["question"].eq(question.code)].to_dict("records")}
        given = answers.frame[question.code].dropna()
        for response, text in given.items():
            hand = own.get(str(response), {})
            words = hand["texte"] if isinstance(hand.get("texte"), str) else ""
            named = _split(hand.get("themes"))
            in_file = answers.themes.get(question.code)
            if not named and in_file is not None:
                named = _split(in_file.get(str(response)))
            rows.append(
                {
                    "survey": answers.survey.id,
                    "wave": answers.survey.wave,
                    "question": question.code,
                    "text": question.texte,
                    "response": str(response),
                    "themes": " | ".join(named),
                    "verbatim": scrub(words or str(text), places=hidden, persons=persons),
                    "approved": hand.get("valide") == "oui",
                }
            )
    frame = pd.DataFrame(rows, columns=list(VERBATIMS))
    return frame.astype({name: "bool" if name == "approved" else "str" for name in VERBATIMS})


def themes(answers: Answers, read: pd.DataFrame) -> pd.DataFrame:
    """Count the themes of the open answers.

    Parameters
    ----------
    answers : Answers
        Coded answers.
    read : DataFrame
        Rows of `verbatims`.

    Returns
    -------
    DataFrame
        Columns `THEMES`, the commonest first: ``n`` answers of the ``base`` that have a theme, out of all the
        ``answers``. One answer may have several themes; no percentage under `ENOUGH` answers.
    """
    rows: list[dict[str, Any]] = []
    for question in _open(answers):
        own = read[read["question"].eq(question.code)]
        named = [_split(one) for one in own["themes"]]
        base = sum(bool(one) for one in named)
        counts = pd.Series([theme for one in named for theme in one], dtype="str").value_counts()
        enough = base >= ENOUGH
        for theme, n in sorted(counts.items(), key=lambda item: (-int(item[1]), str(item[0]))):
            rows.append(
                {
                    "survey": answers.survey.id,
                    "wave": answers.survey.wave,
                    "question": question.code,
                    "text": question.texte,
                    "theme": str(theme),
                    "n": float(n),
                    "base": float(base),
                    "answers": float(len(own)),
                    "share": 100 * float(n) / base if enough else float("nan"),
                    "reason": "" if enough else "moins_de_11",
                }
            )
    frame = pd.DataFrame(rows, columns=list(THEMES))
    return frame.astype({name: "float64" if name in {"n", "base", "answers", "share"} else "str" for name in THEMES})


def _open(answers: Answers) -> list[Question]:
    return [one for one in answers.questions if one.type == "ouverte"]


def _split(cell: object) -> tuple[str, ...]:
    """Return the themes of a cell, each once, in its order."""
    if not isinstance(cell, str):
        return ()
    return tuple(dict.fromkeys(one.strip() for one in re.split(r"[|;]", cell) if one.strip()))
