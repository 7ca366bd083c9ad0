"""Sums, differences, ratios, shares and changes of values known within bounds; the truth stays inside.

Bounds are reached when each quantity comes once in the formula (R. E. Moore, *Interval Analysis*, 1966); a share, that
is ``n / (n + r)``, is monotone in both.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ctgeval.errors import MeasureError
from ctgeval.observations.bounds import Bounded, Floats

__all__ = [
    "add",
    "change",
    "per_thousand",
    "percentage",
    "ratio",
    "relative_change",
    "roundings",
    "share",
    "subtract",
    "total",
]

Bools = npt.NDArray[np.bool_]
Mask = bool | npt.ArrayLike | None


def total(values: Bounded, groups: npt.ArrayLike | None = None, *, size: int | None = None) -> Bounded:
    """Return the sum of values, or their sums by group.

    Parameters
    ----------
    values : Bounded, shape (n,)
        What is summed.
    groups : array_like of int, shape (n,), optional
        Group of each value, 0..k-1; a negative code leaves the value out. Without it, one sum.
    size : int, optional
        Number k of groups, when the last ones may be empty.

    Returns
    -------
    Bounded, shape (k,)
        The value is NaN as soon as one is missing in the group; bounds are the sums of bounds. Of an empty group
        nothing is known (it is not 0).
    """
    codes = np.zeros(len(values), dtype=np.intp) if groups is None else np.asarray(groups, dtype=np.intp)
    kept = codes >= 0
    codes, inside = codes[kept], values[kept]
    k = (1 if groups is None else 0) if size is None else size
    sums = [np.bincount(codes, weights=array, minlength=k) for array in (inside.value, inside.low, inside.high)]
    vacant = np.bincount(codes, minlength=k) == 0
    return _bounded(*(np.where(vacant, blank, s) for s, blank in zip(sums, (np.nan, -np.inf, np.inf), strict=True)))


def add(a: Bounded, b: Bounded) -> Bounded:
    """Return ``a + b``, element by element."""
    return _bounded(a.value + b.value, a.low + b.low, a.high + b.high)


def subtract(a: Bounded, b: Bounded, *, rounded_together: Mask = None) -> Bounded:
    """Return ``a - b``, element by element.

    Parameters
    ----------
    a, b : Bounded
        Same shape, or shapes that broadcast.
    rounded_together : bool or array of bool, optional
        Where true, both come from one source: if both are counts rounded to 5, one unknown rule (nearest or
        downwards) rounded both, and their difference is off by at most 4.
    """
    return _together(_subtract, a, b, rounded_together)


def ratio(a: Bounded, b: Bounded, *, factor: float = 1.0, rounded_together: Mask = None) -> Bounded:
    """Return ``factor * a / b``, element by element, where ``a`` is not a part of ``b`` (see `share`).

    Parameters
    ----------
    a, b : Bounded
        Numerator and denominator.
    factor : float
        Positive: 100 for a percentage, 1000 for a rate per thousand.
    rounded_together : bool or array of bool, optional
        See `subtract`.

    Returns
    -------
    Bounded
        Over a denominator of 0, NaN; over one that may be 0, a bound is infinite where the quotient has no limit.
    """

    def quotient(x: Bounded, y: Bounded) -> Bounded:
        return _scale(_divide(x, y), factor)

    return _together(quotient, a, b, rounded_together)


def percentage(a: Bounded, b: Bounded, *, rounded_together: Mask = None) -> Bounded:
    """Return ``100 * a / b`` (see `ratio`, and `share` when ``a`` is a part of ``b``)."""
    return ratio(a, b, factor=100.0, rounded_together=rounded_together)


def per_thousand(a: Bounded, b: Bounded, *, rounded_together: Mask = None) -> Bounded:
    """Return ``1000 * a / b`` (see `ratio`)."""
    return ratio(a, b, factor=1000.0, rounded_together=rounded_together)


def share(
    part: Bounded,
    *,
    rest: Bounded | None = None,
    whole: Bounded | None = None,
    factor: float = 100.0,
    rounded_together: Mask = None,
) -> Bounded:
    """Return the percentage that a part makes of a whole, between 0 and 100.

    Parameters
    ----------
    part : Bounded
        Numerator, counted in the whole.
    rest, whole : Bounded
        Either of them: the rest gives tighter bounds, for ``n / (n + r)`` grows with n and falls with r.
    factor : float
        100 for a percentage.
    rounded_together : bool or array of bool, optional
        See `subtract`.

    Raises
    ------
    MeasureError
        When neither or both of rest and whole are given, or when a quantity may be negative.
    """
    if (rest is None) == (whole is None):
        raise MeasureError(
            "Une part se calcule avec le reste ou avec l’ensemble.", remedy="Donnez l’un des deux, et un seul."
        )
    other = rest if rest is not None else whole
    assert other is not None
    if (part.low < 0).any() or (other.low < 0).any():
        raise MeasureError(
            "Une part ne se calcule que sur des quantités positives ou nulles.",
            remedy="Utilisez un rapport, ou corrigez la quantité négative.",
        )

    def portion(x: Bounded, y: Bounded) -> Bounded:
        return _scale(_share_of_rest(x, y) if whole is None else _share_of_whole(x, y), factor)

    return _together(portion, part, other, rounded_together)


def change(before: Bounded, after: Bounded, *, rounded_together: Mask = None) -> Bounded:
    """Return ``after - before`` (see `subtract`)."""
    return subtract(after, before, rounded_together=rounded_together)


def relative_change(before: Bounded, after: Bounded, *, rounded_together: Mask = None) -> Bounded:
    """Return ``100 * (after - before) / before``, in percent; NaN from a value of 0 (see `ratio`)."""
    quotient = ratio(after, before, factor=100.0, rounded_together=rounded_together)
    return _bounded(quotient.value - 100.0, quotient.low - 100.0, quotient.high - 100.0)


def roundings(values: Bounded) -> tuple[Bounded, Bounded]:
    """Return the values as their source would have rounded them to 5 by either rule: to the nearest, then downwards.

    Two values rounded by one source were rounded by one rule: what is computed from both holds under the first or under
    the second, never half under each. Values that are not rounded to 5 are returned as they are.
    """
    return _to_nearest(values), _downwards(values)


def _bounded(value: Floats, low: Floats, high: Floats) -> Bounded:
    # Value and bounds may part in the last bit when their formulas differ: widening keeps the truth inside.
    return Bounded(value, np.fmin(low, value), np.fmax(high, value))


def _scale(values: Bounded, factor: float) -> Bounded:
    return _bounded(values.value * factor, values.low * factor, values.high * factor)


def _subtract(a: Bounded, b: Bounded) -> Bounded:
    return _bounded(a.value - b.value, a.low - b.high, a.high - b.low)


def _divide(a: Bounded, b: Bounded) -> Bounded:
    flip = b.high < 0
    sign = np.where(flip, -1.0, 1.0)
    top_low, top_high = np.where(flip, -a.high, a.low), np.where(flip, -a.low, a.high)
    base_low, base_high = np.where(flip, -b.high, b.low), np.where(flip, -b.low, b.high)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = top_low / np.where(top_low >= 0, base_high, base_low)
        high = top_high / np.where(top_high >= 0, base_low, base_high)
        value = (sign * a.value) / (sign * b.value)
    # The numerator 0 gives 0 whatever the denominator; one that is not 0 over one that may be 0 has no limit.
    low = np.where(top_low == 0, 0.0, low)
    high = np.where(top_high == 0, 0.0, high)
    none = base_high == 0
    low = np.where(none, np.where(top_low >= 0, 0.0, -np.inf), low)
    high = np.where(none, np.where(top_high <= 0, 0.0, np.inf), high)
    high = np.where(none & (top_low == 0) & (top_high == 0), np.inf, high)
    both = base_low < 0
    low, high = np.where(both, -np.inf, low), np.where(both, np.inf, high)
    return _bounded(np.where(b.value == 0, np.nan, value), low, high)


def _share_of_rest(part: Bounded, rest: Bounded) -> Bounded:
    with np.errstate(divide="ignore", invalid="ignore"):
        low = part.low / (part.low + rest.high)
        high = part.high / (part.high + rest.low)
        value = part.value / (part.value + rest.value)
    low = np.where(rest.high == 0, np.where(part.high > 0, 1.0, 0.0), np.where(part.low == 0, 0.0, low))
    high = np.where(part.high == 0, np.where(rest.high > 0, 0.0, 1.0), np.where(np.isinf(part.high), 1.0, high))
    return _bounded(value, low, high)


def _share_of_whole(part: Bounded, whole: Bounded) -> Bounded:
    quotient = _divide(part, whole)
    value = quotient.value
    high = np.where(quotient.high > 1.0, 1.0, quotient.high)
    low = np.minimum(quotient.low, high)
    # A part above its whole is a fault of the source: it stays visible, and no bound is put under it.
    return _bounded(value, low, high)


def _together(form: Callable[[Bounded, Bounded], Bounded], a: Bounded, b: Bounded, mask: Mask) -> Bounded:
    plain = form(a, b)
    if mask is None or mask is False:
        return plain
    same = np.asarray(mask, dtype=bool)
    if not same.any():
        return plain
    same = same & _is_rounded(a) & _is_rounded(b)
    if not same.any():
        return plain
    rules = [form(rule(a), rule(b)) for rule in (_to_nearest, _downwards)]
    low, high = np.minimum(rules[0].low, rules[1].low), np.maximum(rules[0].high, rules[1].high)
    return _bounded(plain.value, np.where(same, low, plain.low), np.where(same, high, plain.high))


def _is_rounded(values: Bounded) -> Bools:
    published = values.value
    wide = np.asarray((values.high == published + 4) & (values.low == np.maximum(published - 2, 0)), dtype=np.bool_)
    wide[wide] = np.mod(published[wide], 5) == 0
    return wide


def _to_nearest(values: Bounded) -> Bounded:
    rounded = _is_rounded(values)
    return Bounded(values.value, values.low, np.where(rounded, values.value + 2, values.high))


def _downwards(values: Bounded) -> Bounded:
    rounded = _is_rounded(values)
    return Bounded(values.value, np.where(rounded, values.value, values.low), values.high)
