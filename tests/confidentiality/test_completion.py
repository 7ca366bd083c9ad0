"""Unknowns that equations determine, and gaps where they contradict the data."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from ctgeval.confidentiality.completion import complete
from ctgeval.confidentiality.equations import Equation


def total(whole: str, *parts: str) -> Equation:
    return Equation((((whole,), 1.0), *(((part,), -1.0) for part in parts)))


def given_(**values: float) -> dict[tuple[str, ...], tuple[float, float]]:
    return {(name,): (value, value) for name, value in values.items()}


def test_rest_of_a_total_is_found_and_then_what_it_is_made_of() -> None:
    done = complete([total("t", "a", "r"), total("r", "b", "c")], given_(t=10, a=6, b=1))
    assert done.value["r",] == 4
    assert done.value["c",] == 3
    assert not done.loose
    assert all(equation.right == 0 for equation in done.equations)


def test_what_can_be_several_things_is_told_and_has_a_value_that_fits() -> None:
    done = complete([total("t", "a", "b")], given_(t=10))
    assert done.loose == {("a",), ("b",)}
    assert done.likely["a",] + done.likely["b",] == pytest.approx(10)


def test_total_under_its_parts_leaves_a_gap_and_nobody_negative() -> None:
    done = complete([total("t", "a", "r")], given_(t=10, a=12))
    assert done.value["r",] == 0
    assert done.forced == {("r",)}
    assert done.equations[0].right == -2


def test_rounded_figures_leave_no_gap_when_their_intervals_allow_it() -> None:
    bounds = {("t",): (18.0, 24.0), ("a",): (8.0, 14.0), ("b",): (3.0, 9.0)}
    assert complete([total("t", "a", "b")], bounds).equations[0].right == 0
    bounds["a",] = (28.0, 34.0)
    assert complete([total("t", "a", "b")], bounds).equations[0].right == pytest.approx(24 - 28 - 3)


@given(st.lists(st.integers(0, 20), min_size=3, max_size=6), st.integers(-3, 3))
def test_values_always_satisfy_the_equations_once_their_gaps_are_known(values: list[int], gap: int) -> None:
    names = [f"p{number}" for number in range(len(values))]
    equations = [total("t", *names), total("u", *names[:2])]
    bounds = given_(t=max(0, sum(values) + gap), u=sum(values[:2]), p0=values[0])
    done = complete(equations, bounds)
    for equation in done.equations:
        left = sum(factor * done.likely[key] for key, factor in equation.terms)
        assert left == pytest.approx(equation.right, abs=1e-6)
    assert all(value >= 0 and math.isfinite(value) for value in done.likely.values())
