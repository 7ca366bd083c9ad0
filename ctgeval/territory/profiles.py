"""What the reference geography itself says of every territory of a level: size, number of communes, growth, ground.

Everything is said for all the territories at once: a search among the 1,250 EPCIs of France must stay immediate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.territory.reference import Reference

__all__ = ["APART", "Profiles", "changed", "departements", "profiles"]

APART = 5
"""Years between two censuses that may be compared: each is made of five annual surveys (Insee)."""
_LEGAL_DELAY = 3

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Profiles:
    """The territories of a level on 1 January of a year, sorted by code.

    Parameters
    ----------
    geos : tuple of str
        Prefixed codes.
    communes : ndarray of float64
        How many communes each one has.
    population : ndarray of float64
        Municipal population; NaN where the census lacks one of the communes.
    growth : ndarray of float64
        Percent per year between two censuses five years apart at least, on the ground of that year; NaN when unknown.
    census : int or None
        That of ``population``: the one in force that year, or the nearest that is known.
    span : tuple of int or None
        The two censuses of ``growth``.
    """

    geos: tuple[str, ...]
    communes: Array
    population: Array
    growth: Array
    census: int | None
    span: tuple[int, int] | None


def profiles(level: str, year: int, reference: Reference) -> Profiles:
    """Return what the reference says of the territories of a level.

    Parameters
    ----------
    level : str
        ``COM``, ``EPCI``, ``DEP`` or ``REG``.
    year : int
        Geography.
    reference : Reference

    Raises
    ------
    TerritoryError
        When the year is not known.
    """
    geos = tuple(sorted(reference.codes(level, year)))
    ground = _Ground(level, [year], reference, [reference.populations["geo"]])
    home = ground.home(year, geos)
    communes = np.bincount(home[home >= 0], minlength=len(geos)).astype(np.float64)
    unknown = np.full(len(geos), np.nan)
    known = sorted(np.unique(reference.populations["census"].to_numpy()).tolist())
    if not known:
        return Profiles(geos, communes, unknown, unknown, None, None)
    census = max((one for one in known if one <= year - _LEGAL_DELAY), default=known[0])
    first, last = known[0], known[-1]
    counted = {one: _counts(one, home, len(geos), year, ground) for one in {census, first, last}}
    if last - first < APART:
        return Profiles(geos, communes, counted[census], unknown, census, None)
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = 100 * ((counted[last] / counted[first]) ** (1 / (last - first)) - 1)
    known_growth = np.where(np.isfinite(growth), growth, np.nan)
    return Profiles(geos, communes, counted[census], known_growth, census, (first, last))


def changed(level: str, since: int, until: int, reference: Reference) -> frozenset[str]:
    """Return the territories of the last year whose ground is not the same as in the first, or that did not exist then.

    Parameters
    ----------
    level : str
        ``COM``, ``EPCI``, ``DEP`` or ``REG``.
    since, until : int
        Two years, the first not after the second. Each known year is compared with the next one, so that a commune
        that left and came back is seen.
    reference : Reference
    """
    if level == "COM":
        return frozenset(reference.timeline.touched(since, until))
    years = [year for year in reference.years if since <= year <= until]
    ground = _Ground(level, years, reference, [])
    codes = {year: reference.codes(level, year) for year in years}
    geos = tuple(sorted(frozenset().union(*codes.values())))
    homes = {year: ground.home(year, geos) for year in years}
    found: set[str] = set()
    for first, last in pairwise(years):
        link = reference.timeline.chain(first, last)
        moved = _moved(homes[first], homes[last], link.images, ground)
        found |= {geos[place] for place in moved if place >= 0} | (codes[last] - codes[first])
    return frozenset(found) & reference.codes(level, until)


def _moved(before: Places, after: Places, images: Mapping[str, tuple[str, ...]], ground: _Ground) -> set[int]:
    """Return the territories that won or lost a commune, mergers aside."""
    number = ground.numbers([*images, *_all(images.values())])
    itself = before != after
    itself[list(number.values())] = False
    moved = {*before[itself].tolist(), *after[itself].tolist()}
    for code, parts in images.items():
        places = {int(after[number[part]]) for part in parts if part in number}
        origin = int(before[number[code]]) if code in number else -1
        if places != {origin}:
            moved |= {*places, origin}
    return moved


def departements(level: str, year: int, reference: Reference) -> dict[str, frozenset[str]]:
    """Return the départements that each territory of a level has communes in; an EPCI may straddle several."""
    rows, above = _rows(reference, level, year), _rows(reference, "DEP", year)
    where = pd.Index(above["commune"]).get_indexer(pd.Index(rows["commune"]))
    pairs = pd.DataFrame(
        {
            "geo": rows["territory"].to_numpy()[where >= 0],
            "dep": above["territory"].to_numpy()[where[where >= 0]],
        }
    ).drop_duplicates()
    found: dict[str, set[str]] = defaultdict(set)
    for geo, dep in zip(pairs["geo"].tolist(), pairs["dep"].tolist(), strict=True):
        found[geo].add(dep)
    return {geo: frozenset(deps) for geo, deps in found.items()}


class _Ground:
    """The communes of some years, numbered, so that territories are arrays."""

    def __init__(self, level: str, years: Iterable[int], reference: Reference, others: list[pd.Series]) -> None:
        self.level, self.reference = level, reference
        self._rows = {year: _rows(reference, level, year) for year in years}
        texts = [rows["commune"] for rows in self._rows.values()]
        numbers, self.codes = pd.factorize(pd.concat([*texts, *others], ignore_index=True))
        self._numbers: dict[int, Places] = {}
        start = 0
        for year, rows in self._rows.items():
            self._numbers[year] = numbers[start : start + len(rows)]
            start += len(rows)
        self.others: Places = numbers[start:]
        self._index = pd.Index(self.codes)

    def places(self, codes: Iterable[str]) -> Places:
        """Return the numbers of some communes, those that are not known left out."""
        found = self._index.get_indexer(pd.Index(list(codes), dtype=self._index.dtype))
        return np.asarray(found[found >= 0], dtype=np.int64)

    def numbers(self, codes: Iterable[str]) -> dict[str, int]:
        """Return the number of each of some communes, those that are not known left out."""
        wanted = list(dict.fromkeys(codes))
        found = self._index.get_indexer(pd.Index(wanted, dtype=self._index.dtype))
        return {code: number for code, number in zip(wanted, found.tolist(), strict=True) if number >= 0}

    def home(self, year: int, geos: tuple[str, ...]) -> Places:
        """Return the rank of the territory of each commune in a year, -1 when it is in none."""
        found = np.full(len(self.codes), -1, dtype=np.int64)
        found[self._numbers[year]] = pd.Index(geos).get_indexer(pd.Index(self._rows[year]["territory"]))
        return found


def _rows(reference: Reference, level: str, year: int) -> pd.DataFrame:
    if level == "COM":
        codes = sorted(reference.codes("COM", year))
        return pd.DataFrame({"territory": codes, "commune": codes}, dtype="str")
    table = reference.membership
    rows = table[(table["first"].to_numpy() <= year) & (table["last"].to_numpy() >= year)]
    return rows[rows["territory"].astype("str").str.startswith(f"{level}-").to_numpy(dtype=bool)]


def _all(groups: Iterable[Iterable[str]]) -> list[str]:
    return [code for group in groups for code in group]


def _counts(census: int, home: Places, size: int, year: int, ground: _Ground) -> Array:
    """Return the population of each territory at a census, on its ground of a year; NaN when it is not told whole."""
    table = ground.reference.populations
    told = np.flatnonzero(table["census"].to_numpy() == census)
    geographies = table["geography"].to_numpy()
    geography = int(geographies[told].min())
    told = told[geographies[told] == geography]
    owner, shared = _owners(geography, home, year, ground)
    codes = ground.others[told]
    inside = owner[codes] >= 0
    counts = table["population"].to_numpy(dtype=np.float64)[told]
    total = np.bincount(owner[codes[inside]], weights=counts[inside], minlength=size).astype(np.float64)
    absent = owner >= 0
    absent[codes] = False
    empty = np.bincount(owner[codes[inside]], minlength=size) == 0
    total[[*np.unique(owner[absent]).tolist(), *np.flatnonzero(empty).tolist(), *shared]] = np.nan
    return total


def _owners(geography: int, home: Places, year: int, ground: _Ground) -> tuple[Places, list[int]]:
    """Return the territory of each commune of a geography, and the territories that share one of them with another."""
    first, last = sorted((geography, year))
    link = ground.reference.timeline.chain(first, last)
    owner = home.copy()
    forward = geography <= year
    groups: Mapping[str, Iterable[str]] = link.images
    if not forward:
        turned: dict[str, list[str]] = defaultdict(list)
        for before, images in link.images.items():
            for image in images:
                turned[image].append(before)
        groups = turned
    # The codes of the year that are those of no commune of the census, until the loop says otherwise.
    owner[ground.places([*_all(groups.values()), *link.absent])] = -1
    shared: set[int] = set()
    number = ground.numbers([*groups, *_all(groups.values())])
    for code, others in groups.items():
        parts = {int(home[number[other]]) for other in others if other in number}
        if len(parts) > 1:
            shared |= parts - {-1}
        if code in number:
            owner[number[code]] = parts.pop() if len(parts) == 1 else -1
    return owner, sorted(shared)
