"""Insee: populations of communes and the «comparateur de territoires» (``insee.population``).

Three layouts of the same producer are read: the panel of census years (one row for each commune and census), the
*base comparateur* (one row for each commune, headers such as ``P18_POP``), and the table derived from it with plain
headers (``population_2021``), in which *communes déléguées* carry figures of their parent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ctgeval.errors import SourceError
from ctgeval.sources import places
from ctgeval.sources.cells import Markers
from ctgeval.sources.table import SET_ASIDE, Format, Options, SourceTable
from ctgeval.sources.text import Grid, read_grid
from ctgeval.sources.tidy import Rejections, Texts, Variable, tidy, year_of
from ctgeval.sources.vintages import CENSUS, FILOSOFI

__all__ = ["FORMAT"]

NAME = "insee.population"
_POPULATION = "population_municipale"
_MARKERS = Markers(secret=frozenset({"s", "c"}), missing=frozenset({"nd", "n.d."}))

_CENSUS = {
    "POP": _POPULATION,
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
}
_YEARLY = {"NAISD": "naissances", "DECESD": "deces"}
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
    "population": _POPULATION,
    "menages": "menages",
    "naissances": "naissances",
    "deces": "deces",
    "pop_15_64_totale": "population_15_64",
    "pop_15_64_chomage": "chomeurs_15_64",
    "pop_15_64_active": "actifs_15_64",
}
_AREA = "superficie_km2"
_CENSUS_HEADER = re.compile(rf"P(\d\d)_({'|'.join(sorted(_CENSUS, key=len, reverse=True))})", re.IGNORECASE)
_SUFFIXED = _YEARLY | _FISCAL | _ESTABLISHMENTS
_SUFFIXED_HEADER = re.compile(rf"({'|'.join(sorted(_SUFFIXED, key=len, reverse=True))})(\d\d)", re.IGNORECASE)
_DERIVED_HEADER = re.compile(rf"({'|'.join(_DERIVED)})_((?:19|20)\d\d)", re.IGNORECASE)
_IDENTITY = frozenset(
    {
        *("codgeo", "libgeo", "source", "millesime_rp", "annee_rp", "annee_geo"),
        *("insee_com", "insee_reg", "insee_dep", "insee_parente", "code_postal", "lat", "lng"),
        *("commune", "commune_article", "commune_type"),
    }
)
_DELEGATED = {
    "COMD": "commune déléguée : ses chiffres sont ceux de sa commune ou en font partie",
    "COMA": "commune associée : ses chiffres font partie de ceux de sa commune",
    "ARM": "arrondissement municipal : ses chiffres font partie de ceux de sa commune",
}


def _read(path: Path, options: Options) -> SourceTable:
    grid = read_grid(path, encoding=options.encoding, separator=options.separator)
    column = grid.require("CODGEO", "insee_com")
    year_column = grid.find("millesime_rp", "annee_rp")
    rejections = Rejections(grid)
    if year_column is not None:
        return _panel(rejections, column, year_column, options)
    _refuse_delegated(rejections)
    geo = places.communes(rejections, column)
    _refuse_arrondissements(rejections, column, geo)
    variables = _variables(grid)
    rejections.grid, zeros = _without_false_zeros(grid, variables)
    latest = max(int(variable.period) for variable in variables)
    years = np.full(len(geo), float(options.geography or latest))
    unknown = places.refuse_unknown(rejections, column, geo, years, options.reference)
    accepted = [code for code, bad in zip(geo, rejections.bad, strict=True) if not bad]
    geography, hint = options.geography, ""
    if geography is None:
        geography, hint = places.geography_of(accepted)
    return tidy(
        rejections,
        variables,
        format=NAME,
        options=options,
        geo=geo,
        geo_column=column,
        geography=geography,
        markers=_MARKERS,
        notes=[note for note in (unknown, hint, *zeros, _left_out(grid, variables)) if note],
    )


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
    geo = places.communes(rejections, column)
    _refuse_arrondissements(rejections, column, geo)
    known = np.where(np.isnan(geography), year, geography)
    note = places.refuse_unknown(rejections, column, geo, known, options.reference)
    return tidy(
        rejections,
        [Variable(values, _POPULATION)],
        format=NAME,
        options=options,
        geo=geo,
        geo_column=column,
        periods=text,
        geography=geography,
        markers=_MARKERS,
        notes=[
            *([note] if note else []),
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


def _refuse_delegated(rejections: Rejections) -> None:
    column = rejections.grid.find("commune_type")
    if column is None:
        return
    for place, cell in enumerate(rejections.grid.columns[column]):
        kind = str(cell).strip().upper()
        if kind != "COM":
            what = _DELEGATED.get(kind, f"ligne de type « {kind} », qui n’est pas une commune")
            rejections.add(place, column, f"{SET_ASIDE} ({what}).")


def _refuse_arrondissements(rejections: Rejections, column: str, geo: Texts) -> None:
    """Leave out the arrondissements of a city that has its own row: they would be counted twice."""
    cities = set(geo)
    for place, code in enumerate(geo):
        parent = places.arrondissement_parent(code)
        if parent in cities and not rejections.bad[place]:
            rejections.add(
                place,
                column,
                f"{SET_ASIDE} ({_DELEGATED['ARM']}, {parent}, qui a sa propre ligne).",
            )


def _variables(grid: Grid) -> list[Variable]:
    found: list[Variable] = []
    for name in grid.header:
        if match := _CENSUS_HEADER.fullmatch(name):
            found.append(Variable(name, _CENSUS[match[2].upper()], period=_century(match[1])))
        elif match := _SUFFIXED_HEADER.fullmatch(name):
            stem = match[1].upper()
            found.append(Variable(name, _SUFFIXED[stem], period=_century(match[2]), secret=stem in _FISCAL, low=0.0))
        elif match := _DERIVED_HEADER.fullmatch(name):
            found.append(Variable(name, _DERIVED[match[1].lower()], period=match[2]))
    if all(variable.measure != _POPULATION for variable in found):
        raise SourceError(
            "Il manque la colonne de la population (« POP », « P18_POP » ou « population_2021 »).",
            remedy=f"Colonnes trouvées : {', '.join(grid.header[:12])}. Vérifiez le fichier, ou le format déclaré.",
            file=grid.file,
            row=1,
        )
    area = grid.find("SUPERF", _AREA)
    if area is not None:
        latest = max(variable.period for variable in found if variable.measure == _POPULATION)
        found.append(Variable(area, _AREA, period=latest))
    return found


def _century(two_digits: str) -> str:
    # The oldest census of these files is that of 1968.
    return f"{'19' if int(two_digits) >= 68 else '20'}{two_digits}"


def _without_false_zeros(grid: Grid, variables: Sequence[Variable]) -> tuple[Grid, tuple[str, ...]]:
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


def _left_out(grid: Grid, variables: Sequence[Variable]) -> str:
    read = {variable.column for variable in variables}
    others = [name for name in grid.header if name not in read and name.lower() not in _IDENTITY]
    return f"Colonnes que ce format ne lit pas : {', '.join(others)}." if others else ""


FORMAT = Format(
    name=NAME,
    label="Populations municipales et comparateur de territoires, par commune",
    producer="Insee",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle",
    lag_years=3,
    coverage={
        "COM": "Le fichier contient toutes les communes ; les revenus y sont secrets dans les plus petites.",
    },
    minimum_population=None,
    measures=tuple(sorted({*_CENSUS.values(), *_YEARLY.values(), *_FISCAL.values(), *_ESTABLISHMENTS.values(), _AREA})),
    read=_read,
    vintages=dict.fromkeys(_CENSUS.values(), CENSUS) | dict.fromkeys(_FISCAL.values(), FILOSOFI),
)
