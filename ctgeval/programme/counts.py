"""The coordinator's own counts (table ``observations``) as observations of the common form."""

from __future__ import annotations

import pandas as pd

from ctgeval import measures, observations
from ctgeval.errors import Problem, suggestion
from ctgeval.sources.workbook import Table


def to_observations(table: Table, *, geography: int) -> tuple[pd.DataFrame, list[Problem]]:
    """Turn the table ``observations`` of a dossier into rows of the observations.

    Parameters
    ----------
    table : Table
        As read by `ctgeval.sources.workbook.read_tables`.
    geography : int
        Year of the perimeter of the dossier, in which the coordinator counts.

    Returns
    -------
    observations : DataFrame
        One row per usable line; a withheld count (``<5``) keeps its bounds and no value.
    problems : list of Problem
        Lines left out, each with its place: a measure that no catalogue knows, a negative count.
    """
    frame = table.frame
    if frame.empty:
        return observations.empty(), []
    known = measures.load()
    unknown = ~frame["mesure"].isin(list(known))
    negative = frame["valeur_low"].lt(0) & ~unknown & frame["mesure"].map(
        lambda name: name in known and known[name].bounds is None and known[name].kind in ("stock", "flow", "distinct")
    )
    problems = [
        _problem(row, f"La mesure « {row['mesure']} » n’existe pas dans le catalogue.", suggestion(row["mesure"], known)
                 or "Voyez la liste des mesures dans measures.toml, ou corrigez le nom.", "mesure", row["mesure"])
        for _, row in frame[unknown].iterrows()
    ] + [
        _problem(row, "Un comptage ne peut pas être négatif.", "Corrigez la valeur.", "valeur", f"{row['valeur']:g}")
        for _, row in frame[negative].iterrows()
    ]
    kept = frame[~unknown & ~negative]
    withheld = kept["valeur"].isna()
    return observations.frame(
        {
            "measure": kept["mesure"],
            "geo": kept["territoire"],
            "geography": geography,
            "time_period": kept["periode"],
            "value": kept["valeur"],
            "low": kept["valeur_low"],
            "high": kept["valeur_high"],
            "obs_status": kept["statut"],
            "conf_status": withheld.map({True: "C", False: "F"}).where(kept["statut"] != "M", "F"),
            "source": kept["source"],
            "origin": kept["origin"],
            "sexe": kept["sexe"],
            "age": kept["age"],
            "structure": kept["structure"],
        }
    ), problems


def _problem(row: pd.Series, message: str, remedy: str, column: str, value: str) -> Problem:  # type: ignore[type-arg]
    file, _, rest = str(row["origin"]).partition("!")
    sheet, _, line = rest.rpartition("!")
    return Problem(
        message=message,
        remedy=remedy,
        file=file,
        sheet=sheet,
        row=int(line) if line.isdigit() else None,
        column=column,
        value=value,
    )
