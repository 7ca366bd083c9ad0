"""What became of communes between two geographies: mergers are chained, what was split is shared out or told."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

__all__ = ["Chain", "Event", "Timeline", "chain", "touched"]

_EVER = 10_000
_WHOLE = 1e-9


class Event(NamedTuple):
    """Ground that goes from one commune to another; the same code on both sides when its content changes.

    Of a commune that is split, ``share`` tells which part of its figures goes to this one; NaN when nothing tells it.
    """

    effective: date
    code_before: str
    code_after: str
    kind: str
    share: float = math.nan

    @property
    def geography(self) -> int:
        """The first geography (1 January) in which it shows."""
        day = self.effective
        return day.year if (day.month, day.day) == (1, 1) else day.year + 1


@dataclass(frozen=True)
class Chain:
    """How the communes of one geography become those of a later one; a code that is in none of these stays.

    Parameters
    ----------
    since, to : int
        The two geographies.
    after : dict
        The only code after of each code before whose ground all goes to one commune.
    befores : dict
        For each merged commune, the codes before that make it (two or more), whole or in part.
    split : dict
        Codes before that can't be followed, for they or their partners were split, with the event that did it.
    absent : dict
        Codes that are no commune in the first geography, with the nearest event that says so.
    shares : dict
        Codes after, with their shares (their sum is 1), of each code before that was split by a known key.
    several : dict
        Codes after of each code before that was split, by a known key or not.
    """

    since: int
    to: int
    after: dict[str, str]
    befores: dict[str, tuple[str, ...]]
    split: dict[str, Event]
    absent: dict[str, Event]
    shares: dict[str, tuple[tuple[str, float], ...]]
    several: dict[str, tuple[str, ...]]

    @cached_property
    def images(self) -> dict[str, tuple[str, ...]]:
        """Codes after of each code before that changed, merged or was split."""
        return {code: (target,) for code, target in self.after.items()} | self.several


def chain(events: Iterable[Event], since: int, to: int) -> Chain:
    """Follow every commune from one geography to a later one (see `Timeline.chain`)."""
    return Timeline(tuple(events)).chain(since, to)


def touched(events: Iterable[Event], since: int, to: int) -> dict[str, Event]:
    """Return the codes whose meaning changed after one geography and until another, with the first event of each."""
    return Timeline(tuple(events)).touched(since, to)


_Links = dict[str, list[Event]]


@dataclass(frozen=True, eq=False)
class Timeline:
    """All the events of a geography, ready to be followed from any year to any other.

    Parameters
    ----------
    events : tuple of Event
        Sorted by date.
    """

    events: tuple[Event, ...]
    _afters: dict[int, dict[int, dict[str, str]]] = field(default_factory=dict, repr=False)
    _chains: dict[tuple[int, int], Chain] = field(default_factory=dict, repr=False)

    def chain(self, since: int, to: int) -> Chain:
        """Follow every commune from one geography to a later one.

        A commune that a split restores gets back the very ground that it had before its merger, when the first
        geography is older than the merger: only what is left is shared out.

        Parameters
        ----------
        since, to : int
            Years of the geographies, the first not after the second.
        """
        if (since, to) not in self._chains:
            self._chains[since, to] = self._chain(since, to)
        return self._chains[since, to]

    def touched(self, since: int, to: int) -> dict[str, Event]:
        """Return the codes whose meaning changed between two geographies, with the first event of each."""
        found: dict[str, Event] = {}
        within = (event for year, links in self._days if since < year <= to for out in links.values() for event in out)
        # The link of a code with itself says that its ground changed; the links that go with it say how.
        for event in sorted(within, key=lambda event: (event.effective, event.code_before == event.code_after)):
            found.setdefault(event.code_before, event)
            found.setdefault(event.code_after, event)
        return found

    def changed(self, code: str, since: int, to: int) -> bool:
        """Tell whether the meaning of a code changed between two geographies."""
        return any(since < year <= to for year in self._years_of.get(code, ()))

    def absent(self, since: int) -> dict[str, Event]:
        """Return the codes that are no commune in a geography, with the nearest event that says so."""
        return {code: event for code, first, until, event in self._absences if first <= since < until}

    def _chain(self, since: int, to: int) -> Chain:
        absent = self.absent(since)
        after = dict(self._simple(since, to))
        for code in absent:
            after.pop(code, None)
        wholes: dict[str, list[str]] = defaultdict(list)
        for code, target in after.items():
            wholes[target].append(code)
        befores = {code: tuple(sorted(parts)) for code, parts in wholes.items() if len(parts) > 1}
        walk = _Walk(absent)
        for year, links in self._tangled_days:
            if since < year <= to:
                walk.step(links)
        tangled = walk.images()
        split, unsound = walk.lost(tangled)
        followed = {code: parts for code, parts in tangled.items() if code not in split}
        mixed = {code: parts for code, parts in walk.befores(tangled).items() if code not in unsound}
        return Chain(
            since=since,
            to=to,
            after=after | {code: min(parts) for code, parts in followed.items() if len(parts) == 1},
            befores=befores | mixed,
            split=split,
            absent=absent,
            shares={code: tuple(sorted(parts.items())) for code, parts in followed.items() if len(parts) > 1},
            several={code: tuple(sorted(parts)) for code, parts in tangled.items() if code in split or len(parts) > 1},
        )

    def _simple(self, since: int, to: int) -> Mapping[str, str]:
        """Follow the codes that no split ever touches: from the last year backwards, each year builds on the next."""
        known = self._afters.setdefault(to, {to: {}})
        start = min(year for year in known if year >= min(since, to))
        if start > since:
            after = dict(known[start])
            for year, links in reversed(self._simple_days):
                if since < year <= start:
                    after |= {code: after.get(target, target) for code, target in links.items()}
            known[since] = after
        return known[min(since, to)]

    @cached_property
    def _days(self) -> list[tuple[int, _Links]]:
        found: list[tuple[int, _Links]] = []
        for _, same_day in groupby(self.events, key=lambda event: event.effective):
            links: _Links = {}
            for event in same_day:
                links.setdefault(event.code_before, []).append(event)
            found.append((event.geography, links))
        return found

    @cached_property
    def _years_of(self) -> dict[str, set[int]]:
        """Geographies in which the meaning of a code changes."""
        found: dict[str, set[int]] = defaultdict(set)
        for year, links in self._days:
            for code, outgoing in links.items():
                found[code].add(year)
                for event in outgoing:
                    found[event.code_after].add(year)
        return found

    @cached_property
    def _tangled(self) -> set[str]:
        """Codes that share an event, or a chain of events, with one that was split."""
        near: dict[str, set[str]] = defaultdict(set)
        todo: list[str] = []
        for _, links in self._days:
            for code, outgoing in links.items():
                for event in outgoing:
                    near[code].add(event.code_after)
                    near[event.code_after].add(code)
                if len(outgoing) > 1:
                    todo.append(code)
        found: set[str] = set()
        while todo:
            code = todo.pop()
            if code not in found:
                found.add(code)
                todo.extend(near[code] - found)
        return found

    @cached_property
    def _tangled_days(self) -> list[tuple[int, _Links]]:
        tangled = self._tangled
        kept = ((year, {code: out for code, out in links.items() if code in tangled}) for year, links in self._days)
        return [(year, links) for year, links in kept if links]

    @cached_property
    def _simple_days(self) -> list[tuple[int, dict[str, str]]]:
        tangled = self._tangled
        return [
            (year, {code: out[0].code_after for code, out in links.items() if code not in tangled})
            for year, links in self._days
        ]

    @cached_property
    def _absences(self) -> list[tuple[str, int, int, Event]]:
        """Each span of geographies in which a code is no commune: code, first year, year of return, event."""
        gone: dict[str, tuple[int, Event]] = {}
        seen: set[str] = set()
        found: list[tuple[str, int, int, Event]] = []
        for year, links in self._days:
            arrivals = {event.code_after: event for outgoing in links.values() for event in outgoing}
            for code, event in arrivals.items():
                if code in gone:
                    first, why = gone.pop(code)
                    found.append((code, first, year, why))
                elif code not in links and code not in seen:
                    found.append((code, -_EVER, year, event))
            for code, outgoing in links.items():
                if code not in arrivals:
                    gone[code] = (year, outgoing[0])
            seen |= links.keys() | arrivals.keys()
        return [*found, *((code, first, _EVER, event) for code, (first, event) in gone.items())]


@dataclass
class _Walk:
    """The ground of the communes of the first geography, day after day: which part of each is in which code."""

    absent: Mapping[str, Event]
    origins: dict[str, dict[str, float]] = field(default_factory=dict)
    unknown: dict[str, Event] = field(default_factory=dict)

    def step(self, links: _Links) -> None:
        """Move the ground that one day moves."""
        moved = {code: self.origins.pop(code, {} if code in self.absent else {code: 1.0}) for code in links}
        for code, outgoing in links.items():
            for event, ground, unknown in _shared_out(outgoing, moved[code]):
                held = self.origins.setdefault(event.code_after, {})
                for before, part in ground.items():
                    held[before] = held.get(before, 0.0) + part
                    if unknown:
                        self.unknown.setdefault(before, outgoing[0])

    def images(self) -> dict[str, dict[str, float]]:
        """Return, for each code before, its parts by code after."""
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for code, befores in sorted(self.origins.items()):
            for before, part in befores.items():
                found[before][code] = part
        return dict(sorted(found.items()))

    def befores(self, images: Mapping[str, dict[str, float]]) -> dict[str, tuple[str, ...]]:
        """Return the codes before that make each merged commune."""
        found: dict[str, list[str]] = defaultdict(list)
        for before, parts in images.items():
            for code in parts:
                found[code].append(before)
        return {code: tuple(parts) for code, parts in sorted(found.items()) if len(parts) > 1}

    def lost(self, images: Mapping[str, dict[str, float]]) -> tuple[dict[str, Event], dict[str, Event]]:
        """Return the codes before that can't be followed, and the codes after that hold an unknown part of one.

        What was split by an unknown key and is whole again in one commune is not lost.
        """
        unsound: dict[str, Event] = {}
        for before, event in sorted(self.unknown.items()):
            if len(images[before]) > 1:
                for code in images[before]:
                    unsound.setdefault(code, event)
        split: dict[str, Event] = {}
        for before, parts in images.items():
            for code in parts:
                if code in unsound:
                    split.setdefault(before, unsound[code])
        return split, unsound


def _shared_out(outgoing: list[Event], ground: dict[str, float]) -> list[tuple[Event, dict[str, float], bool]]:
    """Return what each link carries away of the ground of a commune, and whether its part is unknown."""
    if len(outgoing) == 1:
        return [(outgoing[0], ground, False)]
    restored = [e for e in outgoing if e.code_after != e.code_before and ground.get(e.code_after, 0.0) > 1.0 - _WHOLE]
    taken = {event.code_after for event in restored}
    left = {code: part for code, part in ground.items() if code not in taken}
    others = [event for event in outgoing if event.code_after not in taken]
    if not others and left:
        restored, left, others = [], ground, outgoing
    carried = [(event, {event.code_after: ground[event.code_after]}, False) for event in restored]
    if len(others) == 1:
        return [*carried, (others[0], left, False)]
    total = sum(event.share for event in others)
    if not total > 0:
        return [*carried, *((event, left, True) for event in others)]
    return [
        *carried,
        *((event, {code: part * event.share / total for code, part in left.items()}, False) for event in others),
    ]
