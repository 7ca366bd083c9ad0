"""The territories most like a given one among all those of its level in France: chosen before results are looked at.

What is compared is stated, so is how: each variable is put on one scale (in logarithm where it is skewed), centred on
its median and divided by its robust spread over all the territories of the level; the distance between two territories
is the root mean square of their differences. Nothing is imputed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import french
from ctgeval.errors import TerritoryError
from ctgeval.territory import profiles, variables as _variables
from ctgeval.territory.codes import level as level_of
from ctgeval.territory.reference import Reference, load
from ctgeval.territory.variables import Variable

__all__ = ["Comparators", "nearest"]

Array = npt.NDArray[np.float64]

_DIGITS = 9
"""Of a distance: beyond, two territories are as near, and their codes decide."""
_NOUNS = {"COM": "communes", "EPCI": "intercommunalités", "DEP": "départements", "REG": "régions"}


@dataclass(frozen=True, eq=False)
class Comparators:
    """The chosen territories, the nearest first, and how they were chosen.

    Parameters
    ----------
    geo, name : str
        The territory that they are like.
    year : int
        Perimeter.
    table : DataFrame
        ``geo, name, distance``, a column for each variable, and ``sentence``: the French line that explains the choice.
    variables : tuple of Variable
        What they were compared on, ``log`` settled.
    candidates : int
        How many territories they were chosen among.
    method : str
        How, in French.
    notes : tuple of str
        What was left out and why, in French, whole sentences.
    """

    geo: str
    name: str
    year: int
    table: pd.DataFrame
    variables: tuple[Variable, ...]
    candidates: int
    method: str
    notes: tuple[str, ...]

    @property
    def geos(self) -> tuple[str, ...]:
        """The chosen codes, the nearest first."""
        return tuple(self.table["geo"].tolist())

    def text(self) -> str:
        """Return the choice in French: the method, a line for each territory, then what was left out."""
        return "\n".join([self.method, *(f"- {line}" for line in self.table["sentence"]), *self.notes])


def nearest(
    geo: str,
    *,
    year: int,
    number: int = 10,
    variables: pd.DataFrame | None = None,
    only: Sequence[str] | None = None,
    exclude: Iterable[str] = (),
    window: tuple[int, int] | None = None,
    exclude_same_department: bool = False,
    reference: Reference | None = None,
) -> Comparators:
    """Return the territories of the same level in France that are most like a territory.

    Parameters
    ----------
    geo : str
        Prefixed code of a commune, an EPCI, a département or a région.
    year : int
        Perimeter (1 January) in which everything is told.
    number : int
        How many to choose.
    variables : DataFrame, optional
        More variables, a column each, indexed by prefixed code (or with a column ``geo``): ``superficie_km2`` gives
        the density; any other column is compared as it is (``revenu_median``, ``part_60_plus``...), and one that bears
        the name of a variable of the reference replaces it.
    only : sequence of str, optional
        Names of the variables to compare on; by default population, number of communes, density when the area is
        given, growth, then every other column.
    exclude : iterable of str
        Codes not to choose: neighbours, territories that have the same action.
    window : tuple of int, optional
        First and last year between which the ground of a comparator must not have changed; the years that the
        reference knows are looked at.
    exclude_same_department : bool
        Leave out the territories that share a département with it: neighbours often share its policies.
    reference : Reference, optional
        Geography; by default that of France.

    Returns
    -------
    Comparators
        Ties are settled by code: the same question always has the same answer. Excluding a territory changes nothing
        to the distance of the others, for scales are those of the whole level.

    Raises
    ------
    UnknownTerritory
        When ``geo`` or a code to exclude exists in no known geography.
    TerritoryError
        When the territory is an own grouping or France, when no variable is known for it, or when nobody is left.

    Notes
    -----
    A variable is standardised as ``(x - median) / (interquartile range / 1.349)``, after a logarithm when it is skewed:
    population, communes, area, density and income always are; another one when it is positive everywhere and its
    skewness is above 1. The standard deviation replaces a null interquartile range. The distance is the root mean
    square of the differences: 0.5 means that two territories are half a standard deviation apart on average.

    A variable that the territory itself lacks, or that is the same everywhere, is not used; a territory that lacks one
    of the variables used is not a candidate: both are told. Growth runs between the first and the last census of the
    reference, five years apart at least.

    Examples
    --------
    >>> found = nearest("EPCI-200070035", year=2024, number=3)
    >>> len(found.geos), found.geo in found.geos
    (3, False)
    """
    known = reference or load()
    level = level_of(geo)
    if level not in _NOUNS:
        raise TerritoryError(
            f"Aucun territoire de France n’est de même niveau que {geo} : rien ne peut lui ressembler.",
            remedy="Choisissez vous-même les territoires de comparaison.",
            value=geo,
        )
    name = known.name(geo, year)
    if number < 1:
        raise TerritoryError("Le nombre de territoires à retenir doit être au moins 1.", value=str(number))
    table, span = _variables.known(level, year, known, variables)
    found, values, notes = _variables.used(table, geo, only, span)
    scale = _variables.scaled(found, values)
    notes += [f"« {one.label} » ne sert pas : sa valeur est la même partout." for one in scale.constant]
    geos = table.index.to_numpy(dtype=object)
    own = int(np.flatnonzero(geos == geo)[0])
    complete: npt.NDArray[np.bool_] = np.asarray(np.isfinite(scale.scaled).all(axis=1), dtype=np.bool_)
    if not scale.variables or not complete[own]:
        raise TerritoryError(
            f"{name} n’a aucune variable connue pour chercher des territoires semblables.",
            remedy="Donnez une table de variables (population, superficie_km2, revenu_median...).",
            value=geo,
        )
    if lacking := int((~complete).sum()):
        told = french.plural(lacking, "territoire n’est pas candidat", "territoires ne sont pas candidats")
        notes.append(f"{told}, faute d’une de ces variables : aucune valeur n’est inventée.")
    barred, why = _barred(geo, year, known, exclude=exclude, window=window, same_department=exclude_same_department)
    allowed = complete & ~np.isin(geos.astype(str), sorted({*barred, geo}))
    if not allowed.any():
        raise TerritoryError(
            f"Aucun territoire ne reste pour être comparé à {name}.",
            remedy="Retirez des exclusions, ou donnez des variables connues de plus de territoires.",
            value=geo,
        )
    distance = np.sqrt(np.mean((scale.scaled - scale.scaled[own]) ** 2, axis=1))
    order = np.lexsort((geos.astype(str), np.round(distance, _DIGITS)))
    chosen = order[allowed[order]][:number]
    if len(chosen) < number:
        there = french.plural(len(chosen), "territoire peut être retenu", "territoires peuvent être retenus")
        notes.append(f"{there}, sur {number} demandés.")
    candidates = int(allowed.sum())
    return Comparators(
        geo=geo,
        name=name,
        year=year,
        table=_lines(
            [str(code) for code in geos[chosen]], distance[chosen], scale.raw[chosen], scale.raw[own], scale.variables,
            names=[known.name(str(code), year) for code in geos[chosen]],
        ),
        variables=scale.variables,
        candidates=candidates,
        method=_method(name, level, year, scale.variables, candidates),
        notes=tuple(french.typography(note) for note in (*notes, *why)),
    )  # fmt: skip


def _barred(
    geo: str,
    year: int,
    known: Reference,
    *,
    exclude: Iterable[str],
    window: tuple[int, int] | None,
    same_department: bool,
) -> tuple[set[str], list[str]]:
    """Return the codes that can't be chosen, and why they can't."""
    level = level_of(geo)
    named = sorted(set(exclude))
    names = [known.name(code) for code in named]
    barred = set(named)
    notes = [f"À la demande, sont écartés : {french.enumeration(names)}."] if names else []
    if same_department and level in {"COM", "EPCI"}:
        homes = profiles.departements(level, year, known)
        own = homes.get(geo, frozenset())
        near = {code for code, deps in homes.items() if deps & own} - {geo}
        barred |= near
        where = french.enumeration([known.name(dep, year) for dep in sorted(own)])
        told = french.plural(
            len(near), "territoire du même département est écarté", "territoires du même département sont écartés"
        )
        notes.append(f"{told} ({where}).")
    if window is not None:
        first, last = min(window), max(window)
        since, until = max(first, min(known.years)), min(last, year)
        if since < until:
            moved = profiles.changed(level, since, until, known) - {geo}
            barred |= moved
            told = french.plural(
                len(moved),
                "territoire dont le périmètre a changé est écarté",
                "territoires dont le périmètre a changé sont écartés",
            )
            notes.append(f"De {since} à {until}, {told}.")
        if (since, until) != (first, last):
            seen = f"que de {since} à {until}" if since < until else f"que pour {until}"
            notes.append(f"Les périmètres ne sont connus {seen} : les changements d’avant ou d’après ne sont pas vus.")
    return barred, notes


def _lines(
    geos: Sequence[str], distance: Array, values: Array, own: Array, used: Sequence[Variable], *, names: Sequence[str]
) -> pd.DataFrame:
    sentences = []
    for name, apart, row in zip(names, distance.tolist(), values.tolist(), strict=True):
        told = [one.compare(value, mine) for one, value, mine in zip(used, row, own.tolist(), strict=True)]
        sentences.append(french.typography(f"{name} : {', '.join(told)} ; distance {french.number(apart, 2)}"))
    columns = {one.name: values[:, rank] for rank, one in enumerate(used)}
    return pd.DataFrame({"geo": geos, "name": names, "distance": distance, **columns, "sentence": sentences})


def _method(name: str, level: str, year: int, used: Sequence[Variable], candidates: int) -> str:
    told = french.enumeration([f"{one.label}{' (en logarithme)' if one.log else ''}" for one in used])
    among = f"{french.number(candidates)} {_NOUNS[level]}"
    return french.typography(
        f"Territoires les plus semblables à {name}, parmi {among} au 1er janvier {year}, sur : {told}. Chaque "
        "variable est centrée sur sa médiane et réduite par son écart interquartile ; la distance est la moyenne "
        "quadratique des écarts (entre parenthèses, la valeur du territoire)."
    )
