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
        Arrays are kept with the reference: they can't be written to.
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

    def __post_init__(self) -> None:
        for array in (self.communes, self.population, self.growth):
            array.setflags(write=False)


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
    return reference.once(("profiles", level, year), lambda: _profiles(level, year, reference))


def _profiles(level: str, year: int, reference: Reference) -> Profiles:
    geos = tuple(sorted(reference.codes(level, year)))
    ground = _ground(level, reference)
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
    return reference.once(("changed", level, since, until), lambda: _changed(level, since, until, reference))


def _changed(level: str, since: int, until: int, reference: Reference) -> frozenset[str]:
    years = [year for year in reference.years if since <= year <= until]
    ground = _ground(level, reference)
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
    return reference.once(("departements", level, year), lambda: _departements(level, year, reference))


def _departements(level: str, year: int, reference: Reference) -> dict[str, frozenset[str]]:
    ground = _ground(level, reference)
    deps = tuple(sorted(reference.codes("DEP", year)))
    # Communes have the same numbers on each level: those of one geography.
    above = _ground("DEP", reference).home(year, deps)
    communes, owners = ground.pairs(year)
    found: dict[str, set[str]] = defaultdict(set)
    for geo, dep in set(zip(owners, above[communes].tolist(), strict=True)):
        if dep >= 0:
            found[geo].add(deps[dep])
    return {geo: frozenset(names) for geo, names in found.items()}


class _Ground:
    """The communes of a geography, numbered once, so that the territories of a level are arrays."""

    def __init__(self, level: str, reference: Reference) -> None:
        self.level, self.reference = level, reference
        table = reference.membership
        known = [table["commune"], reference.populations["geo"], pd.Series(_communes(reference), dtype="str")]
        numbers, self.codes = pd.factorize(pd.concat(known, ignore_index=True))
        self.others: Places = numbers[len(table) : len(table) + len(known[1])]
        self._index = pd.Index(self.codes, dtype=object)
        owners, names = pd.factorize(table["territory"])
        self._names = pd.Index(names, dtype=object)
        mine = np.array([name.startswith(f"{level}-") for name in names.tolist()], dtype=bool)
        at = np.flatnonzero(mine[owners]) if len(owners) else np.zeros(0, dtype=np.int64)
        self._communes, self._owners = numbers[at], owners[at]
        self._first, self._last = (table[name].to_numpy(dtype=np.int64)[at] for name in ("first", "last"))

    def numbers(self, codes: Iterable[str]) -> dict[str, int]:
        """Return the number of each of some communes, those that are not known left out."""
        wanted = list(dict.fromkeys(codes))
        found = self._index.get_indexer(pd.Index(wanted, dtype=object))
        return {code: number for code, number in zip(wanted, found.tolist(), strict=True) if number >= 0}

    def pairs(self, year: int) -> tuple[Places, list[str]]:
        """Return the number of each commune that is in a territory of the level in a year, and the territory."""
        if self.level == "COM":
            codes = sorted(self.reference.codes("COM", year))
            return np.asarray(self._index.get_indexer(pd.Index(codes, dtype=object)), dtype=np.int64), codes
        at = np.flatnonzero((self._first <= year) & (self._last >= year))
        return self._communes[at], self._names[self._owners[at]].tolist()

    def home(self, year: int, geos: tuple[str, ...]) -> Places:
        """Return the rank of the territory of each commune in a year, -1 when it is in none."""
        communes, owners = self.pairs(year)
        rank = {geo: place for place, geo in enumerate(geos)}
        found = np.full(len(self.codes), -1, dtype=np.int64)
        found[communes] = [rank.get(owner, -1) for owner in owners]
        return found


def _ground(level: str, reference: Reference) -> _Ground:
    return reference.once(("ground", level), lambda: _Ground(level, reference))


def _communes(reference: Reference) -> list[str]:
    return [geo for geo in reference.places["geo"].tolist() if geo.startswith("COM-")]


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
    number = ground.numbers([*groups, *_all(groups.values()), *link.absent])
    owner[[number[code] for code in (*_all(groups.values()), *link.absent) if code in number]] = -1
    shared: set[int] = set()
    for code, others in groups.items():
        parts = {int(home[number[other]]) for other in others if other in number}
        if len(parts) > 1:
            shared |= parts - {-1}
        if code in number:
            owner[number[code]] = parts.pop() if len(parts) == 1 else -1
    return owner, sorted(shared)
