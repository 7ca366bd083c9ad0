"""Changes against their own variability: what noise is made of, and cells that are missing, fool no test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctgeval.impact import Panel
from ctgeval.impact.studentised import studentised

PRE, T = 5, 8


def _panel(outcome: np.ndarray, treated: int) -> Panel:
    n = len(outcome)
    start = np.where(np.arange(n) < treated, PRE, T)
    return Panel(
        units=tuple(f"COM-{i:05d}" for i in range(n)),
        periods=tuple(str(2015 + k) for k in range(T)),
        times=np.arange(float(T)),
        outcome=outcome,
        start=start.astype(np.intp),
        treatment=(np.arange(T) >= start[:, None]).astype(float),
        clusters=np.arange(n, dtype=np.intp),
    )


def _lasting(random: np.random.Generator, n: int, rho: float) -> np.ndarray:
    noise = random.standard_normal((n, T))
    for k in range(1, T):
        noise[:, k] = rho * noise[:, k - 1] + np.sqrt(1 - rho**2) * noise[:, k]
    return noise


def _rejected(panels: list[Panel]) -> float:
    found = [studentised(panel, draws=499) for panel in panels]
    assert all(item is not None for item in found)
    return float(np.mean([item.p_value <= 0.05 for item in found if item is not None]))


def test_large_treated_among_small_ones_full_of_sampling_noise() -> None:
    random = np.random.default_rng(1)
    fresh = np.sqrt(np.linspace(0.05, 4, 30))[:, None]
    panels = [_panel(_lasting(random, 30, 0.8) * 0.55 + fresh * random.standard_normal((30, T)), 2) for _ in range(250)]
    assert _rejected(panels) <= 0.05


def test_a_treated_unit_seldom_seen_is_compared_with_others_seen_as_seldom() -> None:
    random = np.random.default_rng(2)
    panels = []
    for _ in range(250):
        outcome = random.standard_normal((20, T))
        outcome[0, [1, 3, 4, 6, 7]] = np.nan
        panels.append(_panel(outcome, 1))
    assert _rejected(panels) <= 0.075


def test_an_effect_is_still_found() -> None:
    random = np.random.default_rng(3)
    effect = 3.0 * (np.arange(T) >= PRE) * (np.arange(25) < 2)[:, None]
    assert _rejected([_panel(random.standard_normal((25, T)) + effect, 2) for _ in range(100)]) > 0.9


@pytest.mark.parametrize("treated", [5, 10, 15])
def test_the_larger_the_effect_the_surer_it_is_however_many_are_treated(treated: int) -> None:
    random = np.random.default_rng(6)
    noise = random.standard_normal((20, T))
    after = (np.arange(T) >= PRE) * (np.arange(20) < treated)[:, None]
    found = [studentised(_panel(noise + size * after, treated)) for size in (2.0, 20.0)]
    assert all(item is not None and item.p_value <= 0.01 for item in found)
    assert all(item is not None and np.isfinite(item.interval).all() for item in found)


def test_cells_seen_by_all_the_treated_alike_change_nothing_in_a_complete_panel() -> None:
    random = np.random.default_rng(4)
    outcome = random.standard_normal((24, T))
    whole = studentised(_panel(outcome, 2))
    without = outcome.copy()
    without[:, 3] = np.nan
    hidden = outcome.copy()
    hidden[:2, 3] = np.nan
    assert whole is not None
    left, right = studentised(_panel(hidden, 2)), studentised(_panel(without, 2))
    assert left is not None
    assert right is not None
    assert left.p_value == right.p_value
    assert left.p_value != whole.p_value


def test_treated_seen_differently_are_told_apart_and_their_order_says_nothing() -> None:
    random = np.random.default_rng(5)
    outcome = random.standard_normal((20, T))
    outcome[0, 2], outcome[1, [3, 6]] = np.nan, np.nan
    panel = _panel(outcome, 2)
    found = studentised(panel)
    assert found is not None
    assert found.minimum_p == pytest.approx(1 / (20 * 19))
    order = np.r_[1, 0, random.permutation(np.arange(2, 20))]
    moved = studentised(replace(panel, outcome=outcome[order], start=panel.start[order]))
    assert moved is not None
    assert moved.p_value == pytest.approx(found.p_value)
