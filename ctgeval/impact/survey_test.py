"""What one test of a before/after or a two-group comparison says, whatever it compares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ctgeval.impact.result import NO_INTERVAL, Interval

__all__ = ["SurveyTest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyTest:
    """An estimate and one test of it.

    Parameters
    ----------
    code, name : str
        Of the test; the name is French, for sentences.
    estimate, std_error : float
        In the unit of the result.
    interval : Interval
        Effects that the test does not reject, at the level asked.
    p_value : float
    statistic, df : float
        NaN when the test has none.
    minimum_p : float
        Smallest p-value that the test could give with so many persons; 0 for a continuous law.
    mde : float
        Smallest effect found four times in five, from the spread that was observed.
    """

    code: str
    name: str
    estimate: float
    p_value: float
    std_error: float = float("nan")
    interval: Interval = NO_INTERVAL
    statistic: float = float("nan")
    df: float = float("nan")
    minimum_p: float = 0.0
    mde: float = float("nan")

    def scaled(self, factor: float) -> SurveyTest:
        """Return the same test in another unit: proportions become points."""
        return replace(
            self,
            estimate=self.estimate * factor,
            std_error=self.std_error * factor,
            interval=Interval(self.interval.low * factor, self.interval.high * factor),
            mde=self.mde * factor,
        )

    def row(self, *, decides: bool) -> dict[str, Any]:
        """Return one row of the table of tests."""
        return {
            "test": self.code,
            "name": self.name,
            "estimate": self.estimate,
            "std_error": self.std_error,
            "statistic": self.statistic,
            "df": self.df,
            "p_value": self.p_value,
            "low": self.interval.low,
            "high": self.interval.high,
            "minimum_p": self.minimum_p,
            "decides": decides,
        }
