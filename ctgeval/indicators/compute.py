"""Indicators computed from observations: pooled rates, true bounds, and a reason for each figure that is undefined."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from ctgeval import measures as measures_
from ctgeval.errors import NotAdditive
from ctgeval.indicators import cells as cells_, definition
from ctgeval.indicators.definition import Indicator
from ctgeval.indicators.field import Field, Geography
from ctgeval.indicators.pooling import resolve
from ctgeval.indicators.table import RESULT_COLUMNS, assemble, empty, written
from ctgeval.measures import Measure

__all__ = ["RESULT_COLUMNS", "aggregate", "compute", "empty", "stream"]


def compute(
    observations: pd.DataFrame,
    indicators: Iterable[str],
    geos: Sequence[str],
    *,
    reference: Geography,
    year: int,
    catalogue: Mapping[str, Indicator] | None = None,
    measures: Mapping[str, Measure] | None = None,
    groupings: Mapping[str, Sequence[str]] | None = None,
    start: date | None = None,
    unsampled: Collection[str] = (),
) -> pd.DataFrame:
    """Compute indicators for territories, at every period for which their numerator is known.

    A row that the source gives for the territory itself is preferred. Otherwise the communes are pooled: sum of
    numerators over sum of denominators, never a mean of rates. A denominator that is a stock (a population) may be of
    the last vintage known before the period; the row says which.

    Parameters
    ----------
    observations : DataFrame
        Table of observations (see `ctgeval.observations`), on the geography of ``year``, sources in the order in
        which they are declared.
    indicators : iterable of str
        Ids of the catalogue.
    geos : sequence of str
        Territories, in the order wanted.
    reference : Reference
        Gives the communes of a territory.
    year : int
        Year of the geography (1 January) in which everything is expressed.
    catalogue : mapping, optional
        Indicators; those of the house by default.
    measures : mapping, optional
        Measures; those of the house by default.
    groupings : mapping of str to sequence of str, optional
        Communes of each ``GRP-`` code.
    start : date, optional
        Start of the convention, from which some flows are summed.
    unsampled : collection of str, optional
        Sources whose respondents are no sample, or of a design that their survey alone tells: no interval is drawn from
        their counts.

    Returns
    -------
    DataFrame
        Columns `RESULT_COLUMNS`, a row per indicator, territory and period, in that order. Undefined is NaN with a
        French ``reason``. An indicator of which no numerator was ever observed has no row.

    Raises
    ------
    UnknownIndicator
        When an id is not in the catalogue.
    UnknownMeasure
        When a formula names a measure that is not declared.
    """
    made = stream(
        observations,
        indicators,
        geos,
        reference=reference,
        year=year,
        catalogue=catalogue,
        measures=measures,
        groupings=groupings,
        start=start,
        unsampled=unsampled,
    )
    frames = [written(frame) for frame in made]
    return pd.concat(frames, ignore_index=True) if frames else empty()


def stream(
    observations: pd.DataFrame,
    indicators: Iterable[str],
    geos: Sequence[str],
    *,
    reference: Geography,
    year: int,
    catalogue: Mapping[str, Indicator] | None = None,
    measures: Mapping[str, Measure] | None = None,
    groupings: Mapping[str, Sequence[str]] | None = None,
    start: date | None = None,
    unsampled: Collection[str] = (),
) -> Iterator[pd.DataFrame]:
    """Compute indicators one after the other, so that a whole country needs the memory of one indicator.

    Parameters
    ----------
    observations : DataFrame
        Table of observations; a large one is best given compact (see `ctgeval.observations.compact`).
    indicators, geos, reference, year, catalogue, measures, groupings, start, unsampled
        See `compute`.

    Yields
    ------
    DataFrame
        Columns `RESULT_COLUMNS`, texts as categories: the rows of one indicator, in the order asked; none for an
        indicator of which no numerator was ever observed.

    Raises
    ------
    UnknownIndicator, UnknownMeasure
        See `compute`; before anything is computed.
    """
    known = definition.catalogue() if catalogue is None else catalogue
    wanted = [definition.get(id, catalogue=known) for id in dict.fromkeys(indicators)]
    declared = measures_.load() if measures is None else measures
    needed = {name: measures_.get(name, measures=declared) for item in wanted for name in item.measures}
    field = Field.of(
        observations,
        needed,
        list(dict.fromkeys(geos)),
        reference,
        year=year,
        groupings=groupings or {},
        unsampled=unsampled,
    )
    return _each(wanted, field, start)


def _each(wanted: Sequence[Indicator], field: Field, start: date | None) -> Iterator[pd.DataFrame]:
    last = {name: rank for rank, item in enumerate(wanted) for name in item.measures}
    for rank, item in enumerate(wanted):
        frame = _table(item, field, start)
        field.cells.forget(name for name in item.measures if last[name] == rank)
        if frame is not None:
            yield frame


def aggregate(
    observations: pd.DataFrame,
    measure: str,
    geo: str,
    *,
    reference: Geography,
    year: int,
    measures: Mapping[str, Measure] | None = None,
    groupings: Mapping[str, Sequence[str]] | None = None,
    strict: bool = True,
) -> pd.DataFrame:
    """Sum a measure over the communes of a territory, whether or not the source gives a row for it.

    Parameters
    ----------
    observations : DataFrame
        Table of observations.
    measure : str
        What to sum.
    geo : str
        The territory.
    reference, year, measures, groupings
        See `compute`.
    strict : bool
        Refuse a sum that has no meaning; otherwise its rows are NaN with a reason.

    Returns
    -------
    DataFrame
        Columns `RESULT_COLUMNS`, a row per period, the name of the measure standing as indicator.

    Raises
    ------
    NotAdditive
        When the measure does not add over places; the message says which row to use instead.
    UnknownMeasure
        When the measure is not declared.
    """
    declared = measures_.load() if measures is None else measures
    item = measures_.get(measure, measures=declared)
    if strict and not item.additive_over_places:
        raise NotAdditive(item.refusal("places"), key=geo, value=measure)
    indicator = Indicator(
        id=measure,
        label=item.label,
        theme="",
        kind="contexte",
        numerator="" if item.published else measure,
        published=measure if item.published else "",
        unit=item.unit,
        direction="neutral",
        source="",
        grain=(),
        periodicity="annuelle",
        lag_years=0,
        definition=item.label,
        nature="publie" if item.published else "compte",
    )
    others = observations[observations["geo"] != geo]
    field = Field.of(others, {measure: item}, [geo], reference, year=year, groupings=groupings or {})
    table = _table(indicator, field, None)
    return empty() if table is None else written(table)


def _table(item: Indicator, field: Field, start: date | None) -> pd.DataFrame | None:
    numerators = [_numerator(field.cells[name], item, field, start) for name in item.numerator_measures]
    columns = np.flatnonzero(np.any([cells.present.any(axis=0) for cells in numerators], axis=0))
    if not len(columns):
        return None
    parts = {
        name: cells.take(slice(None), columns) for name, cells in zip(item.numerator_measures, numerators, strict=True)
    }
    for name in item.denominator_measures:
        stock = field.measures[name].kind == "stock"
        cells = field.cells[name]
        parts[name] = cells_.latest_known(cells, field.axis, columns) if stock else cells.take(slice(None), columns)
    top, bottom, completeness = resolve(item, parts, field)
    return assemble(item, field, columns, top, bottom, completeness=completeness)


def _numerator(cells: cells_.Cells, item: Indicator, field: Field, start: date | None) -> cells_.Cells:
    return cells_.since(cells, field.axis, start) if item.since_start else cells
