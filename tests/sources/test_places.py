from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ctgeval.sources import places
from ctgeval.sources.table import is_harmless
from ctgeval.sources.text import read_grid
from ctgeval.sources.tidy import Rejections
from ctgeval.territory import reference


@pytest.mark.parametrize(
    ("code", "parent"),
    [
        ("COM-75120", "COM-75056"),
        ("COM-69389", "COM-69123"),
        ("COM-13216", "COM-13055"),
        ("COM-13217", None),
        ("COM-13055", None),
        ("COM-75121", None),
    ],
)
def test_the_parent_of_an_arrondissement(code: str, parent: str | None) -> None:
    assert places.arrondissement_parent(code) == parent


def test_the_departement_of_a_commune() -> None:
    assert [places.departement_of(f"COM-{code}") for code in ("86194", "2A004", "97411")] == ["86", "2A", "974"]


@pytest.mark.parametrize("year", [2021, 2022, 2023, 2024])
def test_the_year_of_a_national_file_is_that_of_its_communes(year: int) -> None:
    communes = reference.load().members("FRANCE", year)
    assert places.geography_of(communes) == (year, "")
    assert places.geography_of([code for code in communes if not code.startswith("COM-976")]) == (year, "")


def test_a_national_file_that_lacks_a_commune_gets_a_hint_only() -> None:
    communes = reference.load().members("FRANCE", 2024)
    found, hint = places.geography_of([code for code in communes if code != "COM-86194"])
    assert found is None
    assert "geographie = 2024" in hint
    assert "1 (COM-86194)" in hint


def test_a_file_of_some_communes_has_no_year() -> None:
    assert places.geography_of(reference.load().members("DEP-86", 2024)) == (None, "")


def test_years_with_the_same_communes_are_not_told_apart() -> None:
    known = reference.load()
    assert known.members("FRANCE", 2025) == known.members("FRANCE", 2026)
    assert places.geography_of(known.members("FRANCE", 2025)) == (None, "")


@pytest.mark.parametrize(
    ("code", "name", "level", "geo"),
    [
        ("1004", "x.csv", "COM", "COM-01004"),
        ("2A004", "x.csv", "COM", "COM-2A004"),
        ("200070035", "x.csv", "EPCI", "EPCI-200070035"),
        ("86", "x_REG.csv", "REG", "REG-86"),
        ("86", "x_DEP.csv", "DEP", "DEP-86"),
        ("974", "x.csv", "DEP", "DEP-974"),
        ("86194.0", "x.csv", "COM", "COM-86194"),
        ("8,6194E+04", "x.csv", "COM", ""),
    ],
)
def test_the_level_is_that_of_the_codes(write: Callable[..., Path], code: str, name: str, level: str, geo: str) -> None:
    grid = read_grid(write(f"CODE;n\n{code};1\n", name))
    assert places.level_of(grid, "CODE") == level
    assert places.of_level(Rejections(grid), "CODE", level).tolist() == [geo]


def test_a_merged_commune_is_left_out_from_its_merger_on(write: Callable[..., Path]) -> None:
    for year, left in ((2018, []), (2019, ["86043"]), (2024, ["86043", "86231"])):
        rejections = Rejections(read_grid(write("CODE;n\n86043;1\n86082;1\n86231;1\n85165;1\n")))
        geo = places.communes(rejections, "CODE")
        places.refuse_merged(rejections, "CODE", geo, year)
        assert rejections.frame()["value"].tolist() == left
        assert rejections.frame()["reason"].map(is_harmless).all()


def test_arrondissements_are_in_their_city_when_it_has_its_row(write: Callable[..., Path]) -> None:
    rejections = Rejections(read_grid(write("CODE;n\n75056;2\n75101;1\n13201;1\n")))
    geo = places.communes(rejections, "CODE")
    places.refuse_arrondissements(rejections, "CODE", geo)
    assert rejections.bad.tolist() == [False, True, False]
    assert places.arrondissements_note(geo[~rejections.bad]).startswith("1 code est")
    assert places.arrondissements_note(geo[:1]) == ""


def test_france_is_a_territory_that_exists(write: Callable[..., Path]) -> None:
    rejections = Rejections(read_grid(write("CODE;n\nFRANCE;2\nREG-99;1\n")))
    geo = np.array(["FRANCE", "REG-99"], dtype=object)
    assert places.refuse_unknown(rejections, "CODE", geo, np.array([2023.0, 2023.0]), reference.load()) == ""
    assert rejections.bad.tolist() == [False, True]
