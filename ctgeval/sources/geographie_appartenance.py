"""Which EPCI each commune belongs to, by year (``geographie.appartenance``), and the list of communes of a year.

Several layouts are in use: a table of several years (annee_geo, CODGEO, LIBGEO, DEP, EPCI, LIBEPCI), Insee's
«Composition communale des EPCI» (CODGEO, LIBGEO, EPCI, LIBEPCI, DEP, REG), DGCL's (siren, raison_sociale, insee,
nom_membre). ``geographie.communes`` is the list of communes of the code officiel géographique, in which communes
déléguées and associées stand beside those that exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import observations
from ctgeval.errors import SourceError, TerritoryError
from ctgeval.french import fold, number, plural
from ctgeval.sources import listing, places
from ctgeval.sources.geographie_classeur import open_table
from ctgeval.sources.table import SET_ASIDE, Format, Options, SourceTable
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections, Texts, year_of
from ctgeval.territory import codes

__all__ = ["COMMUNES", "FORMAT_APPARTENANCE", "FORMAT_COMMUNES"]

APPARTENANCE, COMMUNES = "geographie.appartenance", "geographie.communes"
TABLE = "appartenance"

_YEAR = ("annee_geo", "annee", "millesime", "cog")
_COMMUNE = ("CODGEO", "code_insee", "insee", "code_commune", "code_membre", "depcom", "COM", "code")
_COMMUNE_NAME = ("LIBGEO", "nom_membre", "nom_commune", "LIBELLE", "libelle", "nom")
_EPCI = ("EPCI", "siren_epci", "code_epci", "siren", "num_siren", "siren_groupement")
_EPCI_NAME = ("LIBEPCI", "raison_sociale", "nom_epci", "nom_complet", "nom_du_groupement")
_DEP = ("DEP", "departement", "dep_com", "code_departement", "dept")
_REG = ("REG", "region", "code_region")
_TYPE = ("type", "typecom")
_CURRENT = frozenset({"com", "commune actuelle", "commune"})
# Insee's code for communes that are in no EPCI.
_NONE = re.compile(r"Z+|0*|sans objet", re.IGNORECASE)

Floats = npt.NDArray[np.float64]


def _read_membership(path: Path, options: Options) -> SourceTable:
    grid = open_table(path, options, _COMMUNE, _EPCI)
    epci = grid.require(*_EPCI)
    return _read(grid, options, APPARTENANCE, epci)


def _read_communes(path: Path, options: Options) -> SourceTable:
    grid = open_table(path, options, _COMMUNE, _COMMUNE_NAME)
    return _read(grid, options, COMMUNES, grid.find(*_EPCI[:3]))


def _read(grid: Grid, options: Options, format: str, epci_column: str | None) -> SourceTable:
    code_column = grid.require(*_COMMUNE)
    rejections = Rejections(grid)
    type_column = grid.find(*_TYPE) if format == COMMUNES else None
    if type_column:
        _set_aside(rejections, type_column)
    year, year_column, note = _years(rejections, options)
    commune = places.communes(rejections, code_column)
    epci = _codes(rejections, epci_column, codes.epci)
    dep = _codes(rejections, grid.find(*_DEP), codes.departement)
    reg = _codes(rejections, grid.find(*_REG), codes.region)
    names = {"commune_name": grid.find(*_COMMUNE_NAME), "epci_name": grid.find(*_EPCI_NAME)}
    _refuse_repeated(rejections, year, commune, [name for name in (year_column, code_column) if name])
    whole = np.nan_to_num(year).astype(np.int64)
    columns = {
        "year": whole,
        "commune": commune,
        **{name: listing.texts(grid, column) for name, column in names.items()},
        "epci": epci,
        "dep": dep,
        "reg": reg,
    }
    unknown = places.refuse_unknown(rejections, code_column, commune, year, options.reference)
    read = [year_column, code_column, type_column, epci_column, *names.values(), grid.find(*_DEP), grid.find(*_REG)]
    table = listing.frame(rejections, columns, read=[name for name in read if name])
    return listing.result(
        rejections,
        format=format,
        observed=observations.empty(),
        tables={TABLE: table},
        notes=[note, unknown, _extent(whole[~rejections.bad], dep[~rejections.bad], epci[~rejections.bad], format)],
    )


def _set_aside(rejections: Rejections, column: str) -> None:
    for place, cell in enumerate(listing.texts(rejections.grid, column).tolist()):
        if fold(cell).replace("-", " ") not in _CURRENT:
            rejections.add(place, column, f"{SET_ASIDE} (« {cell} » : elle fait partie d’une commune qui a sa ligne).")


def _refuse_repeated(rejections: Rejections, year: Floats, commune: Texts, keys: list[str]) -> None:
    good = ~rejections.bad
    pairs = pd.DataFrame({"year": year[good], "commune": commune[good]})
    # Next to no file repeats a commune: the cells are compared only in one that does.
    if pairs.duplicated().any():
        listing.refuse_repeated(rejections, keys, what="cette commune")


def _years(rejections: Rejections, options: Options) -> tuple[Floats, str | None, str]:
    """Return the year of each row, the column it is in, and a note when it comes from the name of the file."""
    grid = rejections.grid
    column = grid.find(*_YEAR)
    if column is not None:
        cells = listing.texts(grid, column).tolist()
        known = {cell: year_of(cell) for cell in set(cells)}
        years = np.array([np.nan if known[cell] is None else float(known[cell] or 0) for cell in cells])
        rejections.add_all(np.isnan(years), column, "La cellule n’est pas une année lisible.")
        return years, column, ""
    told = [options.geography] if options.geography is not None else listing.years_in(grid.file)
    if len(told) != 1:
        raise SourceError(
            "L’année de cette géographie ne se trouve ni dans une colonne, ni dans le nom du fichier.",
            remedy="Indiquez-la dans ctg.toml, sous la source : geographie = 2018.",
            file=grid.file,
            key="geographie",
        )
    from_name = options.geography is None
    note = f"Année lue dans le nom du fichier : géographie au 1er janvier {told[0]}." if from_name else ""
    return np.full(len(grid.lines), float(told[0])), None, note


def _codes(rejections: Rejections, column: str | None, read: Callable[[object], str]) -> Texts:
    """Return the prefixed codes of a column, empty where it has none; rows whose code is damaged are rejected."""
    cells = listing.texts(rejections.grid, column).tolist()
    known = {cell: _code(cell, read) for cell in set(cells)}
    wrong = {cell for cell, (_, reason) in known.items() if reason}
    if column is not None and wrong:
        for place, cell in enumerate(cells):
            if cell in wrong and not rejections.bad[place]:
                rejections.add(place, column, known[cell][1])
    return np.array([known[cell][0] for cell in cells], dtype=object)


def _code(cell: str, read: Callable[[object], str]) -> tuple[str, str]:
    if _NONE.fullmatch(cell):
        return "", ""
    try:
        return read(cell), ""
    except TerritoryError as error:
        return "", error.problem.message


def _extent(years: npt.NDArray[np.int64], dep: Texts, epci: Texts, format: str) -> str:
    if not len(years):
        return ""
    count = len({code for code in dep if code})
    where = f", {plural(count, 'département')}" if count else ""
    span = f"{years.min()} à {years.max()}" if years.min() < years.max() else f"{years[0]}"
    alone = int((epci == "").sum()) if format == APPARTENANCE else 0
    out = f" Communes sans EPCI : {number(alone)}." if alone else ""
    return f"Géographie au 1er janvier, de {span}{where} : un EPCI qui en sort n’y est pas entier.{out}"


FORMAT_APPARTENANCE = Format(
    name=APPARTENANCE,
    label="Composition communale des EPCI, par année",
    producer="Insee, DGCL",
    licence="Licence Ouverte 2.0 (ODbL par COGugaison)",
    periodicity="annuelle",
    lag_years=1,
    coverage={"EPCI": "Un EPCI à cheval sur des départements que le fichier ne donne pas n’y est pas entier."},
    minimum_population=None,
    measures=(),
    read=_read_membership,
)

FORMAT_COMMUNES = Format(
    name=COMMUNES,
    label="Liste des communes du code officiel géographique",
    producer="Insee",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle",
    lag_years=1,
    coverage={
        "COM": "Seules les communes actuelles sont gardées : ni communes déléguées ou associées, ni arrondissements."
    },
    minimum_population=None,
    measures=(),
    read=_read_communes,
)
