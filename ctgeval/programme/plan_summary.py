"""The plan in a few numbers: by axe, and by dispositif."""

from __future__ import annotations

import re
from datetime import date

import pandas as pd

from ctgeval.french import fold
from ctgeval.programme import actions as plan
from ctgeval.programme.schedule import schedule
from ctgeval.programme.tables import ACTION_STATES

__all__ = ["by_axis", "by_scheme", "schemes"]


def by_axis(actions: pd.DataFrame, *, at: date | None = None) -> pd.DataFrame:
    """Count the actions of each axe by state, at a date, with how far they are.

    Parameters
    ----------
    actions : DataFrame
        Table ``actions``.
    at : date, optional
        The day of the last news of the plan by default.

    Returns
    -------
    DataFrame
        One row per axe, in order of first appearance: ``axe``, one column per state, ``total``, ``en_retard`` (term
        passed, neither done nor given up), ``avancement_moyen`` (mean of ``avancement_pct``, in hundredths, over the
        ``avancement_n`` actions that tell it and are not given up; NaN when none does).
    """
    day = at or plan.last_news(actions) or date.min
    now = plan.current(actions, at=day)
    late = set(schedule(actions, at=day).query("situation == 'en_retard'")["id"])
    rows = []
    for axis in dict.fromkeys(now["axe"]):
        own = now[now["axe"].eq(axis)]
        told = own.loc[own["etat"].ne("abandonnee"), "avancement_pct"].astype("float64").dropna()
        rows.append(
            {
                "axe": axis,
                **{state: int(own["etat"].eq(state).sum()) for state in ACTION_STATES},
                "total": len(own),
                "en_retard": int(own["id"].isin(late).sum()),
                "avancement_moyen": float(told.mean()) if len(told) else float("nan"),
                "avancement_n": len(told),
            }
        )
    columns = ["axe", *ACTION_STATES, "total", "en_retard", "avancement_moyen", "avancement_n"]
    return pd.DataFrame(rows, columns=columns)


def schemes(text: object) -> tuple[str, ...]:
    """Return the dispositifs that a cell names, split on semicolons and commas, each once."""
    found: dict[str, str] = {}
    for part in re.split(r"[;,]", text) if isinstance(text, str) else ():
        if part.strip():
            found.setdefault(fold(part).strip(), part.strip())
    return tuple(found.values())


def by_scheme(actions: pd.DataFrame, *, at: date | None = None) -> pd.DataFrame:
    """Count the actions that belong to each dispositif, at a date.

    Returns
    -------
    DataFrame
        ``dispositif, actions``, the most frequent first. An action may belong to several: the counts do not add up.
    """
    now = plan.current(actions, at=at)
    spelled: dict[str, str] = {}
    counted: dict[str, int] = {}
    for text in now["dispositifs"]:
        for name in schemes(text):
            key = fold(name)
            spelled.setdefault(key, name)
            counted[key] = counted.get(key, 0) + 1
    rows = sorted(((spelled[key], number) for key, number in counted.items()), key=lambda pair: (-pair[1], pair[0]))
    return pd.DataFrame(rows, columns=["dispositif", "actions"])
