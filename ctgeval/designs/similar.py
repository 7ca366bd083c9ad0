"""Choose the territories of comparison of a dossier (``[comparaison] methode = "similaires"``), from what it holds."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval import french, measures as declared, observations, periods, territory
from ctgeval.config import PRIVATE
from ctgeval.errors import DossierError, MeasureError, TerritoryError
from ctgeval.territory import Comparators
from ctgeval.territory.profiles import APART

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["NUMBER", "choose", "frozen"]

NUMBER = 10
"""How many territories are chosen when ``nombre`` is not written."""
_POPULATION = "population_municipale"
_OLD = "population_60_plus"
_USUAL = ("superficie_km2", "revenu_median", _OLD, _POPULATION)


def choose(dossier: Dossier) -> Comparators:
    """Return the territories most like that of a dossier, on what the reference and the dossier's sources say.

    Parameters
    ----------
    dossier : Dossier
        Its ``[comparaison]`` says how many, on what, and whom to leave out (``hors_voisins``: those of the same
        département, and those that share a border where a source has contours); territories that an ``[[impact]]``
        concerns are never chosen, nor those whose perimeter changed since five years before the convention.

    Raises
    ------
    DossierError
        When no territory can be chosen, with the reason.
    """
    asked, place = dossier.config.comparaison, dossier.config.territoire
    convention = dossier.config.convention
    since = min(convention.debut.year if convention else dossier.year, dossier.year) - APART
    level = place.code.partition("-")[0]
    concerned = {
        geo
        for item in dossier.config.impact
        for geo in item.territoires_concernes
        if geo.startswith(f"{level}-") and geo != place.code
    }
    barred = {*asked.exclure, *concerned}
    if asked.hors_voisins:
        tables = {
            key: item.tables["contours"] for key, item in dossier.source_tables.items() if "contours" in item.tables
        }
        barred |= set(territory.grounds.neighbours(tables, place.code, year=dossier.year, reference=dossier.reference))
    try:
        return territory.nearest(
            place.code,
            year=dossier.year,
            number=asked.nombre or NUMBER,
            variables=_variables(dossier, level),
            only=asked.variables or None,
            exclude=sorted(barred - {place.code}),
            window=(since, dossier.year),
            exclude_same_department=asked.hors_voisins,
            reference=dossier.reference,
        )
    except TerritoryError as error:
        told = error.problem
        raise DossierError(
            told.message, remedy=told.remedy, file="ctg.toml", key="comparaison.methode", value=told.value
        ) from error


def _variables(dossier: Dossier, level: str) -> pd.DataFrame | None:
    """Return what the sources of a dossier say of the territories of a level, a column for each variable."""
    wanted = [name for name in dict.fromkeys([*_USUAL, *dossier.config.comparaison.variables]) if _measured(name)]
    rows = [table.observations[table.observations["measure"].isin(wanted)] for table in dossier.source_tables.values()]
    known = territory.harmonise(
        observations.concat(rows), to=dossier.year, reference=dossier.reference, on_problem="collect"
    ).observations
    known = known[_total(known)]
    found: dict[str, pd.Series[float]] = {}
    for name in wanted:
        values = _latest(known[known["measure"] == name], name, dossier, level)
        if values is not None:
            found[name] = values
    return _named(found, known, dossier, level)


def _measured(name: str) -> bool:
    try:
        declared.get(name)
    except MeasureError:
        return False
    return True


def _total(rows: pd.DataFrame) -> pd.Series[bool]:
    kept = rows["value"].notna()
    for name in observations.DIMENSIONS:
        if name in rows:
            kept &= rows[name].isna() | rows[name].eq("")
    return kept


def _latest(rows: pd.DataFrame, name: str, dossier: Dossier, level: str) -> pd.Series[float] | None:
    """Return the values of a measure for the last period in which the dossier's territory has one."""
    for period in reversed(periods.sort(set(rows["time_period"]))):
        values = _of_level(rows[rows["time_period"] == period], name, dossier, level)
        if dossier.config.territoire.code in values.index:
            return values
    return None


def _of_level(rows: pd.DataFrame, name: str, dossier: Dossier, level: str) -> pd.Series[float]:
    """Return the values of the territories of a level, told as such or summed from all of their communes."""
    prefix = f"{level}-"
    told = rows[rows["geo"].str.startswith(prefix)].drop_duplicates("geo").set_index("geo")["value"]
    if level == "COM" or not declared.get(name).additive_over_places:
        return told.astype(float)
    parts = rows[rows["geo"].str.startswith("COM-")].drop_duplicates("geo").set_index("geo")["value"]
    table = dossier.reference.membership
    inside = table[
        (table["first"] <= dossier.year) & (table["last"] >= dossier.year) & table["territory"].str.startswith(prefix)
    ]
    values = parts.reindex(inside["commune"])
    sums = pd.Series(values.to_numpy(), index=inside["territory"].to_numpy()).groupby(level=0).sum(min_count=1)
    lacking = pd.Series(values.isna().to_numpy(), index=inside["territory"].to_numpy()).groupby(level=0).any()
    return told.astype(float).combine_first(sums[~lacking])


def _named(
    found: dict[str, pd.Series[float]], known: pd.DataFrame, dossier: Dossier, level: str
) -> pd.DataFrame | None:
    """Return the columns under the names of the variables; populations serve where the reference has none."""
    population, old = found.pop(_POPULATION, None), found.pop(_OLD, None)
    if population is not None and old is not None:
        found["part_60_plus"] = 100 * old / population
    if population is not None and dossier.reference.populations.empty:
        found["population"] = population
        growth = _growth(known[known["measure"] == _POPULATION], dossier, level)
        if growth is not None:
            found["croissance"] = growth
    return pd.DataFrame(found) if found else None


def _growth(rows: pd.DataFrame, dossier: Dossier, level: str) -> pd.Series[float] | None:
    years = sorted({int(text) for text in rows["time_period"] if str(text).isdigit()})
    if not years or years[-1] - years[0] < APART:
        return None
    first, last = (
        _of_level(rows[rows["time_period"] == str(year)], _POPULATION, dossier, level) for year in (years[0], years[-1])
    )
    return 100 * ((last / first[first > 0]) ** (1 / (years[-1] - years[0])) - 1)


def frozen(dossier: Dossier, day: dt.date) -> tuple[list[tuple[str, str]], list[str]]:
    """Return what is written in ``ctg.toml``: each chosen code with its line, and the comments above the list."""
    found = choose(dossier)
    made = dossier.path / PRIVATE / "etats"
    late = made.is_dir() and any(made.rglob("*.json"))
    head = f"Liste figée par ctgeval le {french.date(day)}"
    first = f"{head}, alors que des bilans avaient déjà été produits." if late else f"{head}, avant tout résultat."
    again = "Pour en refaire le choix, effacez « territoires » et ces lignes, puis lancez « ctgeval verifier »."
    lines = zip(found.table["geo"].tolist(), found.table["sentence"].tolist(), strict=True)
    return list(lines), [french.typography(f"{first} {again}"), found.method, *found.notes]
