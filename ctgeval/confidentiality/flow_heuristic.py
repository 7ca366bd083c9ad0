"""Mask enough, quickly: for each requirement that fails, what its least flow goes through.

For a cell p that must reach r, the flow is ``min w|f|`` subject to ``A f = 0`` and ``f_p >= r - value``: the cells
that it goes through are masked, those already masked cost nothing. It is sought again with the price of each such cell
divided by what goes through it, since a mask is paid once. What comes out is safe, and seldom the best (`clean_up`).

References
----------
J. P. Kelly, B. L. Golden and A. A. Assad, «Cell suppression: disclosure protection for sensitive tabular data»,
Networks 22 (1992); Castro (2007), as in `witnesses`.
"""

from __future__ import annotations

from ctgeval.confidentiality.equations import Mask
from ctgeval.confidentiality.parts import Requirement
from ctgeval.confidentiality.witnesses import Proofs

__all__ = ["mask_flows"]


def mask_flows(proofs: Proofs, hidden: Mask, *, kept: Mask | None = None) -> tuple[Mask, list[Requirement]]:
    """Mask what is needed for every requirement to hold.

    Parameters
    ----------
    proofs : Proofs
        Witnesses of the problem; those found here are added.
    hidden : ndarray of bool
        What is masked already.
    kept : ndarray of bool, optional
        What must stay shown.

    Returns
    -------
    hidden : ndarray of bool
        At least as much.
    hopeless : list of Requirement
        What no mask can meet.
    """
    problem = proofs.problem
    hidden = hidden.copy()
    hopeless: list[Requirement] = []
    while True:
        # Masking adds requirements at L2: whoever is alone in a cell that has just been masked.
        waiting = [one for one in problem.requirements(hidden) if one not in hopeless]
        # The greatest flows first: the others often find their way through what these have masked.
        waiting.sort(key=lambda one: -float(problem.required[one[0]] - max(problem.value[one[0]], 0.0)))
        before = hidden.copy()
        for requirement in waiting:
            if not proofs.failing(hidden, [requirement]):
                continue
            more = proofs.mask_for(hidden, requirement, kept=kept)
            if more is None:
                hopeless.append(requirement)
            else:
                hidden |= more
        if (hidden == before).all():
            return hidden, hopeless
