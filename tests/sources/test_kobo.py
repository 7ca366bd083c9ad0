from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from ctgeval import observations, sources
from ctgeval.errors import PersonalDataFound, SourceError
from ctgeval.sources import SourceTable
from ctgeval.territory import reference

Write = Callable[..., Path]
Text = Callable[..., str]
Lawful = Callable[[SourceTable], None]


def read(path: Path, **options: object) -> SourceTable:
    return sources.read(path, format="kobo", key="enquete", **options)  # type: ignore[arg-type]


def test_a_response_is_a_row_and_choices_belong_to_their_question(write: Write, kobo: Text, lawful: Lawful) -> None:
    table = read(write("\ufeff" + kobo()), reference=reference.load())
    lawful(table)
    assert (table.n_rows, table.n_rejected) == (3, 0)
    rows = table.tables["reponses"]
    assert rows["reponse_id"].tolist() == ["11", "12", "13"]
    assert rows["date"].tolist() == ["2024-03-12", "2024-03-13", "2024-03-14"]
    assert rows["complete"].all()
    assert rows["besoins/garde"].tolist() == ["1", "1", ""]
    questions = table.tables["questions"].set_index("colonne")
    assert questions.loc["logement/type"].tolist() == ["type", "logement", "", "question"]
    assert questions.loc["besoins/garde"].tolist() == ["besoins", "", "garde", "choix"]
    assert questions.loc["besoins", "genre"] == "question"
    counts = table.observations.set_index("geo")["value"].to_dict()
    assert counts == {"COM-86041": 1, "COM-86194": 2}
    assert table.observations["measure"].eq("questionnaires_recus").all()
    assert table.observations["time_period"].eq("2024").all()
    assert observations.check(table.observations) == []


def test_a_workbook_reads_as_the_csv_does(tmp_path: Path, write: Write, kobo: Text) -> None:
    header, *rows = [line.split(";") for line in kobo().splitlines()]
    path = tmp_path / "export.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Formulaire")
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.write_row(0, 0, header)
    for line, cells in enumerate(rows, start=1):
        for place, cell in enumerate(cells):
            if header[place] == "_submission_time":
                sheet.write_datetime(line, place, dt.datetime.fromisoformat(cell), moment)
            elif cell.isdigit():
                sheet.write_number(line, place, int(cell))
            else:
                sheet.write_string(line, place, cell)
    book.add_worksheet("enfants").write_row(0, 0, ["age", "_parent_index"])
    book.close()
    table, text = read(path), read(write(kobo()))
    columns = [name for name in text.tables["reponses"].columns if name != "origin"]
    assert table.tables["reponses"][columns].equals(text.tables["reponses"][columns])
    assert table.tables["reponses"]["origin"].tolist()[0] == "export.xlsx!Formulaire!2"
    assert any("enfants" in note for note in table.notes)
    assert table.observations["value"].tolist() == text.observations["value"].tolist()


def test_repeated_numbers(write: Write, kobo: Text, lawful: Lawful) -> None:
    first, second, third = kobo().splitlines()[1:]
    table = read(
        write(kobo(first, first, second, second.replace("ferme", "maison"), third, third.replace(";13;", ";;")))
    )
    lawful(table)
    assert table.tables["reponses"]["reponse_id"].tolist() == ["11", "13"]
    assert table.rejected["row"].tolist() == [3, 4, 5, 7]
    reasons = dict(zip(table.rejected["row"], table.rejected["reason"], strict=True))
    assert sources.is_harmless(reasons[3])
    assert "même identifiant" in reasons[4]
    assert "pas de numéro" in reasons[7]


def test_what_traces_a_respondent_is_not_kept(write: Write, kobo: Text) -> None:
    header, *rows = kobo().splitlines()
    content = "\n".join([f"{header};deviceid;_gps_latitude;_submitted_by", *(f"{row};d1;46.5;agent" for row in rows)])
    table = read(write(content))
    assert not {"deviceid", "_gps_latitude", "_submitted_by"} & set(table.tables["reponses"].columns)
    assert any("deviceid, _gps_latitude, _submitted_by" in note for note in table.notes)


def test_a_list_that_does_not_say_what_its_columns_say_is_told(write: Write, kobo: Text) -> None:
    table = read(write(kobo().replace(";garde;0;1;", ";garde;1;1;")))
    assert any("ne disent pas la même chose : 1 (lignes 3)" in note for note in table.notes)


def test_answers_of_several_lines_and_questions_of_one_name(write: Write, lawful: Lawful) -> None:
    content = (
        '"Votre avis";"Autre";"Autre";"_id";"_submission_time"\r\n'
        '"Trop loin ;\r\nsurtout le soir";"a";"b";"1";"2024-03-12T09:25:11"\r\n'
        '"Bien";"a";"";"2";"2024-03-12T09:25:11"\r\n'
    )
    table = read(write(content))
    lawful(table)
    rows = table.tables["reponses"]
    assert rows["Votre avis"].tolist() == ["Trop loin ;\r\nsurtout le soir", "Bien"]
    assert rows["Autre (2)"].tolist() == ["b", ""]
    assert any("même intitulé" in note for note in table.notes)


def test_a_quote_left_open_is_refused(write: Write, kobo: Text) -> None:
    with pytest.raises(SourceError, match="guillemet"):
        read(write(kobo().replace(";ferme;", ';"ferme;')))


def test_a_commune_told_by_its_name_gives_no_count(write: Write, kobo: Text) -> None:
    table = read(write(kobo().replace(";86041;", ";Buxerolles;")))
    assert len(table.observations) == 0
    assert any("pas que des codes de commune" in note for note in table.notes)


def test_what_identifies_a_respondent_is_refused_by_its_column(write: Write, kobo: Text) -> None:
    header, *rows = kobo().splitlines()
    content = "\n".join([f"{header};Joindre au", *(f"{row};06 12 34 56 7{place}" for place, row in enumerate(rows))])
    with pytest.raises(PersonalDataFound, match="Joindre au"):
        read(write(content))


def test_another_file_is_told(write: Write) -> None:
    with pytest.raises(SourceError, match="KoboToolbox"):
        read(write("a;b\n1;2\n"))
