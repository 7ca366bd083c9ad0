"""Workshops of a dossier: what each reader is told of their contributions and of what became of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval import french, periods
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem
from ctgeval.followup.latest import latest
from ctgeval.followup.partnership import TECHNICAL
from ctgeval.followup.topic import Reader, Topic
from ctgeval.programme import workshops

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC", "table"]


def table(dossier: Dossier, *, at: dt.date | None = None) -> pd.DataFrame:
    """Return the workshops of a dossier and what became of their contributions.

    Parameters
    ----------
    dossier : Dossier
    at : date, optional
        Day at which one looks; the last that the tables know by default.

    Returns
    -------
    DataFrame
        See `ctgeval.programme.workshops.workshops`; ``came`` in names of organisations, ``waiting`` the days of the
        contribution that has waited longest for an end, NaN when none does.
    """
    held, found = _told(dossier, at or _last(dossier))
    names = dossier.partnership.names
    frame = workshops.workshops(held, found)
    longest = found.groupby("workshop")["waiting"].max()
    came = [french.enumeration(sorted(names.get(one, one) for one in ids)) for ids in frame["came"]]
    return frame.assign(came=came, waiting=frame["id"].map(longest).astype("float64"))


def _told(dossier: Dossier, at: dt.date | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the meetings up to a day, and the contributions of their workshops as one knew them that day."""
    held = dossier.partnership.held
    if at is not None:
        held = held[held["date"].le(at.isoformat())]
    told, plan = dossier.tables["contributions"].frame, dossier.tables["actions"].frame
    return held, workshops.contributions(told[told["atelier"].isin(held["id"])], held, plan, at=at)


def _last(dossier: Dossier) -> dt.date | None:
    tables = (dossier.tables["actions"].frame, dossier.tables["contributions"].frame)
    known = (workshops.last_day(dossier.partnership.held, *tables), latest(dossier))
    return max((day for day in known if day is not None), default=None)


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    technical, public = reader.audience in TECHNICAL, reader.audience == "habitants"
    workshops_: list[pd.DataFrame] = []
    contributions: list[pd.DataFrame] = []
    for period, day in _spans(dossier):
        held, found = _told(dossier, day)
        subjects = dict(zip(held["id"], held["subject"], strict=True))
        told = table(dossier, at=day).drop(columns="waiting")
        workshops_.append(told.assign(periode=period, jour=day.isoformat(), came=told["came"] if technical else ""))
        kept = found[found["state"].eq("retenue")] if public else found
        contributions.append(kept.assign(periode=period, jour=day.isoformat(), subject=kept["workshop"].map(subjects)))
    return {
        name: _stacked(name, frames)
        for name, frames in (("workshops", workshops_), ("workshop_contributions", contributions))
    }


def _stacked(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    columns = list(TABLES[name])
    kept = [frame[columns] for frame in frames if len(frame)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=columns, dtype="str")


def _spans(dossier: Dossier) -> list[tuple[str, dt.date]]:
    """Return each year of the meetings and each period that a bilan asks for, with the last day that it can tell of."""
    last = _last(dossier)
    if last is None:
        return []
    asked = {periods.normalise(bilan.periode) for bilan in dossier.config.bilans if bilan.periode}
    found = periods.sort(asked | {str(year) for year in dossier.partnership.years})
    return [(text, min(periods.end(text), last)) for text in found if periods.start(text) <= last]


def _problems(dossier: Dossier) -> Iterator[Problem]:
    told, plan = dossier.tables["contributions"].frame, dossier.tables["actions"].frame
    yield from workshops.problems(told, dossier.partnership.held, plan)


TOPIC = Topic(tables=_tables, problems=_problems)
