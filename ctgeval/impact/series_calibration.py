"""Critical values of a series with AR(1) errors, calibrated by simulating its design.

The law of |t| without effect depends on the design matrix and on the autocorrelation alone: neither on the level of
the series, nor on its variance. It is simulated once per design and kept. Student's law rejects 8 to 10 % of series
without effect when they have 12 to 24 points; this one 5 to 6 %.

References
----------
Turner, S. et al. (2021), Evaluation of statistical methods used in the analysis of interrupted time series studies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ctgeval.impact.distributions import t_quantile, t_two_sided
from ctgeval.impact.panel import Floats
from ctgeval.impact.reml import POSITIVE_RHOS, RHOS, Estimator, batch, likeliest_rho, whiten

__all__ = ["DRAWS", "LONG", "SHORT", "WORST_RHOS", "Calibrated", "Law", "calibrated", "is_short", "law"]

DRAWS = 4000
"""Series simulated for a law."""

WORST_RHOS: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
"""Autocorrelations that a short series is tested against, whatever it shows: it is too short to show its own."""

SHORT, SHORT_FREEDOM = 24, 20
"""Under that many points, or points beyond the coefficients, a series is short."""

LONG = 200
"""Above that many points, Student's law holds and nothing is simulated."""


@dataclass(frozen=True, eq=False)
class Law:
    """Law of |t| without effect, contrast by contrast.

    Parameters
    ----------
    sorted_t : ndarray, shape (m, draws)
        Simulated values in increasing order.
    """

    sorted_t: npt.NDArray[np.float32]

    def p_value(self, t: Floats) -> Floats:
        """Return the share of simulated series at least as far from zero (m,), the observed one counted in."""
        draws = self.sorted_t.shape[1]
        below = np.array([np.searchsorted(row, value) for row, value in zip(self.sorted_t, np.abs(t), strict=True)])
        return np.asarray((1.0 + draws - below) / (draws + 1.0))

    def critical(self, level: float) -> Floats:
        """Return the value (m,) that |t| must exceed for the p-value to be at most ``1 - level``."""
        draws = self.sorted_t.shape[1]
        beyond = int(np.floor((1 - level) * (draws + 1) + 1e-9)) - 1
        if beyond < 0:
            return np.full(len(self.sorted_t), np.inf)
        return np.asarray(self.sorted_t[:, draws - 1 - beyond], dtype=np.float64)

    def quantile(self, probability: float) -> Floats:
        """Return a quantile (m,) of |t|."""
        rank = min(int(probability * self.sorted_t.shape[1]), self.sorted_t.shape[1] - 1)
        return np.asarray(self.sorted_t[:, rank], dtype=np.float64)


def law(
    design: Floats,
    gaps: Floats,
    contrasts: Floats,
    rho: float,
    *,
    estimator: Estimator = "gls",
    rhos: tuple[float, ...] = RHOS,
    draws: int = DRAWS,
    seed: int = 0,
) -> Law:
    """Simulate the law of |t| without effect when errors have a given autocorrelation; kept in memory.

    Parameters
    ----------
    design, gaps, contrasts, estimator, rhos
        As in `batch`.
    rho : float
        Autocorrelation of the simulated errors.
    draws, seed : int
    """
    shape = (*design.shape, len(contrasts))
    arrays = tuple(np.ascontiguousarray(array, dtype=np.float64).tobytes() for array in (design, gaps, contrasts))
    return _law(_Question(shape, arrays, rho, estimator, rhos, draws, seed))


class _Question(NamedTuple):
    """What a law depends on: the key under which it is kept."""

    shape: tuple[int, int, int]
    arrays: tuple[bytes, ...]
    rho: float
    estimator: Estimator
    rhos: tuple[float, ...]
    draws: int
    seed: int


@lru_cache(maxsize=64)
def _law(asked: _Question) -> Law:
    n, k, m = asked.shape
    design, gaps, contrasts = (np.frombuffer(array) for array in asked.arrays)
    design, contrasts = design.reshape(n, k), contrasts.reshape(m, k)
    noise = np.random.default_rng(asked.seed).standard_normal((n, asked.draws))
    kept = np.power(asked.rho, gaps)
    for i in range(1, n):
        noise[i] = kept[i - 1] * noise[i - 1] + np.sqrt(1 - kept[i - 1] ** 2) * noise[i]
    fitted = batch(design, noise, gaps, contrasts, estimator=asked.estimator, rhos=asked.rhos)
    return Law(np.sort(np.abs(fitted.estimate / fitted.std_error), axis=1).astype(np.float32))


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A series fitted by restricted likelihood, with calibrated tests.

    Parameters
    ----------
    estimate, std_error, p_value : ndarray, shape (m,)
        Of each contrast.
    critical : ndarray, shape (m,)
        The interval is the estimate and this many standard errors on each side.
    reach : ndarray, shape (m,)
        Standard errors by which an effect must exceed ``critical`` to be found four times in five.
    rho : float
        Autocorrelation of the largest restricted likelihood.
    tested : tuple of float
        Autocorrelations of the laws that the test was read on, the least favourable one deciding; empty for Student's.
    minimum_p : float
        Smallest p-value that simulation could give.
    innovations : ndarray, shape (n,)
        Residuals, their autocorrelation taken out.
    """

    estimate: Floats
    std_error: Floats
    p_value: Floats
    critical: Floats
    reach: Floats
    rho: float
    tested: tuple[float, ...]
    minimum_p: float
    innovations: Floats


def is_short(n: int, k: int) -> bool:
    """Tell whether a series of n points is too short for k coefficients to show its own autocorrelation."""
    return n < SHORT or n - k < SHORT_FREEDOM


def calibrated(
    design: Floats,
    outcome: Floats,
    gaps: Floats,
    contrasts: Floats,
    *,
    level: float,
    estimator: Estimator = "gls",
    draws: int = DRAWS,
    seed: int = 0,
) -> Calibrated:
    """Fit a series and test each contrast against its simulated law.

    The law is read at the autocorrelation that was estimated. A short series (`is_short`) is tested against each one
    of `WORST_RHOS` and the least favourable decides; a long one (above `LONG`) by Student's law. Counts, told by
    ``estimator="ols"``, are tested against both: the noise of counting hides a part of the autocorrelation.

    Parameters
    ----------
    design, gaps, contrasts, estimator
        As in `batch`.
    outcome : ndarray, shape (n,)
    level : float
        Of confidence.
    draws, seed : int
        Of the simulation.
    """
    n, k = design.shape
    scale = np.linalg.norm(design, axis=0)
    design, contrasts = design / scale, contrasts / scale
    short = is_short(n, k)
    rhos = POSITIVE_RHOS if short else RHOS
    rho = likeliest_rho(design, outcome, gaps, rhos)
    fitted = batch(design, outcome[:, None], gaps, contrasts, estimator=estimator, rhos=(rho,))
    estimate, error = fitted.estimate[:, 0], fitted.std_error[:, 0]
    white = whiten(np.column_stack([design, outcome]), rho, gaps)
    innovations = white[:, -1] - white[:, :-1] @ np.linalg.lstsq(white[:, :-1], white[:, -1], rcond=None)[0]
    t = estimate / error
    if n > LONG:
        student = np.full(len(t), t_quantile((1 + level) / 2, n - k))
        p_value, reach = np.asarray(t_two_sided(t, n - k)), np.full(len(t), t_quantile(0.8, n - k))
        return Calibrated(estimate, error, p_value, student, reach, rho, (), 0.0, innovations)
    nearest = min(rhos, key=lambda value: abs(value - rho))
    tested = WORST_RHOS if short else (nearest,) if estimator == "gls" else tuple(sorted({*WORST_RHOS, nearest}))
    laws = [
        law(design, gaps, contrasts, value, estimator=estimator, rhos=rhos, draws=draws, seed=seed) for value in tested
    ]
    return Calibrated(
        estimate=estimate,
        std_error=error,
        p_value=np.max([one.p_value(t) for one in laws], axis=0),
        critical=np.max([one.critical(level) for one in laws], axis=0),
        # The law of t is symmetric: its quantile at 80 % is that of |t| at 60 %.
        reach=np.max([one.quantile(0.6) for one in laws], axis=0),
        rho=rho,
        tested=tested,
        minimum_p=1 / (draws + 1),
        innovations=innovations,
    )
