"""What a PDF shows is read sign by sign, each font by its own table, and tables of tagged ones are tables."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, strategies as st

from ctgeval.report.scan.contents import Content
from ctgeval.report.scan.formats import read
from tests.examples import examples


def table(pairs: dict[str, str]) -> bytes:
    told = b"".join(
        b"<%s> <%s>\n" % (code.encode(), letters.encode("utf-16-be").hex().encode()) for code, letters in pairs.items()
    )
    return b"1 beginbfchar\n" + told + b"endbfchar"


def pdf(objects: dict[int, bytes], streams: dict[int, bytes], *, packed: bool = True) -> bytes:
    """Return a PDF; its objects stand in an object stream, as those of most programs do, when ``packed``."""
    data = b"%PDF-1.7\n"
    if packed:
        bodies, heads, at = b"", b"", 0
        for number, told in objects.items():
            heads += b"%d %d " % (number, at)
            bodies += told + b"\n"
            at = len(bodies)
        inside = zlib.compress(heads + bodies)
        head = b"/Type /ObjStm/N %d/First %d/Filter /FlateDecode/Length %d" % (len(objects), len(heads), len(inside))
        data += b"99 0 obj\n<<" + head + b">>\nstream\n" + inside + b"\nendstream\nendobj\n"
    else:
        data += b"".join(b"%d 0 obj\n%s\nendobj\n" % one for one in objects.items())
    for number, body in streams.items():
        squeezed = zlib.compress(body)
        head = b"/Filter [/FlateDecode]/Length %d" % len(squeezed)
        data += b"%d 0 obj\n<<%s>>\nstream\n" % (number, head) + squeezed + b"\nendstream\nendobj\n"
    return data


FONTS = {
    1: b"<</Type /Page/Contents 2 0 R/Resources <</Font <</A 3 0 R/B 4 0 R>>>>>>",
    3: b"<</Type /Font/Subtype /Type0/ToUnicode 5 0 R>>",
    4: b"<</Type /Font/Subtype /Type0/ToUnicode 6 0 R>>",
}
TABLES = {5: table({"0001": "2", "0002": "\u202f", "0003": "461"}), 6: table({"0001": "Z", "0002": "é", "0003": "fi"})}


def said(content: Content) -> list[str]:
    return [piece.text for piece in content.pieces]


@pytest.mark.parametrize("packed", [True, False])
def test_each_font_tells_its_own_codes(packed: bool) -> None:
    """Fonts cut to what a document uses give the same code to different letters."""
    shown = b"BT /A 12 Tf [<0001>-10<0002> 3 <0003>] TJ /B 9 Tf <00010003> Tj ET"
    content = read(".pdf", pdf(FONTS, TABLES | {2: shown}, packed=packed))

    assert "2\u202f461 Zfi" in said(content)
    assert content.unread == []


def test_a_no_break_space_of_another_font_does_not_cut_a_number() -> None:
    fonts = TABLES | {6: table({"0001": "\u202f"})}
    shown = b"BT /A 12 Tf <0001> Tj /B 9 Tf <0001> Tj /A 12 Tf <0003> Tj ET"

    assert "2\u202f461" in said(read(".pdf", pdf(FONTS, fonts | {2: shown})))


def test_two_bytes_of_a_literal_string_are_a_code_too() -> None:
    assert "2\u202f461" in said(
        read(".pdf", pdf(FONTS, TABLES | {2: b"BT /A 1 Tf (\\000\\001\\000\\002\\000\\003) Tj ET"}))
    )


def test_ranges_of_codes_are_read() -> None:
    ranges = b"2 beginbfrange <0010> <0012> <0041> <0020> <0021> [<0032> <0034>] endbfrange"
    content = read(".pdf", pdf(FONTS, TABLES | {5: ranges, 2: b"BT /A 1 Tf <00100011001200200021> Tj ET"}))

    assert "ABC24" in said(content)


def test_a_code_that_no_table_tells_is_told_as_unread() -> None:
    content = read(".pdf", pdf(FONTS, TABLES | {2: b"BT /A 12 Tf <0001FFFF> Tj ET"}))

    assert content.unread == ["PDF, partie 1 : police sans table de signes"]


STRUCTURE = FONTS | {
    10: b"<</Type /StructTreeRoot/K [11 0 R]>>",
    11: b"<</Type /StructElem/S /Document/K [12 0 R 13 0 R 14 0 R]/P 10 0 R/Pg 1 0 R>>",
    12: b"<</Type /StructElem/S /H2/K 0/P 11 0 R/Pg 1 0 R>>",
    13: b"<</Type /StructElem/S /P/K [1 15 0 R <</Type /MCR/Pg 1 0 R/MCID 3>>]/P 11 0 R/Pg 1 0 R>>",
    15: b"<</Type /StructElem/S /Span/K [2]/P 13 0 R/Pg 1 0 R>>",
    14: b"<</Type /StructElem/S /Table/K [16 0 R 17 0 R 20 0 R]/P 11 0 R/Pg 1 0 R>>",
    16: b"<</Type /StructElem/S /Caption/K [4]/P 14 0 R/Pg 1 0 R>>",
    17: b"<</Type /StructElem/S /THead/K [18 0 R 26 0 R]/P 14 0 R>>",
    18: b"<</Type /StructElem/S /TR/K [24 0 R 25 0 R]/P 17 0 R>>",
    26: b"<</Type /StructElem/S /TR/K [27 0 R 28 0 R]/P 17 0 R>>",
    27: b"<</Type /StructElem/S /TH/K [5]/P 26 0 R/Pg 1 0 R>>",
    28: b"<</Type /StructElem/S /TH/K [6]/P 26 0 R/Pg 1 0 R>>",
    20: b"<</Type /StructElem/S /TR/K [21 0 R 22 0 R]/P 14 0 R>>",
    21: b"<</Type /StructElem/S /TH/K [7]/P 20 0 R/Pg 1 0 R>>",
    22: b"<</Type /StructElem/S /TD/K [8]/P 20 0 R/Pg 1 0 R>>",
    24: b"<</Type /StructElem/S /TH/K [5]/P 18 0 R/Pg 1 0 R>>",
    25: b"<</Type /StructElem/S /TH/K [6]/P 18 0 R/Pg 1 0 R>>",
}
WORDS = ["Le relais", "Une phrase", "coupée", "en trois.", "Familles suivies", "Lieu", "2023", "Auvrelles", "412"]


def marked(*words: str) -> bytes:
    shown = b"".join(
        b"/Span <</MCID %d>> BDC BT (%s) Tj ET EMC\n" % (rank, word.encode("latin-1"))
        for rank, word in enumerate(words)
    )
    return b"/Artifact BMC BT (Page 1) Tj ET EMC\n" + shown


def test_a_tagged_document_gives_its_paragraphs_and_its_tables() -> None:
    objects = {number: told for number, told in STRUCTURE.items() if number not in {3, 4}}
    content = read(".pdf", pdf(objects, {2: marked(*WORDS)}))
    (grid,) = content.grids

    assert content.unread == []
    assert (grid.caption, grid.headings) == ("Familles suivies", ("Le relais",))
    # The header that comes back on the next page is no row.
    assert (grid.columns, grid.rows) == (("Lieu", "2023"), (("Auvrelles", "412"),))
    assert {"Le relais", "Une phrase coupée en trois.", "Page 1", "Auvrelles | 412"} <= set(said(content))


def test_what_the_structure_leaves_out_is_read_all_the_same() -> None:
    objects = {number: told for number, told in STRUCTURE.items() if number not in {3, 4}}

    assert "caché 2461" in said(read(".pdf", pdf(objects, {2: marked(*WORDS, "caché 2461")})))


def test_a_structure_that_turns_in_circles_has_an_end() -> None:
    objects = STRUCTURE | {15: b"<</Type /StructElem/S /Span/K [13 0 R 13 0 R 15 0 R]/P 13 0 R>>"}

    assert "Auvrelles | 412" in said(read(".pdf", pdf(objects, {2: marked(*WORDS)})))


def test_a_word_cut_at_the_end_of_a_line_is_whole_and_a_table_cut_at_the_end_of_a_page_keeps_its_caption() -> None:
    objects = {number: told for number, told in STRUCTURE.items() if number not in {3, 4}}
    objects |= {
        11: b"<</Type /StructElem/S /Document/K [12 0 R 13 0 R 14 0 R 30 0 R]/P 10 0 R/Pg 1 0 R>>",
        30: b"<</Type /StructElem/S /Table/K [34 0 R 31 0 R]/P 11 0 R/Pg 1 0 R>>",
        34: b"<</Type /StructElem/S /TR/K [35 0 R 36 0 R]/P 30 0 R>>",
        35: b"<</Type /StructElem/S /TH/K [5]/P 34 0 R/Pg 1 0 R>>",
        36: b"<</Type /StructElem/S /TH/K [6]/P 34 0 R/Pg 1 0 R>>",
        31: b"<</Type /StructElem/S /TR/K [32 0 R 33 0 R]/P 30 0 R>>",
        32: b"<</Type /StructElem/S /TH/K [9]/P 31 0 R/Pg 1 0 R>>",
        33: b"<</Type /StructElem/S /TD/K [10]/P 31 0 R/Pg 1 0 R>>",
    }
    fonts = {3: FONTS[3], 1: FONTS[1]}
    signs = {5: table({"0001": "Bel\u2010", "0002": "kacem"})}
    shown = marked(*WORDS, "Montarvel", "832")
    shown = shown.replace(b"(Une phrase)", b"/A 9 Tf <0001>").replace(b"(coup\xe9e)", b"/A 9 Tf <0002>")
    content = read(".pdf", pdf(fonts | objects, signs | {2: shown}))

    assert "Belkacem en trois." in said(content)
    assert [(grid.caption, grid.rows[0]) for grid in content.grids] == [
        ("Familles suivies", ("Auvrelles", "412")),
        ("Familles suivies", ("Montarvel", "832")),
    ]


@given(
    cuts=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 40), st.binary(max_size=6)), min_size=1, max_size=4),
    hostile=st.sampled_from(
        [b"", b"1 beginbfrange < > < > < > endbfrange", b"BT (\\9) Tj <> Tj [<>(] TJ EMC EMC ET", b"<<" * 300]
    ),
)
@examples(150)
def test_a_damaged_document_is_read_or_refused(cuts: list[tuple[int, int, bytes]], hostile: bytes) -> None:
    data = pdf(STRUCTURE, TABLES | {2: marked(*WORDS), 50: hostile or b" "}, packed=False)
    for at, length, put in cuts:
        data = data[:at] + put + data[at + length :]

    assert isinstance(read(".pdf", data), Content)
