"""What the coordinator counts (table ``observations``, plan of actions) as observations of the common form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from ctgeval import french, measures as measures_, observations, periods
from ctgeval.errors import Problem, suggestion
from ctgeval.measures import Measure
from ctgeval.programme import actions
from ctgeval.programme.origin import place
from ctgeval.sources.workbook import Table

PLAN = "plan-actions"
"""Source of what is counted in the plan of actions and in its budget; anybody may read them."""


def to_observations(
    table: Table, *, geography: int, measures: Mapping[str, Measure] | None = None
) -> tuple[pd.DataFrame, list[Problem]]:
    """Turn the table ``observations`` of a dossier into rows of the observations.

    Parameters
    ----------
    table : Table
        As read by `ctgeval.sources.workbook.read_tables`.
    geography : int
        Year of the perimeter of the dossier, in which the coordinator counts.
    measures : mapping of str to Measure, optional
        Measures known to the dossier; those of the house by default.

    Returns
    -------
    observations : DataFrame
        One row per usable line; a withheld count (``<5``) keeps its bounds and no value.
    problems : list of Problem
        Lines left out, each with its place: a measure that no catalogue knows, a negative count, a
        value out of the bounds of its measure.
    """
    frame = table.frame
    if frame.empty:
        return observations.empty(), []
    known = measures_.load() if measures is None else measures
    unknown = ~frame["mesure"].isin(list(known))
    negative = (
        frame["valeur_low"].lt(0)
        & ~unknown
        & frame["mesure"].map(
            lambda name: (
                name in known and known[name].bounds is None and known[name].kind in ("stock", "flow", "distinct")
            )
        )
    )
    possible = {name: known[name].possible for name in set(frame.loc[~unknown, "mesure"]) if known[name].bounds}
    least = frame["mesure"].map({name: low for name, (low, _) in possible.items()}).astype("float64")
    most = frame["mesure"].map({name: high for name, (_, high) in possible.items()}).astype("float64")
    beyond = frame["valeur"].lt(least) | frame["valeur"].gt(most)
    problems = [
        _problem(
            row,
            f"La mesure « {row['mesure']} » n’existe pas dans le catalogue.",
            suggestion(row["mesure"], known) or "Voyez la liste des mesures dans measures.toml, ou corrigez le nom.",
            "mesure",
            row["mesure"],
        )
        for _, row in frame[unknown].iterrows()
    ] + [
        _problem(row, "Un comptage ne peut pas être négatif.", "Corrigez la valeur.", "valeur", f"{row['valeur']:g}")
        for _, row in frame[negative].iterrows()
    ]
    problems += [
        _problem(
            row,
            f"« {known[row['mesure']].label} » ne peut valoir que {french.interval(*known[row['mesure']].possible)}.",
            "Corrigez la valeur, ou vérifiez la mesure.",
            "valeur",
            f"{row['valeur']:g}",
        )
        for _, row in frame[beyond].iterrows()
    ]
    kept = frame[~unknown & ~negative & ~beyond]
    provisional = kept["remarque"].fillna("").map(french.fold).str.startswith("provisoire") & kept["statut"].eq("A")
    withheld = kept["statut"].eq("Q")
    return observations.frame(
        {
            "measure": kept["mesure"],
            "geo": kept["territoire"],
            "geography": geography,
            "time_period": kept["periode"],
            "value": kept["valeur"],
            "low": kept["valeur_low"],
            "high": kept["valeur_high"],
            "obs_status": kept["statut"].mask(provisional, "P"),
            "conf_status": withheld.map({True: "C", False: "F"}),
            "source": kept["source"],
            "origin": kept["origin"],
            "sexe": kept["sexe"],
            "age": kept["age"],
            "structure": kept["structure"],
        }
    ), problems


def _problem(row: pd.Series[Any], message: str, remedy: str, column: str, value: str) -> Problem:
    return Problem(message=message, remedy=remedy, column=column, value=value, **place(row["origin"]))


def plan_observations(
    plan: pd.DataFrame, *, geo: str, geography: int, start: date, until: date | None = None
) -> pd.DataFrame:
    """Count the actions of the plan at the end of each half-year and of each year, as observations.

    Parameters
    ----------
    plan : DataFrame
        Table ``actions``.
    geo : str
        Territory of the convention.
    geography : int
        Year of the perimeter.
    start : date
        First day of the convention: earlier periods have no plan.
    until : date, optional
        Day until which the plan is known; that of its last state by default.

    Returns
    -------
    DataFrame
        The measures of `ctgeval.programme.actions.counts`, up to the half-year and the year of the last known day.
        The last period is provisional (``P``) as long as that day is not in its second half.
    """
    news = actions.last_news(plan)
    if news is None:
        return observations.empty()
    last = max(news, until or news)
    rows = []
    for year in range(start.year, last.year + 1):
        for period in (f"{year}-S1", f"{year}-S2", str(year)):
            span = periods.parse(period)
            if span.start > last or span.end < start:
                continue
            provisional = last < span.start + (span.end - span.start) / 2
            rows += [
                {
                    "measure": name,
                    "geo": geo,
                    "geography": geography,
                    "time_period": period,
                    "value": float(count),
                    "obs_status": "P" if provisional else "A",
                    "source": PLAN,
                    "origin": "actions",
                }
                for name, count in actions.counts(plan, at=span.end).items()
            ]
    return observations.frame(rows) if rows else observations.empty()
