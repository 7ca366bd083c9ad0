"""Caf: the files of the Cafdata portal, by commune, EPCI, département or région (``caf.cafdata``).

Each theme is one file («Toutes prestations», RSA, aides au logement...), with a row for each territory and date, and
columns named by the label (``Nombre foyers RSA``) or by the field (``indfoy_rsa``). Persons and foyers are rounded to
5, to the nearest or downwards, it isn't said: ``r`` is in ``[r - 2, r + 4]``, and 0 may hide 1 to 4. Sums of communes
drift from their EPCI: its own row is to be preferred. A figure is that of the droits of December, in the geography of
the January that follows, which is not applied backwards. Amounts are those of the month, not of the year.

References
----------
Cnaf, sheets of the Cafdata datasets «toutes prestations», «RSA» and «aides au logement» (January 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.french import fold
from ctgeval.sources import places
from ctgeval.sources.breakdowns import categories
from ctgeval.sources.caf_benefits import BENEFITS, benefit_of, figure_of
from ctgeval.sources.cells import NUMBER, common_mark, numbers
from ctgeval.sources.opening import open_grid
from ctgeval.sources.table import SET_ASIDE, Format, Options, SourceTable
from ctgeval.sources.text import Grid, loose
from ctgeval.sources.tidy import Rejections, Texts, Variable, tidy
from ctgeval.sources.vintages import CAF

__all__ = ["FORMAT"]

NAME = "caf.cafdata"
_ROUNDED = 5
_ROUNDED_AMOUNT = 100
_DECEMBER = 12
_DATES = ("Date référence", "Date de référence", "dtreffre", "dtref", "Mois", "Année", "annee")
# From the finest level to the widest: a file by commune may also name the EPCI and the département.
_CODES: dict[str, tuple[str, ...]] = {
    "COM": ("Numéro commune", "Code commune", "Code Insee commune", "numcomdo", "numcom", "numcomf"),
    "EPCI": ("Numéro EPCI", "Code EPCI", "SIREN EPCI", "numepcido", "numepci"),
    "DEP": ("Numéro département", "Code département", "numdepdo", "numdep"),
    "REG": ("Numéro région", "Code région", "numregdo", "numregi", "numreg"),
}
_NAMES: dict[str, tuple[str, ...]] = {
    "COM": ("Nom commune", "Libellé commune", "nomcom", "nomcomdo"),
    "EPCI": ("Nom EPCI", "Libellé EPCI", "nomepci", "nomepcido"),
    "DEP": ("Nom département", "nomdep", "nomdepdo"),
    "REG": ("Nom région", "nomreg", "nomregi", "nomregdo"),
}
_OTHERS = ("Lieu résidence", "Nom Caf", "Numéro Caf")
_PRESTATION = ("Type de prestation", "Type prestation", "Prestation", "Code prestation")
_STATUS = ("Statut", "Statut des données", "Type de données", "Qualité des données")
_IDENTITY = (
    *(name for names in (*_CODES.values(), *_NAMES.values()) for name in names),
    *(*_OTHERS, *_DATES, *_STATUS, *_PRESTATION),
)
_FIELD = (
    "Droits versables de décembre, dans la géographie du 1er janvier suivant ; les familles qui relèvent de la MSA n’y "
    "sont pas, et les montants sont ceux du mois."
)
_DAY = re.compile(r"(?P<y>\d{4})(?:-?(?P<m>\d\d)(?:-?\d\d)?(?:T.*)?)?|(?:\d\d/)?(?P<m2>\d\d)/(?P<y2>\d{4})")
# Codes of beneficiaries that the Caf puts in no territory.
_NOWHERE = re.compile(r"|\d{0,2}[AB]?X+|Z+|9{2,5}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Dates:
    """What a column of dates tells, row by row; a December stands for its year, except for amounts."""

    year: npt.NDArray[np.float64]
    counts: Texts
    amounts: Texts


def _read(path: Path, options: Options) -> SourceTable:
    grid = open_grid(path, options)
    date_column = grid.require(*_DATES)
    level, code_column = _level(grid)
    rejections = Rejections(grid)
    dates = _dates(rejections, date_column)
    _nowhere(rejections, code_column)
    geo = _geo(rejections, level, code_column)
    columns, benefit = _columns(grid)
    cut = categories(rejections, known=[*_IDENTITY, *columns])
    base, fault = _rounding(rejections, {name: kind for name, (kind, _) in columns.items()}, options)
    variables = _variables(grid, columns, dates, base, benefit)
    geography = np.where(np.isnan(dates.year), np.nan, dates.year + 1.0)
    if options.geography is not None:
        geography = np.full(len(geo), float(options.geography))
    if benefit is not None:
        _unknown_benefits(rejections, benefit, variables)
    unknown = places.refuse_unknown(rejections, code_column or date_column, geo, geography, options.reference)
    provisional = _provisional(grid)
    details = None if benefit is None else np.array([loose(str(cell)) for cell in grid.columns[benefit]], dtype=object)
    for extra in (cut.age, cut.sexe):
        if extra is not None:
            details = extra if details is None else details + "|" + extra
    return tidy(
        rejections,
        variables,
        format=NAME,
        options=options,
        geo=geo,
        geo_column=code_column or date_column,
        periods=dates.counts,
        geography=geography,
        dimensions={name: texts for name, texts in (("age", cut.age), ("sexe", cut.sexe)) if texts is not None},
        details=details,
        status=provisional,
        notes=[
            note
            for note in (
                unknown,
                places.arrondissements_note(geo),
                cut.note,
                grid.unread(*_IDENTITY, *cut.columns, *columns),
                fault,
                FORMAT.coverage.get(level, ""),
                _FIELD,
            )
            if note
        ],
    )


def _level(grid: Grid) -> tuple[str, str]:
    """Return the finest level that has a column, and its column of codes.

    A file that names communes and has lost their codes is not one of EPCIs.
    """
    for level, names in _CODES.items():
        if grid.find(*names, *_NAMES[level]) is not None:
            return level, grid.require(*names)
    if re.search(r"(?:^|_)nat(?:ional)?(?![a-z])", grid.file, re.IGNORECASE):
        return "FRANCE", ""
    grid.require(*_CODES["EPCI"])
    return "FRANCE", ""


def _dates(rejections: Rejections, column: str) -> _Dates:
    cells = [str(cell).strip() for cell in rejections.grid.columns[column]]
    known: dict[str, tuple[float, str, str]] = {}
    for cell in set(cells):
        match = _DAY.fullmatch(cell)
        told = int(match["y"] or match["y2"]) if match else 0
        month = int(match["m"] or match["m2"] or _DECEMBER) if match else 0
        if not 2000 <= told <= 2100 or not 1 <= month <= 12:
            known[cell] = (np.nan, "", "")
        else:
            precise = f"{told}-{month:02d}"
            known[cell] = (float(told), str(told) if month == _DECEMBER else precise, precise)
    found = [known[cell] for cell in cells]
    year = np.array([each[0] for each in found], dtype=np.float64)
    rejections.add_all(np.isnan(year), column, "La date de référence ne se lit pas (attendu : 2023-12).")
    counts, amounts = (np.array([each[rank] for each in found], dtype=object) for rank in (1, 2))
    return _Dates(year, counts, amounts)


def _nowhere(rejections: Rejections, column: str) -> None:
    if not column:
        return
    cells = [str(cell).strip() for cell in rejections.grid.columns[column]]
    lost = {cell for cell in set(cells) if _NOWHERE.fullmatch(cell)}
    rejections.add_all(
        np.array([cell in lost for cell in cells], dtype=bool) & ~rejections.bad,
        column,
        f"{SET_ASIDE} (allocataires que la Caf ne rattache à aucun territoire de ce niveau).",
    )


def _geo(rejections: Rejections, level: str, column: str) -> Texts:
    if level == "FRANCE":
        return np.full(len(rejections.grid.lines), "FRANCE", dtype=object)
    before = rejections.bad.copy()
    count = len(rejections.found)
    geo = places.of_level(rejections, column, level)
    # A row that is set aside needs no other reason.
    told = {int(rejections.grid.lines[place]) for place in np.flatnonzero(before).tolist()}
    rejections.found[count:] = [found for found in rejections.found[count:] if found[0] not in told]
    return geo


def _columns(grid: Grid) -> tuple[dict[str, tuple[str, str]], str | None]:
    """Return the columns of figures (kind, benefit), and the column that names the benefit of each row, if any."""
    found: dict[str, tuple[str, str]] = {}
    benefit = grid.find(*_PRESTATION)
    for name in grid.header:
        figure = figure_of(name)
        if figure is not None and (figure[1] in BENEFITS[figure[0]] or (not figure[1] and benefit is not None)):
            found[name] = figure
    if not found:
        grid.require("Nombre foyers NDUR")
    return found, benefit if any(not code for _, code in found.values()) else None


def _variables(
    grid: Grid,
    columns: dict[str, tuple[str, str]],
    dates: _Dates,
    base: dict[str, int],
    benefit: str | None,
) -> list[Variable]:
    found: list[Variable] = []
    rows = (
        None if benefit is None else np.array([benefit_of(str(cell)) for cell in grid.columns[benefit]], dtype=object)
    )
    for name, (kind, code) in columns.items():
        codes: Iterable[str] = [code] if code else BENEFITS[kind]
        for each in codes:
            where = None if code or rows is None else rows == each
            if where is not None and not where.any():
                continue
            found.append(
                Variable(
                    name,
                    BENEFITS[kind][each],
                    secret=True,
                    base=base[name],
                    periods=dates.amounts if kind == "montant" else None,
                    where=where,
                )
            )
    return found


def _unknown_benefits(rejections: Rejections, column: str, variables: Sequence[Variable]) -> None:
    served = np.zeros(len(rejections.bad), dtype=bool)
    for variable in variables:
        served |= True if variable.where is None else variable.where
    rejections.add_all(~served & ~rejections.bad, column, f"{SET_ASIDE} (prestation que ce format ne suit pas).")


def _rounding(rejections: Rejections, kinds: dict[str, str], options: Options) -> tuple[dict[str, int], str]:
    """Return the multiple to which each column is rounded, and reject the counts that are not one.

    Counts are taken as rounded unless most of them are not: the national files are exact.
    """
    grid = rejections.grid
    decimal = common_mark([grid.columns[name] for name in kinds], file=grid.file, decimal=options.decimal)
    figures = {}
    for name in kinds:
        column = numbers(grid.columns[name], decimal=decimal)
        figures[name] = np.where((column.status == NUMBER) & ~rejections.bad, column.figures, np.nan)
    base: dict[str, int] = {}
    exact = False
    for counted, multiple in ((True, _ROUNDED), (False, _ROUNDED_AMOUNT)):
        names = [name for name, kind in kinds.items() if (kind != "montant") is counted]
        off = {name: np.nan_to_num(figures[name]) % multiple != 0 for name in names}
        known = sum(int((~np.isnan(figures[name])).sum()) for name in names)
        wrong = sum(int(each.sum()) for each in off.values())
        rounded = wrong * 2 < max(known, 1)
        base |= dict.fromkeys(names, multiple if rounded else 0)
        exact = exact or (counted and not rounded)
        for name in names if counted and rounded else []:
            rejections.add_all(
                off[name] & ~rejections.bad,
                name,
                f"Le nombre n’est pas un multiple de {multiple}, alors que ce fichier est arrondi à {multiple} près.",
            )
    return base, "Les effectifs de ce fichier ne sont pas arrondis : ils sont lus comme exacts." if exact else ""


def _provisional(grid: Grid) -> Texts | None:
    """Return the status of each row, when the file says that some are provisional."""
    column = grid.find(*_STATUS)
    whole = "provisoire" in fold(grid.file).casefold()
    if column is None:
        return np.full(len(grid.lines), "P", dtype=object) if whole else None
    early = (
        pd.Series(grid.columns[column], dtype="str")
        .map(lambda cell: fold(cell).casefold())
        .str.contains("provisoire|semi", regex=True)
    )
    return np.where(early.to_numpy() | whole, "P", "A").astype(object)


FORMAT = Format(
    name=NAME,
    label="Allocataires, personnes couvertes et montants (Cafdata)",
    producer="Cnaf",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle (droits de décembre)",
    lag_years=1,
    coverage={
        "EPCI": "Chaque EPCI a sa propre ligne, à préférer à la somme de ses communes.",
        "COM": "Les effectifs sont arrondis à 5 près : la somme des communes s’écarte de la valeur de l’EPCI, dont la "
        "ligne est à préférer.",
        "DEP": "Chaque département a sa propre ligne.",
        "REG": "Chaque région a sa propre ligne.",
    },
    minimum_population=None,
    measures=tuple(sorted({measure for names in BENEFITS.values() for measure in names.values()})),
    read=_read,
    vintages={"": CAF},
)
