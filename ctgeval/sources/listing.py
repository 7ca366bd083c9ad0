"""Files whose rows are things (a project, a school, a grant): kept row by row as a table, and summed by territory.

A reader of such a file gives each accepted row in a table, with its line in ``origin``, and observations in which the
rows of one territory and one period are added up. The observations of a sum name its lines: ``fichier.csv!2-4, 9``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from ctgeval import measures, observations
from ctgeval.errors import AmbiguousSource
from ctgeval.sources.cells import EMPTY, NO_MARKERS, NUMBER, Markers, Numbers, common_mark, numbers
from ctgeval.sources.table import REPEATED, Options, SourceTable, is_harmless
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections, Texts

__all__ = [
    "Sum",
    "amounts",
    "figures",
    "frame",
    "glance",
    "lines",
    "refuse_repeated",
    "result",
    "summed",
    "texts",
    "years_in",
]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_TEXT = pd.StringDtype(na_value=np.nan)
_CURRENCY = re.compile(r"\s*(?:€|euros?|eur)\s*$", re.IGNORECASE)
_SPACES = re.compile(r"(?<=\d)[ \u00a0\u202f\u2009](?=\d{3})")
_SHOWN_LINES = 12
_YEAR_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:[01]\d[0-3]\d)?(?!\d)")


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """What is added up over the rows of a territory.

    Parameters
    ----------
    measure : str
        Measure, declared in ``measures.toml``; an amount is added in cents.
    figures : ndarray of float64, shape (n,), or None
        What each row brings, NaN where the source has no figure; None counts the rows.
    among : ndarray of bool, shape (n,), or None
        Rows that it is about; None for all.
    """

    measure: str
    figures: Floats | None = None
    among: Mask | None = None


def texts(grid: Grid, column: str | None) -> Texts:
    """Return the cells of a column without the spaces around them, empty when the file has no such column."""
    if column is None:
        return np.full(len(grid.lines), "", dtype=object)
    trimmed = pc.utf8_trim_whitespace(pa.array(grid.columns[column], pa.string()))
    return np.asarray(trimmed.to_numpy(zero_copy_only=False), dtype=object)


def figures(
    rejections: Rejections,
    column: str,
    *,
    options: Options,
    markers: Markers = NO_MARKERS,
    required: bool = False,
    low: float = -np.inf,
    high: float = np.inf,
) -> Floats:
    """Return the numbers of a column that has its own decimal mark; rows with a faulty cell are rejected.

    Parameters
    ----------
    rejections : Rejections
        The grid.
    column : str
        Header.
    options : Options
        Its ``decimal`` answers only where the cells of the column do not tell by themselves.
    markers : Markers
        What stands for no figure.
    required : bool
        Whether a row without a figure is rejected.
    low, high : float
        What a figure can be at all.

    Raises
    ------
    AmbiguousSource
        When the decimal mark of the column can be read in two ways.
    """
    cells = texts(rejections.grid, column)
    return _checked(rejections, column, cells, options, markers, required=required, low=low, high=high)


def glance(grid: Grid, column: str, *, options: Options) -> Floats:
    """Return the numbers of a column that only serves to check others: what can't be read is NaN, and no fault."""
    try:
        return _numbers(texts(grid, column).tolist(), grid.file, options.decimal, NO_MARKERS).figures
    except AmbiguousSource:
        return np.full(len(grid.lines), np.nan)


def amounts(
    rejections: Rejections, column: str, *, options: Options, required: bool = False, low: float = -np.inf
) -> tuple[Floats, int]:
    """Return the euros of a column, each rounded to the cent, and how many of them had finer digits.

    Parameters
    ----------
    rejections : Rejections
        The grid; rows with a faulty cell are rejected.
    column : str
        Header; a currency after the number (``12,50 €``) is left out.
    options, required, low
        See `figures`.

    Raises
    ------
    AmbiguousSource
        When the decimal mark of the column can be read in two ways.
    """
    cells = texts(rejections.grid, column)
    bare = np.array([_CURRENCY.sub("", cell) for cell in cells.tolist()], dtype=object)
    euros = _checked(rejections, column, bare, options, NO_MARKERS, required=required, low=low, high=np.inf)
    cents = np.rint(euros * 100)
    finer = np.abs(euros * 100 - cents) > 1e-4
    return cents / 100, int(finer.sum())


def _checked(
    rejections: Rejections,
    column: str,
    cells: Texts,
    options: Options,
    markers: Markers,
    *,
    required: bool,
    low: float,
    high: float,
) -> Floats:
    read = _numbers(cells.tolist(), rejections.grid.file, options.decimal, markers)
    for place, reason in read.reasons.items():
        rejections.add(place, column, reason)
    if required:
        rejections.add_all(read.status == EMPTY, column, "La cellule est vide alors que cette valeur est nécessaire.")
    known = read.status == NUMBER
    below, above = known & (read.figures < low), known & (read.figures > high)
    least = "La valeur est négative, ce qui est impossible." if low == 0 else f"La valeur est inférieure à {low:g}."
    rejections.add_all(below, column, least)
    rejections.add_all(above, column, f"La valeur est supérieure à {high:g}.")
    return np.where(known, read.figures, np.nan)


def _numbers(cells: list[str], file: str, told: str | None, markers: Markers) -> Numbers:
    # « 31 000,50 » tells its decimal mark too, once its thousands are put together.
    joined = [_SPACES.sub("", cell) for cell in cells]
    try:
        decimal = common_mark([joined], file=file)
    except AmbiguousSource:
        if told is None:
            raise
        decimal = common_mark([joined], file=file, decimal=told)
    return numbers(cells, decimal=decimal, markers=markers)


def refuse_repeated(rejections: Rejections, keys: Sequence[str], *, what: str) -> None:
    """Keep the first of identical rows; when rows that share a key differ, reject them all.

    Parameters
    ----------
    rejections : Rejections
        The grid.
    keys : sequence of str
        Columns that name a thing once; none when nothing does, and then only wholly identical rows are set aside.
    what : str
        What a row is, in French with its article («ce projet»).
    """
    grid = rejections.grid
    good = ~rejections.bad
    for name in keys:
        good &= texts(grid, name) != ""
    kept = np.flatnonzero(good)
    column = keys[0] if keys else grid.header[0]
    named = list(zip(*(texts(grid, name)[kept].tolist() for name in keys or grid.header), strict=True))
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, name_of in zip(kept.tolist(), named, strict=True):
        groups.setdefault(name_of, []).append(place)
    for places in groups.values():
        if len(places) == 1:
            continue
        line = grid.lines[places[0]]
        rows = {tuple(str(grid.columns[name][place]).strip() for name in grid.header) for place in places}
        identical = len(rows) == 1
        for place in places[1:] if identical else places:
            reason = (
                f"{REPEATED} {line}, déjà lue (toutes les cellules sont les mêmes)."
                if identical
                else f"{len(places)} lignes différentes portent le même identifiant pour {what} "
                f"(la première est la ligne {line})."
            )
            rejections.add(place, column, reason)


def frame(rejections: Rejections, columns: Mapping[str, Any], *, read: Iterable[str], drop: Iterable[str] = ()) -> Any:
    """Return the table of the accepted rows.

    Parameters
    ----------
    rejections : Rejections
        The grid.
    columns : mapping of str to array
        Columns of the table, one cell a row of the grid.
    read : iterable of str
        Headers that these columns were made from; the others follow them under their own names.
    drop : iterable of str
        Headers that are not kept.

    Returns
    -------
    DataFrame
        The columns, those of the file that were not read, and ``origin`` (file and line).
    """
    grid = rejections.grid
    kept = np.flatnonzero(~rejections.bad)
    gone = {*read, *drop}
    data: dict[str, Any] = {}
    for name, cells in columns.items():
        chosen = np.asarray(cells)[kept]
        data[name] = pd.Series(chosen, dtype=_TEXT) if chosen.dtype == object else pd.Series(chosen)
    for name in grid.header:
        if name not in gone:
            cells = pc.utf8_trim_whitespace(pa.array(grid.columns[name], pa.large_string())).take(pa.array(kept))
            data[name if name not in data else f"{name} (fichier)"] = pd.array(cells, dtype=_TEXT)
    origin = [_origin(grid, grid.lines[place]) for place in kept.tolist()]
    return pd.DataFrame({**data, "origin": pd.Series(origin, dtype=_TEXT)})


def summed(
    rejections: Rejections,
    sums: Sequence[Sum],
    *,
    key: str,
    geo: Texts,
    periods: Texts,
    geography: Floats,
) -> pd.DataFrame:
    """Return the observations of the accepted rows, added up by territory, geography and period.

    Parameters
    ----------
    rejections : Rejections
        The grid.
    sums : sequence of Sum
        What is added up.
    key : str
        Key of the source.
    geo, periods : ndarray of str, shape (n,)
        Prefixed code and period of each row; a row without one of them is in no observation.
    geography : ndarray of float64, shape (n,)
        Year of the codes, NaN when unknown.

    Returns
    -------
    DataFrame
        See `ctgeval.observations.COLUMNS`; sorted by measure as given, then territory and period. A sum in which the
        source lacks a figure, or of which a row was rejected, has no value: its lower bound is what is known.
    """
    placed = (geo != "") & (periods != "")
    good = ~rejections.bad & placed
    # Territory, then year of the codes, then period: each distinct value is compared once.
    columns = (geo, np.nan_to_num(geography), periods)
    order = [pd.factorize(column, sort=True) for column in columns]
    whole = np.zeros(len(geo), dtype=np.int64)
    for ranks, distinct in order:
        whole = whole * max(len(distinct), 1) + ranks
    lost = whole[placed & _faulty(rejections)]
    parts = [_sum(rejections, each, good, whole, (geo, geography, periods), lost=lost) for each in sums]
    filled = [part for part in parts if len(part["geo"])]
    if not filled:
        return observations.empty()
    stacked = {name: np.concatenate([part[name] for part in filled]) for name in filled[0]}
    return observations.frame(pd.DataFrame({**stacked, "source": key}))


def _sum(
    rejections: Rejections,
    each: Sum,
    good: Mask,
    whole: npt.NDArray[np.int64],
    keys: tuple[Texts, Floats, Texts],
    *,
    lost: npt.NDArray[np.int64],
) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of the observations of one measure."""
    places = np.flatnonzero(good if each.among is None else good & each.among)
    geo, geography, periods = (column[places] for column in keys)
    _, first, group, counts = np.unique(whole[places], return_index=True, return_inverse=True, return_counts=True)
    scale = 100.0 if measures.get(each.measure).kind == "amount" else 1.0
    figures = np.ones(len(places)) if each.figures is None else np.rint(each.figures[places] * scale)
    # Cents are whole numbers: their sum is exact.
    known = np.bincount(group, weights=np.nan_to_num(figures), minlength=len(first)) / scale
    missing = np.bincount(group, weights=np.isnan(figures), minlength=len(first)) > 0
    missing |= np.isin(whole[places][first], lost)
    ordered = np.asarray(rejections.grid.lines)[places][np.argsort(group, kind="stable")]
    gathered = np.split(ordered, np.cumsum(counts)[:-1]) if len(first) else []
    origin = [_origin(rejections.grid, lines(found.tolist())) for found in gathered]
    return {
        "measure": np.full(len(first), each.measure, dtype=object),
        "geo": geo[first],
        "geography": geography[first],
        "time_period": periods[first],
        "value": np.where(missing, np.nan, known),
        "low": known,
        "high": np.where(missing, np.inf, known),
        "origin": np.array(origin, dtype=object),
    }


def _faulty(rejections: Rejections) -> Mask:
    """Rows rejected for a fault, not because they repeat another one or are set aside: a sum lacks them."""
    faulty = {line for line, _, _, reason in rejections.found if not is_harmless(reason)}
    return rejections.bad & np.isin(np.asarray(rejections.grid.lines, dtype=np.int64), sorted(faulty))


def _origin(grid: Grid, line: object) -> str:
    return "!".join(part for part in (grid.file, grid.sheet, str(line)) if part)


def lines(found: Sequence[int]) -> str:
    """Write line numbers as ranges: ``2-4, 9``; beyond twelve ranges the rest is counted.

    Examples
    --------
    >>> lines([2, 3, 4, 9])
    '2-4, 9'
    """
    ordered = sorted(set(found))
    ranges: list[list[int]] = []
    for line in ordered:
        if ranges and line == ranges[-1][1] + 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    shown = ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in ranges[:_SHOWN_LINES])
    return shown if len(ranges) <= _SHOWN_LINES else f"{shown}… ({len(ordered)} lignes)"


def years_in(file: str) -> list[int]:
    """Return the years that a file name tells (``liste-2021.csv``, ``liste-20240801.csv``), each once, in order."""
    return sorted({int(found[1]) for found in _YEAR_IN_NAME.finditer(file)})


def result(
    rejections: Rejections,
    *,
    format: str,
    observed: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    notes: Iterable[str],
) -> SourceTable:
    """Return what was read, with the law of every reader: rows in are rows accepted and rows rejected."""
    grid = rejections.grid
    return SourceTable(
        observations=observed,
        rejected=rejections.frame(),
        n_rows=grid.n_rows,
        n_accepted=int((~rejections.bad).sum()),
        encoding=grid.encoding,
        separator=grid.separator,
        decimal="",
        sha256=grid.sha256,
        file=grid.file,
        format=format,
        notes=(*grid.notes, *(note for note in notes if note)),
        tables=dict(tables),
    )
