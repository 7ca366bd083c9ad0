"""Periods as texts: parsed, ordered, compared with one another and with a date.

Five spellings are understood: a year ``2021``, a half-year ``2021-S1``, a quarter ``2021-Q3``, a month ``2021-09`` and
a school year ``2021-2022`` (1 September to 31 August).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from ctgeval.errors import PeriodError

if TYPE_CHECKING:
    import pandas as pd

Frequency = Literal["A", "S", "Q", "M", "SCOLAIRE"]
Position = Literal["avant", "apres", "a_cheval"]

SPELLINGS = "2021, 2021-S1, 2021-Q3, 2021-09 ou 2021-2022 (année scolaire)"

_FIRST_YEAR, _LAST_YEAR = 1800, 2199
_PATTERN = re.compile(
    r"(?P<year>\d{4})(?:-(?:S(?P<half>\d)|[QT](?P<quarter>\d)|(?P<month>\d{2})|(?P<next>\d{4})))?",
    re.ASCII | re.IGNORECASE,
)

__all__ = [
    "SPELLINGS",
    "Frequency",
    "Period",
    "Position",
    "contains",
    "end",
    "is_period",
    "latest",
    "normalise",
    "normalise_series",
    "overlap",
    "parse",
    "position",
    "sort",
    "sort_key",
    "start",
    "year",
]


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days that has a name.

    Parameters
    ----------
    text : str
        The normalised spelling, such as ``2021-Q3``.
    start, end : datetime.date
        First and last day, both inside the period.
    frequency : {"A", "S", "Q", "M", "SCOLAIRE"}
        Year, half-year, quarter, month or school year.
    """

    text: str
    start: date
    end: date
    frequency: Frequency

    def __str__(self) -> str:
        return self.text


def parse(text: str | int) -> Period:
    """Read a period.

    Parameters
    ----------
    text : str or int
        One of the five spellings; ``2021-T3`` is understood as ``2021-Q3``, spaces around and case don't count.

    Raises
    ------
    PeriodError
        When it is none of them, or names a half-year, quarter or month that does not exist, or spans several years.

    Examples
    --------
    >>> parse("2021-t3")
    Period(text='2021-Q3', start=datetime.date(2021, 7, 1), end=datetime.date(2021, 9, 30), frequency='Q')
    """
    return _parse(str(text))


@lru_cache(maxsize=4096)
def _parse(text: str) -> Period:
    found = _PATTERN.fullmatch(text.strip())
    if found is None:
        raise PeriodError(
            "La période n’est pas lisible.", remedy=f"Écrivez-la sous l’une de ces formes : {SPELLINGS}.", value=text
        )
    first = int(found["year"])
    if not _FIRST_YEAR <= first <= _LAST_YEAR:
        raise PeriodError(
            f"L’année {first} n’est pas plausible.",
            remedy=f"Donnez une année entre {_FIRST_YEAR} et {_LAST_YEAR}.",
            value=text,
        )
    if found["half"]:
        return _part(first, int(found["half"]), "S", text)
    if found["quarter"]:
        return _part(first, int(found["quarter"]), "Q", text)
    if found["month"]:
        return _part(first, int(found["month"]), "M", text)
    if found["next"]:
        return _school_year(first, int(found["next"]), text)
    return Period(f"{first}", date(first, 1, 1), date(first, 12, 31), "A")


_PARTS: dict[Frequency, tuple[int, str, str]] = {
    "S": (6, "Le semestre", "S1 ou S2"),
    "Q": (3, "Le trimestre", "Q1 à Q4"),
    "M": (1, "Le mois", "un mois de 01 à 12"),
}


def _part(first: int, rank: int, frequency: Frequency, text: str) -> Period:
    months, noun, allowed = _PARTS[frequency]
    if not 1 <= rank <= 12 // months:
        raise PeriodError(f"{noun} {rank} n’existe pas.", remedy=f"Donnez {allowed}.", value=text)
    last_month = rank * months
    name = f"{first}-{rank:02d}" if frequency == "M" else f"{first}-{frequency}{rank}"
    last_day = calendar.monthrange(first, last_month)[1]
    return Period(name, date(first, last_month - months + 1, 1), date(first, last_month, last_day), frequency)


def _school_year(first: int, second: int, text: str) -> Period:
    if second != first + 1:
        raise PeriodError(
            f"« {text.strip()} » n’est pas une année scolaire : les deux années ne se suivent pas.",
            remedy=f"Écrivez {first}-{first + 1} pour une année scolaire, ou une ligne par année.",
            value=text,
        )
    return Period(f"{first}-{second}", date(first, 9, 1), date(second, 8, 31), "SCOLAIRE")


def is_period(text: str | int) -> bool:
    """Tell whether a text can be read as a period."""
    try:
        parse(text)
    except PeriodError:
        return False
    return True


def normalise(text: str | int) -> str:
    """Return the one spelling of a period.

    Raises
    ------
    PeriodError
        When it can't be read.
    """
    return parse(text).text


def normalise_series(series: pd.Series[Any]) -> pd.Series[Any]:
    """Normalise a column of periods, each distinct text being read once.

    Parameters
    ----------
    series : pandas.Series of str
        Periods; missing values stay missing.

    Returns
    -------
    pandas.Series of str
        Same index and name.

    Raises
    ------
    PeriodError
        At the first text that can't be read.
    """
    spelling = {text: normalise(text) for text in series.dropna().unique()}
    return series.map(spelling, na_action="ignore").astype("str" if series.notna().all() else series.dtype)


def start(text: str | int) -> date:
    """Return the first day of a period (raises PeriodError as `parse`)."""
    return parse(text).start


def end(text: str | int) -> date:
    """Return the last day of a period (raises PeriodError as `parse`)."""
    return parse(text).end


def year(text: str | int) -> int:
    """Return the year in which a period ends: 2022 for the school year ``2021-2022``."""
    return parse(text).end.year


def sort_key(text: str | int) -> tuple[date, date]:
    """Return a key that puts periods in the order in which they end, then in which they start."""
    period = parse(text)
    return period.end, period.start


def sort(texts: Iterable[str]) -> list[str]:
    """Return the texts in chronological order (of their ends), as they were spelt."""
    return sorted(texts, key=sort_key)


def latest(texts: Iterable[str]) -> str:
    """Return the period that ends last.

    Raises
    ------
    PeriodError
        When there is none, or one can't be read.
    """
    ordered = sort(texts)
    if not ordered:
        raise PeriodError(
            "Aucune période n’est renseignée : il n’y a pas de dernière période.",
            remedy="Vérifiez que la source contient au moins une période.",
        )
    return ordered[-1]


def overlap(a: str | int, b: str | int) -> bool:
    """Tell whether two periods share at least one day."""
    first, second = parse(a), parse(b)
    return first.start <= second.end and second.start <= first.end


def contains(a: str | int, b: str | int) -> bool:
    """Tell whether every day of ``b`` is in ``a``."""
    outer, inner = parse(a), parse(b)
    return outer.start <= inner.start and inner.end <= outer.end


def position(text: str | int, day: date) -> Position:
    """Place a period relative to a date, such as the first day of an action.

    Returns
    -------
    {"avant", "apres", "a_cheval"}
        ``avant`` when it ends before the date, ``apres`` when it starts on it or later, ``a_cheval`` otherwise.
    """
    period = parse(text)
    if period.end < day:
        return "avant"
    return "apres" if period.start >= day else "a_cheval"
