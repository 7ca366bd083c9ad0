"""Conformal test over time: whether what follows the action is unlike what precedes it.

Under a constant effect, the outcome without it is known: the weights are made on all its periods, and the mean absolute
residual after the action is compared with that of every cyclic shift of the residuals. It needs stationary residuals
and many periods before; with T periods no p-value is below 1 / T.

References
----------
Chernozhukov, V., Wüthrich, K. and Zhu, Y. (2021), An exact and robust conformal inference method for counterfactual and
synthetic controls, JASA 116, section 2 (moving block permutations).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ctgeval.impact.panel import Floats
from ctgeval.impact.result import NO_INTERVAL, Interval

__all__ = ["Conformal", "conformal", "shifts_p_value"]

_DOUBLINGS = 12
_HALVINGS = 10
_SLACK = 1e-9

Residuals = Callable[[Floats], Floats]
"""From the outcome of the treated without the effect, shape (T,), to its residuals over all periods, shape (T,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformal:
    """What the conformal test says; NaN with the reason when it can't be made.

    Parameters
    ----------
    p_value : float
        Of no effect.
    interval : Interval
        Constant effects that are not rejected around the estimate; holds 0 if and only if ``p_value`` is above
        ``1 - level``.
    minimum_p : float
        1 / T.
    reason : str
        Why there is nothing, or no interval; French.
    """

    p_value: float = float("nan")
    interval: Interval = NO_INTERVAL
    minimum_p: float = float("nan")
    reason: str = ""


def shifts_p_value(residuals: Floats, start: int, *, tiny: float = 0.0) -> float:
    """Share of the cyclic shifts of which the mean absolute residual after ``start`` is at least the real one.

    Parameters
    ----------
    residuals : ndarray of float64, shape (T,)
    start : int
        First column after the action.
    tiny : float
        Size under which a residual is rounding; NaN is returned when all of them are.
    """
    size = np.abs(residuals)
    if size.max(initial=0.0) <= tiny:
        return float("nan")
    n, after = len(size), len(size) - start
    sums = np.cumsum(np.concatenate([[0.0], size, size]))
    moved = sums[after : after + n] - sums[:n]
    return float((moved >= moved[start] * (1 - _SLACK)).mean())


def conformal(
    outcome: Floats, start: int, estimate: float, residuals: Residuals, *, level: float, scale: float
) -> Conformal:
    """Test a constant effect, and invert the test.

    Parameters
    ----------
    outcome : ndarray of float64, shape (T,)
        Of the treated (their mean, when they begin together).
    start : int
        First treated column.
    estimate : float
        Where the search of the interval begins.
    residuals : callable
    level : float
    scale : float
        Dispersion of the outcome.
    """
    n = len(outcome)
    minimum = 1 / n
    if start < n - start:
        return Conformal(
            minimum_p=minimum,
            reason="Le test conforme demande plus de périodes avant l’action qu’après.",
        )
    after = np.arange(n) >= start

    def p_at(effect: float) -> float:
        return shifts_p_value(residuals(outcome - effect * after), start, tiny=_SLACK * scale)

    p_value = p_at(0.0)
    if np.isnan(p_value):
        return Conformal(
            minimum_p=minimum,
            reason="L’ajustement sur toutes les périodes est parfait (plus de donneurs que de périodes) : le test "
            "conforme n’a plus de résidus à comparer.",
        )
    # A p-value of exactly 1 - level rejects, whatever the binary rounding of both.
    alpha = 1 - level + _SLACK
    if minimum > alpha:
        return Conformal(
            p_value=p_value,
            interval=Interval(-np.inf, np.inf),
            minimum_p=minimum,
            reason=f"Avec {n} périodes, la probabilité ne peut pas descendre sous 1/{n}.",
        )
    if not p_at(estimate) > alpha:
        return Conformal(
            p_value=p_value,
            minimum_p=minimum,
            reason="Le test conforme rejette tout effet constant de l’ordre de l’estimation : pas d’intervalle.",
        )
    return Conformal(
        p_value=p_value,
        interval=_around(p_at, estimate, scale, alpha, holds_zero=p_value > alpha),
        minimum_p=minimum,
    )


def _around(
    p_at: Callable[[float], float], estimate: float, scale: float, alpha: float, *, holds_zero: bool
) -> Interval:
    """Effects around the estimate that are not rejected."""
    ends = []
    for side in (-1.0, 1.0):
        inside, outside = 0.0, np.inf
        step = scale / 16
        if not holds_zero and estimate * side < 0:
            # 0 is rejected: the part of the set that holds the estimate ends before it.
            outside = abs(estimate)
            step = min(step, outside / 2)
        for _ in range(_DOUBLINGS):
            if step >= outside:
                break
            if p_at(estimate + side * step) > alpha:
                inside, step = step, 2 * step
            else:
                outside = step
        if np.isinf(outside):
            ends.append(side * np.inf)
            continue
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            if p_at(estimate + side * middle) > alpha:
                inside = middle
            else:
                outside = middle
        ends.append(estimate + side * inside)
    low, high = ends
    if holds_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    return Interval(low, high)
