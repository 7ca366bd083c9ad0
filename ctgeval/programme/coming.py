"""What comes: the yearly calendar of a convention, its terms, and when each source should be heard of again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from ctgeval import french, periods

__all__ = ["YEARLY", "calendar", "next_period"]

YEARLY: Sequence[tuple[int, int, str]] = (
    (1, 31, "Note de veille du second semestre : ce qui a changé dans les besoins."),
    (3, 31, "Comptages des partenaires de l’année précédente ; indicateurs du comité départemental ; enquête Senacs."),
    (6, 30, "Bilan annuel : le COTECH valide les chiffres, le COPIL décide."),
    (7, 31, "Note de veille du premier semestre : ce qui a changé dans les besoins."),
    (9, 30, "Chapitre de la convention dans le rapport d’activité de l’intercommunalité aux maires (CGCT, L5211-39)."),
    (11, 30, "Événement annuel de la convention et fiche pour les habitants (date à fixer)."),
)
"""What a convention does each year: month, last day, what. Usual dates, to be adapted."""
_MONTHS = {"A": 12, "S": 6, "Q": 3, "M": 1, "SCOLAIRE": 12}


def calendar(
    day: dt.date,
    *,
    start: dt.date | None = None,
    end: dt.date | None = None,
    actions: pd.DataFrame,
    milestones: pd.DataFrame,
    until: dt.date | None = None,
) -> list[tuple[dt.date, str]]:
    """Return what comes after a day, in order.

    Parameters
    ----------
    day : date
        The day of the handover.
    start, end : date, optional
        First and last day of the convention.
    actions : DataFrame
        Actions as they stand: ``id, intitule, fin, etat``.
    milestones : DataFrame
        Table ``jalons``.
    until : date, optional
        Last day told; a year and a half later by default, or the end of the convention when it comes later.
    """
    last = until or max(day + dt.timedelta(days=548), end or day)
    found: list[tuple[dt.date, str]] = []
    years = range(day.year, min(last, day + dt.timedelta(days=548)).year + 1)
    found += [(dt.date(year, month, rank), text) for year in years for month, rank, text in YEARLY]
    if start and end:
        middle = start + (end - start) / 2
        found.append((middle, "Mi-parcours de la convention : bilan intermédiaire et, s’il le faut, avenant."))
        found.append(
            (dt.date(end.year, 1, 1), "Dernière année : évaluation finale et diagnostic à jour pour la suite.")
        )
        found.append((end, "Fin de la convention."))
    for row in actions.to_dict("records"):
        term = row.get("fin")
        if isinstance(term, str) and row["etat"] not in {"realisee", "perennisee", "abandonnee"}:
            found.append((dt.date.fromisoformat(term), f"Échéance de l’action {row['id']} – {row['intitule']}."))
    for row in milestones.to_dict("records"):
        if isinstance(row["prevu_le"], str) and not isinstance(row["realise_le"], str):
            planned = dt.date.fromisoformat(row["prevu_le"])
            found.append((planned, f"Étape de l’action {row['action']} : {row['intitule']}."))
    return sorted({(when, text) for when, text in found if day < when <= last})


def next_period(seen: Iterable[str]) -> str:
    """Return the period after the last of those that a source has given; empty when none can be read."""
    known = [text for text in seen if periods.is_period(text)]
    if not known:
        return ""
    # What comes most often is what the source counts: a year beside twelve months is their total.
    frequencies = [periods.parse(text).frequency for text in known]
    usual = max(sorted(set(frequencies)), key=frequencies.count)
    last = periods.parse(periods.latest([text for text, one in zip(known, frequencies, strict=True) if one == usual]))
    first = last.end + dt.timedelta(days=1)
    months = _MONTHS[usual]
    texts: Mapping[int, str] = {
        1: f"{first.year}-{first.month:02d}",
        3: f"{first.year}-Q{(first.month + 2) // 3}",
        6: f"{first.year}-S{1 if first.month <= 6 else 2}",
        12: f"{first.year}-{first.year + 1}" if usual == "SCOLAIRE" else str(first.year),
    }
    return texts[months]


def told(period: str) -> str:
    """Return a period in words, empty when there is none."""
    return french.period(period) if period else ""
