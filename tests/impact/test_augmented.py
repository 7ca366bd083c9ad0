from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact import Panel, augmented_synthetic_control, synthetic_control
from ctgeval.impact.augmented import choose, ridge_weights
from tests.impact.conftest import long_frame
from tests.impact.synthetic_cases import factor_panel, prop99


def test_the_correction_is_that_of_the_article() -> None:
    random = np.random.default_rng(0)
    donors, target = random.standard_normal((6, 9)), random.standard_normal(6)
    base = random.dirichlet(np.ones(9))
    found = ridge_weights(donors, target, base, np.array([0.7]))[0]
    x = (donors - donors.mean(axis=1, keepdims=True)).T
    own = target - donors.mean(axis=1)
    by_hand = base + (own - base @ x) @ np.linalg.inv(x.T @ x + 0.7 * np.eye(6)) @ x.T
    np.testing.assert_allclose(found, by_hand, atol=1e-12)
    assert found.sum() == pytest.approx(1)


def test_the_penalty_is_the_largest_within_one_standard_error() -> None:
    random = np.random.default_rng(1)
    donors, target = random.standard_normal((10, 6)), random.standard_normal(10)
    found = choose(donors, target)
    best = int(found.errors.argmin())
    bar = found.errors[best] + found.std_errors[best]
    assert found.chosen == found.lambdas[found.errors <= bar].max()
    assert found.chosen >= found.least
    # The periods left out, by hand.
    from ctgeval.impact.simplex import simplex_least_squares

    errors = []
    for t in range(10):
        kept = np.arange(10) != t
        base = simplex_least_squares(donors[kept], target[kept]).weights
        weights = ridge_weights(donors[kept], target[kept], base, np.array([found.chosen]))[0]
        errors.append((target[t] - weights @ donors[t]) ** 2)
    assert np.mean(errors) == pytest.approx(found.errors[found.lambdas == found.chosen][0])


def test_proposition_99(real_data: Path) -> None:
    panel = prop99(real_data)
    plain = synthetic_control(panel)
    found = augmented_synthetic_control(panel)
    assert found.details["pre_rmspe"] < plain.details["pre_rmspe"]
    assert found.estimate == pytest.approx(-15.95257, abs=1e-4)
    assert found.p_value == pytest.approx(2 / 39)
    assert found.interval.low < found.estimate < 0 < found.interval.high
    assert found.details["negative_weight"] < 0
    assert any("négatifs" in limit for limit in found.limits)
    assert any("erreur-type" in step for step in found.steps)
    assert found.details["weights"]["weight"].sum() == pytest.approx(1)


def test_an_infinite_penalty_is_the_synthetic_control() -> None:
    panel = factor_panel()
    plain = synthetic_control(panel)
    found = augmented_synthetic_control(panel, ridge=np.inf)
    assert found.estimate == pytest.approx(plain.estimate)
    assert found.p_value == plain.p_value
    assert not any("négatifs" in limit for limit in found.limits)


@pytest.mark.parametrize("seed", range(6))
def test_p_values_and_intervals_never_contradict_each_other(seed: int) -> None:
    found = augmented_synthetic_control(factor_panel(21, 12, 9, effect=seed / 2, seed=seed), ridge=1.0)
    low, high = found.interval
    assert low <= found.estimate <= high
    assert (low <= 0 <= high) == (found.p_value > 0.05 + 1e-9)


def test_bad_input_is_refused() -> None:
    with pytest.raises(DesignError, match="positive"):
        augmented_synthetic_control(factor_panel(), ridge=-1.0)
    with pytest.raises(NotIdentified, match="au moins 3 périodes"):
        augmented_synthetic_control(factor_panel(10, 6, 2))


@pytest.mark.parametrize("constant", [1e6, 1e9, 1e12])
def test_a_high_level_does_not_eat_the_differences(make_panel: Callable[..., Panel], constant: float) -> None:
    panel = make_panel(n=20, t=14, at=10)
    found = augmented_synthetic_control(panel, placebos=False)
    raised = augmented_synthetic_control(panel.with_outcome(panel.outcome + constant), placebos=False)
    assert raised.estimate == pytest.approx(found.estimate, abs=2e-15 * constant + 1e-9)


def test_a_gap_made_of_rounding_is_no_effect() -> None:
    # Parallel to the last digit, the treated above all others: only the penalty leaves a trace, of one in a billion.
    outcome = 0.3 * np.arange(20)[::-1, None] + 1.1 * np.arange(2015, 2029)
    start = np.array([10] + [14] * 19)
    panel = Panel.from_frame(long_frame(outcome, start), unit="geo", time="year", outcome="y", treated_from="first")
    found = augmented_synthetic_control(panel)
    assert abs(found.estimate) < 1e-6
    assert found.verdict == "non_concluant"
