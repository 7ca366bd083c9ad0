"""One indicator on one territory: its values in the order of time, and what must be known to read them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

from ctgeval import periods

Mark = Literal["", "masque", "absent"]

_LENGTHS = {"A": 4, "SCOLAIRE": 3, "S": 2, "Q": 1, "M": 0}


@dataclass(frozen=True, slots=True)
class Indicator:
    """What a reader must know of an indicator."""

    id: str
    label: str
    theme: str
    kind: str
    unit: str
    direction: str
    decimals: int | None
    source: str
    definition: str
    caveats: tuple[str, ...]
    retained: bool


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a line, or the reason why there is none."""

    period: str
    value: float
    low: float
    high: float
    mark: Mark
    provisional: bool
    geography: int | None
    source: str
    limits: str
    reason: str
    ci_low: float = math.nan
    ci_high: float = math.nan
    numerator: float = math.nan
    n: float = math.nan

    @property
    def known(self) -> bool:
        """Whether there is a value to show."""
        return math.isfinite(self.value)

    @property
    def bounded(self) -> bool:
        """Whether the source only lets one know an interval."""
        return self.mark != "masque" and math.isfinite(self.low) and self.low < self.high


@dataclass(frozen=True, slots=True)
class Line:
    """The values of one indicator on one territory, in the order of time."""

    geo: str
    name: str
    points: tuple[Point, ...]

    @property
    def known(self) -> tuple[Point, ...]:
        """The points that have a value."""
        return tuple(point for point in self.points if point.known)

    @property
    def steady(self) -> Line:
        """The points of one frequency, those that draw a line: the frequency with most values, the longest if equal."""
        counts = Counter(periods.parse(point.period).frequency for point in self.known)
        if len(counts) < 2:
            return self
        kept = max(counts, key=lambda frequency: (counts[frequency], _LENGTHS[frequency]))
        return replace(self, points=tuple(p for p in self.points if periods.parse(p.period).frequency == kept))

    @property
    def baseline(self) -> Point:
        """The first value that the last one can be compared with: of the same season when there are seasons.

        Raises
        ------
        IndexError
            When no value is known.
        """
        last = self.known[-1].period
        if periods.parse(last).frequency in {"A", "SCOLAIRE"}:
            return self.known[0]
        return next(point for point in self.known if point.period[4:] == last[4:])

    def at(self, period: str) -> Point | None:
        """Return the point of a period, or None."""
        return next((point for point in self.points if point.period == period), None)
