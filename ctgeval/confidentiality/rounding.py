"""Round a table to a base, its totals too, so that they still add up.

Each cell goes to the multiple of the base just under it or just over it, and a multiple stays what it is: no cell moves
by the base or more. Of the tables that add up, the one that moves the least in all is chosen. A count rounded to 0 is
still told to be under the base: where nobody may prove a count small, the base is twice the threshold, or `attacked` is
asked which cells fail.

References
----------
L. H. Cox, «A constructive procedure for unbiased controlled rounding», Journal of the American Statistical Association
82 (1987); J. J. Salazar-González, «Controlled rounding and cell perturbation», Mathematical Programming 105 (2006).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize

from ctgeval.confidentiality.attacker import Audit, Level, audit
from ctgeval.confidentiality.equations import Floats, System
from ctgeval.errors import ConfidentialityError, ProtectionInfeasible

__all__ = ["Rounded", "round_table"]

_NODES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rounded:
    """A rounded table.

    Parameters
    ----------
    values : ndarray, shape (n,)
        The rounded values, in the order of the unknowns; NaN for those that can't be shown.
    system : System
        What the rounded table tells: each value is an interval as wide as the rounding.
    base : int
        The base.
    """

    values: Floats
    system: System
    base: int

    def attacked(self, *, level: Level = "L3") -> Audit:
        """Return what an attacker finds of the cells that carry a requirement, as `attack.audit` does for masks.

        Parameters
        ----------
        level : {"L0", "L1", "L2", "L3"}
            See `attack.audit`.
        """
        told = self.system
        asked = ~np.isnan(told.required)
        # What the rounding tells of a cell is a bound that everybody has: to the attacker it is a cell like one masked.
        opened = replace(
            told,
            shown=told.shown & ~asked,
            floor=np.where(asked & told.shown, np.maximum(told.floor, told.shown_low), told.floor),
            ceiling=np.where(asked & told.shown, np.minimum(told.ceiling, told.shown_high), told.ceiling),
        )
        return audit(opened, np.zeros(opened.size, dtype=bool), level=level)


def round_table(system: System, *, base: int = 5) -> Rounded:
    """Round every value that may be shown.

    Parameters
    ----------
    system : System
        Whole numbers and the equations between them; what can't be shown is left out of the sums that are printed.
    base : int
        Multiples of this are printed.

    Returns
    -------
    Rounded

    Raises
    ------
    ConfidentialityError
        For a base under 2, or a value that is not known.
    ProtectionInfeasible
        When no rounding adds up.
    """
    if base < 2:
        raise ConfidentialityError("On arrondit à 2 au moins.", value=str(base), remedy="Donnez base=5.")
    printed = np.flatnonzero(system.shown & system.integral)
    value = system.value[printed]
    if np.isnan(value).any():
        raise ConfidentialityError("Une valeur à arrondir n’est pas connue.", value=str(system.keys[int(printed[0])]))
    others = np.ones(system.size, dtype=bool)
    others[printed] = False
    apart = np.asarray(abs(system.matrix) @ others.astype(float)) > 0
    matrix = system.matrix[np.flatnonzero(~apart)][:, printed]
    right = system.right[~apart]
    under = np.floor(value / base)
    fixed = value == under * base
    # Each cell is base * (under + up): the cost of going up instead of down is what it adds to the distance.
    cost = np.where(fixed, 0.0, base * (2 * under + 1) - 2 * value) + 1e-6 * np.arange(len(printed)) / len(printed)
    solved = optimize.milp(
        cost,
        integrality=np.ones(len(printed), dtype=int),
        bounds=optimize.Bounds(0, np.where(fixed, 0.0, 1.0)),
        constraints=optimize.LinearConstraint(base * matrix, *(right - base * (matrix @ under),) * 2),
        options={"node_limit": _NODES, "mip_rel_gap": 0.0},
    )
    if solved.x is None:
        raise ProtectionInfeasible(
            f"Aucun arrondi à {base} ne garde des totaux justes.",
            remedy="Masquez les petites cellules, ou publiez moins de totaux.",
        )
    rounded = base * (under + np.round(np.asarray(solved.x, dtype=float)))
    values = np.full(system.size, np.nan)
    values[printed] = rounded
    told_low, told_high = system.shown_low.copy(), system.shown_high.copy()
    # Anyone who reads a multiple knows that the count is less than the base away from it.
    told_low[printed] = np.maximum(rounded - base + 1, 0.0)
    told_high[printed] = rounded + base - 1
    free = np.zeros(system.size, dtype=bool)
    free[printed] = True
    told = replace(system, shown_low=told_low, shown_high=told_high, forced=system.forced & ~free)
    return Rounded(values=values, system=told, base=base)
