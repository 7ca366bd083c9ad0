"""Size and power of the default test of a series, on its own draws: never more than 7.5 % within two errors."""

from __future__ import annotations

import numpy as np
import pytest

from ctgeval.impact.reml import POSITIVE_RHOS, RHOS, batch
from ctgeval.impact.series_calibration import LONG, WORST_RHOS, calibrated, is_short, law
from tests.examples import sample

TARGET = 0.075


def segmented(n: int, before: int) -> np.ndarray:
    t = np.arange(n)
    return np.column_stack([np.ones(n), t, t >= before, np.maximum(0, t - before)]).astype(float)


def autoregressive(n: int, series: int, rho: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((n, series))
    for i in range(1, n):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * noise[i]
    return noise


def found(n: int, before: int, rho: float, series: int, effects: tuple[float, ...]) -> list[float]:
    """Share of series in which a change of level is found, for each true change (in standard deviations)."""
    design, gaps, level = segmented(n, before), np.ones(n - 1), np.array([[0.0, 0.0, 1.0, 0.0]])
    short = is_short(n, 4)
    rhos = POSITIVE_RHOS if short else RHOS
    fitted = batch(design, autoregressive(n, series, rho, seed=2026), gaps, level, rhos=rhos)

    def critical(value: float) -> float:
        return float(law(design, gaps, level, value, rhos=rhos).critical(0.95)[0])

    if short:
        limit = np.full(series, max(critical(value) for value in WORST_RHOS))
    else:
        known = {float(value): critical(float(value)) for value in np.unique(fitted.rho)}
        limit = np.array([known[float(value)] for value in fitted.rho])
    return [float((np.abs((fitted.estimate[0] + e) / fitted.std_error[0]) > limit).mean()) for e in effects]


CELLS = [(n, before, rho) for n, before in ((12, 8), (24, 12), (48, 24)) for rho in (0.0, 0.4, 0.7)]
MORE = [(n, before, rho) for n, before in ((16, 8), (20, 12), (23, 12), (30, 18), (60, 30)) for rho in (0.0, 0.4, 0.8)]
EVERY = [*MORE, *CELLS]


@pytest.mark.parametrize(("n", "before", "rho"), [CELLS[0], CELLS[2], CELLS[4], CELLS[8]])
def test_size_on_a_fixed_sample(n: int, before: int, rho: float) -> None:
    size, *_ = found(n, before, rho, 1000, (0.0,))
    assert size <= TARGET


@pytest.mark.torture
@pytest.mark.parametrize(("n", "before", "rho"), EVERY[: sample(1, len(EVERY))])
def test_size_and_power_in_every_cell(n: int, before: int, rho: float) -> None:
    series = sample(1000, 5000)
    size, two, three = found(n, before, rho, series, (0.0, 2.0, 3.0))
    assert size <= TARGET + 2 * np.sqrt(TARGET * (1 - TARGET) / series)
    assert size < two < three
    assert three >= 0.3


def test_the_smallest_effect_is_found_four_times_in_five() -> None:
    n, rho, design = 48, 0.4, segmented(48, 24)
    gaps, level = np.ones(n - 1), np.array([[0.0, 0.0, 1.0, 0.0]])
    white = autoregressive(n, 1, rho, seed=1)[:, 0]
    fit = calibrated(design, white, gaps, level, level=0.95)
    # The error of one series is drawn as its autocorrelation is: the true one stands for both here.
    fitted = batch(design, autoregressive(n, 4000, rho, seed=9), gaps, level)
    typical = float(np.sqrt((fitted.estimate[0] ** 2).mean()))
    mde = float(fit.critical[0] + fit.reach[0]) * typical
    power, *_ = found(n, 24, rho, 2000, (mde,))
    assert power == pytest.approx(0.8, abs=0.06)


def test_the_law_depends_neither_on_level_nor_on_scale() -> None:
    design, gaps = segmented(30, 20), np.ones(29)
    y = autoregressive(30, 1, 0.5, seed=3)[:, 0]
    first = calibrated(design, y, gaps, np.eye(4), level=0.95)
    second = calibrated(design, 1000 * y + design @ [1e4, -50, 0, 0], gaps, np.eye(4), level=0.95)
    np.testing.assert_allclose(second.p_value[2:], first.p_value[2:], atol=5e-4)
    np.testing.assert_allclose(second.std_error, 1000 * first.std_error, rtol=1e-5)


def test_the_p_value_and_the_interval_never_contradict_each_other() -> None:
    simulated = law(segmented(24, 12), np.ones(23), np.eye(4), 0.4)
    critical = simulated.critical(0.95)
    above, at = np.nextafter(critical.astype(np.float32), np.float32(np.inf)), critical.astype(np.float32)
    assert (simulated.p_value(above) <= 0.05).all()
    assert (simulated.p_value(at) > 0.05).all()
    assert np.isinf(simulated.critical(0.99999)).all()


def test_a_law_is_simulated_once() -> None:
    arguments = (segmented(26, 13), np.ones(25), np.eye(4), 0.35)
    assert law(*arguments) is law(*arguments)
    assert law(*arguments, seed=1) is not law(*arguments)


def test_a_short_series_is_tested_at_the_least_favourable_autocorrelation() -> None:
    y = autoregressive(20, 1, 0.3, seed=5)[:, 0]
    fit = calibrated(segmented(20, 12), y, np.ones(19), np.eye(4), level=0.95)
    assert fit.tested == WORST_RHOS
    assert fit.rho >= 0
    for rho in WORST_RHOS:
        one = law(
            segmented(20, 12) / np.linalg.norm(segmented(20, 12), axis=0),
            np.ones(19),
            np.eye(4) / np.linalg.norm(segmented(20, 12), axis=0),
            rho,
            rhos=POSITIVE_RHOS,
        )
        assert (fit.critical >= one.critical(0.95)).all()


def test_a_long_series_is_tested_by_student() -> None:
    n = LONG + 40
    y = autoregressive(n, 1, 0.5, seed=6)[:, 0]
    fit = calibrated(segmented(n, 120), y, np.ones(n - 1), np.eye(4), level=0.95)
    assert fit.tested == ()
    assert fit.critical[0] == pytest.approx(1.97, abs=0.01)


def test_uneven_points_allow_no_negative_autocorrelation() -> None:
    gaps = np.where(np.arange(29) % 3 == 0, 1.5, 1.0)
    fitted = batch(segmented(30, 15), autoregressive(30, 20, -0.6, seed=7), gaps, np.eye(4))
    assert (fitted.rho >= 0).all()
    assert np.isfinite(fitted.std_error).all()
