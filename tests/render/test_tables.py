from __future__ import annotations

import base64
import csv
import io
import math

import pytest

from ctgeval.render import tables
from ctgeval.render.tables import Cell, Column, Table


def table(*rows: list[Cell], columns: int = 2) -> Table:
    names = [Column("Commune"), *(Column(f"Année {rank}", numeric=True) for rank in range(columns - 1))]
    return Table("essai", "Un titre", names, rows, details=["Unité : habitants."], notes=["Source : Insee."])


def read(found: Table) -> list[list[str]]:
    content = base64.b64decode(found.link.partition("base64,")[2])
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def test_table_has_caption_scopes_unit_and_source() -> None:
    html = tables.render(table([tables.text("Ayron"), Cell("26", raw=26.0)]))
    assert "<caption>Un titre" in html
    assert html.count('scope="col"') == 2
    assert html.count('scope="row"') == 1
    assert "Unité\u202f: habitants." in html
    assert "Source\u202f: Insee." in html


def test_wide_table_keeps_its_roles_when_it_becomes_cards() -> None:
    html = tables.render(table([tables.text("A"), *[Cell("1")] * 3], columns=4))
    assert "table-fiche" in html
    assert html.count('role="cell"') == html.count("data-label=") == 3
    assert 'role="table"' in html


def test_two_marks_differ_by_word_and_symbol_and_have_their_legend() -> None:
    html = tables.render(table([tables.text("A"), tables.withheld("masque"), tables.withheld("absent")], columns=3))
    assert "⊘</span> non diffusable" in html
    assert "…</span> non disponible" in html
    assert "⊘ non diffusable\u202f:" in html
    assert "… non disponible\u202f:" in html


def test_legend_is_left_out_when_no_mark_is_used() -> None:
    assert "legende" not in tables.render(table([tables.text("A"), Cell("1")]))


@pytest.mark.parametrize(
    "lead", ["=1+1", "+33", "-A", "@SUM", "\t=1", "\r=1", " =1", "\ufeff=1", "\u202f=cmd|' /C'!A0"]
)
def test_text_that_a_spreadsheet_would_run_is_disarmed(lead: str) -> None:
    assert read(table([tables.text(lead), Cell("1", raw=1.0)]))[1][0].startswith("'")


def test_numbers_stay_numbers_in_the_download() -> None:
    assert read(table([tables.text("A"), Cell("−12,5", raw=-12.5)]))[1] == ["A", "-12,5"]


def test_download_has_the_rows_that_the_page_leaves_out() -> None:
    found = Table("x", "t", [Column("a"), Column("b")], [[Cell("1"), Cell("2")]], extra=[[Cell("3"), Cell("4")]])
    assert read(found)[2] == ["3", "4"]
    assert "<td>4" not in tables.render(found)


def test_decimals_beyond_what_a_source_knows_are_left_out_of_the_download() -> None:
    small = [Cell("0,0", raw=0.000123456), Cell("757 260,35 €", raw=757260.35), Cell("1/3", raw=1 / 3)]
    assert read(table([tables.text("A"), *small], columns=4))[1] == ["A", "0,0001235", "757260,35", "0,3333"]


@pytest.mark.parametrize(("rows", "raw", "offered"), [(4, 1.0, True), (3, 1.0, False), (4, "", False)])
def test_a_download_is_offered_for_enough_rows_of_numbers(rows: int, raw: float | str, *, offered: bool) -> None:
    found = table(*[[tables.text("A"), Cell("1", raw=raw)]] * rows)
    assert ("Télécharger" in tables.render(found)) == offered


def test_rows_that_only_the_download_holds_are_always_offered() -> None:
    columns, row = [Column("a"), Column("b")], [Cell("1"), Cell("2")]
    assert Table("x", "t", columns, [row], extra=[row]).offered
    assert not Table("x", "t", columns, [row], extra=[row], downloadable=False).offered


def test_the_table_and_not_its_cells_says_which_columns_hold_numbers() -> None:
    columns = [Column("a"), Column("b", numeric=True), Column("c"), Column("d", numeric=True)]
    html = tables.render(Table("x", "t", columns, [[Cell("1")] * 4]))
    assert 'class="table table-fiche nombre-2 nombre-4"' in html
    assert html.count("nombre") == 2


def test_markup_in_cells_is_escaped() -> None:
    html = tables.render(table([tables.text("<script>alert(1)</script>"), Cell("<b>")]))
    assert "<script" not in html
    assert "&lt;b&gt;" in html


def test_undefined_number_is_marked_and_never_zero() -> None:
    cell = tables.number(math.nan, "0")
    assert (cell.mark, cell.text) == ("absent", "non disponible")
