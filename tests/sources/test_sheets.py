"""Files of any kind as sheets of text: no digit lost, true places, and nothing that harms is opened."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given, strategies as st
from pyarrow import parquet

from ctgeval.errors import SourceError
from ctgeval.sources.cellbook import Book, Figure, cell_name, text_of
from ctgeval.sources.extent import check_extent
from ctgeval.sources.sheets import read_book

Write = Callable[..., Path]

ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Feuille">{rows}</table:table></office:spreadsheet></office:body>'
    "</office:document-content>"
)
ODS_ROWS = (
    '<table:table-row><table:table-cell office:value-type="string"><text:p>Code</text:p></table:table-cell>'
    '<table:table-cell office:value-type="string"><text:p>Pop</text:p></table:table-cell></table:table-row>'
    '<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>'
    '<table:table-row><table:table-cell office:value-type="float" office:value="86082"><text:p>86 082</text:p>'
    '</table:table-cell><table:table-cell office:value-type="float" office:value="4474"><text:p>4 474</text:p>'
    "</table:table-cell></table:table-row>"
    '<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="1024"/>'
    "</table:table-row>"
)


def xlsx(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        fill(book)
    return data.getvalue()


def ods(rows: str = ODS_ROWS, **parts: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" '
            'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
        )
        archive.writestr("content.xml", ODS.format(rows=rows))
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/"), text)
    return data.getvalue()


def only(book: Book) -> list[tuple[int, list[str]]]:
    assert len(book.sheets) == 1
    return book.sheets[0].rows


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (86082.0, "86082"),
        (0.1, "0.1"),
        (0.30000000000000004, "0.30000000000000004"),
        (-0.0, "0"),
        (1e-7, "0.0000001"),
        (200070035.0, "200070035"),
        (12345678901234567, "12345678901234567"),
        (1e17, "1e+17"),
        (float("nan"), "nan"),
        (True, "VRAI"),
        (None, ""),
        (Decimal("12.50"), "12.5"),
        (dt.datetime(2018, 1, 1), "2018-01-01"),  # noqa: DTZ001 - as a workbook holds it
        (dt.datetime(2018, 1, 1, 12, 30), "2018-01-01 12:30:00"),  # noqa: DTZ001 - idem
        (dt.date(2018, 1, 1), "2018-01-01"),
        ({"a": [1]}, '{"a": [1]}'),
        ("1,5", "1,5"),
    ],
)
def test_a_value_as_text_loses_nothing(value: object, text: str) -> None:
    assert text_of(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_number_reads_back_exactly(value: float) -> None:
    assert float(text_of(value)) == value


def test_a_number_is_told_from_a_number_that_was_typed() -> None:
    assert isinstance(text_of(1.5), Figure)
    assert not isinstance(text_of("1.5"), Figure)
    assert not isinstance(text_of(1e300), Figure)


def test_cells_are_named_as_a_spreadsheet_does() -> None:
    assert [cell_name(12, 1), cell_name(1, 25), cell_name(3, 26), cell_name(0, 701)] == ["B12", "Z1", "AA3", "ZZ"]


def test_a_workbook_keeps_its_lines_its_merged_cells_and_its_errors(write: Write) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("Feuille 1")
        sheet.merge_range("A2:B2", "Ensemble")
        sheet.write_row("A5", ["86082", 4474.0, 0.5])
        sheet.write_formula("B6", "=1/0", None, "#DIV/0!")
        sheet.write_formula("C6", "=1+1", None, 2)
        book.add_worksheet("Vide")

    book = read_book(write(xlsx(fill), "c.xlsx"))
    assert (book.kind, book.names, book.notes) == ("xlsx", ("Feuille 1", "Vide"), ())
    sheet = book.sheets[0]
    assert [line for line, _ in sheet.rows] == [2, 5, 6]
    assert sheet.blank == 2
    assert sheet.rows[1][1] == ["86082", "4474", "0.5"]
    assert sheet.merged == ((2, 0, 2, 1),)
    assert "#DIV/0!" in sheet.faults[6, 1]
    assert sheet.rows[2][1][2] == "2"


def test_a_formula_that_was_never_computed_is_no_blank(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["B3"] = "=1+1"  # type: ignore[index]
    book.save(tmp_path / "c.xlsx")
    sheet = read_book(tmp_path / "c.xlsx").sheets[0]
    assert sheet.rows == [(3, ["", ""])]
    assert "pas enregistré" in sheet.faults[3, 1]


def test_the_content_decides_whatever_the_name_says(write: Write) -> None:
    data = xlsx(lambda book: book.add_worksheet("A").write(0, 0, "x") and None)
    book = read_book(write(data, "donnees.csv"))
    assert book.kind == "xlsx"
    assert "« .csv »" in book.notes[0]


def test_only_the_sheets_that_are_wanted_are_read(write: Write) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        for name in ("A", "B"):
            book.add_worksheet(name).write(0, 0, name)

    book = read_book(write(xlsx(fill), "c.xlsx"), wanted=lambda name: name == "B")
    assert book.names == ("A", "B")
    assert [sheet.rows for sheet in book.sheets] == [[(1, ["B"])]]


def test_an_ods_reads_its_repeated_lines_in_their_place(write: Write) -> None:
    book = read_book(write(ods(), "c.ods"))
    assert book.kind == "ods"
    assert only(book) == [(1, ["Code", "Pop"]), (4, ["86082", "4474"])]


def test_parquet_keeps_types_and_refuses_nothing_of_its_nulls(write: Write, tmp_path: Path) -> None:
    table = pa.table(
        {
            "code": ["01001", None],
            "pop": pa.array([771, None], pa.int64()),
            "part": [0.5, 1e-7],
            "jour": pa.array([dt.date(2021, 1, 1), None]),
            "prix": pa.array([Decimal("1.10"), None], pa.decimal128(5, 2)),
        }
    )
    path = tmp_path / "t.parquet"
    parquet.write_table(table, path)
    book = read_book(path)
    assert only(book) == [
        (1, ["code", "pop", "part", "jour", "prix"]),
        (2, ["01001", "771", "0.5", "2021-01-01", "1.1"]),
        (3, ["", "", "0.0000001", "", ""]),
    ]
    with pytest.raises(SourceError, match="Parquet est abîmé"):
        read_book(write(path.read_bytes()[:-20], "coupe.parquet"))


@pytest.mark.parametrize(
    "content",
    [
        [{"code": "86082", "pop": 4474}, {"code": "86194", "nom": "Poitiers"}],
        {"total_count": 2, "results": [{"code": "86082", "pop": 4474}, {"code": "86194", "nom": "Poitiers"}]},
        {"records": [{"fields": {"code": "86082", "pop": 4474}}, {"fields": {"code": "86194", "nom": "Poitiers"}}]},
        {
            "features": [
                {"properties": {"code": "86082", "pop": 4474}},
                {"properties": {"code": "86194", "nom": "Poitiers"}},
            ]
        },
    ],
)
def test_json_of_any_portal_gives_the_same_rows(write: Write, content: object) -> None:
    data = gzip.compress(json.dumps(content).encode())
    assert only(read_book(write(data, "e.json.gz"))) == [
        (1, ["code", "pop", "nom"]),
        (2, ["86082", "4474", ""]),
        (3, ["86194", "", "Poitiers"]),
    ]


def test_json_numbers_keep_all_their_digits(write: Write) -> None:
    rows = only(
        read_book(write('[{"a": 0.1234567890123456789, "b": 86082.0, "c": 1e3, "d": 1e999, "e": NaN}]', "n.json"))
    )
    assert rows[1][1] == ["0.1234567890123456789", "86082", "1000", "1E+999", "NaN"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[{"a": 1}, {"a": 2', "tronqué"),
        ("[" * 100_000, "tronqué"),
        ('[{"a": 1, "a": 2}]', "deux fois la clé « a »"),
        ("[1, 2]", "liste d’enregistrements"),
        ('{"a": {"b": 1}}', "liste d’enregistrements"),
        ("[]", "liste d’enregistrements"),
    ],
)
def test_json_that_is_no_table_is_one_clear_error(write: Write, text: str, told: str) -> None:
    with pytest.raises(SourceError, match=told) as caught:
        read_book(write(text, "e.json"))
    assert caught.value.problem.remedy


def test_the_separator_is_looked_for_under_the_title(write: Write) -> None:
    path = write("Populations, en vigueur en 2021\nSource : Insee\nCode;Pop\n86082;1,5\n86194;2,5\n", "t.csv")
    assert read_book(path, header=3).separator == ";"
    assert only(read_book(path, header=3))[3] == (4, ["86082", "1,5"])


@pytest.mark.parametrize("name", ["Basic__Standard__Module1.xml", "Scripts__python__m.py"])
def test_macros_of_an_ods_are_refused(write: Write, name: str) -> None:
    with pytest.raises(SourceError, match="macros"):
        read_book(write(ods(**{name: "x"}), "c.ods"))


def test_two_cells_far_from_each_other_are_refused_before_they_are_opened(write: Write) -> None:
    def far(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("A")
        sheet.write(0, 0, 1)
        sheet.write(1_048_575, 16_383, 1)

    def styled(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("A")
        sheet.write(0, 0, 1)
        sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))

    with pytest.raises(SourceError, match="trop loin"):
        read_book(write(xlsx(far), "loin.xlsx"))
    # A format alone, at the end of the sheet, is an ordinary accident.
    assert only(read_book(write(xlsx(styled), "forme.xlsx")))[0] == (1, ["1"])


def test_a_repeated_cell_that_is_full_is_counted_as_many_times_as_it_is_repeated() -> None:
    full = (
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="1000" '
        'office:value-type="float" office:value="1"/></table:table-row>'
    )
    with pytest.raises(SourceError, match="trop loin"):
        check_extent(ods(full), "c.ods", "ods")
    check_extent(ods(), "c.ods", "ods")


def test_a_damaged_workbook_is_one_clear_error(write: Write) -> None:
    data = bytearray(xlsx(lambda book: book.add_worksheet("A").write(0, 0, "x") and None))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(SourceError):
        read_book(write(bytes(data), "c.xlsx"))


def test_an_old_workbook_is_read_in_another_process(real_data: Path, write: Write) -> None:
    path = real_data / "messy" / "estim-pop-dep-sexe-gca-1975-2023.xls"
    book = read_book(path, wanted=lambda name: name == "2023")
    assert (book.kind, len(book.names)) == ("xls", 50)
    sheet = book.sheets[0]
    assert (sheet.rows[2][0], sheet.rows[2][1][:3]) == (4, ["Départements", "", "Ensemble"])
    assert (4, 2, 4, 7) in (sheet.merged or ())
    assert sheet.rows[4][1][:3] == ["01", "Ain", "170727"]
    damaged = bytearray(path.read_bytes())
    damaged[600:900] = b"\xff" * 300
    with pytest.raises(SourceError, match="ancien classeur"):
        read_book(write(bytes(damaged), "abime.xls"))


@pytest.mark.parametrize("words", ["EncryptedPackage", "_VBA_PROJECT"])
def test_an_old_workbook_that_is_locked_or_has_macros_is_refused(write: Write, words: str) -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512 + words.encode("utf-16-le")
    with pytest.raises(SourceError, match=r"mot de passe|macros"):
        read_book(write(data, "c.xls"))
