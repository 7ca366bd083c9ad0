"""What the values of a table say, in sentences: the alternative of a figure that an author drew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd

from ctgeval import french, periods
from ctgeval.errors import ReportError
from ctgeval.render import wording
from ctgeval.render.charts import Measure

__all__ = ["Writer", "framed", "numeric", "values", "writer"]

Writer = Callable[[object], str]
_MOST_COLUMNS = 8
"""Columns told one by one in an alternative; the table says the others."""
_LEAST_TREND = 3
MOST_ROWS = 400
"""Beyond, values are to be summed up before they are shown."""


def framed(frame: pd.DataFrame, *, caption: str, numbers: bool = True) -> pd.DataFrame:
    """Return a table whose first column names the rows.

    Parameters
    ----------
    frame : DataFrame
        With an index that has a name, or a first column that names the rows.
    caption : str
        Of the figure or of the table.
    numbers : bool
        Whether a column must hold numbers.

    Raises
    ------
    ReportError
        When there is no caption, no row or too many, or no number where some are needed.
    """
    what = caption.strip()
    if not what:
        raise ReportError("La figure ou le tableau n’a pas de titre.", key="caption", remedy="Dites ce qu’il montre.")
    settled = frame.reset_index() if frame.index.names != [None] else frame.reset_index(drop=True)
    settled.columns = pd.Index([_column(name) for name in settled.columns])
    if settled.columns.has_duplicates or any(not name.strip() for name in settled.columns):
        raise ReportError(
            f"Des colonnes de « {what} » ont le même nom, ou n’en ont pas.",
            value=", ".join(settled.columns),
            remedy="Nommez chaque colonne, la première comprise (values.rename(columns=…)).",
        )
    if len(settled) > MOST_ROWS:
        raise ReportError(
            f"Le tableau « {what} » a {french.number(len(settled))} lignes : personne ne les lirait.",
            key="values",
            remedy=f"Donnez des valeurs résumées (groupby, pivot_table), {MOST_ROWS} lignes au plus.",
        )
    told = [name for name in settled.columns[1:] if numeric(settled[name])]
    if not len(settled) or (numbers and not told):
        raise ReportError(
            f"Les valeurs de « {what} » manquent.",
            key="values",
            remedy="Donnez le tableau que la figure dessine : une colonne de noms, puis des colonnes de nombres.",
        )
    return settled


def _column(name: object) -> str:
    return " – ".join(str(part) for part in name if str(part)) if isinstance(name, tuple) else str(name)


def numeric(column: pd.Series) -> bool:
    """Tell whether a column holds numbers."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def writer(column: pd.Series, *, names: bool = False) -> Writer:
    """Return what writes a value of a column as a French reader expects it.

    Parameters
    ----------
    column : Series
        Numbers are written with the decimals that tell them apart.
    names : bool
        Whether it names the rows: a year is then a year, and no number.
    """
    if numeric(column) and not (names and _ordered(column)):
        measure = Measure.of("", "", [float(value) for value in column.dropna()])
        return lambda value: measure.bare(float(str(value)))
    return _written


def _written(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "oui" if value else "non"
    if isinstance(value, dt.date):
        return french.date(value)
    text = str(value)
    return french.period(text) if periods.is_period(text) else french.typography(text)


def _ordered(labels: pd.Series) -> bool:
    """Tell whether labels are moments, in their order."""
    if pd.api.types.is_datetime64_any_dtype(labels):
        return bool(labels.is_monotonic_increasing)
    texts = [str(label) for label in labels]
    return all(periods.is_period(text) for text in texts) and texts == periods.sort(texts)


def values(frame: pd.DataFrame, caption: str, unit: str) -> str:
    """Return what a figure shows: for each column its ends and its trend when rows are moments, and its extremes.

    Parameters
    ----------
    frame : DataFrame
        As `framed` gives it.
    caption, unit : str
        Of the figure.
    """
    labels, names = frame.iloc[:, 0], [name for name in frame.columns[1:] if numeric(frame[name])]
    write, ordered = writer(labels, names=True), _ordered(labels)
    written = ["" if pd.isna(label) else write(label) for label in labels]
    told = [_told(name, frame[name], written, ordered=ordered) for name in names[:_MOST_COLUMNS]]
    if len(names) > _MOST_COLUMNS:
        told.append(say("reste", nombre=french.plural(len(names) - _MOST_COLUMNS, "autre colonne")))
    measured = f", en {unit.replace('EUR', 'euros')}" if unit else ""
    return say("alternative", legende=caption.rstrip(" ."), unite=measured, lignes=" ".join(told))


def say(key: str, **given: str) -> str:
    """Return a phrase about the figures of an author."""
    return wording.say(key, given, table="auteur")


def _told(name: str, column: pd.Series, labels: list[str], *, ordered: bool) -> str:
    numbers = pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)
    known = [(float(number), label) for number, label in zip(numbers, labels, strict=True) if np.isfinite(number)]
    missing = len(numbers) - len(known)
    if not known:
        return say("aucune", nom=name)
    write = writer(column)
    (low, lowest), (high, highest) = min(known), max(known)
    given = {"nom": name, "bas": write(low), "quand_bas": lowest, "haut": write(high), "quand_haut": highest}
    if len(known) == 1 or low == high:
        sentence = say("constante" if len(known) > 1 else "seule", **given)
    elif ordered and len(known) >= _LEAST_TREND:
        (first, since), (last, until) = known[0], known[-1]
        trend = "stable" if write(first) == write(last) else "hausse" if last > first else "baisse"
        sentence = say(
            "suivie", **given, depart=write(first), depuis=since, valeur=write(last), quand=until, tendance=say(trend)
        )
    else:
        sentence = say("etendue", **given)
    if not missing:
        return sentence
    counted = french.plural(missing, "valeur non disponible", "valeurs non disponibles")
    return f"{sentence} {say('absentes', nombre=counted)}"
