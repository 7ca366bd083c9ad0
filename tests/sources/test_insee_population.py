from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ctgeval import observations, sources
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable
from ctgeval.territory import reference

FORMAT = "insee.population"
Write = Callable[..., Path]
Text = Callable[..., str]
Lawful = Callable[[SourceTable], None]

DERIVED = "insee_com,commune_type,code_postal,superficie_km2,population_2021,population_2015,naissances_2022"


def value(table: SourceTable, geo: str, measure: str, period: str) -> float:
    rows = table.observations
    rows = rows[(rows["geo"] == geo) & (rows["measure"] == measure) & (rows["time_period"] == period)]
    return float(rows["value"].item())


def test_the_panel_gives_census_and_geography(write: Write, panel: Text, lawful: Lawful) -> None:
    table = sources.read(write(panel()), format=FORMAT, key="rp")
    lawful(table)
    assert value(table, "COM-86082", "population_municipale", "2017") == 4_382
    assert table.observations["geography"].tolist() == [2019, 2020, 2020]
    assert observations.check(table.observations) == []


def test_the_panel_without_geography_takes_that_of_the_dossier(write: Write) -> None:
    path = write("CODGEO,POP,annee_rp\n86194,60000.5,2018\n")
    assert sources.read(path, format=FORMAT).observations["geography"].isna().all()
    assert sources.read(path, format=FORMAT, geography=2020).observations["geography"].tolist() == [2020]


def test_general_censuses_are_in_the_geography_of_their_year(write: Write) -> None:
    path = write("CODGEO,POP,annee_rp\n86194,60000.5,1968\n86194,70000,2006\n")
    assert sources.read(path, format=FORMAT).observations["geography"].fillna(0).tolist() == [1968, 0]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("86194,P,2018,2020,-5,x", "négative"),
        ("86194,P,2018,deux mille,5,x", "année"),
        ("86194,P,18,2020,5,x", "année"),
        ("86194,P,2018,2020,NaN,x", "fini"),
    ],
)
def test_a_faulty_row_is_told(write: Write, panel: Text, lawful: Lawful, row: str, said: str) -> None:
    table = sources.read(write(panel("86082,V,2018,2020,4334.5,x", row)), format=FORMAT)
    lawful(table)
    assert table.rejected["row"].tolist() == [3]
    assert said in table.rejected["reason"].item()


def test_the_comparateur_tells_years_from_its_headers(write: Write, lawful: Lawful) -> None:
    header = "CODGEO;P21_POP;P15_POP;SUPERF;NAIS1521;P21_MEN;NAISD23;MED21;TP6021;P21_RP_PROP;ETTOT22;ETTEFP1022"
    table = sources.read(write(f"{header}\n86194;90000;89000.5;42;9;45000;1000;;12.5;15000;7000;800\n"), format=FORMAT)
    lawful(table)
    for measure, period, expected in (
        ("population_municipale", "2021", 90_000),
        ("population_municipale", "2015", 89_000.5),
        ("superficie_km2", "2021", 42),
        ("menages", "2021", 45_000),
        ("naissances", "2023", 1_000),
        ("naissances_entre_recensements", "2021", 9),
        ("taux_pauvrete", "2021", 12.5),
        ("residences_principales_proprietaires", "2021", 15_000),
        ("etablissements", "2022", 7_000),
        ("etablissements_10_salaries_plus", "2022", 800),
    ):
        assert value(table, "COM-86194", measure, period) == expected
    secret = table.observations[table.observations["measure"] == "revenu_median"].iloc[0]
    assert (secret["conf_status"], secret["low"]) == ("C", 0)
    assert not any("ne lit pas" in note for note in table.notes)


def test_delegated_communes_and_arrondissements_are_left_out_with_the_reason(write: Write, lawful: Lawful) -> None:
    rows = (
        "86082,COM,86700,83.2,4368,4419.5,37",
        "86082,COMD,86700,83.2,4368,4419.5,37",
        "01050,COM,01190,9.05,386,331.5,5",
        "01050,COM,01380,9.05,386,331.5,5",
        "75116,ARM,75016,16,160000,165000,1500",
        "97601,COM,97630,,0,0,163",
    )
    table = sources.read(write("\n".join((DERIVED, *rows))), format=FORMAT)
    lawful(table)
    assert table.rejected["row"].tolist() == [3, 5, 6]
    reasons = table.rejected["reason"].tolist()
    assert "commune déléguée" in reasons[0]
    assert "répète la ligne 4" in reasons[1]
    assert "arrondissement municipal" in reasons[2]
    assert value(table, "COM-86082", "population_municipale", "2021") == 4_368
    assert np.isnan(value(table, "COM-97601", "population_municipale", "2021"))
    assert value(table, "COM-97601", "naissances", "2022") == 163


def test_arrondissements_are_not_added_to_a_city_that_has_its_row(write: Write) -> None:
    both = sources.read(write("CODGEO;P18_POP\n13055;868277\n13201;40000\n"), format=FORMAT)
    assert both.rejected["row"].tolist() == [3]
    assert "COM-13055" in both.rejected["reason"].item()
    alone = sources.read(write("CODGEO;P18_POP\n13201;40000\n"), format=FORMAT)
    assert alone.observations["geo"].tolist() == ["COM-13201"]


@pytest.mark.parametrize("header", ["CODGEO;P18_MEN", "CODE;P18_POP", "CODGEO;millesime_rp"])
def test_a_missing_column_stops_the_reading(write: Write, header: str) -> None:
    with pytest.raises(SourceError) as caught:
        sources.read(write(f"{header}\n86194;2018\n"), format=FORMAT)
    assert caught.value.problem.row == 1
    assert caught.value.problem.remedy


def test_the_real_panel(real_data: Path, lawful: Lawful) -> None:
    path = real_data / "population" / "population_communes_2006_2023.csv.gz"
    start = time.process_time()
    table = sources.read(path, format=FORMAT, key="rp", reference=reference.load())
    assert time.process_time() - start < 5
    lawful(table)
    assert (table.n_rows, table.n_rejected) == (136_414, 0)
    assert sorted(table.observations["geography"].unique()) == list(range(2008, 2026))


def test_the_real_comparateur_of_2022_is_in_the_geography_of_2021(real_data: Path, lawful: Lawful) -> None:
    path = real_data / "insee" / "base_cc_comparateur_2022.csv.gz"
    sources.read(path, format=FORMAT)
    start = time.process_time()
    table = sources.read(path, format=FORMAT, key="cc")
    assert time.process_time() - start < 4
    lawful(table)
    assert (table.n_rows, table.n_rejected) == (35_010, 45)
    assert table.observations["geography"].eq(2021).all()
    assert value(table, "COM-13055", "population_municipale", "2018") == 868_277
    assert observations.check(table.observations) == []


def test_the_real_derived_comparateur(real_data: Path, lawful: Lawful) -> None:
    path = real_data / "insee" / "communes_comparateur_2024_derive.csv.gz"
    table = sources.read(path, format=FORMAT, reference=reference.load())
    lawful(table)
    assert (table.n_rows, table.n_rejected) == (36_208, 793 + 46 + 438)
    assert table.rejected["reason"].str.contains("commune déléguée").sum() == 793
    assert value(table, "COM-86082", "population_municipale", "2021") == 4_368
    assert any("geographie = 2024" in note for note in table.notes)
    told = sources.read(path, format=FORMAT, geography=2024)
    assert told.observations["geography"].eq(2024).all()


def test_the_old_censuses(real_data: Path, lawful: Lawful) -> None:
    table = sources.read(real_data / "population" / "population_communes_1968_1999.csv.gz", format=FORMAT)
    lawful(table)
    assert (table.n_rows, table.n_rejected) == (39_433, 0)
    assert table.observations["geography"].eq(table.observations["time_period"].astype(int)).all()
