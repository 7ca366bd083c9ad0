"""The journal: successes, difficulties, levers and obstacles, in order of date."""

from __future__ import annotations

import pandas as pd

from ctgeval import periods
from ctgeval.programme.tables import JOURNAL, JOURNAL_LABELS

COLUMNS: tuple[str, ...] = tuple(column.name for column in JOURNAL.columns)


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
        ``date, action, type, texte, a_refaire, a_eviter, libelle``; ``libelle`` is the French name of the type.

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
