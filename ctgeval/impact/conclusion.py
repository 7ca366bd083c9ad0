"""From an estimate and a test to a result: bounds, evidence and verdict by the same rules for every estimator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError
from ctgeval.impact import evidence
from ctgeval.impact.panel import Direction, Panel
from ctgeval.impact.result import NO_INTERVAL, Check, ImpactResult, Interval, verdict_of

__all__ = ["Inference", "conclude", "conclude_panel"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Inference:
    """What a test, or the ladder of tests, says of an estimate.

    Parameters
    ----------
    code : str
        Name of the test: ``cluster``, ``permutation``, ``collapsed``, ``ferman_pinto``, ``wild``, ``placebo``, ...;
        several are joined by ``+`` (the largest p-value decides).
    p_value, std_error : float
    interval : Interval
    valid : bool
        False when the test can't be relied on in this design (and was asked for with ``allow_invalid=True``), or when
        no test exists.
    conclusive : bool
        False when no test holds its level in this design: the verdict is then at most ``non_concluant``.
    steps : tuple of str
        Each step of the choice and its reason, in French sentences.
    limits : tuple of str
        Sentences to be printed with the figure.
    minimum_p : float
        Smallest p-value that this design could ever give.
    mde : float
        Smallest effect that would be found four times in five, in the unit of the outcome.
    details : mapping
        ``reference`` (ndarray: law of the statistic without effect), p-value of each test, ...
    """

    code: str = "none"
    p_value: float = float("nan")
    std_error: float = float("nan")
    interval: Interval = NO_INTERVAL
    valid: bool = True
    conclusive: bool = True
    steps: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    minimum_p: float = float("nan")
    mde: float = float("nan")
    details: Mapping[str, Any] = field(default_factory=dict)

    def marked_invalid(self, reason: str) -> Inference:
        """Return the same figures, marked for ever as not to be relied on."""
        return replace(self, valid=False, limits=(*self.limits, reason))


def conclude(
    *,
    method: str,
    design: evidence.Design,
    label: str,
    unit: str,
    direction: Direction,
    estimate: float,
    inference: Inference,
    n_treated: int,
    n_controls: int,
    n_pre: int,
    n_post: int,
    by_period: pd.DataFrame,
    bounds: tuple[float, float] | None = None,
    checks: tuple[Check, ...] = (),
    limits: tuple[str, ...] = (),
    level: float = 0.95,
    minimum_effect: float | None = None,
    details: Mapping[str, Any] | None = None,
) -> ImpactResult:
    """Make the result of an estimator.

    Parameters
    ----------
    design : str
        What the comparison rests on, one of `ctgeval.impact.evidence.DESIGNS`.
    bounds : tuple of float, optional
        What the bounds of the data let the estimate be; the estimate itself by default (exact data).
    minimum_effect : float, optional
        Smallest effect of interest, above zero; the minimum detectable effect of ``inference`` by default.
    Others
        As in `ImpactResult`.
    """
    if minimum_effect is not None and not (np.isfinite(minimum_effect) and minimum_effect > 0):
        raise DesignError(
            "Le plus petit effet digne d’intérêt doit être un nombre au-dessus de zéro.",
            value=str(minimum_effect),
            remedy="Donnez-le dans l’unité de l’indicateur, par exemple minimum_effect=2.",
        )
    known = Interval(*(bounds if bounds is not None else (estimate, estimate)))
    smallest = inference.mde if minimum_effect is None else abs(minimum_effect)
    valid = inference.valid and not np.isnan(estimate)
    verdict = verdict_of(
        estimate=estimate,
        interval=inference.interval,
        bounds=known,
        direction=direction,
        valid=valid,
        conclusive=inference.conclusive,
        minimum_effect=smallest,
    )
    own = dict(details or {})
    own.setdefault("minimum_p", inference.minimum_p)
    own.setdefault("mde", inference.mde)
    own.setdefault("minimum_effect", smallest)
    own.setdefault("conclusive", inference.conclusive)
    return ImpactResult(
        method=method,
        label=label,
        estimate=float(estimate),
        std_error=float(inference.std_error),
        interval=inference.interval,
        bounds=known,
        level=level,
        p_value=float(inference.p_value),
        unit=unit,
        direction=direction,
        n_treated=n_treated,
        n_controls=n_controls,
        n_pre=n_pre,
        n_post=n_post,
        by_period=by_period,
        checks=checks,
        evidence=evidence.grade(design, checks=checks, valid=valid and inference.conclusive),
        verdict=verdict,
        limits=tuple(dict.fromkeys((*limits, *inference.limits))),
        valid=valid,
        inference=inference.code,
        steps=inference.steps,
        details={**inference.details, **own},
    )


def conclude_panel(
    panel: Panel,
    *,
    method: str,
    estimate: float,
    inference: Inference,
    by_period: pd.DataFrame,
    bounds: tuple[float, float] | None = None,
    design: evidence.Design = "comparison",
    checks: tuple[Check, ...] = (),
    limits: tuple[str, ...] = (),
    level: float = 0.95,
    minimum_effect: float | None = None,
    details: Mapping[str, Any] | None = None,
) -> ImpactResult:
    """Make the result of an estimator on a panel, which tells what its data are missing (see `conclude`)."""
    told = tuple(problem.message for problem in panel.problems)
    return conclude(
        method=method,
        design=design,
        label=panel.label,
        unit=panel.unit_label,
        direction=panel.direction,
        estimate=estimate,
        inference=inference,
        n_treated=panel.n_treated,
        n_controls=panel.n_controls,
        n_pre=panel.n_pre,
        n_post=panel.n_post,
        by_period=by_period,
        bounds=bounds,
        checks=checks,
        limits=(*limits, *told),
        level=level,
        minimum_effect=minimum_effect,
        details={"units_treated": [panel.name(int(i)) for i in np.flatnonzero(panel.treated)], **(details or {})},
    )
