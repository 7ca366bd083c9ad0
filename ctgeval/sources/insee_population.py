"""Insee: populations of communes by census (``insee.population``).

The panel of census years has one row for each commune and census; the other layouts of the same producer, which give a
column to each vintage, are those of ``insee.comparateur`` and are read as it reads them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ctgeval.sources import places
from ctgeval.sources.insee_comparateur import FORMAT as COMPARATEUR, MARKERS, POPULATION, read_comparateur
from ctgeval.sources.opening import open_grid
from ctgeval.sources.table import Format, Options, SourceTable
from ctgeval.sources.tidy import Rejections, Texts, Variable, tidy, year_of

__all__ = ["FORMAT"]

NAME = "insee.population"
_LAST_GENERAL_CENSUS = 1999
_IDENTITY = ("LIBGEO", "source", "NOM", "COM", "LIBCOM")


def _read(path: Path, options: Options) -> SourceTable:
    grid = open_grid(path, options)
    column = grid.require("CODGEO", "insee_com")
    year_column = grid.find("millesime_rp", "annee_rp")
    if year_column is None:
        return read_comparateur(grid, options, name=NAME)
    return _panel(Rejections(grid), column, year_column, options)


def _panel(rejections: Rejections, column: str, year_column: str, options: Options) -> SourceTable:
    grid = rejections.grid
    values = grid.require("POP")
    year, text = _years(rejections, year_column)
    geography: npt.NDArray[np.float64] = np.full(len(year), np.nan)
    geography_column = grid.find("annee_geo")
    if geography_column is not None:
        geography, _ = _years(rejections, geography_column)
    elif options.geography is not None:
        geography = np.full(len(year), float(options.geography))
    else:
        # Until 1999 a census counted everybody in one month, in the communes of that day.
        geography = np.where(year <= _LAST_GENERAL_CENSUS, year, np.nan)
    geo = places.communes(rejections, column)
    places.refuse_arrondissements(rejections, column, geo)
    known = np.where(np.isnan(geography), year, geography)
    known_columns = [name for name in (column, year_column, geography_column, values) if name]
    unread = grid.unread(*_IDENTITY, *known_columns)
    note = places.refuse_unknown(rejections, column, geo, known, options.reference)
    return tidy(
        rejections,
        [Variable(values, POPULATION)],
        format=NAME,
        options=options,
        geo=geo,
        geo_column=column,
        periods=text,
        geography=geography,
        markers=MARKERS,
        notes=[
            *(one for one in (note, unread) if one),
            "Deux millésimes du recensement distants de moins de cinq ans ne se comparent pas.",
        ],
    )


def _years(rejections: Rejections, column: str) -> tuple[npt.NDArray[np.float64], Texts]:
    cells = [str(cell) for cell in rejections.grid.columns[column]]
    known = {cell: year_of(cell) for cell in set(cells)}
    found = [known[cell] for cell in cells]
    rejections.add_all(
        np.array([year is None for year in found], dtype=bool), column, "La cellule n’est pas une année lisible."
    )
    numeric = np.array([np.nan if year is None else float(year) for year in found], dtype=np.float64)
    return numeric, np.array(["" if year is None else str(year) for year in found], dtype=object)


FORMAT = Format(
    name=NAME,
    label="Populations municipales, par commune",
    producer="Insee",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle",
    lag_years=3,
    coverage={
        "COM": "Le fichier contient toutes les communes ; les revenus y sont secrets dans les plus petites.",
    },
    minimum_population=None,
    measures=COMPARATEUR.measures,
    read=_read,
    vintages=COMPARATEUR.vintages,
)
