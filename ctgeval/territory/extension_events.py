"""Add to a geography the events of communes that a user's file tells."""

from __future__ import annotations

import math
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

# Rows of another kind (a change of name, say) move no ground.
_KINDS = ("fusion", "scission", "changement_de_code")
_SHOWN = 3
_SHARE_TOLERANCE = 0.02


def with_events(base: Reference, brought: pd.DataFrame) -> Reference:
    """Return a geography with the events of a file (see `ctgeval.territory.extension.extended`)."""
    brought = brought[brought["kind"].isin(_KINDS)]
    shares = (
        brought["share"].astype(np.float64) if "share" in brought.columns else pd.Series(np.nan, index=brought.index)
    )
    columns = (brought[name].tolist() for name in ("code_before", "code_after", "kind"))
    rows = zip((day.date() for day in brought["effective"]), *columns, shares.tolist(), strict=True)
    told = _once(Event(*row) for row in rows)
    known = {_key(event) for event in base.event_list}
    years = {event.geography for event in base.event_list}
    covered = range(base.known_since + 1, base.years[-1] + 1)
    added: list[Event] = []
    strange: list[Event] = []
    for event in told:
        year, before, after = _key(event)
        if _key(event) in known or (year in years and _follows(base, event)):
            continue
        if year not in covered or not _is_known(base, before, after):
            added.append(event)
        elif before != after:
            strange.append(event)
    parts = {_key(event): event.share for event in told if not math.isnan(event.share)}
    table = pd.concat([_shared(base.events, parts), _frame(_completed(added, base))], ignore_index=True)
    out = replace(base, events=table, since=_since(base, told), _kept={})
    file = str(brought["origin"].iloc[0]).partition("!")[0] if "origin" in brought.columns and len(brought) else ""
    conflicts = [*base.conflicts, *_strange(strange, file), *_other_shares(out, parts, file)]
    return replace(out, conflicts=tuple(conflicts), _kept={})


def _key(event: Event) -> tuple[int, str, str]:
    return event.geography, event.code_before, event.code_after


def _once(events: Iterable[Event]) -> list[Event]:
    """Return each passage of ground once a year, and the links of a code with itself that go with them."""
    ordered = sorted(events, key=lambda event: event[:4])
    moves: dict[tuple[int, str, str], Event] = {}
    for event in ordered:
        if event.code_before != event.code_after:
            moves.setdefault(_key(event), event)
    touched = {(event.effective, code) for event in moves.values() for code in (event.code_before, event.code_after)}
    stays = {
        (event.effective, event.code_before): event
        for event in ordered
        if event.code_before == event.code_after and (event.effective, event.code_before) in touched
    }
    return sorted([*moves.values(), *stays.values()], key=lambda event: event[:4])


def _follows(base: Reference, event: Event) -> bool:
    """Whether events that are known make this one together."""
    year, before, after = _key(event)
    return after in base.timeline.chain(year - 1, year).images.get(before, ())


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


def _since(base: Reference, told: Sequence[Event]) -> int | None:
    """Go back as long as the file tells changes nearly every year: a history, not a few events."""
    if base.since is None:
        return None
    years = {event.geography for event in told}
    since = base.since
    while since in years or since - 1 in years:
        since -= 1
    return since


def _strange(events: Sequence[Event], file: str) -> list[Problem]:
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
            file=file,
            severity="avertissement",
        )
    ]


def _other_shares(out: Reference, told: dict[tuple[int, str, str], float], file: str) -> list[Problem]:
    found = []
    for event in out.event_list:
        share = told.get(_key(event))
        if share is not None and abs(share - event.share) > _SHARE_TOLERANCE:
            theirs, ours = (french.percent(100 * part, decimals=1) for part in (share, event.share))
            found.append(f"{event.code_before} → {event.code_after} : {theirs} dans le fichier, {ours} au recensement")
    if not found:
        return []
    some = " ; ".join(found[:_SHOWN])
    return [
        Problem(
            message=f"La part d’une commune scindée n’est pas celle de sa population : {some}.",
            remedy="La part calculée sur le recensement a été gardée.",
            file=file,
            severity="avertissement",
        )
    ]
