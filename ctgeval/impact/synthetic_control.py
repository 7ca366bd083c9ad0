"""Synthetic control: each treated territory is compared with the weighted mean of donors that resembled it before.

By default the weights are made on the outcome before the action alone: least squares on the simplex, of which the
optimum is unique, so that no optimiser has a say. With predictors, see `ctgeval.impact.synthetic_predictors`.

References
----------
Abadie, A. and Gardeazabal, J. (2003), AER 93; Abadie, A., Diamond, A. and Hainmueller, J. (2010), JASA 105; Ferman, B.,
Pinto, C. and Possebom, V. (2020), Cherry picking with synthetic controls, JPAM 39 (why all outcomes before are matched
by default).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError
from ctgeval.impact.donors import Donors, OutcomeWeights, Weigher, complete
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Floats, Panel
from ctgeval.impact.result import ImpactResult
from ctgeval.impact.simplex import simplex_least_squares
from ctgeval.impact.synthetic_result import Options, finish

__all__ = ["synthetic_control"]

_NAME = "le contrôle synthétique"


@guarded
def synthetic_control(
    panel: Panel,
    *,
    predictors: Sequence[str | tuple[str, Sequence[str]]] = (),
    predictor_table: pd.DataFrame | None = None,
    v: Literal["auto", "outcomes", "nested"] = "auto",
    donors: Literal["all", "complete"] = "all",
    placebos: bool = True,
    draws: int = 999,
    level: float = 0.95,
    seed: int = 0,
    allow_invalid: bool = False,
    minimum_effect: float | None = None,
) -> ImpactResult:
    """Compare treated territories with synthetic ones.

    Parameters
    ----------
    panel : Panel
        Without missing cells (see ``donors``). With several treated units each has its own weights, and the gaps are
        averaged over treated cells; with several dates, by time since the action.
    predictors : sequence of str or (str, sequence of str)
        Covariates of the panel, averaged over the periods before the action where they are known; or a covariate (or
        ``"outcome"``) and the labels of the periods to average; or a column of ``predictor_table``. None: all the
        outcomes before the action.
    predictor_table : DataFrame, optional
        One row per unit (index: codes), for predictors that are not known at every period; all its columns by default.
    v : {"auto", "outcomes", "nested"}
        How predictors are weighted: ``nested`` chooses their importance so that the outcome before the action is best
        followed; ``outcomes`` matches the outcome itself. ``auto``: nested when there are predictors.
    donors : {"all", "complete"}
        Refuse missing cells, or leave out (and name) the donors that have some.
    placebos : bool
        Give the action to each donor in turn: without it there is no test.
    draws : int
        Most sets of donors, when several units are treated.
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
        ``p_value``: rank of the ratio of root mean squared gaps after and before, among the placebos. ``interval``: the
        effects that this rank does not reject (infinite when it can't reject anything). ``std_error``: root mean square
        of the placebos' effects. ``bounds``: with the weights fixed. In ``details``: ``weights``, ``gaps``,
        ``placebos``, ``placebo_gaps``, ``leave_one_out``, ``placebo_time``, ``placebo_set``, ``conformal``,
        ``minimum_p``, ``unique``, and ``predictors`` with the loss when there are some. No verdict with fewer than 8
        periods before the action; nor, unless populations are close, when the mean effect itself does not stand out
        among the placebos' (``ranks``): the ratio alone calls noise an effect up to one time in three where the treated
        vary less than their donors (simulated).

    Raises
    ------
    NotIdentified
        When nobody is treated, nobody is left to compare with, or fewer than 2 periods precede the action.
    TooFewUnits
        With a single donor.
    DesignError
        When cells are missing, or a predictor is unknown, missing for a unit, or asked without ``v="nested"``.

    Examples
    --------
    >>> result = synthetic_control(panel)  # doctest: +SKIP
    >>> result.details["weights"].head(3)  # doctest: +SKIP
    """
    del allow_invalid
    if predictor_table is not None and not predictors:
        predictors = tuple(str(column) for column in predictor_table.columns)
    nested = _nested(predictors, v)
    data = complete(panel, donors=donors, method=_NAME)
    options = Options(level=level, seed=seed, placebos=placebos, draws=draws, minimum_effect=minimum_effect)
    if not nested:
        return finish(
            panel,
            data,
            OutcomeWeights(data.panel.outcome),
            method="synthetic_control",
            residuals=_Residuals(data),
            options=options,
            steps=("Poids faits sur toutes les valeurs d’avant l’action : l’optimum est unique, sans réglage.",),
        )
    from ctgeval.impact.synthetic_predictors import NestedWeights

    weigh = NestedWeights(data, predictors, predictor_table)
    own = [weigh.fit(int(i), data.donors, int(start)) for i, start in zip(data.treated, data.starts, strict=True)]
    extra: dict[str, Any] = {
        "predictors": weigh.table(data, own),
        "loss": float(np.mean([found.loss for found in own])),
        "loss_outcomes_only": float(np.mean([found.floor for found in own])),
    }
    weigher: Weigher = weigh
    return finish(
        panel,
        data,
        weigher,
        method="synthetic_control",
        residuals=None,
        options=options,
        steps=(
            f"Poids faits sur {len(predictors)} prédicteurs, d’importance choisie pour suivre l’indicateur avant.",
            "L’optimisation emboîtée part de points fixes : le résultat se reproduit à l’identique.",
        ),
        limits=(
            "L’importance des prédicteurs n’a pas d’optimum certain : un autre logiciel peut donner d’autres poids.",
        ),
        details=extra,
    )


def _nested(predictors: Sequence[str | tuple[str, Sequence[str]]], v: str) -> bool:
    if v not in ("auto", "outcomes", "nested"):
        raise DesignError("Le choix de v n’est pas compris.", value=v, remedy='v="outcomes" ou v="nested".')
    if v == "nested" and not predictors:
        raise DesignError(
            "L’optimisation emboîtée a besoin de prédicteurs.",
            remedy='Donnez predictors=(« covariable », ...), ou v="outcomes".',
        )
    if v == "outcomes" and predictors:
        raise DesignError(
            'Des prédicteurs sont donnés, et v="outcomes" ne s’en sert pas.',
            remedy='Retirez predictors=..., ou utilisez v="nested".',
        )
    return bool(predictors)


class _Residuals:
    """Residuals of a path on all periods, weights being made on all of them."""

    def __init__(self, data: Donors) -> None:
        self.donors = data.panel.outcome[data.donors].T

    def __call__(self, target: Floats) -> Floats:
        return np.asarray(target - self.donors @ simplex_least_squares(self.donors, target).weights)
