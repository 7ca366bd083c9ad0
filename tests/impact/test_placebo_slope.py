"""The drift that would stand out of comparators' own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from ctgeval.errors import NotIdentified
from ctgeval.impact import Panel
from ctgeval.impact.placebo_slope import placebo_slope


def slopes(panel: Panel) -> np.ndarray:
    years = np.arange(panel.n_pre)
    return np.array([np.polyfit(years, row[: panel.n_pre], 1)[0] for row in panel.outcome])


@pytest.mark.parametrize("treated", [1, 2])
def test_the_law_is_that_of_each_set_of_comparators_against_the_others(
    make_panel: Callable[..., Panel], treated: int
) -> None:
    panel = make_panel(24, 8, treated=treated)
    all_of_them = slopes(panel)
    others = all_of_them[treated:]
    expected = []
    for chosen in combinations(range(len(others)), treated):
        rest = np.delete(others, chosen)
        expected.append(others[list(chosen)].mean() - rest.mean())
    found = placebo_slope(panel)
    np.testing.assert_allclose(np.sort(found.law), np.sort(expected), atol=1e-12)
    assert found.slope == pytest.approx(all_of_them[:treated].mean() - others.mean())
    reached = np.sum(np.abs(expected) >= abs(found.slope))
    assert found.p_value == pytest.approx((1 + reached) / (1 + len(expected)))


def test_a_drift_beyond_the_threshold_is_rare_and_one_below_is_not(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(30, 8, treated=1)
    found = placebo_slope(panel)

    def drifting(slope: float) -> Panel:
        more = (slope - found.slope) * panel.treated[:, None] * np.arange(8)
        return panel.with_outcome(panel.outcome + more)

    assert placebo_slope(drifting(found.threshold * 1.001)).p_value <= 0.05
    assert placebo_slope(drifting(found.threshold * 0.999)).p_value > 0.05
    assert found.detectable_50 <= found.detectable_80
    assert np.mean(np.abs(found.law + found.detectable_80) > found.threshold) >= 0.8


def test_levels_and_common_evolutions_change_nothing(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(25, 8, treated=1)
    moved = panel.outcome + np.arange(25)[:, None] + np.sin(np.arange(8)) * 7
    first, second = placebo_slope(panel), placebo_slope(panel.with_outcome(moved))
    assert second.slope == pytest.approx(first.slope)
    assert second.threshold == pytest.approx(first.threshold)
    scaled = placebo_slope(panel.with_outcome(10 * panel.outcome))
    assert scaled.detectable_80 == pytest.approx(10 * first.detectable_80)


def test_a_gap_is_no_drift(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(25, 8, treated=1)
    steep = np.broadcast_to(5.0 * np.arange(8), (25, 8)).copy()
    steep[3, 0] = steep[0, 2] = np.nan
    found = placebo_slope(panel.with_outcome(steep))
    assert found.slope == pytest.approx(0, abs=1e-9)
    assert np.abs(found.law).max() == pytest.approx(0, abs=1e-9)


def test_too_few_placebos_or_periods_give_a_reason(make_panel: Callable[..., Panel]) -> None:
    few = placebo_slope(make_panel(15, 8, treated=1))
    assert np.isnan(few.threshold)
    assert "14 placebos" in few.reason
    assert 0 < few.p_value <= 1
    short = placebo_slope(make_panel(25, 4, treated=1, at=1))
    assert np.isnan(short.slope)
    assert "deux périodes" in short.reason
    most = placebo_slope(make_panel(10, 8, treated=8))
    assert "Trop peu de comparateurs" in most.reason


def test_nobody_treated_is_refused(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(10, 8, treated=1)
    with pytest.raises(NotIdentified):
        placebo_slope(panel.with_start(np.full(10, 8)))
