"""The population by age, sex and sector: the territory's own rows, else the sum of its communes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ctgeval.programme.age_bands import OLDEST, Band
from ctgeval.programme.census import Census, nearest, read, sectors

EPCI, COMMUNES = "EPCI-1", ("COM-1", "COM-2")


def row(geo: str, period: str, value: float, *cut: str, measure: str = "population_par_age") -> dict[str, Any]:
    sexe, age = (*cut, "", "")[:2]
    told = {"measure": measure, "geo": geo, "time_period": period, "value": value}
    return told | {"sexe": sexe, "age": age, "source": "rp"}


def observed(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["measure", "geo", "time_period", "value", "sexe", "age", "source"])


def test_communes_are_added_up_where_the_territory_has_no_row() -> None:
    rows = [
        row(geo, "2022", value, sexe, age)
        for geo, factor in zip(COMMUNES, (1, 10), strict=True)
        for sexe, age, value in (("F", "0-14", 3.0 * factor), ("M", "0-14", 4.0 * factor), ("F", "15+", 9.0 * factor),
                                 ("M", "15+", 8.0 * factor))
    ]  # fmt: skip
    (found,) = read(observed(*rows), EPCI, COMMUNES)
    # 0 to 14: (3 + 4) x 11; women: (3 + 9) x 11.
    assert found.ages == {Band(0, 15): 77, Band(15, OLDEST): 187}
    assert found.sexes == {"F": 132, "M": 132}
    assert (found.period, found.sources) == ("2022", ("rp",))


def test_men_are_the_rest_where_a_file_gives_women_and_everybody() -> None:
    (found,) = read(
        observed(row(EPCI, "2018", 970), row(EPCI, "2018", 500, "F"), row(EPCI, "2018", 80, "", "0-14")), EPCI
    )
    assert found.sexes == {"F": 500, "M": 470}
    assert found.ages == {Band(0, 15): 80}


def test_a_commune_without_a_value_leaves_no_sum() -> None:
    assert read(observed(row("COM-1", "2022", 3, "", "0-14"), row("COM-1", "2022", 9, "", "15+")), EPCI, COMMUNES) == []


def test_the_rows_of_the_territory_come_first_and_those_of_both_sexes_too() -> None:
    (found,) = read(
        observed(
            row(EPCI, "2022", 80, "", "0-14"), row(EPCI, "2022", 30, "F", "0-14"), row(EPCI, "2022", 45, "M", "0-14"),
            row("COM-1", "2022", 1, "", "0-14"), row("COM-2", "2022", 1, "", "0-14"),
            row(EPCI, "2022", 60, measure="population_75_plus"), row(EPCI, "2022", 500, "F"),
            row(EPCI, "2022", 480, "M"), row(EPCI, "2022", 9, "", "enfants"), row(EPCI, "2022", 9, "X", "0-14"),
        ),
        EPCI,
        COMMUNES,
    )  # fmt: skip
    assert found.ages == {Band(0, 15): 80, Band(75, OLDEST): 60}
    assert found.sexes == {"F": 500, "M": 480}


def test_the_vintage_is_the_last_one_before_the_meeting() -> None:
    known = [Census(period="2016"), Census(period="2021"), Census(period="2022")]
    assert nearest(known, 2021).period == "2021"
    assert nearest(known, 2030).period == "2022"
    assert nearest(known, 2010).period == "2016"
    assert nearest([], 2010) == Census()


def test_sectors_need_one_vintage_that_has_them_all() -> None:
    rows = observed(
        row("COM-1", "2021", 100, measure="population_municipale"),
        row("COM-2", "2021", 50, measure="population_municipale"),
        row("COM-1", "2022", 110, measure="population_municipale"),
        row("COM-1", "2025", 130, measure="population_municipale"),
        row("COM-2", "2025", 70, measure="population_municipale"),
    )
    members = {"GRP-a": COMMUNES}
    assert sectors(rows, ["COM-1"], members, 2023) == ({"COM-1": 110}, "2022", ("rp",))
    assert sectors(rows, ["COM-1", "GRP-a"], members, 2023) == ({"COM-1": 100, "GRP-a": 150}, "2021", ("rp",))
    assert sectors(rows, ["COM-1", "COM-2"], members, 2010)[1] == "2021"
    assert sectors(rows, ["COM-3"], members, 2023) == ({}, "", ())
    assert sectors(observed(), [], members, 2023) == ({}, "", ())
