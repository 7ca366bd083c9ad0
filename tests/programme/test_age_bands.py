"""Ages are read as they are written, and put on the finest cut that the register and the census share."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import DossierError
from ctgeval.programme.age_bands import OLDEST, Band, common, parse

CENSUS = {Band(0, 15): 150.0, Band(15, 30): 140.0, Band(30, 45): 180.0, Band(45, 60): 210.0, Band(60, OLDEST): 320.0}


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("15-29", Band(15, 30)),
        ("15 à 29 ans", Band(15, 30)),
        ("75+", Band(75, OLDEST)),
        ("75 ans et plus", Band(75, OLDEST)),
        ("75 ou plus", Band(75, OLDEST)),
        ("plus de 74 ans", Band(75, OLDEST)),
        ("moins de 15 ans", Band(0, 15)),
        ("0-14", Band(0, 15)),
        ("17 ans", Band(17, 18)),
        ("de 15 à 29 ans", Band(15, 30)),
        ("entre 15 et 29 ans", Band(15, 30)),
        ("80 ans ou +", Band(80, OLDEST)),
        ("+ de 74 ans", Band(75, OLDEST)),
        ("0", Band(0, 1)),
        ("1 an", Band(1, 2)),
    ],
)
def test_a_band_is_read_as_it_is_written(text: str, band: Band) -> None:
    assert parse(text) == band
    assert parse(band.label) == band


def test_one_year_is_singular() -> None:
    assert [Band(0, 1).label, Band(1, 2).label, Band(2, 3).label] == ["moins de 1 an", "1 an", "2 ans"]


@pytest.mark.parametrize("text", ["", "jeunes", "29-15", "15-29-44", "250-300", "-5"])
def test_what_is_no_band_is_told(text: str) -> None:
    with pytest.raises(DossierError, match="tranche d’âge"):
        parse(text)


def test_bands_of_the_census_are_added_where_the_register_is_wider() -> None:
    found = common({Band(15, 30): 4, Band(30, 60): 10, Band(60, OLDEST): 6}, CENSUS)
    assert found.bands == (Band(15, 30), Band(30, 60), Band(60, OLDEST))
    # 30 to 59 in the census: 180 + 210; those under 15 are out of the range of the register.
    assert found.population == (140.0, 390.0, 320.0)
    assert found.counts == (4, 10, 6)


def test_bands_of_the_register_are_added_where_the_census_is_wider() -> None:
    found = common({Band(15, 20): 3, Band(20, 30): 4, Band(30, 45): 8}, CENSUS)
    assert found.bands == (Band(15, 30), Band(30, 45))
    assert found.counts == (7, 8)


def test_ages_that_nobody_came_from_count_nobody() -> None:
    found = common({Band(15, 30): 3, Band(60, OLDEST): 9}, CENSUS)
    assert found.bands == (Band(15, 30), Band(30, 60), Band(60, OLDEST))
    assert found.counts == (3, 0, 9)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({Band(15, 25): 3, Band(25, 40): 4}, "ne s’emboîtent pas"),
        ({Band(15, 30): 3}, "Moins de deux"),
        ({Band(15, 30): 3, Band(25, 45): 4}, "se recouvrent"),
        ({Band(15, 20): 3, Band(20, 30): 4}, "une seule tranche commune"),
        ({}, "Moins de deux"),
    ],
)
def test_bands_that_cannot_be_compared_are_refused_with_the_reason(counts: dict[Band, float], reason: str) -> None:
    found = common(counts, CENSUS)
    assert found.bands == ()
    assert reason in found.reason


def test_a_census_without_ages_is_told() -> None:
    assert "aucune" in common({Band(15, 30): 3, Band(30, 45): 4}, {}).reason


def test_overlapping_bands_of_the_census_are_used_where_they_fit() -> None:
    population = {Band(0, 25): 230.0, Band(15, 30): 140.0, Band(15, 25): 90.0, Band(25, 60): 440.0}
    found = common({Band(0, 25): 2, Band(25, 60): 5}, population)
    assert found.population == (230.0, 440.0)


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 90), st.integers(1, 40)).map(lambda pair: Band(pair[0], pair[0] + pair[1])),
        st.integers(0, 30).map(float),
        max_size=6,
    )
)
def test_nothing_is_lost_nor_split(counts: dict[Band, float]) -> None:
    found = common(counts, CENSUS)
    if found.bands:
        assert sum(found.counts) == sum(counts.values())
        assert all(one.end == other.first for one, other in zip(found.bands, found.bands[1:], strict=False))
    else:
        assert found.reason
