"""The register keeps every state of a recommendation, and tells what can't be true of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.programme import recommendations

HEAD = "id;date;origine;texte;etat;instance;decidee_le;chiffre;action;motif\n"
ROWS = (
    HEAD
    + """R02;2025-03-01;COTECH;Élargir les horaires;proposee;;;;A1;
R01;2024-05-01;règle RG1;Réviser la cible;proposee;;;PE07 2023-S2 : 205;A4;
R01;2024-05-01;règle RG1;Réviser la cible à 235;amendee;COPIL;2024-06-01;;;La tournée a commencé tard
R01;2024-05-01;règle RG1;Réviser la cible à 235;faite;Bureau;2025-02-01;;;
"""
)
Read = Callable[[str, str], pd.DataFrame]


def test_every_state_is_kept_in_its_order(table: Read) -> None:
    found = recommendations.steps(table("recommandations", ROWS))
    assert list(zip(found["id"], found["etat"], found["etat_le"], found["rang"], strict=True)) == [
        ("R01", "proposee", "2024-05-01", 1),
        ("R01", "amendee", "2024-06-01", 2),
        ("R01", "faite", "2025-02-01", 3),
        ("R02", "proposee", "2025-03-01", 1),
    ]
    assert list(found["chiffre"][:3]) == ["PE07 2023-S2 : 205"] * 3
    assert list(found["texte"][:2]) == ["Réviser la cible", "Réviser la cible à 235"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (None, [("R01", "faite"), ("R02", "proposee")]),
        (dt.date(2024, 12, 31), [("R01", "amendee")]),
        (dt.date(2024, 4, 30), []),
    ],
)
def test_the_register_is_known_at_any_day(table: Read, day: dt.date | None, expected: list[tuple[str, str]]) -> None:
    found = recommendations.register(table("recommandations", ROWS), at=day)
    assert list(zip(found["id"], found["etat"], strict=True)) == expected


def test_an_empty_register_has_its_columns(table: Read) -> None:
    found = recommendations.steps(table("recommandations", HEAD))
    assert list(found.columns) == list(recommendations.STEP_COLUMNS)
    assert recommendations.register(table("recommandations", HEAD)).empty


def test_a_sound_register_has_no_problem(table: Read) -> None:
    assert list(recommendations.problems(table("recommandations", ROWS), actions={"A1", "A4"})) == []


@pytest.mark.parametrize(
    ("rows", "told", "column"),
    [
        ("R01;2024-05-01;COTECH;T;acceptee;;2024-06-01;;;\n", "qui l’a décidé", "instance"),
        ("R01;2024-05-01;COTECH;T;refusee;COPIL;;;;\n", "quand", "decidee_le"),
        ("R01;2024-05-01;COTECH;T;acceptee;COPIL;2024-04-30;;;\n", "avant d’être proposée", "decidee_le"),
        ("R01;2024-05-01;COTECH;T;proposee;;;;A9;\n", "n’est pas dans le plan", "action"),
        ("R01;2024-05-01;COTECH;T;proposee;;;;;\nR01;2024-05-02;COTECH;U;acceptee;COPIL;2024-06-01;;;\n",
         "portent l’identifiant R01", "id"),
        ("R01;2024-05-01;COTECH;T;acceptee;COPIL;2024-06-01;;;\nR01;2024-05-01;COTECH;T;faite;COPIL;2024-05-15;;;\n",
         "avant d’être acceptée", "decidee_le"),
    ],
)  # fmt: skip
def test_what_can_not_be_true_is_told_with_its_place(table: Read, rows: str, told: str, column: str) -> None:
    found = list(recommendations.problems(table("recommandations", HEAD + rows), actions={"A1"}))
    assert [problem.column for problem in found if told in problem.message] == [column]
    assert all(problem.file == "recommandations.csv" and problem.row and problem.remedy for problem in found)


DAYS = st.none() | st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)).map(str)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "id": st.sampled_from(["R1", "R2"]),
                "date": DAYS.filter(bool),
                "origine": st.just("x"),
                "texte": st.none() | st.text(max_size=5),
                "etat": st.sampled_from(list(recommendations.STATE_LABELS)),
                "instance": st.none() | st.just("COPIL"),
                "decidee_le": DAYS,
                "chiffre": st.none() | st.text(max_size=5),
                "action": st.none() | st.sampled_from(["A1", "A9"]),
                "motif": st.none(),
            }
        ),
        max_size=6,
    )
)
def test_no_register_breaks_and_no_state_is_lost(rows: list[dict[str, object]]) -> None:
    frame = pd.DataFrame(rows, columns=[*HEAD.strip().split(";")], dtype="object")
    found = recommendations.steps(frame)
    assert len(found) == len(rows)
    assert sorted(found["etat"]) == sorted(str(row["etat"]) for row in rows)
    assert len(recommendations.register(frame)) == len({row["id"] for row in rows})
    assert all(problem.message for problem in recommendations.problems(frame, actions={"A1"}))
