"""From a grid of text to observations: one function that readers of wide and of long tables share.

A row of the file is accepted or rejected whole: a row with a negative count gives none of its other figures, since
something went wrong on that line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from ctgeval import measures, observations
from ctgeval.errors import SourceError
from ctgeval.french import number, percent
from ctgeval.sources.cells import EMPTY, NO_MARKERS, NUMBER, SECRET, Markers, Numbers, common_mark, numbers
from ctgeval.sources.rejections import Rejections, Texts
from ctgeval.sources.table import REPEATED, Options, SourceTable
from ctgeval.sources.text import Grid

__all__ = ["Rejections", "Texts", "Variable", "century", "tidy", "year_of"]

_TEXT = pd.StringDtype(na_value=np.nan)


@dataclass(frozen=True, slots=True)
class Variable:
    """One column of a wide table that holds a measure.

    Parameters
    ----------
    column : str
        Header, as it is in the file.
    measure : str
        Measure, declared in ``measures.toml``.
    period : str
        Period of all its cells; empty when each row has its own.
    secret : bool
        Whether an empty cell is a figure that the source keeps secret; else it is a figure that does not exist.
    low, high : float
        What a cell of this source can be at all, within what the measure can be.
    base : int
        Multiple to which the source rounds its counts, to the nearest or downwards, it doesn't say; 0 when it does not.
    sexe, age : str
        Category that the column counts; empty for the whole.
    periods : ndarray of str, shape (n,), optional
        Period of each row, when it is not that of the other columns.
    where : ndarray of bool, shape (n,), optional
        Rows in which the column holds this measure; all of them by default. A row that is accepted must be in one.
    """

    column: str
    measure: str
    period: str = ""
    secret: bool = False
    low: float = -np.inf
    high: float = np.inf
    base: int = 0
    sexe: str = ""
    age: str = ""
    periods: Texts | None = field(default=None, compare=False)
    where: npt.NDArray[np.bool_] | None = field(default=None, compare=False)

    @property
    def possible(self) -> tuple[float, float]:
        """Least and greatest value that are not a mistake."""
        low, high = measures.get(self.measure).possible
        return max(low, self.low), min(high, self.high)


def tidy(
    rejections: Rejections,
    variables: Sequence[Variable],
    *,
    format: str,
    options: Options,
    geo: Texts,
    geo_column: str,
    periods: Texts | None = None,
    geography: npt.NDArray[np.float64] | int | None = None,
    dimensions: Mapping[str, Texts] | None = None,
    details: Texts | None = None,
    status: Texts | None = None,
    withheld: npt.NDArray[np.bool_] | None = None,
    markers: Markers = NO_MARKERS,
    notes: Sequence[str] = (),
) -> SourceTable:
    """Return the observations of a table, and its rejected rows.

    The table is wide (a column a measure), or long (`Variable.where` tells which rows hold which measure).

    Parameters
    ----------
    rejections : Rejections
        The grid, and the faults already found; rows without a code or a period must be among them.
    variables : sequence of Variable
        Columns to read.
    format : str
        Name of the format.
    options : Options
        What the dossier says of the file.
    geo : ndarray of str, shape (n,)
        Prefixed code of each row of the grid.
    geo_column : str
        Column that the codes were read from.
    periods : ndarray of str, shape (n,), optional
        Period of each row, for the variables that have none of their own.
    geography : ndarray of float64, shape (n,), or int, optional
        Year of the codes; NaN or None when unknown.
    dimensions : mapping of str to ndarray of str, shape (n,), optional
        Category of each row, by dimension (``sexe``, ``age``); those of a variable come first.
    details : ndarray of str, shape (n,), optional
        What tells apart two rows of one territory and one period, when that is no repetition.
    status : ndarray of str, shape (n,), optional
        SDMX status of each row that has a figure (``P`` provisional); ``A`` by default.
    withheld : ndarray of bool, shape (n,), optional
        Rows whose empty cells are secret, whatever the variable.
    markers : Markers
        What the source writes where it has no figure.
    notes : sequence of str
        Notes of the reader.

    Raises
    ------
    AmbiguousSource
        When the decimal mark can be read in two ways.
    SourceError
        When there is nothing to read.
    """
    grid = rejections.grid
    rejections.where = geo
    if not variables:
        raise SourceError(
            "Aucune colonne de ce fichier n’est connue de ce format.",
            remedy="Vérifiez le format déclaré dans ctg.toml.",
            file=grid.file,
            row=1,
        )
    _refuse_twins(variables, grid)
    columns = [grid.columns[name] for name in dict.fromkeys(variable.column for variable in variables)]
    decimal = common_mark(columns, file=grid.file, decimal=options.decimal)
    read = {v.column: numbers(grid.columns[v.column], decimal=decimal, markers=markers) for v in variables}
    parsed = [read[variable.column] for variable in variables]
    for variable, column in zip(variables, parsed, strict=True):
        _refuse(rejections, variable, column)
    _refuse_repeated(rejections, variables, geo_column, {"geo": geo, "period": periods, "details": details})
    kept = np.flatnonzero(~rejections.bad)
    places = [kept if v.where is None else kept[v.where[kept]] for v in variables]
    secret = [_is_secret(v, column, withheld)[at] for v, column, at in zip(variables, parsed, places, strict=True)]
    hidden = sum(int(each.sum()) for each in secret)
    if hidden:
        share = percent(100 * hidden / sum(len(at) for at in places))
        notes = [*notes, f"Valeurs non diffusées par la source (secret statistique) : {number(hidden)}, soit {share}."]
    years = np.full(len(geo), np.nan) if geography is None else np.broadcast_to(np.asarray(geography, float), len(geo))
    return SourceTable(
        observations=_observations(
            variables=variables,
            parsed=parsed,
            places=places,
            secret=secret,
            kept=kept,
            grid=grid,
            key=options.key,
            geo=geo,
            periods=periods,
            years=years,
            dimensions=dimensions or {},
            status=status,
        ),
        rejected=rejections.frame(),
        n_rows=grid.n_rows,
        n_accepted=len(kept),
        encoding=grid.encoding,
        separator=grid.separator,
        decimal=decimal,
        sha256=grid.sha256,
        file=grid.file,
        format=format,
        notes=(*grid.notes, *notes),
    )


def year_of(text: str) -> int | None:
    """Return the year that a cell tells (``2021``, ``2021-12-31``, ``31/12/2021``), or None."""
    parts = text.strip().replace("/", "-").split("-")
    years = [part for part in parts if len(part) == 4 and part.isascii() and part.isdigit()]
    others = [part for part in parts if part not in years]
    if len(years) != 1 or len(parts) not in {1, 3} or any(not part.isdigit() or len(part) > 2 for part in others):
        return None
    return int(years[0]) if 1900 <= int(years[0]) <= 2100 else None


def century(two_digits: str) -> str:
    """Return the year that two digits of a header mean: the oldest census of these files is that of 1968."""
    return f"{'19' if int(two_digits) >= 68 else '20'}{two_digits}"


def _refuse_twins(variables: Sequence[Variable], grid: Grid) -> None:
    seen: dict[tuple[str, str, str, str], str] = {}
    for variable in variables:
        if variable.where is not None:
            continue
        first = seen.setdefault((variable.measure, variable.period, variable.sexe, variable.age), variable.column)
        if first != variable.column:
            raise SourceError(
                f"Les colonnes « {first} » et « {variable.column} » donnent la même chose pour la même période : "
                "on ne sait laquelle lire.",
                remedy="Gardez une seule des deux colonnes.",
                file=grid.file,
                row=1,
                column=variable.column,
            )


def _refuse(rejections: Rejections, variable: Variable, column: Numbers) -> None:
    for place, reason in column.reasons.items():
        if variable.where is None or variable.where[place]:
            rejections.add(place, variable.column, reason)
    low, high = variable.possible
    known = column.status == NUMBER if variable.where is None else (column.status == NUMBER) & variable.where
    below, above = known & (column.figures < low), known & (column.figures > high)
    if below.any():
        least = "La valeur est négative, ce qui est impossible." if low == 0 else f"La valeur est inférieure à {low:g}."
        rejections.add_all(below, variable.column, least)
    if above.any():
        share = " : une part ne peut pas dépasser 100 %" if high == 100 else ""
        rejections.add_all(above, variable.column, f"La valeur est supérieure à {high:g}{share}.")


def _refuse_repeated(
    rejections: Rejections, variables: Sequence[Variable], geo_column: str, identity: Mapping[str, Texts | None]
) -> None:
    """Keep the first of identical rows; reject all those that contradict one another."""
    good = np.flatnonzero(~rejections.bad)
    keys = pd.DataFrame({name: "" if texts is None else texts[good] for name, texts in identity.items()})
    twice = keys.duplicated(keep=False).to_numpy()
    if not twice.any():
        return
    grid = rejections.grid
    cells = [grid.columns[column] for column in dict.fromkeys(variable.column for variable in variables)]
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, key in zip(good[twice].tolist(), keys[twice].itertuples(index=False, name=None), strict=True):
        groups.setdefault(key, []).append(place)
    for places in groups.values():
        first = places[0]
        same = all(column[place].strip() == column[first].strip() for place in places[1:] for column in cells)
        line = grid.lines[first]
        for place in places[1:] if same else places:
            reason = (
                f"{REPEATED} {line}, déjà lue (même territoire, même période, mêmes valeurs)."
                if same
                else f"{len(places)} lignes donnent des valeurs différentes pour ce territoire et cette période "
                f"(la première est la ligne {line})."
            )
            rejections.add(place, geo_column, reason)


def _observations(
    *,
    variables: Sequence[Variable],
    parsed: Sequence[Numbers],
    places: Sequence[npt.NDArray[np.intp]],
    secret: Sequence[npt.NDArray[np.bool_]],
    kept: npt.NDArray[np.intp],
    grid: Grid,
    key: str,
    geo: Texts,
    periods: Texts | None,
    years: npt.NDArray[np.float64],
    dimensions: Mapping[str, Texts],
    status: Texts | None,
) -> pd.DataFrame:
    """Stack the columns, typed as `observations.frame` would do; texts shared by all of them are stored once."""
    if not len(kept):
        return observations.empty()
    counts = [len(at) for at in places]
    read = list(zip(parsed, places, strict=True))
    values = np.concatenate([column.figures[at] for column, at in read])
    known = np.concatenate([column.status[at] == NUMBER for column, at in read])
    least, most = (np.repeat(np.array(edge), counts) for edge in zip(*(v.possible for v in variables), strict=True))
    base = np.repeat(np.array([v.base for v in variables]), counts)
    hidden = np.concatenate(secret)

    def rows(texts: Texts) -> Any:
        shared = _arrow(texts[kept])
        return [shared if at is kept else _arrow(texts[at]) for at in places]

    def dimension(name: str) -> Any:
        own = [getattr(variable, name, "") for variable in variables]
        given = rows(dimensions[name]) if name in dimensions else [None] * len(variables)
        return [
            pa.repeat(_scalar(text), count) if text or column is None else column
            for text, column, count in zip(own, given, counts, strict=True)
        ]

    shared = [None] * len(variables) if periods is None else rows(periods)
    own = [
        each if v.periods is None else _arrow(v.periods[at])
        for v, each, at in zip(variables, shared, places, strict=True)
    ]
    origin = np.full(len(geo), "", dtype=object)
    origin[kept] = [f"{grid.file}!{grid.lines[place]}" for place in kept.tolist()]
    states = None if status is None else np.concatenate([status[at] for at in places])
    stacked: Mapping[str, Any] = {
        "measure": _texts([pa.repeat(_scalar(v.measure), count) for v, count in zip(variables, counts, strict=True)]),
        "geo": _texts(rows(geo)),
        "geography": pd.array(np.concatenate([years[at] for at in places]), dtype="Int64"),
        "time_period": _texts(
            [
                pa.repeat(_scalar(v.period), count) if v.period or each is None else each
                for v, each, count in zip(variables, own, counts, strict=True)
            ]
        ),
        "value": values,
        "low": np.where(known, np.maximum(values - base // 2, np.where(base > 0, least, values)), least),
        "high": np.where(known, values + np.maximum(base - 1, 0), most),
        "obs_status": _texts([_statuses(known, hidden, states)]),
        "conf_status": _texts([_coded(hidden.astype(np.int8), ["F", "C"])]),
        "source": _texts([pa.repeat(_scalar(key), sum(counts))]),
        "origin": _texts(rows(origin)),
        **{name: _texts(dimension(name)) for name in observations.DIMENSIONS},
    }
    return pd.DataFrame({name: stacked[name] for name in observations.COLUMNS}, copy=False)


def _is_secret(variable: Variable, column: Numbers, withheld: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.bool_]:
    secret = np.isin(column.status, (SECRET, EMPTY) if variable.secret else (SECRET,))
    return secret if withheld is None else secret | (withheld & (column.status == EMPTY))


def _scalar(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _arrow(texts: Texts) -> pa.Array:
    return pa.array(texts, pa.large_string())


def _statuses(known: npt.NDArray[np.bool_], secret: npt.NDArray[np.bool_], states: Texts | None) -> pa.Array:
    """SDMX CL_OBS_STATUS: A normal, Q missing because suppressed, M missing; or what the source says of its figures."""
    plain = _coded(np.where(known, 0, np.where(secret, 1, 2)), ["A", "Q", "M"])
    return plain if states is None else pc.if_else(pa.array(known), _arrow(states), plain)


def _coded(codes: npt.NDArray[np.int_], labels: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), labels).cast(pa.large_string())


def _texts(parts: Sequence[pa.Array]) -> Any:
    return pd.array(pa.chunked_array(parts, type=pa.large_string()), dtype=_TEXT)
