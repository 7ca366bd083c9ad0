from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval import observations, sources
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable

FORMAT = "insee.comparateur"
Write = Callable[..., Path]
Text = Callable[..., str]
Lawful = Callable[[SourceTable], None]


def value(table: SourceTable, geo: str, measure: str, period: str) -> float:
    rows = table.observations
    rows = rows[(rows["geo"] == geo) & (rows["measure"] == measure) & (rows["time_period"] == period)]
    return float(rows["value"].item())


def test_a_vintage_to_come(write: Write, comparateur: Text, lawful: Lawful) -> None:
    table = sources.read(write(comparateur()), format=FORMAT, key="cc")
    lawful(table)
    assert table.format == FORMAT
    assert observations.check(table.observations) == []
    for measure, period, expected in (
        ("population_municipale", "2023", 225_081),
        ("population_municipale", "2017", 216_815),
        ("naissances_entre_recensements", "2023", 15_000),
        ("naissances", "2025", 2_900),
        ("revenu_median", "2023", 22_000),
        ("etablissements", "2024", 9_000),
        ("superficie_km2", "2023", 50.4),
    ):
        assert value(table, "COM-35238", measure, period) == expected
    hidden = table.observations[table.observations["geo"].eq("COM-01001") & table.observations["value"].isna()]
    assert set(hidden["measure"]) == {"revenu_median", "taux_pauvrete"}
    assert set(hidden["conf_status"]) == {"C"}


def test_a_column_that_is_not_known_is_told(write: Write, comparateur: Text) -> None:
    text = comparateur().replace("P23_EMPLT", "P23_NOUVEAU")
    table = sources.read(write(text), format=FORMAT)
    assert any(note == "Colonnes que ce format ne lit pas : P23_NOUVEAU." for note in table.notes)
    assert "emplois" not in set(table.observations["measure"])


@pytest.mark.parametrize(("codes", "name", "geos"), [
    (("200070035", "243500139"), "base_cc_comparateur_EPCI.csv", ["EPCI-200070035", "EPCI-243500139"]),
    (("86", "2A"), "base_cc_comparateur.csv", ["DEP-86", "DEP-2A"]),
    (("75", "53"), "base_cc_comparateur_REG.csv", ["REG-75", "REG-53"]),
])  # fmt: skip
def test_other_levels(write: Write, codes: tuple[str, ...], name: str, geos: list[str]) -> None:
    content = "CODGEO;P23_POP\n" + "".join(f"{code};1000.5\n" for code in codes)
    assert sources.read(write(content, name), format=FORMAT).observations["geo"].tolist() == geos


def test_a_commune_deleguee_is_left_out_even_when_types_are_not_told(write: Write, lawful: Lawful) -> None:
    content = "insee_com,insee_parente,population_2023\n86082,,4368\n86043,86082,4368\n86194,,90240\n"
    table = sources.read(write(content), format=FORMAT)
    lawful(table)
    assert table.observations["geo"].tolist() == ["COM-86082", "COM-86194"]
    assert "partie d’une commune" in table.rejected["reason"].item()


def test_a_commune_deleguee_is_left_out_even_when_nothing_tells_it(write: Write, lawful: Lawful) -> None:
    content = "insee_com,population_2023\n86082,4368\n86043,4368\n85165,1000\n"
    table = sources.read(write(content), format=FORMAT)
    lawful(table)
    # L'Oie (85165), merged in 2016, was restored in 2024.
    assert table.observations["geo"].tolist() == ["COM-86082", "COM-85165"]
    assert "n’existe plus depuis 2019" in table.rejected["reason"].item()
    assert "COM-86082" in table.rejected["reason"].item()
    before = sources.read(write(content.replace("2023", "2017")), format=FORMAT)
    assert "COM-86043" in set(before.observations["geo"])


def test_a_vanished_population_is_one_error(write: Write) -> None:
    with pytest.raises(SourceError, match="population"):
        sources.read(write("CODGEO;P23_MEN\n86194;5\n"), format=FORMAT)


def test_every_variable_of_the_real_file_is_a_measure(real_data: Path) -> None:
    with (real_data / "insee" / "base_cc_comparateur_2022_variables.csv").open(encoding="utf-8-sig") as stream:
        names = [row["COD_VAR"] for row in csv.DictReader(stream, delimiter=";") if row["TYPE_VAR"] == "NUM"]
    assert len(names) == 32
    table = sources.read(real_data / "insee" / "base_cc_comparateur_2022.csv.gz", format=FORMAT)
    assert not any("ne lit pas" in note for note in table.notes)
    facts = table.observations.drop_duplicates(["measure", "time_period"])
    assert len(facts) == len(names)
    assert table.observations["geo"].str.startswith("COM-86").sum() == 266 * len(names)
    poverty = table.observations[table.observations["measure"].eq("taux_pauvrete")]
    # 30,642 rows of the file have none, and none of the arrondissements that are left out is among them.
    assert poverty["value"].isna().sum() == poverty["conf_status"].eq("C").sum() == 30_642
