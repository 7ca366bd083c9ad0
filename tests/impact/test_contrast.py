from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact import Panel
from ctgeval.impact.contrast import Contrast, paths, two_way_weights
from tests.impact.conftest import long_frame


def staggered(seed: int = 0, n: int = 12, t: int = 6, effect: float = 0.0) -> Panel:
    random = np.random.default_rng(seed)
    start = np.array([2, 3, 3, 5, *([t] * (n - 4))])
    y = random.standard_normal((n, t)) + 3 * random.standard_normal((n, 1))
    return panel(long_frame(y + effect * (np.arange(t) >= start[:, None]), start))


def panel(frame: pd.DataFrame, **options: object) -> Panel:
    arguments = {"unit": "geo", "time": "year", "outcome": "y", "treated_from": "first", **options}
    return Panel.from_frame(frame, **arguments)  # type: ignore[arg-type]


def dummies(some: Panel, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Design of the two-way regression (treatment first) and the observed rows."""
    n, t = some.outcome.shape
    unit, period = np.divmod(np.arange(n * t), t)
    design = np.column_stack([some.treatment.ravel(), np.eye(n)[unit], np.eye(t)[period][:, 1:]])
    return design[cells.ravel()], cells.ravel()


def regression(some: Panel, weights: np.ndarray | None = None) -> float:
    design, kept = dummies(some, some.observed)
    root = np.sqrt(np.ones(kept.sum()) if weights is None else weights.ravel()[kept])
    y = some.outcome.ravel()[kept]
    return float(np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0][0])


def test_two_way_contrast_is_the_regression() -> None:
    some = staggered(effect=1.0)
    contrast = Contrast.from_panel(some)
    assert contrast.exact
    assert contrast.n_cohorts == 3
    assert contrast.estimate == pytest.approx(regression(some), abs=1e-12)
    assert contrast.estimate == pytest.approx(contrast.contributions.sum())


@pytest.mark.parametrize("seed", [0, 1])
def test_an_effect_moves_scores_as_shifts_say(seed: int) -> None:
    without, with_it = (Contrast.from_panel(staggered(seed, effect=effect)) for effect in (0.0, 2.5))
    np.testing.assert_allclose(with_it.scores - 2.5 * with_it.shifts, without.scores, atol=1e-12)
    assert with_it.estimate - without.estimate == pytest.approx(2.5)


def test_gaps_keep_the_inversion_right() -> None:
    random = np.random.default_rng(3)
    some = []
    frames = [long_frame(staggered(4, effect=effect).outcome, staggered(4).start) for effect in (0.0, 1.5)]
    kept = random.random(len(frames[0])) > 0.15
    some = [Contrast.from_panel(panel(frame[kept])) for frame in frames]
    assert not some[0].exact
    np.testing.assert_allclose(some[1].scores - 1.5 * some[1].shifts, some[0].scores, atol=1e-9)
    assert some[1].estimate - some[0].estimate == pytest.approx(1.5)
    assert some[0].estimate == pytest.approx(regression(panel(frames[0][kept])), abs=0.3)


def test_weights_of_units_give_the_weighted_regression() -> None:
    random = np.random.default_rng(5)
    start = np.array([3, 3, *([6] * 8)])
    frame = long_frame(random.standard_normal((10, 6)), start)
    frame["w"] = np.repeat(random.uniform(0.5, 5, 10), 6)
    some = panel(frame, weights="w")
    contrast = Contrast.from_panel(some)
    assert contrast.estimate == pytest.approx(regression(some, some.weights))
    # What the treatment adds to contributions is the same whether seen from the residuals or from the paths.
    np.testing.assert_allclose(
        contrast.own[np.arange(10), contrast.rows], contrast.shifts[np.arange(10), contrast.rows], atol=1e-12
    )


def test_balanced_and_residual_paths_agree(make_panel: Callable[..., Panel]) -> None:
    plain = make_panel(treated=3, effect=1.0)
    frame = long_frame(plain.outcome, plain.start)
    frame["w"] = 2.0
    weighted = panel(frame, weights="w")
    first, second = Contrast.from_panel(plain), Contrast.from_panel(weighted)
    np.testing.assert_allclose(first.scores, second.scores, atol=1e-12)
    np.testing.assert_allclose(first.own, second.own, atol=1e-12)
    np.testing.assert_allclose(first.mass, second.mass, atol=1e-12)


def test_given_coefficients_and_a_coefficient_before_the_treatment(make_panel: Callable[..., Panel]) -> None:
    some = make_panel(treated=4, at=5)
    weights = np.zeros((2, 8))
    weights[0, [3, 4]] = np.array([1, -1]) / 4
    weights[1, [3, 4]] = np.array([-1, 1]) / 16
    contrast = Contrast.from_panel(some, weights)
    change = some.outcome[:, 3] - some.outcome[:, 4]
    assert contrast.estimate == pytest.approx(change[:4].mean() - change[4:].mean())
    # The treatment does not move it; tests still hold: its own effect is 1.
    assert contrast.shifts[np.arange(20), contrast.rows].sum() == pytest.approx(1.0)


def test_treated_share() -> None:
    random = np.random.default_rng(0)
    n, t = 8, 5
    share = np.zeros((n, t))
    share[0, 2:], share[1, 3:], share[2, 2:] = 0.5, 1.0, 0.5
    frame = long_frame(random.standard_normal((n, t)), np.full(n, t)).assign(d=share.ravel())
    some = Panel.from_frame(frame, unit="geo", time="year", outcome="y", treatment="d")
    found, rows = paths(some)
    assert found.shape == (3, t)
    assert not found[-1].any()
    np.testing.assert_array_equal(found[rows], share)
    assert Contrast.from_panel(some).estimate == pytest.approx(regression(some))


def test_difference_of_means() -> None:
    contrast = Contrast.from_units([3.0, 5.0, 1.0, 2.0, 3.0], [True, True, False, False, False])
    assert contrast.estimate == pytest.approx(2.0)
    assert contrast.shifts[np.arange(5), contrast.rows].sum() == pytest.approx(1.0)
    np.testing.assert_allclose(contrast.own[np.arange(5), contrast.rows], contrast.shifts[np.arange(5), contrast.rows])


@given(st.lists(st.floats(-1e6, 1e6), min_size=12, max_size=12), st.integers(0, 100))
def test_unit_and_period_effects_change_nothing(effects: list[float], seed: int) -> None:
    some = staggered(seed)
    moved = some.with_outcome(some.outcome + np.array(effects)[:, None] + np.arange(6) * 1e4)
    first, second = Contrast.from_panel(some), Contrast.from_panel(moved)
    np.testing.assert_allclose(first.scores, second.scores, atol=1e-8)


@given(st.permutations(range(12)), st.floats(0.01, 1e4))
def test_order_and_scale(order: list[int], factor: float) -> None:
    some = staggered(1)
    frame = long_frame(factor * some.outcome[order], some.start[order])
    first, second = Contrast.from_panel(some), Contrast.from_panel(panel(frame))
    np.testing.assert_allclose(second.scores, factor * first.scores[order], rtol=1e-9, atol=1e-12 * factor)
    np.testing.assert_array_equal(second.rows, first.rows[order])


def test_refusals(make_panel: Callable[..., Panel]) -> None:
    with pytest.raises(NotIdentified, match="rien à comparer"):
        Contrast.from_units([1.0, 2.0], [True, True])
    with pytest.raises(DesignError, match="1 territoire"):
        Contrast.from_units([1.0, np.nan, 3.0], [True, False, False])
    with pytest.raises(DesignError, match="2 lignes"):
        Contrast.from_panel(make_panel(), np.zeros((3, 8)))
    with pytest.raises(NotIdentified, match="effets fixes"):
        Contrast.from_panel(make_panel(n=4, treated=4))
    with pytest.raises(NotIdentified):
        two_way_weights(np.ones((2, 3)), np.array([1, 1]))
