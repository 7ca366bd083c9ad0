from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ctgeval.impact.counts import dispersion, exact_ratio, robust_ratio


def test_two_rates_as_r_gives_them() -> None:
    # Example of R poisson.test: lung cancer in Fredericia, 11 of 800, against 21 of 3,011 in three other cities.
    found = exact_ratio(21, 11, 3011, 800, level=0.95)
    assert found.estimate == pytest.approx(97.1488, abs=1e-4)
    np.testing.assert_allclose(found.interval, (100 * (0.8584264 - 1), 100 * (4.2772659 - 1)), atol=1e-3)
    tails = [stats.binomtest(11, 32, 800 / 3811, alternative=side).pvalue for side in ("less", "greater")]
    assert found.p_value == pytest.approx(2 * min(tails), abs=1e-10)


@pytest.mark.parametrize(("before", "after"), [(4, 15), (15, 4), (10, 10), (9, 0)])
def test_the_interval_never_contradicts_the_p_value(before: int, after: int) -> None:
    found = exact_ratio(before, after, 100, 80, level=0.95)
    assert (found.interval.low > 0 or found.interval.high < 0) == (found.p_value < 0.05)
    assert found.p_value >= found.minimum_p


def test_nothing_after_is_the_lowest_end_and_no_error() -> None:
    found = exact_ratio(9, 0, 1, 1, level=0.95)
    assert (found.estimate, found.interval.low) == (-100.0, -100.0)
    assert np.isnan(found.std_error)


def test_events_that_come_together_widen_the_robust_interval() -> None:
    random = np.random.default_rng(1)
    spread = random.negative_binomial(1, 0.05, 40).astype(float)
    more = random.negative_binomial(1, 0.05, 40).astype(float)
    ones = np.ones(40)
    exact = exact_ratio(spread.sum(), more.sum(), 40, 40, level=0.95)
    robust = robust_ratio(spread, more, ones, ones, paired=False, level=0.95)
    assert robust.estimate == pytest.approx(exact.estimate)
    assert robust.interval.high - robust.interval.low > 2 * (exact.interval.high - exact.interval.low)
    assert dispersion(spread, ones) > 3
    assert dispersion(random.poisson(20, 400).astype(float), np.ones(400)) == pytest.approx(1, abs=0.2)


def test_the_robust_error_is_that_of_the_jackknife() -> None:
    random = np.random.default_rng(3)
    before, after = random.poisson(30, 60).astype(float), random.poisson(40, 60).astype(float)
    e0, e1 = random.uniform(5, 10, 60), random.uniform(5, 10, 60)
    found = robust_ratio(before, after, e0, e1, paired=True, level=0.95)
    logs = []
    for k in range(60):
        b, a, x, y = (np.delete(values, k) for values in (before, after, e0, e1))
        logs.append(np.log(a.sum() / b.sum() * x.sum() / y.sum()))
    jackknife = np.sqrt(59 / 60 * ((np.array(logs) - np.mean(logs)) ** 2).sum())
    assert found.std_error / (1 + found.estimate / 100) / 100 == pytest.approx(jackknife, rel=0.02)
