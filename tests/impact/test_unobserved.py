"""When a side is not observed, the error names that side, and no other."""

from __future__ import annotations

import numpy as np
import pytest

from ctgeval import impact
from ctgeval.errors import NotIdentified
from ctgeval.impact.panel import Panel
from tests.impact.conftest import long_frame


def read(side: str, when: str) -> Panel:
    random = np.random.default_rng(0)
    outcome, start = random.normal(size=(12, 8)), np.array([5] + [8] * 11)
    rows = slice(0, 1) if side == "treated" else slice(1, 12)
    outcome[rows, slice(0, 5) if when == "before" else slice(5, 8)] = np.nan
    table = long_frame(outcome, start)
    return Panel.from_frame(table, unit="geo", time="year", outcome="y", treated_from="first")


@pytest.mark.parametrize("method", ["did", "event_study", "imputation", "two_stage"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("side", "who", "named"),
    [
        ("treated", "territoire concerné", "COM-00001"),
        ("controls", "territoire de comparaison", "COM-00002"),
    ],
)
def test_the_side_that_is_missing_is_named(method: str, when: str, side: str, who: str, named: str) -> None:
    with pytest.raises(NotIdentified) as caught:
        getattr(impact, method)(read(side, when))
    assert f"Aucun {who} n’est" in str(caught.value)
    assert named in caught.value.problem.value
    assert caught.value.problem.remedy


def test_a_reference_that_nobody_has_is_told() -> None:
    random = np.random.default_rng(0)
    outcome, start = random.normal(size=(12, 8)), np.array([5] + [8] * 11)
    outcome[0, 4] = np.nan
    table = long_frame(outcome, start)
    panel = Panel.from_frame(table, unit="geo", time="year", outcome="y", treated_from="first")
    with pytest.raises(NotIdentified, match="référence"):
        impact.event_study(panel)
