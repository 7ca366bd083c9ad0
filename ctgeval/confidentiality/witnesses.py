"""Proofs that what is masked stays open: for each requirement, values that satisfy all that is published and meet it.

A requirement is a cell that must not be provably under a value, before someone who knows what is published and, at
level L2, the cell in which he is alone. A witness is a set of values that satisfies every equation and every bound and
in which the cell reaches its requirement: one witness is a proof, whatever found it. Those that are looked for here
move as little as they can from the true values, so that they stay proofs when cells that they leave alone are shown.

References
----------
M. Fischetti and J. J. Salazar, «Solving the cell suppression problem on tabular data with linear constraints»,
Management Science 47 (2001), section 2; J. Castro, «A shortest-paths heuristic for statistical data protection in
positive tables», INFORMS Journal on Computing 19 (2007), for the least flow through a cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from scipy import optimize, sparse
from scipy.sparse import csgraph

from ctgeval.confidentiality.equations import Floats, Mask, System
from ctgeval.confidentiality.feasibility import TOLERANCE, Positions, beside

__all__ = ["NOBODY", "Problem", "Proofs", "Requirement", "canonical", "problems"]

NOBODY = -1
Requirement = tuple[int, int]
"""Position of the cell that must stay open, and of the one that the attacker knows (`NOBODY`: no such cell)."""

_LITTLE = 1e-3
_NODES = 5_000


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


@dataclass(slots=True, eq=False)
class Proofs:
    """Witnesses found so far of one problem, and the program that finds more.

    Every cell moves from where it is shown by two flows, up and down, that cost something; an unknown without a known
    value, and what is shown as an interval, move for nothing.
    """

    problem: Problem
    solved: int = 0
    count: int = 0
    _points: Floats = field(init=False)
    _needs: Mask = field(init=False)
    _start: Floats = field(init=False)
    _stop: Floats = field(init=False)
    _owner: Positions = field(init=False)
    _sign: Floats = field(init=False)
    _flows: sparse.csc_array = field(init=False)
    _cost: Floats = field(init=False)
    _room: Floats = field(init=False)

    def __post_init__(self) -> None:
        one = self.problem
        self._points = np.zeros((64, one.size))
        self._needs = np.zeros((64, one.size), dtype=bool)
        known = ~np.isnan(one.value) & (one.value >= one.low - TOLERANCE) & (one.value <= one.high + TOLERANCE)
        moving = one.free | (one.open & known)
        self._start = np.where(one.open, np.where(known, one.value, one.low), one.shown_low)
        self._stop = np.where(one.open, np.where(known, one.value, one.high), one.shown_high)
        at = np.flatnonzero(moving)
        self._owner = np.concatenate([at, at])
        self._sign = np.concatenate([np.ones(len(at)), -np.ones(len(at))])
        self._flows = sparse.csc_array(one.matrix[:, self._owner] @ sparse.diags_array(self._sign))
        self._room = np.concatenate([(one.high - self._stop)[at], (self._start - one.low)[at]])
        self._room = np.maximum(self._room, 0.0)
        self._cost = np.where(one.open, 0.0, one.weight)[self._owner]

    def failing(self, hidden: Mask, requirements: Sequence[Requirement], *, first: bool = False) -> list[Requirement]:
        """Return the requirements of which no witness can be found; stop at the first one if asked."""
        failed = []
        for requirement in requirements:
            if self.witness(hidden, requirement) is None and self._search(hidden, requirement) is None:
                failed.append(requirement)
                if first:
                    break
        return failed

    def witness(self, hidden: Mask, requirement: Requirement) -> int | None:
        """Return the number of a witness already found, the latest first."""
        cell, known = requirement
        fit = self._points[: self.count, cell] >= self.problem.required[cell] - TOLERANCE
        if known != NOBODY:
            fit &= np.abs(self._points[: self.count, known] - self.problem.value[known]) < TOLERANCE
        at = np.flatnonzero(fit)
        at = at[~(self._needs[at] & ~hidden).any(axis=1)]
        return int(at[-1]) if len(at) else None

    def needs(self, number: int) -> Mask:
        """Return the cells that must be masked for a witness to be one."""
        return np.asarray(self._needs[number], dtype=bool)

    def mask_for(self, hidden: Mask, requirement: Requirement) -> Mask | None:
        """Return what must be masked besides, at the least cost of one flow, for a requirement to hold."""
        number = self._search(hidden, requirement, wide=True)
        return None if number is None else self._needs[number] & ~hidden

    def _search(self, hidden: Mask, requirement: Requirement, *, wide: bool = False) -> int | None:
        """Look for a witness; ``wide``: let any cell move, at its weight."""
        one = self.problem
        cell, known = requirement
        usable = hidden | one.open | (one.free if wide else False)
        flows = np.flatnonzero(usable[self._owner])
        owner = self._owner[flows]
        start, stop = self._start.copy(), self._stop.copy()
        low, high = np.zeros(len(flows)), self._room[flows].copy()
        cost = np.where(hidden[owner], 0.0, self._cost[flows]) + _LITTLE
        asked = float(one.required[cell])
        start[cell] = min(max(start[cell], asked), stop[cell])
        lack = asked - stop[cell]
        mine = owner == cell
        up = self._sign[flows] > 0
        if lack > 0:
            if not (mine & up).any():
                return None
            low[mine & up] = lack
            high[mine & ~up] = 0.0
            if (low > high).any():
                return None
        if known != NOBODY:
            start[known] = stop[known] = one.value[known]
            high[owner == known] = 0.0
            if (low > high).any():
                return None
        wide_base = np.flatnonzero(stop > start)
        still = np.where(stop > start, 0.0, start)
        matrix = sparse.hstack([self._flows[:, flows], one.matrix[:, wide_base]], format="csc")
        right = one.right - one.matrix @ still
        lower, upper = np.concatenate([low, start[wide_base]]), np.concatenate([high, stop[wide_base]])
        cost = np.concatenate([cost, np.zeros(len(wide_base))])
        program = (cost, optimize.LinearConstraint(matrix, right, right), optimize.Bounds(lower, upper))
        for whole in (None, np.concatenate([one.integral[owner], one.integral[wide_base]])):
            self.solved += 1
            moves = _least(*program, whole)
            if moves is None:
                return None
            point = still.copy()
            np.add.at(point, owner, moves[: len(flows)] * self._sign[flows])
            point[wide_base] = moves[len(flows) :]
            values = point[one.integral]
            if (np.abs(values - np.round(values)) <= TOLERANCE).all():
                return self._kept(np.where(one.integral, np.round(point), point))
        return None

    def _kept(self, point: Floats) -> int | None:
        """Keep a witness, if it is one."""
        one = self.problem
        if not _satisfies(one, point):
            return None
        if self.count == len(self._points):
            self._points = np.concatenate([self._points, np.zeros_like(self._points)])
            self._needs = np.concatenate([self._needs, np.zeros_like(self._needs)])
        self._points[self.count] = point
        self._needs[self.count] = one.free & (
            (point > one.shown_high + TOLERANCE) | (point < one.shown_low - TOLERANCE)
        )
        self.count += 1
        return self.count - 1


def _satisfies(problem: Problem, point: Floats) -> bool:
    """Whether a point is what it must be, whatever the solver says of it."""
    scale = 1.0 + abs(problem.matrix) @ np.abs(point)
    gaps = np.abs(problem.matrix @ point - problem.right)
    slack = TOLERANCE * (1.0 + np.abs(point))
    known = problem.free | problem.open
    low = np.where(known, np.minimum(problem.low, problem.shown_low), problem.shown_low)
    high = np.where(known, np.maximum(problem.high, problem.shown_high), problem.shown_high)
    low, high = np.where(problem.open, problem.low, low), np.where(problem.open, problem.high, high)
    return bool((gaps <= TOLERANCE * scale).all() and (point >= low - slack).all() and (point <= high + slack).all())


def _least(
    cost: Floats, equations: optimize.LinearConstraint, bounds: optimize.Bounds, whole: Mask | None
) -> Floats | None:
    """Solve a program, in whole numbers where told; None without an answer."""
    solved = optimize.milp(
        cost,
        constraints=equations,
        bounds=bounds,
        integrality=None if whole is None else whole.astype(int),
        options={"presolve": False} if whole is None else {"node_limit": _NODES},
    )
    return None if solved.x is None else np.asarray(solved.x, dtype=float)
