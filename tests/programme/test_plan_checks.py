"""What can't be true in a plan is told with its place and its remedy, and blocks nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ctgeval.errors import Problem
from ctgeval.programme import SCHEMAS, plan_checks
from ctgeval.sources.workbook import read_tables

Table = Callable[[str, str], pd.DataFrame]

HEADER = "id;axe;objectif;intitule;debut;fin;etat;etat_date;avancement_pct;motif\n"
SOUND = "A01;Enfance;Accueil;Ouvrir une MAM;2022-01-01;2024-06-30;en cours;2022-03-01;20;\n"
MILESTONES = "action;intitule;prevu_le;realise_le\n"
SHEETS = "action;constat\n"


def found(table: Table, plan: str, milestones: str = "", sheets: str = "") -> list[Problem]:
    return plan_checks.problems(
        table("actions", HEADER + plan), table("jalons", MILESTONES + milestones), table("fiches", SHEETS + sheets)
    )


def test_a_sound_plan_has_no_problem(table: Table) -> None:
    done = SOUND.replace("en cours;2022-03-01;20", "réalisée;2024-05-01;100")
    assert found(table, SOUND + done, "A01;Local;2022-06-01;2022-07-01\n", "A01;Il manque des places\n") == []
    assert found(table, "") == []


@pytest.mark.parametrize(
    ("line", "column", "told"),
    [
        ("A01;Enfance;;Guichet unique;;;en cours;2023-01-01;;", "intitule", "deux intitulés"),
        ("A01;Jeunesse;;Ouvrir une MAM;;;en cours;2023-01-01;;", "axe", "change d’axe"),
        ("A01;Enfance;;Ouvrir une MAM;2025-01-01;2024-01-01;en cours;2023-01-01;;", "fin", "avant de commencer"),
        ("A01;Enfance;;Ouvrir une MAM;;;abandonnée;2023-01-01;;", "motif", "sans motif"),
        ("A01;Enfance;;Ouvrir une MAM;;;réalisée;2023-01-01;80;", "avancement_pct", "80 %"),
        ("A01;Enfance;;Ouvrir une MAM;;;non engagée;2023-01-01;0;", "etat", "plus tard, elle est non engagée"),
    ],
)
def test_each_fault_of_a_plan_has_its_place(table: Table, line: str, column: str, told: str) -> None:
    (problem,) = found(table, f"{SOUND}{line}\n")
    assert (problem.file, problem.row, problem.column) == ("actions.csv", 3, column)
    assert problem.severity == "avertissement"
    assert told in problem.message
    assert problem.remedy


def test_a_state_that_goes_back_for_a_reason_is_none(table: Table) -> None:
    assert found(table, f"{SOUND}A01;Enfance;;Ouvrir une MAM;;;non engagée;2023-01-01;0;Porteur parti\n") == []


@pytest.mark.parametrize(
    ("milestone", "column", "told"),
    [
        ("A02;Local;2022-06-01;", "action", "aucun état dans le plan"),
        ("A01;Local;2022-06-01;2021-06-01", "realise_le", "avant le début de l’action A01"),
        ("A01;Local;2021-06-01;", "prevu_le", "avant le début de l’action A01"),
    ],
)
def test_each_fault_of_a_milestone_has_its_place(table: Table, milestone: str, column: str, told: str) -> None:
    (problem,) = found(table, SOUND, f"A01;Ouverture;2023-06-01;\n{milestone}\n")
    assert (problem.file, problem.row, problem.column) == ("jalons.csv", 3, column)
    assert told in problem.message


def test_a_sheet_of_an_unknown_action_names_the_near_one(table: Table) -> None:
    (problem,) = found(table, SOUND, sheets="A1;Il manque des places\n")
    assert (problem.file, problem.row) == ("fiches.csv", 2)
    assert "A01" in problem.remedy


def test_two_actions_with_one_id_at_one_date_and_a_percentage_over_100_are_refused_at_reading(tmp_path: Path) -> None:
    twin = SOUND.replace("Ouvrir une MAM", "Guichet unique")
    over = SOUND.replace("A01", "A02").replace(";20;", ";120;")
    (tmp_path / "actions.csv").write_text(HEADER + SOUND + twin + over, encoding="utf-8")
    table = read_tables(tmp_path, SCHEMAS)["actions"]
    assert [(one.row, one.column, one.file) for one in table.problems] == [
        (3, "id", "actions.csv"),
        (4, "avancement_pct", "actions.csv"),
    ]
    assert "autre identifiant" in table.problems[0].remedy
    assert "entre 0 et 100" in table.problems[1].message
    assert list(table.frame["intitule"]) == ["Ouvrir une MAM"]


@pytest.mark.parametrize(
    ("line", "kind", "second", "place"),
    [
        ("A01;Enfance;;Guichet unique;;;en cours;2023-01-01;;\n", "intitule", "Guichet unique", "lignes 2 et 3"),
        ("A01;Jeunesse;;Ouvrir une MAM;;;en cours;2023-01-01;;\n", "axe", "", "lignes 2 et 3"),
        ("A01;Enfance;;Guichet unique;;;en cours;2022-03-01;;\n", "date", "", "ligne 3"),
    ],
)
def test_one_id_for_what_may_be_two_actions_is_a_doubt_with_both_rows(
    tmp_path: Path, line: str, kind: str, second: str, place: str
) -> None:
    (tmp_path / "actions.csv").write_text(HEADER + SOUND + line, encoding="utf-8")
    table = read_tables(tmp_path, SCHEMAS)["actions"]
    (row,) = plan_checks.doubtful(table.frame, table.problems).to_dict("records")
    assert (row["id"], row["kind"], row["first"], row["second"]) == ("A01", kind, "Ouvrir une MAM", second)
    assert place in row["place"]


def test_two_rows_of_one_action_give_no_doubt(table: Table) -> None:
    done = SOUND.replace("en cours;2022-03-01;20", "réalisée;2024-05-01;100")
    assert plan_checks.doubtful(table("actions", HEADER + SOUND + done)).empty
    assert plan_checks.doubtful(table("actions", HEADER)).empty


def test_both_rows_of_two_titles_are_told(table: Table) -> None:
    problems = found(table, SOUND + "A01;Enfance;;Guichet unique;;;en cours;2023-01-01;;\n")
    assert any("lignes 2 et 3" in one.message for one in problems)
