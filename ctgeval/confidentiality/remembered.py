"""What readers know besides a table: earlier releases and estimates, as bounds on the same counts.

An earlier figure that the present data contradict was revised since: it says nothing of what is true now, and is left
out and counted. What an earlier release shows with the same value is known whatever is masked today; what it masked
stays masked.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ctgeval import measures as measures_
from ctgeval.confidentiality.attacker import Level, violations
from ctgeval.confidentiality.equations import System
from ctgeval.confidentiality.forms import Cell, Form
from ctgeval.confidentiality.grounds import Grounds
from ctgeval.confidentiality.result_blocks import Known
from ctgeval.confidentiality.result_cells import Counted, Sums, sums_of
from ctgeval.confidentiality.row_counts import Key
from ctgeval.errors import UnknownMeasure
from ctgeval.observations import DIMENSIONS

__all__ = ["Memory", "known_alone", "remember"]

_EPSILON = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memory:
    """What is known besides.

    Parameters
    ----------
    known : tuple of Known
        What binds counts that the table does not give as such.
    stays : frozenset of int
        Cells that an earlier release masked.
    told : frozenset of int
        Cells that an earlier release shows.
    revised : int
        Figures of earlier releases that the present data contradict.
    releases : mapping of int to str
        For each cell that an earlier release shows, which one it is.
    """

    known: tuple[Known, ...]
    stays: frozenset[int]
    told: frozenset[int]
    revised: int
    releases: Mapping[int, str]


def remember(
    earlier: Iterable[Any],
    knowing: Iterable[Form],
    cells: Sequence[Counted],
    by_key: Mapping[Key, Sequence[int]],
    *,
    sums: dict[str, Sums],
    grounds: Grounds,
) -> Memory:
    """Sort what is known besides by what it says of the cells of a table.

    Parameters
    ----------
    earlier : iterable of Form, or of records of the ledger
        Everything that was published before; a record has a ``form`` and the ``release`` that it comes from.
    knowing : iterable of Form
        What else is published with the table (estimates).
    cells, by_key
        What the table counts.
    sums : dict of str to Sums
        Along what each measure adds up; those that only the forms name are added to it.
    grounds : Grounds
        The grounds of the forms are numbered there.
    """
    stays: set[int] = set()
    told: dict[int, str] = {}
    known: list[Known] = []
    revised = 0
    measures = set(sums)
    for one, is_earlier in [*((one, True) for one in earlier), *((one, False) for one in knowing)]:
        form: Form = getattr(one, "form", one)
        terms = [(_key(cell, grounds), factor) for cell, factor in form.terms if isinstance(cell, Cell)]
        if len(terms) < len(form.terms) or measures.isdisjoint(name for key, _ in terms for _, name in key.formula):
            continue
        whole = _whole(terms)
        ranks = by_key.get(whole, ()) if whole is not None else ()
        if form.masked and is_earlier and ranks:
            stays.update(ranks)
            continue
        same = [rank for rank in ranks if form.low - _EPSILON <= cells[rank].value <= form.high + _EPSILON]
        if same and form.low == form.high:
            told.update(dict.fromkeys(same, _release(one)) if is_earlier else {})
            continue
        if ranks and not same and not all(math.isnan(cells[rank].value) for rank in ranks):
            revised += 1
            continue
        if math.isinf(form.high) and (
            math.isinf(form.low) or (form.low <= 0 and all(factor > 0 for _, factor in terms))
        ):
            # «Not negative», or nothing at all.
            continue
        for key, _ in terms:
            for _, name in key.formula:
                if name not in sums:
                    sums[name] = _sums(name)
        known.append(Known(tuple(terms), form.low, form.high, form.masked, _release(one)))
    # What was shown somewhere is known, whatever was masked elsewhere.
    return Memory(
        known=tuple({(form.terms, form.low, form.high): form for form in known}.values()),
        stays=frozenset(stays - told.keys()),
        told=frozenset(told),
        revised=revised,
        releases=told,
    )


def _key(cell: Cell, grounds: Grounds) -> Key:
    category = (*cell.category, *[""] * (len(DIMENSIONS) - len(cell.category)))
    span = (cell.start.toordinal(), cell.end.toordinal())
    return Key(((1, cell.measure),), grounds.number(cell.ground), span, category)


def _whole(terms: Sequence[tuple[Key, float]]) -> Key | None:
    """Return the one count that a sum of terms is, when they are measures of the same place and days."""
    first = terms[0][0]
    if any(key[1:] != first[1:] or abs(factor) != 1 for key, factor in terms):
        return None
    formula = sorted(((int(factor), key.formula[0][1]) for key, factor in terms), key=lambda term: (term[1], term[0]))
    return first._replace(formula=tuple(formula))


def _release(one: Any) -> str:
    release = getattr(one, "release", None)
    return f"version « {release.audience} » du {release.day}" if release is not None else ""


def _sums(name: str) -> Sums:
    try:
        return sums_of(measures_.get(name))
    except UnknownMeasure:
        return Sums(places=False, time=False, categories=False)


def known_alone(system: System, own: Collection[int], told: Collection[int], *, level: Level) -> list[int]:
    """Return what earlier releases give away by themselves, whatever the table masks.

    Parameters
    ----------
    system : System
        With what is known besides.
    own : collection of int
        Positions of the cells that the table shows.
    told : collection of int
        Those of them that were shown already.
    level : {"L0", "L1", "L2", "L3"}
    """
    unknown = np.zeros(system.size, dtype=bool)
    unknown[list(own)] = True
    unknown[list(told)] = False
    alone = replace(
        system,
        shown=system.shown & ~unknown,
        forced=system.forced & ~unknown,
        floor=np.where(unknown & ~np.isneginf(system.floor), 0.0, system.floor),
    )
    return [int(cell) for cell in violations(alone, np.zeros(system.size, dtype=bool), level=level)]
