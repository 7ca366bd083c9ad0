"""What became of communes between two geographies: mergers are chained, splits are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import NamedTuple

__all__ = ["Chain", "Event", "chain", "touched", "years"]


class Event(NamedTuple):
    """Ground that goes from one commune to another; the same code on both sides when its content changes."""

    effective: date
    code_before: str
    code_after: str
    kind: str

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
        Code after of each code before that changed or merged.
    befores : dict
        For each merged commune, the codes before that make it whole (two or more).
    split : dict
        Codes before that were split on the way, with the event that did it.
    absent : dict
        Codes that are no commune in the first geography, with the nearest event that says so.
    """

    since: int
    to: int
    after: dict[str, str] = field(default_factory=dict)
    befores: dict[str, tuple[str, ...]] = field(default_factory=dict)
    split: dict[str, Event] = field(default_factory=dict)
    absent: dict[str, Event] = field(default_factory=dict)


def chain(events: Iterable[Event], since: int, to: int) -> Chain:
    """Follow every commune from one geography to a later one.

    Parameters
    ----------
    events : iterable of Event
        All of them, sorted by date.
    since, to : int
        Years of the geographies, the first not after the second.
    """
    past: dict[str, Event] = {}
    now: dict[str, str] = {}
    origins: dict[str, set[str]] = defaultdict(set)
    broken: dict[str, Event] = {}
    absent: dict[str, Event] = {}
    seen: set[str] = set()
    for same_day in _by_day(events):
        links: dict[str, list[Event]] = defaultdict(list)
        for event in same_day:
            links[event.code_before].append(event)
        first = same_day[0]
        ends = {event.code_after for event in same_day}
        if first.geography <= since:
            for event in same_day:
                if event.code_before not in ends:
                    past[event.code_before] = event
                past.pop(event.code_after, None)
            continue
        if first.geography > to:
            break
        for code in links:
            if code not in seen and code not in past:
                origins[code] = {code}
                now[code] = code
        for event in same_day:
            if event.code_after not in seen and event.code_after not in links and event.code_after not in past:
                absent[event.code_after] = event
        seen |= set(links) | ends
        moved = {code: origins.pop(code, set()) for code in links}
        faults = {code: broken.pop(code, None) for code in links}
        for code, outgoing in links.items():
            fault = faults[code] or (outgoing[0] if len(outgoing) > 1 else None)
            for event in outgoing:
                origins[event.code_after] |= moved[code]
                if fault is not None:
                    broken.setdefault(event.code_after, fault)
    return _chain(since, to, origins, broken, absent | past)


def _chain(
    since: int, to: int, origins: dict[str, set[str]], broken: dict[str, Event], absent: dict[str, Event]
) -> Chain:
    found = Chain(since, to, absent=absent)
    for code, befores in sorted(origins.items()):
        if code in broken:
            found.split.update(dict.fromkeys(sorted(befores), broken[code]))
            continue
        found.after.update(dict.fromkeys(sorted(befores), code))
        if len(befores) > 1:
            found.befores[code] = tuple(sorted(befores))
    for code in found.split:
        found.after.pop(code, None)
    return found


def touched(events: Iterable[Event], since: int, to: int) -> dict[str, Event]:
    """Return the codes whose meaning changed after one geography and until another, with the first event of each."""
    found: dict[str, Event] = {}
    for event in events:
        if since < event.geography <= to:
            found.setdefault(event.code_before, event)
            found.setdefault(event.code_after, event)
    return found


def years(events: Iterable[Event]) -> tuple[int, int] | None:
    """Return the first and last geographies in which an event shows; None when there is none."""
    found = [event.geography for event in events]
    return (min(found), max(found)) if found else None


def _by_day(events: Iterable[Event]) -> Iterator[list[Event]]:
    for _, group in groupby(events, key=lambda event: event.effective):
        yield list(group)
