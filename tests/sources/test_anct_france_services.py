from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval import observations, sources
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable
from ctgeval.territory import reference

FORMAT = "anct.france_services"
Write = Callable[..., Path]
Text = Callable[..., str]
Lawful = Callable[[SourceTable], None]


def read(write: Write, content: str, name: str = "france_services_2022.csv", **options: object) -> SourceTable:
    return sources.read(write(content, name), format=FORMAT, key="fs", **options)  # type: ignore[arg-type]


def counts(table: SourceTable) -> dict[str, float]:
    rows = table.observations
    return dict(zip(rows["geo"].tolist(), rows["value"].tolist(), strict=True))


def test_places_are_counted_by_commune_and_dates_put_in_one_form(write: Write, services: Text, lawful: Lawful) -> None:
    table = read(write, services())
    lawful(table)
    assert (table.n_rows, table.n_rejected) == (4, 0)
    assert counts(table) == {"COM-01033": 1, "COM-75056": 1, "COM-86194": 2}
    assert table.observations["time_period"].eq("2022").all()
    assert observations.check(table.observations) == []
    rows = table.tables["services"]
    assert rows["labellisation"].tolist() == ["2020-01", "2020-09-01", "2021-01-15", "2022-03-01"]
    assert rows["geo"].tolist()[3] == "COM-75112"
    assert any("comptées dans leur commune" in note for note in table.notes)


def test_a_later_list_with_other_headers_is_read_without_its_contacts(write: Write) -> None:
    content = (
        '"id_fs","insee_dep","lib_fs","insee_com","lib_com","mail","telephone","h_lundi","labellisation_fs"\n'
        '"1","01","FS","01033","Valserhône","a@b.fr","0450568749","9h","Espace labellisé 01/01/2020"\n'
    )
    table = read(write, content, "liste-fs-20240801.csv")
    assert table.observations["time_period"].tolist() == ["2024"]
    rows = table.tables["services"]
    assert not {"mail", "telephone"} & set(rows.columns)
    assert rows["h_lundi"].tolist() == ["9h"]
    assert any("mail, telephone" in note for note in table.notes)


def test_the_year_is_that_of_the_last_label_when_the_name_does_not_say(write: Write, services: Text) -> None:
    table = read(write, services(), "fichier.csv")
    assert table.observations["time_period"].eq("2022").all()
    assert any("dernière labellisation (2022)" in note for note in table.notes)
    with pytest.raises(SourceError, match="année de la liste"):
        read(write, services("1,86,FS,86194,POITIERS,FS,"), "fichier.csv")


def test_a_wrong_code_gives_way_to_the_name_of_the_commune(write: Write, services: Text, lawful: Lawful) -> None:
    rows = (
        "1,14,FS,14771,PONT D'OUILLY,FS,Espace labellisé 01/2020",
        "2,19,FS,19927,BRIVE,FS,Espace labellisé 01/2020",
        "3,2B,FS,2B10,PONTE-LECCIA,FS,Espace labellisé 01/2020",
        "4,86,FS,8.6194E+04,POITIERS,FS,le 32/13/2020",
    )
    table = read(write, services(*rows), reference=reference.load())
    lawful(table)
    assert counts(table) == {"COM-14764": 1, "COM-86194": 1}
    assert table.rejected["row"].tolist() == [3, 4]
    assert any("14771 lu COM-14764" in note for note in table.notes)
    assert any("illisibles" in note and "lignes 5" in note for note in table.notes)
    assert read(write, services(*rows)).rejected["row"].tolist() == [4, 5]


def test_the_same_place_twice(write: Write, services: Text, lawful: Lawful) -> None:
    row = "1,86,FS,86194,POITIERS,FS,Espace labellisé 01/2020"
    table = read(
        write, services(row, row, row.replace("1,", "2,", 1), row.replace("86194", "86041").replace("1,", "2,", 1))
    )
    lawful(table)
    # Place 2 is said to be in two communes: nobody knows whether Poitiers has one place or two.
    assert table.observations[["geo", "low", "high"]].to_numpy().tolist() == [["COM-86194", 1.0, math.inf]]
    assert table.observations["value"].isna().all()
    assert table.rejected["row"].tolist() == [3, 4, 5]


def test_the_real_list(real_data: Path, lawful: Lawful) -> None:
    known = reference.load()
    path = real_data / "actions" / "france_services_2021.csv"
    table = sources.read(path, format=FORMAT, key="fs", reference=known)
    assert (table.n_rows, table.n_accepted, table.n_rejected) == (908, 906, 2)
    assert set(table.rejected["value"]) == {"19927", "2B10"}
    rows = table.tables["services"]
    assert rows["labellisation"].value_counts().to_dict() == {
        "2020-01": 486,
        "2020-09-01": 326,
        "2020-02": 71,
        "2020-01-01": 19,
        "2020-02-01": 4,
    }
    found = counts(table)
    assert sum(found.values()) == 906
    # A national list: a commune that it does not name has no such place, the Civraisien among them.
    ours = [found[geo] for geo in known.members("EPCI-200070035", 2021)]
    assert (len(ours), sum(ours)) == (36, 0)
    assert sum(value for geo, value in found.items() if geo.startswith("COM-86")) == 4
    assert found["COM-75056"] == 6
    assert not any(geo.startswith(("COM-19", "COM-2B")) and not value for geo, value in found.items())
    assert observations.check(table.observations) == []
    without = sources.read(path, format=FORMAT, key="fs")
    lawful(without)
    assert (without.n_accepted, without.n_rejected) == (906, 2)


def test_a_table_of_communes_is_no_list_of_places(write: Write) -> None:
    with pytest.raises(SourceError, match="lib_france_services"):
        sources.read(write("code_insee;lib_com;taux\n86194;POITIERS;12\n", "taux_2021.csv"), format=FORMAT)
