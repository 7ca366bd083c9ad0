"""The interval of what a cell may be, by linear programs on the connected part of the system in which it stands.

The published cells are constants. Where the solution that reaches a bound is made of whole numbers, the bound is that
of whole numbers too; where it is not and the interval is narrow, it is found again in whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse
from scipy.sparse import csgraph

from ctgeval.confidentiality.equations import Floats, Mask, System
from ctgeval.errors import ConfidentialityError

__all__ = ["TOLERANCE", "Positions", "beside", "intervals", "too_low"]

TOLERANCE = 1e-6
Positions = npt.NDArray[np.intp]

_NARROW = 2.0
_NODES = 20_000
_UNBOUNDED, _UNKNOWN = 3, 4


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One connected part: its free unknowns, their equations and their bounds."""

    cells: Positions
    matrix: sparse.csr_array
    right: Floats
    low: Floats
    high: Floats
    integral: Mask


def intervals(system: System, hidden: Mask, cells: Positions, *, aware: bool = True) -> tuple[Floats, Floats]:
    """Return the feasibility interval of each of these cells.

    Parameters
    ----------
    system : System
        What is published.
    hidden : ndarray of bool, shape (n,)
        What is masked.
    cells : ndarray of int
        Positions of the cells.
    aware : bool
        Whether the attacker knows the rules (see `System.bounds`).

    Raises
    ------
    ConfidentialityError
        When no values at all satisfy what is published.
    """
    low, high = system.bounds(hidden, aware=aware)
    low, high = low[cells].copy(), high[cells].copy()
    for part, at in _parts(system, hidden, cells, aware=aware):
        order = np.argsort(part.cells)
        owns = order[np.searchsorted(part.cells, cells[list(at)], sorter=order)]
        least, most = np.zeros(len(part.cells), dtype=bool), np.zeros(len(part.cells), dtype=bool)
        for sign, bounds, reached in ((-1.0, high, most), (1.0, low, least)):
            for position, own in zip(at, owns.tolist(), strict=True):
                if reached[own]:
                    # Some values that were found on the way reach what the cell is known not to pass.
                    continue
                bound, point = _solved(part, own, sign=sign, asked=float(system.required[cells[position]]))
                bounds[position] = bound
                if point is not None and _is_whole(point[part.integral]):
                    least |= point <= part.low + TOLERANCE
                    most |= point >= part.high - TOLERANCE
    return low, high


def _parts(system: System, hidden: Mask, cells: Positions, *, aware: bool) -> Iterator[tuple[_Part, Sequence[int]]]:
    """Cut the system into the connected parts of what is not constant; give those that hold an attacked cell."""
    low, high = system.bounds(hidden, aware=aware)
    free = high > low
    if not free[cells].any():
        return
    constant = np.where(free, 0.0, np.nan_to_num(low, posinf=0.0, neginf=0.0))
    columns = np.flatnonzero(free)
    matrix = sparse.csr_array(system.matrix)[:, columns]
    right = system.right - system.matrix @ constant
    counts = np.diff(matrix.indptr)
    used = np.flatnonzero(counts)
    matrix, right = matrix[used], right[used]
    row_label, column_label = _labels(matrix)
    wanted = np.searchsorted(columns, cells)
    inside = free[cells]
    by_part: dict[int, list[int]] = {}
    for position in np.flatnonzero(inside):
        by_part.setdefault(int(column_label[wanted[position]]), []).append(int(position))
    for number in sorted(by_part):
        own_rows, own = np.flatnonzero(row_label == number), np.flatnonzero(column_label == number)
        yield (
            _Part(
                cells=columns[own],
                matrix=sparse.csr_array(matrix[own_rows][:, own]),
                right=right[own_rows],
                low=low[columns[own]],
                high=high[columns[own]],
                integral=system.integral[columns[own]],
            ),
            by_part[number],
        )


def _labels(matrix: sparse.csr_array) -> tuple[Positions, Positions]:
    """Return the number of the connected part of a matrix in which each row stands, and each column."""
    rows, columns = matrix.shape
    at, other = sparse.coo_array(matrix).coords
    links = sparse.csr_array((np.ones(len(at)), (at, other + rows)), shape=(rows + columns, rows + columns))
    _, label = csgraph.connected_components(links, directed=False)
    numbers = label.astype(np.intp)
    return numbers[:rows], numbers[rows:]


def too_low(system: System, hidden: Mask, cells: Positions, *, aware: bool = True) -> list[int]:
    """Return those of the cells whose upper bound is under what is required; see `intervals` for the arguments.

    One solution in which several cells are great enough clears all of them.
    """
    low, high = system.bounds(hidden, aware=aware)
    required = system.required
    found = [int(cell) for cell in cells if low[cell] >= high[cell] and high[cell] < required[cell] - TOLERANCE]
    for part, at in _parts(system, hidden, cells, aware=aware):
        waiting = [int(cells[position]) for position in at]
        while waiting:
            cell = waiting.pop(0)
            own = int(np.searchsorted(part.cells, cell))
            bound, point = _solved(part, own, sign=-1.0, asked=float(required[cell]))
            if bound < required[cell] - TOLERANCE:
                found.append(cell)
            elif point is not None:
                great = {int(one) for one in part.cells[point >= required[part.cells] - TOLERANCE]}
                waiting = [one for one in waiting if one not in great]
    return found


def beside(matrix: sparse.csr_array, right: Floats, value: Floats, integral: Mask, alone: int) -> Positions:
    """Return the cells of which someone alone in one could learn something: those that share an equation with it.

    A total of 1 and its part of 1 are the same person, who learns nothing.

    Parameters
    ----------
    matrix : sparse array
        Equations.
    right, value, integral : ndarray
        As in `System`.
    alone : int
        The cell of value 1.
    """
    rows = matrix[:, [alone]].nonzero()[0]
    near: set[int] = set()
    himself = {alone}
    for row in rows:
        span = slice(matrix.indptr[row], matrix.indptr[row + 1])
        cells, signs = matrix.indices[span], matrix.data[span]
        near.update(cells[signs != 0].tolist())
        is_sum = right[row] == 0 and integral[cells].all() and (np.abs(signs) == 1).all()
        if is_sum and min((signs > 0).sum(), (signs < 0).sum()) == 1:
            own = signs[cells == alone][0]
            # Alone in the whole, he is all there is in its parts, be it nobody: what is left of a share too.
            whole = (signs == own).sum() == 1
            himself.update(cells[(signs == -own) & ((value[cells] == 1) | whole)].tolist())
    return np.array(sorted(near - himself), dtype=np.intp)


def _solved(part: _Part, own: int, *, sign: float, asked: float) -> tuple[float, Floats | None]:
    """Return the least (sign 1) or greatest (sign -1) value of an unknown, and a whole solution if there is one."""
    whole = bool(part.integral[own])
    if not part.matrix.shape[0]:
        return float(part.low[own] if sign > 0 else part.high[own]), None
    answer = _program(part, own, sign)
    if answer is None:
        return sign * -np.inf, None
    bound, point = answer
    if not whole:
        return bound, point
    if _is_whole(point[part.integral]):
        return float(np.round(bound)), point
    rounded = float(np.ceil(bound - TOLERANCE) if sign > 0 else np.floor(bound + TOLERANCE))
    if sign < 0 and not np.isnan(asked) and asked <= bound and bound >= _NARROW * asked:
        return rounded, None
    return _whole_program(part, own, sign, rounded)


def _is_whole(values: Floats) -> bool:
    return bool((np.abs(values - np.round(values)) < TOLERANCE).all())


def _program(part: _Part, own: int, sign: float) -> tuple[float, Floats] | None:
    """Solve one linear program; None when the unknown is not bounded on that side."""
    cost = np.zeros(len(part.cells))
    cost[own] = sign
    solved = optimize.milp(
        cost,
        constraints=optimize.LinearConstraint(part.matrix, part.right, part.right),
        bounds=optimize.Bounds(part.low, part.high),
    )
    if solved.x is not None and solved.status == 0:
        return float(solved.x[own]), np.asarray(solved.x, dtype=float)
    if solved.status == _UNBOUNDED or (solved.status == _UNKNOWN and _has_values(part)):
        return None
    raise _contradiction()


def _has_values(part: _Part) -> bool:
    """Tell whether any values at all satisfy the equations: a program without an answer may be so, or unbounded."""
    solved = optimize.milp(
        np.zeros(len(part.cells)),
        constraints=optimize.LinearConstraint(part.matrix, part.right, part.right),
        bounds=optimize.Bounds(part.low, part.high),
    )
    return solved.x is not None


def _contradiction() -> ConfidentialityError:
    return ConfidentialityError(
        "Les chiffres publiés se contredisent : aucun jeu de valeurs ne les respecte tous.",
        remedy="Vérifiez que chaque total est la somme de ses parties, à l’arrondi déclaré près.",
    )


def _whole_program(part: _Part, own: int, sign: float, fallback: float) -> tuple[float, Floats | None]:
    """Solve in whole numbers; when it does not close within its nodes, return the narrowest interval it allows."""
    cost = np.zeros(len(part.cells))
    cost[own] = sign
    solved = optimize.milp(
        cost,
        integrality=part.integral.astype(int),
        constraints=optimize.LinearConstraint(part.matrix, part.right, part.right),
        bounds=optimize.Bounds(part.low, part.high),
        options={"node_limit": _NODES, "mip_rel_gap": 0.0},
    )
    if solved.x is None:
        return fallback, None
    return float(np.round(solved.x[own])), np.asarray(solved.x, dtype=float)
