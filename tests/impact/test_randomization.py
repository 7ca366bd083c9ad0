from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DesignError
from ctgeval.impact import Panel
from ctgeval.impact.assignments import assignments
from ctgeval.impact.contrast import Contrast, paths
from ctgeval.impact.moments import moments
from ctgeval.impact.randomization import randomization
from tests.impact.conftest import long_frame
from tests.impact.test_contrast import dummies, panel, staggered


def two_way_t(
    some: Panel, rows: np.ndarray, effect: float, clusters: np.ndarray, *, weights: np.ndarray | None = None
) -> tuple[float, float]:
    """Estimate and cluster-robust variance of a two-way regression, by hand, under an assignment."""
    path, real = paths(some)
    y = (some.outcome - effect * path[real]).ravel()
    design, _ = dummies(some, some.observed)
    design[:, 0] = path[rows].ravel()
    w = np.ones(len(y)) if weights is None else weights.ravel()
    root = np.sqrt(w)[:, None]
    beta = np.linalg.lstsq(design * root, y * root[:, 0], rcond=None)[0]
    treated = (
        design[:, 0]
        - design[:, 1:] @ np.linalg.lstsq(design[:, 1:] * root, design[:, :1] * root, rcond=None)[0].ravel()
    )
    scores = w * treated * (y - design @ beta)
    summed = np.bincount(np.repeat(clusters, some.n_periods), weights=scores)
    return float(beta[0]), float((summed**2).sum() / (w * treated**2).sum() ** 2)


def agree(some: Panel, contrast: Contrast, clusters: np.ndarray | None = None, *, effect: float = 0.7) -> None:
    drawn = assignments(contrast.rows, clusters=clusters, draws=30)
    found = moments(contrast, drawn)
    own = np.arange(some.n_units) if clusters is None else clusters
    for b in range(0, drawn.size, max(1, drawn.size // 7)):
        a, v = two_way_t(some, drawn.rows[b], effect, own, weights=some.weights)
        assert found.a[b] - effect * found.c[b] == pytest.approx(a, abs=1e-10)
        variance = found.p[b] - 2 * effect * found.q[b] + effect**2 * found.r[b]
        assert variance == pytest.approx(v, rel=1e-8)


def test_moments_are_those_of_the_regression_under_each_assignment() -> None:
    some = staggered(2, n=14)
    agree(some, Contrast.from_panel(some))


@pytest.mark.parametrize("sizes", [[2] * 6, [1, 2, 3, 3, 2, 4]])
def test_moments_with_whole_clusters(sizes: list[int]) -> None:
    clusters = np.repeat(np.arange(6), sizes)
    random = np.random.default_rng(7)
    start = np.where(clusters < 2, 3, 5)
    frame = long_frame(random.standard_normal((len(clusters), 5)), start)
    frame["c"] = np.repeat(clusters, 5)
    some = panel(frame, cluster="c")
    agree(some, Contrast.from_panel(some), clusters)


def test_moments_with_weights() -> None:
    random = np.random.default_rng(7)
    start = np.where(np.arange(12) < 3, 3, 5)
    frame = long_frame(random.standard_normal((12, 5)), start)
    frame["w"] = np.repeat(random.uniform(0.2, 4, 12), 5)
    some = panel(frame, weights="w")
    agree(some, Contrast.from_panel(some))


def test_moments_with_a_part_of_clusters() -> None:
    clusters = np.repeat(np.arange(5), [3, 3, 3, 2, 2])
    random = np.random.default_rng(9)
    start = np.where(np.isin(np.arange(13), [0, 1, 4]), 2, 5)
    frame = long_frame(random.standard_normal((13, 5)), start)
    frame["c"] = np.repeat(clusters, 5)
    some = panel(frame, cluster="c")
    agree(some, Contrast.from_panel(some), clusters)


def test_published_example_of_eight_units() -> None:
    # Cunningham (2021), Causal Inference: The Mixtape, ch. 4, data `ri`; p-value in scunning1975/mixtape#26.
    contrast = Contrast.from_units([10, 5, 16, 3, 5, 7, 8, 10], [True] * 4 + [False] * 4)
    two, up, down = (
        randomization(contrast, statistic="coefficient", alternative=side)  # type: ignore[arg-type]
        for side in ("two-sided", "greater", "less")
    )
    assert contrast.estimate == pytest.approx(1.0)
    assert (len(two.reference), two.reference[0]) == (70, pytest.approx(1.0))
    assert up.p_value == pytest.approx(30 / 70, abs=1e-12)
    assert two.p_value == pytest.approx(60 / 70, abs=1e-12)
    assert up.p_value + down.p_value == pytest.approx(1 + np.isclose(two.reference, 1.0).mean())
    # As many treated as not: an assignment and its mirror are equally far from zero.
    assert (two.minimum_p, up.minimum_p) == (pytest.approx(2 / 70), pytest.approx(1 / 70))


@pytest.mark.parametrize("statistic", ["t", "coefficient"])
@pytest.mark.parametrize(("n", "n1"), [(20, 1), (20, 3), (30, 6)])
def test_interval_holds_the_effects_that_are_not_rejected(statistic: str, n: int, n1: int) -> None:
    random = np.random.default_rng(n + n1)
    treated = np.arange(n) < n1
    contrast = Contrast.from_units(random.standard_normal(n) + treated, treated)
    found = randomization(contrast, statistic=statistic, level=0.9, draws=999)  # type: ignore[arg-type]
    low, high = found.interval
    assert low < contrast.estimate < high
    near = 1e-6 * (high - low)
    p = found.p_at(np.array([low - near, low + near, contrast.estimate, high - near, high + near]))
    assert (p[[0, 4]] <= 0.1).all()
    assert (p[1:4] > 0.1).all()
    assert p[2] == 1.0
    assert found.p_at(np.zeros(1))[0] == pytest.approx(found.p_value)
    # The effect really taken out of the data gives the same p-value as the formula.
    for tau in (low + near, 0.3):
        moved = Contrast.from_units(random.standard_normal(n) * 0 + _z(contrast) - tau * treated, treated)
        other = randomization(moved, statistic=statistic, draws=999)  # type: ignore[arg-type]
        assert other.p_value == pytest.approx(found.p_at(np.array([tau]))[0], abs=1e-12)


def _z(contrast: Contrast) -> np.ndarray:
    n1 = int(contrast.treated.sum())
    return contrast.scores[:, 0] * n1


def test_a_design_that_can_reject_nothing_says_so() -> None:
    contrast = Contrast.from_units(np.arange(10.0) ** 2, np.arange(10) == 9)
    for statistic in ("t", "coefficient"):
        found = randomization(contrast, statistic=statistic)  # type: ignore[arg-type]
        assert found.p_value == pytest.approx(0.1)
        assert found.minimum_p == pytest.approx(0.1)
        assert tuple(found.interval) == (-np.inf, np.inf)


def test_constant_outcomes_reject_nothing() -> None:
    for statistic in ("t", "coefficient"):
        found = randomization(Contrast.from_units(np.ones(20), np.arange(20) < 3), statistic=statistic)  # type: ignore[arg-type]
        assert found.p_value == 1.0


def test_strata_restrict_the_assignments() -> None:
    random = np.random.default_rng(1)
    z = random.standard_normal(24)
    strata = np.repeat([0, 1], 12)
    found = randomization(Contrast.from_units(z, np.arange(24) % 12 == 0, strata=strata))
    assert len(found.reference) == 144
    assert "144" in found.note


def test_one_sided_intervals() -> None:
    random = np.random.default_rng(1)
    treated = np.arange(25) < 3
    contrast = Contrast.from_units(random.standard_normal(25) + 2 * treated, treated)
    for statistic in ("t", "coefficient"):
        up = randomization(contrast, statistic=statistic, alternative="greater")  # type: ignore[arg-type]
        down = randomization(contrast, statistic=statistic, alternative="less")  # type: ignore[arg-type]
        assert (up.interval.high, down.interval.low) == (np.inf, -np.inf)
        assert up.p_at(np.array([up.interval.low - 1e-6]))[0] <= 0.05 < up.p_at(np.array([up.interval.low + 1e-6]))[0]
        assert up.interval.low < contrast.estimate < down.interval.high


@settings(max_examples=25)
@given(st.permutations(range(14)), st.floats(-100, 100), st.floats(0.1, 10), st.sampled_from(["t", "coefficient"]))
def test_order_constant_and_scale(order: list[int], constant: float, scale: float, statistic: str) -> None:
    z = np.random.default_rng(0).standard_normal(14)
    treated = np.arange(14) < 3
    first = randomization(Contrast.from_units(z, treated), statistic=statistic)  # type: ignore[arg-type]
    moved = Contrast.from_units(scale * z[order] + constant, treated[order])
    second = randomization(moved, statistic=statistic)  # type: ignore[arg-type]
    assert second.p_value == pytest.approx(first.p_value, abs=1e-12)
    np.testing.assert_allclose(np.array(second.interval), scale * np.array(first.interval), rtol=1e-6, atol=1e-8)


def test_large_panels_stay_small_in_memory(make_panel: Callable[..., Panel]) -> None:
    some = make_panel(n=4_000, t=4, treated=400, at=2, effect=0.5)
    found = randomization(Contrast.from_panel(some), draws=199)
    assert found.p_value == pytest.approx(1 / 200)
    assert 0.3 < found.interval.low < found.interval.high < 0.7


def test_unknown_statistic() -> None:
    with pytest.raises(DesignError, match="rang"):
        randomization(Contrast.from_units([1.0, 2, 3], [True, False, False]), statistic="rang")  # type: ignore[arg-type]


@pytest.mark.parametrize("statistic", ["t", "coefficient"])
@pytest.mark.parametrize("clusters", [None, [0, 0, 0, 1, 1, 2, 2, 2, 3]])
def test_level_is_exact_whatever_the_figures(statistic: str, clusters: list[int] | None) -> None:
    # Each assignment taken in turn for the real one: p-values at or below a level are never more than the level.
    z = np.random.default_rng(3).standard_cauchy(9)
    treated = np.isin(np.arange(9), [0, 4]) if clusters is None else np.isin(clusters, [0, 3])
    every = assignments(np.where(treated, 0, 1), clusters=clusters).rows
    p = np.array(
        [
            randomization(Contrast.from_units(z, rows == 0, clusters=clusters), statistic=statistic).p_value  # type: ignore[arg-type]
            for rows in every
        ]
    )
    for level in np.unique(p):
        assert (p <= level + 1e-12).mean() <= level + 1e-12
