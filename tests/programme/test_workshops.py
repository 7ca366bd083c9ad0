"""Each contribution has an end, or is said to be waiting since a number of days."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from ctgeval.programme import instances, partners, workshops

Table = Callable[[str, str], pd.DataFrame]

MEETINGS = """\
id;type;date;invites;presents;partenaires_presents;sujet;methode
AT1;atelier;2024-03-12;;;"cc; caf";Le non-recours;Parcours d’usagers
AT2;atelier;2024-10-01;;5;;Le répit;
C1;COPIL;2024-06-01;3;2;;;
"""
CONTRIBUTIONS = """\
id;atelier;texte;suite;action;reponse_le;motif
1;AT1;Former les secrétaires de mairie;retenue;A01;2024-06-01;
2;AT1;Une fiche commune;retenue;A01;2024-06-01;
3;AT1;Un bus;refusee;;2024-06-01;Trop cher
4;AT2;Un lieu;en cours;;;
5;AT2;Un relais de nuit;;;;
"""
PLAN = "id;axe;intitule;etat;etat_date\nA01;Droits;Repérer le non-recours;en_cours;2024-09-01\n"


@pytest.fixture
def held(table: Table) -> pd.DataFrame:
    listed = table("partenaires", "id;nom\ncc;CC\ncaf;Caf\n")
    return instances.meetings(table("instances", MEETINGS), partners.directory(listed))


def test_a_contribution_without_end_says_how_long_it_has_waited(table: Table, held: pd.DataFrame) -> None:
    told, plan = table("contributions", CONTRIBUTIONS), table("actions", PLAN)
    found = workshops.contributions(told, held, plan, at=date(2024, 12, 31)).set_index("id")
    assert list(found["state"]) == ["retenue", "retenue", "refusee", "en cours", "en attente"]
    # From 1 October to 31 December: 30 + 30 + 31 = 91 days.
    assert list(found["waiting"].iloc[3:]) == [91, 91]
    assert found["waiting"].iloc[:3].isna().all()
    assert found.loc["1", "action_label"] == "Repérer le non-recours"
    assert workshops.contributions(told, held, plan)["waiting"].isna().all()
    earlier = workshops.contributions(told, held, plan, at=date(2024, 9, 1))
    assert earlier["waiting"].isna().all(), "nothing waits before its workshop"


def test_what_became_of_each_workshop(table: Table, held: pd.DataFrame) -> None:
    found = workshops.workshops(
        held, workshops.contributions(table("contributions", CONTRIBUTIONS), held, table("actions", PLAN))
    ).set_index("id")
    assert list(found.index) == ["AT1", "AT2"]
    columns = ["organisations", "contributions", "retenue", "refusee", "en_cours", "en_attente", "actions"]
    assert list(found.loc["AT1", columns]) == [2, 3, 2, 1, 0, 0, 1]
    assert list(found.loc["AT2", columns]) == [5, 2, 0, 0, 1, 1, 0]
    assert found.loc["AT1", "method"] == "Parcours d’usagers"


def test_problems_of_contributions(table: Table, held: pd.DataFrame) -> None:
    text = """\
id;atelier;texte;suite;action;reponse_le;motif
1;AT3;Texte;retenue;A01;;
2;C1;Texte;retenue;;;
3;AT1;Texte;refusee;A9;2024-01-01;
"""
    found = list(workshops.problems(table("contributions", text), held, table("actions", PLAN)))
    assert [(problem.row, problem.column) for problem in found] == [
        (2, "atelier"),
        (3, "atelier"),
        (3, "action"),
        (4, "action"),
        (4, "motif"),
        (4, "reponse_le"),
    ]
    assert "« AT1 »" in found[0].remedy
    assert list(workshops.problems(table("contributions", CONTRIBUTIONS), held, table("actions", PLAN))) == []


def test_nothing_gives_nothing(table: Table, held: pd.DataFrame) -> None:
    none = table("contributions", CONTRIBUTIONS).iloc[:0]
    plan = table("actions", PLAN)
    found = workshops.contributions(none, held.iloc[:0], plan.iloc[:0], at=date(2024, 1, 1))
    assert found.empty
    assert workshops.workshops(held.iloc[:0], found).empty
    bare = workshops.workshops(held, found).set_index("id")
    assert bare.loc["AT2", "contributions"] == 0
    nobody = held.assign(present=math.nan)
    assert workshops.workshops(nobody, found)["organisations"].isna().all()


def test_the_last_day_that_the_tables_know(table: Table, held: pd.DataFrame) -> None:
    told = table("contributions", CONTRIBUTIONS)
    assert workshops.last_day(held, told, table("actions", PLAN)) == date(2024, 10, 1)
    assert workshops.last_day(held.iloc[:0]) is None
