"""Options that every estimator shares: what means nothing is refused before anything is computed."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ctgeval import impact
from ctgeval.errors import DesignError
from ctgeval.impact.options import guarded
from tests.impact.conftest import long_frame

ESTIMATORS = (
    "did", "event_study", "group_time", "imputation", "two_stage", "sun_abraham", "synthetic_control",
    "augmented_synthetic_control", "synthetic_did",
)  # fmt: skip


def made() -> impact.Panel:
    random = np.random.default_rng(4)
    table = long_frame(random.normal(size=(30, 10)), np.array([6] * 8 + [10] * 22))
    return impact.Panel.from_frame(table, unit="geo", time="year", outcome="y", treated_from="first")


PANEL = made()


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("level", "0.95"), ("level", None), ("level", 95), ("level", float("nan")), ("seed", -1), ("seed", "a"),
        ("seed", 1.5), ("seed", None), ("draws", -5), ("draws", "a"), ("draws", 1.5), ("minimum_effect", "2"),
        ("minimum_effect", float("inf")), ("minimum_effect", True), ("allow_invalid", "non"),
    ],
)  # fmt: skip
def test_an_option_that_means_nothing_is_refused(name: str, option: str, value: Any) -> None:
    estimator = getattr(impact, name)
    if option not in inspect.signature(estimator).parameters:
        assert option == "draws"
        return
    with pytest.raises(DesignError) as caught:
        estimator(PANEL, **{option: value})
    assert caught.value.problem.remedy
    assert str(value) in str(caught.value)


@pytest.mark.parametrize("name", ["sensitivity", "pre_trends"])
@pytest.mark.parametrize("given", [3, "did", pd.DataFrame({"y": [1.0]})])
def test_what_is_no_result_is_refused_with_how_to_make_one(name: str, given: Any) -> None:
    with pytest.raises(DesignError, match=r"impact\.event_study"):
        getattr(impact, name)(given)


@pytest.mark.parametrize("name", [*ESTIMATORS, "advise", "evaluability", "bacon", "power", "balance"])
@pytest.mark.parametrize("given", [None, 3, "panel", pd.DataFrame({"y": [1.0]})])
def test_what_is_no_panel_is_refused_with_how_to_make_one(name: str, given: Any) -> None:
    with pytest.raises(DesignError, match=r"Panel\.from_frame"):
        getattr(impact, name)(given)


@pytest.mark.parametrize("options", [{"level": "0.95"}, {"minimum_effect": "2"}, {"seed": -1}])
def test_tables_of_persons_and_series_are_held_to_the_same_options(options: dict[str, Any]) -> None:
    random = np.random.default_rng(1)
    persons = pd.DataFrame(
        {
            "avant": random.normal(size=20),
            "apres": random.normal(size=20),
            "traite": [0, 1] * 10,
            "post": [0, 0, 1, 1] * 5,
        }
    )
    series = pd.DataFrame({"mois": range(30), "y": random.normal(size=30)})
    for call in (
        lambda: impact.before_after(persons, before="avant", after="apres", **options),
        lambda: impact.did_cross_section(persons, outcome="apres", treated="traite", post="post", **options),
        lambda: impact.interrupted_series(series, outcome="y", time="mois", at=15, **options),
    ):
        with pytest.raises(DesignError) as caught:
            call()
        assert caught.value.problem.key in options


def test_the_signature_that_a_reader_sees_is_that_of_the_estimator() -> None:
    @guarded
    def estimate(panel: impact.Panel, *, level: float = 0.95) -> float:
        """Say the level."""
        return level

    assert list(inspect.signature(estimate).parameters) == ["panel", "level"]
    assert estimate.__doc__ == "Say the level."
    assert estimate(PANEL, level=0.9) == 0.9


@pytest.mark.parametrize("options", [{"reference": "a"}, {"bins": "a"}, {"bins": (-3,)}, {"bins": (-3.5, 2)}])
def test_periods_of_an_event_study_are_whole_numbers(options: dict[str, Any]) -> None:
    with pytest.raises(DesignError) as caught:
        impact.event_study(PANEL, **options)
    assert "nombre" in str(caught.value)
    assert caught.value.problem.remedy


@pytest.mark.parametrize("ridge", ["a", 0, -1.0, float("nan")])
def test_a_penalty_is_a_positive_number(ridge: Any) -> None:
    with pytest.raises(DesignError, match="pénalité"):
        impact.augmented_synthetic_control(PANEL, ridge=ridge)


@pytest.mark.parametrize(
    "options",
    [
        {"target": "a"}, {"n_pre": "a"}, {"n_post": 1.5}, {"effects": ["a"]}, {"effects": [float("nan")]},
        {"treated": 5}, {"treated": "ailleurs"},
    ],
)  # fmt: skip
def test_a_design_before_it_starts_is_read_or_refused(options: dict[str, Any]) -> None:
    with pytest.raises(DesignError) as caught:
        impact.power(PANEL, **options)
    assert caught.value.problem.remedy


@pytest.mark.parametrize("values", [["a"], "1", [-1.0], [float("inf")], []])
def test_divergences_are_numbers(values: Any) -> None:
    study = {"coefficients": [0.1, 0.5], "covariance": np.eye(2), "n_pre": 1, "n_post": 1}
    with pytest.raises(DesignError, match="nombres positifs"):
        impact.sensitivity(**study, values=values)
    assert len(impact.sensitivity(**study, values=0.5).table) == 1  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="tableaux de nombres"):
        impact.sensitivity(**{**study, "coefficients": ["a", 1]})
    with pytest.raises(DesignError, match="tableaux de nombres"):
        impact.pre_trends(**{**study, "coefficients": ["a", 1]})


def test_figures_of_any_size_are_told() -> None:
    random = np.random.default_rng(0)
    persons = pd.DataFrame({"a": random.normal(10, 2, 30) * 1e80, "b": random.normal(12, 2, 30) * 1e80})
    assert "Écart" in impact.before_after(persons, before="a", after="b").text()
