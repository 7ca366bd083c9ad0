"""By which key the figures of a commune that was split are shared out: the population of what it became."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

import pandas as pd

from ctgeval.territory.events import Event, Timeline

__all__ = ["with_shares"]

Told = Mapping[tuple[int, str, str], float]
Counts = Mapping[tuple[int, int], Mapping[str, float]]

# A census in the geography of the split, or of the next year, counts its parts better than any other key.
_NEAR = 1


def with_shares(events: Iterable[Event], populations: pd.DataFrame, told: Told) -> tuple[Event, ...]:
    """Return the events, with the share of each part of the communes that were split.

    The key is the population of the parts at the first census that counts them apart, when its geography is that of the
    split or of the next year; else the share that the user's file tells; else a later census, as long as no part has
    changed in between. Without any, the share is NaN.

    Parameters
    ----------
    events : iterable of Event
        Sorted by date.
    populations : DataFrame
        ``geo, census, geography, population``.
    told : mapping
        Share by geography, code before and code after, as a file gives it.
    """
    events = tuple(events)
    timeline = Timeline(events)
    groups: dict[tuple[object, str], list[Event]] = defaultdict(list)
    for event in events:
        groups[event.effective, event.code_before].append(event)
    split = [outgoing for outgoing in groups.values() if len(outgoing) > 1]
    counts = _counts(populations, {event.code_after for outgoing in split for event in outgoing})
    found: dict[Event, float] = {}
    for outgoing in split:
        found |= zip(outgoing, _shares(outgoing, counts, told, timeline), strict=True)
    return tuple(event._replace(share=found[event]) if event in found else event for event in events)


def _counts(populations: pd.DataFrame, parts: set[str]) -> Counts:
    rows = populations[populations["geo"].isin(parts)]
    found: dict[tuple[int, int], dict[str, float]] = defaultdict(dict)
    columns = (rows[name].tolist() for name in ("geography", "census", "geo", "population"))
    for geography, census, geo, people in zip(*columns, strict=True):
        found[geography, census][geo] = people
    return found


def _shares(outgoing: list[Event], counts: Counts, told: Told, timeline: Timeline) -> list[float]:
    year = outgoing[0].geography
    parts = [event.code_after for event in outgoing]
    near = [at for at in sorted(counts) if year <= at[0] <= year + _NEAR]
    far = [at for at in sorted(counts) if at[0] > year + _NEAR]
    by_census = _by_population(parts, year, near, counts, timeline)
    if by_census:
        return by_census
    by_file = [told.get((year, event.code_before, event.code_after), math.nan) for event in outgoing]
    if not any(math.isnan(share) for share in by_file):
        return by_file
    return _by_population(parts, year, far, counts, timeline) or [math.nan] * len(parts)


def _by_population(
    parts: list[str], year: int, candidates: Iterable[tuple[int, int]], counts: Counts, timeline: Timeline
) -> list[float]:
    for at in candidates:
        people = [float(counts[at].get(code, math.nan)) for code in parts]
        total = sum(people)
        if total > 0 and not any(timeline.changed(code, year, at[0]) for code in parts):
            return [count / total for count in people]
    return []
