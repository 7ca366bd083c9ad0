from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact import Panel, balance, did
from ctgeval.impact.balancing import entropy_weights
from tests.impact.synthetic_cases import from_arrays

COVARIATES = ("age", "educ", "black", "hisp", "marr", "nodegree")


def nsw(real_data: Path) -> Panel:
    """Earnings of 445 persons in 1974, 1975 and 1978; the training was in 1976-77."""
    table = pd.read_csv(real_data / "impact" / "nsw_dehejia_wahba_445.csv")
    table["person"] = np.arange(len(table))
    rows = table.melt(id_vars=["person", "treat", *COVARIATES], value_vars=["re74", "re75", "re78"], value_name="y")
    rows["year"] = 1900 + rows["variable"].str[2:].astype(int)
    rows["first"] = np.where(rows["treat"] == 1, 1978, np.nan)
    return Panel.from_frame(
        rows, unit="person", time="year", outcome="y", treated_from="first", covariates=COVARIATES, label="revenu"
    )


def test_the_moments_of_the_nsw_experiment_are_met_exactly(real_data: Path) -> None:
    panel = nsw(real_data)
    found = balance(panel, on=("outcome_pre", *COVARIATES))
    assert found.table["moment"].tolist() == ["revenu en 1974", "revenu en 1975", *COVARIATES]
    assert found.table["difference_after"].abs().max() < 1e-8
    assert found.table["difference_before"].abs().max() == pytest.approx(0.2775, abs=1e-4)
    assert found.effective_size == pytest.approx(221.957, abs=1e-3)
    assert found.weights["weight"].mean() == pytest.approx(1)
    assert (found.weights["weight"] > 0).all()
    weights, after = found.weights["weight"].to_numpy(), panel.outcome[:, 2]
    difference = after[panel.treated].mean() - np.average(after[~panel.treated], weights=weights)
    # Simple difference of the experiment: 1 794.34.
    assert difference == pytest.approx(1795.0142, abs=1e-3)
    assert did(found.panel).estimate == pytest.approx(difference)
    assert "exactement" in found.text()
    found.to_dict()


def test_the_weights_are_those_of_largest_entropy() -> None:
    random = np.random.default_rng(0)
    moments = random.standard_normal((30, 3)) + 0.2
    weights = entropy_weights(moments, np.ones(30))
    assert weights is not None
    np.testing.assert_allclose(weights @ moments, 0, atol=1e-11)
    # Their logarithm is linear in the moments, and no feasible direction raises the entropy.
    fit = np.linalg.lstsq(np.column_stack([moments, np.ones(30)]), np.log(weights), rcond=None)
    assert fit[1][0] < 1e-18
    free = np.linalg.svd(np.column_stack([moments, np.ones(30)]).T)[2][4:]
    np.testing.assert_allclose(free @ np.log(weights), 0, atol=1e-9)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(8, 30), st.integers(1, 3), st.floats(0.01, 100))
def test_order_and_units_of_measure_change_nothing(seed: int, n: int, periods: int, factor: float) -> None:
    random = np.random.default_rng(seed)
    outcome = random.standard_normal((n + 2, periods + 1))
    outcome[:2] = random.dirichlet(np.ones(n), 2) @ outcome[2:]
    start = np.where(np.arange(n + 2) < 2, periods, periods + 1)
    first = balance(from_arrays(outcome, start))
    order = random.permutation(n + 2)
    other = balance(from_arrays(factor * outcome[order] + 5, start[order]))
    assert first.table["difference_after"].abs().max() < 1e-8
    weights = np.empty(n + 2)
    weights[order] = np.insert(np.zeros(n), [0, 0], 0)
    by_place = dict(zip(np.flatnonzero(start[order] > periods), other.weights["weight"], strict=True))
    again = [by_place[int(np.flatnonzero(order == i)[0])] for i in range(2, n + 2)]
    np.testing.assert_allclose(again, first.weights["weight"], rtol=1e-5, atol=1e-8)


def test_what_is_out_of_reach_is_named() -> None:
    random = np.random.default_rng(0)
    outcome = random.standard_normal((10, 3))
    outcome[0] = [50.0, 0.0, 0.0]
    start = np.where(np.arange(10) == 0, 2, 3)
    with pytest.raises(NotIdentified, match=r"y en 2001 \(trop haut\)") as caught:
        balance(from_arrays(outcome, start))
    assert "2002" not in str(caught.value)
    corner = np.array([[0.9, 0.9, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    with pytest.raises(NotIdentified, match="pas toutes ensemble"):
        balance(from_arrays(corner, np.array([2, 3, 3, 3])))


def test_comparators_that_no_solution_can_use_are_named() -> None:
    outcome = np.array([[0.0, 1.5, 0.0], [0.0, 1.0, 0.0], [0.0, 2.0, 0.0], [4.0, 1.2, 0.0]])
    found = balance(from_arrays(outcome, np.array([2, 3, 3, 3])))
    np.testing.assert_allclose(found.weights["weight"], [1.5, 1.5, 0.0])
    assert found.left_out == ("COM-00004",)
    assert any("COM-00004" in limit for limit in found.limits)
    assert found.panel.units == ("COM-00001", "COM-00002", "COM-00003")


def test_collinear_moments_are_no_trouble() -> None:
    random = np.random.default_rng(3)
    outcome = random.standard_normal((20, 4))
    outcome[0] = outcome[1:].mean(axis=0) + 0.05
    outcome[:, 1] = 2 * outcome[:, 0]
    found = balance(from_arrays(outcome, np.where(np.arange(20) == 0, 3, 4)))
    assert found.table["difference_after"].abs().max() < 1e-8


def test_bad_input_is_refused() -> None:
    random = np.random.default_rng(0)
    outcome = random.standard_normal((6, 3))
    start = np.where(np.arange(6) == 0, 2, 3)
    panel = from_arrays(outcome, start, income=np.abs(outcome))
    with pytest.raises(DesignError, match="income"):
        balance(panel, on=("incom",))
    with pytest.raises(DesignError, match="Rien"):
        balance(panel, on=())
    gappy = outcome.copy()
    gappy[3, 1] = np.nan
    with pytest.raises(DesignError, match="COM-00004"):
        balance(from_arrays(gappy, start))
    with pytest.raises(NotIdentified):
        balance(panel.take([0]))
    with pytest.raises(NotIdentified):
        balance(from_arrays(random.standard_normal((11, 41)), np.where(np.arange(11) == 0, 40, 41)))
