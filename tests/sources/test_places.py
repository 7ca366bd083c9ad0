from __future__ import annotations

import pytest

from ctgeval.sources import places
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
