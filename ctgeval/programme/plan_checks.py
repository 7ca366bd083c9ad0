"""What can't be true in a plan of actions, its sheets and its milestones, each fault with its place and its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from ctgeval.errors import Problem, suggestion
from ctgeval.french import date, fold
from ctgeval.programme import actions as plan
from ctgeval.programme.origin import place

__all__ = ["DOUBTS", "doubtful", "problems"]

DOUBTS = ("id", "kind", "first", "second", "place")

_STOPPED = {"reportee", "abandonnee"}
_BACKWARDS = {("perennisee", "realisee"), ("perennisee", "en_cours"), ("perennisee", "non_engagee"),
              ("realisee", "en_cours"), ("realisee", "non_engagee"), ("en_cours", "non_engagee")}  # fmt: skip


def problems(actions: pd.DataFrame, milestones: pd.DataFrame, sheets: pd.DataFrame) -> list[Problem]:
    """Tell what can't be true in the tables ``actions``, ``jalons`` and ``fiches``.

    Parameters
    ----------
    actions, milestones, sheets : DataFrame
        Tables ``actions``, ``jalons``, ``fiches``.

    Returns
    -------
    list of Problem
        All of them warnings: a bilan can be made, and is wrong of that action alone.
    """
    found: list[Problem] = []
    for name in dict.fromkeys(actions["id"]):
        rows = actions[actions["id"].eq(name)].sort_values("etat_date", kind="stable").to_dict("records")
        found += [*_one_action(str(name), rows), *_states(str(name), rows)]
    known = list(dict.fromkeys(str(name) for name in actions["id"]))
    found += _unknown(milestones, known, "jalon")
    found += _unknown(sheets, known, "fiche")
    return [*found, *_milestones(milestones, actions)]


def doubtful(actions: pd.DataFrame, refused: Iterable[Problem] = ()) -> pd.DataFrame:
    """Return the actions whose id is perhaps that of two: those that nobody should read without knowing it.

    Parameters
    ----------
    actions : DataFrame
        Table ``actions``.
    refused : iterable of Problem
        What was found when the table was read: a row that repeats the id and the date of another is one of them.

    Returns
    -------
    DataFrame
        ``id, kind, first, second, place``: ``kind`` is ``intitule`` or ``axe`` (the two texts are ``first`` and
        ``second``) or ``date`` (``first`` is the title); ``place`` tells the rows.
    """
    repeated = {one.value: one for one in refused if one.column == "id" and one.severity == "partiel" and one.value}
    found = []
    for name in dict.fromkeys(actions["id"]):
        rows = actions[actions["id"].eq(name)].sort_values("etat_date", kind="stable").to_dict("records")
        last = rows[-1]
        for kind in ("intitule", "axe"):
            other = next((row for row in rows if fold(_text(row[kind])) != fold(_text(last[kind]))), None)
            if other is not None:
                told = _text(other["intitule"]), _text(last["intitule"])
                first, second = told if kind == "intitule" else (told[1], "")
                found.append((name, kind, first, second, _both(other, last)))
                break
        else:
            if name in repeated:
                found.append((name, "date", _text(last["intitule"]), "", repeated[name].place))
    return pd.DataFrame(found, columns=list(DOUBTS), dtype="str")


def _both(one: dict[Any, Any], other: dict[Any, Any]) -> str:
    lines = sorted(row for row in (place(one.get("origin"))["row"], place(other.get("origin"))["row"]) if row)
    return f"lignes {' et '.join(str(row) for row in lines)}"


def _one_action(name: str, rows: Sequence[dict[Any, Any]]) -> Iterator[Problem]:
    """Tell the rows that do not speak of the same action, or whose dates can't be."""
    first = rows[0]
    for row in rows:
        titles = (_text(first["intitule"]), _text(row["intitule"]))
        if fold(titles[0]) != fold(titles[1]):
            yield _warning(
                row,
                "intitule",
                titles[1],
                f"L’identifiant {name} porte deux intitulés : « {titles[0]} » et « {titles[1]} » "
                f"({_both(first, row)}).",
                "Si ce sont deux actions, donnez à l’une un autre identifiant ; sinon, gardez le même intitulé.",
            )
        axes = (_text(first["axe"]), _text(row["axe"]))
        if axes[0] != axes[1]:
            yield _warning(
                row,
                "axe",
                axes[1],
                f"L’action {name} change d’axe : « {axes[0]} », puis « {axes[1]} » ({_both(first, row)}).",
                "Écrivez le même axe sur toutes les lignes de l’action : le dernier est retenu.",
            )
        start, end = _text(row["debut"]), _text(row["fin"])
        if start and end and end < start:
            yield _warning(
                row,
                "fin",
                end,
                f"L’action {name} finit ({date(end)}) avant de commencer ({date(start)}).",
                "Corrigez l’une des deux dates.",
            )


def _states(name: str, rows: Sequence[dict[Any, Any]]) -> Iterator[Problem]:
    """Tell the states that contradict what was told before, or that lack what a reader needs."""
    before = ""
    dates = [str(row["etat_date"]) for row in rows if _text(row["etat_date"])]
    for row in rows:
        state, share = plan.state(str(row["etat"])), row["avancement_pct"]
        label = plan.STATE_LABELS[state].lower()
        if state in _STOPPED and not _text(row["motif"]):
            yield _warning(
                row,
                "motif",
                "",
                f"L’action {name} est {label} sans motif.",
                "Dites pourquoi dans la colonne « motif » : le bilan l’imprime.",
            )
        if state in plan.DONE and pd.notna(share) and float(share) < 100:
            yield _warning(
                row,
                "avancement_pct",
                f"{float(share):g}",
                f"L’action {name} est {label}, mais son avancement est de {float(share):g} %.",
                "Écrivez 100, ou corrigez l’état.",
            )
        if (before, state) in _BACKWARDS and not _text(row["motif"]):
            yield _warning(
                row,
                "etat",
                state,
                f"L’action {name} était {plan.STATE_LABELS[before].lower()} ; plus tard, elle est {label}.",
                "Vérifiez l’ordre des dates des états, ou dites pourquoi dans la colonne « motif ».",
            )
        before = state
    # Rows are read in the order of their dates: those written in another order were perhaps mistyped.
    if len(set(dates)) < len(dates):
        yield _warning(
            rows[-1],
            "etat_date",
            dates[-1],
            f"L’action {name} a deux états à la même date.",
            "Corrigez l’une des deux dates : le dernier écrit est retenu.",
        )


def _unknown(table: pd.DataFrame, known: Sequence[str], what: str) -> Iterator[Problem]:
    for row in table[~table["action"].isin(known)].to_dict("records"):
        yield _warning(
            row,
            "action",
            str(row["action"]),
            f"Ce{'tte' if what == 'fiche' else ''} {what} est d’une action, « {row['action']} », "
            "qui n’a aucun état dans le plan d’actions.",
            suggestion(str(row["action"]), known) or "Ajoutez l’action au plan, ou corrigez son identifiant.",
        )


def _milestones(milestones: pd.DataFrame, actions: pd.DataFrame) -> Iterator[Problem]:
    """Tell the milestones reached, or planned, before anything was known of their action."""
    starts: dict[Any, str] = {}
    for row in actions.to_dict("records"):
        told = [text for text in (_text(row["debut"]), _text(row["etat_date"])) if text]
        starts[row["id"]] = min([*told, *([starts[row["id"]]] if row["id"] in starts else [])], default="")
    for row in milestones.to_dict("records"):
        start = starts.get(row["action"], "")
        for name, said in (("realise_le", "franchi"), ("prevu_le", "prévu")):
            day = _text(row[name])
            if start and day and day < start:
                yield _warning(
                    row,
                    name,
                    day,
                    f"Le jalon « {row['intitule']} » est {said} le {date(day)}, avant le début de l’action "
                    f"{row['action']} ({date(start)}).",
                    "Corrigez la date du jalon, ou celle du début de l’action.",
                )
                break


def _warning(row: dict[Any, Any], column: str, value: str, message: str, remedy: str) -> Problem:
    return Problem(
        message=message,
        remedy=remedy,
        column=column,
        value=value,
        severity="avertissement",
        **place(row.get("origin")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
