"""Contours: the real file, other producers' habits, and what is said of features that can't be drawn."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from ctgeval import sources, territory
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable
from ctgeval.territory.contours import COLUMNS, Contours

FORMAT = "geographie.contours"


def square(x: float) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[[x, 46], [x + 1, 46], [x + 1, 47], [x, 47], [x, 46]]]}


def document(*properties: dict[str, Any], name: str = "code") -> dict[str, Any]:
    found = properties or ({name: "86194"}, {name: "86066"}, {name: "86041"})
    listed = [{"type": "Feature", "properties": one, "geometry": square(n)} for n, one in enumerate(found)]
    return {"type": "FeatureCollection", "features": listed}


def read(folder: Path, content: object, file: str = "communes-2024.geojson", **options: Any) -> SourceTable:
    path = folder / file
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_bytes(gzip.compress(text.encode()) if file.endswith(".gz") else text.encode())
    return sources.read(path, format=FORMAT, reference=territory.reference.load(), **options)


def test_the_real_file_is_read_whole(real_data: Path, lawful: Callable[[SourceTable], None]) -> None:
    path = real_data / "geo" / "communes-86-vienne-2018.geojson"
    found = sources.read(path, format=FORMAT, reference=territory.reference.load())
    lawful(found)
    assert (found.n_rows, found.n_rejected) == (274, 0)
    table = found.tables["contours"]
    assert tuple(table.columns) == (*COLUMNS, "origin")
    assert set(table["geography"]) == {2018}
    assert {"COM-86043", "COM-86067", "COM-86188", "COM-86278"} <= set(table["geo"]), "before Valence-en-Poitou"
    assert any("2018" in note for note in found.notes)


@pytest.mark.parametrize(
    "name", ["code", "insee", "CODGEO", "codgeo", "INSEE_COM", "code_insee", "INSEE_GEO", "codeInsee", "ref:INSEE"]
)
@pytest.mark.parametrize("file", ["communes-2024.geojson", "communes-2024.json.gz"])
def test_names_of_properties_and_compression(tmp_path: Path, name: str, file: str) -> None:
    found = read(tmp_path, document(name=name), file)
    assert set(found.tables["contours"]["geo"]) == {"COM-86194", "COM-86066", "COM-86041"}


def test_leading_zeros_are_put_back_and_epcis_are_known(tmp_path: Path) -> None:
    ain = read(tmp_path, document({"insee": 1001}, {"insee": 1002.0}, {"insee": "2A004"}))
    assert set(ain.tables["contours"]["geo"]) == {"COM-01001", "COM-01002", "COM-2A004"}
    epci = read(tmp_path, document({"SIREN_EPCI": "200070035"}, {"SIREN_EPCI": "200070043"}))
    assert set(epci.tables["contours"]["geo"]) == {"EPCI-200070035", "EPCI-200070043"}
    both = {"INSEE_COM": "86194", "SIREN_EPCI": "200069854"}
    assert set(read(tmp_path, document(both)).tables["contours"]["geo"]) == {"COM-86194"}


def test_codes_in_lists_of_one_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, document({"com_code": ["86078"]}, {"com_code": ["1004"]}, {"com_code": ["86001", "86002"]}))
    assert set(found.tables["contours"]["geo"]) == {"COM-86078", "COM-01004"}
    assert found.n_rejected == 1


def test_a_topology_is_read_by_its_identifiers(tmp_path: Path) -> None:
    arcs = [[[0, 0], [100, 0], [0, 100], [-100, 0], [0, -100]]]
    topology = {
        "type": "Topology",
        "transform": {"scale": [0.01, 0.01], "translate": [0, 46]},
        "arcs": arcs,
        "objects": {"communes": {"type": "GeometryCollection", "geometries": [
            {"type": "Polygon", "arcs": [[0]], "id": "86194", "properties": {"nom": "Poitiers"}}]}},
    }  # fmt: skip
    found = Contours.from_table(read(tmp_path, topology, "communes.topojson", geography=2024).tables["contours"])
    square_of_two_degrees = Contours.of(2024, {"x": found.shapes["COM-86194"]}).area_km2("x")
    assert square_of_two_degrees == pytest.approx(111.2**2 * 0.69, rel=0.02)


def test_each_rejected_feature_is_told_with_its_rank(tmp_path: Path, lawful: Callable[[SourceTable], None]) -> None:
    content = document(
        {"code": "86194"}, {"code": "86066"}, {"code": "86194"}, {"code": "86999"}, {"code": None}, {"code": "86041"},
        {"code": "86082", "type": "commune-deleguee"}, {"code": "75101"}, {"code": "86001"}, {"code": "86002"},
        {"code": "86003"},
    )  # fmt: skip
    content["features"][5]["geometry"] = {"type": "Point", "coordinates": [0, 46]}
    found = read(tmp_path, content)
    lawful(found)
    told = dict(zip(found.rejected["row"], found.rejected["reason"], strict=True))
    assert list(told) == [3, 4, 5, 6, 7, 8]
    assert "l’élément n° 1" in told[3]
    assert "aucune géographie connue" in told[4]
    assert "L’élément n° 6 ne peut pas être dessiné" in told[6]
    assert sources.is_harmless(told[7])
    assert sources.is_harmless(told[8])


@pytest.mark.parametrize(
    ("content", "file", "said"),
    [
        (document(), "communes.geojson", "geographie = 2018"),
        (document({"nom": "Poitiers"}), "communes-2024.geojson", "Propriétés trouvées : nom"),
        ('{"type": "FeatureCollection", "features": [', "communes-2024.geojson", "JSON"),
        ({"type": "FeatureCollection", "features": []}, "communes-2024.geojson", "aucun contour"),
        ({"type": "Polygon"}, "communes-2024.geojson", "GeoJSON"),
        ("[" * 100_000, "communes-2024.geojson", "JSON|profond"),
        ("code;nom\n86194;Poitiers\n", "communes-2024.csv", "JSON"),
    ],
)
def test_files_that_hold_no_contour_are_refused(tmp_path: Path, content: object, file: str, said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        read(tmp_path, content, file)
    assert caught.value.problem.file == file
    assert caught.value.problem.remedy


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 2_000), st.sampled_from(["", "0", "-", "9e999", "null", "[", "}", '"', "NaN"])),
        min_size=1, max_size=3,
    )
)  # fmt: skip
def test_a_mutated_file_gives_right_shapes_or_a_clear_error(
    tmp_path: Path, lawful: Callable[[SourceTable], None], edits: list[tuple[int, str]]
) -> None:
    text = json.dumps(document())
    for place, piece in edits:
        at = place % len(text)
        text = text[:at] + piece + text[at + 1 :]
    try:
        found = read(tmp_path, text)
    except SourceError:
        return
    lawful(found)
    assert found.n_rows == found.n_accepted + found.n_rejected
