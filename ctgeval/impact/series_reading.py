"""From a table of one row per period to a series: every refusal names the periods and says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError, NotIdentified, TooFewUnits
from ctgeval.impact.calendar import Axis, axis
from ctgeval.impact.panel import Bools, Floats, Ints
from ctgeval.impact.reading import numbers, require_columns, some

__all__ = ["COUNTS", "Series", "read_series"]

COUNTS = frozenset({"poisson", "quasipoisson", "negative_binomial"})
"""Families whose outcome is a number of cases."""

_CYCLE = {"S": 2, "Q": 4, "M": 12}


@dataclass(frozen=True, eq=False, kw_only=True)
class Series:
    """A series in order, with what it is read beside.

    Parameters
    ----------
    labels : tuple of str
        Of the n points that have a value.
    places : ndarray, shape (n,)
        Steps since the first point; a step is the smallest distance between two points.
    phase : ndarray, shape (n,)
        Place in the calendar, counted in steps: its remainder by the length of a season is the same each year.
    starts : tuple of int
        First point of each interruption.
    outcome : ndarray, shape (n,)
    offset : ndarray, shape (n,), or None
        Logarithm of what cases are counted among.
    control : ndarray, shape (n,), or None
    covariates : ndarray, shape (n, p)
    cycle : int
        Steps in a year; 0 when a year has one step, or is not known.
    limits : tuple of str
        What is missing, in French.
    """

    labels: tuple[str, ...]
    places: Floats
    phase: Floats
    starts: tuple[int, ...]
    outcome: Floats
    offset: Floats | None
    control: Floats | None
    covariates: Floats
    cycle: int
    limits: tuple[str, ...]

    @property
    def gaps(self) -> Floats:
        """Steps between a point and the next, shape (n - 1,)."""
        return np.diff(self.places)

    @property
    def n_pre(self) -> int:
        """Points before the first interruption."""
        return self.starts[0]

    @property
    def shortest_segment(self) -> int:
        """Fewest points between an interruption and the next, or the end."""
        return int(np.diff([*self.starts, len(self.labels)]).min())


def read_series(
    frame: pd.DataFrame,
    *,
    outcome: str,
    time: str,
    at: Any,
    family: str,
    offset: str | None,
    control: str | None,
    covariates: Sequence[str],
) -> Series:
    """Read a series.

    Raises
    ------
    DesignError
        When a column is missing or holds what it should not, a period comes twice, or an interruption is out of the
        series.
    NotIdentified
        When the series does not vary.
    TooFewUnits
        When it has fewer than three points.
    """
    require_columns(frame, outcome, time, offset, control, *covariates)
    if frame.empty:
        raise DesignError("Le tableau est vide.", column=time, remedy="Vérifiez le filtre qui l’a produit.")
    calendar = axis(_months(frame[time]), time)
    order = _order(calendar, time)
    values = numbers(frame, outcome)[order]
    present = ~np.isnan(values)
    if int(present.sum()) < 3:
        raise TooFewUnits(
            f"La série n’a que {int(present.sum())} point(s) avec une valeur.",
            column=outcome,
            remedy="Une série interrompue demande au moins 8 points avant l’action et 4 depuis ; avec deux mesures, "
            "utilisez impact.before_after.",
        )
    rows = np.flatnonzero(present)
    labels = tuple(calendar.labels[i] for i in rows)
    beside = {name: _beside(frame, name, order, rows, labels) for name in (offset, control, *covariates) if name}
    series = values[present]
    _check_values(series, labels, outcome, family)
    places, phase, cycle = _places(calendar, rows)
    _check_positive(beside, offset, labels, "population")
    if family in COUNTS:
        _check_positive(beside, control, labels, "série témoin")
    return Series(
        labels=labels,
        places=places,
        phase=phase,
        starts=_starts(calendar, rows, at, labels),
        outcome=series,
        offset=np.log(beside[offset]) if offset else None,
        control=beside[control] if control else None,
        covariates=np.column_stack([np.empty((len(rows), 0)), *(beside[name] for name in covariates)]),
        cycle=cycle,
        limits=_told(calendar, present, labels, places),
    )


def _order(calendar: Axis, time: str) -> Ints:
    count = np.bincount(calendar.codes, minlength=len(calendar.labels))
    if count.max() > 1:
        twice = [calendar.labels[i] for i in np.flatnonzero(count > 1)]
        raise DesignError(
            f"{len(twice)} période(s) sont sur plusieurs lignes : {some(twice)}.",
            column=time,
            remedy="Gardez une ligne par période : une série est celle d’un seul territoire (filtrez le tableau, ou "
            "faites la somme), et une série témoin est une colonne (control=...). Pour plusieurs territoires : "
            "impact.Panel et impact.did.",
        )
    return np.argsort(calendar.codes)


def _beside(frame: pd.DataFrame, name: str, order: Ints, rows: Ints, labels: tuple[str, ...]) -> Floats:
    values = numbers(frame, name)[order][rows]
    missing = np.isnan(values)
    if missing.any():
        raise DesignError(
            f"La colonne « {name} » est vide pour {some(labels[i] for i in np.flatnonzero(missing))}.",
            column=name,
            remedy="Complétez ces cellules, ou videz aussi le résultat de ces périodes : elles seront comptées comme "
            "manquantes, et ce sera dit.",
        )
    return values


def _check_values(values: Floats, labels: tuple[str, ...], column: str, family: str) -> None:
    if family in COUNTS:
        for wrong, what, remedy in (
            (values < 0, "des nombres de cas négatifs", "Un nombre de cas est positif ou nul : corrigez ces cellules."),
            (
                (values != np.round(values)) & (family != "quasipoisson"),
                f'des nombres de cas qui ne sont pas entiers, ce que family="{family}" n’admet pas',
                "Donnez le nombre de cas, et la population par offset=... ; ou prenez quasipoisson, qui les admet.",
            ),
        ):
            if wrong.any():
                raise DesignError(
                    f"La colonne « {column} » contient {what} ({some(labels[i] for i in np.flatnonzero(wrong))}).",
                    column=column,
                    value=some(f"{value:g}" for value in values[wrong][:3]),
                    remedy=remedy,
                )
    if np.ptp(values) <= 1e-12 * np.abs(values).max():
        raise NotIdentified(
            f"La série « {column} » ne varie pas : elle vaut {values[0]:g} à chaque période.",
            column=column,
            remedy="Vérifiez la colonne : sans variation, aucun aléa ne peut être estimé, et rien n’est à tester.",
        )


def _check_positive(beside: dict[str, Floats], name: str | None, labels: tuple[str, ...], what: str) -> None:
    if name is None:
        return
    wrong = beside[name] <= 0
    if wrong.any():
        raise DesignError(
            f"La {what} « {name} » est nulle ou négative pour {some(labels[i] for i in np.flatnonzero(wrong))}.",
            column=name,
            remedy="Son logarithme est pris : donnez l’effectif lui-même (pas son logarithme), supérieur à zéro.",
        )


def _starts(calendar: Axis, rows: Ints, at: Any, labels: tuple[str, ...]) -> tuple[int, ...]:
    asked = list(at) if isinstance(at, list | tuple | np.ndarray | pd.Series | pd.Index) else [at]
    if not asked:
        raise DesignError("Aucune date d’interruption n’est donnée.", remedy='Donnez at="2021-09", par exemple.')
    found: dict[int, Any] = {}
    for value in asked:
        start = int(np.searchsorted(rows, calendar.column(value)))
        if start == 0:
            raise DesignError(
                "Aucun point de la série ne précède l’interruption.",
                value=str(value),
                remedy=f"La série commence à {labels[0]} : donnez une date plus tardive, ou des points d’avant.",
            )
        if start == len(rows):
            raise DesignError(
                "Aucun point de la série ne suit l’interruption.",
                value=str(value),
                remedy=f"La série s’arrête à {labels[-1]} : donnez une date plus précoce, ou des points d’après.",
            )
        if start in found:
            raise DesignError(
                f"Deux interruptions commencent au même point, {labels[start]} ({found[start]} et {value}).",
                remedy="Gardez-en une : la série ne peut pas les séparer.",
            )
        found[start] = value
    return tuple(sorted(found))


def _months(column: pd.Series[Any]) -> pd.Series[Any]:
    """Read a date in each month, the same day or the last one, as that month."""
    if not pd.api.types.is_datetime64_any_dtype(column) or column.isna().any() or column.empty:
        return column
    same = bool((column.dt.day == column.dt.day.iloc[0]).all() or column.dt.is_month_end.all())
    months = column.dt.strftime("%Y-%m")
    return months if same and months.nunique() == column.nunique() else column


def _places(calendar: Axis, rows: Ints) -> tuple[Floats, Floats, int]:
    """Return the places, the phases, and the steps in a year (0 when seasons mean nothing)."""
    times = calendar.times[rows]
    if calendar.frequency == "date":
        times = np.array([calendar.days[i].toordinal() for i in rows], dtype=np.float64)
    gaps = np.diff(times)
    step = float(gaps.min())
    ratios = gaps / step
    if np.abs(ratios - np.round(ratios)).max() > 1e-6:
        places = (times - times[0]) / float(np.median(gaps))
        return places, places, 0
    places = np.concatenate([[0.0], np.cumsum(np.round(ratios))])
    cycle = _CYCLE.get(calendar.frequency, 0) / step
    return places, np.round(times[0] / step) + places, int(cycle) if cycle == int(cycle) and cycle > 1 else 0


def _told(calendar: Axis, present: Bools, labels: tuple[str, ...], places: Floats) -> tuple[str, ...]:
    told = []
    empty = np.flatnonzero(~present)
    if len(empty):
        told.append(
            f"{len(empty)} période(s) n’ont pas de valeur ({some(calendar.labels[i] for i in empty)}) : elles sont "
            "laissées manquantes, et l’écart de temps réel entre les points est respecté."
        )
    gaps = np.diff(places)
    if not (gaps == np.round(gaps)).all():
        told.append(
            "Les points ne sont pas régulièrement espacés : leur écart de temps réel est respecté, et une "
            "autocorrélation négative n’est pas envisagée."
        )
    elif (gaps > 1).any():
        after = [labels[i] for i in np.flatnonzero(gaps > 1)]
        lost = int((gaps - 1).sum())
        if lost > len(empty):
            told.append(
                f"{lost} période(s) manquent dans la série (après {some(after)}) : l’écart de temps réel entre les "
                "points est respecté."
            )
    return tuple(told)
