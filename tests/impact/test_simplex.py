from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.impact.simplex import simplex_least_squares, violation


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    m, n = draw(st.integers(1, 12)), draw(st.integers(1, 30))
    donors = random.standard_normal((m, n)) * 10.0 ** draw(st.integers(-4, 6))
    if draw(st.booleans()):
        donors = np.round(donors)
    if draw(st.booleans()) and n > 3:
        donors[:, 1] = donors[:, 0]
        donors[:, 2] = (donors[:, 0] + donors[:, 3]) / 2
    inside = draw(st.booleans())
    target = donors @ random.dirichlet(np.ones(n)) if inside else random.standard_normal(m) * np.abs(donors).max()
    return donors, target


@given(problems())
def test_the_weights_are_an_optimum_of_the_simplex(problem: tuple[np.ndarray, np.ndarray]) -> None:
    donors, target = problem
    found = simplex_least_squares(donors, target)
    assert violation(donors, target, found.weights) < 1e-9
    assert found.loss == pytest.approx(float(((donors @ found.weights - target) ** 2).sum()), rel=1e-9, abs=1e-12)


@given(problems(), st.floats(1e-3, 10))
def test_the_ridge_optimum_too(problem: tuple[np.ndarray, np.ndarray], share: float) -> None:
    donors, target = problem
    ridge = share * (float(((donors - target[:, None]) ** 2).mean()) + 1e-9)
    found = simplex_least_squares(donors, target, ridge=ridge)
    assert violation(donors, target, found.weights, ridge=ridge) < 1e-9
    assert found.unique


@given(problems(), st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(-50, 50))
def test_order_scale_and_common_shocks_change_nothing(
    problem: tuple[np.ndarray, np.ndarray], seed: int, factor: float, shock: float
) -> None:
    donors, target = problem
    random = np.random.default_rng(seed)
    order = random.permutation(donors.shape[1])
    effects = shock * random.standard_normal(len(target)) * np.abs(donors).max()
    first = simplex_least_squares(donors, target)
    other = simplex_least_squares((donors * factor + effects[:, None])[:, order], target * factor + effects)
    size = np.sqrt(float((target**2).sum() + (donors**2).sum())) * (1 + abs(shock)) + 1e-9
    assert np.sqrt(other.loss) / factor == pytest.approx(np.sqrt(first.loss), abs=1e-6 * size)


def test_the_smallest_norm_is_taken_when_several_fit() -> None:
    donors = np.array([[0.0, 0.0, 2.0, 2.0, 1.0]])
    found = simplex_least_squares(donors, np.array([1.0]))
    np.testing.assert_allclose(found.weights, 0.2, atol=1e-12)
    assert found.perfect
    assert not found.unique
    twins = simplex_least_squares(np.array([[1.0, 1.0, 5.0], [1.0, 1.0, 9.0]]), np.zeros(2))
    np.testing.assert_allclose(twins.weights, [0.5, 0.5, 0.0], atol=1e-12)
    assert not twins.unique


def test_no_other_weights_of_the_same_fit_have_a_smaller_norm() -> None:
    random = np.random.default_rng(1)
    donors = random.standard_normal((4, 20))
    target = donors @ random.dirichlet(np.ones(20))
    found = simplex_least_squares(donors, target)
    face = np.vstack([donors, np.ones(20)])
    free = np.linalg.svd(face)[2][5:]
    for direction in np.vstack([free, -free]):
        # A step to a feasible point must not shorten the weights.
        if (found.weights + 1e-6 * direction >= 0).all():
            assert found.weights @ direction >= -1e-9
    assert found.weights @ found.weights < 0.2


def test_a_unique_optimum_is_told_so() -> None:
    found = simplex_least_squares(np.array([[0.0, 2.0], [0.0, 1.0]]), np.array([1.0, 0.6]))
    assert found.unique
    assert not found.perfect
    np.testing.assert_allclose(found.weights, [0.48, 0.52])


def test_an_intercept_takes_the_level_away() -> None:
    random = np.random.default_rng(2)
    donors = random.standard_normal((10, 4))
    mix = donors @ [0.5, 0.5, 0, 0]
    found = simplex_least_squares(donors, mix + 7, intercept=True)
    np.testing.assert_allclose(found.weights, [0.5, 0.5, 0, 0], atol=1e-9)
    assert found.intercept == pytest.approx(7)


def test_donors_equal_to_the_target_share_the_weight() -> None:
    found = simplex_least_squares(np.ones((3, 4)), np.ones(3))
    np.testing.assert_allclose(found.weights, 0.25)
    assert not found.unique
