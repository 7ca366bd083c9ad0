"""Workbooks of tables made for readers: the same cells in both formats, no formula, names that are permitted."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace

import openpyxl
import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, strategies as st
from python_calamine import CalamineWorkbook

from ctgeval.errors import SourceError
from ctgeval.sources.presented import LONGEST_NAME, LONGEST_TEXT, Book, Figure, Sheet, Words, sheet_names
from ctgeval.sources.presented_ods import MEDIA_TYPE, ods
from ctgeval.sources.presented_xlsx import xlsx
from tests.examples import examples

WRITERS = (xlsx, ods)
DANGEROUS = ("=1+1", "+33", "-1", "@SUM(A1)", "\t=1+1", "=cmd|' /C calc'!A0", '=HYPERLINK("https://exemple.org")')
FIGURES = (
    (Figure(value=26306.0, grouped=True), "#,##0"),
    (Figure(value=2015.0), "0"),
    (Figure(value=20.6897, decimals=1, grouped=True), "#,##0.0"),
    (Figure(value=-0.2, decimals=1, signed=True), "+0.0;-0.0;0.0"),
    (Figure(value=0.7984, share=True), "0%"),
    (Figure(value=318504.0, grouped=True, suffix="\u00a0€"), '#,##0"\u00a0€"'),
    (
        Figure(value=81.5789, decimals=1, suffix="\u202f% (p)", note="Dans le bilan : 31/38"),
        '0.0"\u202f% (p)"',
    ),
)


def sheet(rows: list[list[Figure | Words]], **more: object) -> Sheet:
    columns = tuple(f"Colonne {place}" for place in range(len(rows[0])))
    return Sheet(**{"name": "essai", "title": "Un tableau", "columns": columns, "rows": rows, **more})


def book(*sheets: Sheet) -> Book:
    return Book(title="Essai", day="2026-11-28", sheets=sheets)


def cells(data: bytes, name: str = "essai") -> list[list[object]]:
    found = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(name)
    return [list(row) for row in found.to_python(skip_empty_area=False)]


@pytest.mark.parametrize("write", WRITERS)
def test_what_is_written_is_read_back_with_its_title_its_notes_and_its_marks(write: Callable[[Book], bytes]) -> None:
    rows = [
        [Words(text="Tressonne & Cie"), Figure(value=12.3456789, decimals=1)],
        [Words(text="Sorvanne"), Words(text="non diffusable", mark="masque")],
        [Words(text="Montarvel"), Words(text="non disponible", mark="absent")],
    ]
    made = sheet(rows, above=("Unité : places.",), below=("Source : essai.",))

    assert cells(write(book(made))) == [
        ["Un tableau", ""],
        ["Unité : places.", ""],
        ["", ""],
        ["Colonne 0", "Colonne 1"],
        ["Tressonne & Cie", 12.3456789],
        ["Sorvanne", "non diffusable"],
        ["Montarvel", "non disponible"],
        ["", ""],
        ["Source : essai.", ""],
    ]


def test_the_two_marks_look_unlike_and_headers_stay_in_view() -> None:
    rows = [[Words(text="a", mark="masque"), Words(text="b", mark="absent"), Words(text="c")]]
    read = openpyxl.load_workbook(io.BytesIO(xlsx(book(sheet(rows, above=("Unité : places.",))))))["essai"]

    masked, absent, plain = read[5]
    assert read.freeze_panes == "B5"
    assert masked.fill.fgColor.rgb != absent.fill.fgColor.rgb
    assert (masked.font.italic, absent.font.italic, plain.font.italic) == (True, True, False)
    settings = fromstring(zipfile.ZipFile(io.BytesIO(ods(book(sheet(rows))))).read("settings.xml"))
    told = {one.attrib.get(f"{{{CONFIG}}}name"): one.text for one in settings.iter(f"{{{CONFIG}}}config-item")}
    assert (told["HorizontalSplitPosition"], told["VerticalSplitPosition"]) == ("1", "3")


CONFIG = "urn:oasis:names:tc:opendocument:xmlns:config:1.0"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"


@pytest.mark.parametrize(("figure", "pattern"), FIGURES)
def test_a_number_keeps_its_value_and_is_shown_as_in_the_page(figure: Figure, pattern: str) -> None:
    made = book(sheet([[Words(text="a"), figure]]))
    read = openpyxl.load_workbook(io.BytesIO(xlsx(made)))["essai"]["B4"]

    assert (read.value, read.number_format) == (figure.value, pattern)
    assert (read.comment.text if read.comment else "") == figure.note
    assert cells(ods(made))[3][1] == figure.value


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_is_ever_a_formula(text: str) -> None:
    row: list[Figure | Words] = [Words(text=text), Words(text=text)]
    made = book(sheet([row], title=text, above=(text,), below=(text,), columns=(text, text)))

    for one in openpyxl.load_workbook(io.BytesIO(xlsx(made)))["essai"].iter_rows():
        assert all(cell.data_type in {"s", "n"} for cell in one)
        assert all(cell.quotePrefix for cell in one if cell.value and cell.value.strip() == text.strip())
    content = fromstring(zipfile.ZipFile(io.BytesIO(ods(made))).read("content.xml"))
    assert not any(f"{{{TABLE}}}formula" in one.attrib for one in content.iter())
    kinds = [one.get(f"{{{OFFICE}}}value-type") for one in content.iter(f"{{{TABLE}}}table-cell")]
    assert set(kinds) == {None, "string"}
    assert sum(text.strip() in "".join(one.itertext()) for one in content.iter(f"{{{TABLE}}}table-cell")) == 7


@pytest.mark.parametrize("write", WRITERS)
def test_the_same_content_gives_the_same_bytes_and_the_date_is_that_of_the_document(
    write: Callable[[Book], bytes],
) -> None:
    made = book(sheet([[Words(text="a"), Figure(value=1.0)]]))
    data = write(made)

    assert data == write(made)
    assert data != write(replace(made, day="2026-11-29"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        told = b"".join(archive.read(name) for name in archive.namelist() if name in {"meta.xml", "docProps/core.xml"})
    assert b"2026-11-28T00:00:00" in told


def test_an_opendocument_says_first_what_it_is_and_lists_its_parts() -> None:
    with zipfile.ZipFile(io.BytesIO(ods(book(sheet([[Words(text="a")]]))))) as archive:
        first = archive.infolist()[0]
        manifest = archive.read("META-INF/manifest.xml").decode()
        parts = archive.namelist()

    assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
    assert all(f'full-path="{part}"' in manifest for part in parts if part not in {"mimetype", "META-INF/manifest.xml"})
    assert MEDIA_TYPE in manifest


def test_a_sheet_of_contents_leads_to_the_others() -> None:
    made = book(sheet([[Words(text="suite", sheet="suite")]]), sheet([[Words(text="a")]], name="suite"))

    link = openpyxl.load_workbook(io.BytesIO(xlsx(made)))["essai"]["A4"].hyperlink
    assert link.location == "'suite'!A1"
    assert b'xlink:href="#&#x27;suite&#x27;.A1"' in zipfile.ZipFile(io.BytesIO(ods(made))).read("content.xml")


@given(names=st.lists(st.text(max_size=80), min_size=1, max_size=12))
@examples(60)
def test_names_of_sheets_are_those_that_any_spreadsheet_takes(names: list[str]) -> None:
    found = sheet_names(names)

    assert len(found) == len(names) == len({name.casefold() for name in found})
    for name in found:
        assert 0 < len(name) <= LONGEST_NAME
        assert not set(name) & set("[]:*?/\\")
        assert name == name.strip("'")
        assert name.casefold() != "history"
    assert sheet_names(found) == found


@given(text=st.text(max_size=40))
@examples(60)
def test_any_text_is_read_back_from_an_opendocument(text: str) -> None:
    told = cells(ods(book(sheet([[Words(text="nom"), Words(text=text)]]))))[3]

    kept = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)
    assert told[:1] == ["nom"]
    assert "".join(str(told[1] if len(told) > 1 else "").split()) == "".join(kept.split())


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (book(sheet([[Words(text="a")]], name="a" * 32)), "nom de feuille"),
        (book(sheet([[Words(text="a")]]), sheet([[Words(text="a")]], name="ESSAI")), "nom de feuille"),
        (book(), "nom de feuille"),
        (book(sheet([[Words(text="a")]], columns=("A", "B"))), "1 cellules"),
        (book(sheet([[Words(text="a" * (LONGEST_TEXT + 1))]])), "32768 caractères"),
    ],
)
def test_what_no_spreadsheet_can_hold_is_refused_and_never_cut(
    write: Callable[[Book], bytes], made: Book, said: str
) -> None:
    with pytest.raises(SourceError, match=said):
        write(made)
