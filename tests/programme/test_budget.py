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
    assert budget.in_kind(empty).empty


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


def test_reste_a_charge_by_action_adds_up_to_that_of_the_years(table: Table) -> None:
    lines = table("budget", LINES)
    by_action = budget.reste_a_charge(lines, by="action")
    assert list(by_action.itertuples(index=False, name=None)) == [
        ("A01", 10000.10, 5000.0, 5000.10, "prevu"),
        ("A01", 9500.20, 2500.05, 7000.15, "realise"),
        ("A02", 0.60, 0.0, 0.60, "prevu"),
    ]
    with pytest.raises(DossierError, match="financeur"):
        budget.reste_a_charge(lines, by="financeur")


IN_KIND = """\
action;exercice;nature;poste;financeur;statut;montant;apport
A01;2024;depense;Personnel;;realise;1000;
A01;2024;recette;Subvention;Caf;verse;400;numeraire
A01;2024;recette;Salle prêtée;Commune;prevu;90;nature
A01;2024;recette;Salle prêtée;Commune;realise;100,50;nature
A01;2024;depense;Salle prêtée;;realise;100,50;nature
A02;2024;depense;Bénévolat;;realise;250;nature
"""


def test_contributions_in_kind_are_in_no_total_of_money(table: Table) -> None:
    lines = table("budget", IN_KIND)
    (row,) = budget.reste_a_charge(lines).to_dict("records")
    assert (row["depenses"], row["recettes"], row["reste_a_charge"]) == (1000, 400, 600)
    assert budget.totals(lines, by=())["realise"].sum() == 1000
    # The room counts once though it is written planned, carried out, and on both sides; the time of volunteers once.
    assert list(budget.in_kind(lines).itertuples(index=False, name=None)) == [
        (2024, "", "Bénévolat", 250.0),
        (2024, "Commune", "Salle prêtée", 100.5),
    ]


def test_a_written_total_is_not_added_to_its_lines(table: Table) -> None:
    text = LINES + "A01;2024;depense;TOTAL;;prevu;10000,10\nTotal;2025;depense;;;prevu;0,60\n"
    lines = table("budget", text)
    assert budget.totals(lines, by=("action",)).equals(budget.totals(table("budget", LINES), by=("action",)))
    assert list(budget.written_totals(lines)["cents"]) == [1000010, 60]


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
