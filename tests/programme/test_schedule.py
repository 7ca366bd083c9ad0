"""An action is late by whole days against its term, a milestone against its date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd

from ctgeval.programme import schedule

Table = Callable[[str, str], pd.DataFrame]

PLAN = """\
id;axe;intitule;debut;fin;etat;etat_date
A1;Axe;À temps;2022-01-01;2023-06-30;en cours;2022-01-15
A1;Axe;À temps;;;réalisée;2023-06-30
A2;Axe;En retard;2022-01-01;2023-06-30;en cours;2022-01-15
A3;Axe;Reportée deux fois;2022-01-01;2022-12-31;en cours;2022-01-15
A3;Axe;Reportée deux fois;;2023-03-31;reportée;2022-11-01
A3;Axe;Reportée deux fois;;2023-12-31;reportée;2023-03-01
A4;Axe;Sans échéance;2022-01-01;;en cours;2022-01-15
A5;Axe;Arrêtée;2022-01-01;2022-12-31;abandonnée;2022-06-01
A6;Axe;Faite trop tard;2022-01-01;2022-12-31;en cours;2022-02-01
A6;Axe;Faite trop tard;;;réalisée;2023-01-31
"""
MILESTONES = """\
action;intitule;prevu_le;realise_le
A2;Ouverture;2023-09-01;
A2;Local;2022-03-01;2022-02-15
A2;Travaux;2022-06-01;2022-09-01
A2;Commission;2023-06-30;
A3;Recrutement;2024-01-01;2024-02-01
"""


def test_each_action_is_held_against_its_term(table: Table) -> None:
    found = schedule.schedule(table("actions", PLAN), at=date(2023, 7, 10)).set_index("id")
    assert tuple(found.reset_index().columns) == schedule.SCHEDULE
    assert found["situation"].to_dict() == {
        "A1": "realisee_a_temps", "A2": "en_retard", "A3": "dans_les_temps", "A4": "sans_echeance", "A5": "arretee",
        "A6": "realisee_en_retard",
    }  # fmt: skip
    # From 30 June to 10 July: 10 days; from 31 December to 31 January: 31 days.
    assert found.loc["A2", "jours_retard"] == 10
    assert found.loc["A6", "jours_retard"] == 31
    assert found.loc["A1", "jours_retard"] == 0
    assert found.loc[["A4", "A5"], "jours_retard"].isna().all()


def test_a_term_that_is_put_off_keeps_its_first_date(table: Table) -> None:
    found = schedule.schedule(table("actions", PLAN), at=date(2023, 7, 10)).set_index("id")
    # From 31 December 2022 to 31 December 2023: 365 days, in two steps.
    assert (found.loc["A3", "fin_initiale"], found.loc["A3", "fin"]) == ("2022-12-31", "2023-12-31")
    assert (found.loc["A3", "reports"], found.loc["A3", "jours_report"]) == (2, 365)
    earlier = schedule.schedule(table("actions", PLAN), at=date(2023, 1, 10)).set_index("id")
    assert (earlier.loc["A3", "fin"], earlier.loc["A3", "reports"]) == ("2023-03-31", 1)
    assert earlier.loc["A6", "situation"] == "en_retard"


def test_milestones_are_reached_late_or_to_come(table: Table) -> None:
    found = schedule.milestones(table("jalons", MILESTONES), at=date(2023, 7, 10))
    assert tuple(found.columns) == schedule.MILESTONES
    told = [tuple(row) for row in found[["intitule", "situation", "jours_retard", "prochain"]].to_numpy()]
    # From 1 June to 1 September 2022: 92 days; from 30 June to 10 July 2023: 10 days.
    assert told == [
        ("Local", "franchi", 0, False),
        ("Travaux", "franchi_en_retard", 92, False),
        ("Commission", "en_retard", 10, True),
        ("Ouverture", "a_venir", 0, False),
        ("Recrutement", "a_venir", 0, True),
    ]


def test_nobody_waits_for_the_milestones_of_an_action_given_up(table: Table) -> None:
    found = schedule.milestones(table("jalons", MILESTONES), at=date(2023, 7, 10), stopped={"A2"})
    own = found[found["action"].eq("A2")]
    assert list(own["situation"]) == ["franchi", "franchi_en_retard", "sans_objet", "sans_objet"]
    assert not own["prochain"].any()
    assert list(own["jours_retard"])[2:] == [0, 0]


def test_nothing_to_hold_gives_empty_tables(table: Table) -> None:
    none = table("actions", PLAN.splitlines()[0] + "\n")
    assert schedule.schedule(none, at=date(2023, 1, 1)).empty
    assert schedule.milestones(table("jalons", MILESTONES.splitlines()[0] + "\n"), at=date(2023, 1, 1)).empty
