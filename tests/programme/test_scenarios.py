"""Scenarios against a calculation by hand, and the laws that their ranges keep."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ctgeval.config import ScenarioConfig
from ctgeval.programme.scenarios import UNKNOWN, Range, scenario
from tests.examples import examples

EXACT = Range(450.0, 450.0)


def declared(**told: Any) -> ScenarioConfig:
    base = {"nom": "a", "libelle": "A", "cible": 65.0, "hypotheses": "Devis de 2025"}
    return ScenarioConfig.model_validate(base | told)


def test_the_example_of_the_documentation_is_the_calculation_by_hand() -> None:
    """420 to 470 children, 58.3 places for 100 today, 65 wanted: 6.7 for 100 are missing, hence 28.14 to 31.49."""
    found = scenario(
        declared(
            investissement_place=(18_000.0, 25_000.0),
            aide_investissement=(50.0, 70.0),
            fonctionnement_place=(15_000.0, 17_000.0),
            aide_fonctionnement=(60.0, 66.0),
        ),
        population=Range(420.0, 470.0),
        rate=Range(58.3, 58.3),
    )
    assert found.places == Range(29, 32)
    assert found.investment == Range(29 * 18_000, 32 * 25_000)
    assert (found.own_investment.low, found.own_investment.high) == pytest.approx(
        (29 * 18_000 * 0.3, 32 * 25_000 * 0.5)
    )
    assert found.running == Range(29 * 15_000, 32 * 17_000)
    assert (found.own_running.low, found.own_running.high) == pytest.approx((29 * 15_000 * 0.34, 32 * 17_000 * 0.4))


def test_a_target_already_reached_asks_for_nothing() -> None:
    found = scenario(declared(cible=50.0, investissement_place=(20_000.0,)), population=EXACT, rate=Range(58.3, 58.3))
    assert found.places == Range(0, 0)
    assert found.investment == Range(0, 0)


def test_a_rounding_error_never_asks_for_one_more_place() -> None:
    assert scenario(declared(cible=60.1), population=Range(1000.0, 1000.0), rate=Range(58.3, 58.3)).places.high == 18


def test_an_end_that_is_not_known_makes_the_scenario_unknown() -> None:
    for population, rate in ((UNKNOWN, EXACT), (EXACT, UNKNOWN), (EXACT, Range(40.0, math.inf))):
        assert not scenario(declared(), population=population, rate=rate).places.known


def test_without_a_hypothesis_of_cost_the_cost_is_not_told() -> None:
    found = scenario(declared(aide_investissement=(50.0,)), population=EXACT, rate=Range(50.0, 52.0))
    assert found.places == Range(59, 68)
    assert not found.investment.known
    assert not found.own_investment.known


ends = st.tuples(st.floats(0, 1e4), st.floats(0, 1e4)).map(sorted)


@given(st.floats(0, 200), ends, ends, st.floats(0, 1), st.floats(0, 1))
@examples(60)
def test_whatever_the_truth_inside_the_hypotheses_the_answer_holds_it(
    target: float, population: list[float], rate: list[float], at: float, also: float
) -> None:
    found = scenario(declared(cible=target), population=Range(*population), rate=Range(*rate))
    children = population[0] + at * (population[1] - population[0])
    today = rate[0] + also * (rate[1] - rate[0])
    needed = max(0.0, target - today) * children / 100
    assert found.places.low - 1 - 1e-6 <= needed <= found.places.high + 1e-6
