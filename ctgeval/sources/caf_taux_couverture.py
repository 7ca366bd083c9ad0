"""Caf: coverage rate of early-childhood care, by commune, EPCI, département or région (``caf.taux_couverture``).

Several exports are in use, with other headers (labels, or fields such as ``txcouv_eaje_com``), and with or without the
leading zero of codes. Rates may exceed 100: there may be more places than children.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ctgeval.french import number
from ctgeval.sources import places
from ctgeval.sources.cells import NUMBER, common_mark, numbers
from ctgeval.sources.opening import open_grid
from ctgeval.sources.table import Format, Options, SourceTable
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections, Texts, Variable, tidy, year_of
from ctgeval.sources.vintages import CAF

__all__ = ["FORMAT"]

NAME = "caf.taux_couverture"
_GLOBAL = "taux_couverture_global"
_HEADERS: dict[str, tuple[str, ...]] = {
    "taux_couverture_eaje_psu": ("Taux de couv EAJE PSU",),
    "taux_couverture_eaje_hors_psu": ("Taux de couv hors EAJE PSU", "Taux de couv EAJE hors PSU"),
    "taux_couverture_eaje": ("Taux de couv EAJE - ensemble",),
    "taux_couverture_prescolarisation": ("Taux de couv préscolarisation",),
    "taux_couverture_assistantes_maternelles": (
        "Taux de couv assistantes maternelles",
        "Taux de couv assistante maternelle",
    ),
    "taux_couverture_salarie_domicile": (
        "Taux de couv salarié à domicile",
        "Taux de couv salariée à domicile",
        "Taux de couv salariés à domicile",
        "Taux de couv salariées à domicile",
    ),
    "taux_couverture_individuel": ("Taux de couv accueil individuel - ensemble",),
    _GLOBAL: ("Taux de couv global",),
}
# The fields of the export without labels; they end by the level: ``txcouv_eaje_epci``.
_FIELDS = {
    "taux_couverture_eaje_psu": "txcouv_psu_col",
    "taux_couverture_eaje_hors_psu": "txcouv_hors_psu_col",
    "taux_couverture_eaje": "txcouv_eaje",
    "taux_couverture_prescolarisation": "txcouv_prescol",
    "taux_couverture_assistantes_maternelles": "txcouv_am_ind",
    "taux_couverture_salarie_domicile": "txcouv_gad_ind",
    "taux_couverture_individuel": "txcouv_ind",
    _GLOBAL: "txcouv",
}
_DATES = ("Date référence", "annee", "Année", "dtreffre")
# From the finest level to the widest: a file by commune also names its EPCI and its département.
_CODES = {
    "COM": ("Numéro commune", "numcom", "NUM_COM"),
    "EPCI": ("Numéro EPCI", "numepci"),
    "DEP": ("Numéro département", "numdep"),
    "REG": ("Numéro région", "numregi", "numreg"),
}
_NAMES = {
    "COM": ("Nom commune", "nomcom"),
    "EPCI": ("Nom EPCI", "nomepci"),
    "DEP": ("Nom département", "nomdep"),
    "REG": ("Nom région", "nomregi", "nomreg"),
}
_PARTS = ("taux_couverture_eaje", "taux_couverture_prescolarisation", "taux_couverture_individuel")
# Each published rate is rounded to 0.1; ±0.7 is the largest deviation found in the producer's own files.
_TOLERANCE = 0.7


def _read(path: Path, options: Options) -> SourceTable:
    grid = open_grid(path, options)
    date_column = grid.require(*_DATES)
    level, code_column = _level(grid)
    fields = {measure: (*_spelt(_HEADERS[measure]), f"{field}_{level}", field) for measure, field in _FIELDS.items()}
    grid.require(*fields[_GLOBAL])
    found = {measure: grid.find(*names) for measure, names in fields.items()}
    variables = [Variable(column, measure) for measure, column in found.items() if column is not None]
    rejections = Rejections(grid)
    periods, years = _periods(rejections, date_column)
    geo = places.of_level(rejections, code_column, level)
    notes = [
        f"Colonne absente de cet export : « {names[0]} »."
        for measure, names in _HEADERS.items()
        if found[measure] is None
    ]
    notes.append(places.refuse_unknown(rejections, code_column, geo, years, options.reference))
    identity = [name for names in (*_CODES.values(), *_NAMES.values()) for name in names]
    notes.append(grid.unread(*_DATES, *identity, *(variable.column for variable in variables)))
    notes.append(places.arrondissements_note(geo))
    notes.append(_identity(grid, found, options, ~rejections.bad))
    notes.append(FORMAT.coverage[level])
    return tidy(
        rejections,
        variables,
        format=NAME,
        options=options,
        geo=geo,
        geo_column=code_column,
        periods=periods,
        geography=options.geography,
        notes=[note for note in notes if note],
    )


def _spelt(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels as they are abridged, and in full: « Taux de couv », « Taux de couverture »."""
    return (*names, *(name.replace(" couv ", " couverture ") for name in names))


def _level(grid: Grid) -> tuple[str, str]:
    """Return the finest level that has a column, and its column of codes.

    A file that names communes and has lost their codes is not one of EPCIs.
    """
    for level, names in _CODES.items():
        if grid.find(*names, *_NAMES[level]) is not None:
            return level, grid.require(*names)
    return "COM", grid.require(*_CODES["COM"])


def _periods(rejections: Rejections, column: str) -> tuple[Texts, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    cells = [str(cell) for cell in rejections.grid.columns[column]]
    known = {cell: year_of(cell) for cell in set(cells)}
    found = [known[cell] for cell in cells]
    unread = np.array([year is None for year in found], dtype=bool)
    rejections.add_all(unread, column, "La date de référence n’est pas une année lisible.")
    texts = np.array(["" if year is None else str(year) for year in found], dtype=object)
    return texts, np.array([np.nan if year is None else float(year) for year in found], dtype=np.float64)


def _identity(
    grid: Grid, found: dict[str, str | None], options: Options, good: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> str:
    """Tell the rows where EAJE + pre-school + individual care is not the overall rate."""
    names = [found[measure] for measure in (*_PARTS, _GLOBAL)]
    if any(name is None for name in names):
        return ""
    cells = [grid.columns[name] for name in names if name is not None]
    decimal = common_mark(cells, file=grid.file, decimal=options.decimal)
    parts = [numbers(column, decimal=decimal) for column in cells]
    known = np.logical_and.reduce([column.status == NUMBER for column in parts]) & good
    if not known.any():
        return ""
    gap = np.abs(sum(column.figures for column in parts[:-1]) - parts[-1].figures)
    wide = known & (gap > _TOLERANCE + 1e-6)
    count = number(int(known.sum()))
    checked = f"Somme EAJE, préscolarisation et accueil individuel comparée au taux global : {count} lignes"
    if not wide.any():
        return f"{checked}, écart maximal {number(float(gap[known].max()), 1)} point."
    lines = ", ".join(str(grid.lines[place]) for place in np.flatnonzero(wide)[:5])
    return (
        f"{checked}, dont {int(wide.sum())} s’en écartent de plus de {number(_TOLERANCE, 1)} point "
        f"(jusqu’à {number(float(gap[known].max()), 1)} ; lignes {lines}) : à vérifier auprès de la Caf."
    )


FORMAT = Format(
    name=NAME,
    label="Taux de couverture de l’accueil du jeune enfant",
    producer="Cnaf",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle",
    lag_years=2,
    coverage={
        "COM": "Le fichier ne contient que les communes d’au moins 10 000 habitants.",
        "EPCI": "Le fichier contient les EPCI à fiscalité propre.",
        "DEP": "Le fichier contient les départements.",
        "REG": "Le fichier contient les régions.",
    },
    minimum_population=10_000,
    measures=tuple(_HEADERS),
    read=_read,
    vintages={"": CAF},
)
