"""Members of EPCI by year, and lists of communes, in the layouts of their producers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from ctgeval import sources
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable

Write = Callable[..., Path]
Lawful = Callable[[SourceTable], None]

FORMAT = "geographie.appartenance"


def members(table: SourceTable) -> list[tuple[object, ...]]:
    columns = ["year", "commune", "epci", "dep", "reg"]
    return list(table.tables["appartenance"][columns].itertuples(index=False, name=None))


def test_a_table_of_several_years(write: Write, lawful: Lawful) -> None:
    text = (
        "annee_geo,CODGEO,LIBGEO,DEP,EPCI,LIBEPCI\n2012,86078,Civray,86,248600439,CC du Civraisien\n"
        "2017,86078,Civray,86,200070035,CC du Civraisien en Poitou\n2017,1001,Isolée,1,,\n"
    )
    table = sources.read(write(text), format=FORMAT)
    lawful(table)
    assert members(table) == [
        (2012, "COM-86078", "EPCI-248600439", "DEP-86", ""),
        (2017, "COM-86078", "EPCI-200070035", "DEP-86", ""),
        (2017, "COM-01001", "", "DEP-01", ""),
    ]
    assert table.observations.empty
    assert any("Communes sans EPCI : 1" in note for note in table.notes)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("CODGEO;LIBGEO;EPCI;LIBEPCI;DEP;REG", "2A004;Ajaccio;242010056;CA du Pays Ajaccien;2A;94"),
        ("REG;DEP;LIBEPCI;EPCI;LIBGEO;CODGEO", "94;2A;CA du Pays Ajaccien;242010056;Ajaccio;2A004"),
        ("dept;siren;raison_sociale;insee;nom_membre;REG", "2A;242010056;CA;2A004;Ajaccio;94"),
    ],
)
def test_one_year_takes_it_from_the_name_of_the_file_or_from_the_dossier(
    write: Write, lawful: Lawful, header: str, row: str
) -> None:
    path = write(f"{header}\n{row}\n", "epci_2018.csv", "utf-8-sig")
    table = sources.read(path, format=FORMAT)
    lawful(table)
    assert members(table) == [(2018, "COM-2A004", "EPCI-242010056", "DEP-2A", "REG-94")]
    assert members(sources.read(path, format=FORMAT, geography=2016))[0][0] == 2016
    with pytest.raises(SourceError, match="geographie = 2018"):
        sources.read(write(f"{header}\n{row}\n", "epci.csv"), format=FORMAT)


def test_no_epci_is_written_with_zeds(write: Write) -> None:
    text = "CODGEO;LIBGEO;EPCI;LIBEPCI;DEP;REG\n29083;Île-de-Sein;ZZZZZZZZZ;Sans objet;29;53\n"
    assert members(sources.read(write(text, "e2020.csv"), format=FORMAT)) == [
        (2020, "COM-29083", "", "DEP-29", "REG-53")
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2017,86078,Civray,86,2.0007E+08,CC", "tableur"),
        ("2017,86078,Civray,86,86078,CC", "commune, pas un EPCI"),
        ("20017,86078,Civray,86,200070035,CC", "année lisible"),
        ("2017,86400X,Civray,86,200070035,CC", "pas un code de commune"),
    ],
)
def test_damaged_codes_are_rejected(write: Write, lawful: Lawful, row: str, reason: str) -> None:
    header = "annee_geo,CODGEO,LIBGEO,DEP,EPCI,LIBEPCI\n"
    table = sources.read(write(f"{header}{row}\n2017,86079,X,86,200070035,CC\n"), format=FORMAT)
    lawful(table)
    assert (table.n_accepted, table.n_rejected) == (1, 1)
    assert reason in table.rejected["reason"][0]


def test_a_commune_in_two_epci_is_in_none(write: Write, lawful: Lawful) -> None:
    text = (
        "annee_geo,CODGEO,LIBGEO,DEP,EPCI,LIBEPCI\n2017,86078,Civray,86,200070035,CC\n"
        "2017,86078,Civray,86,200070043,CC\n2016,86078,Civray,86,200043636,CC\n2016,86078,Civray,86,200043636,CC\n"
    )
    table = sources.read(write(text), format=FORMAT)
    lawful(table)
    assert [row[:3] for row in members(table)] == [(2016, "COM-86078", "EPCI-200043636")]
    assert table.n_rejected == 3


def test_only_current_communes_are_kept_from_a_list(write: Write, lawful: Lawful) -> None:
    text = (
        "code,nom,departement,region,type\n86082,Valence-en-Poitou,86,75,commune-actuelle\n"
        "86082,Couhé,,,commune-deleguee\n13201,Marseille 1er,13,93,arrondissement-municipal\n"
    )
    table = sources.read(write(text, "communes_2026.csv"), format="geographie.communes")
    lawful(table)
    assert members(table) == [(2026, "COM-86082", "", "DEP-86", "REG-75")]
    official = "TYPECOM,COM,REG,DEP,NCC,LIBELLE\nCOM,86082,75,86,VALENCE,Valence\nCOMD,86043,75,86,CEAUX,Ceaux\n"
    table = sources.read(write(official, "v_commune_2021.csv"), format="geographie.communes")
    assert members(table) == [(2021, "COM-86082", "", "DEP-86", "REG-75")]


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_the_workbook_of_insee_reads_as_its_csv(tmp_path: Path, lawful: Lawful, suffix: str) -> None:
    header = ("CODGEO", "LIBGEO", "EPCI", "LIBEPCI", "DEP", "REG")
    rows = [
        ("01001", "L’Abergement-Clémenciat", "200069193", "CC de la Dombes", "01", "84"),
        ("29083", "Île-de-Sein", "ZZZZZZZZZ", "Sans objet", "29", "53"),
        ("86X78", "Civray", "200070035", "CC du Civraisien en Poitou", "86", "75"),
    ]
    path = tmp_path / f"Intercommunalite_Metropole_au_01-01-2021.{suffix}"
    if suffix == "csv":
        path.write_text("\n".join(";".join(row) for row in (header, *rows)), encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        book.active.title = "EPCI"
        book.active.append(["EPCI", "LIBEPCI", "NB_COM"])
        book.active.append(["200069193", "CC de la Dombes", 36])
        sheet = book.create_sheet("Composition_communale")
        for row in (["Composition communale"], ["Mise en ligne le 11/05/2021"], [], ["Code", None], header, *rows):
            sheet.append(row)
        book.save(path)
    table = sources.read(path, format=FORMAT)
    lawful(table)
    assert members(table) == [
        (2021, "COM-01001", "EPCI-200069193", "DEP-01", "REG-84"),
        (2021, "COM-29083", "", "DEP-29", "REG-53"),
    ]
    assert table.rejected["value"].tolist() == ["86X78"]
    assert table.rejected["sheet"].tolist() == ["Composition_communale" if suffix == "xlsx" else ""]


def test_a_workbook_without_the_columns_is_one_clear_error(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Code", "Nom"])
    book.save(tmp_path / "autre_2020.xlsx")
    with pytest.raises(SourceError, match="CODGEO"):
        sources.read(tmp_path / "autre_2020.xlsx", format=FORMAT)


@pytest.mark.parametrize("name", ["", "CODGEO", "EPCI"])
def test_a_required_column_that_is_gone_is_one_clear_error(write: Write, name: str) -> None:
    header = "annee_geo,CODGEO,LIBGEO,DEP,EPCI,LIBEPCI"
    text = header.replace(name, "AUTRE") if name else "a,b\n"
    with pytest.raises(SourceError) as caught:
        sources.read(write(f"{text}\n2017,86078,Civray,86,200070035,CC\n"), format=FORMAT)
    assert caught.value.problem.remedy


def test_the_real_files(real_data: Path, lawful: Lawful) -> None:
    folder = real_data / "geo"
    table = sources.read(folder / "appartenance_epci_2008_2024.csv.gz", format=FORMAT)
    assert (table.n_rows, table.n_accepted) == (129_139, 129_139)
    rows = table.tables["appartenance"]
    assert rows["dep"].nunique() == 23
    civray = rows[rows["commune"].eq("COM-86078")].set_index("year")["epci"]
    assert civray[[2012, 2014, 2017]].tolist() == ["EPCI-248600439", "EPCI-200043636", "EPCI-200070035"]
    communes = sources.read(folder / "communes_2026.csv.gz", format="geographie.communes")
    assert (communes.n_rows, communes.n_accepted, communes.n_rejected) == (37_590, 34_969, 2_621)
    members_2024 = sources.read(folder / "epci_membres_2024.csv.gz", format=FORMAT)
    rows = members_2024.tables["appartenance"]
    assert rows["epci"].eq("EPCI-200070035").sum() == 35
