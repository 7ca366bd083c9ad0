"""Intervals of one share or one count, against published tables and exact inversions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from ctgeval import intervals


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_equals_the_published_table(k: int, n: int, low: float, high: float) -> None:
    assert intervals.wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 400))
def test_the_exact_interval_of_a_count_inverts_its_distribution(k: int) -> None:
    low, high = intervals.poisson_exact(k)
    assert stats.poisson.cdf(k, high) == pytest.approx(0.025, abs=1e-9)
    assert low == 0 if k == 0 else stats.poisson.sf(k - 1, low) == pytest.approx(0.025, abs=1e-9)


def test_byar_is_close_to_the_exact_interval_from_five_on() -> None:
    counts = np.arange(5, 200)
    exact, close = intervals.poisson_exact(counts), intervals.byar(counts)
    assert np.abs(np.array(close) / np.array(exact) - 1).max() < 0.011


def test_what_is_no_count_gives_nothing() -> None:
    for low, high in (
        intervals.wilson([-1, 3, 1, np.nan], [5, 2, 0, 5]),
        intervals.poisson_exact([-1, np.nan]),
        intervals.byar([-1, np.nan]),
    ):
        assert np.isnan(low).all()
        assert np.isnan(high).all()


def test_false_discoveries_are_adjusted_as_the_method_says_and_missing_tests_do_not_count() -> None:
    p = [0.01, np.nan, 0.04, 0.03, 0.20]
    assert intervals.benjamini_hochberg(p) == pytest.approx([0.04, np.nan, 0.16 / 3, 0.16 / 3, 0.20], nan_ok=True)
