"""Totals of a budget agree to the cent, whatever they are added by."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DossierError
from ctgeval.programme import budget
from ctgeval.programme.tables import BUDGET_NATURES, BUDGET_STATUSES

Table = Callable[[str, str], pd.DataFrame]

LINES = """\
action;exercice;nature;poste;financeur;statut;montant
A01;2024;depense;Personnel;;prevu;10000,10
A01;2024;depense;Personnel;;realise;9500,20
A01;2024;recette;;Caf;prevu;4000
A01;2024;recette;;Caf;acquis;4000
A01;2024;recette;;Caf;verse;2500,05
A01;2024;recette;;MSA;sollicite;1000
A02;2025;depense;Achats;;prevu;0,30
A02;2025;depense;Achats;;prevu;0,10
A02;2025;depense;Achats;;prevu;0,20
"""


def test_totals_by_action_keep_statuses_apart_and_unknown_is_not_zero(table: Table) -> None:
    found = budget.totals(table("budget", LINES), by=("action",))
    assert list(found.columns) == ["action", "nature", *BUDGET_STATUSES]
    assert list(zip(found["action"], found["nature"], strict=True)) == [
        ("A01", "depense"),
        ("A01", "recette"),
        ("A02", "depense"),
    ]
    assert list(found["prevu"]) == [10000.10, 4000.0, 0.60]
    assert found.loc[1, "verse"] == 2500.05
    assert pd.isna(found.loc[0, "verse"])


def test_reste_a_charge_counts_each_revenue_once(table: Table) -> None:
    found = budget.reste_a_charge(table("budget", LINES))
    assert found.to_dict("records") == [
        {"exercice": 2024, "depenses": 10000.10, "recettes": 5000.0, "reste_a_charge": 5000.10, "statut": "prevu"},
        {"exercice": 2024, "depenses": 9500.20, "recettes": 2500.05, "reste_a_charge": 7000.15, "statut": "realise"},
        {"exercice": 2025, "depenses": 0.60, "recettes": 0.0, "reste_a_charge": 0.60, "statut": "prevu"},
    ]
    assert list(budget.reste_a_charge(table("budget", LINES), 2025)["exercice"]) == [2025]


def test_a_year_without_expense_has_no_reste_a_charge(table: Table) -> None:
    lines = LINES.splitlines()
    found = budget.reste_a_charge(table("budget", "\n".join([lines[0], lines[3]])))
    assert found.empty
    assert list(found.columns) == ["exercice", "depenses", "recettes", "reste_a_charge", "statut"]


def test_an_empty_budget_gives_empty_tables(table: Table) -> None:
    empty = table("budget", LINES.splitlines()[0] + "\n")
    assert budget.totals(empty).empty
    assert budget.reste_a_charge(empty).empty
    assert budget.problems(empty) == []


def test_an_unknown_axis_names_the_near_one(table: Table) -> None:
    with pytest.raises(DossierError, match="financeur"):
        budget.totals(table("budget", LINES), by=("finançeur",))


@pytest.mark.parametrize(
    ("amount", "whole"), [(0.1, 10), (1234567.89, 123456789), (Decimal("0.30"), 30), ("12.5", 1250)]
)
def test_cents_are_whole(amount: float | Decimal | str, whole: int) -> None:
    assert budget.cents(amount) == whole


@pytest.mark.parametrize("amount", ["0.005", 1.2345, "douze", "nan", "inf"])
def test_what_is_not_an_amount_is_refused(amount: float | str) -> None:
    with pytest.raises(DossierError, match="centime"):
        budget.cents(amount)


def test_revenues_above_expenses_and_negative_amounts_are_told(table: Table) -> None:
    text = LINES + "A02;2025;recette;;Caf;prevu;5\nA03;2025;depense;;;prevu;-3\n"
    found = budget.problems(table("budget", text))
    assert [(problem.value, problem.severity) for problem in found] == [("-3.00", "bloquant"), ("A02", "avertissement")]
    assert found[0].row == 12


AMOUNTS = st.lists(
    st.tuples(
        st.sampled_from(["A01", "A02", "A03"]),
        st.sampled_from([2023, 2024]),
        st.sampled_from(BUDGET_NATURES),
        st.sampled_from(["Caf", "MSA", None]),
        st.sampled_from(BUDGET_STATUSES),
        st.integers(0, 10**9),
    ),
    max_size=30,
)


@settings(max_examples=25)
@given(AMOUNTS)
def test_totals_by_action_by_funder_and_by_year_are_the_same_to_the_cent(
    lines: list[tuple[str, int, str, str | None, str, int]],
) -> None:
    frame = pd.DataFrame(
        [(*line[:5], line[5] / 100, None) for line in lines],
        columns=["action", "exercice", "nature", "financeur", "statut", "montant", "poste"],
    )
    sums = []
    for axis in ((), ("action",), ("financeur",), ("exercice",), ("action", "exercice", "financeur")):
        wide = budget.totals(frame, by=axis)
        total = {
            (nature, status): sum(budget.cents(x) for x in wide.loc[wide["nature"] == nature, status].dropna())
            for nature in BUDGET_NATURES
            for status in BUDGET_STATUSES
        }
        sums.append(total)
    exact = {
        (nature, status): sum(line[5] for line in lines if (line[2], line[4]) == (nature, status))
        for nature in BUDGET_NATURES
        for status in BUDGET_STATUSES
    }
    assert all(total == exact for total in sums)


@settings(max_examples=25)
@given(AMOUNTS)
def test_years_add_up_to_no_more_than_what_is_written(lines: list[tuple[str, int, str, str | None, str, int]]) -> None:
    frame = pd.DataFrame(
        [(*line[:5], line[5] / 100, None) for line in lines],
        columns=["action", "exercice", "nature", "financeur", "statut", "montant", "poste"],
    )
    for row in budget.reste_a_charge(frame).to_dict("records"):
        spent, income = budget.cents(row["depenses"]), budget.cents(row["recettes"])
        assert budget.cents(row["reste_a_charge"]) == spent - income


def test_a_year_that_is_none_is_told(table: Table) -> None:
    (found,) = budget.problems(table("budget", LINES + "A02;23;depense;;;prevu;5\n"))
    assert (found.column, found.value, found.severity) == ("exercice", "23", "bloquant")
