from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from ctgeval.impact import Check, ImpactResult, Interval
from ctgeval.impact.conclusion import Inference, conclude
from ctgeval.impact.evidence import grade
from ctgeval.impact.result import verdict_of


def verdict(low: float, high: float, **options: object) -> str:
    middle = 2.0 if not math.isfinite(low) else (low + high) / 2
    arguments: dict[str, object] = {
        "estimate": middle, "interval": Interval(low, high), "bounds": Interval(middle, middle), "direction": "higher",
        "valid": True,
    }  # fmt: skip
    return verdict_of(**{**arguments, **options})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("low", "high", "options", "said"),
    [
        (1, 3, {}, "amelioration"),
        (-3, -1, {}, "degradation"),
        (1, 3, {"direction": "lower"}, "degradation"),
        (-3, -1, {"direction": "lower"}, "amelioration"),
        (1, 3, {"direction": "neutral"}, "non_concluant"),
        (-1, 3, {}, "non_concluant"),
        (-1, 3, {"minimum_effect": 4.0}, "pas_d_effet_decelable"),
        (-1, 3, {"minimum_effect": 3.0}, "non_concluant"),
        (1, 3, {"valid": False}, "non_evaluable"),
        (1, 3, {"conclusive": False}, "non_concluant"),
        (1, 3, {"bounds": Interval(0.5, 3.5)}, "non_concluant"),
        (1, 3, {"bounds": Interval(1.5, 2.5)}, "amelioration"),
        (1, 3, {"bounds": Interval(-math.inf, math.inf)}, "non_concluant"),
        (math.nan, math.nan, {}, "non_concluant"),
        (-math.inf, math.inf, {"minimum_effect": 5.0}, "non_concluant"),
    ],
)
def test_the_one_rule_of_verdicts(low: float, high: float, options: dict[str, object], said: str) -> None:
    assert verdict(low, high, **options) == said


def result(**options: object) -> ImpactResult:
    arguments: dict[str, object] = {
        "method": "did", "design": "comparison", "label": "Taux", "unit": "%", "direction": "higher", "estimate": 2.0,
        "inference": Inference(code="permutation", p_value=0.02, interval=Interval(1.0, 3.0), mde=1.5, minimum_p=0.02),
        "n_treated": 1, "n_controls": 30, "n_pre": 5, "n_post": 2, "by_period": pd.DataFrame(),
    }  # fmt: skip
    return conclude(**{**arguments, **options})  # type: ignore[arg-type]


def test_a_result_is_plain_json() -> None:
    found = result(
        details={"weights": pd.DataFrame({"unit": ["a"], "weight": [np.float64(0.5)]}), "law": np.array([1.0, np.nan]),
                 "reach": np.inf, "flag": np.bool_(True)},
    )  # fmt: skip
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert values["schema"] == 1
    assert values["details"]["weights"] == [{"unit": "a", "weight": 0.5}]
    assert values["details"]["law"] == [1.0, None]
    assert values["details"]["reach"] == "inf"
    assert values["details"]["flag"] is True
    assert values["std_error"] is None
    assert found.table().loc[0, "verdict"] == "amelioration"


def test_what_was_invalid_stays_so() -> None:
    found = result(inference=Inference(interval=Interval(1, 3)).marked_invalid("Parce que."))
    assert not found.valid
    assert found.verdict == "non_evaluable"
    assert "Parce que." in found.limits
    assert result(estimate=math.nan).verdict == "non_evaluable"


def test_the_grade_falls_with_failed_checks() -> None:
    failed = Check("pre_trends", passed=False, text="")
    assert grade("comparison", checks=[], valid=True) == 3
    assert grade("comparison", checks=[failed], valid=True) == 2
    assert grade("comparison", checks=[failed, Check("comparators", passed=False, text="")], valid=False) == 1
    assert grade("comparison", checks=[Check("pre_trends", passed=None, text="")], valid=True) == 3
    assert grade("before_after", checks=[], valid=True) == 1
    assert grade("randomised", checks=[], valid=True) == 5
    assert result(checks=(failed,)).evidence == 2
