"""Every problem of a dossier, whether it can be opened or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ctgeval import programme
from ctgeval.dossier import Dossier
from ctgeval.errors import DossierError, Problem
from ctgeval.sources import workbook


def problems(folder: Path) -> list[Problem]:
    """Return every problem of a dossier: those of ``ctg.toml`` and of the tables when it can't be opened.

    Parameters
    ----------
    folder : Path
        The dossier.
    """
    try:
        dossier = Dossier.open(folder)
    except DossierError as error:
        tables = workbook.read_tables(folder, programme.SCHEMAS) if folder.is_dir() else {}
        return [*error.problems, *(problem for table in tables.values() for problem in table.problems)]
    return [_problem(row) for row in dossier.problems().to_dict("records")]


def _problem(row: dict[Any, Any]) -> Problem:
    line = row.pop("row")
    return Problem(**row, row=int(line) if isinstance(line, int) else None)
