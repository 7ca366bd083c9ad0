from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact import Panel, did, event_study
from ctgeval.impact.event_study import sup_t
from tests.impact.two_way import made, peers, random_panel

Make = Callable[..., Panel]


def test_one_date_gives_differences_of_mean_changes(make_panel: Make) -> None:
    panel = make_panel(n=40, t=7, treated=8, at=4, seed=1)
    found = event_study(panel)
    change = panel.outcome - panel.outcome[:, [3]]
    path = change[:8].mean(axis=0) - change[8:].mean(axis=0)
    np.testing.assert_allclose(found.by_period["estimate"], path, atol=1e-12)
    assert found.estimate == pytest.approx(path[4:].mean(), abs=1e-12)
    # Same coefficients and covariance as the cluster formula of two independent groups, but for its factor.
    spread = [change[rows][:, [0, 1, 2, 4, 5, 6]] for rows in (slice(0, 8), slice(8, 40))]
    sums = sum((part - part.mean(axis=0)).T @ (part - part.mean(axis=0)) / len(part) ** 2 for part in spread)
    factor = 40 / 39 * 279 / (280 - 13 + 0)
    np.testing.assert_allclose(found.details["covariance"], factor * sums, rtol=1e-9)


def test_agrees_with_pyfixest_on_gaps_weights_and_several_dates() -> None:
    panel = made(gaps=True, covariates=("x1",), weights=True)
    found = event_study(panel, inference="cluster", allow_invalid=True)
    expected = {int(key.split("|")[1]): values for key, values in peers().items() if key.startswith("event")}
    np.testing.assert_array_equal(found.details["event_times"], sorted(expected))
    for k, event in enumerate(sorted(expected)):
        assert found.details["coefficients"][k] == pytest.approx(expected[event][0], abs=1e-8)
        assert np.sqrt(found.details["covariance"][k, k]) == pytest.approx(expected[event][1], rel=1e-7)
    assert any("sun_abraham" in limit for limit in found.limits)


def test_bands_hold_the_intervals(make_panel: Make) -> None:
    found = event_study(make_panel(n=60, t=8, treated=20, at=4))
    table = found.by_period[~found.by_period["reference"]]
    assert (table["uniform_low"] < table["low"]).all()
    assert (table["uniform_high"] > table["high"]).all()
    assert found.details["covariance_valid"] is True


def test_bands_of_independent_coefficients_have_their_known_width() -> None:
    # The largest of 5 independent |z| is under 2.5688 with probability .95 (.95 ** .2 = .98979 on each).
    assert sup_t(np.diag([1.0, 4.0, 9.0, 0.25, 1.0]), draws=200_000) == pytest.approx(2.5688, abs=0.02)
    assert np.isnan(sup_t(np.full((2, 2), np.nan)))


def test_few_treated_get_permutations_and_a_reason(make_panel: Make) -> None:
    found = event_study(make_panel(n=25, t=6, treated=1, at=4, effect=10.0))
    assert found.details["covariance_valid"] is False
    assert "dégénérée" in found.details["covariance_reason"]
    table = found.by_period.set_index("event_time")
    assert table["uniform_low"].isna().all()
    assert table.loc[0, "low"] < 10 < table.loc[0, "high"]
    assert np.isfinite(table.loc[0, "low"])
    small = event_study(make_panel(n=10, t=6, treated=1, at=4)).by_period.set_index("event_time")
    assert small.loc[0, "low"] == -np.inf


def test_bins_put_far_periods_together(make_panel: Make) -> None:
    panel = make_panel(n=40, t=9, treated=10, at=5)
    found = event_study(panel, bins=(-3, 2))
    assert list(found.by_period["event_time"]) == [-3, -2, -1, 0, 1, 2]
    with pytest.raises(DesignError, match="sans les toucher"):
        event_study(panel, bins=(-1, 2))


def test_another_reference_moves_every_coefficient_alike(make_panel: Make) -> None:
    panel = make_panel(n=40, t=7, treated=10, at=4)
    first = event_study(panel).by_period["estimate"].to_numpy()
    second = event_study(panel, reference=-3).by_period["estimate"].to_numpy()
    np.testing.assert_allclose(second, first - first[1], atol=1e-12)


@pytest.mark.parametrize("reference", [0, 2])
def test_the_reference_is_before_treatment(make_panel: Make, reference: int) -> None:
    with pytest.raises(DesignError, match="n’est pas avant le début"):
        event_study(make_panel(), reference=reference)


def test_a_reference_out_of_the_panel_is_refused(make_panel: Make) -> None:
    with pytest.raises(NotIdentified, match="Aucune période ne se trouve à -9") as caught:
        event_study(make_panel(), reference=-9)
    assert "-1" in caught.value.problem.remedy


def test_shares_are_refused() -> None:
    from dataclasses import replace

    panel = made(gaps=False)
    with pytest.raises(DesignError, match="en tout ou rien"):
        event_study(replace(panel, treatment=panel.treatment * 0.5))


@settings(max_examples=25)
@given(st.integers(0, 5_000), st.booleans())
def test_laws(seed: int, gaps: bool) -> None:
    panel = random_panel(seed, gaps=gaps)
    random = np.random.default_rng(seed)
    options = {"inference": "cluster", "allow_invalid": True, "draws": 99}
    first = event_study(panel, **options)
    shifted = panel.outcome + random.standard_normal((panel.n_units, 1)) + random.standard_normal(panel.n_periods)
    second = event_study(panel.with_outcome(-2 * shifted), **options)
    np.testing.assert_allclose(second.details["coefficients"], -2 * first.details["coefficients"], atol=1e-8)
    np.testing.assert_allclose(second.details["covariance"], 4 * first.details["covariance"], atol=1e-8)


def test_an_event_study_of_two_periods_is_a_did(make_panel: Make) -> None:
    panel = make_panel(n=30, t=2, treated=8, at=1)
    assert event_study(panel).estimate == pytest.approx(did(panel).estimate, abs=1e-12)


def test_a_period_that_no_treated_unit_has_is_unknown_and_told() -> None:
    panel = random_panel(5, several=False)
    outcome = panel.outcome.copy()
    outcome[panel.treated, 3] = np.nan
    found = event_study(panel.with_outcome(outcome), inference="cluster", allow_invalid=True)
    table = found.by_period.set_index("event_time")
    assert np.isnan(table.loc[1, "estimate"])
    assert any("Aucun écart n’est estimable à 1 période" in limit for limit in found.limits)
    assert np.isfinite(found.estimate)


def test_tests_look_at_the_mean_of_the_coefficients(make_panel: Make) -> None:
    panel = make_panel(n=25, t=6, treated=3, at=4, population=np.full(25, 1000.0))
    found = event_study(panel, inference="permutation_coefficient")
    change = panel.outcome[:, 4:].mean(axis=1) - panel.outcome[:, 3]
    assert len(found.details["reference"]) == 2300
    assert found.p_value == pytest.approx(_share(change, 3), abs=1e-12)
    with_gap = panel.outcome.copy()
    with_gap[20, 0] = np.nan
    near = event_study(panel.with_outcome(with_gap), inference="permutation_coefficient")
    assert near.p_value == pytest.approx(found.p_value, abs=0.05)


def _share(change: np.ndarray, treated: int) -> float:
    """Share of the choices of treated units whose gap is as far from 0 as the real one."""
    pairs = np.array(list(combinations(range(len(change)), treated)))
    on = change[pairs].mean(axis=1)
    law = np.abs(on - (change.sum() - treated * on) / (len(change) - treated))
    return float((law >= law[0] * (1 - 1e-9)).mean())
