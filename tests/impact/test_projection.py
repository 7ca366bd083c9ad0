from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import NotIdentified
from ctgeval.impact.projection import TwoWay, demean, residualise, singletons
from tests.impact.two_way import made, random_panel

seeds = st.integers(0, 10_000)


def by_dummies(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Residual of weighted least squares on one indicator per unit and per period."""
    n, t = values.shape
    seen = weights > 0
    unit, period = np.nonzero(seen)
    design = np.zeros((len(unit), n + t))
    design[np.arange(len(unit)), unit] = design[np.arange(len(unit)), n + period] = 1.0
    root = np.sqrt(weights[seen])
    beta = np.linalg.lstsq(design * root[:, None], values[seen] * root, rcond=None)[0]
    left = np.full(values.shape, np.nan)
    left[seen] = values[seen] - design @ beta
    return left


@given(seeds, st.sampled_from(["none", "unit", "period", "product", "cell"]), st.floats(0, 0.5))
def test_demeaning_is_least_squares_on_indicators(seed: int, kind: str, missing: float) -> None:
    random = np.random.default_rng(seed)
    n, t = random.integers(2, 9, size=2)
    values = random.standard_normal((n, t)) * 10
    by_unit, by_period = random.uniform(0.5, 2, (n, 1)), random.uniform(0.5, 2, (1, t))
    weights = {
        "none": np.ones((n, t)),
        "unit": by_unit * np.ones((1, t)),
        "period": by_period * np.ones((n, 1)),
        "product": by_unit * by_period,
        "cell": random.uniform(0.5, 2, (n, t)),
    }[kind]
    seen = random.uniform(size=(n, t)) >= missing
    values[~seen] = np.nan
    expected = by_dummies(values, np.where(seen, weights, 0.0))
    np.testing.assert_allclose(demean(values, weights=weights), expected, atol=1e-9)


@given(seeds)
def test_the_closed_form_and_the_elimination_agree(seed: int) -> None:
    random = np.random.default_rng(seed)
    weights = random.uniform(0.5, 2, (7, 1)) * random.uniform(0.5, 2, (1, 5))
    values = random.standard_normal((7, 5))
    closed = TwoWay(weights)
    assert closed.separable is not None
    np.testing.assert_allclose(closed.demean(values), closed._eliminate(values), atol=1e-12)


def test_a_stack_is_demeaned_layer_by_layer() -> None:
    values = np.random.default_rng(0).standard_normal((6, 4, 3))
    found = demean(values)
    for k in range(3):
        np.testing.assert_allclose(found[:, :, k], demean(values[:, :, k]))


def test_effects_are_counted_by_connected_parts() -> None:
    apart = np.zeros((6, 6))
    apart[:3, :3] = apart[3:, 3:] = 1.0
    assert TwoWay(apart).n_effects == 10
    assert TwoWay(np.ones((6, 4))).n_effects == 9


def test_large_levels_leave_no_dust() -> None:
    random = np.random.default_rng(1)
    seen = random.uniform(size=(40, 12)) > 0.1
    noise = random.standard_normal((40, 12))
    far = noise + 1e7 * random.standard_normal((40, 1)) + 1e7 * np.arange(12)
    np.testing.assert_allclose(demean(far, observed=seen), demean(noise, observed=seen), atol=1e-6)


@pytest.mark.parametrize("gaps", [False, True])
def test_residuals_are_apart_from_covariates(gaps: bool) -> None:
    panel = made(gaps=gaps, covariates=("x1", "x2"), weights=True)
    left = residualise(panel, panel.outcome)
    weights = np.where(panel.observed, panel.weights, 0.0)
    assert (np.isnan(left) == ~panel.observed).all()
    left = np.nan_to_num(left)
    for k in range(2):
        assert abs((weights * left * np.nan_to_num(panel.covariates[:, :, k])).sum()) < 1e-9
    np.testing.assert_allclose((weights * left).sum(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose((weights * left).sum(axis=1), 0, atol=1e-10)


def test_a_covariate_that_says_nothing_is_named() -> None:
    panel = made(gaps=False, covariates=("x1", "x2"))
    x1 = panel.covariates[:, :, 0]
    constant = np.stack([x1, np.broadcast_to(x1[:, :1], x1.shape)], axis=2)
    with pytest.raises(NotIdentified, match=r"x2.*ne change pas dans le temps") as caught:
        residualise(replace(panel, covariates=constant), panel.outcome)
    assert caught.value.problem.remedy
    twice = np.stack([x1, 3 * x1 + np.arange(x1.shape[1])], axis=2)
    with pytest.raises(NotIdentified, match=r"x2.*combinaison des autres"):
        residualise(replace(panel, covariates=twice), panel.outcome)


def test_units_seen_once_are_told() -> None:
    panel = random_panel(3)
    outcome = panel.outcome.copy()
    outcome[2, 1:] = np.nan
    np.testing.assert_array_equal(singletons(panel.with_outcome(outcome)), [2])
