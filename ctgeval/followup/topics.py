"""The topics of the follow-up, in the order in which a bilan speaks of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval.errors import Problem
from ctgeval.followup import (
    catalogue,
    changes,
    communication,
    evaluation,
    event,
    funding,
    journal,
    missing,
    participation,
    partnership,
    persons,
    plan,
    quality,
    recommendations,
    scenarios,
    surveys,
    trends,
    workshops,
)
from ctgeval.followup.topic import Reader, Topic

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPICS", "Reader", "observations", "problems", "tables"]

TOPICS: tuple[Topic, ...] = (
    quality.TOPIC,
    persons.TOPIC,
    missing.TOPIC,
    catalogue.TOPIC,
    changes.TOPIC,
    trends.TOPIC,
    scenarios.TOPIC,
    plan.TOPIC,
    funding.TOPIC,
    partnership.TOPIC,
    workshops.TOPIC,
    participation.TOPIC,
    communication.TOPIC,
    event.TOPIC,
    evaluation.TOPIC,
    journal.TOPIC,
    surveys.TOPIC,
    recommendations.TOPIC,
)


def tables(dossier: Dossier, reader: Reader) -> dict[str, pd.DataFrame]:
    """Return the tables that the topics add to a release."""
    return {name: frame for topic in TOPICS if topic.tables for name, frame in topic.tables(dossier, reader).items()}


def observations(dossier: Dossier) -> list[pd.DataFrame]:
    """Return what the topics count, as observations of the common form."""
    return [topic.observations(dossier) for topic in TOPICS if topic.observations]


def problems(dossier: Dossier) -> Iterator[Problem]:
    """Tell what is wrong in the tables of the topics."""
    for topic in TOPICS:
        if topic.problems:
            yield from topic.problems(dossier)
