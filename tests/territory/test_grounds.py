"""The contours that a dossier can draw, from its declaration to its release."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import ctgeval
from ctgeval import territory
from ctgeval.territory.contours import Contours
from ctgeval.territory.grounds import gather, neighbours

OWN = "EPCI-200070035"
SOURCE = """
[[source]]
cle = "contours"
titre = "Contours des communes"
fichier = "sources/communes-86-vienne-2018.geojson"
format = "geographie.contours"
producteur = "IGN"
licence = "Licence Ouverte 2.0"
mise_a_jour = 2018-11-01
diffusion = "{diffusion}"
"""


def test_the_first_file_that_has_a_commune_draws_it_and_the_missing_are_named() -> None:
    known = territory.reference.load()
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    shapes = {
        geo: ((corners + np.array([rank, 46]),),) for rank, geo in enumerate(["COM-86194", "COM-86066", "COM-86041"])
    }
    one = Contours.of(2024, {"COM-86194": shapes["COM-86194"]}).table()
    two = Contours.of(2020, shapes).table()
    drawn, problems = gather({"a": one, "b": two}, ["COM-86194", "COM-86066", "COM-86001"], to=2024, reference=known)
    assert {key: sorted(found.shapes) for key, found in drawn.items()} == {"a": ["COM-86194"], "b": ["COM-86066"]}
    assert [problem.value for problem in problems] == ["COM-86001"]
    assert "COM-86001 (Adriers) n’a pas de contour" in str(problems[0])
    assert problems[0].severity == "avertissement"
    assert gather({}, ["COM-86194"], to=2024, reference=known) == ({}, [])


@pytest.fixture
def dossier(tmp_path: Path, checkout: Path, real_data: Path) -> Path:
    folder = tmp_path / "civraisien"
    shutil.copytree(checkout / "data" / "civraisien", folder, ignore=shutil.ignore_patterns(".ctgeval"))
    shutil.copy(real_data / "geo" / "communes-86-vienne-2018.geojson", folder / "sources")
    return folder


def declare(folder: Path, diffusion: str) -> None:
    with (folder / "ctg.toml").open("a", encoding="utf-8") as stream:
        stream.write(SOURCE.format(diffusion=diffusion))


def test_a_release_carries_the_contours_of_its_communes_on_its_perimeter(dossier: Path) -> None:
    declare(dossier, "ouverte")
    opened = ctgeval.open(dossier)
    assert opened.contour_problems == []
    assert not (opened.problems()["severity"] == "bloquant").any()
    release = opened.release("habitants")
    table = release.contours
    assert sorted(table["geo"].unique()) == sorted(territory.members(OWN, year=2024))
    assert set(table["geography"]) == {2024}
    assert set(table["source"]) == {"contours"}
    again = Contours.from_table(table)
    assert again.area_km2("COM-86082") == pytest.approx(83.47, abs=0.01)
    page = ctgeval.page(release, territoire=OWN, periode="2023", carnet="diagnostic")
    html = str(page.members())
    assert html.index("<figure") < html.index("<table")
    assert "9\u00a0communes" in html
    assert "Contours : IGN, Contours des communes, mise à jour du 1er novembre 2018." in " ".join(html.split())


def test_neighbours_come_from_the_contours_and_are_not_chosen_when_the_dossier_asks(dossier: Path) -> None:
    declare(dossier, "interne")
    place = dossier / "ctg.toml"
    text = place.read_text(encoding="utf-8")
    start = text.index("territoires = [")
    end = text.index("]", start) + 1
    asked = 'methode = "similaires"\nnombre = 300\nvariables = ["population"]\nhors_voisins = true'
    place.write_text(text[:start] + asked + text[end:], encoding="utf-8")
    opened = ctgeval.open(dossier)
    tables = {"contours": opened.source_tables["contours"].tables["contours"]}
    near = neighbours(tables, OWN, year=2024, reference=opened.reference)
    assert near == ("EPCI-200043628", "EPCI-200069854", "EPCI-200070043")
    found = opened.similar()
    assert len(found.geos) == 300
    assert not set(near) & set(found.geos)
    assert "CC Vienne et Gartempe" in " ".join(found.notes)
    assert neighbours({}, OWN, year=2024, reference=opened.reference) == ()


def test_contours_that_an_audience_may_not_see_are_not_in_its_release(dossier: Path) -> None:
    declare(dossier, "interne")
    opened = ctgeval.open(dossier)
    assert len(opened.release("habitants").contours) == 0
    assert len(opened.release("interne").contours) == 35
