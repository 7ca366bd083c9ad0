"""Tables of texts of office suites are compared as those of a page: by their caption and the headings above."""

from __future__ import annotations

import io
import zipfile

import pytest

from ctgeval.report.scan.contents import Content
from ctgeval.report.scan.formats import read

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def archive(name: str, xml: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr(name, xml)
    return buffer.getvalue()


def word(body: str) -> Content:
    return read(
        ".docx", archive("word/document.xml", f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>')
    )


def paragraph(text: str, style: str = "") -> str:
    kind = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{kind}<w:r><w:t>{text}</w:t></w:r></w:p>"


def table(*rows: tuple[str, ...]) -> str:
    cells = [["<w:tc>" + paragraph(cell, "TableHeading") + "</w:tc>" for cell in row] for row in rows]
    return "<w:tbl>" + "".join("<w:tr>" + "".join(row) + "</w:tr>" for row in cells) + "</w:tbl>"


def open_text(body: str) -> Content:
    xml = (
        f'<o:document-content xmlns:o="{OFFICE}:office:1.0" xmlns:t="{OFFICE}:table:1.0" xmlns:x="{OFFICE}:text:1.0" '
        f'xmlns:s="{OFFICE}:style:1.0"><o:automatic-styles><s:style s:name="P1" s:parent-style-name="Table"/>'
        f"</o:automatic-styles><o:body><o:text>{body}</o:text></o:body></o:document-content>"
    )
    return read(".odt", archive("content.xml", xml))


def open_table(*rows: tuple[str, ...]) -> str:
    cells = [
        [f'<t:table-cell><x:p x:style-name="Table_20_Heading">{cell}</x:p></t:table-cell>' for cell in row]
        for row in rows
    ]
    told = "".join("<t:table-row>" + "".join(row) + "</t:table-row>" for row in cells)
    return f'<t:table t:name="Table1">{told}</t:table>'


ROWS = (("Territoire", "2023"), ("Auvrelles", "412"))
WORD = (
    paragraph("Le relais", "Heading2") + paragraph("Familles", "Heading3")
    + paragraph("Familles suivies", "TableCaption")
    + table(*ROWS) + paragraph("Enquête", "Titre2") + table(*ROWS)
)  # fmt: skip
OPEN = (
    '<x:h x:outline-level="2">Le relais</x:h><x:h x:outline-level="3">Familles</x:h>'
    '<x:p x:style-name="P1">Familles suivies</x:p>' + open_table(*ROWS) + '<x:h x:outline-level="2">Enquête</x:h>'
    + open_table(*ROWS)
)  # fmt: skip


@pytest.mark.parametrize("content", [word(WORD), open_text(OPEN)], ids=["docx", "odt"])
def test_a_table_has_the_caption_and_the_headings_above_it(content: Content) -> None:
    first, second = content.grids

    assert content.unread == []
    assert (first.caption, first.headings) == ("Familles suivies", ("Familles", "Le relais"))
    assert (first.columns, first.rows) == (("Territoire", "2023"), (("Auvrelles", "412"),))
    assert (second.caption, second.headings) == ("", ("Enquête",))
    assert "Familles suivies" in {piece.text for piece in content.pieces}
    # Each paragraph is a text of its own: a figure never hides in the word that follows it.
    assert "Le relais" in {piece.text for piece in content.pieces}


def test_a_cell_over_several_columns_keeps_the_others_under_their_headers() -> None:
    wide = f'<w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>{paragraph("x")}</w:tc><w:tc>{paragraph("y")}</w:tc>'
    (found,) = word(table(("a", "b", "c")).replace("</w:tbl>", f"<w:tr>{wide}</w:tr></w:tbl>")).grids
    (spread,) = open_text(
        open_table(("a", "b", "c")).replace(
            "</t:table>",
            "<t:table-row><t:table-cell><x:p>x</x:p></t:table-cell><t:covered-table-cell/><t:table-cell "
            "><x:p>y</x:p></t:table-cell></t:table-row></t:table>",
        )
    ).grids

    assert found.rows == (("x", "x", "y"),)
    assert spread.rows == (("x", "", "y"),)
