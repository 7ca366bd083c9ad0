"""Tests in closed form against the linear programmes that they stand for, and their level by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import linprog

from ctgeval.impact.honest_relative import changes, relative_system
from ctgeval.impact.honest_smoothness import smoothness_system
from ctgeval.impact.least_favourable import Family, confidence_set, critical_values, rejects


def covariance_of(size: int, seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((size, 2 * size))
    return drawn @ drawn.T / (2 * size)


def programme(
    rows: np.ndarray, bound: float, b: np.ndarray, v: np.ndarray, *, target: np.ndarray, theta: float
) -> float:
    """Solve min eta s.t. rows (b - effects) - bound <= eta * standard errors, target @ effects = theta."""
    n_post = len(target)
    n_pre = len(b) - n_post
    size = np.sqrt(np.maximum(np.einsum("rq,qk,rk->r", rows, v, rows), 0))
    left = np.column_stack([-size, -rows[:, n_pre:]])
    found = linprog(
        np.r_[1.0, np.zeros(n_post)],
        A_ub=left,
        b_ub=-(rows @ b - bound),
        A_eq=np.r_[0.0, target][None],
        b_eq=[theta],
        bounds=[(None, None)] * (n_post + 1),
    )
    return float(found.fun)


@settings(max_examples=25)
@given(
    n_pre=st.integers(1, 4),
    n_post=st.integers(1, 4),
    seed=st.integers(0, 10_000),
    value=st.sampled_from([0.3, 1.0, 2.5]),
)
def test_the_largest_combination_is_the_optimum_of_the_linear_programme(
    n_pre: int, n_post: int, seed: int, value: float
) -> None:
    random = np.random.default_rng(seed)
    v, b = covariance_of(n_pre + n_post, seed), random.standard_normal(n_pre + n_post)
    target, theta = random.standard_normal(n_post), float(random.standard_normal())
    family = relative_system(b, v, n_pre=n_pre, target=target, value=value)
    steps = changes(n_pre, n_post)
    for c, largest in enumerate(np.concatenate([steps[:n_pre], -steps[:n_pre]])):
        rows = np.concatenate([steps[n_pre:] - value * largest, -steps[n_pre:] - value * largest])
        expected = programme(rows, 0.0, b, v, target=target, theta=theta)
        assert (family.intercepts[c] + family.slopes[c] * theta).max() == pytest.approx(expected, abs=1e-7)
    family = smoothness_system(b, v, n_pre=n_pre, target=target, value=value)
    bends = np.diff(steps, axis=0)[n_pre - 1 :]
    rows = np.concatenate([bends, -bends])
    expected = programme(rows, value, b, v, target=target, theta=theta)
    assert (family.intercepts[0] + family.slopes[0] * theta).max() == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(("rank", "tolerance"), [(1, 1e-4), (2, 2e-2)])
def test_the_least_favourable_quantile_is_that_of_simulated_maxima(rank: int, tolerance: float) -> None:
    random = np.random.default_rng(rank)
    root = random.standard_normal((5, rank))
    root /= np.linalg.norm(root, axis=1, keepdims=True)
    found = float(critical_values((root @ root.T)[None], size=0.005)[0])
    if rank == 1:
        assert found == pytest.approx(2.8070337683, abs=tolerance)
        return
    drawn = (random.standard_normal((400_000, rank)) @ root.T).max(axis=1)
    assert found == pytest.approx(float(np.quantile(drawn, 0.995)), abs=tolerance)


def test_the_level_holds_at_the_edge_of_the_restriction() -> None:
    # The gap moves after treatment exactly as much as it did at most before: the hardest place of the null.
    n_pre, target, draws = 3, np.array([1.0, 0.0]), 3_000
    drift, v = np.array([-0.5, 0.5, 0.0, 1.0, 2.0]), 0.1 * covariance_of(5, 3) + 0.05 * np.eye(5)
    random = np.random.default_rng(5)
    size = (0.05 - 0.005) / (1 - 0.005)
    root = np.linalg.cholesky(v)
    out = 0
    cap = critical_values(relative_system(drift, v, n_pre=n_pre, target=target, value=1.0).covariance, size=0.005)
    for _ in range(draws):
        b = drift + root @ random.standard_normal(5)
        family = relative_system(b, v, n_pre=n_pre, target=target, value=1.0)
        out += bool(rejects(family.intercepts[:, None], family.covariance, cap=cap, size=size).all())
    assert out / draws <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / draws)
    assert out > 0


def test_one_known_normal_variable_gives_its_usual_interval() -> None:
    family = Family(
        intercepts=np.array([[2.0, -2.0]]),
        slopes=np.array([[-1.0, 1.0]]),
        covariance=np.array([[[1.0, -1.0], [-1.0, 1.0]]]),
    )
    low, high = confidence_set(family, alpha=0.05, kappa=0.0)
    # Given which side is above, the conditional test of one estimate is the two-sided one.
    assert (low, high) == pytest.approx((2 - 1.959964, 2 + 1.959964), abs=1e-5)


def test_inequalities_that_nothing_satisfies_give_no_interval() -> None:
    family = Family(
        intercepts=np.array([[0.0, 0.0, 9.0]]),
        slopes=np.array([[-1.0, 1.0, 0.0]]),
        covariance=np.array([[[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]),
    )
    assert np.isnan(confidence_set(family, alpha=0.05, kappa=0.005).low)
