"""Each kind of file gives all that it says; what can't be read is told, never passed over."""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
import zlib

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment

from ctgeval.report.scan.contents import Content
from ctgeval.report.scan.formats import read

TOLD = "secret 2461"


def said(content: Content) -> str:
    return "\n".join(piece.text for piece in content.pieces)


def workbook(change: str) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Territoire", "2024"])
    sheet.append(["Auvrelles", 12])
    if change == "cell":
        sheet["C9"] = TOLD
    elif change == "header":
        sheet["B1"] = TOLD
    elif change == "sheet name":
        sheet.title = TOLD
    elif change == "comment":
        sheet["A1"].comment = Comment(TOLD, "x")
    elif change == "author of a comment":
        sheet["A1"].comment = Comment("x", TOLD)
    elif change == "hidden sheet":
        hidden = book.create_sheet("x")
        hidden.sheet_state = "veryHidden"
        hidden["Z1"] = TOLD
    elif change == "property":
        book.properties.creator = TOLD
    elif change == "defined name":
        book.defined_names["x"] = openpyxl.workbook.defined_name.DefinedName("x", attr_text=f'"{TOLD}"')
    elif change == "page header":
        sheet.oddHeader.center.text = TOLD
    elif change == "validation":
        rule = openpyxl.worksheet.datavalidation.DataValidation(type="list", formula1=f'"{TOLD}"')
        sheet.add_data_validation(rule)
        rule.add("A1")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "change",
    ["cell", "header", "sheet name", "comment", "author of a comment", "hidden sheet", "property", "defined name",
     "page header", "validation"],
)  # fmt: skip
def test_a_workbook_hides_nothing(change: str) -> None:
    plain = read(".xlsx", workbook(""))
    assert plain.unread == []
    assert TOLD not in said(plain)
    assert TOLD in said(read(".xlsx", workbook(change)))


def test_a_sheet_is_a_table_with_its_headers() -> None:
    (grid,) = read(".xlsx", workbook("")).grids
    assert grid.columns == ("Territoire", "2024")
    assert grid.rows == (("Auvrelles", "12"),)
    assert "Sheet" in grid.where


def test_a_hidden_sheet_is_called_so() -> None:
    assert any("cachée" in piece.where for piece in read(".xlsx", workbook("hidden sheet")).pieces)


def test_a_workbook_of_this_house_is_read() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"title": "Bilan", "comments": TOLD})
        sheet = book.add_worksheet("Données")
        sheet.write_row(0, 0, ["Territoire", "2023"])
        sheet.write_row(1, 0, ["Auvrelles", 412.5])
        sheet.write_comment("A1", "note")
    content = read(".xlsx", buffer.getvalue())
    assert content.unread == []
    assert TOLD in said(content)
    assert content.grids[0].rows == (("Auvrelles", "412.5"),)


def test_the_lines_above_the_headers_of_a_sheet_are_its_caption() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("pe07-valeurs")
        sheet.write_string(0, 0, "Familles suivies")
        sheet.write_string(1, 0, "Unité : familles.")
        sheet.write_row(3, 0, ["Territoire", "2023"])
        sheet.write_row(4, 0, ["Auvrelles", 93.1])
        sheet.write_string(6, 0, "Source : essai.")
    (grid,) = read(".xlsx", buffer.getvalue()).grids
    assert (grid.caption, grid.id) == ("Familles suivies Unité : familles.", "pe07-valeurs")
    # The file says 93.09999999999999, which no spreadsheet shows.
    assert (grid.columns, grid.rows[0]) == (("Territoire", "2023"), ("Auvrelles", "93.1"))


def archive(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return buffer.getvalue()


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


@pytest.mark.parametrize(
    ("suffix", "part", "xml"),
    [
        (".docx", "word/document.xml", f'<w:d xmlns:w="{WORD}"><w:p><w:t>secret </w:t><w:t>2461</w:t></w:p></w:d>'),
        (".docx", "word/comments.xml", f'<w:d xmlns:w="{WORD}"><w:comment w:author="secret 2461"/></w:d>'),
        (".docx", "word/footnotes.xml", f'<w:d xmlns:w="{WORD}"><w:p><w:t>secret 2461</w:t></w:p></w:d>'),
        (".docx", "docProps/core.xml", "<a><b>secret 2461</b></a>"),
        (".docx", "word/_rels/document.xml.rels", '<a><b Target="secret 2461"/></a>'),
        (".odt", "content.xml", f'<a xmlns:t="{OFFICE}:text:1.0"><t:p>secret <t:s>2461</t:s></t:p></a>'),
        (".odt", "meta.xml", "<a><b>secret 2461</b></a>"),
        (".odt", "styles.xml", f'<a xmlns:t="{OFFICE}:text:1.0"><t:p>secret 2461</t:p></a>'),
        (".ods", "content.xml", f'<a xmlns:t="{OFFICE}:table:1.0"><t:table t:name="secret 2461"/></a>'),
    ],
)
def test_a_text_of_an_office_suite_hides_nothing(suffix: str, part: str, xml: str) -> None:
    content = read(suffix, archive({part: xml.encode()}))
    assert content.unread == []
    assert TOLD in said(content)


def test_a_sheet_of_open_document_is_a_table() -> None:
    row = (
        "<t:table-row><t:table-cell><x:p>{}</x:p></t:table-cell>"
        "<t:table-cell {}><x:p>{}</x:p></t:table-cell></t:table-row>"
    )
    rows = row.format("Territoire", "", "2024") + row.format("Auvrelles", 'o:value="412"', "412")
    xml = (
        f'<a xmlns:t="{OFFICE}:table:1.0" xmlns:x="{OFFICE}:text:1.0" xmlns:o="{OFFICE}:office:1.0">'
        f'<t:table t:name="Données">{rows}</t:table></a>'
    )
    (grid,) = read(".ods", archive({"content.xml": xml.encode()})).grids
    assert (grid.columns, grid.rows) == (("Territoire", "2024"), (("Auvrelles", "412"),))


@pytest.mark.parametrize(
    ("suffix", "data"),
    [
        (".xlsx", b"not a zip"),
        (".xlsx", archive({"xl/vbaProject.bin": b"macro"})),
        (".docx", archive({"word/document.xml": b"<a><b></a>"})),
        (".docx", archive({"a.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'})),
        (".zip", archive({f"{rank}.txt": b"x" for rank in range(1001)})),
        (".pdf", b"%PDF-1.7 nothing"),
        (".pdf", b"%PDF-1.7 <</Encrypt 1 0 R>>"),
        (".pdf", b"%PDF <</Length 4/Filter/LZWDecode>> stream\nabcd\nendstream"),
        (".png", b"\x89PNG\r\n\x1a\n\x00\x00\xff\xffIHDR"),
        (".png", b"not a picture"),
        (".json", b"{"),
        (".pkl", b"\x80\x04"),
        ("", b"anything"),
        (".doc", b"\xd0\xcf\x11\xe0"),
    ],
)
def test_what_cannot_be_read_is_told(suffix: str, data: bytes) -> None:
    assert read(suffix, data).unread


def pdf(text: bytes, *, packed: bool = True, info: bytes = b"") -> bytes:
    body = b"BT /F1 12 Tf (" + text + b") Tj ET"
    stream = zlib.compress(body) if packed else body
    head = b"<</Length %d%s>>" % (len(stream), b"/Filter/FlateDecode" if packed else b"")
    return (
        b"%PDF-1.7\n1 0 obj " + head + b" stream\n" + stream + b"\nendstream endobj\n2 0 obj <<" + info + b">> endobj"
    )


@pytest.mark.parametrize("packed", [True, False])
def test_the_text_of_a_pdf_is_read(packed: bool) -> None:
    content = read(".pdf", pdf(rb"secret \062461 \(vrai\)", packed=packed))
    assert "secret 2461 (vrai)" in said(content)
    assert content.unread == []


def test_the_properties_of_a_pdf_are_read() -> None:
    assert TOLD in said(read(".pdf", pdf(b"x", info=b"/Author (secret 2461)")))
    utf16 = b"<FEFF" + TOLD.encode("utf-16-be").hex().upper().encode() + b">"
    assert TOLD in said(read(".pdf", pdf(b"x", info=b"/Title " + utf16)))


@pytest.mark.parametrize("kind", [3, 42])
def test_a_pdf_of_matplotlib_is_read_or_refused(kind: int) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    buffer = io.BytesIO()
    with mpl.rc_context({"pdf.fonttype": kind}):
        figure = Figure()
        figure.text(0.1, 0.5, "2461")
        figure.savefig(buffer, format="pdf")
    content = read(".pdf", buffer.getvalue())
    assert content.unread or "2461" in said(content).replace(" ", "")


def test_a_jpeg_tells_its_comment_and_its_exif() -> None:
    segments = b"".join(
        b"\xff" + marker + struct.pack(">H", len(body) + 2) + body
        for marker, body in ((b"\xe1", b"Exif\x00\x00MM auteur Marie"), (b"\xfe", TOLD.encode()))
    )
    content = read(".jpg", b"\xff\xd8" + segments + b"\xff\xda\x00\x02pixels\xff\xd9" + b"queue de fichier")
    assert "auteur Marie" in said(content)
    assert TOLD in said(content)
    assert "queue de fichier" in said(content)


def test_a_notebook_tells_its_outputs_and_its_metadata() -> None:
    page = "<table><tr><th>Territoire</th><th>2024</th></tr><tr><td>Auvrelles</td><td>3</td></tr></table>"
    cells = [
        {"cell_type": "code", "source": ["x = ", "'secret ", "2461'"], "outputs": [{"data": {"text/html": [page]}}]},
        {"cell_type": "markdown", "source": "texte", "attachments": {"a": {"text/plain": "pièce jointe"}}},
    ]
    content = read(".ipynb", json.dumps({"cells": cells, "metadata": {"auteur": "Marie"}}).encode())
    assert TOLD in said(content)
    assert "pièce jointe" in said(content)
    assert "Marie" in said(content)
    assert content.grids[0].rows == (("Auvrelles", "3"),)


def test_what_is_in_what_is_in_a_page_is_read() -> None:
    inner = f'<svg xmlns="http://www.w3.org/2000/svg"><desc>{TOLD}</desc></svg>'
    link = base64.b64encode(inner.encode()).decode()
    content = read(".html", f'<p><img src="data:image/svg+xml;base64,{link}"></p>'.encode())
    assert TOLD in said(content)


def test_files_within_files_have_an_end() -> None:
    told = b"fin"
    for _ in range(8):
        told = f'<a href="data:text/html;base64,{base64.b64encode(told).decode()}">x</a>'.encode()
    assert "emboîtés" in read(".html", told).unread[0]


def test_spans_and_nested_headers_give_each_cell_its_headers() -> None:
    page = """<table><caption>Familles</caption><thead>
    <tr><th rowspan=2>Territoire</th><th colspan=2>Familles</th></tr><tr><th>2023</th><th>2024</th></tr></thead>
    <tbody><tr><th rowspan=2>Auvrelles</th><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></tbody></table>"""
    (grid,) = read(".html", page.encode()).grids
    assert grid.columns == ("Territoire", "Familles – 2023", "Familles – 2024")
    assert grid.rows == (("Auvrelles", "1", "2"), ("Auvrelles", "3", "4"))
    assert grid.caption == "Familles"


@pytest.mark.parametrize("page", ["<table><tr><td>1", "<svg><text>2461", "<h2>a<p>b", "<a href='data:,x'>", "<!--", ""])
def test_broken_pages_are_read(page: str) -> None:
    assert read(".html", page.encode()).unread == []
