from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact import Panel, bacon
from ctgeval.impact.absorbed import Absorbed, treated_patterns
from ctgeval.impact.bacon import EARLIER, LATER, NEVER
from ctgeval.impact.projection import demean
from ctgeval.impact.twoway import fit
from tests.impact.test_did import mpdta
from tests.impact.two_way import made, random_panel

Make = Callable[..., Panel]


def two_way(panel: Panel) -> float:
    return float(fit(Absorbed.of(panel), treated_patterns(panel)).coefficients[0])


@given(st.integers(0, 5_000), st.booleans())
def test_comparisons_sum_to_the_two_way_estimate(seed: int, weighted: bool) -> None:
    panel = random_panel(seed)
    if weighted:
        sizes = np.random.default_rng(seed).uniform(0.5, 3, (panel.n_units, 1))
        panel = replace(panel, weights=np.broadcast_to(sizes, panel.outcome.shape).copy())
    found = bacon(panel)
    assert found.estimate == pytest.approx(two_way(panel), abs=1e-10)
    assert found.comparisons["weight"].sum() == pytest.approx(1)
    assert (found.comparisons["weight"] >= 0).all()
    assert found.by_kind["weight"].sum() == pytest.approx(1)


def test_each_comparison_is_a_two_way_estimate_of_its_own() -> None:
    panel = made(gaps=False)
    found = bacon(panel).comparisons
    early, late = panel.cohorts
    never = panel.start == panel.n_periods
    expected = {
        NEVER: {p: two_way(panel.take((panel.start == d) | never)) for p, d in (("2014", early), ("2016", late))},
        EARLIER: {"2014": two_way(panel.take(~never).window(0, late - 1))},
        LATER: {"2016": _later(panel.take(~never), int(early), int(late))},
    }
    assert len(found) == 4
    for row in found.itertuples():
        assert row.estimate == pytest.approx(expected[row.kind][row.treated], abs=1e-10)


def _later(panel: Panel, early: int, late: int) -> float:
    """Units treated late against those treated early, once the latter are treated."""
    change = panel.outcome[:, late:].mean(axis=1) - panel.outcome[:, early:late].mean(axis=1)
    return float(change[panel.start == late].mean() - change[panel.start == early].mean())


def test_cell_weights_are_residuals_of_the_treatment() -> None:
    panel = made(gaps=False)
    found = bacon(panel)
    left = demean(panel.treatment)
    weights = left * panel.treatment / (left * panel.treatment).sum()
    for row in found.cells.itertuples():
        units = panel.start == panel.periods.index(row.treated)
        assert row.weight == pytest.approx(weights[units, panel.periods.index(row.time_period)].sum(), abs=1e-12)
        assert row.units == units.sum()
    assert found.cells["weight"].sum() == pytest.approx(1)


def test_minimum_wage(real_data: Path) -> None:
    # diff-diff 3.13.0, BaconDecomposition(weights="exact"): .8628, .0833, .0539; -.0407, -.0198, .0046.
    found = bacon(mpdta(real_data))
    kinds = found.by_kind.set_index("kind")
    assert found.estimate == pytest.approx(-0.0365489, abs=5e-8)
    kinds = kinds.loc[[NEVER, EARLIER, LATER]]
    np.testing.assert_allclose(kinds["weight"], [0.8628, 0.0833, 0.0539], atol=5e-5)
    np.testing.assert_allclose(kinds["estimate"], [-0.0407, -0.0198, 0.0046], atol=5e-5)
    assert found.forbidden_weight == kinds.loc[LATER, "weight"]
    assert found.negative_cells == pytest.approx(1 / 7)
    assert found.negative_weight == found.cells["weight"].min() < 0
    assert "préférez impact.group_time" in found.text()
    assert found.to_dict()["comparisons"][0]["kind"] == EARLIER


def test_one_date_is_one_comparison(make_panel: Make) -> None:
    found = bacon(make_panel(treated=3))
    assert list(found.table()["kind"]) == [NEVER]
    assert found.forbidden_weight == 0
    assert found.negative_cells == 0
    assert "trompe" not in found.text()


def test_what_does_not_decompose_is_refused(make_panel: Make) -> None:
    with pytest.raises(DesignError, match="des périodes manquent pour 100") as caught:
        bacon(made(gaps=True))
    assert "panel.drop" in caught.value.problem.remedy
    panel = made(gaps=False, weights=True)
    with pytest.raises(DesignError, match="poids qui ne changent pas"):
        bacon(panel)
    with pytest.raises(DesignError, match="sans covariables"):
        bacon(made(gaps=False, covariates=("x1",)))
    with pytest.raises(DesignError, match="tout ou rien"):
        bacon(replace(made(gaps=False), treatment=panel.treatment * 0.5))
    one = make_panel(n=6, t=5, treated=6, at=3)
    with pytest.raises(NotIdentified, match="concernés à la même date"):
        bacon(one)
