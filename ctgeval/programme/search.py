"""Full-text search in what a dossier keeps in prose: notes, actions, proposals, decisions, texts; accents aside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ctgeval.programme.origin import place
from ctgeval.prose import fold

__all__ = ["COLUMNS", "Document", "of_table", "search"]

COLUMNS = ("rang", "table", "id", "action", "date", "titre", "extrait", "score", "file", "sheet", "row")
_WORD = re.compile(r"[^\W_]+")
_BEFORE, _LENGTH = 50, 170
_TITLE, _WHOLE, _START = 3.0, 2.0, 1.0
_MOST = 5
"""Times that a word counts in one document: a long text is not a better one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One thing to search in.

    Parameters
    ----------
    table : str
        Where it is kept, as a coordinator names it.
    titre : str
        What names it; words found there count more.
    texte : str
        All the rest.
    id, action, date : str
    file, sheet : str
    row : int or None
        Its place.
    """

    table: str
    titre: str
    texte: str
    id: str = ""
    action: str = ""
    date: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None


def of_table(
    frame: pd.DataFrame, table: str, *, titles: Iterable[str], texts: Iterable[str], names: Mapping[str, str]
) -> list[Document]:
    """Return the rows of a table as documents.

    Parameters
    ----------
    frame : DataFrame
        With ``origin``.
    table : str
        Its name.
    titles, texts : iterable of str
        Columns that name a row, and those that hold its prose.
    names : mapping of str to str
        Column of each of ``id``, ``action``, ``date``.
    """
    titles, texts = tuple(titles), tuple(texts)
    return [
        Document(
            table=table,
            titre=_joined(row, titles),
            texte=_joined(row, texts),
            **{name: _text(row.get(column)) for name, column in names.items()},
            **place(row.get("origin")),
        )
        for row in frame.to_dict("records")
    ]


def search(documents: Iterable[Document], words: str) -> pd.DataFrame:
    """Return the documents that hold every word, the best first.

    Parameters
    ----------
    documents : iterable of Document
    words : str
        Words, or their beginnings, in any order; accents, case and punctuation don't count.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`; ``score`` adds, for each word, 1 for each word of the text that begins so, 2 for each that is
        the same, three times more in a title, five at most in each; ties by table, date (the last first), id and place.

    Examples
    --------
    >>> notes = [
    ...     Document(table="journal", titre="", texte="La crèche ouvre."),
    ...     Document(table="journal", titre="", texte="Non."),
    ... ]
    >>> list(search(notes, "CRECH ouvr")["extrait"])
    ['La crèche ouvre.']
    """
    wanted = list(dict.fromkeys(_WORD.findall(fold(words))))
    found = []
    for one in documents if wanted else ():
        score = _score(one, wanted)
        if score:
            found.append((one, score))
    # Two sorts, since dates go down where all the rest goes up: sorting is stable.
    found.sort(
        key=lambda pair: (pair[0].table, pair[0].id, pair[0].file, pair[0].row or 0, pair[0].titre, pair[0].texte)
    )
    found.sort(key=lambda pair: pair[0].date, reverse=True)
    found.sort(key=lambda pair: -pair[1])
    rows = [
        {
            "rang": rank, "table": one.table, "id": one.id, "action": one.action, "date": one.date, "titre": one.titre,
            "extrait": _excerpt(one, wanted), "score": score, "file": one.file, "sheet": one.sheet, "row": one.row,
        }
        for rank, (one, score) in enumerate(found, start=1)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"rang": "int64", "score": "float64", "row": "Int64"})


def _score(one: Document, wanted: list[str]) -> float:
    """Return how well a document answers; 0 when one of the words is not there."""
    title, text = _WORD.findall(fold(one.titre)), _WORD.findall(fold(one.texte))
    marks = _WORD.findall(fold(f"{one.id} {one.action}"))
    total = 0.0
    for word in wanted:
        own = _TITLE * _counted(title, word) + _counted(text, word) + _TITLE * _counted(marks, word)
        if not own:
            return 0.0
        total += own
    return total


def _counted(words: Iterable[str], wanted: str) -> float:
    seen = [_WHOLE if word == wanted else _START for word in words if word.startswith(wanted)]
    return sum(sorted(seen, reverse=True)[:_MOST])


def _excerpt(one: Document, wanted: list[str]) -> str:
    """Return what stands around the first word that is found, cut between words."""
    text = " ".join((one.texte or one.titre).split())
    starts = [found.start() for found in _WORD.finditer(text) if fold(found[0]).startswith(tuple(wanted))]
    first = starts[0] if starts else 0
    begin = max(0, first - _BEFORE)
    begin = text.rfind(" ", 0, begin) + 1 if begin else 0
    end = begin + _LENGTH
    if end < len(text):
        cut = text.rfind(" ", begin, end)
        end = cut if cut > begin else end
    return ("… " if begin else "") + text[begin:end].strip() + (" …" if end < len(text) else "")


def _joined(row: Mapping[Any, Any], columns: Iterable[str]) -> str:
    return " ".join(text for name in columns if (text := _text(row.get(name))))


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
