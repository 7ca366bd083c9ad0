"""The connected parts of a system, in an order of their own, and what must be proved of each mask.

A requirement is a cell that must not be provably under a value, before someone who knows what is published and, at
level L2, the cell in which he is alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from ctgeval.confidentiality.equations import Floats, Mask, System
from ctgeval.confidentiality.feasibility import Positions, beside

__all__ = ["NOBODY", "Problem", "Requirement", "canonical", "problems"]

NOBODY = -1
Requirement = tuple[int, int]
"""Position of the cell that must stay open, and of the one that the attacker knows (`NOBODY`: no such cell)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """One connected part of a system, its cells and equations in an order that does not depend on how they were given.

    Parameters
    ----------
    cells : ndarray of int
        Positions in the system.
    matrix : sparse array
        Equations on these cells alone; what is constant is in ``right``.
    value, shown_low, shown_high, required, weight, integral
        As in `System`.
    low, high : ndarray
        What a cell lies between when it is not shown.
    free : ndarray of bool
        Cells that may be shown or masked.
    open : ndarray of bool
        Cells that are never shown.
    near : mapping of int to ndarray
        For each cell in which someone is alone, those of which he could learn something.
    contributors : bool
        Whether those who are alone in a cell attack too.
    """

    cells: Positions
    matrix: sparse.csc_array
    right: Floats
    value: Floats
    shown_low: Floats
    shown_high: Floats
    low: Floats
    high: Floats
    free: Mask
    open: Mask
    required: Floats
    weight: Floats
    integral: Mask
    near: Mapping[int, Positions]
    contributors: bool

    @property
    def size(self) -> int:
        """How many cells."""
        return len(self.cells)

    @property
    def wanting(self) -> Mask:
        """Cells that must stay open and that their true value does not keep so by itself."""
        return ~np.isnan(self.required) & ~(self.value >= self.required) & (self.free | self.open)

    def requirements(self, hidden: Mask) -> list[Requirement]:
        """Return what must be proved of a mask; what the true values prove by themselves is left out."""
        attacked = np.flatnonzero(self.wanting & (hidden | self.open))
        found = [(int(cell), NOBODY) for cell in attacked]
        if self.contributors:
            chosen = np.zeros(self.size, dtype=bool)
            chosen[attacked] = True
            for one in np.flatnonzero(hidden & self.free & (self.value == 1) & self.integral):
                near = self.near[int(one)]
                found += [(int(cell), int(one)) for cell in near[chosen[near]]]
        return found


def problems(system: System, *, aware: bool, contributors: bool) -> list[Problem]:
    """Cut a system into its connected parts that hold a requirement.

    Parameters
    ----------
    system : System
        What is published or may be.
    aware : bool
        Whether the attacker knows the rules (L1).
    contributors : bool
        Whether those who are alone in a cell attack too (L2).

    Returns
    -------
    list of Problem
    """
    low, high = system.bounds(np.ones(system.size, dtype=bool), aware=aware)
    loose = np.flatnonzero(high > low)
    if not len(loose):
        return []
    order = sorted(loose.tolist(), key=lambda at: (canonical(system.keys[at]), at))
    columns = np.array(order, dtype=np.intp)
    still = np.ones(system.size, dtype=bool)
    still[columns] = False
    right = system.right - system.matrix @ np.where(still, np.nan_to_num(low, posinf=0.0, neginf=0.0), 0.0)
    matrix = sparse.csr_array(system.matrix)[:, columns]
    rows = np.flatnonzero(np.diff(matrix.indptr))
    matrix, right = matrix[rows], right[rows]
    found = []
    for own_rows, own in _connected(matrix):
        cells = columns[own]
        part = sparse.csr_array(matrix[own_rows][:, own])
        sorted_rows = _row_order(part, right[own_rows])
        maskable = system.maskable[cells]
        lone = np.flatnonzero(maskable & (system.value[cells] == 1) & system.integral[cells] & contributors)
        problem = Problem(
            cells=cells,
            matrix=sparse.csc_array(part[sorted_rows]),
            right=right[own_rows][sorted_rows],
            value=system.value[cells],
            shown_low=np.maximum(system.floor, system.shown_low)[cells],
            shown_high=np.minimum(system.ceiling, system.shown_high)[cells],
            low=low[cells],
            high=high[cells],
            free=maskable,
            open=~system.shown[cells],
            required=system.required[cells],
            weight=system.weight[cells],
            integral=system.integral[cells],
            near={
                int(one): beside(part, right[own_rows], system.value[cells], system.integral[cells], int(one))
                for one in lone
            },
            contributors=contributors,
        )
        if problem.wanting.any():
            found.append(problem)
    return found


def canonical(part: Any) -> str:
    """Return a text for a key that is the same in every process and whatever the order of its sets."""
    if isinstance(part, frozenset | set):
        return "{" + ",".join(sorted(canonical(one) for one in part)) + "}"
    if isinstance(part, tuple | list):
        return "(" + ",".join(canonical(one) for one in part) + ")"
    if isinstance(part, date):
        return part.isoformat()
    return f"{type(part).__name__[:1]}{part}"


def _connected(matrix: sparse.csr_array) -> Iterator[tuple[Positions, Positions]]:
    """Give the rows and the columns of each connected part, in the order of their first columns."""
    rows, columns = matrix.shape
    at, other = sparse.coo_array(matrix).coords
    links = sparse.csr_array((np.ones(len(at)), (at, other + rows)), shape=(rows + columns, rows + columns))
    _, label = csgraph.connected_components(links, directed=False)
    for number in dict.fromkeys(label[rows:].tolist()):
        yield np.flatnonzero(label[:rows] == number), np.flatnonzero(label[rows:] == number)


def _row_order(matrix: sparse.csr_array, right: Floats) -> list[int]:
    told = []
    for row in range(matrix.shape[0]):
        span = slice(matrix.indptr[row], matrix.indptr[row + 1])
        terms = sorted(zip(matrix.indices[span].tolist(), matrix.data[span].tolist(), strict=True))
        told.append((terms, float(right[row]), row))
    return [row for *_, row in sorted(told)]
