"""How extreme a statistic is among others, for every constant effect taken out of the data, and the effects kept."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ctgeval.impact.moments import Moments
from ctgeval.impact.panel import Bools, Floats, Ints
from ctgeval.impact.result import Interval

__all__ = ["Alternative", "Extremes", "inverted"]

Alternative = Literal["two-sided", "greater", "less"]

_Kept = Ints | slice
_TIE = 1e-9
_GRID = np.concatenate([np.arange(0.0, 4.5, 0.5), 2.0 ** np.arange(3, 11)])
_STEPS = 40


class Extremes:
    """Which statistics are at least as extreme as the real one, for any effect taken out of the treated.

    Parameters
    ----------
    found : Moments
    real : int
        Index of the real statistic.
    alternative : {"two-sided", "greater", "less"}
    studentised : bool
        Statistics are estimates over their standard errors, or estimates.
    """

    def __init__(self, found: Moments, real: int, alternative: Alternative, *, studentised: bool) -> None:
        self.found, self.real, self.alternative, self.studentised = found, real, alternative, studentised
        own = found.c[self.real]
        self.simple = bool((np.abs(found.c) <= abs(own) * (1 + _TIE)).all())
        # Sums of squares less squared sums: what rounding may leave of a variance that is nil.
        self._floor = (
            np.maximum(1e-14 * np.array([found.p.mean(), found.q.mean(), found.r.mean()]), 0) if studentised else None
        )
        # A statistic t has no unit; a coefficient has that of the outcome.
        self._noise = 1e-12 * (1.0 if studentised else float(np.sqrt(np.mean(found.a**2))))
        self._bounds: tuple[Floats, Floats] | None = None

    def statistics(self, tau: float, kept: _Kept = slice(None)) -> Floats:
        """Return the statistics once an effect is taken out."""
        f = self.found
        value = f.a[kept] - tau * f.c[kept]
        if not self.studentised:
            return np.asarray(value)
        return np.asarray(value / np.sqrt(self._variance(tau, kept)))

    def _variance(self, tau: float, kept: _Kept) -> Floats:
        f, floor = self.found, self._floor
        assert floor is not None
        least = max(float(floor[0] + tau * tau * floor[2]), 1e-300)
        return np.asarray(np.maximum(f.p[kept] - 2 * tau * f.q[kept] + tau * tau * f.r[kept], least))

    def extreme(self, tau: float, kept: _Kept = slice(None)) -> Bools:
        """Tell the assignments whose statistic counts against the effect; equal ones do, whatever the rounding."""
        law = self.statistics(tau, kept)
        real = float(self.statistics(tau, slice(self.real, self.real + 1))[0])
        if self.alternative == "two-sided":
            return np.asarray(np.abs(law) >= abs(real) * (1 - _TIE) - self._noise)
        sign = 1.0 if self.alternative == "greater" else -1.0
        return np.asarray(sign * law >= sign * real - abs(real) * _TIE - self._noise)

    def p_at(self, tau: Floats) -> Floats:
        """Return the p-values of an array of effects."""
        values = np.asarray(tau, dtype=np.float64)
        flat = values.ravel()
        if not self.studentised and self.simple and len(flat) > 1:
            return self._counted(flat).reshape(values.shape)
        return np.array([self.extreme(float(value)).mean() for value in flat]).reshape(values.shape)

    def bounds(self) -> tuple[Floats, Floats]:
        """Give the ends of the effects for which each assignment is as extreme as the real one, sorted apart.

        Between the two roots of ``|a - tau c| = |a0 - tau c0|``, since c is never above c0; every such interval holds
        the estimate.
        """
        if self._bounds is None:
            f, real = self.found, self.real
            a0, c0 = f.a[real], f.c[real]
            near, far = c0 - f.c, c0 + f.c
            tiny = _TIE * abs(c0)
            with np.errstate(divide="ignore", invalid="ignore"):
                first = (a0 - f.a) / near
                second = (a0 + f.a) / far
            same, opposite = np.abs(near) <= tiny, np.abs(far) <= tiny
            estimate = a0 / c0
            if self.alternative == "two-sided":
                low, high = np.minimum(first, second), np.maximum(first, second)
                endless = same | opposite
            else:
                up = self.alternative == "greater"
                low = first if up else np.full(len(first), -np.inf)
                high = np.full(len(first), np.inf) if up else first
                endless = same
            low, high = np.where(endless, -np.inf, low), np.where(endless, np.inf, high)
            # Equal statistics count, whatever the rounding.
            slack = _TIE * np.abs(estimate)
            self._bounds = (np.sort(np.minimum(low, low - slack)), np.sort(np.maximum(high, high + slack)))
        return self._bounds

    def _counted(self, tau: Floats) -> Floats:
        low, high = self.bounds()
        below = np.searchsorted(low, tau, side="right")
        above = len(high) - np.searchsorted(high, tau, side="left")
        return np.asarray((below + above - len(low)) / len(low))

    def ends(self, alpha: float) -> Interval:
        """Effects whose p-value is above alpha."""
        low, high = self.bounds()
        place = int(alpha * len(low) + 1e-9)
        return Interval(float(low[place]), float(high[len(high) - 1 - place]))


def inverted(law: Extremes, estimate: float, scale: float, alpha: float, alternative: Alternative) -> Interval:
    """Give the effects that are not rejected, the furthest first: what lies between two of them is kept.

    Parameters
    ----------
    law : Extremes
    estimate : float
        Not rejected.
    scale : float
        Order of magnitude of the distance between the ends; they are infinite when nothing within a thousand is
        rejected.
    alpha : float
        One less the level.
    alternative : str
    """
    if not scale > 0:
        return Interval(estimate, estimate)
    low = -np.inf if alternative == "less" else _end(law, estimate, -scale, alpha)
    high = np.inf if alternative == "greater" else _end(law, estimate, scale, alpha)
    return Interval(low, high)


def _end(law: Extremes, estimate: float, step: float, alpha: float) -> float:
    """Furthest effect that is not rejected, by bisection on the assignments that change law."""
    size = len(law.found.a)
    needed = alpha * size + 1e-9
    inside, within = 0.0, law.extreme(estimate)
    outside, without = -1.0, within
    for place in _GRID[::-1]:
        counted = law.extreme(estimate + step * place)
        if counted.sum() > needed:
            inside, within = float(place), counted
            break
        outside, without = float(place), counted
    if outside < 0:
        return float(np.inf if step > 0 else -np.inf)
    sure, changing = int((within & without).sum()), np.flatnonzero(within != without)
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        if sure + int(law.extreme(estimate + step * middle, changing).sum()) > needed:
            inside = middle
        else:
            outside = middle
    return float(estimate + step * inside)
