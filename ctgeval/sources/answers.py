"""Answers to a questionnaire, as survey tools export them: one row a response, its questions in columns.

What traces a respondent (address of the machine, telephone, place) is not kept; what may identify one is refused by the
check that every file goes through. The answers are no facts about a territory: they are a table, of which only a count
of the complete ones is observed, when a column tells the commune.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import observations
from ctgeval.errors import SourceError, TerritoryError
from ctgeval.french import number
from ctgeval.sources import listing, names, personal_data
from ctgeval.sources.dialect import separator_of
from ctgeval.sources.files import read_raw
from ctgeval.sources.sheets import read_book
from ctgeval.sources.table import Format, Options, SourceTable
from ctgeval.sources.text import Grid, decode, loose
from ctgeval.sources.tidy import Rejections, Texts
from ctgeval.territory import codes

__all__ = ["MEASURE", "Question", "days", "open_answers", "respond", "survey_format"]

MEASURE = "questionnaires_recus"
_TEXT = pd.StringDtype(na_value=np.nan)
_TITLES = 6
_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
_COMMUNE = frozenset({"code commune", "code insee", "code insee commune", "codgeo", "insee", "insee com", "depcom"})
_MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?|(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?")


@dataclass(frozen=True, slots=True)
class Question:
    """What a column of answers is.

    Parameters
    ----------
    name : str
        Code or text of the question.
    group : str
        Group it belongs to; empty when the export does not tell.
    choice : str
        For a column that is one of the possible choices, or one line of a table, which; else empty.
    kind : {"question", "choix", "autre", "commentaire"}
        Whether it is a whole question, one of its choices, «autre», or the comment that goes with it.
    """

    name: str
    group: str = ""
    choice: str = ""
    kind: str = "question"


def open_answers(
    path: Path, options: Options, *, traces: Callable[[str], bool], named: Sequence[str] = ()
) -> tuple[Grid, tuple[str, ...]]:
    """Return the cells of an export, CSV or workbook, and the headers of what traces respondents, which are dropped.

    Parameters
    ----------
    path : Path
        File. In a workbook the first sheet that is filled is read, and the others are named in a note.
    options : Options
        What the dossier says of it.
    traces : callable
        Tells, from its header, whether a column traces respondents.
    named : sequence of str
        Names that one column of the header has, for files with a title above it; without any, the header comes first.

    Raises
    ------
    AmbiguousSource, SourceError
        When the file can't be read.
    PersonalDataFound
        When a column that is kept holds data about persons, and is not admitted.
    """
    is_book = path.suffix.lower() in _WORKBOOKS
    grid = _of_book(path, named) if is_book else _of_csv(path, options, named)
    dropped = tuple(name for name in grid.header if traces(name))
    kept = {name: cells for name, cells in grid.columns.items() if name not in dropped}
    admitted = personal_data.require_none(kept, file=grid.file, admitted=options.admitted, respondents=True)
    return grid.noted(*admitted), dropped


def _of_csv(path: Path, options: Options, named: Sequence[str]) -> Grid:
    raw = read_raw(path)
    text, encoding = decode(raw, encoding=options.encoding)
    mark = separator_of(text, file=raw.name, separator=options.separator)
    # Answers are prose: a cell may hold line breaks and separators, and only its width tells a record that is whole.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    rows: list[tuple[int, list[str]]] = []
    before = 0
    try:
        for record in reader:
            start, before = before + 1, reader.line_num
            if any(cell.strip() for cell in record):
                _refuse_swallowed(record, mark, rows, raw.name, start)
                rows.append((start, record))
    except csv.Error as error:
        raise SourceError(
            "Le fichier ne se découpe pas en cellules : un guillemet n’est sans doute pas refermé.",
            remedy="Exportez de nouveau les réponses depuis l’outil d’enquête.",
            file=raw.name,
            row=before + 1,
        ) from error
    rows = _from_header(rows, named)
    return _grid(rows, file=raw.name, sheet="", encoding=encoding, separator=mark, sha256=raw.sha256)


def _refuse_swallowed(
    record: Sequence[str], mark: str, rows: Sequence[tuple[int, list[str]]], file: str, start: int
) -> None:
    """Refuse a cell in which whole records lie: a quote was left open above them."""
    width = len(rows[0][1]) if rows else 0
    if width < 3:
        return
    for cell in record:
        if "\n" in cell and any(line.count(mark) >= width - 1 for line in cell.splitlines()[1:]):
            raise SourceError(
                "Un guillemet ouvert n’est pas refermé : la suite du fichier ne se découpe plus.",
                remedy="Corrigez ou retirez ce guillemet dans le fichier.",
                file=file,
                row=start,
            )


def _of_book(path: Path, named: Sequence[str]) -> Grid:
    book = read_book(path)
    filled = [sheet for sheet in book.sheets if sheet.rows]
    if not filled:
        raise SourceError(
            "Le classeur est vide.", remedy="Exportez de nouveau les réponses depuis l’outil d’enquête.", file=path.name
        )
    first = filled[0]
    rows = _from_header(first.rows, named)
    grid = _grid(rows, file=book.file, sheet=first.name, encoding="", separator="", sha256=book.sha256)
    others = [name for name in book.names if name != first.name]
    notes = [*book.notes, f"Feuilles non lues (groupes répétés ou autres) : {', '.join(others)}." if others else ""]
    return grid.noted(*(note for note in notes if note))


def _from_header(rows: Sequence[tuple[int, list[str]]], named: Sequence[str]) -> list[tuple[int, list[str]]]:
    """Leave out what stands above the header, in files that have a title."""
    wanted = set(named)
    for rank, (_, cells) in enumerate(rows[:_TITLES]):
        if wanted & {loose(cell) for cell in cells}:
            return list(rows[rank:])
    return list(rows)


def _grid(
    rows: Sequence[tuple[int, list[str]]], *, file: str, sheet: str, encoding: str, separator: str, sha256: str
) -> Grid:
    if len(rows) < 2:
        raise SourceError(
            "Le fichier n’a aucune réponse." if rows else "Le fichier est vide.",
            remedy="Exportez de nouveau les réponses depuis l’outil d’enquête.",
            file=file,
            sheet=sheet,
        )
    header, twice = _headers(rows[0][1])
    width = len(header)
    kept: list[list[str]] = []
    lines: list[int] = []
    ragged: list[tuple[int, int, str]] = []
    for line, cells in rows[1:]:
        # A workbook does not hold the empty cells at the end of a line.
        full = [*cells, *[""] * (width - len(cells))] if not separator else cells
        if len(full) == width or (len(full) > width and not any(cell.strip() for cell in full[width:])):
            kept.append([cell.strip() for cell in full[:width]])
            lines.append(line)
        else:
            ragged.append((line, len(full), separator.join(full)[:20]))
    columns = list(zip(*kept, strict=True)) if kept else [()] * width
    named = [place for place, name in enumerate(header) if name]
    unnamed = sum(any(cell for cell in columns[place]) for place, name in enumerate(header) if not name)
    notes = [
        f"Questions de même intitulé, numérotées : {', '.join(twice[:5])}." if twice else "",
        f"Colonnes sans nom, non lues : {unnamed}." if unnamed else "",
    ]
    return Grid(
        file=file,
        header=tuple(header[place] for place in named),
        width=width,
        columns={header[place]: columns[place] for place in named},
        lines=lines,
        ragged=tuple(ragged),
        n_rows=len(lines) + len(ragged),
        encoding=encoding,
        separator=separator,
        sha256=sha256,
        notes=tuple(note for note in notes if note),
        sheet=sheet,
    )


def _headers(cells: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the headers on one line each; those that come twice are numbered, since two questions may be alike."""
    bare = [" ".join(cell.split()) for cell in cells]
    many = {name for name, count in Counter(name for name in bare if name).items() if count > 1}
    seen: Counter[str] = Counter()
    header: list[str] = []
    for name in bare:
        seen[name] += 1
        header.append(f"{name} ({seen[name]})" if name in many and seen[name] > 1 else name)
    return header, sorted(many)


def days(cells: Texts) -> Texts:
    """Return the days of moments (``2024-03-12T10:22:31``, ``12/03/2024 10:22``) as ``2024-03-12``; empty if unread."""
    known = {cell: _day(cell) for cell in set(cells.tolist())}
    return np.array([known[cell] for cell in cells.tolist()], dtype=object)


def _day(cell: str) -> str:
    found = _MOMENT.fullmatch(cell)
    if found is None:
        return ""
    year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    try:
        return dt.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def respond(
    rejections: Rejections,
    *,
    format: str,
    options: Options,
    id_column: str,
    date: Texts,
    complete: npt.NDArray[np.bool_],
    metadata: Mapping[str, str],
    dropped: Sequence[str],
    questions: Mapping[str, Question],
    notes: Iterable[str],
) -> SourceTable:
    """Return the answers as a table, with their questions, and the count of the complete ones where communes are told.

    Parameters
    ----------
    rejections : Rejections
        The grid; responses without a number, or that share one and differ, are rejected here.
    format : str
        Name of the format.
    options : Options
        What the dossier says of the file.
    id_column : str
        Number of the response.
    date, complete : ndarray, shape (n,)
        Day of each response (empty when unknown), and whether it was sent.
    metadata : mapping of str to str
        Other columns of the tool, by the name that they take in the table.
    dropped : sequence of str
        Headers of what traces respondents.
    questions : mapping of str to Question
        What each of the other columns is.
    notes : iterable of str
        Notes of the reader.
    """
    grid = rejections.grid
    ids = listing.texts(grid, id_column)
    rejections.add_all(ids == "", id_column, "La réponse n’a pas de numéro.")
    listing.refuse_repeated(rejections, [id_column], what="une réponse")
    good = ~rejections.bad
    columns = {
        "reponse_id": ids,
        "date": date,
        "complete": complete,
        **{name: listing.texts(grid, header) for name, header in metadata.items()},
    }
    used = [id_column, *metadata.values(), *dropped]
    hidden = [name for name in grid.header if name not in used and name not in questions]
    table = listing.frame(rejections, columns, read=[*used, *hidden])
    told = [
        {"colonne": name, "question": one.name, "groupe": one.group, "choix": one.choice, "genre": one.kind}
        for name, one in questions.items()
    ]
    frame = pd.DataFrame(told, columns=["colonne", "question", "groupe", "choix", "genre"], dtype=_TEXT)
    observed, counted = _counted(rejections, questions, date, complete, options)
    return listing.result(
        rejections,
        format=format,
        observed=observed,
        tables={"reponses": table, "questions": frame},
        notes=[
            f"Colonnes non gardées, qui permettent de retrouver les répondants : {', '.join(dropped)}."
            if dropped
            else "",
            f"Colonnes de l’outil, non gardées : {', '.join(hidden)}." if hidden else "",
            _incomplete(complete, good),
            f"Réponses sans date lisible : {number(int((good & (date == '')).sum()))}."
            if (good & (date == "")).any()
            else "",
            counted,
            *notes,
        ],
    )


def _incomplete(complete: npt.NDArray[np.bool_], good: npt.NDArray[np.bool_]) -> str:
    count = int((good & ~complete).sum())
    if not count:
        return ""
    return (
        f"Réponses sans envoi final, gardées et marquées incomplètes : {number(count)} sur {number(int(good.sum()))}."
    )


def _counted(
    rejections: Rejections,
    questions: Mapping[str, Question],
    date: Texts,
    complete: npt.NDArray[np.bool_],
    options: Options,
) -> tuple[pd.DataFrame, str]:
    """Count the complete responses by commune and year, when a column holds nothing but codes of communes."""
    grid = rejections.grid
    held = [name for name, one in questions.items() if loose(one.name) in _COMMUNE and one.kind == "question"]
    if len(held) != 1:
        return observations.empty(), ""
    cells = listing.texts(grid, held[0]).tolist()
    known = {cell: _commune(cell, options) for cell in set(cells) if cell}
    wrong = sorted(cell for cell, code in known.items() if not code)
    if wrong or not known:
        return observations.empty(), (
            f"La colonne « {held[0]} » ne contient pas que des codes de commune : les réponses ne sont pas comptées "
            "par territoire."
        )
    geo = np.array([known[cell] if cell else "" for cell in cells], dtype=object)
    years = np.array([float(day[:4]) if day else np.nan for day in date.tolist()], dtype=np.float64)
    return listing.summed(
        rejections,
        [listing.Sum(MEASURE, among=complete)],
        key=options.key,
        geo=names.whole_communes(geo),
        periods=np.array([day[:4] for day in date.tolist()], dtype=object),
        geography=np.where(np.isnan(years), np.nan, float(options.geography or 0) or years),
    ), ""


def _commune(cell: str, options: Options) -> str:
    try:
        code = codes.commune(cell)
    except TerritoryError:
        return ""
    if options.reference is None or codes.arrondissement_parent(code) or code in names.known(options.reference):
        return code
    return ""


def survey_format(name: str, *, label: str, read: Callable[[Path, Options], SourceTable]) -> Format:
    """Return the format of a tool that exports the answers of a survey.

    Parameters
    ----------
    name, label : str
        As written in ``ctg.toml``, and as read.
    read : callable
        The reader.
    """
    return Format(
        name=name,
        label=label,
        producer="Enquête du territoire",
        licence="",
        periodicity="à chaque enquête",
        lag_years=0,
        coverage={
            "COM": "Les réponses sont celles des personnes qui ont répondu : elles ne représentent pas tous les "
            "habitants."
        },
        minimum_population=None,
        measures=(MEASURE,),
        read=read,
    )
