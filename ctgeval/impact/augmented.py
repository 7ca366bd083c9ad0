"""Ridge-augmented synthetic control: a ridge regression corrects what the donors fail to reproduce before the action.

The simplex weights are moved by ``(x1 - X0' w)' (X0' X0 + lambda I)^-1 X0'``: the larger lambda, the closer to the
synthetic control. Weights may become negative, which is told: the comparison then extrapolates out of what the donors
have known. Lambda is chosen by leaving each period before the action out, with the rule of one standard error.

References
----------
Ben-Michael, E., Feller, A. and Rothstein, J. (2021), The Augmented Synthetic Control Method, JASA 116, equations 8 and
18, section 5.3; Hastie, T., Tibshirani, R. and Friedman, J. (2009), Elements of Statistical Learning, section 7.10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.errors import DesignError
from ctgeval.impact.donors import Donors, complete
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Floats, Ints, Panel
from ctgeval.impact.result import ImpactResult
from ctgeval.impact.simplex import simplex_least_squares
from ctgeval.impact.synthetic_result import Options, finish

__all__ = ["Ridge", "augmented_synthetic_control", "ridge_weights"]

_NAME = "le contrôle synthétique augmenté"
_LAMBDAS = 21
_SMALLEST = 1e-8
_NEGATIVE = 1e-9


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Ridge:
    """Choice of lambda for one target.

    Parameters
    ----------
    lambdas, errors, std_errors : ndarray of float64, shape (L,)
        Penalties tried, the largest first; mean squared error of the periods left out, and its standard error.
    least : float
        Penalty of the smallest error.
    chosen : float
        Largest penalty of which the error is within one standard error of the smallest.
    """

    lambdas: Floats
    errors: Floats
    std_errors: Floats
    least: float
    chosen: float


def ridge_weights(donors: Floats, target: Floats, base: Floats, lambdas: Floats) -> Floats:
    """Augment weights by a ridge regression, for several penalties.

    Parameters
    ----------
    donors : ndarray of float64, shape (m, n)
        Periods x donors, before the action.
    target : ndarray of float64, shape (m,)
    base : ndarray of float64, shape (n,)
        Weights of the synthetic control.
    lambdas : ndarray of float64, shape (L,)
        Penalties; infinite ones leave the weights as they are.

    Returns
    -------
    ndarray of float64, shape (L, n)
        Of sum one.
    """
    # From the first donor, then from the mean: a level of many digits must not eat the differences.
    centred = donors - donors[:, :1]
    centred = centred - centred.mean(axis=1, keepdims=True)
    left = target - donors @ base
    values, vectors = np.linalg.eigh(centred @ centred.T)
    # A null direction stays null for any penalty.
    known = values > 1e-12 * max(float(values.max(initial=0.0)), 1e-300)
    along = vectors[:, known].T @ left
    solved = along / (values[known] + np.asarray(lambdas)[:, None])
    moved = (solved @ vectors[:, known].T) @ centred
    return np.asarray(base + moved - moved.mean(axis=1, keepdims=True))


class AugmentedWeights:
    """Weights for a target; lambda is chosen anew for each target, unless it is given."""

    sparse = False

    def __init__(self, data: Donors, ridge: float | None) -> None:
        self.outcome, self.given = data.panel.outcome, ridge
        self.unique = True
        self._chosen: dict[tuple[int, int], Ridge] = {}

    def __call__(self, target: int, donors: Ints, n_pre: int) -> Floats:
        """Return the weights, of sum one, some of them perhaps negative."""
        before, own = self.outcome[donors, :n_pre].T, self.outcome[target, :n_pre]
        fit = simplex_least_squares(before, own)
        if self.given is None:
            key = target, n_pre
            if key not in self._chosen:
                # One choice for a target and a date: leaving a donor out does not choose again.
                self._chosen[key] = choose(before, own)
            penalty = self._chosen[key].chosen
        else:
            penalty = self.given
        return np.asarray(ridge_weights(before, own, fit.weights, np.array([penalty]))[0])

    def choice(self, target: int, n_pre: int) -> Ridge | None:
        """Return the choice that was made for a target; None when lambda was given."""
        return self._chosen.get((target, n_pre))


def choose(donors: Floats, target: Floats) -> Ridge:
    """Choose lambda by leaving out each period, the largest within one standard error of the best.

    Parameters
    ----------
    donors : ndarray of float64, shape (m, n)
    target : ndarray of float64, shape (m,)
    """
    centred = donors - donors[:, :1]
    centred = centred - centred.mean(axis=1, keepdims=True)
    largest = float(np.linalg.norm(centred, 2)) ** 2
    if not largest > 0:
        nothing = np.full(1, np.nan)
        return Ridge(lambdas=nothing, errors=nothing, std_errors=nothing, least=np.inf, chosen=np.inf)
    lambdas = largest * np.geomspace(1.0, _SMALLEST, _LAMBDAS)
    m = len(target)
    squared = np.empty((m, _LAMBDAS))
    for t in range(m):
        kept = np.arange(m) != t
        base = simplex_least_squares(donors[kept], target[kept]).weights
        weights = ridge_weights(donors[kept], target[kept], base, lambdas)
        squared[t] = (target[t] - weights @ donors[t]) ** 2
    errors = squared.mean(axis=0)
    std_errors = squared.std(axis=0, ddof=1) / np.sqrt(m)
    best = int(errors.argmin())
    within = errors <= errors[best] + std_errors[best]
    return Ridge(
        lambdas=lambdas,
        errors=errors,
        std_errors=std_errors,
        least=float(lambdas[best]),
        chosen=float(lambdas[within].max()),
    )


@guarded
def augmented_synthetic_control(
    panel: Panel,
    *,
    ridge: float | None = None,
    donors: Literal["all", "complete"] = "all",
    placebos: bool = True,
    draws: int = 99,
    level: float = 0.95,
    seed: int = 0,
    allow_invalid: bool = False,
    minimum_effect: float | None = None,
) -> ImpactResult:
    """Compare treated territories with synthetic ones, corrected by a ridge regression.

    Parameters
    ----------
    panel : Panel
        Without missing cells (see ``donors``).
    ridge : float, optional
        Penalty lambda, in squared units of the outcome; chosen by leaving each period before the action out (largest
        within one standard error of the best) by default. Infinite: the synthetic control itself.
    donors : {"all", "complete"}
        Refuse missing cells, or leave out (and name) the donors that have some.
    placebos : bool
        Give the action to each donor in turn, lambda being chosen anew: without it there is no test.
    draws : int
        Most sets of donors, when several units are treated (no fit can be used twice here).
    level : float
        Of confidence.
    seed : int
        Of the sets drawn when there are too many.
    allow_invalid : bool
        Accepted by every estimator; the placebo test has nothing to allow.
    minimum_effect : float, optional
        Smallest effect of interest, in the unit of the outcome.

    Returns
    -------
    ImpactResult
        As for `ctgeval.impact.synthetic_control.synthetic_control`; in ``details`` besides: ``ridge`` (lambda of each
        treated unit), ``ridge_path`` (error of each lambda that was tried) and ``negative_weight`` (their sum).

    Raises
    ------
    NotIdentified
        When nobody is treated, nobody is left to compare with, or fewer than 3 periods precede the action.
    TooFewUnits
        With a single donor.
    DesignError
        When cells are missing, or the penalty is not positive.
    """
    del allow_invalid
    if ridge is not None and not (isinstance(ridge, int | float) and ridge > 0):
        raise DesignError(
            "La pénalité doit être positive.",
            key="ridge",
            value=str(ridge),
            remedy="ridge=None la choisit.",
        )
    data = complete(panel, donors=donors, method=_NAME, pre=3)
    weigh = AugmentedWeights(data, ridge)
    own = [weigh(int(i), data.donors, int(start)) for i, start in zip(data.treated, data.starts, strict=True)]
    choices = [weigh.choice(int(i), int(start)) for i, start in zip(data.treated, data.starts, strict=True)]
    negative = float(np.mean([weights[weights < -_NEGATIVE].sum() for weights in own]))
    penalties = [ridge if choice is None else choice.chosen for choice in choices]
    residuals = _Residuals(data, float(np.mean([p for p in penalties if p is not None])))
    return finish(
        panel,
        data,
        weigh,
        method="augmented_synthetic_control",
        residuals=residuals,
        options=Options(level=level, seed=seed, placebos=placebos, draws=draws, minimum_effect=minimum_effect),
        steps=tuple(_step(choice, ridge) for choice in choices[:1]),
        limits=_negative(negative),
        details={
            "ridge": penalties,
            "ridge_path": _path(data, choices),
            "negative_weight": negative,
        },
    )


def _step(choice: Ridge | None, ridge: float | None) -> str:
    if choice is None:
        return f"Pénalité donnée : {french.number(ridge)}."
    return (
        f"Pénalité de {_short(choice.chosen)} : la plus forte dont l’erreur sur les périodes mises de côté reste à "
        f"moins d’une erreur-type de la plus faible (atteinte à {_short(choice.least)})."
    )


def _short(value: float) -> str:
    return "l’infini" if np.isinf(value) else french.number(float(f"{value:.3g}"), 0 if value >= 100 else 4)


def _negative(total: float) -> tuple[str, ...]:
    if not total < -_NEGATIVE:
        return ()
    return (
        f"Poids négatifs (en tout {french.number(total, 2)}) : la comparaison sort de ce qu’ont connu les donneurs.",
    )


def _path(data: Donors, choices: list[Ridge | None]) -> pd.DataFrame:
    """Error of each penalty that was tried: ``treated, ridge, error, std_error``."""
    parts = [
        pd.DataFrame(
            {
                "treated": data.panel.units[i],
                "ridge": choice.lambdas,
                "error": choice.errors,
                "std_error": choice.std_errors,
            }
        )
        for i, choice in zip(data.treated, choices, strict=True)
        if choice is not None
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


class _Residuals:
    """Residuals of a path on all periods, weights being made on all of them with the penalty that was chosen."""

    def __init__(self, data: Donors, penalty: float) -> None:
        self.donors, self.penalty = data.panel.outcome[data.donors].T, penalty

    def __call__(self, target: Floats) -> Floats:
        base = simplex_least_squares(self.donors, target).weights
        return np.asarray(target - self.donors @ ridge_weights(self.donors, target, base, np.array([self.penalty]))[0])
