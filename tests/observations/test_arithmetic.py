"""The arithmetic of bounds, against brute force."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval import observations as obs
from ctgeval.errors import MeasureError
from ctgeval.observations import Bounded

Interval = tuple[int, int]

intervals = st.tuples(st.integers(0, 12), st.integers(0, 6)).map(lambda pair: (pair[0], pair[0] + pair[1]))
signed = st.tuples(st.integers(-8, 8), st.integers(0, 6)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def masked(*bounds: Interval) -> Bounded:
    return Bounded(np.full(len(bounds), np.nan), [low for low, _ in bounds], [high for _, high in bounds])


def truths(a: Interval, b: Interval, form: Callable[[int, int], float | None]) -> list[float]:
    values = (form(x, y) for x in range(a[0], a[1] + 1) for y in range(b[0], b[1] + 1))
    return [value for value in values if value is not None]


def assert_tight(result: Bounded, found: list[float], *, unbounded: bool = False) -> None:
    assert math.isnan(result.value[0])
    assert result.low[0] <= min(found) + 1e-9
    assert result.high[0] >= max(found) - 1e-9
    if not unbounded:
        assert result.low[0] == pytest.approx(min(found))
        assert result.high[0] == pytest.approx(max(found))


@given(signed, signed)
def test_sum_and_difference_reach_their_bounds(a: Interval, b: Interval) -> None:
    assert_tight(obs.add(masked(a), masked(b)), truths(a, b, lambda x, y: x + y))
    assert_tight(obs.subtract(masked(a), masked(b)), truths(a, b, lambda x, y: x - y))
    assert_tight(obs.change(masked(a), masked(b)), truths(a, b, lambda x, y: y - x))


@given(signed, signed)
def test_ratio_holds_every_true_value(a: Interval, b: Interval) -> None:
    found = truths(a, b, lambda x, y: 100 * x / y if y else None)
    result = obs.percentage(masked(a), masked(b))
    if found:
        assert_tight(result, found, unbounded=b[0] <= 0 <= b[1])
    else:
        assert math.isinf(result.high[0]) or math.isinf(result.low[0])


@given(intervals, st.tuples(st.integers(1, 12), st.integers(0, 6)).map(lambda pair: (pair[0], pair[0] + pair[1])))
def test_rates_reach_their_bounds_when_the_denominator_is_positive(a: Interval, b: Interval) -> None:
    assert_tight(obs.per_thousand(masked(a), masked(b)), truths(a, b, lambda x, y: 1000 * x / y))
    assert_tight(obs.relative_change(masked(b), masked(a)), truths(a, b, lambda x, y: 100 * (x - y) / y))


@given(intervals, intervals)
def test_share_of_part_and_rest_reaches_its_bounds(part: Interval, rest: Interval) -> None:
    found = truths(part, rest, lambda n, r: 100 * n / (n + r) if n + r else None)
    result = obs.share(masked(part), rest=masked(rest))
    if found:
        # A part and a rest that may both be 0 leave 0 / 0 out, so that a bound may lie one step away.
        assert_tight(result, found, unbounded=part[0] + rest[0] == 0)
    assert 0 <= result.low[0] <= result.high[0] <= 100


@given(intervals, intervals)
def test_share_of_a_whole_holds_every_true_value(part: Interval, whole: Interval) -> None:
    found = truths(part, whole, lambda n, w: 100 * n / w if w and n <= w else None)
    result = obs.share(masked(part), whole=masked(whole))
    if found:
        assert_tight(result, found, unbounded=True)
    assert 0 <= result.low[0] <= result.high[0] <= 100


@given(st.lists(st.tuples(signed, st.integers(-1, 3)), min_size=1, max_size=6))
def test_totals_by_group_hold_and_reach_the_sums(rows: list[tuple[Interval, int]]) -> None:
    values, groups = masked(*(interval for interval, _ in rows)), [group for _, group in rows]
    result = obs.total(values, groups, size=4)
    for group in range(4):
        inside = [range(low, high + 1) for (low, high), code in rows if code == group]
        if inside:
            sums = [sum(combination) for combination in itertools.product(*inside)]
            assert (result.low[group], result.high[group]) == (min(sums), max(sums))
        else:
            assert (result.low[group], result.high[group]) == (-math.inf, math.inf)
        assert math.isnan(result.value[group])


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=8))
def test_exact_values_stay_exact(numbers: list[int]) -> None:
    result = obs.total(Bounded.exact(numbers))
    assert result.value[0] == result.low[0] == result.high[0] == sum(numbers)


@given(st.integers(0, 60), st.integers(0, 60), st.booleans())
def test_rounded_together_holds_the_truth_under_either_rule(a: int, b: int, downwards: bool) -> None:
    def publish(count: int) -> int:
        return count // 5 * 5 if downwards else (count + 2) // 5 * 5

    left, right = Bounded.rounded([publish(a)]), Bounded.rounded([publish(b)])
    assert left.low[0] <= a <= left.high[0]
    difference = obs.subtract(left, right, rounded_together=True)
    assert difference.low[0] <= a - b <= difference.high[0]
    assert difference.high[0] - difference.low[0] <= 8
    if a + b:
        part = obs.share(left, rest=right, rounded_together=True)
        assert part.low[0] - 1e-9 <= 100 * a / (a + b) <= part.high[0] + 1e-9
        loose = obs.share(left, rest=right)
        assert loose.low[0] - 1e-9 <= part.low[0]
        assert part.high[0] <= loose.high[0] + 1e-9
    if a:
        growth = obs.relative_change(left, right, rounded_together=[True])
        assert growth.low[0] - 1e-9 <= 100 * (b - a) / a <= growth.high[0] + 1e-9


def test_a_published_change_of_five_may_be_one_to_nine() -> None:
    before, after = Bounded.rounded([20.0]), Bounded.rounded([25.0])
    together = obs.change(before, after, rounded_together=True)
    apart = obs.change(before, after)
    assert (together.value[0], together.low[0], together.high[0]) == (5, 1, 9)
    assert (apart.low[0], apart.high[0]) == (-1, 11)


def test_rounding_together_changes_nothing_for_values_that_are_not_rounded() -> None:
    result = obs.subtract(Bounded.exact([20.0]), Bounded.withheld(1), rounded_together=True)
    assert (result.low[0], result.high[0]) == (16, 19)


def test_36_rounded_communes_may_miss_the_truth_by_minus_72_to_144() -> None:
    result = obs.total(Bounded.rounded(np.full(36, 50.0)))
    assert (result.value[0], result.low[0], result.high[0]) == (1800, 1728, 1944)


def test_a_masked_value_is_never_zero() -> None:
    values = Bounded([10.0, np.nan, np.nan], [10, 1, 0], [10, 4, np.inf])
    result = obs.total(values)
    assert math.isnan(result.value[0])
    assert (result.low[0], result.high[0]) == (11, math.inf)


def test_nothing_summed_is_not_zero() -> None:
    result = obs.total(Bounded.exact([]))
    assert math.isnan(result.value[0])
    assert (result.low[0], result.high[0]) == (-math.inf, math.inf)


def test_a_denominator_of_zero_is_undefined_and_not_infinite() -> None:
    result = obs.percentage(Bounded.exact([3.0, 0.0]), Bounded.exact([0.0, 0.0]))
    assert np.isnan(result.value).all()
    assert result.low.tolist() == [0, 0]
    assert np.isinf(result.high).all()


def test_a_secret_over_a_known_total() -> None:
    secret = obs.share(Bounded.secret(1), whole=Bounded.exact([50.0]))
    assert (secret.low[0], secret.high[0]) == (0, 100)
    withheld = obs.share(Bounded.withheld(1), whole=Bounded.exact([50.0]))
    assert (withheld.low[0], withheld.high[0]) == (2, 8)


def test_a_missing_number_is_unknown_on_both_sides() -> None:
    result = Bounded.exact([np.nan, 2.0])
    assert (result.low[0], result.high[0]) == (-math.inf, math.inf)
    assert Bounded.rounded([np.nan]).low[0] == 0


@pytest.mark.parametrize(
    ("value", "low", "high"), [(1.0, 2.0, 3.0), (4.0, 2.0, 3.0), (np.nan, 3.0, 2.0), (1, np.nan, 2)]
)
def test_contradictory_bounds_are_refused(value: float, low: float, high: float) -> None:
    with pytest.raises(MeasureError, match="se contredisent"):
        Bounded(np.array([value]), np.array([low]), np.array([high]))


def test_a_share_refuses_negative_quantities_and_two_wholes() -> None:
    with pytest.raises(MeasureError, match="positives"):
        obs.share(Bounded.exact([-1.0]), rest=Bounded.exact([2.0]))
    with pytest.raises(MeasureError, match="un seul"):
        obs.share(Bounded.exact([1.0]), rest=Bounded.exact([2.0]), whole=Bounded.exact([3.0]))
