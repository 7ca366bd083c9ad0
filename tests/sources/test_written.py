"""What ctgeval writes for a spreadsheet holds no formula, no link, no leftover, and nobody else writes one."""

from __future__ import annotations

import ast
import datetime as dt
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import SourceError
from ctgeval.prose import harmless
from ctgeval.sources import partner_form, workbook
from ctgeval.sources.archive import check_archive
from ctgeval.sources.partner_form import Form, Line
from ctgeval.sources.workbook import Column, TableSchema
from ctgeval.sources.written import new_workbook

LEADS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", " =", "\ufeff=", "\u00a0+")
ATTACKS = (
    *(f"{lead}HYPERLINK(zq)" for lead in LEADS), "{=1+1}", "https://ailleurs.fr/x", "file:///etc/passwd", "12", "1E5",
    "internal:Listes!A1", "mailto:a@b.fr", "<b>zq</b>", "_x0041_",
)  # fmt: skip


def told(value: object) -> str:
    """Return a cell as it was given: openpyxl reads the return of a carriage in two ways."""
    return str(value).replace("_x000D_", "\r").replace("\r", "\n")


def reopened(path: Path) -> openpyxl.Workbook:
    """Open what was written, and require that it is what any reader of ours would accept."""
    check_archive(path.read_bytes(), path.name)
    book = openpyxl.load_workbook(path)
    for sheet in book:
        for line in sheet.iter_rows():
            for cell in line:
                assert cell.data_type != "f", (sheet.title, cell.coordinate, cell.value)
                assert cell.hyperlink is None
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        properties = archive.read("docProps/core.xml").decode()
    leftover = re.compile(r"pivot|external|vba|embeddings|customXml|connections", re.IGNORECASE)
    assert not [name for name in names if leftover.search(name)]
    assert "1970" not in properties
    assert re.findall(r"<dc:creator>(.*?)</dc:creator>|<cp:lastModifiedBy>(.*?)</cp", properties) == [
        ("", ""),
        ("", ""),
    ]
    return book


def test_no_text_becomes_a_formula_a_link_nor_a_number(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with new_workbook(path, title="=cmd|' /C calc'!A0") as book:
        page = book.add_worksheet("=1+1")
        for row, text in enumerate(ATTACKS):
            page.write(row, 0, text)
            page.write_string(row, 1, text)
        page.write(len(ATTACKS), 0, -12.5)
    again = reopened(path)
    assert again.sheetnames == ["=1+1"]
    assert again.properties.title == "=cmd|' /C calc'!A0"
    assert again.properties.created == dt.datetime(2024, 1, 1)  # noqa: DTZ001 as openpyxl gives it
    cells = [[cell.value for cell in line] for line in again["=1+1"].iter_rows()]
    assert [[told(value) for value in line] for line in cells[:-1]] == [[told(text)] * 2 for text in ATTACKS]
    assert cells[-1][0] == -12.5


def test_a_file_that_exists_is_never_touched_and_one_that_fails_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"mine")
    with pytest.raises(SourceError, match="existe déjà"), new_workbook(path, title="") as book:
        book.add_worksheet("a")
    assert path.read_bytes() == b"mine"
    with pytest.raises(RuntimeError), new_workbook(tmp_path / "b.xlsx", title=""):
        raise RuntimeError
    assert not (tmp_path / "b.xlsx").exists()


def test_the_workbook_of_the_coordinator_shows_all_that_it_holds(tmp_path: Path) -> None:
    columns = tuple(
        Column(f"{text} {rank}".strip(), "choix" if rank % 2 else "texte", help=text, choices=(text, "autre"))
        for rank, text in enumerate(ATTACKS)
    )
    schema = TableSchema(name="actions", title="=1+1", key=(), help="@zq", columns=columns)
    workbook.write_workbook(tmp_path / "suivi.xlsx", [schema], readme_lines=ATTACKS)
    book = reopened(tmp_path / "suivi.xlsx")
    assert {sheet.sheet_state for sheet in book} == {"visible"}
    assert [told(cell.value) for cell in book["actions"][1]] == [told(column.name) for column in columns]


def test_the_workbook_of_a_partner_hides_nothing_but_its_stamp(tmp_path: Path) -> None:
    lines = tuple(
        Line(measure=f"m{rank}", label=text, unit=text, geo="COM-86078", place=text, structure=text, help=text)
        for rank, text in enumerate(ATTACKS)
    )
    recalled = {(*lines[0].key, "2023"): "=1+1"}
    form = Form(
        source="relais", partner="=zq", territory="+zq", periods=("2024",), tables={"=zq": lines}, recalled=recalled
    )
    partner_form.write_form(tmp_path / "relais.xlsx", form)
    book = reopened(tmp_path / "relais.xlsx")
    hidden = [sheet.title for sheet in book if sheet.sheet_state != "visible"]
    assert hidden == [partner_form.STAMP]
    stamp = {cell.value for line in book[partner_form.STAMP].iter_rows() for cell in line}
    assert stamp == {"version", "1", "source", "relais", "empreinte", form.stamp, "periodes", "2024"}
    sheet = book["=zq"]
    assert [told(sheet.cell(row, 4).value) for row in range(2, len(lines) + 2)] == [told(text) for text in ATTACKS]


@pytest.mark.parametrize("lead", LEADS)
def test_a_text_of_a_csv_is_no_formula(lead: str) -> None:
    assert harmless(f"{lead}zq") == f"'{lead}zq"


@given(st.text(max_size=12))
def test_whatever_the_text_no_csv_cell_begins_as_a_formula(text: str) -> None:
    assert not harmless(text).lstrip(" \ufeff\u00a0\u202f").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert harmless(text).removeprefix("'") == text.removeprefix("'")


def test_one_module_makes_workbooks_and_one_makes_csv(checkout: Path) -> None:
    makers = dict.fromkeys(("DictWriter", "to_excel", "ExcelWriter", "to_clipboard", "to_html"), "")
    places = {name: {place} for name, place in makers.items()}
    # The audit that the evaluator alone reads is not drawn as a table of a bilan; the files of its tables are written
    # by the maker of those that its page offers.
    places |= {"Workbook": {"sources/written.py"}, "writer": {"render/tables.py"}}
    places["to_csv"] = {"render/tables.py", "confidentiality/audits.py", "report/formats/tables.py"}
    found = []
    for path in sorted((checkout / "ctgeval").rglob("*.py")):
        name = path.relative_to(checkout / "ctgeval").as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "csv":
                found.append(f"{name}: from csv import")
            # What writes the cells of one column of a page may be called a writer too.
            if isinstance(node, ast.Call) and ast.unparse(node.func) not in {"writer", "described.writer"}:
                called = ast.unparse(node.func).rpartition(".")[2]
                found += [f"{name}: {called}"] if called in places and name not in places[called] else []
    assert not found
