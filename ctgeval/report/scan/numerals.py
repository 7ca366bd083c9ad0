"""Numbers as French readers and machines write them, found in a text with how many decimals are shown."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Numeral", "is_figure", "numerals"]

_SPACE = " \u00a0\u202f\u2009'’"
_NUMERAL = re.compile(
    rf"(?<![\w.,/#-])([+\-−–]?)(\d{{1,3}}(?:[{_SPACE}]\d{{3}}(?!\d))+|\d+)(?:[,.](\d+))?(?:[eE]([+-]?\d{{1,3}}))?"
    r"(?![\w/]|[.,]\d|-\d)"
)
_MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_NOT_COUNTS = re.compile(
    rf"\b(?:\d{{1,2}}|1er)[ \u00a0\u202f](?:{_MONTHS})(?:[ \u00a0\u202f]\d{{4}})?"
    r"|\b(?:S[12]|T[1-4])[ \u00a0\u202f]\d{4}|\b\d{4}-(?:S[12]|Q[1-4]|\d\d(?:\d\d)?)\b"
    r"|\bn°[ \u00a0\u202f]?\d+|\b\d{1,2}/\d{1,2}/\d{4}\b|\b\d{1,2}[ \u00a0\u202f]?h(?:[ \u00a0\u202f]?\d\d)?\b"
    rf"|\b\d{{1,3}}(?:[{_SPACE}]\d{{3}})*(?:er|re|es?)\b"
)
_LEAD = re.compile(
    r"^(?:entre|au moins|au plus|moins de|plus de|de|environ|dans|en hausse de|en baisse de|près de|soit|[<>≈~≤≥(«])*"
    r"[\s\u00a0\u202f]*[+\-−–]?[\s\u00a0\u202f]*\d",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number found in a text.

    Parameters
    ----------
    value : float
    step : float
        Half of the last digit shown, the most that rounding may have moved it.
    text : str
        As it is written.
    start, end : int
        Its place.
    digits : int
        Significant digits shown.
    """

    value: float
    step: float
    text: str
    start: int
    end: int
    digits: int

    @property
    def is_year(self) -> bool:
        """Whether it reads as a year."""
        return self.text.isdigit() and 1900 <= self.value <= 2100

    def shows(self, exact: float, *, outwards: bool = False) -> bool:
        """Tell whether it may be how that number is shown, the sign aside («en baisse de 3»).

        Parameters
        ----------
        exact : float
        outwards : bool
            Whether it may be a bound, which is rounded away from what it bounds.
        """
        if not math.isfinite(exact):
            return False
        reach = self.step * (2 if outwards else 1) + 1e-12 * max(1.0, abs(exact))
        return abs(abs(self.value) - abs(exact)) <= reach


def numerals(text: str) -> Iterator[Numeral]:
    """Yield the numbers of a text, in order; dates, hours, periods and ranks are not numbers."""
    if not any(sign.isdigit() for sign in text):
        return
    blank = _NOT_COUNTS.sub(lambda found: "\x00" * len(found[0]), text)
    for found in _NUMERAL.finditer(blank):
        sign, whole, decimals, power = found.groups()
        digits = re.sub(r"\D", "", whole)
        scale = int(power or 0)
        value = float(f"{digits}.{decimals or '0'}e{scale}")
        yield Numeral(
            value=-value if sign and sign != "+" else value,
            step=0.5 * 10.0 ** (scale - len(decimals or "")),
            text=found[0],
            start=found.start(),
            end=found.end(),
            digits=len((digits + (decimals or "")).lstrip("0")),
        )


def is_figure(text: str) -> bool:
    """Tell whether a cell is a figure (« 41,1 % (de 33 à 50 %) ») and not a sentence or a date that holds one."""
    bare = _NOT_COUNTS.sub("", text).strip(" \u00a0\u202f")
    return _LEAD.match(bare) is not None and _NOT_COUNTS.match(text.strip()) is None
