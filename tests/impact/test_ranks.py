from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from ctgeval.impact.ranks import midranks, rank_sum, signed_rank, signed_rank_p
from tests.impact.published_answers import sleep

# Hollander and Wolfe (1973), p. 29: depression scale at two visits; the example of R wilcox.test.
BEFORE = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
AFTER = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])

changes = st.lists(st.integers(-9, 9), min_size=2, max_size=12).map(lambda xs: np.array(xs, dtype=float))


def test_signed_ranks_of_the_published_example() -> None:
    found = signed_rank(AFTER - BEFORE, level=0.95)
    assert found.statistic == 5
    assert found.p_value == pytest.approx(0.0390625, abs=1e-12)
    assert found.estimate == pytest.approx(-0.46, abs=1e-9)
    np.testing.assert_allclose(found.interval, (-0.786, -0.010), atol=1e-6)


def test_sleep_as_r_gives_it_and_exactly() -> None:
    data = sleep()
    change = np.round((data["two"] - data["one"]).to_numpy(), 10)
    usual = signed_rank(change, level=0.95)
    assert (usual.statistic, round(usual.p_value, 6)) == (45, 0.009091)
    assert signed_rank(change, level=0.95, exact=True).p_value == pytest.approx(2 / 2**9)


@given(changes)
def test_the_exact_law_is_the_enumeration_of_all_signs(change: np.ndarray) -> None:
    moved = change[change != 0]
    if not len(moved):
        assert signed_rank_p(change, exact=True) == (0.0, 1.0)
        return
    ranks = midranks(np.abs(moved))
    signs = (np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved))) & 1
    sums = signs @ ranks
    observed = ranks[moved > 0].sum()
    expected = min(1.0, 2 * min((sums <= observed + 1e-9).mean(), (sums >= observed - 1e-9).mean()))
    assert signed_rank_p(change, exact=True)[1] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=30)
@given(changes, st.floats(0.1, 100))
def test_rank_tests_follow_the_scale_and_forget_the_order(change: np.ndarray, scale: float) -> None:
    first = signed_rank(change, level=0.9)
    assert signed_rank(change[::-1], level=0.9).p_value == pytest.approx(first.p_value)
    assert signed_rank(change * scale, level=0.9).estimate == pytest.approx(first.estimate * scale)
    assert signed_rank(-change, level=0.9).p_value == pytest.approx(first.p_value)


@pytest.mark.parametrize("n", [6, 12, 30, 49, 80])
def test_p_values_are_those_of_scipy(n: int) -> None:
    random = np.random.default_rng(n)
    change, other = random.normal(0.3, 1, n), random.normal(0, 1, n + 3)
    method = "exact" if n < 50 else "asymptotic"
    expected = stats.wilcoxon(change, method=method, correction=method != "exact").pvalue
    assert signed_rank(change, level=0.95).p_value == pytest.approx(expected, abs=1e-12)
    method = "exact" if n + 3 < 50 else "asymptotic"
    found = rank_sum(other, change, level=0.95)
    assert found.p_value == pytest.approx(stats.mannwhitneyu(change, other, method=method).pvalue, abs=1e-10)
    assert (found.interval.low > 0 or found.interval.high < 0) == (found.p_value <= 0.05)
    assert found.interval.low <= found.estimate <= found.interval.high


def test_ties_between_groups_take_the_corrected_normal_law() -> None:
    before, after = np.array([1.0, 2, 2, 3, 3, 4]), np.array([2.0, 3, 4, 4, 5, 5, 6])
    expected = stats.mannwhitneyu(after, before, method="asymptotic").pvalue
    assert rank_sum(before, after, level=0.95).p_value == pytest.approx(expected, abs=1e-12)


def test_a_large_sample_finds_the_same_shifts_by_halving(monkeypatch: pytest.MonkeyPatch) -> None:
    from ctgeval.impact import ranks

    random = np.random.default_rng(2)
    before, after = random.normal(0, 1, 60), random.normal(0.5, 1, 71)
    by_pairs = signed_rank(after, level=0.95).estimate, rank_sum(before, after, level=0.95).estimate
    monkeypatch.setattr(ranks, "_PAIRS_HELD", 10)
    by_halves = signed_rank(after, level=0.95).estimate, rank_sum(before, after, level=0.95).estimate
    np.testing.assert_allclose(by_halves, by_pairs, atol=2e-3)
