"""Workshops: how they were led, how many organisations came, what they contributed, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd

from ctgeval.errors import Problem, suggestion
from ctgeval.programme.origin import place

__all__ = ["ENDED", "KIND", "PENDING", "contributions", "problems", "workshops"]

KIND = "atelier"
"""Type of the meetings that are workshops."""
ENDED = ("retenue", "refusee")
"""Ends of a contribution; any other is still waited for."""
PENDING = "en attente"
STATES = ("retenue", "refusee", "en cours", PENDING)


def contributions(
    told: pd.DataFrame, held: pd.DataFrame, plan: pd.DataFrame, *, at: date | None = None
) -> pd.DataFrame:
    """Return each contribution with its end, or how long it has been waiting for one.

    Parameters
    ----------
    told : DataFrame
        Table ``contributions``.
    held : DataFrame
        As `ctgeval.programme.instances.meetings` gives it.
    plan : DataFrame
        Table ``actions``.
    at : date, optional
        Day at which one looks; without it, nothing is said of the time that passed.

    Returns
    -------
    DataFrame
        ``id, workshop, date, text, state, action, action_label, answered, reason, waiting``: ``state`` is ``retenue``,
        ``refusee``, ``en cours`` or ``en attente`` (nothing is written); ``waiting`` the days from the workshop to
        ``at`` of one that has no end, NaN for the others; in order of date, then of the table.
    """
    dates = dict(zip(held["id"], held["date"], strict=True))
    labels = dict(zip(plan["id"], plan["intitule"], strict=True))
    rows = []
    for row in told.to_dict("records"):
        day, state = dates.get(row["atelier"], ""), _text(row["suite"]) or PENDING
        waits = at is not None and state not in ENDED and day and date.fromisoformat(day) <= at
        days = float((at - date.fromisoformat(day)).days) if waits and at is not None else float("nan")
        action = _text(row["action"])
        texts = (_text(row["id"]), _text(row["atelier"]), day, _text(row["texte"]), state)
        rest = (action, _text(labels.get(action)), _text(row["reponse_le"]), _text(row["motif"]), days)
        rows.append((*texts, *rest))
    columns = ["id", "workshop", "date", "text", "state", "action", "action_label", "answered", "reason", "waiting"]
    frame = pd.DataFrame(rows, columns=columns).astype({"waiting": "float64"})
    return frame.sort_values("date", kind="stable").reset_index(drop=True)


def workshops(held: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return one row per workshop, in order of date, and what became of its contributions.

    Parameters
    ----------
    held : DataFrame
        As `ctgeval.programme.instances.meetings` gives it.
    found : DataFrame
        As `contributions` gives it.

    Returns
    -------
    DataFrame
        ``date, id, subject, method, organisations`` (their number, NaN when it is not known), ``came`` (ids),
        ``contributions, retenue, refusee, en_cours, en_attente, actions`` (different actions that take some over).
    """
    ours = held[held["type"].eq(KIND)]
    rows = []
    for row in ours.to_dict("records"):
        own = found[found["workshop"].eq(row["id"])]
        counts = [int(own["state"].eq(state).sum()) for state in STATES]
        taken = own.loc[own["state"].eq("retenue") & own["action"].ne(""), "action"].nunique()
        what = (row["date"], row["id"], row["subject"], row["method"], row["present"], row["came"])
        rows.append((*what, len(own), *counts, taken))
    columns = [
        "date", "id", "subject", "method", "organisations", "came", "contributions",
        *(state.replace(" ", "_") for state in STATES), "actions",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"organisations": "float64"})


def problems(told: pd.DataFrame, held: pd.DataFrame, plan: pd.DataFrame) -> Iterator[Problem]:
    """Tell the contributions of no workshop, and those whose end is not said in full."""
    kinds = dict(zip(held["id"], held["type"], strict=True))
    dates = dict(zip(held["id"], held["date"], strict=True))
    ids = sorted({str(name) for name in plan["id"]})
    for row in told.to_dict("records"):
        workshop, action, state = _text(row["atelier"]), _text(row["action"]), _text(row["suite"])
        if kinds.get(workshop) != KIND:
            workshops_ = sorted(name for name, kind in kinds.items() if kind == KIND)
            what = f"« {workshop} » n’est pas un atelier de la table « instances »"
            yield _problem(
                row,
                f"{what} : cette contribution n’est comptée dans aucun atelier.",
                suggestion(workshop, workshops_) or "Ajoutez l’atelier à « instances », avec le type « atelier ».",
                "atelier",
                workshop,
            )
        if action and action not in ids:
            remedy = suggestion(action, ids) or "Ajoutez-la au plan d’actions, ou corrigez son identifiant."
            yield _problem(row, f"L’action « {action} » n’est pas dans le plan d’actions.", remedy, "action", action)
        if state == "retenue" and not action:
            yield _problem(
                row,
                f"La contribution {row['id']} est retenue sans dire par quelle action.",
                "Écrivez l’identifiant de l’action qui la reprend, ou « en cours ».",
                "action",
            )
        if state == "refusee" and not _text(row["motif"]):
            yield _problem(
                row,
                f"La contribution {row['id']} est refusée sans motif.",
                "Dites pourquoi dans la colonne « motif » : le bilan l’imprime.",
                "motif",
            )
        answered, day = _text(row["reponse_le"]), _text(dates.get(workshop))
        if answered and day and answered < day:
            yield _problem(
                row,
                f"La réponse à {row['id']} ({answered}) précède l’atelier ({day}).",
                "Corrigez l’une des deux dates.",
                "reponse_le",
                answered,
            )


def last_day(*frames: pd.DataFrame) -> date | None:
    """Return the last day that tables know of (``date``, ``etat_date``, ``reponse_le``); None when there is none."""
    days = [
        _text(day)
        for frame in frames
        for name in ("date", "etat_date", "reponse_le")
        if name in frame
        for day in frame[name]
    ]
    known = max(days, default="")
    return date.fromisoformat(known) if known else None


def _problem(row: dict[Any, Any], message: str, remedy: str, column: str, value: str = "") -> Problem:
    return Problem(
        message=message,
        remedy=remedy,
        column=column,
        value=value,
        severity="avertissement",
        **place(row.get("origin")),
    )


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
