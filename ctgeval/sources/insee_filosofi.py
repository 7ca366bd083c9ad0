"""Insee: disposable income of the Filosofi files, by commune, EPCI, département or région (``insee.filosofi``).

The year is the suffix of the headers (``Q214``: median of 2014), so that next year's file reads as it is. An empty
cell, or ``s``, is a secret figure; territories under the threshold are absent from the file, not empty.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ctgeval.errors import SourceError
from ctgeval.sources import places
from ctgeval.sources.cells import NUMBER, Markers, common_mark, numbers
from ctgeval.sources.opening import open_grid
from ctgeval.sources.table import Format, Options, SourceTable
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections, Texts, Variable, tidy
from ctgeval.sources.vintages import FILOSOFI

__all__ = ["FORMAT", "read_filosofi"]

NAME = "insee.filosofi"
_MARKERS = Markers(secret=frozenset({"s", "c"}), missing=frozenset({"nd", "n.d.", "ns", "so"}))

# Before taxes are deducted, the components add up to more than 100 % of disposable income: some reach 104 % in the
# files of 2015, 2016 and 2018. Deficits make those of activity and property negative.
_COMPONENT = (-100.0, 200.0)
_BENEFIT = (0.0, 100.0)
_INCOME = (0.0, np.inf)
_STEMS: dict[str, tuple[str, tuple[float, float]]] = {
    "NBMEN": ("menages_fiscaux", _INCOME),
    "NBMENFISC": ("menages_fiscaux", _INCOME),
    "NBPERS": ("personnes_menages_fiscaux", _INCOME),
    "NBPERSMENFISC": ("personnes_menages_fiscaux", _INCOME),
    "NBUC": ("unites_consommation", _INCOME),
    "Q1": ("revenu_q1", _INCOME),
    "Q2": ("revenu_median", _INCOME),
    "MED": ("revenu_median", _INCOME),
    "Q3": ("revenu_q3", _INCOME),
    "Q3_Q1": ("revenu_ecart_interquartile", _INCOME),
    **{f"D{rank}": (f"revenu_d{rank}", _INCOME) for rank in (1, 2, 3, 4, 6, 7, 8, 9)},
    "RD": ("rapport_interdecile", _INCOME),
    "S80S20": ("s80_s20", _INCOME),
    "GI": ("indice_gini", _INCOME),
    "PACT": ("part_activite", _COMPONENT),
    "PTSA": ("part_salaires", _COMPONENT),
    "PCHO": ("part_chomage", _BENEFIT),
    "PBEN": ("part_non_salaries", _COMPONENT),
    "PPEN": ("part_pensions", _COMPONENT),
    "PPAT": ("part_patrimoine", _COMPONENT),
    "PPSOC": ("part_prestations_sociales", _BENEFIT),
    "PPFAM": ("part_prestations_familiales", _BENEFIT),
    "PPMINI": ("part_minima_sociaux", _BENEFIT),
    "PPLOGT": ("part_prestations_logement", _BENEFIT),
    "PIMPOT": ("part_impots", (-200.0, 0.0)),
    "PIMP": ("part_menages_imposes", _BENEFIT),
    "TP60": ("taux_pauvrete", _BENEFIT),
    **{f"TP60AGE{rank}": ("taux_pauvrete", _BENEFIT) for rank in range(1, 7)},
    "TP60TOL1": ("taux_pauvrete_proprietaires", _BENEFIT),
    "TP60TOL2": ("taux_pauvrete_locataires", _BENEFIT),
}
# Age of the household's reference person.
_AGES = dict(
    zip((f"TP60AGE{rank}" for rank in range(1, 7)), ("0-29", "30-39", "40-49", "50-59", "60-74", "75+"), strict=True)
)
_HEADER = re.compile(
    rf"({'|'.join(sorted((re.escape(stem) for stem in _STEMS), key=len, reverse=True))})(20\d\d|\d\d)?", re.IGNORECASE
)
# From the lowest to the highest: every row of the files of 2014 to 2018 keeps this order.
_ORDER = tuple(f"revenu_{rank}" for rank in ("d1", "d2", "q1", "d3", "d4", "median", "d6", "d7", "q3", "d8", "d9"))
_NAMES = frozenset({"CODGEO", "LIBGEO"})
# Columns that only the files of declared incomes have; those of disposable income share all their other headers.
_DECLARED = re.compile(r"(?:PMIMP|PAUT)(?:20\d\d|\d\d)", re.IGNORECASE)
_DECLARED_FILE = re.compile(r"(?<![A-Z])DEC(?![A-Z])", re.IGNORECASE)
_FILE_YEAR = re.compile(r"FILO\w*?(20\d\d)|FILOSOFI\D*(20\d\d)", re.IGNORECASE)


def _read(path: Path, options: Options) -> SourceTable:
    return read_filosofi(path, options, name=NAME, coverage=FORMAT.coverage)


def read_filosofi(path: Path, options: Options, *, name: str, coverage: Mapping[str, str]) -> SourceTable:
    """Return the observations of a file of Filosofi.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        What the dossier says of it.
    name : str
        Name of the format that reads it.
    coverage : mapping of str to str
        What that format says of each level.

    Raises
    ------
    AmbiguousSource
        When its encoding, separator or decimal mark can be read in two ways.
    SourceError
        When the code, the median or the year is absent, or it is by Iris, or of declared incomes.
    """
    grid = open_grid(path, options)
    column = grid.require("CODGEO")
    if grid.find("IRIS", "LIBIRIS") is not None:
        raise SourceError(
            "Ce fichier est par Iris : il n’est pas lu par ce format.",
            remedy="Prenez le fichier par commune, par EPCI ou par département.",
            file=grid.file,
        )
    if any(_DECLARED.fullmatch(name) for name in grid.header) or _DECLARED_FILE.search(grid.file):
        raise SourceError(
            "Ce fichier est celui des revenus déclarés, avant impôts et prestations : il n’est pas lu par ce format.",
            remedy="Prenez celui du revenu disponible (« FILO…_DISP_… », ou « cc_filosofi_… »).",
            file=grid.file,
        )
    year, headers = _year(grid)
    variables = [
        Variable(header, measure, period=str(year), secret=True, low=low, high=high, age=_AGES.get(stem, ""))
        for header, stem, (measure, (low, high)) in ((header, stem, _STEMS[stem]) for header, stem in headers.items())
    ]
    if all(variable.measure != "revenu_median" for variable in variables):
        grid.require(f"Q2{year % 100:02d}", f"MED{year % 100:02d}")
    rejections = Rejections(grid)
    level = places.level_of(grid, column)
    geo = places.of_level(rejections, column, level)
    _refuse_disorder(rejections, variables, options)
    years = np.full(len(geo), float(options.geography or year))
    notes = [
        places.refuse_unknown(rejections, column, geo, years, options.reference),
        grid.unread(*_NAMES, *headers),
        _absent(geo, level, year, options),
        coverage.get(level, ""),
    ]
    geography, hint = options.geography, ""
    if geography is None and level == "COM":
        geography, hint = places.geography_of(geo)
    return tidy(
        rejections,
        variables,
        format=name,
        options=options,
        geo=geo,
        geo_column=column,
        geography=geography,
        markers=_MARKERS,
        notes=[note for note in (*notes, hint) if note],
    )


def _refuse_disorder(rejections: Rejections, variables: Sequence[Variable], options: Options) -> None:
    """Reject the rows whose quantiles go down: a digit of theirs was lost on the way."""
    columns = {variable.measure: variable.column for variable in variables}
    names = [columns[measure] for measure in _ORDER if measure in columns]
    grid = rejections.grid
    decimal = common_mark([grid.columns[name] for name in names], file=grid.file, decimal=options.decimal)
    highest = np.full(len(grid.lines), -np.inf)
    for name in names:
        read = numbers(grid.columns[name], decimal=decimal, markers=_MARKERS)
        known = read.status == NUMBER
        rejections.add_all(
            known & (read.figures < highest) & ~rejections.bad,
            name,
            "Ce quantile de revenu est inférieur à un quantile de rang plus bas : l’un des deux est altéré.",
        )
        highest = np.where(known, read.figures, highest)


def _year(grid: Grid) -> tuple[int, dict[str, str]]:
    """Return the year of the figures, and the known headers with their stem."""
    headers: dict[str, str] = {}
    years: Counter[int] = Counter()
    for name in grid.header:
        match = _HEADER.fullmatch(name)
        if match is None:
            continue
        headers[name] = match[1].upper()
        if match[2]:
            years[int(match[2]) if len(match[2]) == 4 else 2000 + int(match[2])] += 1
    if len(years) > 1:
        found = ", ".join(str(year) for year in sorted(years))
        raise SourceError(
            f"Les en-têtes annoncent plusieurs années : {found}.",
            remedy="Gardez les colonnes d’une seule année par fichier.",
            file=grid.file,
            row=1,
        )
    if years:
        return next(iter(years)), headers
    if match := _FILE_YEAR.search(grid.file):
        return int(match[1] or match[2]), headers
    if not headers:
        grid.require("Q2 suivi de l’année (Q221) ou MED suivi de l’année (MED21)")
    raise SourceError(
        "L’année des revenus ne figure ni dans les en-têtes (« Q221 ») ni dans le nom du fichier.",
        remedy="Renommez le fichier comme l’Insee, par exemple FILO2021_DISP_COM.csv.",
        file=grid.file,
        row=1,
    )


def _absent(geo: Texts, level: str, period: int, options: Options) -> str:
    """Tell how many communes of the départements of the file it does not have."""
    if level != "COM" or options.reference is None:
        return ""
    found = {str(code) for code in geo if code}
    held = {places.departement_of(code) for code in found}
    year = min(options.reference.years, key=lambda known: (abs(known - (options.geography or period)), known))
    table = options.reference.places
    every = table.loc[(table["first"] <= year) & (table["last"] >= year), "geo"]
    absent = {code for code in every if code.startswith("COM-") and places.departement_of(code) in held} - found
    return (
        f"Communes de la géographie {year} absentes du fichier, dans les départements qu’il couvre : {len(absent)}."
        if absent
        else ""
    )


FORMAT = Format(
    name=NAME,
    label="Revenus disponibles localisés (Filosofi)",
    producer="Insee",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle, arrêtée après 2021",
    lag_years=2,
    coverage={
        "COM": "Les communes de moins de 50 ménages fiscaux sont absentes du fichier ; au-dessous de 1 000 ménages, "
        "seuls les effectifs et la médiane sont diffusés.",
        "EPCI": "Le fichier contient tous les EPCI à fiscalité propre, dans leur périmètre de l’époque.",
        "DEP": "Le fichier contient les départements de France métropolitaine, de La Réunion et de la Martinique.",
        "REG": "Le fichier contient les régions de France métropolitaine, La Réunion et la Martinique.",
    },
    minimum_population=None,
    measures=tuple(sorted({measure for measure, _ in _STEMS.values()})),
    read=_read,
    vintages={"": FILOSOFI},
)
