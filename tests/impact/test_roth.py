"""The pre-trend test, its power and the bias of what passed it: a published example, simulation, refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact import Panel, event_study, pre_trends
from ctgeval.impact.truncated import box

# Event study of He and Wang (2017), figure 2C, as shipped with the package pretrends for Stata (its own example), with
# the results of its README: times -4 to 3, reference -1.
HE_WANG = np.array([0.0667031482, -0.0077017923, -0.0307690538, 0.084030658, 0.2424418181, 0.2198789865, 0.1910925359])
HE_WANG_COVARIANCE = np.array(
    [
        [0.0089065712, 0.0044883136, 0.0014587025, 0.0012157689, 0.0020327645, 0.0013225015, 0.0019617728],
        [0.0044883136, 0.0059369169, 0.0027500791, 0.0013505858, 0.0014315459, 0.0012067792, 0.0013847158],
        [0.0014587025, 0.0027500791, 0.0030386248, 0.0009056166, 0.0006791299, 0.0010167636, 0.0007090144],
        [0.0012157689, 0.0013505858, 0.0009056166, 0.0039247409, 0.0025961180, 0.0017326149, 0.0022345525],
        [0.0020327645, 0.0014315459, 0.0006791299, 0.0025961180, 0.0080658970, 0.0058753751, 0.0037414359],
        [0.0013225015, 0.0012067792, 0.0010167636, 0.0017326149, 0.0058753751, 0.0078815790, 0.0036507095],
        [0.0019617728, 0.0013847158, 0.0007090144, 0.0022345525, 0.0037414359, 0.0036507095, 0.0097884266],
    ]
)


def test_he_and_wang_as_published() -> None:
    found = pre_trends(coefficients=HE_WANG, covariance=HE_WANG_COVARIANCE, n_pre=3, n_post=4)
    assert found.detectable_slope_50 == pytest.approx(0.0520662478, abs=3e-6)
    half = found.conditional_bias.query("power == 0.5")
    assert half["bias"].tolist() == pytest.approx([0.0520662, 0.1041325, 0.1561987, 0.208265], abs=1e-5)
    assert half["conditional_bias"].tolist() == pytest.approx([0.0649147, 0.1208691, 0.1694932, 0.2245753], abs=3e-5)
    assert found.significant == 0
    assert found.valid


def test_slopes_have_the_power_that_is_told() -> None:
    found = pre_trends(coefficients=HE_WANG, covariance=HE_WANG_COVARIANCE, n_pre=3, n_post=4)
    before = HE_WANG_COVARIANCE[:3, :3]
    noise = np.random.default_rng(1).multivariate_normal(np.zeros(3), before, 200_000)
    inverse = np.linalg.inv(before)
    for power, alone, joint in (
        (0.5, found.detectable_slope_50, found.wald_slope_50),
        (0.8, found.detectable_slope_80, found.wald_slope_80),
    ):
        drawn = noise + alone * np.array([-3, -2, -1])
        seen = (np.abs(drawn) > 1.959964 * np.sqrt(np.diagonal(before))).any(axis=1).mean()
        assert seen == pytest.approx(power, abs=0.004)
        drawn = noise + joint * np.array([-3, -2, -1])
        assert (np.einsum("nd,de,ne->n", drawn, inverse, drawn) > 7.8147279).mean() == pytest.approx(power, abs=0.004)


def test_the_box_agrees_with_brute_force_far_from_its_centre() -> None:
    before, mean = HE_WANG_COVARIANCE[:3, :3], np.array([-0.3, -0.2, -0.1])
    half = 1.96 * np.sqrt(np.diagonal(before))
    drawn = np.random.default_rng(0).multivariate_normal(mean, before, 400_000)
    inside = (np.abs(drawn) < half).all(axis=1)
    probability, kept = box(mean, before, half)
    assert probability == pytest.approx(inside.mean(), abs=6e-4)
    assert kept == pytest.approx(drawn[inside].mean(axis=0), abs=3e-3)
    assert box(100 * mean, before, half)[0] == pytest.approx(0, abs=1e-12)


def test_scaling_scales() -> None:
    one = pre_trends(coefficients=HE_WANG, covariance=HE_WANG_COVARIANCE, n_pre=3, n_post=4)
    many = pre_trends(coefficients=1e6 * HE_WANG, covariance=1e12 * HE_WANG_COVARIANCE, n_pre=3, n_post=4)
    assert many.p_value == pytest.approx(one.p_value)
    assert many.detectable_slope_80 == pytest.approx(1e6 * one.detectable_slope_80, rel=1e-5)


def test_many_periods_look_significant_without_any_drift() -> None:
    found = pre_trends(coefficients=np.zeros(31), covariance=np.eye(31), n_pre=30, n_post=1)
    assert np.isnan(found.detectable_slope_50)
    assert any("Sans aucune dérive" in limit for limit in found.limits)
    assert found.detectable_slope_80 > 0


def test_an_event_study_and_its_arrays_say_the_same(make_panel: Callable[..., Panel]) -> None:
    result = event_study(make_panel(40, 8, treated=15))
    found = pre_trends(result)
    arrays = pre_trends(
        coefficients=result.details["coefficients"], covariance=result.details["covariance"], n_pre=4, n_post=3
    )
    assert found.detectable_slope_80 == pytest.approx(arrays.detectable_slope_80)
    assert found.n_pre == 4
    assert "Avant l’action" in found.text()
    assert found.to_dict()["how"] == "wald"


def test_a_drift_in_the_data_is_seen(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(60, 8, treated=20)
    drift = panel.outcome + 2.0 * panel.treated[:, None] * np.arange(8)
    found = pre_trends(event_study(panel.with_outcome(drift)))
    assert found.p_value < 0.001
    assert "n’étaient pas parallèles" in found.text()


def test_one_treated_unit_is_judged_by_its_comparators(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(25, 8, treated=1)
    result = event_study(panel)
    alone, placebos = pre_trends(result), pre_trends(result, panel=panel)
    assert not alone.valid
    assert np.isnan(alone.p_value)
    assert np.isnan(alone.detectable_slope_80)
    assert any("dégénérée" in limit for limit in alone.limits)
    assert placebos.how == "placebos"
    assert placebos.detectable_slope_80 > 0
    assert placebos.conditional_bias.empty
    assert "par période" in placebos.text()


def test_what_cannot_be_tested_is_refused() -> None:
    with pytest.raises(NotIdentified, match="avant la période de référence"):
        pre_trends(coefficients=[1.0], covariance=[[1.0]], n_pre=0, n_post=1)
    with pytest.raises(DesignError, match="Il manque"):
        pre_trends()
    with pytest.raises(DesignError, match="niveau de confiance"):
        pre_trends(coefficients=HE_WANG, covariance=HE_WANG_COVARIANCE, n_pre=3, n_post=4, level=95)
