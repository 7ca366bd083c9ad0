"""Intervals of the figures that chance could have made otherwise, apart from what the source lets one know.

Two things are never mixed. ``low`` and ``high`` are what the source lets one know of what happened (rounding, secrecy,
returns that are missing). ``ci_low`` and ``ci_high`` are what the same territory could have shown with the same needs
and the same services: every inhabitant is counted, but whether one more family comes in December is chance. When the
counts themselves are only known within bounds, the interval is the union of those of all the counts within them.

Which figures have one is decided by what is counted:

- a share of persons, households or enterprises is binomial: Wilson's score interval;
- a count of them, or their number for so many inhabitants, is Poisson: exact under 10, Byar's approximation from 10
  on, where it is within 0.2 % of the exact one. The denominator of such a rate is taken as known;
- a count of places, structures, actions, meetings, hours, dwellings or euros is what it is: nothing random, no
  interval. Neither has a count that follows from a decision (the inhabitants of covered communes), nor a legal
  population;
- acts of persons who come again (attendances, requests) are not independent: a Poisson interval would be too narrow,
  and nothing in the count tells by how much. None is given;
- nor is there one for a rate that its source publishes alone, or for a balance of several counts;
- those who chose to answer are no sample, and a survey tells its own intervals, by its design: none is drawn from the
  counts of either (``unsampled`` sources of `ctgeval.indicators.compute`).

References
----------
Wilson (1927); Garwood (1936); Byar in Breslow and Day (1987), eq. 2.11 (see `ctgeval.intervals`). Switch at 10: Public
Health England (2018), *Technical Guide: Confidence Intervals*. Small numbers: Parker, J. et al. (2017), National Center
for Health Statistics Data Presentation Standards for Proportions, Vital and Health Statistics 2(175) (fewer than 30
in the denominator); the same centre holds as unreliable rates of fewer than 20 events, whose relative standard error is
above 22 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from ctgeval import intervals
from ctgeval.indicators.indicator import Indicator
from ctgeval.intervals import Bounds, Floats
from ctgeval.measures import Measure
from ctgeval.observations import Bounded

__all__ = [
    "EXACT_UNDER",
    "FEW_CASES",
    "FEW_PERSONS",
    "Bools",
    "Law",
    "count_interval",
    "is_small",
    "law",
    "sampling_interval",
]

Law = Literal["binomial", "poisson", ""]

EXACT_UNDER = 10
"""Under this count the Poisson interval is the exact one, Byar's from there on."""
FEW_PERSONS = 30
"""Under this denominator a share is told as a small number."""
FEW_CASES = 20
"""Under this count, a count or its rate is told as a small number."""

Bools = npt.NDArray[np.bool_]


def law(item: Indicator, measures: Mapping[str, Measure]) -> Law:
    """Tell by which law chance moves an indicator; empty when nothing can be said of it (see the module).

    Parameters
    ----------
    item : Indicator
    measures : mapping of str to Measure
        Those of its numerator at least.
    """
    if item.published or any(sign < 0 for sign, _ in item.numerator_terms):
        return ""
    if not all(measures[name].is_random for name in item.numerator_measures):
        return ""
    return "binomial" if item.nature == "part" else "poisson"


def sampling_interval(
    chance: Law, top: Bounded, bottom: Bounded | None, *, factor: float, level: float = 0.95
) -> Bounds:
    """Return the interval of figures, the union over all that their counts may be.

    Parameters
    ----------
    chance : {"binomial", "poisson", ""}
        See `law`.
    top, bottom : Bounded, shape (rows,)
        Numerators and denominators, with the bounds within which they are known; no denominator for a count.
    factor : float
        What the quotient is multiplied by.
    level : float
        Confidence.

    Returns
    -------
    low, high : ndarray of float64, shape (rows,)
        In the unit of the figure. NaN where there is no value, or where a bound is infinite or a denominator may be 0.
    """
    low, high = (np.full(len(top), np.nan) for _ in range(2))
    whole = bottom if bottom is not None else Bounded.exact(np.ones(1))
    usable = np.isfinite(top.value) & np.isfinite(top.high) & (top.low >= 0)
    usable = usable & np.isfinite(whole.value) & np.isfinite(whole.high) & (whole.low > 0)
    if not chance or not usable.any():
        return low, high
    k0, k1 = top.low[usable], top.high[usable]
    n0, n1 = (np.broadcast_to(bound, usable.shape)[usable] for bound in (whole.low, whole.high))
    wide = (k0 != k1) | (n0 != n1)
    least, most = _ends(chance, k0, n1, level)
    if wide.any():
        # Both ends grow with the numerator and fall with the denominator: the corners hold the union.
        most[wide] = _ends(chance, k1[wide], n0[wide], level)[1]
    figure = factor * np.divide(top.value, whole.value, out=np.full(len(top), np.nan), where=usable)[usable]
    # Two roundings may print a share above 100 %: as its bounds do, its interval holds the figure that is read.
    low[usable], high[usable] = np.minimum(factor * least, figure), np.maximum(factor * most, figure)
    return low, high


def _ends(chance: Law, k: Floats, n: Floats, level: float) -> Bounds:
    if chance == "binomial":
        return intervals.wilson(np.minimum(k, n), n, level=level)
    low, high = count_interval(k, level=level)
    return low / n, high / n


def count_interval(count: npt.ArrayLike, *, level: float = 0.95) -> Bounds:
    """Return the interval of the mean of Poisson counts: exact under `EXACT_UNDER`, Byar's from there on.

    Parameters
    ----------
    count : array_like of float
        Those that are negative or missing give NaN; they need not be whole (estimates).
    level : float

    Examples
    --------
    >>> low, high = count_interval([3, 45])
    >>> print(f"{low[0]:.3f} {high[0]:.3f} {low[1]:.2f} {high[1]:.2f}")
    0.619 8.767 32.82 60.21
    """
    k = np.asarray(count, dtype=np.float64)
    small = (k >= 0) & (k < EXACT_UNDER)
    low, high = (np.array(end) for end in intervals.byar(np.where(small, EXACT_UNDER, k), level=level))
    if small.any():
        few = k[small]
        rank = few.astype(np.intp)
        least, most = (end[rank] for end in _exact(level))
        between = few != rank
        if between.any():
            least[between], most[between] = intervals.poisson_exact(few[between], level=level)
        low[small], high[small] = least, most
    return low, high


@lru_cache(maxsize=8)
def _exact(level: float) -> Bounds:
    """Exact intervals of the whole counts under the switch: a national table asks for them millions of times."""
    return intervals.poisson_exact(np.arange(EXACT_UNDER), level=level)


def is_small(chance: Law, top: Floats, bottom: Floats | None) -> Bools:
    """Tell which figures rest on numbers so small that chance alone makes them move a lot.

    Parameters
    ----------
    chance : {"binomial", "poisson", ""}
        See `law`; a figure that has no law is never small.
    top, bottom : ndarray of float64
        Numerators and denominators.
    """
    if not chance:
        return np.zeros(top.shape, dtype=np.bool_)
    if chance == "binomial" and bottom is not None:
        return np.asarray(bottom < FEW_PERSONS, dtype=np.bool_)
    return np.asarray(top < FEW_CASES, dtype=np.bool_)
