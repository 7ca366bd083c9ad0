"""The tables and the words of a bilan, read back from each format by what its readers have, and never by what made it.

HTML by the parser of Python, workbooks by calamine, CSV by Python, PDF by the tags that pypdf gives, DOCX and ODT by
their XML.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from pypdf import PdfReader
from pypdf.generic import ContentStream, IndirectObject
from python_calamine import CalamineWorkbook

__all__ = ["Read", "Table", "bare", "office", "page", "pdf", "separated", "squeezed", "workbook"]

_BLOCKS = (
    "p|h[1-6]|li|dt|dd|div|section|figcaption|caption|td|th|tr|ul|ol|dl|summary|details|article|header|footer|main"
)
_IS_BLOCK = re.compile(_BLOCKS)


@dataclass
class Table:
    """A table: its caption, and all its rows, those of headers first."""

    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)


@dataclass
class Read:
    """All the words of a file, its tables, and the key figures of a page (name and value)."""

    words: str
    tables: list[Table]
    cards: list[tuple[str, str]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


def bare(text: str) -> str:
    """Return a text without what only looks: kinds of spaces, of apostrophes and of minus signs, signs of marks."""
    plain = unicodedata.normalize("NFKC", re.sub("[⊘…]", " ", text))
    return " ".join(plain.replace("’", "'").replace("−", "-").replace("\u00ad", "").split())


def squeezed(text: str) -> str:
    """Return a text without any space, whatever cut its lines, nor hyphen, which may be that of a cut word."""
    return re.sub("[\\s\u200b\u2010\u2011-]", "", bare(text))


# -- pages and slides -----------------------------------------------------------------------------------------------


def page(data: bytes) -> Read:
    reader = _Page()
    text = data.decode("utf-8")
    reader.feed(text)
    reader.close()
    return Read(" ".join(reader.words), reader.tables, reader.cards, reader.messages)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.tables: list[Table] = []
        self.cards: list[tuple[str, str]] = []
        self.messages: list[str] = []
        self._into: list[list[str]] = []
        self._stack: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kinds = (dict(attrs).get("class") or "").split()
        if tag in {"br", "img", "col", "hr", "meta", "link", "wbr"}:
            return
        kind = next((one for one in kinds if one in {"chiffre-nom", "chiffre-valeur", "message", "table-details"}), "")
        self._stack.append((tag, kind))
        if tag == "table":
            self.tables.append(Table())
        elif tag == "tr" and self.tables:
            self.tables[-1].rows.append([])
        if tag in {"td", "th", "caption"} or kind:
            self._into.append([])
        if _IS_BLOCK.fullmatch(tag):
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        while self._stack:
            opened, kind = self._stack.pop()
            if opened in {"td", "th", "caption"} or kind:
                self._settle(opened, kind, bare("".join(self._into.pop())))
            if opened == tag:
                break

    def _settle(self, tag: str, kind: str, told: str) -> None:
        if kind == "chiffre-nom":
            self.cards.append((told, ""))
        elif kind == "chiffre-valeur":
            self.cards[-1] = (self.cards[-1][0], told)
        elif kind == "message":
            self.messages.append(told)
        elif tag == "caption":
            self.tables[-1].caption = told
        elif tag in {"td", "th"} and not kind:
            self.tables[-1].rows[-1].append(told)

    def handle_data(self, data: str) -> None:
        if any(tag in {"style", "script", "title", "svg"} for tag, _ in self._stack):
            return
        self.words.append(data)
        # The details of a caption are told apart from it.
        if self._into:
            self._into[-1].append(data)


# -- tables for a spreadsheet ---------------------------------------------------------------------------------------


def separated(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


def workbook(data: bytes) -> dict[str, list[list[object]]]:
    """Return the rows of each sheet, from that of its headers: the first with more than one cell, to the last such."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    found = {}
    for name in book.sheet_names:
        rows = [list(row) for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)]
        start = next(rank for rank, row in enumerate(rows) if not any(map(_filled, row))) + 1
        end = next((rank for rank in range(start, len(rows)) if not any(map(_filled, rows[rank]))), len(rows))
        found[name] = rows[start:end]
    return found


def _filled(cell: object) -> bool:
    return cell != ""


# -- texts of office suites -----------------------------------------------------------------------------------------


def office(data: bytes) -> Read:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = "word/document.xml" if "word/document.xml" in archive.namelist() else "content.xml"
        root = fromstring(archive.read(name))
    row, cell = ("tr", "tc") if name.startswith("word") else ("table-row", "table-cell")
    table = "tbl" if name.startswith("word") else "table"
    tables: list[Table] = []
    caption = ""
    inside: set[Element] = set()
    for one in root.iter():
        if one in inside:
            continue
        kind = _local(one)
        if kind == table:
            inside.update(one.iter())
            rows = [
                [bare(_said(each)) for each in line if _local(each) == cell]
                for line in one.iter()
                if _local(line) == row
            ]
            tables.append(Table(caption, rows))
            caption = ""
        elif kind in {"p", "h"} and (told := bare(_said(one))):
            caption = told
    words = "\n".join(_said(one) for one in root.iter() if _local(one) in {"p", "h"})
    return Read(words, tables)


def _local(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _said(element: Element) -> str:
    return "".join(_texts(element))


def _texts(element: Element) -> Iterator[str]:
    kind = _local(element)
    if kind in {"s", "tab", "br", "line-break"}:
        yield " "
    if kind not in {"pPr", "rPr", "tcPr", "instrText", "drawing", "frame", "annotation"}:
        yield element.text or "" if kind in {"t", "p", "h", "span", "a", "s", "soft-page-break"} else ""
        for inner in element:
            yield from _texts(inner)
            yield (inner.tail or "") if kind in {"p", "h", "span", "a"} else ""
    if kind in {"p", "h"}:
        yield " "


# -- PDF ------------------------------------------------------------------------------------------------------------


def pdf(data: bytes) -> Read:
    reader = PdfReader(io.BytesIO(data), strict=True)
    pages = {one.indirect_reference.idnum: one for one in reader.pages if one.indirect_reference}
    marks = {number: _marks(one, reader) for number, one in pages.items()}
    tables: list[Table] = []

    def walk(element: object, page: int) -> str:
        """Return what an element says, and keep the tables on the way."""
        kind = str(element.get("/S", ""))  # type: ignore[attr-defined]
        if "/Pg" in element:  # type: ignore[operator]
            page = element.raw_get("/Pg").idnum  # type: ignore[attr-defined]
        if kind == "/Table":
            tables.append(Table())
        elif kind == "/TR":
            tables[-1].rows.append([])
        kids = element.get("/K", [])  # type: ignore[attr-defined]
        told = ""
        for kid in kids if isinstance(kids, list) else [kids]:
            found = kid.get_object() if isinstance(kid, IndirectObject) else kid
            if isinstance(found, int):
                told += marks.get(page, {}).get(int(found), "") + " "
            elif found.get("/Type") != "/OBJR":
                told += walk(found, page) + " "
        if kind in {"/TH", "/TD"}:
            tables[-1].rows[-1].append(bare(told))
        elif kind == "/Caption" and tables and not tables[-1].rows:
            tables[-1].caption = bare(told)
        return told

    words = walk(reader.trailer["/Root"]["/StructTreeRoot"], 0)
    return Read(words, _whole(tables))


def _whole(tables: list[Table]) -> list[Table]:
    """Put together the tables that the end of a page cuts: their headers come back, and their caption does not."""
    found: list[Table] = []
    for table in tables:
        if found and not table.caption and table.rows[0] == found[-1].rows[0]:
            found[-1].rows += table.rows[1:]
        else:
            table.rows = [row for rank, row in enumerate(table.rows) if not rank or row != table.rows[0]]
            found.append(table)
    return found


def _marks(page: object, reader: PdfReader) -> dict[int, str]:
    """Return what each mark of a page shows, by the fonts of the page as pypdf knows them."""
    told: dict[int, str] = {}
    marks: list[int | None] = []
    fonts = _fonts(page)
    signs: dict[bytes, str] = {}
    for operands, operator in ContentStream(page.get_contents(), reader).operations:  # type: ignore[attr-defined]
        if operator in {b"BDC", b"BMC"}:
            own = operands[1].get("/MCID") if operator == b"BDC" and isinstance(operands[1], dict) else None
            marks.append(marks[-1] if own is None and marks else own)
        elif operator == b"EMC":
            marks.pop()
        elif operator == b"Tf":
            signs = fonts[str(operands[0])]
        elif operator in {b"TJ", b"Tj"} and marks and marks[-1] is not None:
            strings = operands[0] if operator == b"TJ" else [operands[0]]
            raw = b"".join(one.original_bytes for one in strings if hasattr(one, "original_bytes"))
            text = "".join(signs[raw[at : at + 2]] for at in range(0, len(raw), 2))
            told[marks[-1]] = told.get(marks[-1], "") + text
    return told


def _fonts(page: object) -> dict[str, dict[bytes, str]]:
    found = {}
    for name, font in page["/Resources"].get("/Font", {}).items():  # type: ignore[index]
        table = font.get_object()["/ToUnicode"].get_object().get_data()
        found[str(name)] = {
            bytes.fromhex(code): bytes.fromhex(letters).decode("utf-16-be")
            for code, letters in re.findall(r"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>", table.decode("latin-1"))
        }
    return found
