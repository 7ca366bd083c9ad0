"""Where a row of a coordinator's table comes from."""

from __future__ import annotations

from typing import TypedDict


class Place(TypedDict):
    """Fields of a `ctgeval.errors.Problem` that tell a place."""

    file: str
    sheet: str
    row: int | None


def place(origin: object) -> Place:
    """Return the file, the sheet and the row of an ``origin`` (``suivi.xlsx!actions!12``), empty when it is unknown."""
    if not isinstance(origin, str):
        return Place(file="", sheet="", row=None)
    file, _, rest = origin.partition("!")
    sheet, _, row = rest.rpartition("!")
    return Place(file=file, sheet=sheet, row=int(row) if row.isdigit() else None)
