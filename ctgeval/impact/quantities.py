"""How an estimate is written: rounded to what its interval lets one read, in its natural unit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from ctgeval import french

__all__ = ["NEGLIGIBLE", "Scale", "frequency", "number_of", "scale_of", "size_of"]

NEGLIGIBLE = ""
"""What `Scale.difference` gives when the rounded figure is zero."""

_COMPLEMENT = re.compile(r"^(\S.*?)( (?:pour|par|sur|parmi|chez|dans|en|à) .*)$")
_FINEST = 6


def number_of(value: Any) -> float:
    """Read a number of a dictionary made by ``to_dict``: None is NaN, ``inf`` and ``-inf`` are infinite."""
    if isinstance(value, bool) or value is None:
        return math.nan
    return float(value)


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit of an estimate, and how many of its digits mean something.

    Parameters
    ----------
    unit : str
        Of the outcome: a gap between percentages is in points, unless ``relative``.
    decimals : int
        Digits after the comma; below zero, tens and hundreds are rounded too.
    relative : bool
        Whether the estimate is a percentage of change, as for a rate ratio.
    """

    unit: str
    decimals: int
    relative: bool = False

    @property
    def written(self) -> str:
        """The unit of a gap: ``points`` between percentages."""
        if self.relative:
            return "%"
        return "points" if self.unit == "%" or self.unit.startswith("% ") else self.unit

    def finer(self, digits: int) -> Scale:
        """Return the same unit with more digits."""
        return Scale(self.unit, min(max(self.decimals, 0) + digits, _FINEST), self.relative)

    def amount(self, value: float, *, sign: bool = False, with_unit: bool = True) -> str:
        """Write a figure with its unit: ``3,2 points``, ``1 200 €``."""
        return french.quantity(self.rounded(value), self.written if with_unit else "", self.digits, sign=sign)

    def difference(self, value: float) -> str:
        """Write a gap without its sign: ``3 points de plus``, ``2 places de moins pour 100 enfants``.

        Empty (`NEGLIGIBLE`) when it rounds to zero.
        """
        if self.rounded(value) == 0:
            return NEGLIGIBLE
        way = "de plus" if value > 0 else "de moins"
        found = _COMPLEMENT.match(self.written)
        unit, rest = (found[1], found[2]) if found else (self.written, "")
        return f"{french.quantity(self.rounded(abs(value)), unit, self.digits)} {way}{rest}"

    def span(self, low: float, high: float) -> str:
        """Write two ends with their signs: ``de −1 à +5 points``, ``au moins +2 points``; empty without any.

        An end that is not zero is never written as zero: that would change what an interval excludes.
        """
        if math.isnan(low) or math.isnan(high) or (math.isinf(low) and math.isinf(high)):
            return ""
        scale = self
        while any(end != 0 and math.isfinite(end) and scale.rounded(end) == 0 for end in (low, high)):
            if scale.decimals >= _FINEST:
                break
            scale = scale.finer(1)
        if math.isinf(high):
            return f"au moins {scale.amount(low, sign=True)}"
        if math.isinf(low):
            return f"au plus {scale.amount(high, sign=True)}"
        largest = max(abs(scale.rounded(end)) for end in (low, high))
        suffix = french.quantity(largest, scale.written, scale.digits).removeprefix(
            french.number(largest, scale.digits)
        )
        bare = (scale.amount(end, sign=True, with_unit=False) for end in (low, high))
        return f"de {' à '.join(bare)}{suffix}"

    def rounded(self, value: float) -> float:
        """Return a figure rounded as it is written, halves away from zero."""
        if not math.isfinite(value):
            return value
        exact = Decimal(repr(float(value)))
        with localcontext() as context:
            context.prec = max(context.prec, exact.adjusted() + self.decimals + 2)
            return float(exact.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP))

    @property
    def digits(self) -> int:
        """Digits that are written after the comma."""
        return max(self.decimals, 0)


def scale_of(values: Mapping[str, Any]) -> Scale:
    """Return the scale of a result: a tenth of the interval, or two digits of the estimate when there is none.

    Parameters
    ----------
    values : mapping
        Made by ``ImpactResult.to_dict``.
    """
    interval, details = values.get("interval") or {}, values.get("details") or {}
    low, high = number_of(interval.get("low")), number_of(interval.get("high"))
    estimate = number_of(values.get("estimate"))
    half = (high - low) / 2
    if math.isfinite(half) and half > 0:
        decimals = -math.floor(math.log10(half / 4))
    elif math.isfinite(estimate) and estimate != 0:
        decimals = 1 - math.floor(math.log10(abs(estimate)))
    else:
        decimals = 1
    return Scale(str(values.get("unit") or ""), min(decimals, _FINEST), "rate_ratio" in details)


def size_of(effect: float, unit: str) -> str:
    """Write the size of an effect with two digits that mean something: ``1,4 place``, ``3,3 points``."""
    return scale_of({"unit": unit, "estimate": effect}).amount(effect)


def frequency(p: float) -> tuple[str, str]:
    """Return how often something of probability p is seen: a count, and what it is counted on.

    Returns
    -------
    tuple of str
        ``("5", "100")``; ``("", "1 000")`` under one in a thousand; ``("toujours", "")`` when it nearly always is.
    """
    if p < 0.001:
        return "", french.number(1000)
    if p >= 0.995:
        return "toujours", ""
    if p < 0.0095:
        return french.number(round(1000 * p)), french.number(1000)
    # Around the usual threshold, « 5 fois sur 100 » would not tell on which side it stands.
    near = 0.04 <= p <= 0.06 and abs(100 * p - round(100 * p)) >= 0.05
    return french.number(round(100 * p, 1) if near else round(100 * p)), french.number(100)
