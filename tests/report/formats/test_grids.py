"""What is read of the tables of a page: what a reader sees, and the exact values of the downloads."""

from __future__ import annotations

import base64

import pytest

from ctgeval import french
from ctgeval.errors import ReportError
from ctgeval.render import blocks, tables
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.report.formats.grids import KEY_FIGURES, Grid, grids
from ctgeval.sources.presented import Figure, Words
from tests.report.formats.pages import around

N = french.NNBSP
MASKED = Words(text="non diffusable", mark="masque")
TABLE = Table(
    "pe07-valeurs",
    "Familles suivies, dans la CC d'essai",
    [Column("Territoire"), Column("2023", numeric=True), Column("Part", numeric=True)],
    [
        [tables.text("Auvrelles"), tables.number(1244.0, f"1{N}244"), Cell(f"20,7{N}%", raw=20.6897)],
        [tables.text("Bellouze"), tables.withheld("masque"), tables.withheld("absent")],
        [tables.text("Montarvel"), Cell("832", raw=832.0, provisional=True), Cell(f"9,1{N}% (3 sur 33)", raw=9.0909)],
        [tables.text("Sorvanne"), Cell("12 à 15", raw="12 à 15"), Cell("–", raw="–")],
    ],
    details=["Unité : familles.", "Périmètre 2025."],
    notes=["Source : essai.", "Des familles différentes."],
    extra=[[tables.text("=Caché"), Cell("", raw=7.5), tables.withheld("masque")]],
)


def read(html: object) -> tuple[Grid, ...]:
    return grids(around(f"<h2>Le relais</h2>{html}"))


def test_a_table_is_read_with_its_caption_its_unit_its_marks_and_its_notes() -> None:
    (grid,) = read(tables.render(TABLE))

    assert (grid.id, grid.caption, grid.headings) == (
        "pe07-valeurs",
        "Familles suivies, dans la CC d’essai",
        ("Le relais",),
    )
    assert grid.about == (f"Unité{N}: familles. Périmètre 2025.",)
    assert grid.unit == "familles"
    assert grid.columns == ("Territoire", "2023", "Part")
    assert [one.split()[0] for one in grid.legend[0].split(". ")] == ["⊘", "…", "(p)"]
    assert grid.notes == (f"Source{N}: essai.", "Des familles différentes.")


def test_numbers_are_those_of_the_download_and_texts_those_of_the_page() -> None:
    (grid,) = read(tables.render(TABLE))

    assert [[cell.content for cell in row] for row in grid.rows] == [
        [Words(text="Auvrelles"), Figure(value=1244, grouped=True),
         Figure(value=20.6897, decimals=1, grouped=True, suffix=f"{N}%")],
        [Words(text="Bellouze"), MASKED, Words(text="non disponible", mark="absent")],
        [Words(text="Montarvel"), Figure(value=832, grouped=True, suffix=" (p)"),
         Figure(value=9.0909, decimals=1, grouped=True, suffix=f"{N}%", note=f"Dans le bilan{N}: 9,1{N}% (3 sur 33)")],
        [Words(text="Sorvanne"), Words(text="12 à 15"), Words(text="–")],
        # Only in the download: the apostrophe that kept it from being a formula there is not of the text.
        [Words(text="=Caché"), Figure(value=7.5, decimals=1, grouped=True), MASKED],
    ]  # fmt: skip
    assert grid.download == tables.to_csv(TABLE)


def test_a_table_that_offers_no_download_gives_the_numbers_that_it_shows() -> None:
    short = Table(TABLE.id, TABLE.caption, TABLE.columns, TABLE.rows[:2])
    (grid,) = read(tables.render(short))

    assert grid.download == b""
    assert [cell.content for cell in grid.rows[0][1:]] == [
        Figure(value=1244, grouped=True),
        Figure(value=20.7, decimals=1, grouped=True, suffix=f"{N}%"),
    ]


def test_the_values_of_a_figure_take_the_notes_of_the_figure() -> None:
    bare = Table("a", "Un tableau", TABLE.columns, TABLE.rows[:1])
    sheet = blocks.block(
        "sheet", "", "", blocks.folded("Les valeurs", tables.render(bare)), blocks.bullets(["Source."], css="notes")
    )
    (grid,) = read(sheet)

    assert grid.notes == ("Source.",)


def test_a_frame_without_caption_is_called_after_the_heading_and_its_headers_are_named() -> None:
    (grid,) = read(
        "<table class='dataframe'><thead><tr><th></th><th>n</th><th>n</th><th></th></tr></thead>"
        "<tbody><tr><th>a</th><td>1</td><td>2</td></tr></tbody></table>"
    )

    assert (grid.id, grid.caption) == ("tableau", "Le relais")
    assert grid.columns == ("Ligne", "n", "n (2)", "Colonne 4")
    assert [cell.text for cell in grid.rows[0]] == ["a", "1", "2", ""]


def test_a_cell_over_several_rows_or_columns_is_told_in_each() -> None:
    (grid,) = read(
        "<table><caption>x</caption><thead><tr><th rowspan=2>Lieu</th><th colspan=2>Places</th></tr>"
        "<tr><th>2023</th><th>2024</th></tr></thead><tbody>"
        "<tr><th rowspan=2>a</th><td>1</td><td>2</td></tr><tr><td colspan=2>3</td></tr></tbody></table>"
    )

    assert grid.columns == ("Lieu", "Places – 2023", "Places – 2024")
    assert [[cell.text for cell in row] for row in grid.rows] == [["a", "1", "2"], ["a", "3", "3"]]


def test_two_tables_of_one_name_get_two() -> None:
    found = read("".join(f"<table><caption>{n}</caption><tr><td>1</td></tr></table>" for n in "abc"))

    assert [grid.id for grid in found] == ["tableau", "tableau-2", "tableau-3"]


def test_what_has_no_row_is_no_table() -> None:
    assert read("<table><caption>Vide</caption><thead><tr><th>a</th></tr></thead></table>") == ()


def test_key_figures_are_a_table_too() -> None:
    card = {"name": "Reste à charge", "mark": "", "value": f"318{N}504\u00a0€", "unit": "", "evolution": "en hausse",
            "verdict": "", "code": "", "source": "2025", "strong": True}  # fmt: skip
    hidden = card | {"name": "Familles", "mark": "masque", "value": "", "unit": "familles"}
    (grid,) = read(blocks.block("cards", [card, hidden]))

    assert (grid.id, grid.caption) == (KEY_FIGURES, "Le relais")
    assert grid.columns == ("Chiffre", "Valeur", "Unité", "Évolution", "Période et source")
    assert [row[1].content for row in grid.rows] == [
        Figure(value=318504, grouped=True, suffix="\u00a0€"),
        MASKED,
    ]


def changed(download: bytes) -> str:
    link = "data:text/csv;charset=utf-8;base64," + base64.b64encode(download).decode()
    return str(tables.render(TABLE)).replace(TABLE.link, link)


@pytest.mark.parametrize(
    ("download", "why"),
    [
        (tables.to_csv(TABLE).replace(b"Bellouze;non diffusable", b"Bellouze;3"), "ne montre pas"),
        (b"Territoire;2023\r\na;1\r\n" * 6, "mêmes colonnes"),
        (b"Territoire;2023;Part\r\na;1;2\r\n", "mêmes lignes"),
    ],
)
def test_a_download_that_does_not_tell_what_the_page_tells_is_refused(download: bytes, why: str) -> None:
    with pytest.raises(ReportError, match=why) as raised:
        read(changed(download))

    assert raised.value.problem.key == "pe07-valeurs"
    assert "3" not in str(raised.value).replace("2023", "")
