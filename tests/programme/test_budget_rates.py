"""Ratios of a budget are told with what they are made of, and are never divided by nothing."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.programme import budget_rates

Table = Callable[[str, str], pd.DataFrame]

LINES = """\
action;exercice;nature;poste;financeur;statut;montant;apport
A01;2023;depense;Personnel;;prevu;1000;
A01;2024;depense;Personnel;;prevu;2000;
A01;2024;depense;Personnel;;realise;1500;
A02;2024;depense;Achats;;realise;100;
A01;2024;recette;Subvention;Caf;acquis;800;
A01;2024;recette;Subvention;Caf;verse;600;
A01;2024;recette;Subvention;État;sollicite;50;
A01;2024;recette;Solde;Fonds propres;verse;300;
A01;2024;recette;Salle;Commune;realise;999;nature
"""


def test_executed_and_cofinanced_by_hand(table: Table) -> None:
    found = budget_rates.rates(table("budget", LINES)).set_index("exercice")
    year = found.loc[2024]
    assert (year["budget_vote"], year["budget_execute"], year["cout_total"]) == (2000, 1600, 1600)
    # 1 600 carried out over 2 000 planned.
    assert year["taux_execution"] == pytest.approx(80)
    # 600 paid by the Caf over 1600; its own funds and the room lent are not external money.
    assert year["financements_externes_recus"] == 600
    assert year["taux_cofinancement"] == pytest.approx(37.5)
    # 800 - 600 of the Caf, and the 50 asked of the État.
    assert year["attendus"] == 250
    assert year["reason"] == ""


def test_a_year_without_what_a_ratio_needs_says_why(table: Table) -> None:
    year = budget_rates.rates(table("budget", LINES)).set_index("exercice").loc[2023]
    assert math.isnan(year["taux_execution"])
    assert math.isnan(year["taux_cofinancement"])
    assert year["reason"] == "aucune dépense réalisée"
    assert budget_rates.rates(table("budget", LINES.splitlines()[0] + "\n")).empty


def test_a_unit_costs_what_was_spent_over_what_was_produced(table: Table) -> None:
    outputs = {("A01", "PE07"): {2023: 12.0, 2024: 60.0, 2025: 4.0}, ("A02", "EN02"): {2024: 0.0}}
    found = budget_rates.unit_costs(table("budget", LINES), outputs).set_index(["action", "exercice"])
    # 1500 / 60.
    assert found.loc[("A01", 2024), "cout_unitaire"] == 25
    assert found.loc[("A01", 2024), "reason"] == ""
    assert found.loc[("A01", 2023), "reason"] == "dépenses réalisées non renseignées"
    assert found.loc[("A02", 2024), "reason"] == "quantité nulle"
    assert found.loc[[("A01", 2023), ("A02", 2024)], "cout_unitaire"].isna().all()
    assert ("A01", 2025) not in found.index


def test_a_quantity_that_is_not_known_gives_no_cost(table: Table) -> None:
    found = budget_rates.unit_costs(table("budget", LINES), {("A01", "PE07"): {2024: math.nan}})
    assert found["reason"].tolist() == [
        "dépenses réalisées non renseignées",
        "quantité non disponible ou non diffusable",
    ]
    assert found["cout_unitaire"].isna().all()
    assert budget_rates.unit_costs(table("budget", LINES), {}).empty


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.floats(-10, 1e9) | st.just(math.nan),
)
def test_no_amount_makes_a_ratio_raise(voted: int, spent: int, received: int, quantity: float) -> None:
    frame = pd.DataFrame(
        [
            ("A", 2024, "depense", "", "", "prevu", voted / 100),
            ("A", 2024, "depense", "", "", "realise", spent / 100),
            ("A", 2024, "recette", "", "Caf", "verse", received / 100),
        ],
        columns=["action", "exercice", "nature", "poste", "financeur", "statut", "montant"],
    )
    (row,) = budget_rates.rates(frame).to_dict("records")
    assert math.isnan(row["taux_execution"]) == (voted == 0)
    assert math.isnan(row["taux_cofinancement"]) == (spent == 0)
    assert bool(row["reason"]) == (voted == 0 or spent == 0)
    cost = budget_rates.unit_costs(frame, {("A", "X"): {2024: quantity}}).iloc[0]
    assert math.isnan(cost["cout_unitaire"]) == (not quantity > 0)
    assert bool(cost["reason"]) == (not quantity > 0)
