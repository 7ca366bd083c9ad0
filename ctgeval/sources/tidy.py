"""From a grid of text to observations: one function that every reader of a wide table shares.

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

from ctgeval import measures, observations
from ctgeval.errors import SourceError
from ctgeval.french import number, percent
from ctgeval.sources.cells import EMPTY, NO_MARKERS, NUMBER, SECRET, Markers, Numbers, common_mark, numbers
from ctgeval.sources.table import REJECTED_COLUMNS, REPEATED, Options, SourceTable
from ctgeval.sources.text import Grid

__all__ = ["Rejections", "Variable", "tidy", "year_of"]

Texts = npt.NDArray[np.object_]
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
    """

    column: str
    measure: str
    period: str = ""
    secret: bool = False
    low: float = -np.inf
    high: float = np.inf

    @property
    def possible(self) -> tuple[float, float]:
        """Least and greatest value that are not a mistake."""
        low, high = measures.get(self.measure).possible
        return max(low, self.low), min(high, self.high)


@dataclass(slots=True)
class Rejections:
    """The faults found in a grid, gathered while it is read.

    Parameters
    ----------
    grid : Grid
        The file.
    """

    grid: Grid
    found: list[tuple[int, str, str, str]] = field(default_factory=list)
    bad: npt.NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.bad = np.zeros(len(self.grid.lines), dtype=bool)
        for line, cells, start in self.grid.ragged:
            reason = f"La ligne compte {cells} cellules, l’en-tête en compte {self.grid.width}."
            self.found.append((line, "", start, reason))

    def add(self, place: int, column: str, reason: str) -> None:
        """Reject the row at a place of the grid, for what it has in a column."""
        value = str(self.grid.columns[column][place]).strip() if column else ""
        self.found.append((int(self.grid.lines[place]), column, value, reason))
        self.bad[place] = True

    def add_all(self, wrong: npt.NDArray[np.bool_], column: str, reason: str) -> None:
        """Reject the rows of a mask, for the same reason."""
        for place in np.flatnonzero(wrong).tolist():
            self.add(place, column, reason)

    def frame(self) -> pd.DataFrame:
        """Return the faults as a table, by line of the file."""
        rows = sorted(self.found, key=lambda found: (found[0], found[1], found[3]))
        table = pd.DataFrame(rows, columns=["row", "column", "value", "reason"])
        return pd.DataFrame(
            {
                "file": pd.Series(self.grid.file, index=table.index, dtype=_TEXT),
                "sheet": pd.Series(self.grid.sheet, index=table.index, dtype=_TEXT),
                "row": table["row"].astype("int64"),
                **{name: table[name].astype(_TEXT) for name in ("column", "value", "reason")},
            },
            columns=list(REJECTED_COLUMNS),
        )


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
    markers: Markers = NO_MARKERS,
    notes: Sequence[str] = (),
) -> SourceTable:
    """Return the observations of a wide table, and its rejected rows.

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
    if not variables:
        raise SourceError(
            "Aucune colonne de ce fichier n’est connue de ce format.",
            remedy="Vérifiez le format déclaré dans ctg.toml.",
            file=grid.file,
            row=1,
        )
    _refuse_twins(variables, grid)
    columns = [grid.columns[variable.column] for variable in variables]
    decimal = common_mark(columns, file=grid.file, decimal=options.decimal)
    parsed = [numbers(cells, decimal=decimal, markers=markers) for cells in columns]
    for variable, column in zip(variables, parsed, strict=True):
        _refuse(rejections, variable, column)
    _refuse_repeated(rejections, variables, geo, geo_column, periods)
    kept = np.flatnonzero(~rejections.bad)
    hidden = sum(int(_is_secret(v, column)[kept].sum()) for v, column in zip(variables, parsed, strict=True))
    if hidden:
        share = percent(100 * hidden / (len(kept) * len(variables)))
        notes = [*notes, f"Valeurs non diffusées par la source (secret statistique) : {number(hidden)}, soit {share}."]
    years = np.full(len(geo), np.nan) if geography is None else np.broadcast_to(np.asarray(geography, float), len(geo))
    return SourceTable(
        observations=_observations(
            variables=variables,
            parsed=parsed,
            kept=kept,
            grid=grid,
            key=options.key,
            geo=geo,
            periods=periods,
            years=years,
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


def _refuse_twins(variables: Sequence[Variable], grid: Grid) -> None:
    seen: dict[tuple[str, str], str] = {}
    for variable in variables:
        first = seen.setdefault((variable.measure, variable.period), variable.column)
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
        rejections.add(place, variable.column, reason)
    low, high = variable.possible
    known = column.status == NUMBER
    below, above = known & (column.figures < low), known & (column.figures > high)
    if below.any():
        least = "La valeur est négative, ce qui est impossible." if low == 0 else f"La valeur est inférieure à {low:g}."
        rejections.add_all(below, variable.column, least)
    if above.any():
        share = " : une part ne peut pas dépasser 100 %" if high == 100 else ""
        rejections.add_all(above, variable.column, f"La valeur est supérieure à {high:g}{share}.")


def _refuse_repeated(
    rejections: Rejections, variables: Sequence[Variable], geo: Texts, geo_column: str, periods: Texts | None
) -> None:
    """Keep the first of identical rows; reject all those that contradict one another."""
    good = np.flatnonzero(~rejections.bad)
    keys = pd.DataFrame({"geo": geo[good], "period": "" if periods is None else periods[good]})
    twice = keys.duplicated(keep=False).to_numpy()
    if not twice.any():
        return
    grid = rejections.grid
    cells = [grid.columns[variable.column] for variable in variables]
    groups: dict[tuple[str, str], list[int]] = {}
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
    kept: npt.NDArray[np.intp],
    grid: Grid,
    key: str,
    geo: Texts,
    periods: Texts | None,
    years: npt.NDArray[np.float64],
) -> pd.DataFrame:
    """Stack the columns, typed as `observations.frame` would do; texts shared by all of them are stored once."""
    count, times = len(kept), len(variables)
    if not count:
        return observations.empty()
    own = None if periods is None else _arrow(periods[kept])
    values = np.concatenate([column.figures[kept] for column in parsed])
    low, high = (np.repeat(np.array(edge), count) for edge in zip(*(v.possible for v in variables), strict=True))
    known = np.concatenate([column.status[kept] == NUMBER for column in parsed])
    secret = np.concatenate([_is_secret(v, column)[kept] for v, column in zip(variables, parsed, strict=True)])
    origin = _arrow(np.array([f"{grid.file}!{grid.lines[place]}" for place in kept.tolist()], dtype=object))
    stacked: Mapping[str, Any] = {
        "measure": _texts([pa.repeat(_scalar(variable.measure), count) for variable in variables]),
        "geo": _texts([_arrow(geo[kept])] * times),
        "geography": pd.array(np.tile(years[kept], times), dtype="Int64"),
        "time_period": _texts(
            [pa.repeat(_scalar(v.period), count) if v.period or own is None else own for v in variables]
        ),
        "value": values,
        "low": np.where(known, values, low),
        "high": np.where(known, values, high),
        "obs_status": _texts([_statuses(known, secret)]),
        "conf_status": _texts([_coded(secret.astype(np.int8), ["F", "C"])]),
        "source": _texts([pa.repeat(_scalar(key), count * times)]),
        "origin": _texts([origin] * times),
    }
    nothing = _texts([pa.repeat(_scalar(""), count * times)])
    return pd.DataFrame({name: stacked.get(name, nothing) for name in observations.COLUMNS}, copy=False)


def _is_secret(variable: Variable, column: Numbers) -> npt.NDArray[np.bool_]:
    return np.isin(column.status, (SECRET, EMPTY) if variable.secret else (SECRET,))


def _scalar(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _arrow(texts: Texts) -> pa.Array:
    return pa.array(texts, pa.large_string())


def _statuses(known: npt.NDArray[np.bool_], secret: npt.NDArray[np.bool_]) -> pa.Array:
    """SDMX CL_OBS_STATUS: A normal, Q missing because suppressed, M missing."""
    return _coded(np.where(known, 0, np.where(secret, 1, 2)), ["A", "Q", "M"])


def _coded(codes: npt.NDArray[np.int_], labels: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), labels).cast(pa.large_string())


def _texts(parts: Sequence[pa.Array]) -> Any:
    return pd.array(pa.chunked_array(parts, type=pa.large_string()), dtype=_TEXT)
