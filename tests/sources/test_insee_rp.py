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

FORMAT = "insee.rp"
Write = Callable[..., Path]
Text = Callable[..., str]
Lawful = Callable[[SourceTable], None]


def cell(table: SourceTable, geo: str, measure: str, period: str, **others: str) -> float:
    rows = table.observations
    rows = rows[(rows["geo"] == geo) & (rows["measure"] == measure) & (rows["time_period"] == period)]
    for name, value in others.items():
        rows = rows[rows[name] == value]
    return float(rows["value"].item())


def test_a_base_of_a_year_to_come(write: Write, census: Text, lawful: Lawful) -> None:
    table = sources.read(write(census()), format=FORMAT, key="rp", reference=reference.load())
    lawful(table)
    assert observations.check(table.observations) == []
    assert cell(table, "COM-86194", "population_municipale", "2022") == 90_240.5
    assert cell(table, "COM-86194", "population_municipale", "2016") == 88_000
    assert cell(table, "COM-86194", "population_par_age", "2022", sexe="F", age="0-14") == 6_000
    assert cell(table, "COM-86194", "population_par_age", "2022", sexe="", age="") == 90_240.5
    assert cell(table, "COM-01001", "familles_monoparentales", "2022") == 20
    assert set(table.observations["geography"]) == {2025}
    assert set(sources.read(write(census()), format=FORMAT, geography=2024).observations["geography"]) == {2024}
    merged = sources.read(write(census("86231;Saint-Macoux;500;50;40;5;20;200;190;10;510")), format=FORMAT)
    assert merged.observations["geography"].isna().all()


def test_what_the_file_gives_by_parts_is_added_up(write: Write, census: Text) -> None:
    table = sources.read(write(census()), format=FORMAT)
    assert cell(table, "COM-86194", "population_75_plus", "2022") == 7_200.25
    assert cell(table, "COM-86194", "menages_sans_voiture", "2022") == 10_999.5
    comma = sources.read(write(census().replace(".", ",")), format=FORMAT)
    assert cell(comma, "COM-86194", "population_75_plus", "2022") == 7_200.25
    row = "86194;Poitiers;90240.5;12000;s;1200.25;6000;50000;;6500;88000"
    hidden = sources.read(write(census(row)), format=FORMAT)
    assert np.isnan(cell(hidden, "COM-86194", "population_75_plus", "2022"))


def test_the_censuses_of_the_last_century_are_read(write: Write) -> None:
    path = write("CODGEO;P21_POP;D99_POP;D68_POP;D99_LOG;SUPERF\n86194;90240;83448;66593;42000;42.1\n")
    table = sources.read(path, format=FORMAT)
    known = {"2021": 90_240, "1999": 83_448, "1968": 66_593}
    assert {year: cell(table, "COM-86194", "population_municipale", year) for year in known} == known
    assert cell(table, "COM-86194", "logements", "1999") == 42_000


def test_the_main_extraction_is_preferred_and_the_other_told(write: Write) -> None:
    path = write("CODGEO;C22_MEN;P22_MEN;C22_FAM;P22_INCONNU\n86194;50001;50000;20000;5\n")
    table = sources.read(path, format=FORMAT)
    assert cell(table, "COM-86194", "menages", "2022") == 50_000
    assert cell(table, "COM-86194", "familles_ensemble", "2022") == 20_000
    assert any("C22_MEN, P22_INCONNU" in note for note in table.notes)


@pytest.mark.parametrize(
    ("codes", "name", "geos"),
    [
        (("200070035", "243500139"), "base-cc_EPCI.csv", ["EPCI-200070035", "EPCI-243500139"]),
        (("86", "35"), "base.csv", ["DEP-86", "DEP-35"]),
        (("75", "53"), "base_REG.csv", ["REG-75", "REG-53"]),
    ],
)
def test_other_levels(write: Write, codes: tuple[str, ...], name: str, geos: list[str]) -> None:
    content = "CODGEO;P22_POP\n" + "".join(f"{code};1000\n" for code in codes)
    assert sources.read(write(content, name), format=FORMAT).observations["geo"].tolist() == geos


def test_rates_between_censuses(write: Write, lawful: Lawful) -> None:
    content = (
        "codgeo;libgeo;an;tx_morta;tx_nata;tx_autre\n"
        "200070035;CC;2013-2019;13,00;9,10;1\n200070035;CC;2019-2013;13,00;9,10;1\n200070035;CC;x;13,00;9,10;1\n;;;;;\n"
    )
    table = sources.read(write("\ufeff" + content), format=FORMAT)
    lawful(table)
    assert cell(table, "EPCI-200070035", "taux_mortalite", "2019") == 13.0
    assert cell(table, "EPCI-200070035", "taux_natalite", "2019") == 9.1
    assert table.rejected["row"].tolist() == [3, 4]
    assert any("tx_autre" in note for note in table.notes)


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("CODGEO;X\n86194;5\n", "base.csv", "recensement"),
        ("IRIS;COM;P22_POP\n861940101;86194;5\n", "base.csv", "Iris"),
        ("CODE;P22_POP\n86194;5\n", "base.csv", "CODGEO"),
        ("code_insee,pop_tot\n86194,5\n", "communes.csv", "millésime"),
    ],
)
def test_a_file_that_is_not_one_is_refused(write: Write, content: str, name: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        sources.read(write(content, name), format=FORMAT)


def test_the_real_file_of_communes_over_2000_inhabitants(real_data: Path, lawful: Lawful) -> None:
    path = real_data / "insee" / "rp2018_communes_2000hab.csv.gz"
    start = time.process_time()
    table = sources.read(path, format=FORMAT, key="rp", reference=reference.load())
    assert time.process_time() - start < 4
    lawful(table)
    # The 45 arrondissements of Paris, Lyon and Marseille are in their cities.
    assert (table.n_rows, table.n_rejected) == (5_417, 45)
    assert cell(table, "COM-86194", "population_municipale", "2018") == 88_665
    assert round(cell(table, "COM-86194", "chomeurs_15_64", "2018"), 3) == 7_398.911
    # 62 columns: 7 that say what the commune is, 25 shares, which are told, and 30 counts.
    assert table.observations.drop_duplicates(["measure", "sexe", "age"]).shape[0] == 30 + 1


def test_the_real_rates_by_epci(real_data: Path, lawful: Lawful) -> None:
    path = real_data / "insee" / "insee_rp_evol_1968_epci_2018.csv"
    table = sources.read(path, format=FORMAT, key="rp")
    lawful(table)
    assert (table.n_rows, table.n_rejected) == (8_778, 0)
    assert sorted(set(table.observations["time_period"])) == ["1975", "1982", "1990", "1999", "2008", "2013", "2018"]
    assert cell(table, "EPCI-200070035", "taux_mortalite", "2018") == 13.0
    assert any("entièrement vides" in note for note in table.notes)
    # Only the perimeters of 2021 have all these EPCIs.
    assert set(table.observations["geography"]) == {2021}
