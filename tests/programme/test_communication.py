"""Channels are never added together; cadence and evolution by hand; words mapped to the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.programme import communication

Table = Callable[[str, str], pd.DataFrame]
HEAD = "canal;periode;mesure;valeur\n"
POWERS = (
    "Lettre;2024-T1;Envois;1000\nLettre;2024-T1;Ouvertures;400\nSite;2024-T1;Visites;20000\n"
    "Réseau social;2024-T1;Vues;3000000\nPresse;2024-T1;Articles;7\n"
)


@pytest.fixture
def register(table: Table) -> Callable[[str], pd.DataFrame]:
    return lambda text: table("communication", HEAD + text)


def test_no_table_and_no_count_holds_a_total_over_channels(register) -> None:
    found = communication.lines(register(POWERS))
    values = found["valeur"].tolist()
    totals = {sum(some) for size in range(2, 6) for some in combinations(values, size)}
    told = {value for _, _, value in communication.counts(found)}
    told |= set(communication.channels(found).select_dtypes("number").to_numpy().ravel().tolist())
    told |= set(found["valeur"])
    assert told.isdisjoint(totals)
    assert len(totals) == 26


def test_two_spellings_are_one_channel(register) -> None:
    found = communication.lines(register("Réseau social;2024;vues;10\nreseau social;2023;Vues;8\n"))
    assert found[["canal", "mesure"]].drop_duplicates().to_numpy().tolist() == [["Réseau social", "vues"]]
    assert found["periode"].tolist() == ["2023", "2024"]


def test_cadence_and_evolution_by_hand(register) -> None:
    rows = register(
        "Lettre;2023-T1;envois;500\nLettre;2023-T2;envois;500\nLettre;2023-T4;envois;510\n"
        "Lettre;2024-T1;envois;600\nLettre;2024-T2;envois;nd\n"
        "Site;2023-T1;visites;1000\nSite;2023-T2;visites;0\nSite;2023-T3;visites;900\n"
    )
    letter, site = communication.channels(communication.lines(rows)).to_dict("records")
    # The register goes from the first quarter of 2023 to the second of 2024: six quarters, four of them with a letter.
    assert (letter["avec"], letter["attendues"], letter["sans"]) == (4, 6, "2023-Q3 2024-Q2")
    assert (letter["derniere"], letter["compare_a"], letter["arretee"]) == ("2024-Q1", "2023-Q1", "2024-Q2")
    assert letter["evolution"] == pytest.approx(20)
    assert (site["avec"], site["sans"]) == (2, "2023-Q2 2023-Q4 2024-Q1 2024-Q2")
    assert site["arretee"] == "2023-Q4"
    assert np.isnan(site["evolution"])


def test_a_channel_that_is_counted_by_year_from_now_on_has_not_stopped(register) -> None:
    rows = register(
        "Lettre;2024-S1;envois;1000\nLettre;2024-S2;envois;1200\nLettre;2025;envois;2000\n"
        "Presse;2024;articles;6\nPresse;2025;articles;0\n"
    )
    letter, press = communication.channels(communication.lines(rows)).to_dict("records")
    assert (letter["avec"], letter["attendues"], letter["sans"], letter["arretee"]) == (4, 4, "", "")
    # Four half-years, the last two in the count of 2025. No year is known before it: nothing to compare.
    assert (letter["derniere"], letter["valeur"], letter["compare_a"]) == ("2025", 2000, "")
    assert np.isnan(letter["evolution"])
    assert (press["avec"], press["sans"], press["arretee"]) == (1, "2025", "2025")
    yearly = register("Lettre;2023;envois;1600\nLettre;2024-S1;envois;900\nLettre;2025;envois;2000\n")
    (letter,) = communication.channels(communication.lines(yearly)).to_dict("records")
    assert (letter["avec"], letter["attendues"], letter["sans"], letter["arretee"]) == (3, 3, "", "")


@pytest.mark.parametrize(
    ("canal", "mesure", "found"),
    [
        ("Lettre d’information", "Envois", "envois_lettre"),
        ("newsletter", "emails envoyés", "envois_lettre"),
        ("Infolettre", "OUVERTURES", "ouvertures_lettre"),
        ("Lettre", "lettres ouvertes", "ouvertures_lettre"),
        ("Lettre", "taux d’ouverture", ""),
        ("Lettre", "abonnés", ""),
        ("Site internet", "Visites", "visites_site"),
        ("Site", "pages vues", ""),
        ("Réseau social", "visites", ""),
    ],
)
def test_words_are_those_of_the_catalogue(canal: str, mesure: str, found: str) -> None:
    assert communication.measure(canal, mesure) == found


def test_counts_of_the_catalogue(register) -> None:
    rows = communication.lines(register(POWERS + "Lettre;2024-T2;Envois;900\nSite;2025;Visites;0\n"))
    assert sorted(communication.counts(rows)) == [
        ("canaux_actifs", "2024", 4.0),
        ("envois_lettre", "2024-Q1", 1000.0),
        ("envois_lettre", "2024-Q2", 900.0),
        ("ouvertures_lettre", "2024-Q1", 400.0),
        ("visites_site", "2024-Q1", 20000.0),
        ("visites_site", "2025", 0.0),
    ]


def test_two_letters_in_one_period_are_told_and_not_added(register) -> None:
    rows = register("Lettre;2024;envois;100\nLettre aux élus;2024;envois;50\n")
    assert "envois_lettre" not in {name for name, _, _ in communication.counts(communication.lines(rows))}
    (problem,) = communication.problems(rows)
    assert "ne s’additionnent pas" in problem.message
    assert problem.row == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Lettre;2024;envois;100\nLettre;2024;ouvertures;120\n", "plus d’ouvertures (120) que d’envois (100)"),
        ("Lettre;2024;taux d’ouverture;140\n", "plus que 100 %"),
        ("Site;2024;visites;-4\n", "négative"),
    ],
)
def test_what_can_not_be_true_is_told(register, text: str, said: str) -> None:
    (problem,) = communication.problems(register(text))
    assert said in problem.message.replace("\u202f", " ").replace("\u00a0", " ")
    assert (problem.file, problem.column, problem.severity) == ("communication.csv", "valeur", "partiel")


def test_an_empty_register(register) -> None:
    found = communication.lines(register(""))
    assert communication.channels(found).empty
    assert communication.counts(found) == []


rows = st.lists(
    st.tuples(
        st.sampled_from(["Lettre", "lettre", "Site", "Presse"]),
        st.sampled_from(["2023", "2024-Q1", "2024-S2", "2024-02", "2023-2024", "2025-Q4"]),
        st.sampled_from(["envois", "ouvertures", "visites", "taux"]),
        st.sampled_from([np.nan, 0.0, -1.0, 12.0, 1e15, np.inf]),
    ),
    max_size=8,
)


@settings(max_examples=30, deadline=None)
@given(rows)
def test_degenerate_registers_never_raise(found: list[tuple[str, str, str, float]]) -> None:
    frame = pd.DataFrame(found, columns=["canal", "periode", "mesure", "valeur"]).astype({"valeur": float})
    frame = frame.assign(origin="communication.csv!2")
    lines = communication.lines(frame)
    for row in communication.channels(lines).to_dict("records"):
        assert 0 <= row["avec"] <= max(row["attendues"], len(lines))
    communication.counts(lines)
    communication.problems(frame)
