"""The population that participants are compared with: ages, sexes and sectors, as the sources give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from ctgeval import periods
from ctgeval.errors import DossierError
from ctgeval.programme.age_bands import OLDEST, Band, parse, people
from ctgeval.programme.participation import sex

__all__ = ["MEASURES", "POPULATION", "Census", "nearest", "read", "sectors"]

POPULATION = "population_municipale"
_BY_AGE = "population_par_age"
# Measures that are an age by themselves.
_AGED = MappingProxyType(
    {
        "enfants_0_2": Band(0, 3),
        "enfants_3_11": Band(3, 12),
        "jeunes_11_17": Band(11, 18),
        "population_15_24": Band(15, 25),
        "population_15_64": Band(15, 65),
        "population_60_plus": Band(60, OLDEST),
        "population_75_plus": Band(75, OLDEST),
    }
)
MEASURES = (POPULATION, _BY_AGE, *_AGED)
"""Measures that a population by age, by sex and by sector is made from."""
_Cell = tuple[str, Band | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """The inhabitants of a territory at one vintage.

    Parameters
    ----------
    period : str
        Vintage; empty when nothing is known.
    ages : mapping of Band to float
        Inhabitants by age, both sexes together; bands may overlap.
    sexes : mapping of str to float
        Inhabitants by sex (``F``, ``M``); empty when one of them is not known.
    sources : tuple of str
        Keys of the sources.
    """

    period: str = ""
    ages: Mapping[Band, float] = field(default_factory=dict)
    sexes: Mapping[str, float] = field(default_factory=dict)
    sources: tuple[str, ...] = ()


def read(observed: pd.DataFrame, geo: str, members: Sequence[str] = ()) -> list[Census]:
    """Return what is known of the ages and sexes of a territory, vintage by vintage.

    Parameters
    ----------
    observed : DataFrame
        Observations on one perimeter; only values that are known to be exact are taken.
    geo : str
        Code of the territory. Where it has no row of its own, its communes are added up if all of them have one.
    members : sequence of str
        Its communes.
    """
    known = observed[observed["measure"].isin([_BY_AGE, *_AGED]) & observed["value"].notna()]
    # Partners count some ages too (children of under 3): a census is what gives the population by age.
    known = known[known["source"].isin(known.loc[known["measure"].eq(_BY_AGE), "source"].unique())]
    return [
        census
        for period, part in sorted(known.groupby("time_period"), key=lambda pair: periods.sort_key(str(pair[0])))
        if (census := _vintage(str(period), part, geo, members)).ages or census.sexes
    ]


def _vintage(period: str, part: pd.DataFrame, geo: str, members: Sequence[str]) -> Census:
    values: dict[tuple[str, _Cell], float] = {}
    keys: set[str] = set()
    for row in part.to_dict("records"):
        cell = _cell(row)
        if cell is not None and row["geo"] in {geo, *members}:
            values.setdefault((str(row["geo"]), cell), float(row["value"]))
            keys.add(str(row["source"]))
    cells: dict[_Cell, float] = {}
    for cell in dict.fromkeys(cell for _, cell in values):
        if (geo, cell) in values:
            cells[cell] = values[geo, cell]
        elif members and all((one, cell) in values for one in members):
            cells[cell] = sum(values[one, cell] for one in members)
    aged: dict[str, dict[Band, float]] = {"": {}, "F": {}, "M": {}}
    for (gender, band), count in cells.items():
        if band is not None:
            aged[gender][band] = count
    ages = {band: aged["F"][band] + aged["M"][band] for band in aged["F"] if band in aged["M"]} | aged[""]
    sexes = {one: whole for one in "FM" if (whole := _of_sex(one, cells, aged[one])) is not None}
    everybody = cells.get(("", None))
    if everybody is not None and len(sexes) == 1:
        # Some files give women and everybody.
        other = {"F": "M", "M": "F"}[next(iter(sexes))]
        sexes[other] = everybody - sum(sexes.values())
    return Census(
        period=period, ages=ages, sexes=sexes if len(sexes) == 2 else {}, sources=tuple(sorted(keys)) if cells else ()
    )


def _of_sex(gender: str, cells: Mapping[_Cell, float], aged: Mapping[Band, float]) -> float | None:
    whole = cells.get((gender, None))
    return people(0, OLDEST, aged) if whole is None else whole


def _cell(row: Mapping[str, object] | Mapping[object, object]) -> _Cell | None:
    told = {str(name): value for name, value in row.items()}
    text, age = _text(told["sexe"]), _text(told["age"])
    gender = sex(text) if text else ""
    if text and not gender:
        return None
    band = _AGED.get(str(told["measure"]))
    if band is not None:
        return None if age else (gender, band)
    if not age:
        return gender, None
    try:
        return gender, parse(age)
    except DossierError:
        return None


def nearest(known: Iterable[Census], year: int) -> Census:
    """Return the last vintage that is not after a year, else the first one; an empty one when there is none."""
    ordered = list(known)
    before = [census for census in ordered if periods.year(census.period) <= year]
    return before[-1] if before else ordered[0] if ordered else Census()


def sectors(
    observed: pd.DataFrame, names: Iterable[str], members: Mapping[str, Sequence[str]], year: int
) -> tuple[dict[str, float], str, tuple[str, ...]]:
    """Return the municipal population of sectors, at the last vintage that is not after a year and has all of them.

    Parameters
    ----------
    observed : DataFrame
        Observations on one perimeter.
    names : iterable of str
        Codes of the sectors: communes, or territories whose communes are added up where they have no row.
    members : mapping of str to sequence of str
        Communes of those that are not communes.
    year : int

    Returns
    -------
    population : dict of str to float
        By sector; empty when no vintage has them all.
    period : str
    sources : tuple of str
    """
    wanted = list(names)
    rows = observed[observed["measure"].eq(POPULATION) & observed["value"].notna()]
    found: dict[str, dict[str, tuple[float, str]]] = {}
    for row in rows.to_dict("records"):
        found.setdefault(str(row["time_period"]), {}).setdefault(
            str(row["geo"]), (float(row["value"]), str(row["source"]))
        )
    ordered = periods.sort(found)
    before = [period for period in ordered if periods.year(period) <= year]
    for period in [*reversed(before), *(period for period in ordered if period not in before)]:
        people_of = found[period]
        parts = {name: [name] if name in people_of else list(members.get(name, ())) for name in wanted}
        if wanted and all(codes and all(code in people_of for code in codes) for codes in parts.values()):
            keys = {people_of[code][1] for codes in parts.values() for code in codes}
            return (
                {name: sum(people_of[code][0] for code in codes) for name, codes in parts.items()},
                period,
                tuple(sorted(keys)),
            )
    return {}, "", ()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
