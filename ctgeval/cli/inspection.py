"""Every problem of a dossier, whether it can be opened or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ctgeval import french, programme
from ctgeval.config import Config
from ctgeval.dossier import Dossier
from ctgeval.errors import DossierError, ParameterError, Problem
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
    found = [*(_problem(row) for row in dossier.problems().to_dict("records")), *_not_installed(dossier.config)]
    if dossier.config.comparaison.unfrozen and not any(problem.severity == "bloquant" for problem in found):
        return _frozen(dossier, found)
    return found


def _not_installed(config: Config) -> Iterator[Problem]:
    """Yield the formats that are asked for and that this computer can't make."""
    from ctgeval.report import formats

    for rank, bilan in enumerate(config.bilans, start=1):
        for at, name in enumerate(bilan.formats, start=1):
            try:
                formats.refuse([name])
            except ParameterError as error:
                where = f"bilan[{rank}].formats[{at}]"
                yield replace(error.problem, file="ctg.toml", key=where, severity="partiel")


def _frozen(dossier: Dossier, found: list[Problem]) -> list[Problem]:
    """Freeze the territories of comparison of a sound dossier, and say so in place of the warning."""
    kept = [problem for problem in found if problem.key != "comparaison.methode"]
    try:
        chosen = dossier.freeze_comparators().config.comparaison.territoires
    except DossierError as error:
        return [*error.problems, *kept]
    names = [dossier.reference.last_name(geo) or geo for geo in chosen]
    return [
        *kept,
        Problem(
            message=f"Les territoires de comparaison viennent d’être choisis et figés dans ctg.toml : "
            f"{french.enumeration(names)}.",
            remedy="Relisez-les et leurs raisons, écrites à côté ; n’y touchez plus une fois les résultats vus.",
            file="ctg.toml",
            key="comparaison.territoires",
            severity="avertissement",
        ),
    ]


def _problem(row: dict[Any, Any]) -> Problem:
    line = row.pop("row")
    return Problem(**row, row=int(line) if isinstance(line, int) else None)
