"""An attacker who has the published table alone, and shares nothing with the code that masked it.

He holds the printed figures (None where there is a mark), which totals are the sums of which parts, that a mark hides a
count of at least 1, and perhaps one cell: his own. He writes his equations and solves them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog

Key = tuple[Any, ...]
Sums = Sequence[tuple[Key, Sequence[Key]]]


@dataclass(frozen=True)
class Attacker:
    """What he can read, and what he knows of the rules."""

    printed: Mapping[Key, float | None]
    sums: Sums
    least: float = 1.0

    def range_of(self, cell: Key, *, own: Mapping[Key, float] | None = None) -> tuple[float, float]:
        """Return the least and the greatest value that a cell can have, in whole numbers where all are."""
        low, high = (self._end(cell, sign, own or {}) for sign in (1.0, -1.0))
        return low, high

    def greatest(self, cell: Key, *, own: Mapping[Key, float] | None = None) -> float:
        """Return the greatest value that a cell can have."""
        return self._end(cell, -1.0, own or {})

    def _end(self, cell: Key, sign: float, own: Mapping[Key, float]) -> float:
        known = {key: value for key, value in self.printed.items() if value is not None} | dict(own)
        if cell in known:
            return known[cell]
        unknown = sorted({key for key in self.printed if key not in known}, key=repr)
        place = {key: at for at, key in enumerate(unknown)}
        rows, right = [], []
        for total, parts in self.sums:
            row, constant = np.zeros(len(unknown)), 0.0
            for key, coefficient in ((total, 1.0), *((part, -1.0) for part in parts)):
                if key in known:
                    constant -= coefficient * known[key]
                else:
                    row[place[key]] += coefficient
            if row.any():
                rows.append(row)
                right.append(constant)
        goal = np.zeros(len(unknown))
        goal[place[cell]] = sign
        found = linprog(
            goal,
            A_eq=np.array(rows) if rows else None,
            b_eq=np.array(right) if rows else None,
            bounds=(self.least, None),
            method="highs",
        )
        if found.status in {3, 4}:
            return -sign * float("inf")
        assert found.status == 0, found.message
        return sign * float(found.fun)


def sums_of(keys: Sequence[Key], margins: Mapping[int, Mapping[Any, Sequence[Any]]]) -> list[tuple[Key, list[Key]]]:
    """Return which cells are the sums of which, from totals and parts along each position of a key."""
    here = set(keys)
    found = []
    for position, totals in margins.items():
        for key in keys:
            parts = [(*key[:position], part, *key[position + 1 :]) for part in totals.get(key[position], ())]
            if parts and all(part in here for part in parts):
                found.append((key, parts))
    return found
