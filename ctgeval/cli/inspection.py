"""Every problem of a dossier, whether it can be opened or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ctgeval.errors import DossierError, Problem


def problems(folder: Path) -> list[Problem]:
    """Return every problem of a dossier: those of ``ctg.toml`` alone when they forbid to open it.

    Parameters
    ----------
    folder : Path
        The dossier.
    """
    from ctgeval.dossier import Dossier

    try:
        dossier = Dossier.open(folder)
    except DossierError as error:
        return list(error.problems)
    return [_problem(row) for row in dossier.problems().to_dict("records")]


def _problem(row: dict[Any, Any]) -> Problem:
    line = row.pop("row")
    return Problem(**row, row=int(line) if isinstance(line, int) else None)
