"""The workbook of a partner: what it asks, what is read back, and what LibreOffice makes of it in between."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from ctgeval.errors import PersonalDataFound, SourceError
from ctgeval.sources.partner_form import CODE, LABELS, NOTE, STAMP, STATUS, Form, Line, write_form
from ctgeval.sources.partner_return import Asked, Return, read_return

GEO = "EPCI-200070035"
LINES = tuple(
    Line(
        measure=measure,
        label=label,
        unit=unit,
        geo=GEO,
        place="CC du Civraisien en Poitou",
        structure=structure,
        help="Familles différentes.",
        whole=whole,
    )
    for measure, label, unit, whole in (
        ("familles_rpe", "Familles différentes", "familles", True),
        ("heures", "Heures d’ouverture", "heures", False),
    )
    for structure in ("Civray", "Gençay")
)
FORM = Form(
    source="rpe",
    partner="Relais petite enfance",
    territory="CC du Civraisien en Poitou",
    periods=("2024-S1", "2024-S2"),
    tables={"Fréquentation": LINES[:2], "Ouverture": LINES[2:]},
    recalled={("familles_rpe", GEO, "Civray", "2023-S2"): "41"},
    due="31 janvier 2025",
)
ASKED = {
    "rpe": Asked(
        labels={"familles_rpe": "Familles différentes", "heures": "Heures d’ouverture"},
        territory=GEO,
        whole=frozenset({"familles_rpe"}),
    )
}
Edit = Callable[[openpyxl.Workbook], None]


@pytest.fixture
def sent_back(tmp_path: Path) -> Callable[..., Return]:
    """Make the workbook, let somebody change it, and read it back."""

    def make(edit: Edit, *, form: Form = FORM, asked: dict[str, Asked] = ASKED) -> Return:
        blank, filled = tmp_path / "gabarit.xlsx", tmp_path / "retour de Mme X.xlsx"
        blank.unlink(missing_ok=True)
        write_form(blank, form)
        book = openpyxl.load_workbook(blank)
        edit(book)
        book.save(filled)
        return read_return(filled, asked)

    return make


def column(sheet: Worksheet, title: str) -> int:
    return next(cell.column for cell in sheet[1] if cell.value == title)


def fill(book: openpyxl.Workbook, cells: dict[tuple[str, int, str], object]) -> None:
    for (sheet, row, title), value in cells.items():
        book[sheet].cell(row, column(book[sheet], title), value)


def usual(book: openpyxl.Workbook) -> None:
    fill(
        book,
        {
            ("Fréquentation", 2, "2024-S1"): 38,
            ("Fréquentation", 2, "2024-S2"): 44,
            ("Fréquentation", 3, "2024-S1"): "<5",
            ("Fréquentation", 3, "2024-S2"): "nd",
            ("Ouverture", 2, "2024-S1"): 120.5,
            ("Ouverture", 3, "2024-S1"): "1 036,25",
            ("Fréquentation", 2, NOTE): "fermé en août",
            ("Ouverture", 2, STATUS): "provisoire",
        },
    )


def values(found: Return) -> dict[tuple[str, str, str], float]:
    rows = found.frame[found.frame["statut"].eq("A")]
    return {(row.mesure, row.structure, row.periode): row.valeur for row in rows.itertuples()}


EXPECTED = {
    ("familles_rpe", "Civray", "2024-S1"): 38.0,
    ("familles_rpe", "Civray", "2024-S2"): 44.0,
    ("heures", "Civray", "2024-S1"): 120.5,
    ("heures", "Gençay", "2024-S1"): 1036.25,
}


def test_the_form_is_the_same_bytes_and_never_replaces_a_file(tmp_path: Path) -> None:
    first, second = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    write_form(first, FORM)
    write_form(second, FORM)
    assert first.read_bytes() == second.read_bytes()
    with pytest.raises(SourceError, match="existe déjà"):
        write_form(first, FORM)
    with pytest.raises(SourceError, match="Rien n’est demandé"):
        write_form(
            tmp_path / "c.xlsx", Form(**{**{name: getattr(FORM, name) for name in FORM.__slots__}, "tables": {}})
        )
    assert not (tmp_path / "c.xlsx").exists()


def test_the_form_has_instructions_lists_checks_locked_headers_and_a_stamp(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_form(path, FORM)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Lisez-moi", "Fréquentation", "Ouverture", STAMP]
    assert book[STAMP].sheet_state == "veryHidden"
    told = "\n".join(str(row[0].value or "") for row in book["Lisez-moi"].iter_rows())
    assert "31 janvier 2025" in told
    assert "1er semestre 2024" in told
    sheet = book["Fréquentation"]
    assert [cell.value for cell in sheet[1]] == [*LABELS, "Rappel 2023-S2", "2024-S1", "2024-S2", STATUS, NOTE]
    assert sheet.protection.sheet
    open_cells = {cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked}
    assert open_cells == {f"{letter}{row}" for letter in "HIJK" for row in (2, 3)}
    assert sheet["G2"].value == "41"
    assert not sheet["G3"].value
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert rules["J2:J3"].formula1 == '"définitif,provisoire"'
    assert "INT(H2)" in rules["H2"].formula1
    with zipfile.ZipFile(path) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "worksheets" in name)


def test_what_was_typed_is_read_with_its_bounds_and_its_place(sent_back: Callable[..., Return]) -> None:
    found = sent_back(usual)
    assert not found.problems
    assert values(found) == EXPECTED
    assert (found.n_cells, found.n_rejected) == (6, 0)
    table = found.frame.set_index(["mesure", "structure", "periode"])
    few = table.loc[("familles_rpe", "Gençay", "2024-S1")]
    assert (few["valeur_low"], few["valeur_high"], few["statut"]) == (1.0, 4.0, "Q")
    assert table.loc[("familles_rpe", "Gençay", "2024-S2"), "statut"] == "M"
    assert table.loc[("familles_rpe", "Civray", "2024-S1"), "remarque"] == "fermé en août"
    assert table.loc[("heures", "Civray", "2024-S1"), "remarque"] == "provisoire"
    assert table.loc[("familles_rpe", "Civray", "2024-S1"), "origin"] == "retour de Mme X.xlsx!Fréquentation!2"


def test_renamed_sheets_moved_columns_and_titles_above_change_nothing(sent_back: Callable[..., Return]) -> None:
    def edit(book: openpyxl.Workbook) -> None:
        usual(book)
        sheet = book["Fréquentation"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        order = sorted(range(len(rows[0])), key=lambda place: str(rows[0][place]), reverse=True)
        sheet.delete_rows(1, sheet.max_row)
        sheet["A1"] = "RELEVÉ DU RELAIS"
        for line, row in enumerate(rows, start=4):
            for place, source in enumerate(order, start=1):
                sheet.cell(line, place, row[source])
        sheet.title = "Familles (nouveau nom)"
        book["Ouverture"]["H1"] = "2e semestre 2024"
        book["Ouverture"]["G1"] = "S1 2024"

    assert values(sent_back(edit)) == EXPECTED


@pytest.mark.parametrize(
    ("typed", "message", "remedy"),
    [
        ("12 familles (env.)", "mêle un nombre et du texte", "Gardez le nombre seul (par exemple 12)"),
        ("env. 12", "mêle un nombre et du texte", "12"),
        (-3, "n’est pas un comptage", "Corrigez"),
        (12.5, "n’est pas un comptage", "Corrigez"),
        ("beaucoup", "n’est pas un nombre", "sans unité"),
        ("#REF!", "erreur de formule", "formule"),
        ("=SUM(B2:B3)", "formule dont le résultat n’est pas enregistré", "Tapez la valeur"),
        ("1.234", "millier", "1234"),
    ],
)
def test_a_cell_that_can_t_be_used_is_told_by_its_name(
    sent_back: Callable[..., Return], typed: object, message: str, remedy: str
) -> None:
    def edit(book: openpyxl.Workbook) -> None:
        usual(book)
        fill(book, {("Fréquentation", 2, "2024-S1"): typed})

    found = sent_back(edit)
    (problem,) = found.problems
    assert message in problem.message
    assert remedy in problem.remedy
    assert problem.message.startswith("Cellule H2 : ")
    assert (problem.sheet, problem.row, problem.severity) == ("Fréquentation", 2, "bloquant")
    assert values(found) == {
        key: value for key, value in EXPECTED.items() if key != ("familles_rpe", "Civray", "2024-S1")
    }
    assert (found.n_cells, found.n_rejected) == (6, 1)


def test_a_total_is_never_added_twice(sent_back: Callable[..., Return]) -> None:
    def edit(book: openpyxl.Workbook) -> None:
        usual(book)
        for label, place in (("TOTAL", 1), ("Total général", 2), ("Ensemble des sites", 4)):
            sheet = book["Fréquentation"]
            row = sheet.max_row + 1
            if place == 4:
                sheet.cell(row, 1, "familles_rpe")
            sheet.cell(row, place, label)
            sheet.cell(row, column(sheet, "2024-S1"), 99)

    found = sent_back(edit)
    assert values(found) == EXPECTED
    assert [problem.severity for problem in found.problems] == ["avertissement"] * 3
    assert all("total" in problem.message for problem in found.problems)
    assert (found.n_cells, found.n_rejected) == (9, 3)


def test_a_school_year_is_not_a_civil_year(sent_back: Callable[..., Return]) -> None:
    def edit(book: openpyxl.Workbook) -> None:
        book["Fréquentation"].cell(1, column(book["Fréquentation"], "2024-S1"), "2023-2024")
        fill(book, {("Fréquentation", 2, "2023-2024"): 38})

    (problem,) = sent_back(edit).problems
    assert "l’année est scolaire" in problem.message
    school = {"rpe": Asked(labels=ASKED["rpe"].labels, territory=GEO, schools=frozenset({"familles_rpe"}))}
    (row,) = sent_back(edit, asked=school).frame.itertuples()
    assert (row.periode, row.valeur) == ("2023-2024", 38.0)


def test_unknown_lines_and_columns_are_told_and_nothing_is_guessed(sent_back: Callable[..., Return]) -> None:
    def edit(book: openpyxl.Workbook) -> None:
        usual(book)
        sheet = book["Fréquentation"]
        sheet.cell(1, 12, "Évolution")
        sheet.cell(2, 12, 6)
        sheet.cell(4, 1, "famille_rpe")
        sheet.cell(4, column(sheet, "2024-S1"), 7)
        # A partner adds a line by its label alone, for the territory of the dossier.
        sheet.cell(5, 2, "Familles différentes")
        sheet.cell(5, 4, "Couhé")
        sheet.cell(5, column(sheet, "2024-S1"), 8)
        # The same line twice.
        sheet.cell(6, 1, "familles_rpe")
        sheet.cell(6, 4, "Civray")
        sheet.cell(6, 5, GEO)
        sheet.cell(6, column(sheet, "2024-S1"), 40)

    found = sent_back(edit)
    assert values(found) == {**EXPECTED, ("familles_rpe", "Couhé", "2024-S1"): 8.0}
    told = [problem.message for problem in found.problems]
    assert any("« Évolution »" in text for text in told)
    assert any("« famille_rpe » n’est pas un comptage demandé" in text for text in told)
    assert any("déjà donné dans la cellule H2 de « Fréquentation »" in text for text in told)
    assert any("familles_rpe" in problem.remedy for problem in found.problems)
    assert found.n_cells == len(found.frame) + found.n_rejected


def test_what_is_no_form_of_this_dossier_is_refused(tmp_path: Path, sent_back: Callable[..., Return]) -> None:
    with pytest.raises(SourceError, match="feuille cachée"):
        sent_back(lambda book: book.remove(book[STAMP]))
    with pytest.raises(SourceError, match="que le dossier ne connaît pas"):
        sent_back(usual, asked={"autre": ASKED["rpe"]})
    with pytest.raises(SourceError, match="autre version"):
        sent_back(lambda book: book[STAMP].__setitem__("B1", "99"))
    empty = sent_back(lambda _: None)
    assert [problem.message for problem in empty.problems] == ["Ce retour ne contient aucun chiffre."]
    noise = tmp_path / "bruit.xlsx"
    noise.write_bytes(b"PK\x03\x04 n'importe quoi")
    with pytest.raises(SourceError):
        read_return(noise, ASKED)


def test_names_of_persons_send_the_workbook_back(sent_back: Callable[..., Return]) -> None:
    def edit(book: openpyxl.Workbook) -> None:
        usual(book)
        sheet = book.create_sheet("liste")
        for row in (("Nom", "Prénom"), ("DUPONT", "Marie"), ("MARTIN", "Hugo"), ("LEROY", "Zoé"), ("PETIT", "Jean")):
            sheet.append(row)

    with pytest.raises(PersonalDataFound) as caught:
        sent_back(edit)
    assert {problem.sheet for problem in caught.value.problems} == {"liste"}
    assert "DUPONT" not in str(caught.value)


def test_a_sheet_without_its_codes_is_told(sent_back: Callable[..., Return]) -> None:
    def edit(book: openpyxl.Workbook) -> None:
        usual(book)
        book["Fréquentation"].cell(1, column(book["Fréquentation"], CODE), "Repère")

    found = sent_back(edit)
    assert any(f"n’a pas de colonne « {CODE} »" in problem.message for problem in found.problems)
    assert set(found.frame["mesure"]) == {"heures"}


@pytest.mark.parametrize("suffix", ["xlsx", "ods"])
def test_a_workbook_opened_and_saved_by_libreoffice_reads_the_same(
    tmp_path: Path, soffice: str, sent_back: Callable[..., Return], suffix: str
) -> None:
    before = sent_back(usual)
    filled, out = tmp_path / "retour de Mme X.xlsx", tmp_path / "après"
    command = [
        soffice, f"-env:UserInstallation=file://{tmp_path}/profil", "--headless", "--convert-to", suffix,
        "--outdir", str(out), str(filled),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    (saved,) = list(out.glob(f"*.{suffix}")) or [done.stderr]
    after = read_return(saved, ASKED)
    assert not after.problems
    shown = [name for name in before.frame.columns if name != "origin"]
    assert after.frame[shown].equals(before.frame[shown])
    assert (after.n_cells, after.n_rejected) == (before.n_cells, before.n_rejected)
