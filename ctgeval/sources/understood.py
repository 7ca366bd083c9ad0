"""A described table, understood: territory, period and figures of each row, and rows that say the same twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
import numpy.typing as npt

from ctgeval import measures as measures_
from ctgeval.errors import SourceError
from ctgeval.french import number, percent
from ctgeval.measures import Measure
from ctgeval.sources import places
from ctgeval.sources.cellbook import Figure
from ctgeval.sources.cells import SECRET, common_mark
from ctgeval.sources.described import dimension, periods_of, places_of, spelling, years_of
from ctgeval.sources.description import Description, Wide
from ctgeval.sources.facts import Column, Rows, Twin, read_column, twins
from ctgeval.sources.layout import Layout
from ctgeval.sources.table import REPEATED, SET_ASIDE, Options
from ctgeval.sources.tidy import Texts

__all__ = ["Part", "decimal_of", "hidden", "left_out", "origins", "refuse_twins", "understand", "years_in"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One sheet, understood.

    Parameters
    ----------
    layout : Layout
        Where the table is, and its rejected rows.
    rows : Rows
        Territory, period and modalities of each row.
    columns : tuple of Column
        Figures.
    geo_column : str
        Column of the territory; empty when it is the same for the whole file.
    used : frozenset of str
        Columns that the description retains.
    notes : tuple of str
        French sentences for the source sheet.
    """

    layout: Layout
    rows: Rows
    columns: tuple[Column, ...]
    geo_column: str
    used: frozenset[str]
    notes: tuple[str, ...]


def decimal_of(layouts: Sequence[Layout], told: Description, options: Options) -> str:
    """Return the decimal mark of what was typed as text; numbers of a workbook have none to guess.

    Raises
    ------
    AmbiguousSource
        When it can be read in two ways.
    SourceError
        When a column is missing.
    """
    marks = {spelling(mark) for mark in (*told.marks.secret, *told.marks.missing, *told.marks.bounds)}
    typed: list[list[str]] = []
    figures = False
    for layout in layouts:
        headers = [layout.column(told.long.value)] if told.long else list(_measured(layout, told))
        for header in headers:
            # What is set aside (a repeated header) is no evidence.
            cells = list(compress(layout.cells(header), ~layout.rejections.bad))
            typed.append([cell for cell in cells if cell.__class__ is not Figure and spelling(cell) not in marks])
            figures |= any(cell.__class__ is Figure and "." in cell for cell in cells)
    return common_mark(typed, file=layouts[0].grid.file, decimal=options.decimal) or ("." if figures else "")


def understand(
    layout: Layout, told: Description, options: Options, *, decimal: str, known: Mapping[str, Measure]
) -> Part:
    """Read the rows of a table; those that can't be used are rejected with the reason.

    Parameters
    ----------
    layout : Layout
        The table.
    told, options : Description, Options
        What the dossier says of it.
    decimal : str
        Decimal mark of what was typed as text.
    known : mapping of str to Measure
        Declared measures.

    Raises
    ------
    SourceError
        When the description lacks something, or a column is missing.
    UnknownMeasure
        When it names a measure that is not declared.
    """
    rejections, file = layout.rejections, layout.grid.file
    if told.place is None:
        raise SourceError(
            "La description ne dit pas de quel territoire parle chaque ligne.",
            remedy='Ajoutez par exemple territoire = { colonne = "Code commune", niveau = "COM" }.',
            file=file,
            key="territoire",
        )
    period = periods_of(layout, told.period, sheet=layout.grid.sheet, file=file)
    geo, geo_column = places_of(layout, told.place, reference=options.reference, years=years_in(period))
    dimensions = {name: dimension(layout, one) for name, one in told.dimensions.items() if not one.header}
    columns = _columns(layout, told, decimal, known)
    if told.period is None and any(not column.period for column in columns):
        raise SourceError(
            "La description ne dit pas la période des chiffres.",
            remedy='Ajoutez periode = "2018", periode = { colonne = "annee" } ou periode = "feuille".',
            file=file,
            key="periode",
        )
    years, checked, hint = _geography(layout, told, options, geo=geo, period=period, columns=columns)
    unknown = places.refuse_unknown(rejections, geo_column, geo, checked, options.reference) if geo_column else ""
    count = len(geo)
    rows = Rows(
        geo=geo,
        period=period,
        origin=origins(layout),
        geography=years,
        dimensions={
            name: np.full(count, one, dtype=object) if isinstance(one, str) else one for name, one in dimensions.items()
        },
        kept=~rejections.bad,
    )
    used = frozenset({*(column.header for column in columns), *_told(layout, told)})
    return Part(layout, rows, tuple(columns), geo_column, used, tuple(filter(None, (unknown, hint))))


def years_in(period: Texts) -> Floats:
    """Return the year in which each period begins; NaN when there is none."""
    return np.array([float(text[:4]) if text else np.nan for text in period], dtype=np.float64)


def origins(layout: Layout) -> Texts:
    """Return where each row is: file, sheet, line."""
    start = "!".join(part for part in (layout.grid.file, layout.grid.sheet) if part)
    return np.array([f"{start}!{line}" for line in layout.grid.lines], dtype=object)


def refuse_twins(parts: Sequence[Part]) -> list[Part]:
    """Keep the first of figures that are given twice, reject all the rows that contradict one another.

    A row that only repeats another one is rejected; one that also says something new keeps what is new.
    """
    current = [_refreshed(part) for part in parts]
    rows: dict[tuple[int, int], list[Twin]] = {}
    for twin in twins([(part.rows, part.columns) for part in current]):
        rows.setdefault((twin.table, twin.row), []).append(twin)
    for (table, row), found in rows.items():
        worst = next((twin for twin in found if not twin.same), found[0])
        said = sum(bool(column.where[row]) for column in current[table].columns)
        if worst.same and len(found) < said:
            for twin in found:
                current[table].columns[twin.column].where[row] = False
            continue
        first = parts[worst.first_table].layout.grid
        same = worst.same
        where = str(first.lines[worst.first_row])
        where += f" de la feuille « {first.sheet} »" if worst.first_table != table else ""
        reason = (
            f"{REPEATED} {where}, déjà lue (même territoire, même période, mêmes valeurs)."
            if same
            else "Plusieurs lignes donnent des valeurs différentes pour ce territoire et cette période "
            f"(la première est la ligne {where})."
        )
        parts[table].layout.rejections.add(row, parts[table].geo_column, reason)
    return [_refreshed(part) for part in current]


def left_out(parts: Sequence[Part]) -> list[str]:
    """Return the columns that the description does not retain, in the order of the file."""
    return list(dict.fromkeys(name for part in parts for name in part.layout.places if name not in part.used))


def hidden(parts: Sequence[Part]) -> str:
    """Return how many figures the source keeps secret, in French; or nothing."""
    masks = [(part.rows.kept & column.where, column.status) for part in parts for column in part.columns]
    total = sum(int(mask.sum()) for mask, _ in masks)
    secret = sum(int((mask & (status == SECRET)).sum()) for mask, status in masks)
    if not secret:
        return ""
    share = percent(100 * secret / total)
    return f"Valeurs non diffusées par la source (secret statistique) : {number(secret)}, soit {share}."


def _measured(layout: Layout, told: Description) -> dict[str, Wide]:
    """Return the columns that hold a measure; an exact name wins over a pattern."""
    found: dict[str, Wide] = {}
    for pattern in sorted(told.wide, key=lambda name: "*" in name):
        for header in layout.matching(pattern):
            found.setdefault(header, told.wide[pattern])
    return {header: found[header] for header in layout.places if header in found}


def _columns(layout: Layout, told: Description, decimal: str, known: Mapping[str, Measure]) -> list[Column]:
    if told.long is None:
        return [
            read_column(
                layout.rejections,
                header,
                _typed(layout.cells(header), decimal),
                measure=measures_.get(wide.measure, measures=known),
                decimal=decimal,
                marks=told.marks,
                where=np.ones(len(layout.grid.lines), dtype=bool),
                period=wide.period,
                dimensions={**_of_header(layout, header, told), **wide.dimensions},
            )
            for header, wide in _measured(layout, told).items()
        ]
    named, header = layout.column(told.long.measure), layout.column(told.long.value)
    wanted = {spelling(cell): measure for cell, measure in told.long.measures.items()}
    chosen = np.array([wanted.get(spelling(cell), "") for cell in layout.cells(named)], dtype=object)
    left = (chosen == "") & ~layout.rejections.bad
    layout.rejections.add_all(left, named, f"{SET_ASIDE} (mesure que la description ne retient pas).")
    cells = _typed(layout.cells(header), decimal)
    return [
        read_column(
            layout.rejections,
            header,
            cells,
            measure=measures_.get(measure, measures=known),
            decimal=decimal,
            marks=told.marks,
            where=np.asarray(chosen == measure, dtype=bool),
        )
        for measure in sorted(set(told.long.measures.values()))
    ]


def _typed(cells: Sequence[str], decimal: str) -> list[str]:
    """Give numbers of a workbook the decimal mark that was typed beside them."""
    if decimal != ",":
        return list(cells)
    return [cell.replace(".", ",") if cell.__class__ is Figure else cell for cell in cells]


def _of_header(layout: Layout, header: str, told: Description) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, one in told.dimensions.items():
        if one.header:
            parts = layout.parts[header]
            said = parts[one.header - 1] if one.header <= len(parts) else ""
            values = {spelling(cell): value for cell, value in one.values.items()}
            found[name] = values.get(spelling(said), said)
    return {name: value for name, value in found.items() if value}


def _geography(
    layout: Layout, told: Description, options: Options, *, geo: Texts, period: Texts, columns: Sequence[Column]
) -> tuple[Floats, Floats, str]:
    """Return the year of the codes of each row, the year to check them in, and a hint when it is not known."""
    latest = max((float(column.period[:4]) for column in columns if column.period), default=np.nan)
    own = np.where(np.isnan(years_in(period)), latest, years_in(period))
    if told.geography:
        years = years_of(layout, told.geography)
        return years, np.where(np.isnan(years), own, years), ""
    if options.geography is not None:
        years = np.full(len(geo), float(options.geography))
        return years, years, ""
    found, hint = places.geography_of(compress(geo, ~layout.rejections.bad))
    return np.full(len(geo), np.nan if found is None else float(found)), own, hint


def _refreshed(part: Part) -> Part:
    return replace(part, rows=replace(part.rows, kept=~part.layout.rejections.bad))


def _told(layout: Layout, told: Description) -> list[str]:
    names: list[str] = [condition.column for condition in (*told.keep, *told.ignore)]
    if told.place:
        names += [*told.place.columns, *filter(None, (told.place.name, told.place.departement))]
    names += [told.period.column] if told.period and told.period.column else []
    names += [told.geography] if told.geography else []
    names += [one.column for one in told.dimensions.values() if one.column]
    names += [told.long.measure, told.long.value] if told.long else []
    return [layout.column(name) for name in names]
