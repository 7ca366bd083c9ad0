from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import DesignError
from ctgeval.impact import ImpactResult, Interval, adjust
from ctgeval.impact.multiple import benjamini_hochberg, holm, romano_wolf

PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def result(p: float, label: str = "y", verdict: str = "amelioration", **details: object) -> ImpactResult:
    return ImpactResult(
        method="did", label=label, estimate=1.0, std_error=0.5, interval=Interval(0.1, 1.9), bounds=Interval(1, 1),
        level=0.95, p_value=p, unit="", direction="higher", n_treated=1, n_controls=19, n_pre=3, n_post=2,
        by_period=pd.DataFrame(), checks=(), evidence=3, verdict=verdict, details=details,  # type: ignore[arg-type]
    )  # fmt: skip


def test_published_example() -> None:
    # R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") and "BH".
    p = [0.01, 0.02, 0.03, 0.04, 0.05]
    np.testing.assert_allclose(holm(p), [0.05, 0.08, 0.09, 0.09, 0.09])
    np.testing.assert_allclose(benjamini_hochberg(p), [0.05] * 5)
    # Benjamini and Hochberg (1995), p. 295: 15 tests, four discoveries at .05, against three by Bonferroni's way.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert int((benjamini_hochberg(p) <= 0.05).sum()) == 4
    assert int((holm(p) <= 0.05).sum()) == 3


@given(PROBABILITIES)
def test_corrections_never_lower_nor_exchange(p: list[float]) -> None:
    values = np.array(p)
    for method in (holm, benjamini_hochberg):
        adjusted = method(values)
        assert (adjusted >= values - 1e-15).all()
        assert (adjusted <= 1).all()
        assert (np.diff(adjusted[np.argsort(values, kind="stable")]) >= 0).all()
    assert (benjamini_hochberg(values) <= holm(values) + 1e-12).all()


@given(PROBABILITIES, st.randoms())
def test_order_changes_nothing(p: list[float], random: object) -> None:
    order = np.random.default_rng(len(p)).permutation(len(p))
    for method in (holm, benjamini_hochberg):
        np.testing.assert_allclose(method(np.array(p)[order]), method(p)[order])


def test_a_test_that_was_not_made_does_not_count() -> None:
    np.testing.assert_allclose(holm([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04])
    assert np.isnan(benjamini_hochberg([np.nan])).all()
    with pytest.raises(DesignError):
        holm([1.2])


def test_romano_wolf_between_one_test_and_holm() -> None:
    random = np.random.default_rng(0)
    law = random.standard_normal((4_000, 1)) @ np.ones((1, 4)) + 0.05 * random.standard_normal((4_000, 4))
    law[0] = [2.5, 2.4, 0.3, -2.6]
    alone = (np.abs(law) >= np.abs(law[0])).mean(axis=0)
    adjusted = romano_wolf(law[0], law)
    assert (adjusted >= alone).all()
    # Outcomes that move together are nearly one test: hardly anything to pay.
    assert (adjusted <= holm(alone) + 1e-12).all()
    assert adjusted[0] < 1.3 * alone[0] < holm(alone)[0]
    np.testing.assert_allclose(romano_wolf(law[0][::-1], law[:, ::-1]), adjusted[::-1])
    np.testing.assert_allclose(romano_wolf(law[0][:1], law[:, :1]), alone[:1])
    with pytest.raises(DesignError, match="4 statistiques"):
        romano_wolf(law[0], law[:, :2])


def test_romano_wolf_holds_its_level_over_outcomes() -> None:
    random = np.random.default_rng(1)
    false = 0
    for _ in range(400):
        law = np.abs(random.standard_normal((200, 5)))
        false += bool((romano_wolf(law[0], law) <= 0.05).any())
    assert false / 400 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)


def test_verdicts_before_and_after() -> None:
    table = adjust([result(0.01, "a"), result(0.04, "b", "degradation"), result(0.5, "c", "non_concluant")])
    assert list(table.columns) == ["label", "p_value", "adjusted", "verdict", "verdict_adjusted"]
    assert list(table.adjusted) == pytest.approx([0.03, 0.08, 0.5])
    assert list(table.verdict_adjusted) == ["amelioration", "non_concluant", "non_concluant"]
    # A p-value that is not there cannot be corrected: an effect is not kept on it.
    assert list(adjust([result(np.nan)]).verdict_adjusted) == ["non_concluant"]


def test_joint_law_of_results() -> None:
    law = np.random.default_rng(0).standard_normal((100, 2))
    law[0] = [9.0, 0.1]
    two = [result(0.01, "a", reference=law[:, 0]), result(0.9, "b", reference=law[:, 1])]
    assert adjust(two, "romano_wolf").adjusted[0] == pytest.approx(0.01)
    with pytest.raises(DesignError, match="pas été testé par les mêmes permutations"):
        adjust([two[0], result(0.2, "c")], "romano_wolf")


def test_refusals() -> None:
    with pytest.raises(DesignError, match="bonferoni"):
        adjust([result(0.1)], "bonferoni")
    with pytest.raises(DesignError, match="Aucun résultat"):
        adjust([])
