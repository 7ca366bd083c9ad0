"""The calendar of the plan: terms put off, actions and milestones late at a date."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import pandas as pd

from ctgeval.programme import actions as plan

__all__ = ["MILESTONES", "SCHEDULE", "milestones", "schedule"]

SCHEDULE = ("id", "debut", "fin", "fin_initiale", "reports", "jours_report", "realisee_le", "jours_retard", "situation")
MILESTONES = ("action", "intitule", "prevu_le", "realise_le", "jours_retard", "situation", "prochain")


def schedule(actions: pd.DataFrame, *, at: date) -> pd.DataFrame:
    """Hold each action against its term, at a date.

    Parameters
    ----------
    actions : DataFrame
        Table ``actions``; states dated after ``at`` are not known yet.
    at : date
        Day at which delays are told.

    Returns
    -------
    DataFrame
        `SCHEDULE`, one row per action: ``fin`` the term as last told, ``fin_initiale`` the first one told,
        ``reports`` how many times it was put off, ``jours_report`` the days from the first term to the last (negative
        when it was brought forward, NaN when no term is told), ``realisee_le`` the first day it was done (empty when it
        is not), ``jours_retard`` the days between the term and the day it was done, or ``at`` when it is not done
        (0 in time; NaN without a term, or for an action given up). ``situation`` is ``realisee_a_temps``,
        ``realisee_en_retard``, ``en_retard``, ``dans_les_temps``, ``arretee`` or ``sans_echeance``.
    """
    now = plan.current(actions, at=at)
    dated = actions[actions["etat_date"].astype("string").le(at.isoformat()).fillna(False).astype(bool)]  # noqa: FBT003
    told = dated.sort_values("etat_date", kind="stable")
    terms = {name: [text for text in group if isinstance(text, str)] for name, group in told.groupby("id")["fin"]}
    done = plan.first_done(actions, at)
    rows = [_scheduled(row, terms.get(row["id"], []), done.get(row["id"], ""), at) for row in now.to_dict("records")]
    return pd.DataFrame(rows, columns=list(SCHEDULE))


def _scheduled(row: dict[Any, Any], terms: Sequence[str], done: str, at: date) -> dict[str, Any]:
    term, first = terms[-1] if terms else "", terms[0] if terms else ""
    finished = done if row["etat"] in plan.DONE else ""
    if row["etat"] == "abandonnee":
        late, situation = float("nan"), "arretee"
    elif not term:
        late, situation = float("nan"), "sans_echeance"
    else:
        late = float(max(0, _days(term, finished or at.isoformat())))
        if finished:
            situation = "realisee_en_retard" if late else "realisee_a_temps"
        else:
            situation = "en_retard" if late else "dans_les_temps"
    return {
        "id": row["id"],
        "debut": row["debut"] if isinstance(row["debut"], str) else "",
        "fin": term,
        "fin_initiale": first,
        "reports": sum(after > before for before, after in pairwise(terms)),
        "jours_report": float(_days(first, term)) if term else float("nan"),
        "realisee_le": finished,
        "jours_retard": late,
        "situation": situation,
    }


def milestones(jalons: pd.DataFrame, *, at: date, stopped: Collection[str] = ()) -> pd.DataFrame:
    """Hold each milestone against its date, at a date.

    Parameters
    ----------
    jalons : DataFrame
        Table ``jalons``.
    at : date
        A milestone reached later is not reached yet.
    stopped : collection of str
        Actions given up: their milestones that are not reached are awaited no more.

    Returns
    -------
    DataFrame
        `MILESTONES`, by action (in order of first appearance) and planned date: ``jours_retard`` the days between the
        planned date and the day it was reached, or ``at`` (0 when in time); ``situation`` is ``franchi``,
        ``franchi_en_retard``, ``en_retard``, ``a_venir`` or ``sans_objet``; ``prochain`` marks the first milestone of
        each action that is not reached.
    """
    ranks = {name: rank for rank, name in enumerate(dict.fromkeys(jalons["action"]))}
    rows: list[dict[str, Any]] = []
    waiting: set[str] = set()
    found = jalons[jalons["prevu_le"].notna()].to_dict("records")
    for row in sorted(found, key=lambda one: (ranks[one["action"]], one["prevu_le"])):
        reached = row["realise_le"] if isinstance(row["realise_le"], str) else ""
        reached = reached if reached <= at.isoformat() else ""
        late = max(0, _days(row["prevu_le"], reached or at.isoformat()))
        situations = ("franchi_en_retard", "franchi") if reached else ("en_retard", "a_venir")
        if not reached and row["action"] in stopped:
            situations, late = ("sans_objet", "sans_objet"), 0
            waiting.add(row["action"])
        rows.append(
            {
                **{name: row[name] for name in ("action", "intitule", "prevu_le")},
                "realise_le": reached,
                "jours_retard": float(late),
                "situation": situations[0] if late else situations[1],
                "prochain": not reached and row["action"] not in waiting,
            }
        )
        if not reached:
            waiting.add(row["action"])
    return pd.DataFrame(rows, columns=list(MILESTONES))


def _days(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days
