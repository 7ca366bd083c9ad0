from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact import synthetic_did
from ctgeval.impact.frank_wolfe import frank_wolfe, sparsify
from ctgeval.impact.simplex import simplex_least_squares
from tests.impact.synthetic_cases import factor_panel, from_arrays, prop99


@pytest.fixture(scope="module")
def california(real_data: Path) -> object:
    return synthetic_did(prop99(real_data))


def test_proposition_99(california: object) -> None:
    # Arkhangelsky et al. 2021, table 1, and their package to six digits.
    assert california.estimate == pytest.approx(-15.603828, abs=1e-6)
    weights = california.details["weights"].set_index("unit")["weight"]
    assert weights.head(3).round(3).to_dict() == {"Nevada": 0.124, "New Hampshire": 0.105, "Connecticut": 0.078}
    time = california.details["time_weights"].query("weight > 0").set_index("time_period")["weight"]
    assert time.round(3).to_dict() == {"1986": 0.366, "1987": 0.206, "1988": 0.427}
    assert california.details["did"] == pytest.approx(-27.34911, abs=5e-6)
    assert california.details["synthetic_control"] == pytest.approx(-19.6, abs=0.05)
    # The published 8.4 is drawn; all 38 placebos give 9.4 (a package's 200 draws: 10.9).
    assert california.std_error == pytest.approx(9.3712, abs=1e-3)
    assert california.p_value == pytest.approx(2 / 39)
    assert california.verdict == "non_concluant"
    assert california.interval.low < 0 < california.interval.high


def test_the_published_stop_is_not_the_optimum(california: object, real_data: Path) -> None:
    exact = synthetic_did(prop99(real_data), weights="exact")
    assert exact.estimate == pytest.approx(-15.605398, abs=1e-5)
    assert california.details["estimate_exact"] == pytest.approx(exact.estimate)
    assert exact.details["estimate_published"] == pytest.approx(california.estimate)
    assert california.by_period.query("event_time >= 0")["estimate"].mean() == pytest.approx(california.estimate)


def test_39_units_as_measured_on_peers() -> None:
    random = np.random.default_rng(5)
    factors = np.cumsum(random.standard_normal((31, 2)), axis=0)
    loadings = random.gamma(2.0, 0.5, (39, 2))
    outcome = 100 + factors @ loadings.T + random.standard_normal((31, 39))
    outcome[19:, 0] -= 5
    found = synthetic_did(from_arrays(outcome.T, np.where(np.arange(39) == 0, 19, 31)))
    assert found.estimate == pytest.approx(-8.003026, abs=1e-6)
    assert found.p_value == pytest.approx(1 / 39)
    assert found.verdict == "degradation"


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(5, 18), st.integers(2, 12), st.floats(-4, 4), st.sampled_from([0.8, 0.95]))
def test_p_values_and_intervals_never_contradict_each_other(
    seed: int, n: int, at: int, effect: float, level: float
) -> None:
    found = synthetic_did(factor_panel(n, at + 3, at, effect=effect, seed=seed), weights="exact", level=level)
    low, high = found.interval
    assert low <= found.estimate <= high
    assert (low <= 0 <= high) == (found.p_value > 1 - level + 1e-9)
    assert found.bounds == (found.estimate, found.estimate)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.floats(0.1, 50), st.floats(-20, 20))
def test_levels_and_scale_change_nothing(seed: int, factor: float, shock: float) -> None:
    panel = factor_panel(10, 12, 9, seed=seed)
    random = np.random.default_rng(seed)
    order = random.permutation(10)
    levels = shock * random.standard_normal((10, 1))
    first = synthetic_did(panel, weights="exact")
    other = synthetic_did(from_arrays(factor * (panel.outcome + levels)[order], panel.start[order]), weights="exact")
    assert other.estimate == pytest.approx(factor * first.estimate, rel=1e-5, abs=1e-6 * factor)
    assert other.p_value == first.p_value


def test_bounds_follow_the_weights() -> None:
    panel = factor_panel(14, 14, 10)
    low, high = panel.outcome.copy(), panel.outcome.copy()
    low[0, 12] -= 3.0
    high[0, 12] += 3.0
    found = synthetic_did(from_arrays(panel.outcome, panel.start, low=low, high=high))
    assert found.bounds == pytest.approx((found.estimate - 0.75, found.estimate + 0.75))


def test_several_dates_are_averaged_over_treated_cells() -> None:
    base = factor_panel(14, 14, 10, treated=0)
    start = np.where(np.arange(14) == 0, 9, np.where(np.arange(14) < 3, 11, 14))
    panel = from_arrays(base.outcome, start)
    found = synthetic_did(panel, weights="exact", draws=30)
    alone = [
        synthetic_did(panel.take((start == date) | (start == 14)), weights="exact", placebos=False).estimate
        for date in (9, 11)
    ]
    assert found.estimate == pytest.approx((5 * alone[0] + 6 * alone[1]) / 11)
    assert found.details["cohorts"]["share"].tolist() == pytest.approx([5 / 11, 6 / 11])
    after = found.by_period.query("event_time >= 0")
    assert np.average(after["estimate"], weights=after["n_treated"]) == pytest.approx(found.estimate)
    assert found.details["n_placebos"] == 30


def test_frank_wolfe_goes_to_the_optimum() -> None:
    random = np.random.default_rng(0)
    donors, target = random.standard_normal((12, 6)), random.standard_normal(12)
    apart = donors - target[:, None]
    ridge = 0.5
    quadratic = apart.T @ apart + ridge * np.eye(6)
    found = frank_wolfe(quadratic, np.full(6, 1 / 6), least_gain=0.0, steps=20_000)
    best = simplex_least_squares(donors, target, ridge=ridge).weights
    np.testing.assert_allclose(found, best, atol=2e-3)
    np.testing.assert_allclose(sparsify(np.array([0.5, 0.125, 0.375])), [0.5 / 0.875, 0, 0.375 / 0.875])


def test_bad_input_is_refused() -> None:
    with pytest.raises(NotIdentified, match="au moins 2 périodes"):
        synthetic_did(factor_panel(10, 6, 1))
    with pytest.raises(DesignError, match="poids"):
        synthetic_did(factor_panel(), weights="best")  # type: ignore[arg-type]
    outcome = factor_panel().outcome.copy()
    outcome[4, 2] = np.nan
    with pytest.raises(DesignError, match="COM-00005"):
        synthetic_did(from_arrays(outcome, factor_panel().start))
    crowd = synthetic_did(factor_panel(6, 14, 10, treated=3))
    assert crowd.verdict == "non_evaluable"
    same = synthetic_did(from_arrays(np.tile(np.arange(12.0), (6, 1)), np.where(np.arange(6) == 0, 9, 12)))
    assert same.estimate == pytest.approx(0)
    assert same.p_value == 1.0
