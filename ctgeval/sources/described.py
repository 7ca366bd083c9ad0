"""Territory, period and modalities of the rows of a described table: each cell read, or its row rejected with why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ctgeval import periods
from ctgeval.errors import PeriodError, SourceError, TerritoryError
from ctgeval.sources import names
from ctgeval.sources.description import Dimension, Period, Place
from ctgeval.sources.layout import Layout
from ctgeval.sources.tidy import Texts, year_of
from ctgeval.territory import codes

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

__all__ = ["dimension", "joined", "period_in_name", "periods_of", "places_of", "spelling", "years_of"]

_CODES: Mapping[str, Callable[[object], str]] = {
    "COM": codes.commune,
    "EPCI": codes.epci,
    "DEP": codes.departement,
    "REG": codes.region,
    "": lambda cell: str(codes.parse(str(cell))),
}
_EPCI = re.compile(r"EPCI-2[045]\d{7}")
_SPAN = re.compile(r"((?:19|20)\d\d)\s*[-–—/à]\s*((?:19|20)\d\d)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_Read = Callable[[str], tuple[str, str]]


def places_of(
    layout: Layout, place: Place, *, reference: Reference | None, years: npt.NDArray[np.float64]
) -> tuple[Texts, str]:
    """Return the prefixed code of each row and the column that tells it; rows without one are rejected.

    Parameters
    ----------
    layout, place : Layout, Place
        The table, and where it tells the territory.
    reference : Reference or None
        Known territories, for those that are named without a code.
    years : ndarray of float64, shape (n,)
        Year in which each row names its territory; NaN when it does not say.

    Raises
    ------
    SourceError
        When a column is missing, or names are to be found without a geography.
    """
    count = len(layout.grid.lines)
    if place.code:
        return np.full(count, place.code, dtype=object), ""
    if place.name:
        return _named(layout, place, reference, years)
    columns = [layout.column(name) for name in place.columns]
    cells = [layout.cells(column) for column in columns]
    known = {spelling(cell): geo for cell, geo in place.codes.items()}
    read = _CODES[place.level]

    def code(cell: str) -> tuple[str, str]:
        if (told := known.get(spelling(cell))) is not None:
            return told, ""
        try:
            geo = read(cell)
        except TerritoryError as error:
            return "", error.problem.message
        if place.level == "EPCI" and not _EPCI.fullmatch(geo):
            return "", "Le code n’est pas le SIREN d’un EPCI (9 chiffres, commençant par 20, 24 ou 25)."
        return geo, ""

    texts: Sequence[str] = cells[0]
    if len(cells) > 1:
        texts = [joined(parts, place.level) for parts in zip(*cells, strict=True)]
    return _each(layout, columns[-1], texts, code), columns[-1]


def _named(
    layout: Layout, place: Place, reference: Reference | None, years: npt.NDArray[np.float64]
) -> tuple[Texts, str]:
    """Find communes by their name, inside a département."""
    column, departements = layout.column(place.name), layout.column(place.departement)
    if reference is None:
        raise SourceError(
            "Le fichier nomme les communes sans leur code : il faut une géographie pour les retrouver.",
            remedy="Lisez-le depuis un dossier, ou donnez la géographie (reference=...).",
            file=layout.grid.file,
            sheet=layout.grid.sheet,
            column=column,
        )
    latest = max(reference.years)
    keys = list(
        zip(
            layout.cells(departements),
            layout.cells(column),
            [latest if np.isnan(year) else int(year) for year in years],
            strict=True,
        )
    )
    found = {
        (dep, name, year): names.commune(str(name), names.departement(str(dep), reference), year, reference)
        for dep, name, year in set(keys)
    }
    for row, key in enumerate(keys):
        if found[key].reason and not layout.rejections.bad[row]:
            layout.rejections.add(row, column, found[key].reason)
    return np.array([found[key].geo for key in keys], dtype=object), column


@cache
def joined(parts: tuple[str, ...], level: str) -> str:
    """Join the parts of a code: a département and a commune give back the zeros that a spreadsheet took from them.

    Examples
    --------
    >>> joined(("1", "4"), "COM"), joined(("86", "082"), "COM"), joined(("974", "411"), "COM")
    ('01004', '86082', '97411')
    """
    texts = [part.strip() for part in parts]
    if level != "COM" or len(texts) != 2 or not all(texts):
        return "".join(texts)
    departement, commune = texts
    if len(departement) == 3 and departement.isdigit() and departement.startswith("97"):
        # Insee writes the third digit of overseas départements in both columns, or in the first alone.
        commune = commune.zfill(2)
        return (
            departement[:2] + commune if len(commune) == 3 and commune[0] == departement[2] else departement + commune
        )
    return departement.zfill(2) + commune.zfill(3)


def periods_of(layout: Layout, period: Period | None, *, sheet: str, file: str) -> Texts:
    """Return the period of each row, empty when none is told for the rows; those that can't be read are rejected.

    Raises
    ------
    SourceError
        When the column is missing, or the name of the sheet or of the file tells no period.
    """
    count = len(layout.grid.lines)
    if period is None:
        return np.full(count, "", dtype=object)
    if not period.column:
        text = period.value or period_in_name(sheet if period.of == "feuille" else file)
        if not text:
            raise SourceError(
                f"Le nom de la {period.of or 'feuille'} ne dit pas une seule année : la période n’est pas connue."
                if period.of != "fichier"
                else "Le nom du fichier ne dit pas une seule année : la période n’est pas connue.",
                remedy='Écrivez la période : periode = "2018".',
                file=file,
                sheet=sheet,
                key="periode",
            )
        return np.full(count, text, dtype=object)
    column = layout.column(period.column)
    told = {spelling(cell): text for cell, text in period.periods.items()}

    def read(cell: str) -> tuple[str, str]:
        if (known := told.get(spelling(cell))) is not None:
            return known, ""
        if period.take and (span := _SPAN.fullmatch(cell.strip())):
            return span[1 if period.take == "debut" else 2], ""
        year = year_of(cell.removesuffix(".0"))
        if year is not None and "-" not in cell.strip()[5:7]:
            return str(year), ""
        try:
            return periods.normalise(cell), ""
        except PeriodError as error:
            return "", f"{error.problem.message.rstrip('.')} (dites quelle période c’est, dans « periode »)."

    return _each(layout, column, layout.cells(column), read)


def period_in_name(name: str) -> str:
    """Return the period that a name holds (``2018``, ``2021-S1``, ``REI_1987``), empty for none or several."""
    stem = name.strip()
    if periods.is_period(stem):
        return periods.normalise(stem)
    years = sorted(set(_YEAR.findall(stem)))
    return years[0] if len(years) == 1 else ""


def years_of(layout: Layout, name: str) -> npt.NDArray[np.float64]:
    """Return the year that each cell of a column tells; rows without one are rejected.

    Raises
    ------
    SourceError
        When the column is missing.
    """
    column = layout.column(name)

    def read(cell: str) -> tuple[str, str]:
        year = year_of(cell.removesuffix(".0"))
        return (str(year), "") if year is not None else ("", "La cellule n’est pas une année lisible.")

    found = _each(layout, column, layout.cells(column), read)
    return np.array([float(year) if year else np.nan for year in found], dtype=np.float64)


def dimension(layout: Layout, told: Dimension) -> Texts | str:
    """Return the modality of each row, or that of all of them.

    Raises
    ------
    SourceError
        When the column is missing.
    """
    if not told.column:
        return told.value
    column = layout.column(told.column)
    known = {spelling(cell): value for cell, value in told.values.items()}
    return np.array([known.get(spelling(cell), str(cell)) for cell in layout.cells(column)], dtype=object)


def spelling(text: str) -> str:
    """Return a cell without what one never means: spaces around it, case."""
    return " ".join(text.split()).casefold()


def _each(layout: Layout, column: str, cells: Iterable[str], read: _Read) -> Texts:
    """Read each distinct cell once; reject the rows whose cell can't be read."""
    texts = list(cells)
    known = {cell: read(cell) for cell in set(texts)}
    found = [known[cell] for cell in texts]
    for place, (_, reason) in enumerate(found):
        if reason and not layout.rejections.bad[place]:
            layout.rejections.add(place, column, reason)
    return np.array([value for value, _ in found], dtype=object)
