from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ctgeval import observations, sources
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable
from ctgeval.territory import reference

FORMAT = "caf.taux_couverture"
Write = Callable[..., Path]
Text = Callable[..., str]
Lawful = Callable[[SourceTable], None]


def rate(table: SourceTable, code: str, year: str, measure: str = "taux_couverture_global") -> float:
    rows = table.observations
    rows = rows[(rows["geo"] == f"COM-{code}") & (rows["time_period"] == year) & (rows["measure"] == measure)]
    return float(rows["value"].item())


def read(write: Write, content: str, **options: object) -> SourceTable:
    return sources.read(write(content), format=FORMAT, key="caf", **options)  # type: ignore[arg-type]


def test_a_small_file_is_read_whole(write: Write, caf: Text, lawful: Lawful) -> None:
    table = read(write, "\ufeff" + caf())
    lawful(table)
    assert (table.n_rows, table.n_rejected, table.encoding, table.separator, table.decimal) == (
        3,
        0,
        "utf-8-sig",
        ";",
        ".",
    )
    assert len(table.observations) == 3 * 8
    assert rate(table, "06161", "2021") == 58.8
    assert rate(table, "86194", "2017") == 60.6
    assert table.observations["geography"].isna().all()
    assert observations.check(table.observations) == []
    assert any("10 000 habitants" in note for note in table.notes)


def test_labels_written_in_full_are_the_same_columns(write: Write, caf: Text) -> None:
    abridged = read(write, caf())
    full = read(write, caf().replace("Taux de couv ", "Taux de couverture "))
    assert full.observations.equals(abridged.observations)


def test_the_year_of_codes_is_what_the_dossier_says(write: Write, caf: Text) -> None:
    assert read(write, caf(), geography=2022).observations["geography"].eq(2022).all()


def test_a_rate_over_100_is_possible_and_a_blank_is_missing(write: Write, caf: Text) -> None:
    table = read(write, caf("2021;86194;P;90;18;108;3;26;1;27;138.0", "2021;86066;C;;;;;;;;"))
    assert rate(table, "86194", "2021") == 138
    blank = table.observations[table.observations["geo"] == "COM-86066"]
    assert blank["value"].isna().all()
    assert (blank["low"].eq(0) & np.isinf(blank["high"])).all()
    assert (blank["obs_status"].eq("M") & blank["conf_status"].eq("F")).all()
    assert table.n_accepted == 2


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("2021;86194;P;-1;2;1;3;26;1;27;31.0", ("Taux de couv EAJE PSU", "-1", "négative")),
        ("2021;86194;P;NaN;2;1;3;26;1;27;31.0", ("Taux de couv EAJE PSU", "NaN", "fini")),
        ("2021;86194;P;1;inf;1;3;26;1;27;31.0", ("Taux de couv hors EAJE PSU", "inf", "fini")),
        ("2021;8.6E+4;P;1;2;3;3;26;1;27;33.0", ("Numéro commune", "8.6E+4", "")),
        ("2021;200070035;P;1;2;3;3;26;1;27;33.0", ("Numéro commune", "200070035", "")),
        ("hier;86194;P;1;2;3;3;26;1;27;33.0", ("Date référence", "hier", "année")),
        ("2021;86194;P;1;2;3", ("", "2021;86194;P;1;2;3", "6 cellules")),
    ],
)
def test_a_faulty_row_is_told_with_its_line(
    write: Write, caf: Text, lawful: Lawful, row: str, fault: tuple[str, str, str]
) -> None:
    good = "2020;86041;B;20.5;2.0;22.5;3.0;26.0;1.6;27.6;53.1"
    table = read(write, caf(good, row))
    lawful(table)
    column, value, said = fault
    told = table.rejected.iloc[0]
    assert (told["file"], told["row"], told["column"], told["value"]) == ("fichier.csv", 3, column, value)
    assert said in told["reason"]
    assert table.n_accepted == 1


def test_rows_given_twice(write: Write, caf: Text, lawful: Lawful) -> None:
    row = "2021;86194;POITIERS;20.5;2.0;22.5;3.0;26.0;1.6;27.6;53.1"
    same = read(write, caf(row, row.replace("POITIERS", "Poitiers")))
    lawful(same)
    assert (same.n_accepted, same.rejected["row"].tolist()) == (1, [3])
    assert "répète la ligne 2" in same.rejected["reason"].item()
    other = read(write, caf(row, row.replace("53.1", "53.2")))
    lawful(other)
    assert (other.n_accepted, other.rejected["row"].tolist()) == (0, [2, 3])
    assert other.rejected["reason"].str.contains("valeurs différentes").all()


def test_a_code_that_exists_nowhere_is_rejected_when_a_reference_is_given(
    write: Write, caf: Text, lawful: Lawful
) -> None:
    rows = (
        "2021;86999;X;1;2;3;3;26;1;27;33.0",
        "2017;86999;X;1;2;3;3;26;1;27;33.0",
        "2017;86043;Couhé;1;2;3;3;26;1;27;33",
    )
    table = read(write, caf(*rows, "2021;13202;M;1;2;3;3;26;1;27;33.0"), reference=reference.load())
    lawful(table)
    assert table.rejected["row"].tolist() == [2, 3]
    assert table.rejected["reason"].str.contains("aucune géographie").all()
    assert set(table.observations["geo"]) == {"COM-86043", "COM-13202"}
    assert any("arrondissement de Paris" in note for note in table.notes)


def test_a_broken_identity_is_told(write: Write, caf: Text) -> None:
    table = read(write, caf("2021;86194;P;20.5;2.0;22.5;3.0;26.0;1.6;27.6;60.0"))
    assert any("écartent de plus de 0,7" in note and "lignes 2" in note for note in table.notes)
    assert table.n_rejected == 0


def test_a_missing_column_stops_the_reading(write: Write, caf: Text) -> None:
    with pytest.raises(SourceError, match="Taux de couv global") as caught:
        read(write, caf().replace("Taux de couv global", "Taux de couv globale"))
    assert "globale" in caught.value.problem.remedy


def test_both_real_exports(real_data: Path, lawful: Lawful) -> None:
    first = sources.read(real_data / "caf" / "txcouv_pe_com_2017_2021.csv", format=FORMAT, key="caf")
    second = sources.read(real_data / "caf" / "txcouv_pe_com_2021_autre_export.csv", format=FORMAT, key="caf")
    for table, rows in ((first, 5_022), (second, 1_045)):
        lawful(table)
        assert (table.n_rows, table.n_rejected) == (rows, 0)
        assert len(table.observations) == rows * 8
        assert any("écart maximal 0,7 point" in note for note in table.notes)
        assert any(note.startswith("45 codes") for note in table.notes)
    for code, before, after in (("86194", 60.6, 53.1), ("86066", 54.1, 46.3), ("86041", 77.1, 62.6)):
        assert (rate(first, code, "2017"), rate(first, code, "2021")) == (before, after)
        assert rate(second, code, "2021") == after
    wide = first.observations[first.observations["measure"] == "taux_couverture_global"]
    means = wide.groupby("time_period")["value"].mean().round(1)
    assert (means["2017"], means["2021"]) == (59.5, 59.1)
    assert first.observations.loc[first.observations["value"].isna(), "origin"].nunique() == 2
    assert "COM-06161" in set(first.observations["geo"])


def test_the_real_codes_exist(real_data: Path) -> None:
    table = sources.read(real_data / "caf" / "txcouv_pe_com_2017_2021.csv", format=FORMAT, reference=reference.load())
    assert table.rejected.to_dict("records") == []


def test_repeated_headers_of_another_schema_are_told(real_data: Path) -> None:
    with pytest.raises(SourceError, match="Date référence"):
        sources.read(real_data / "messy" / "caf_txcouv_2014_entetes_repetes.csv", format=FORMAT)


@pytest.mark.parametrize(
    ("content", "geo", "measures"),
    [
        (
            "annee;numepci;nomepci;numdep;txcouv_epci;txcouv_psu_col_epci;txcouv_eaje_epci\n2023;200070035;X;86;61.5;9.0;10.5",
            "EPCI-200070035",
            {"taux_couverture_global": 61.5, "taux_couverture_eaje_psu": 9.0, "taux_couverture_eaje": 10.5},
        ),
        (
            "Date référence;Numéro Département;Nom Département;Taux de couv global\n2022-12-31;86;VIENNE;62,1\n",
            "DEP-86",
            {"taux_couverture_global": 62.1},
        ),
    ],
)
def test_other_levels_have_their_own_exports(write: Write, content: str, geo: str, measures: dict[str, float]) -> None:
    rows = sources.read(write(content), format=FORMAT).observations
    assert set(rows["geo"]) == {geo}
    assert dict(zip(rows["measure"], rows["value"], strict=True)) == measures


def test_a_file_by_commune_that_has_lost_its_codes_is_not_one_of_epcis(write: Write) -> None:
    content = "Date référence;Numéro;Nom commune;Numéro EPCI;Taux de couv global\n2022;86194;POITIERS;200069854;53.1\n"
    with pytest.raises(SourceError, match="Numéro commune"):
        sources.read(write(content), format=FORMAT)
