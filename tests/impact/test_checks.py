from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from ctgeval.impact import Panel
from ctgeval.impact.checks import check_comparators, check_leave_one_out, check_pre_trends, figure, gap
from ctgeval.impact.pretrends import PreTrend, pre_trend, wald
from ctgeval.impact.projection import demean

Make = Callable[..., Panel]


def drifting(make_panel: Make, slope: float, **options: int) -> Panel:
    panel = make_panel(**options)
    return panel.with_outcome(panel.outcome + slope * panel.treated[:, None] * np.arange(panel.n_periods))


def test_wald_is_fisher() -> None:
    # Two independent estimates of squared t 3 and 4; the law of F(2, v) has a closed form.
    statistic, p_value = wald(np.array([np.sqrt(3.0), 4.0]), np.diag([1.0, 4.0]), 30.0)
    assert statistic == pytest.approx(3.5)
    assert p_value == pytest.approx((1 + 2 * 3.5 / 30) ** -15)
    assert np.isnan(wald(np.ones(2), np.ones((2, 2)), 30.0)).all()


def test_few_treated_are_judged_by_all_assignments(make_panel: Make) -> None:
    panel = make_panel(n=12, t=8, treated=2, at=4, seed=3)
    found = pre_trend(panel)
    assert found.how == "permutation"
    left = demean(panel.outcome[:, :4])[:, :3]
    inverse = np.linalg.inv(left.T @ left / 12)
    law = []
    for pair in combinations(range(12), 2):
        gap = left[list(pair)].mean(axis=0) - np.delete(left, pair, axis=0).mean(axis=0)
        law.append(gap @ inverse @ gap)
    assert found.statistic == pytest.approx(law[0])
    assert found.p_value == pytest.approx(np.mean(np.array(law) >= law[0] * (1 - 1e-9)))
    assert found.minimum_p == pytest.approx(1 / 66)


def test_a_drift_is_found_and_told(make_panel: Make) -> None:
    panel = drifting(make_panel, 2.0, n=30, t=8, treated=2, at=5)
    found = pre_trend(panel)
    assert found.p_value < 0.05
    assert found.slope == pytest.approx(2.0, abs=0.5)
    check = check_pre_trends(panel, found)
    assert check.passed is False
    assert "différaient déjà" in check.text


def test_the_drift_that_would_be_missed_is_told(make_panel: Make) -> None:
    panel = make_panel(n=30, t=8, treated=2, at=5, seed=4)
    found = pre_trend(panel)
    slopes = np.polyfit(np.arange(5), panel.outcome[:, :5].T, 1)[0]
    noise = slopes[2:].std(ddof=1)
    # Bloom 1995: multiple t(.975, 28) + t(.8, 28).
    assert found.detectable_slope == pytest.approx((2.048407 + 0.854647) * noise * np.sqrt(1 / 2 + 1 / 28), rel=1e-5)
    assert found.slope == pytest.approx(slopes[:2].mean() - slopes[2:].mean())
    check = check_pre_trends(panel, found)
    assert check.passed is True
    assert "passé inaperçu" in check.text


def test_nothing_is_said_of_a_single_period_or_of_too_few_units(make_panel: Make) -> None:
    single = make_panel(n=30, t=3, treated=2, at=1)
    assert check_pre_trends(single, pre_trend(single)).passed is None
    few = make_panel(n=10, t=8, treated=1, at=5)
    check = check_pre_trends(few, pre_trend(few))
    assert check.passed is None
    assert "trop peu de territoires" in check.text


def test_flat_outcomes_have_nothing_to_compare(make_panel: Make) -> None:
    panel = make_panel(n=30, t=8, treated=2, at=5)
    flat = panel.with_outcome(np.zeros((30, 8)))
    found = pre_trend(flat)
    assert np.isnan(found.p_value)
    assert check_pre_trends(flat, found).passed is None


@pytest.mark.parametrize("clustered", [False, True])
def test_gaps_and_clusters_are_accepted(make_panel: Make, clustered: bool) -> None:
    panel = make_panel(n=40, t=8, treated=8, at=5)
    outcome = panel.outcome.copy()
    outcome[np.random.default_rng(0).uniform(size=outcome.shape) < 0.1] = np.nan
    panel = panel.with_outcome(outcome)
    if clustered:
        panel = replace(panel, clusters=np.arange(40) // 2)
    found = pre_trend(panel)
    assert 0 < found.p_value <= 1
    assert np.isfinite(found.detectable_slope)


def test_the_level_of_a_test_by_permutation(make_panel: Make) -> None:
    rejected = [
        pre_trend(make_panel(n=24, t=8, treated=3, at=5, seed=s), draws=199).p_value <= 0.05 for s in range(200)
    ]
    assert 0.01 <= np.mean(rejected) <= 0.10


def test_comparators_alike(make_panel: Make) -> None:
    panel = make_panel(n=20, population=np.linspace(1000, 2000, 20)[::-1].copy())
    check = check_comparators(replace(panel, population=np.full(20, 1500.0)))
    assert check.passed is True
    assert "Population moyenne : 1\u202f500" in check.text.replace("\u00a0", " ")


def test_smaller_or_apart_comparators_fail(make_panel: Make) -> None:
    panel = make_panel(n=20, population=np.linspace(100, 2000, 20))
    check = check_comparators(panel)
    assert check.passed is False
    assert "plus petits que les trois quarts" in check.text
    larger = check_comparators(replace(panel, population=np.linspace(2000, 100, 20)))
    assert larger.passed is False
    assert "plus peuplés que tous" in larger.text
    outcome = panel.outcome.copy()
    outcome[0] += 100
    apart = check_comparators(make_panel(n=20).with_outcome(outcome))
    assert apart.passed is False
    assert "aussi élevé" in apart.text
    assert "ne sont pas connues" in apart.text


def test_one_comparator_is_nothing_to_compare(make_panel: Make) -> None:
    assert check_comparators(make_panel(n=2)).passed is None


def test_leave_one_out_looks_at_the_sign() -> None:
    table = pd.DataFrame({"unit": ["a", "b", "c"], "estimate": [1.0, 2.0, np.nan]})
    assert check_leave_one_out(table, 1.5, "places").passed is True
    assert check_leave_one_out(table.assign(estimate=[1.0, -0.1, 2.0]), 1.0, "places").passed is False
    assert check_leave_one_out(table.iloc[:0], 1.0, "places") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234.5, "1 235"), (12.34, "12"), (1.234, "1,2"), (0.01234, "0,012"), (0.0, "0"), (-3.21, "−3,2")],
)
def test_figures_keep_two_digits(value: float, text: str) -> None:
    assert figure(value, "").replace("\u202f", " ") == text


def test_a_pre_trend_is_plain_values() -> None:
    assert PreTrend(how="none", n_periods=1).how == "none"


def test_a_difference_between_percentages_is_in_points(make_panel: Make) -> None:
    assert gap(0.92, "%") == "0,92\u202fpoint".replace("\u202f", "\u00a0")
    assert gap(2.4, "places") == figure(2.4, "places")
    panel = replace(make_panel(n=24, t=8, treated=1, at=5, seed=1), unit_label="%")
    found = check_pre_trends(panel, pre_trend(panel))
    left_out = check_leave_one_out(pd.DataFrame({"estimate": [2.4, 2.6]}), 2.5, "%")
    assert left_out is not None
    for text in (found.text, left_out.text):
        assert "point" in text
        assert "%" not in text


def test_an_estimate_that_no_comparator_moves_stays_where_it_is() -> None:
    found = check_leave_one_out(pd.DataFrame({"estimate": [23.04, 23.11]}), 23.1, "places")
    assert found is not None
    assert "l’écart reste de 23\u00a0places" in found.text
