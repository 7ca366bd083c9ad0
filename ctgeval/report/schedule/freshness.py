"""Sources that are older than their declared periodicity: nothing new can be said of them until they are renewed."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctgeval import french

if TYPE_CHECKING:
    from ctgeval.config.models import SourceConfig

__all__ = ["MONTHS", "Late", "late", "later"]

MONTHS = {"mensuelle": 1, "trimestrielle": 3, "semestrielle": 6, "annuelle": 12, "scolaire": 12, "quinquennale": 60}
"""How many months a source of each periodicity stays the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A source that should have been renewed.

    Parameters
    ----------
    source : str
        Its key.
    periodicity : str
        As declared.
    updated, due : date or None
        When its producer last updated it, and when it should have been renewed; neither is known when the source does
        not say the former.
    public : bool
        Whether the source is open data, whose name may be told to anybody.
    """

    source: str
    periodicity: str
    updated: dt.date | None
    due: dt.date | None
    public: bool = False

    @property
    def sentence(self) -> str:
        """What is late, in French."""
        if self.updated is None or self.due is None:
            return f"{self.source} ({self.periodicity}) : sa date de mise à jour n’est pas écrite, son âge est inconnu."
        since, due = french.date(self.updated), french.date(self.due)
        return f"{self.source} ({self.periodicity}) : mise à jour du {since}, à renouveler depuis le {due}."


def late(sources: Iterable[SourceConfig], day: dt.date) -> tuple[Late, ...]:
    """Return the sources that are older, at a day, than the periodicity that ``ctg.toml`` declares for them.

    Parameters
    ----------
    sources : iterable of SourceConfig
        Blocks ``[[source]]``: ``periodicite``, or otherwise that of ``[source.gabarit]``, and ``mise_a_jour``. One that
        declares no periodicity is never late; one that declares its own and says no date is: its age can't be told.
    day : date
        The day of the run.
    """
    found = []
    for source in sources:
        asked = source.gabarit.periodicite if source.gabarit is not None else None
        periodicity = source.periodicite or asked
        if periodicity is None:
            continue
        if source.mise_a_jour is None:
            if source.periodicite is not None:
                found.append(
                    Late(source=source.cle, periodicity=periodicity, updated=None, due=None, public=_public(source))
                )
            continue
        due = later(source.mise_a_jour, MONTHS[periodicity])
        if day > due:
            updated = source.mise_a_jour
            found.append(
                Late(source=source.cle, periodicity=periodicity, updated=updated, due=due, public=_public(source))
            )
    return tuple(found)


def _public(source: SourceConfig) -> bool:
    return source.diffusion == "ouverte"


def later(day: dt.date, months: int) -> dt.date:
    """Return the same day some months later, or the last day of that month when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
