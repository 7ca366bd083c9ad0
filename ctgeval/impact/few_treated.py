"""Tests for one to five treated units, whose own residuals say nothing: their noise is learned from the comparators."""

from __future__ import annotations

import numpy as np

from ctgeval.errors import DesignError
from ctgeval.impact.collapsing import collapsed_outcome
from ctgeval.impact.contrast import Contrast
from ctgeval.impact.distributions import t_quantile, t_two_sided
from ctgeval.impact.groups import Groups, groups as as_groups
from ctgeval.impact.panel import Floats
from ctgeval.impact.result import NO_INTERVAL, Interval
from ctgeval.impact.tested import Tested

__all__ = ["collapsed", "collapsed_outcome", "conley_taber", "ferman_pinto"]

_LIMIT = 20_000
_TIE = 1e-9
_FLOOR = 1e-3
"""Smallest variance of a unit, as a share of the mean one: a fitted line may go under zero."""


def collapsed(contrast: Contrast, level: float = 0.95) -> Tested:
    """Test with one number per unit, or per cluster, by Student's law.

    With a single date, the variance of the changes is pooled over treated and comparators: the law is exactly
    Student's with N - 2 degrees of freedom, whatever the number of treated, when the changes are normal with equal
    variances. With several dates, the variance of what each cohort contributes is that of the comparators, had they
    been of that cohort, with one degree of freedom less than there are comparators. Clusters of unequal sizes count as
    equally variable.

    Parameters
    ----------
    contrast : Contrast
    level : float
        Of confidence.

    Returns
    -------
    Tested
        All NaN, and the reason in ``note``, when there are too few units or they do not vary.

    References
    ----------
    Donald, S. and Lang, K. (2007), Inference with Difference-in-Differences and Other Panel Data, REStat 89(2). Lee, S.
    and Wooldridge, J. (2025), Simple Approaches to Inference with Difference-in-Differences Estimators with Small
    Cross-Sectional Sample Sizes.
    """
    groups = as_groups(contrast)
    n1, n0 = len(groups.treated), int(groups.controls.sum())
    df = n1 + n0 - 2 if groups.n_cohorts == 1 else n0 - 1
    if df < 1 or n1 < 1 or n0 < 1:
        return _undefined("collapsed", f"{n1} groupe(s) concerné(s) et {n0} de comparaison : il en faut 3 en tout.")
    variance = _pooled(groups, df) if groups.n_cohorts == 1 else _from_controls(groups)
    estimate, std_error = contrast.estimate, float(np.sqrt(variance))
    if not std_error > _TIE * abs(estimate):
        return _undefined("collapsed", "Les évolutions ne varient pas d’un territoire à l’autre.")
    half = t_quantile(1 - (1 - level) / 2, df) * std_error

    def p_at(tau: Floats) -> Floats:
        return np.asarray(t_two_sided((estimate - np.asarray(tau)) / std_error, df), dtype=np.float64)

    return Tested(
        code="collapsed",
        p_value=float(p_at(np.zeros(()))),
        std_error=std_error,
        interval=Interval(estimate - half, estimate + half),
        minimum_p=0.0,
        p_at=p_at,
        note=f"Une évolution par territoire ou groupe, comparée par un t de Student à {df} degrés de liberté.",
    )


def _pooled(groups: Groups, df: int) -> float:
    """Variance of a difference of means under one variance for all."""
    on, off = ~groups.controls, groups.controls
    squares, shares = 0.0, 0.0
    for chosen, column in ((on, 0), (off, 1)):
        total = groups.sizes[chosen].sum()
        z = groups.scores[chosen, column] * total
        squares += float(((z - z.mean()) ** 2).sum())
        shares += float(((groups.sizes[chosen] / total) ** 2).sum())
    return squares / df * shares


def _from_controls(groups: Groups) -> float:
    """Variance of the estimate when every unit varies as the comparators do."""
    spread = np.diag(groups.covariance())
    return float((groups.sizes**2 * spread[groups.rows]).sum())


def conley_taber(
    contrast: Contrast, level: float = 0.95, draws: int = 9_999, seed: int = 0, *, correction: bool = True
) -> Tested:
    """Test against the law of what comparators would have contributed in the place of the treated.

    Each treated unit (or whole cluster) draws a comparator's residual path, with the coefficients of its own cohort;
    all draws are enumerated up to 20,000.

    Parameters
    ----------
    contrast : Contrast
    level : float
        Of confidence.
    draws, seed : int
        Draws when they are not enumerated.
    correction : bool
        Widen the law by the error of the comparators' own mean, which the asymptotic test forgets: a factor
        ``sqrt(1 + n1 / n0) sqrt(n0 / (n0 - 1))`` with a single date.

    Returns
    -------
    Tested
        All NaN, and the reason in ``note``, with fewer than 2 comparators.

    References
    ----------
    Conley, T. and Taber, C. (2011), Inference with Difference in Differences with a Small Number of Policy Changes,
    REStat 93(1).
    """
    groups = as_groups(contrast)
    refused = _refused("conley_taber", groups)
    if refused is not None:
        return refused
    noise, covariance = groups.noise(), groups.covariance()
    spread = np.diag(covariance)
    law = _law(groups, noise, np.ones((len(groups.treated), noise.shape[1])), draws, seed)
    if correction:
        law = law * _widening(len(noise), *_variances(groups, spread[groups.rows]))
    return _against(
        "conley_taber",
        contrast.estimate,
        law,
        level,
        "Chaque territoire concerné est remplacé par des territoires de comparaison, qui donnent l’ampleur du hasard.",
    )


def ferman_pinto(contrast: Contrast, level: float = 0.95, draws: int = 9_999, seed: int = 0) -> Tested:
    """Test as `conley_taber` does, with a variance that depends on population.

    The variance of a comparator's contribution is fitted as ``a + b / population``, none negative, and at least a
    thousandth of its mean; each drawn residual is divided by its standard deviation and multiplied by that of the
    treated unit whose place it takes. The error of the comparators' mean is added.

    Parameters
    ----------
    contrast : Contrast
        With populations.
    level : float
        Of confidence.
    draws, seed : int
        Draws when there are more than 20,000 possible ones.

    Returns
    -------
    Tested
        All NaN, and the reason in ``note``, with fewer than 3 comparators.

    Raises
    ------
    DesignError
        When a population is absent or not positive.

    References
    ----------
    Ferman, B. and Pinto, C. (2019), Inference in Differences-in-Differences with Few Treated Groups and
    Heteroskedasticity, REStat 101(3).
    """
    groups = as_groups(contrast)
    population = groups.population
    if population is None or not (population > 0).all():
        missing = contrast.n_units if population is None else int((~(population > 0)).sum())
        raise DesignError(
            f"Le test de Ferman-Pinto a besoin de la population de chaque territoire ; elle manque pour {missing}.",
            value=str(missing),
            remedy="Donnez population=« colonne » en construisant le panel.",
        )
    refused = _refused("ferman_pinto", groups, least=3)
    if refused is not None:
        return refused
    noise = groups.noise()
    variance = _by_population(noise, population[groups.controls], population)
    scaled = noise / np.sqrt(variance[groups.controls])
    law = _law(groups, scaled, np.sqrt(variance[groups.treated]), draws, seed)
    own = variance[np.arange(len(groups.rows)), groups.rows]
    return _against(
        "ferman_pinto",
        contrast.estimate,
        law * _widening(len(noise), *_variances(groups, own)),
        level,
        "Chaque territoire concerné est remplacé par des territoires de comparaison, ramenés à la variabilité attendue "
        "pour sa population.",
    )


def _by_population(noise: Floats, known: Floats, population: Floats) -> Floats:
    """Variance of each group as each cohort, ``a + b / population``, shape (G, K + 1)."""
    squares = noise**2
    # A path whose coefficients are all zero contributes nothing: any positive variance will do.
    mean = np.maximum(squares.mean(axis=0), 1e-300)
    inverse = 1 / known
    if np.ptp(inverse) <= _TIE * inverse.max():
        return np.tile(mean, (len(population), 1))
    centred = inverse - inverse.mean()
    slope = np.maximum(centred @ squares / (centred @ centred), 0.0)
    constant = np.where(slope > 0, np.maximum(mean - slope * inverse.mean(), 0.0), mean)
    return np.asarray(np.maximum(constant + slope / population[:, None], _FLOOR * mean))


def _refused(code: str, groups: Groups, least: int = 2) -> Tested | None:
    n0 = int(groups.controls.sum())
    if n0 < least or not len(groups.treated):
        return _undefined(code, f"{n0} groupe(s) de comparaison : il en faut au moins {least}.")
    if not np.abs(groups.noise()).max() > 0:
        return _undefined(code, "Les évolutions des territoires de comparaison ne varient pas.")
    return None


def _law(groups: Groups, noise: Floats, scale: Floats, draws: int, seed: int) -> Floats:
    """Sum over the treated of a drawn comparator's residual, under every draw or some."""
    rows = groups.rows[groups.treated]
    n0, n1 = len(noise), len(rows)
    factor = groups.sizes[groups.treated] * scale[np.arange(n1), rows]
    if n1 * np.log(n0) <= np.log(_LIMIT):
        law = np.zeros(1)
        for j, row in enumerate(rows):
            law = np.add.outer(law, factor[j] * noise[:, row]).ravel()
        return law
    rng = np.random.default_rng(seed)
    law = np.zeros(draws)
    for j, row in enumerate(rows):
        law += factor[j] * noise[rng.integers(0, n0, size=draws), row]
    return law


def _variances(groups: Groups, own: Floats) -> tuple[float, float]:
    """Variance of what the treated contribute, and of what the comparators do."""
    parts = groups.sizes**2 * own
    return float(parts[groups.treated].sum()), float(parts[groups.controls].sum())


def _widening(n0: int, treated: float, controls: float) -> float:
    return float(np.sqrt(n0 / (n0 - 1) * (1 + controls / treated))) if treated > 0 else 1.0


def _against(code: str, estimate: float, law: Floats, level: float, note: str) -> Tested:
    """Compare with a law; the estimate itself counts as one more draw, so that no p-value is zero."""
    ordered = np.sort(np.abs(law))
    size = len(law)
    minimum = 1 / (size + 1)
    needed = int((1 - level) * (size + 1) + _TIE)
    half = float(ordered[size - needed]) if needed >= 1 else float(np.inf)

    def p_at(tau: Floats) -> Floats:
        gap = np.abs(estimate - np.asarray(tau, dtype=np.float64)) * (1 - _TIE)
        return np.asarray((1 + size - np.searchsorted(ordered, gap, side="left")) / (size + 1))

    return Tested(
        code=code,
        p_value=float(p_at(np.zeros(()))),
        std_error=float(np.sqrt(np.mean(law**2))),
        interval=Interval(estimate - half, estimate + half),
        minimum_p=minimum,
        reference=law,
        p_at=p_at,
        note=note,
    )


def _undefined(code: str, reason: str) -> Tested:
    return Tested(
        code=code,
        p_value=float("nan"),
        std_error=float("nan"),
        interval=NO_INTERVAL,
        minimum_p=float("nan"),
        p_at=lambda tau: np.full(np.shape(tau), np.nan),
        note=reason,
    )
