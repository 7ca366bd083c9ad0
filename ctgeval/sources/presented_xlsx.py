"""Write tables made for readers as an Excel workbook: numbers are numbers, texts are never formulas."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ctgeval.prose import harmless
from ctgeval.sources.presented import Book, Figure, Sheet, Words, checked
from ctgeval.sources.written import drawn

if TYPE_CHECKING:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

__all__ = ["xlsx"]

_NARROW, _WIDE = 9, 48
_MARKS = {"masque": {"italic": True, "bg_color": "#E7E3F4"}, "absent": {"italic": True, "font_color": "#595959"}}


def xlsx(book: Book) -> bytes:
    """Return the workbook as the bytes of an ``.xlsx`` file: the same for the same content.

    Parameters
    ----------
    book : Book

    Raises
    ------
    SourceError
        When a spreadsheet can't hold it, see `ctgeval.sources.presented.checked`.
    """
    checked(book)

    def draw(made: Workbook) -> None:
        styles = _Styles(made)
        for sheet in book.sheets:
            _write(made.add_worksheet(sheet.name), sheet, styles)

    return drawn(draw, title=book.title, day=book.day)


class _Styles:
    """The looks of cells, each asked of the workbook once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._known: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __call__(self, **look: object) -> Any:
        key = tuple(sorted(look.items()))
        if key not in self._known:
            self._known[key] = self._book.add_format({"valign": "top", **look})
        return self._known[key]


def _write(made: Worksheet, sheet: Sheet, styles: _Styles) -> None:
    made.write_string(0, 0, sheet.title, styles(bold=True, font_size=13, quote_prefix=_quoted(sheet.title)))
    for row, line in enumerate(sheet.above, start=1):
        made.write_string(row, 0, line, styles(quote_prefix=_quoted(line)))
    for place, column in enumerate(sheet.columns):
        look = styles(bold=True, text_wrap=True, bottom=1, bg_color="#E4ECF5", quote_prefix=_quoted(column))
        made.write_string(sheet.header_row, place, column, look)
        made.set_column(place, place, _width(sheet, place))
    for row, cells in enumerate(sheet.rows, start=sheet.header_row + 1):
        for place, cell in enumerate(cells):
            _cell(made, row, place, cell, styles)
    last = sheet.header_row + len(sheet.rows)
    for row, line in enumerate(sheet.below, start=last + 2):
        made.write_string(row, 0, line, styles(quote_prefix=_quoted(line)))
    made.freeze_panes(sheet.header_row + 1, 1 if len(sheet.columns) > 1 else 0)
    made.repeat_rows(sheet.header_row)
    made.set_landscape()
    made.set_paper(9)
    made.fit_to_pages(1, 0)
    if sheet.rows:
        # A code or a period that looks like a number is a text on purpose.
        made.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})


def _cell(made: Worksheet, row: int, place: int, cell: Figure | Words, styles: _Styles) -> None:
    if isinstance(cell, Figure):
        # As a float, 93.1 would be written 93.09999999999999, the sixteen digits of its nearest binary number.
        made.write_number(row, place, Decimal(format(cell.value, ".15g")), styles(num_format=cell.pattern))
        if cell.note:
            made.write_comment(row, place, cell.note, {"author": "", "x_scale": 2})
    elif cell.sheet:
        target = cell.sheet.replace("'", "''")
        made.write_url(row, place, f"internal:'{target}'!A1", styles(font_color="#1F4E9C", underline=1), cell.text)
    else:
        look = styles(text_wrap=True, quote_prefix=_quoted(cell.text), **_MARKS.get(cell.mark, {}))
        made.write_string(row, place, cell.text, look)


def _quoted(text: str) -> bool:
    """Whether a text would become a formula if someone typed Enter in its cell: a hidden apostrophe prevents it."""
    return harmless(text) != text


def _width(sheet: Sheet, place: int) -> float:
    told = [sheet.columns[place], *(cell.text for row in sheet.rows if isinstance(cell := row[place], Words))]
    longest = max((len(text) for text in told[1:]), default=0)
    return min(_WIDE, max(_NARROW, longest + 2, min(len(told[0]) + 2, 18)))
