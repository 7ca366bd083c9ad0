"""The journal in a dossier: its problems, and the cards of good practice with the figure that each reader may see."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem
from ctgeval.followup import quoting
from ctgeval.followup.topic import Reader, Topic
from ctgeval.programme import journal

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC"]


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    rows = [row for note in journal.practices(dossier.tables["journal"].frame).to_dict("records")
            if (row := _card(dossier, note, reader))]  # fmt: skip
    return {"practices": pd.DataFrame(rows, columns=list(TABLES["practices"]))}


def _card(dossier: Dossier, note: dict[Any, Any], reader: Reader) -> dict[str, Any]:
    """Return the card of a note; nothing without its figure: a practice is good because something shows it."""
    name = str(note["indicateur"])
    found = quoting.figure(dossier, reader, name)
    if math.isnan(found.value):
        return {}
    plan = dossier.actions()
    names = dict(zip(plan["id"], plan["intitule"], strict=True))
    texts = {
        key: note[key] if isinstance(note[key], str) else "" for key in ("action", "texte", "a_refaire", "leviers")
    }
    return {
        **texts,
        "date": note["date"],
        "action_label": names.get(texts["action"], ""),
        "indicator": name,
        "label": dossier.catalogue[name].label,
        "shown": found.shown,
        "value": found.value,
        "time_period": found.time_period,
        "source": found.source,
        "provisional": found.provisional,
    }


def _problems(dossier: Dossier) -> Iterator[Problem]:
    yield from journal.problems(dossier.tables["journal"].frame, indicators=sorted(dossier.known_indicators))


TOPIC = Topic(tables=_tables, problems=_problems)
