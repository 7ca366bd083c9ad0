"""What every kind of file is turned into before it is understood: sheets of text cells that know their place.

A number that the file holds as a number keeps all its digits, and is told from one that somebody typed as text: only
the latter may be written with a decimal comma.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import UnionType
from typing import Any

__all__ = ["Book", "Figure", "Sheet", "cell_name", "text_of"]

_EXACT = 2**53
_LONGEST = 40


class Figure(str):
    """Text of a number that the file holds as a number: its decimal mark is always the point."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of text cells.

    Parameters
    ----------
    name : str
        As the workbook names it; empty for a file that has none.
    rows : list of (int, list of str)
        Line, counted from 1 as a spreadsheet does, and cells; lines wholly blank are left out. In JSON and Parquet,
        which have no lines, the names of the columns are line 1 and the first record is line 2.
    merged : tuple of (int, int, int, int) or None
        Merged cells: first line, first place, last line, last place (lines from 1, places from 0); None when the
        kind of file does not tell.
    faults : mapping of (int, int) to str
        By line and place, why a cell that looks empty is not.
    blank : int
        Lines wholly blank between the first and the last that are not.
    """

    name: str
    rows: list[tuple[int, list[str]]]
    merged: tuple[tuple[int, int, int, int], ...] | None = None
    faults: Mapping[tuple[int, int], str] = field(default_factory=dict)
    blank: int = 0


@dataclass(frozen=True, slots=True)
class Book:
    """A file of any kind, as sheets.

    Parameters
    ----------
    file : str
        Basename.
    kind : {"csv", "json", "ods", "parquet", "xls", "xlsx"}
        What its content is, whatever its name says.
    sheets : tuple of Sheet
        Those that were asked for; one only for what is not a workbook.
    names : tuple of str
        Of all its sheets.
    encoding, separator : str
        Of a CSV; empty otherwise.
    sha256 : str
        Fingerprint.
    notes : tuple of str
        French sentences for the source sheet.
    """

    file: str
    kind: str
    sheets: tuple[Sheet, ...]
    names: tuple[str, ...]
    encoding: str
    separator: str
    sha256: str
    notes: tuple[str, ...] = ()

    @property
    def is_workbook(self) -> bool:
        """Whether its cells have names such as ``B12``."""
        return self.kind in {"ods", "xls", "xlsx"}


def text_of(value: object) -> str:
    """Return a value of a workbook, a Parquet or a JSON file as text, without losing a digit (``86082.0`` is 86082)."""
    if value is None or isinstance(value, str):
        return value or ""
    return next((write(value) for kind, write in _WRITERS if isinstance(value, kind)), str(value))


def _of_float(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    if value.is_integer():
        # Beyond 2^53 a spreadsheet has lost the last digits: the exponent makes readers refuse it.
        return Figure(int(value)) if abs(value) < _EXACT else repr(value)
    return _of_decimal(Decimal(repr(value)))


def _of_decimal(value: Decimal) -> str:
    if not value.is_finite() or abs(value.adjusted()) > _LONGEST:
        return str(value)
    text = format(value, "f")
    return Figure(text.rstrip("0").rstrip(".") if "." in text else text)


def _of_moment(value: dt.datetime) -> str:
    midnight = value.time() == dt.time() and value.tzinfo is None
    return value.date().isoformat() if midnight else value.isoformat(sep=" ")


# The order counts: a bool is an int, a datetime is a date.
_WRITERS: tuple[tuple[type | UnionType, Callable[[Any], str]], ...] = (
    (bool, lambda value: "VRAI" if value else "FAUX"),
    (int, Figure),
    (float, _of_float),
    (Decimal, _of_decimal),
    (dt.datetime, _of_moment),
    (dt.date | dt.time, lambda value: str(value.isoformat())),
    (bytes, lambda value: str(value, encoding="utf-8", errors="replace")),
    (dict | list | tuple, lambda value: json.dumps(value, ensure_ascii=False, default=str)),
)


def cell_name(line: int, place: int) -> str:
    """Return the name of a cell: ``B12``, or that of a column when the line is 0: ``B``."""
    letters = ""
    rank = place + 1
    while rank:
        rank, rest = divmod(rank - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{line or ''}"
