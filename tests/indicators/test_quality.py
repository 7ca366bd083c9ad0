"""Faults of the data are told with their place before they become figures, and honest data raises none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval import measures, observations
from ctgeval.indicators import quality
from tests.examples import examples

KNOWN = measures.load()
GEO = "EPCI-249900001"


def observed(values: dict[str, float], measure: str = "places_eaje", **more: str) -> pd.DataFrame:
    rows = [
        {"measure": measure, "geo": GEO, "geography": 2024, "time_period": period, "value": value, "source": "caf",
         "origin": f"observations.csv!{rank}", **more}
        for rank, (period, value) in enumerate(values.items(), start=2)
    ]  # fmt: skip
    return observations.frame(rows)


def years(*values: float) -> dict[str, float]:
    return {str(2018 + rank): value for rank, value in enumerate(values)}


def kinds(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(table[["kind", "time_period"]].itertuples(index=False, name=None))


def test_a_digit_too_many_in_one_year_is_told_with_its_row() -> None:
    found = quality.faults(observed(years(120, 118, 1250, 125, 124)), KNOWN)
    assert kinds(found) == [("saut", "2020")]
    assert found["origin"].item() == "observations.csv!4"
    assert "soit 11 fois d’écart" in found["message"].item()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (years(120, 118, 12, 125), [("saut", "2020")]),
        (years(1200, 118, 121, 125), [("saut", "2018")]),
        (years(120, 118, 121, 1250), [("saut", "2021")]),
        (years(120, 118, 121, 125), []),
        (years(2, 19, 1, 18), []),
        (years(0, 120, 118), []),
        (years(50, 100, 200, 400, 800), []),
        (years(30, 3000), [("saut", "2019")]),
    ],
    ids=["one short", "first", "last", "steady", "small", "from nothing", "doubling", "two"],
)
def test_a_value_is_a_slip_when_its_neighbours_disagree_with_it(
    values: dict[str, float], expected: list[tuple[str, str]]
) -> None:
    assert kinds(quality.faults(observed(values), KNOWN)) == expected


@pytest.mark.parametrize(
    ("measure", "values", "expected"),
    [
        ("taux_pauvrete", years(12.1, 0.12, 12.5), [("saut", "2019")]),
        ("taux_couverture_global", years(0.58, 57.2, 58.0), [("saut", "2018")]),
        ("taux_pauvrete", years(0.12, 12), [("saut", "2019")]),
        ("revenu_median", years(19000, 19500, 19.8, 20000), [("saut", "2020")]),
        ("taux_couverture_global", years(58, 57, 580, 58), [("saut", "2020")]),
        ("taux_couverture_prescolarisation", years(0.2, 3.0, 0.3), []),
        ("taux_couverture_prescolarisation", years(0.1, 0.0, 2.0, 1.9), []),
    ],
    ids=["share of 1", "first year", "two", "thousands", "a digit", "small place", "nothing"],
)
def test_a_percentage_written_as_a_share_of_one_is_a_slip(
    measure: str, values: dict[str, float], expected: list[tuple[str, str]]
) -> None:
    found = quality.faults(observed(values, measure), KNOWN)
    assert kinds(found) == expected
    if 0.12 in values.values():
        assert "0,12" in found["message"].item()


def test_a_count_that_cumulates_never_goes_down_within_what_it_cumulates_over() -> None:
    cumulated = {"places_eaje": replace(KNOWN["places_eaje"], cumul="annee")}
    values = {"2024-S1": 30.0, "2024-S2": 28.0, "2025-S1": 12.0, "2025-S2": 25.0}
    assert kinds(quality.faults(observed(values), cumulated)) == [("recul", "2024-S2")]
    since = {"places_eaje": replace(KNOWN["places_eaje"], cumul="convention")}
    assert kinds(quality.faults(observed(values), since)) == [("recul", "2024-S2"), ("recul", "2025-S1")]
    assert not replace(KNOWN["seances_laep"], cumul="annee").additive_over_time


@pytest.mark.parametrize(
    ("measure", "values", "expected"),
    [
        ("seances_laep", {"2024": 40.0, "2024-S1": 25.0, "2024-S2": 20.0}, [("annee", "2024")]),
        ("seances_laep", {"2024": 45.0, "2024-S1": 25.0, "2024-S2": 20.0}, []),
        ("seances_laep", {"2024": 20.0, "2024-S1": 25.0}, [("annee", "2024")]),
        ("seances_laep", {"2024": 40.0, "2024-S1": 25.0}, []),
        ("familles_rpe", {"2024": 40.0, "2024-S1": 25.0, "2024-S2": 20.0}, []),
        ("familles_rpe", {"2024": 50.0, "2024-S1": 25.0, "2024-S2": 20.0}, [("annee", "2024")]),
        ("familles_rpe", {"2024": 22.0, "2024-S1": 25.0, "2024-S2": 20.0}, [("annee", "2024")]),
    ],
)
def test_a_year_agrees_with_its_parts(measure: str, values: dict[str, float], expected: list[tuple[str, str]]) -> None:
    assert kinds(quality.faults(observed(values, measure), KNOWN)) == expected


def test_who_stopped_answering_while_others_went_on_is_late() -> None:
    table = observations.concat(
        [
            observed(
                {"2024-S1": 10.0, "2024-S2": 11.0, "2025-S1": 9.0, "2025-S2": 10.0}, "familles_rpe", structure="A"
            ),
            observed({"2024-S1": 10.0, "2024-S2": 11.0}, "familles_rpe", structure="B"),
            observed({"2024-S1": 10.0, "2024-S2": 0.0}, "familles_rpe", structure="C"),
            observed({"2024-S1": 10.0, "2025-S1": 7.0}, "familles_rpe", structure="D"),
        ]
    )
    found = quality.faults(table, KNOWN, awaited=["caf"])
    assert list(found[["kind", "structure"]].itertuples(index=False, name=None)) == [("retard", "B")]
    assert quality.faults(table, KNOWN).empty


@examples(40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["places_eaje", "familles_rpe", "seances_laep", "revenu_median"]),
            st.sampled_from(["2022", "2023", "2024", "2024-S1", "2024-S2", "2024-Q1"]),
            st.one_of(st.just(float("nan")), st.just(0.0), st.floats(0, 1e12)),
            st.sampled_from(["", "A"]),
        ),
        max_size=12,
    )
)
def test_no_table_breaks_it(rows: list[tuple[str, str, float, str]]) -> None:
    names = ("measure", "time_period", "value", "structure")
    told = [{"geo": GEO, "source": "s", **dict(zip(names, row, strict=True))} for row in rows]
    found = quality.faults(observations.frame(told) if told else observations.empty(), KNOWN, awaited=["s"])
    assert list(found.columns) == list(quality.COLUMNS)
    assert not any("{" in message for message in found["message"])
    assert np.isfinite(found["value"].to_numpy(dtype=float)).all()
