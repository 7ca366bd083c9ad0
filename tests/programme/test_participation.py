"""Meetings, ladder, attendances: two units that never mix, and what can't be true."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.programme import participation
from ctgeval.programme.registers import LADDER

Table = Callable[[str, str], pd.DataFrame]
HEAD = "id;action;date;type;niveau;presences;personnes_distinctes;tranche_age;sexe;secteur\n"


@pytest.fixture
def register(table: Table) -> Callable[[str], pd.DataFrame]:
    return lambda text: table("participation", HEAD + text)


def test_a_meeting_is_one_row_with_its_own_total(register) -> None:
    found = participation.events(
        register(
            "R2;A25;2024-06-01;Atelier;concertation;30;;;;\n"
            "R1;A25;2023-05-13;Réunion publique;information;40;35;;;\n"
            "R1;A25;2023-05-13;Réunion publique;information;18;;15-29;;\n"
            "R1;A25;2023-05-13;Réunion publique;information;20;;60+;;\n"
            "R3;;2024-10-02;Marche;;;;;F;\n"
            "R4;;2024-11-02;Enquête;consultation;7;;;F;\n"
            "R4;;2024-11-02;Enquête;consultation;5;;;M;\n"
        )
    )
    assert found["id"].tolist() == ["R1", "R2", "R3", "R4"]
    # R4 has no total of its own: 7 women and 5 men.
    assert found["presences"].fillna(-1).tolist() == [40, 30, -1, 12]
    assert found["personnes_distinctes"].fillna(-1).tolist() == [35, -1, -1, -1]
    assert found["annee"].tolist() == [2023, 2024, 2024, 2024]


def test_attendances_add_up_over_meetings_and_distinct_persons_do_not(register) -> None:
    found = participation.years(
        participation.events(
            register(
                "R1;;2024-05-13;Réunion;information;40;35;;;\n"
                "R2;;2024-06-13;Réunion;co-construction;12;12;;;\n"
                "R3;;2024-07-13;Réunion;;;;;;\n"
            )
        )
    )
    assert found.to_dict("records") == [
        {"annee": 2024, "temps": 3, "comptes": 2, "presences": 52.0, "information": 1, "consultation": 0,
         "concertation": 0, "co_construction": 1}
    ]  # fmt: skip
    assert not any("distinctes" in name for name in found)


def test_no_table_adds_distinct_persons_nor_mixes_them_with_attendances(register) -> None:
    rows = register("R1;A1;2024-05-13;Réunion;information;40;35;;;\nR2;A1;2024-06-13;Réunion;information;9;7;;;\n")
    found = participation.events(rows)
    for frame in (participation.years(found), participation.ladder(found)):
        numbers = set(frame.select_dtypes("number").to_numpy().ravel())
        assert numbers.isdisjoint({42, 35 + 9, 40 + 35, 40 + 7})


def test_the_ladder_of_an_action_is_the_highest_level_that_it_reached(register) -> None:
    found = participation.ladder(
        participation.events(
            register(
                "R1;A25;2023-05-13;Réunion;information;40;;;;\n"
                "R2;A25;2023-09-13;Atelier;concertation;12;;;;\n"
                "R3;A25;2024-09-13;Atelier;consultation;12;;;;\n"
                "R4;A25;2024-10-13;Atelier;consultation;12;;;;\n"
                "R5;;2024-10-13;Atelier;;12;;;;\n"
            )
        )
    )
    told = {(row["action"], row["annee"]): row for row in found.to_dict("records")}
    assert told["A25", "2023"]["plus_haut"] == "concertation"
    assert told["A25", "2024"]["plus_haut"] == "consultation"
    assert told["A25", "2024"]["consultation"] == 2
    assert told["A25", ""]["plus_haut"] == "concertation"
    assert (told["", ""]["plus_haut"], told["", ""]["non_precise"]) == ("", 1)
    assert LADDER.index("information") < LADDER.index("consultation") < LADDER.index("co-construction")


def test_a_breakdown_crossed_with_another_is_counted_once(register) -> None:
    rows = register(
        "R1;;2024-05-13;Réunion;information;10;;;;\n"
        "R1;;2024-05-13;Réunion;information;4;;15-29;F;\n"
        "R1;;2024-05-13;Réunion;information;1;;15-29;M;\n"
        "R1;;2024-05-13;Réunion;information;5;;30+;M;\n"
        "R1;;2024-05-13;Réunion;information;6;;;M;\n"
        "R1;;2024-05-13;Réunion;information;4;;;F;\n"
    )
    assert participation.breakdown(rows, "R1", "tranche_age") == ({"15-29": 5, "30+": 5}, "presences")
    assert participation.breakdown(rows, "R1", "sexe") == ({"M": 6, "F": 4}, "presences")
    assert participation.breakdown(rows, "R1", "secteur") == ({}, "")
    assert participation.breakdown(rows, "R9", "sexe") == ({}, "")


def test_distinct_persons_are_preferred_where_every_band_has_them(register) -> None:
    rows = register(
        "R1;;2024-05-13;R;;9;7;;F;\nR1;;2024-05-13;R;;8;6;;M;\nR2;;2024-05-14;R;;9;7;;F;\nR2;;2024-05-14;R;;8;;;M;\n"
    )
    assert participation.breakdown(rows, "R1", "sexe") == ({"F": 7, "M": 6}, "personnes_distinctes")
    assert participation.breakdown(rows, "R2", "sexe") == ({"F": 9, "M": 8}, "presences")


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("R1;;2024-05-13;R;;9;;jeunes;;\n", "tranche_age", "n’est pas une tranche d’âge"),
        ("R1;;2024-05-13;R;;9;;;X;\n", "sexe", "ni F, ni M"),
        ("R1;;2024-05-13;R;;9;12;;;\n", "personnes_distinctes", "plus de personnes différentes"),
        ("R1;;2024-05-13;R;;9;;;;\nR1;;2024-05-13;R;;12;;;F;\n", "presences", "plus que son total (9)"),
        ("R1;;2024-05-13;R;information;9;;;;\nR1;;2024-05-13;R;concertation;3;;;F;\n", "niveau", "plusieurs niveaux"),
        ("R1;;2024-05-13;R;;9;;;;\nR1;;2024-05-14;R;;3;;;F;\n", "date", "plusieurs dates"),
    ],
)
def test_what_can_not_be_true_is_told_with_its_place(register, text: str, column: str, said: str) -> None:
    problems = participation.problems(register(text))
    assert [problem.column for problem in problems] == [column]
    assert said in problems[0].message
    assert problems[0].remedy
    # More persons than attendances is a number that can't be true: the row counts nowhere.
    severity = "partiel" if column == "personnes_distinctes" else "avertissement"
    assert (problems[0].file, problems[0].severity) == ("participation.csv", severity)
    assert problems[0].row == 2


def test_a_sound_register_has_no_problem(register) -> None:
    assert (
        participation.problems(register("R1;;2024-05-13;R;information;9;8;;;\nR1;;2024-05-13;R;information;4;;;F;\n"))
        == []
    )


def test_an_empty_register(register) -> None:
    found = participation.events(register(""))
    assert list(found) == list(participation.EVENTS)
    assert participation.years(found).empty
    assert participation.ladder(found).empty


rows = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["a", "b"]),
            "action": st.sampled_from(["", "A1", None]),
            "date": st.sampled_from(["2023-01-01", "2024-12-31", None]),
            "type": st.just("Réunion"),
            "niveau": st.sampled_from([*LADDER, None]),
            "presences": st.sampled_from([np.nan, 0.0, -3.0, 7.0, 1e12]),
            "personnes_distinctes": st.sampled_from([np.nan, 0.0, 9.0]),
            "tranche_age": st.sampled_from([None, "15-29", "vieux"]),
            "sexe": st.sampled_from([None, "F", "?"]),
            "secteur": st.sampled_from([None, "COM-99101"]),
            "origin": st.just("participation.csv!2"),
        }
    ),
    max_size=6,
)


@settings(max_examples=20, deadline=None)
@given(rows)
def test_degenerate_registers_never_raise(found: list[dict[str, object]]) -> None:
    columns = ["id", "action", "date", "type", "niveau", "presences", "personnes_distinctes", "tranche_age", "sexe",
               "secteur", "origin"]  # fmt: skip
    frame = pd.DataFrame(found, columns=columns).astype({"presences": float, "personnes_distinctes": float})
    events = participation.events(frame)
    assert events["id"].is_unique
    participation.years(events)
    participation.ladder(events)
    participation.problems(frame)
    for name in participation.DIMENSIONS:
        counts, _ = participation.breakdown(frame, "a", name)
        assert all(count >= 0 for count in counts.values())
