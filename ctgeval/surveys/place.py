"""Where a response stands in its file."""

from __future__ import annotations

from typing import TypedDict


class Place(TypedDict):
    """Fields of a `ctgeval.errors.Problem` that tell a place."""

    file: str
    sheet: str
    row: int | None


def place(origin: str) -> Place:
    """Return the file, the sheet and the line of an ``origin``: ``reponses.csv!12``, ``reponses.xlsx!Feuil1!12``."""
    file, *rest = origin.split("!")
    line = rest[-1] if rest else ""
    return Place(file=file, sheet="!".join(rest[:-1]), row=int(line) if line.isdigit() else None)
