"""Maps: classes told in words, what is not shown is hatched, no identifier, no style, and light."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]
from hypothesis import given, strategies as st

from ctgeval import sources, territory
from ctgeval.render import maps, theme
from ctgeval.render.maps import Area, choropleth, classes
from ctgeval.territory.contours import Contours, harmonise

OWN = "EPCI-200070035"


def grid(width: int, height: int) -> Contours:
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    cells = {
        f"COM-{10000 + width * y + x}": ((corners + np.array([x, 46 + y]),),)
        for y in range(height)
        for x in range(width)
    }
    return Contours.of(2024, cells)


def area(rank: int, value: float, mark: maps.Mark = "") -> Area:
    return Area(f"COM-{10000 + rank}", f"Commune {rank}", value, f"{value:g}".replace(".", ","), mark)


@pytest.fixture(scope="module")
def vienne(real_data: Path) -> Contours:
    path = real_data / "geo" / "communes-86-vienne-2018.geojson"
    table = sources.read(path, format="geographie.contours").tables["contours"]
    return harmonise(Contours.from_table(table), to=2024, reference=territory.reference.load())[0]


def test_a_map_says_its_classes_its_extremes_and_what_it_does_not_show() -> None:
    areas = [area(rank, float(rank)) for rank in range(10)]
    areas += [area(10, math.nan, "masque"), area(11, math.nan, "absent"), area(12, math.nan, "borne")]
    drawing = choropleth(grid(7, 2), areas, what="taux en 2023, par commune", unit="En %")
    said = drawing.alternative.replace("\u202f", " ").replace("\u00a0", " ")
    assert said.startswith(
        "Carte : taux en 2023, par commune. De 0 (Commune 0) à 9 (Commune 9). De 0 à 1 : 2 communes."
    )
    assert "Non diffusable : Commune 10." in said
    assert "Non disponible : COM-10013 et Commune 11." in said, "a commune without a row is told, not left blank"
    assert "Connue entre deux bornes : Commune 12." in said
    root = fromstring(str(drawing.svg))
    assert root.get("aria-label") == drawing.alternative
    told = [text.text for text in root.iter("text")]
    assert "En %" in told
    assert sum("2\u00a0communes" in str(text) for text in told) == 6
    assert "même nombre" in drawing.note


def test_a_map_holds_no_identifier_no_style_and_only_named_colours() -> None:
    drawing = choropleth(grid(3, 3), [area(rank, float(rank), "") for rank in range(8)], what="x")
    svg = str(drawing.svg)
    assert not re.search(r"\s(?:id|style|href)=|url\(|<style|<script|<use|<pattern|<clipPath", svg)
    for fill, css in re.findall(r'<path d="[^"]*" fill="(#[0-9a-f]+)"[^>]*class="([^"]*)"', svg):
        assert {**maps._COLOURS, "f-muted": theme.MUTED}[css.split()[0]] == fill
    assert svg == str(choropleth(grid(3, 3), [area(rank, float(rank), "") for rank in range(8)], what="x").svg)


def test_hatching_stays_inside_its_territories() -> None:
    square = [np.array([[10.0, 10.0], [50.0, 10.0], [50.0, 40.0], [10.0, 40.0]])]
    hole = np.array([[20.0, 20.0], [40.0, 20.0], [40.0, 30.0], [20.0, 30.0]])
    for mark in ("masque", "borne"):
        drawn = maps._hatched([*square, hole], mark)
        ends = np.array([[float(n) for n in re.findall(r"-?\d*\.?\d+", one)] for one in re.findall(r"M[^M\"]*", drawn)])
        assert len(ends) > 4
        middle = (ends[:, :2] + ends[:, 2:]) / 2
        assert ((middle > [9.9, 9.9]) & (middle < [50.1, 40.1])).all()
        assert not ((middle > [20.1, 20.1]) & (middle < [39.9, 29.9])).all(axis=1).any(), "nothing in the hole"
    dots = np.array(
        [[float(n) for n in pair] for pair in re.findall(r"M(\d*\.?\d+) (\d*\.?\d+)h", maps._dotted(square))]
    )
    assert len(dots) > 20
    assert ((dots > [9, 9]) & (dots < [50, 40])).all()


@given(
    st.lists(st.integers(-50, 50), min_size=1, max_size=60),
    st.sampled_from(["quantiles", "egales"]),
    st.booleans(),
)
def test_classes_hold_every_value_once_in_order(values: list[int], method: str, zero: bool) -> None:
    areas = [area(rank, float(value)) for rank, value in enumerate(values)]
    found = classes(areas, method=method, zero=zero)  # type: ignore[arg-type]
    assert 1 <= len(found) <= maps.MOST_CLASSES
    assert sorted(geo for one in found for geo in one.geos) == sorted(one.geo for one in areas)
    worth = {one.geo: one.value for one in areas}
    for one in found:
        inside = [worth[geo] for geo in one.geos]
        assert (min(inside), max(inside)) == (one.low.value, one.high.value)
        assert not (zero and method == "quantiles" and one.low.value < 0 < one.high.value)
    for before, after in pairwise(found):
        assert before.high.value < after.low.value


def test_given_limits_are_kept() -> None:
    found = classes([area(rank, float(rank)) for rank in range(10)], method=[3.0, 7.0])
    assert [(one.low.value, one.high.value) for one in found] == [(0, 2), (3, 6), (7, 9)]
    assert classes([area(0, math.nan, "masque")]) == ()


def test_tones_differ_by_their_lightness_in_both_schemes() -> None:
    for tones, paper in ((theme.SEQUENTIAL, "#ffffff"), (theme.SEQUENTIAL_DARK, "#16181d")):
        away = [theme.contrast(tone, paper) for tone in tones]
        assert away == sorted(away), "the greater the value, the farther from the paper"
        assert all(theme.contrast(one, other) > 1.35 for one, other in pairwise(tones))
    css = (Path(maps.__file__).parent / "templates" / "render.css").read_text(encoding="utf-8")
    for rank, (light, dark) in enumerate(zip(theme.SEQUENTIAL, theme.SEQUENTIAL_DARK, strict=True), start=1):
        assert re.findall(rf"--seq-{rank}: (#\w+);", css) == [light, dark]
        assert f".f-seq-{rank} {{ fill: var(--seq-{rank}); }}" in css


def test_the_real_maps_are_light_and_whole(vienne: Contours) -> None:
    known = territory.reference.load()
    for geo, count, most in ((OWN, 35, 36_000), ("DEP-86", 265, 75_000)):
        sub = vienne.only(known.members(geo, 2024))
        assert len(sub.shapes) == count
        random = np.random.default_rng(86)
        areas = [
            Area(code, known.last_name(code), value, f"{value:.1f}".replace(".", ","))
            if value < 60
            else Area(code, known.last_name(code), math.nan, "", "masque")
            for code, value in zip(sub.shapes, np.round(random.normal(50, 12, count), 1).tolist(), strict=True)
        ]
        drawing = choropleth(sub, areas, what="taux", unit="En %")
        assert len(str(drawing.svg).encode()) < most
        box = [float(number) for number in re.findall(r'viewBox="([^"]*)"', str(drawing.svg))[0].split()]
        assert box[2] == theme.WIDTH
        starts = [[float(n) for n in pair] for pair in re.findall(r"M(-?\d*\.?\d+) ?(-?\d*\.?\d+)", str(drawing.svg))]
        assert (np.array(starts) >= -0.01).all()
        assert (np.array(starts) <= [theme.WIDTH, box[3]]).all()


def test_the_map_comes_before_the_table_when_the_release_has_contours(page, full) -> None:  # type: ignore[no-untyped-def]
    communes = sorted(full.members["commune"])
    drawn = grid(7, 5)
    shapes = dict(zip(communes, drawn.shapes.values(), strict=True))
    table = Contours(2024, shapes).table().assign(source="caf")
    html = str(page(contours=table, carnet="diagnostic").members())
    assert html.index("<figure") < html.index("<table")
    assert "Carte\u202f: " in html
    assert "Contours\u202f: Cnaf, Taux de couverture" in html
    assert "<figure" not in str(page(contours=table.iloc[:0], carnet="diagnostic").members())
    some = table[table["geo"] != communes[0]]
    partial = str(page(contours=some, carnet="diagnostic").members())
    assert "Sans contour, donc absentes de la carte" in partial
    assert isinstance(table, pd.DataFrame)
