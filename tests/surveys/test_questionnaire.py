"""Exports are matched on codes; what matches nothing is told, kept apart and counted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ctgeval.surveys.answers import Answers
from ctgeval.surveys.declaration import Survey

Declare = Callable[..., Survey]
Lime = Callable[..., Answers]
SENT = "2024-03-12 10:22:31;4;fr"


def test_codes_silence_and_no_opinion_are_three_things(declare: Declare, lime: Lime) -> None:
    answers = lime(declare(), f"1;{SENT};A1;Y;;;12,5;1", f"2;{SENT};A9;N;N;;;1", f"3;{SENT};;;;taxi;100;1")
    assert answers.frame["Q1"].tolist()[:2] == ["A1", "A9"]
    assert answers.frame["Q1"].isna().tolist() == [False, False, True]
    # The first ticked one, the second saw the question and ticked none, the third wrote something else.
    assert answers.frame[["Q2/SQ001", "Q2/SQ002", "Q2/autre"]].to_numpy().tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 1]]
    assert answers.frame["Q3"].tolist()[0] == 12.5
    assert not answers.problems
    assert answers.response_rate == 3 / 20


def test_an_unknown_code_is_told_with_its_line_and_counted_apart(declare: Declare, lime: Lime) -> None:
    answers = lime(declare(), f"1;{SENT};A1;Y;;;;1", f"2;{SENT};A33;;;;;1", f"3;{SENT};A33;;;;;1")
    (problem,) = answers.problems
    assert (problem.file, problem.row, problem.column, problem.value) == ("export.csv", 3, "Q1", "A33")
    assert "A3" in problem.remedy
    assert answers.unknown.to_numpy().tolist() == [["Q1", "A33", 2]]
    assert answers.base(answers.survey.questions[0]).tolist() == [True, False, False]


def test_a_question_whose_answers_are_mostly_undeclared_is_not_told(declare: Declare, lime: Lime) -> None:
    # Six answers of which five say « NON », that nobody declared: the one that is left would make « 100 % ».
    rows = [f"{rank};{SENT};{'A1' if rank == 1 else 'NON'};;;;;1" for rank in range(1, 7)]
    answers = lime(declare(), *rows)
    assert "Q1" in answers.absent
    assert "Q1" not in answers.frame
    (problem,) = [one for one in answers.problems if "n’est pas présentée" in one.message]
    assert "5 réponses sur 6" in problem.message
    assert (problem.row, problem.column, problem.value) == (3, "Q1", "NON")
    # Four of them are still an accident, told and counted apart.
    assert "Q1" not in lime(declare(), *rows[:5]).absent


def test_labels_are_read_only_where_the_survey_says_so(declare: Declare, lime: Lime) -> None:
    rows = (f"1;{SENT};oui;Y;;;;1", f"2;{SENT};UN PEU;N;Y;;;1")
    strict = lime(declare(), *rows)
    assert strict.frame["Q1"].isna().all()
    assert "libelles = true" in strict.problems[0].remedy
    assert lime(declare(keys="libelles = true"), *rows).frame["Q1"].tolist() == ["A3", "A2"]


def test_a_percentage_beyond_100_and_a_word_do_not_count(declare: Declare, lime: Lime) -> None:
    answers = lime(declare(), f"1;{SENT};A1;;;;120;1", f"2;{SENT};A1;;;;beaucoup;1", f"3;{SENT};A1;;;;50 %;1")
    assert np.isnan(answers.frame["Q3"].tolist()[0])
    assert answers.frame["Q3"].tolist()[2] == 50
    told = {(problem.row, problem.value) for problem in answers.problems}
    assert told == {(2, "120"), (3, "beaucoup")}


@pytest.mark.parametrize("weight", ["0", "-2", "", "lourd"])
def test_a_weight_that_is_none_sets_the_response_apart(declare: Declare, lime: Lime, weight: str) -> None:
    answers = lime(declare(keys='poids = "w"'), f"1;{SENT};A1;;;;;1", f"2;{SENT};A2;;;;;{weight}", f"3;{SENT};A3;;;;;3")
    assert answers.apart == 1
    assert answers.weights is not None
    assert answers.weights.tolist() == [0.5, 1.5]
    assert (answers.problems[0].row, answers.problems[0].column) == (3, "w")


def test_a_respondent_given_twice_is_kept_once(declare: Declare, lime: Lime) -> None:
    survey = declare(keys='appariement = "w"')
    answers = lime(survey, f"1;{SENT};A1;;;;;k1", f"2;{SENT};A2;;;;;k2", f"3;{SENT};A3;;;;;k1")
    assert answers.frame["Q1"].tolist() == ["A1", "A2"]
    assert answers.apart == 1
    assert answers.problems[0].row == 4


def test_a_declared_question_that_the_file_lacks_is_told_and_the_others_are_read(declare: Declare, lime: Lime) -> None:
    more = '[[enquete.question]]\ncode = "Q7"\ntexte = "?"\ntype = "numerique"'
    answers = lime(declare(more=more, keys='poids = "poids"'), f"1;{SENT};A1;;;;5;1")
    assert answers.absent == ("Q7",)
    assert [one.code for one in answers.questions] == ["Q1", "Q2", "Q3"]
    assert [problem.column for problem in answers.problems] == ["poids", "Q7"]
    assert answers.weights is None


def test_what_was_never_sent_is_left_out_unless_asked(declare: Declare, lime: Lime) -> None:
    rows = (f"1;{SENT};A1;;;;;1", "2;;1;fr;A2;;;;;1")
    assert (lime(declare(), *rows).n, lime(declare(), *rows).incomplete) == (1, 1)
    assert lime(declare(keys="incompletes = true"), *rows).n == 2


def test_a_question_asked_to_some_only(declare: Declare, lime: Lime) -> None:
    more = '[[enquete.question]]\ncode = "w"\ntexte = "?"\ntype = "numerique"\nsi = { Q1 = ["A2", "A3"] }'
    answers = lime(declare(more=more), f"1;{SENT};A1;;;;;7", f"2;{SENT};A2;;;;;8", f"3;{SENT};A3;;;;;")
    assert answers.asked["w"].tolist() == [False, True, True]
    assert answers.frame["w"].isna().tolist() == [True, False, True]


def test_several_answers_in_one_cell(declare: Declare, lime: Lime) -> None:
    more = (
        '[[enquete.question]]\ncode = "w"\ntexte = "?"\ntype = "multiple"\nmodalites = { bus = "Bus", velo = "Vélo" }'
    )
    rows = (f"1;{SENT};A1;;;;;bus, velo", f"2;{SENT};A1;;;;;velo", f"3;{SENT};A1;;;;;avion", f"4;{SENT};A1;;;;;")
    answers = lime(declare(more=more), *rows)
    assert answers.frame["w/bus"].tolist()[:2] == [1, 0]
    # «Avion» is no answer that can be counted, an empty cell is none at all.
    assert answers.frame["w/velo"].isna().tolist() == [False, False, True, True]
    assert answers.unknown["value"].tolist() == ["avion"]
