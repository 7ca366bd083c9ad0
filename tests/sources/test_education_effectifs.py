from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ctgeval import observations, sources
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable
from ctgeval.territory import reference

FORMAT = "education.effectifs"
Write = Callable[..., Path]
Text = Callable[..., str]
Lawful = Callable[[SourceTable], None]


def read(write: Write, content: str, **options: object) -> SourceTable:
    options.setdefault("reference", reference.load())
    return sources.read(write(content), format=FORMAT, key="education", **options)  # type: ignore[arg-type]


def value(table: SourceTable, measure: str, geo: str, period: str) -> float:
    rows = table.observations
    chosen = rows["measure"].eq(measure) & rows["geo"].eq(geo) & rows["time_period"].eq(period)
    return float(rows.loc[chosen, "value"].item())


def test_schools_are_added_up_by_commune_and_school_year(write: Write, schools: Text, lawful: Lawful) -> None:
    table = read(write, "\ufeff" + schools())
    lawful(table)
    assert (table.n_rows, table.n_rejected) == (4, 0)
    assert value(table, "eleves_premier_degre", "COM-86194", "2022-2023") == 150
    assert value(table, "classes_premier_degre", "COM-86194", "2022-2023") == 6
    assert value(table, "ecoles_premier_degre", "COM-86194", "2022-2023") == 2
    assert value(table, "eleves_ulis", "COM-86194", "2022-2023") == 5
    assert value(table, "eleves_premier_degre", "COM-86194", "2021-2022") == 98
    assert value(table, "eleves_preelementaire", "COM-86244", "2022-2023") == 12
    rows = table.observations[table.observations["geo"].eq("COM-86194")]
    assert dict(zip(rows["time_period"], rows["geography"], strict=True)) == {"2021-2022": 2021, "2022-2023": 2022}
    kept = table.tables["ecoles"]
    assert kept["ecole_id"].tolist() == ["0860001A", "0860002B", "0860001A", "0860003C"]
    assert kept["eleves_premier_degre"].tolist() == [100, 50, 98, 30]
    assert observations.check(table.observations) == []
    assert any("aucun écart" in note for note in table.notes)


@pytest.mark.parametrize(
    ("dep", "name", "code"),
    [
        ("VIENNE", "ST GERVAIS LES TROIS CLOCHERS", "86224"),
        ("vienne", "Trimouille (La)", "86273"),
        ("86", "TRIMOUILLE", "86273"),
        ("Côtes-d’Armor", "PLŒUC L’HERMITAGE", "22203"),
        ("LA REUNION", "L ETANG SALE", "97404"),
        ("REUNION", "L'ÉTANG-SALÉ", "97404"),
        ("CORSE DU SUD", "AJACCIO", "2A004"),
        ("PARIS", "PARIS 12E ARRONDISSEMENT", "75056"),
        ("BOUCHES-DU-RHONE", "MARSEILLE  1ER  ARRONDISSEMENT", "13055"),
        ("MEURTHE ET MOSELLE", "STE-GENEVIEVE", "54474"),
        ("VIENNE", "SAINT-MACOUX", "86231"),
    ],
)
def test_a_commune_is_found_by_its_name(write: Write, schools: Text, dep: str, name: str, code: str) -> None:
    table = read(write, schools(f"2024;{dep};{name};0000001A;PUBLIC;1;20;8;12;0"))
    assert table.rejected.to_dict("records") == []
    assert set(table.observations["geo"]) == {f"COM-{code}"}


def test_an_old_name_keeps_the_year_that_had_it(write: Write, schools: Text) -> None:
    table = read(write, schools("2025;VIENNE;SAINT-MACOUX;0860001A;PUBLIC;1;20;8;12;0"))
    assert set(table.observations["geo"]) == {"COM-86231"}
    assert table.observations["geography"].eq(2023).all()
    assert any("rentrée 2025 : 2023" in note for note in table.notes)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("2022;VIENNE;POITIER;0860009Z;PUBLIC;1;20;8;12;0", ("Commune", "COM-86194 (Poitiers)")),
        ("2022;VIENE;POITIERS;X;PUBLIC;1;20;8;12;0", ("Commune", "département")),
        ("2022;VIENNE;;0860009Z;PUBLIC;1;20;8;12;0", ("Commune", "manque")),
        ("hier;VIENNE;POITIERS;0860009Z;PUBLIC;1;20;8;12;0", ("Rentrée scolaire", "année")),
        ("2021-2023;VIENNE;POITIERS;0860009Z;PUBLIC;1;20;8;12;0", ("Rentrée scolaire", "année")),
        ("2022;VIENNE;POITIERS;0860009Z;PUBLIC;1;-20;8;12;0", ("Nombre total d'élèves", "négative")),
        ("2022;VIENNE;POITIERS;0860009Z;PUBLIC;1;;8;12;0", ("Nombre total d'élèves", "vide")),
        ("2022;VIENNE;POITIERS;0860001A;PUBLIC;9;90;8;12;0", ("Numéro de l'école", "même identifiant")),
    ],
)
def test_a_faulty_school_is_told(write: Write, schools: Text, lawful: Lawful, row: str, fault: tuple[str, str]) -> None:
    table = read(write, schools("2022;VIENNE;POITIERS;0860001A;PUBLIC;4;100;40;55;5", row))
    lawful(table)
    told = table.rejected[table.rejected["row"] == 3].iloc[0]
    assert told["column"] == fault[0]
    assert fault[1] in told["reason"]


def test_two_communes_of_one_name_are_not_chosen_between(write: Write, schools: Text) -> None:
    rows = (
        "2022;CHARENTE-MARITIME;VERGNE;0170001A;PUBLIC;1;20;8;12;0",
        "2022;CHARENTE-MARITIME;LA VERGNE;0170002A;PUBLIC;1;21;8;12;0",
        "2022;CHARENTE-MARITIME;LE VERGNE;0170003A;PUBLIC;1;22;8;12;0",
    )
    table = read(write, schools(*rows))
    assert value(table, "eleves_premier_degre", "COM-17464", "2022-2023") == 20
    assert value(table, "eleves_premier_degre", "COM-17465", "2022-2023") == 21
    reason = table.rejected["reason"].item()
    assert "Plusieurs communes" in reason
    assert "COM-17464" in reason
    assert "COM-17465" in reason


def test_a_school_tells_its_departement_when_no_column_does(write: Write, schools: Text) -> None:
    table = read(write, schools().replace("Département;", "Zone;").replace("VIENNE;", "B;"))
    assert value(table, "eleves_premier_degre", "COM-86194", "2022-2023") == 150


def test_technical_headers_and_codes_read_without_a_geography(write: Write, coded_schools: Text) -> None:
    content = (
        "rentree_scolaire,code_commune,commune,numero_ecole,nombre_total_eleves,nouveau\n"
        "Rentrée 2026,1004,AMBERIEU,0010001A,12,x\n"
    )
    table = sources.read(write(content), format=FORMAT)
    assert value(table, "eleves_premier_degre", "COM-01004", "2026-2027") == 12
    assert table.tables["ecoles"]["nouveau"].tolist() == ["x"]
    assert sum(note.startswith("Colonne absente") for note in table.notes) == 4


def test_names_alone_need_a_geography(write: Write, schools: Text) -> None:
    with pytest.raises(SourceError, match="géographie"):
        sources.read(write(schools()), format=FORMAT)


def test_parts_that_do_not_make_the_whole_are_told(write: Write, schools: Text) -> None:
    table = read(write, schools("2022;VIENNE;POITIERS;0860001A;PUBLIC;4;100;40;55;4"))
    assert any("1 lignes s’en écartent (2)" in note for note in table.notes)


def test_the_real_file(real_data: Path, lawful: Lawful) -> None:
    path = real_data / "education" / "fr-en-ecoles-effectifs-nb_classes_35_2019_2022.csv"
    table = sources.read(path, format=FORMAT, key="education", reference=reference.load())
    lawful(table)
    assert (table.n_rows, table.n_accepted, table.n_rejected) == (2_704, 2_696, 8)
    assert table.encoding == "utf-8-sig"
    # The commune took another name in 2021: « Saint-Père » is refused, with the name that it has now.
    assert set(table.rejected["value"]) == {"SAINT-PERE"}
    assert table.rejected["reason"].str.contains("COM-35306").all()
    rows = table.tables["ecoles"]
    assert rows["annee_scolaire"].value_counts().sort_index().tolist() == [675, 674, 674, 673]
    pupils = table.observations[table.observations["measure"].eq("eleves_premier_degre")]
    assert pupils.groupby("time_period")["value"].sum().tolist() == [111_419, 110_114, 108_629, 107_497]
    assert pupils["geo"].nunique() == 293
    assert not np.isnan(pupils["value"]).any()
    rennes = pupils[pupils["geo"].eq("COM-35238")].sort_values("time_period")
    expected = rows[rows["geo"].eq("COM-35238")].groupby("annee_scolaire")["eleves_premier_degre"].sum()
    assert rennes["value"].tolist() == expected.tolist()
