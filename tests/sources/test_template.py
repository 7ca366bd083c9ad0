from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from ctgeval.errors import SourceError
from ctgeval.programme import SCHEMAS
from ctgeval.sources import workbook
from ctgeval.sources.archive import check_archive
from ctgeval.sources.workbook import Column, TableSchema


def test_the_template_reads_back_empty_and_without_a_problem(tmp_path: Path) -> None:
    workbook.write_workbook(tmp_path / "suivi.xlsx", SCHEMAS, readme_lines=["Bonjour."])
    for table in workbook.read_tables(tmp_path, SCHEMAS).values():
        assert (table.n_rows, table.problems, table.file) == (0, (), "suivi.xlsx")


def test_a_filled_template_is_read(tmp_path: Path) -> None:
    path = tmp_path / "suivi.xlsx"
    workbook.write_workbook(path, SCHEMAS)
    book = openpyxl.load_workbook(path)
    sheet = book["budget"]
    names = [cell.value for cell in sheet[1]]
    row = {"action": "A01", "exercice": "2024", "nature": "depense", "statut": "prevu", "montant": 12.5}
    for name, value in row.items():
        sheet.cell(2, names.index(name) + 1, value)
    book.save(path)
    table = workbook.read_tables(tmp_path, SCHEMAS)["budget"]
    assert table.problems == ()
    assert table.frame["montant"].tolist() == [12.5]


def test_sheets_have_lists_checks_notes_and_a_frozen_header(tmp_path: Path) -> None:
    path = tmp_path / "suivi.xlsx"
    workbook.write_workbook(path, SCHEMAS, readme_lines=["=1+1"])
    check_archive(path.read_bytes(), "suivi.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Lisez-moi", *SCHEMAS]
    assert all(cell.data_type != "f" for page in book for line in page.iter_rows() for cell in line)
    assert book["Lisez-moi"]["A1"].value == "=1+1"
    for name, schema in SCHEMAS.items():
        sheet = book[name]
        assert sheet.freeze_panes == "A2"
        assert [cell.value for cell in sheet[1]] == [column.name for column in schema.columns]
        kinds = {rule.type for rule in sheet.data_validations.dataValidation}
        for column, cell in zip(schema.columns, sheet[1], strict=True):
            assert cell.comment is not None
            assert column.help in cell.comment.text
            assert cell.comment.text.startswith("Obligatoire.") == column.required
            if column.kind in {"choix", "date"}:
                assert {"choix": "list", "date": "date"}[column.kind] in kinds


def test_an_action_and_a_meeting_are_chosen_among_those_that_are_written(tmp_path: Path) -> None:
    workbook.write_workbook(tmp_path / "suivi.xlsx", SCHEMAS)
    book = openpyxl.load_workbook(tmp_path / "suivi.xlsx")

    def rules(name: str, column: str) -> list[tuple[str, str, str]]:
        place = next(cell.column_letter for cell in book[name][1] if cell.value == column)
        found = book[name].data_validations.dataValidation
        return [(rule.type, rule.formula1, rule.errorStyle) for rule in found if str(rule.sqref).startswith(place)]

    # A warning: what is not in the list yet may be typed all the same.
    for name in ("jalons", "budget", "journal", "participation", "propositions"):
        assert rules(name, "action") == [("list", "actions!$A$2:$A$2001", "warning")]
    assert rules("contributions", "atelier") == [("list", "instances!$A$2:$A$2001", "warning")]
    assert rules("participation", "sexe") == [("list", '"F,M"', "warning")]
    assert rules("actions", "id") == []


def test_a_long_list_of_choices_has_its_sheet(tmp_path: Path) -> None:
    choices = tuple(f"valeur_numero_{rank}" for rank in range(40))
    schema = TableSchema("essai", "Essai", (Column("choisi", "choix", choices=choices),))
    workbook.write_workbook(tmp_path / "suivi.xlsx", [schema])
    book = openpyxl.load_workbook(tmp_path / "suivi.xlsx")
    (rule,) = book["essai"].data_validations.dataValidation
    assert rule.formula1 == "Listes!$A$1:$A$40"
    assert [row[0].value for row in book["Listes"].iter_rows()] == list(choices)


def test_the_same_schemas_give_the_same_bytes_and_nothing_is_replaced(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        workbook.write_workbook(tmp_path / name, SCHEMAS)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    (tmp_path / "a.xlsx").write_bytes(b"a moi")
    with pytest.raises(SourceError, match="existe déjà"):
        workbook.write_workbook(tmp_path / "a.xlsx", SCHEMAS)
    assert (tmp_path / "a.xlsx").read_bytes() == b"a moi"
    with pytest.raises(SourceError, match="ne peut pas être écrit"):
        workbook.write_workbook(tmp_path / "absent" / "a.xlsx", SCHEMAS)
