"""The annual event in a dossier: its sheets, less what too few persons said, for each reader."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval import observations
from ctgeval.confidentiality.declared_rules import public_rule
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem
from ctgeval.followup.topic import Reader, Topic
from ctgeval.programme import counts, events

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC"]

_OF_ATTENDANCES = ("presences", "taux_reponse", "cout_par_presence", "evolution_presences")
_OF_RESPONDENTS = ("repondants", "taux_reponse")
_OF_SATISFACTION = ("satisfaits", "satisfaction")


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    sheets = events.sheets(dossier.tables["evenements"].frame)
    limit = 0 if reader.internal else public_rule(dossier.config).threshold
    return {"events": _masked(sheets, limit)[list(TABLES["events"])]}


def _masked(sheets: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Mask the counts of too few persons, their complements, and every figure that gives one of them back."""
    attended, answered, pleased = (sheets[name] for name in ("presences", "repondants", "satisfaits"))
    rest = answered - pleased
    small = attended.gt(0) & attended.lt(limit)
    # PI10a adds up the editions of a year: what another one is told would give the small one back.
    few = small | (sheets["annee"].isin(set(sheets.loc[small, "annee"])) & attended.notna())
    few_answers = answered.gt(0) & answered.lt(limit)
    # All pleased, or nobody, says as much of each respondent as a small count does.
    few_pleased = (pleased.gt(0) & pleased.lt(limit)) | (rest.lt(limit) & answered.gt(0) & (limit > 1)) | few_answers
    before = few.shift(1, fill_value=False)
    shown = sheets.copy()
    for names, rows in (
        (_OF_ATTENDANCES, few),
        (_OF_RESPONDENTS, few_answers),
        (_OF_SATISFACTION, few_pleased),
        (("presences_avant", "evolution_presences"), before),
    ):
        for name in names:
            shown[name] = shown[name].mask(rows, math.nan)
    return shown.assign(conf_status=(few | few_answers | few_pleased | before).map({True: "C", False: "F"}))


def _observations(dossier: Dossier) -> pd.DataFrame:
    """Count what PI10a and PI10b are made of, for the territory of the convention.

    A total so low that it proves the editions behind it to be small is not made: a year of one edition is masked by
    the rule of the results, several are not.
    """
    limit = public_rule(dossier.config).threshold
    sheets = events.sheets(dossier.tables["evenements"].frame)
    told = {str(year) for year, some in sheets.groupby("annee") if _proves_small(some["presences"], limit)}
    rows = [
        {
            "measure": measure,
            "geo": dossier.config.territoire.code,
            "geography": dossier.year,
            "time_period": year,
            "value": value,
            "source": counts.PLAN,
            "origin": "evenements",
        }
        for measure, year, value in events.counts(sheets)
        if not (measure == "presences_evenement" and year in told)
    ]
    return observations.frame(rows) if rows else observations.empty()


def _proves_small(attended: pd.Series[float], limit: int) -> bool:
    """Tell whether the total of several editions leaves none of its small ones the room to be as large as the limit."""
    small = attended.gt(0) & attended.lt(limit)
    return len(attended) > 1 and bool(small.any()) and float(attended.sum()) - (len(attended) - 1) < limit


def _problems(dossier: Dossier) -> Iterator[Problem]:
    yield from events.problems(dossier.tables["evenements"].frame)


TOPIC = Topic(tables=_tables, observations=_observations, problems=_problems)
