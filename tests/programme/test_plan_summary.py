"""The plan by axe and by dispositif."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from ctgeval.programme import plan_summary
from ctgeval.programme.tables import ACTION_STATES

Table = Callable[[str, str], pd.DataFrame]

PLAN = """\
id;axe;intitule;fin;etat;etat_date;avancement_pct;dispositifs
A1;Jeunesse;Un;2023-12-31;en cours;2022-03-01;20;"CTG ; CLS"
A2;Enfance;Deux;2023-06-30;en cours;2022-03-01;40;"CTG, PEdT"
A3;Enfance;Trois;;réalisée;2022-05-01;100;ctg
A4;Enfance;Quatre;2024-12-31;en cours;2022-05-01;;
A5;Enfance;Cinq;2024-12-31;abandonnée;2022-05-01;10;CLS
"""


def test_each_axe_counts_states_delays_and_a_mean_where_it_is_known(table: Table) -> None:
    found = plan_summary.by_axis(table("actions", PLAN))
    assert list(found["axe"]) == ["Jeunesse", "Enfance"]
    assert set(ACTION_STATES) <= set(found.columns)
    assert list(found["total"]) == [1, 4]
    assert list(found["abandonnee"]) == [0, 1]
    later = plan_summary.by_axis(table("actions", PLAN), at=date(2023, 7, 1))
    assert list(later["en_retard"]) == [0, 1]
    # Enfance: (40 + 100) / 2; the action given up and the one that does not tell are left out.
    assert list(later["avancement_moyen"]) == [20, 70]
    assert list(later["avancement_n"]) == [1, 2]


def test_a_mean_of_nothing_is_not_a_number(table: Table) -> None:
    only = table("actions", PLAN.splitlines()[0] + "\nA4;Enfance;Quatre;;en cours;2022-05-01;;\n")
    found = plan_summary.by_axis(only).iloc[0]
    assert pd.isna(found["avancement_moyen"])
    assert found["avancement_n"] == 0
    assert plan_summary.by_axis(only.iloc[:0]).empty


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("CTG; CLS", ("CTG", "CLS")),
        ("CTG , PEdT;ctg", ("CTG", "PEdT")),
        (" ; ,", ()),
        (None, ()),
        (float("nan"), ()),
    ],
)
def test_dispositifs_are_split_and_each_is_told_once(text: object, names: tuple[str, ...]) -> None:
    assert plan_summary.schemes(text) == names


def test_an_action_counts_in_each_of_its_dispositifs(table: Table) -> None:
    found = plan_summary.by_scheme(table("actions", PLAN))
    assert list(found.itertuples(index=False, name=None)) == [("CTG", 3), ("CLS", 2), ("PEdT", 1)]
    assert plan_summary.by_scheme(table("actions", PLAN.splitlines()[0] + "\n")).empty
