"""Contours with fewer points, whose shared borders stay shared: each stretch of border is simplified once for both."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from ctgeval.territory.contours import Contours
from ctgeval.territory.outlines import Ring

__all__ = ["simplified"]

_UNITS = 10_000_000
Stretch = tuple[int, ...]


def simplified(contours: Contours, tolerance: float) -> Contours:
    """Return contours with the points that a tolerance can spare left out.

    Parameters
    ----------
    contours : Contours
        Of any territories.
    tolerance : float
        How far a border may move, in degrees of latitude (a degree of longitude is narrowed to the same length).

    Returns
    -------
    Contours
        The same territories. Points where three territories meet are all kept; a ring that would vanish is kept whole.

    References
    ----------
    Douglas and Peucker (1973), Algorithms for the reduction of the number of points required to represent a digitized
    line, The Canadian Cartographer 10(2).
    """
    rings = [ring for polygons in contours.shapes.values() for polygon in polygons for ring in polygon]
    if not rings or tolerance <= 0:
        return contours
    every = np.concatenate(rings)
    snapped = np.round(every * _UNITS).astype(np.int64)
    _, first, ids = np.unique(snapped[:, 0] * 4 * 10**9 + snapped[:, 1], return_index=True, return_inverse=True)
    places = every[first]
    flat = places * [np.cos(np.radians(places[:, 1].mean())), 1.0]
    bounds = np.cumsum([0, *(len(ring) for ring in rings)])
    numbered = [ids[bounds[rank] : bounds[rank + 1]].tolist() for rank in range(len(rings))]
    junctions = _junctions(numbered)
    kept: dict[Stretch, Stretch] = {}
    drawn = iter([_ring(ring, junctions, flat, tolerance, kept) for ring in numbered])
    shapes = {
        geo: tuple(tuple(_drawn(ring, next(drawn), places) for ring in polygon) for polygon in polygons)
        for geo, polygons in contours.shapes.items()
    }
    return Contours(contours.geography, shapes)


def _drawn(ring: Ring, numbers: list[int], places: Ring) -> Ring:
    return places[numbers] if len(numbers) > 2 else ring


def _junctions(rings: list[list[int]]) -> set[int]:
    """Return the points that have more than two neighbours, where borders part."""
    near: dict[int, set[int]] = defaultdict(set)
    for ring in rings:
        for here, there in zip(ring, [*ring[1:], ring[0]], strict=True):
            near[here].add(there)
            near[there].add(here)
    return {point for point, others in near.items() if len(others) != 2}


def _ring(
    ring: list[int], junctions: set[int], flat: npt.NDArray[np.float64], tolerance: float, kept: dict[Stretch, Stretch]
) -> list[int]:
    """Return the points of a ring that stay."""
    starts = [rank for rank, point in enumerate(ring) if point in junctions]
    if not starts:
        # An island, or an enclave and the hole that it fills: both begin at the same two points.
        low = ring.index(min(ring))
        turned = [*ring[low:], *ring[:low]]
        far = int(np.argmax(np.sum((flat[turned] - flat[turned[0]]) ** 2, axis=1)))
        starts = sorted({low, (low + far) % len(ring)})
    found: list[int] = []
    for rank, start in enumerate(starts):
        end = starts[(rank + 1) % len(starts)]
        stretch = ring[start : end + 1] if end > start else [*ring[start:], *ring[: end + 1]]
        found += _stretch(tuple(stretch), flat, tolerance, kept)[:-1]
    return found


def _stretch(
    stretch: Stretch, flat: npt.NDArray[np.float64], tolerance: float, kept: dict[Stretch, Stretch]
) -> Stretch:
    """Return a stretch simplified, the same whichever way it is walked."""
    backwards = stretch[::-1]
    key = min(stretch, backwards)
    if key not in kept:
        kept[key] = _thinned(key, flat, tolerance)
    return kept[key] if key == stretch else kept[key][::-1]


def _thinned(stretch: Stretch, flat: npt.NDArray[np.float64], tolerance: float) -> Stretch:
    points = flat[list(stretch)]
    stays = np.zeros(len(stretch), dtype=bool)
    stays[[0, -1]] = True
    todo = [(0, len(stretch) - 1)]
    while todo:
        start, end = todo.pop()
        if end - start < 2:
            continue
        inside = points[start + 1 : end] - points[start]
        chord = points[end] - points[start]
        length = float(np.hypot(*chord))
        # A stretch that comes back to its start has no chord: its farthest point is kept.
        away = (
            np.abs(inside[:, 0] * chord[1] - inside[:, 1] * chord[0]) / length
            if length > 0
            else np.hypot(inside[:, 0], inside[:, 1])
        )
        farthest = int(np.argmax(away))
        if away[farthest] > tolerance:
            middle = start + 1 + farthest
            stays[middle] = True
            todo += [(start, middle), (middle, end)]
    return tuple(point for point, stay in zip(stretch, stays.tolist(), strict=True) if stay)
