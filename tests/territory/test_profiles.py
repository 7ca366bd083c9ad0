"""What the reference says of a whole level, held to what it says of each territory."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from ctgeval.territory import profiles, reference
from ctgeval.territory.reference import Reference


@pytest.fixture(scope="module")
def france() -> Reference:
    return reference.load()


@pytest.mark.parametrize("level", ["EPCI", "COM", "DEP"])
def test_populations_are_those_of_the_reference(france: Reference, level: str) -> None:
    found = profiles.profiles(level, 2024, france)
    table = france.territories(level, 2024)
    assert list(found.geos) == table["geo"].tolist()
    np.testing.assert_array_equal(found.population, table["population"].to_numpy())


def test_growth_is_told_on_the_ground_of_the_year(france: Reference) -> None:
    found = profiles.profiles("EPCI", 2024, france)
    place = found.geos.index("EPCI-200070035")
    members = set(france.members("EPCI-200070035", 2024))
    counts = france.populations
    census = {year: counts[counts["census"].eq(year)].set_index("geo")["population"] for year in (2018, 2023)}
    # Val-de-Comporté holds Savigné and Saint-Saviol since 2024: in 2018 they are counted apart.
    before = census[2018].reindex([*members, "COM-86231"]).sum()
    after = census[2023].reindex(sorted(members)).sum()
    assert (found.communes[place], found.span) == (35, (2018, 2023))
    assert found.growth[place] == pytest.approx(100 * ((after / before) ** 0.2 - 1))


def test_a_territory_that_lacks_a_commune_has_no_population(france: Reference) -> None:
    found = profiles.profiles("EPCI", 2024, france)
    unknown = [geo for geo, count in zip(found.geos, found.population, strict=True) if math.isnan(count)]
    assert unknown
    assert all(any(part.startswith("COM-976") for part in france.members(geo, 2024)) for geo in unknown), (
        "only Mayotte has no census here"
    )


def test_changed_perimeters_are_those_that_the_reference_tells_one_by_one(france: Reference) -> None:
    found = profiles.changed("EPCI", 2022, 2024, france)
    one_by_one = {
        geo
        for geo in france.codes("EPCI", 2024)
        if not all(france.exists(geo, year) for year in (2022, 2023))
        or any(france.changed_between(geo, year, year + 1) for year in (2022, 2023))
    }
    assert found == one_by_one
    assert found
    assert "EPCI-200070035" not in found, "its communes merged, its ground is the same"


def test_an_epci_may_straddle_departements(france: Reference) -> None:
    found = profiles.departements("EPCI", 2024, france)
    assert found["EPCI-200070035"] == {"DEP-86"}
    assert any(len(deps) > 1 for deps in found.values())
    assert profiles.departements("COM", 2024, france)["COM-86082"] == {"DEP-86"}


def test_departements_are_those_of_the_communes(france: Reference) -> None:
    found = profiles.departements("EPCI", 2024, france)
    for geo in ("EPCI-200070035", "EPCI-243301371", "EPCI-244400552", "EPCI-200054781"):
        assert found[geo] == set(france.members(geo, 2024, level="DEP"))
    assert set(found) == france.codes("EPCI", 2024)


def test_what_a_search_needs_is_made_once_for_each_geography(france: Reference) -> None:
    kept = profiles.profiles("EPCI", 2024, france)
    assert profiles.profiles("EPCI", 2024, france) is kept
    with pytest.raises(ValueError, match="read-only"):
        kept.population[0] = 0.0
    brought = pd.DataFrame(
        [(2012, "COM-86078", "Civray", "EPCI-248600439", "CC du Civraisien", "DEP-86", "REG-54")],
        columns=["year", "commune", "commune_name", "epci", "epci_name", "dep", "reg"],
    )
    more = france.extended(membership=brought)
    assert profiles.profiles("EPCI", 2024, more) is not kept
    assert profiles.departements("EPCI", 2012, more) == {"EPCI-248600439": {"DEP-86"}}
