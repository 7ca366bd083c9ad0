"""Changes: published tables, an established package, hand-made examples, and laws that hold for any counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.indicators.differences import (
    Fraction,
    difference,
    rate_difference,
    rate_p_value,
    share_difference,
    share_p_value,
)
from ctgeval.observations import Bounded


def exact(k: float, n: float = 1.0) -> Fraction:
    return Fraction(Bounded.exact([float(k)]), Bounded.exact([float(n)]))


def rounded(k: float) -> Fraction:
    return Fraction(Bounded.rounded([float(k)]), Bounded.exact([1.0]))


@pytest.mark.parametrize(
    ("after", "before", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_the_difference_of_two_shares_is_that_of_the_table_of_newcombe(after, before, low: float, high: float) -> None:
    # Newcombe (1998), table II, method 10, contrasts (a) to (h).
    found = share_difference(*before, *after)
    assert (found[0][0], found[1][0]) == pytest.approx((low, high), abs=5e-5)


def test_p_values_are_those_of_statsmodels() -> None:
    # made by statsmodels 0.15.0: test_proportions_2indep(..., method="score", correction=True)
    assert share_p_value(57, 145, 53, 129) == pytest.approx([0.7652282231519351], rel=1e-9)
    assert share_p_value(3, 10, 9, 10) == pytest.approx([0.007601641475220156], rel=1e-9)
    # made by statsmodels 0.15.0: test_poisson_2indep(10, 100, 3, 100, method="exact-cond")
    assert rate_p_value(3, 100, 10, 100) == pytest.approx([0.09228515625], rel=1e-9)


def test_a_share_with_an_expected_count_under_one_has_the_exact_test_of_fisher() -> None:
    # 0 of 40, then 2 of 9: expected 9 * 2/49 = 0.37. Given 2 cases in all, both among the 9: (9*8)/(49*48) = 0.030612;
    # the other tables are more likely.
    assert share_p_value(0, 40, 2, 9) == pytest.approx([72 / 2352])


def test_a_difference_of_counts_by_hand() -> None:
    # 3 then 12, given 15: P(K >= 12) for 15 draws at 1/2 = (455 + 105 + 15 + 1)/32768 = 576/32768; twice: 0.035156.
    assert rate_p_value(3, 1, 12, 1) == pytest.approx([2 * 576 / 32768])
    # Garwood at 3: 0.6187 to 8.7673; Byar at 12: 6.1937 to 20.9629.
    # low 9 - hypot(12 - 6.1937, 8.7673 - 3) = 9 - 8.1839; high 9 + hypot(20.9629 - 12, 3 - 0.6187) = 9 + 9.2739.
    low, high = rate_difference(3, 1, 12, 1)
    assert (low[0], high[0]) == pytest.approx((0.8161, 18.2739), abs=2e-3)


def test_two_counts_rounded_by_one_rule_are_off_by_four_at_most() -> None:
    found = difference("", rounded(20), rounded(25), factor=1, rounded_together=True)
    assert (found.change[0], found.low[0], found.high[0]) == (5, 1, 9)
    apart = difference("", rounded(20), rounded(25), factor=1)
    assert (apart.low[0], apart.high[0]) == (-1, 11)


def test_a_published_zero_may_hide_four_and_the_change_keeps_it() -> None:
    # Nearest: 0 is 0 to 2, 5 is 3 to 7; downwards: 0 is 0 to 4, 5 is 5 to 9. Change from 1 to 7, or from 1 to 9.
    found = difference("", rounded(0), rounded(5), factor=1, rounded_together=True)
    assert (found.low[0], found.high[0]) == (1, 9)


def test_chance_and_rounding_are_told_apart_then_joined() -> None:
    plain = difference("poisson", exact(20), exact(25), factor=1)
    found = difference("poisson", rounded(20), rounded(25), factor=1, rounded_together=True)
    assert (plain.low[0], plain.high[0]) == (5, 5)
    assert found.ci_low[0] < plain.ci_low[0] < plain.ci_high[0] < found.ci_high[0]
    assert found.p_value[0] > plain.p_value[0]
    # Downwards, 24 then 25 are possible: nothing is further from a change.
    assert found.p_value[0] == pytest.approx(rate_p_value(24, 1, 25, 1)[0])


def test_where_no_change_is_possible_nothing_is_against_it() -> None:
    found = difference("poisson", rounded(20), rounded(20), factor=1, rounded_together=True)
    assert (found.low[0], found.change[0], found.high[0], found.p_value[0]) == (-4, 0, 4, 1)


def test_a_share_is_told_in_points() -> None:
    found = difference("binomial", exact(48, 80), exact(56, 70), factor=100)
    assert found.change[0] == pytest.approx(20)
    assert (found.ci_low[0], found.ci_high[0]) == pytest.approx((5.24, 33.39), abs=0.01)


def test_the_interval_holds_a_change_to_a_share_that_rounding_prints_above_all() -> None:
    last = Fraction(Bounded([15.0], [13.0], [19.0]), Bounded([10.0], [8.0], [14.0]))
    found = difference("binomial", exact(0, 10), last, factor=100)
    assert found.change[0] == 150
    assert (found.high[0], found.ci_high[0]) == (150, 150)


def test_what_can_not_be_divided_says_nothing() -> None:
    for chance in ("binomial", "poisson", ""):
        for first, last in ((exact(1, 0), exact(1, 2)), (exact(np.nan, 5), exact(1, 5)), (exact(0, 0), exact(0, 0))):
            found = difference(chance, first, last, factor=100)
            assert np.isnan(found.change[0])
            assert np.isnan(found.ci_low[0])
            assert np.isnan(found.p_value[0])


count = st.integers(0, 60)
law_ = st.sampled_from(["binomial", "poisson"])


@settings(max_examples=100)
@given(law_, count, count, count, count)
def test_the_interval_holds_the_change_and_turns_round_with_time(law, k0: int, rest0: int, k1: int, rest1: int) -> None:
    first, last = exact(k0, k0 + rest0 + 1), exact(k1, k1 + rest1 + 1)
    there, back = difference(law, first, last, factor=100), difference(law, last, first, factor=100)
    assert there.ci_low[0] - 1e-9 <= there.change[0] <= there.ci_high[0] + 1e-9
    assert back.ci_low[0] == pytest.approx(-there.ci_high[0])
    assert back.p_value[0] == pytest.approx(there.p_value[0])
    assert 0 <= there.p_value[0] <= 1


@settings(max_examples=60)
@given(law_, count, count, st.tuples(*[st.integers(0, 3)] * 4))
def test_the_union_holds_every_pair_of_counts_within_the_bounds(law, k0: int, k1: int, slack: tuple[int, ...]) -> None:
    n, (a, b, c, d) = 80.0, slack
    first = Fraction(Bounded([float(k0)], [float(max(0, k0 - a))], [float(k0 + b)]), Bounded.exact([n]))
    last = Fraction(Bounded([float(k1)], [float(max(0, k1 - c))], [float(k1 + d)]), Bounded.exact([n]))
    found = difference(law, first, last, factor=1)
    for one in range(max(0, k0 - a), k0 + b + 1):
        for other in range(max(0, k1 - c), k1 + d + 1):
            inner = difference(law, exact(one, n), exact(other, n), factor=1)
            assert found.low[0] - 1e-12 <= inner.change[0] <= found.high[0] + 1e-12
            assert found.ci_low[0] <= inner.ci_low[0] + 1e-9
            assert found.ci_high[0] >= inner.ci_high[0] - 1e-9
            assert found.p_value[0] >= inner.p_value[0] - 1e-9


@settings(max_examples=100)
@given(
    st.sampled_from(["binomial", "poisson", ""]),
    st.lists(st.floats(-10, 1e9), min_size=4, max_size=4),
    st.floats(0, 1e6),
    st.booleans(),
)
def test_any_numbers_are_answered(law, numbers: list[float], extra: float, together: bool) -> None:
    k0, n0, k1, n1 = (np.array([one]) for one in numbers)
    first = Fraction(Bounded(k0, k0 - extra, k0 + extra), Bounded.exact(n0))
    last = Fraction(Bounded(k1, k1, k1 + extra), Bounded(n1, n1 - extra, n1))
    found = difference(law, first, last, factor=100, rounded_together=together)
    if not np.isnan(found.p_value[0]):
        assert 0 <= found.p_value[0] <= 1
        assert found.ci_low[0] <= found.ci_high[0]
