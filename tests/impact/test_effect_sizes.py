from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from ctgeval.impact.effect_sizes import cohen_d, cohen_dz, detectable_shift, hedges_factor, noncentrality_interval


@given(st.floats(-60, 60), st.integers(2, 400))
def test_the_ends_leave_the_tails_they_should(t: float, df: int) -> None:
    low, high = noncentrality_interval(t, df, level=0.9)
    assert low < high
    if abs(t) < 12 or df > 20:
        assert stats.nct.sf(t, df, low) == pytest.approx(0.05, abs=1e-6)
        assert stats.nct.cdf(t, df, high) == pytest.approx(0.05, abs=1e-6)
    mirrored = noncentrality_interval(-t, df, level=0.9)
    np.testing.assert_allclose(mirrored, (-high, -low), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("df", [3, 9, 30, 500])
def test_the_detectable_shift_has_the_power_it_says(df: int) -> None:
    shift, critical = detectable_shift(df), stats.t.ppf(0.975, df)
    assert stats.nct.sf(critical, df, shift) == pytest.approx(0.8, abs=1e-6)
    assert detectable_shift(np.inf) == pytest.approx(1.959964 + 0.841621, abs=1e-5)


def test_hedges_correction_of_small_samples() -> None:
    # Hedges (1981): 1 - 3 / (4 df - 1) is within 0.7 % of it from df = 2 on.
    for df in (2, 5, 9, 50):
        assert hedges_factor(df) == pytest.approx(1 - 3 / (4 * df - 1), rel=0.02)
    assert np.isnan(hedges_factor(1))


def test_sleep_is_1_28_standard_deviations() -> None:
    found = cohen_dz(1.58, 1.229995, 10)
    assert found.value == pytest.approx(1.28456, abs=1e-5)
    assert found.interval.low < found.corrected < found.value < found.interval.high
    assert cohen_d(1.0, 2.0, 10, 30).value == 0.5
