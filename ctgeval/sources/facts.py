"""Figures with their bounds, from the columns of a described table to rows of the observations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from ctgeval import observations
from ctgeval.measures import Measure
from ctgeval.sources.cells import EMPTY, NUMBER, SECRET, Markers, numbers
from ctgeval.sources.description import Marks
from ctgeval.sources.tidy import Rejections, Texts

__all__ = ["Column", "Rows", "Twin", "markers_of", "read_column", "stack", "twins"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_TEXT = pd.StringDtype(na_value=np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The figures of one measure, one for each row of a table.

    Parameters
    ----------
    header : str
        Column of the file.
    measure, period : str
        Measure; period of all its cells, empty when each row has its own.
    dimensions : mapping of str to str
        Modalities of all its cells.
    figures, low, high : ndarray of float64, shape (n,)
        Values and bounds.
    status : ndarray of int8, shape (n,)
        See `ctgeval.sources.cells`.
    where : ndarray of bool, shape (n,)
        Rows in which the column holds this measure.
    """

    header: str
    measure: str
    period: str
    dimensions: Mapping[str, str]
    figures: Floats
    low: Floats
    high: Floats
    status: npt.NDArray[np.int8]
    where: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is the same for all the figures of a row.

    Parameters
    ----------
    geo, period, origin : ndarray of str, shape (n,)
        Prefixed codes, periods, places in the file.
    geography : ndarray of float64, shape (n,)
        Year of the codes, NaN when unknown.
    dimensions : mapping of str to ndarray of str, shape (n,)
        Modalities.
    kept : ndarray of bool, shape (n,)
        Rows without a fault.
    """

    geo: Texts
    period: Texts
    origin: Texts
    geography: Floats
    dimensions: Mapping[str, Texts]
    kept: Mask


def markers_of(marks: Marks) -> Markers:
    """Return the markers that stand for a figure, those with bounds among the secret ones."""
    return Markers(secret=frozenset({*marks.secret, *marks.bounds}) - {""}, missing=frozenset(marks.missing) - {""})


def read_column(
    rejections: Rejections,
    header: str,
    cells: Sequence[str],
    *,
    measure: Measure,
    decimal: str,
    marks: Marks,
    where: Mask,
    period: str = "",
    dimensions: Mapping[str, str] | None = None,
) -> Column:
    """Read the figures of a column; rows with a cell that is no figure, or an impossible one, are rejected.

    Parameters
    ----------
    rejections : Rejections
        The table.
    header, cells : str, sequence of str
        Column, and its cells with the decimal mark.
    measure : Measure
        What it counts: says which values are possible.
    decimal : str
        Decimal mark.
    marks : Marks
        What stands for no figure.
    where : ndarray of bool, shape (n,)
        Rows in which the column holds the measure; the others are not looked at.
    period, dimensions : str, mapping
        Of all its cells.
    """
    column = numbers(cells, decimal=decimal, markers=markers_of(marks))
    for place, reason in column.reasons.items():
        if where[place] and not rejections.bad[place]:
            hint = "" if "notation" in reason else " Si elle remplace une valeur, dites-le dans « marqueurs »."
            rejections.add(place, header, reason + hint)
    least, most = measure.possible
    known = (column.status == NUMBER) & where & ~rejections.bad
    negative = (
        "La valeur est négative, ce qui est impossible." if least == 0 else f"La valeur est inférieure à {least:g}."
    )
    rejections.add_all(known & (column.figures < least), header, negative)
    rejections.add_all(known & (column.figures > most), header, f"La valeur est supérieure à {most:g}.")
    status = column.status.copy()
    number = status == NUMBER
    low, high = np.where(number, column.figures, least), np.where(number, column.figures, most)
    texts = np.array([str(cell).casefold() for cell in cells], dtype=object) if marks.bounds else None
    for mark, (smallest, greatest) in marks.bounds.items():
        held = (status == EMPTY) if not mark else (texts == mark.casefold())
        low[held], high[held], status[held] = smallest, greatest, SECRET
    if "" in marks.secret:
        status[status == EMPTY] = SECRET
    return Column(header, measure.id, period, dimensions or {}, column.figures, low, high, status, where)


@dataclass(frozen=True, slots=True)
class Twin:
    """A figure that another row gives too.

    Parameters
    ----------
    table, column, row : int
        Where it is.
    first_table, first_row : int
        Where it is given first.
    same : bool
        Whether all those that give it agree.
    """

    table: int
    column: int
    row: int
    first_table: int
    first_row: int
    same: bool


def twins(tables: Sequence[tuple[Rows, Sequence[Column]]]) -> list[Twin]:
    """Return the figures that are given twice: all those that disagree, or all but the first.

    Parameters
    ----------
    tables : sequence of (Rows, sequence of Column)
        All the sheets of a file.
    """
    facts = pd.concat([_keys(rows, columns).assign(table=table) for table, (rows, columns) in enumerate(tables)])
    key = ["measure", "geo", "period", "geography", *observations.DIMENSIONS]
    # Most files have one row for each territory: a cheap test on three columns settles it before the dear one.
    facts = facts[facts.duplicated(key[:3], keep=False)]
    facts = facts[facts.duplicated(key, keep=False)]
    found: list[Twin] = []
    for _, group in facts.groupby(key, sort=False, dropna=False):
        same = len(group.drop_duplicates(["figures", "low", "high"])) == 1
        at = list(zip(group["table"].tolist(), group["column"].tolist(), group["row"].tolist(), strict=True))
        first_table, _, first_row = at[0]
        found += [
            Twin(table, column, row, first_table, first_row, same) for table, column, row in (at[1:] if same else at)
        ]
    return found


def _keys(rows: Rows, columns: Sequence[Column]) -> pd.DataFrame:
    places = [np.flatnonzero(rows.kept & column.where) for column in columns]
    counts = [len(at) for at in places]
    ranks = np.repeat(np.arange(len(columns)), counts)
    every = np.concatenate(places) if places else np.empty(0, dtype=np.intp)

    def own(told: Sequence[str], shared: Texts | None) -> Texts:
        texts = np.array(told, dtype=object)[ranks]
        return texts if shared is None else np.where(texts == "", shared[every], texts)

    return pd.DataFrame(
        {
            "measure": own([column.measure for column in columns], None),
            "geo": rows.geo[every],
            "period": own([column.period for column in columns], rows.period),
            "geography": rows.geography[every],
            **{
                name: own([column.dimensions.get(name, "") for column in columns], rows.dimensions.get(name))
                for name in observations.DIMENSIONS
            },
            **{
                name: np.concatenate([getattr(column, name)[at] for column, at in zip(columns, places, strict=True)])
                for name in ("figures", "low", "high")
            },
            "column": ranks,
            "row": every,
        }
    )


def stack(rows: Rows, columns: Sequence[Column], *, key: str) -> pd.DataFrame:
    """Return the observations of the rows that are kept.

    Parameters
    ----------
    rows : Rows
        What is said once for each row.
    columns : sequence of Column
        The figures.
    key : str
        Key of the source.
    """
    facts = _keys(rows, columns)
    if facts.empty:
        return observations.empty()
    status = np.concatenate([column.status[rows.kept & column.where] for column in columns])
    number, secret = status == NUMBER, status == SECRET
    texts: dict[str, str | Texts] = {
        "measure": facts["measure"].to_numpy(),
        "geo": facts["geo"].to_numpy(),
        "time_period": facts["period"].to_numpy(),
        "obs_status": np.where(number, "A", np.where(secret, "Q", "M")).astype(object),
        "conf_status": np.where(secret, "C", "F").astype(object),
        "source": key,
        "origin": rows.origin[facts["row"].to_numpy()],
        **{name: facts[name].to_numpy() for name in observations.DIMENSIONS},
    }
    everything: dict[str, object] = {name: _texts(text, len(facts)) for name, text in texts.items()}
    everything |= {"value": facts["figures"], "low": facts["low"], "high": facts["high"]}
    everything["geography"] = facts["geography"].astype("Int64")
    return pd.DataFrame({name: everything[name] for name in observations.COLUMNS}, copy=False)


def _texts(text: str | Texts, count: int) -> object:
    kind = pa.large_string()
    column = pa.repeat(pa.scalar(text, kind), count) if isinstance(text, str) else pa.array(text, kind)
    return pd.array(pa.chunked_array([column], type=kind), dtype=_TEXT)
