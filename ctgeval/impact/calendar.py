"""The periods of a panel: read from years, periods, dates or numbers, put in order, placed on a calendar."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import periods
from ctgeval.errors import DesignError, PeriodError
from ctgeval.impact.panel import Floats, Ints

__all__ = ["Axis", "axis", "is_empty"]

_PER_YEAR = {"A": 1, "SCOLAIRE": 1, "S": 2, "Q": 4, "M": 12}


@dataclass(frozen=True, eq=False, kw_only=True)
class Axis:
    """The periods of a table, in order.

    Parameters
    ----------
    codes : ndarray of intp
        Column of each row of the table.
    labels : tuple of str
        One per column.
    times : ndarray of float64
        Place of each column on the calendar, counted in periods.
    frequency : str
        ``A``, ``S``, ``Q``, ``M``, ``SCOLAIRE``, ``date``, or empty for plain numbers.
    days : tuple of datetime.date
        First day of each column; empty for plain numbers.
    last_days : tuple of datetime.date
        Last day of each column.
    """

    codes: Ints
    labels: tuple[str, ...]
    times: Floats
    frequency: str
    days: tuple[dt.date, ...] = ()
    last_days: tuple[dt.date, ...] = ()

    def column(self, value: Any) -> int:
        """Return the first column that a treatment from ``value`` on reaches; T when it comes after all of them.

        A date inside a period reaches that period; a period of another length begins with its first day.

        Raises
        ------
        DesignError
            When the value can't be placed among the periods.
        """
        if not self.frequency:
            try:
                place = float(value)
            except (TypeError, ValueError) as error:
                raise _unplaced(value, self.labels) from error
            return int(np.searchsorted(self.times, place))
        day = _day(value, self.labels)
        return sum(last < day for last in self.last_days)


def is_empty(value: Any) -> bool:
    """Tell whether a cell of «first treated period» says never: empty, missing, zero or infinite."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, str):
        return value.strip().casefold() in {"", "nan", "nat", "none", "inf", "0"}
    return isinstance(value, int | float | np.number) and (np.isnan(value) or np.isinf(value) or value == 0)


def axis(column: pd.Series[Any], name: str) -> Axis:
    """Put the periods of a table in order.

    Parameters
    ----------
    column : Series
        Years, periods, dates or numbers.
    name : str
        Its name, for messages.

    Raises
    ------
    DesignError
        When a period is missing or can't be read, or when periods of several lengths are mixed.
    """
    if column.isna().any():
        rows = [str(label) for label in column.index[column.isna()][:5]]
        raise DesignError(
            f"La période manque sur {int(column.isna().sum())} ligne(s) du tableau (ligne {', '.join(rows)}).",
            column=name,
            remedy="Complétez la période, ou retirez ces lignes.",
        )
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.map(_spelt)
    codes, found = pd.factorize(column)
    values = list(found)
    if pd.api.types.is_datetime64_any_dtype(column) or all(isinstance(item, dt.date) for item in values):
        return _dates(codes, [pd.Timestamp(item).date() for item in values])
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return _numbers(codes, np.asarray(found, dtype=np.float64), name)
    return _texts(codes, [str(item) for item in values], name)


def _spelt(value: Any) -> str:
    """Write a pandas period as the tables of a dossier do: ``2021Q1`` is ``2021-Q1``."""
    text = str(value)
    return f"{text[:4]}-{text[4:]}" if text[4:5] == "Q" else text


def _ordered(
    codes: Any,
    times: Floats,
    labels: list[str],
    *,
    frequency: str,
    days: list[dt.date] | None = None,
    last_days: list[dt.date] | None = None,
) -> Axis:
    order = np.argsort(times, kind="stable")
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    return Axis(
        codes=rank[codes],
        labels=tuple(labels[i] for i in order),
        times=times[order],
        frequency=frequency,
        days=tuple(days[i] for i in order) if days else (),
        last_days=tuple(last_days[i] for i in order) if last_days else (),
    )


def _numbers(codes: Any, values: Floats, name: str) -> Axis:
    if not np.isfinite(values).all():
        raise DesignError("Une période est infinie.", column=name, remedy="Donnez des années ou des rangs finis.")
    labels = [f"{value:.0f}" if value == round(value) else repr(float(value)) for value in values]
    whole = (values == np.round(values)).all()
    if whole and ((values >= 1850) & (values <= 2200)).all():
        days, last = [dt.date(int(v), 1, 1) for v in values], [dt.date(int(v), 12, 31) for v in values]
        return _ordered(codes, values, labels, frequency="A", days=days, last_days=last)
    return _ordered(codes, values, labels, frequency="")


def _texts(codes: Any, texts: list[str], name: str) -> Axis:
    try:
        read = [periods.parse(text) for text in texts]
    except PeriodError:
        try:
            return _numbers(codes, np.array([float(text) for text in texts]), name)
        except ValueError:
            pass
        try:
            return _dates(codes, [dt.date.fromisoformat(text.strip()) for text in texts])
        except ValueError as error:
            raise DesignError(
                "Les périodes ne se lisent pas toutes.",
                column=name,
                value=", ".join(texts[:5]),
                remedy=f"Écrivez-les toutes sous la même forme, parmi : {periods.SPELLINGS}.",
            ) from error
    kinds = {period.frequency for period in read}
    if len(kinds) > 1:
        raise DesignError(
            "Le tableau mêle des périodes de longueurs différentes.",
            column=name,
            value=", ".join(sorted(period.text for period in read)[:5]),
            remedy="Gardez une seule fréquence : des années, ou des semestres, ou des mois.",
        )
    if len({period.text for period in read}) < len(read):
        codes = pd.factorize(np.array([period.text for period in read], dtype=object))[0][codes]
        read = list({period.text: period for period in read}.values())
    kind = read[0].frequency
    step = 12 // _PER_YEAR[kind]
    times = np.array([period.start.year * _PER_YEAR[kind] + (period.start.month - 1) // step for period in read], float)
    return _ordered(
        codes,
        times,
        [period.text for period in read],
        frequency=kind,
        days=[period.start for period in read],
        last_days=[period.end for period in read],
    )


def _dates(codes: Any, days: list[dt.date]) -> Axis:
    if all(day.day == 1 for day in days):
        yearly = all(day.month == 1 for day in days)
        texts = [f"{day.year}" if yearly else f"{day.year}-{day.month:02d}" for day in days]
        return _texts(codes, texts, "")
    ordinals = np.array([day.toordinal() for day in days], dtype=np.float64)
    ranks = np.searchsorted(np.sort(ordinals), ordinals).astype(np.float64)
    following = dict(zip(sorted(days), [*sorted(days)[1:], dt.date.max], strict=True))
    last = [following[day] - dt.timedelta(days=1) if following[day] != dt.date.max else dt.date.max for day in days]
    return _ordered(codes, ranks, [day.isoformat() for day in days], frequency="date", days=days, last_days=last)


def _day(value: Any, labels: tuple[str, ...]) -> dt.date:
    if isinstance(value, dt.date):
        return pd.Timestamp(value).date()
    if isinstance(value, pd.Period):
        return value.start_time.date()
    if isinstance(value, float) and math.isfinite(value) and value == round(value):
        value = int(value)
    text = str(value).strip()
    text = text.removesuffix(".0")
    try:
        return periods.parse(text).start
    except PeriodError:
        pass
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise _unplaced(value, labels) from error


def _unplaced(value: Any, labels: tuple[str, ...]) -> DesignError:
    return DesignError(
        "La date de début de l’action ne se place pas parmi les périodes du tableau.",
        value=str(value),
        remedy=f"Donnez une période écrite comme celles du tableau : {', '.join(labels[:3])}…",
    )
