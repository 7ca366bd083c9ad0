"""Cells of a workbook that show nothing a reader can use: formulas that were never computed, and formula errors.

A workbook made by a program holds formulas without their result until a spreadsheet opens and saves it; readers then
see empty cells, which must not pass for blanks.
"""

from __future__ import annotations

import io
import posixpath
import zipfile

from defusedxml import ElementTree  # type: ignore[import-untyped]

from ctgeval.errors import SourceError

__all__ = ["silent_cells"]

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


def silent_cells(data: bytes, file: str) -> dict[str, dict[str, str]]:
    """Return, for each sheet, the cells (``B12``) that can't be read and why, in French.

    Parameters
    ----------
    data : bytes
        The workbook, already checked by `ctgeval.sources.archive.check_archive`.
    file : str
        Its basename, for the message.

    Raises
    ------
    SourceError
        When the workbook is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: _scan(archive, part) for name, part in _sheets(archive).items()}
    except (KeyError, zipfile.BadZipFile, ElementTree.ParseError, ValueError) as error:
        raise SourceError(
            "Le classeur est abîmé : une de ses feuilles ne se lit pas.",
            remedy="Ouvrez-le dans un tableur, enregistrez-le de nouveau au format .xlsx, puis recommencez.",
            file=file,
        ) from error


def _sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    links = {
        link.get("Id", ""): link.get("Target", "")
        for link in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")).iter(_PACKAGE)
    }
    found: dict[str, str] = {}
    for sheet in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):
        target = links.get(sheet.get(_LINK, ""), "")
        part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        if "worksheets/" in part:
            found[sheet.get("name", "")] = part
    return found


def _scan(archive: zipfile.ZipFile, part: str) -> dict[str, str]:
    found: dict[str, str] = {}
    with archive.open(part) as stream:
        for _, cell in ElementTree.iterparse(stream):
            if cell.tag != f"{_MAIN}c":
                continue
            value = cell.find(f"{_MAIN}v")
            if cell.get("t") == "e":
                text = "" if value is None or value.text is None else value.text
                found[cell.get("r", "")] = f"La cellule contient une erreur de formule ({text})."
            elif cell.find(f"{_MAIN}f") is not None and (value is None or (not value.text and cell.get("t") != "str")):
                found[cell.get("r", "")] = "La cellule contient une formule dont le résultat n’est pas enregistré."
            cell.clear()
    return found
