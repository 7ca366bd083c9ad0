"""The rows of a table of a page, with cells that span several rows or columns told in each of them."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

__all__ = ["spread"]

_MOST = 200
Row = list[Element | None]


def spread(table: Element) -> tuple[list[Row], list[Row]]:
    """Return the rows of headers and the others; None stands where a table has no cell.

    Parameters
    ----------
    table : Element
        Of which the tables inside are left alone. Without ``thead``, a first row of headers alone is taken for one.
    """
    head: list[Row] = []
    body: list[Row] = []
    carried: dict[int, tuple[int, Element]] = {}
    for row, heading in _rows(table):
        cells = [one for one in row if one.tag in {"td", "th"}]
        is_head = heading or (not head and not body and bool(cells) and all(one.tag == "th" for one in cells))
        told = _spread(cells, carried)
        if told:
            (head if is_head else body).append(told)
    return head, body


def _rows(table: Element) -> Iterator[tuple[Element, bool]]:
    for part in table:
        if part.tag == "tr":
            yield part, False
        elif part.tag in {"thead", "tbody", "tfoot"}:
            yield from ((row, part.tag == "thead") for row in part if row.tag == "tr")


def _spread(cells: list[Element], carried: dict[int, tuple[int, Element]]) -> Row:
    row: Row = []

    def carry() -> None:
        while len(row) in carried:
            left, cell = carried.pop(len(row))
            if left > 1:
                carried[len(row)] = (left - 1, cell)
            row.append(cell)

    for cell in cells:
        carry()
        down = _count(cell.get("rowspan", ""))
        for _ in range(_count(cell.get("colspan", ""))):
            if down > 1:
                carried[len(row)] = (down - 1, cell)
            row.append(cell)
    carry()
    return row


def _count(told: str) -> int:
    return min(int(told), _MOST) if told.isdecimal() and int(told) else 1
