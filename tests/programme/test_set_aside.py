"""Rows that can't be true count in no figure, and each is told with its place."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.programme import SCHEMAS, set_aside
from ctgeval.sources.workbook import Table, read_tables
from tests.examples import examples

END = dt.date(2026, 12, 31)


def read(folder: Path, name: str, text: str) -> Table:
    (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return set_aside.sound(read_tables(folder, SCHEMAS), end=END)[name]


@pytest.mark.parametrize(
    ("name", "text", "column"),
    [
        (
            "budget",
            "action;exercice;nature;statut;montant\nA;2024;depense;realise;5\nA;2024;depense;realise;-5\n",
            "montant",
        ),
        (
            "budget",
            "action;exercice;nature;statut;montant\nA;2024;depense;realise;5\nA;24;depense;realise;5\n",
            "exercice",
        ),
        (
            "budget",
            "action;exercice;nature;statut;montant\nA;2024;depense;realise;5\nA;2024;depense;realise;99999999999\n",
            "montant",
        ),
        (
            "participation",
            "id;date;type;presences;personnes_distinctes\nR1;2024-05-13;R;9;8\nR2;2024-05-14;R;9;12\n",
            "personnes_distinctes",
        ),
        ("communication", "canal;periode;mesure;valeur\nSite;2024;visites;4\nSite;2025;visites;-4\n", "valeur"),
        (
            "communication",
            "canal;periode;mesure;valeur\nLettre;2024;envois;100\nLettre;2024;ouvertures;120\n",
            "valeur",
        ),
        ("communication", "canal;periode;mesure;valeur\nSite;2024;visites;4\nLettre;2024;taux de clic;140\n", "valeur"),
        ("fiches", "action;moyens_humains_etp\nA;1\nB;-1\n", "moyens_humains_etp"),
        ("evenements", "id;date;intitule;cout\nJ1;2024-05-13;J;10\nJ2;2025-05-13;J;-10\n", "cout"),
        ("journal", "date;type;texte\n2024-05-13;levier;T\n2924-05-13;levier;T\n", "date"),
        ("journal", "date;type;texte\n2024-05-13;levier;T\n0202-05-13;levier;T\n", "date"),
        ("communication", "canal;periode;mesure;valeur\nSite;2024;visites;4\nSite;2924;visites;4\n", "periode"),
    ],
)
def test_a_row_that_can_not_be_true_is_set_aside_and_told(tmp_path: Path, name: str, text: str, column: str) -> None:
    table = read(tmp_path, name, text)
    assert (len(table.frame), table.n_rows, table.n_set_aside) == (1, 2, 1)
    (problem,) = [one for one in table.problems if one.severity == "partiel"]
    assert (problem.file, problem.row, problem.column) == (f"{name}.csv", 3, column)
    assert problem.message
    assert problem.remedy
    assert problem.value


def test_a_number_that_no_budget_can_hold_breaks_nothing(tmp_path: Path) -> None:
    head = "action;exercice;nature;statut;montant\nA;2024;depense;realise;5\n"
    table = read(tmp_path, "budget", f"{head}A;2024;depense;realise;{'9' * 30}\nA;{'9' * 30};depense;realise;5\n")
    assert table.frame["montant"].tolist() == [5]
    assert {one.column for one in table.problems} == {"montant", "exercice"}


def test_a_sound_table_is_left_as_it_is(tmp_path: Path) -> None:
    # Ten years after the end is the last year that a convention can speak of.
    table = read(tmp_path, "jalons", "action;intitule;prevu_le\nA;Bilan;2036-12-31\nA;Suite;2037-01-01\n")
    assert table.frame["intitule"].tolist() == ["Bilan"]


def test_the_tables_that_figures_are_made_of_are_not_touched(tmp_path: Path) -> None:
    text = "indicateur;territoire;periode_cible;revisee_le\nPE01;COM-86194;2030;2924-01-01\n"
    table = read(tmp_path, "cibles", text)
    assert len(table.frame) == 1
    assert not table.problems


@examples(40)
@given(st.lists(st.tuples(st.integers(-(10**12), 10**12), st.integers(-5000, 5000)), max_size=6))
def test_what_stays_of_a_budget_can_be_true_and_nothing_is_lost_unsaid(rows: list[tuple[int, int]]) -> None:
    frame = pd.DataFrame(
        {
            "action": "A",
            "exercice": [float(year) for _, year in rows],
            "nature": "depense",
            "poste": "",
            "financeur": "",
            "statut": "realise",
            "montant": [amount / 100 for amount, _ in rows],
            "apport": "",
            "origin": [f"budget.csv!{rank}" for rank in range(2, len(rows) + 2)],
        }
    ).astype({"exercice": "float64", "montant": "float64"})
    table = Table("budget", frame, (), "budget.csv", len(rows))
    found = set_aside.sound({"budget": table}, end=END)["budget"]
    assert found.frame["montant"].ge(0).all()
    assert found.frame["exercice"].between(1990, 2100).all()
    told = {one.row for one in found.problems if one.severity == "partiel"}
    assert len(told) == found.n_set_aside
