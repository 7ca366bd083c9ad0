"""Communication in a dossier: each channel by itself, at the end of each year; never a total over channels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval import observations, periods
from ctgeval.confidentiality.declared_rules import public_rule
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem
from ctgeval.followup.topic import Reader, Topic
from ctgeval.programme import communication, counts

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC"]


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    lines = communication.lines(dossier.tables["communication"].frame)
    if not reader.internal:
        limit = public_rule(dossier.config).threshold
        few = lines["valeur"].gt(0) & lines["valeur"].lt(limit)
        people = pd.Series([communication.of_persons(text) for text in lines["mesure"]], lines.index, dtype="bool")
        lines = lines.assign(valeur=lines["valeur"].mask(few & people))
    ends = pd.Series([periods.year(text) for text in lines["periode"]], index=lines.index, dtype="int64")
    by_year = [communication.channels(lines[ends.le(year)]).assign(annee=int(year)) for year in sorted(set(ends))] or [
        communication.channels(lines)
    ]
    return {
        "communication": _frame("communication", lines.assign(annee=ends)),
        "communication_channels": _frame("communication_channels", pd.concat(by_year, ignore_index=True)),
    }


def _frame(name: str, found: pd.DataFrame) -> pd.DataFrame:
    return found.reindex(columns=list(TABLES[name]))


def _observations(dossier: Dossier) -> pd.DataFrame:
    """Count what PI09a, PI09b and PI09c are made of, for the territory of the convention."""
    rows = [
        {
            "measure": measure,
            "geo": dossier.config.territoire.code,
            "geography": dossier.year,
            "time_period": period,
            "value": value,
            "obs_status": "M" if math.isnan(value) else "A",
            "source": counts.PLAN,
            "origin": "communication",
        }
        for measure, period, value in communication.counts(communication.lines(dossier.tables["communication"].frame))
    ]
    return observations.frame(rows) if rows else observations.empty()


def _problems(dossier: Dossier) -> Iterator[Problem]:
    yield from communication.problems(dossier.tables["communication"].frame)


TOPIC = Topic(tables=_tables, observations=_observations, problems=_problems)
