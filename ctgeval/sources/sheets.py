"""Any file of cells (CSV, JSON, Parquet, XLSX, XLS, ODS) into a `Book`, weighed before it is opened.

Its content decides what it is, not its name: a workbook named ``.csv`` is read as a workbook, and this is told.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ctgeval.errors import SourceError
from ctgeval.sources.apart import read_old_workbook
from ctgeval.sources.archive import check_archive
from ctgeval.sources.cellbook import Book, Sheet, text_of
from ctgeval.sources.dialect import separator_of
from ctgeval.sources.extent import check_extent
from ctgeval.sources.files import read_raw, stored
from ctgeval.sources.records import from_json, from_parquet, looks_like_json
from ctgeval.sources.text import decode, records
from ctgeval.sources.uncached import silent_cells

__all__ = ["read_book"]

_ZIP, _OLE, _PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
_MACROS = "_VBA_PROJECT".encode("utf-16-le")
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_CELL = re.compile(r"([A-Z]+)(\d+)")
_SILENT = (b"<f>", b"<f ", b"<f/", b":f>", b":f ", b":f/", b't="e"', b"t='e'")
_SUFFIXES = {"xlsx": (".xlsx",), "xls": (".xls",), "ods": (".ods",), "parquet": (".parquet", ".pq")}
_KINDS = {"xlsx": "un classeur .xlsx", "xls": "un ancien classeur .xls", "ods": "un classeur .ods"}


def read_book(
    path: Path,
    *,
    encoding: str | None = None,
    separator: str | None = None,
    header: int = 1,
    wanted: Callable[[str], bool] = lambda _name: True,
) -> Book:
    """Read a file of cells, of any kind.

    Parameters
    ----------
    path : Path
        CSV or JSON (also in ``.gz``, or in a ``.zip`` that holds one CSV), Parquet, XLSX, XLS or ODS.
    encoding, separator : str or None
        Of a CSV, when the user said them; None to find out.
    header : int
        Line of the header of a CSV: the separator is looked for from there, not in the title above.
    wanted : callable
        Which sheets of a workbook to read, by name; the others are only named.

    Raises
    ------
    AmbiguousSource
        When the encoding or the separator can be read in two ways.
    SourceError
        When the file can't be read, or could harm.
    """
    data = stored(path)
    if data.startswith(_PARQUET):
        return _book(path, "parquet", data, [from_parquet(data, path.name)], [""])
    if data.startswith(_OLE):
        _refuse_old(data, path.name)
        note = "Classeur .xls : une cellule dont la formule est en erreur s’y lit comme une cellule vide."
        found = read_old_workbook(data, path.name)
        sheets = [_sheet(name, rows, merged) for name, rows, merged in found if wanted(name)]
        return _book(path, "xls", data, sheets, [name for name, _, _ in found], note)
    if data.startswith(_ZIP):
        check_archive(data, path.name)
        kind = _kind_of_archive(data, path.name)
        if kind:
            return _book(path, kind, data, *_open(data, path.name, kind, wanted))
    return _text(path, encoding, separator, header)


def _text(path: Path, encoding: str | None, separator: str | None, header: int) -> Book:
    raw = read_raw(path)
    text, found = decode(raw, encoding=encoding)
    if looks_like_json(text):
        return Book(raw.name, "json", (from_json(text, raw.name),), ("",), found, "", raw.sha256)
    below = text.splitlines(keepends=True)[header - 1 :] if header > 1 else [text]
    mark = separator_of("".join(below), file=raw.name, separator=separator)
    rows, blank = records(text, separator=mark, file=raw.name, uniform=False)
    if not rows:
        raise SourceError(
            "Le fichier est vide.", remedy="Téléchargez-le de nouveau depuis le site du producteur.", file=raw.name
        )
    notes = () if found in {"utf-8", "utf-8-sig"} else (f"Encodage reconnu : {found} (le fichier n’est pas en UTF-8).",)
    return Book(raw.name, "csv", (Sheet("", rows, blank=blank),), ("",), found, mark, raw.sha256, notes)


def _book(path: Path, kind: str, data: bytes, sheets: Sequence[Sheet], names: Sequence[str], *notes: str) -> Book:
    if path.suffix.lower() not in _SUFFIXES[kind]:
        notes = (
            *notes,
            f"Le nom du fichier finit par « {path.suffix} », mais son contenu est {_KINDS.get(kind, kind)}.",
        )
    return Book(path.name, kind, tuple(sheets), tuple(names), "", "", hashlib.sha256(data).hexdigest(), notes)


def _refuse_old(data: bytes, file: str) -> None:
    if _LOCKED in data:
        raise SourceError(
            "Le classeur est protégé par un mot de passe.", remedy="Enregistrez-le sans mot de passe.", file=file
        )
    if _MACROS in data:
        raise SourceError(
            "Le classeur contient des macros : il n’est pas ouvert.",
            remedy="Enregistrez-le au format « Classeur Excel (.xlsx) », sans macros.",
            file=file,
        )


def _kind_of_archive(data: bytes, file: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "content.xml" in names:
        macros = sorted(name for name in names if name.startswith(("Basic/", "Scripts/")) and not name.endswith("/"))
        if macros:
            raise SourceError(
                "Le classeur contient des macros : il n’est pas ouvert.",
                remedy="Enregistrez-le de nouveau sans ses macros (Outils > Macros > Gérer).",
                file=file,
                value=macros[0],
            )
        return "ods"
    if any(name.startswith("xl/") for name in names):
        raise SourceError(
            "Ce classeur est dans un format que ctgeval ne lit pas (.xlsb).",
            remedy="Enregistrez-le au format « Classeur Excel (.xlsx) ».",
            file=file,
        )
    return ""


def _open(data: bytes, file: str, kind: str, wanted: Callable[[str], bool]) -> tuple[list[Sheet], list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    check_extent(data, file, kind)
    silent = _silent(data, file) if kind == "xlsx" else {}
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = [
            (name, sheet.to_python(skip_empty_area=False), sheet.merged_cell_ranges)
            for name in book.sheet_names
            if wanted(name)
            for sheet in [book.get_sheet_by_name(name)]
        ]
    except (CalamineError, ValueError, OSError) as error:
        raise SourceError(
            "Le classeur ne se lit pas.",
            remedy="Ouvrez-le dans un tableur, enregistrez-le de nouveau, puis recommencez.",
            file=file,
        ) from error
    return [_sheet(name, rows, merged, silent.get(name, {})) for name, rows, merged in found], book.sheet_names


def _silent(data: bytes, file: str) -> dict[str, dict[str, str]]:
    """Return the cells that hide a formula without its result, looked for only in workbooks that have formulas."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [name for name in archive.namelist() if "worksheets/" in name and name.endswith(".xml")]
        formulas = any(mark in content for content in map(archive.read, parts) for mark in _SILENT)
    return silent_cells(data, file) if formulas else {}


def _sheet(name: str, rows: Iterable[Sequence[Any]], merged: Any, silent: dict[str, str] | None = None) -> Sheet:
    faults = {_place(cell): reason for cell, reason in (silent or {}).items()}
    kept: dict[int, list[str]] = {}
    for line, cells in enumerate(rows, start=1):
        texts = [cell if cell.__class__ is str else text_of(cell) for cell in cells]
        if any(text.strip() for text in texts):
            kept[line] = texts
    # A formula without its result shows nothing: its cell may be beyond all those that the parser gives.
    for line, place in sorted(faults):
        cells = kept.setdefault(line, [])
        cells += [""] * (place + 1 - len(cells))
    found = sorted(kept.items())
    ranges = None if merged is None else tuple((a + 1, b, c + 1, d) for (a, b), (c, d) in merged)
    blank = found[-1][0] - found[0][0] + 1 - len(found) if found else 0
    return Sheet(name, found, ranges, faults, blank)


def _place(cell: str) -> tuple[int, int]:
    found = _CELL.fullmatch(cell)
    if found is None:
        return 0, 0
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column - 1
