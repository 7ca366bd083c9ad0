from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ctgeval import observations, sources
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable
from ctgeval.territory import reference

FORMAT = "insee.melodi"
Write = Callable[..., Path]
Text = Callable[..., str]
Lawful = Callable[[SourceTable], None]

FILOSOFI = "GEO;GEO_OBJECT;FILOSOFI_MEASURE;UNIT_MEASURE;UNIT_MULT;CONF_STATUS;OBS_STATUS;TIME_PERIOD;OBS_VALUE"
HOUSING = "GEO;GEO_OBJECT;RP_MEASURE;OCS;TSH;CARS;TDW;L_STAY;TIME_PERIOD;OBS_STATUS;OBS_VALUE"


def cell(table: SourceTable, geo: str, measure: str, **others: str) -> dict[str, object]:
    rows = table.observations
    rows = rows[(rows["geo"] == geo) & (rows["measure"] == measure)]
    for name, value in others.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return dict(rows.iloc[0])


def test_populations_by_sex_and_age(write: Write, melodi: Text, lawful: Lawful) -> None:
    table = sources.read(write(melodi()), format=FORMAT, key="rp", reference=reference.load())
    lawful(table)
    assert observations.check(table.observations) == []
    assert cell(table, "COM-86194", "population_municipale")["value"] == 90_240.5
    assert cell(table, "COM-86194", "population_15_24", sexe="")["value"] == 26_000
    assert cell(table, "COM-86194", "population_par_age", sexe="F", age="0-14")["value"] == 6_100
    # The whole stands beside its parts, so that they are never added up in its place.
    assert cell(table, "COM-86194", "population_par_age", sexe="", age="")["value"] == 90_240.5
    assert table.rejected["reason"].str.contains("catégorie sociale = 3").sum() == 1
    assert table.rejected["reason"].str.contains("niveau géographique « AAV2020 »").sum() == 1
    assert any("Lignes laissées de côté" in note for note in table.notes)


def test_incomes_with_their_secrets(write: Write, lawful: Lawful) -> None:
    rows = (
        '"200070035";"EPCI";"MED_SL";"EUR_YR";"0";"F";"A";"2023";"22140.0"',
        '"200070035";"EPCI";"PR_MD60";"PT";"0";"F";"A";"2023";"15.1"',
        '"86001";"COM";"MED_SL";"EUR_YR";"0";"C";"O";"2023";""',
        '"86002";"COM";"NUM_HH";"HH";"0";"F";"O";"2023";""',
        '"86003";"COM";"MED_SL";"EUR_YR";"0";"C";"A";"2023";"19000"',
        '"FM";"FRANCE";"MED_SL";"EUR_YR";"0";"F";"A";"2023";"23080"',
        '"86";"DEP";"D9_SL";"EUR_YR";"0";"F";"P";"2023";"38000"',
        '"75";"REG";"XX_SL";"EUR_YR";"0";"F";"A";"2023";"1"',
    )
    path = write("\n".join((FILOSOFI, *rows)), "DS_FILOSOFI_CC_2023_geo2025_data.csv")
    table = sources.read(path, format=FORMAT)
    lawful(table)
    median = cell(table, "EPCI-200070035", "revenu_median")
    assert (median["value"], median["geography"], median["obs_status"]) == (22_140, 2025, "A")
    secret = cell(table, "COM-86001", "revenu_median")
    assert np.isnan(float(str(secret["value"])))
    assert (secret["conf_status"], secret["high"]) == ("C", np.inf)
    assert np.isnan(float(str(cell(table, "COM-86003", "revenu_median")["value"])))
    missing = cell(table, "COM-86002", "menages_fiscaux")
    assert (missing["conf_status"], missing["obs_status"]) == ("F", "M")
    assert cell(table, "DEP-86", "revenu_d9")["obs_status"] == "P"
    assert sorted(table.rejected["value"]) == ["FM", "XX_SL"]


def test_the_code_may_hold_its_level_and_its_year(write: Write) -> None:
    content = (
        "GEO,POPREF_MEASURE,FREQ,TIME_PERIOD,OBS_VALUE\n"
        "2025-COM-86194,PMUN,A,2023,90240\n2025-EPCI-200070035,PMUN,A,2023,26641\n"
        "2025-FRANCE-F,PMUN,A,2023,68000000\n2025-ARR-861,PMUN,A,2023,5\n2025-COM-86194,PCAP,A,2023,2000\n"
    )
    table = sources.read(write(content), format=FORMAT)
    assert cell(table, "EPCI-200070035", "population_municipale")["value"] == 26_641
    assert set(table.observations["geography"]) == {2025}
    assert cell(table, "FRANCE", "population_municipale")["value"] == 68_000_000
    assert cell(table, "COM-86194", "population_comptee_a_part")["value"] == 2_000
    assert "« ARR »" in table.rejected["reason"].item()


def test_dwellings_are_told_by_their_occupation(write: Write, lawful: Lawful) -> None:
    rows = (
        "86082;COM;DWELLINGS;_T;_T;_T;_T;_T;2022;A;2600",
        "86082;COM;DWELLINGS;DW_MAIN;_T;_T;_T;_T;2022;A;2000",
        "86082;COM;DWELLINGS;DW_MAIN;100;_T;_T;_T;2022;A;1400",
        "86082;COM;DWELLINGS;DW_MAIN;_T;C0;_T;_T;2022;W;200",
        "86082;COM;DWELLINGS;DW_VAC;_T;_T;_T;_T;2022;A;310",
        "86082;COM;DWELLINGS;DW_MAIN;100;C0;_T;_T;2022;A;90",
        "86082;COM;DWELLINGS_POPSIZE;DW_MAIN;_T;_T;_T;_T;2022;A;4300",
    )
    table = sources.read(write("\n".join((HOUSING, *rows))), format=FORMAT)
    lawful(table)
    for measure, value in (
        ("logements", 2_600),
        ("residences_principales", 2_000),
        ("residences_principales_proprietaires", 1_400),
        ("menages_sans_voiture", 200),
        ("logements_vacants", 310),
    ):
        assert cell(table, "COM-86082", measure)["value"] == value
    assert cell(table, "COM-86082", "menages_sans_voiture")["obs_status"] == "W"
    assert table.n_rejected == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("GEO;GEO_OBJECT;BPE_MEASURE;TIME_PERIOD;OBS_VALUE\n86194;COM;FAC;2023;5\n", "quelle mesure"),
        ("GEO;GEO_OBJECT;RP_MEASURE;TIME_PERIOD;OBS_VALUE\n86194;COM;NUITS;2023;5\n", "NUITS"),
        ("GEO;GEO_OBJECT;RP_MEASURE;TIME_PERIOD\n86194;COM;POP;2023\n", "OBS_VALUE"),
        ("GEO_OBJECT;RP_MEASURE;TIME_PERIOD;OBS_VALUE\nCOM;POP;2023;5\n", "GEO"),
    ],
)
def test_a_file_that_is_not_one_is_refused(write: Write, content: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        sources.read(write(content), format=FORMAT)


def test_the_interface_names_the_value_otherwise(write: Write) -> None:
    content = (
        "GEO,POPREF_MEASURE,TIME_PERIOD,OBS_VALUE_NIVEAU\n2025-DEP-35,PMUN,2023,1114000\n2025-DEP-86,PMUN,2023,so\n"
    )
    table = sources.read(write(content), format=FORMAT)
    assert cell(table, "DEP-35", "population_municipale")["value"] == 1_114_000
    assert cell(table, "DEP-86", "population_municipale")["obs_status"] == "M"


def test_a_figure_in_thousands_is_multiplied(write: Write) -> None:
    header = "GEO;GEO_OBJECT;POPREF_MEASURE;UNIT_MULT;TIME_PERIOD;OBS_VALUE"
    content = f"{header}\n86;DEP;PMUN;3;2023;439.5\n79;DEP;PMUN;0;2023;5\n"
    table = sources.read(write(content), format=FORMAT)
    assert cell(table, "DEP-86", "population_municipale")["low"] == 439_500
    assert cell(table, "DEP-79", "population_municipale")["value"] == 5


def test_an_archive_of_the_catalogue_is_read_without_its_metadata(tmp_path: Path, melodi: Text) -> None:
    path = tmp_path / "DS_RP_POPULATION_PRINC_2023_CSV_FR.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("DS_RP_POPULATION_PRINC_2023_data.csv", melodi())
        archive.writestr("DS_RP_POPULATION_PRINC_2023_metadata.csv", "COD_VAR;LIB_VAR\nAGE;Âge\n")
    table = sources.read(path, format=FORMAT)
    assert cell(table, "COM-86194", "population_municipale")["value"] == 90_240.5


def test_a_national_file_is_read_in_seconds(write: Write) -> None:
    codes = [f"{dep:02d}{commune:03d}" for dep in range(21, 70) for commune in range(1, 101)]
    rows = [
        f'"{code}";"COM";"POP";"{sex}";"{age}";"2022";"{len(age) + int(code) % 90}"'
        for code in codes
        for sex in ("_T", "F", "M")
        for age in ("_T", "Y_LT15", "Y15T24", "Y25T54", "Y_GE55")
    ]
    path = write("\n".join(("GEO;GEO_OBJECT;RP_MEASURE;SEX;AGE;TIME_PERIOD;OBS_VALUE", *rows)))
    start = time.process_time()
    table = sources.read(path, format=FORMAT)
    assert time.process_time() - start < 5
    assert (table.n_rows, table.n_rejected) == (len(codes) * 15, 0)
