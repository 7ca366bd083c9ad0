"""A bilan says the same figures in all its formats: each is read back by what its readers have, and compared.

The pages are those that `make bilan` gives, for each audience; nothing here knows how a format is made.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ctgeval import french
from ctgeval.config import OPEN_AUDIENCES
from ctgeval.errors import ParameterError
from ctgeval.render import blocks, tables as rendered
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.report.formats import Document, making, package
from tests.examples import sample
from tests.made import checkout_with_bilans
from tests.once import shared_root
from tests.report.formats import frictionless, reading
from tests.report.formats.pages import around, published
from tests.report.formats.reading import Read, bare, squeezed

FICTIONAL = "territoire-fictif-epci-249900001"
PAGES = (
    "habitants/epci-200070035-diagnostic-2023",
    f"copil/{FICTIONAL}-impact-2025",
    "interne/epci-200070035-diagnostic-2023",
    f"copil/{FICTIONAL}-bilan-annuel-2025",
    f"copil/{FICTIONAL}-diagnostic-2025",
    f"habitants/{FICTIONAL}-bilan-annuel-2025",
    f"habitants/{FICTIONAL}-diagnostic-2025",
    f"habitants/{FICTIONAL}-impact-2025",
    f"interne/{FICTIONAL}-bilan-annuel-2025",
)
ALL_SIGNS = "essai"
"""A bilan that holds every kind of cell, the two marks among them, which no page of the demonstration has."""
TRIED = (ALL_SIGNS, *PAGES[: sample(3, len(PAGES))])
TEXTS = ("docx", "odt", "pdf")
MARKS = ("non diffusable", "non disponible")
NUMBER = re.compile(r"([+-]?)(\d{1,3}(?: \d{3})+(?!\d)|\d+)(?:,(\d+))?")
N = french.NNBSP


@dataclass(frozen=True, eq=False)
class Bilan:
    """A bilan, what its page says, and its files, each made once for all the tests."""

    document: Document
    page: Read
    _made: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def files(self, name: str) -> dict[str, bytes]:
        if name not in self._made:
            self._made[name] = {one.name: one.data for _, one in making.made((name,), self.document)}
        return self._made[name]

    def read(self, name: str) -> Read:
        (data,) = self.files(name).values()
        return {"pdf": reading.pdf, "slides": reading.page}.get(name, reading.office)(data)


def every_sign() -> Bilan:
    rows = [
        [
            rendered.text("Auvrelles"),
            Cell(f"1{N}244", raw=1244.0),
            Cell(f"20,7{N}%", raw=20.69),
            Cell(f"80{N}%", raw=0.798),
        ],
        [rendered.text("Bellouze"), rendered.withheld("masque"), rendered.withheld("absent"), Cell("sans objet")],
        [rendered.text("Montarvel"), Cell("832", raw=832.0, provisional=True), Cell("−0,2", raw=-0.2), Cell("–")],
        [rendered.text("=Sorvanne"), Cell("de 12 à 15"), Cell("57,3 (2021)", raw=57.3), Cell("+5,2", raw=5.1645)],
    ]
    columns = [Column("Lieu"), Column("2023", numeric=True), Column("Part"), Column("Chemin")]
    long = Table("long", "Familles suivies", columns, rows, details=["Unité : familles."], notes=["Source : essai."])
    short = Table(
        "court", "Ce que coûte une place", [Column("Lieu"), Column("Coût")], [[Cell("a"), Cell("3,07\u00a0€")]]
    )
    told = {"unit": "", "evolution": "en hausse", "verdict": "", "code": "", "source": "2025", "strong": True}
    cards = [
        {"name": "Reste à charge", "mark": "", "value": f"318{N}504\u00a0€", **told},
        {"name": "Familles", "mark": "masque", "value": "", **told},
        {"name": "Places", "mark": "absent", "value": "", **told},
    ]
    parts = [blocks.block("cards", cards), rendered.render(long), rendered.render(short)]
    made = around(str(blocks.section("essai", "Le relais", parts, lead="On suit 1 244 familles en 2023.")))
    return Bilan(made, reading.page(str(made.context["contenu"]).encode()))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout_with_bilans(shared_root(tmp_path_factory)) / "pages" / "reports"


@pytest.fixture(scope="session")
def bilans(made: Path) -> dict[str, Bilan]:
    pages = {name: made / f"{name}.html" for name in TRIED if name != ALL_SIGNS}
    found = {name: Bilan(published(path), reading.page(path.read_bytes())) for name, path in pages.items()}
    return {ALL_SIGNS: every_sign(), **found}


@pytest.fixture(params=TRIED)
def bilan(request: pytest.FixtureRequest, bilans: dict[str, Bilan]) -> Bilan:
    return bilans[request.param]


def test_every_page_that_is_made_is_of_the_list(made: Path) -> None:
    found = {path.relative_to(made).with_suffix("").as_posix() for path in made.rglob("*.html")}

    assert {one for one in found if not one.endswith("/index")} == set(PAGES)


# -- workbooks and CSV ----------------------------------------------------------------------------------------------


def test_tables_for_a_spreadsheet_give_the_figures_and_the_marks_of_the_page(bilan: Bilan) -> None:
    page = bilan.page
    separated = [_opened(data) for name, data in bilan.files("csv").items() if name.endswith(".csv")]
    sheets = {
        name: list(reading.workbook(next(iter(bilan.files(name).values()))).values())[1:] for name in ("xlsx", "ods")
    }
    cards = [rank for rank, rows in enumerate(separated) if rows[0][0] == "Chiffre"]

    assert len(separated) == len(page.tables) + len(cards)
    assert len(sheets["xlsx"]) == len(sheets["ods"]) == len(separated)
    tables = iter(page.tables)
    compared = 0
    for rank, rows in enumerate(separated):
        for other in (sheets["xlsx"][rank], sheets["ods"][rank]):
            assert [list(map(_alike, row)) for row in other[1:]] == [list(map(_alike, row)) for row in rows[1:]]
            assert [bare(str(cell)) for cell in other[0]] == [_unquoted(cell) for cell in rows[0]]
        if rank in cards:
            compared += _same_cards(page, rows)
        else:
            compared += _same_table(next(tables), rows)
    assert compared >= 5


def _same_table(table: reading.Table, rows: list[list[object]]) -> int:
    """Compare a table of the page with the same for a spreadsheet; return how many figures were."""
    compared = 0
    assert [_unquoted(cell) for cell in rows[0]] == table.rows[0]
    # The download of a table may hold more rows than a reader wants to see.
    assert len(rows) >= len(table.rows)
    for shown, told in zip(table.rows[1:], rows[1:], strict=False):
        for text, value in zip(shown, told, strict=True):
            if isinstance(value, float):
                assert _rounds_to(value, text), (table.caption, text, value)
                compared += 1
            elif text in MARKS:
                assert value == text
            else:
                assert value not in MARKS
                assert squeezed(_unquoted(value)).removesuffix("(p)") == squeezed(text).removesuffix("(p)")
    return compared


def _same_cards(page: Read, rows: list[list[object]]) -> int:
    column = [str(cell) for cell in rows[0]].index("Valeur")
    assert len(rows) - 1 == len(page.cards)
    for row, (name, shown) in zip(rows[1:], page.cards, strict=True):
        assert _unquoted(row[0]) == name
        value = row[column]
        if isinstance(value, float):
            assert _rounds_to(value, shown), (name, shown, value)
        else:
            assert squeezed(_unquoted(value)) in squeezed(shown)
    return len(page.cards)


def _opened(data: bytes) -> list[list[object]]:
    header, *rows = reading.separated(data)
    return [[*header], *([_typed(cell) for cell in row] for row in rows)]


def _typed(cell: str) -> object:
    """Return a cell of a CSV as a French spreadsheet takes it."""
    return float(cell.replace(",", ".")) if re.fullmatch(r"-?(0|[1-9]\d*)(,\d+)?(e[+-]\d+)?", cell) else cell


def _alike(cell: object) -> object:
    """Return a cell so that two files may be compared: a period may be a text in one and a number in the other."""
    number = _typed(cell) if isinstance(cell, str) else cell
    if isinstance(number, int | float):
        return format(float(number), ".12g")
    return squeezed(_unquoted(cell)).removesuffix("(p)")


def _unquoted(cell: object) -> str:
    """Return a text without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return bare(re.sub(r"^'(?=[\s\u00a0\u202f]*[=+@|%\t-])", "", str(cell)))


def _rounds_to(value: float, text: str) -> bool:
    """Whether a value is what the page shows of it, whole or in hundredths, at the precision that is shown."""
    found = NUMBER.search(text)
    assert found, text
    sign, whole, decimals = found.groups()
    shown = float(whole.replace(" ", "") + "." + (decimals or "0")) * (-1 if sign == "-" else 1)
    reach = 0.5 * 10.0 ** -len(decimals or "") * (1 + 1e-9)
    return abs(value - shown) <= reach or ("%" in text and abs(100 * value - shown) <= reach)


# -- texts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
def test_documents_hold_the_tables_of_the_page_cell_by_cell(bilan: Bilan, name: str) -> None:
    page, told = bilan.page, bilan.read(name)
    found = iter([one for one in told.tables if not _is_cards(one)])

    for table in page.tables:
        other = next(found)
        assert squeezed(table.caption) in squeezed(other.caption)
        assert _cells(other) == _cells(table), table.caption
    assert list(found) == []


def _is_cards(table: reading.Table) -> bool:
    return table.rows[0][0].startswith("Chiffre")


def _cells(table: reading.Table) -> list[list[str]]:
    return [list(map(squeezed, row)) for row in table.rows]


@pytest.mark.parametrize("name", [*TEXTS, "slides"])
def test_documents_hold_the_key_figures_and_the_key_messages_of_the_page(bilan: Bilan, name: str) -> None:
    page = bilan.page
    words = squeezed(bilan.read(name).words)

    for card, shown in page.cards:
        assert squeezed(card) in words
        assert squeezed(shown) in words or all(squeezed(one) in words for one in shown.split(" ", 1))
    for message in page.messages:
        assert squeezed(message) in words


def test_slides_show_figures_of_the_page_and_no_other(bilan: Bilan) -> None:
    page = bilan.page
    slides = bilan.read("slides")
    # A slide may show a part of a table, and says which.
    part = re.compile(r"\(\d+sur\d+\)$")

    for table in slides.tables:
        caption = part.sub("", squeezed(table.caption))
        header, *rows = _cells(table)
        known = [_cells(one) for one in page.tables if squeezed(one.caption).startswith(caption)]
        assert any(header == one[0] and all(row in one for row in rows) for one in known), table.caption
    for card in slides.cards:
        assert card in page.cards


def test_descriptions_are_what_the_specification_asks_and_files_are_what_they_say(bilan: Bilan) -> None:
    files = bilan.files("csv")

    for name, data in files.items():
        if name.endswith(".csv"):
            told = json.loads(files[f"{name.removesuffix('.csv')}.schema.json"])
            frictionless.schema(told)
            assert frictionless.rows(data, told, package.DIALECT) >= 1


def test_open_data_is_that_of_the_tables(bilan: Bilan) -> None:
    if bilan.document.context["job"].audience not in OPEN_AUDIENCES:
        with pytest.raises(ParameterError):
            bilan.files("datapackage")
        return
    tables = {name: data for name, data in bilan.files("csv").items() if name.endswith(".csv")}
    found = dict(bilan.files("datapackage"))
    told = json.loads(found.pop(f"{bilan.document.name}.datapackage.json"))

    assert found == tables
    frictionless.package(told, tables)


# -- as LibreOffice opens them --------------------------------------------------------------------------------------


def _converted(soffice: str, kind: str, files: dict[str, bytes], folder: Path) -> dict[str, str]:
    """Return what LibreOffice makes of some files in one start, by the names that it gives."""
    given, out = folder / "donnés", folder / "rendus"
    given.mkdir()
    for name, data in files.items():
        (given / name).write_bytes(data)
    command = [
        soffice, f"-env:UserInstallation=file://{folder}/profil", "--headless", "--convert-to", kind,
        "--outdir", str(out), *(str(given / name) for name in files),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    found = {path.name: path.read_text(encoding="utf-8-sig") for path in sorted(out.glob("*"))}
    assert found, done.stderr
    return found


SHEETS = "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,false,false,false,false,-1"
"""Semicolons, UTF-8, numbers as they are and not as they look, every sheet in a file of its own."""


def test_libreoffice_opens_both_workbooks_and_finds_the_same_cells_there(
    bilans: dict[str, Bilan], soffice: str, tmp_path: Path
) -> None:
    files = {
        f"{rank}{name}.{name}": data
        for rank, one in enumerate(bilans.values())
        for name in ("xlsx", "ods")
        for data in one.files(name).values()
    }
    found = _converted(soffice, SHEETS, files, tmp_path)

    for name, data in files.items():
        for sheet, rows in reading.workbook(data).items():
            told = reading.separated(found[f"{name.split('.')[0]}-{sheet}.csv"].encode())
            start = next(rank for rank, row in enumerate(told) if not any(row)) + 1
            again = [[_decimal(cell) for cell in row] for row in told[start : start + len(rows)]]
            assert again == [[_decimal(cell) for cell in row] for row in rows], (name, sheet)


def _decimal(cell: object) -> object:
    """Return a cell as a number where it is one; LibreOffice gives 79.84% for 0.7984."""
    text = bare(str(cell))
    if re.fullmatch(r"-?[\d.]+%", text):
        return format(float(text[:-1]) / 100, ".9g")
    return format(float(text), ".9g") if re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text, re.IGNORECASE) else text


def test_libreoffice_opens_both_documents_and_reads_every_figure_there(
    bilans: dict[str, Bilan], soffice: str, tmp_path: Path
) -> None:
    files = {
        f"{rank}{name}.{name}": (one, data)
        for rank, one in enumerate(bilans.values())
        for name in ("docx", "odt")
        for data in one.files(name).values()
    }
    given = {name: data for name, (_, data) in files.items()}
    found = _converted(soffice, "txt:Text (encoded):UTF8", given, tmp_path)

    assert set(found) == {f"{name.split('.')[0]}.txt" for name in files}
    for name, (one, _) in files.items():
        words = squeezed(found[f"{name.split('.')[0]}.txt"])
        cells = {cell for table in one.page.tables for row in table.rows for cell in row}
        assert [cell for cell in sorted(cells) if squeezed(cell) not in words] == []
        assert [shown for _, shown in one.page.cards if squeezed(shown.split(" ", 1)[0]) not in words] == []
