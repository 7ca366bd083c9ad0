"""What is published, as one linear system: unknowns, equations between them, and what each bound says.

Everything that a reader may hold is a row ``A x = b`` over the same unknowns, with bounds: margins and hierarchies are
equations; a figure that is shown has bounds that are equal, or as wide as its rounding; a masked one has the bounds
that the mark itself tells; a rate, a change, a cumulated figure, an estimate or an earlier release is one more unknown
with fixed bounds, tied by an equation to those it is made of (`System.knowing`). Zonings that do not nest and several
tables that share cells need nothing more.

References
----------
M. Fischetti and J. J. Salazar, «Solving the cell suppression problem on tabular data with linear constraints»,
Management Science 47 (2001), for the system and the attacker's problem.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ctgeval.confidentiality.forms import Form, Key

__all__ = ["Equation", "System", "assemble"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_NONE = np.nan


@dataclass(frozen=True, slots=True)
class Equation:
    """``sum(coefficient * cell) = right``; the terms are keys of cells."""

    terms: tuple[tuple[Key, float], ...]
    right: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class System:
    """Unknowns, what binds them, and what showing or masking each of them tells.

    Parameters
    ----------
    keys : tuple of tuple
        Name of each of the n unknowns, in their order.
    matrix : sparse array, shape (m, n)
        Coefficients of the equations.
    right : ndarray, shape (m,)
        Right-hand sides.
    value : ndarray, shape (n,)
        True values; NaN where the coordinator himself does not know.
    floor, ceiling : ndarray, shape (n,)
        What everybody knows before anything is published: counts are at least 0.
    shown_low, shown_high : ndarray, shape (n,)
        What showing it tells: the value itself, or the interval of its rounding.
    least : ndarray, shape (n,)
        What the mark tells one who knows the rules: 1 for a count where zeros are published.
    shown : ndarray of bool, shape (n,)
        What may be shown at all; the others (a commune without a row, a rest) are always unknown.
    forced : ndarray of bool, shape (n,)
        What is shown whatever happens: already published, zeros.
    required : ndarray, shape (n,)
        The least value that an attacker must not be able to exclude from above; NaN without a requirement.
    weight : ndarray, shape (n,)
        What masking it costs.
    integral : ndarray of bool, shape (n,)
        Unknowns that are whole numbers.
    """

    keys: tuple[Key, ...]
    matrix: Any
    right: Floats
    value: Floats
    floor: Floats
    ceiling: Floats
    shown_low: Floats
    shown_high: Floats
    least: Floats
    shown: Mask
    forced: Mask
    required: Floats
    weight: Floats
    integral: Mask

    @property
    def size(self) -> int:
        """How many unknowns."""
        return len(self.keys)

    @property
    def maskable(self) -> Mask:
        """What may be shown and is not forced to be."""
        return self.shown & ~self.forced

    def index(self) -> dict[Key, int]:
        """Return the position of each key."""
        return {key: position for position, key in enumerate(self.keys)}

    def bounds(self, hidden: Mask, *, aware: bool = True) -> tuple[Floats, Floats]:
        """Return what each unknown is known to lie between, equations apart.

        Parameters
        ----------
        hidden : ndarray of bool, shape (n,)
            What is masked; what can't be shown is unknown whatever this says.
        aware : bool
            Whether the attacker knows the rules (L1): a masked count is then at least `least`.
        """
        unknown = (hidden & ~self.forced) | ~self.shown
        told = np.where(unknown, self.least, self.floor) if aware else self.floor
        low = np.where(unknown, np.maximum(self.floor, told), np.maximum(self.floor, self.shown_low))
        high = np.where(unknown, self.ceiling, np.minimum(self.ceiling, self.shown_high))
        return low, high

    def knowing(self, forms: Iterable[Form]) -> System:
        """Return the system of one who also knows these published figures.

        Parameters
        ----------
        forms : iterable of Form
            Rates, changes, estimates, figures of earlier releases. A form of which some cells are unknown here brings
            them in as unknowns of at least 0.
        """
        place = self.index()
        added: list[tuple[Form, list[tuple[int, float]]]] = []
        latent: dict[Key, int] = {}
        for form in forms:
            terms = []
            for key, coefficient in form.terms:
                at = place.get(key)
                if at is None:
                    at = latent.setdefault(key, self.size + len(latent))
                terms.append((at, coefficient))
            added.append((form, terms))
        if not added:
            return self
        n_new, first = len(latent) + len(added), self.size + len(latent)
        rows = sparse.lil_array((len(added), self.size + n_new))
        for number, (_, terms) in enumerate(added):
            for at, coefficient in terms:
                rows[number, at] += coefficient
            rows[number, first + number] = -1.0
        wide = sparse.hstack([self.matrix, sparse.csr_array((self.matrix.shape[0], n_new))], format="csr")
        low = np.array([form.low for form, _ in added])
        high = np.array([form.high for form, _ in added])
        blank, free = np.zeros(len(latent)), np.full(len(latent), np.inf)

        def more(own: Floats, of_latent: Floats, of_forms: Floats) -> Floats:
            return np.concatenate([own, of_latent, of_forms])

        def also(own: Mask, *, of_forms: bool) -> Mask:
            return np.concatenate([own, np.zeros(len(latent), dtype=bool), np.full(len(added), of_forms)])

        empty, unknown = np.full(len(added), _NONE), np.full(len(latent), _NONE)
        return replace(
            self,
            keys=(*self.keys, *latent, *(("form", number, *form.terms) for number, (form, _) in enumerate(added))),
            matrix=sparse.vstack([wide, rows.tocsr()], format="csr"),
            right=np.concatenate([self.right, np.zeros(len(added))]),
            value=more(self.value, unknown, empty),
            floor=more(self.floor, blank, low),
            ceiling=more(self.ceiling, free, high),
            shown_low=more(self.shown_low, unknown, low),
            shown_high=more(self.shown_high, unknown, high),
            least=more(self.least, blank, low),
            shown=also(self.shown, of_forms=True),
            forced=also(self.forced, of_forms=True),
            required=more(self.required, unknown, empty),
            weight=more(self.weight, blank, np.zeros(len(added))),
            integral=also(self.integral, of_forms=False),
        )

    def fixing(self, cells: Collection[int]) -> System:
        """Return the system of one who knows the true value of these unknowns (L2: his own cell)."""
        chosen = np.zeros(self.size, dtype=bool)
        chosen[list(cells)] = True
        known = np.where(chosen, self.value, np.nan)
        return replace(
            self,
            floor=np.where(chosen, known, self.floor),
            ceiling=np.where(chosen, known, self.ceiling),
            least=np.where(chosen, known, self.least),
        )


def assemble(
    cells: Mapping[Key, Mapping[str, float]],
    equations: Sequence[Equation],
    *,
    defaults: Mapping[str, float] | None = None,
) -> System:
    """Make a system from named cells and equations between them.

    Parameters
    ----------
    cells : mapping of key to mapping
        For each cell, those fields of `System` that are not the default: ``value``, ``floor`` (0), ``ceiling`` (inf),
        ``shown_low`` and ``shown_high`` (the value), ``least`` (1, or 0 for a value of 0), ``shown`` (1), ``forced``
        (1 for a value of 0), ``required`` (NaN), ``weight`` (``1 + log(1 + value)``), ``integral`` (1).
    equations : sequence of Equation
        A key that is not among the cells becomes an unknown that can't be shown.
    defaults : mapping, optional
        Defaults that replace those above.

    Returns
    -------
    System
        Unknowns in the order of the cells, then those that the equations bring in.
    """
    keys = list(cells)
    known = set(keys)
    for equation in equations:
        for key, _ in equation.terms:
            if key not in known:
                known.add(key)
                keys.append(key)
    base = {"floor": 0.0, "ceiling": np.inf, "required": np.nan, "integral": 1.0} | dict(defaults or {})

    def column(name: str, missing: Floats) -> Floats:
        return np.array([cells.get(key, {}).get(name, missing[at]) for at, key in enumerate(keys)], dtype=float)

    def plain(name: str) -> Floats:
        return column(name, np.full(len(keys), base[name]))

    value = column("value", np.full(len(keys), np.nan))
    floor = plain("floor")
    here = np.array([float(key in cells) for key in keys])
    zero = value == 0
    shown = column("shown", here) > 0
    place = {key: at for at, key in enumerate(keys)}
    rows, columns, data = [], [], []
    for number, equation in enumerate(equations):
        for key, coefficient in equation.terms:
            rows.append(number)
            columns.append(place[key])
            data.append(coefficient)
    return System(
        keys=tuple(keys),
        matrix=sparse.csr_array((data, (rows, columns)), shape=(len(equations), len(keys))),
        right=np.array([equation.right for equation in equations], dtype=float),
        value=value,
        floor=floor,
        ceiling=plain("ceiling"),
        shown_low=column("shown_low", value),
        shown_high=column("shown_high", value),
        least=column("least", np.where(zero | ~shown, 0.0, 1.0)),
        shown=shown,
        forced=shown & (column("forced", zero.astype(float)) > 0),
        required=plain("required"),
        weight=column("weight", 1.0 + np.log1p(np.nan_to_num(np.abs(value)))),
        integral=plain("integral") > 0,
    )
