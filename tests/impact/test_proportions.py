from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from ctgeval.impact.proportions import McNemarKind, Paired, clopper_pearson, mcnemar, two_shares, wilson

AGRESTI = Paired(794, 86, 150, 570)
KINDS: tuple[McNemarKind, ...] = ("mcnemar", "mcnemar_continuity", "exact", "mid_p")
cells = st.integers(0, 25)


def test_mcnemar_as_published() -> None:
    found = {kind: mcnemar(AGRESTI, kind=kind, level=0.95) for kind in KINDS}
    assert found["mcnemar"].statistic == pytest.approx(17.35593, abs=1e-5)
    assert found["mcnemar_continuity"].statistic == pytest.approx(16.8178, abs=1e-4)
    assert found["mcnemar_continuity"].p_value == pytest.approx(4.115e-5, abs=1e-8)
    assert found["exact"].p_value == pytest.approx(3.716e-5, abs=1e-8)
    assert found["mid_p"].p_value < found["exact"].p_value
    assert found["mcnemar"].estimate == pytest.approx(-0.04)


@given(cells, cells, cells, cells)
def test_each_interval_is_that_of_its_own_test(a: int, b: int, c: int, d: int) -> None:
    if not a + b + c + d:
        return
    for kind in KINDS:
        found = mcnemar(Paired(a, b, c, d), kind=kind, level=0.9)
        assert found.estimate - found.interval.low >= -1e-9
        assert found.estimate <= found.interval.high + 1e-9
        excludes = found.interval.low > 1e-9 or found.interval.high < -1e-9
        assert excludes == (found.p_value < 0.1), kind
        mirrored = mcnemar(Paired(d, c, b, a), kind=kind, level=0.9)
        np.testing.assert_allclose(mirrored.interval, (-found.interval.high, -found.interval.low), atol=1e-9)


# Newcombe (1998), Statistics in Medicine 17, table II: 56/70 less 48/80, methods 5 (Mee) and 10.
def test_difference_of_shares_as_published() -> None:
    np.testing.assert_allclose(
        two_shares(48, 80, 56, 70, kind="score", level=0.95).interval, (0.0533, 0.3377), atol=5e-5
    )
    found = two_shares(48, 80, 56, 70, kind="newcombe", level=0.95)
    np.testing.assert_allclose(found.interval, (0.0524, 0.3339), atol=5e-5)


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_two_shares_against_scipy(n0: int, n1: int, data: st.DataObject) -> None:
    k0, k1 = data.draw(st.integers(0, n0)), data.draw(st.integers(0, n1))
    score = two_shares(k0, n0, k1, n1, kind="score", level=0.9)
    assert (score.interval.low > 1e-9 or score.interval.high < -1e-9) == (score.p_value < 0.1)
    exact = two_shares(k0, n0, k1, n1, kind="exact", level=0.9)
    assert exact.p_value == pytest.approx(stats.fisher_exact([[k1, n1 - k1], [k0, n0 - k0]]).pvalue, abs=1e-9)
    assert exact.p_value >= exact.minimum_p - 1e-12
    if exact.p_value > 0.1:
        assert exact.interval.low <= 0 <= exact.interval.high


@given(st.integers(1, 60), st.data())
def test_intervals_of_a_share_against_scipy(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    known = stats.binomtest(k, n)
    np.testing.assert_allclose(clopper_pearson(k, n, 0.95), known.proportion_ci(method="exact"), atol=1e-9)
    np.testing.assert_allclose(wilson(k, n, 0.95), known.proportion_ci(method="wilson"), atol=1e-9)
