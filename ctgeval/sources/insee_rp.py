"""Insee: census files by commune or larger territory (``insee.rp``).

Three layouts: the *bases* of the census, a column for each figure and vintage (``P18_POP0014``); the file of communes
over 2,000 inhabitants, with names of its own and the year in the name of the file; and the rates between two censuses,
one row for each territory and interval.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from ctgeval.errors import SourceError
from ctgeval.sources import places
from ctgeval.sources.cells import NUMBER, Markers, common_mark, numbers
from ctgeval.sources.listing import years_in
from ctgeval.sources.opening import open_grid
from ctgeval.sources.rp_columns import BY_AGE, MEASURES, PLAIN, SUMS, Counted, counted
from ctgeval.sources.table import Format, Options, SourceTable
from ctgeval.sources.text import Grid, loose
from ctgeval.sources.tidy import Rejections, Texts, Variable, century, tidy, year_of
from ctgeval.sources.vintages import CENSUS

__all__ = ["FORMAT"]

NAME = "insee.rp"
_POPULATION = "population_municipale"
_MARKERS = Markers(secret=frozenset({"s", "c"}), missing=frozenset({"nd", "n.d.", "ns", "so"}))
_CODES = ("CODGEO", "code_insee", "COM", "EPCI", "DEP", "REG")
_IDENTITY = (
    *_CODES,
    *("LIBGEO", "LIBCOM", "commune", "code_region", "region", "code_departement", "departement", "pop_cl"),
    *("AN", "PERIODE"),
)
# D: the censuses of 1968 to 1999, when all were counted in the same year.
_HEADER = re.compile(r"([PCD])(\d\d)_(\w+)", re.IGNORECASE)
_RATES = {"tx_morta": "taux_mortalite", "tx_nata": "taux_natalite"}
_FILE_YEAR = re.compile(r"rp_?((?:19|20)\d\d)", re.IGNORECASE)
_BETWEEN = (
    "Chaque taux est la moyenne annuelle d’un intervalle entre deux recensements, noté à sa dernière année : 1968-1975 "
    "se lit 1975."
)
_PUBLISHED_AFTER = 3
_INTERVAL = re.compile(r"(\d{4})-(\d{4})")


def _read(path: Path, options: Options) -> SourceTable:
    grid = open_grid(path, options)
    if grid.find("IRIS", "LIBIRIS") is not None:
        raise SourceError(
            "Ce fichier est par Iris : il n’est pas lu par ce format.",
            remedy="Prenez la base du recensement par commune (« base-cc-… »).",
            file=grid.file,
        )
    column = grid.require(*_CODES)
    interval = grid.find("an", "periode")
    if interval is not None and grid.find(*_RATES) is not None:
        return _rates(grid, column, interval, options)
    grid, variables = _variables(grid, options)
    return _wide(grid, column, variables, options)


def _wide(grid: Grid, column: str, variables: list[Variable], options: Options) -> SourceTable:
    rejections = Rejections(grid)
    level = places.level_of(grid, column)
    geo = places.of_level(rejections, column, level)
    places.refuse_arrondissements(rejections, column, geo)
    latest = max(int(variable.period) for variable in variables)
    years = np.full(len(geo), float(options.geography or latest))
    unknown = places.refuse_unknown(rejections, column, geo, years, options.reference)
    geography, hint = options.geography, ""
    if geography is None and level == "COM":
        geography, hint = places.geography_of(geo[~rejections.bad].tolist())
    if geography is None:
        geography = _published(geo[~rejections.bad], latest)
    read = [name for variable in variables for name in variable.column.split(_PLUS)]
    return tidy(
        rejections,
        variables,
        format=NAME,
        options=options,
        geo=geo,
        geo_column=column,
        geography=geography,
        markers=_MARKERS,
        notes=[
            note
            for note in (
                unknown,
                hint,
                grid.unread(*_IDENTITY, *read),
                "Deux millésimes du recensement distants de moins de cinq ans ne se comparent pas.",
            )
            if note
        ],
    )


# Between the columns that a figure is made of: no header holds it.
_PLUS = " ± "


def _variables(grid: Grid, options: Options) -> tuple[Grid, list[Variable]]:
    """Return the columns that are known, and the grid with those that are made of several."""
    named = _named(grid)
    found: dict[tuple[Counted, str], str] = {}
    for name, (what, year, _) in named.items():
        # The main extraction is preferred to the complementary one, an estimate.
        if (what, year) not in found or name.upper().startswith("P"):
            found[what, year] = name
    grid, made = _made(grid, named, options)
    for what, year, name in made:
        found.setdefault((what, year), name)
    if not found:
        raise SourceError(
            "Aucune colonne du recensement n’est reconnue (« P18_POP », « pop_tot »…).",
            remedy=f"Colonnes trouvées : {', '.join(grid.header[:12])}. Vérifiez le fichier, ou le format déclaré.",
            file=grid.file,
            row=1,
        )
    whole = [(year, name) for (what, year), name in found.items() if what == Counted(_POPULATION)]
    aged = {year for what, year in found if what.measure == BY_AGE}
    variables = [
        Variable(name, what.measure, period=year, sexe=what.sexe, age=what.age) for (what, year), name in found.items()
    ]
    return grid, [*variables, *(Variable(name, BY_AGE, period=year) for year, name in whole if year in aged)]


def _named(grid: Grid) -> dict[str, tuple[Counted, str, str]]:
    """Return what each known column counts, its year, and its name without them."""
    found: dict[str, tuple[Counted, str, str]] = {}
    for name in grid.header:
        match = _HEADER.fullmatch(name)
        if match is not None and (what := counted(match[3])) is not None:
            found[name] = (what, century(match[2]), match[3].upper())
    if found:
        return found
    plain = {loose(name): what for name, what in PLAIN.items()}
    known = {name: plain[loose(name)] for name in grid.header if loose(name) in plain}
    if not known:
        return {}
    year = _year(grid)
    return {name: (what, year, "") for name, what in known.items()}


def _year(grid: Grid) -> str:
    match = _FILE_YEAR.search(grid.file)
    years = [int(match[1])] if match else years_in(grid.file)
    if len(years) == 1:
        return str(years[0])
    raise SourceError(
        "Le millésime du recensement ne se lit ni dans les en-têtes (« P18_POP »), ni dans le nom du fichier.",
        remedy="Renommez le fichier avec son millésime, par exemple rp2018_communes.csv.",
        file=grid.file,
        row=1,
    )


def _made(
    grid: Grid, named: dict[str, tuple[Counted, str, str]], options: Options
) -> tuple[Grid, list[tuple[Counted, str, str]]]:
    """Add the columns that are sums of others."""
    headers = {
        (century(match[2]), match[3].upper(), match[1].upper()): name
        for name in grid.header
        if (match := _HEADER.fullmatch(name))
    }
    columns = dict(grid.columns)
    made: list[tuple[Counted, str, str]] = []
    given = {(what.measure, year) for what, year, _ in named.values()}
    for year in sorted({year for year, _, _ in headers}):
        for measure, ways in SUMS.items():
            parts = next((way for way in ways if all((year, name, "P") in headers for name, _ in way)), None)
            if parts is None or (measure, year) in given:
                continue
            names = [headers[year, name, "P"] for name, _ in parts]
            decimal = common_mark([grid.columns[name] for name in names], file=grid.file, decimal=options.decimal)
            read = [numbers(grid.columns[name], decimal=decimal, markers=_MARKERS) for name in names]
            known = np.logical_and.reduce([column.status == NUMBER for column in read])
            total = np.sum([sign * column.figures for (_, sign), column in zip(parts, read, strict=True)], axis=0)
            made_name = _PLUS.join(names)
            columns[made_name] = [
                _text(figure, decimal) if good else "" for figure, good in zip(total.tolist(), known, strict=True)
            ]
            made.append((Counted(measure), year, made_name))
    return (replace(grid, columns=columns) if made else grid), made


def _text(figure: float, decimal: str) -> str:
    """Write a sum as the file writes its numbers; what is left of a difference of equal figures is 0."""
    rounded = round(figure, 9)
    if not decimal or rounded == int(rounded):
        return str(round(rounded))
    return f"{rounded:.9f}".replace(".", decimal)


def _rates(grid: Grid, column: str, interval: str, options: Options) -> SourceTable:
    rejections = Rejections(grid)
    geo = places.of_level(rejections, column, places.level_of(grid, column))
    known = {cell: _end(str(cell)) for cell in set(grid.columns[interval])}
    ends = [known[cell] for cell in grid.columns[interval]]
    rejections.add_all(
        np.array([end is None for end in ends], dtype=bool) & ~rejections.bad,
        interval,
        "La période ne se lit pas (attendu : 2013-2018).",
    )
    years = np.array([np.nan if end is None else float(end) for end in ends], dtype=np.float64)
    dated = years if options.geography is None else np.full(len(geo), float(options.geography))
    unknown = places.refuse_unknown(rejections, column, geo, dated, options.reference)
    variables = [Variable(name, measure) for header, measure in _RATES.items() if (name := grid.find(header))]
    return tidy(
        rejections,
        variables,
        format=NAME,
        options=options,
        geo=geo,
        geo_column=column,
        periods=np.array(["" if end is None else str(end) for end in ends], dtype=object),
        geography=options.geography or _published(geo[~rejections.bad], max((end or 0 for end in ends), default=0)),
        markers=_MARKERS,
        notes=[
            note
            for note in (
                unknown,
                grid.unread(*_IDENTITY, *(variable.column for variable in variables)),
                _BETWEEN,
            )
            if note
        ],
    )


def _published(geo: Texts, latest: int) -> int | None:
    """Return the geography in which a census is published, when all the codes of the file exist in it.

    The bases of 2018 are in that of January 2021: three years later, the year of their publication.
    """
    from ctgeval.territory import reference

    year = latest + _PUBLISHED_AFTER
    known = reference.load()
    if year not in known.years:
        return None
    alive = known.places.loc[(known.places["first"] <= year) & (known.places["last"] >= year), "geo"]
    apart = {code for code in set(geo.tolist()) if places.arrondissement_parent(code)}
    return year if set(geo.tolist()) - apart <= set(alive) else None


def _end(cell: str) -> int | None:
    match = _INTERVAL.fullmatch(cell.strip())
    if match is None:
        return year_of(cell)
    first, last = int(match[1]), int(match[2])
    return last if 1900 <= first < last <= 2100 else None


FORMAT = Format(
    name=NAME,
    label="Recensement de la population, bases par commune",
    producer="Insee",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle (un millésime couvre cinq années d’enquêtes)",
    lag_years=3,
    coverage={
        "COM": "Les bases contiennent toutes les communes ; un extrait, celles de plus de 2 000 habitants seulement.",
        "EPCI": "Le fichier contient tous les EPCI à fiscalité propre, dans leur périmètre de l’époque.",
        "DEP": "Le fichier contient tous les départements.",
        "REG": "Le fichier contient toutes les régions.",
    },
    minimum_population=None,
    measures=tuple(sorted({*MEASURES, *_RATES.values()})),
    read=_read,
    vintages=dict.fromkeys(MEASURES, CENSUS),
)
