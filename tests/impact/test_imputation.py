from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import DesignError, NotIdentified, TooFewUnits
from ctgeval.impact import Panel, did, imputation, two_stage
from ctgeval.impact.imputation import _weights
from ctgeval.impact.imputed import impute
from ctgeval.impact.staggered import cohort_rows
from tests.impact.staggered_panels import fewer, figures, made, mpdta, panel_of, peers, random_frame

Make = Callable[..., Panel]
ESTIMATORS = {"ImputationDiD": imputation, "TwoStageDiD": two_stage}


def test_figures_of_the_minimum_wage_example(real_data: Path) -> None:
    panel = mpdta(real_data, covariates=False)
    one, two = imputation(panel, inference="cluster"), two_stage(panel, inference="cluster")
    assert (round(one.estimate, 5), round(one.std_error, 5)) == (-0.04771, 0.01322)
    assert (round(two.estimate, 5), round(two.std_error, 5)) == (-0.04771, 0.01348)


@pytest.mark.parametrize("key", [key for key in peers() if key.split("|")[1] in ESTIMATORS])
def test_agrees_with_peers(key: str, request: pytest.FixtureRequest) -> None:
    data, estimator, *options = key.split("|")
    if data == "mpdta":
        panel = mpdta(request.getfixturevalue("real_data"), covariates=False)
    else:
        panel = made(gaps=data == "gaps", clusters="cl" in options, covariates="x" in options)
    result = ESTIMATORS[estimator](panel, inference="cluster", allow_invalid=True)
    found = figures(result)
    # With gaps and clusters, diff-diff squares the weights of rows where clusters are to count by their sums.
    close = 2e-4 if (data, estimator, options) == ("gaps", "ImputationDiD", ["cl"]) else 1e-6
    for name, (estimate, error) in peers()[key].items():
        if name == "pre_test":
            assert result.details["pre_test"]["p_value"] == pytest.approx(error, abs=1e-6)
            continue
        assert found[name][0] == pytest.approx(estimate, abs=1e-6), name
        assert found[name][1] == pytest.approx(error, abs=close), name


def by_dummies(panel: Panel) -> float:
    """The same estimate by least squares on one column per unit, period and covariate."""
    seen, post = panel.observed, panel.post
    units, periods = np.indices(panel.outcome.shape)
    columns = [np.eye(panel.n_units)[units], np.eye(panel.n_periods)[periods]]
    if panel.covariates is not None:
        columns.append(panel.covariates)
    design = np.concatenate(columns, axis=2)
    weights = np.ones(panel.outcome.shape) if panel.weights is None else panel.weights
    root = np.sqrt(weights[seen & ~post])
    fitted = np.linalg.lstsq(design[seen & ~post] * root[:, None], panel.outcome[seen & ~post] * root, rcond=None)[0]
    gap = panel.outcome[seen & post] - design[seen & post] @ fitted
    return float(np.average(gap, weights=weights[seen & post]))


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("covariates", [False, True])
def test_is_least_squares_on_untreated_cells(gaps: bool, weights: bool, covariates: bool) -> None:
    panel = made(gaps=gaps, weights=weights, covariates=covariates)
    found = imputation(panel, inference="cluster")
    assert found.estimate == pytest.approx(by_dummies(panel), abs=1e-9)
    imputed = impute(panel)
    outcome = np.where(panel.observed, panel.outcome, 0.0)
    assert (imputed.coefficients() * outcome).sum() == pytest.approx(found.estimate, abs=1e-9)
    # The coefficients leave no unit or period effect, and no covariate.
    np.testing.assert_allclose(imputed.coefficients().sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(imputed.coefficients().sum(axis=1), 0, atol=1e-12)


def test_weights_of_cohorts_are_those_of_the_estimate() -> None:
    panel = made(covariates=False)
    np.testing.assert_allclose(_weights(panel)[cohort_rows(panel)], impute(panel).coefficients(), atol=1e-12)


def test_bounds_are_reached() -> None:
    panel = made(gaps=True)
    fields = {f: getattr(panel, f) for f in panel.__dataclass_fields__}
    low, high = panel.outcome - 0.5, panel.outcome + 0.25
    found = imputation(Panel(**{**fields, "low": low, "high": high}), inference="cluster")
    worst = np.where(impute(panel).coefficients() > 0, low, high)
    reached = imputation(panel.with_outcome(worst), inference="cluster")
    assert reached.estimate == pytest.approx(found.bounds.low, abs=1e-9)


def test_the_two_methods_differ_by_their_errors_alone() -> None:
    one, two = imputation(made(), inference="cluster"), two_stage(made(), inference="cluster")
    assert one.estimate == two.estimate
    np.testing.assert_array_equal(one.by_period["estimate"], two.by_period["estimate"])
    assert two.std_error > one.std_error
    assert (one.method, two.method) == ("imputation", "two_stage")


def test_a_drift_before_treatment_is_found() -> None:
    panel = made(covariates=False)
    drift = panel.treated[:, None] * np.arange(panel.n_periods) * 0.8
    found = imputation(panel.with_outcome(panel.outcome + drift), inference="cluster")
    assert found.details["pre_test"]["p_value"] < 0.001
    assert next(check for check in found.checks if check.name == "pre_trends").passed is False


@pytest.mark.parametrize("estimator", [imputation, two_stage])
def test_few_treated_have_no_error_of_the_method(make_panel: Make, estimator: Any) -> None:
    panel = make_panel(n=25, treated=2, seed=3)
    found = estimator(panel)
    assert found.by_period["estimate"].notna().all()
    assert found.by_period[["std_error", "low", "high"]].isna().all(axis=None)
    assert any("6 groupes concernés" in limit for limit in found.limits)
    with pytest.raises(TooFewUnits, match="2 territoires"):
        estimator(panel, inference="cluster")
    assert not estimator(panel, inference="cluster", allow_invalid=True).valid


def test_cells_that_nothing_predicts_are_left_out_and_told() -> None:
    frame = random_frame(2, dates=2)
    last = frame["first"].max()
    panel = panel_of(frame.assign(first=frame["first"].fillna(last + 1)))
    found = imputation(panel)
    table = found.details["group_time"]
    assert table.loc[table["time_period"].astype(int) > last, "estimate"].isna().all()
    assert np.isfinite(found.estimate)
    assert any("hors de la moyenne" in limit for limit in found.limits)
    with pytest.raises(NotIdentified, match="comparaison"):
        imputation(panel_of(frame.assign(first=2017)))


def test_a_unit_without_an_untreated_observation_is_told_by_its_name() -> None:
    frame = random_frame(4)
    frame = frame[~((frame["geo"] == "COM-00000") & (frame["year"] < 2017))]
    found = imputation(panel_of(frame))
    assert any("COM-00000" in limit for limit in found.limits)
    without = imputation(panel_of(frame[frame["geo"] != "COM-00000"]))
    assert found.estimate == pytest.approx(without.estimate)


def test_periods_that_nothing_links_are_not_imputed() -> None:
    # Two halves that share no unit: what is treated in one can't be told from the effects of the other.
    early = [{"geo": f"A{i}", "year": 2015 + t, "y": i + t**2, "first": np.nan} for i in range(3) for t in range(3)]
    late = [{"geo": f"B{i}", "year": 2018 + t, "y": i - t, "first": np.nan} for i in range(3) for t in range(3)]
    one = [{"geo": "C", "year": 2015 + t, "y": 5.0 * t, "first": 2017} for t in range(6)]
    table = type(random_frame(0))(early + late + one)
    found = impute(panel_of(table))
    np.testing.assert_array_equal(found.lost[-1], [False, False, False, True, True, True])
    assert found.estimate == pytest.approx(10 - (2.5 - 0.5) - 4)


def test_bad_input_is_refused(make_panel: Make) -> None:
    with pytest.raises(NotIdentified, match="Aucun territoire"):
        imputation(make_panel(treated=0))
    with pytest.raises(DesignError, match="HC1"):
        imputation(make_panel(), inference="hc1")
    frame = random_frame(3).assign(still=lambda rows: rows["geo"].str[-2:].astype(float))
    with pytest.raises(NotIdentified, match="still"):
        imputation(panel_of(frame, covariates=("still",)))  # type: ignore[arg-type]
    frame = random_frame(3).assign(twice=lambda rows: 2 * rows["x"])
    with pytest.raises(NotIdentified, match="twice"):
        imputation(panel_of(frame, covariates=("x", "twice")))  # type: ignore[arg-type]


# -- laws ---------------------------------------------------------------------------------------------------------


@fewer
@given(seed=st.integers(0, 10_000), gaps=st.booleans(), scale=st.sampled_from([0.01, 3.0, 1e4]))
def test_names_order_and_effects_change_nothing_and_scaling_scales(seed: int, gaps: bool, scale: float) -> None:
    frame = random_frame(seed, gaps=gaps)
    codes = sorted(frame["geo"].unique())
    new = dict(zip(codes, np.random.default_rng(seed).permutation(codes), strict=True))
    shift = frame["geo"].map({code: 3.0 * i for i, code in enumerate(codes)}) - 0.3 * frame["year"]
    other = frame.assign(geo=frame["geo"].map(new), y=scale * (frame["y"] + shift)).sample(frac=1, random_state=seed)
    one, two = (two_stage(panel_of(table), inference="cluster", allow_invalid=True) for table in (frame, other))
    assert two.std_error == pytest.approx(scale * one.std_error, rel=1e-7)
    for name in ("estimate", "std_error"):
        np.testing.assert_allclose(two.by_period[name], scale * one.by_period[name], rtol=1e-6, atol=1e-8 * scale)


@fewer
@given(seed=st.integers(0, 10_000))
def test_one_date_balanced_is_two_by_two(seed: int) -> None:
    panel = panel_of(random_frame(seed, dates=1))
    expected = did(panel, inference="cluster", allow_invalid=True).estimate
    assert imputation(panel, inference="cluster", allow_invalid=True).estimate == pytest.approx(expected, abs=1e-10)
