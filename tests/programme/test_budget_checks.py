"""What is doubtful in a budget is told with its place, and a doubtful total with its gap to the cent."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.programme import budget_checks
from ctgeval.programme.budget_controls import CONTROLS, controls
from ctgeval.programme.tables import BUDGET_NATURES, BUDGET_STATUSES

Table = Callable[[str, str], pd.DataFrame]

HEADER = "action;exercice;nature;poste;financeur;statut;montant\n"
LINES = f"""\
{HEADER}A01;2024;depense;Personnel;;prevu;10000,10
A01;2024;depense;Personnel;;realise;9500,20
A01;2024;recette;Subvention;Caf;prevu;4000
A02;2025;depense;Achats;;prevu;600,30
A02;2025;recette;Subvention;MSA;prevu;100,20
"""


def test_a_sound_budget_has_no_problem_and_no_gap(table: Table) -> None:
    lines = table("budget", LINES)
    assert budget_checks.problems(lines) == []
    found = controls(lines)
    assert tuple(found.columns) == CONTROLS
    assert found["gap"].eq(0).all()
    # Expenses planned: 10 000,10 + 600,30.
    assert found.query("nature == 'depense' and statut == 'prevu'")["total"].tolist() == [10600.4, 10600.4]
    assert controls(lines.iloc[:0]).empty
    assert budget_checks.problems(lines.iloc[:0]) == []


def test_a_planted_gap_of_one_cent_is_found(table: Table) -> None:
    # The lines of 2024 make 10 000,10; the coordinator wrote 10 000,11.
    lines = table("budget", LINES + "A01;2024;depense;Total;;prevu;10000,11\nTOTAL;2025;recette;;;prevu;100,20\n")
    found = controls(lines).query("control == 'total_ecrit'")
    assert found[["exercice", "total", "declared", "gap", "rows"]].to_numpy().tolist() == [
        [2024, 10000.1, 10000.11, 0.01, 1],
        [2025, 100.2, 100.2, 0.0, 1],
    ]
    (problem,) = budget_checks.problems(lines)
    assert (problem.file, problem.row, problem.severity) == ("budget.csv", 7, "avertissement")
    assert "0,01" in problem.message


def test_a_revenue_without_funder_makes_the_total_by_funder_fall_short(table: Table) -> None:
    lines = table("budget", LINES + "A01;2024;recette;Don;;prevu;12,34\n")
    gap = controls(lines).query("control == 'par_financeur'").iloc[0]
    assert (gap["gap"], gap["rows"]) == (-12.34, 1)
    (problem,) = budget_checks.problems(lines)
    assert (problem.row, problem.column) == (7, "financeur")


def test_revenues_above_expenses_and_negative_amounts_are_told(table: Table) -> None:
    text = LINES + "A02;2025;recette;Prime;Caf;prevu;501\nA03;2025;depense;;;prevu;-3\n"
    found = budget_checks.problems(table("budget", text))
    assert [(problem.value, problem.severity) for problem in found] == [("-3.00", "partiel"), ("A02", "avertissement")]
    assert found[0].row == 8


def test_a_year_that_is_none_is_told(table: Table) -> None:
    (found,) = budget_checks.problems(table("budget", LINES + "A02;23;depense;Voyage;;prevu;5\n"))
    assert (found.column, found.value, found.severity) == ("exercice", "23", "partiel")


def test_a_line_written_twice_and_the_collectivite_as_a_funder_are_told(table: Table) -> None:
    text = LINES + "A01;2024;recette;Subvention;Caf;prevu;4000\nA01;2024;recette;Solde;Fonds propres;prevu;50\n"
    found = budget_checks.problems(table("budget", text))
    assert [(problem.row, problem.column) for problem in found] == [(7, "montant"), (8, "financeur")]
    own = budget_checks.problems(table("budget", LINES.replace("Caf", "CC du Val")), own={"cc du val"})
    assert [problem.value for problem in own] == ["CC du Val"]


SMALL = "A02;2023;depense;Achats;;prevu;4000\nA02;2024;depense;Achats;;prevu;4,2\n"
YEARS = "".join(f"A01;{year};depense;Personnel;;prevu;{amount}\n" for year, amount in ((2022, 64000), (2023, 71000)))


@pytest.mark.parametrize(
    ("lines", "row", "told"),
    [
        # 68 for 68 000, beside 64 000 and 71 000.
        ("A01;2024;depense;Personnel;;prevu;68\n", 4, "Les dépenses au statut « prévu » de 2024"),
        # The whole of 2024 stands, one small action apart.
        (
            f"A01;2024;depense;Personnel;;prevu;68000\n{SMALL}",
            6,
            "Les dépenses de l’action A02 en 2024",
        ),
        # Planned in euros, carried out in thousands.
        (
            "A01;2024;depense;Personnel;;prevu;68000\nA01;2024;depense;Personnel;;realise;67,5\n",
            5,
            "Les dépenses de l’action A01 en 2024 au statut « réalisé »",
        ),
    ],
)
def test_a_year_in_thousands_is_told_with_its_rows(table: Table, lines: str, row: int, told: str) -> None:
    (problem,) = budget_checks.problems(table("budget", HEADER + YEARS + lines))
    assert (problem.row, problem.severity) == (row, "avertissement")
    assert problem.message.startswith(told)
    assert "milliers" in problem.message
    assert problem.remedy


@pytest.mark.parametrize("amount", ["1200", "640", "400000", "0"])
def test_a_year_that_is_only_small_or_large_is_not(table: Table, amount: str) -> None:
    assert budget_checks.problems(table("budget", f"{HEADER}{YEARS}A01;2024;depense;Personnel;;prevu;{amount}\n")) == []


AMOUNTS = st.lists(
    st.tuples(
        st.sampled_from(["A01", "A02", "Total", ""]),
        st.sampled_from([2023, 2024]),
        st.sampled_from(BUDGET_NATURES),
        st.sampled_from(["Caf", "", None]),
        st.sampled_from(BUDGET_STATUSES),
        st.integers(-100, 10**9),
        st.sampled_from(["", "nature", None]),
    ),
    max_size=15,
)


@settings(max_examples=20, deadline=None)
@given(AMOUNTS)
def test_any_budget_is_controlled(lines: list[tuple[str, int, str, str | None, str, int, str | None]]) -> None:
    frame = pd.DataFrame(
        [(*line[:5], line[5] / 100, line[6], None) for line in lines],
        columns=["action", "exercice", "nature", "financeur", "statut", "montant", "apport", "poste"],
    )
    found = controls(frame)
    assert (found["declared"] - found["total"] - found["gap"]).abs().max() < 1e-6 or found.empty
    assert all(problem.remedy for problem in budget_checks.problems(frame))
