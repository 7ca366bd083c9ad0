"""Tables made for readers, as sheets of a workbook: what is written, whatever the format of the file.

`ctgeval.sources.presented_xlsx` and `ctgeval.sources.presented_ods` write the same `Book`; nothing in it is a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ctgeval.errors import SourceError

__all__ = ["LONGEST_NAME", "LONGEST_TEXT", "Book", "Figure", "Mark", "Sheet", "Words", "checked", "sheet_names"]

Mark = Literal["", "masque", "absent"]
LONGEST_NAME = 31
LONGEST_TEXT = 32_767
"""What a cell of a spreadsheet may hold, in characters."""
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]+")
_RESERVED = frozenset({"history"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number, and how it is shown.

    Parameters
    ----------
    value : float
        Whole, as it is computed with.
    decimals : int
        Digits shown after the comma.
    grouped : bool
        Whether thousands are set apart: a year or a code is not grouped.
    signed : bool
        Whether the + of what is above zero is shown.
    suffix : str
        What follows, spaces included: ``" €"``. A ``%`` there multiplies nothing, see ``share``.
    share : bool
        Whether a value of 0.8 is shown as 80 %.
    note : str
        What the reader is told beside it, in a comment of the cell.
    """

    value: float
    decimals: int = 0
    grouped: bool = False
    signed: bool = False
    suffix: str = ""
    share: bool = False
    note: str = ""

    @property
    def pattern(self) -> str:
        """The number format of the cell, as spreadsheets write it."""
        digits = ("#,##0" if self.grouped else "0") + ("." + "0" * self.decimals if self.decimals else "")
        ending = "%" if self.share else ""
        if self.suffix:
            ending += '"{}"'.format(self.suffix.replace('"', ""))
        plain = digits + ending
        return f"+{plain};-{plain};{plain}" if self.signed else plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text, or why there is no value.

    Parameters
    ----------
    text : str
    mark : {"", "masque", "absent"}
        What may not be told, and what nobody knows, look unlike.
    sheet : str
        Name of the sheet that it leads to.
    """

    text: str
    mark: Mark = ""
    sheet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table with what must be known to read it.

    Parameters
    ----------
    name : str
        See `sheet_names`.
    title : str
        First line of the sheet.
    above, below : sequence of str
        Lines between the title and the table (unit, perimeter), then under it (marks, source, limits).
    columns : sequence of str
        Headers; they stay in view.
    rows : sequence of sequence of Figure or Words
        As many cells as headers; the first one names the row.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Figure | Words]]
    above: Sequence[str] = ()
    below: Sequence[str] = ()

    @property
    def header_row(self) -> int:
        """Rank of the row of headers, from 0: a blank row parts it from what is above."""
        return len(self.above) + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A workbook: title and ISO date among its properties, and its sheets."""

    title: str
    day: str
    sheets: Sequence[Sheet]


def sheet_names(wanted: Iterable[str]) -> list[str]:
    """Return names that any spreadsheet takes: 31 characters, none that is forbidden, no two alike.

    Parameters
    ----------
    wanted : iterable of str
        One for each sheet, in order.

    References
    ----------
    Microsoft, *Rename a worksheet*: 31 characters, none of ``[ ] : * ? /`` nor backslash, no apostrophe at either end,
    not « History »; capitals make no difference between two names.
    """
    taken = set(_RESERVED)
    names = []
    for one in wanted:
        base = " ".join(_FORBIDDEN.sub(" ", one).split()).strip("'") or "Feuille"
        name, rank = base[:LONGEST_NAME].strip(" '"), 1
        while name.casefold() in taken:
            rank += 1
            end = f"-{rank}"
            name = base[: LONGEST_NAME - len(end)].strip(" '") + end
        taken.add(name.casefold())
        names.append(name)
    return names


def checked(book: Book) -> Book:
    """Return the workbook when a spreadsheet can hold all of it.

    Raises
    ------
    SourceError
        For a name that `sheet_names` would change, a row that has not as many cells as there are headers, or a text
        longer than a cell: nothing is cut in silence.
    """
    names = [sheet.name for sheet in book.sheets]
    if not names or sheet_names(names) != names:
        raise SourceError("Un nom de feuille n’est pas permis, ou sert deux fois.", value=", ".join(names)[:80])
    for sheet in book.sheets:
        for rank, row in enumerate(sheet.rows, start=sheet.header_row + 2):
            if len(row) != len(sheet.columns):
                raise SourceError(
                    f"La ligne compte {len(row)} cellules, l’en-tête en compte {len(sheet.columns)}.",
                    remedy="Corrigez la table : chaque ligne a autant de cellules que l’en-tête.",
                    sheet=sheet.name,
                    row=rank,
                )
            for column, cell in zip(sheet.columns, row, strict=True):
                if isinstance(cell, Words) and len(cell.text) > LONGEST_TEXT:
                    raise SourceError(
                        f"Ce texte compte {len(cell.text)} caractères : une cellule n’en tient que {LONGEST_TEXT}.",
                        remedy="Raccourcissez-le, ou ne demandez pas de classeur pour ce bilan.",
                        sheet=sheet.name,
                        row=rank,
                        column=column,
                        value=cell.text[:80],
                    )
    return book
