"""The result of every estimator: one frozen record that sentences, tables and figures are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from ctgeval.impact.panel import Direction

__all__ = ["NO_INTERVAL", "SCHEMA", "VERDICTS", "Check", "ImpactResult", "Interval", "Verdict", "plain", "verdict_of"]

SCHEMA = 1
"""Version of the dictionary that `ImpactResult.to_dict` gives."""

Verdict = Literal["amelioration", "degradation", "pas_d_effet_decelable", "non_concluant", "non_evaluable"]
VERDICTS: tuple[Verdict, ...] = (
    "amelioration",
    "degradation",
    "pas_d_effet_decelable",
    "non_concluant",
    "non_evaluable",
)


class Interval(NamedTuple):
    """Two ends; NaN when there are none, infinite when nothing closes that side."""

    low: float
    high: float


NO_INTERVAL = Interval(float("nan"), float("nan"))


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a design or of an estimate.

    Parameters
    ----------
    name : str
        Code of the check: ``pre_trends``, ``comparators``, ``inference``, ``attrition``, ``placebo_time``, ...
    passed : bool or None
        None when it does not apply or can't be made: ``text`` says why.
    text : str
        What was looked at and found, in French.
    """

    name: str
    passed: bool | None
    text: str


@dataclass(frozen=True, eq=False, kw_only=True)
class ImpactResult:
    """An estimate, how sure it is, and what may be concluded.

    Parameters
    ----------
    method : str
        Code of the estimator: the name of the function, such as ``did``.
    label : str
        Name of the outcome, in French.
    estimate, std_error : float
        In ``unit``; NaN when undefined, with the reason among ``limits``.
    interval : Interval
        Confidence interval at ``level``.
    bounds : Interval
        What the bounds of the data let the estimate be; both equal to it when the data are exact.
    level : float
        Of confidence, 0.95 by default.
    p_value : float
        Of no effect; NaN when no valid test exists.
    unit : str
        Of the outcome.
    direction : {"higher", "lower", "neutral"}
        Which way is better.
    n_treated, n_controls, n_pre, n_post : int
        Units and periods (or persons and points) that the estimate stands on.
    by_period : DataFrame
        ``time_period, event_time, estimate, std_error, low, high``, and the estimator's own columns.
    checks : tuple of Check
    evidence : int
        Solidity of the method on the Maryland scale, 1 to 5: not a mark for the action.
    verdict : str
        One of `VERDICTS`.
    limits : tuple of str
        Sentences that must be printed with the figure, in French.
    valid : bool
        Whether the inference can be relied on; False for ever after ``allow_invalid=True``.
    inference : str
        Code of the test that gives ``p_value`` and ``interval``.
    steps : tuple of str
        Each step that led to that test, and its reason, in French.
    details : mapping
        The estimator's own tables and numbers by name: ``weights``, ``placebos``, ``minimum_p``, ``mde``, ...
    """

    method: str
    label: str
    estimate: float
    std_error: float
    interval: Interval
    bounds: Interval
    level: float
    p_value: float
    unit: str
    direction: Direction
    n_treated: int
    n_controls: int
    n_pre: int
    n_post: int
    by_period: pd.DataFrame
    checks: tuple[Check, ...]
    evidence: int
    verdict: Verdict
    limits: tuple[str, ...] = ()
    valid: bool = True
    inference: str = ""
    steps: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """Say it in French sentences: what was compared, the difference, how sure, what it does not show."""
        from ctgeval.impact.wording import text

        return text(self.to_dict())

    def table(self) -> pd.DataFrame:
        """Return the main figures, one row: estimate, interval, p-value, sizes, evidence, verdict."""
        return pd.DataFrame(
            [
                {
                    "method": self.method,
                    "label": self.label,
                    "unit": self.unit,
                    "estimate": self.estimate,
                    "std_error": self.std_error,
                    "low": self.interval.low,
                    "high": self.interval.high,
                    "bound_low": self.bounds.low,
                    "bound_high": self.bounds.high,
                    "p_value": self.p_value,
                    "inference": self.inference,
                    "n_treated": self.n_treated,
                    "n_controls": self.n_controls,
                    "n_pre": self.n_pre,
                    "n_post": self.n_post,
                    "evidence": self.evidence,
                    "verdict": self.verdict,
                    "valid": self.valid,
                }
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values (NaN is None), with the version of their form under ``schema``."""
        return {"schema": SCHEMA, **{item.name: plain(getattr(self, item.name)) for item in fields(self)}}

    def _repr_html_(self) -> str:
        from ctgeval.impact.wording import html

        return html(self.to_dict())


def plain(value: Any) -> Any:
    """Turn arrays, tables and records into lists and dictionaries that JSON can hold."""
    if isinstance(value, pd.DataFrame):
        return [plain(row) for row in value.to_dict("records")]
    if isinstance(value, Check | Interval):
        names = value._fields if isinstance(value, Interval) else ("name", "passed", "text")
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | pd.Series):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        # Infinite ends of an interval are told apart from unknown ones; JSON has no number for them.
        number = float(value)
        return None if np.isnan(number) else ("inf" if number > 0 else "-inf") if np.isinf(number) else number
    return str(value)


def verdict_of(
    *,
    estimate: float,
    interval: Interval,
    bounds: Interval,
    direction: Direction,
    valid: bool,
    conclusive: bool = True,
    minimum_effect: float = float("nan"),
) -> Verdict:
    """Apply the one rule from an interval to a verdict.

    Parameters
    ----------
    estimate : float
    interval, bounds : Interval
        The interval is moved to both ends of the bounds: zero must be out of it at each.
    direction : {"higher", "lower", "neutral"}
        With ``neutral``, an interval that excludes zero is told by its sign and judged by nobody: ``non_concluant``.
    valid : bool
        Whether a valid inference exists.
    conclusive : bool
        False when simulation shows that no test holds its level in that design: never more than ``non_concluant``.
    minimum_effect : float
        Smallest effect of interest, or the minimum detectable effect; NaN for none.
    """
    if not valid or np.isnan(estimate):
        return "non_evaluable"
    if not conclusive or np.isnan(interval.low) or np.isnan(interval.high):
        return "non_concluant"
    low = interval.low - (estimate - bounds.low) if np.isfinite(bounds.low) else -np.inf
    high = interval.high + (bounds.high - estimate) if np.isfinite(bounds.high) else np.inf
    if low > 0 or high < 0:
        if direction == "neutral":
            return "non_concluant"
        return "amelioration" if (low > 0) == (direction == "higher") else "degradation"
    # Without a smallest effect that the design could find, nothing can be ruled out.
    if np.isfinite(minimum_effect) and -minimum_effect < low and high < minimum_effect:
        return "pas_d_effet_decelable"
    return "non_concluant"
