"""What a file cuts its figures by: ages and sexes are kept as categories; of any other breakdown, the total only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ctgeval.errors import SourceError
from ctgeval.french import fold
from ctgeval.sources.table import SET_ASIDE
from ctgeval.sources.text import Grid, loose
from ctgeval.sources.tidy import Rejections, Texts

__all__ = ["Categories", "categories"]

_AGE = ("Tranche d'âge", "Tranche d’âge", "Tranche âge", "Âge", "Classe d'âge", "Classe d’âge")
_SEX = ("Sexe",)
_BREAKDOWNS = ("type", "tranche", "quotient", "situation", "nombre enfants", "nombre d'enfants", "statut occupation")
_WHOLE = frozenset({"", "total", "ensemble", "tous", "toutes", "t"})
_SEXES = {"femme": "F", "femmes": "F", "f": "F", "homme": "M", "hommes": "M", "h": "M", "m": "M"}


class Categories(NamedTuple):
    """What the rows of a file are cut by.

    Parameters
    ----------
    age, sexe : ndarray of str, shape (n,), or None
        Category of each row, empty for the whole; None when the file has no such column.
    columns : tuple of str
        The columns that were understood.
    note : str
        What a reader of the source sheet should know, in French; empty if nothing.
    """

    age: Texts | None
    sexe: Texts | None
    columns: tuple[str, ...]
    note: str


def categories(rejections: Rejections, *, known: Iterable[str]) -> Categories:
    """Return the categories of the rows, and set aside those that are a part in another breakdown.

    Parameters
    ----------
    rejections : Rejections
        The grid.
    known : iterable of str
        Columns that are no breakdown.

    Raises
    ------
    SourceError
        When a breakdown has no row for its total.
    """
    grid = rejections.grid
    age_column, sex_column = grid.find(*_AGE), grid.find(*_SEX)
    others = {loose(name) for name in (*known, age_column or "", sex_column or "")}
    broken = [name for name in grid.header if loose(name) not in others and _is_breakdown(grid, name)]
    for name in broken:
        part = np.array([fold(str(cell)).strip() not in _WHOLE for cell in grid.columns[name]], dtype=bool)
        if part.all():
            raise SourceError(
                f"Ce fichier ne donne que des ventilations (« {name} »), sans ligne de total.",
                remedy="Prenez le jeu du même producteur qui n’est pas ventilé (sur Cafdata : « Toutes prestations »).",
                file=grid.file,
                row=1,
                column=name,
            )
        rejections.add_all(
            part & ~rejections.bad, name, f"{SET_ASIDE} (ventilation « {name} » : seul le total est repris)."
        )
    return Categories(
        age=None if age_column is None else _category(grid, age_column, {}),
        sexe=None if sex_column is None else _category(grid, sex_column, _SEXES),
        columns=tuple(name for name in (*broken, age_column, sex_column) if name),
        note=f"Ventilations dont seul le total est repris : {', '.join(broken)}." if broken else "",
    )


def _is_breakdown(grid: Grid, name: str) -> bool:
    """Whether a column cuts the figures of a territory into categories: its name says so, and its cells are words."""
    cells = [cell for cell in grid.columns[name] if cell.strip()]
    words = sum(bool(re.search(r"[^\W\d_]", cell)) for cell in cells)
    return loose(name).startswith(_BREAKDOWNS) and words * 2 > len(cells)


def _category(grid: Grid, column: str, names: dict[str, str]) -> Texts:
    told: dict[str, str] = {}
    for cell in set(grid.columns[column]):
        word = fold(cell).strip()
        told[cell] = "" if word in _WHOLE else names.get(word, cell.strip())
    return np.array([told[cell] for cell in grid.columns[column]], dtype=object)
