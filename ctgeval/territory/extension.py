"""Complete a geography with what a user's files say: events of communes, and members of EPCI in other years.

What the geography knows already is not counted twice; what contradicts it is told, and left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctgeval.territory import extension_events, extension_members
from ctgeval.territory.extension_events import EVENT_COLUMNS
from ctgeval.territory.extension_members import MEMBERSHIP_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

    from ctgeval.territory.reference import Reference

__all__ = ["EVENT_COLUMNS", "MEMBERSHIP_COLUMNS", "extended"]


def extended(
    base: Reference, *, events: pd.DataFrame | None = None, membership: pd.DataFrame | None = None
) -> Reference:
    """Return a geography completed with events and members.

    Parameters
    ----------
    base : Reference
        What is known; it is not changed.
    events : DataFrame, optional
        `EVENT_COLUMNS` (``share`` may be absent): prefixed codes. In the years of which the base knows every change, an
        event that the base has, or that two of its events make together, is not counted twice; another one is told in
        ``conflicts`` and left out, unless the base has never heard of its communes.
    membership : DataFrame, optional
        `MEMBERSHIP_COLUMNS`: prefixed codes, empty where the file says none. The years that the base does not have
        become ``partial_years``: only the territories of the file are known there.

    Returns
    -------
    Reference
    """
    out = base
    if events is not None and len(events):
        out = extension_events.with_events(out, events)
    if membership is not None and len(membership):
        out = extension_members.with_members(out, membership)
    return out
