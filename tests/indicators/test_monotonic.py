"""Mann-Kendall and Sen, against their definition by hand, scipy, and the published worked example."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from ctgeval.indicators.monotonic import mann_kendall, sen


def test_a_series_of_five_by_hand() -> None:
    # Of the 10 pairs of 3 1 4 5 9, one alone falls: S is 8. Of the 120 orders, 1 has S = 10 and 4 have S = 8, and as
    # many have the opposite: ten in all.
    found = mann_kendall([3, 1, 4, 5, 9])
    assert (found.s, found.n, found.exact) == (8, 5, True)
    assert found.p_value == pytest.approx(10 / 120)
    assert found.tau == pytest.approx(0.8)


@pytest.mark.parametrize("n", [3, 4, 5, 8, 12, 25, 30])
def test_without_ties_the_test_is_the_exact_one_of_scipy(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    found, peer = mann_kendall(values), stats.kendalltau(np.arange(n), values, method="exact")
    assert found.p_value == pytest.approx(peer.pvalue, rel=1e-12)
    assert found.tau == pytest.approx(peer.statistic)


def test_with_ties_few_points_are_tested_by_all_their_orders() -> None:
    values = [1, 2, 2, 3, 3, 3]
    pairs = list(itertools.combinations(range(6), 2))
    s = [sum(np.sign(order[b] - order[a]) for a, b in pairs) for order in itertools.permutations(values)]
    expected = np.mean(np.abs(s) >= 11)
    assert mann_kendall(values).p_value == pytest.approx(expected)


def test_with_ties_many_points_take_the_corrected_variance() -> None:
    # Twelve points, one group of 2 and one of 3: var = (12*11*29 - 2*1*9 - 3*2*11) / 18 = 3744 / 18 = 208; S = 38.
    values = [1, 2, 2, 4, 3, 5, 7, 7, 7, 8, 6, 10]
    found = mann_kendall(values)
    signs = sum(np.sign(values[b] - values[a]) for a, b in itertools.combinations(range(12), 2))
    assert found.s == signs
    assert not found.exact
    assert found.p_value == pytest.approx(2 * stats.norm.sf((signs - 1) / math.sqrt(208)))


def test_seasons_are_compared_apart_and_their_orders_multiply() -> None:
    # Two seasons of 4 years, both rising, one far above the other: S = 6 + 6; all orders 24 * 24, two of them as far.
    values = [1, 101, 2, 102, 3, 103, 4, 104]
    found = mann_kendall(values, season=[1, 7] * 4)
    assert found.s == 12
    assert found.p_value == pytest.approx(2 / 576)
    assert found.tau == pytest.approx(1.0)


def test_values_that_may_be_in_either_order_weaken_the_test() -> None:
    sure = mann_kendall([10, 20, 30, 40, 50])
    rounded = mann_kendall([10, 20, 30, 40, 50], low=[8, 18, 18, 38, 48], high=[14, 24, 34, 44, 54])
    assert (rounded.s_low, rounded.s_high) == (8, 10)
    assert rounded.p_value == pytest.approx(10 / 120)
    assert sure.p_value == pytest.approx(2 / 120)


def test_two_values_printed_alike_may_be_apart() -> None:
    # Printed, S is 9 of 9 and 4 orders of 120 do as well (p = 4/120). But the two fives may be 5 and 4: S = 8 of 10,
    # which 10 orders of 120 reach without any tie.
    found = mann_kendall([2, 3, 5, 5, 7], low=[2, 3, 5, 4, 7], high=[2, 3, 5, 5, 7])
    assert (found.s, found.s_low) == (9, 8)
    assert found.p_value == pytest.approx(10 / 120)


def test_the_test_and_the_slope_hold_for_every_series_within_the_bounds() -> None:
    rng = np.random.default_rng(5)
    for _ in range(60):
        n = int(rng.integers(4, 7))
        values = rng.integers(0, 7, n) + np.arange(n) * (rng.random() < 0.5)
        exactly = rng.random(n) < rng.random()
        low, high = (values + np.where(exactly, 0, sign * rng.integers(0, 3, n) / 2) for sign in (-1, 1))
        told, slope = mann_kendall(values, low, high), sen(np.arange(n), values, low, high)
        for true in itertools.product(*[sorted({*ends}) for ends in zip(low, values, high, strict=True)]):
            own = sen(np.arange(n), true)
            assert told.p_value >= mann_kendall(true).p_value - 1e-12
            assert slope.low <= own.low + 1e-12
            assert slope.high >= own.high - 1e-12


@pytest.mark.parametrize("n", [6, 9, 15, 28])
def test_the_slope_is_that_of_scipy_and_its_interval_near(n: int) -> None:
    rng = np.random.default_rng(n)
    times = np.arange(2000, 2000 + n)
    values = 0.4 * times + rng.normal(size=n)
    found, peer = sen(times, values), stats.theilslopes(values, times)
    assert found.value == pytest.approx(peer.slope)
    # scipy takes the normal approximation: at most two slopes further on each side.
    slopes = np.sort([(values[b] - values[a]) / (b - a) for a, b in itertools.combinations(range(n), 2)])
    for own, other in ((found.low, peer.low_slope), (found.high, peer.high_slope)):
        places = np.searchsorted(slopes, [own - 1e-9, other - 1e-9])
        assert abs(int(places[0]) - int(places[1])) <= 2


def test_the_interval_of_the_slope_excludes_zero_just_when_the_test_does() -> None:
    rng = np.random.default_rng(5)
    for _ in range(100):
        values = rng.normal(size=7) + 0.5 * np.arange(7)
        slope, tested = sen(np.arange(7), values), mann_kendall(values)
        assert (slope.low > 0 or slope.high < 0) == (tested.p_value <= 0.05)


def test_the_interval_holds_the_true_slope_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(300):
        found = sen(np.arange(8), 2.0 * np.arange(8) + rng.standard_t(3, size=8))
        held += found.low <= 2.0 <= found.high
    assert held >= 277


@given(st.lists(st.floats(-1e9, 1e9), max_size=12), st.booleans())
def test_no_series_breaks_it(values: list[float], seasonal: bool) -> None:
    season = [rank % 2 for rank in range(len(values))] if seasonal else None
    found = mann_kendall(values, season=season)
    slope = sen(np.arange(len(values)), values, season=season)
    assert math.isnan(found.p_value) or 0 < found.p_value <= 1
    assert math.isnan(slope.value) or slope.low <= slope.value <= slope.high
    turned = mann_kendall([-value for value in values], season=season)
    assert turned.s == -found.s
    assert turned.p_value == pytest.approx(found.p_value, nan_ok=True)
