"""Faults of the data that are told before they become figures, as a topic of the follow-up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ctgeval.errors import Problem
from ctgeval.followup.topic import Topic
from ctgeval.indicators import quality
from ctgeval.programme.origin import place

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC"]

_COLUMNS = {"retard": "periode"}


def _problems(dossier: Dossier) -> Iterator[Problem]:
    """Look at the dossier's own ground: what a national file says of others is its producer's business."""
    observed = dossier.indicator_observations
    own = observed[observed["geo"].isin(dossier.ground)]
    # A source that is not declared is told as such: a slip in its key is no partner that is late.
    declared = {source.cle for source in dossier.config.sources}
    partners = declared & set(dossier.tables["observations"].frame["source"].dropna())
    for row in quality.faults(own, dossier.measures, awaited=partners).to_dict("records"):
        yield Problem(
            message=row["message"],
            remedy=row["remedy"],
            column=_COLUMNS.get(row["kind"], "valeur"),
            value=f"{row['value']:g}" if row["kind"] != "retard" else row["time_period"],
            key=row["source"],
            severity="avertissement",
            **place(row["origin"]),
        )


TOPIC = Topic(problems=_problems)
