"""Randomization inference: where an estimate stands among those that the treatment elsewhere would have given."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ctgeval.errors import DesignError
from ctgeval.impact.assignments import Assignments, assignments
from ctgeval.impact.contrast import Contrast
from ctgeval.impact.moments import Moments, moments
from ctgeval.impact.panel import Bools, Floats, Ints
from ctgeval.impact.result import Interval
from ctgeval.impact.tested import Tested

__all__ = ["Alternative", "randomization"]

Alternative = Literal["two-sided", "greater", "less"]

_Kept = Ints | slice
_TIE = 1e-9
_GRID = np.concatenate([np.arange(0.0, 4.5, 0.5), 2.0 ** np.arange(3, 11)])
_STEPS = 40


def randomization(
    contrast: Contrast,
    *,
    statistic: Literal["t", "coefficient"] = "t",
    alternative: Alternative = "two-sided",
    level: float = 0.95,
    draws: int = 9_999,
    seed: int = 0,
    limit: int = 20_000,
) -> Tested:
    """Test by moving the treatment to other units, or other clusters, of the same stratum.

    The p-value is the share of the assignments, the real one among them, whose statistic is at least as far from zero;
    it is exact when the treatment was assigned at random, or when units differ by chance only. The interval holds the
    effects that the test does not reject when they are taken out of the treated.

    Parameters
    ----------
    contrast : Contrast
    statistic : {"t", "coefficient"}
        The estimate over its cluster-robust standard error (see `ctgeval.impact.moments.moments`), which withstands
        unequal variances better, or the estimate itself.
    alternative : {"two-sided", "greater", "less"}
    level : float
        Of confidence.
    draws : int
        Assignments drawn, without replacement, besides the real one, when there are more than ``limit``.
    seed : int
    limit : int
        All assignments are enumerated up to so many.

    Returns
    -------
    Tested
        Its standard error is the spread of the estimate over the assignments, once the estimated effect is taken out.

    Raises
    ------
    DesignError
        When the statistic or the alternative does not exist, or a cluster stands in several strata.

    References
    ----------
    MacKinnon, J. and Webb, M. (2020), Randomization inference for difference-in-differences with few treated clusters,
    Journal of Econometrics 218(2), 435-450. Rosenbaum, P. (2002), Observational Studies, ch. 2 (inversion).
    """
    if statistic not in {"t", "coefficient"} or alternative not in {"two-sided", "greater", "less"}:
        raise DesignError(
            f"Il n’y a pas de permutation « {statistic}, {alternative} ».",
            value=f"{statistic}, {alternative}",
            remedy="Choisissez statistic parmi t, coefficient et alternative parmi two-sided, greater, less.",
        )
    drawn = assignments(
        contrast.rows,
        clusters=contrast.clusters if contrast.clustered else None,
        strata=contrast.strata,
        limit=limit,
        draws=draws,
        seed=seed,
    )
    found = moments(contrast, drawn, variance=statistic == "t")
    side = _Side(found, drawn, alternative, studentised=statistic == "t")
    law = side.statistics(0.0)
    p_value = float(side.extreme(0.0).mean())
    estimate = contrast.estimate
    std_error = float(np.sqrt(np.mean((found.a - estimate * found.c) ** 2)))
    minimum = _minimum(drawn, alternative)
    alpha = 1 - level
    if minimum > alpha:
        interval = Interval(-np.inf, np.inf)
    elif statistic == "coefficient" and side.simple:
        interval = side.ends(alpha)
    else:
        interval = _inverted(side, estimate, std_error, alpha, alternative)
    return Tested(
        code="permutation" if statistic == "t" else "permutation_coefficient",
        p_value=p_value,
        std_error=std_error,
        interval=interval,
        minimum_p=minimum,
        reference=law,
        p_at=side.p_at,
        note=_note(drawn, grouped=contrast.clustered),
    )


class _Side:
    """Which assignments are at least as extreme as the real one, for any effect taken out of the treated."""

    def __init__(self, found: Moments, drawn: Assignments, alternative: Alternative, *, studentised: bool) -> None:
        self.found, self.real, self.alternative, self.studentised = found, drawn.observed, alternative, studentised
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


def _inverted(side: _Side, estimate: float, scale: float, alpha: float, alternative: Alternative) -> Interval:
    if not scale > 0:
        return Interval(estimate, estimate)
    low = -np.inf if alternative == "less" else _end(side, estimate, -scale, alpha)
    high = np.inf if alternative == "greater" else _end(side, estimate, scale, alpha)
    return Interval(low, high)


def _end(side: _Side, estimate: float, step: float, alpha: float) -> float:
    """Furthest effect that is not rejected, by bisection on the assignments that change side."""
    size = len(side.found.a)
    needed = alpha * size + 1e-9
    inside, within = 0.0, side.extreme(estimate)
    outside, without = -1.0, within
    for place in _GRID[::-1]:
        counted = side.extreme(estimate + step * place)
        if counted.sum() > needed:
            inside, within = float(place), counted
            break
        outside, without = float(place), counted
    if outside < 0:
        return float(np.inf if step > 0 else -np.inf)
    sure, changing = int((within & without).sum()), np.flatnonzero(within != without)
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        if sure + int(side.extreme(estimate + step * middle, changing).sum()) > needed:
            inside = middle
        else:
            outside = middle
    return float(estimate + step * inside)


def _minimum(drawn: Assignments, alternative: Alternative) -> float:
    """Smallest attainable p-value: with as many treated as not, an assignment and its mirror are equally extreme."""
    mirrored = alternative == "two-sided" and drawn.halves
    return max((2 if mirrored else 1) / drawn.count, 1 / drawn.size)


def _note(drawn: Assignments, *, grouped: bool) -> str:
    what = "groupes" if grouped else "territoires"
    if drawn.count == 1:
        return f"L’action n’aurait pu se trouver nulle part ailleurs : aucune permutation des {what} n’est possible."
    if drawn.enumerated:
        return f"L’action est déplacée sur les autres {what}, de toutes les façons possibles ({drawn.count})."
    return f"L’action est déplacée au hasard sur les autres {what}, de {drawn.size - 1} façons différentes."
