from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from ctgeval.sources import workbook
from ctgeval.sources.workbook import Column, Table, TableSchema

SCHEMA = TableSchema(
    name="participation",
    title="Participation",
    key=("id",),
    columns=(
        Column("id", "code", required=True),
        Column("date", "date", required=True),
        Column("presences", "entier"),
        Column("cout", "montant"),
        Column("avancement_pct", "pourcentage"),
        Column("niveau", "choix", choices=("information", "co_construction")),
        Column("periode", "periode"),
        Column("remarque", "texte"),
    ),
)
COUNTS = TableSchema(
    "observations", "Comptages", (Column("mesure", "mesure"), Column("valeur", "nombre", required=True))
)
HEADER = [column.name for column in SCHEMA.columns]
GOOD: list[Any] = ["P1", "2024-09-15", 12, 10.5, 40, "information", "2024", "ok"]


def save(folder: Path, *rows: list[Any], sheet: str = "participation") -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    book.save(folder / "suivi.xlsx")


def read(folder: Path) -> Table:
    return workbook.read_tables(folder, [SCHEMA])["participation"]


def test_a_sheet_is_read_typed(tmp_path: Path) -> None:
    save(tmp_path, HEADER, [7, dt.date(2024, 9, 15), 12, 10.5, 40, "Co-construction", 2024, None])
    table = read(tmp_path)
    assert table.problems == ()
    row = dict(table.frame.iloc[0])
    assert (row["id"], row["date"], row["presences"], row["cout"]) == ("7", "2024-09-15", 12, 10.5)
    assert (row["niveau"], row["periode"], row["origin"]) == ("co_construction", "2024", "suivi.xlsx!participation!2")
    assert table.frame["remarque"].isna().all()
    assert list(table.frame.columns) == [*HEADER, "origin"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("where", ["", "tables"])
def test_a_csv_is_read_the_same(tmp_path: Path, encoding: str, where: str) -> None:
    (tmp_path / "tables").mkdir()
    content = (
        "ID;Date;Présences;Coût;Avancement pct;Niveau;Période;Remarque\r\n"
        "P1;15/09/2024;1 234;1 234,50;40 %;Information;2024-T3;Très « bien »\r\n;;;;;;;\r\n"
    )
    (tmp_path / where / "participation.csv").write_bytes(content.encode(encoding))
    table = read(tmp_path)
    assert [str(problem) for problem in table.problems] == []
    row = dict(table.frame.iloc[0])
    assert (row["date"], row["presences"], row["cout"], row["avancement_pct"]) == ("2024-09-15", 1234, 1234.5, 40)
    assert (row["periode"], row["remarque"], row["origin"]) == ("2024-Q3", "Très « bien »", "participation.csv!2")
    assert table.n_rows == 1


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("presences", "12 familles (env.)", "mêle un nombre et du texte"),
        ("presences", -3, "négatif"),
        ("presences", 2.5, "entier"),
        ("presences", "NaN", "fini"),
        ("presences", dt.date(2024, 1, 12), "nombre"),
        ("cout", "1.234", "peut être un millier"),
        ("cout", "12,345 €", "deux décimales"),
        ("avancement_pct", 140, "entre 0 et 100"),
        ("date", "31/02/2024", "calendrier"),
        ("date", "15/09/24", "date lisible"),
        ("date", 45_000, "Date"),
        ("niveau", "informations diverses", "prévue"),
        ("periode", dt.date(2024, 9, 1), "changé la période en date"),
        ("periode", "2017-2021", ""),
        ("id", None, "obligatoire"),
    ],
)
def test_a_cell_that_cannot_be_used_is_told_by_its_name(tmp_path: Path, column: str, value: Any, said: str) -> None:
    row = [value if name == column else cell for name, cell in zip(HEADER, GOOD, strict=True)]
    save(tmp_path, HEADER, GOOD, row if column == "id" else ["P2", *row[1:]])
    table = read(tmp_path)
    (problem,) = table.problems
    place = f"{'ABCDEFGH'[HEADER.index(column)]}3"
    assert problem.message.startswith(f"Cellule {place} : ")
    assert (problem.file, problem.sheet, problem.row, problem.column) == ("suivi.xlsx", "participation", 3, column)
    assert said in f"{problem.message} {problem.remedy}"
    assert problem.remedy
    assert (table.n_rows, len(table.frame)) == (2, 1)


def test_a_withheld_count_keeps_its_bounds(tmp_path: Path) -> None:
    (tmp_path / "observations.csv").write_text(
        "mesure;valeur\na;<5\na;s\na;nd\na;7,5\na;\na;env. 4\n", encoding="utf-8"
    )
    table = workbook.read_tables(tmp_path, {"observations": COUNTS})["observations"]
    frame = table.frame
    assert frame["statut"].tolist() == ["Q", "Q", "M", "A"]
    assert frame["valeur_low"].tolist() == [1, 0, 0, 7.5]
    assert frame["valeur_high"].tolist() == [4, np.inf, np.inf, 7.5]
    assert frame["valeur"].isna().tolist() == [True, True, True, False]
    assert [problem.row for problem in table.problems] == [6, 7]


def test_a_formula_without_its_result_is_not_a_blank(tmp_path: Path) -> None:
    save(tmp_path, HEADER, ["P1", "2024-09-15", "=1+1", None, None, None, None, None])
    (problem,) = read(tmp_path).problems
    assert "C2" in problem.message
    assert "formule dont le résultat n’est pas enregistré" in problem.message
    assert read(tmp_path).frame.empty


def test_a_formula_error_is_told(tmp_path: Path) -> None:
    save(tmp_path, HEADER, ["P1", "2024-09-15", "#REF!", None, None, None, None, None])
    (problem,) = read(tmp_path).problems
    assert "C2" in problem.message
    assert "erreur de formule (#REF!)" in problem.message


def test_title_lines_above_the_header_are_passed(tmp_path: Path) -> None:
    save(tmp_path, ["Participation des habitants"], [], HEADER, GOOD)
    table = read(tmp_path)
    assert table.problems == ()
    assert table.frame["origin"].tolist() == ["suivi.xlsx!participation!4"]


def test_columns_are_told_unknown_missing_or_doubled(tmp_path: Path) -> None:
    save(tmp_path, [*HEADER, "remarqe"], [*GOOD, "x"])
    (problem,) = read(tmp_path).problems
    assert problem.severity == "avertissement"
    assert "« remarque »" in problem.remedy
    assert len(read(tmp_path).frame) == 1
    save(tmp_path, ["id", "dat"], ["P1", "2024-09-15"])
    told = read(tmp_path)
    assert {problem.severity for problem in told.problems} == {"avertissement", "partiel"}
    assert "Il manque la colonne « date »" in next(p for p in told.problems if p.severity == "partiel").message
    assert told.frame.empty
    assert told.n_rows == 1
    save(tmp_path, [*HEADER, "ID"], [*GOOD, "x"])
    assert "figure deux fois" in read(tmp_path).problems[0].message


def test_an_unnamed_column_that_is_filled_is_told(tmp_path: Path) -> None:
    save(tmp_path, [*HEADER, None], [*GOOD, "perdu"])
    (problem,) = read(tmp_path).problems
    assert "colonne I" in problem.message


def test_two_rows_with_one_key_are_told(tmp_path: Path) -> None:
    save(tmp_path, HEADER, GOOD, GOOD)
    table = read(tmp_path)
    assert "répète la ligne 2" in table.problems[0].message
    assert len(table.frame) == 1


def test_a_csv_row_with_one_cell_too_many_is_told(tmp_path: Path) -> None:
    (tmp_path / "participation.csv").write_text("id;date;remarque\nP1;2024-09-15;un; deux\n", encoding="utf-8")
    (problem,) = read(tmp_path).problems
    assert "4 cellules" in problem.message
    assert "guillemets" in problem.remedy


def test_fractions_shown_as_percentages_are_doubted(tmp_path: Path) -> None:
    save(tmp_path, HEADER, ["P1", "2024-09-15", 12, 10.5, 0.4, None, None, None])
    (problem,) = read(tmp_path).problems
    assert problem.severity == "avertissement"
    assert "entre 0 et 1" in problem.message


def test_a_table_filled_twice_is_read_nowhere(tmp_path: Path) -> None:
    save(tmp_path, HEADER, GOOD)
    (tmp_path / "participation.csv").write_text("id;date\n", encoding="utf-8")
    assert read(tmp_path).problems == ()
    (tmp_path / "participation.csv").write_text("id;date\nP9;2024-09-15\n", encoding="utf-8")
    table = read(tmp_path)
    assert "deux endroits" in table.problems[0].message
    assert table.frame.empty


def test_a_dossier_without_the_table_has_an_empty_one(tmp_path: Path) -> None:
    table = read(tmp_path)
    assert (table.file, table.n_rows, table.problems) == ("", 0, ())
    assert list(table.frame.columns) == [*HEADER, "origin"]
    assert table.frame["cout"].dtype == np.float64


def test_a_sheet_with_a_near_name_is_told(tmp_path: Path) -> None:
    save(tmp_path, HEADER, GOOD, sheet="Participations")
    (problem,) = read(tmp_path).problems
    assert problem.severity == "avertissement"
    assert "participation" in problem.remedy


def _locked(folder: Path) -> None:
    (folder / "~$suivi.xlsx").write_bytes(b"")


def _damaged(folder: Path) -> None:
    (folder / "suivi.xlsx").write_bytes(b"PK\x03\x04" + b"0" * 100)


def _empty(folder: Path) -> None:
    (folder / "suivi.xlsx").write_bytes(b"")


def _macros(folder: Path) -> None:
    with zipfile.ZipFile(folder / "suivi.xlsx", "a") as book:
        book.writestr("xl/vbaProject.bin", b"x")


def _without_sheet(folder: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(folder / "suivi.xlsx") as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if not name.startswith("xl/worksheets"):
                new.writestr(name, old.read(name))
    (folder / "suivi.xlsx").write_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_locked, "ouvert dans un tableur"),
        (_damaged, "abîmé"),
        (_empty, "vide"),
        (_macros, "macros"),
        (_without_sheet, "abîmé"),
    ],
)
def test_a_workbook_that_cannot_be_opened_is_told_once(tmp_path: Path, harm: Callable[[Path], None], said: str) -> None:
    save(tmp_path, HEADER, GOOD)
    harm(tmp_path)
    tables = workbook.read_tables(tmp_path, [SCHEMA, COUNTS])
    problems = [problem for table in tables.values() for problem in table.problems]
    assert len(problems) == 1
    assert said in problems[0].message
    assert problems[0].file == "suivi.xlsx"
    assert problems[0].remedy


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b'id;date\n"P1;2024\n'])
def test_a_csv_that_cannot_be_read_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "participation.csv").write_bytes(content)
    (problem,) = read(tmp_path).problems
    assert problem.file == "participation.csv"
