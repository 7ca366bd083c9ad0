"""What partners are asked for, and their returns in a dossier: counted once, told where they are, never overwritten."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

import ctgeval
from ctgeval import cli
from ctgeval.errors import DossierError, PeriodError
from ctgeval.programme.returns import find_source
from ctgeval.report.plan import input_files
from tests.light import light

CC = "EPCI-249900001"
Fill = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return light(tmp_path / "démo")


@pytest.fixture
def fill(folder: Path) -> Fill:
    """Make the workbook of the relais for a year, fill some of its cells, and put it in ``retours``."""

    def make(year: str, figures: dict[tuple[str, str], object], name: str = "rpe.xlsx") -> Path:
        made = folder / "gabarits" / f"{name}.tmp.xlsx"
        done = CliRunner().invoke(
            cli.main,
            ["gabarit", str(folder), "--partenaire", "relais-petite-enfance", "--periode", year, "--out", str(made)],
        )
        assert done.exit_code == 0, done.output
        book = openpyxl.load_workbook(made)
        sheet = book["Comptages"]
        places = {str(cell.value): cell.column for cell in sheet[1]}
        lines = {str(sheet.cell(row, 1).value): row for row in range(2, sheet.max_row + 1)}
        for (measure, period), value in figures.items():
            sheet.cell(lines[measure], places[period], value)
        (folder / "retours").mkdir(exist_ok=True)
        book.save(folder / "retours" / name)
        return folder / "retours" / name

    return make


def test_the_workbook_asks_for_what_was_counted_before_by_half_years(folder: Path) -> None:
    form = ctgeval.open(folder).partner_form("relais-petite-enfance", period="2026")
    assert form.periods == ("2026-S1", "2026-S2")
    assert {line.measure for line in form.tables["Comptages"]} == {
        "familles_rpe", "demandes_accueil", "demandes_accueil_sans_solution",
    }  # fmt: skip
    assert {line.geo for line in form.tables["Comptages"]} == {CC}
    assert form.fictional
    assert ("familles_rpe", CC, "", "2025-S2") in form.recalled
    assert ctgeval.open(folder).partner_form("relais-petite-enfance", period="2026-S1").periods == ("2026-S1",)
    with pytest.raises(PeriodError):
        ctgeval.open(folder).partner_form("relais-petite-enfance", period="bientôt")


def test_the_workbook_asks_for_what_ctg_toml_says(folder: Path) -> None:
    path = folder / "ctg.toml"
    text = path.read_text(encoding="utf-8")
    block = (
        '\n[source.gabarit]\npartenaire = "Le relais"\nperiodicite = "scolaire"\nstructures = ["Nord", "Sud"]\n'
        'feuilles = { "Accueil" = ["familles_rpe"], "Autre" = ["places_eaje"] }\navant_le = 2026-01-31\n'
    )
    start = text.index('cle = "relais-petite-enfance"')
    end = text.index("\n\n", start)
    path.write_text(text[:end] + block + text[end:], encoding="utf-8")
    form = ctgeval.open(folder).partner_form("LE RELAIS", period="2026")
    assert form.periods == ("2025-2026",)
    assert {name: [(line.measure, line.structure) for line in lines] for name, lines in form.tables.items()} == {
        "Accueil": [("familles_rpe", "Nord"), ("familles_rpe", "Sud")],
        "Autre": [("places_eaje", "Nord"), ("places_eaje", "Sud")],
    }
    assert form.due == "31 janvier 2026"
    path.write_text(path.read_text(encoding="utf-8").replace('"places_eaje"', '"places_eage"'), encoding="utf-8")
    with pytest.raises(DossierError, match="places_eage") as caught:
        ctgeval.open(folder).partner_form("relais-petite-enfance", period="2026")
    assert any("places_eaje" in problem.remedy for problem in caught.value.problems)


def test_unknown_partners_are_told_with_the_near_ones(folder: Path) -> None:
    sources = ctgeval.open(folder).config.sources
    with pytest.raises(DossierError, match="relais-petite-enfanse") as caught:
        find_source(sources, "relais-petite-enfanse")
    assert "relais-petite-enfance" in caught.value.problem.remedy
    with pytest.raises(DossierError, match="Plusieurs sources"):
        find_source(sources, "ctgeval (données fictives)")


def test_a_return_is_counted_with_its_place_and_changes_the_indicators(folder: Path, fill: Fill) -> None:
    fill("2026", {("familles_rpe", "2026-S1"): 231, ("demandes_accueil", "2026-S1"): "nd"}, name="de Mme D.xlsx")
    dossier = ctgeval.open(folder)
    rows = dossier.indicators("PE07", geo=CC).set_index("time_period")
    assert rows.loc["2026-S1", "value"] == 231
    table = dossier.tables["observations"]
    ours = table.frame["periode"].eq("2026-S1") & table.frame["mesure"].eq("familles_rpe")
    assert table.frame.loc[ours, "origin"].tolist() == ["de Mme D.xlsx!Comptages!4"]
    assert not [problem for problem in table.problems if "de Mme D" in problem.file]


def test_the_same_figure_twice_counts_once_and_two_figures_count_none(folder: Path, fill: Fill) -> None:
    known = ctgeval.open(folder).indicators("PE07", geo=CC).set_index("time_period")["value"]["2025-S2"]
    fill("2025", {("familles_rpe", "2025-S2"): int(known)}, name="a.xlsx")
    same = ctgeval.open(folder)
    assert same.indicators("PE07", geo=CC).set_index("time_period")["value"]["2025-S2"] == known
    (told,) = [problem for problem in same.tables["observations"].problems if problem.file == "a.xlsx"]
    assert told.severity == "avertissement"
    fill("2025", {("familles_rpe", "2025-S2"): int(known) + 1}, name="b.xlsx")
    other = ctgeval.open(folder)
    assert "2025-S2" not in set(other.indicators("PE07", geo=CC).dropna(subset=["value"])["time_period"])
    told = [problem for problem in other.tables["observations"].problems if "différents" in problem.message]
    assert [problem.severity for problem in told] == ["bloquant"]
    assert "observations.csv" in told[0].remedy


def test_files_that_are_no_returns_are_told_and_nothing_is_lost(folder: Path, fill: Fill) -> None:
    fill("2026", {("familles_rpe", "2026-S1"): "231 environ"})
    (folder / "retours" / "note.docx").write_bytes(b"PK")
    (folder / "retours" / "autre.xlsx").write_bytes(b"pas un classeur")
    (folder / "retours" / "~$absent.xlsx").write_bytes(b"")
    problems = ctgeval.open(folder).problems()
    told = problems[problems["file"].isin(["rpe.xlsx", "autre.xlsx", "retours/note.docx"])]
    assert set(told["file"]) == {"rpe.xlsx", "autre.xlsx", "retours/note.docx"}
    cell = told[told["file"].eq("rpe.xlsx")].iloc[0]
    assert "Cellule I4" in cell["message"]
    assert cell["severity"] == "bloquant"


def test_a_new_return_makes_the_bilans_to_be_built_again(folder: Path, fill: Fill) -> None:
    before = input_files(ctgeval.open(folder).config, folder)
    path = fill("2026", {("familles_rpe", "2026-S1"): 231})
    assert set(input_files(ctgeval.open(folder).config, folder)) - set(before) == {path}


def test_the_command_says_where_and_refuses_to_replace(folder: Path) -> None:
    command = ["template", str(folder), "--partenaire", "relais-petite-enfance", "--periode", "2026"]
    done = CliRunner().invoke(cli.main, command)
    assert done.exit_code == 0
    assert (folder / "gabarits" / "relais-petite-enfance-2026.xlsx").is_file()
    again = CliRunner().invoke(cli.main, command)
    assert again.exit_code == 1
    assert "existe déjà" in again.output
    assert "Traceback" not in again.output


def test_a_copy_a_subfolder_and_an_export_are_each_told(folder: Path, fill: Fill) -> None:
    path = fill("2026", {("familles_rpe", "2026-S1"): 42, ("demandes_accueil", "2026-S1"): "environ 12"})
    below = folder / "retours" / "juin"
    below.mkdir()
    shutil.copy(path, below / "rpe (1).xlsx")
    shutil.move(path, below / "rpe.xlsx")
    (folder / "retours" / "rpe.csv").write_text("Code;2026-S1\nfamilles_rpe;42\n", encoding="utf-8")
    opened = ctgeval.open(folder)
    table = opened.tables["observations"]
    figures = table.frame[table.frame["periode"].eq("2026-S1")]
    assert figures["valeur"].tolist() == [42.0]
    told = {problem.file: problem for problem in table.problems if "rpe" in problem.file}
    assert "copie exacte de juin/rpe (1).xlsx" in told["juin/rpe.xlsx"].message
    assert told["juin/rpe.xlsx"].severity == "avertissement"
    assert "environ 12" in told["juin/rpe (1).xlsx"].message
    assert (told["retours/rpe.csv"].severity, told["retours/rpe.csv"].row) == ("bloquant", None)
    assert {below / "rpe.xlsx", below / "rpe (1).xlsx"} <= set(input_files(opened.config, folder))
