"""The calendar of the convention: observations, returns of partners, instances, and the report of 30 September."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from ctgeval import french
from ctgeval.programme.coming import YEARLY
from ctgeval.programme.instances import GOVERNING
from ctgeval.report.schedule.freshness import MONTHS, later

if TYPE_CHECKING:
    from ctgeval.config import Config

__all__ = ["KINDS", "Date", "Kind", "calendar"]

Kind = Literal["observation", "retours", "instance", "rapport_epci", "evenement", "source", "convention"]
KINDS: dict[tuple[int, int], Kind] = {
    (1, 31): "observation",
    (3, 31): "retours",
    (6, 30): "instance",
    (7, 31): "observation",
    (9, 30): "rapport_epci",
    (11, 30): "evenement",
}
"""What each usual date of the year is for."""
_YEAR = 366


@dataclass(frozen=True, slots=True, order=True)
class Date:
    """A date to come.

    Parameters
    ----------
    day : date
        When.
    kind : str
        What it is for.
    text : str
        What is to be done, in French.
    """

    day: dt.date
    kind: Kind
    text: str


def calendar(
    config: Config, instances: pd.DataFrame, day: dt.date, *, until: dt.date | None = None
) -> tuple[Date, ...]:
    """Return the dates from a day on, in order.

    Parameters
    ----------
    config : Config
        Of the dossier: sources with a periodicity, workbooks asked of partners, convention.
    instances : DataFrame
        Table ``instances``: ``type``, ``date``, ``sujet``; those to come are told.
    day : date
        The first day.
    until : date, optional
        The last one; a year later by default.
    """
    last = until or day + dt.timedelta(days=_YEAR)
    years = range(day.year, last.year + 1)
    found = [
        Date(dt.date(year, month, rank), KINDS[month, rank], text) for year in years for month, rank, text in YEARLY
    ]
    found += _meetings(instances)
    found += _sources(config, last)
    if config.convention is not None and config.convention.fin is not None:
        found.append(Date(config.convention.fin, "convention", "Fin de la convention."))
    return tuple(sorted({date for date in found if day <= date.day <= last}))


def _meetings(instances: pd.DataFrame) -> Iterable[Date]:
    for row in instances.to_dict("records"):
        if row["type"] not in GOVERNING or not isinstance(row["date"], str):
            continue
        subject = row.get("sujet")
        about = f" : {subject}" if isinstance(subject, str) and subject.strip() else ""
        yield Date(dt.date.fromisoformat(row["date"]), "instance", f"{row['type']}{about}.")


def _sources(config: Config, last: dt.date) -> Iterable[Date]:
    for source in config.sources:
        asked = source.gabarit
        if asked is not None and asked.avant_le is not None:
            who = asked.partenaire or source.titre or source.cle
            months = MONTHS[asked.periodicite] if asked.periodicite is not None else 0
            when, rank = asked.avant_le, 0
            while when <= last:
                yield Date(when, "retours", f"Retour du classeur de {who}.")
                if not months:
                    break
                rank += 1
                when = later(asked.avant_le, rank * months)
        elif source.periodicite is not None and source.mise_a_jour is not None:
            due = later(source.mise_a_jour, MONTHS[source.periodicite])
            text = f"Source « {source.cle} » ({source.periodicite}) à renouveler : mise à jour du "
            yield Date(due, "source", f"{text}{french.date(source.mise_a_jour)}.")
