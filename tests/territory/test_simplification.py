"""Fewer points, the same shared borders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ctgeval import sources, territory
from ctgeval.territory.contours import Contours, dissolve, harmonise
from ctgeval.territory.simplification import simplified


@pytest.fixture(scope="module")
def vienne(real_data: Path) -> Contours:
    path = real_data / "geo" / "communes-86-vienne-2018.geojson"
    table = sources.read(path, format="geographie.contours").tables["contours"]
    return harmonise(Contours.from_table(table), to=2024, reference=territory.reference.load())[0]


def size(contours: Contours) -> int:
    return sum(len(ring) for polygons in contours.shapes.values() for polygon in polygons for ring in polygon)


@pytest.mark.parametrize("tolerance", [0.001, 0.003, 0.006])
def test_neighbours_stay_neighbours_and_leave_no_gap(vienne: Contours, tolerance: float) -> None:
    found = simplified(vienne, tolerance)
    assert set(found.shapes) == set(vienne.shapes)
    assert size(found) < 0.7 * size(vienne)
    assert found.neighbours == vienne.neighbours
    whole = dissolve(found, dict.fromkeys(found.shapes, "DEP-86"))
    assert [len(polygon) for polygon in whole.shapes["DEP-86"]] == [1], "no gap between two communes"
    before = dissolve(vienne, dict.fromkeys(vienne.shapes, "DEP-86"))
    assert whole.area_km2("DEP-86") == pytest.approx(before.area_km2("DEP-86"), rel=2 * tolerance)


def test_no_point_moves_farther_than_the_tolerance() -> None:
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    found = simplified(Contours.of(2024, {"COM-86001": ((circle,),)}), 0.01).shapes["COM-86001"][0][0]
    assert 10 < len(found) < 60
    sides = zip(found, np.roll(found, -1, axis=0), strict=True)
    away = [
        np.abs((circle - start) @ np.array([end[1] - start[1], start[0] - end[0]])) / np.hypot(*(end - start))
        for start, end in sides
    ]
    assert np.min(away, axis=0).max() <= 0.0101


def test_an_enclave_and_its_hole_stay_one_border() -> None:
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    square = np.array([[-3, -3], [3, -3], [3, 3], [-3, 3]], float)
    both = Contours.of(2024, {"COM-86001": ((square, np.roll(circle[::-1], 37, axis=0)),), "COM-86002": ((circle,),)})
    found = simplified(both, 0.05)
    hole, enclave = found.shapes["COM-86001"][0][1], found.shapes["COM-86002"][0][0]
    assert len(hole) < 40
    assert sorted(map(tuple, hole.tolist())) == sorted(map(tuple, enclave.tolist()))
    assert [len(one) for one in dissolve(found, dict.fromkeys(both.shapes, "GRP-a")).shapes["GRP-a"]] == [1]


def test_what_is_too_small_is_kept_whole() -> None:
    triangle = np.array([[0, 0], [0.001, 0], [0, 0.001]], float)
    small = Contours.of(2024, {"COM-86001": ((triangle,),)})
    assert size(simplified(small, 1.0)) == 3
    assert simplified(small, 0.0) is small
    assert simplified(Contours(2024, {}), 1.0).shapes == {}
