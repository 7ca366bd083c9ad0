"""Whether a short series goes one way: Mann and Kendall's test, and Sen's slope, season by season.

References
----------
Mann, H. (1945), Nonparametric Tests Against Trend, Econometrica 13; Kendall, M. (1970), Rank Correlation Methods, 4th
ed., ch. 1 and 5 (exact distribution without ties; variance with ties); Sen, P. (1968), Estimates of the Regression
Coefficient Based on Kendall's Tau, JASA 63(324); Gilbert, R. (1987), Statistical Methods for Environmental Pollution
Monitoring, §16.4 and §16.5; Hirsch, R., Slack, J. and Smith, R. (1982), Techniques of Trend Analysis for Monthly Water
Quality Data, Water Resources Research 18(1), eq. 5 to 10 (seasons).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["EXACT", "Kendall", "Slope", "mann_kendall", "sen"]

Floats = npt.NDArray[np.float64]
EXACT = 30
"""Points up to which a series without ties is tested exactly."""
_ENUMERATED = 8
"""Points up to which a series with ties is tested by every order of its values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kendall:
    """Mann-Kendall test of a series.

    Parameters
    ----------
    s, s_low, s_high : int
        Pairs that rise less pairs that fall; and its range when values are only known within bounds.
    tau : float
        Kendall's tau-b, NaN when every value is the same.
    p_value : float
        Two-sided; the largest that the bounds allow. NaN under three points.
    exact : bool
        Whether it comes from the exact distribution.
    n : int
    """

    s: int
    s_low: int
    s_high: int
    tau: float
    p_value: float
    exact: bool
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """Sen's slope, per unit of time, with its interval; infinite where the points are too few to bound it."""

    value: float
    low: float
    high: float


def mann_kendall(
    values: npt.ArrayLike,
    low: npt.ArrayLike | None = None,
    high: npt.ArrayLike | None = None,
    *,
    season: npt.ArrayLike | None = None,
) -> Kendall:
    """Test whether a series in order of time goes one way.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        None missing.
    low, high : array_like of float, shape (n,), optional
        Bounds of each value: two values whose bounds overlap may be in either order, or equal, and the p-value told is
        the largest of those that this allows.
    season : array_like of int, shape (n,), optional
        Half-year or quarter of each value: those of one season only are compared (Hirsch, Slack and Smith).

    Returns
    -------
    Kendall

    Examples
    --------
    >>> found = mann_kendall([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> found.s, round(found.p_value, 4), found.exact
    (10, 0.0167, True)
    """
    y = np.asarray(values, dtype=np.float64)
    bottom = y if low is None else np.asarray(low, dtype=np.float64)
    top = y if high is None else np.asarray(high, dtype=np.float64)
    before, after = _pairs(len(y), season)
    signs = np.sign(y[after] - y[before])
    surely_up, surely_down = bottom[after] > top[before], top[after] < bottom[before]
    exactly = (bottom == top)[after] & (bottom == top)[before]
    least = np.where(exactly, signs, np.where(surely_up, 1, -1)).sum()
    most = np.where(exactly, signs, np.where(surely_down, -1, 1)).sum()
    s, s_low, s_high = int(signs.sum()), int(least), int(most)
    parts = _parts(y, season)
    distinct = sum(n * (n - 1) // 2 - sum(t * (t - 1) // 2 for t in tied) for n, tied in parts)
    tau = s / math.sqrt(len(before) * distinct) if distinct else math.nan
    worst = 0 if s_low <= 0 <= s_high else min(abs(s_low), abs(s_high))
    exact = all(_enumerable(n, tied) for n, tied in parts)
    possible = _possible_parts(y, bottom == top, season)
    p_value = max(_p_value(one, worst) for one in possible) if len(before) > 1 else math.nan
    return Kendall(s=s, s_low=s_low, s_high=s_high, tau=tau, p_value=p_value, exact=exact, n=len(y))


def sen(
    times: npt.ArrayLike,
    values: npt.ArrayLike,
    low: npt.ArrayLike | None = None,
    high: npt.ArrayLike | None = None,
    *,
    season: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> Slope:
    """Return the median of the slopes between two points, with the interval that Kendall's distribution gives.

    Parameters
    ----------
    times, values : array_like of float, shape (n,)
        Times all different.
    low, high : array_like of float, shape (n,), optional
        Bounds of each value: the interval is widened by all that they allow to the slopes.
    season : array_like of int, shape (n,), optional
        See `mann_kendall`.
    level : float

    Returns
    -------
    Slope
        NaN when no two points may be compared.
    """
    t, y = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    before, after = _pairs(len(y), season)
    if not len(before):
        return Slope(value=math.nan, low=math.nan, high=math.nan)
    bottom = y if low is None else np.asarray(low, dtype=np.float64)
    top = y if high is None else np.asarray(high, dtype=np.float64)
    apart = t[after] - t[before]
    # The slope of a rank rises with each slope: those of the bounds hold it.
    least, most = (np.sort(gap / apart) for gap in (bottom[after] - top[before], top[after] - bottom[before]))
    n = len(apart)
    left = [_left_out(one, n, level) for one in _possible_parts(y, bottom == top, season)]
    out, inside = min(left), max(left) < (n + 1) / 2
    return Slope(
        value=float(np.median((y[after] - y[before]) / apart)),
        low=float(least[out]) if inside else -math.inf,
        high=float(most[n - 1 - out]) if inside else math.inf,
    )


Part = tuple[int, tuple[int, ...]]
"""Number of points of a season, and the sizes of its groups of equal values."""


def _pairs(n: int, season: npt.ArrayLike | None) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    before, after = np.triu_indices(n, 1)
    if season is None:
        return before, after
    of = np.asarray(season)
    alike = of[before] == of[after]
    return before[alike], after[alike]


def _parts(values: Floats, season: npt.ArrayLike | None) -> tuple[Part, ...]:
    of = np.zeros(len(values)) if season is None else np.asarray(season)
    found = []
    for one in np.unique(of):
        inside = values[of == one]
        _, ties = np.unique(inside, return_counts=True)
        found.append((len(inside), tuple(sorted(int(t) for t in ties if t > 1))))
    return tuple(sorted(found))


def _possible_parts(
    values: Floats, exactly: npt.NDArray[np.bool_], season: npt.ArrayLike | None
) -> list[tuple[Part, ...]]:
    """Return the groups of equal values: as printed; those only known within bounds all different; two of them alike.

    Equal values narrow the distribution of S, and a pair of them changes whether it is odd: these three bound the rest.
    """
    printed = _parts(values, season)
    if exactly.all():
        return [printed]
    # Any names will do for values that are all different.
    apart = np.where(exactly, np.unique(values, return_inverse=True)[1], -1 - np.arange(len(values)))
    found = [printed, _parts(apart, season)]
    of = np.zeros(len(values)) if season is None else np.asarray(season)
    for one in np.unique(of):
        inside = np.flatnonzero(of == one)
        inside = inside[np.argsort(exactly[inside], kind="stable")]
        if len(inside) > 1 and not exactly[inside[0]]:
            alike = apart.copy()
            alike[inside[0]] = alike[inside[1]]
            found.append(_parts(alike, season))
    return found


def _enumerable(n: int, tied: tuple[int, ...]) -> bool:
    return n <= (_ENUMERATED if tied else EXACT)


def _p_value(parts: tuple[Part, ...], s: int) -> float:
    if all(_enumerable(*part) for part in parts):
        counts = _joint(parts)
        return min(1.0, sum(count for value, count in counts.items() if abs(value) >= abs(s)) / sum(counts.values()))
    variance = sum(_variance(*part) for part in parts)
    if s == 0 or variance == 0:
        return 1.0
    return float(2 * special.ndtr(-(abs(s) - 1) / math.sqrt(variance)))


def _left_out(parts: tuple[Part, ...], pairs: int, level: float) -> int:
    """Return how many of the least slopes the interval leaves out; all of them when no interval has that level."""
    if all(n <= EXACT and not tied for n, tied in parts):
        refused = (s for s in range(pairs % 2, pairs + 1, 2) if _p_value(parts, s) <= 1 - level)
        least = next(refused, None)
        return pairs if least is None else (pairs - least) // 2
    half = float(special.ndtri(1 - (1 - level) / 2)) * math.sqrt(sum(_variance(*part) for part in parts))
    # As Gilbert's §16.5, rounded outwards.
    return max(math.floor((pairs - half) / 2) - 1, 0) if half < pairs else pairs


@cache
def _joint(parts: tuple[Part, ...]) -> dict[int, int]:
    """Return how many orders of the values, season by season, give each S."""
    joined = {0: 1}
    for n, tied in parts:
        own = _orders(n) if not tied else _orders_with_ties(n, tied)
        following: dict[int, int] = {}
        for (a, count_a), (b, count_b) in itertools.product(joined.items(), own.items()):
            following[a + b] = following.get(a + b, 0) + count_a * count_b
        joined = following
    return joined


@cache
def _orders(n: int) -> dict[int, int]:
    """Return how many orders of n different values give each S (Kendall's recurrence on inversions)."""
    inversions = [1]
    for size in range(2, n + 1):
        longer = [0] * (len(inversions) + size - 1)
        for rank, count in enumerate(inversions):
            for more in range(size):
                longer[rank + more] += count
        inversions = longer
    most = n * (n - 1) // 2
    return {most - 2 * rank: count for rank, count in enumerate(inversions)}


@cache
def _orders_with_ties(n: int, tied: tuple[int, ...]) -> dict[int, int]:
    """Return how many orders of n values, some of them equal, give each S."""
    sizes = [*tied, *([1] * (n - sum(tied)))]
    labels = [rank for rank, size in enumerate(sizes) for _ in range(size)]
    orders = np.array(list(itertools.permutations(labels)), dtype=np.int8).reshape(-1, n)
    before, after = np.triu_indices(n, 1)
    s = np.sign(orders[:, after] - orders[:, before]).sum(axis=1, dtype=np.int64)
    values, counts = np.unique(s, return_counts=True)
    # Which of the equal groups is the lower changes nothing: the distribution is the same for all orders of groups.
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def _variance(n: int, tied: tuple[int, ...]) -> float:
    return (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in tied)) / 18
