"""Names, members and parents of the territories, in the reference that travels with the package or in another."""

from __future__ import annotations

from ctgeval.territory.reference import Reference, load

__all__ = ["exists", "members", "name", "near", "parents"]


def name(geo: str, *, year: int | None = None, reference: Reference | None = None) -> str:
    """Return the official name of a territory (see `Reference.name`).

    Examples
    --------
    >>> name("EPCI-200070035", year=2024)
    'CC du Civraisien en Poitou'
    """
    return (reference or load()).name(geo, year)


def members(geo: str, *, year: int, level: str = "COM", reference: Reference | None = None) -> tuple[str, ...]:
    """Return the communes, or the territories of another level, that make a territory (see `Reference.members`).

    Examples
    --------
    >>> len(members("EPCI-200070035", year=2023)), len(members("EPCI-200070035", year=2024))
    (36, 35)
    """
    return (reference or load()).members(geo, year, level=level)


def parents(geo: str, *, year: int, reference: Reference | None = None) -> tuple[str, ...]:
    """Return the EPCI, départements and régions of a territory (see `Reference.parents`).

    Examples
    --------
    >>> parents("COM-86082", year=2024)
    ('EPCI-200070035', 'DEP-86', 'REG-75')
    """
    return (reference or load()).parents(geo, year)


def exists(geo: str, *, year: int, reference: Reference | None = None) -> bool:
    """Whether a territory exists on 1 January of a year (see `Reference.exists`)."""
    return (reference or load()).exists(geo, year)


def near(text: str, *, reference: Reference | None = None) -> list[str]:
    """Return the territories that look like a code or a name (see `Reference.near`)."""
    return (reference or load()).near(text)
