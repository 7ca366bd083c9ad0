"""Result rows as a linear system: one for each block, with what must not be told of each count.

A count of one atom is that atom; any other is bound to the sum of its atoms. Atoms that no row shows are unknowns that
nothing shows: a commune without a row, what former groupings leave of an EPCI, a half-year that no source gives. So
are what a share leaves of its whole, and the gap between two values of one count that two sources give to different
readers. Each of them that counts somebody must not be told when it is small, and the rest of a share when it is nothing
at all.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import optimize, sparse

from ctgeval.confidentiality.completion import Bounds, Completed, complete
from ctgeval.confidentiality.equations import Equation, System, assemble
from ctgeval.confidentiality.feasibility import intervals, too_low
from ctgeval.confidentiality.forms import Form, Key as Unknown
from ctgeval.confidentiality.result_blocks import Atom, Block
from ctgeval.confidentiality.result_cells import Counted, Held
from ctgeval.confidentiality.row_counts import Key
from ctgeval.observations import DIMENSIONS

__all__ = ["KEY_COLUMNS", "Choices", "Linked", "linked"]

KEY_COLUMNS = ("measure", "geo", "time_period", *DIMENSIONS)
_TOTALS = ("EPCI-", "DEP-", "REG-", "FRANCE")
_TOTAL_WEIGHT = 10.0
_TIE = 0.01
_REST = "reste"
_EPSILON = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choices:
    """What is decided of some cells before anything is chosen, by their ranks.

    Parameters
    ----------
    gone : collection of int
        Masked without a choice: in rows that are masked anyway, or masked in an earlier release.
    told : collection of int
        Published already, with that value.
    complement : bool
        Whether what a share leaves of its whole is protected.
    contributed : mapping of int to collection of float
        What some readers counted themselves of a cell: they must not find the part of the others.
    """

    gone: Collection[int] = ()
    told: Collection[int] = ()
    contributed: Mapping[int, Collection[float]] = field(default_factory=dict)
    complement: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """The system of a block.

    Parameters
    ----------
    system : System
        Its unknowns; only those that rows show can be masked.
    position : mapping of int to int
        Where each cell (by its rank) stands in it.
    supposed : frozenset of key
        Unknowns of which the value in the system is only one that is possible.
    revised : int
        Figures told before that the present data contradict.
    """

    system: System
    position: Mapping[int, int]
    supposed: frozenset[Unknown]
    revised: int

    @property
    def asks(self) -> bool:
        """Whether anything must not be told."""
        return bool((~np.isnan(self.system.required)).any())


def linked(block: Block, by_key: Mapping[Key, Sequence[int]], held: Held, choices: Choices) -> Linked:
    """Return the system of a block.

    Parameters
    ----------
    block : Block
        What is counted, as sums of atoms.
    by_key : mapping of Key to sequence of int
        Ranks of the cells that give each count, one for each value that is told of it.
    held : Held
        The cells.
    choices : Choices
        What is decided of them already.
    """
    own = [rank for key in block.keys for rank in by_key.get(key, ())]
    made = _Made(block, held, _names(held, own))
    worlds = _worlds(held, block, by_key)
    for number, world in enumerate(worlds):
        made.sums(number, world)
        made.shares(number, world, set(own))
    made.gaps(by_key)
    made.others(choices.contributed)
    bounds = {made.name[rank]: _ends(held.cells[rank]) for rank in own}
    cells = {made.name[rank]: _fields(held.cells[rank], rank, choices) for rank in own}
    done = complete(made.equations, bounds)
    forms, revised = _true(made.forms(worlds[0] if worlds else {}), done, bounds)
    if forms:
        told = [Equation((*form.terms, (("su", number), -1.0))) for number, form in enumerate(forms)]
        known = {("su", number): (form.low, form.high) for number, form in enumerate(forms)}
        done = complete([*done.equations, *told], bounds | known)
    for rank in own:
        if math.isnan(held.cells[rank].value) and done.value.get(made.name[rank]) == 0:
            # What a source keeps secret, and others tell to be nothing, is nobody.
            cells[made.name[rank]]["required"] = np.nan
    cells |= dict(made.latent(done, complement=choices.complement))
    whole = all(float(value).is_integer() for key, value in done.value.items() if key[0] != "su")
    system = assemble(cells, done.equations[: len(made.equations)], defaults={"integral": float(whole)})
    place = system.index()
    system = system.knowing(forms)
    # What nobody knows has a value too, so that all of them satisfy the equations together.
    supposed = np.isnan(system.value)
    likely = [done.likely.get(key, max(0.0, bounds.get(key, (0.0, 0.0))[0])) for key in system.keys]
    likely[system.size - len(forms) :] = [done.likely[key] for key in known] if forms else []
    system = replace(system, value=np.where(supposed, likely, system.value))
    return Linked(
        system=_thrifty(system, done),
        position={rank: place[made.name[rank]] for rank in own},
        supposed=frozenset(key for key, guess in zip(system.keys, supposed, strict=True) if guess),
        revised=revised,
    )


def _true(forms: Sequence[Form], done: Completed, bounds: Bounds) -> tuple[list[Form], int]:
    """Return what is true of the present data in what else is known, and how many figures were revised since.

    The present data hold as they are; of what is told, as little as may be is left out. One figure that was revised
    must not make all the others forgotten.
    """
    if not forms:
        return [], 0
    equations, figures = [one.terms for one in done.equations], [one.terms for one in forms]
    keys = sorted({key for terms in (*equations, *figures) for key, _ in terms}, key=repr)
    place = {key: at for at, key in enumerate(keys)}
    ends = [bounds.get(key, (0.0, np.inf)) for key in keys] + [(0.0, np.inf)] * (2 * len(forms))
    present, told = _matrix(equations, place), _matrix(figures, place)
    gap = sparse.eye_array(len(forms), format="csr")
    room = sparse.hstack([told, gap, -gap], format="csr")
    low, high = (np.array([getattr(form, name) for form in forms]) for name in ("low", "high"))
    under, over = np.isfinite(high), np.isfinite(low)
    solved = optimize.linprog(
        np.concatenate([np.zeros(len(keys)), np.ones(2 * len(forms))]),
        A_ub=sparse.vstack([room[under], -room[over]], format="csr"),
        b_ub=np.concatenate([high[under], -low[over]]),
        A_eq=sparse.hstack([present, sparse.csr_array((present.shape[0], 2 * len(forms)))], format="csr"),
        b_eq=np.array([equation.right for equation in done.equations]),
        bounds=ends,
        method="highs",
    )
    if solved.x is None:  # pragma: no cover - the values of `done` satisfy the present equations
        return [], len(forms)
    gaps = solved.x[len(keys) :].reshape(2, -1).sum(axis=0)
    kept = [form for form, one in zip(forms, gaps, strict=True) if one <= _EPSILON]
    return kept, len(forms) - len(kept)


def _matrix(several: Sequence[Sequence[tuple[Unknown, float]]], place: Mapping[Unknown, int]) -> sparse.csr_array:
    data = [factor for terms in several for _, factor in terms]
    rows = [row for row, terms in enumerate(several) for _ in terms]
    columns = [place[key] for terms in several for key, _ in terms]
    return sparse.csr_array((data, (rows, columns)), shape=(len(several), len(place)))


def _names(held: Held, ranks: Sequence[int]) -> dict[int, Unknown]:
    found: dict[int, Unknown] = {}
    seen: dict[Unknown, int] = {}
    for rank in ranks:
        cell = held.cells[rank]
        text = " ".join(f"{'+' if sign > 0 else '-'} {name}" for sign, name in cell.key.formula).removeprefix("+ ")
        key = (text, cell.geo, cell.period, *cell.key.category)
        seen[key] = seen.get(key, 0) + 1
        # The same place and period, counted from another source, over other days or in some communes only.
        found[rank] = key if seen[key] == 1 else (f"{text} ({seen[key]})", *key[1:])
    return found


def _worlds(held: Held, block: Block, by_key: Mapping[Key, Sequence[int]]) -> list[dict[Key, int]]:
    """Gather the versions of the table that agree: what one of them sums is summed with its own values."""
    if all(len(by_key.get(key, ())) <= 1 for key in block.keys):
        return [{key: by_key[key][0] for key in block.keys if by_key.get(key)}]
    ranks = [rank for key in block.keys for rank in by_key.get(key, ())]
    versions = sorted({version for rank in ranks for version in held.cells[rank].versions})
    told = []
    for version in versions:
        seen: dict[Key, int] = {}
        for key in block.keys:
            mine = [rank for rank in by_key.get(key, ()) if version in held.cells[rank].versions]
            if mine:
                seen[key] = max(mine, key=lambda rank: (len(held.cells[rank].rows), held.cells[rank].value))
        told.append(seen)
    found: list[dict[Key, int]] = []
    for seen in sorted(told, key=lambda seen: (-len(seen), sorted(seen.values()))):
        fits = [world for world in found if all(world.get(key, rank) == rank for key, rank in seen.items())]
        if fits:
            fits[0].update(seen)
        else:
            found.append(dict(seen))
    return found


def _ends(cell: Counted) -> tuple[float, float]:
    if math.isnan(cell.value):
        return cell.low, cell.high
    return (cell.low, cell.high) if cell.low < cell.high else (cell.value, cell.value)


def _fields(cell: Counted, rank: int, choices: Choices) -> dict[str, float]:
    """Return what the system must know of a cell that rows show."""
    value, (low, high) = cell.value, _ends(cell)
    floor = -np.inf if cell.signed else 0.0
    mark = 1.0 if min(value, low) >= 1 and not cell.signed else floor
    wide = _TOTAL_WEIGHT if cell.geo.startswith(_TOTALS) else 1.0
    tie = 0.0 if math.isnan(value) else _TIE * math.log1p(abs(value))
    fields = {
        "value": value, "shown_low": low, "shown_high": high, "floor": floor, "least": mark,
        "forced": float(value == 0 or rank in choices.told), "required": np.nan,
        "weight": wide * len(cell.rows) + tie,
    }  # fmt: skip
    if cell.small:
        fields["required"] = float(cell.limit)
    elif cell.withheld:
        known = min(float(cell.limit), high) if math.isnan(value) else max(float(cell.limit), value + 1.0)
        fields["required"] = known
    elif cell.kept_back and not cell.signed and high < cell.limit:
        fields["required"] = float(cell.limit)
    if cell.withheld and math.isnan(value):
        fields |= {"shown": 0.0, "floor": max(floor, low), "ceiling": high, "weight": 0.0}
    elif (rank in choices.gone or cell.kept_back) and rank not in choices.told and value != 0:
        fields |= {"shown": 0.0, "floor": mark, "weight": 0.0}
    if cell.withheld and value == 0:
        fields["forced"] = 0.0
    return fields


class _Made:
    """The equations of a block, as they come."""

    def __init__(self, block: Block, held: Held, name: dict[int, Unknown]) -> None:
        self.block, self.held, self.name = block, held, name
        self.equations: list[Equation] = []
        self.alias: dict[tuple[int, Atom], Unknown] = {}
        self.rests: dict[Unknown, tuple[Unknown, float]] = {}
        self.small_gaps: dict[Unknown, float] = {}
        self.atoms: dict[Unknown, str] = {}
        self.cut = len({key.category for key in block.keys}) > 1

    def sums(self, world: int, seen: Mapping[Key, int]) -> None:
        """Bind each count to the sum of its atoms; one of a single atom is that atom."""
        several = []
        for key, rank in seen.items():
            terms = self.block.atoms[key]
            if len(terms) == 1 and terms[0][1] > 0:
                self.alias[world, terms[0][0]] = self.name[rank]
            else:
                several.append((rank, terms))
        for rank, terms in several:
            own = [(self.unknown(world, atom), -sign) for atom, sign in terms]
            self.equations.append(Equation(((self.name[rank], 1.0), *own)))

    def unknown(self, world: int, atom: Atom) -> Unknown:
        """Return the unknown that an atom is."""
        found = self.alias.get((world, atom))
        if found is None:
            found = (str(atom[0]), *[""] * (len(KEY_COLUMNS) - 1), "atome", world, *atom[1:])
            self.alias[world, atom] = found
            self.atoms[found] = str(atom[0])
        return found

    def shares(self, world: int, seen: Mapping[Key, int], own: set[int]) -> None:
        """Bind part and whole: what is left is never negative, piece by piece where both are cut alike."""
        for part, whole in self.held.shares:
            one, other = self.held.cells[part], self.held.cells[whole]
            if part not in own or seen.get(one.key) != part or seen.get(other.key) != whole:
                continue
            limit = float(max(one.limit, other.limit))
            top, bottom = dict(self.block.atoms[one.key]), dict(self.block.atoms[other.key])
            alike = len(one.key.formula) == len(other.key.formula) == 1 and {atom[1:] for atom in top} == {
                atom[1:] for atom in bottom
            }
            if alike:
                (_, name), (_, base) = one.key.formula[0], other.key.formula[0]
                for atom in top:
                    tail = atom[1:]
                    self._rest(
                        self.unknown(world, (name, *tail)), self.unknown(world, (base, *tail)), limit,
                        (name, *[""] * (len(KEY_COLUMNS) - 1), _REST, base, world, *tail),
                    )  # fmt: skip
            else:
                self._rest(self.name[part], self.name[whole], limit, (*self.name[part], _REST, *self.name[whole]))

    def _rest(self, part: Unknown, whole: Unknown, limit: float, rest: Unknown) -> None:
        if rest not in self.rests:
            self.equations.append(Equation(((whole, 1.0), (part, -1.0), (rest, -1.0))))
        self.rests[rest] = (whole, max(limit, self.rests.get(rest, (whole, 0.0))[1]))

    def gaps(self, by_key: Mapping[Key, Sequence[int]]) -> None:
        """Bind the values that several sources give of one count: the gap is what one of them has counted more."""
        for key in self.block.keys:
            ranks = sorted(by_key.get(key, ()), key=lambda rank: self.held.cells[rank].value)
            for at, low in enumerate(ranks):
                for high in ranks[at + 1 :]:
                    gap = (*self.name[low], "écart", *self.name[high])
                    self.equations.append(Equation(((self.name[high], 1.0), (self.name[low], -1.0), (gap, -1.0))))
                    self.small_gaps[gap] = float(max(self.held.cells[low].limit, self.held.cells[high].limit))

    def others(self, contributed: Mapping[int, Collection[float]]) -> None:
        """Bind what one contributor counted of a cell, which he knows, and what all the others did."""
        for rank, name in self.name.items():
            cell = self.held.cells[rank]
            for number, own in enumerate(sorted(contributed.get(rank, ()))):
                if 0 < own < cell.value:
                    rest = (*name, "autres", number)
                    self.equations.append(Equation(((name, 1.0), (rest, -1.0)), own))
                    self.small_gaps[rest] = float(cell.limit)

    def latent(self, done: Completed, *, complement: bool) -> Iterator[tuple[Unknown, dict[str, float]]]:
        """Give what no row shows, with what must not be told of it."""
        limits: dict[str, float] = {}
        for cell in (self.held.cells[rank] for rank in self.name):
            for _, measure in cell.key.formula:
                limits[measure] = max(limits.get(measure, 0.0), float(cell.limit))
        for name, measure in self.atoms.items():
            value = done.value.get(name, np.nan)
            fields = _latent(value, limits.get(measure, 0.0), is_small=0 < value < limits.get(measure, 0.0) - _EPSILON)
            if value == 0 and self.cut:
                # Nobody is left out of categories that sum to their total.
                fields["ceiling"] = 0.0
            yield name, fields
        for name, (whole, limit) in self.rests.items():
            value, base = done.value.get(name, np.nan), done.value.get(whole, np.nan)
            asked = limit if complement and limit > 1 and name not in done.forced else 0.0
            if base <= 0:
                # Nobody is left of nobody, even where no row says that the part is nothing too.
                asked = 0.0
            is_small = 0 <= value < asked - _EPSILON
            yield name, _latent(value, asked, is_small=is_small)
        for name, limit in self.small_gaps.items():
            value = done.value.get(name, np.nan)
            yield name, _latent(value, limit, is_small=0 < value < limit - _EPSILON)

    def forms(self, world: Mapping[Key, int]) -> list[Form]:
        """Return what else is known of the block, on its unknowns."""
        found = []
        for one in self.block.known:
            terms: dict[Unknown, float] = {}
            for key, factor in one.terms:
                told = world.get(key)
                parts = [(self.unknown(0, atom), sign) for atom, sign in self.block.atoms[key]]
                for unknown, sign in parts if told is None else [(self.name[told], 1.0)]:
                    terms[unknown] = terms.get(unknown, 0.0) + factor * sign
            kept = tuple((key, factor) for key, factor in terms.items() if factor)
            if kept:
                found.append(Form(terms=kept, low=one.low, high=one.high))
        return found


def _latent(value: float, limit: float, *, is_small: bool) -> dict[str, float]:
    asked = limit if limit > 0 and (is_small or math.isnan(value)) else np.nan
    return {"value": value, "shown": 0.0, "required": asked, "least": 0.0, "weight": 0.0}


def _thrifty(system: System, done: Completed) -> System:
    """Ask nothing of what nobody could tell even if every row were shown: an unknown that can be great enough."""
    loose = np.array([key in done.loose for key in system.keys], dtype=bool)
    open_ = np.flatnonzero(loose & ~system.shown & ~np.isnan(system.required))
    if not len(open_):
        return system
    nothing = np.zeros(system.size, dtype=bool)
    tight = np.array(too_low(system, nothing, open_, aware=True), dtype=np.intp)
    required = system.required.copy()
    required[np.setdiff1d(open_, tight)] = np.nan
    if len(tight):
        _, most = intervals(system, nothing, tight, aware=True)
        # What is certainly nothing concerns nobody; but nothing left of a whole concerns all of it.
        nobody = [at for at, high in zip(tight, most, strict=True) if high <= _EPSILON and _REST not in system.keys[at]]
        required[nobody] = np.nan
    return replace(system, required=required)
