"""What became of communes between two geographies: mergers are chained, splits are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import NamedTuple

__all__ = ["Chain", "Event", "chain", "touched"]


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
    images : dict
        Codes after of each code before that changed, merged or was split.
    after : dict
        The only code after of each code before whose ground all goes to a commune made of whole communes.
    befores : dict
        For each merged commune, the codes before that make it whole (two or more).
    split : dict
        Codes before that can't be followed, for they or their partners were split, with the event that did it.
    absent : dict
        Codes that are no commune in the first geography, with the nearest event that says so.
    """

    since: int
    to: int
    images: dict[str, tuple[str, ...]]
    after: dict[str, str]
    befores: dict[str, tuple[str, ...]]
    split: dict[str, Event]
    absent: dict[str, Event]


def chain(events: Iterable[Event], since: int, to: int) -> Chain:
    """Follow every commune from one geography to a later one.

    Parameters
    ----------
    events : iterable of Event
        All of them, sorted by date.
    since, to : int
        Years of the geographies, the first not after the second.
    """
    days = [list(group) for _, group in groupby(events, key=lambda event: event.effective)]
    absent = _absent(days, since)
    origins: dict[str, set[str]] = {}
    broken: dict[str, Event] = {}
    for same_day in days:
        if since < same_day[0].geography <= to:
            _walk(same_day, origins, broken, absent)
    images: dict[str, set[str]] = defaultdict(set)
    split: dict[str, Event] = {}
    for code, befores in sorted(origins.items()):
        for before in sorted(befores):
            images[before].add(code)
            if code in broken:
                split.setdefault(before, broken[code])
    after = {before: min(codes) for before, codes in sorted(images.items()) if before not in split}
    wholes = {code: tuple(sorted(befores)) for code, befores in sorted(origins.items()) if code not in broken}
    return Chain(
        since=since,
        to=to,
        images={before: tuple(sorted(codes)) for before, codes in sorted(images.items())},
        after=after,
        befores={code: befores for code, befores in wholes.items() if len(befores) > 1},
        split=split,
        absent=absent,
    )


def touched(events: Iterable[Event], since: int, to: int) -> dict[str, Event]:
    """Return the codes whose meaning changed after one geography and until another, with the first event of each."""
    found: dict[str, Event] = {}
    within = [event for event in events if since < event.geography <= to]
    # The link of a code with itself says that its ground changed; the links that go with it say how.
    for event in sorted(within, key=lambda event: (event.effective, event.code_before == event.code_after)):
        found.setdefault(event.code_before, event)
        found.setdefault(event.code_after, event)
    return found


def _walk(
    same_day: list[Event], origins: dict[str, set[str]], broken: dict[str, Event], absent: dict[str, Event]
) -> None:
    links: dict[str, list[Event]] = defaultdict(list)
    for event in same_day:
        links[event.code_before].append(event)
    moved = {code: origins.pop(code, set() if code in absent else {code}) for code in links}
    faults = {code: broken.pop(code, None) for code in links}
    for code, outgoing in links.items():
        fault = faults[code] or (outgoing[0] if len(outgoing) > 1 else None)
        for event in outgoing:
            origins.setdefault(event.code_after, set()).update(moved[code])
            if fault is not None:
                broken.setdefault(event.code_after, fault)


def _absent(days: list[list[Event]], since: int) -> dict[str, Event]:
    gone: dict[str, Event] = {}
    unborn: dict[str, Event] = {}
    seen: set[str] = set()
    for same_day in days:
        befores = {event.code_before for event in same_day}
        afters = {event.code_after for event in same_day}
        for event in same_day:
            if event.geography <= since:
                gone.pop(event.code_after, None)
                if event.code_before not in afters:
                    gone[event.code_before] = event
            elif event.code_after not in befores and event.code_after not in seen:
                unborn[event.code_after] = event
        if same_day[0].geography > since:
            seen |= befores | afters
    return unborn | gone
