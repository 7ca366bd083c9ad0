"""Values of which the truth is only known to lie between two bounds: how they are made from what a source says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.errors import MeasureError

__all__ = ["Bounded", "Floats"]

Floats = npt.NDArray[np.float64]

_NUMBERS = ("value", "low", "high")


@dataclass(frozen=True, slots=True, eq=False)
class Bounded:
    """Values of which the source only lets one know that the truth is between two bounds.

    Parameters
    ----------
    value : ndarray of float64
        The value as published; NaN when there is none.
    low, high : ndarray of float64
        The truth is between them; infinite when nothing is known on that side. Never NaN.

    Raises
    ------
    MeasureError
        When a bound is NaN, when ``low`` is above ``high``, or when a value is out of its bounds.
    """

    value: Floats
    low: Floats
    high: Floats

    def __post_init__(self) -> None:
        arrays = np.broadcast_arrays(*(np.asarray(array, dtype=np.float64) for array in self._arrays()))
        for name, array in zip(_NUMBERS, arrays, strict=True):
            object.__setattr__(self, name, array)
        wrong = ~(self.low <= self.high) | (self.value < self.low) | (self.value > self.high)
        if wrong.any():
            value, low, high = (array[wrong].flat[0] for array in self._arrays())
            raise MeasureError(
                "Une valeur et ses bornes se contredisent.",
                value=f"valeur {value:g}, bornes {low:g} et {high:g}",
                remedy="La borne basse doit être au plus égale à la borne haute, et la valeur entre les deux.",
            )

    def _arrays(self) -> tuple[Floats, Floats, Floats]:
        return self.value, self.low, self.high

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, rows: Any) -> Bounded:
        return Bounded(self.value[rows], self.low[rows], self.high[rows])

    def columns(self) -> dict[str, Floats]:
        """Return ``value``, ``low`` and ``high`` by name, to assign to a table."""
        return {"value": self.value, "low": self.low, "high": self.high}

    @classmethod
    def exact(cls, value: npt.ArrayLike) -> Bounded:
        """Return values known exactly; NaN becomes a value of which nothing is known."""
        known = np.asarray(value, dtype=np.float64)
        missing = np.isnan(known)
        return cls(known, np.where(missing, -np.inf, known), np.where(missing, np.inf, known))

    @classmethod
    def rounded(cls, value: npt.ArrayLike, base: int = 5) -> Bounded:
        """Return counts that their source rounds to a multiple of a base, to the nearest or downwards, it doesn't say.

        Parameters
        ----------
        value : array_like
            Published counts ``r``; the truth is in ``[max(0, r - base // 2), r + base - 1]``. NaN: ``[0, inf)``.
        base : int
            The multiple.

        Raises
        ------
        MeasureError
            When a count is negative.
        """
        published = np.asarray(value, dtype=np.float64)
        missing = np.isnan(published)
        low = np.where(missing, 0.0, np.maximum(published - base // 2, 0.0))
        return cls(published, low, np.where(missing, np.inf, published + (base - 1)))

    @classmethod
    def withheld(cls, n: int, low: float = 1, high: float = 4) -> Bounded:
        """Return ``n`` values withheld by a rule that says between which bounds they are («<5»: 1 to 4)."""
        return cls(np.full(n, np.nan), np.full(n, float(low)), np.full(n, float(high)))

    @classmethod
    def secret(cls, n: int) -> Bounded:
        """Return ``n`` values of which nothing is known but that they are not negative."""
        return cls.withheld(n, 0.0, np.inf)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Bounded:
        """Return the values and bounds of a table of observations or results, row by row; NaN bounds are infinite."""
        value, low, high = (frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in _NUMBERS)
        low = np.where(np.isnan(low), np.where(np.isnan(value), -np.inf, value), low)
        high = np.where(np.isnan(high), np.where(np.isnan(value), np.inf, value), high)
        return cls(value, low, high)
