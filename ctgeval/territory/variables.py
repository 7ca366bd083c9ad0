"""What territories are compared on: variables by name, their values for a whole level, and one scale for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import french, measures
from ctgeval.errors import MeasureError, TerritoryError, suggestion
from ctgeval.territory import profiles
from ctgeval.territory.reference import Reference

__all__ = ["VARIABLES", "Scaled", "Variable", "known", "scaled", "used"]

Array = npt.NDArray[np.float64]

AREA = "superficie_km2"
_SKEWED = 1.0
_SAME = 1e-9
_NORMAL = 1.349
"""Interquartile range of a normal distribution of standard deviation 1: the robust spread equals it there."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One thing on which territories are compared.

    Parameters
    ----------
    name : str
        Column of the table.
    label : str
        French, as the method names it.
    head, unit : str
        What is written before a value (empty when the unit says it), and its unit in the plural.
    log : bool or None
        Whether it is compared in logarithm; None lets the data say: when it is positive everywhere and its skewness
        over the territories is above 1.
    decimals : int or None
        See `ctgeval.french.number`.
    sign : bool
        Whether a sign is always written.
    """

    name: str
    label: str
    head: str = ""
    unit: str = ""
    log: bool | None = None
    decimals: int | None = None
    sign: bool = False

    def write(self, value: float) -> str:
        """Write a value with its unit."""
        return french.quantity(value, self.unit, self.decimals, sign=self.sign)

    def compare(self, value: float, own: float) -> str:
        """Write the value of a territory and, in brackets, that of the one it is compared with."""
        bare = french.number(own, self.decimals, sign=self.sign) if self.unit not in {"%", "EUR"} else self.write(own)
        return f"{self.head}{' ' if self.head else ''}{self.write(value)} ({bare})"


VARIABLES: Mapping[str, Variable] = MappingProxyType(
    {
        one.name: one
        for one in (
            Variable("population", "population municipale", unit="habitants", log=True, decimals=0),
            Variable("communes", "nombre de communes", unit="communes", log=True, decimals=0),
            Variable(AREA, "superficie", "superficie", "km²", log=True, decimals=0),
            Variable("densite", "densité", "densité", "hab./km²", log=True, decimals=0),
            Variable(
                "croissance", "évolution annuelle de la population", "évolution annuelle", "%", log=False, decimals=2,
                sign=True,
            ),
            Variable("part_60_plus", "part des 60 ans et plus", "60 ans et plus", "%", log=False, decimals=1),
            Variable(
                "revenu_median", "revenu médian par unité de consommation", "revenu médian", "EUR", log=True, decimals=0
            ),
        )
    }
)  # fmt: skip
"""The variables that are known by name; any other column of a table can be compared too."""


def known(
    level: str, year: int, reference: Reference, given: pd.DataFrame | None
) -> tuple[pd.DataFrame, tuple[int, int] | None]:
    """Return every variable of every territory of a level, by code, and the two censuses of the growth.

    Parameters
    ----------
    level : str
        ``COM``, ``EPCI``, ``DEP`` or ``REG``.
    year : int
        Geography.
    reference : Reference
    given : DataFrame or None
        More variables, indexed by code or with a column ``geo``.

    Raises
    ------
    TerritoryError
        When a territory has two rows, or a column is not made of numbers.
    """
    found = profiles.profiles(level, year, reference)
    table = pd.DataFrame(
        {"population": found.population, "communes": found.communes, "croissance": found.growth},
        index=pd.Index(found.geos, dtype=object),
    )
    if level == "COM":
        table = table.drop(columns="communes")
    if given is not None:
        for name, column in _columns(given).items():
            table[name] = column.reindex(table.index)
    if AREA in table and "densite" not in table:
        table["densite"] = table["population"] / table[AREA].where(table[AREA] > 0)
    order = [name for name in VARIABLES if name in table]
    return table[[*order, *(name for name in table if name not in VARIABLES)]], found.span


def _columns(given: pd.DataFrame) -> dict[str, pd.Series[float]]:
    table = given.set_index("geo") if "geo" in given.columns else given
    twice = sorted({str(geo) for geo in table.index[table.index.duplicated()]})
    if twice:
        raise TerritoryError(
            "Un territoire a deux lignes dans la table des variables.", remedy="Gardez-en une seule.", value=twice[0]
        )
    found = {}
    for name in table.columns:
        try:
            found[str(name)] = table[name].astype(np.float64)
        except (TypeError, ValueError) as error:
            raise TerritoryError(
                f"La variable « {name} » n’est pas faite de nombres.",
                remedy="Gardez dans la table une colonne de codes et des colonnes de nombres.",
                value=str(name),
            ) from error
    return found


def used(
    table: pd.DataFrame, geo: str, only: Sequence[str] | None, span: tuple[int, int] | None
) -> tuple[list[Variable], Array, list[str]]:
    """Return the variables that a territory has, their values, and what is said of the others.

    Parameters
    ----------
    table : DataFrame
        See `known`.
    geo : str
        The territory that the others are compared with.
    only : sequence of str or None
        The names that were asked for; by default all, but the area when it gives the density.
    span : tuple of int or None
        The two censuses of the growth.

    Raises
    ------
    TerritoryError
        When a name is neither a column nor a known variable.
    """
    asked = list(dict.fromkeys(only)) if only is not None else [name for name in table.columns if name != AREA]
    names = list(dict.fromkeys([*table.columns, *VARIABLES]))
    for name in asked:
        if name not in names:
            raise TerritoryError(
                "Cette variable de comparaison n’est pas connue.",
                remedy=suggestion(name, names) or f"Variables possibles : {', '.join(names)}.",
                value=name,
            )
    found: list[Variable] = []
    notes: list[str] = []
    for name in asked:
        variable = _variable(name, span)
        if name in table.columns and np.isfinite(table[name].to_numpy()[table.index == geo]).all():
            found.append(variable)
        else:
            notes.append(f"« {variable.label} » ne sert pas : sa valeur n’est pas connue pour ce territoire.")
    return found, table[[one.name for one in found]].to_numpy(dtype=np.float64), notes


def _variable(name: str, span: tuple[int, int] | None) -> Variable:
    if name == "croissance" and span is not None:
        return replace(VARIABLES[name], label=f"{VARIABLES[name].label} de {span[0]} à {span[1]}")
    if name in VARIABLES:
        return VARIABLES[name]
    try:
        measure = measures.get(name)
    except MeasureError:
        words = name.replace("_", " ")
        return Variable(name, words, words)
    label = measure.label[:1].lower() + measure.label[1:]
    return Variable(name, label, label, measure.unit)


@dataclass(frozen=True, eq=False)
class Scaled:
    """Variables on one scale.

    Parameters
    ----------
    variables : tuple of Variable
        Those that distinguish territories, ``log`` settled.
    raw, scaled : ndarray of float64, shape (territories, variables)
        As they are, and centred and reduced.
    constant : tuple of Variable
        Those that are the same everywhere, left out.
    """

    variables: tuple[Variable, ...]
    raw: Array
    scaled: Array
    constant: tuple[Variable, ...]


def scaled(variables: Sequence[Variable], values: Array) -> Scaled:
    """Put variables on one scale: ``(x - median) / (interquartile range / 1.349)``, after a logarithm where skewed.

    Parameters
    ----------
    variables : sequence of Variable
    values : ndarray of float64, shape (territories, variables)
        NaN where unknown; what has no logarithm is unknown too.
    """
    kept: list[Variable] = []
    raw: list[Array] = []
    columns: list[Array] = []
    constant: list[Variable] = []
    for place, variable in enumerate(variables):
        column = values[:, place]
        log = _skewed(column[np.isfinite(column)]) if variable.log is None else variable.log
        shown = np.log(np.where(column > 0, column, np.nan)) if log else column
        there = shown[np.isfinite(shown)]
        low, median, high = np.quantile(there, [0.25, 0.5, 0.75]) if len(there) else (0.0, 0.0, 0.0)
        spread = float(high - low) / _NORMAL
        if spread <= _SAME:
            spread = float(np.std(there)) if len(there) else 0.0
        if spread <= _SAME:
            constant.append(variable)
            continue
        kept.append(replace(variable, log=log))
        raw.append(column)
        columns.append((shown - median) / spread)
    shape = (len(values), len(kept))
    return Scaled(
        tuple(kept),
        np.column_stack(raw) if kept else np.empty(shape),
        np.column_stack(columns) if kept else np.empty(shape),
        tuple(constant),
    )


def _skewed(values: Array) -> bool:
    if len(values) < 3 or (values <= 0).any():
        return False
    centred = values - values.mean()
    spread = float(np.sqrt(np.mean(centred**2)))
    return bool(spread > 0 and np.mean(centred**3) / spread**3 > _SKEWED)
