"""Add to a geography the events of communes that a user's file tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.errors import Problem
from ctgeval.territory.events import Event
from ctgeval.territory.reference import Reference

__all__ = ["EVENT_COLUMNS", "with_events"]

EVENT_COLUMNS: tuple[str, ...] = ("code_before", "code_after", "effective", "kind", "share")

_SHOWN = 3
_SHARE_TOLERANCE = 0.02


def with_events(base: Reference, brought: pd.DataFrame) -> Reference:
    """Return a geography with the events of a file (see `ctgeval.territory.extension.extended`)."""
    shares = brought["share"] if "share" in brought.columns else pd.Series(np.nan, index=brought.index)
    columns = (brought[name].tolist() for name in ("code_before", "code_after", "kind"))
    rows = zip((day.date() for day in brought["effective"]), *columns, shares.tolist(), strict=True)
    told = sorted({(event.geography, event.code_before, event.code_after): event for event in _events(rows)}.items())
    known = {(event.geography, event.code_before, event.code_after) for event in base.event_list}
    covered = range(base.known_since + 1, base.years[-1] + 1)
    added: list[Event] = []
    strange: list[Event] = []
    for (year, before, after), event in told:
        if (year, before, after) in known:
            continue
        if year not in covered or not _is_known(base, before, after):
            added.append(event)
        elif before != after and after not in base.timeline.chain(year - 1, year).images.get(before, ()):
            strange.append(event)
    table = pd.concat(
        [_shared(base.events, {key: event.share for key, event in told}), _frame(_completed(added, base))]
    )
    out = replace(base, events=table.reset_index(drop=True), since=_since(base, added), _kept={})
    conflicts = [*base.conflicts, *_strange(strange), *_other_shares(out, told)]
    return replace(out, conflicts=tuple(conflicts), _kept={})


def _events(rows: Iterable[tuple[object, ...]]) -> Iterable[Event]:
    return (Event(*row) for row in rows)  # type: ignore[arg-type]


def _is_known(base: Reference, *codes: str) -> bool:
    named = base.named_in_events
    return all(code in named or base.last_name(code) for code in codes)


def _shared(events: pd.DataFrame, told: dict[tuple[int, str, str], float]) -> pd.DataFrame:
    """Write in the events that are known the shares that a file tells."""
    years = [Event(day.date(), "", "", "").geography for day in events["effective"]]
    keys = zip(years, events["code_before"].tolist(), events["code_after"].tolist(), strict=True)
    shares = pd.Series([told.get(key, np.nan) for key in keys], index=events.index, dtype=np.float64)
    before = events["share"] if "share" in events.columns else shares
    return events.assign(share=before.fillna(shares))


def _completed(added: list[Event], base: Reference) -> list[Event]:
    """Add the link of a commune with itself where others join it and the file does not say that it stays."""
    days: dict[object, set[str]] = defaultdict(set)
    for event in added:
        days[event.effective].add(event.code_before)
    kept = {
        Event(event.effective, event.code_after, event.code_after, event.kind)
        for event in added
        if event.code_after not in days[event.effective]
        and event.geography - 1 in base.years
        and base.exists(event.code_after, event.geography - 1)
    }
    return [*added, *sorted(kept)]


def _frame(events: Sequence[Event]) -> pd.DataFrame:
    columns = {name: [getattr(event, name) for event in events] for name in EVENT_COLUMNS}
    return pd.DataFrame(columns).assign(effective=pd.to_datetime(pd.Series(columns["effective"], dtype=object)))


def _since(base: Reference, added: Sequence[Event]) -> int | None:
    """Go back as long as the file tells changes every year: a history, not a few events."""
    if base.since is None:
        return None
    years = {event.geography for event in added}
    since = base.since
    while since in years:
        since -= 1
    return since


def _strange(events: Sequence[Event]) -> list[Problem]:
    if not events:
        return []
    verb = "se trouve" if len(events) == 1 else "se trouvent"
    some = french.enumeration(
        [f"{e.code_before} → {e.code_after} ({e.effective.isoformat()})" for e in events[:_SHOWN]]
    )
    return [
        Problem(
            message=(
                f"{french.plural(len(events), 'événement')} de communes ne {verb} pas dans la géographie de référence, "
                f"qui connaît pourtant ces communes : {some}."
            ),
            remedy="La géographie de référence a été gardée ; vérifiez les dates d’effet et les codes du fichier.",
            value=events[0].code_before,
            severity="avertissement",
        )
    ]


def _other_shares(out: Reference, told: Sequence[tuple[tuple[int, str, str], Event]]) -> list[Problem]:
    brought = {key: event.share for key, event in told if event.share == event.share}
    found = []
    for event in out.event_list:
        share = brought.get((event.geography, event.code_before, event.code_after))
        if share is not None and abs(share - event.share) > _SHARE_TOLERANCE:
            theirs, ours = (french.percent(100 * part, decimals=1) for part in (share, event.share))
            found.append(f"{event.code_before} → {event.code_after} : {theirs} dans le fichier, {ours} au recensement")
    if not found:
        return []
    some = french.enumeration(found[:_SHOWN])
    return [
        Problem(
            message=f"La part d’une commune scindée n’est pas celle de sa population : {some}.",
            remedy="La part calculée sur le recensement a été gardée.",
            severity="avertissement",
        )
    ]
