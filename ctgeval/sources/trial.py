"""Which reader a file is for: each one tries its first lines, and the one that understands most comes first."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctgeval.errors import AmbiguousSource, CtgevalError, Problem
from ctgeval.french import fold
from ctgeval.sources.cellbook import Figure
from ctgeval.sources.files import read_raw, stored
from ctgeval.sources.geographie_appartenance import COMMUNES
from ctgeval.sources.registry import formats
from ctgeval.sources.sheets import read_book
from ctgeval.sources.table import Options, SourceTable, is_harmless
from ctgeval.sources.tableau import NAME as DESCRIBED
from ctgeval.sources.written import new_workbook

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

__all__ = ["ANSWERS", "Trial", "answered", "beginning", "trials"]

ANSWERS: Mapping[str, tuple[str, str]] = {
    "encodage": ("encoding", "cp1252"),
    "separateur": ("separator", ";"),
    "decimale": ("decimal", ","),
}
"""What is supposed, to go on, when a file can be read in two ways: option and answer, by key of ``ctg.toml``."""

_LINES = 300
_OF_JSON = frozenset({"geographie.contours", "geographie.evenements"})
_BOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Trial:
    """What a reader made of the first lines of a file.

    Parameters
    ----------
    format : str
        Name of the format.
    table : SourceTable
        What it read.
    answers : mapping of str to str
        Keys of ``ctg.toml`` that had to be supposed, to be checked by the user.
    doubts : tuple of Problem
        Why they had to be.
    """

    format: str
    table: SourceTable
    answers: Mapping[str, str]
    doubts: tuple[Problem, ...]

    @property
    def share(self) -> float:
        """Share of the rows that the reader understood: those it leaves aside, as parts of others, are understood."""
        rejected = self.table.rejected
        faulty = rejected[~rejected["reason"].map(is_harmless).astype(bool)]
        wrong = len(faulty[["sheet", "row"]].drop_duplicates())
        return 1 - wrong / self.table.n_rows if self.table.n_rows else 0.0

    @property
    def score(self) -> tuple[bool, int, float, bool, int, int]:
        """What trials are ranked by: most rows read, more measures, rows and columns, and the name of the file."""
        columns = sum(len(one.columns) for one in self.table.tables.values())
        words = set(re.split(r"[^a-z0-9]+", fold(self.table.file)))
        named = len(words & set(re.split(r"[._]", self.format)))
        measures = int(self.table.observations["measure"].nunique())
        # Most files of communes hold all that their list holds.
        return self.share >= 0.5, measures, self.share, self.format != COMMUNES, columns, named


def trials(path: Path, *, reference: Reference | None = None) -> list[Trial]:
    """Return the readers that understand the beginning of a file, the best first.

    Parameters
    ----------
    path : Path
        File.
    reference : Reference, optional
        Known territories.

    Raises
    ------
    SourceError
        When nobody can read it at all: it is absent, empty, damaged or could harm.
    """
    options = Options(key="essai", reference=reference)
    with tempfile.TemporaryDirectory() as folder:
        start = beginning(path, Path(folder))
        # The readers of CSV would look for columns in the whole of a JSON, one after the other.
        known = _OF_JSON if _is_json(start) else set(formats()) - {DESCRIBED}
        names = [name for name in formats() if name in known]
        found = [trial for name in names if (trial := _try(name, start, options))]
    return sorted(found, key=lambda trial: trial.score, reverse=True)


def answered(name: str, path: Path, options: Options) -> tuple[SourceTable, dict[str, str], tuple[Problem, ...]]:
    """Read a file; where it can be read in two ways, suppose the likeliest and tell what was supposed.

    Returns
    -------
    table : SourceTable
        What was read.
    answers : dict of str to str
        Keys of ``ctg.toml`` that were supposed, and their values.
    doubts : tuple of Problem
        The questions.

    Raises
    ------
    SourceError
        When it can't be read.
    """
    answers: dict[str, str] = {}
    doubts: list[Problem] = []
    while True:
        try:
            return formats()[name].read(path, options), answers, tuple(doubts)
        except AmbiguousSource as error:
            key = error.problem.key
            if key not in ANSWERS or key in answers:
                raise
            option, answers[key] = ANSWERS[key]
            doubts.append(error.problem)
            told: dict[str, Any] = {option: answers[key]}
            options = replace(options, **told)


def _try(name: str, path: Path, options: Options) -> Trial | None:
    try:
        table, answers, doubts = answered(name, path, options)
    except CtgevalError:
        return None
    held = len(table.observations) or any(len(one) for one in table.tables.values())
    return Trial(name, table, answers, doubts) if table.n_accepted and held else None


def _is_json(path: Path) -> bool:
    try:
        return read_raw(path).data.lstrip()[:1] in (b"{", b"[")
    except CtgevalError:
        return False


def beginning(path: Path, folder: Path) -> Path:
    """Write the first lines of a text or of a workbook in a folder, under the same name.

    Parameters
    ----------
    path : Path
        File.
    folder : Path
        Where to write.

    Returns
    -------
    Path
        What was written; the file itself when it is short, or can't be cut.
    """
    try:
        data = stored(path)
        if data.startswith(_BOOKS):
            return _first_rows(path, folder)
        data = read_raw(path).data
    except CtgevalError:
        return path
    if data.startswith(_UTF16) or data.lstrip()[:1] in (b"{", b"["):
        return path
    lines = data.splitlines(keepends=True)
    if len(lines) <= _LINES:
        return path
    start = folder / path.name.removesuffix(".gz").removesuffix(".zip")
    start.write_bytes(b"".join(lines[:_LINES]))
    return start


def _first_rows(path: Path, folder: Path) -> Path:
    """Write the first rows of each sheet: opening a big workbook once for each reader would take minutes."""
    from xlsxwriter.exceptions import XlsxWriterException  # type: ignore[import-untyped]

    book = read_book(path)
    if not book.is_workbook:
        return path
    start = folder / f"{path.stem}.xlsx"
    with new_workbook(start, title="") as made:
        for sheet in book.sheets:
            try:
                page = made.add_worksheet(sheet.name)
            except XlsxWriterException:
                # An ODS allows names that Excel does not: the sheet is read all the same when a reader is chosen.
                continue
            for line, cells in sheet.rows[:_LINES]:
                for place, cell in enumerate(cells):
                    if isinstance(cell, Figure):
                        page.write_number(line - 1, place, float(cell))
                    elif cell:
                        page.write_string(line - 1, place, cell)
    return start
