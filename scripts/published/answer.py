"""One published figure, and what ctgeval gives for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Answer", "Source", "digits", "many"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A figure.

    Parameters
    ----------
    method, data, quantity : str
    published : str
        As it is printed: its digits say how close one must be.
    ours : float
    peers : str
        What packages gave, and which.
    reason : str
        Of a difference.
    """

    method: str
    data: str
    quantity: str
    published: str
    ours: float
    peers: str = ""
    reason: str = ""

    @property
    def difference(self) -> float:
        """Ours less the published one."""
        return self.ours - float(self.published)

    @property
    def reproduced(self) -> bool:
        """Tell whether ours, rounded as the published one, is the published one."""
        return math.isfinite(self.ours) and abs(self.difference) <= 0.5 * 10.0 ** -digits(self.published) * (1 + 1e-6)


@dataclass(frozen=True)
class Source:
    """Rows that need the same estimates: they are made together from the folder of the data."""

    name: str
    make: Callable[[Path], Sequence[Answer]]


def digits(text: str) -> int:
    """Count the decimals of a printed figure: 2 for ``-0.45``, 6 for ``2.87e-4``."""
    mantissa, _, exponent = text.partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def many(
    method: str,
    data: str,
    rows: Sequence[tuple[str, str, float] | tuple[str, str, float, str]],
    *,
    peers: str = "",
    reasons: dict[str, str] | None = None,
) -> list[Answer]:
    """Make rows of the same method and data: quantity, published, ours, and peers' when they are told for it."""
    known = reasons or {}
    return [
        Answer(
            method=method,
            data=data,
            quantity=row[0],
            published=row[1],
            ours=float(row[2]),
            peers=row[3] if len(row) > 3 else peers,
            reason=known.get(row[0], ""),
        )
        for row in rows
    ]
