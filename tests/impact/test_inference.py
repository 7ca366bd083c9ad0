from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DesignError, TooFewUnits
from ctgeval.impact import Panel, did, event_study, group_time, imputation
from ctgeval.impact.inference import infer
from ctgeval.impact.situation import situation
from ctgeval.impact.studentised import studentised
from tests.impact.conftest import long_frame

Maker = Callable[..., Panel]


def estimate(panel: Panel) -> float:
    after = np.arange(panel.n_periods) >= panel.cohorts[0]
    change = panel.outcome[:, after].mean(axis=1) - panel.outcome[:, ~after].mean(axis=1)
    return float(change[panel.treated].mean() - change[~panel.treated].mean())


def test_few_treated_are_tested_by_collapsing_and_permuting(make_panel: Maker) -> None:
    panel = make_panel(20, treated=1, population=np.full(20, 900.0))
    found = infer(panel, estimate=estimate(panel))
    assert found.code == "collapsed+permutation_coefficient"
    assert found.p_value == max(test["p_value"] for test in found.details["tests"] if test["decides"])
    assert found.minimum_p == pytest.approx(1 / 20)
    assert found.conclusive
    assert any("territoire" in step for step in found.steps)


def test_unknown_populations_are_treated_as_unequal(make_panel: Maker) -> None:
    panel = make_panel(20, treated=1)
    found = infer(panel, estimate=estimate(panel))
    assert found.code == "studentised"
    assert any("ne sont pas connues" in step for step in found.steps)
    assert not infer(make_panel(15, treated=3), estimate=0.0).conclusive


def test_unequal_populations_call_for_ferman_pinto(make_panel: Maker) -> None:
    people = np.exp(np.linspace(1, 4, 24))
    people[[0, 12]] = people[[12, 0]]
    panel = make_panel(24, treated=1, population=people)
    assert infer(panel, estimate=0.0).code == "studentised+ferman_pinto"
    smallest = make_panel(24, treated=1, population=np.exp(np.linspace(1, 4, 24)))
    found = infer(smallest, estimate=0.0)
    assert not found.conclusive
    assert any("plus petit" in limit for limit in found.limits)


@pytest.mark.parametrize(
    ("n", "treated", "code"),
    [(30, 3, "studentised"), (30, 5, "studentised"), (15, 6, "studentised")],
)
def test_three_to_five_treated_are_permuted(make_panel: Maker, n: int, treated: int, code: str) -> None:
    found = infer(make_panel(n, treated=treated), estimate=0.0)
    assert found.code == code
    wild = [test for test in found.details["tests"] if test["test"] == "wild"]
    assert wild
    assert not wild[0]["decides"]


def test_treated_that_miss_half_their_periods_must_stand_out_by_size_too(make_panel: Maker) -> None:
    panel = make_panel(20, treated=3, population=np.full(20, 1e4))
    assert infer(panel, estimate=0.0).code == "permutation"
    outcome = panel.outcome.copy()
    outcome[8, [1, 3, 4, 6]] = np.nan
    outcome[0, [1, 3, 6]] = np.nan
    assert infer(panel.with_outcome(outcome), estimate=0.0).code == "permutation"
    outcome[0, 4] = np.nan
    found = infer(panel.with_outcome(outcome), estimate=0.0)
    assert found.code == "permutation+permutation_coefficient"
    assert any("la moitié des périodes" in step for step in found.steps)


def test_cluster_errors_never_decide_alone(make_panel: Maker) -> None:
    panel = make_panel(40, treated=8)
    found = infer(panel, estimate=estimate(panel), cluster=(0.01, 39.0))
    assert found.code.startswith("cluster+permutation")
    assert found.p_value > 0.01, "a standard error ten times too small must not carry the verdict"


def test_cluster_errors_with_one_treated_unit_are_an_error_that_explains(make_panel: Maker) -> None:
    panel = make_panel(20, treated=1)
    with pytest.raises(TooFewUnits) as caught:
        did(panel, inference="cluster")
    assert "1 territoire" in str(caught.value)
    assert "allow_invalid" in str(caught.value)
    marked = did(panel, inference="cluster", allow_invalid=True)
    assert not marked.valid
    assert marked.verdict == "non_evaluable"
    assert any("hasard" in limit for limit in marked.limits)


def test_unknown_tests_are_refused_with_the_near_ones(make_panel: Maker) -> None:
    with pytest.raises(DesignError, match="permutation"):
        infer(make_panel(20), estimate=0.0, asked="permutations")
    with pytest.raises(DesignError, match="population"):
        infer(make_panel(20), estimate=0.0, asked="ferman_pinto")
    with pytest.raises(TooFewUnits, match="sauvage"):
        infer(make_panel(20), estimate=0.0, asked="wild")


def test_one_cluster_of_several_units_never_concludes(make_panel: Maker) -> None:
    panel = make_panel(24, treated=3, effect=50.0)
    together = Panel(**{**vars_of(panel), "clusters": np.arange(24) // 3})
    result = did(together)
    assert result.verdict == "non_concluant"
    assert any("un seul groupe" in limit for limit in result.limits)


def vars_of(panel: Panel) -> dict[str, object]:
    names = ("units", "periods", "times", "outcome", "start", "treatment", "population", "unit_label", "label")
    return {name: getattr(panel, name) for name in names}


def test_a_design_that_can_t_show_anything_says_so(make_panel: Maker) -> None:
    facts = situation(make_panel(10, treated=1))
    assert facts.minimum_p == pytest.approx(0.1)
    assert facts.mde == np.inf
    assert not facts.conclusive
    assert "10 endroits" in facts.reasons[0]
    assert not situation(make_panel(10, treated=2)).conclusive


def test_the_situation_ignores_what_happened_to_the_treated(make_panel: Maker) -> None:
    plain, moved = make_panel(30, treated=2), make_panel(30, treated=2, effect=9.0)
    assert situation(plain) == situation(moved)


def test_the_number_of_assignments_counts_dates_and_strata(make_panel: Maker) -> None:
    panel = make_panel(12, treated=3)
    assert situation(panel).n_assignments == 220
    dated = panel.with_start(np.array([4, 5, 5] + [8] * 9))
    assert situation(dated).n_assignments == 220 * 3


def test_studentised_changes_hold_their_level_whatever_the_variance(make_panel: Maker) -> None:
    low = 0
    for seed in range(150):
        panel = make_panel(20, treated=1, seed=seed)
        scaled = panel.with_outcome(panel.outcome * np.where(np.arange(20) == 0, 6.0, 1.0)[:, None])
        found = studentised(scaled)
        assert found is not None
        low += found.p_value <= 0.05
    assert low / 150 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)


def test_studentised_interval_agrees_with_its_p_value(make_panel: Maker) -> None:
    found = studentised(make_panel(25, treated=2, effect=3.0))
    assert found is not None
    low, high = found.interval
    inside, outside = np.array([low + 1e-3, high - 1e-3]), np.array([low - 1e-2, high + 1e-2])
    assert (found.p_at(inside) > 0.05).all()
    assert (found.p_at(outside) <= 0.05).all()
    assert (found.p_value <= 0.05) == (not low <= 0 <= high)


def test_one_period_on_each_side_has_no_variability_of_its_own(make_panel: Maker) -> None:
    panel = make_panel(24, t=2, at=1, treated=1)
    assert studentised(panel) is None
    assert not infer(panel, estimate=0.0).conclusive


@settings(max_examples=15)
@given(st.floats(0.1, 50), st.floats(-100, 100), st.integers(0, 10_000))
def test_units_and_scale_change_nothing(scale: float, shift: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    y = random.standard_normal((20, 6))
    start = np.where(np.arange(20) < 2, 4, 6)

    def tested(outcome: np.ndarray) -> tuple[float, float, float]:
        panel = Panel(
            units=tuple(f"u{i:02d}" for i in range(20)),
            periods=tuple("abcdef"),
            times=np.arange(6.0),
            outcome=outcome,
            start=start,
            treatment=(np.arange(6) >= start[:, None]).astype(float),
            clusters=np.arange(20),
        )
        found = infer(panel, estimate=estimate(panel))
        return found.p_value, found.interval.low, found.interval.high

    p, low, high = tested(y)
    other = tested(scale * (y + random.standard_normal((20, 1))) + shift)
    assert other[0] == pytest.approx(p, abs=1e-9)
    assert other[1] == pytest.approx(scale * low, rel=1e-4, abs=1e-4 * scale)
    assert other[2] == pytest.approx(scale * high, rel=1e-4, abs=1e-4 * scale)


def test_a_comparator_without_a_value_on_one_side_is_named_not_dropped_silently(make_panel: Maker) -> None:
    panel = make_panel(24, treated=1, effect=2.0)
    outcome = panel.outcome.copy()
    outcome[7, 5:] = np.nan
    found = infer(panel.with_outcome(outcome), estimate=2.0)
    assert found.code == "studentised"
    assert any("COM-00008" in step for step in found.steps)
    assert found.minimum_p == pytest.approx(1 / 23)
    missing = panel.outcome.copy()
    missing[0, 5:] = np.nan
    assert studentised(panel.with_outcome(missing)) is None


def test_the_change_that_is_studentised_is_the_one_estimated(make_panel: Maker) -> None:
    panel = make_panel(30, treated=1, seed=4)
    last = np.zeros((2, 8))
    last[0, [4, 5, 6, 7]] = [-1, 1 / 3, 1 / 3, 1 / 3]
    last[1] = -last[0] / 29
    found, plain = studentised(panel, weights=last), studentised(panel)
    assert found is not None
    assert plain is not None
    assert found.p_value != plain.p_value
    assert found.interval.low < float(panel.outcome[0] @ last[0]) - float(panel.outcome[1:].mean(axis=0) @ last[0])


def test_formulas_that_ignore_time_or_few_clusters_give_no_verdict(make_panel: Maker) -> None:
    panel = make_panel(40, treated=8, effect=9.0)
    for asked in ("iid", "hc1", "hc3", "cluster"):
        result = did(panel, inference=asked)
        assert result.valid
        assert result.verdict == "non_concluant"
        assert result.limits
    assert did(make_panel(60, treated=25, effect=9.0), inference="cluster").verdict == "amelioration"


def test_equal_variance_tests_conclude_only_where_variances_are_known_to_be_equal(make_panel: Maker) -> None:
    unknown = make_panel(30, treated=2, effect=9.0)
    known = make_panel(30, treated=2, effect=9.0, population=np.full(30, 900.0))
    for asked in ("collapsed", "permutation_coefficient", "conley_taber"):
        assert did(unknown, inference=asked).verdict == "non_concluant"
        assert did(known, inference=asked).verdict == "amelioration"


def test_masked_cells_hold_back_a_verdict_that_their_bounds_would_undo() -> None:
    random = np.random.default_rng(0)
    y = 10 + 0.1 * random.standard_normal((20, 8))
    y[0, 5:] += 2
    start = np.where(np.arange(20) < 1, 5, 8)
    low, high = y.copy(), y.copy()
    low[9, 5:], high[9, 5:] = 6.0, 14.0
    y[9, 5:] = 10.0
    panel = Panel(
        units=tuple(f"u{i:02d}" for i in range(20)),
        periods=tuple(str(2015 + k) for k in range(8)),
        times=np.arange(8.0),
        outcome=y,
        start=start,
        treatment=(np.arange(8) >= start[:, None]).astype(float),
        clusters=np.arange(20),
        low=low,
        high=high,
        population=np.full(20, 900.0),
    )
    result = did(panel)
    assert result.p_value <= 0.05
    assert result.verdict == "non_concluant"
    assert any("bornes" in limit for limit in result.limits)


@pytest.mark.parametrize("effect", [0.0, -1.0, np.inf, np.nan])
def test_a_minimum_effect_is_a_number_above_zero(make_panel: Maker, effect: float) -> None:
    with pytest.raises(DesignError, match="au-dessus de zéro"):
        did(make_panel(20), minimum_effect=effect)


def test_no_verdict_without_any_bound_and_no_warning(make_panel: Maker) -> None:
    panel = make_panel(n=20, t=8, treated=3, effect=6.0)
    open_ended = replace(panel, low=np.full(panel.outcome.shape, -np.inf), high=np.full(panel.outcome.shape, np.inf))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for estimator in (did, event_study):
            found = estimator(open_ended)
            assert found.verdict == "non_concluant"
            assert found.bounds == (-np.inf, np.inf)


def test_waves_alone_have_a_formula_and_no_verdict() -> None:
    random = np.random.default_rng(3)
    start = np.array([4] * 20 + [6] * 20 + [8] * 20)
    outcome = random.normal(size=(60, 10)) + 4.0 * (np.arange(10) >= start[:, None])
    table = long_frame(outcome, start)
    panel = Panel.from_frame(table, unit="geo", time="year", outcome="y", treated_from="first")
    for found in (
        group_time(panel, control="not_yet"),
        group_time(panel, control="not_yet", inference="cluster"),
        imputation(panel),
    ):
        assert found.std_error > 0
        assert found.interval.low < found.estimate < found.interval.high
        assert (found.verdict, found.valid) == ("non_concluant", True)
        assert any("finissent par être concernés" in limit for limit in found.limits)
        assert "qui ne sont pas encore concernés" in found.text()
        assert "aucune autre" not in found.text()
    few = group_time(panel.take(np.arange(60) % 6 == 0), control="not_yet")
    assert (few.verdict, few.valid) == ("non_evaluable", False)
    assert any("finissent par être concernés" in limit for limit in few.limits)
