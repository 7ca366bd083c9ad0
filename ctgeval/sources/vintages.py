"""Vintages: which days a figure of a source describes, and which of its figures may be compared.

A year is not always a year: a census vintage rests on five years of surveys, a Caf figure is that of December, and a
series may have ended or been broken. These rules belong to the source: they are data that stand beside its reader
(`Format.vintages`), or that a ``[[source]]`` block names by its key ``millesimes``.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

from ctgeval import french, periods
from ctgeval.errors import SourceError, suggestion

__all__ = ["BPE", "BPE_PAIRS", "CAF", "CENSUS", "FILOSOFI", "PLAIN", "RULES", "Vintages", "rules"]

Moment = Literal["annee", "decembre", "janvier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vintages:
    """How the vintages of a source compare.

    Parameters
    ----------
    name : str
        As a ``[[source]]`` may name it: ``recensement``.
    years_before, years_after : int
        Years of collection around a vintage: two and two for the census.
    gap : int
        Fewest years between two vintages that may be compared.
    exact_gap : bool
        Whether vintages are comparable at that gap only: the producer makes pairs.
    comparable : bool
        False when no two vintages are.
    last : int or None
        Last vintage that was, or will be, produced.
    breaks : tuple of (int, str)
        First vintage of a new series, and a French sentence that says what changed.
    provisional_months : int
        Months after the end of a period during which its figures may still be revised.
    moment : {"annee", "decembre", "janvier"}
        What a yearly figure describes: the whole year, its last month, or its first day.
    reason : str
        Why near vintages are not compared: the end of a French sentence.
    caution : str
        A French sentence to read any change with; empty when there is none.
    postponed : int or None
        Year whose survey was put off to the next one: windows around it span six years, and `hint` says so.
    instead : str
        What to turn to when the series has ended: a French sentence; empty when there is nothing.

    References
    ----------
    Insee, «Le recensement de la population: comparer des millésimes» (at least five years apart); Insee, Filosofi 2021
    (last vintage; changes between near years discouraged); Insee, BPE 2023, «Comparabilité» (pairs five years apart);
    Cnaf, «Cafdata» (droits of December, consolidated after six months).
    """

    name: str
    years_before: int = 0
    years_after: int = 0
    gap: int = 0
    exact_gap: bool = False
    comparable: bool = True
    last: int | None = None
    breaks: tuple[tuple[int, str], ...] = ()
    provisional_months: int = 0
    moment: Moment = "annee"
    reason: str = ""
    caution: str = ""
    postponed: int | None = None
    instead: str = ""

    def span(self, period: str) -> tuple[date, date]:
        """Return the first and last day that a figure describes.

        Parameters
        ----------
        period : str
            Years are widened by the collection, or narrowed to December or to 1 January; other periods stand.

        Raises
        ------
        PeriodError
            When the period can't be read.
        """
        found = periods.parse(period)
        if found.frequency != "A":
            return found.start, found.end
        year = found.start.year
        if self.moment == "decembre":
            return date(year, 12, 1), date(year, 12, 31)
        if self.moment == "janvier":
            return date(year, 1, 1), date(year, 1, 1)
        return date(year - self.years_before, 1, 1), date(year + self.years_after, 12, 31)

    def objection(self, first: str, second: str) -> str:
        """Say in French why a figure of one period is not compared with one of another; empty when it may be.

        Parameters
        ----------
        first, second : str
            Two periods, in any order.

        Raises
        ------
        PeriodError
            When a period can't be read.
        """
        early, late = periods.sort([first, second])
        if early == late:
            return ""
        years = f"{french.period(early)} et {french.period(late)}"
        apart = periods.year(late) - periods.year(early)
        if not self.comparable:
            return f"Les millésimes {years} ne se comparent pas : {self.reason}."
        if self.exact_gap and apart != self.gap:
            return f"Les millésimes {years} ne se comparent pas : {self.reason}."
        if apart < self.gap:
            return (
                f"Les millésimes {years} ne se comparent pas : {self.reason} ; il faut au moins "
                f"{french.plural(self.gap, 'an')} d’écart."
            )
        for year, what in self.breaks:
            if periods.year(early) < year <= periods.year(late):
                return f"La série est rompue en {year} : {what}"
        return ""

    def hint(self, first: str, second: str) -> str:
        """Say in French what a change between two periods must be read with; empty when it stands by itself.

        Raises
        ------
        PeriodError
            When a period can't be read.
        """
        early, late = (periods.year(label) for label in periods.sort([first, second]))
        touched = self.postponed is not None and abs(late - self.postponed) <= self.years_before
        if not touched or early == late or late - early > self.gap:
            return self.caution
        told = (
            f"L’enquête de {self.postponed} a été reportée d’un an : autour d’elle, l’Insee publie lui-même des "
            f"évolutions sur {self.gap + 1} ans."
        )
        return f"{self.caution} {told}".strip()

    def provisional(self, period: str, published: date | None) -> bool:
        """Tell whether a figure may still be revised, given the day on which its file was published."""
        if published is None or not self.provisional_months:
            return False
        last = periods.end(period)
        months = last.year * 12 + last.month - 1 + self.provisional_months
        year, month = divmod(months, 12)
        due = date(year, month + 1, calendar.monthrange(year, month + 1)[1])
        return published < due


PLAIN = Vintages(name="annuel")
CENSUS = Vintages(
    name="recensement",
    years_before=2,
    years_after=2,
    gap=5,
    reason="chaque millésime du recensement repose sur cinq années d’enquêtes, et ceux-ci en partagent",
    postponed=2021,
)
FILOSOFI = Vintages(
    name="filosofi",
    last=2021,
    caution="L’Insee déconseille de lire une évolution entre deux millésimes proches de Filosofi.",
    instead="Les allocataires de la Caf (Cafdata : RSA, aides au logement) donnent une tendance plus récente.",
)
BPE = Vintages(
    name="bpe",
    comparable=False,
    breaks=((2021, "le répertoire Sirus a remplacé Sirene."),),
    moment="janvier",
    reason="seule la base « BPE en évolution », qui va de cinq ans en cinq ans, est faite pour cela",
)
BPE_PAIRS = Vintages(
    name="bpe_evolution",
    gap=5,
    exact_gap=True,
    moment="janvier",
    reason="la base « BPE en évolution » ne rapproche que deux millésimes distants de cinq ans",
)
CAF = Vintages(name="caf", moment="decembre", provisional_months=6)

RULES: Mapping[str, Vintages] = MappingProxyType(
    {each.name: each for each in (PLAIN, CENSUS, FILOSOFI, BPE, BPE_PAIRS, CAF)}
)
"""The rules that a ``[[source]]`` may name."""


def rules(name: str) -> Vintages:
    """Return rules by their name.

    Raises
    ------
    SourceError
        When none bears it, with the near ones.
    """
    if name not in RULES:
        raise SourceError(
            f"Aucune règle de millésimes ne s’appelle « {name} ».",
            remedy=suggestion(name, RULES) or f"Valeurs possibles : {', '.join(RULES)}.",
            key="millesimes",
            value=name,
        )
    return RULES[name]
