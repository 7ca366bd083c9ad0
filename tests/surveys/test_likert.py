"""Distributions of ordered answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DossierError
from ctgeval.surveys.design import design
from ctgeval.surveys.likert import distribution

AGREE = ("non", "plutot_non", "plutot_oui", "oui")


def test_a_distribution_by_hand() -> None:
    answers = pd.Series(["oui", "oui", "non", "plutot_oui", "plutot_oui", "nsp", None])
    found = distribution(answers, AGREE, design(7, recruitment="volontaire"), aside=["nsp"])
    assert found.table["effectif"].tolist() == [1, 0, 2, 2]
    assert found.table["part"].tolist() == pytest.approx([0.2, 0, 0.4, 0.4])
    assert found.table["part_cumulee"].tolist() == pytest.approx([0.2, 0.2, 0.6, 1])
    assert (found.n, found.aside, found.silent, found.median) == (5, 1, 1, ("plutot_oui",))


def test_the_middle_may_fall_between_two_answers() -> None:
    found = distribution(pd.Series(["non", "oui"]), AGREE, design(2, recruitment="aleatoire"))
    assert found.median == ("non", "oui")


def test_weights_move_the_middle_and_not_the_counts() -> None:
    found = distribution(pd.Series(["non", "oui", "oui"]), AGREE, design(3, recruitment="aleatoire", weights=[8, 1, 1]))
    assert found.table["effectif"].tolist() == [1, 0, 0, 2]
    assert found.table["part"].tolist() == pytest.approx([0.8, 0, 0, 0.2])
    assert found.median == ("non",)


def test_nobody_answered() -> None:
    found = distribution(pd.Series([None, None], dtype=object), AGREE, design(2, recruitment="aleatoire"))
    assert found.table["part"].isna().all()
    assert (found.n, found.silent, found.median) == (0, 2, ())
    assert distribution(pd.Series([], dtype=object), (), design(0, recruitment="aleatoire")).median == ()


def test_a_strange_answer_is_refused() -> None:
    with pytest.raises(DossierError, match="« peut-être » n’est pas une modalité"):
        distribution(pd.Series(["peut-être"]), AGREE, design(1, recruitment="aleatoire"))
    with pytest.raises(DossierError, match="deux fois"):
        distribution(pd.Series(["a"]), ("a", "a"), design(1, recruitment="aleatoire"))


@settings(max_examples=40)
@given(st.lists(st.sampled_from([*AGREE, "nsp", None])))
def test_everybody_is_counted_once(answers: list[str | None]) -> None:
    who = design(len(answers), recruitment="volontaire")
    found = distribution(pd.Series(answers, dtype=object), AGREE, who, aside=["nsp"])
    back = distribution(pd.Series(answers, dtype=object), AGREE[::-1], who, aside=["nsp"])
    assert found.n + found.aside + found.silent == len(answers)
    assert found.median == back.median[::-1]
    assert found.n == 0 or found.table["part_cumulee"].iloc[-1] == pytest.approx(1)
    assert np.array_equal(found.table["effectif"], back.table["effectif"][::-1])
