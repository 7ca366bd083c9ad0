"""ANCT: places where public services are found together, *France services* (``anct.france_services``).

The list is that of a day: a place that has closed since its label is no longer there, so that the dates of the labels
give no series, and the places are counted once, for the year of the list. Contacts are left out: a place has often the
telephone and the mail of one person.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ctgeval import observations
from ctgeval.errors import SourceError, TerritoryError
from ctgeval.french import fold, number, plural
from ctgeval.sources import absences, listing, names, places
from ctgeval.sources.opening import open_grid
from ctgeval.sources.table import Format, Options, SourceTable
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections, Texts
from ctgeval.territory import codes

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

__all__ = ["FORMAT"]

NAME = "anct.france_services"
_MEASURE = "lieux_france_services"
_HEADERS: dict[str, tuple[str, ...]] = {
    "service_id": ("MATRICULE", "id_fs"),
    "nom": ("lib_france_services", "lib_fs", "nom_france_services", "nom_fs"),
    "commune": ("lib_com",),
    "categorie": ("categorie", "type_fs"),
    "forme": ("FORMAT_FS",),
}
_CODE = ("insee_com", "code_insee")
_DEPARTEMENT = ("DEPARTEMENT", "insee_dep")
_LABEL = ("Labellisation", "LABELISATION", "labellisation_fs")
_CONTACT = re.compile(r"mail|courriel|tel|telephone|contact|portable")
_DATE = re.compile(r"(?:(?:(\d{1,2})/)?(\d{1,2})/(\d{4})|(\d{4})-(\d{2})(?:-(\d{2}))?)(?!\d)")


def _read(path: Path, options: Options) -> SourceTable:
    grid = open_grid(path, options, directory=True)
    code_column = grid.require(*_CODE)
    found = {name: grid.find(*headers) for name, headers in _HEADERS.items()}
    dep_column, label_column = grid.find(*_DEPARTEMENT), grid.find(*_LABEL)
    if not any(found[name] for name in ("service_id", "nom", "forme")) and label_column is None:
        # Any table of communes has a code: its rows are not places for all that.
        grid.require(*_HEADERS["nom"])
    rejections = Rejections(grid)
    labels = _labels(grid, label_column)
    year, year_note = _year(grid, labels)
    deps = _departements(grid, dep_column, options.reference)
    geo, repaired = _communes(
        rejections, code_column, found["commune"], deps=deps, year=year, reference=options.reference
    )
    years = np.full(len(geo), float(options.geography or year))
    listing.refuse_repeated(rejections, [found["service_id"]] if found["service_id"] else [], what="ce lieu")
    # A place of the 12th arrondissement of Paris is in Paris: a count belongs to the commune.
    commune = names.whole_communes(geo)
    unknown = places.refuse_unknown(rejections, code_column, geo, years, options.reference)
    periods = np.full(len(geo), str(year), dtype=object)
    nothing, absent = absences.zeros(
        rejections,
        {"COM": [_MEASURE]},
        key=options.key,
        geo=commune,
        periods=periods,
        geography=years,
        departements=_all_departements(deps, geo),
        reference=options.reference,
    )
    observed = listing.summed(
        rejections, [listing.Sum(_MEASURE)], key=options.key, geo=commune, periods=periods, geography=years
    )
    contacts = [name for name in grid.header if _CONTACT.search(fold(name))]
    read = [name for name in (*found.values(), code_column, dep_column, label_column) if name]
    columns = {
        **{name: listing.texts(grid, column) for name, column in found.items()},
        "departement": deps,
        "geo": geo,
        "labellisation": labels,
    }
    return listing.result(
        rejections,
        format=NAME,
        observed=observations.concat([observed, *nothing]),
        tables={"services": listing.frame(rejections, columns, read=read, drop=contacts)},
        notes=[
            year_note,
            repaired,
            unknown,
            absent,
            _unread(grid, label_column, labels),
            names.of_arrondissements(geo),
            f"Colonnes non gardées (coordonnées de personnes) : {', '.join(contacts)}." if contacts else "",
            FORMAT.coverage["COM"],
        ],
    )


def _labels(grid: Grid, column: str | None) -> Texts:
    """Return the dates of the labels as ``2020-09-01``, or ``2020-01`` where the source gives no day."""
    cells = listing.texts(grid, column).tolist()
    known = {cell: _date(cell) for cell in set(cells)}
    return np.array([known[cell] for cell in cells], dtype=object)


def _date(cell: str) -> str:
    found = _DATE.search(cell)
    if found is None:
        return ""
    day, month, year = found[1] or found[6], found[2] or found[5], found[3] or found[4]
    if not 1 <= int(month) <= 12 or (day and not 1 <= int(day) <= 31):
        return ""
    return "-".join(part for part in (year, month.zfill(2), day.zfill(2) if day else "") if part)


def _year(grid: Grid, labels: Texts) -> tuple[int, str]:
    told = listing.years_in(grid.file)
    if len(told) == 1:
        return told[0], ""
    last = max((label[:4] for label in labels.tolist() if label), default="")
    if not last:
        raise SourceError(
            "L’année de la liste n’est ni dans le nom du fichier ni dans les dates de labellisation.",
            remedy="Ajoutez l’année au nom du fichier, par exemple france_services_2021.csv.",
            file=grid.file,
            row=1,
        )
    return int(last), (
        f"L’année de la liste n’est pas dans le nom du fichier : c’est celle de la dernière labellisation ({last})."
    )


def _departements(grid: Grid, column: str | None, reference: Reference | None) -> Texts:
    cells = listing.texts(grid, column).tolist()
    known = {cell: names.departement(cell, reference) for cell in set(cells)}
    return np.array([known[cell] for cell in cells], dtype=object)


def _all_departements(deps: Texts, geo: Texts) -> Texts:
    """Complete the départements that the file does not tell by those of the communes."""
    pairs = zip(deps.tolist(), geo.tolist(), strict=True)
    return np.array([dep or (places.departement_of(code) if code else "") for dep, code in pairs], dtype=object)


def _communes(
    rejections: Rejections,
    column: str,
    named: str | None,
    *,
    deps: Texts,
    year: int,
    reference: Reference | None,
) -> tuple[Texts, str]:
    """Return the codes; one that is wrong gives way to the name of the commune, when it is the only one to bear it."""
    grid = rejections.grid
    cells, commune_names = listing.texts(grid, column).tolist(), listing.texts(grid, named).tolist()
    geo: list[str] = []
    repaired: dict[str, str] = {}
    for place, (cell, name, dep) in enumerate(zip(cells, commune_names, deps.tolist(), strict=True)):
        code, reason = _code(cell, reference)
        if reason and reference is not None and name and dep:
            by_name = names.commune(name, dep, year, reference)
            if by_name.geo:
                code, reason = by_name.geo, ""
                repaired[cell or name] = code
        geo.append(code)
        if not code and not rejections.bad[place]:
            rejections.add(place, column, reason)
    some = ", ".join(f"{cell} lu {code}" for cell, code in sorted(repaired.items())[:5])
    note = (
        f"Codes de commune faux, retrouvés par le nom dans le département : {plural(len(repaired), 'code')} ({some})."
    )
    return np.array(geo, dtype=object), note if repaired else ""


def _code(cell: str, reference: Reference | None) -> tuple[str, str]:
    """Return the prefixed code of a cell, and what is wrong with it."""
    try:
        code = codes.commune(cell)
    except TerritoryError as error:
        return "", error.problem.message
    if reference is None or code in names.known(reference) or places.arrondissement_parent(code):
        return code, ""
    return code, "Ce code n’existe dans aucune géographie connue."


def _unread(grid: Grid, column: str | None, labels: Texts) -> str:
    cells: npt.NDArray[np.object_] = listing.texts(grid, column)
    unread = np.flatnonzero((cells != "") & (labels == ""))
    if not len(unread):
        return ""
    where = listing.lines([int(grid.lines[place]) for place in unread.tolist()])
    return f"Dates de labellisation illisibles, gardées vides : {number(len(unread))} (lignes {where})."


FORMAT = Format(
    name=NAME,
    label="Lieux France services",
    producer="ANCT",
    licence="Licence Ouverte 2.0",
    periodicity="plusieurs fois par an",
    lag_years=0,
    coverage={
        "COM": "La liste est celle des lieux ouverts à sa date : un lieu fermé depuis n’y figure plus, et deux listes "
        "seulement disent une évolution."
    },
    minimum_population=None,
    measures=(_MEASURE,),
    read=_read,
)
