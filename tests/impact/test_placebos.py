from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.impact.donors import OutcomeWeights, complete, dispersion, path
from ctgeval.impact.placebos import critical, in_space, in_time, inverted, placebo_sets, rank, synthetic
from tests.impact.synthetic_cases import factor_panel, from_arrays


@given(st.lists(st.floats(0, 100), min_size=1, max_size=60), st.sampled_from([0.8, 0.9, 0.95]))
def test_the_bar_is_where_the_rank_reaches_the_level(values: list[float], level: float) -> None:
    placebos = np.array(values)
    bar = float(critical(placebos, level=level))

    def p_value(own: float) -> float:
        return (1 + int((placebos >= own).sum())) / (1 + len(placebos))

    for own in (*values, 0.5 * max(values), 2 * max(values) + 1):
        assert (own > bar) == (p_value(own) <= 1 - level + 1e-9)


def test_the_interval_is_made_of_the_effects_that_the_rank_does_not_reject() -> None:
    panel = factor_panel(22, 15, 11, effect=2.0, seed=5)
    data = complete(panel, donors="all", method="x")
    weigh = OutcomeWeights(panel.outcome)
    scale = dispersion(panel.outcome)
    space = in_space(data, weigh, scale=scale)
    sizes = path(synthetic(data, weigh)[1], data.starts).averages(scale)
    interval, kind = inverted(sizes, space, level=0.9)
    assert kind == "constant"
    for effect in np.linspace(-10, 10, 81):
        outcome = panel.outcome.copy()
        outcome[0, 11:] -= effect
        without = complete(panel.with_outcome(outcome), donors="all", method="x")
        moved = path(synthetic(without, OutcomeWeights(outcome))[1], data.starts).averages(scale)
        # Donors are made of donors: the placebos do not move.
        accepted = rank(moved, space)[0] > 0.1
        assert accepted == (interval.low < effect < interval.high)


def test_an_effect_that_grows_leaves_no_constant_one() -> None:
    panel = factor_panel(40, 20, 12, seed=2)
    outcome = panel.outcome.copy()
    outcome[0, 12:] += 30.0 * np.arange(1, 9)
    data = complete(panel.with_outcome(outcome), donors="all", method="x")
    weigh = OutcomeWeights(outcome)
    scale = dispersion(outcome)
    sizes = path(synthetic(data, weigh)[1], data.starts).averages(scale)
    space = in_space(data, weigh, scale=scale)
    interval, kind = inverted(sizes, space, level=0.95)
    assert kind == "proportional"
    assert 0 < interval.low < sizes.effect < interval.high


@pytest.mark.parametrize(("treated", "donors", "draws"), [(1, 7, 999), (2, 6, 999), (3, 30, 200)])
def test_sets_are_distinct_and_complete_when_they_can_be(treated: int, donors: int, draws: int) -> None:
    panel = factor_panel(treated + donors, 12, 9, treated=treated)
    data = complete(panel, donors="all", method="x")
    sets, every = placebo_sets(data, draws=draws)
    known = {tuple(sorted(chosen)) for chosen in sets.tolist()}
    assert len(known) == len(sets)
    assert all(len(set(chosen)) == treated for chosen in known)
    assert every == (treated < 3)
    assert len(sets) == {1: 7, 2: 15, 3: 200}[treated]


def test_dates_go_with_the_treated_that_have_them() -> None:
    base = factor_panel(9, 12, 9, treated=0)
    start = np.array([10, 7, 7, *([12] * 6)])
    data = complete(from_arrays(base.outcome, start), donors="all", method="x")
    sets, every = placebo_sets(data)
    assert every
    assert len(sets) == 6 * 10  # one of 6 donors at 10, two of the 5 others at 7
    assert len({(chosen[0], tuple(sorted(chosen[1:]))) for chosen in sets.tolist()}) == 60


def test_false_dates_use_nothing_of_what_follows_the_action() -> None:
    panel = factor_panel(12, 16, 12, seed=1)
    outcome = panel.outcome.copy()
    outcome[:, 12:] += 1e6 * np.random.default_rng(0).standard_normal((12, 4))
    tables = [
        in_time(complete(p, donors="all", method="x"), OutcomeWeights(p.outcome), scale=1.0)
        for p in (panel, panel.with_outcome(outcome))
    ]
    assert tables[0]["shift"].tolist() == [1, 2, 3, 4, 5, 6]
    assert tables[0]["time_period"].iloc[0] == "2012"
    np.testing.assert_array_equal(tables[0]["effect"], tables[1]["effect"])
