"""Tables that a screen reader can follow, a telephone can show and a spreadsheet can open."""

from __future__ import annotations

import base64
import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from ctgeval import french
from ctgeval.prose import harmless
from ctgeval.render import blocks, wording
from ctgeval.render.lines import Indicator, Point

WIDE = 3
"""A table of more columns than this becomes a pile of cards on a narrow screen."""
DENSE = 6
"""A table of more columns than this is set in smaller letters."""
LEAST_ROWS = 4
"""A shorter table is copied by hand sooner than opened in a spreadsheet."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows, and what its download holds.

    Parameters
    ----------
    text : str
        As a reader sees it.
    raw : str or float
        As a spreadsheet reads it; the text itself when empty.
    mark : {"", "masque", "absent"}
        Why there is no value.
    provisional : bool
        Whether the producer may still revise it.
    strong : bool
        Whether it is what the reader looks for.
    """

    text: str
    raw: str | float = ""
    mark: Literal["", "masque", "absent"] = ""
    provisional: bool = False
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and whether it holds numbers."""

    label: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table as readers get it: never without a caption, a unit when it has one, a source and its limits.

    Parameters
    ----------
    id : str
        Unique in the page.
    caption : str
    columns : sequence of Column
        The first one names the row.
    rows : sequence of sequence of Cell
    details : sequence of str
        Unit, perimeter: said in the caption, under its title.
    notes : sequence of str
        Sources, then limits: whole sentences, under the table.
    extra : sequence of sequence of Cell
        Rows that only the download holds.
    downloadable : bool
        Whether a spreadsheet would do anything with it.
    """

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    details: Sequence[str] = ()
    notes: Sequence[str] = ()
    extra: Sequence[Sequence[Cell]] = ()
    downloadable: bool = True

    @property
    def wide(self) -> bool:
        """Whether it needs cards on a narrow screen."""
        return len(self.columns) > WIDE

    @property
    def dense(self) -> bool:
        """Whether its columns need all the room there is, even on a wide screen."""
        return len(self.columns) > DENSE

    @property
    def offered(self) -> bool:
        """Whether its download is worth its weight: not for a few rows, nor where there is nothing to compute with."""
        if self.extra or not self.downloadable:
            return self.downloadable
        numbers = any(not isinstance(cell.raw, str) for row in self.rows for cell in row[1:])
        return numbers and len(self.rows) >= LEAST_ROWS

    @property
    def figures(self) -> bool:
        """Whether every column but the first holds numbers."""
        return all(column.numeric for column in self.columns[1:])

    @property
    def numbers(self) -> list[int]:
        """The columns that hold numbers, counted from 1: the table bears their names, and not each of its cells."""
        return [rank for rank, column in enumerate(self.columns, start=1) if column.numeric]

    @property
    def legend(self) -> list[str]:
        """The meaning of the marks that the table really uses."""
        cells = [cell for row in self.rows for cell in row]
        used = [mark for mark in ("masque", "absent") if any(cell.mark == mark for cell in cells)]
        if any(cell.provisional for cell in cells):
            used.append("provisoire")
        return [french.typography(wording.word("marques", f"legende_{mark}")) for mark in used]

    @property
    def link(self) -> str:
        """The download, as a ``data:`` address."""
        return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(to_csv(self)).decode('ascii')}"

    @property
    def filename(self) -> str:
        """The name of the downloaded file."""
        return f"{french.slug(self.id)}.csv"


def text(value: object, *, strong: bool = False) -> Cell:
    """Return a cell of prose."""
    return Cell(french.typography(str(value)), raw=str(value), strong=strong)


def withheld(mark: Literal["masque", "absent"]) -> Cell:
    """Return the cell of a value that is not shown."""
    return Cell(wording.word("marques", mark), mark=mark)


def number(value: float, shown: str) -> Cell:
    """Return a cell of a computed number, « non disponible » when there is none."""
    return Cell(shown, raw=value) if math.isfinite(value) else withheld("absent")


def point(found: Point | None, indicator: Indicator) -> Cell:
    """Return the cell of a value, of its interval, or of the mark of what is missing."""
    if found is None:
        return withheld("absent")
    shown = wording.value(found, indicator, with_unit=False)
    raw: str | float = found.value if found.known else shown
    mark: Literal["", "masque", "absent"] = "" if found.known or found.bounded else found.mark
    return Cell(shown, raw=raw, mark=mark, provisional=found.provisional and found.known)


def render(table: Table) -> Markup:
    """Return a table as HTML: caption, scopes, marks with their legend, notes and download."""
    return blocks.block("table", table)


def to_csv(table: Table) -> bytes:
    """Return the table as French spreadsheets open it: UTF-8 with BOM, semicolons, decimal commas, no formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow([harmless(column.label) for column in table.columns])
    for row in (*table.rows, *table.extra):
        writer.writerow([_raw(cell) for cell in row])
    return "\ufeff".encode() + buffer.getvalue().encode()


def _raw(cell: Cell) -> str:
    if isinstance(cell.raw, str):
        return harmless(cell.raw or cell.text)
    # Four decimals, or four figures of what is smaller: more would be precision that no source has.
    kept = round(cell.raw, 4) if abs(cell.raw) >= 0.01 else float(format(cell.raw, ".4g"))
    return format(kept, ".12g").replace(".", ",")
