"""Territories of a dossier and their roles."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctgeval import observations, territory
from ctgeval.indicators import scope

DEMO = Path(__file__).parents[2] / "data" / "demo" / "geographie"
CC = "EPCI-249900001"


@pytest.fixture(scope="module")
def demo() -> territory.Reference:
    return territory.reference.load(DEMO)


def test_members_groupings_comparators_and_parents_have_their_role(demo: territory.Reference) -> None:
    group = "GRP-sans-nom-de-la-vallee"
    table = scope.territories(
        [CC],
        observations=observations.empty(),
        reference=demo,
        year=2025,
        comparators=["EPCI-249900002"],
        groupings={group: ("COM-99101", "COM-99102")},
    ).set_index("geo")
    assert table["role"].value_counts().to_dict() == {
        "membre": 35, "territoire": 1, "comparateur": 1, "groupement": 1, "parent": 1,
    }  # fmt: skip
    assert table.loc[group, "name"] == "Sans Nom de la Vallee"
    assert table.loc[CC, "name"] == "CC du Val d'Arvelle"
    assert not table.index.has_duplicates


def test_territories_of_the_same_source_are_peers(demo: territory.Reference) -> None:
    others = demo.members("EPCI-249900002", 2025)[:3]
    seen = observations.frame(
        {
            "measure": "taux_couverture_global",
            "geo": ["COM-99101", *others],
            "time_period": "2021",
            "value": 50.0,
            "source": "caf",
        }
    )
    table = scope.territories(["COM-99101"], observations=seen, reference=demo, year=2025)
    assert sorted(table.loc[table["role"].eq("pair"), "geo"]) == sorted(others)


def test_a_territory_has_one_role_the_first(demo: territory.Reference) -> None:
    table = scope.territories(
        [CC, "COM-99101"], observations=observations.empty(), reference=demo, year=2025, comparators=[CC]
    )
    assert table.set_index("geo").loc["COM-99101", "role"] == "territoire"
    assert table.set_index("geo").loc[CC, "role"] == "territoire"


def test_the_grouping_of_a_dossier_has_the_name_it_gives(demo: territory.Reference) -> None:
    table = scope.territories(
        ["GRP-pays-du-val"],
        observations=observations.empty(),
        reference=demo,
        year=2025,
        groupings={"GRP-pays-du-val": ("COM-99101",), "GRP-nord": ("COM-99102",)},
        names={"GRP-pays-du-val": "Pays du Val d’Arvelle"},
    ).set_index("geo")
    assert table.loc["GRP-pays-du-val", "name"] == "Pays du Val d’Arvelle"
    assert table.loc["GRP-nord", "name"] == "Nord"
