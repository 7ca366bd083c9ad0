from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import DesignError, NotIdentified, TooFewUnits
from ctgeval.impact import Panel, group_time, sun_abraham
from tests.impact.staggered_panels import fewer, figures, made, mpdta, panel_of, peers, random_frame

Make = Callable[..., Panel]


def test_figures_of_the_minimum_wage_example(real_data: Path) -> None:
    found = sun_abraham(mpdta(real_data, covariates=False), inference="cluster")
    assert (round(found.estimate, 5), round(found.std_error, 4)) == (-0.03995, 0.0118)


@pytest.mark.parametrize("key", [key for key in peers() if key.split("|")[1] == "SunAbraham"])
def test_agrees_with_peers(key: str, request: pytest.FixtureRequest) -> None:
    data, _, *options = key.split("|")
    if data == "mpdta":
        panel = mpdta(request.getfixturevalue("real_data"), covariates=False)
    else:
        panel = made(gaps=data == "gaps", clusters="cl" in options, covariates="x" in options)
    found = figures(sun_abraham(panel, inference="cluster"))
    for name, (estimate, error) in peers()[key].items():
        assert found[name][0] == pytest.approx(estimate, abs=1e-6), name
        assert found[name][1] == pytest.approx(error, abs=1e-6), name


def test_few_treated_have_no_error_of_the_method(make_panel: Make) -> None:
    panel = make_panel(n=25, treated=2, seed=3)
    found = sun_abraham(panel)
    after = found.by_period[~found.by_period["reference"]]
    assert after["estimate"].notna().all()
    assert after["std_error"].isna().all()
    assert not found.details["covariance_valid"]
    with pytest.raises(TooFewUnits, match="2 territoires"):
        sun_abraham(panel, inference="cluster")
    assert not sun_abraham(panel, inference="cluster", allow_invalid=True).valid


def test_without_never_treated_the_last_cohort_compares_before_its_own_date() -> None:
    frame = random_frame(2, dates=2)
    last = int(frame["first"].max()) + 1
    everybody = frame.assign(first=frame["first"].fillna(last))
    found = sun_abraham(panel_of(everybody))
    assert found.estimate == pytest.approx(sun_abraham(panel_of(frame[frame["year"] < last])).estimate)
    assert any(str(last) in limit for limit in found.limits)
    with pytest.raises(NotIdentified, match="Tous les territoires"):
        sun_abraham(panel_of(frame.assign(first=2017)))


def test_bad_input_is_refused(make_panel: Make) -> None:
    with pytest.raises(NotIdentified, match="Aucun territoire"):
        sun_abraham(make_panel(treated=0))
    with pytest.raises(DesignError, match="HC1"):
        sun_abraham(make_panel(), inference="hc1")


def test_effects_without_data_are_told() -> None:
    frame = random_frame(6)
    panel = panel_of(frame[~(frame["first"].eq(2017) & frame["year"].eq(2018))])
    found = sun_abraham(panel)
    table = found.details["group_time"].set_index(["cohort", "time_period"])["estimate"]
    assert np.isnan(table["2017", "2018"])
    assert any("cohorte 2017 en 2018" in limit for limit in found.limits)


@fewer
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.01, 3.0, 1e4]))
def test_is_the_comparison_by_cohorts_from_a_universal_base(seed: int, scale: float) -> None:
    frame = random_frame(seed)
    codes = sorted(frame["geo"].unique())
    shift = frame["geo"].map({code: 3.0 * i for i, code in enumerate(codes)}) - 0.3 * frame["year"]
    one = group_time(panel_of(frame), base="universal", draws=0, inference="cluster", allow_invalid=True)
    two = sun_abraham(
        panel_of(frame.assign(y=scale * (frame["y"] + shift)).sample(frac=1, random_state=seed)),
        inference="cluster",
        allow_invalid=True,
    )
    assert two.estimate == pytest.approx(scale * one.estimate, rel=1e-7, abs=1e-9 * scale)
    np.testing.assert_allclose(
        two.by_period["estimate"], scale * one.by_period["estimate"], rtol=1e-7, atol=1e-8 * scale
    )
