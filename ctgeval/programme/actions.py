"""The plan of actions: each action at a date, every state it went through, and what moved between two dates.

A state is a row with its date: a new one is added, none is overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.errors import DossierError, suggestion
from ctgeval.french import fold
from ctgeval.programme.tables import ACTION_STATES, ACTIONS

__all__ = [
    "CHANGES", "COLUMNS", "DONE", "ENGAGED", "HISTORY", "STATE_LABELS", "changes", "counts", "current", "first_done",
    "history", "joined", "last_news", "state",
]  # fmt: skip

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
DONE = ("realisee", "perennisee")
"""States of an action that is done."""
_OF_THE_STATE = ("etat", "etat_date", "avancement_pct", "motif", "lien_preuve")
COLUMNS: tuple[str, ...] = (*(column.name for column in ACTIONS.columns), "history")
HISTORY = ("id", "intitule", "rank", "etat", "since", "until", "days", "rows", "avancement_pct", "motif", "fin")
CHANGES = ("id", "axe", "intitule", "kind", "before", "after", "day", "motif")


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
    known = known.iloc[np.argsort(known["etat_date"].to_numpy(dtype=object), kind="stable")]
    ids = known["id"].tolist()
    rows: dict[Any, list[int]] = {}
    for rank, name in enumerate(ids):
        rows.setdefault(name, []).append(rank)
    ordered = [rows[name] for name in dict.fromkeys(actions["id"]) if name in rows]
    told = {}
    for name in COLUMNS[:-1]:
        column = known[name] if name in known else pd.Series(np.nan, index=known.index)
        there = column.notna().tolist()
        # What was left blank keeps its last known value; what tells the state is that of its row.
        last = [
            own[-1] if name in _OF_THE_STATE else next((one for one in reversed(own) if there[one]), own[-1])
            for own in ordered
        ]
        told[name] = column.array.take(last)
    return pd.DataFrame(told | {"history": np.array([len(own) for own in ordered], dtype=np.int64)})


def _known(actions: pd.DataFrame, at: date | None) -> pd.DataFrame:
    last = at.isoformat() if at is not None else ""
    days = [day if isinstance(day, str) else "" for day in actions["etat_date"]]
    kept = [rank for rank, day in enumerate(days) if day and (not last or day <= last)]
    known = actions.iloc[kept].drop(columns="origin", errors="ignore")
    states = {text: state(str(text)) for text in dict.fromkeys(known["etat"])}
    known["etat"] = pd.array([states[text] for text in known["etat"]], dtype="str")
    known["etat_date"] = pd.array([days[rank] for rank in kept], dtype="str")
    return known


def last_news(actions: pd.DataFrame) -> date | None:
    """Return the date of the last state of a plan, None when it has none."""
    dates = actions["etat_date"].dropna().astype(str)
    return date.fromisoformat(dates.max()) if len(dates) else None


def joined(plan: pd.DataFrame, imported: pd.DataFrame) -> pd.DataFrame:
    """Add a plan that is imported again to the one that is known: its new states are added, none is overwritten.

    Parameters
    ----------
    plan, imported : DataFrame
        Tables ``actions``.

    Returns
    -------
    DataFrame
        The rows of ``plan``, then those of ``imported`` that tell another state or another date of an action. A row
        with the same id, date and state tells nothing new, whatever its wording: the one that is known is kept. A row
        with the same id and date and another state is kept too, and `ctgeval.programme.plan_checks.problems` tells it.
    """
    key = ["id", "etat_date", "etat"]
    known = set(plan[key].itertuples(index=False, name=None))
    new = [row not in known for row in imported[key].itertuples(index=False, name=None)]
    added = imported[pd.Series(new, index=imported.index, dtype=bool)]
    if plan.empty or added.empty:
        return (added if plan.empty else plan).reset_index(drop=True)
    return pd.concat([plan, added], ignore_index=True)


def history(actions: pd.DataFrame, *, at: date | None = None) -> pd.DataFrame:
    """Return every state of every action in order, with the time spent in it.

    Parameters
    ----------
    actions : DataFrame
        Table ``actions``.
    at : date, optional
        Later states are ignored, and the last stay is measured up to that day; by default it is not measured.

    Returns
    -------
    DataFrame
        One row per stay in a state (rows of news that repeat the state are one stay): `HISTORY`. ``since`` and
        ``until`` are dates, ``until`` empty for the stay that goes on; ``days`` is the number of days from one to the
        other (to ``at`` for the last), NaN when it is not known; ``rows`` counts the rows of news of the stay, and
        ``avancement_pct``, ``motif``, ``fin`` are those of its last row.

    Raises
    ------
    DossierError
        When a state is unknown.
    """
    known = _known(actions, at)
    rows: list[dict[str, Any]] = []
    for name in (one for one in dict.fromkeys(actions["id"]) if one in set(known["id"])):
        own = known[known["id"].eq(name)].sort_values("etat_date", kind="stable").to_dict("records")
        stays = [list(stay) for _, stay in groupby(own, key=lambda row: row["etat"])]
        starts = [str(stay[0]["etat_date"]) for stay in stays]
        ends = [*starts[1:], ""]
        for rank, (stay, start, end) in enumerate(zip(stays, starts, ends, strict=True), start=1):
            left = date.fromisoformat(end) if end else at
            rows.append(
                {
                    **{key: stay[-1].get(key) for key in ("id", "intitule", "etat", "avancement_pct", "motif", "fin")},
                    "rank": rank,
                    "since": start,
                    "until": end,
                    "days": float((left - date.fromisoformat(start)).days) if left else float("nan"),
                    "rows": len(stay),
                }
            )
    return pd.DataFrame(rows, columns=list(HISTORY))


def changes(actions: pd.DataFrame, *, since: date, until: date, milestones: pd.DataFrame | None = None) -> pd.DataFrame:
    """Tell what moved in the plan between two dates: what was known at the end of the first, and of the second.

    Parameters
    ----------
    actions : DataFrame
        Table ``actions``.
    since, until : date
        What happened on ``since`` itself is of before; what happened on ``until`` is of the span.
    milestones : DataFrame, optional
        Table ``jalons``: those reached or missed in the span are told too.

    Returns
    -------
    DataFrame
        `CHANGES`, one row per thing that moved, in the order of the plan. ``kind`` is ``nouvelle`` (no state was known
        before; ``after`` is its state), ``arretee`` (given up), ``etat`` (another state), ``debut`` and ``fin``
        (another date), ``jalon_franchi`` (``after`` is its name) or ``jalon_manque`` (due in the span and not reached
        at its end). ``before`` and ``after`` are codes of states or dates; ``day`` is when it was told or reached.
    """
    then, now = current(actions, at=since), current(actions, at=until)
    earlier = {row["id"]: row for row in then.to_dict("records")}
    rows: list[dict[str, Any]] = []
    for row in now.to_dict("records"):
        told = [*_moves(earlier.get(row["id"]), row), *_reached(row, milestones, since, until)]
        same = {**{name: row[name] for name in ("id", "axe", "intitule")}, "motif": "", "day": row["etat_date"]}
        rows += [same | one for one in told]
    return pd.DataFrame(rows, columns=list(CHANGES), dtype=object)


def _moves(before: dict[Any, Any] | None, now: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    state_, reason = now["etat"], _text(now["motif"])
    if before is None:
        yield {"kind": "nouvelle", "before": "", "after": state_, "motif": reason}
        return
    if before["etat"] != state_:
        kind = "arretee" if state_ == "abandonnee" else "etat"
        yield {"kind": kind, "before": before["etat"], "after": state_, "motif": reason}
    for name in ("debut", "fin"):
        old, new = _text(before[name]), _text(now[name])
        if old != new:
            yield {"kind": name, "before": old, "after": new, "motif": reason}


def _reached(
    action: dict[Any, Any], milestones: pd.DataFrame | None, since: date, until: date
) -> Iterator[dict[str, Any]]:
    if milestones is None:
        return
    first, last = since.isoformat(), until.isoformat()
    stopped = action["etat"] == "abandonnee"
    for row in milestones[milestones["action"].eq(action["id"])].to_dict("records"):
        due, done = _text(row["prevu_le"]), _text(row["realise_le"])
        if first < done <= last:
            yield {"kind": "jalon_franchi", "before": due, "after": row["intitule"], "day": done}
        elif first < due <= last and not (done and done <= last) and not stopped:
            yield {"kind": "jalon_manque", "before": due, "after": row["intitule"], "day": due}


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
    done = first_done(actions, at)
    on_time = due & pd.Series(
        [name in done and done[name] <= end for name, end in zip(now["id"], ends.fillna(""), strict=True)],
        index=now.index,
        dtype=bool,
    )
    still_done = now["etat"].isin(DONE)
    return {
        "actions_total": len(now),
        "actions_engagees": int(now["etat"].isin(ENGAGED).sum()),
        "actions_echues": int(due.sum()),
        "actions_realisees_a_echeance": int((on_time & still_done).sum()),
    }


def first_done(actions: pd.DataFrame, at: date) -> dict[Any, str]:
    """Return the first day on which each action was told done, up to a date."""
    known = _known(actions, at)
    return dict(known[known["etat"].isin(DONE)].groupby("id")["etat_date"].min())


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
