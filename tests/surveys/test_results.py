"""Shares always come with their base; intervals only where somebody was drawn; nothing under eleven answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ctgeval import intervals
from ctgeval.surveys import results
from ctgeval.surveys.answers import Answers
from ctgeval.surveys.declaration import Survey
from ctgeval.surveys.designing import designed

Declare = Callable[..., Survey]
Lime = Callable[..., Answers]
SENT = "2024-03-12 10:22:31;4;fr"


def rows(*codes: str, weights: list[float] | None = None) -> list[str]:
    return [
        f"{rank};{SENT};{code};Y;{'Y' if rank % 2 else 'N'};;{rank};{weights[rank - 1] if weights else 1}"
        for rank, code in enumerate(codes, start=1)
    ]


def shares(answers: Answers) -> pd.DataFrame:
    return results.shares(answers, designed(answers).design).set_index(["question", "option"])


def test_shares_and_their_intervals_by_hand(declare: Declare, lime: Lime) -> None:
    # 12 answered: 3 no, 5 a little, 3 yes, 1 does not know. 5/12 = 41.667 %; Wilson on 12 as in ctgeval.intervals.
    answers = lime(declare(), *rows(*["A1"] * 3, *["A2"] * 5, *["A3"] * 3, "A9", ""))
    told = shares(answers).loc[("Q1", "A2")]
    assert (told["n"], told["base"], told["asked"]) == (5, 12, 13)
    assert told["share"] == pytest.approx(100 * 5 / 12)
    low, high = intervals.wilson(5, 12)
    assert [told["low"], told["high"]] == pytest.approx([100 * float(low), 100 * float(high)])
    assert not shares(answers).loc[("Q1", "A9"), "opinion"]


def test_options_of_one_question_are_each_on_its_respondents(declare: Declare, lime: Lime) -> None:
    # Everybody wants a bus, those of odd rank a bicycle too: 7 of 13. 100 + 53.8 % is more than 100 %.
    told = shares(lime(declare(), *rows(*["A1"] * 13)))
    assert told.loc[("Q2", "SQ001"), "share"] == 100
    assert told.loc[("Q2", "SQ002"), "share"] == pytest.approx(100 * 7 / 13)


def test_no_percentage_under_eleven_answers(declare: Declare, lime: Lime) -> None:
    told = shares(lime(declare(), *rows(*["A1"] * 6, *["A2"] * 4)))
    assert told.loc["Q1", "share"].isna().all()
    assert (told.loc[("Q1", "A1"), "n"], told.loc[("Q1", "A1"), "reason"]) == (6, "moins_de_11")
    assert told.loc[("Q3", "moyenne"), "mean"] != told.loc[("Q3", "moyenne"), "mean"]


@pytest.mark.parametrize(("recruitment", "known"), [("aleatoire", True), ("volontaire", False), ("exhaustif", True)])
def test_volunteers_have_no_interval(declare: Declare, lime: Lime, recruitment: str, known: bool) -> None:
    told = shares(lime(declare(recruitment=recruitment), *rows(*["A1"] * 8, *["A2"] * 5)))
    assert told.loc["Q1", "low"].notna().all() == known
    assert told.loc[("Q1", "A1"), "share"] == pytest.approx(100 * 8 / 13)


def test_a_census_is_corrected_for_its_rate_of_answer(declare: Declare, lime: Lime) -> None:
    # 13 of the 20 invited answered: the interval is narrower than that of 13 drawn among many.
    answered = rows(*["A1"] * 8, *["A2"] * 5)
    census = shares(lime(declare(recruitment="exhaustif"), *answered)).loc[("Q1", "A1")]
    drawn = shares(lime(declare(), *answered)).loc[("Q1", "A1")]
    assert drawn["low"] < census["low"] < census["share"] < census["high"] < drawn["high"]


def test_weights_move_shares_and_never_counts(declare: Declare, lime: Lime) -> None:
    # Six A1 of weight 2 and six A2 of weight 1: 12 / 18 = 66.7 %, on 12 persons.
    answers = lime(declare(keys='poids = "w"'), *rows(*["A1"] * 6, *["A2"] * 6, weights=[2.0] * 6 + [1.0] * 6))
    told = shares(answers).loc[("Q1", "A1")]
    assert (told["n"], told["base"]) == (6, 12)
    assert told["share"] == pytest.approx(200 / 3)


def test_the_mean_and_the_median_of_a_number(declare: Declare, lime: Lime) -> None:
    # 1 to 13: mean and median 7; standard error sqrt(15.1667 / 13) = 1.0801, Student's t of 12 df 2.1788: 4.65 to 9.35.
    told = shares(lime(declare(), *rows(*["A1"] * 13))).loc["Q3"]
    assert told["mean"].tolist() == [7, 7]
    assert [told.loc["moyenne", "low"], told.loc["moyenne", "high"]] == pytest.approx([4.6467, 9.3533], abs=1e-3)


def test_raking_follows_the_declared_margins(declare: Declare, lime: Lime) -> None:
    keys = "[enquete.redressement.marges]\nQ1 = { A1 = 50, A2 = 30, A3 = 20 }\n"
    answers = lime(declare(keys=keys), *rows(*["A1"] * 4, *["A2"] * 4, *["A3"] * 4))
    assert shares(answers).loc["Q1", "share"].tolist()[:3] == pytest.approx([50, 30, 20])
    assert "redressées" in designed(answers).said[0]


def test_margins_that_nobody_can_meet_are_told_and_answers_count_alike(declare: Declare, lime: Lime) -> None:
    keys = "[enquete.redressement.marges]\nQ1 = { A1 = 50, A2 = 30, A3 = 20 }\n"
    answers = lime(declare(keys=keys), *rows(*["A1"] * 6, *["A2"] * 6))
    found = designed(answers)
    assert found.raked is None
    assert found.problems
    assert all(problem.severity == "avertissement" and problem.remedy for problem in found.problems)
    assert shares(answers).loc[("Q1", "A1"), "share"] == 50


def test_groups_are_counted_on_their_own_base(declare: Declare, lime: Lime) -> None:
    more = (
        '[[enquete.question]]\ncode = "w"\ntexte = "Où ?"\ntype = "unique"\nmodalites = { n = "Nord", s = "Sud" }\n'
        'croiser = ["Q1"]'
    )
    lines = [f"{rank};{SENT};{'A1' if rank <= 12 else 'A2'};;;;;{'n' if rank % 3 else 's'}" for rank in range(1, 17)]
    answers = lime(declare(more=more), *lines)
    told = results.crossed(answers, designed(answers).design).set_index(["group", "option"])
    # Ranks 1 to 12 said no: 3, 6, 9 and 12 live in the south, 4 of 12.
    assert (told.loc[("A1", "s"), "n"], told.loc[("A1", "s"), "base"]) == (4, 12)
    assert told.loc[("A1", "s"), "share"] == pytest.approx(100 / 3)
    assert np.isnan(told.loc[("A2", "n"), "share"])
    assert told.loc[("A3", "n"), "base"] == 0
    asked = {one.code: one.texte for one in answers.questions}["Q1"]
    assert asked
    assert told["by_text"].eq(asked).all()


def test_nobody_answered(declare: Declare, lime: Lime) -> None:
    answers = lime(declare(), "1;;1;fr;A1;;;;;1")
    told = shares(answers)
    assert answers.n == 0
    assert told["share"].isna().all()
    assert told["n"].eq(0).all()
