"""Tables of texts of office suites (DOCX, ODT), each with its caption and the headings above it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

__all__ = ["Found", "open_text", "word_text"]

_CAPTIONS = ("caption", "legende", "table")
_MOST = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A table: its caption, the headings above it (the nearest first), and its rows of texts."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def word_text(root: Element) -> Iterator[Found]:
    """Yield the tables of the ``word/document.xml`` of a DOCX."""
    about, inside = _About(), _inside(root, "tbl")
    for one in root.iter():
        name = _local(one)
        if name == "p" and one not in inside:
            style = next((_attribute(inner, "val") for inner in one.iter() if _local(inner) == "pStyle"), "")
            about.paragraph(style, _said(one))
        elif name == "tbl":
            rows = [[_word_cell(cell) for cell in row if _local(cell) == "tc"] for row in one if _local(row) == "tr"]
            yield about.table(rows)


def open_text(root: Element) -> Iterator[Found]:
    """Yield the tables of the ``content.xml`` of an ODT."""
    parents = {
        _attribute(one, "name"): _attribute(one, "parent-style-name") for one in root.iter() if _local(one) == "style"
    }
    about, inside = _About(), _inside(root, "table")
    for one in root.iter():
        name = _local(one)
        if name in {"p", "h"} and one not in inside:
            style = _attribute(one, "style-name")
            level = _attribute(one, "outline-level") if name == "h" else ""
            about.paragraph(f"heading{level}" if level else parents.get(style) or style, _said(one))
        elif name == "table":
            yield about.table([_open_row(row) for row in one.iter() if _local(row) == "table-row"])


class _About:
    """What was read before a table."""

    def __init__(self) -> None:
        self._headings: dict[int, str] = {}
        self._caption = ""

    def paragraph(self, style: str, text: str) -> None:
        known = style.casefold().replace("_20_", "").replace(" ", "")
        if known.startswith(("heading", "titre")) and known[-1:].isdigit():
            level = int(known[-1])
            self._headings = {rank: told for rank, told in self._headings.items() if rank < level} | {level: text}
            self._caption = ""
        elif text and any(mark in known for mark in _CAPTIONS):
            self._caption = text

    def table(self, rows: list[list[tuple[str, int]]]) -> Found:
        caption, self._caption = self._caption, ""
        above = tuple(self._headings[level] for level in sorted(self._headings, reverse=True))
        spread = (tuple(text for text, width in row for _ in range(width)) for row in rows)
        return Found(caption, above, tuple(row for row in spread if any(row)))


def _inside(root: Element, table: str) -> set[Element]:
    """Return what is in a table: its headers look like captions."""
    return {inner for one in root.iter() if _local(one) == table for inner in one.iter()}


def _word_cell(cell: Element) -> tuple[str, int]:
    span = next((_attribute(one, "val") for one in cell.iter() if _local(one) == "gridSpan"), "")
    return _said(cell), _count(span)


def _open_row(row: Element) -> list[tuple[str, int]]:
    return [
        (_said(cell), _count(_attribute(cell, "number-columns-repeated")))
        for cell in row
        if _local(cell) in {"table-cell", "covered-table-cell"}
    ]


def _said(element: Element) -> str:
    return " ".join("".join(element.itertext()).split(" ")).strip()


def _count(told: str) -> int:
    return min(int(told), _MOST) if told.isdecimal() and int(told) else 1


def _local(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _attribute(element: Element, wanted: str) -> str:
    return next((value for name, value in element.attrib.items() if name.rsplit("}", 1)[-1] == wanted), "")
