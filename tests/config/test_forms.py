"""What partners are asked for in ``ctg.toml``: told before a workbook is made, at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctgeval import config

HEAD = '[territoire]\ncode = "EPCI-200070035"\nperimetre = 2024\n\n[[source]]\ncle = "rpe"\n\n[source.gabarit]\n'


def told(folder: Path, asked: str) -> list[tuple[str, str]]:
    (folder / "ctg.toml").write_text(HEAD + asked, encoding="utf-8")
    found = [problem for problem in config.check(folder)[1] if ".gabarit" in problem.key]
    assert {problem.severity for problem in found} <= {"bloquant"}
    assert all(problem.row and problem.row > 7 and problem.remedy for problem in found)
    return [(problem.value, problem.message) for problem in found]


def test_a_measure_that_does_not_exist_is_told_with_its_near_one(tmp_path: Path) -> None:
    ((value, message),) = told(tmp_path, 'mesures = ["familles_rpe", "famille_rp"]\n')
    assert value == "famille_rp"
    assert "n’existe pas dans le catalogue" in message
    assert told(tmp_path, 'feuilles = { "A" = ["familles_rpe"], "B" = ["inconnue"] }\n')[0][0] == "inconnue"
    own = '[petite_enfance]\ninconnue = { label = "X", kind = "flow", object = "autres", unit = "x" }\n'
    (tmp_path / "mesures.toml").write_text(own, encoding="utf-8")
    assert told(tmp_path, 'mesures = ["inconnue"]\n') == []


def test_a_territory_that_does_not_exist_is_told(tmp_path: Path) -> None:
    ((value, _),) = told(tmp_path, 'mesures = ["familles_rpe"]\nterritoires = ["COM-86082", "COM-99999"]\n')
    assert value == "COM-99999"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("Lieux/Horaires", "interdit"),
        ("a" * 32, "31"),
        ("Lisez-moi", "réservé"),
        ("_ctgeval", "réservé"),
        ("History", "réservé"),
    ],
)
def test_a_sheet_that_no_workbook_can_hold_is_told(tmp_path: Path, name: str, fault: str) -> None:
    ((value, message),) = told(tmp_path, f'feuilles = {{ "{name}" = ["familles_rpe"] }}\n')
    assert value == name
    assert fault in message


def test_sheets_that_differ_by_case_alone_are_told(tmp_path: Path) -> None:
    sheets = 'feuilles = { "Accueil" = ["familles_rpe"], "ACCUEIL" = ["places_eaje"] }\n'
    ((value, message),) = told(tmp_path, sheets)
    assert value == "ACCUEIL"
    assert "« Accueil »" in message
