"""The register of recommendations: what was proposed, what was decided of it, by whom and when."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

import pandas as pd

from ctgeval.errors import Problem, suggestion
from ctgeval.programme.origin import place

__all__ = ["DECIDED", "STATE_LABELS", "STEP_COLUMNS", "problems", "register", "steps"]

STATE_LABELS: Mapping[str, str] = {
    "proposee": "Proposée",
    "acceptee": "Acceptée",
    "amendee": "Amendée",
    "refusee": "Refusée",
    "faite": "Faite",
}
DECIDED = ("acceptee", "amendee", "refusee", "faite")
STEP_COLUMNS = ("id", "date", "origine", "texte", "etat", "etat_le", "instance", "chiffre", "action", "motif", "rang")


def steps(recommendations: pd.DataFrame) -> pd.DataFrame:
    """Return every state of every recommendation, in the order in which they came.

    Returns
    -------
    DataFrame
        Columns `STEP_COLUMNS`: ``etat_le`` is the day of the decision, or that of the proposal; ``rang`` counts the
        states of a recommendation from 1. What a later row leaves blank keeps its last known value.
    """
    if recommendations.empty:
        return pd.DataFrame(columns=list(STEP_COLUMNS)).astype({"rang": "int64"})
    kept = recommendations.reindex(columns=[name for name in STEP_COLUMNS if name not in {"etat_le", "rang"}]
                                   + ["decidee_le"]).copy()  # fmt: skip
    kept["etat_le"] = kept["decidee_le"].where(kept["decidee_le"].notna(), kept["date"]).astype("string").fillna("")
    order = {state: rank for rank, state in enumerate(STATE_LABELS)}
    kept = kept.assign(order=kept["etat"].map(order)).sort_values(["etat_le", "order"], kind="stable")
    groups = kept.groupby("id", sort=False)
    for name in ("origine", "texte", "chiffre", "action"):
        kept[name] = groups[name].ffill()
    kept["date"] = groups["date"].transform("first")
    kept["rang"] = (groups.cumcount() + 1).astype("int64")
    return kept.sort_values(["id", "rang"], kind="stable").reindex(columns=list(STEP_COLUMNS)).reset_index(drop=True)


def register(recommendations: pd.DataFrame, *, at: date | None = None) -> pd.DataFrame:
    """Return each recommendation as it stands at a date; those proposed later are left out."""
    found = steps(recommendations)
    if at is not None:
        found = found[found["etat_le"].le(at.isoformat())]
    return found.groupby("id", sort=True).tail(1).sort_values("id", kind="stable").reset_index(drop=True)


def problems(recommendations: pd.DataFrame, *, actions: Collection[str]) -> Iterator[Problem]:
    """Tell decisions without a body or a day, days out of order, and ids that two recommendations share.

    Parameters
    ----------
    recommendations : DataFrame
        Table ``recommandations``.
    actions : collection of str
        Ids of the plan of actions.
    """
    first: dict[str, str] = {}
    for row in recommendations.to_dict("records"):
        yield from _of_row(row, actions)
        day = _text(row["date"])
        if first.setdefault(str(row["id"]), day) != day:
            yield _told(
                row,
                f"Deux préconisations portent l’identifiant {row['id']} : leurs dates diffèrent.",
                "Donnez à chacune son identifiant ; d’un état à l’autre, la date reste celle de la préconisation.",
                "id",
                str(row["id"]),
            )
    for name, group in recommendations.groupby("id", sort=True):
        accepted = group.loc[group["etat"].isin(["acceptee", "amendee"]), "decidee_le"].dropna()
        done = group.loc[group["etat"].eq("faite"), "decidee_le"].dropna()
        if len(accepted) and len(done) and done.min() < accepted.min():
            row = group[group["etat"].eq("faite")].iloc[0].to_dict()
            yield _told(
                row,
                f"La préconisation {name} est faite ({done.min()}) avant d’être acceptée ({accepted.min()}).",
                "Corrigez l’une des deux dates.",
                "decidee_le",
                str(done.min()),
            )


def _of_row(row: Mapping[Any, Any], actions: Collection[str]) -> Iterator[Problem]:
    name, state = str(row["id"]), str(row["etat"])
    body, day, action = _text(row["instance"]), _text(row["decidee_le"]), _text(row["action"])
    if state in DECIDED:
        for column, value, what in (("instance", body, "qui l’a décidé"), ("decidee_le", day, "quand")):
            if not value:
                yield _told(
                    row,
                    f"La préconisation {name} est {STATE_LABELS[state].lower()} sans que l’on sache {what}.",
                    "Écrivez l’instance, par exemple COPIL, et la date de sa décision.",
                    column,
                )
    if day and _text(row["date"]) and day < _text(row["date"]):
        yield _told(
            row,
            f"La préconisation {name} est décidée ({day}) avant d’être proposée ({row['date']}).",
            "Corrigez l’une des deux dates.",
            "decidee_le",
            day,
        )
    if action and action not in actions:
        yield _told(
            row,
            f"L’action « {action} » n’est pas dans le plan d’actions.",
            suggestion(action, actions) or "Ajoutez-la au plan d’actions, ou corrigez son identifiant.",
            "action",
            action,
        )


def _told(row: Mapping[Any, Any], message: str, remedy: str, column: str, value: str = "") -> Problem:
    return Problem(message=message, remedy=remedy, column=column, value=value, severity="avertissement",
                   **place(row.get("origin")))  # fmt: skip


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
