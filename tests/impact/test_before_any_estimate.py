"""Evaluability, advice, power: what is said before any estimate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ctgeval.errors import DesignError, TooFewUnits
from ctgeval.impact import Panel, advise, evaluability, power
from ctgeval.impact.inference import deciding_tests

Maker = Callable[..., Panel]


def test_a_good_design_is_evaluable_and_says_its_limits(make_panel: Maker) -> None:
    found = evaluability(make_panel(30, treated=2, population=np.full(30, 900.0)))
    assert found.status == "evaluable"
    assert found.minimum_p == pytest.approx(1 / 435)
    assert 0 < found.mde < 5
    assert "435" in found.text()
    assert found.to_dict()["situation"]["n_treated"] == 2


def test_too_few_comparators_give_context_only(make_panel: Maker) -> None:
    found = evaluability(make_panel(8, treated=1))
    assert found.status == "contexte_seulement"
    assert "Aucun effet" in found.text()
    assert found.to_dict()["mde"] == "inf"
    assert any("territoires de comparaison" in need for need in found.needed)


def test_nobody_to_compare_with_is_not_evaluable(make_panel: Maker) -> None:
    panel = make_panel(6, treated=2)
    assert evaluability(panel.take(panel.treated)).status == "non_evaluable"
    assert evaluability(panel.take(~panel.treated)).status == "non_evaluable"


def test_advice_ranks_and_explains(make_panel: Maker) -> None:
    few = advise(make_panel(20, treated=1))
    assert few.best == "did"
    table = few.table().set_index("method")
    assert not table.loc["synthetic_control", "suitable"]
    assert "8 périodes" in table.loc["synthetic_control", "reason"]
    assert (
        advise(make_panel(20, t=14, treated=1, at=10)).table().set_index("method").loc["synthetic_control", "suitable"]
    )
    staggered = make_panel(20, treated=4).with_start(np.array([4, 4, 6, 6] + [8] * 16))
    assert advise(staggered).best == "group_time"
    alone = make_panel(4, t=20, treated=2, at=12)
    assert advise(alone.take(alone.treated)).best == "interrupted_series"
    assert "impact.did" in few.text()


def test_power_grows_and_agrees_with_the_formula(make_panel: Maker) -> None:
    panel = make_panel(40, t=14, treated=3, at=10, rho=0.0, population=np.full(40, 900.0))
    found = power(panel, draws=60)
    curve = found.curve["power"].to_numpy()
    assert curve[-1] > 0.9
    assert curve[0] <= 0.15
    assert found.mde == pytest.approx(evaluability(panel).mde, rel=0.3)
    assert found.mde > found.mde_formula, "a formula promises effects that an exact test does not find"
    assert "fois sur 100" in found.text()


@pytest.mark.parametrize(("treated", "t", "at"), [(1, 8, 5), (2, 8, 5), (5, 8, 5), (1, 4, 3)])
def test_the_effect_announced_is_found_four_times_in_five(make_panel: Maker, treated: int, t: int, at: int) -> None:
    random = np.random.default_rng(5)
    found = []
    for _ in range(60):
        panel = make_panel(30, t=t, at=at, treated=treated, rho=0.0, seed=int(random.integers(2**31)))
        facts, tests = deciding_tests(panel, draws=499)
        found.append(max(float(test.p_at(np.array([-facts.mde]))[0]) for test in tests.values()) <= 0.05)
    assert 0.62 <= np.mean(found) <= 0.95


def test_power_before_the_action_starts(make_panel: Maker) -> None:
    panel = make_panel(30, t=8, treated=0)
    with pytest.raises(DesignError, match="Personne"):
        power(panel)
    found = power(panel, treated=["COM-00003"], n_pre=5, n_post=2, draws=30)
    assert found.minimum_p == pytest.approx(1 / 30)
    assert np.isfinite(found.mde_formula)
    with pytest.raises(DesignError, match="COM-0003"):
        power(panel, treated=["COM-0003"])
    with pytest.raises(TooFewUnits):
        power(panel, treated=["COM-00003"], n_pre=9, n_post=2)


def test_power_of_a_design_that_can_t_conclude_is_none(make_panel: Maker) -> None:
    found = power(make_panel(8, treated=1), draws=10)
    assert found.mde == np.inf
    assert found.curve["power"].max() == 0
    assert "Aucun effet" in found.text()


def test_effects_on_percentages_are_sized_in_points(make_panel: Maker) -> None:
    panel = replace(make_panel(30, treated=2, population=np.full(30, 900.0)), unit_label="%")
    said = [evaluability(panel).text(), power(panel, draws=30).text()]
    assert all("point" in text and "%" not in text for text in said)
