"""Change of a figure between two periods: what the source lets one know of it, and what chance could have done.

Both are kept apart, then joined honestly: ``low`` and ``high`` are the changes that rounding and secrecy leave
possible; ``ci_low`` and ``ci_high`` are the widest interval over all the counts within these bounds, and ``p_value``
the largest one (1 where no change at all is possible). Rounding is one rule: two counts rounded to 5 by one source
differ by at most 4 from the difference that is printed, not by 6.

Shares: Newcombe's hybrid score interval; test of the score with the factor (N - 1) / N, Fisher's exact test where an
expected count is under 1. Counts, and rates over known denominators: square-and-add interval from the Poisson interval
of each; exact conditional test. The two periods are taken as independent; where the same persons are counted twice the
interval is too wide rather than too narrow.

References
----------
Newcombe, R. (1998), Interval Estimation for the Difference Between Independent Proportions, Statistics in Medicine 17,
method 10; Campbell, I. (2007), Chi-squared and Fisher-Irwin Tests of Two-by-two Tables with Small Sample
Recommendations, Statistics in Medicine 26; Zou, G. and Donner, A. (2008), Construction of Confidence Limits about
Effect Measures, Statistics in Medicine 27 (square and add); Przyborowski, J. and Wilenski, H. (1940), Homogeneity of
Results in Testing Samples from Poisson Series, Biometrika 31 (conditional test).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from ctgeval import intervals, observations
from ctgeval.indicators.uncertainty import Law, count_interval
from ctgeval.intervals import Bounds, Floats
from ctgeval.observations import Bounded

__all__ = [
    "Difference",
    "Fraction",
    "difference",
    "rate_difference",
    "rate_p_value",
    "share_difference",
    "share_p_value",
]

_CELL = 1.0
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Fraction:
    """Numerators and denominators, known within bounds; the denominator of a count is 1."""

    top: Bounded
    bottom: Bounded

    def at(self, numerator: str, denominator: str) -> tuple[Floats, Floats]:
        """Return some ends of both: ``value``, ``low`` or ``high``."""
        return getattr(self.top, numerator), getattr(self.bottom, denominator)


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """Changes, in the unit of the figure; arrays of one shape. NaN where nothing can be said."""

    change: Floats
    low: Floats
    high: Floats
    ci_low: Floats
    ci_high: Floats
    p_value: Floats


def difference(
    chance: Law,
    before: Fraction,
    after: Fraction,
    *,
    factor: float,
    rounded_together: npt.ArrayLike = False,
    level: float = 0.95,
) -> Difference:
    """Return the change of figures from one period to another.

    Parameters
    ----------
    chance : {"binomial", "poisson", ""}
        Law of the figure (see `ctgeval.indicators.uncertainty`); without one there is neither interval nor p-value.
    before, after : Fraction
    factor : float
        What the quotients are multiplied by.
    rounded_together : bool or array of bool
        Where true, one source rounded both periods, by one rule.
    level : float
    """
    together = np.broadcast_to(np.asarray(rounded_together, dtype=np.bool_), before.top.value.shape)
    change = _quotient(*after.at("value", "value"), factor) - _quotient(*before.at("value", "value"), factor)
    each = [_one(chance, *pair, factor=factor, level=level) for pair in _readings(before, after, together)]
    low, ci_low = (np.minimum.reduce([getattr(one, name) for one in each]) for name in ("low", "ci_low"))
    high, ci_high = (np.maximum.reduce([getattr(one, name) for one in each]) for name in ("high", "ci_high"))
    p_value = np.maximum.reduce([one.p_value for one in each])
    unknown = np.isnan(change)
    # Over a denominator that may be 0, nothing bounds the change.
    low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    silent = unknown | ~np.isfinite(ci_low) | ~np.isfinite(ci_high) | ~np.isfinite(p_value)
    return Difference(
        change=change,
        low=np.where(unknown, np.nan, np.minimum(low, change)),
        high=np.where(unknown, np.nan, np.maximum(high, change)),
        ci_low=np.where(silent, np.nan, np.minimum(ci_low, change)),
        ci_high=np.where(silent, np.nan, np.maximum(ci_high, change)),
        p_value=np.where(silent, np.nan, p_value),
    )


def _readings(
    before: Fraction, after: Fraction, together: npt.NDArray[np.bool_]
) -> Sequence[tuple[Fraction, Fraction]]:
    """Give both periods as the source would have rounded them by each rule; as they are where that says nothing."""
    if not together.any():
        return [(before, after)]
    parts = (before.top, before.bottom, after.top, after.bottom)
    found = []
    for rule in range(2):
        read = [observations.roundings(one)[rule] for one in parts]
        kept = [
            Bounded(one.value, np.where(together, other.low, one.low), np.where(together, other.high, one.high))
            for one, other in zip(parts, read, strict=True)
        ]
        found.append((Fraction(kept[0], kept[1]), Fraction(kept[2], kept[3])))
    return found


def _one(chance: Law, before: Fraction, after: Fraction, *, factor: float, level: float) -> Difference:
    """Compare two periods whose bounds are independent: the corners of the bounds hold all that is possible."""
    down = (before.at("high", "low"), after.at("low", "high"))
    up = (before.at("low", "high"), after.at("high", "low"))
    share = chance == "binomial"
    ends = [_quotient(*last, factor, most=share) - _quotient(*first, factor, most=share) for first, last in (down, up)]
    low, high = np.minimum(*ends), np.maximum(*ends)
    if not chance:
        nothing = np.full(low.shape, np.nan)
        return Difference(nothing, low, high, nothing, nothing, nothing)
    (fallen, p_fallen), (risen, p_risen) = (_tested(chance, first, last, level) for first, last in (down, up))
    nearest = np.where(low > 0, p_fallen, p_risen)
    p_value = np.where((low <= 0) & (high >= 0) & (low < high), 1.0, nearest)
    return Difference(
        change=low,
        low=low,
        high=high,
        ci_low=factor * fallen[0],
        ci_high=factor * risen[1],
        p_value=p_value,
    )


def _quotient(top: Floats, bottom: Floats, factor: float, *, most: bool = False) -> Floats:
    known = np.isfinite(top) & np.isfinite(bottom) & (bottom > 0)
    found = np.divide(top, bottom, where=known, out=np.full(np.broadcast(top, bottom).shape, np.nan))
    return np.asarray(factor * (np.minimum(found, 1.0) if most else found), dtype=np.float64)


def _tested(
    chance: Law, first: tuple[Floats, Floats], last: tuple[Floats, Floats], level: float
) -> tuple[Bounds, Floats]:
    if chance == "binomial":
        (k0, n0), (k1, n1) = ((np.minimum(k, n), n) for k, n in (first, last))
        return share_difference(k0, n0, k1, n1, level=level), share_p_value(k0, n0, k1, n1)
    return rate_difference(*first, *last, level=level), rate_p_value(*first, *last)


def share_difference(
    k0: npt.ArrayLike, n0: npt.ArrayLike, k1: npt.ArrayLike, n1: npt.ArrayLike, *, level: float = 0.95
) -> Bounds:
    """Return the interval of the difference ``k1 / n1 - k0 / n0`` of two independent shares (Newcombe, method 10).

    Examples
    --------
    >>> low, high = share_difference(48, 80, 56, 70)
    >>> print(f"{low[0]:.4f} {high[0]:.4f}")
    0.0524 0.3339
    """
    k0, n0, k1, n1 = _arrays(k0, n0, k1, n1)
    first, last = (_quotient(k, n, 1.0) for k, n in ((k0, n0), (k1, n1)))
    return _square_and_add(first, intervals.wilson(k0, n0, level=level), last, intervals.wilson(k1, n1, level=level))


def rate_difference(
    k0: npt.ArrayLike, n0: npt.ArrayLike, k1: npt.ArrayLike, n1: npt.ArrayLike, *, level: float = 0.95
) -> Bounds:
    """Return the interval of the difference of two Poisson rates over known denominators (1 for counts)."""
    k0, n0, k1, n1 = _arrays(k0, n0, k1, n1)
    first, last = (_quotient(k, n, 1.0) for k, n in ((k0, n0), (k1, n1)))
    own, other = (
        tuple(_quotient(end, n, 1.0) for end in count_interval(k, level=level)) for k, n in ((k0, n0), (k1, n1))
    )
    return _square_and_add(first, (own[0], own[1]), last, (other[0], other[1]))


def _square_and_add(first: Floats, own: Bounds, last: Floats, other: Bounds) -> Bounds:
    gap = last - first
    low = gap - np.hypot(last - other[0], own[1] - first)
    high = gap + np.hypot(other[1] - last, first - own[0])
    return low, high


def share_p_value(k0: npt.ArrayLike, n0: npt.ArrayLike, k1: npt.ArrayLike, n1: npt.ArrayLike) -> Floats:
    """Return the two-sided p-value of the equality of two independent shares (Campbell 2007)."""
    k0, n0, k1, n1 = _arrays(k0, n0, k1, n1)
    usable = (n0 > 0) & (n1 > 0) & (k0 >= 0) & (k1 >= 0) & (k0 <= n0) & (k1 <= n1)
    k0, k1 = np.where(usable, k0, 0.0), np.where(usable, k1, 0.0)
    n0, n1 = np.where(usable, n0, 1.0), np.where(usable, n1, 1.0)
    whole = n0 + n1
    pooled = (k0 + k1) / whole
    variance = pooled * (1 - pooled) * (1 / n0 + 1 / n1) * whole / np.maximum(whole - 1, 1)
    even = variance <= _NEGLIGIBLE * _NEGLIGIBLE
    statistic = np.abs(k1 / n1 - k0 / n0) / np.sqrt(np.where(even, 1.0, variance))
    found = np.where(even, 1.0, special.erfc(statistic / np.sqrt(2)))
    expected = np.minimum(n0, n1) * np.minimum(pooled, 1 - pooled)
    for at in np.flatnonzero(usable & ~even & (expected < _CELL)):
        found[at] = _fisher(k0[at], n0[at], k1[at], n1[at])
    return np.where(usable, found, np.nan)


def _fisher(k0: float, n0: float, k1: float, n1: float) -> float:
    """Sum the probabilities of the tables with the same margins that are no more likely than this one."""
    first, size0, last, size1 = (round(one) for one in (k0, n0, k1, n1))
    total = first + last
    cells = np.arange(max(0, total - size0), min(size1, total) + 1, dtype=np.float64)
    log = _log_choose(size1, cells) + _log_choose(size0, total - cells)
    mass = np.exp(log - special.logsumexp(log))
    observed = mass[int(last - cells[0])]
    return float(min(1.0, mass[mass <= observed * (1 + 1e-7)].sum()))


def _log_choose(n: float, k: Floats) -> Floats:
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))


def rate_p_value(k0: npt.ArrayLike, n0: npt.ArrayLike, k1: npt.ArrayLike, n1: npt.ArrayLike) -> Floats:
    """Return the two-sided p-value of the equality of two Poisson rates: twice the smaller tail, given the total."""
    k0, n0, k1, n1 = _arrays(k0, n0, k1, n1)
    usable = (n0 > 0) & (n1 > 0) & (k0 >= 0) & (k1 >= 0)
    k0, k1 = np.where(usable, k0, 0.0), np.where(usable, k1, 0.0)
    n0, n1 = np.where(usable, n0, 1.0), np.where(usable, n1, 1.0)
    odds = n1 / (n0 + n1)
    above = np.where(k1 > 0, special.betainc(np.where(k1 > 0, k1, 1.0), k0 + 1, odds), 1.0)
    below = np.where(k0 > 0, special.betaincc(k1 + 1, np.where(k0 > 0, k0, 1.0), odds), 1.0)
    found = np.minimum(1.0, 2 * np.minimum(above, below))
    return np.where(usable, found, np.nan)


def _arrays(*values: npt.ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    k0, n0, k1, n1 = np.broadcast_arrays(*(np.atleast_1d(np.asarray(one, dtype=np.float64)) for one in values))
    return k0, n0, k1, n1
