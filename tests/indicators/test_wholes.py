"""An EPCI in which a commune was split keeps its figure, exact; a territory that holds one part only does not."""

from __future__ import annotations

import pandas as pd
import pytest

from ctgeval import indicators, observations, territory

EPCI = "EPCI-200071918"
ESSARTS = ("COM-85084", "COM-85165", "COM-85212")


@pytest.fixture(scope="module")
def harmonised() -> pd.DataFrame:
    known = territory.reference.load()
    communes = known.members(EPCI, 2023)
    assert "COM-85084" in communes
    rows = [
        {
            "measure": "population_municipale",
            "geo": geo,
            "geography": 2023,
            "time_period": "2021",
            "value": 9399.0 if geo == "COM-85084" else 100.0,
            "source": "rp",
        }
        for geo in communes
    ]
    return territory.harmonise(observations.frame(rows), to=2024)


def compute(table: pd.DataFrame, geo: str, **groupings: list[str]) -> pd.Series:
    results = indicators.compute(
        table, ["PO01"], [geo], reference=territory.reference.load(), year=2024, groupings=groupings
    )
    return results.iloc[0]


def test_nothing_is_lost_when_the_parts_are_in_the_same_epci(harmonised: pd.DataFrame) -> None:
    row = compute(harmonised, EPCI)
    expected = 9399.0 + 100.0 * (len(harmonised) - 3)
    assert (row["value"], row["low"], row["high"]) == (expected, expected, expected)
    assert row["obs_status"] == "A"
    assert not {"estime", "valeur_arrondie", "somme_arrondis"} & set(row["limits"].split())


def test_a_part_alone_is_only_known_to_be_within_the_whole(harmonised: pd.DataFrame) -> None:
    part = compute(harmonised, "COM-85165")
    assert (part["value"], part["low"], part["high"]) == (pytest.approx(1259), 0, 9399)
    assert "estime" in part["limits"].split()
    two = compute(harmonised, "GRP-essarts", **{"GRP-essarts": list(ESSARTS[:2])})
    assert (two["value"], two["low"], two["high"]) == (pytest.approx(8066), 0, 2 * 9399)


def test_all_the_parts_of_a_grouping_are_the_whole(harmonised: pd.DataFrame) -> None:
    row = compute(harmonised, "GRP-essarts", **{"GRP-essarts": list(ESSARTS)})
    assert (row["value"], row["low"], row["high"]) == (9399, 9399, 9399)
