"""An attacker who reads every release and solves: independent of the code that masks.

He knows that counts are not negative, that a part is not more than its whole, how territories and periods nest, how
many places there are (nobody hides them), and turns any published rate into the two counts behind it. For each count
he asks the greatest value that the publications allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog

Atom = tuple[str, str, str, str]
"""Measure, commune, half-year or year, source."""


@dataclass
class System:
    """Equations on the atoms, kept as sums of atoms with a known total."""

    atoms: list[Atom]
    equations: list[tuple[dict[Atom, float], float]] = field(default_factory=list)
    at_most: list[tuple[dict[Atom, float], float]] = field(default_factory=list)

    def know(self, cells: Iterable[Atom], total: float) -> None:
        """Add a published sum."""
        self.equations.append((dict.fromkeys(cells, 1.0), total))

    def part(self, part: Iterable[Atom], whole: Iterable[Atom]) -> None:
        """Add that a part is not more than its whole."""
        self.at_most.append((dict.fromkeys(part, 1.0) | dict.fromkeys(whole, -1.0), 0.0))

    def greatest(self, cells: Iterable[Atom]) -> float:
        """Return the greatest value that a sum can have; infinity when nothing bounds it."""
        at = {atom: rank for rank, atom in enumerate(self.atoms)}
        goal = np.zeros(len(at))
        for cell in cells:
            goal[at[cell]] = -1.0
        found = linprog(
            goal,
            **_matrix("eq", self.equations, at),
            **_matrix("ub", self.at_most, at),
            bounds=(0, None),
            method="highs",
        )
        if found.status in {3, 4}:
            return float("inf")
        assert found.status == 0, found.message
        return -float(found.fun)


def base_of_interval(share: float, low: float, high: float) -> float:
    """Return the base that Wilson's interval at 95 % of a share gives back (all three between 0 and 1).

    Its ends are the roots of ``(n + z2) x**2 - (2 n p + z2) x + n p**2``: their product is ``n p**2 / (n + z2)``, and
    the upper one is ``z2 / (n + z2)`` where the share is nothing.
    """
    z2 = 1.959963984540054**2
    if share == 0:
        return z2 * (1 - high) / high
    product = low * high
    return z2 * product / (share * share - product)


def _matrix(
    kind: str, rows: list[tuple[dict[Atom, float], float]], at: Mapping[Atom, int]
) -> dict[str, np.ndarray | None]:
    if not rows:
        return {f"A_{kind}": None, f"b_{kind}": None}
    matrix = np.zeros((len(rows), len(at)))
    for rank, (terms, _) in enumerate(rows):
        for atom, sign in terms.items():
            matrix[rank, at[atom]] += sign
    return {f"A_{kind}": matrix, f"b_{kind}": np.array([total for _, total in rows])}
