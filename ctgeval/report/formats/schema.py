"""What each column of a table holds, as a Table Schema: type, unit, and the words that stand for a missing value."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from ctgeval import french
from ctgeval.report.formats.grids import Cell, Grid
from ctgeval.sources.presented import Figure, Words

__all__ = ["MISSING", "described", "header", "written"]

MISSING: dict[str, str] = {
    "": "rien à dire pour cette ligne",
    "–": "sans objet",
    "non diffusable": "la valeur existe, mais elle pourrait renseigner sur une personne ou une entreprise",
    "non disponible": "la source ne donne pas cette valeur",
}
"""What stands for a missing value in the CSV files, and why it is missing: the two marks are never one."""
_LARGEST_WHOLE = 1e12


def described(grid: Grid, data: bytes) -> dict[str, Any]:
    """Return the Table Schema of the CSV of a table.

    Parameters
    ----------
    grid : Grid
    data : bytes
        Its CSV: fields are called as its headers are.

    References
    ----------
    Frictionless Data, *Table Schema*, version 1: a field has a type, and ``missingValues`` hold for all fields.
    ``headings``, ``unit`` and ``missingValuesMeaning`` are ours, which the specification allows.
    """
    told = [*grid.about, *grid.legend, *grid.notes]
    return {
        "title": grid.caption,
        **({"description": " ".join(told)} if told else {}),
        "headings": list(grid.headings),
        "fields": [_field(grid, place, name) for place, name in enumerate(header(data))],
        "missingValues": list(MISSING),
        "missingValuesMeaning": {word: why for word, why in MISSING.items() if word},
    }


def header(data: bytes) -> list[str]:
    """Return the headers of a CSV of ours."""
    return next(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


def written(told: dict[str, Any]) -> bytes:
    """Return a description as the bytes of a JSON file."""
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _field(grid: Grid, place: int, name: str) -> dict[str, Any]:
    shown = grid.columns[place]
    field: dict[str, Any] = {"name": name}
    if shown != name:
        field["title"] = shown
    cells = [row[place] for row in grid.rows]
    field["type"] = _type(cells)
    if field["type"] == "number":
        field["decimalChar"] = ","
    if field["type"] in {"number", "integer"} and (unit := _unit(grid, cells)):
        field["unit"] = unit
    elif field["type"] == "string" and any(isinstance(cell.content, Figure) for cell in cells):
        field["description"] = f"Des nombres, et des textes{french.NNBSP}: un intervalle, par exemple."
    return field


def _type(cells: Sequence[Cell]) -> str:
    figures = [cell.content for cell in cells if isinstance(cell.content, Figure)]
    others = [cell.content.text for cell in cells if isinstance(cell.content, Words)]
    if not figures or not all(text in MISSING for text in others):
        return "string"
    whole = all(one.value.is_integer() and abs(one.value) < _LARGEST_WHOLE for one in figures)
    if whole and all(one.pattern == "0" for one in figures):
        return "year"
    return "integer" if whole and not any(one.decimals for one in figures) else "number"


def _unit(grid: Grid, cells: Sequence[Cell]) -> str:
    figures = [cell.content for cell in cells if isinstance(cell.content, Figure)]
    if any(one.share for one in figures):
        return "fraction" if all(one.share for one in figures) else ""
    suffixes = {one.suffix.removesuffix(" (p)").strip(" \u00a0\u202f") for one in figures}
    own = suffixes.pop() if len(suffixes) == 1 else ""
    return {"%": "%", "€": "EUR"}.get(own, "") or grid.unit
