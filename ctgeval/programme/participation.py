"""Who took part, and how far: meetings, levels of the ladder, attendances; what can't be true in the register.

Attendances and distinct persons are two units. Attendances add up over dates and actions; distinct persons add up
over the bands of one meeting alone, where nobody is in two of them.

References
----------
Arnstein, S. (1969), A Ladder of Citizen Participation, Journal of the American Institute of Planners 35(4), in the
four levels that French collectivités use.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from ctgeval.errors import DossierError, Problem
from ctgeval.french import fold
from ctgeval.programme import age_bands
from ctgeval.programme.origin import place
from ctgeval.programme.registers import LADDER

__all__ = ["DIMENSIONS", "EVENTS", "LADDER_COLUMNS", "breakdown", "events", "ladder", "problems", "sex", "years"]

DIMENSIONS = ("tranche_age", "sexe", "secteur")
EVENTS = ("id", "action", "date", "annee", "type", "niveau", "presences", "personnes_distinctes")
LADDER_COLUMNS = ("action", "annee", *(name.replace("-", "_") for name in LADDER), "non_precise", "plus_haut")
_UNITS = ("presences", "personnes_distinctes")
_SEXES = {"f": "F", "femme": "F", "femmes": "F", "m": "M", "h": "M", "homme": "M", "hommes": "M"}


def sex(text: str) -> str:
    """Return ``F`` or ``M`` for what was written (F, femmes, H, hommes...); empty when it is neither."""
    return _SEXES.get(fold(text).strip(), "")


def events(participation: pd.DataFrame) -> pd.DataFrame:
    """Return one row per meeting, in order of date.

    Parameters
    ----------
    participation : DataFrame
        Table ``participation``: one row per meeting, or several of one ``id`` when it is broken down.

    Returns
    -------
    DataFrame
        Columns `EVENTS`. Counts are those of the row that is not broken down; without one, the largest sum of a
        breakdown by age, by sex or by sector; NaN when nobody counted.
    """
    known = participation[participation["date"].notna()]
    rows = []
    for name, group in known.groupby("id", sort=False):
        day = str(group["date"].min())
        rows.append(
            {
                "id": str(name),
                "action": _first(group["action"]),
                "date": day,
                "annee": int(day[:4]),
                "type": _first(group["type"]),
                "niveau": _first(group["niveau"]),
                **{unit: _total(group, unit) for unit in _UNITS},
            }
        )
    table = pd.DataFrame(rows, columns=list(EVENTS)).astype(dict.fromkeys(_UNITS, "float64"))
    return table.sort_values(["date", "id"], kind="stable").reset_index(drop=True)


def _total(group: pd.DataFrame, unit: str) -> float:
    """Return the count of a meeting: its own row, or the largest of its breakdowns."""
    whole = group[~_filled(group).any(axis=1)][unit].dropna()
    if len(whole):
        return float(whole.iloc[0])
    sums = [sum(found.values()) for name in DIMENSIONS if (found := _counts(group, name, unit))]
    return max(sums, default=math.nan)


def breakdown(
    participation: pd.DataFrame,
    event: str,
    dimension: str,
    *,
    units: Sequence[str] = ("personnes_distinctes", "presences"),
) -> tuple[dict[str, float], str]:
    """Return how many persons of one meeting are in each band.

    Parameters
    ----------
    participation : DataFrame
        Table ``participation``.
    event : str
        Its ``id``.
    dimension : {"tranche_age", "sexe", "secteur"}
    units : sequence of str
        The first that every band gives is taken: persons, by default, where they are known.

    Returns
    -------
    counts : dict of str to float
        By text of the band, in order of appearance; empty when the meeting is not broken down so.
    unit : str
        ``presences`` or ``personnes_distinctes``; empty with the counts.
    """
    group = participation[participation["id"].eq(event)]
    for unit in units:
        found = _counts(group, dimension, unit)
        if found:
            return found, unit
    return {}, ""


def _counts(group: pd.DataFrame, dimension: str, unit: str) -> dict[str, float]:
    """Add up the rows that name a band, those broken down by nothing else first; none when one of them is blank."""
    filled = _filled(group)
    others = filled[[name for name in DIMENSIONS if name != dimension]]
    ways = [tuple(way) if here else None for way, here in zip(others.to_numpy(), filled[dimension], strict=True)]
    crossed = sorted({way for way in ways if way is not None}, key=lambda way: (sum(way), way))
    if not crossed:
        return {}
    # Rows crossed in two ways tell the same persons twice: one way is kept, the simplest.
    kept = group[[way == crossed[0] for way in ways]]
    numbers = kept[unit].astype("float64")
    if numbers.isna().any() or numbers.lt(0).any():
        return {}
    return {str(band): float(count) for band, count in numbers.groupby(kept[dimension], sort=False).sum().items()}


def _filled(group: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: group[name].notna() & group[name].ne("") for name in DIMENSIONS})


def ladder(found: pd.DataFrame) -> pd.DataFrame:
    """Return the level of participation that each action reached, year by year and over all years.

    Parameters
    ----------
    found : DataFrame
        As `events` gives it.

    Returns
    -------
    DataFrame
        Columns `LADDER_COLUMNS`: one row per action and year, then one per action with an empty ``annee``; the number
        of meetings at each level, and the highest level reached (empty when no meeting tells its own). Meetings tied
        to no action have an empty ``action``.
    """
    rows = []
    for action, group in found.groupby("action", sort=True):
        spans = [*((str(year), part) for year, part in group.groupby("annee", sort=True)), ("", group)]
        for year, part in spans:
            counts = {name: int(part["niveau"].eq(name).sum()) for name in LADDER}
            reached = [name for name, count in counts.items() if count]
            rows.append(
                {
                    "action": str(action),
                    "annee": year,
                    **{name.replace("-", "_"): count for name, count in counts.items()},
                    "non_precise": len(part) - sum(counts.values()),
                    "plus_haut": reached[-1] if reached else "",
                }
            )
    return pd.DataFrame(rows, columns=list(LADDER_COLUMNS))


def years(found: pd.DataFrame) -> pd.DataFrame:
    """Return, year by year, the number of meetings at each level and their attendances.

    Parameters
    ----------
    found : DataFrame
        As `events` gives it.

    Returns
    -------
    DataFrame
        ``annee, temps, comptes, presences``, then one column per level: ``presences`` adds up the meetings whose
        attendances were counted (``comptes`` of them), NaN when none was. Distinct persons are not here: they add up
        over no date.
    """
    names = [name.replace("-", "_") for name in LADDER]
    rows = [
        {
            "annee": int(str(year)),
            "temps": len(group),
            "comptes": int(group["presences"].notna().sum()),
            "presences": float(group["presences"].sum(min_count=1)),
            **{name.replace("-", "_"): int(group["niveau"].eq(name).sum()) for name in LADDER},
        }
        for year, group in found.groupby("annee", sort=True)
    ]
    return pd.DataFrame(rows, columns=["annee", "temps", "comptes", "presences", *names])


def problems(participation: pd.DataFrame) -> list[Problem]:
    """Tell what can't be true: bands that can't be read, more persons than attendances, bands above their total."""
    return [*_rows(participation), *_meetings(participation)]


def _rows(participation: pd.DataFrame) -> Iterator[Problem]:
    for row in participation.to_dict("records"):
        where = place(row.get("origin"))
        band, gender = _text(row["tranche_age"]), _text(row["sexe"])
        if band:
            try:
                age_bands.parse(band)
            except DossierError as error:
                yield Problem(
                    message=f"{error.problem.message.rstrip('.')} : cette ligne n’entre dans aucune comparaison.",
                    remedy=error.problem.remedy,
                    column="tranche_age",
                    value=band,
                    severity="avertissement",
                    **where,
                )
        if gender and not sex(gender):
            yield Problem(
                message=f"« {gender} » n’est ni F, ni M : cette ligne n’entre dans aucune comparaison.",
                remedy="Écrivez F ou M, ou laissez la cellule vide pour l’ensemble.",
                column="sexe",
                value=gender,
                severity="avertissement",
                **where,
            )
        for unit in _UNITS:
            if _number(row[unit]) < 0:
                yield Problem(
                    message="Un nombre de participants ne peut pas être négatif.",
                    remedy="Corrigez le nombre, ou laissez la cellule vide s’il n’est pas connu.",
                    column=unit,
                    value=f"{row[unit]:g}",
                    severity="partiel",
                    **where,
                )
        if _number(row["personnes_distinctes"]) > _number(row["presences"]):
            yield Problem(
                message=f"Il y a plus de personnes différentes ({row['personnes_distinctes']:g}) que de présences "
                f"({row['presences']:g}).",
                remedy="Chaque personne compte au moins une présence : vérifiez les deux nombres.",
                column="personnes_distinctes",
                value=f"{row['personnes_distinctes']:g}",
                severity="partiel",
                **where,
            )


def _meetings(participation: pd.DataFrame) -> Iterator[Problem]:
    for name, group in participation.groupby("id", sort=True):
        where = place(group.iloc[0].get("origin"))
        for column, label in (("niveau", "niveaux"), ("date", "dates"), ("action", "actions")):
            told = sorted({_text(value) for value in group[column]} - {""})
            if len(told) > 1:
                yield Problem(
                    message=f"Les lignes de « {name} » donnent plusieurs {label} : {', '.join(told)}.",
                    remedy="Un temps de participation n’en a qu’un : écrivez le même sur toutes ses lignes, ou donnez "
                    "un autre identifiant.",
                    column=column,
                    value=told[-1],
                    severity="avertissement",
                    **where,
                )
        whole = group[~_filled(group).any(axis=1)]
        for unit in _UNITS:
            told_total = whole[unit].dropna()
            for dimension in DIMENSIONS:
                parts = sum(_counts(group, dimension, unit).values())
                if len(told_total) and parts > float(told_total.iloc[0]):
                    yield Problem(
                        message=f"La ventilation de « {name} » par {_said(dimension)} compte {parts:g}, plus que son "
                        f"total ({float(told_total.iloc[0]):g}).",
                        remedy="Corrigez le total ou la ventilation ; le total est retenu.",
                        column=unit,
                        value=f"{parts:g}",
                        severity="avertissement",
                        **where,
                    )


def _said(dimension: str) -> str:
    return {"tranche_age": "âge", "sexe": "sexe", "secteur": "secteur"}[dimension]


def _first(column: pd.Series[Any]) -> str:
    return next((_text(value) for value in column if _text(value)), "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float:
    return math.nan if pd.isna(value) else float(value)
