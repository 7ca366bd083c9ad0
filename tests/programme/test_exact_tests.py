"""The exact tests give the p-values that can be added up by hand, and those of scipy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from ctgeval.programme.exact_tests import DRAWS, MOST_OUTCOMES, binomial, multinomial


def test_three_persons_in_three_equal_bands() -> None:
    # Ten compositions: (3,0,0) and its permutations, 1/27 each; (2,1,0) and its six, 3/27 each; (1,1,1), 6/27.
    assert multinomial([3, 0, 0], [1, 1, 1]).p_value == pytest.approx(3 / 27)
    assert multinomial([2, 1, 0], [1, 1, 1]).p_value == pytest.approx(21 / 27)
    assert multinomial([1, 1, 1], [1, 1, 1]).p_value == pytest.approx(1)
    assert multinomial([3, 0, 0], [1, 1, 1]).outcomes == 10


@pytest.mark.parametrize(
    ("count", "n", "share"), [(2, 10, 0.5), (7, 40, 0.3), (0, 12, 0.2), (12, 12, 0.9), (1, 1, 0.1)]
)
def test_one_share_is_that_of_scipy(count: int, n: int, share: float) -> None:
    assert binomial(count, n, share) == pytest.approx(stats.binomtest(count, n, share).pvalue, rel=1e-9)


def test_samples_are_drawn_when_compositions_are_too_many() -> None:
    counts, shares = [30, 25, 20, 10, 10, 5], [0.2, 0.2, 0.2, 0.15, 0.15, 0.1]
    found = multinomial(counts, shares)
    assert math.comb(100 + 5, 5) > MOST_OUTCOMES
    assert (found.method, found.outcomes) == ("simulation", DRAWS)
    assert found == multinomial(counts, shares)
    # Every expected count is 10 or more: the chi-square is close, and the simulation is off by some 0.005.
    expected = stats.chisquare(counts, [100 * share for share in shares]).pvalue
    assert found.p_value == pytest.approx(expected, abs=0.04)


def test_a_band_that_the_population_lacks() -> None:
    assert multinomial([1, 4], [0, 1]).p_value == 0
    assert multinomial([0, 4], [0, 1]).p_value == 1


@pytest.mark.parametrize(
    ("counts", "shares"),
    [([], []), ([0, 0], [1, 1]), ([1.5, 2], [1, 1]), ([-1, 2], [1, 1]), ([1, 2], [0, 0]), ([1, math.nan], [1, 1]),
     ([1, 2], [1, math.nan]), ([3], [1])],
)  # fmt: skip
def test_nothing_is_tested_where_there_is_nothing_to_test(counts: list[float], shares: list[float]) -> None:
    assert math.isnan(multinomial(counts, shares).p_value)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 9)), min_size=2, max_size=4))
def test_the_order_of_the_bands_changes_nothing(pairs: list[tuple[int, int]]) -> None:
    one = multinomial([count for count, _ in pairs], [share for _, share in pairs])
    other = multinomial([count for count, _ in reversed(pairs)], [share for _, share in reversed(pairs)])
    if sum(count for count, _ in pairs):
        assert one.p_value == pytest.approx(other.p_value, rel=1e-9)
        assert 0 < one.p_value <= 1


def test_too_many_persons_for_an_exact_share() -> None:
    assert math.isnan(binomial(5, MOST_OUTCOMES + 5, 0.5))
