"""GeoJSON and TopoJSON documents, already parsed, to rings of coordinates: geometry alone, no file and no code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctgeval.errors import TerritoryError

__all__ = ["MOST_POINTS", "Feature", "features"]

Ring = npt.NDArray[np.float64]
Polygons = tuple[tuple[Ring, ...], ...]

MOST_POINTS = 5_000_000
"""Vertices that a document may hold: all the communes of France, drawn finely, have fewer."""
_MOST_LEVELS = 8
_WORLD = np.array([180.0, 90.0])


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a document: its rank from 1, what it says of itself, and its polygons or why it has none.

    Parameters
    ----------
    rank : int
        From 1.
    properties : mapping
        As written; ``id`` is among them when the feature has one.
    polygons : tuple of tuple of ndarray of float64, shape (n, 2)
        Longitudes and latitudes of the rings of each polygon, the outer one first, the first point not repeated.
    fault : str
        Why the feature can't be used, in French; empty otherwise.
    """

    rank: int
    properties: Mapping[str, Any]
    polygons: Polygons
    fault: str = ""


def features(document: object) -> list[Feature]:
    """Return the features of a parsed document, in their order.

    Parameters
    ----------
    document : object
        A GeoJSON ``FeatureCollection`` or ``Feature`` (RFC 7946), or a TopoJSON ``Topology`` with one or several
        objects, with or without quantisation.

    Raises
    ------
    TerritoryError
        When the document is neither, or holds too many points.

    References
    ----------
    RFC 7946, The GeoJSON Format; Bostock and Metcalf, The TopoJSON Format Specification (1.0).
    """
    kind = document.get("type") if isinstance(document, dict) else None
    if not isinstance(document, dict) or kind not in {"FeatureCollection", "Feature", "Topology"}:
        raise TerritoryError(
            "Ce fichier n’est ni un GeoJSON (FeatureCollection) ni un TopoJSON (Topology).",
            remedy="Exportez les contours en GeoJSON, coordonnées en degrés (WGS 84).",
            value=str(kind or "")[:40],
        )
    found: list[Feature] = []
    points = 0
    for rank, (raw, rings) in enumerate(_raw(document), start=1):
        feature = _feature(rank, raw, rings)
        points += sum(len(ring) for polygon in feature.polygons for ring in polygon)
        if points > MOST_POINTS:
            raise TerritoryError(
                f"Ces contours ont plus de {MOST_POINTS} points.",
                remedy="Prenez une version simplifiée, ou réduite à votre département.",
            )
        found.append(feature)
    return found


class _Fault(Exception):
    """Why a geometry can't be used."""


def _raw(document: Mapping[str, Any]) -> Iterator[tuple[object, _Arcs | None]]:
    if document["type"] == "Feature":
        yield document, None
    elif document["type"] == "FeatureCollection":
        listed = document.get("features")
        yield from ((one, None) for one in (listed if isinstance(listed, list) else []))
    else:
        arcs = _Arcs(document)
        objects = document.get("objects")
        for one in objects.values() if isinstance(objects, dict) else ():
            for geometry in _flat(one):
                yield geometry, arcs


def _flat(geometry: object, level: int = 0) -> Iterator[object]:
    if isinstance(geometry, dict) and geometry.get("type") == "GeometryCollection" and level < _MOST_LEVELS:
        inside = geometry.get("geometries")
        for one in inside if isinstance(inside, list) else ():
            yield from _flat(one, level + 1)
    else:
        yield geometry


class _Arcs:
    """The arcs of a topology, in degrees."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        listed = document.get("arcs")
        transform = document.get("transform")
        self._arcs: list[Ring | None] = []
        try:
            scale, shift = (
                (np.array(transform["scale"], dtype=np.float64), np.array(transform["translate"], dtype=np.float64))
                if transform is not None
                else (np.ones(2), np.zeros(2))
            )
            usable = scale.shape == shift.shape == (2,) and bool(np.isfinite([scale, shift]).all())
        except (TypeError, KeyError, ValueError, OverflowError):
            usable = False
        if not usable or not isinstance(listed, list):
            raise TerritoryError(
                "Ce TopoJSON n’a pas d’arcs lisibles (clés « arcs » et « transform »).",
                remedy="Exportez-le de nouveau, ou convertissez-le en GeoJSON.",
            )
        for arc in listed:
            points = _points(arc, least=1)
            if points is not None and transform is not None:
                points = np.cumsum(points, axis=0) * scale + shift
            self._arcs.append(points)

    def ring(self, numbers: object) -> Ring:
        """Return the ring that some arcs make, a negative number being an arc walked backwards."""
        if not isinstance(numbers, list) or not numbers:
            raise _Fault("un contour n’a pas d’arcs")
        parts: list[Ring] = []
        for number in numbers:
            if not isinstance(number, int) or isinstance(number, bool):
                raise _Fault("le numéro d’un arc n’est pas un entier")
            place = ~number if number < 0 else number
            arc = self._arcs[place] if place < len(self._arcs) else None
            if arc is None:
                raise _Fault(f"l’arc {number} manque ou n’est pas lisible")
            walked = arc[::-1] if number < 0 else arc
            parts.append(walked if not parts else walked[1:])
        return _closed(np.concatenate(parts))


def _feature(rank: int, raw: object, arcs: _Arcs | None) -> Feature:
    if not isinstance(raw, dict):
        return Feature(rank, {}, (), "ce n’est pas un objet")
    given = raw.get("properties")
    properties = (
        {"id": raw["id"], **(given if isinstance(given, dict) else {})}
        if "id" in raw
        else (given if isinstance(given, dict) else {})
    )
    geometry = raw.get("geometry") if arcs is None else raw
    if not isinstance(geometry, dict):
        return Feature(rank, properties, (), "le contour manque")
    try:
        return Feature(rank, properties, _polygons(geometry, arcs))
    except _Fault as fault:
        return Feature(rank, properties, (), str(fault))


def _polygons(geometry: Mapping[str, Any], arcs: _Arcs | None) -> Polygons:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates" if arcs is None else "arcs")
    if kind == "GeometryCollection" and arcs is None:
        inside = geometry.get("geometries")
        parts = [one for one in inside if isinstance(one, dict)] if isinstance(inside, list) else []
        if any(part.get("type") == "GeometryCollection" for part in parts):
            raise _Fault("le contour est fait de collections imbriquées")
        return tuple(polygon for part in parts for polygon in _polygons(part, None))
    if kind not in {"Polygon", "MultiPolygon"}:
        raise _Fault(f"le contour n’est pas une surface (type « {str(kind)[:30]} »)")
    listed = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(listed, list) or not listed:
        raise _Fault("le contour est vide")
    return tuple(_polygon(one, arcs) for one in listed)


def _polygon(listed: object, arcs: _Arcs | None) -> tuple[Ring, ...]:
    if not isinstance(listed, list) or not listed:
        raise _Fault("un polygone est vide")
    return tuple(_ring(one) if arcs is None else arcs.ring(one) for one in listed)


def _ring(listed: object) -> Ring:
    points = _points(listed, least=3)
    if points is None:
        raise _Fault("les coordonnées d’un contour ne sont pas des paires de nombres")
    return _closed(points)


def _points(listed: object, *, least: int) -> Ring | None:
    if not isinstance(listed, Sequence) or isinstance(listed, str) or len(listed) < least:
        return None
    try:
        points = np.array([[point[0], point[1]] for point in listed], dtype=np.float64)
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        return None
    # A text of digits would pass for a number.
    strings = any(isinstance(value, str | bool) for point in listed for value in point[:2])
    return None if strings or not np.isfinite(points).all() else points


def _closed(points: Ring) -> Ring:
    if (np.abs(points) > _WORLD).any():
        raise _Fault("les coordonnées ne sont pas en degrés (longitude, latitude)")
    ring = points[:-1] if (points[0] == points[-1]).all() else points
    repeated = (ring == np.roll(ring, 1, axis=0)).all(axis=1)
    ring = ring[~repeated] if len(ring) > 1 else ring
    if len(np.unique(ring, axis=0)) < 3:
        raise _Fault("un contour a moins de trois points distincts")
    return ring
