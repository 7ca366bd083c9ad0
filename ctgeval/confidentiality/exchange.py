"""Try another way around each cell that is masked for the sake of others, and keep it where it costs less."""

from __future__ import annotations

import numpy as np

from ctgeval.confidentiality.clean_up import drop_needless
from ctgeval.confidentiality.equations import Floats, Mask
from ctgeval.confidentiality.flow_heuristic import mask_flows
from ctgeval.confidentiality.witnesses import Proofs

__all__ = ["exchanged"]

_LESS = 1e-9


def exchanged(proofs: Proofs, hidden: Mask, primary: Mask, cost: Floats, *, programs: int) -> Mask:
    """Show each secondary cell in turn, mask what then fails by other flows, clean up, and keep what costs less.

    Parameters
    ----------
    proofs : Proofs
        Witnesses of the problem.
    hidden : ndarray of bool
        A safe mask.
    primary : ndarray of bool
        What must stay masked.
    cost : ndarray
        What masking each cell costs.
    programs : int
        How many linear programs may be solved before the search stops.

    Returns
    -------
    ndarray of bool
        A safe mask that costs no more.
    """
    limit = proofs.solved + programs
    best = hidden
    tried: set[tuple[int, bytes]] = set()
    while True:
        better = best
        for cell in sorted(np.flatnonzero(best & ~primary).tolist(), key=lambda at: (-cost[at], at)):
            if not better[cell] or (cell, better.tobytes()) in tried:
                continue
            if proofs.solved >= limit:
                return better
            tried.add((cell, better.tobytes()))
            kept = np.zeros(len(better), dtype=bool)
            kept[cell] = True
            other, hopeless = mask_flows(proofs, better & ~kept, kept=kept)
            if hopeless:
                continue
            other = drop_needless(proofs, other, primary, attempts=len(other))
            if cost[other].sum() < cost[better].sum() - _LESS:
                better = other
        if better is best:
            return best
        best = better
