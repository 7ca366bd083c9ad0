from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.impact.conformal import conformal, shifts_p_value


@given(st.integers(0, 10_000), st.integers(3, 20), st.integers(1, 6))
def test_the_cyclic_shifts_are_all_there(seed: int, before: int, after: int) -> None:
    residuals = np.random.default_rng(seed).standard_normal(before + after)
    sums = [np.abs(np.roll(residuals, k))[before:].sum() for k in range(before + after)]
    by_hand = np.mean(np.array(sums) >= sums[0] * (1 - 1e-9))
    assert shifts_p_value(residuals, before) == pytest.approx(by_hand)


def test_the_smallest_p_value_is_one_over_the_periods() -> None:
    residuals = np.array([0.1, -0.2, 0.1, 0.0, 5.0])
    assert shifts_p_value(residuals, 4) == pytest.approx(1 / 5)
    assert np.isnan(shifts_p_value(np.zeros(5), 4, tiny=1e-9))


def demeaned(outcome: np.ndarray) -> np.ndarray:
    return outcome - outcome.mean()


def test_a_clear_effect_is_found_and_its_interval_excludes_zero() -> None:
    random = np.random.default_rng(0)
    outcome = random.standard_normal(40) + 10.0 * (np.arange(40) >= 36)
    found = conformal(outcome, 36, 10.0, demeaned, level=0.95, scale=1.0)
    assert found.p_value == pytest.approx(1 / 40)
    assert 5 < found.interval.low < 10 < found.interval.high < 15


def test_when_nothing_can_be_said() -> None:
    random = np.random.default_rng(1)
    outcome = random.standard_normal(12)
    short = conformal(outcome, 5, 0.0, demeaned, level=0.95, scale=1.0)
    assert np.isnan(short.p_value)
    assert "plus de périodes avant" in short.reason
    few = conformal(outcome, 10, 0.0, demeaned, level=0.95, scale=1.0)
    assert few.interval == (-np.inf, np.inf)
    assert "1/12" in few.reason
    perfect = conformal(outcome, 10, 0.0, np.zeros_like, level=0.95, scale=1.0)
    assert np.isnan(perfect.p_value)
    assert "parfait" in perfect.reason
