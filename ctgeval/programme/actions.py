"""The plan of actions: the last state of each action, and the count of states by axe."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pandas as pd

from ctgeval.errors import DossierError, Problem, suggestion
from ctgeval.french import fold
from ctgeval.programme.origin import place
from ctgeval.programme.tables import ACTION_STATES, ACTIONS

__all__ = ["COLUMNS", "ENGAGED", "STATE_LABELS", "counts", "current", "problems", "state", "summary"]

STATE_LABELS = {
    "non_engagee": "Non engagée",
    "en_cours": "En cours",
    "realisee": "Réalisée",
    "perennisee": "Pérennisée",
    "reportee": "Reportée",
    "abandonnee": "Abandonnée",
}
ENGAGED = ("en_cours", "realisee", "perennisee")
"""States of an action that has begun and goes on, or is done."""
_DONE = ("realisee", "perennisee")
_OF_THE_STATE = ("etat", "etat_date", "avancement_pct", "motif", "lien_preuve")
COLUMNS: tuple[str, ...] = (*(column.name for column in ACTIONS.columns), "history")


def state(text: str) -> str:
    """Return the state that a text names, whatever its case, accents, spaces and gender: « Réalisé » is ``realisee``.

    Raises
    ------
    DossierError
        When no state has that name; the near ones are in the remedy.
    """
    word = re.sub(r"[^a-z]+", "_", fold(text)).strip("_")
    for candidate in (word, f"{word}e"):
        if candidate in ACTION_STATES:
            return candidate
    raise DossierError(
        f"« {text} » n’est pas un état d’action.",
        remedy=suggestion(word, ACTION_STATES) or f"États possibles : {', '.join(STATE_LABELS.values())}.",
        value=text,
    )


def current(actions: pd.DataFrame, *, at: date | None = None) -> pd.DataFrame:
    """Return each action as it stands at a date.

    Parameters
    ----------
    actions : DataFrame
        Table ``actions``: one row per action and state.
    at : date, optional
        Later states are ignored, and so are the actions that had none yet; by default every state counts.

    Returns
    -------
    DataFrame
        One row per action, in order of first appearance: the columns of the table, and ``history``, the number of
        states known. What describes the action (``objectif``, ``pilote``...) and was left blank in a later row keeps
        its last known value; ``avancement_pct`` and ``motif`` are those of the last state only.

    Raises
    ------
    DossierError
        When a state is unknown.
    """
    known = _known(actions, at)
    if known.empty:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS}).astype({"history": "int64"})
    first = {name: rank for rank, name in enumerate(dict.fromkeys(actions["id"]))}
    known = known.sort_values("etat_date", kind="stable")
    groups = known.groupby("id", sort=False)
    last = known.groupby("id", sort=False).tail(1).set_index("id")
    latest = groups.last()
    for name in _OF_THE_STATE:
        if name in last:
            latest[name] = last[name]
    latest["history"] = groups.size().astype("int64")
    ordered = latest.reset_index().sort_values("id", key=lambda ids: ids.map(first), kind="stable")
    return ordered.reindex(columns=list(COLUMNS)).reset_index(drop=True)


def _known(actions: pd.DataFrame, at: date | None) -> pd.DataFrame:
    dates = actions["etat_date"].astype("string")
    kept = dates.notna() if at is None else dates.notna() & dates.le(at.isoformat()).fillna(False)  # noqa: FBT003
    known = actions[kept.astype(bool)].drop(columns="origin", errors="ignore").copy()
    known["etat"] = [state(str(text)) for text in known["etat"]]
    known["etat_date"] = dates[known.index].astype(str)
    return known


def summary(actions: pd.DataFrame, at: date | None = None) -> pd.DataFrame:
    """Count the actions of each axe by state, at a date.

    Returns
    -------
    DataFrame
        One row per axe, in order of first appearance: ``axe``, one column per state, ``total``.
    """
    now = current(actions, at=at)
    table = pd.crosstab(now["axe"], now["etat"]) if len(now) else pd.DataFrame(index=pd.Index([], name="axe"))
    table = table.reindex(index=list(dict.fromkeys(now["axe"])), columns=list(ACTION_STATES), fill_value=0)
    table = table.astype("int64").rename_axis(columns=None, index="axe")
    return table.assign(total=table.sum(axis=1).astype("int64")).reset_index()


def counts(actions: pd.DataFrame, *, at: date) -> dict[str, int]:
    """Count what PI01 and PI02 are made of, at a date.

    Returns
    -------
    dict
        ``actions_total``; ``actions_engagees``; ``actions_echues`` (whose ``fin`` is not after the date);
        ``actions_realisees_a_echeance`` (those, done at a date that is not after their ``fin``).
    """
    now = current(actions, at=at)
    ends = now["fin"].astype("string")
    due = ends.le(at.isoformat()).fillna(False).astype(bool)  # noqa: FBT003
    done = _first_done(actions, at)
    on_time = due & pd.Series(
        [name in done and done[name] <= end for name, end in zip(now["id"], ends.fillna(""), strict=True)],
        index=now.index,
        dtype=bool,
    )
    still_done = now["etat"].isin(_DONE)
    return {
        "actions_total": len(now),
        "actions_engagees": int(now["etat"].isin(ENGAGED).sum()),
        "actions_echues": int(due.sum()),
        "actions_realisees_a_echeance": int((on_time & still_done).sum()),
    }


def _first_done(actions: pd.DataFrame, at: date) -> dict[Any, str]:
    known = _known(actions, at)
    return dict(known[known["etat"].isin(_DONE)].groupby("id")["etat_date"].min())


def problems(actions: pd.DataFrame) -> list[Problem]:
    """Tell what can't be true in a plan: an end before its start, an action in two axes, a stop without a reason."""
    found: list[Problem] = []
    axes: dict[str, str] = {}
    for row in actions.to_dict("records"):
        name, start, end = str(row["id"]), _text(row["debut"]), _text(row["fin"])
        where = place(row.get("origin"))
        if start and end and end < start:
            found.append(
                Problem(
                    message=f"L’action {name} finit ({end}) avant de commencer ({start}).",
                    remedy="Corrigez l’une des deux dates.",
                    column="fin",
                    value=end,
                    **where,
                )
            )
        axe = axes.setdefault(name, str(row["axe"]))
        if axe != str(row["axe"]):
            found.append(
                Problem(
                    message=f"L’action {name} change d’axe : « {axe} », puis « {row['axe']} ».",
                    remedy="Écrivez le même axe sur toutes les lignes de l’action : le dernier est retenu.",
                    column="axe",
                    value=str(row["axe"]),
                    severity="avertissement",
                    **where,
                )
            )
        if state(str(row["etat"])) in {"reportee", "abandonnee"} and not _text(row["motif"]):
            found.append(
                Problem(
                    message=f"L’action {name} est {STATE_LABELS[state(str(row['etat']))].lower()} sans motif.",
                    remedy="Dites pourquoi dans la colonne « motif » : le bilan l’imprime.",
                    column="motif",
                    severity="avertissement",
                    **where,
                )
            )
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
