"""When nothing that may be masked is enough: which of the cells that must be shown give the others away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ctgeval.confidentiality.equations import Mask, System
from ctgeval.confidentiality.forms import Cell, Key
from ctgeval.errors import Problem, ProtectionInfeasible

__all__ = ["freeing", "name_of", "refusal"]

_MANY = 20
# What nothing shows is named after the cell that it is told from.
_NOT_SHOWN = {
    "rest": "ce qui reste hors de {}",
    "reste": "ce qui reste hors de {}",
    "autres": "ce que les autres ont compté de {}",
    "écart": "l’écart entre deux valeurs de {}",
    "atome": "une partie de {}",
}


def freeing(system: System) -> tuple[System, Mask]:
    """Return the system in which what is forced may be masked too, at the cost of 1 a cell, and those cells.

    Zeros that the rules publish, and figures of earlier releases or other tables, which nobody can take back, stay.

    Parameters
    ----------
    system : System
        The one in which no mask is safe.
    """
    freed = system.shown & system.forced & (np.nan_to_num(system.value) != 0)
    return replace(system, forced=system.forced & ~freed, weight=freed.astype(float)), freed


def refusal(system: System, to_free: Mask | None, exposed: Mask, *, proved: bool) -> ProtectionInfeasible:
    """Return the error that names the cells to free.

    Parameters
    ----------
    system : System
        What was to be protected.
    to_free : ndarray of bool or None
        Forced cells that would have to be masked; None when even that would not do.
    exposed : ndarray of bool
        Cells that would be found again.
    proved : bool
        Whether no smaller set would do.
    """
    found = [name_of(system.keys[at]) for at in np.flatnonzero(exposed)]
    told = f"{' ; '.join(dict.fromkeys(found[:_MANY]))}{' …' if len(found) > _MANY else ''}"
    if to_free is None or not to_free.any():
        return ProtectionInfeasible(
            "Même en masquant tout ce qui peut l’être, ce qui est déjà connu redonne ce qui doit rester secret.",
            key=told,
            remedy="Regroupez des catégories ou des territoires, ou ne publiez pas ce tableau.",
        )
    cells = [name_of(system.keys[at]) for at in np.flatnonzero(to_free)]
    smallest = "le plus petit ensemble qui suffise" if proved else "un ensemble qui suffit"
    return ProtectionInfeasible(
        "Des cellules qui doivent être montrées redonnent ce qui doit rester secret.",
        key=told,
        remedy=f"Acceptez de masquer aussi, {smallest} : {' ; '.join(cells)}.",
        problems=[
            Problem(
                message="Cellule imposée qu’il faudrait pouvoir masquer.",
                key=cell,
                remedy="Retirez-la de ce qui doit être montré.",
            )
            for cell in cells
        ],
    )


def name_of(key: Key) -> str:
    """Return the name of a cell as the coordinator may read it."""
    if isinstance(key, Cell):
        parts = [key.measure, key.geo, f"{key.start}/{key.end}", *key.category]
        return ", ".join(part for part in parts if part)
    at = next((at for at, part in enumerate(key) if at and part in _NOT_SHOWN), len(key))
    named = ", ".join(str(part) for part in key[:at] if part != "")
    return _NOT_SHOWN[key[at]].format(named) if at < len(key) else named
