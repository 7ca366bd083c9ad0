"""Events of communes as three producers tell them: tables de passage, Insee's list, and a history in JSON."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ctgeval import sources
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable

Write = Callable[..., Path]
Lawful = Callable[[SourceTable], None]

PASSAGES = "cog_avant,cog_apres,code_avant,code_apres,date_effet,typemodif,ratio\n"
MOVES = "MOD,DATE_EFF,TYPECOM_AV,COM_AV,TNCC_AV,NCC_AV,TYPECOM_AP,COM_AP,TNCC_AP,NCC_AP\n"


def events(table: SourceTable) -> list[tuple[str, str, str, str]]:
    rows = table.tables["evenements"]
    rows = rows[rows["kind"].ne("")].assign(effective=rows["effective"].dt.date.astype(str))
    return sorted(rows[["effective", "code_before", "code_after", "kind"]].itertuples(index=False, name=None))


def test_a_passage_takes_effect_in_its_geography_whatever_the_date_of_the_decree(write: Write, lawful: Lawful) -> None:
    text = PASSAGES + (
        "2018,2019,86043,86082,2018-11-22,f,1\n2018,2019,86082,86082,2018-11-22,f,1\n"
        "2023,2024,85084,85084,01/01/2024,d,0.7\n2023,2024,85084,85165,01/01/2024,d,0.3\n"
        "2023,2024,1001,1002,2023-12-30,c,1\n"
    )
    table = sources.read(write(text), format="geographie.passages")
    lawful(table)
    assert events(table) == [
        ("2019-01-01", "COM-86043", "COM-86082", "fusion"),
        ("2019-01-01", "COM-86082", "COM-86082", "fusion"),
        ("2024-01-01", "COM-01001", "COM-01002", "changement_de_code"),
        ("2024-01-01", "COM-85084", "COM-85084", "scission"),
        ("2024-01-01", "COM-85084", "COM-85165", "scission"),
    ]
    assert table.tables["evenements"]["share"].fillna(-1).tolist() == [-1, -1, 0.7, 0.3, -1]
    assert any("1er janvier de sa géographie d’arrivée" in note for note in table.notes)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2018,2017,86043,86082,2018-11-22,f,1", "pas après celle de départ"),
        ("2018,deux mille,86043,86082,2018-11-22,f,1", "année lisible"),
        ("2018,2019,86043,8.6E+04,2018-11-22,f,1", "tableur"),
        ("2018,2019,86043,86082,2018-11-22,x,1", "ni f"),
        ("2018,2019,86043,86082,2018-11-22,d,1.7", "supérieure à 1"),
    ],
)
def test_a_passage_that_says_something_impossible_is_rejected(
    write: Write, lawful: Lawful, row: str, reason: str
) -> None:
    table = sources.read(write(PASSAGES + row + "\n2018,2019,86067,86082,,f,1\n"), format="geographie.passages")
    lawful(table)
    assert (table.n_accepted, table.n_rejected) == (1, 1)
    assert reason in table.rejected["reason"][0]


def test_shares_that_do_not_make_one_are_told(write: Write) -> None:
    text = PASSAGES + "2023,2024,85084,85084,,d,0.7\n2023,2024,85084,85165,,d,0.2\n"
    assert any("COM-85084 (2024)" in note for note in sources.read(write(text), format="geographie.passages").notes)


@pytest.mark.parametrize("header", [MOVES, MOVES.lower(), "\ufeff" + MOVES.replace(",", ";")])
def test_the_list_of_insee_moves_only_communes(write: Write, lawful: Lawful, header: str) -> None:
    rows = (
        "32,2019-01-01,COM,86043,0,CEAUX,COM,86082,0,VALENCE\n32,2019-01-01,COM,86043,0,CEAUX,COMD,86043,0,CEAUX\n"
        "32,2019-01-01,COM,86082,0,COUHE,COM,86082,0,VALENCE\n10,2019-05-01,COM,86001,0,A,COM,86001,0,B\n"
        "21,2024-01-01,COM,85084,0,ESSARTS,COM,85084,0,ESSARTS\n21,2024-01-01,COM,85084,0,ESSARTS,COM,85165,0,OIE\n"
        "21,2024-01-01,COMD,85165,0,OIE,COM,85165,0,OIE\n50,2024-03-01,COM,69159,0,X,COM,69114,0,X\n"
    )
    text = header + (rows.replace(",", ";") if ";" in header else rows)
    table = sources.read(write(text), format="geographie.evenements")
    lawful(table)
    assert events(table) == [
        ("2019-01-01", "COM-86043", "COM-86082", "fusion"),
        ("2019-01-01", "COM-86082", "COM-86082", "fusion"),
        ("2024-01-01", "COM-85084", "COM-85084", "scission"),
        ("2024-01-01", "COM-85084", "COM-85165", "scission"),
        ("2024-03-01", "COM-69159", "COM-69114", "changement_de_code"),
    ]
    assert any("ne changent le territoire d’aucune commune" in note and "3" in note for note in table.notes)


def test_a_change_of_code_comes_before_the_merger_of_the_same_day(write: Write) -> None:
    rows = (
        "41,2018-01-01,COM,49144,0,F,COM,44225,0,F\n32,2018-01-01,COM,44225,0,F,COM,44180,0,V\n"
        "32,2018-01-01,COM,44180,0,S,COM,44180,0,V\n"
    )
    assert events(sources.read(write(MOVES + rows), format="geographie.evenements"))[0] == (
        "2017-12-31",
        "COM-49144",
        "COM-44225",
        "changement_de_code",
    )


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("XX,2019-01-01,COM,86043,0,C,COM,86082,0,V", "MOD"),
        ("32,2019-13-01,COM,86043,0,C,COM,86082,0,V", "DATE_EFF"),
        ("32,2019-01-01,CANTON,86043,0,C,COM,86082,0,V", "TYPECOM_AV"),
        ("32,2019-01-01,COM,86043,0,C,COM,200070035,0,V", "COM_AP"),
    ],
)
def test_a_row_of_insee_that_cannot_be_read_is_rejected_with_its_column(
    write: Write, lawful: Lawful, row: str, column: str
) -> None:
    text = MOVES + row + "\n31,02/06/2020,COM,86067,0,C,COM,86082,0,V\n"
    table = sources.read(write(text), format="geographie.evenements")
    lawful(table)
    assert table.rejected["column"].tolist() == [column]
    assert events(table)[0][0] == "2020-06-02"


def test_a_missing_column_is_one_clear_error(write: Write) -> None:
    with pytest.raises(SourceError, match="DATE_EFF"):
        sources.read(
            write(MOVES.replace("DATE_EFF", "QUAND") + "1,2,3,4,5,6,7,8,9,0\n"), format="geographie.evenements"
        )


HISTORY = [
    {"id": "COM-86043@1943", "type": "COM", "code": "86043", "dateFin": "2019-01-01", "successeur": "COMD-86043@2019"},
    {"id": "COMD-86043@2019", "type": "COMD", "code": "86043", "pole": "COM-86082@2019"},
    {"id": "COM-86082@1943", "type": "COM", "code": "86082", "dateFin": "2019-01-01", "successeur": "COM-86082@2019"},
    {"id": "COM-86082@2019", "type": "COM", "code": "86082", "dateDebut": "2019-01-01"},
]


@pytest.mark.parametrize("name", ["historique.json", "historique.json.gz"])
def test_the_history_of_the_package_gives_the_same_links(write: Write, lawful: Lawful, name: str) -> None:
    content = json.dumps([*HISTORY, {"id": "x", "type": "COM", "code": "trois"}]).encode()
    table = sources.read(
        write(gzip.compress(content) if name.endswith("gz") else content, name), format="geographie.evenements"
    )
    lawful(table)
    assert events(table) == [
        ("2019-01-01", "COM-86043", "COM-86082", "fusion"),
        ("2019-01-01", "COM-86082", "COM-86082", "fusion"),
    ]
    assert (table.n_rows, table.n_rejected) == (5, 1)


@pytest.mark.parametrize("content", ["{", "[]", "[1]", '[{"a": 1}]', '{"id": 1}'])
def test_another_json_is_refused(write: Write, content: str) -> None:
    with pytest.raises(SourceError) as caught:
        sources.read(write(content, "autre.json"), format="geographie.evenements")
    assert caught.value.problem.remedy


def test_the_real_files(real_data: Path, lawful: Lawful) -> None:
    folder = real_data / "geo"
    passages = sources.read(folder / "passages_communes_2008_2024.csv", format="geographie.passages")
    lawful(passages)
    assert (passages.n_rows, passages.n_rejected) == (2660, 0)
    kinds = passages.tables["evenements"]["kind"].value_counts()
    assert kinds.to_dict() == {"fusion": 2631, "scission": 26, "changement_de_code": 3}
    history = sources.read(folder / "historique-communes_1943_2020.json.gz", format="geographie.evenements")
    assert (history.n_rows, history.n_accepted) == (49_532, 49_532)
    rows = history.tables["evenements"]
    valence = rows[rows["code_after"].eq("COM-86082") & rows["kind"].ne("")]
    assert valence["effective"].unique().tolist() == [pd.Timestamp("2019-01-01")]
    assert len(valence) == 5
