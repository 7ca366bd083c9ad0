"""What became of the proposals of inhabitants, with the delays counted by hand."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.programme import proposals

Table = Callable[[str, str], pd.DataFrame]
HEAD = "id;origine;date;texte;suite;reponse_le;motif;action\n"


@pytest.fixture
def register(table: Table) -> Callable[[str], pd.DataFrame]:
    return lambda text: table("propositions", HEAD + text)


def test_delays_and_sequels_by_hand(register) -> None:
    found = proposals.years(
        proposals.follow_up(
            register(
                "P1;Atelier;2023-05-13;Un banc;retenue;2023-05-23;;A17\n"  # 10 days
                "P2;Atelier;2023-05-13;Un bus;refusee;2023-06-12;Trop cher;\n"  # 30 days
                "P3;Atelier;2023-05-13;Un four;refusee;2023-05-15;;\n"  # 2 days, no reason
                "P4;Atelier;2023-06-01;Un parc;;;;\n"  # waits
                "P5;Réunion;2024-02-01;Une halte;retenue;2024-02-21;;\n"  # 20 days
                "P6;Réunion;2024-02-01;Un abri;en cours;;;\n"
            )
        )
    ).set_index(["annee", "cumul"])
    first, last, together = found.loc[(2023, False)], found.loc[(2024, False)], found.loc[(2024, True)]
    assert first.tolist() == [4, 1, 2, 1, 3, 10.0, "2023-06-01", 1, 1]
    assert last.tolist() == [2, 1, 0, 1, 1, 20.0, "2024-02-01", 0, 0]
    # Over both years: 2, 10, 20 and 30 days, whose median is 15; the oldest that waits is of 1 June 2023.
    assert together.tolist() == [6, 2, 2, 2, 4, 15.0, "2023-06-01", 1, 1]


def test_a_reply_before_its_proposal_is_told_and_counts_in_no_delay(register) -> None:
    rows = register("P1;Atelier;2023-05-13;Un banc;retenue;2023-05-03;;\n")
    assert proposals.follow_up(rows)["delai"].isna().all()
    (problem,) = proposals.problems(rows)
    assert "datée d’avant" in problem.message
    assert (problem.column, problem.row, problem.value) == ("reponse_le", 2, "2023-05-03")


def test_a_refusal_without_a_reason_and_a_sequel_never_told(register) -> None:
    rows = register("P1;Atelier;2023-05-13;Un banc;refusee;2023-05-23;;\nP2;Atelier;2023-05-13;Un bus;retenue;;;\n")
    found = proposals.problems(rows)
    assert [problem.column for problem in found] == ["motif", "reponse_le"]
    assert "sans motif" in found[0].message
    assert all(problem.remedy and problem.severity == "avertissement" for problem in found)


def test_an_empty_register(register) -> None:
    assert list(proposals.years(proposals.follow_up(register("")))) == list(proposals.YEARS)
    assert proposals.problems(register("")) == []


rows = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["P1", "P2"]),
            "origine": st.just("x"),
            "date": st.sampled_from(["2023-01-01", "2199-12-31", None]),
            "texte": st.sampled_from(["x", None]),
            "suite": st.sampled_from(["retenue", "en cours", "refusee", None]),
            "reponse_le": st.sampled_from(["1999-01-01", "2024-02-29", None]),
            "motif": st.sampled_from(["x", None]),
            "action": st.sampled_from(["A1", None]),
            "origin": st.just("propositions.csv!2"),
        }
    ),
    max_size=6,
)


@settings(max_examples=30, deadline=None)
@given(rows)
def test_degenerate_registers_never_raise(found: list[dict[str, object]]) -> None:
    columns = ["id", "origine", "date", "texte", "suite", "reponse_le", "motif", "action", "origin"]
    frame = pd.DataFrame(found, columns=columns)
    followed = proposals.follow_up(frame)
    for row in proposals.years(followed).to_dict("records"):
        assert row["retenues"] + row["refusees"] + row["en_attente"] == row["total"]
        assert not row["delai_median"] < 0
    proposals.problems(frame)
