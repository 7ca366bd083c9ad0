"""Éducation nationale: pupils and classes of each primary school (``education.effectifs``).

The file names communes in capitals without their codes: they are found by name, in the département of the school and
the geography of the school year, else refused with the near names. A row is a school and a school year: schools are
kept in a table, and added up by commune.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ctgeval.errors import SourceError
from ctgeval.french import number
from ctgeval.sources import listing, names, places
from ctgeval.sources.opening import open_grid
from ctgeval.sources.table import Format, Options, SourceTable
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections, Texts, year_of

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

__all__ = ["FORMAT"]

NAME = "education.effectifs"
_SCHOOLS = "ecoles_premier_degre"
_PUPILS = "eleves_premier_degre"
_COUNTS: dict[str, tuple[str, ...]] = {
    _PUPILS: ("Nombre total d'élèves", "nombre_total_eleves"),
    "classes_premier_degre": ("Nombre total de classes", "nombre_total_classes"),
    "eleves_preelementaire": (
        "Nombre d'élèves en pré-élémentaire hors ULIS",
        "nombre_eleves_preelementaire_hors_ulis",
    ),
    "eleves_elementaire": ("Nombre d'élèves en élémentaire hors ULIS", "nombre_eleves_elementaire_hors_ulis"),
    "eleves_ulis": ("Nombre d'élèves en ULIS", "nombre_eleves_ulis"),
}
_PARTS = ("eleves_preelementaire", "eleves_elementaire", "eleves_ulis")
_YEAR = ("Rentrée scolaire", "rentree_scolaire", "Année scolaire", "annee_scolaire")
_SCHOOL = ("Numéro de l'école", "numero_ecole", "UAI", "Identifiant de l'établissement")
_COMMUNE = ("Commune", "Nom commune")
_CODE = ("Code commune", "code_commune", "code_insee", "Code INSEE de la commune")
_DEPARTEMENT = ("Code département", "code_departement", "Département", "departement")
_TEXTS: dict[str, tuple[str, ...]] = {
    "denomination": ("Dénomination principale", "denomination_principale"),
    "nom": ("Patronyme",),
    "secteur": ("Secteur",),
}


def _read(path: Path, options: Options) -> SourceTable:
    grid = open_grid(path, options)
    year_column, commune_column = grid.require(*_YEAR), grid.require(*_COMMUNE)
    grid.require(*_COUNTS[_PUPILS])
    found = {measure: grid.find(*headers) for measure, headers in _COUNTS.items()}
    columns_of_text = {name: grid.find(*headers) for name, headers in _TEXTS.items()}
    school_column = grid.find(*_SCHOOL)
    rejections = Rejections(grid)
    years = _years(rejections, year_column)
    deps, dep_column = _departements(grid, school_column, options.reference)
    geo, geography, code_column = _communes(rejections, commune_column, deps, years, options)
    rejections.where = np.where(geo == "", [f"DEP-{dep}" if dep else "" for dep in deps.tolist()], geo)
    figures = {
        measure: listing.figures(rejections, column, options=options, required=measure == _PUPILS, low=0.0)
        for measure, column in found.items()
        if column is not None
    }
    keys = [school_column, year_column] if school_column else []
    listing.refuse_repeated(rejections, keys, what="cette école et cette rentrée")
    periods = np.array(["" if np.isnan(year) else f"{year:.0f}-{year + 1:.0f}" for year in years], dtype=object)
    observed = listing.summed(
        rejections,
        [*(listing.Sum(measure, cells) for measure, cells in figures.items()), listing.Sum(_SCHOOLS)],
        key=options.key,
        geo=names.whole_communes(geo),
        periods=periods,
        geography=geography,
    )
    columns = {
        "ecole_id": listing.texts(grid, school_column),
        **{name: listing.texts(grid, column) for name, column in columns_of_text.items()},
        "annee_scolaire": periods,
        "departement": deps,
        "commune": listing.texts(grid, commune_column),
        "geo": geo,
        **figures,
    }
    read = [year_column, commune_column, school_column, dep_column, code_column]
    read += [*found.values(), *columns_of_text.values()]
    return listing.result(
        rejections,
        format=NAME,
        observed=observed,
        tables={"ecoles": listing.frame(rejections, columns, read=[name for name in read if name])},
        notes=[
            *(
                f"Colonne absente de ce fichier : « {headers[0]} »."
                for measure, headers in _COUNTS.items()
                if found[measure] is None
            ),
            _other_years(geography, years, ~rejections.bad),
            names.of_arrondissements(geo[~rejections.bad]),
            _identity(grid, figures, ~rejections.bad),
            FORMAT.coverage["COM"],
        ],
    )


def _years(rejections: Rejections, column: str) -> npt.NDArray[np.float64]:
    """Return the year in which each school year begins: ``2019``, ``2019-2020`` and ``Rentrée 2019`` are one."""
    cells = listing.texts(rejections.grid, column).tolist()
    known = {cell: _beginning(cell) for cell in set(cells)}
    years = np.array([np.nan if known[cell] is None else float(known[cell] or 0) for cell in cells], dtype=np.float64)
    rejections.add_all(np.isnan(years), column, "La rentrée n’est pas une année lisible (2019, ou 2019-2020).")
    return years


def _beginning(cell: str) -> int | None:
    spans = re.fullmatch(r"(\d{4})\s*[-/]\s*(\d{4})", cell)
    if spans:
        return int(spans[1]) if int(spans[2]) == int(spans[1]) + 1 else None
    return year_of(re.sub(r"(?i)^rentr[ée]e\s+", "", cell))


def _departements(grid: Grid, school: str | None, reference: Reference | None) -> tuple[Texts, str | None]:
    """Return the département of each row: as it is written, else that of the number of the school."""
    column = grid.find(*_DEPARTEMENT)
    told = listing.texts(grid, column).tolist()
    numbers = listing.texts(grid, school).tolist()
    known = {cell: names.departement(cell, reference) for cell in set(told)}
    pairs = zip(told, numbers, strict=True)
    deps = [known[cell] or names.departement_of_school(school_number) for cell, school_number in pairs]
    return np.array(deps, dtype=object), column


def _communes(
    rejections: Rejections, column: str, deps: Texts, years: npt.NDArray[np.float64], options: Options
) -> tuple[Texts, npt.NDArray[np.float64], str | None]:
    """Return the code of each commune, the year in which it bears that name, and the column of codes if any."""
    grid = rejections.grid
    code_column = grid.find(*_CODE)
    told = np.where(np.isnan(years), np.nan, float(options.geography or 0) or years)
    if code_column is not None:
        geo = places.communes(rejections, code_column)
        places.refuse_unknown(rejections, code_column, geo, told, options.reference)
        return geo, told, code_column
    reference = options.reference
    if reference is None:
        raise SourceError(
            "Ce fichier nomme les communes sans leur code : il ne se lit qu’avec une géographie.",
            remedy="Ouvrez-le dans un dossier, ou donnez reference=territory.reference.load().",
            file=grid.file,
            column=column,
        )
    known: dict[tuple[str, str, float], names.Found] = {}
    found: list[names.Found] = []
    for cell, dep, year in zip(listing.texts(grid, column).tolist(), deps.tolist(), told.tolist(), strict=True):
        asked = (cell, dep, year)
        if asked not in known:
            known[asked] = (
                names.Found("", None, "") if np.isnan(year) else names.commune(cell, dep, int(year), reference)
            )
        found.append(known[asked])
    for place, each in enumerate(found):
        if each.reason and not rejections.bad[place]:
            rejections.add(place, column, each.reason)
    geography = [
        year if each.geography is None else float(each.geography) for each, year in zip(found, told, strict=True)
    ]
    return np.array([each.geo for each in found], dtype=object), np.array(geography, dtype=np.float64), None


def _other_years(
    geography: npt.NDArray[np.float64], years: npt.NDArray[np.float64], good: npt.NDArray[np.bool_]
) -> str:
    pairs = {(int(year), int(other)) for year, other in zip(years[good], geography[good], strict=True) if year != other}
    if not pairs:
        return ""
    told = ", ".join(f"rentrée {year} : {other}" for year, other in sorted(pairs))
    return f"Communes trouvées dans la géographie d’une autre année que celle de la rentrée ({told})."


def _identity(grid: Grid, figures: dict[str, npt.NDArray[np.float64]], good: npt.NDArray[np.bool_]) -> str:
    """Tell the schools where pre-elementary, elementary and Ulis do not make the total."""
    if any(part not in figures for part in _PARTS):
        return ""
    whole = np.sum([figures[part] for part in _PARTS], axis=0)
    wrong = good & (np.abs(whole - figures[_PUPILS]) > 0)
    checked = "Préélémentaire, élémentaire et Ulis comparés au total des élèves"
    if not wrong.any():
        return f"{checked} : {number(int(good.sum()))} lignes, aucun écart."
    where = listing.lines([int(grid.lines[place]) for place in np.flatnonzero(wrong).tolist()])
    return f"{checked} : {number(int(wrong.sum()))} lignes s’en écartent ({where}) : à vérifier auprès du rectorat."


FORMAT = Format(
    name=NAME,
    label="Effectifs et classes des écoles du premier degré",
    producer="Ministère de l’Éducation nationale",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle, à la rentrée",
    lag_years=1,
    coverage={
        "COM": "Les élèves sont comptés dans la commune de leur école, qui n’est pas toujours celle où ils habitent ; "
        "une commune sans école n’est pas dans le fichier."
    },
    minimum_population=None,
    measures=tuple(sorted([*_COUNTS, _SCHOOLS])),
    read=_read,
)
