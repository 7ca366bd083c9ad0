"""What a partner does to its workbook: nothing is added twice, and no figure is lost without being told."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from ctgeval.errors import SourceError
from ctgeval.sources.partner_form import Form, Line, sheet_fault, write_form
from ctgeval.sources.partner_return import Asked, Return, read_return

GEO = "EPCI-200070035"
FORM = Form(
    source="rpe",
    partner="Relais",
    territory="CC du Civraisien en Poitou",
    geo=GEO,
    periods=("2024-S1", "2024-S2"),
    tables={
        "Fréquentation": tuple(
            Line(measure="familles", label="Familles", unit="familles", geo=GEO, place="CC", structure=name)
            for name in ("Civray", "Gençay", "Couhé")
        )
    },
    recalled={("familles", GEO, "Civray", "2023-S2"): "41"},
)
ASKED = Asked(
    labels={"familles": "Familles"},
    territory=GEO,
    whole=frozenset({"familles"}),
    structures=("Civray", "Gençay", "Couhé"),
)
# Columns: code, label, unit, structure, place, its name, reminder, 2024-S1, 2024-S2, status, remark.
S1, S2 = 8, 9
Edit = Callable[[Worksheet], None]
Mess = Callable[..., Return]


@pytest.fixture
def mess(tmp_path: Path) -> Mess:
    """Fill the form (10, 20, 30 in the first half year), let somebody change it, and read it back."""

    def make(edit: Edit, *, form: Form = FORM, asked: Asked = ASKED, name: str = "retour.xlsx") -> Return:
        blank = tmp_path / f"gabarit-{len(list(tmp_path.iterdir()))}.xlsx"
        write_form(blank, form)
        book = openpyxl.load_workbook(blank)
        sheet = book["Fréquentation"]
        for row, value in ((2, 10), (3, 20), (4, 30)):
            sheet.cell(row, S1, value)
        edit(sheet)
        book.save(tmp_path / name)
        found = read_return(tmp_path / name, {"rpe": asked})
        assert found.n_cells == len(found.frame) + found.n_rejected
        return found

    return make


def figures(found: Return) -> dict[tuple[str, str], float]:
    rows = found.frame.fillna({"structure": ""}).to_dict("records")
    return {(str(row["structure"]), str(row["periode"])): float(row["valeur"]) for row in rows}


USUAL = {("Civray", "2024-S1"): 10.0, ("Gençay", "2024-S1"): 20.0, ("Couhé", "2024-S1"): 30.0}


TOTALS = (
    "TOTAL", "Total :", "Totaux", "Total général", "Sous-total", "S/Total", "sous total Nord", "ST", "Tot.",
    "T O T A L", "Ensemble", "Ensemble du territoire", "Somme", "Cumul annuel", "Σ", "Grand total", "* TOTAL *",
    "Toutes structures",
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "place"), [*((words, 4) for words in TOTALS), *(("TOTAL", place) for place in (1, 2, 3, 5, 6))]
)
def test_a_line_of_totals_is_never_added_however_it_is_spelled(mess: Mess, words: str, place: int) -> None:
    def edit(sheet: Worksheet) -> None:
        sheet.cell(5, 1, "familles")
        sheet.cell(5, place, words)
        sheet.cell(5, S1, 60)

    found = mess(edit)
    assert figures(found) == USUAL
    assert (found.n_cells, found.n_rejected) == (4, 1)
    (problem,) = found.problems
    assert (problem.row, problem.severity, problem.value) == (5, "avertissement", words)


def test_a_structure_that_is_asked_for_is_no_total_whatever_its_name(mess: Mess) -> None:
    lines = tuple(
        replace(line, structure=line.structure.replace("Couhé", "Ensemble")) for line in FORM.tables["Fréquentation"]
    )
    form = replace(FORM, tables={"Fréquentation": lines}, recalled={})
    found = mess(
        lambda sheet: sheet.cell(4, 7, 31),
        form=form,
        asked=replace(ASKED, structures=("Civray", "Gençay", "Ensemble")),
    )
    assert figures(found)["Ensemble", "2024-S1"] == 31.0
    assert not found.problems


def test_a_second_table_below_is_read_under_its_own_headers(mess: Mess) -> None:
    def edit(sheet: Worksheet) -> None:
        for place, title in enumerate(("2024-S2", "Structure", "Code"), start=1):
            sheet.cell(8, place, title)
        for place, cell in enumerate((11, "Civray", "familles"), start=1):
            sheet.cell(9, place, cell)

    found = mess(edit)
    assert figures(found) == {**USUAL, ("Civray", "2024-S2"): 11.0}
    assert not found.problems


def test_twenty_lines_of_title_do_not_hide_the_table(mess: Mess) -> None:
    def edit(sheet: Worksheet) -> None:
        sheet.insert_rows(1, 20)
        for row in range(1, 21):
            sheet.cell(row, 1, f"Bilan du relais, ligne {row}")

    assert figures(mess(edit)) == USUAL


@pytest.mark.parametrize(
    ("edit", "cell"),
    [
        (lambda sheet: sheet.cell(3, 13, 7), "M3"),
        (lambda sheet: sheet.cell(12, 13, 7), "M12"),
        (lambda sheet: sheet.cell(2, 7, 42), "G2"),
        (lambda sheet: sheet.parent.create_sheet("Détail").append(["mardi", 7]), "B1"),
        (lambda sheet: sheet.parent["Lisez-moi"].cell(4, 3, 7), "C4"),
    ],
)
def test_a_figure_typed_where_none_is_read_is_told(mess: Mess, edit: Edit, cell: str) -> None:
    found = mess(edit)
    assert figures(found) == USUAL
    (problem,) = found.problems
    assert problem.message == f"La cellule {cell} contient un chiffre qui n’est pas lu."
    assert problem.severity == "avertissement"


def test_blank_columns_inserted_and_hidden_lines_change_nothing(mess: Mess) -> None:
    def edit(sheet: Worksheet) -> None:
        sheet.insert_cols(4)
        sheet.insert_cols(9)
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["B"].hidden = True
        sheet.title = "Feuil1 (copie)"
        sheet.parent.move_sheet(sheet, -1)

    found = mess(edit)
    assert figures(found) == USUAL
    assert not found.problems


def test_merged_labels_hold_for_all_their_lines_and_a_merged_figure_for_none(mess: Mess) -> None:
    def labels(sheet: Worksheet) -> None:
        sheet.merge_cells("A2:A4")

    found = mess(labels)
    assert figures(found) == USUAL
    assert not found.problems

    def across(sheet: Worksheet) -> None:
        sheet.merge_cells("H2:H3")
        sheet.merge_cells("H4:I4")

    found = mess(across)
    assert figures(found) == {}
    assert [problem.message.split(" sont ")[0] for problem in found.problems] == [
        "Cellule H2 : les cellules H2:H3",
        "Cellule H4 : les cellules H4:I4",
    ]


def test_a_sheet_copied_is_counted_once_and_its_changes_are_refused(mess: Mess) -> None:
    def edit(sheet: Worksheet) -> None:
        copy = sheet.parent.copy_worksheet(sheet)
        copy.cell(4, S1, 31)

    found = mess(edit)
    assert figures(found) == USUAL
    assert [problem.severity for problem in found.problems] == ["avertissement", "avertissement", "bloquant"]
    assert "H2 de « Fréquentation »" in found.problems[0].message


def test_a_structure_that_was_not_asked_for_is_read_and_told_once(mess: Mess) -> None:
    def edit(sheet: Worksheet) -> None:
        sheet.cell(2, 4, "civray ")
        sheet.cell(4, 4, "Couhé-Vérac")
        sheet.cell(4, S2, 31)

    found = mess(edit)
    assert figures(found) == {
        ("Civray", "2024-S1"): 10.0, ("Gençay", "2024-S1"): 20.0,
        ("Couhé-Vérac", "2024-S1"): 30.0, ("Couhé-Vérac", "2024-S2"): 31.0,
    }  # fmt: skip
    (problem,) = found.problems
    assert "« Couhé-Vérac » n’est pas de celles qui sont demandées" in problem.message
    assert (problem.row, problem.severity) == (4, "avertissement")


def test_a_period_that_was_not_asked_for_is_read_and_told(mess: Mess) -> None:
    def edit(sheet: Worksheet) -> None:
        sheet.cell(1, 12, "1er semestre 2023")
        sheet.cell(2, 12, 9)

    found = mess(edit)
    assert figures(found)["Civray", "2023-S1"] == 9.0
    (problem,) = found.problems
    assert problem.message.startswith("Colonne L1 : la période 2023-S1 n’était pas demandée")


def test_the_return_of_a_neighbour_is_refused(mess: Mess) -> None:
    with pytest.raises(SourceError, match="autre dossier"):
        mess(lambda _: None, asked=replace(ASKED, territory="EPCI-200043628"))


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("12 familles (env.)", "par exemple 12"),
        ("~12", "par exemple 12"),
        ("moins de 5", "Écrivez <5"),
        ("≤ 4", "Écrivez <5"),
        ("<=4", "Écrivez <5"),
        ("5-", "Écrivez <5"),
        ("inf. à 5", "Écrivez <5"),
        ("NC", "nd si on ne sait pas"),
        ("-", "nd si on ne sait pas"),
        ("?", "nd si on ne sait pas"),
        ("x", "nd si on ne sait pas"),
        ("<1", "Écrivez 0"),
        ("12 %", ""),
        ("12*", ""),
        ("5-10", ""),
        ("2024-03-12", ""),
        ("1,5", "Corrigez-le"),
        (-3, "Corrigez-le"),
        ("1.234", "Écrivez 1234 ou 1,234"),
        ("#REF!", ""),
        (True, ""),
    ],
)
def test_what_is_no_figure_is_refused_with_what_to_write(mess: Mess, typed: object, remedy: str) -> None:
    found = mess(lambda sheet: sheet.cell(2, S1, typed))
    assert figures(found) == {key: value for key, value in USUAL.items() if key[0] != "Civray"}
    (problem,) = found.problems
    assert problem.message.startswith("Cellule H2 : ")
    assert remedy in problem.remedy
    assert problem.severity == "bloquant"


@pytest.mark.parametrize(
    ("typed", "low", "high", "status"),
    [("< 5", 1.0, 4.0, "Q"), ("<11", 1.0, 10.0, "Q"), ("S", 0.0, float("inf"), "Q"), ("ND", 0.0, float("inf"), "M")],
)
def test_what_is_withheld_keeps_its_bounds(mess: Mess, typed: str, low: float, high: float, status: str) -> None:
    found = mess(lambda sheet: sheet.cell(2, S1, typed))
    row = found.frame.iloc[0]
    assert (row["valeur_low"], row["valeur_high"], row["statut"]) == (low, high, status)
    assert row.isna()["valeur"]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("Fréquentation", ""),
        ("a" * 31, ""),
        ("a" * 32, "plus de 31"),
        ("Lieux/Horaires", "interdit"),
        ("[A]", "interdit"),
        ("A:B", "interdit"),
        ("A*", "interdit"),
        ("A?", "interdit"),
        ("A\\B", "interdit"),
        ("'A", "apostrophe"),
        ("", "vide"),
        ("lisez-moi", "réservé"),
        ("_CTGEVAL", "réservé"),
        ("History", "réservé"),
        ("😀" * 16, "plus de 31"),
    ],
)
def test_a_name_that_no_sheet_can_have_is_told_before_anything_is_written(
    tmp_path: Path, name: str, fault: str
) -> None:
    assert (fault in sheet_fault(name)) if fault else (sheet_fault(name) == "")
    form = replace(FORM, tables={name: FORM.tables["Fréquentation"]})
    if not fault:
        write_form(tmp_path / "gabarit.xlsx", form)
        return
    with pytest.raises(SourceError, match="nom de feuille"):
        write_form(tmp_path / "gabarit.xlsx", form)
    assert not list(tmp_path.iterdir())


def test_two_sheets_can_t_differ_by_case_alone(tmp_path: Path) -> None:
    lines = FORM.tables["Fréquentation"]
    with pytest.raises(SourceError, match="deux fois"):
        write_form(tmp_path / "gabarit.xlsx", replace(FORM, tables={"Accueil": lines[:1], "ACCUEIL": lines[1:]}))


def test_what_looks_like_a_formula_stays_a_text(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://x.fr","cliquez")'
    line = Line(
        measure="familles", label=evil, unit="+1", geo=GEO, place="@A1", structure="-1+cmd|' /C calc'!A0", help=evil
    )
    form = replace(
        FORM,
        partner=evil,
        territory=evil,
        tables={"=1+1": (line,)},
        recalled={("familles", GEO, line.structure, "2023"): evil},
    )
    write_form(tmp_path / "gabarit.xlsx", form)
    book = openpyxl.load_workbook(tmp_path / "gabarit.xlsx")
    assert "f" not in {cell.data_type for sheet in book for row in sheet for cell in row}
    assert book["=1+1"]["B2"].value == evil


def test_a_sheet_is_printed_on_the_width_of_a_page(tmp_path: Path) -> None:
    write_form(tmp_path / "gabarit.xlsx", FORM)
    book = openpyxl.load_workbook(tmp_path / "gabarit.xlsx")
    for name in ("Lisez-moi", "Fréquentation"):
        assert book[name].page_setup.orientation == "landscape"
        assert book[name].sheet_properties.pageSetUpPr.fitToPage
        assert book[name].page_setup.fitToHeight == 0
    with zipfile.ZipFile(tmp_path / "gabarit.xlsx") as archive:
        assert not [name for name in archive.namelist() if "externalLink" in name or "vba" in name.lower()]
