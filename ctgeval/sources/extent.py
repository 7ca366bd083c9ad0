"""How far the cells of a workbook go, before a parser reserves the memory for all the places in between.

Two cells, ``A1`` and ``XFD1048576``, weigh nothing in a file and seventeen billion places once opened.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from ctgeval.errors import SourceError

__all__ = ["MAX_PLACES", "check_extent"]

MAX_PLACES = 20_000_000
_FILLED = re.compile(rb"""<(?:\w+:)?c\s(?:[^>]*?\s)?r=["']([A-Z]{1,3})(\d{1,7})["'][^>]*(?<!/)>""")
_LETTERS = re.compile(rb"""\sr=["']([A-Z]{1,3})\d""")
_DIGITS = re.compile(rb"""\sr=["'][A-Z]{0,3}(\d{1,9})["']""")
_ROW = re.compile(rb"""<(?:\w+:)?row\s(?:[^>]*?\s)?r=["'](\d{1,9})["'][^>]*(?<!/)>""")
_ESCAPED = re.compile(rb"""\sr=["'][^"']*&""")
_ODS_ROW = re.compile(rb"<table:table-row\b([^>]*)(?:/>|>(.*?)</table:table-row>)", re.DOTALL)
_ODS_CELL = re.compile(rb"<table:(?:covered-)?table-cell\b([^>]*?)(/?)>")
_ODS_ROWS = re.compile(rb'number-rows-repeated="(\d+)"')
_ODS_COLUMNS = re.compile(rb'number-columns-repeated="(\d+)"')
_ODS_TABLE = re.compile(rb"<table:table\b.*?</table:table>", re.DOTALL)


def check_extent(data: bytes, file: str, kind: str) -> None:
    """Refuse a workbook whose cells would take too much room, or whose parts are damaged.

    Parameters
    ----------
    data : bytes
        The workbook, already checked by `ctgeval.sources.archive.check_archive`.
    file : str
        Its basename, for the message.
    kind : {"ods", "xlsx"}
        Its kind.

    Raises
    ------
    SourceError
        When a sheet has more than `MAX_PLACES` places from its first cell to the last, or a part can't be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # Reading verifies the checksum of each part.
            parts = {name: archive.read(name) for name in archive.namelist() if name.endswith((".xml", ".rels"))}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise SourceError(
            "Le classeur est abîmé : une de ses parties ne se lit pas.",
            remedy="Récupérez le fichier à sa source, ou ouvrez-le dans un tableur puis enregistrez-le de nouveau.",
            file=file,
        ) from error
    if kind == "ods":
        places = max((_ods_places(found[0]) for found in _ODS_TABLE.finditer(parts["content.xml"])), default=0)
    else:
        places = max((_xlsx_places(part) for name, part in parts.items() if "worksheets/" in name), default=0)
    if places > MAX_PLACES:
        raise SourceError(
            "Une feuille du classeur a des cellules remplies trop loin l’une de l’autre : elle n’est pas ouverte.",
            remedy="Copiez les données utiles dans un nouveau classeur, puis recommencez.",
            file=file,
        )


def _xlsx_places(part: bytes) -> int:
    if b"&#" in part and _ESCAPED.search(part):
        return MAX_PLACES + 1
    if part.count(b"<c") > MAX_PLACES:
        # Cells without a reference follow one another.
        return MAX_PLACES + 1
    columns = max((_rank(letters) for letters in set(_LETTERS.findall(part))), default=1)
    lines = max((int(digits) for digits in set(_DIGITS.findall(part))), default=1)
    if lines * columns <= MAX_PLACES:
        return lines * columns
    # Empty cells may have a format far from the others: those that hold something are counted, which is slower.
    filled = _FILLED.findall(part)
    columns = max((_rank(letters) for letters, _ in filled), default=1)
    lines = max((int(digits) for digits in (*(digits for _, digits in filled), *_ROW.findall(part))), default=1)
    return lines * columns


def _rank(letters: bytes) -> int:
    rank = 0
    for letter in letters:
        rank = rank * 26 + letter - 64
    return rank


def _ods_places(table: bytes) -> int:
    lines, waiting, columns = 0, 0, 0
    for attributes, inside in _ODS_ROW.findall(table):
        repeated = _times(_ODS_ROWS, attributes)
        width, room = 0, 0
        for cell, closed in _ODS_CELL.findall(inside):
            room += _times(_ODS_COLUMNS, cell)
            # A cell that is closed at once and bears no value only takes room before the next one.
            if not closed or b"value" in cell:
                width = room
        if width:
            lines, waiting = lines + waiting + repeated, 0
        else:
            waiting += repeated
        columns = max(columns, width)
    return lines * columns


def _times(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    found = pattern.search(attributes)
    return int(found[1]) if found else 1
