from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import NotIdentified
from ctgeval.impact import Panel
from ctgeval.impact.absorbed import Absorbed, event_patterns, treated_patterns
from ctgeval.impact.covariance import SmallSample
from ctgeval.impact.leave_one_out import leave_one_out
from ctgeval.impact.projection import demean, residualise
from ctgeval.impact.twoway import Fit, fit
from tests.impact.two_way import made, peers, random_panel

PEERS = peers()


def treated(panel: Panel) -> Fit:
    return fit(Absorbed.of(panel), treated_patterns(panel))


@pytest.mark.parametrize("key", [key for key in PEERS if not key.startswith("event")])
def test_agrees_with_pyfixest_and_statsmodels(key: str) -> None:
    data, covariates, weights, kind = key.split("|")
    switches = SmallSample(**json.loads(kind)) if kind.startswith("{") else SmallSample()
    panel = made(
        gaps=data == "gaps",
        covariates=("x1", "x2") if covariates == "x" else (),
        weights=weights == "w",
        clusters=kind.endswith("_cl") or kind.startswith("{"),
    )
    found = treated(panel)
    name = "two_way" if kind.startswith("{") else kind.removesuffix("_cl")
    variance, df = found.covariance(name, switches=switches)
    estimate, std_error, *freedom = PEERS[key]
    assert found.coefficients[0] == pytest.approx(estimate, abs=1e-9)
    assert np.sqrt(variance[0, 0]) == pytest.approx(std_error, rel=1e-7)
    if freedom:
        assert df == freedom[0]


def test_leads_and_lags_agree_with_pyfixest() -> None:
    panel = made(gaps=True, covariates=("x1",), weights=True)
    events, patterns = event_patterns(panel)
    found = fit(Absorbed.of(panel), patterns)
    std_errors = np.sqrt(np.diagonal(found.covariance("cluster")[0]))
    for k, event in enumerate(events):
        estimate, std_error = PEERS[f"event|{event}"]
        assert found.coefficients[k] == pytest.approx(estimate, abs=1e-8)
        assert std_errors[k] == pytest.approx(std_error, rel=1e-7)


@given(st.integers(0, 10_000), st.booleans(), st.booleans())
def test_is_the_regression_of_residuals(seed: int, gaps: bool, weights: bool) -> None:
    panel = random_panel(seed, gaps=gaps, weights=weights)
    found = treated(panel)
    d = np.nan_to_num(residualise(panel, panel.treatment))
    if not found.estimable[0]:
        assert np.abs(d).max() < 1e-6
        return
    cells = np.where(panel.observed, 1.0 if panel.weights is None else panel.weights, 0.0)
    y = np.where(panel.observed, panel.outcome, 0.0)
    expected = (cells * d * y).sum() / (cells * d * d).sum()
    assert found.coefficients[0] == pytest.approx(expected, abs=1e-9)
    on_outcome = found.weights_on_outcome(np.array([1.0]))
    assert (on_outcome * y).sum() == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(on_outcome, cells * d / (cells * d * d).sum(), atol=1e-9)


@given(st.integers(0, 10_000))
def test_balanced_and_unbalanced_paths_agree(seed: int) -> None:
    panel = random_panel(seed)
    weighted = replace(panel, weights=np.full(panel.outcome.shape, 2.5))
    for patterns in (treated_patterns(panel), event_patterns(panel)[1]):
        plain, general = fit(Absorbed.of(panel), patterns), fit(Absorbed.of(weighted), patterns)
        np.testing.assert_array_equal(plain.estimable, general.estimable)
        np.testing.assert_allclose(plain.coefficients, general.coefficients, atol=1e-9)
        for kind in ("iid", "hc1", "hc2", "hc3", "cluster", "two_way"):
            if kind not in ("cluster", "two_way") and plain.degrees.n <= plain.degrees.k + plain.degrees.effects:
                continue
            first, second = plain.covariance(kind), general.covariance(kind)
            assert first[1] == second[1]
            np.testing.assert_allclose(first[0], second[0], atol=1e-9)


@given(st.integers(0, 10_000), st.booleans(), st.booleans())
def test_leaving_a_comparator_out_is_estimating_without_it(seed: int, gaps: bool, weights: bool) -> None:
    panel = random_panel(seed, gaps=gaps, weights=weights)
    table = leave_one_out(treated(panel))
    assert list(table["unit"]) == [panel.units[i] for i in np.flatnonzero(~panel.treated)]
    for unit, estimate in table.itertuples(index=False):
        again = treated(panel.drop(unit))
        assert estimate == pytest.approx(again.coefficients[0], abs=1e-8, nan_ok=True)


def test_treated_shares_are_regressors() -> None:
    panel = made(gaps=True)
    share = panel.treatment * np.random.default_rng(0).uniform(0.2, 1, (panel.n_units, 1))
    partial = replace(panel, treatment=share)
    found = fit(Absorbed.of(partial, shares=True), np.empty((len(panel.cohorts) + 1, panel.n_periods, 0)))
    d = np.nan_to_num(demean(np.where(panel.observed, share, np.nan)))
    expected = (d * np.nan_to_num(panel.outcome)).sum() / (d * d).sum()
    assert found.coefficients[0] == pytest.approx(expected, abs=1e-10)


def test_covariates_that_say_nothing_are_named() -> None:
    panel = made(gaps=True, covariates=("x1", "x2"))
    x1 = panel.covariates[:, :, 0]
    constant = np.stack([x1, np.broadcast_to(np.arange(len(x1))[:, None], x1.shape)], axis=2)
    with pytest.raises(NotIdentified, match="La covariable « x2 » ne change pas dans le temps"):
        treated(replace(panel, covariates=constant))
    twice = np.stack([x1, 2 * x1 + 5], axis=2)
    with pytest.raises(NotIdentified, match="« x1 », « x2 »"):
        treated(replace(panel, covariates=twice))


def test_one_cluster_has_no_covariance() -> None:
    panel = replace(made(gaps=False), clusters=np.zeros(30, dtype=np.intp))
    variance, df = treated(panel).covariance("cluster")
    assert np.isnan(variance).all()
    assert np.isnan(df)
