"""The plan of actions in a dossier: its observations, its problems, and what each reader is told of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval import observations as observations_, periods
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem
from ctgeval.followup.latest import latest
from ctgeval.followup.shared import shared
from ctgeval.followup.topic import Reader, Topic
from ctgeval.programme import actions, counts, plan_checks, plan_summary, schedule

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC", "Span", "spans"]

_TECHNICAL = frozenset({"interne", "cotech"})


@dataclass(frozen=True, slots=True)
class Span:
    """A period that a bilan may be about.

    Parameters
    ----------
    period : str
    since : date
        Last day of the period before.
    day : date
        Day at which the plan is told: the last of the period, or that of the last news of the dossier when it comes
        before.
    """

    period: str
    since: dt.date
    day: dt.date


def spans(dossier: Dossier) -> list[Span]:
    """Return each year of the plan and each period that a bilan asks for, in order; none without a plan."""
    plan = dossier.tables["actions"].frame
    last = latest(dossier)
    if last is None:
        return []
    convention = dossier.config.convention
    first = convention.debut if convention else dt.date.fromisoformat(plan["etat_date"].dropna().astype(str).min())
    asked = {periods.normalise(bilan.periode) for bilan in dossier.config.bilans if bilan.periode}
    found = periods.sort(asked | {str(year) for year in range(first.year, last.year + 1)})
    return [
        Span(text, periods.start(text) - dt.timedelta(days=1), min(periods.end(text), last))
        for text in found
        if periods.start(text) <= last
    ]


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    plan = dossier.tables["actions"].frame
    technical = reader.audience in _TECHNICAL
    history = [actions.history(plan, at=latest(dossier))] if technical else []
    sheets = [_sheets(dossier.tables["fiches"].frame, reader)] if technical else []
    return {
        **shared(dossier, "plan", partial(_at_each_period, dossier)),
        "action_history": _stacked("action_history", history),
        "action_sheets": _stacked("action_sheets", sheets),
    }


def _at_each_period(dossier: Dossier) -> dict[str, pd.DataFrame]:
    """Return what every reader is told of the plan, period by period."""
    plan, milestones = dossier.tables["actions"].frame, dossier.tables["jalons"].frame
    doubtful = list(plan_checks.doubtful(plan, dossier.tables["actions"].problems)["id"])
    names = ("action_states", "action_axes", "action_schemes", "milestones", "action_changes")
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in names}
    for span in spans(dossier):
        dated = {"periode": span.period, "jour": span.day.isoformat()}
        now = actions.current(plan, at=span.day)
        held = schedule.schedule(plan, at=span.day).drop(columns=["debut", "fin"])
        stopped = set(now.loc[now["etat"].eq("abandonnee"), "id"])
        told = schedule.milestones(milestones, at=span.day, stopped=stopped)
        parts = {
            "action_states": now.merge(held, on="id").assign(doubt=now["id"].isin(doubtful).to_numpy()),
            "action_axes": plan_summary.by_axis(plan, at=span.day),
            "action_schemes": plan_summary.by_scheme(plan, at=span.day),
            "milestones": told[told["action"].isin(list(now["id"]))],
            "action_changes": _changes(plan, milestones, span),
        }
        for name, frame in parts.items():
            found[name].append(frame.assign(**dated))
    return {name: _stacked(name, frames) for name, frames in found.items()}


def _sheets(sheets: pd.DataFrame, reader: Reader) -> pd.DataFrame:
    """Return the sheets of the actions; outside, a path would tell how the office keeps its papers: it goes."""
    inside = sheets["lien_deliberation"].astype("str").str.startswith("https://") | reader.internal
    return sheets.assign(lien_deliberation=sheets["lien_deliberation"].where(inside))


def _changes(plan: pd.DataFrame, milestones: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Return what moved in a period; nothing in the first one, before which there was no plan to compare with."""
    moved = actions.changes(plan, since=span.since, until=span.day, milestones=milestones)
    known = len(actions.current(plan, at=span.since)) > 0
    return (moved if known else moved.iloc[:0]).assign(since=span.since.isoformat())


def _stacked(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    columns = list(TABLES[name])
    kept = [frame[columns] for frame in frames if len(frame)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=columns, dtype="str")


def _observations(dossier: Dossier) -> pd.DataFrame:
    place, convention = dossier.config.territoire, dossier.config.convention
    if convention is None:
        return observations_.empty()
    plan = dossier.tables["actions"].frame
    return counts.plan_observations(
        plan, geo=place.code, geography=dossier.year, start=convention.debut, until=latest(dossier)
    )


def _problems(dossier: Dossier) -> Iterator[Problem]:
    frames = (dossier.tables[name].frame for name in ("actions", "jalons", "fiches"))
    yield from plan_checks.problems(*frames)


TOPIC = Topic(tables=_tables, observations=_observations, problems=_problems)
