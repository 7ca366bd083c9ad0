"""The attacker: what can be deduced of each masked cell from everything that is published.

Levels, each knowing what the one before knows:

- ``L0``: counts are at least 0, margins and hierarchies hold;
- ``L1``: the rules are known: zeros are published, so that a masked count is at least 1;
- ``L2``: someone alone in a cell knows it: his cell becomes known, and those that share an equation with it are
  attacked again;
- ``L3``: everything published before is remembered (forms of the ledger, put in the system with `System.knowing`).

The interval of a cell is found by `feasibility.intervals`.

References
----------
Fischetti and Salazar (2001), as in `equations`; the levels: P.-P. de Wolf and A. Hundepool, *Statistical Disclosure
Control*, Wiley 2012, chapter 4 (singletons and the contributor's problem).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd
from scipy import sparse

from ctgeval.confidentiality import contingency
from ctgeval.confidentiality.equations import Floats, Mask, System
from ctgeval.confidentiality.feasibility import TOLERANCE, Positions, beside, intervals, too_low
from ctgeval.confidentiality.forms import Form, Key
from ctgeval.confidentiality.parts import NOBODY, problems
from ctgeval.confidentiality.rules import Rule
from ctgeval.confidentiality.witnesses import Proofs
from ctgeval.errors import ConfidentialityError

__all__ = ["LEVELS", "Attackable", "Audit", "Level", "attack", "audit", "violations"]

Level = Literal["L0", "L1", "L2", "L3"]
LEVELS: tuple[Level, ...] = ("L0", "L1", "L2", "L3")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Audit:
    """What an attacker can deduce; arrays in the order of the cells attacked.

    Parameters
    ----------
    cells : ndarray of int
        Positions of the cells in the system: those that are masked or can't be shown, and carry a requirement or are
        masked.
    low, high : ndarray
        The interval: the narrowest of the levels run.
    required : ndarray
        The least upper bound; NaN for a cell that is masked for the sake of others.
    ok : ndarray of bool
        Whether the requirement holds.
    level : tuple of str
        For each cell, the level at which its interval is the narrowest.
    levels : tuple of str
        The levels that were run.
    """

    cells: Positions
    low: Floats
    high: Floats
    required: Floats
    ok: Mask
    level: tuple[str, ...]
    levels: tuple[str, ...]

    @property
    def safe(self) -> bool:
        """Whether every requirement holds."""
        return bool(self.ok.all())

    @property
    def narrowest(self) -> float:
        """Smallest width of an interval over its requirement, among the cells that have one; NaN when none has."""
        asked = ~np.isnan(self.required)
        if not asked.any():
            return float("nan")
        return float(((self.high - self.low)[asked] / self.required[asked]).min())


class Attackable(Protocol):
    """What can be attacked: a protected table."""

    @property
    def system(self) -> System:
        """Everything that is published with it."""

    @property
    def hidden(self) -> Mask:
        """What is masked in it."""

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Names of the parts of a key."""


def attack(
    table: Attackable | pd.DataFrame,
    *,
    margins: contingency.Margins | None = None,
    rule: Rule | None = None,
    level: Level = "L3",
    forms: Iterable[Form] = (),
    whole_numbers: bool = True,
) -> pd.DataFrame:
    """Tell what an attacker can still deduce of each masked cell.

    Parameters
    ----------
    table : ProtectedTable or DataFrame
        What `protect` gave; or any published table with its totals, ``value`` being NaN where it is masked (see
        `contingency.system_of`).
    margins : mapping, optional
        For a DataFrame: its totals and their parts (see `contingency.by_column`).
    rule : Rule, optional
        For a DataFrame: the threshold that an attacker must not be able to exclude; every masked cell is held to it,
        for the table does not say which are small.
    level : {"L0", "L1", "L2", "L3"}
        See the module. ``L2`` needs the true values, which a DataFrame does not hold.
    forms : iterable of Form
        What else the attacker holds: rates, changes, earlier releases.
    whole_numbers : bool
        For a DataFrame: whether the values are counts.

    Returns
    -------
    DataFrame
        One row for each masked cell, and for each rest that nothing shows and that must not be found: the columns of
        its key, ``low``, ``high``, ``required`` (NaN for a cell masked for the sake of others), ``ok``, ``level``
        (that which tells the most).

    Raises
    ------
    ConfidentialityError
        For a table that contradicts itself, or a DataFrame without margins.
    """
    if isinstance(table, pd.DataFrame):
        if margins is None:
            raise ConfidentialityError(
                "Sans ses marges, rien ne peut être déduit d’un tableau.",
                remedy="Donnez margins={colonne: {total: [parties]}}.",
            )
        names: Sequence[str] = contingency.key_columns(table)
        masked = table.loc[table["value"].isna(), list(names)]
        gone: list[Key] = [tuple(row) for row in masked.itertuples(index=False, name=None)]
        limit = {key: float(rule.threshold) for key in gone} if rule is not None else {}
        system = contingency.system_of(table, margins, required=limit, forms=forms, whole_numbers=whole_numbers)
        shut = {*gone}
        hidden = np.array([key in shut for key in system.keys], dtype=bool)
    else:
        system, hidden, names = table.system.knowing(forms), table.hidden, table.key_columns
        hidden = np.concatenate([hidden, np.zeros(system.size - len(hidden), dtype=bool)])
    found = audit(system, hidden, level=level)
    width = len(names)
    keys = [(*system.keys[cell][:width], *[""] * (width - len(system.keys[cell]))) for cell in found.cells]
    told = pd.DataFrame(keys, columns=list(names), index=range(len(keys)))
    rests = [len(system.keys[cell]) > width for cell in found.cells]
    return told.assign(
        rest=rests, low=found.low, high=found.high, required=found.required, ok=found.ok, level=list(found.level)
    )


def audit(system: System, hidden: Mask, *, level: Level = "L3") -> Audit:
    """Attack every masked cell.

    Parameters
    ----------
    system : System
        Everything that is published, earlier releases included for ``L3``.
    hidden : ndarray of bool, shape (n,)
        What is masked.
    level : {"L0", "L1", "L2", "L3"}
        The highest level; those under it are run too, except ``L0``, which never tells more than ``L1``.

    Returns
    -------
    Audit

    Raises
    ------
    ConfidentialityError
        For a level that does not exist, or a system that contradicts itself.
    """
    if level not in LEVELS:
        raise ConfidentialityError(
            "Ce niveau d’attaque n’existe pas.", value=str(level), remedy=f"Choisissez parmi : {', '.join(LEVELS)}."
        )
    run = LEVELS[: LEVELS.index(level) + 1]
    cells = _attacked(system, hidden)
    low, high = intervals(system, hidden, cells, aware=level != "L0")
    first = "L0" if level == "L0" else "L1"
    levels = np.full(len(cells), first, dtype=object)
    if "L2" in run:
        for contributor, near in _contributors(system, hidden, cells):
            own_low, own_high = intervals(system.fixing([contributor]), hidden, cells[near], aware=True)
            lower = own_high < high[near] - TOLERANCE
            narrower = (own_high <= high[near] + TOLERANCE) & (own_low > low[near] + TOLERANCE)
            chosen = near[lower | narrower]
            at = np.searchsorted(near, chosen)
            low[chosen], high[chosen], levels[chosen] = own_low[at], own_high[at], "L2"
    required = system.required[cells]
    return Audit(
        cells=cells,
        low=low,
        high=high,
        required=required,
        ok=~(_lacking(high, required) > 0),
        level=tuple(levels.tolist()),
        levels=run,
    )


def violations(system: System, hidden: Mask, *, level: Level = "L3", only: Iterable[int] | None = None) -> Positions:
    """Return the cells of which an attacker can tell that they are under their requirement, without their intervals.

    Cheaper than `audit`: one set of values that lets several cells be great enough clears all of them, and what has
    such a `witness <ctgeval.confidentiality.witnesses>` needs no interval.

    Parameters
    ----------
    system, hidden, level
        See `audit`.
    only : iterable of int, optional
        Look at these cells alone.
    """
    aware, wanted = level != "L0", None if only is None else set(only)
    found: set[int] = set()
    for contributor, targets in _unproved(system, hidden, aware=aware, contributors=level in {"L2", "L3"}).items():
        left = [one for one in targets if one not in found and (wanted is None or one in wanted)]
        known = system if contributor == NOBODY else system.fixing([contributor])
        found |= set(too_low(known, hidden, np.array(left, dtype=np.intp), aware=aware))
    return np.array(sorted(found), dtype=np.intp)


def _attacked(system: System, hidden: Mask) -> Positions:
    masked = hidden & ~system.forced
    exposed = ~system.shown & ~np.isnan(system.required)
    return np.flatnonzero(masked | exposed).astype(np.intp)


def _lacking(high: Floats, required: Floats) -> Floats:
    """By how much each upper bound falls short of what is required; 0 where nothing is."""
    return np.where(np.isnan(required), 0.0, np.maximum(0.0, required - high - TOLERANCE))


def _contributors(system: System, hidden: Mask, cells: Positions) -> Iterator[tuple[int, Positions]]:
    """Give each masked cell in which someone is alone, and the positions of the attacked cells near it."""
    alone = np.flatnonzero(hidden & system.maskable & (system.value == 1) & system.integral)
    if not len(alone):
        return
    matrix = sparse.csr_array(system.matrix)
    for cell in alone:
        sharing = beside(matrix, system.right, system.value, system.integral, int(cell))
        near = np.flatnonzero(np.isin(cells, sharing) & ~np.isnan(system.required[cells]))
        if len(near):
            yield int(cell), near.astype(np.intp)


def _unproved(system: System, hidden: Mask, *, aware: bool, contributors: bool) -> dict[int, list[int]]:
    """Return the cells that no witness proves open, by what the attacker knows (`NOBODY`: no cell)."""
    found: dict[int, list[int]] = {}
    for problem in problems(system, aware=aware, contributors=contributors):
        own = hidden[problem.cells]
        for cell, known in Proofs(problem).failing(own, problem.requirements(own)):
            contributor = NOBODY if known == NOBODY else int(problem.cells[known])
            found.setdefault(contributor, []).append(int(problem.cells[cell]))
    return dict(sorted(found.items()))
