"""The tables of a bilan as files: CSV with its description, workbooks; the same figures, and never a formula."""

from __future__ import annotations

import csv as reader
import io
import json
import re

import openpyxl
import pytest
from hypothesis import given, strategies as st
from python_calamine import CalamineWorkbook

from ctgeval import french
from ctgeval.errors import ReportError
from ctgeval.render import tables as rendered
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.report.formats import tables
from ctgeval.report.formats.document import Document, Produced
from tests.examples import examples
from tests.report.formats.pages import around

N = french.NNBSP
COLUMNS = [Column("Territoire"), Column("2023", numeric=True), Column("Part", numeric=True), Column("Année")]
OFFERED = Table(
    "pe07-valeurs",
    "Familles suivies, dans la CC d’essai",
    COLUMNS,
    [
        [rendered.text("Auvrelles"), rendered.number(1244.0, f"1{N}244"), Cell(f"20,7{N}%", raw=20.6897), Cell("2023")],
        [rendered.text("Bellouze"), rendered.withheld("masque"), rendered.withheld("absent"), Cell("2024")],
        [rendered.text("Montarvel"), Cell("832", raw=832.0), Cell(f"9,1{N}%", raw=9.0909), Cell("2024")],
        [rendered.text("Sorvanne"), Cell("12", raw=12.0), Cell(f"12,0{N}%", raw=12.0), Cell("2025")],
    ],
    details=["Unité : familles."],
    notes=["Source : essai."],
)
SHORT = Table("court", "Un tableau court", [Column("Lieu"), Column("Coût")], [[Cell("a"), Cell("3,07\u00a0€")]])
CONTENT = f"<h2>Le relais</h2>{rendered.render(OFFERED)}{rendered.render(SHORT)}"
DANGEROUS = ("=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1+1", "=cmd|' /C calc'!A0")


@pytest.fixture
def document() -> Document:
    return around(CONTENT)


def test_each_table_is_a_csv_with_its_description_beside(document: Document) -> None:
    assert [one.name for one in tables.csv(document)] == [
        "epci-1-essai-2025-pe07-valeurs.csv",
        "epci-1-essai-2025-pe07-valeurs.schema.json",
        "epci-1-essai-2025-court.csv",
        "epci-1-essai-2025-court.schema.json",
    ]


def test_the_csv_is_the_one_that_the_page_offers_and_else_is_made_alike(document: Document) -> None:
    offered, _, short, _ = tables.csv(document)

    assert offered.data == rendered.to_csv(OFFERED)
    assert offered.about == ("Familles suivies, dans la CC d’essai", "Le relais")
    assert short.data == "\ufeffLieu;Coût\r\na;3,07\r\n".encode()


def test_the_description_tells_types_units_and_the_two_marks(document: Document) -> None:
    told = json.loads(tables.csv(document)[1].data)

    assert told["title"] == "Familles suivies, dans la CC d’essai"
    assert told["description"].startswith(f"Unité{N}: familles. ")
    assert told["fields"] == [
        {"name": "Territoire", "type": "string"},
        {"name": "2023", "type": "integer", "unit": "familles"},
        {"name": "Part", "type": "number", "decimalChar": ",", "unit": "%"},
        {"name": "Année", "type": "year"},
    ]
    assert told["missingValues"] == ["", "–", "non diffusable", "non disponible"]
    assert set(told["missingValuesMeaning"]) == set(told["missingValues"]) - {""}
    assert json.loads(tables.csv(document)[3].data)["fields"][1]["unit"] == "EUR"


def test_a_column_that_holds_an_interval_is_not_said_to_be_of_numbers() -> None:
    rows = [[Cell("a"), Cell("12", raw=12.0)], [Cell("b"), Cell("entre 3 et 9")]]
    made = around(str(rendered.render(Table("x", "X", [Column("Lieu"), Column("n")], rows))))
    told = json.loads(tables.csv(made)[1].data)["fields"][1]

    assert told["type"] == "string"
    assert "un intervalle" in told["description"]


def test_workbooks_hold_the_same_cells_after_a_sheet_of_contents(document: Document) -> None:
    first, second = (
        CalamineWorkbook.from_filelike(io.BytesIO(made(document).data)) for made in (tables.xlsx, tables.ods)
    )

    assert first.sheet_names == second.sheet_names == ["Sommaire", "pe07-valeurs", "court"]
    for name in first.sheet_names:
        assert first.get_sheet_by_name(name).to_python() == second.get_sheet_by_name(name).to_python()
    rows = first.get_sheet_by_name("pe07-valeurs").to_python(skip_empty_area=False)
    assert rows[0][0] == "Familles suivies, dans la CC d’essai"
    assert rows[3:8] == [
        ["Territoire", "2023", "Part", "Année"],
        ["Auvrelles", 1244.0, 20.6897, 2023.0],
        ["Bellouze", "non diffusable", "non disponible", 2024.0],
        ["Montarvel", 832.0, 9.0909, 2024.0],
        ["Sorvanne", 12.0, 12.0, 2025.0],
    ]
    assert [row[0] for row in rows[9:]] == [
        "⊘ non diffusable : la valeur existe, mais elle pourrait renseigner sur une personne ou une entreprise. "
        "… non disponible : la source ne donne pas cette valeur.".replace(" :", f"{N}:"),
        f"Source{N}: essai.",
        f"Tableau du bilan «{N}Bilan d’essai{N}», CC d’essai, 2025. Document de travail, 28 novembre 2026.",
    ]
    contents = ["".join(map(str, row)) for row in first.get_sheet_by_name("Sommaire").to_python(skip_empty_area=False)]
    assert contents[0] == "Bilan d’essai"
    assert f"Destinataire{N}: Habitantes et habitants" in contents
    assert "pe07-valeursFamilles suivies, dans la CC d’essaifamilles" in contents
    assert "Comptages d’essai, Producteur d’essai, mise à jour du 5 janvier 2026, Licence Ouverte 2.0" in contents


def test_numbers_are_shown_as_in_the_page(document: Document) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(tables.xlsx(document).data))["pe07-valeurs"]

    assert [cell.number_format for cell in sheet[5]] == ["General", "#,##0", f'#,##0.0"{N}%"', "0"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_of_a_table_is_a_formula_in_any_file(text: str) -> None:
    rows = [[Cell(text, raw=text), Cell(str(rank), raw=float(rank))] for rank in range(4)]
    table = Table("x", text, [Column(text), Column("n", numeric=True)], rows, notes=[text])
    short = Table("y", text, [Column(text), Column("n", numeric=True)], rows[:1], notes=[text])
    made = around(f"{rendered.render(table)}{rendered.render(short)}", titre=text, nom=text, ctg=text, version=text)

    for one in tables.csv(made):
        if one.name.endswith(".csv"):
            lines = list(reader.reader(io.StringIO(one.data.decode("utf-8-sig")), delimiter=";"))
            assert not [cell for row in lines for cell in row if cell.strip()[:1] in set("=+-@\t\r")]
            assert {row[0] for row in lines} == {f"'{text.strip()}"} or text.startswith("\t")
    book = openpyxl.load_workbook(io.BytesIO(tables.xlsx(made).data))
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    for name in ("x", "y"):
        assert book[name]["A3"].value == text.strip()
        assert book[name]["A3"].quotePrefix


@pytest.mark.parametrize("make", [tables.xlsx, tables.ods])
def test_the_same_document_gives_the_same_bytes(document: Document, make: object) -> None:
    first: Produced = make(document)  # type: ignore[operator]
    assert first == make(around(CONTENT))  # type: ignore[operator]
    assert tables.csv(document) == tables.csv(around(CONTENT))


@given(ids=st.lists(st.text(max_size=90), min_size=1, max_size=5))
@examples(40)
def test_files_are_named_of_words_whatever_the_tables_are_called(ids: list[str]) -> None:
    content = "".join(str(rendered.render(Table(one, "X", SHORT.columns, SHORT.rows))) for one in ids)
    made = around(content)
    names = [one.name for one in tables.csv(made)]

    assert len(set(names)) == 2 * len(ids)
    assert all(re.fullmatch(r"epci-1-essai-2025-[a-z0-9-]{1,70}\.(csv|schema\.json)", name) for name in names)
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(tables.ods(made).data)).sheet_names
    assert len(sheets) == len(ids) + 1


def test_a_bilan_without_tables_has_no_csv_and_a_workbook_that_says_so() -> None:
    made = around("<p>Rien.</p>")

    assert tables.csv(made) == ()
    assert CalamineWorkbook.from_filelike(io.BytesIO(tables.xlsx(made).data)).sheet_names == ["Sommaire"]


def test_a_text_that_no_cell_holds_is_told_by_its_place() -> None:
    made = around(str(rendered.render(Table("x", "X", SHORT.columns, [[Cell("a"), Cell("b" * 40_000)]]))))

    with pytest.raises(ReportError, match="40000 caractères") as raised:
        tables.xlsx(made)
    assert (raised.value.problem.sheet, raised.value.problem.column) == ("x", "Coût")
