"""The sheet of the annual event, by hand, and what can't be computed told with its reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.programme import events

Table = Callable[[str, str], pd.DataFrame]
HEAD = "id;date;intitule;lieu;objectifs;presences;comptage;repondants;satisfaits;cout;action;enseignement\n"


@pytest.fixture
def register(table: Table) -> Callable[[str], pd.DataFrame]:
    return lambda text: table("evenements", HEAD + text)


def test_a_sheet_by_hand(register) -> None:
    first, last = events.sheets(
        register(
            "J2;2024-11-23;Journée;Sorvanne;Rencontrer;200;entrées;50;40;3000,50;A24;Bien\n"
            "J1;2023-11-25;Journée;Montarvel;Dire;160;Entrées;;;2000;A24;\n"
        )
    ).to_dict("records")
    assert (last["taux_reponse"], last["satisfaction"]) == (25, 80)  # 50 of 200; 40 of 50
    assert last["cout_par_presence"] == pytest.approx(15.0025)
    assert last["evolution_presences"] == 40
    assert last["reason"] == ""
    assert "satisfaction n’est pas connue" in first["reason"]
    assert np.isnan(first["evolution_presences"])


def test_nobody_counted_leaves_the_cost_per_attendance_undefined(register) -> None:
    (sheet,) = events.sheets(register("J1;2023-11-25;Journée;;;0;entrées;0;0;2000;;\n")).to_dict("records")
    assert np.isnan(sheet["cout_par_presence"])
    assert np.isnan(sheet["taux_reponse"])
    assert np.isnan(sheet["satisfaction"])
    assert "ni coût par présence" in sheet["reason"]


def test_attendances_counted_in_two_ways_are_not_compared(register) -> None:
    found = events.sheets(
        register(
            "J1;2023-11-25;J;;;160;estimation;;;;;\nJ2;2024-11-23;J;;;200;entrées;;;;;\nJ3;2025-11-23;J;;;210;;;;;;\n"
        )
    )
    assert found["evolution_presences"].isna().all()
    assert all("comptées autrement" in text for text in found["reason"][1:])


def test_counts_of_the_catalogue(register) -> None:
    found = events.sheets(
        register(
            "J1;2023-05-25;J;;;160;e;20;15;;;\nJ2;2023-11-25;J;;;40;e;10;9;;;\nJ3;2024-11-25;J;;;50;e;20;18;;;\n"
            "J4;2025-11-25;J;;;;e;;;;;\n"
        )
    )
    assert events.counts(found) == [
        ("presences_evenement", "2023", 200.0),
        ("presences_evenement", "2024", 50.0),
        ("repondants_evenement", "2024", 20.0),
        ("satisfaits_evenement", "2024", 18.0),
    ]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("J1;2023-11-25;J;;;100;e;20;25;;;\n", "satisfaits"),
        ("J1;2023-11-25;J;;;10;e;20;5;;;\n", "repondants"),
        ("J1;2023-11-25;J;;;10;;;;;;\n", "comptage"),
        ("J1;2023-11-25;J;;;10;e;;;-3;;\n", "cout"),
        ("J1;2023-05-25;J;;;10;e;;;;;\nJ2;2023-11-25;J;;;10;e;;;;;\n", "date"),
    ],
)
def test_what_can_not_be_true_is_told(register, text: str, column: str) -> None:
    (problem,) = events.problems(register(text))
    assert (problem.column, problem.severity, problem.file) == (column, "avertissement", "evenements.csv")
    assert problem.remedy


TEXTS = ("intitule", "lieu", "objectifs", "comptage", "action", "enseignement")
NUMBERS = ("presences", "repondants", "satisfaits", "cout")
rows = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["J1", "J2"]),
            "date": st.sampled_from(["2023-01-01", "2024-12-31", None]),
            **dict.fromkeys(TEXTS, st.sampled_from(["x", None])),
            **dict.fromkeys(NUMBERS, st.sampled_from([np.nan, 0.0, -2.0, 12.0, 1e15])),
            "origin": st.just("evenements.csv!2"),
        }
    ),
    max_size=5,
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(rows)
def test_degenerate_registers_never_raise(found: list[dict[str, object]]) -> None:
    names = ["id", "date", *TEXTS, *NUMBERS, "origin"]
    frame = pd.DataFrame(found, columns=names).astype(dict.fromkeys(NUMBERS, float))
    sheets = events.sheets(frame)
    assert not (sheets["satisfaction"].gt(100) | sheets["taux_reponse"].gt(100)).any()
    assert np.isfinite(sheets["cout_par_presence"].dropna()).all()
    events.counts(sheets)
    events.problems(frame)
