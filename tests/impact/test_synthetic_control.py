from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DesignError, NotIdentified, TooFewUnits
from ctgeval.impact import Panel, synthetic_control
from tests.impact.synthetic_cases import factor_panel, from_arrays, prop99


@pytest.fixture(scope="module")
def california(real_data: Path) -> object:
    return synthetic_control(prop99(real_data))


def test_proposition_99(california: object) -> None:
    # Outcomes only: unique optimum, on which NNLS and two packages agree.
    assert california.estimate == pytest.approx(-19.51363, abs=5e-6)
    weights = california.details["weights"].set_index("unit")["weight"]
    published = {"Utah": 0.394, "Montana": 0.232, "Nevada": 0.205, "Connecticut": 0.109, "New Hampshire": 0.045}
    assert weights.head(5).round(3).to_dict() == published
    assert weights.sum() == pytest.approx(1)
    assert california.p_value == pytest.approx(3 / 39)
    assert california.details["minimum_p"] == pytest.approx(1 / 39)
    assert california.verdict == "non_concluant"
    assert california.details["unique"]


def test_what_a_reader_may_look_at(california: object) -> None:
    details = california.details
    assert list(details["placebos"].columns) == [
        "unit", "name", "pre_rmspe", "post_rmspe", "ratio", "effect", "kept",
    ]  # fmt: skip
    assert len(details["placebos"]) == 38
    assert details["gaps"].shape == (31, 2)
    assert details["placebo_gaps"].shape == (31, 39)
    assert set(details["leave_one_out"]["unit"]) == set(details["weights"].query("weight > 0")["unit"])
    assert details["leave_one_out"]["estimate"].between(-21, -17).all()
    after = california.by_period.query("event_time >= 0")
    assert after["estimate"].mean() == pytest.approx(california.estimate)
    assert (after["low"] <= after["estimate"]).all()
    assert california.by_period.query("event_time < 0")["low"].isna().all()
    assert {check.name for check in california.checks} == {
        "pre_fit", "convex_hull", "comparators", "placebo_time", "leave_one_out",
    }  # fmt: skip
    california.to_dict()


def test_p_values_and_intervals_of_proposition_99_agree(california: object) -> None:
    assert california.interval.low < 0 < california.interval.high
    conformal = california.details["conformal"]
    assert conformal["p_value"] > 0.05
    assert conformal["low"] <= min(california.estimate, 0)
    assert conformal["high"] >= max(california.estimate, 0)


def test_200_donors_as_measured_on_peers() -> None:
    # Data and values of the speed comparison: 1 treated, 200 donors, 25 periods before, 10 after.
    random = np.random.default_rng(4)
    n, before, after = 201, 25, 10
    factors = np.cumsum(random.standard_normal((before + after, 3)), axis=0)
    loadings = random.gamma(2.0, 0.5, (n, 3))
    outcome = 10 + factors @ loadings.T + 0.5 * random.standard_normal((before + after, n))
    outcome[before:, 0] += 2.0
    panel = from_arrays(outcome.T, np.where(np.arange(n) == 0, before, before + after))
    found = synthetic_control(panel)
    assert found.estimate == pytest.approx(1.931482, abs=2e-6)
    assert found.p_value == pytest.approx(2 / 201)
    assert found.interval.low > 0
    assert found.verdict == "amelioration"


@settings(max_examples=60)
@given(
    st.fixed_dictionaries(
        {
            "seed": st.integers(0, 10_000),
            "n": st.integers(4, 24),
            "at": st.integers(2, 16),
            "effect": st.floats(-4, 4),
            "treated": st.integers(1, 2),
        }
    ),
    st.integers(1, 4),
    st.sampled_from([0.8, 0.9, 0.95]),
)
def test_p_values_and_intervals_never_contradict_each_other(design: dict[str, int], after: int, level: float) -> None:
    panel = factor_panel(t=design["at"] + after, **design)
    found = synthetic_control(panel, level=level, draws=60)
    low, high = found.interval
    alpha = 1 - level
    if not np.isnan(low):
        assert low <= found.estimate <= high
        assert (low <= 0 <= high) == (found.p_value > alpha + 1e-12)
    if found.details["minimum_p"] > alpha + 1e-9:
        assert np.isinf(low)
        assert np.isinf(high)
    conformal = found.details["conformal"]
    if not np.isnan(conformal["low"]):
        assert conformal["low"] <= found.estimate <= conformal["high"]
        assert (conformal["low"] <= 0 <= conformal["high"]) == (conformal["p_value"] > alpha + 1e-12)
    if design["at"] < 8:
        assert found.verdict in ("non_concluant", "non_evaluable")


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.permutations(list(range(12))), st.floats(0.1, 50), st.floats(-20, 20))
def test_relabelling_scaling_and_common_shocks_change_nothing(
    seed: int, order: list[int], factor: float, shock: float
) -> None:
    panel = factor_panel(12, 12, 9, seed=seed)
    random = np.random.default_rng(seed)
    common = shock * random.standard_normal(12)
    first = synthetic_control(panel)
    moved = from_arrays(factor * panel.outcome[order] + common, panel.start[order])
    other = synthetic_control(moved)
    assert other.estimate == pytest.approx(factor * first.estimate, rel=1e-5, abs=1e-6 * factor)
    assert other.p_value == first.p_value
    assert other.interval == pytest.approx(tuple(factor * end for end in first.interval), rel=1e-4, abs=1e-5 * factor)


def test_a_constant_effect_moves_the_estimate_by_itself() -> None:
    without, with_effect = factor_panel(effect=0.0), factor_panel(effect=3.0)
    assert synthetic_control(with_effect).estimate == pytest.approx(synthetic_control(without).estimate + 3.0)


def test_short_series_give_no_verdict() -> None:
    found = synthetic_control(factor_panel(25, 9, 7, effect=50.0))
    assert found.p_value == pytest.approx(1 / 25)
    assert found.verdict == "non_concluant"
    assert any("16 à 40 fois sur 100" in limit for limit in found.limits)
    longer = synthetic_control(factor_panel(25, 10, 8, effect=50.0))
    assert longer.verdict == "amelioration"


def test_more_donors_than_periods_fit_perfectly_and_prove_nothing() -> None:
    found = synthetic_control(factor_panel(60, 11, 8, effect=50.0, noise=5.0))
    perfect = found.details["pre_rmspe"] == 0
    assert perfect == (not found.details["unique"])
    if perfect:
        assert found.verdict == "non_concluant"
    inside = factor_panel(60, 11, 9, noise=1.0, seed=3)
    mixed = inside.outcome.copy()
    mixed[0] = mixed[1:].mean(axis=0) + 40.0 * (np.arange(11) >= 9)
    found = synthetic_control(from_arrays(mixed, inside.start))
    assert found.details["pre_rmspe"] == 0
    assert found.verdict == "non_concluant"
    assert any("parfait" in limit for limit in found.limits)
    assert any("Plusieurs jeux de poids" in limit for limit in found.limits)


def test_several_treated_have_each_their_own_donors() -> None:
    panel = factor_panel(16, 14, 10, treated=2, effect=2.0)
    found = synthetic_control(panel)
    alone = [synthetic_control(panel.drop(panel.units[1 - i])).estimate for i in range(2)]
    assert found.estimate == pytest.approx(np.mean(alone))
    assert set(found.details["weights_by_unit"]["treated"]) == set(panel.units[:2])
    assert found.details["n_placebos"] == 91  # 14 donors taken 2 by 2
    assert found.details["minimum_p"] == pytest.approx(1 / 92)


def test_placebo_sets_never_lend_weight_to_each_other() -> None:
    from ctgeval.impact.donors import OutcomeWeights, complete, gap
    from ctgeval.impact.placebos import in_space
    from ctgeval.impact.simplex import simplex_least_squares

    panel = factor_panel(9, 14, 10, treated=2)
    data = complete(panel, donors="all", method="x")
    space = in_space(data, OutcomeWeights(panel.outcome), scale=1.0)
    for chosen, average in zip(space.sets, space.average.gap, strict=True):
        others = np.setdiff1d(data.donors, data.donors[chosen])
        gaps = []
        for donor in data.donors[chosen]:
            fit = simplex_least_squares(panel.outcome[others, :10].T, panel.outcome[donor, :10])
            gaps.append(gap(panel.outcome, int(donor), others, fit.weights))
        np.testing.assert_allclose(average, np.mean(gaps, axis=0), atol=1e-8)


def test_several_dates_are_averaged_by_time_since_the_action() -> None:
    base = factor_panel(18, 14, 10, treated=0)
    start = np.where(np.arange(18) == 0, 9, np.where(np.arange(18) == 1, 11, 14))
    outcome = base.outcome + 5.0 * (np.arange(14) >= start[:, None])
    panel = from_arrays(outcome, start)
    found = synthetic_control(panel, draws=80)
    gaps = found.details["gaps"]
    first, second = gaps.iloc[9:, 1].to_numpy(), gaps.iloc[11:, 2].to_numpy()
    assert found.estimate == pytest.approx(np.concatenate([first, second]).mean())
    row = found.by_period.set_index("event_time").loc[0]
    assert row["estimate"] == pytest.approx((first[0] + second[0]) / 2)
    assert row["n_treated"] == 2
    assert found.p_value < 0.05
    assert found.details["conformal"]["reason"]


def test_missing_cells_are_named_and_left_out_on_demand_only() -> None:
    panel = factor_panel(14, 14, 10)
    outcome = panel.outcome.copy()
    outcome[5, 3] = np.nan
    gappy = from_arrays(outcome, panel.start)
    with pytest.raises(DesignError, match="COM-00006") as caught:
        synthetic_control(gappy)
    assert 'panel.drop("COM-00006")' in str(caught.value)
    found = synthetic_control(gappy, donors="complete")
    assert found.n_controls == 12
    assert any("COM-00006" in limit for limit in found.limits)
    assert found.estimate == pytest.approx(synthetic_control(panel.drop("COM-00006")).estimate)
    outcome[0, 3] = np.nan
    with pytest.raises(DesignError, match="COM-00001"):
        synthetic_control(from_arrays(outcome, panel.start), donors="complete")


def test_bounds_of_the_data_move_the_estimate() -> None:
    panel = factor_panel(14, 14, 10, effect=5.0)
    low, high = panel.outcome.copy(), panel.outcome.copy()
    low[0, 12] -= 3.0
    high[0, 12] += 3.0
    found = synthetic_control(from_arrays(panel.outcome, panel.start, low=low, high=high))
    # One of four periods after the action, weights fixed.
    assert found.bounds == pytest.approx((found.estimate - 0.75, found.estimate + 0.75))


def test_what_can_t_be_compared_is_refused(make_panel: Callable[..., Panel]) -> None:
    with pytest.raises(NotIdentified, match="au moins 2 périodes"):
        synthetic_control(make_panel(10, 4, 1, 1))
    with pytest.raises(NotIdentified, match="rien à quoi"):
        synthetic_control(make_panel(10, 12, 1, 9).take([0]))
    with pytest.raises(TooFewUnits, match="deux territoires"):
        synthetic_control(make_panel(2, 12, 1, 9))
    with pytest.raises(NotIdentified, match="même valeur partout"):
        synthetic_control(from_arrays(np.ones((6, 12)), np.array([9, *([12] * 5)])))
    with pytest.raises(DesignError, match="donneurs"):
        synthetic_control(make_panel(6, 12, 1, 9), donors="all of them")  # type: ignore[arg-type]


def test_equal_units_are_told_apart_by_no_rounding() -> None:
    found = synthetic_control(from_arrays(np.tile(np.linspace(0, 1, 14), (9, 1)), np.where(np.arange(9) == 0, 10, 14)))
    assert found.estimate == pytest.approx(0)
    assert found.p_value == 1.0


def test_constant_outcomes_before_and_equal_donors_are_no_trouble() -> None:
    outcome = np.ones((12, 14))
    outcome[:, 10:] += np.random.default_rng(0).standard_normal((12, 4))
    found = synthetic_control(from_arrays(outcome, np.where(np.arange(12) == 0, 10, 14)))
    assert found.p_value == 1.0
    assert found.verdict == "non_concluant"
    twins = factor_panel(6, 14, 10)
    doubled = np.vstack([twins.outcome, twins.outcome[1:]])
    other = synthetic_control(from_arrays(doubled, np.where(np.arange(11) == 0, 10, 14)))
    assert other.estimate == pytest.approx(synthetic_control(twins).estimate, abs=1e-8)


def test_without_placebos_there_is_no_test() -> None:
    found = synthetic_control(factor_panel(), placebos=False)
    assert np.isnan(found.p_value)
    assert found.verdict == "non_evaluable"
    crowd = synthetic_control(factor_panel(7, 14, 10, treated=4))
    assert crowd.verdict == "non_evaluable"
    assert any("aucun test n’existe" in limit for limit in crowd.limits)


def test_the_treated_outside_of_their_donors_are_told() -> None:
    panel = factor_panel(12, 14, 10)
    outcome = panel.outcome.copy()
    outcome[0] += 100.0
    found = synthetic_control(from_arrays(outcome, panel.start))
    checks = {check.name: check.passed for check in found.checks}
    assert checks["convex_hull"] is False
    assert checks["pre_fit"] is False
    assert found.p_value > 0.5


def test_scipy_statistics_are_not_imported() -> None:
    import subprocess

    code = (
        "import sys; import ctgeval.impact.synthetic_control, ctgeval.impact.synthetic_did, "
        "ctgeval.impact.augmented, ctgeval.impact.balancing; sys.exit('scipy.stats' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def quiet_treated(seed: int) -> Panel:
    """Nobody is affected; the three treated vary three times less than their donors."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal((40, 11)) * np.where(np.arange(40) < 3, 0.5, 1.5)[:, None]
    outcome = noise + random.standard_normal((40, 1)) + np.linspace(0, 1, 11)
    return from_arrays(outcome, np.where(np.arange(40) < 3, 8, 11))


def test_a_quiet_territory_among_noisy_ones_is_not_an_effect() -> None:
    found = [synthetic_control(quiet_treated(seed), draws=99) for seed in range(40)]
    # The ratio alone would have called noise an effect many times.
    assert sum(one.p_value <= 0.05 for one in found) > 6
    assert sum(one.verdict in ("amelioration", "degradation") for one in found) <= 2
    stopped = [one for one in found if one.p_value <= 0.05 and one.verdict == "non_concluant"]
    assert all(one.details["ranks"]["effect"] > 0.05 for one in stopped)
    assert all(any("moins variable" in limit for limit in one.limits) for one in stopped)
