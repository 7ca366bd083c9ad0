"""Insee: the «comparateur de territoires», by commune or by larger territory (``insee.comparateur``).

Two layouts: the *base comparateur* (headers such as ``P18_POP``, whose digits are the year of the figures) and the
table derived from it with plain headers (``population_2021``), where *communes déléguées* have figures of their parent.
Vintages, columns and levels may change from one year to the next: what is known is read, the rest is told.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ctgeval.errors import SourceError
from ctgeval.sources import places
from ctgeval.sources.cells import Markers
from ctgeval.sources.opening import open_grid
from ctgeval.sources.table import SET_ASIDE, Format, Options, SourceTable
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections, Variable, century, tidy
from ctgeval.sources.vintages import CENSUS, FILOSOFI

__all__ = ["FORMAT", "MARKERS", "POPULATION", "read_comparateur"]

NAME = "insee.comparateur"
POPULATION = "population_municipale"
MARKERS = Markers(secret=frozenset({"s", "c"}), missing=frozenset({"nd", "n.d.", "ns", "so"}))

_CENSUS = {
    "POP": POPULATION,
    "MEN": "menages",
    "LOG": "logements",
    "RP": "residences_principales",
    "RSECOCC": "residences_secondaires",
    "LOGVAC": "logements_vacants",
    "RP_PROP": "residences_principales_proprietaires",
    "EMPLT": "emplois",
    "EMPLT_SAL": "emplois_salaries",
    "POP1564": "population_15_64",
    "CHOM1564": "chomeurs_15_64",
    "ACT1564": "actifs_15_64",
    "ACTOCC1564": "actifs_occupes_15_64",
}
_YEARLY = {"NAISD": "naissances", "DECESD": "deces"}
_BETWEEN = {"NAIS": "naissances_entre_recensements", "DECE": "deces_entre_recensements"}
_FISCAL = {
    "NBMENFISC": "menages_fiscaux",
    "PIMP": "part_menages_imposes",
    "MED": "revenu_median",
    "TP60": "taux_pauvrete",
}
_ESTABLISHMENTS = {
    "ETTOT": "etablissements",
    "ETAZ": "etablissements_agriculture",
    "ETBE": "etablissements_industrie",
    "ETFZ": "etablissements_construction",
    "ETGU": "etablissements_commerce_services",
    "ETGZ": "etablissements_commerce",
    "ETOQ": "etablissements_administration",
    "ETTEF1": "etablissements_1_9_salaries",
    "ETTEFP10": "etablissements_10_salaries_plus",
}
_DERIVED = {
    "population": POPULATION,
    "menages": "menages",
    "naissances": "naissances",
    "deces": "deces",
    "pop_15_64_totale": "population_15_64",
    "pop_15_64_chomage": "chomeurs_15_64",
    "pop_15_64_active": "actifs_15_64",
}
_AREA = "superficie_km2"
_SUFFIXED = _YEARLY | _FISCAL | _ESTABLISHMENTS


def _any(names: dict[str, str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_CENSUS_HEADER = re.compile(rf"P(\d\d)_({_any(_CENSUS)})", re.IGNORECASE)
_BETWEEN_HEADER = re.compile(rf"({_any(_BETWEEN)})(\d\d)(\d\d)", re.IGNORECASE)
_SUFFIXED_HEADER = re.compile(rf"({_any(_SUFFIXED)})(\d\d)", re.IGNORECASE)
_DERIVED_HEADER = re.compile(rf"({_any(_DERIVED)})_((?:19|20)\d\d)", re.IGNORECASE)
_IDENTITY = (
    *("CODGEO", "LIBGEO", "source", "REG", "DEP", "EPCI", "LIBEPCI"),
    *("insee_com", "insee_reg", "insee_dep", "insee_parente", "code_postal", "lat", "lng"),
    *("commune", "commune_article", "commune_type"),
)
_PARTS = {
    "COMD": "commune déléguée : ses chiffres sont ceux de sa commune ou en font partie",
    "COMA": "commune associée : ses chiffres font partie de ceux de sa commune",
    "ARM": "arrondissement municipal : ses chiffres font partie de ceux de sa commune",
}


def _read(path: Path, options: Options) -> SourceTable:
    grid = open_grid(path, options)
    return read_comparateur(grid, options, name=NAME)


def read_comparateur(grid: Grid, options: Options, *, name: str) -> SourceTable:
    """Return the observations of a comparateur.

    Parameters
    ----------
    grid : Grid
        The file.
    options : Options
        What the dossier says of it.
    name : str
        Name of the format that reads it.

    Raises
    ------
    AmbiguousSource
        When the decimal mark can be read in two ways.
    SourceError
        When the code or the population is absent, or a column comes twice.
    """
    column = grid.require("CODGEO", "insee_com")
    rejections = Rejections(grid)
    level = places.level_of(grid, column)
    _refuse_parts(rejections)
    geo = places.of_level(rejections, column, level)
    if level == "COM":
        _refuse_twins_of_parents(rejections, column)
        places.refuse_arrondissements(rejections, column, geo)
    variables = _variables(grid)
    rejections.grid, zeros = _without_false_zeros(grid, variables)
    latest = max(int(variable.period) for variable in variables)
    if level == "COM":
        places.refuse_merged(rejections, column, geo, min(latest, options.geography or latest))
    years = np.full(len(geo), float(options.geography or latest))
    unknown = places.refuse_unknown(rejections, column, geo, years, options.reference)
    geography, hint = options.geography, ""
    if geography is None and level == "COM":
        geography, hint = places.geography_of(geo[~rejections.bad].tolist())
    read = [variable.column for variable in variables]
    return tidy(
        rejections,
        variables,
        format=name,
        options=options,
        geo=geo,
        geo_column=column,
        geography=geography,
        markers=MARKERS,
        notes=[note for note in (unknown, hint, *zeros, grid.unread(*_IDENTITY, *read)) if note],
    )


def _refuse_parts(rejections: Rejections) -> None:
    """Leave out the rows that say that they are a part of a commune."""
    column = rejections.grid.find("commune_type", "TYPECOM", "type")
    if column is None:
        return
    kinds = [str(cell).strip().upper() for cell in rejections.grid.columns[column]]
    told = {
        kind: f"{SET_ASIDE} ({_PARTS.get(kind, f'ligne de type « {kind} », qui n’est pas une commune')})."
        for kind in set(kinds) - {"COM", "COMMUNE-ACTUELLE"}
    }
    reasons = np.array([told.get(kind, "") for kind in kinds], dtype=object)
    rejections.add_all(reasons != "", column, reasons)


def _refuse_twins_of_parents(rejections: Rejections, column: str) -> None:
    """Leave out a *commune déléguée* that names its parent where the file doesn't tell the types of its rows."""
    grid = rejections.grid
    parent = grid.find("insee_parente", "COMPARENT")
    if parent is None:
        return
    codes, parents = (pd.Series(grid.columns[name], dtype="str").str.strip() for name in (column, parent))
    part = parents.ne("").to_numpy() & parents.isin(set(codes)).to_numpy() & ~rejections.bad
    rejections.add_all(
        part, parent, f"{SET_ASIDE} (partie d’une commune qui a sa propre ligne : ses chiffres y sont déjà)."
    )


def _variables(grid: Grid) -> list[Variable]:
    found: list[Variable] = []
    for name in grid.header:
        if match := _CENSUS_HEADER.fullmatch(name):
            found.append(Variable(name, _CENSUS[match[2].upper()], period=century(match[1])))
        elif match := _BETWEEN_HEADER.fullmatch(name):
            found.append(Variable(name, _BETWEEN[match[1].upper()], period=century(match[3])))
        elif match := _SUFFIXED_HEADER.fullmatch(name):
            stem = match[1].upper()
            found.append(Variable(name, _SUFFIXED[stem], period=century(match[2]), secret=stem in _FISCAL, low=0.0))
        elif match := _DERIVED_HEADER.fullmatch(name):
            found.append(Variable(name, _DERIVED[match[1].lower()], period=match[2]))
    if all(variable.measure != POPULATION for variable in found):
        raise SourceError(
            "Il manque la colonne de la population (« POP », « P18_POP » ou « population_2021 »).",
            remedy=f"Colonnes trouvées : {', '.join(grid.header[:12])}. Vérifiez le fichier, ou le format déclaré.",
            file=grid.file,
            row=1,
        )
    area = grid.find("SUPERF", _AREA)
    if area is not None:
        latest = max(variable.period for variable in found if variable.measure == POPULATION)
        found.append(Variable(area, _AREA, period=latest))
    return found


def _without_false_zeros(grid: Grid, variables: list[Variable]) -> tuple[Grid, tuple[str, ...]]:
    """Empty the zeros that the derived table writes for communes of which Insee publishes no census figure.

    There the area is empty too (Mayotte), whereas the six villages destroyed in 1916 have an area and no inhabitant.
    """
    area = grid.find(_AREA)
    census = [v.column for v in variables if _DERIVED_HEADER.fullmatch(v.column) and v.measure not in _YEARLY.values()]
    if area is None or not census:
        return grid, ()
    empty = [not cell.strip() for cell in grid.columns[area]]
    columns = dict(grid.columns)
    changed: set[int] = set()
    for name in census:
        places_changed = {
            place
            for place, (cell, blank) in enumerate(zip(columns[name], empty, strict=True))
            if blank and cell.strip() == "0"
        }
        columns[name] = ["" if place in places_changed else cell for place, cell in enumerate(columns[name])]
        changed |= places_changed
    if not changed:
        return grid, ()
    note = f"Communes sans donnée du recensement, où le fichier écrit 0 : {len(changed)} lignes, lues comme manquantes."
    return replace(grid, columns=columns), (note,)


FORMAT = Format(
    name=NAME,
    label="Comparateur de territoires",
    producer="Insee",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle",
    lag_years=3,
    coverage={
        "COM": "Le fichier contient toutes les communes ; les revenus y sont secrets dans les plus petites.",
        "EPCI": "Le fichier contient tous les EPCI à fiscalité propre.",
        "DEP": "Le fichier contient tous les départements.",
        "REG": "Le fichier contient toutes les régions.",
    },
    minimum_population=None,
    measures=tuple(
        sorted(
            {
                *_CENSUS.values(),
                *_YEARLY.values(),
                *_BETWEEN.values(),
                *_FISCAL.values(),
                *_ESTABLISHMENTS.values(),
                _AREA,
            }
        )
    ),
    read=_read,
    vintages=dict.fromkeys(_CENSUS.values(), CENSUS) | dict.fromkeys(_FISCAL.values(), FILOSOFI),
)
