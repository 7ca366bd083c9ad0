"""Comparators that never move on their own say nothing of chance: no verdict, in whichever way it would have gone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ctgeval import impact
from ctgeval.impact.panel import Floats, Panel
from ctgeval.impact.silence import silent_controls
from tests.impact.conftest import long_frame

METHODS = ("did", "imputation", "synthetic_control", "augmented_synthetic_control", "synthetic_did")


def read(outcome: Floats, first: int = 10) -> Panel:
    start = np.full(len(outcome), outcome.shape[1])
    start[0] = first
    table: pd.DataFrame = long_frame(outcome, start)
    return Panel.from_frame(table, unit="geo", time="year", outcome="y", treated_from="first")


def noisy(units: int = 25, periods: int = 14) -> Floats:
    return np.random.default_rng(2).normal(size=(units, periods))


@pytest.mark.parametrize("method", METHODS)
def test_noise_among_copied_figures_is_no_effect(method: str) -> None:
    outcome = noisy()
    outcome[1:] = 4.0 + np.sin(np.arange(14))
    outcome[0] += outcome[1]
    found = getattr(impact, method)(read(outcome))
    assert found.verdict == "non_concluant"
    assert any("exactement de la même façon" in limit for limit in found.limits)


def test_treated_that_followed_their_comparators_exactly_are_another_matter() -> None:
    outcome = np.tile(np.sin(np.arange(14.0)), (25, 1)) + np.arange(25.0)[:, None]
    outcome[0, 10:] += 3
    panel = read(outcome)
    assert not silent_controls(panel)
    found = impact.did(panel)
    assert found.estimate == pytest.approx(3)
    assert found.verdict == "amelioration"


def test_comparators_with_noise_or_gaps_are_not_silent() -> None:
    outcome = noisy()
    assert not silent_controls(read(outcome))
    outcome[1:] = 4.0
    outcome[3, 2] = np.nan
    assert silent_controls(read(outcome))
    outcome[5, 4] += 0.5
    assert not silent_controls(read(outcome))
