from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval import sources
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable

Write = Callable[..., Path]
Text = Callable[..., str]
Lawful = Callable[[SourceTable], None]


def read(path: Path, **options: object) -> SourceTable:
    return sources.read(path, format="limesurvey", key="enquete", **options)  # type: ignore[arg-type]


def test_codes_of_questions(write: Write, lime: Text, lawful: Lawful) -> None:
    table = read(write("\ufeff" + lime()))
    lawful(table)
    assert (table.n_rows, table.n_accepted, table.n_rejected) == (3, 3, 0)
    rows = table.tables["reponses"]
    assert rows["reponse_id"].tolist() == ["1", "2", "3"]
    assert rows["complete"].tolist() == [True, False, True]
    assert rows["date"].tolist() == ["2024-03-12", "", "2024-04-02"]
    assert rows["derniere_page"].tolist() == ["4", "2", "4"]
    assert rows["Q2[other]"].tolist() == ["", "", "covoiturage"]
    questions = table.tables["questions"].set_index("colonne")
    assert questions.loc["Q1"].tolist() == ["Q1", "", "", "question"]
    assert questions.loc["Q2[SQ002]"].tolist() == ["Q2", "", "SQ002", "choix"]
    assert questions.loc["Q2[other]", "genre"] == "autre"
    assert "seed" not in rows.columns
    assert any("incomplètes : 1 sur 3" in note for note in table.notes)
    assert len(table.observations) == 0


@pytest.mark.parametrize(
    "header",
    [
        (
            "ID de la réponse;Date de soumission;Dernière page;Langue de départ;Êtes-vous parent ?;"
            "Que vous manque-t-il ? [Un transport];Que vous manque-t-il ? [Autre]"
        ),
        "Response ID;Date submitted;Last page;Start language;Parent?;Needs [Bus];Needs [Other]",
        (
            "id. ID de la réponse;submitdate. Date de soumission;lastpage. Dernière page;startlanguage. Langue;"
            "Q1. Parent ?;Q2[SQ001]. Besoins [Transport];Q2[other]. Besoins [Autre]"
        ),
    ],
)
def test_headers_of_whole_questions_in_two_languages(write: Write, lawful: Lawful, header: str) -> None:
    table = read(write(f"{header}\n7;2024-03-12 10:22:31;4;fr;Oui;Oui;\n8;;1;fr;;;taxi\n"))
    lawful(table)
    rows = table.tables["reponses"]
    assert rows["reponse_id"].tolist() == ["7", "8"]
    assert rows["complete"].tolist() == [True, False]
    assert rows["date"].tolist()[0] == "2024-03-12"
    assert table.tables["questions"]["genre"].tolist() == ["question", "choix", "autre"]


def test_a_survey_without_dates(write: Write, lime: Text) -> None:
    table = read(write(lime().replace("2024-03-12 10:22:31", "1980-01-01 00:00:00")))
    rows = table.tables["reponses"]
    assert rows["date"].tolist()[0] == ""
    assert rows["complete"].tolist()[0]
    assert any("1980" in note for note in table.notes)


def test_addresses_of_machines_are_not_kept(write: Write) -> None:
    table = read(write("id,submitdate,ipaddr,token,Q1\n1,2024-03-12 10:22:31,192.168.1.1,abc,A1\n"))
    assert not {"ipaddr", "token"} & set(table.tables["reponses"].columns)
    assert any("ipaddr, token" in note for note in table.notes)


def test_responses_given_twice(write: Write, lime: Text, lawful: Lawful) -> None:
    first, second, third = lime().splitlines()[1:]
    table = read(write(lime(first, second, second, third, third.replace("A1", "A2"))))
    lawful(table)
    assert table.tables["reponses"]["reponse_id"].tolist() == ["1", "2"]
    assert table.rejected["row"].tolist() == [4, 5, 6]


@pytest.mark.parametrize("absent", ["id", "submitdate"])
def test_a_vanished_column_is_one_clear_error(write: Write, lime: Text, absent: str) -> None:
    with pytest.raises(SourceError, match=f"« {absent} »"):
        read(write(lime().replace(f'"{absent}"', '"X"')))
