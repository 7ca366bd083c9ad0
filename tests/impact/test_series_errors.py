"""Against statsmodels 0.15.0 on a series that is written in place, without drawing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.impact.distributions import t_two_sided
from ctgeval.impact.reml import RHOS, batch, likeliest_rho, whiten
from ctgeval.impact.series_counts import fit_counts
from ctgeval.impact.series_errors import automatic_lags, newey_west, ordinary, prais_winsten, whiteness

N, K = 72, 48
T = np.arange(N)
NOISE = np.sin(1.7 * T**1.3) + 0.6 * np.cos(0.9 * T + 1) + np.where(T % 5 == 0, 0.8, -0.2)
DESIGN = np.column_stack([np.ones(N), T, T >= K, np.maximum(0, T - K)]).astype(float)
OUTCOME = 20 + 0.15 * T - 3 * (T >= K) + 0.1 * np.maximum(0, T - K) + 1.5 * np.sin(2 * np.pi * T / 12) + NOISE
COUNTS = np.floor(np.exp(2.5 + 0.01 * T - 0.4 * (T >= K) + 0.5 * NOISE))
OFFSET = np.log(1000 + 5 * T)
GAPS = np.ones(N - 1)


def agree(found: np.ndarray, expected: list[float]) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def errors_of(covariance: np.ndarray) -> np.ndarray:
    return np.sqrt(np.diag(covariance))


def test_ordinary_least_squares() -> None:
    # made by statsmodels: OLS
    fit = ordinary(DESIGN, OUTCOME)
    agree(fit.coefficients, [20.363384021195362, 0.1299066434018783, -1.8793079269438289, 0.07198006105546975])
    errors = errors_of(fit.covariance)
    agree(errors, [0.34799554820601086, 0.012756707033549095, 0.6031346262715361, 0.03829230025122007])
    p_values = t_two_sided(fit.coefficients / errors, N - 4)
    agree(p_values[2:], [0.0026856102691715732, 0.0644266453282227])


def test_newey_west() -> None:
    # made by statsmodels: OLS, cov_type HAC, maxlags 3, use_correction, use_t
    fit = newey_west(DESIGN, OUTCOME, GAPS, lags=3)
    errors = errors_of(fit.covariance)
    agree(errors, [0.47720835339337153, 0.014723449186442724, 0.5764232075804065, 0.03262803670055729])
    agree(t_two_sided(fit.coefficients / errors, N - 4)[2:], [0.001740570333209117, 0.03076044444029721])
    assert automatic_lags(60) == 3


def test_newey_west_without_lags_is_the_covariance_of_white() -> None:
    fit = newey_west(DESIGN, OUTCOME, GAPS, lags=0)
    inverse = np.linalg.inv(DESIGN.T @ DESIGN)
    scores = DESIGN * fit.innovations[:, None]
    np.testing.assert_allclose(fit.covariance, inverse @ scores.T @ scores @ inverse * N / (N - 4), rtol=1e-9)


def test_prais_winsten() -> None:
    # sm.GLS(y, X, sigma=toeplitz(rho ** arange(n))) at the fixed point of rho
    fit = prais_winsten(DESIGN, OUTCOME, GAPS)
    assert fit.rho == pytest.approx(0.48527460798167965, rel=1e-6)
    agree(fit.coefficients, [20.372319129928997, 0.13124733568572078, -2.0925821455167846, 0.07634911689435796])
    agree(errors_of(fit.covariance), [0.5621931487958801, 0.02021013571045048, 0.8435013985036314, 0.05913519961392754])


def test_restricted_likelihood() -> None:
    # scipy.optimize.minimize_scalar on the dense restricted likelihood, then sm.GLS
    rho = likeliest_rho(DESIGN, OUTCOME, GAPS, RHOS)
    assert rho == pytest.approx(0.562608582868598, abs=1e-6)
    fit = batch(DESIGN, OUTCOME[:, None], GAPS, np.eye(4), rhos=(rho,))
    agree(fit.estimate[:, 0], [20.373705105968398, 0.13185708849133332, -2.17766658744063, 0.07795669992929191])
    agree(fit.std_error[:, 0], [0.6519543048821794, 0.02323997515585878, 0.9129788575279807, 0.06746054372274818])


def test_residuals_that_follow_one_another_are_seen() -> None:
    # made by statsmodels: durbin_watson, and acorr_ljungbox at 10 lags
    found = whiteness(ordinary(DESIGN, OUTCOME).innovations)
    agree(
        np.array([found.durbin_watson, found.ljung_box, found.p_value]),
        [1.0296537358408642, 56.757755808448074, 1.4800940924263594e-08],
    )
    assert np.isnan(whiteness(np.zeros(20)).p_value)


def test_poisson_and_quasipoisson() -> None:
    # sm.GLM(c, X, family=Poisson(), offset=log(pop)).fit(), and .fit(scale="X2")
    fit = fit_counts(DESIGN, COUNTS, OFFSET, "quasipoisson")
    agree(fit.coefficients, [-4.272286849427194, 0.001275342050039911, -0.36403971507423366, 0.009730474843276738])
    assert fit.dispersion == pytest.approx(4.341648318650917, rel=1e-6)
    poisson = ordinary(fit.design, fit.outcome, dispersion=1.0)
    agree(poisson.coefficients, list(fit.coefficients))
    agree(
        errors_of(poisson.covariance),
        [0.07350187369708894, 0.0026049303053265775, 0.1276731504353144, 0.008011627182271368],
    )
    quasi = ordinary(fit.design, fit.outcome, dispersion=fit.dispersion)
    agree(
        errors_of(quasi.covariance),
        [0.1531531058504554, 0.005427795546013251, 0.26602772974328315, 0.016693525443309494],
    )
    # .fit(cov_type="HAC", cov_kwds={"maxlags": 3}), times n / (n - k)
    agree(
        errors_of(newey_west(fit.design, fit.outcome, GAPS, lags=3).covariance),
        [0.14328259613173927, 0.005979557194227441, 0.2528623597610109, 0.012323336161810833],
    )


def test_negative_binomial() -> None:
    # sm.NegativeBinomial for alpha, sm.GLM(family=NegativeBinomial(alpha)) for the errors, as glm.nb prints them
    fit = fit_counts(DESIGN, COUNTS, OFFSET, "negative_binomial")
    assert fit.alpha == pytest.approx(0.1647580910395459, rel=1e-6)
    agree(fit.coefficients, [-4.265224276094621, 0.0009859465725837123, -0.3621307425968627, 0.010434069571637249])
    plain = ordinary(fit.design, fit.outcome, dispersion=1.0)
    agree(
        errors_of(plain.covariance),
        [0.13676928968927526, 0.004969031959426421, 0.23746648416507987, 0.015024548479494042],
    )


def test_counts_that_vary_less_than_poisson_are_fitted_by_it() -> None:
    even = np.where(T % 2, 20.0, 21.0)
    assert fit_counts(DESIGN, even, OFFSET * 0, "negative_binomial").alpha == 0


@given(rho=st.sampled_from([-0.8, -0.3, 0.0, 0.4, 0.9]), lost=st.sets(st.integers(1, 28), max_size=6))
def test_whitening_is_the_inverse_square_root_of_the_correlation(rho: float, lost: set[int]) -> None:
    places = np.array([place for place in range(30) if place not in lost], dtype=float)
    white = whiten(np.eye(len(places)), rho, np.diff(places))
    correlation = np.power(rho, np.abs(places[:, None] - places[None, :]))
    np.testing.assert_allclose(white @ correlation @ white.T, np.eye(len(places)), atol=1e-9)
