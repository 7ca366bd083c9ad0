"""Attack everything that was ever published, together: what the ledger remembers, one system for each measure.

Two cells of one measure overlap where their communes and their days do: each is the sum of the smallest pieces that the
published territories and periods cut. A category is never more than the total that it is a part of.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ctgeval import measures
from ctgeval.confidentiality.attacker import audit
from ctgeval.confidentiality.equations import Equation, assemble
from ctgeval.confidentiality.forms import Cell, Form, Key
from ctgeval.confidentiality.ledger import Record, RegisteredRelease
from ctgeval.errors import ConfidentialityError, UnknownMeasure
from ctgeval.measures import Measure

__all__ = ["Disclosed", "Seen", "attack"]

_EPSILON = 1e-6
Declared = Mapping[str, Measure] | None
Intervals = dict[Cell, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """A masked count known to be too small, where a reader sees its mark, and the release that last masked it."""

    indicator: str
    geo: str
    time_period: str
    release: RegisteredRelease
    low: float
    high: float
    required: float

    @property
    def exact(self) -> bool:
        """Whether its very value is known."""
        return self.high - self.low < _EPSILON


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an attacker who remembers everything deduces.

    Parameters
    ----------
    masked : int
        Masked counts of the ledger, those that it shows elsewhere left out.
    attacked : int
        Those of a measure that something else was published of.
    revised : int
        Measures whose published figures contradict one another: what was published last is attacked alone.
    disclosed : tuple of Disclosed
        In the order of indicators, territories and periods.
    """

    masked: int
    attacked: int
    revised: int
    disclosed: tuple[Disclosed, ...]


def attack(records: Iterable[Record], *, limit: Callable[[str], float], declared: Declared = None) -> Seen:
    """Attack every masked count of the ledger with all that it holds.

    Parameters
    ----------
    records : iterable of Record
        Everything ever published.
    limit : callable
        Threshold of an indicator.
    declared : mapping of str to Measure, optional
        Measures of the dossier: those of the house and its own.
    """
    masked = attacked = revised = 0
    disclosed: list[Disclosed] = []
    for group in _linked(records):
        asked = _asked(group)
        masked += len(asked)
        asked = {cell: record for cell, record in asked.items() if _is_count(cell.measure, declared)}
        if not asked or all(record.form.masked for record in group):
            continue
        limits = {cell: limit(record.form.indicator) for cell, record in asked.items()}
        found, contradicted = _intervals(group, limits, declared)
        attacked += len(found)
        revised += contradicted
        disclosed += [
            Disclosed(
                indicator=asked[cell].form.indicator,
                geo=asked[cell].form.geo,
                time_period=asked[cell].form.time_period,
                release=asked[cell].release,
                low=low,
                high=high,
                required=limits[cell],
            )
            for cell, (low, high) in found.items()
            if _EPSILON < high < limits[cell] - _EPSILON
        ]
    order = sorted(disclosed, key=lambda one: (one.indicator, one.geo, one.time_period, one.release.audience))
    return Seen(masked=masked, attacked=attacked, revised=revised, disclosed=tuple(order))


def _linked(records: Iterable[Record]) -> list[list[Record]]:
    """Part what was published by measures that no figure ties to one another."""
    kept = list(records)
    above: dict[str, str] = {}

    def root(name: str) -> str:
        while above.setdefault(name, name) != name:
            name = above[name]
        return name

    first: dict[int, str] = {}
    for at, record in enumerate(kept):
        names = [cell.measure for cell, _ in record.form.terms if isinstance(cell, Cell)]
        for name in names:
            above[root(name)] = root(names[0])
        if names:
            first[at] = names[0]
    groups: dict[str, list[Record]] = {}
    for at, name in first.items():
        groups.setdefault(root(name), []).append(kept[at])
    return [groups[name] for name in sorted(groups)]


def _asked(group: Sequence[Record]) -> dict[Cell, Record]:
    """Return the counts that are masked wherever they stand, with the last record that masks each."""
    shown = {_counted(cell) for record in group if not record.form.masked for cell in _alone(record.form)}
    masked = {cell: record for record in group if record.form.masked for cell in _alone(record.form)}
    return {cell: record for cell, record in masked.items() if _counted(cell) not in shown}


def _alone(form: Form) -> Iterator[Cell]:
    """Give the count that a form is, when it is one, and when it says its value or nothing of it."""
    if len(form.terms) == 1 and (form.masked or form.low == form.high):
        cell, factor = form.terms[0]
        if isinstance(cell, Cell) and factor == 1:
            yield cell


def _counted(cell: Cell) -> Key:
    return (cell.measure, cell.ground, cell.start, cell.end, cell.category)


def _is_count(name: str, declared: Declared) -> bool:
    try:
        return measures.get(name, measures=declared).kind in {"stock", "flow", "distinct"}
    except UnknownMeasure:
        return False


def _intervals(group: Sequence[Record], limits: Mapping[Cell, float], declared: Declared) -> tuple[Intervals, bool]:
    """Return the interval of each masked count, and whether what was published contradicts itself."""
    try:
        return _deduced([record.form for record in group], limits, declared), False
    except ConfidentialityError:
        last = group[-1].release
        mine = [record.form for record in group if record.release == last]
        try:
            return _deduced(mine, limits, declared), True
        except ConfidentialityError:
            return {}, True


def _deduced(forms: Sequence[Form], limits: Mapping[Cell, float], declared: Declared) -> Intervals:
    cells = list(dict.fromkeys(cell for form in forms for cell, _ in form.terms if isinstance(cell, Cell)))
    least = {cell: form.low for form in forms if form.masked and math.isfinite(form.low) for cell in _alone(form)}
    unknown: dict[Key, dict[str, float]] = {
        _name(cell): {"shown": 0.0, "least": least.get(cell, 0.0), "required": limits.get(cell, math.nan)}
        for cell in cells
    }
    system = assemble(unknown, [*_sums(cells, declared), *_parts(cells)], defaults={"integral": 0.0})
    told = [
        Form(terms=tuple((_name(cell), factor) for cell, factor in form.terms), low=form.low, high=form.high)
        for form in dict.fromkeys(forms)
        if not form.masked
    ]
    system = system.knowing(told)
    seen = audit(system, np.zeros(system.size, dtype=bool), level="L1")
    by_name = {_name(cell): cell for cell in limits}
    return {
        by_name[system.keys[at]]: (float(low), float(high))
        for at, low, high in zip(seen.cells, seen.low, seen.high, strict=True)
        if system.keys[at] in by_name
    }


def _name(cell: Key) -> Key:
    return ("compte", *cell)


def _sums(cells: Sequence[Cell], declared: Declared) -> Iterator[Equation]:
    """Tell each count as the sum of its pieces: communes that the same territories hold, days of the same periods."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.measure, []).append(cell)
    for name, mine in groups.items():
        places, time = _additive(name, declared)
        over: dict[str, list[list[str]]] = {}
        for ground in dict.fromkeys(cell.ground for cell in mine):
            for commune in ground:
                over.setdefault(commune, []).append(sorted(ground))
        cover = {commune: repr(grounds) for commune, grounds in over.items()}
        ends = sorted({day for cell in mine for day in (cell.start.toordinal(), cell.end.toordinal() + 1)})
        for cell in mine:
            grounds = (
                dict.fromkeys(cover[one] for one in sorted(cell.ground)) if places else [repr(sorted(cell.ground))]
            )
            spans = _spans(cell.start, cell.end, ends) if time else [(cell.start.toordinal(), cell.end.toordinal())]
            pieces = [("piece", name, ground, span, cell.category) for ground in grounds for span in spans]
            yield Equation(((_name(cell), 1.0), *((piece, -1.0) for piece in pieces)))


def _additive(name: str, declared: Declared) -> tuple[bool, bool]:
    """Tell whether a measure adds up over places, and over time; what counts those before it is subtracted from."""
    try:
        measure = measures.get(name, measures=declared)
    except UnknownMeasure:
        return False, False
    return measure.additive_over_places, measure.additive_over_time or bool(measure.cumul)


def _spans(start: dt.date, end: dt.date, ends: Sequence[int]) -> list[tuple[int, int]]:
    return [
        (first, last) for first, last in pairwise(ends) if start.toordinal() <= first and last <= end.toordinal() + 1
    ]


def _parts(cells: Sequence[Cell]) -> Iterator[Equation]:
    """Tell each total as its categories and a rest, one dimension at a time."""
    here = {_counted(cell): cell for cell in cells}
    inside: dict[tuple[int, Key], list[Cell]] = {}
    for cell in here.values():
        for at, kind in enumerate(cell.category):
            if kind:
                total = _counted(cell._replace(category=(*cell.category[:at], "", *cell.category[at + 1 :])))
                inside.setdefault((at, total), []).append(cell)
    for (at, total), parts in inside.items():
        if total in here:
            rest = ("reste", at, *total)
            own = ((_name(one), -1.0) for one in parts)
            yield Equation(((_name(here[total]), 1.0), *own, (rest, -1.0)))
