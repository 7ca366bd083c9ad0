"""The journal: successes, difficulties, levers and obstacles, in order of date, tied to actions and indicators."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pandas as pd

from ctgeval import periods
from ctgeval.errors import Problem, suggestion
from ctgeval.programme.origin import place
from ctgeval.programme.tables import JOURNAL, JOURNAL_LABELS

COLUMNS: tuple[str, ...] = tuple(column.name for column in JOURNAL.columns)
GOOD = ("reussite", "levier")
"""Types of notes from which others may learn a practice."""

__all__ = ["COLUMNS", "GOOD", "entries", "practices", "problems"]


def entries(journal: pd.DataFrame, period: str | None = None) -> pd.DataFrame:
    """Return the entries of a journal, the oldest first.

    Parameters
    ----------
    journal : DataFrame
        Table ``journal``.
    period : str, optional
        Only the entries dated within it; all of them by default.

    Returns
    -------
    DataFrame
        The columns of the table (`COLUMNS`), and ``libelle``, the French name of the type.

    Raises
    ------
    PeriodError
        When the period can't be read.
    """
    dates = journal["date"].astype("string")
    kept = dates.notna()
    if period is not None:
        span = periods.parse(period)
        kept &= dates.ge(span.start.isoformat()) & dates.le(span.end.isoformat())
    ordered = journal[kept.astype("boolean").fillna(value=False).astype(bool)].sort_values("date", kind="stable")
    rows = ordered.reindex(columns=list(COLUMNS)).reset_index(drop=True)
    return rows.assign(libelle=[JOURNAL_LABELS.get(str(kind), str(kind)) for kind in rows["type"]])


def practices(journal: pd.DataFrame) -> pd.DataFrame:
    """Return the notes that may become a card of good practice: what went well, tied to an indicator that shows it."""
    rows = entries(journal)
    shown = rows["indicateur"].notna() & rows["indicateur"].ne("")
    return rows[rows["type"].isin(GOOD) & shown].reset_index(drop=True)


def problems(journal: pd.DataFrame, *, indicators: Collection[str]) -> Iterator[Problem]:
    """Tell the notes tied to an indicator that does not exist.

    Parameters
    ----------
    journal : DataFrame
        Table ``journal``.
    indicators : collection of str
        Ids known to the dossier.
    """
    for row in journal.to_dict("records"):
        name = row.get("indicateur")
        if isinstance(name, str) and name and name not in indicators:
            yield Problem(
                message=f"Cette note du journal s’appuie sur « {name} », qui n’est pas dans le catalogue.",
                remedy=suggestion(name, indicators) or "Corrigez le code, ou videz la cellule.",
                column="indicateur",
                value=name,
                severity="avertissement",
                **place(row.get("origin")),
            )
