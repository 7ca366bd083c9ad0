"""The mask that costs the least: a program in whole numbers, to which the attacker adds what it forgot.

The master chooses which cells to mask, ``min w'y`` with y of 0 and 1. It first knows what one equation alone says of
each requirement, and that a cell alone in an equation is found. For each requirement that its answer fails, the prices
u of the attacker's linear program give a capacity cut: in the equation ``x_p = u'b + (e_p - A'u)'x``, which those of
the table imply, the masked cells must leave room enough for cell p to reach what is required. An answer that fails
nothing is the best there is.

References
----------
M. Fischetti and J. J. Salazar, «Solving the cell suppression problem on tabular data with linear constraints»,
Management Science 47 (2001): capacity constraints (section 3), bridgeless inequalities (section 4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import optimize, sparse

from ctgeval.confidentiality.equations import Floats, Mask
from ctgeval.confidentiality.feasibility import TOLERANCE
from ctgeval.confidentiality.parts import NOBODY, Problem, Requirement

__all__ = ["Cut", "Master", "attacker_cut", "capacity_cut", "equation_cut"]

_NUDGE = 1e-4
_EXACT = 1e-9


@dataclass(frozen=True, slots=True)
class Cut:
    """``coefficient @ y >= right`` over the cells of a problem."""

    cells: tuple[int, ...]
    coefficients: tuple[float, ...]
    right: float

    def holds(self, hidden: Mask) -> bool:
        """Whether a mask satisfies it."""
        total = sum(value for at, value in zip(self.cells, self.coefficients, strict=True) if hidden[at])
        return total >= self.right - TOLERANCE


@dataclass(slots=True, eq=False)
class Master:
    """The program that chooses the mask, and the cuts that it has.

    Parameters
    ----------
    problem : Problem
        Cells and equations.
    primary : ndarray of bool
        What is masked in any case.
    cost : ndarray
        What masking each cell costs; never negative.
    """

    problem: Problem
    primary: Mask
    cost: Floats
    cuts: list[Cut] = field(default_factory=list)
    _known: set[Cut] = field(default_factory=set)

    def start(self) -> None:
        """Add what each equation alone says."""
        matrix = sparse.csr_array(self.problem.matrix)
        by_cell = sparse.csc_array(self.problem.matrix)
        everything = self.problem.requirements(self.problem.free & self.primary)
        for requirement in everything:
            cell, known = requirement
            rows = by_cell.indices[by_cell.indptr[cell] : by_cell.indptr[cell + 1]]
            if known != NOBODY:
                other = by_cell.indices[by_cell.indptr[known] : by_cell.indptr[known + 1]]
                rows = np.intersect1d(rows, other)
            for row in np.sort(rows):
                price = np.zeros(matrix.shape[0])
                at = matrix.indptr[row] + int(np.flatnonzero(matrix[[int(row)]].indices == cell)[0])
                price[row] = 1.0 / matrix.data[at]
                self.add(capacity_cut(self.problem, requirement, price))
        for row in range(matrix.shape[0]):
            self.cuts.extend(_bridges(self.problem, matrix, row, self.primary))

    def add(self, cut: Cut | None) -> bool:
        """Add a cut; tell whether there was one, and a new one."""
        if cut is None or cut in self._known:
            return False
        self._known.add(cut)
        self.cuts.append(cut)
        return True

    def solve(self, *, nodes: int) -> tuple[Mask | None, float, bool]:
        """Choose a mask.

        Parameters
        ----------
        nodes : int
            How many nodes at most.

        Returns
        -------
        hidden : ndarray of bool or None
            The mask; None when there is none.
        bound : float
            No mask that satisfies the cuts costs less.
        closed : bool
            Whether the answer is the best of this program.
        """
        one = self.problem
        columns = np.flatnonzero(one.free & ~self.primary)
        place = np.full(one.size, -1)
        place[columns] = np.arange(len(columns))
        rows, at, data, right = [], [], [], []
        for number, cut in enumerate(self.cuts):
            left = cut.right - sum(v for cell, v in zip(cut.cells, cut.coefficients, strict=True) if self.primary[cell])
            for cell, value in zip(cut.cells, cut.coefficients, strict=True):
                if place[cell] >= 0:
                    rows.append(number)
                    at.append(int(place[cell]))
                    # What is masked in any case leaves less to be found: a cell can't be worth more than that.
                    data.append(min(value, left) if left > 0 else value)
            right.append(left)
        if not len(columns):
            good = all(value <= TOLERANCE for value in right)
            return (self.primary.copy() if good else None), 0.0, good
        if not self.cuts:
            return self.primary.copy(), 0.0, True
        matrix = sparse.csr_array((data, (rows, at)), shape=(len(self.cuts), len(columns)))
        needed = np.array(right)
        useful = np.flatnonzero(needed > _least_of(matrix))
        solved = optimize.milp(
            self.cost[columns],
            integrality=np.ones(len(columns), dtype=int),
            bounds=optimize.Bounds(0, 1),
            constraints=optimize.LinearConstraint(matrix[useful], needed[useful], np.inf) if len(useful) else None,
            options={"node_limit": nodes, "mip_rel_gap": 0.0},
        )
        if solved.x is None:
            return None, float(solved.mip_dual_bound or 0.0), solved.status == 2
        hidden = self.primary.copy()
        hidden[columns[np.asarray(solved.x) > 0.5]] = True
        return hidden, float(solved.mip_dual_bound), solved.status == 0


def equation_cut(problem: Problem, hidden: Mask) -> Cut:
    """Return the cut that says only that something more than this mask is needed (whole numbers alone refuse it)."""
    cells = np.flatnonzero(problem.free & ~hidden)
    return Cut(tuple(cells.tolist()), (1.0,) * len(cells), 1.0)


def capacity_cut(problem: Problem, requirement: Requirement, price: Floats) -> Cut | None:
    """Return what the attacker's prices of the equations demand of any mask; None when they demand nothing.

    Parameters
    ----------
    problem : Problem
        Cells and equations.
    requirement : Requirement
        The cell, and what the attacker knows.
    price : ndarray, shape (equations,)
        Any prices give a valid cut; those of his linear program give one that the mask breaks.
    """
    cell, known = requirement
    slope = -(problem.matrix.T @ price)
    slope[cell] += 1.0
    slope[np.abs(slope) < _EXACT] = 0.0
    up, down = np.maximum(slope, 0.0), np.maximum(-slope, 0.0)
    start, stop = problem.shown_low.copy(), problem.shown_high.copy()
    room_up, room_down = np.zeros_like(stop), np.zeros_like(start)
    # What nothing shows has all its room already (and may have no end on either side).
    closed = ~problem.open
    room_up[closed] = np.maximum(problem.high[closed] - stop[closed], 0.0)
    room_down[closed] = np.maximum(start[closed] - problem.low[closed], 0.0)
    start[problem.open], stop[problem.open] = problem.low[problem.open], problem.high[problem.open]
    if known != NOBODY:
        start[known] = stop[known] = problem.value[known]
        room_up[known] = room_down[known] = 0.0
    used = slope != 0
    reach = float(problem.right @ price) + float((_times(up, stop, used) - _times(down, start, used)).sum())
    needed = float(problem.required[cell]) - reach
    if not np.isfinite(needed) or needed <= TOLERANCE:
        return None
    room = np.minimum(_times(up, room_up, used) + _times(down, room_down, used), needed)
    room[~problem.free] = 0.0
    cells = np.flatnonzero(room > _EXACT)
    return Cut(tuple(cells.tolist()), tuple(room[cells].tolist()), needed)


def attacker_cut(problem: Problem, hidden: Mask, requirement: Requirement) -> Cut | None:
    """Return the capacity cut that a mask breaks for a requirement, None when linear programs find none.

    What is shown is first given a little room, so that of all the prices that refuse the mask those are taken that
    concern few cells.
    """
    for nudge in (_NUDGE, 0.0):
        price = _prices(problem, hidden, requirement, nudge)
        cut = None if price is None else capacity_cut(problem, requirement, price)
        if cut is not None and not cut.holds(hidden):
            return cut
    return None


def _prices(problem: Problem, hidden: Mask, requirement: Requirement, nudge: float) -> Floats | None:
    cell, known = requirement
    unknown = hidden | problem.open
    low = np.where(unknown, problem.low, problem.shown_low - nudge * problem.free)
    high = np.where(unknown, problem.high, problem.shown_high + nudge * problem.free)
    high[cell] = min(high[cell], float(problem.required[cell]))
    if known != NOBODY:
        low[known] = high[known] = problem.value[known]
    goal = np.zeros(problem.size)
    goal[cell] = -1.0
    bounds: Any = np.column_stack([low, high])
    matrix: Any = problem.matrix
    solved: Any = optimize.linprog(goal, A_eq=matrix, b_eq=problem.right, bounds=bounds, method="highs")
    if solved.x is None or solved.status != 0:
        return None
    return -np.asarray(solved.eqlin.marginals, dtype=float)


def _bridges(problem: Problem, matrix: sparse.csr_array, row: int, primary: Mask) -> Iterator[Cut]:
    """Forbid to mask a cell alone in an equation of exact figures: it would be found, and masked for nothing."""
    span = slice(matrix.indptr[row], matrix.indptr[row + 1])
    cells = np.sort(matrix.indices[span])
    exact = problem.free[cells] & (problem.shown_low[cells] == problem.shown_high[cells])
    if not exact.all():
        return
    for cell in cells[~primary[cells]].tolist():
        others = [one for one in cells.tolist() if one != cell]
        if not primary[others].any():
            yield Cut((cell, *others), (-1.0, *[1.0] * len(others)), 0.0)


def _least_of(matrix: sparse.csr_array) -> Floats:
    """Return the least value that each row can have over zeros and ones."""
    return np.asarray(matrix.minimum(0.0).sum(axis=1), dtype=float)


def _times(one: Floats, other: Floats, used: Mask) -> Floats:
    """Multiply where it matters: nothing times an infinite room is nothing."""
    found = np.zeros(len(one))
    at = used & (one > 0)
    found[at] = one[at] * other[at]
    return found
