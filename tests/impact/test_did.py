from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import DesignError, NotIdentified, TooFewUnits
from ctgeval.impact import Panel, did
from tests.impact.conftest import long_frame
from tests.impact.two_way import made, random_panel

Make = Callable[..., Panel]


def card_krueger(folder: Path, *, balanced: bool) -> Panel:
    """Restaurants observed twice, without those whose employment is unknown at a wave when balanced."""
    frame = pd.read_csv(folder / "impact" / "card_krueger_1994.csv").dropna(subset=["fte"])
    # Two restaurants share a number in the published file.
    frame = frame[~frame.duplicated(["id", "d"], keep=False)]
    if balanced:
        frame = frame[frame.groupby("id")["d"].transform("size") == 2]
    frame = frame.assign(first=np.where(frame["nj"] == 1, 1, np.nan))
    return Panel.from_frame(frame, unit="id", time="d", outcome="fte", treated_from="first", unit_label="emplois")


def prop99(folder: Path) -> Panel:
    frame = pd.read_csv(folder / "impact" / "california_prop99.csv", sep=";")
    frame["first"] = np.where(frame["State"] == "California", 1989, np.nan)
    return Panel.from_frame(
        frame, unit="State", time="Year", outcome="PacksPerCapita", treated_from="first", direction="lower"
    )


def mpdta(folder: Path) -> Panel:
    frame = pd.read_csv(folder / "impact" / "mpdta.csv")
    return Panel.from_frame(frame, unit="countyreal", time="year", outcome="lemp", treated_from="first.treat")


def test_card_krueger(real_data: Path) -> None:
    # Card and Krueger 1994, table 3, row 4 (balanced sample): 2.75 (1.34).
    panel = card_krueger(real_data, balanced=True)
    assert panel.n_units == 384
    found = did(panel, inference="hc2")
    assert found.estimate == pytest.approx(2.75, abs=1e-10)
    assert found.std_error == pytest.approx(1.34234, abs=5e-6)
    # fixest's default clusters by restaurant.
    assert did(panel, inference="cluster").std_error == pytest.approx(1.337723, abs=5e-7)


def test_restaurants_seen_once_stay_and_are_told(real_data: Path) -> None:
    panel = card_krueger(real_data, balanced=False)
    found = did(panel, inference="cluster")
    assert found.estimate == pytest.approx(2.75, abs=1e-9)
    assert found.n_treated + found.n_controls == panel.n_units > 384
    assert any(limit.startswith("Une seule période est connue pour") for limit in found.limits)


def test_california(real_data: Path) -> None:
    # Arkhangelsky et al. 2021, table 1: -27.3 (17.7, by placebos); Lee-Wooldridge's collapsed t: 17.280813, p .122.
    panel = prop99(real_data)
    found = did(panel, inference="collapsed")
    assert found.estimate == pytest.approx(-27.349111, abs=5e-7)
    assert found.std_error == pytest.approx(17.280813, abs=5e-7)
    assert found.p_value == pytest.approx(0.122, abs=5e-4)
    assert did(panel).verdict == "non_concluant"
    assert did(panel, inference="permutation").p_value == pytest.approx(5 / 39)


def test_california_by_clusters_is_refused_or_marked_for_ever(real_data: Path) -> None:
    panel = prop99(real_data)
    with pytest.raises(TooFewUnits, match="1 territoire ou groupe concerné et 38 de comparaison") as caught:
        did(panel, inference="cluster")
    assert "allow_invalid=True" in caught.value.problem.remedy
    found = did(panel, inference="cluster", allow_invalid=True)
    # pyfixest 0.60.0: 2.767332 with "State+Year" (counts years as nested in states), 2.802378 with "State + Year".
    assert found.std_error == pytest.approx(2.802378, abs=5e-7)
    assert not found.valid
    assert found.verdict == "non_evaluable"
    assert found.evidence < did(panel).evidence + 1


def test_minimum_wage(real_data: Path) -> None:
    # Callaway and Sant'Anna 2021 (package did): -0.0365 (0.0132, no small-sample factor); fixest's adds 0.2 %.
    found = did(mpdta(real_data), inference="cluster")
    assert found.estimate == pytest.approx(-0.0365489, abs=5e-8)
    assert found.std_error == pytest.approx(0.0132652, abs=5e-8)
    assert found.std_error / np.sqrt(500 / 499 * 2499 / 2494) == pytest.approx(0.0132, abs=5e-5)
    assert any("plusieurs dates" in limit for limit in found.limits)
    # The path compares each wave with the never treated alone: the published dynamic effects of the package did.
    path = found.by_period.set_index("event_time")["estimate"]
    assert [round(path[e], 4) for e in (0, 1, 2, 3)] == [-0.0199, -0.0510, -0.1373, -0.1008]


def test_two_by_two_is_a_difference_of_mean_changes(make_panel: Make) -> None:
    panel = make_panel(n=12, t=6, treated=3, at=4)
    change = panel.outcome[:, 4:].mean(axis=1) - panel.outcome[:, :4].mean(axis=1)
    found = did(panel)
    assert found.estimate == pytest.approx(change[:3].mean() - change[3:].mean(), abs=1e-12)
    assert found.bounds == (found.estimate, found.estimate)


def test_the_path_is_relative_to_the_last_period_before(make_panel: Make) -> None:
    panel = make_panel(n=30, t=6, treated=8, at=4, seed=2)
    found = did(panel).by_period
    change = panel.outcome - panel.outcome[:, [3]]
    np.testing.assert_allclose(found["estimate"], change[:8].mean(axis=0) - change[8:].mean(axis=0), atol=1e-12)
    assert list(found["time_period"]) == list(panel.periods)
    assert list(found["event_time"]) == [-4, -3, -2, -1, 0, 1]
    assert (found["low"] <= found["high"]).all()
    few = did(make_panel(n=30, t=6, treated=2, at=4)).by_period
    assert few.loc[~few["reference"], ["std_error", "low", "high"]].isna().all(axis=None)


@given(st.integers(0, 5_000), st.booleans(), st.floats(-3, 3), st.floats(0.1, 10))
def test_laws(seed: int, gaps: bool, constant: float, scale: float) -> None:
    panel = random_panel(seed, gaps=gaps, weights=seed % 2 == 0)
    random = np.random.default_rng(seed)
    options = {"inference": "cluster", "allow_invalid": True}
    try:
        first = did(panel, **options)
    except NotIdentified:
        return
    shifted = (
        panel.outcome + constant + random.standard_normal((panel.n_units, 1)) + random.standard_normal(panel.n_periods)
    )
    second = did(panel.with_outcome(shifted * scale), **options)
    assert second.estimate == pytest.approx(first.estimate * scale, abs=1e-8)
    assert second.std_error == pytest.approx(first.std_error * scale, abs=1e-8, nan_ok=True)
    order = random.permutation(panel.n_units)
    names = tuple(f"U{i:03d}" for i in range(panel.n_units))
    mixed = replace(
        panel,
        units=names,
        outcome=panel.outcome[order],
        start=panel.start[order],
        treatment=panel.treatment[order],
        weights=None if panel.weights is None else panel.weights[order],
    )
    third = did(mixed, **options)
    assert third.estimate == pytest.approx(first.estimate, abs=1e-9)
    assert third.std_error == pytest.approx(first.std_error, abs=1e-9, nan_ok=True)


def test_bounds_of_the_data_bound_the_estimate(make_panel: Make) -> None:
    panel = make_panel(n=20, t=6, treated=2, at=4)
    low, high = panel.outcome.copy(), panel.outcome.copy()
    low[0, 5] -= 1.0
    high[5, 0] += 0.5
    found = did(replace(panel, low=low, high=high))
    exact = did(panel)
    assert found.estimate == exact.estimate
    assert found.bounds.low == pytest.approx(exact.estimate - 1 / (2 * 2))
    assert found.bounds.high == pytest.approx(exact.estimate + 0.5 / (18 * 4))


def test_a_masked_cell_without_bounds_gives_no_verdict(make_panel: Make) -> None:
    panel = make_panel(n=40, t=8, treated=3, at=5, effect=20.0, population=np.full(40, 1000.0))
    assert did(panel).verdict == "amelioration"
    outcome, low, high = panel.outcome.copy(), panel.outcome.copy(), panel.outcome.copy()
    outcome[6, 2], low[6, 2], high[6, 2] = np.nan, -np.inf, np.inf
    masked = did(replace(panel, outcome=outcome, low=low, high=high))
    assert masked.bounds == (-np.inf, np.inf)
    assert masked.verdict == "non_concluant"


def test_covariates_are_told() -> None:
    found = did(made(gaps=True, covariates=("x1", "x2")), inference="cluster", allow_invalid=True)
    assert set(found.details["covariates"]) == {"x1", "x2"}
    assert found.details["covariates"]["x1"] == pytest.approx(0.5, abs=0.3)


def test_leaving_a_comparator_out(make_panel: Make) -> None:
    panel = make_panel(n=10, t=6, treated=2, at=4)
    table = did(panel).details["leave_one_out"]
    assert len(table) == 8
    assert table["estimate"].iloc[3] == pytest.approx(did(panel.drop(table["unit"].iloc[3])).estimate, abs=1e-12)


def test_what_cannot_be_compared_is_refused(make_panel: Make) -> None:
    panel = make_panel(n=8, t=5, treated=2, at=3)
    with pytest.raises(NotIdentified, match="Aucun territoire de ce panel n’est concerné"):
        did(panel.with_start(np.full(8, 5)))
    with pytest.raises(NotIdentified, match="Tous les territoires de ce panel sont concernés"):
        did(panel.with_start(np.full(8, 3)))
    with pytest.raises(NotIdentified, match="au moins 1 période avant"):
        did(panel.with_start(np.where(np.arange(8) < 2, 0, 5)))
    with pytest.raises(DesignError, match="Aucun test ne porte le nom « clusters »"):
        did(panel, inference="clusters")


def test_treated_never_seen_before_are_refused_with_their_names() -> None:
    start = np.array([2, 2, 4, 4, 4])
    outcome = np.random.default_rng(0).standard_normal((5, 4))
    outcome[:2, :2] = np.nan
    frame = long_frame(outcome, start).dropna(subset=["y"])
    panel = Panel.from_frame(frame, unit="geo", time="year", outcome="y", treated_from="first")
    with pytest.raises(NotIdentified, match="à la fois avant et après") as caught:
        did(panel)
    assert "COM-00001" in str(caught.value)


def test_treated_seen_on_one_side_only_are_told() -> None:
    start = np.array([2, 2, 4, 4, 4, 4])
    outcome = np.random.default_rng(0).standard_normal((6, 4))
    outcome[0, :2] = np.nan
    frame = long_frame(outcome, start).dropna(subset=["y"])
    panel = Panel.from_frame(frame, unit="geo", time="year", outcome="y", treated_from="first")
    found = did(panel)
    assert any("COM-00001 : sans poids dans l’écart" in limit for limit in found.limits)


def test_the_text_can_be_made_of_the_result(make_panel: Make) -> None:
    found = did(make_panel())
    assert found.to_dict()["details"]["leave_one_out"][0]["unit"] == "COM-00002"
    assert {check.name for check in found.checks} == {"pre_trends", "comparators", "leave_one_out"}
