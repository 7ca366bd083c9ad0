"""Show again what was masked for the sake of others and turns out not to be needed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ctgeval.confidentiality.equations import Mask
from ctgeval.confidentiality.parts import Requirement
from ctgeval.confidentiality.witnesses import Proofs

__all__ = ["drop_needless"]


def drop_needless(proofs: Proofs, hidden: Mask, primary: Mask, *, attempts: int) -> Mask:
    """Show secondary cells one by one, the heaviest first, as long as every requirement holds.

    Parameters
    ----------
    proofs : Proofs
        Witnesses of the problem: only the requirements whose witness needs the cell are proved again.
    hidden : ndarray of bool
        A safe mask.
    primary : ndarray of bool
        What must stay masked.
    attempts : int
        How many cells to try at most.

    Returns
    -------
    ndarray of bool
        A safe mask; when every cell could be tried, no more secondary cell can be shown alone.
    """
    problem = proofs.problem
    hidden = hidden.copy()
    order = sorted(np.flatnonzero(hidden & ~primary).tolist(), key=lambda at: (-problem.weight[at], at))
    proof = _proofs(proofs, hidden, problem.requirements(hidden))
    for cell in order[:attempts]:
        less = hidden.copy()
        less[cell] = False
        # A contributor alone in a cell that is shown knows no more than everybody.
        touched = [one for one, number in proof.items() if one[1] != cell and proofs.needs(number)[cell]]
        if proofs.failing(less, touched, first=True):
            continue
        hidden = less
        proof = {one: number for one, number in proof.items() if one[1] != cell}
        proof |= _proofs(proofs, hidden, [one for one in touched if one in proof])
    return hidden


def _proofs(proofs: Proofs, hidden: Mask, requirements: Iterable[Requirement]) -> dict[Requirement, int]:
    """Return the number of a witness of each requirement; those without one are left out."""
    found = {}
    for requirement in requirements:
        proofs.failing(hidden, [requirement])
        number = proofs.witness(hidden, requirement)
        if number is not None:
            found[requirement] = number
    return found
