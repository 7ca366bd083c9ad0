"""The contours that a dossier can draw: those of its communes, whatever the files and the years they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from ctgeval.errors import Problem
from ctgeval.territory.contours import Contours, harmonise, missing
from ctgeval.territory.reference import Reference

__all__ = ["gather", "neighbours"]


def gather(
    tables: Mapping[str, pd.DataFrame], wanted: Iterable[str], *, to: int, reference: Reference
) -> tuple[dict[str, Contours], list[Problem]]:
    """Bring to one geography the contours of some communes, the first file that has each one deciding.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        For each source, its table of `ctgeval.territory.contours.COLUMNS`.
    wanted : iterable of str
        Communes of the geography ``to``.
    to : int
        Year of the geography.
    reference : Reference

    Returns
    -------
    dict of str to Contours, list of Problem
        What each source draws; and the communes that none draws, named. No file, no problem.
    """
    needed = set(wanted)
    if not tables or not needed:
        return {}, []
    drawn: dict[str, Contours] = {}
    told: list[Problem] = []
    left = set(needed)
    for key, table in tables.items():
        for year in sorted({int(one) for one in table["geography"].dropna().tolist()}, reverse=True):
            befores = _befores(left, year, to, reference)
            rows = table[table["geography"].eq(year) & table["geo"].isin(sorted(befores))]
            if not len(rows):
                continue
            found, problems = harmonise(Contours.from_table(rows), to=to, reference=reference)
            found = found.only(left)
            left -= set(found.shapes)
            told += problems
            if found.shapes:
                before = drawn[key].shapes if key in drawn else {}
                drawn[key] = Contours(to, dict(sorted({**before, **found.shapes}.items())))
    everything = Contours(to, {geo: shape for one in drawn.values() for geo, shape in one.shapes.items()})
    named = {problem.value for problem in told}
    told = [problem for problem in told if problem.value in needed and problem.value not in everything.shapes]
    return drawn, [*told, *missing(everything, needed - named, reference)]


def neighbours(tables: Mapping[str, pd.DataFrame], geo: str, *, year: int, reference: Reference) -> tuple[str, ...]:
    """Return the territories of the same level that share a border with one, as far as the contours tell.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        See `gather`; communes of the régions of the territory are looked at.
    geo : str
        Prefixed code of a commune, an EPCI, a département.
    year : int
        Geography.
    reference : Reference
    """
    level = geo.partition("-")[0]
    own = set(reference.members(geo, year))
    around = {part for region in reference.parents(geo, year) if region.startswith("REG-")
              for part in reference.members(region, year)}  # fmt: skip
    drawn, _ = gather(tables, own | around, to=year, reference=reference)
    shapes = {code: shape for one in drawn.values() for code, shape in one.shapes.items()}
    touching = Contours(year, shapes).neighbours if shapes else {}
    beside = {near for part in own for near in touching.get(part, ())} - own
    found = {home for part in beside for home in reference.members(part, year, level=level)}
    return tuple(sorted(found - {geo}))


def _befores(wanted: Iterable[str], year: int, to: int, reference: Reference) -> set[str]:
    """Return the codes, in a geography, of what makes some communes of another."""
    found = set(wanted)
    if year <= to:
        link = reference.timeline.chain(year, to)
        found |= {before for before, images in link.images.items() if found.intersection(images)}
    return found
