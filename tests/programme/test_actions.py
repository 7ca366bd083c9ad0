"""An action is its last state; its history is kept and counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import DossierError
from ctgeval.programme import actions
from ctgeval.programme.tables import ACTION_STATES

Table = Callable[[str, str], pd.DataFrame]

PLAN = """\
id;axe;objectif;intitule;pilote;debut;fin;etat;etat_date;avancement_pct;motif
A02;Jeunesse;Aller vers;Promeneurs du Net;CC;2022-01-01;2023-12-31;en cours;2022-03-01;20;
A01;Petite enfance;Accueil;Ouvrir une MAM;CC;2022-01-01;2024-06-30;Non engagée;2022-01-01;;
A01;Petite enfance;;Ouvrir une MAM;;2022-01-01;2024-06-30;Réalisée;2024-05-01;100;
A01;Petite enfance;;Ouvrir une MAM;;2022-01-01;2024-06-30;En cours;2023-01-15;40;
A02;Jeunesse;;Promeneurs du Net;;2022-01-01;2023-12-31;Abandonnée;2023-09-01;;Poste non pourvu
A03;Petite enfance;;Guichet unique;Caf;2025-01-01;;Reportée;2025-02-01;;
"""


def test_the_current_state_is_the_last_one_whatever_the_order_of_rows(table: Table) -> None:
    now = actions.current(table("actions", PLAN))
    assert tuple(now.columns) == actions.COLUMNS
    assert list(now["id"]) == ["A02", "A01", "A03"]
    assert list(now["etat"]) == ["abandonnee", "realisee", "reportee"]
    assert list(now["etat_date"]) == ["2023-09-01", "2024-05-01", "2025-02-01"]
    assert list(now["history"]) == [2, 3, 1]


def test_what_describes_an_action_is_kept_and_what_describes_its_state_is_not(table: Table) -> None:
    now = actions.current(table("actions", PLAN)).set_index("id")
    assert now.loc["A01", "objectif"] == "Accueil"
    assert now.loc["A01", "pilote"] == "CC"
    assert now.loc["A02", "motif"] == "Poste non pourvu"
    assert pd.isna(now.loc["A02", "avancement_pct"])


def test_at_a_date_later_states_and_later_actions_are_not_known(table: Table) -> None:
    then = actions.current(table("actions", PLAN), at=date(2023, 6, 30)).set_index("id")
    assert list(then.index) == ["A02", "A01"]
    assert list(then["etat"]) == ["en_cours", "en_cours"]
    assert list(then["history"]) == [1, 2]


def test_an_empty_plan_gives_an_empty_table(table: Table) -> None:
    empty = table("actions", PLAN.splitlines()[0] + "\n")
    assert actions.current(empty).empty
    assert tuple(actions.current(empty).columns) == actions.COLUMNS
    assert actions.summary(empty).empty
    assert actions.counts(empty, at=date(2024, 1, 1))["actions_total"] == 0
    assert actions.problems(empty) == []


def test_the_summary_counts_each_action_once_by_axe_and_state(table: Table) -> None:
    summary = actions.summary(table("actions", PLAN))
    assert list(summary["axe"]) == ["Jeunesse", "Petite enfance"]
    assert list(summary.columns) == ["axe", *ACTION_STATES, "total"]
    assert list(summary["abandonnee"]) == [1, 0]
    assert list(summary["realisee"]) == [0, 1]
    assert list(summary["total"]) == [1, 2]


def test_counts_of_the_plan_at_a_date(table: Table) -> None:
    plan = table("actions", PLAN)
    assert actions.counts(plan, at=date(2023, 6, 30)) == {
        "actions_total": 2,
        "actions_engagees": 2,
        "actions_echues": 0,
        "actions_realisees_a_echeance": 0,
    }
    assert actions.counts(plan, at=date(2024, 12, 31)) == {
        "actions_total": 2,
        "actions_engagees": 1,
        "actions_echues": 2,
        "actions_realisees_a_echeance": 1,
    }


def test_an_action_done_after_its_term_is_not_done_on_time(table: Table) -> None:
    plan = table("actions", PLAN.replace("2024-06-30", "2024-04-30"))
    assert actions.counts(plan, at=date(2024, 12, 31))["actions_realisees_a_echeance"] == 0


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Réalisé", "realisee"),
        ("non engagé", "non_engagee"),
        ("EN COURS", "en_cours"),
        ("pérennisée", "perennisee"),
        ("reportee", "reportee"),
        ("Abandonné ", "abandonnee"),
    ],
)
def test_states_are_read_as_people_write_them(text: str, state: str) -> None:
    assert actions.state(text) == state


def test_an_unknown_state_names_the_near_ones() -> None:
    with pytest.raises(DossierError, match="abandonnee"):
        actions.state("abandoné")


def test_problems_of_a_plan_have_their_place(table: Table) -> None:
    text = PLAN.replace(
        "A03;Petite enfance;;Guichet unique;Caf;2025-01-01;;", "A01;Jeunesse;;Guichet;Caf;2025-01-01;2024-01-01;"
    )
    found = actions.problems(table("actions", text))
    assert [(problem.column, problem.row, problem.severity) for problem in found] == [
        ("fin", 7, "bloquant"),
        ("axe", 7, "avertissement"),
        ("motif", 7, "avertissement"),
    ]
    assert {problem.file for problem in found} == {"actions.csv"}


@given(st.permutations(range(6)))
def test_the_order_of_rows_changes_no_state(order: list[int]) -> None:
    rows = [line.split(";") for line in PLAN.splitlines()]
    frame = pd.DataFrame(rows[1:], columns=rows[0]).reindex(columns=list(actions.COLUMNS[:-1]))
    usual = actions.current(frame).set_index("id").sort_index()
    other = actions.current(frame.iloc[list(order)]).set_index("id").sort_index()
    assert list(usual["etat"]) == list(other["etat"])
    assert list(usual["history"]) == list(other["history"])
