"""What a published figure tells: a linear form over things that are counted, between two bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

__all__ = ["Cell", "Form", "Key"]

Key = tuple[Any, ...]


class Cell(NamedTuple):
    """Something counted: a measure, somewhere, over some time, of some category.

    Parameters
    ----------
    measure : str
        What is counted (``enfants_0_2``).
    geo : str
        Code that a reader sees, ``EPCI-200070035``.
    ground : frozenset of str
        Communes covered, one code each, in the finest codes known: two cells overlap where their grounds do.
    start, end : date
        First and last day; `datetime.date.min` for a count since the start.
    category : tuple of str
        Values of the dimensions, ``""`` for all of them together.
    """

    measure: str
    geo: str
    ground: frozenset[str]
    start: date
    end: date
    category: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One published figure: ``low <= sum(coefficient * cell) <= high``.

    Parameters
    ----------
    terms : tuple of (Cell, float)
        The cells (any tuple that names one, in a table of one's own) and their coefficients. A rate whose counts are
        not shown is two forms, ``N - high D / k <= 0`` and ``N - low D / k >= 0``; a change is ``x(t) - x(t - 1)``; an
        estimate is one form.
    low, high : float
        Equal when the figure is exact, an interval when it is rounded; for a masked one, what the mark itself says:
        ``[1, inf)`` where zeros are published.
    masked : bool
        Whether the reader sees the mark in its place; a masked form never carries the value.
    indicator, geo, time_period : str
        Where a reader sees it.

    Raises
    ------
    ValueError
        When the bounds are crossed or are not numbers.
    """

    terms: tuple[tuple[Key, float], ...]
    low: float
    high: float
    masked: bool = False
    indicator: str = ""
    geo: str = ""
    time_period: str = ""

    def __post_init__(self) -> None:
        if math.isnan(self.low) or math.isnan(self.high) or self.low > self.high:
            raise ValueError(f"bounds of a form must be ordered numbers, not [{self.low}, {self.high}]")
        if self.masked and math.isfinite(self.high):
            raise ValueError("a masked form says nothing of how great it is")
