"""Rows of the coordinator's tables that can't be true: they are set aside, and count in no figure.

A row that can't be read is set aside when its table is read; those are rows that read well and say something
impossible. What is only doubtful stays, and is told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pandas as pd

from ctgeval import periods
from ctgeval.errors import Problem
from ctgeval.programme import budget_checks, communication, participation
from ctgeval.programme.origin import place
from ctgeval.programme.tables import SCHEMAS
from ctgeval.sources.schema import NUMERIC
from ctgeval.sources.workbook import Table

__all__ = ["sound"]

_EARLIEST = dt.date(1990, 1, 1)
_YEARS_AFTER = 10
_MOST = 1e10
"""More than the inhabitants of the world, and a hundred times the yearly budget of the largest communes."""


def sound(tables: Mapping[str, Table], *, end: dt.date | None = None) -> dict[str, Table]:
    """Set aside the rows that can't be true, each told with its place.

    Parameters
    ----------
    tables : mapping of str to Table
        Tables of a dossier, as read.
    end : date, optional
        Last day of the convention: a date more than ten years later is mistyped.

    Returns
    -------
    dict of str to Table
        The same tables; those whose rows are essential (see `TableSchema`) are as they were.
    """
    until = dt.date((end.year if end else 2090) + _YEARS_AFTER, 12, 31)
    return {name: table if SCHEMAS[name].essential else _sound(table, until) for name, table in tables.items()}


def _sound(table: Table, until: dt.date) -> Table:
    # What no number nor date can be goes first: the checks of a table compute with what is left.
    possible = _without(table, _beyond(table, until))
    return _without(possible, _impossible(possible))


def _without(table: Table, problems: Iterable[Problem]) -> Table:
    found = [problem for problem in problems if problem.severity == "partiel"]
    if not found:
        return table
    rows = {problem.row for problem in found}
    kept = [place(origin)["row"] not in rows for origin in table.frame["origin"]]
    frame = table.frame[pd.Series(kept, index=table.frame.index, dtype=bool)].reset_index(drop=True)
    return replace(table, frame=frame, problems=(*table.problems, *found))


def _beyond(table: Table, until: dt.date) -> Iterator[Problem]:
    yield from _dates(table, until)
    for column in SCHEMAS[table.name].columns:
        if column.kind in NUMERIC:
            for row in table.frame[table.frame[column.name].abs().gt(_MOST)].to_dict("records"):
                told = (
                    "Ce nombre dépasse tout ce qu’une convention peut compter : des chiffres sont sans doute en trop."
                )
                yield _problem(row, column.name, told)


def _impossible(table: Table) -> Iterable[Problem]:
    check = _CHECKS.get(table.name)
    return check(table.frame) if check else ()


def _dates(table: Table, until: dt.date) -> Iterator[Problem]:
    """Tell the dates and the periods that no convention can have: their year is mistyped."""
    for column in SCHEMAS[table.name].columns:
        if column.kind not in {"date", "periode"}:
            continue
        for row in table.frame[table.frame[column.name].notna()].to_dict("records"):
            text = str(row[column.name])
            if not _EARLIEST <= _day(text, column.kind) <= until:
                yield Problem(
                    message=f"{'La date' if column.kind == 'date' else 'La période'} {text} n’est pas entre "
                    f"{_EARLIEST.year} et {until.year} : la ligne n’est pas comptée.",
                    remedy="Corrigez l’année.",
                    column=column.name,
                    value=text,
                    severity="partiel",
                    **place(row["origin"]),
                )


def _day(text: str, kind: str) -> dt.date:
    return dt.date.fromisoformat(text) if kind == "date" else periods.end(text)


def _sheets(frame: pd.DataFrame) -> Iterator[Problem]:
    for row in frame[frame["moyens_humains_etp"].lt(0)].to_dict("records"):
        yield _problem(row, "moyens_humains_etp", "Des moyens humains ne peuvent pas être négatifs.")


def _events(frame: pd.DataFrame) -> Iterator[Problem]:
    for row in frame[frame["cout"].lt(0)].to_dict("records"):
        yield _problem(row, "cout", "Un coût ne peut pas être négatif.")


def _problem(row: dict[Any, Any], column: str, message: str) -> Problem:
    return Problem(
        message=message,
        remedy="Corrigez le nombre, ou laissez la cellule vide s’il n’est pas connu.",
        column=column,
        value=f"{row[column]:.12g}",
        severity="partiel",
        **place(row["origin"]),
    )


_CHECKS: Mapping[str, Callable[[pd.DataFrame], Iterable[Problem]]] = MappingProxyType(
    {
        "budget": budget_checks.problems,
        "communication": communication.problems,
        "evenements": _events,
        "fiches": _sheets,
        "participation": participation.problems,
    }
)
