"""Meetings: their calendar, who was asked and who came. Organisations are counted, never persons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.errors import Problem, suggestion
from ctgeval.programme.origin import place
from ctgeval.programme.partners import Directory

__all__ = ["GOVERNING", "TOGETHER", "attendance", "by_partner", "meetings", "problems"]

GOVERNING = ("COPIL", "COTECH")
"""Meetings of the instances of the convention, which PI05 is about."""
TOGETHER = "ensemble"
"""The two of them together, among the types of `attendance`."""
COLUMNS = (
    "date", "id", "type", "subject", "action", "method", "invited", "present", "asked", "came", "usable", "reason"
)  # fmt: skip
NO_COUNT = "Le nombre d’organismes invités ou présents n’est pas renseigné."
IMPOSSIBLE = "Le nombre de présents dépasse celui des invités."
NOBODY = "Aucun organisme n’était invité."


def meetings(instances: pd.DataFrame, known: Directory) -> pd.DataFrame:
    """Return the meetings in order of date.

    Parameters
    ----------
    instances : DataFrame
        Table ``instances``.
    known : Directory
        See `ctgeval.programme.partners.directory`.

    Returns
    -------
    DataFrame
        ``date, id, type, subject, action, method``; ``invited, present`` (float: as typed, or the length of the list
        when only the list is given, NaN when neither is); ``asked, came`` (frozenset of ids of partners);
        ``usable`` and ``reason``: whether the two numbers make a rate of attendance, and otherwise why not.
    """
    rows = []
    for row in instances[instances["date"].map(_told).astype(bool)].to_dict("records"):
        asked, came = known.ids(row["partenaires_invites"]), known.ids(row["partenaires_presents"])
        invited, present = _number(row["invites"], asked), _number(row["presents"], came)
        reason = _unusable(invited, present)
        texts = (_text(row[name]) for name in ("date", "id", "type", "sujet", "action", "methode"))
        rows.append((*texts, invited, present, asked, came, not reason, reason))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame = frame.astype({"invited": "float64", "present": "float64", "usable": "bool"})
    return frame.sort_values(["date", "id"], kind="stable").reset_index(drop=True)


def _number(typed: Any, named: frozenset[str]) -> float:
    if pd.notna(typed):
        return float(typed)
    return float(len(named)) if named else float("nan")


def _unusable(invited: float, present: float) -> str:
    if not (np.isfinite(invited) and np.isfinite(present)):
        return NO_COUNT
    if invited == 0 and present == 0:
        return NOBODY
    return "" if 0 <= present <= invited else IMPOSSIBLE


def attendance(held: pd.DataFrame, *, kinds: Sequence[str] = GOVERNING) -> pd.DataFrame:
    """Return the rate of attendance of each type of meeting, by half-year and by year (PI05).

    Parameters
    ----------
    held : DataFrame
        As `meetings` gives it.
    kinds : sequence of str
        Types of meetings; ``ensemble`` pools them.

    Returns
    -------
    DataFrame
        ``time_period, type, meetings, counted, presences, invitations, rate, reason``: ``meetings`` are those held,
        ``counted`` those whose two numbers are usable, and ``rate = 100 * presences / invitations``, sums over the
        meetings counted (a rate of rates would give as much weight to a small meeting); NaN with a reason when none is.
    """
    ours = held[held["type"].isin(kinds)]
    years = [day[:4] for day in ours["date"]]
    halves = [f"{day[:4]}-S{1 if int(day[5:7]) <= 6 else 2}" for day in ours["date"]]
    rows = []
    for periods in (halves, years):
        # A series: pandas would take a list of one text, that of a single meeting, for a list of keys.
        for period, inside in ours.groupby(pd.Series(periods, index=ours.index, dtype="str"), sort=True):
            for kind in (*kinds, TOGETHER):
                some = inside if kind == TOGETHER else inside[inside["type"].eq(kind)]
                if len(some):
                    rows.append((str(period), kind, *_rate(some)))
    columns = ["time_period", "type", "meetings", "counted", "presences", "invitations", "rate", "reason"]
    return pd.DataFrame(rows, columns=columns).astype({"rate": "float64", "presences": "float64"})


def _rate(some: pd.DataFrame) -> tuple[int, int, float, float, float, str]:
    good = some[some["usable"]]
    came, asked = float(good["present"].sum()), float(good["invited"].sum())
    reason = "" if asked else next(iter(some["reason"]))
    return len(some), len(good), came, asked, 100 * came / asked if asked else float("nan"), reason


def by_partner(held: pd.DataFrame, known: Directory) -> pd.DataFrame:
    """Return who was asked and who came, partner by partner; for the team and the COTECH alone.

    Returns
    -------
    DataFrame
        ``id, invitations, presences, rate, reason, last``: both counts are those of the meetings that list this partner
        among their guests; ``last`` is the date of the last meeting of any kind to which it came. Partners of the table
        first, in its order; one whom nobody ever asked, and who never came, has no row.
    """
    rows = []
    names = list(dict.fromkeys([*(partner.id for partner in known.partners), *sorted(_everybody(held))]))
    for name in names:
        came = [name in found for found in held["came"]]
        asked = [name in found for found in held["asked"]]
        days = [str(day) for day, there in zip(held["date"], came, strict=True) if there]
        invitations, presences = sum(asked), sum(a and c for a, c in zip(asked, came, strict=True))
        if invitations or days:
            rate = 100 * presences / invitations if invitations else float("nan")
            rows.append((name, invitations, presences, rate, "" if invitations else NOBODY, max(days, default="")))
    return pd.DataFrame(rows, columns=["id", "invitations", "presences", "rate", "reason", "last"])


def _everybody(held: pd.DataFrame) -> frozenset[str]:
    return frozenset().union(*held["asked"], *held["came"])


def problems(instances: pd.DataFrame, known: Directory, *, actions: pd.DataFrame | None = None) -> Iterator[Problem]:
    """Tell the numbers that can't be true, those that differ from their list, and the guests that were not asked."""
    plan = [] if actions is None else sorted(set(actions["id"].dropna().astype(str)))
    days: dict[tuple[str, str], str] = {}
    for row in instances.to_dict("records"):
        yield from _impossible(row)
        yield from _unlike_their_lists(row, known)
        if _text(row["type"]) in GOVERNING and _told(row["date"]):
            first = days.setdefault((row["type"], row["date"]), str(row["id"]))
            if first != str(row["id"]):
                yield _problem(
                    row,
                    f"Deux {row['type']} ont la même date : « {first} » et « {row['id']} ».",
                    "Gardez-en un seul s’il s’agit de la même réunion : ses présences comptent deux fois.",
                    "date",
                )
        if (action := _text(row["action"])) and action not in plan:
            yield _problem(
                row,
                f"L’action « {action} » n’est pas dans le plan d’actions.",
                suggestion(action, plan) or "Ajoutez-la au plan d’actions, ou corrigez son identifiant.",
                "action",
                action,
            )


def _impossible(row: dict[Any, Any]) -> Iterator[Problem]:
    invited, present = float(row["invites"]), float(row["presents"])
    if present > invited >= 0:
        yield _problem(
            row,
            f"{row['id']} compte plus de présents ({present:g}) que d’invités ({invited:g}) : "
            "cette réunion n’entre pas dans l’assiduité.",
            "Comptez parmi les présents les seuls invités, ou ajoutez les autres aux invités.",
            "presents",
            f"{present:g}",
        )
    missing = [name for name in ("invites", "presents") if pd.isna(row[name]) and not _told(row[f"partenaires_{name}"])]
    if row["type"] in GOVERNING and missing:
        yield _problem(
            row,
            f"{row['id']} n’entre pas dans l’assiduité : il manque le nombre d’invités ou de présents.",
            "Remplissez « invites » et « presents », ou les deux listes d’organismes.",
            missing[0],
        )


def _unlike_their_lists(row: dict[Any, Any], known: Directory) -> Iterator[Problem]:
    asked, came = known.ids(row["partenaires_invites"]), known.ids(row["partenaires_presents"])
    for column, named in (("invites", asked), ("presents", came)):
        number = row[column]
        if pd.notna(number) and named and number != len(named):
            told = french.plural(len(named), "organisme")
            yield _problem(
                row,
                f"{row['id']} : « {column} » vaut {number:g}, mais la liste compte {told}.",
                "Corrigez le nombre ou la liste ; d’ici là, c’est le nombre qui compte.",
                column,
                f"{number:g}",
            )
    if asked and (strangers := sorted(came - asked)):
        names = {partner.id: partner.label for partner in known.partners}
        told = french.enumeration([f"« {names.get(one, one)} »" for one in strangers])
        yield _problem(
            row,
            f"{row['id']} : {told} {'est' if len(strangers) == 1 else 'sont'} parmi les présents sans être parmi les "
            "invités.",
            "Ajoutez aux invités ceux qui l’étaient ; les autres ne comptent pas dans « presents ».",
            "partenaires_presents",
        )


def _problem(row: dict[Any, Any], message: str, remedy: str, column: str, value: str = "") -> Problem:
    return Problem(
        message=message,
        remedy=remedy,
        column=column,
        value=value,
        severity="avertissement",
        **place(row.get("origin")),
    )


def _told(value: object) -> bool:
    return bool(_text(value))


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
