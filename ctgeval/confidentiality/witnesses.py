"""Proofs that what is masked stays open: for each requirement, values that satisfy all that is published and meet it.

A witness is a set of values that satisfies every equation and every bound and
in which the cell reaches its requirement: one witness is a proof, whatever found it. Those that are looked for here
move as little as they can from the true values, so that they stay proofs when cells that they leave alone are shown.

References
----------
M. Fischetti and J. J. Salazar, «Solving the cell suppression problem on tabular data with linear constraints»,
Management Science 47 (2001), section 2; J. Castro, «A shortest-paths heuristic for statistical data protection in
positive tables», INFORMS Journal on Computing 19 (2007), for the least flow through a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import optimize, sparse

from ctgeval.confidentiality.equations import Floats, Mask
from ctgeval.confidentiality.feasibility import TOLERANCE, Positions
from ctgeval.confidentiality.parts import NOBODY, Problem, Requirement

__all__ = ["Proofs"]

_LITTLE = 1e-3
_NODES = 5_000
_ROUNDS = 4


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
        # An unknown that nobody knows, unbounded above, is at its bound already: it has no room left.
        above = np.subtract(one.high, self._stop, out=np.zeros(one.size), where=one.high > self._stop)
        self._room = np.concatenate([above[at], np.maximum(self._start - one.low, 0.0)[at]])

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

    def mask_for(self, hidden: Mask, requirement: Requirement, *, kept: Mask | None = None) -> Mask | None:
        """Return what must be masked besides, at the least cost of one flow, for a requirement to hold.

        Parameters
        ----------
        hidden : ndarray of bool
            What is masked already.
        requirement : Requirement
            What must hold.
        kept : ndarray of bool, optional
            What must stay shown.
        """
        one = self.problem
        also = one.free if kept is None else one.free & ~kept
        unit, best, least = one.weight.copy(), None, np.inf
        for _ in range(_ROUNDS):
            number = self._search(hidden, requirement, also=also, unit=unit)
            if number is None:
                break
            more = self._needs[number] & ~hidden
            price = float(one.weight[more].sum())
            if price >= least:
                break
            best, least = more, price
            # Masking a cell costs the same however much goes through it.
            moved = np.abs(self._points[number] - self._start)
            unit = np.where(more, one.weight / np.maximum(moved, TOLERANCE), unit)
        return best

    def _search(
        self, hidden: Mask, requirement: Requirement, *, also: Mask | None = None, unit: Floats | None = None
    ) -> int | None:
        """Look for a witness; ``also``: what may move besides, at its price by unit."""
        one = self.problem
        cell, known = requirement
        usable = hidden | one.open if also is None else hidden | one.open | also
        flows = np.flatnonzero(usable[self._owner])
        owner = self._owner[flows]
        start, stop = self._start.copy(), self._stop.copy()
        low, high = np.zeros(len(flows)), self._room[flows].copy()
        paid = np.zeros(len(owner)) if unit is None else np.where(hidden[owner] | one.open[owner], 0.0, unit[owner])
        cost = paid + _LITTLE
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
