"""The last day that a dossier tells of: until then it was kept, and a state that nobody changed still holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from ctgeval import periods
from ctgeval.programme import actions

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["latest"]

_FACTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "jalons": ("realise_le",),
        "journal": ("date",),
        "participation": ("date",),
        "propositions": ("date", "reponse_le"),
        "contributions": ("reponse_le",),
        "recommandations": ("date", "decidee_le"),
        "jugements": ("date",),
    }
)
# Their dates may be those of what is still to come: only what was held counts.
_HELD: Mapping[str, str] = MappingProxyType({"instances": "presents", "evenements": "presences"})


def latest(dossier: Dossier) -> dt.date | None:
    """Return the day until which the plan of actions is known; None without a plan.

    It is the last date of the plan or, when a register tells of a later fact (a milestone, a meeting, a note, a
    decision), the date of that fact, within the last period that a bilan is about: a year that was mistyped in a
    register moves no deadline beyond it.
    """
    last = actions.last_news(dossier.tables["actions"].frame)
    if last is None:
        return None
    asked = [periods.end(periods.normalise(bilan.periode)) for bilan in dossier.config.bilans if bilan.periode]
    within = max(asked, default=last)
    return max([last, *(day for day in _days(dossier) if day <= within)])


def _days(dossier: Dossier) -> Iterator[dt.date]:
    found = [dossier.tables[table].frame[column] for table, columns in _FACTS.items() for column in columns]
    for table, count in _HELD.items():
        frame = dossier.tables[table].frame
        found.append(frame.loc[frame[count].notna(), "date"])
    for days in found:
        yield from (dt.date.fromisoformat(str(day)) for day in days.dropna() if day)
