"""Workbooks and texts of office suites: zip files of XML, read without any of the programs that write them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from ctgeval.report.scan.contents import Content
from ctgeval.report.scan.office import Found, open_text, word_text

__all__ = ["read_archive"]

Reader = Callable[[str, bytes], Content]

_XML = (".xml", ".rels", ".vml", ".rdf")
_MOST_ENTRIES, _MOST_BYTES = 1000, 200_000_000
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_MEDIA = re.compile(r".+\.(png|jpe?g|gif|webp|svg|csv|json|html?|pdf|txt)", re.IGNORECASE)
_COLUMN = re.compile(r"([A-Z]+)(\d+)")
_NOISY = re.compile(r"-?\d*\.\d{14,}(?:E-?\d+)?")
_PARAGRAPHS = frozenset({"p", "h", "si", "text"})
_TAIL = 60
_WHOLE_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}text"
"""The body of an ODT, which is no paragraph: taken for one, its words would run into one another."""
_FURTHEST = 2000
_TEXTS: dict[str, Callable[[Element], Iterator[Found]]] = {"content.xml": open_text, "word/document.xml": word_text}


class _Unreadable(Exception):
    """The archive is not what its name says, or is too large to be opened."""


def read_archive(data: bytes, *, embedded: Reader) -> Content:
    """Return what an XLSX, ODS, DOCX, ODT or plain zip file says, properties, comments and hidden sheets included.

    Parameters
    ----------
    data : bytes
    embedded : callable
        Reads what is inside: pictures, files, given a suffix and its bytes.
    """
    content = Content()
    try:
        parts = dict(_parts(data))
        roots = {name: fromstring(part) for name, part in parts.items() if name.endswith(_XML)}
    except (zipfile.BadZipFile, _Unreadable, ParseError, DefusedXmlException, NotImplementedError, OSError) as error:
        content.unread.append(f"archive illisible ({type(error).__name__})")
        return content
    for name, root in sorted(roots.items()):
        if _SHEET.fullmatch(name):
            _sheet(content, root, _strings(roots.get("xl/sharedStrings.xml")), f"feuille {_sheet_name(roots, name)}")
        elif name == "content.xml" and not _is_text(root):
            _open_document(content, root)
        elif name in _TEXTS:
            for found in _TEXTS[name](root):
                where = f"tableau « {found.caption[:_TAIL]} »" if found.caption else "tableau sans titre"
                content.add(found.rows, where, caption=found.caption, headings=found.headings)
        _words(content, root, name)
    for name, part in sorted(parts.items()):
        content.say(name, "nom d’un fichier de l’archive", properties=True, prose=False)
        if _MEDIA.fullmatch(name):
            content.join(embedded(f".{name.rsplit('.', 1)[-1].casefold()}", part), name)
        elif name not in roots and name != "mimetype":
            # A macro, an old binary part: nobody can say what it holds.
            content.unread.append(name)
    return content


def _parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > _MOST_BYTES:
            raise _Unreadable
        left = _MOST_BYTES
        for entry in entries:
            if entry.flag_bits & 1:
                raise _Unreadable
            with archive.open(entry) as stream:
                part = stream.read(left + 1)
            left -= len(part)
            if left < 0:
                raise _Unreadable
            yield entry.filename, part
        if archive.comment:
            yield "commentaire.txt", archive.comment


def _local(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _attributes(element: Element) -> dict[str, str]:
    return {name.rsplit("}", 1)[-1]: value for name, value in element.attrib.items()}


def _words(content: Content, root: Element, name: str) -> None:
    """Say every text and every attribute that is a sentence of a part: titles, comments, properties, names."""
    properties = name.startswith(("docProps/", "meta.xml", "customXml/")) or name.endswith(".rels")
    inside: set[Element] = set()
    for one in root.iter():
        if one in inside:
            continue
        if not properties and _local(one) in _PARAGRAPHS and str(one.tag) != _WHOLE_TEXT:
            # A sentence is cut where its look changes: it is read whole.
            inside.update(one.iter())
            content.say("".join(one.itertext()), name)
        else:
            content.say(one.text or "", f"{name}, {_local(one)}", properties=properties)
            content.say(one.tail or "", name)
    for one in root.iter():
        for attribute, value in _attributes(one).items():
            if (
                attribute in {"name", "title", "descr", "author", "sheet", "Target", "defaultValue", "alt"}
                or " " in value
            ):
                content.say(value, f"{name}, {attribute}", properties=True)


def _strings(root: Element | None) -> list[str]:
    return [] if root is None else ["".join(one.itertext()) for one in root if _local(one) == "si"]


def _sheet_name(roots: dict[str, Element], part: str) -> str:
    """Return the name of a sheet as the workbook gives it, and whether it is hidden."""
    links = {one.get("Id"): one.get("Target", "") for one in roots.get("xl/_rels/workbook.xml.rels", Element("none"))}
    for one in roots.get("xl/workbook.xml", Element("none")).iter():
        known = _attributes(one)
        if _local(one) == "sheet" and (links.get(known.get("id")) or "").endswith(part.removeprefix("xl/")):
            hidden = ", cachée" if known.get("state", "visible") != "visible" else ""
            return f"« {known.get('name', '')} »{hidden}"
    return f"« {part} »"


def _sheet(content: Content, root: Element, strings: list[str], where: str) -> None:
    rows = []
    for row in (one for one in root.iter() if _local(one) == "row"):
        cells: dict[int, str] = {}
        for cell in (one for one in row if _local(one) == "c"):
            found = _COLUMN.fullmatch(cell.get("r", ""))
            column = _rank(found[1]) if found else len(cells)
            if column < _FURTHEST:
                cells[column] = _cell(content, cell, strings, f"{where}, cellule {cell.get('r', '')}")
        rows.append([cells.get(column, "") for column in range(max(cells, default=-1) + 1)])
    _add(content, rows, where, sheet=where.split("«", 1)[-1].split("»", 1)[0].strip())


def _is_text(root: Element) -> bool:
    return any(_local(one) == "body" and any(_local(inner) == "text" for inner in one) for one in root.iter())


def _add(content: Content, rows: list[list[str]], where: str, *, sheet: str) -> None:
    """Add a table with the lines that stand alone above its headers, as a caption does in a page."""
    filled = [row for row in rows if any(row)]
    first = next((rank for rank, row in enumerate(filled) if sum(map(bool, row)) > 1), 0)
    above = ["".join(row) for row in filled[:first]]
    for line in above:
        content.say(line, where)
    content.add(filled[first:], where, caption=" ".join(above) or sheet, id=sheet)


def _cell(content: Content, cell: Element, strings: list[str], where: str) -> str:
    parts = {_local(one): "".join(one.itertext()) for one in cell}
    if "f" in parts:
        content.say(parts["f"], f"{where}, formule")
    told = parts.get("v", parts.get("is", ""))
    if cell.get("t") == "s" and told.isdigit():
        return strings[int(told)] if int(told) < len(strings) else ""
    # What is beyond fifteen digits is the noise of binary numbers, which no spreadsheet shows.
    return format(float(told), ".15g") if _NOISY.fullmatch(told) else told


def _rank(letters: str) -> int:
    rank = 0
    for letter in letters[:4]:
        rank = rank * 26 + ord(letter) - 64
    return rank - 1


def _open_document(content: Content, root: Element) -> None:
    for table in (one for one in root.iter() if _local(one) == "table"):
        name = _attributes(table).get("name", "")
        rows = []
        for row in (one for one in table.iter() if _local(one) == "table-row"):
            cells: list[str] = []
            for cell in (one for one in row if _local(one) in {"table-cell", "covered-table-cell"}):
                known = _attributes(cell)
                told = known.get("value") or "".join(cell.itertext())
                cells += [told] * min(int(known.get("number-columns-repeated", "1")), _FURTHEST if told else 1)
            rows.append(cells)
        _add(content, rows, f"tableau « {name} »", sheet=name)
