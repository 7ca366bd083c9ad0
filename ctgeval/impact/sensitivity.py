"""How much could parallel trends fail before the conclusion changes? Honest intervals, and the breakdown value.

References
----------
Rambachan, A. and Roth, J. (2023), A More Credible Approach to Parallel Trends, Review of Economic Studies 90(5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from numbers import Real
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.errors import DesignError, suggestion
from ctgeval.impact.distributions import normal_quantile
from ctgeval.impact.gaps import Gaps, read_gaps, target_of
from ctgeval.impact.honest_relative import relative_interval
from ctgeval.impact.honest_smoothness import smoothness_hybrid, smoothness_interval
from ctgeval.impact.panel import Floats, Panel
from ctgeval.impact.placebo_slope import placebo_slope
from ctgeval.impact.result import NO_INTERVAL, ImpactResult, Interval, plain

__all__ = ["Sensitivity", "sensitivity"]

Method = Literal["relative", "smoothness"]
Test = Literal["hybrid", "conditional", "flci"]

_TESTS: dict[str, tuple[Test, ...]] = {
    "relative": ("hybrid", "conditional"),
    "smoothness": ("flci", "hybrid", "conditional"),
}
_RELATIVE = (0.5, 1.0, 1.5, 2.0)
_BENDS = (0.0, 0.5, 1.0, 2.0)
_DOUBLINGS = 14
_PRECISION = 1e-4


@dataclass(frozen=True, eq=False, kw_only=True)
class Sensitivity:
    """Intervals of an effect when parallel trends may fail, by how much.

    Parameters
    ----------
    method : {"relative", "smoothness"}
        What is restricted: changes of the gap relative to the largest before treatment (M-bar), or its bends (M, in the
        unit of the outcome).
    test : {"hybrid", "conditional", "flci"}
        What the intervals come from.
    table : DataFrame
        ``value, low, high``: one row for each M.
    estimate : float
        In the unit of the outcome.
    original : Interval
        If trends are exactly parallel (normal law).
    breakdown : float
        Largest M whose interval excludes 0 (to 1 in 10,000); infinite when all do, NaN when none does. Fixed-length
        intervals grow with M without being nested: it is then where one first holds 0, beyond ``table``'s that do not.
    target : tuple of float
        Weights of the periods after treatment in the effect.
    level : float
    n_pre, n_post : int
        Gaps before treatment (the reference left out) and after.
    valid : bool
        Whether the covariance may serve; everything is NaN otherwise.
    detectable_slope : float
        Where it may not: drift before treatment that would have stood out of its comparators' four times in five.
    limits : tuple of str
        French sentences.
    unit, label : str
        Of the outcome.
    """

    method: Method
    test: Test
    table: pd.DataFrame
    estimate: float
    original: Interval
    breakdown: float
    target: tuple[float, ...]
    level: float
    n_pre: int
    n_post: int
    valid: bool
    detectable_slope: float = float("nan")
    limits: tuple[str, ...] = ()
    unit: str = ""
    label: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values (NaN is None, infinity is ``inf``)."""
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}

    def text(self) -> str:
        """Say it in French sentences."""
        from ctgeval.impact import robustness

        return robustness.sensitivity_text(self.to_dict())

    def _repr_html_(self) -> str:
        from html import escape

        from ctgeval.impact.html_table import html_table
        from ctgeval.impact.robustness import sensitivity_rows

        caption, columns, rows = sensitivity_rows(self.to_dict())
        return f"<p>{escape(self.text())}</p>{html_table(caption, columns, rows)}"


def sensitivity(
    result: ImpactResult | None = None,
    *,
    coefficients: npt.ArrayLike | None = None,
    covariance: npt.ArrayLike | None = None,
    n_pre: int | None = None,
    n_post: int | None = None,
    method: Method = "relative",
    values: Sequence[float] | None = None,
    target: npt.ArrayLike | str | None = None,
    test: str = "auto",
    panel: Panel | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Sensitivity:
    """Widen an interval by what parallel trends may have failed by, and find where it begins to hold zero.

    Parameters
    ----------
    result : ImpactResult, optional
        Of `ctgeval.impact.event_study`, or of `ctgeval.impact.group_time` with a universal base.
    coefficients : array_like, shape (n_pre + n_post,), optional
        Instead: gaps in order of time, the last period before treatment being the reference and left out.
    covariance : array_like, shape (n_pre + n_post, n_pre + n_post), optional
    n_pre, n_post : int, optional
    method : {"relative", "smoothness"}
        ``relative``: after treatment, the gap never moves from one period to the next by more than M-bar times its
        largest move before. ``smoothness``: its slope never changes by more than M.
    values : sequence of float, optional
        M-bar (0.5, 1, 1.5 and 2 by default) or M, in the unit of the outcome (by default 0, 0.5, 1 and 2 times the
        largest change of slope before treatment, or the standard error when there is no such change).
    target : {"first", "mean"} or array_like, shape (n_post,), optional
        Effect: that of the first period after treatment (by default), the mean of all (what an event study reports as
        its estimate), or any combination.
    test : {"auto", "hybrid", "conditional", "flci"}
        ``hybrid``: conditional least favourable test, its first step at a tenth of the level; ``conditional``: without
        that step; ``flci``: fixed-length interval (smoothness only, where it is the default).
    panel : Panel, optional
        Where the covariance is degenerate, the drift that would have stood out is found from its comparators.
    level : float
        Of confidence.
    seed : int
        Of the placebos drawn from ``panel`` when they can't all be listed; intervals draw nothing.

    Raises
    ------
    DesignError
        When shapes disagree, the covariance is not one, a value is negative or a name unknown.
    NotIdentified
        When there is no gap before treatment, or none after.
    """
    gaps = read_gaps(result, coefficients=coefficients, covariance=covariance, n_pre=n_pre, n_post=n_post)
    weights = target_of(target, gaps.n_post)
    chosen = _test(method, test, level)
    asked = _values(values, method, gaps)
    if not gaps.valid:
        return _undefined(gaps, method, chosen, asked, weights, panel=panel, level=level, seed=seed)
    at = _interval(gaps, weights, method, chosen, level=level)
    found = [at(value) for value in asked]
    breakdown = _breakdown(at, asked, found, 1.0 if method == "relative" else _unit_of_bends(gaps))
    estimate, original = _original(gaps, weights, level)
    limits = [
        f"Pour M = {value:g}, aucun écart n’est compatible avec cette restriction : les données la contredisent."
        for value, interval in zip(asked, found, strict=True)
        if np.isnan(interval.low)
    ]
    if np.isnan(breakdown):
        limits.append("Même sans aucune divergence supplémentaire, l’intervalle contient zéro.")
    return Sensitivity(
        method=method,
        test=chosen,
        table=pd.DataFrame({"value": asked, "low": [i.low for i in found], "high": [i.high for i in found]}),
        estimate=estimate,
        original=original,
        breakdown=breakdown,
        target=tuple(weights.tolist()),
        level=level,
        n_pre=gaps.n_pre,
        n_post=gaps.n_post,
        valid=True,
        limits=tuple(limits),
        unit=gaps.unit,
        label=gaps.label,
    )


def _test(method: str, test: str, level: float) -> Test:
    if method not in _TESTS:
        raise DesignError(
            "Cette restriction n’est pas connue.", key="method", value=str(method), remedy=suggestion(method, _TESTS)
        )
    if not 0.5 < level < 1:
        raise DesignError(
            "Le niveau de confiance doit être entre 0,5 et 1.", key="level", value=str(level), remedy="Donnez 0.95."
        )
    if test == "auto":
        return _TESTS[method][0]
    for known in _TESTS[method]:
        if known == test:
            return known
    raise DesignError(
        f"Ce test n’existe pas pour la restriction « {method} ».",
        key="test",
        value=str(test),
        remedy=f"Choisissez parmi : {', '.join(_TESTS[method])}.",
    )


def _values(values: Sequence[float] | None, method: str, gaps: Gaps) -> list[float]:
    if values is None:
        scale = 1.0 if method == "relative" else _unit_of_bends(gaps)
        return [scale * value for value in (_RELATIVE if method == "relative" else _BENDS)]
    found = list(values) if isinstance(values, Iterable) else [values]
    if not found or not all(isinstance(value, Real) and 0 <= value < np.inf for value in found):
        raise DesignError(
            "Les divergences à essayer doivent être des nombres positifs ou nuls.",
            key="values",
            value=str(found),
            remedy="Donnez par exemple (0.5, 1, 1.5, 2).",
        )
    return [float(value) for value in found]


def _unit_of_bends(gaps: Gaps) -> float:
    """Largest change of slope before treatment; the mean standard error when nothing bends."""
    path = np.append(gaps.before[0], 0.0)
    bends = np.abs(np.diff(path, 2)) if len(path) > 2 else np.zeros(1)
    found = float(bends.max())
    return found if found > 0 else float(np.sqrt(np.diagonal(gaps.covariance).mean()))


def _interval(gaps: Gaps, target: Floats, method: Method, test: Test, *, level: float) -> Callable[[float], Interval]:
    """Return the interval as a function of M."""
    # Scaled, outcomes in millionths and in millions take the same path through tolerances.
    scale = float(np.sqrt(np.diagonal(gaps.covariance).mean()))
    estimates, covariance = gaps.coefficients / scale, gaps.covariance / scale**2
    n_pre, alpha = gaps.n_pre, 1 - level
    find: Callable[..., Interval]
    if test == "flci":
        find = partial(smoothness_interval, n_pre=n_pre, target=target, alpha=alpha)
    else:
        kappa = 0.0 if test == "conditional" else alpha / 10
        one = relative_interval if method == "relative" else smoothness_hybrid
        find = partial(one, n_pre=n_pre, target=target, alpha=alpha, kappa=kappa)

    def at(value: float) -> Interval:
        low, high = find(estimates, covariance, value=value if method == "relative" else value / scale)
        return Interval(low * scale, high * scale)

    return at


def _breakdown(at: Callable[[float], Interval], asked: list[float], found: list[Interval], scale: float) -> float:
    """Find the largest M whose interval excludes 0, by bisection: intervals widen with M."""
    known = [(value, _excludes(interval)) for value, interval in zip(asked, found, strict=True)]
    high = min((value for value, excluded in known if not excluded), default=np.inf)
    low = max((value for value, excluded in known if excluded and value < high), default=-1.0)
    if low < 0:
        if not _excludes(at(0.0)):
            return np.nan
        low = 0.0
    if np.isinf(high):
        high = max(2 * low, scale)
        most = 2.0**_DOUBLINGS * high
        while _excludes(at(high)):
            low, high = high, 2 * high
            if high > most:
                return np.inf
    while high - low > _PRECISION * max(high, 1e-3 * scale):
        middle = (low + high) / 2
        low, high = (middle, high) if _excludes(at(middle)) else (low, middle)
    return low


def _excludes(interval: Interval) -> bool:
    """Whether zero is out of it; an empty set holds no zero."""
    return bool(np.isnan(interval.low) or interval.low > 0 or interval.high < 0)


def _original(gaps: Gaps, target: Floats, level: float) -> tuple[float, Interval]:
    estimate = float(target @ gaps.coefficients[gaps.n_pre :])
    half = normal_quantile((1 + level) / 2) * float(
        np.sqrt(target @ gaps.covariance[gaps.n_pre :, gaps.n_pre :] @ target)
    )
    return estimate, Interval(estimate - half, estimate + half)


def _undefined(
    gaps: Gaps,
    method: Method,
    test: Test,
    values: list[float],
    target: Floats,
    *,
    panel: Panel | None,
    level: float,
    seed: int,
) -> Sensitivity:
    """Say why nothing can be computed, and give the drift that would have been seen when the panel is known."""
    limits, slope = [gaps.reason], np.nan
    if panel is None:
        limits.append("Donnez le panel (panel=...) pour connaître la dérive d’avant l’action qui aurait été visible.")
    else:
        placebos = placebo_slope(panel, level=level, seed=seed)
        slope = placebos.detectable_80
        if placebos.reason:
            limits.append(placebos.reason)
    return Sensitivity(
        method=method,
        test=test,
        table=pd.DataFrame({"value": values, "low": np.nan, "high": np.nan}),
        estimate=float(target @ gaps.coefficients[gaps.n_pre :]),
        original=NO_INTERVAL,
        breakdown=np.nan,
        target=tuple(target.tolist()),
        level=level,
        n_pre=gaps.n_pre,
        n_post=gaps.n_post,
        valid=False,
        detectable_slope=slope,
        limits=tuple(limits),
        unit=gaps.unit,
        label=gaps.label,
    )
