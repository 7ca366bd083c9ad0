"""Contours of territories: read once, brought to a perimeter by the same events as figures, joined without a library.

Joining is done on the edges: an edge that two neighbours share is walked once in each direction, and disappears when
they are put together. Areas are conserved exactly, since what is removed counts for nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import french
from ctgeval.errors import Problem, TerritoryError
from ctgeval.territory.outlines import Polygons, Ring
from ctgeval.territory.reference import Reference

__all__ = ["COLUMNS", "Contours", "dissolve", "harmonise", "missing"]

Whole = npt.NDArray[np.int64]

COLUMNS = ("geo", "geography", "part", "ring", "longitude", "latitude")
"""Of the table of contours: a row for each ring, the outer one of a polygon being ring 0; lists of degrees."""
_UNITS = 10_000_000
"""Units in a degree: coordinates are snapped to a centimetre, so that the same point is the same number."""
_RADIUS_KM = 6371.0072
"""Of the sphere that has the area of the Earth."""
_SHOWN = 6


@dataclass(frozen=True, eq=False)
class Contours:
    """Contours of some territories in one geography.

    Parameters
    ----------
    geography : int
        Year (1 January) in which the codes are codes.
    shapes : mapping of str to tuple
        For each code, its polygons: tuples of rings (ndarray of float64, shape (n, 2), degrees), the outer one first,
        counter-clockwise, then the holes, clockwise; the first point is not repeated.
    """

    geography: int
    shapes: Mapping[str, Polygons]

    @classmethod
    def of(cls, geography: int, shapes: Mapping[str, Polygons]) -> Contours:
        """Return contours whose rings turn as they must, sorted by code."""
        turned = {
            geo: tuple(
                tuple(_turned(ring, outer=place == 0) for place, ring in enumerate(polygon)) for polygon in polygons
            )
            for geo, polygons in sorted(shapes.items())
        }
        return cls(geography, turned)

    @classmethod
    def from_table(cls, table: pd.DataFrame) -> Contours:
        """Return the contours of a table of `COLUMNS`.

        Raises
        ------
        TerritoryError
            When the table mixes several geographies, or is empty.
        """
        years = np.unique(table["geography"].dropna().to_numpy(dtype=np.int64)).tolist()
        if len(years) != 1:
            raise TerritoryError(
                "Des contours doivent être d’une seule géographie.", value=", ".join(map(str, years)),
                remedy="Indiquez l’année des codes (« geographie ») sous la source des contours.",
            )  # fmt: skip
        parts: dict[str, dict[int, list[Ring]]] = defaultdict(lambda: defaultdict(list))
        ordered = table.sort_values(["geo", "part", "ring"], kind="stable")
        columns = (ordered[name].tolist() for name in ("geo", "part", "longitude", "latitude"))
        for geo, part, longitude, latitude in zip(*columns, strict=True):
            parts[geo][part].append(np.column_stack([longitude, latitude]).astype(np.float64))
        shapes = {geo: tuple(tuple(rings) for _, rings in sorted(found.items())) for geo, found in parts.items()}
        return cls.of(years[0], shapes)

    def table(self) -> pd.DataFrame:
        """Return the contours as a table of `COLUMNS`."""
        rows = [
            (geo, self.geography, part, place, ring[:, 0], ring[:, 1])
            for geo, polygons in self.shapes.items()
            for part, polygon in enumerate(polygons)
            for place, ring in enumerate(polygon)
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def only(self, geos: Iterable[str]) -> Contours:
        """Return the contours of some territories, those that are not there left out."""
        wanted = set(geos)
        return Contours(self.geography, {geo: shape for geo, shape in self.shapes.items() if geo in wanted})

    def area_km2(self, geo: str) -> float:
        """Return the area of a territory on the sphere, in square kilometres.

        Raises
        ------
        KeyError
            When it has no contour.
        """
        return float(sum(_area(ring) for polygon in self.shapes[geo] for ring in polygon))

    @cached_property
    def neighbours(self) -> Mapping[str, tuple[str, ...]]:
        """For each territory, those that share at least one edge with it, sorted."""
        edges = _edges(self, {geo: geo for geo in self.shapes})
        owners: dict[tuple[int, int], set[int]] = defaultdict(set)
        low, high = np.minimum(edges.start, edges.end), np.maximum(edges.start, edges.end)
        for first, second, group in zip(low.tolist(), high.tolist(), edges.group.tolist(), strict=True):
            owners[first, second].add(group)
        near: dict[int, set[int]] = defaultdict(set)
        for groups in owners.values():
            for group in groups:
                near[group] |= groups - {group}
        names = edges.names
        return {name: tuple(sorted(names[one] for one in near[place])) for place, name in enumerate(names)}


def dissolve(contours: Contours, target: Mapping[str, str], *, geography: int | None = None) -> Contours:
    """Join the contours of territories that make larger ones.

    Parameters
    ----------
    contours : Contours
        For example of communes.
    target : mapping of str to str
        The larger territory of each code; a code that is not there is left out.
    geography : int, optional
        Of the result; that of ``contours`` by default.

    Returns
    -------
    Contours
        Shared edges are removed; a hole that no territory fills stays a hole.
    """
    edges = _edges(contours, target)
    kept = _cancelled(edges)
    shapes = {
        name: _assembled(edges.points, edges.start[places], edges.end[places])
        for name, places in zip(edges.names, kept, strict=True)
    }
    return Contours.of(contours.geography if geography is None else geography, shapes)


def harmonise(contours: Contours, *, to: int, reference: Reference) -> tuple[Contours, list[Problem]]:
    """Bring the contours of communes to a later geography: those that merged are joined.

    Parameters
    ----------
    contours : Contours
        Of communes.
    to : int
        Year of the geography.
    reference : Reference
        For the events and the names.

    Returns
    -------
    Contours, list of Problem
        And why some communes have no contour: a part of them is missing, or their ground was shared out.
    """
    since = contours.geography
    first, last = min(since, to), max(since, to)
    link = reference.timeline.chain(first, last)
    told: dict[str, str] = {}
    if since > to:
        moved = reference.timeline.touched(to, since)
        for geo in sorted(set(contours.shapes) & set(moved)):
            told[geo] = f"elle a changé entre {to} et {since} : on réunit des contours, on ne les sépare pas"
        kept = {geo: shape for geo, shape in contours.shapes.items() if geo not in moved}
        return Contours(to, kept), _problems(told, to, reference)
    target: dict[str, str] = {}
    for geo in contours.shapes:
        image = link.after.get(geo, geo)
        if geo in link.split or (geo in link.images and geo not in link.after):
            for part in link.images.get(geo, (geo,)):
                told[part] = f"le territoire de {geo} a été partagé"
        elif geo not in link.absent:
            target[geo] = image
    for image, parts in sorted(link.befores.items()):
        lacking = [part for part in parts if part not in contours.shapes]
        if lacking and len(lacking) < len(parts):
            told[image] = f"il manque le contour de {french.enumeration(lacking)}, qui en fait partie"
    target = {geo: image for geo, image in target.items() if image not in told}
    joined = {geo: image for geo, image in target.items() if image in link.befores}
    alone = {image: contours.shapes[geo] for geo, image in target.items() if geo not in joined}
    merged = dissolve(contours, joined, geography=to).shapes if joined else {}
    return Contours(to, dict(sorted({**alone, **merged}.items()))), _problems(told, to, reference)


def missing(contours: Contours, wanted: Iterable[str], reference: Reference) -> list[Problem]:
    """Return a problem that names the territories that have no contour, or nothing."""
    absent = sorted(set(wanted) - set(contours.shapes))
    if not absent:
        return []
    names = [f"{geo} ({reference.last_name(geo)})" for geo in absent[:_SHOWN]]
    names += [french.plural(len(absent) - _SHOWN, "autre")] if len(absent) > _SHOWN else []
    verb = "n’a pas de contour" if len(absent) == 1 else "n’ont pas de contour"
    return [
        Problem(
            message=f"{french.enumeration(names)} {verb} : la carte ne les montre pas.",
            remedy="Prenez un fichier de contours de la même année que le périmètre, ou plus ancien, et complet.",
            value=", ".join(absent[:_SHOWN]),
            severity="avertissement",
        )
    ]


def _problems(told: Mapping[str, str], to: int, reference: Reference) -> list[Problem]:
    return [
        Problem(
            message=f"{geo} ({reference.last_name(geo)}) n’a pas de contour au 1er janvier {to} : {why}.",
            remedy="Prenez un fichier de contours de la même année que le périmètre du dossier.",
            value=geo,
            severity="avertissement",
        )
        for geo, why in sorted(told.items())
    ]


@dataclass(frozen=True, slots=True)
class _Edges:
    """Directed edges of the rings of some groups: numbers of their ends, and of their group."""

    points: Ring
    start: Whole
    end: Whole
    group: Whole
    names: tuple[str, ...]


def _edges(contours: Contours, target: Mapping[str, str]) -> _Edges:
    names = tuple(sorted({target[geo] for geo in contours.shapes if geo in target}))
    number = {name: place for place, name in enumerate(names)}
    rings, groups = [], []
    for geo, polygons in contours.shapes.items():
        if geo in target:
            for polygon in polygons:
                for ring in polygon:
                    rings.append(ring)
                    groups.append(number[target[geo]])
    if not rings:
        empty = np.empty(0, dtype=np.int64)
        return _Edges(np.empty((0, 2)), empty, empty, empty, names)
    every = np.concatenate(rings)
    snapped = np.round(every * _UNITS).astype(np.int64)
    _, first, ids = np.unique(snapped[:, 0] * 4 * 10**9 + snapped[:, 1], return_index=True, return_inverse=True)
    lengths = np.array([len(ring) for ring in rings])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    following = np.arange(1, len(every) + 1)
    following[starts + lengths - 1] = starts
    start, end = ids, ids[following]
    group = np.repeat(np.array(groups, dtype=np.int64), lengths)
    there = start != end
    return _Edges(every[first], start[there], end[there], group[there], names)


def _cancelled(edges: _Edges) -> list[Whole]:
    """Return, for each group, the places of the edges that are left once those walked both ways are removed."""
    size = len(edges.points)
    low, high = np.minimum(edges.start, edges.end), np.maximum(edges.start, edges.end)
    key = (edges.group * size + low) * size + high if size < 2**20 else None
    if key is None:
        _, key = np.unique(np.column_stack([edges.group, low, high]), axis=0, return_inverse=True)
    _, inverse = np.unique(key, return_inverse=True)
    sign = np.where(edges.start < edges.end, 1, -1)
    net = np.bincount(inverse, weights=sign) if len(sign) else np.empty(0)
    left = np.flatnonzero(np.sign(net)[inverse] == sign) if len(sign) else np.empty(0, dtype=np.int64)
    # An edge that two polygons of a group walk the same way is an overlap: it is kept once.
    _, once = np.unique(inverse[left], return_index=True)
    left = left[np.sort(once)]
    order = np.argsort(edges.group[left], kind="stable")
    bounds = np.searchsorted(edges.group[left][order], np.arange(len(edges.names) + 1))
    return [left[order[bounds[place] : bounds[place + 1]]] for place in range(len(edges.names))]


def _assembled(points: Ring, start: Whole, end: Whole) -> Polygons:
    """Return the polygons that some directed edges bound, their interior on the left."""
    leaving: dict[int, list[int]] = defaultdict(list)
    for first, second in zip(start.tolist(), end.tolist(), strict=True):
        leaving[first].append(second)
    for nexts in leaving.values():
        nexts.sort(reverse=True)
    rings = [points[loop] for origin in sorted(leaving) for loop in _loops(origin, leaving)]
    outer = [ring for ring in rings if _area(ring) > 0]
    holes = [ring for ring in rings if _area(ring) < 0]
    order = sorted(range(len(outer)), key=lambda place: -_area(outer[place]))
    polygons: list[list[Ring]] = [[outer[place]] for place in order]
    for hole in holes:
        inside = (hole[0] + hole[1]) / 2
        # The smallest that holds it: an island may have a lake.
        home = next((one for one in reversed(polygons) if _holds(one[0], inside)), polygons[0] if polygons else None)
        if home is not None:
            home.append(hole)
    return tuple(tuple(polygon) for polygon in polygons)


def _loops(origin: int, leaving: dict[int, list[int]]) -> Iterable[list[int]]:
    """Walk the edges from a point; each time a point is met again, what lies between makes a ring."""
    while leaving[origin]:
        path, place = [origin], {origin: 0}
        while True:
            nexts = leaving.get(path[-1])
            if not nexts:
                break
            point = nexts.pop()
            if point in place:
                loop = path[place[point] :]
                for one in loop[1:]:
                    del place[one]
                path = path[: place[point] + 1]
                yield loop
                if len(path) == 1 and not leaving[origin]:
                    break
            else:
                place[point] = len(path)
                path.append(point)


def _holds(ring: Ring, point: npt.NDArray[np.float64]) -> bool:
    x, y = ring[:, 0], ring[:, 1]
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    crossed = (y > point[1]) != (next_y > point[1])
    at = x[crossed] + (point[1] - y[crossed]) * (next_x[crossed] - x[crossed]) / (next_y[crossed] - y[crossed])
    return bool(np.count_nonzero(at > point[0]) % 2)


def _turned(ring: Ring, *, outer: bool) -> Ring:
    return ring if (_area(ring) >= 0) is outer else ring[::-1]


def _area(ring: Ring) -> float:
    """Return the area of a ring in square kilometres, positive when it turns counter-clockwise.

    On the sphere, between parallels that the edges join as chords of the equal-area cylindrical projection.
    """
    longitude, height = np.radians(ring[:, 0]), np.sin(np.radians(ring[:, 1]))
    x, y = longitude - longitude[0], height - height[0]
    return float(_RADIUS_KM**2 * 0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
