"""Contours: joined without a library, areas conserved, brought to a perimeter, neighbours told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import TerritoryError
from ctgeval.territory import contours, outlines, reference
from ctgeval.territory.contours import Contours, dissolve, harmonise, missing
from ctgeval.territory.reference import Reference

OWN = "EPCI-200070035"


def square(x: float, y: float, size: float = 1.0) -> outlines.Polygons:
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
    return ((corners + np.array([x, y]),),)


def total(found: Contours) -> float:
    return sum(found.area_km2(geo) for geo in found.shapes)


@pytest.fixture(scope="module")
def france() -> Reference:
    return reference.load()


@pytest.fixture(scope="module")
def vienne(real_data: Path) -> Contours:
    document = json.loads((real_data / "geo" / "communes-86-vienne-2018.geojson").read_text(encoding="utf-8"))
    found = outlines.features(document)
    return Contours.of(2018, {f"COM-{one.properties['code']}": one.polygons for one in found})


def test_the_vienne_of_2018_becomes_that_of_2024(vienne: Contours, france: Reference) -> None:
    assert len(vienne.shapes) == 274
    found, problems = harmonise(vienne, to=2024, reference=france)
    assert not problems
    assert set(found.shapes) == set(france.members("DEP-86", 2024))
    assert total(found) == pytest.approx(total(vienne), rel=1e-12)
    assert total(found) == pytest.approx(6_990, rel=0.01), "the Vienne is 6,990 km² wide"
    before = [f"COM-{code}" for code in ("86082", "86043", "86067", "86188", "86278")]
    couhe = found.area_km2("COM-86082")
    assert couhe == pytest.approx(sum(vienne.area_km2(geo) for geo in before), rel=1e-12)
    assert [len(polygon) for polygon in found.shapes["COM-86082"]] == [1], "one polygon, no hole, no leftover edge"


def test_the_civraisien_has_forty_communes_then_thirty_five(vienne: Contours, france: Reference) -> None:
    members = france.members(OWN, 2024)
    found = harmonise(vienne, to=2024, reference=france)[0].only(members)
    assert len(found.shapes) == 35
    assert not missing(found, members, france)
    link = france.timeline.chain(2018, 2024)
    before = {geo for geo in vienne.shapes if link.after.get(geo, geo) in members}
    assert len(before) == 40
    whole = dissolve(found, dict.fromkeys(members, OWN))
    assert [len(polygon) for polygon in whole.shapes[OWN]] == [1]
    assert whole.area_km2(OWN) == pytest.approx(sum(vienne.area_km2(geo) for geo in before), rel=1e-12)


def test_contours_of_epcis_and_their_neighbours(vienne: Contours, france: Reference) -> None:
    communes, _ = harmonise(vienne, to=2024, reference=france)
    home = {part: geo for geo in france.codes("EPCI", 2024) for part in france.members(geo, 2024)}
    found = dissolve(communes, home)
    assert len(found.shapes) == 7
    assert found.neighbours[OWN] == ("EPCI-200043628", "EPCI-200069854", "EPCI-200070043")
    assert total(found) == pytest.approx(total(communes), rel=1e-12)


def test_a_commune_whose_part_is_missing_is_named_and_not_drawn_short(vienne: Contours, france: Reference) -> None:
    partial = Contours(2018, {geo: shape for geo, shape in vienne.shapes.items() if geo != "COM-86043"})
    found, problems = harmonise(partial, to=2024, reference=france)
    assert "COM-86082" not in found.shapes
    assert ["COM-86043" in str(one) and "Valence-en-Poitou" in str(one) for one in problems] == [True]
    told = missing(found, france.members(OWN, 2024), france)
    assert "COM-86082 (Valence-en-Poitou) n’a pas de contour" in str(told[0])


def test_later_contours_are_kept_where_nothing_changed(france: Reference) -> None:
    later = Contours.of(2024, {"COM-86247": square(0, 0), "COM-86194": square(2, 0)})
    found, problems = harmonise(later, to=2023, reference=france)
    assert set(found.shapes) == {"COM-86194"}
    assert "COM-86247" in str(problems[0])
    assert "on ne les sépare pas" in str(problems[0])


def test_a_hole_stays_a_hole_until_it_is_filled() -> None:
    ring = ((np.array([[0, 0], [3, 0], [3, 3], [0, 3]], float), np.array([[1, 1], [2, 1], [2, 2], [1, 2]], float)),)
    both = Contours.of(2024, {"COM-86001": ring, "COM-86002": square(1, 1)})
    alone = dissolve(both.only(["COM-86001"]), {"COM-86001": "GRP-a"})
    assert [len(polygon) for polygon in alone.shapes["GRP-a"]] == [2]
    assert alone.area_km2("GRP-a") == pytest.approx(both.area_km2("COM-86001"))
    filled = dissolve(both, {"COM-86001": "GRP-a", "COM-86002": "GRP-a"})
    assert [len(polygon) for polygon in filled.shapes["GRP-a"]] == [1]
    assert filled.area_km2("GRP-a") == pytest.approx(total(both))
    assert both.neighbours == {"COM-86001": ("COM-86002",), "COM-86002": ("COM-86001",)}


def test_squares_that_touch_at_a_corner_stay_two_polygons_and_are_no_neighbours() -> None:
    both = Contours.of(2024, {"COM-86001": square(0, 0), "COM-86002": square(1, 1)})
    found = dissolve(both, dict.fromkeys(both.shapes, "GRP-a"))
    assert [[len(ring) for ring in polygon] for polygon in found.shapes["GRP-a"]] == [[4], [4]]
    assert both.neighbours["COM-86001"] == ()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30, unique=True), st.randoms())
def test_any_set_of_cells_keeps_its_area_whatever_their_order_and_direction(
    cells: list[tuple[int, int]], random: Any
) -> None:
    shapes = {f"COM-{10000 + 10 * x + y}": square(x, y) for x, y in cells}
    turned = {geo: tuple(tuple(ring[::-1] for ring in one) for one in shape) for geo, shape in shapes.items()}
    keys = list(turned)
    random.shuffle(keys)
    found = dissolve(Contours.of(2024, shapes), dict.fromkeys(shapes, "GRP-a"))
    other = dissolve(Contours.of(2024, {geo: turned[geo] for geo in keys}), dict.fromkeys(shapes, "GRP-a"))
    assert total(found) == pytest.approx(total(Contours.of(2024, shapes)), rel=1e-9)
    assert other.table().to_json() == found.table().to_json()
    edges = sum(len(ring) for polygon in found.shapes["GRP-a"] for ring in polygon)
    inside = set(cells)
    boundary = sum((x + dx, y + dy) not in inside for x, y in cells for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)))
    assert edges == boundary


def test_a_table_gives_the_contours_back() -> None:
    ring = ((np.array([[0, 0], [3, 0], [3, 3]], float), np.array([[1, 0.5], [2, 0.5], [2, 1]], float)), *square(5, 5))
    made = Contours.of(2024, {"COM-86001": ring})
    again = Contours.from_table(made.table())
    assert again.geography == 2024
    assert again.table().to_json() == made.table().to_json()
    with pytest.raises(TerritoryError, match="une seule géographie"):
        Contours.from_table(made.table().iloc[:0])


def test_columns_are_those_of_the_contract() -> None:
    assert tuple(Contours.of(2024, {"COM-86001": square(0, 0)}).table().columns) == contours.COLUMNS
