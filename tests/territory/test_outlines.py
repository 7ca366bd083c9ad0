"""GeoJSON and TopoJSON to rings, and what is said of the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ctgeval.errors import TerritoryError
from ctgeval.territory import outlines

SQUARE = [[0, 46], [1, 46], [1, 47], [0, 47], [0, 46]]


def collection(*geometries: object) -> dict[str, Any]:
    found = [{"type": "Feature", "properties": {"code": "86194"}, "geometry": one} for one in geometries]
    return {"type": "FeatureCollection", "features": found}


def test_polygons_holes_and_several_parts_are_read() -> None:
    hole = [[0.2, 46.2], [0.4, 46.2], [0.4, 46.4], [0.2, 46.2]]
    one, two, three = outlines.features(
        collection(
            {"type": "Polygon", "coordinates": [SQUARE, hole]},
            {"type": "MultiPolygon", "coordinates": [[SQUARE], [[[5, 46, 120.5], [6, 46, 3], [6, 47, 1]]]]},
            {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [SQUARE]}]},
        )
    )
    assert [[len(ring) for ring in polygon] for polygon in one.polygons] == [[4, 3]]
    assert [[len(ring) for ring in polygon] for polygon in two.polygons] == [[4], [3]]
    assert [[len(ring) for ring in polygon] for polygon in three.polygons] == [[4]]
    assert (one.rank, two.rank, one.properties["code"], one.fault) == (1, 2, "86194", "")


@pytest.mark.parametrize("quantised", [True, False])
def test_topologies_are_read_with_and_without_quantisation(quantised: bool) -> None:
    # Two squares side by side: their common side is the arc 1, walked backwards by the second.
    arcs = [[[1, 47], [0, 47], [0, 46], [1, 46]], [[1, 46], [1, 47]], [[1, 46], [2, 46], [2, 47], [1, 47]]]
    geometries = [
        {"type": "Polygon", "arcs": [[0, 1]], "properties": {"INSEE_COM": "86001"}},
        {"type": "MultiPolygon", "arcs": [[[2, ~1]]], "properties": {"INSEE_COM": "86002"}, "id": "b"},
    ]
    objects = {"communes": {"type": "GeometryCollection", "geometries": geometries}}
    document: dict[str, Any] = {"type": "Topology", "objects": objects}
    if quantised:
        steps = [
            np.diff((np.array(arc) - [0, 46]) * 100, axis=0, prepend=[[0, 0]]).astype(int).tolist() for arc in arcs
        ]
        document |= {"arcs": steps, "transform": {"scale": [0.01, 0.01], "translate": [0, 46]}}
    else:
        document |= {"arcs": arcs}
    one, two = outlines.features(document)
    np.testing.assert_allclose(sorted(one.polygons[0][0].tolist()), sorted([[0, 46], [1, 46], [1, 47], [0, 47]]))
    np.testing.assert_allclose(sorted(two.polygons[0][0].tolist()), sorted([[1, 46], [2, 46], [2, 47], [1, 47]]))
    assert two.properties == {"id": "b", "INSEE_COM": "86002"}


@pytest.mark.parametrize(
    ("geometry", "said"),
    [
        (None, "manque"),
        ({"type": "Point", "coordinates": [0, 46]}, "« Point »"),
        ({"type": "Polygon", "coordinates": []}, "vide"),
        ({"type": "MultiPolygon", "coordinates": []}, "vide"),
        ({"type": "Polygon", "coordinates": [[[0, 46], [1, 46], [0, 46]]]}, "trois points"),
        ({"type": "Polygon", "coordinates": [[[0, 46], [1, "46"], [1, 47], [0, 46]]]}, "paires de nombres"),
        ({"type": "Polygon", "coordinates": [[[0, 46], [1, float("nan")], [1, 47], [0, 46]]]}, "paires de nombres"),
        ({"type": "Polygon", "coordinates": [[[0], [1], [2], [0]]]}, "paires de nombres"),
        ({"type": "Polygon", "coordinates": [[0, 46, 1, 47]]}, "paires de nombres"),
        ({"type": "Polygon", "coordinates": [[[500000, 6600000], [500100, 6600000], [500100, 6600100]]]}, "en degrés"),
        ({"type": "GeometryCollection", "geometries": [{"type": "GeometryCollection"}]}, "imbriquées"),
    ],
)
def test_each_fault_is_told_with_its_feature(geometry: object, said: str) -> None:
    good, bad = outlines.features(collection({"type": "Polygon", "coordinates": [SQUARE]}, geometry))
    assert good.fault == ""
    assert said in bad.fault
    assert (bad.rank, bad.polygons) == (2, ())


@pytest.mark.parametrize(
    ("arcs", "said"),
    [([[7]], "l’arc 7 manque"), ([[-9]], "l’arc -9 manque"), ([["0"]], "pas un entier"), ([[]], "pas d’arcs")],
)
def test_arcs_that_are_not_there_are_told(arcs: object, said: str) -> None:
    document = {"type": "Topology", "arcs": [SQUARE], "objects": {"a": {"type": "Polygon", "arcs": arcs}}}
    assert said in outlines.features(document)[0].fault


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"type": "Polygon"},
        {"type": "Topology", "objects": {}},
        {"type": "Topology", "arcs": [], "transform": {"scale": [1]}, "objects": {}},
        {"type": "Topology", "arcs": [], "transform": {"scale": "a", "translate": 3}, "objects": {}},
    ],
)
def test_other_documents_are_refused(document: object) -> None:
    with pytest.raises(TerritoryError, match="JSON"):
        outlines.features(document)


def test_too_many_points_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "MOST_POINTS", 7)
    with pytest.raises(TerritoryError, match="plus de 7 points"):
        outlines.features(collection(*[{"type": "Polygon", "coordinates": [SQUARE]}] * 2))
