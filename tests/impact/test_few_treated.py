from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DesignError
from ctgeval.impact import Panel, tested
from ctgeval.impact.contrast import Contrast
from ctgeval.impact.few_treated import collapsed, collapsed_outcome, conley_taber, ferman_pinto
from ctgeval.impact.randomization import randomization
from tests.impact.conftest import long_frame
from tests.impact.test_contrast import panel, staggered

TESTS: tuple[Callable[[Contrast], tested.Tested], ...] = (collapsed, conley_taber, ferman_pinto)


def units(n: int = 20, n1: int = 2, seed: int = 0, *, effect: float = 0.0, **options: object) -> Contrast:
    random = np.random.default_rng(seed)
    treated = np.arange(n) < n1
    population = np.exp(random.uniform(6, 11, n))
    z = random.standard_normal(n) * np.sqrt(0.2 + 5_000 / population) + effect * treated
    return Contrast.from_units(z, treated, population=population, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("log", "detrend", "estimate", "std_error", "p", "permuted"),
    [
        (True, False, -0.422175, 0.120800, 0.00125, 1 / 39),
        (True, True, -0.226989, 0.094069, 0.0209, 2 / 39),
        (False, False, -27.349111, 17.280813, 0.122, 5 / 39),
    ],
)
def test_proposition_99(
    real_data: Path, *, log: bool, detrend: bool, estimate: float, std_error: float, p: float, permuted: float
) -> None:
    # Lee and Wooldridge (2025), table of one treated state: exact t. Their randomisation p-values (0.030, 0.058, 0.149)
    # are sampled with replacement; those of all 39 assignments are given here.
    frame = pd.read_csv(real_data / "impact" / "california_prop99.csv", sep=";")
    frame["first"] = np.where(frame.State == "California", 1989, np.nan)
    frame["y"] = np.log(frame.PacksPerCapita) if log else frame.PacksPerCapita
    some = Panel.from_frame(frame, unit="State", time="Year", outcome="y", treated_from="first")
    contrast = Contrast.from_units(collapsed_outcome(some, detrend=detrend), some.treated)
    found = collapsed(contrast)
    assert contrast.estimate == pytest.approx(estimate, abs=1e-6)
    assert found.std_error == pytest.approx(std_error, abs=1e-6)
    assert found.p_value == pytest.approx(p, rel=5e-3)
    assert randomization(contrast, statistic="coefficient").p_value == pytest.approx(permuted, abs=1e-12)
    if not detrend:
        assert Contrast.from_panel(some).estimate == pytest.approx(estimate, abs=1e-6)
        assert collapsed(Contrast.from_panel(some)).std_error == pytest.approx(std_error, abs=1e-6)


def test_collapsed_is_the_pooled_two_sample_test() -> None:
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(1)
    z = random.standard_normal(15)
    found = collapsed(Contrast.from_units(z, np.arange(15) < 4), level=0.9)
    known = stats.ttest_ind(z[:4], z[4:])
    assert found.p_value == pytest.approx(known.pvalue, abs=1e-12)
    assert tuple(found.interval) == pytest.approx(tuple(known.confidence_interval(0.9)))


def test_clusters_are_the_observations() -> None:
    random = np.random.default_rng(2)
    z = random.standard_normal(24)
    clusters = np.repeat(np.arange(8), 3)
    by_unit = Contrast.from_units(z, clusters < 2, clusters=clusters)
    by_cluster = Contrast.from_units(z.reshape(8, 3).mean(axis=1), np.arange(8) < 2)
    for test in (collapsed, conley_taber):
        first, second = test(by_unit), test(by_cluster)
        assert first.p_value == pytest.approx(second.p_value, abs=1e-12)
        assert first.std_error == pytest.approx(second.std_error)


def test_several_dates() -> None:
    some = staggered(3, n=30)
    found = collapsed(Contrast.from_panel(some))
    contrast = Contrast.from_panel(some)
    controls = contrast.scores[~contrast.treated]
    spread = controls.var(axis=0, ddof=1)
    assert found.std_error == pytest.approx(np.sqrt(spread[contrast.rows].sum()))
    for test in (conley_taber, collapsed):
        moved = Contrast.from_panel(some.with_outcome(some.outcome - 0.4 * some.treatment))
        assert test(moved).p_value == pytest.approx(test(contrast).p_at(np.array([0.4]))[0])


def test_conley_taber_enumerates_and_widens() -> None:
    contrast = units(12, 2)
    noise = contrast.scores[2:, 0] - contrast.scores[2:, 0].mean()
    law = np.add.outer(noise, noise).ravel()
    raw, found = conley_taber(contrast, correction=False), conley_taber(contrast)
    np.testing.assert_allclose(np.sort(raw.reference), np.sort(law))
    assert raw.p_value == pytest.approx((1 + (np.abs(law) >= abs(contrast.estimate)).sum()) / 101)
    np.testing.assert_allclose(found.reference, raw.reference * np.sqrt((1 + 2 / 10) * 10 / 9))
    assert found.minimum_p == pytest.approx(1 / 101)


def test_ferman_pinto_sees_that_a_small_unit_varies_more() -> None:
    random = np.random.default_rng(4)
    population = np.exp(np.linspace(np.log(500), np.log(200_000), 60))
    z = random.standard_normal(60) * np.sqrt(0.2 + 5_000 / population)
    small, large = (
        ferman_pinto(Contrast.from_units(z, np.arange(60) == place, population=population)) for place in (0, 59)
    )
    assert small.std_error > 2 * large.std_error
    alike = Contrast.from_units(z, np.arange(60) == 0, population=np.full(60, 1_000.0))
    assert ferman_pinto(alike).p_value == pytest.approx(conley_taber(alike).p_value, abs=1e-12)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("n1", [1, 2, 5])
def test_interval_holds_the_effects_that_are_not_rejected(test: Callable[..., tested.Tested], n1: int) -> None:
    contrast = units(25, n1, effect=1.0)
    found = test(contrast, level=0.9)
    low, high = found.interval
    near = 1e-6 * (high - low)
    p = found.p_at(np.array([low - near, low + near, contrast.estimate, high - near, high + near]))
    assert (p[[0, 4]] <= 0.1 + 1e-9).all()
    assert (p[1:4] > 0.1).all()
    assert found.p_at(np.zeros(2))[0] == found.p_value


@settings(max_examples=25)
@given(st.permutations(range(14)), st.floats(-100, 100), st.floats(0.1, 10), st.sampled_from(range(3)))
def test_order_constant_and_scale(order: list[int], constant: float, scale: float, which: int) -> None:
    random = np.random.default_rng(0)
    z, population, treated = random.standard_normal(14), random.uniform(1, 9, 14), np.arange(14) < 2
    first = TESTS[which](Contrast.from_units(z, treated, population=population))
    moved = Contrast.from_units(scale * z[order] + constant, treated[order], population=population[order])
    second = TESTS[which](moved)
    assert second.p_value == pytest.approx(first.p_value, abs=1e-9)
    np.testing.assert_allclose(np.array(second.interval), scale * np.array(first.interval), rtol=1e-9, atol=1e-9)


def test_what_cannot_be_tested_is_nan_with_a_reason() -> None:
    two = Contrast.from_units([1.0, 2.0], [True, False], population=[1.0, 1.0])
    constant = Contrast.from_units([3.0, 1, 1, 1, 1], [True, *[False] * 4], population=np.ones(5))
    for contrast in (two, constant):
        for test in TESTS:
            found = test(contrast)
            assert np.isnan([found.p_value, found.std_error, *found.interval, found.minimum_p]).all()
            assert found.note
            assert np.isnan(found.p_at(np.zeros(3))).all()


def test_populations_are_needed() -> None:
    contrast = Contrast.from_units([1.0, 2, 3, 5], [True, False, False, False])
    with pytest.raises(DesignError, match="manque pour 4"):
        ferman_pinto(contrast)
    with pytest.raises(DesignError, match="manque pour 1"):
        ferman_pinto(Contrast.from_units([1.0, 2, 3], [True, False, False], population=[10, 0, 5]))


def test_collapsed_outcome_with_gaps_and_refusals() -> None:
    start = np.array([3, 6, 6, 6])
    y = np.array([[1.0, 2, 3, 9, 10, 11]] * 4) + np.arange(4)[:, None]
    full = long_frame(y, start)
    some = panel(full.drop(index=[1]))
    np.testing.assert_allclose(collapsed_outcome(some), [8.0, 8.0, 8.0, 8.0])
    np.testing.assert_allclose(collapsed_outcome(some, detrend=True), [5.0] * 4)
    with pytest.raises(DesignError, match=r"COM-00001.*2 avant"):
        collapsed_outcome(panel(full.drop(index=[0, 1])), detrend=True)
    with pytest.raises(DesignError, match="3 dates"):
        collapsed_outcome(staggered())
