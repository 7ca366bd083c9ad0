"""Forms as the rows of the ledger hold them, and back; the digests by which a changed row is seen."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from ctgeval.confidentiality.forms import Cell, Form, Key
from ctgeval.errors import ConfidentialityError

__all__ = ["Grounds", "Row", "decode", "digest", "encode", "ground_id", "same"]

Row = tuple[int, str, str, str, float, float, int]
"""Position, geo, time period, terms, low, high, masked."""
Grounds = dict[str, str]
"""Communes of each ground, by its identifier."""
# What a mark may say of itself: nothing at all (a change), not negative, or at least one.
_MARKS = frozenset({-math.inf, 0.0, 1.0})


def _told(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def ground_id(communes: str) -> str:
    """Return the identifier of a ground, made from its content: a changed list has another."""
    return hashlib.sha256(ascii(communes).encode("ascii")).hexdigest()[:24]


def encode(forms: Iterable[Form], grounds: Grounds) -> dict[str, list[Row]]:
    """Return the rows of some forms by indicator, and add to ``grounds`` those that they stand on.

    Raises
    ------
    ConfidentialityError
        When a masked form says more than its mark does.
    """
    rows: dict[str, list[Row]] = {}
    known: dict[frozenset[str], str] = {}
    cells: dict[Key, list[object]] = {}
    for form in forms:
        if form.masked and (form.low not in _MARKS or form.high != math.inf):
            # The value itself is left out of the message on purpose.
            raise ConfidentialityError(
                "Une case masquée allait être inscrite au registre avec plus que ce que dit sa marque : rien ne l’est.",
                key=form.indicator,
                value=f"{form.geo}, {form.time_period}",
                remedy="C’est une erreur de ctgeval : signalez-la, sans joindre le dossier.",
            )
        told = [[float(factor) + 0.0, *_cell(cell, cells, known, grounds)] for cell, factor in form.terms]
        kept = rows.setdefault(form.indicator, [])
        # Zero has no sign once in SQLite.
        low, high = float(form.low) + 0.0, float(form.high) + 0.0
        kept.append((len(kept), form.geo, form.time_period, _told(told), low, high, int(form.masked)))
    return rows


def _cell(
    cell: Key, cells: dict[Key, list[object]], known: dict[frozenset[str], str], grounds: Grounds
) -> list[object]:
    if not isinstance(cell, Cell):
        raise TypeError(f"the ledger holds forms over cells that say what they count, not {type(cell).__name__}")
    if cell not in cells:
        if cell.ground not in known:
            communes = _told(sorted(cell.ground))
            known[cell.ground] = ground_id(communes)
            grounds[known[cell.ground]] = communes
        days = (cell.start.isoformat(), cell.end.isoformat())
        cells[cell] = [cell.measure, cell.geo, known[cell.ground], *days, list(cell.category)]
    return cells[cell]


def decode(indicator: str, rows: Iterable[Row], grounds: Mapping[str, frozenset[str]]) -> list[Form]:
    """Return the forms of rows whose digest was checked."""
    cells: dict[str, Cell] = {}
    return [
        Form(
            terms=tuple((_read(told, grounds, cells), float(factor)) for factor, *told in json.loads(terms)),
            low=low,
            high=high,
            masked=bool(masked),
            indicator=indicator,
            geo=geo,
            time_period=time_period,
        )
        for _, geo, time_period, terms, low, high, masked in rows
    ]


def _read(told: list[Any], grounds: Mapping[str, frozenset[str]], cells: dict[str, Cell]) -> Cell:
    name = repr(told)
    if name not in cells:
        measure, geo, ground, start, end, category = told
        days = (date.fromisoformat(start), date.fromisoformat(end))
        cells[name] = Cell(measure, geo, grounds[ground], *days, tuple(category))
    return cells[name]


def digest(rows: Iterable[Row]) -> str:
    """Return the digest of the rows of one indicator in one release, in their order."""
    total = hashlib.sha256()
    for row in rows:
        # Not `repr`, which a later Unicode changes; and a damaged row may hold anything.
        total.update(ascii(tuple(row)).encode("ascii") + b"\n")
    return total.hexdigest()


def same(parts: Iterable[tuple[str, int, str]]) -> str:
    """Return the digest of a whole release, from the indicator, the number of forms and the digest of each part."""
    return hashlib.sha256(ascii(sorted((tuple(part) for part in parts), key=ascii)).encode("ascii")).hexdigest()
