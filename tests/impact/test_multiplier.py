from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.impact.aggregation import aggregate
from ctgeval.impact.multiplier import critical, multiplier
from ctgeval.impact.propensity import logit


@pytest.mark.parametrize("n_clusters", [30, 4_096, 9_001])
def test_draws_have_the_covariance_of_the_scores(n_clusters: int) -> None:
    random = np.random.default_rng(0)
    scores = random.standard_normal((3, n_clusters)) * np.array([[1e-6], [1.0], [50.0]])
    scores[2] += 30 * scores[1]
    drawn = multiplier(scores, draws=20_000, seed=1)
    covariance = scores @ scores.T
    root = np.sqrt(np.diagonal(covariance))
    np.testing.assert_allclose(
        drawn.T @ drawn / 20_000 / np.outer(root, root), covariance / np.outer(root, root), atol=0.03
    )
    assert np.abs(drawn.mean(axis=0) / root).max() < 0.03


@settings(max_examples=25)
@given(st.integers(0, 1_000))
def test_draws_depend_neither_on_the_order_nor_on_the_scale(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.standard_normal((4, 50))
    drawn = multiplier(scores, draws=20, seed=seed)
    shuffled = multiplier(-7 * scores[:, random.permutation(50)], draws=20, seed=seed)
    np.testing.assert_allclose(shuffled, -7 * drawn, rtol=1e-4, atol=1e-4)


def test_the_critical_value_is_that_of_the_largest() -> None:
    errors = np.random.default_rng(0).standard_normal((50_000, 4)) * [1.0, 2.0, 3.0, 0.0]
    value = critical(errors, np.array([1.0, 2.0, 3.0, 0.0]), level=0.95, least=1.96)
    # Three independent normal variables: each holds at 0.95 to the power 1/3.
    assert value == pytest.approx(2.388, abs=0.03)
    assert critical(errors[:, :1], np.ones(1), level=0.95, least=2.5) == 2.5
    assert np.isnan(critical(errors[:0], np.ones(4), level=0.95, least=2.0))
    assert np.isnan(critical(errors, np.full(4, np.nan), level=0.95, least=2.0))


def test_shares_move_the_averages_as_their_derivatives_say() -> None:
    cohort, column = (a.ravel() for a in np.indices((3, 5)))
    start = np.array([1, 2, 4])
    estimate = np.random.default_rng(3).standard_normal(15)
    estimate[7] = np.nan
    share = np.array([0.2, 0.1, 0.3])

    def all_of(shares: np.ndarray) -> list[np.ndarray]:
        tables, overall = aggregate(estimate, cohort, column, column - start[cohort], shares)
        return [average.estimate for average in (*tables.values(), *overall.values())]

    tables, overall = aggregate(estimate, cohort, column, column - start[cohort], share)
    for k in range(3):
        step = np.eye(3)[k] * 1e-6
        up, down = all_of(share + step), all_of(share - step)
        for average, more, less in zip((*tables.values(), *overall.values()), up, down, strict=True):
            np.testing.assert_allclose((more - less) / 2e-6, average.drift[:, k], atol=1e-7)
            np.testing.assert_allclose(average.weights.sum(axis=1), 1)
            assert not average.weights[:, 7].any()


def test_the_logit_meets_its_equations_and_tells_when_it_can_t() -> None:
    random = np.random.default_rng(5)
    design = np.column_stack([np.ones(200), random.standard_normal(200) * 1e3])
    treated = random.uniform(size=200) < 1 / (1 + np.exp(-design[:, 1] / 1e3))
    weights = random.uniform(0.5, 2, 200)
    found = logit(design, treated, weights)
    assert found.overlap
    left = (weights * (treated - found.probability)) @ design
    np.testing.assert_allclose(left / np.abs(design).sum(axis=0), 0, atol=1e-12)
    assert not logit(design, design[:, 1] > 0, weights).overlap
    assert not logit(np.column_stack([design, design[:, 1]]), treated, weights).overlap
