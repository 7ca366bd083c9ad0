"""DGCL, ANCT: projects that the State subsidised, DETR and DSIL (``anct.projets``).

One row for each project, whoever carries it: a commune, an EPCI or a syndicat. The total of a territory is the sum of
the projects of its communes and of its own: two measures, since the row of an EPCI tells only what the EPCI carries. A
syndicat is no territory: its projects are in the table alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from ctgeval import observations
from ctgeval.errors import SourceError, TerritoryError
from ctgeval.french import fold, number, plural
from ctgeval.sources import absences, listing, names, places
from ctgeval.sources.opening import open_grid
from ctgeval.sources.table import Format, Options, SourceTable
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections, Texts, year_of
from ctgeval.territory import codes

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

__all__ = ["FORMAT"]

NAME = "anct.projets"
_COMMUNE, _EPCI, _OTHER = "commune", "epci", ""
_MEASURES = {
    (_COMMUNE, "count"): "projets_etat_communes",
    (_COMMUNE, "cost"): "cout_projets_etat_communes",
    (_COMMUNE, "grant"): "subventions_etat_communes",
    (_EPCI, "count"): "projets_etat_epci",
    (_EPCI, "cost"): "cout_projets_etat_epci",
    (_EPCI, "grant"): "subventions_etat_epci",
}
_HEADERS: dict[str, tuple[str, ...]] = {
    "projet_id": ("IDENTIFIANT", "ID_PROJET", "NUMERO_PROJET"),
    "dotation": ("DOT", "DOTATION", "DISPOSITIF"),
    "echelon": ("ECHELON",),
    "categorie": ("CATGEORIE", "CATEGORIE"),
    "beneficiaire": ("BENEFICIAIRE",),
    "description": ("DESCRIPTION", "COMMENT", "INTITULE"),
    "territoire": ("LIBGEO",),
}
_CODE = ("CODGEO", "CODE_GEO", "CODE_INSEE", "CODE_INSEE_BENEFICIAIRE")
_COST = ("COUT", "COUT_TOTAL", "COUT_HT", "COUT_TOTAL_HT", "COUT_PROJET")
_GRANT = ("SUBVENTION", "MONTANT_SUBVENTION", "SUBVENTION_ACCORDEE", "MONTANT_SUBVENTION_ACCORDEE")
_YEAR_COLUMNS = ("EXERCICE", "ANNEE")
_POPULATION = re.compile(r"POP(\d\d)", re.IGNORECASE)
# The file writes the ratio with ten digits: a larger gap is another project's figure.
_TOLERANCE = 0.005


class _Carrier(NamedTuple):
    """Who carries each project: its level and its prefixed code."""

    level: Texts
    geo: Texts


def _read(path: Path, options: Options) -> SourceTable:
    grid = open_grid(path, options)
    code_column = grid.require(*_CODE)
    cost_column, grant_column = grid.require(*_COST), grid.require(*_GRANT)
    found = {name: grid.find(*headers) for name, headers in _HEADERS.items()}
    rejections = Rejections(grid)
    years, year_column = _years(rejections, found["projet_id"])
    carrier = _carriers(rejections, code_column, found["echelon"])
    cost, finer_costs = listing.amounts(rejections, cost_column, options=options, low=0.0)
    grant, finer_grants = listing.amounts(rejections, grant_column, options=options, low=0.0)
    over = (grant > cost) & ~rejections.bad
    rejections.add_all(over, grant_column, "La subvention dépasse le coût du projet.")
    named = [found["projet_id"]] if found["projet_id"] else []
    listing.refuse_repeated(rejections, [name for name in named if name], what="ce projet")
    geography = np.where(np.isnan(years), np.nan, float(options.geography or 0) or years)
    unknown = places.refuse_unknown(rejections, code_column, carrier.geo, geography, options.reference)
    leverage_column = grid.find("LEVIER")
    leverage = _ratio(grant, cost)
    columns = {
        **{name: listing.texts(grid, column) for name, column in found.items()},
        "geo": carrier.geo,
        "annee": np.array(["" if np.isnan(year) else str(int(year)) for year in years], dtype=object),
        "cout": cost,
        "subvention": grant,
        "levier": leverage,
    }
    read = [*(name for name in found.values() if name), code_column, cost_column, grant_column]
    read += [name for name in (year_column, leverage_column) if name]
    nothing, absent = absences.zeros(
        rejections,
        {"COM" if level == _COMMUNE else "EPCI": _of_level(level) for level in (_COMMUNE, _EPCI)},
        key=options.key,
        geo=carrier.geo,
        periods=columns["annee"],
        geography=geography,
        departements=_departements(grid, carrier.geo, options.reference),
        reference=options.reference,
        by_epci=True,
    )
    observed = listing.summed(
        rejections,
        _sums(carrier, cost, grant),
        key=options.key,
        geo=carrier.geo,
        periods=columns["annee"],
        geography=geography,
    )
    notes = [
        unknown,
        absent,
        _leverage(rejections, leverage_column, leverage, options),
        _finer(finer_costs + finer_grants),
        _without_territory(carrier.geo, ~rejections.bad),
        FORMAT.coverage["COM"],
    ]
    return listing.result(
        rejections,
        format=NAME,
        observed=observations.concat([observed, *nothing]),
        tables={"projets": listing.frame(rejections, columns, read=read)},
        notes=notes,
    )


def _of_level(level: str) -> list[str]:
    return [measure for (of, _), measure in _MEASURES.items() if of == level]


def _departements(grid: Grid, geo: Texts, reference: Reference | None) -> Texts:
    """Return the département of each row: as the file tells it, else that of the commune."""
    told = listing.texts(grid, grid.find("INSEEDEP", "DEPARTEMENT", "CODE_DEPARTEMENT")).tolist()
    known = {cell: names.departement(cell, reference) for cell in set(told)}
    return np.array(
        [
            known[cell] or (places.departement_of(code) if code.startswith("COM-") else "")
            for cell, code in zip(told, geo.tolist(), strict=True)
        ],
        dtype=object,
    )


def _sums(carrier: _Carrier, cost: npt.NDArray[np.float64], grant: npt.NDArray[np.float64]) -> list[listing.Sum]:
    values = {"count": None, "cost": cost, "grant": grant}
    return [
        listing.Sum(measure, values[what], among=carrier.level == level) for (level, what), measure in _MEASURES.items()
    ]


def _years(rejections: Rejections, id_column: str | None) -> tuple[npt.NDArray[np.float64], str | None]:
    """Return the year of each grant: of its own column, of its number (``2018DI03947``), or of the whole file."""
    grid = rejections.grid
    column = grid.find(*_YEAR_COLUMNS)
    if column is not None:
        return _each(rejections, column, year_of, "La cellule n’est pas une année lisible."), column
    if id_column is not None and _numbered(grid, id_column):
        reason = "Le numéro du projet ne commence pas par une année."
        return _each(rejections, id_column, lambda cell: year_of(cell[:4]), reason), None
    told = listing.years_in(grid.file) or [
        2000 + int(match[1]) for name in grid.header if (match := _POPULATION.fullmatch(name))
    ]
    if len(told) != 1:
        raise SourceError(
            "L’année des subventions ne se trouve ni dans une colonne, ni dans le numéro des projets, ni dans le nom "
            "du fichier.",
            remedy="Ajoutez l’année au nom du fichier, par exemple projets_2018.csv.",
            file=grid.file,
            row=1,
        )
    return np.full(len(grid.lines), float(told[0])), None


def _numbered(grid: Grid, column: str) -> bool:
    cells = listing.texts(grid, column)
    return 2 * sum(year_of(cell[:4]) is not None for cell in cells.tolist()) >= max(len(cells), 1)


def _each(
    rejections: Rejections, column: str, read: Callable[[str], int | None], reason: str
) -> npt.NDArray[np.float64]:
    cells = listing.texts(rejections.grid, column).tolist()
    known = {cell: read(cell) for cell in set(cells)}
    years = np.array([np.nan if known[cell] is None else float(known[cell] or 0) for cell in cells], dtype=np.float64)
    rejections.add_all(np.isnan(years), column, reason)
    return years


def _carriers(rejections: Rejections, column: str, echelon: str | None) -> _Carrier:
    """Return the level and the code of who carries each project; those of syndicats are empty."""
    cells = listing.texts(rejections.grid, column).tolist()
    levels = [_level(cell, told) for cell, told in zip(cells, _folded(rejections.grid, echelon), strict=True)]
    known: dict[tuple[str, str], tuple[str, str]] = {}
    geo: list[str] = []
    for place, pair in enumerate(zip(cells, levels, strict=True)):
        if pair not in known:
            known[pair] = _code(*pair)
        code, reason = known[pair]
        geo.append(code)
        if reason and not rejections.bad[place]:
            rejections.add(place, column, reason)
    return _Carrier(np.array(levels, dtype=object), np.array(geo, dtype=object))


def _folded(grid: Grid, column: str | None) -> list[str]:
    cells = listing.texts(grid, column).tolist()
    known = {cell: fold(cell) for cell in set(cells)}
    return [known[cell] for cell in cells]


def _level(cell: str, told: str) -> str:
    if told:
        return _COMMUNE if told.startswith("commune") else _EPCI if told.startswith("epci") else _OTHER
    return _COMMUNE if len(cell) <= 5 else _EPCI


def _code(cell: str, level: str) -> tuple[str, str]:
    """Return the prefixed code of a cell, and why it can't be read."""
    if level == _OTHER:
        return "", ""
    # An EPCI may be given by the SIRET of its seat, whose first nine digits are its SIREN.
    siren = cell[:9] if re.fullmatch(r"2[045]\d{12}", cell) else cell
    try:
        return (codes.commune(cell) if level == _COMMUNE else codes.epci(siren)), ""
    except TerritoryError as error:
        return "", error.problem.message


def _ratio(grant: npt.NDArray[np.float64], cost: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(cost > 0, grant / cost, np.nan)


def _leverage(rejections: Rejections, column: str | None, leverage: npt.NDArray[np.float64], options: Options) -> str:
    """Compare the ratio that the file writes with the one of its own amounts."""
    if column is None:
        return ""
    told = listing.glance(rejections.grid, column, options=options)
    wide = ~rejections.bad & (np.abs(told - leverage) > _TOLERANCE)
    if not wide.any():
        return ""
    some = listing.lines([int(rejections.grid.lines[place]) for place in np.flatnonzero(wide).tolist()])
    return (
        f"La part de la subvention dans le coût (« {column} ») ne correspond pas aux montants sur "
        f"{plural(int(wide.sum()), 'ligne')} ({some}) : elle est recalculée."
    )


def _finer(count: int) -> str:
    return f"Montants écrits plus finement que le centime, arrondis : {number(count)}." if count else ""


def _without_territory(geo: Texts, good: npt.NDArray[np.bool_]) -> str:
    count = int((good & (geo == "")).sum())
    if not count:
        return ""
    return (
        f"Projets portés par un syndicat ou un autre organisme, sans territoire : {number(count)}. Ils sont dans la "
        "table « projets » et dans aucun total."
    )


FORMAT = Format(
    name=NAME,
    label="Projets subventionnés par l’État (DETR, DSIL)",
    producer="DGCL, ANCT",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle",
    lag_years=1,
    coverage={
        "COM": "Le fichier contient les projets subventionnés dans l’année : une commune absente n’en porte aucun, "
        "mais elle peut profiter de ceux de son EPCI.",
        "EPCI": "La ligne d’un EPCI ne compte que les projets qu’il porte lui-même, sans ceux de ses communes.",
    },
    minimum_population=None,
    measures=tuple(sorted(_MEASURES.values())),
    read=_read,
)
