"""What a target of coverage would ask for: places, investment, yearly cost, and what stays to the collectivity.

Every hypothesis is a range, and every answer too: the ends of the answer are those of the most and of the least
favourable hypotheses, all together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctgeval.config.models import ScenarioConfig

__all__ = ["UNKNOWN", "Range", "Scenario", "scenario"]

_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Range:
    """Two ends; NaN when nothing is known, infinite when one end is not."""

    low: float
    high: float

    @classmethod
    def of(cls, told: tuple[float, ...]) -> Range:
        """Return what ``ctg.toml`` tells: one number or two ends; unknown when it tells nothing."""
        return cls(told[0], told[-1]) if told else UNKNOWN

    @property
    def known(self) -> bool:
        """Whether both ends are numbers."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def times(self, other: Range) -> Range:
        """Return the product of two ranges of numbers that are not negative."""
        return Range(self.low * other.low, self.high * other.high)


UNKNOWN = Range(math.nan, math.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is needed to reach a target.

    Parameters
    ----------
    target : float
        Places for 100 of the population.
    population, rate : Range
        Persons who may need a place; places for 100 of them today.
    places : Range
        Places to create, whole; 0 when the target is reached.
    investment, running, own_investment, own_running : Range
        Euros, all of it and what the collectivity pays itself; the running costs are yearly. Unknown without a
        hypothesis on them.
    """

    target: float
    population: Range
    rate: Range
    places: Range = field(default=UNKNOWN)
    investment: Range = field(default=UNKNOWN)
    running: Range = field(default=UNKNOWN)
    own_investment: Range = field(default=UNKNOWN)
    own_running: Range = field(default=UNKNOWN)


def scenario(declared: ScenarioConfig, *, population: Range, rate: Range) -> Scenario:
    """Work out a scenario.

    Parameters
    ----------
    declared : ScenarioConfig
        Its hypotheses, as ``[[scenario]]`` of ``ctg.toml`` gives them.
    population : Range
        Persons who may need a place.
    rate : Range
        Places for 100 of them today.

    Notes
    -----
    With ``E`` persons, ``t`` places for 100 of them today and a target ``c``, the places to create are
    ``max(0, c - t) E / 100``, rounded up: least at the highest ``t`` and the lowest ``E``, most at the other ends.
    """
    if not (population.known and rate.known):
        return Scenario(target=declared.cible, population=population, rate=rate)
    gap = Range(max(0.0, declared.cible - rate.high), max(0.0, declared.cible - rate.low))
    needed = gap.times(population)
    # A half place can't be created; a rounding error must not ask for one more.
    places = Range(math.ceil(needed.low / 100 - _EPSILON), math.ceil(needed.high / 100 - _EPSILON))
    investment = places.times(Range.of(declared.investissement_place))
    running = places.times(Range.of(declared.fonctionnement_place))
    return Scenario(
        target=declared.cible,
        population=population,
        rate=rate,
        places=places,
        investment=investment,
        running=running,
        own_investment=investment.times(_rest(declared.aide_investissement)),
        own_running=running.times(_rest(declared.aide_fonctionnement)),
    )


def _rest(helped: tuple[float, ...]) -> Range:
    """Return the share that others do not pay, from the percentages that they do: least when they pay most."""
    return Range(1 - helped[-1] / 100, 1 - helped[0] / 100) if helped else UNKNOWN
