"""Which errors an interrupted series is tested with, why, and what the test says of each contrast."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from ctgeval import french
from ctgeval.errors import DesignError, TooFewUnits
from ctgeval.impact.distributions import t_quantile, t_two_sided
from ctgeval.impact.panel import Floats
from ctgeval.impact.series_calibration import DRAWS, LONG, WORST_RHOS, calibrated, is_short
from ctgeval.impact.series_counts import CountFit
from ctgeval.impact.series_errors import (
    LinearFit,
    Whiteness,
    automatic_lags,
    newey_west,
    ordinary,
    prais_winsten,
    whiteness,
)

__all__ = ["LONG_ENOUGH", "Asked", "Errors", "LinearModel", "Tested", "descriptive", "tested"]

Errors = Literal["auto", "ols", "newey_west", "prais_winsten", "reml"]

LONG_ENOUGH = 60
"""Points under which only calibrated tests are given."""

_PRAIS_WINSTEN_POINTS = 120

_REFUSED = {
    "ols": "Les moindres carrés ordinaires supposent des points indépendants : avec une autocorrélation de 0,4 à 0,7, "
    "ils voient un effet dans 11 à 36 % des séries qui n’en ont pas",
    "newey_west": "L’erreur de Newey-West ne tient pas son seuil sur une série courte : elle voit un effet dans 22 à "
    "50 % des séries de 12 à 48 points qui n’en ont pas",
    "prais_winsten": "L’estimation de Prais-Winsten voit un effet dans 11 à 23 % des séries de 12 à 48 points qui n’en "
    "ont pas",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Tested:
    """What a test says of each contrast.

    Parameters
    ----------
    code : str
        Of the test.
    estimate, std_error, p_value, critical, reach : ndarray, shape (m,)
        As in `ctgeval.impact.series_calibration.Calibrated`; NaN without a test.
    rho : float
        Autocorrelation that was taken out of the errors; NaN when none was.
    innovations : ndarray, shape (n,)
    minimum_p : float
    valid, conclusive : bool
        As in `ctgeval.impact.conclusion.Inference`.
    steps, limits : tuple of str
    """

    code: str
    estimate: Floats
    std_error: Floats
    p_value: Floats
    critical: Floats
    reach: Floats
    rho: float
    innovations: Floats
    minimum_p: float = 0.0
    valid: bool = True
    conclusive: bool = True
    steps: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


def descriptive(model: LinearModel, rows: Floats, reason: str) -> Tested:
    """Describe a series that no test can be made of."""
    fit = model.ordinary
    none = np.full(len(rows), np.nan)
    return Tested(
        code="none",
        estimate=rows @ fit.coefficients,
        std_error=none,
        p_value=none,
        critical=none,
        reach=none,
        rho=float("nan"),
        innovations=fit.innovations,
        minimum_p=float("nan"),
        valid=False,
        conclusive=False,
        steps=(reason,),
        limits=(reason,),
    )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What test was asked for.

    Parameters
    ----------
    errors : str
        ``auto`` is ``reml``.
    lags : int, optional
        Of Newey-West.
    level : float
    seed : int
    allow_invalid : bool
    """

    errors: Errors
    lags: int | None
    level: float
    seed: int
    allow_invalid: bool

    def check(self, n: int, *, counted: bool) -> None:
        """Refuse options that contradict one another, and tests that don't hold their level on n points."""
        if self.lags is not None and self.errors != "newey_west":
            raise DesignError(
                "Un nombre de retards (lags) ne sert qu’à l’erreur de Newey-West.",
                key="lags",
                remedy='Retirez lags, ou demandez errors="newey_west".',
            )
        if self.lags is not None and (isinstance(self.lags, bool) or self.lags not in range(n)):
            raise DesignError(
                f"Le nombre de retards est un entier de 0 à {n - 1}.",
                key="lags",
                value=str(self.lags),
                remedy="Corrigez lags.",
            )
        if self.errors == "prais_winsten" and counted:
            raise DesignError(
                "L’estimation de Prais-Winsten n’existe pas pour des nombres de cas.",
                key="errors",
                remedy='Demandez errors="auto", qui tient compte de l’autocorrélation des nombres de cas.',
            )
        if self.errors in _REFUSED and n < LONG_ENOUGH and not self.allow_invalid:
            raise TooFewUnits(
                f"{_REFUSED[self.errors]} : avec {n} points, ce test n’est pas donné.",
                key="errors",
                value=self.errors,
                remedy='Gardez errors="auto" (erreurs AR(1), valeurs critiques simulées sur ce dispositif), ou passez '
                "allow_invalid=True : le résultat restera marqué comme non fiable.",
            )


@dataclass(frozen=True, eq=False)
class LinearModel:
    """The linear model that is tested: the series itself, or the last step of a model of counts.

    Parameters
    ----------
    design : ndarray, shape (n, k)
        Weighted when the outcome is a count.
    outcome : ndarray, shape (n,)
    gaps : ndarray, shape (n - 1,)
        Steps between a point and the next.
    offset : ndarray, shape (n,)
        Of the counts; zeros otherwise.
    counts : CountFit, optional
        The fit that ``design`` and ``outcome`` come from.
    dispersion : float, optional
        Variance of the weighted errors when the family says it.
    """

    design: Floats
    outcome: Floats
    gaps: Floats
    offset: Floats
    counts: CountFit | None = None
    dispersion: float | None = None

    @cached_property
    def ordinary(self) -> LinearFit:
        """Fit with independent errors: for counts, the model itself."""
        return ordinary(self.design, self.outcome, dispersion=self.dispersion)

    @cached_property
    def whiteness(self) -> Whiteness:
        """What its residuals keep of autocorrelation."""
        return whiteness(self.ordinary.innovations)


def tested(model: LinearModel, rows: Floats, asked: Asked) -> Tested:
    """Estimate contrasts (m, k) and test them.

    Raises
    ------
    DesignError
        When options contradict one another.
    TooFewUnits
        When the test does not hold its level on a series of that length, without ``allow_invalid``.
    """
    asked.check(len(model.outcome), counted=model.counts is not None)
    return _restricted(model, rows, asked) if asked.errors in {"auto", "reml"} else _classical(model, rows, asked)


def _restricted(model: LinearModel, rows: Floats, asked: Asked) -> Tested:
    n, k = model.design.shape
    fit = calibrated(
        model.design,
        model.outcome,
        model.gaps,
        rows,
        level=asked.level,
        # The coefficients of a model of counts are kept as they are: only their errors are widened.
        estimator="gls" if model.counts is None else "ols",
        seed=asked.seed,
    )
    on = "" if model.counts is None else " des résidus du modèle de comptage, dont la dispersion est estimée"
    first = (
        f"Erreurs autocorrélées d’ordre 1, par maximum de vraisemblance restreinte{on} : {n} points, {k} coefficients, "
        f"autocorrélation estimée {french.number(fit.rho, 2)}."
    )
    steps = [first]
    draws = french.number(DRAWS, 0)
    if not fit.tested:
        code = "reml"
        steps.append(f"Plus de {LONG} points : la loi de Student tient son seuil, rien n’est simulé.")
    elif is_short(n, k):
        code = "reml_worst_case"
        steps.append(
            "La série est trop courte pour montrer sa propre autocorrélation : le test est lu au cas le moins "
            f"favorable, de {french.number(WORST_RHOS[0], 0)} à {french.number(WORST_RHOS[-1], 1)}, sur {draws} séries "
            "sans effet simulées pour ce dispositif."
        )
    elif len(fit.tested) > 1:
        code = "reml_worst_case"
        steps.append(
            "Le hasard du comptage cache une part de l’autocorrélation : le test est lu au cas le moins favorable, à "
            f"l’autocorrélation estimée et de {french.number(WORST_RHOS[0], 0)} à {french.number(WORST_RHOS[-1], 1)}, "
            f"sur {draws} séries sans effet simulées pour ce dispositif."
        )
    else:
        code = "reml_calibrated"
        steps.append(
            f"Le test est lu sur {draws} séries sans effet, simulées pour ce dispositif à l’autocorrélation estimée."
        )
    if asked.errors == "auto":
        steps.append(
            "Newey-West, Prais-Winsten et les moindres carrés ordinaires ne sont pas retenus : ils voient un effet "
            "dans 11 à 50 % des séries courtes et autocorrélées qui n’en ont pas."
        )
    return Tested(
        code=code,
        estimate=fit.estimate,
        std_error=fit.std_error,
        p_value=fit.p_value,
        critical=fit.critical,
        reach=fit.reach,
        rho=fit.rho,
        innovations=fit.innovations,
        minimum_p=fit.minimum_p,
        steps=tuple(steps),
    )


def _classical(model: LinearModel, rows: Floats, asked: Asked) -> Tested:
    n, k = model.design.shape
    fit, step, limits = _fitted(model, asked)
    # The normal law is the convention of models of counts, and of the tables that publish them.
    normal = asked.errors == "ols" and model.counts is not None
    freedom = float("inf") if normal else float(n - k)
    valid = n >= LONG_ENOUGH
    doubts = () if valid else (f"{_REFUSED[asked.errors]} : avec {n} points, ce résultat n’est pas fiable.",)
    error = np.sqrt(((rows @ fit.covariance) * rows).sum(axis=1))
    estimate = rows @ fit.coefficients
    return Tested(
        code=asked.errors,
        estimate=estimate,
        std_error=error,
        p_value=np.asarray(t_two_sided(estimate / error, freedom)),
        critical=np.full(len(rows), t_quantile((1 + asked.level) / 2, freedom)),
        reach=np.full(len(rows), t_quantile(0.8, freedom)),
        rho=fit.rho,
        innovations=fit.innovations,
        valid=valid,
        conclusive=not limits,
        steps=(step,),
        limits=(*limits, *doubts),
    )


def _fitted(model: LinearModel, asked: Asked) -> tuple[LinearFit, str, tuple[str, ...]]:
    """Return a fit, what it is, and why no verdict may be drawn from it."""
    n = len(model.outcome)
    if asked.errors == "newey_west":
        lags = automatic_lags(n) if asked.lags is None else asked.lags
        doubt = (
            "L’erreur de Newey-West voit un effet dans 22 à 50 % des séries de 12 à 48 points qui n’en ont pas, et "
            "encore dans 8 à 40 % de celles de 60 à 400 points, selon leur autocorrélation : aucun verdict n’en est "
            "tiré."
        )
        return (
            newey_west(model.design, model.outcome, model.gaps, lags=lags),
            f"Erreur de Newey-West à {lags} retard(s), avec le facteur n/(n − k), à la demande.",
            (doubt,),
        )
    if asked.errors == "prais_winsten":
        fit = prais_winsten(model.design, model.outcome, model.gaps)
        doubt = (
            "L’estimation de Prais-Winsten voit un effet dans 7 à 12 % des séries de 60 points qui n’en ont pas : "
            f"aucun verdict n’en est tiré sous {_PRAIS_WINSTEN_POINTS} points."
        )
        rho = french.number(fit.rho, 2)
        return (
            fit,
            f"Erreurs autocorrélées par Prais-Winsten (autocorrélation estimée {rho}), à la demande.",
            (doubt,) if n < _PRAIS_WINSTEN_POINTS else (),
        )
    what = "Moindres carrés ordinaires" if model.counts is None else "Erreurs du modèle de comptage"
    return model.ordinary, f"{what} : points supposés indépendants, à la demande.", ()
