"""Put observations of several geographies on one: chain the mergers of communes, or refuse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np
import pandas as pd

from ctgeval import observations as obs, periods
from ctgeval.errors import NotAdditive, PerimeterMismatch, Problem, TerritoryError, UnknownTerritory
from ctgeval.measures import Measure
from ctgeval.territory import refusals
from ctgeval.territory.events import Chain, chain, touched
from ctgeval.territory.merging import merge
from ctgeval.territory.reference import Reference, load

__all__ = ["Harmonised", "harmonise"]

_SHOWN = 20
_ERRORS: dict[str, type[TerritoryError | NotAdditive]] = {
    "inconnu": UnknownTerritory,
    "perimetre": PerimeterMismatch,
    "non_additif": NotAdditive,
}


@dataclass(frozen=True, eq=False)
class Harmonised:
    """Observations on one geography, and why the others are not there.

    Parameters
    ----------
    observations : DataFrame
        Columns of `ctgeval.observations.COLUMNS`.
    problems : tuple of Problem
        One for each territory left out and each reason; ``value`` is its code. None of them blocks.
    """

    observations: pd.DataFrame
    problems: tuple[Problem, ...]


@overload
def harmonise(
    observations: pd.DataFrame,
    *,
    to: int,
    reference: Reference | None = None,
    measures: Mapping[str, Measure] | None = None,
    on_problem: Literal["raise"] = "raise",
) -> pd.DataFrame: ...


@overload
def harmonise(
    observations: pd.DataFrame,
    *,
    to: int,
    reference: Reference | None = None,
    measures: Mapping[str, Measure] | None = None,
    on_problem: Literal["collect"],
) -> Harmonised: ...


def harmonise(
    observations: pd.DataFrame,
    *,
    to: int,
    reference: Reference | None = None,
    measures: Mapping[str, Measure] | None = None,
    on_problem: Literal["raise", "collect"] = "raise",
) -> pd.DataFrame | Harmonised:
    """Return observations expressed in the geography of a year.

    Communes that merged are summed, with their bounds, when the measure is additive; when the row of one of them is
    missing, the sum has no value, only bounds. Rows of other territories pass when their ground is the same in both
    geographies. A row whose geography is older than the reference, for a territory other than a commune, keeps its
    own year. A fact given in several geographies is kept once, from the latest.

    Parameters
    ----------
    observations : DataFrame
        Table of `ctgeval.observations.frame`.
    to : int
        Year of the geography (1 January).
    reference : Reference, optional
        The geography; that of the package by default.
    measures : mapping, optional
        Declared measures; those of the package by default.
    on_problem : {"raise", "collect"}
        Whether rows that can't be expressed in that geography are an error, or are left out and told.

    Returns
    -------
    DataFrame or Harmonised
        The observations; with ``collect``, a `Harmonised`.

    Raises
    ------
    TerritoryError
        When the year is out of the reference.
    UnknownTerritory
        When a code is no territory of its geography.
    PerimeterMismatch
        When a code does not name the same ground in the two geographies, or may not because its geography is unknown.
    NotAdditive
        When communes that merged have a measure that can't be summed.
    """
    known = reference or load()
    if to not in known.years and not _covered(known, to):
        raise TerritoryError(
            f"La géographie au 1er janvier {to} n’est pas connue.",
            remedy=f"Choisissez une année de {known.years[0]} à {known.years[-1]}.",
            value=str(to),
        )
    rows = observations.reset_index(drop=True)
    is_commune = rows["geo"].str.startswith("COM-")
    communes, found = _communes(rows[is_commune], known, to, measures)
    others, more = _others(rows[~is_commune], known, to)
    result = _ordered([communes, others])
    problems = (*found, *more)
    if on_problem == "collect":
        return Harmonised(result, tuple(refusal.problem for refusal in problems))
    if problems:
        raise _error(problems, to)
    return result


def _covered(known: Reference, to: int) -> bool:
    events = known.event_list
    return bool(events) and events[0].geography <= to <= known.years[-1]


def _error(found: tuple[refusals.Refusal, ...], to: int) -> TerritoryError | NotAdditive:
    first = found[0]
    shown = tuple(refusal.problem for refusal in found[:_SHOWN])
    if len(found) == 1:
        return _ERRORS[first.kind](first.problem.message, remedy=first.problem.remedy, value=first.problem.value)
    more = f", dont voici les {_SHOWN} premiers" if len(found) > _SHOWN else ""
    return _ERRORS[first.kind](
        f"{len(found)} territoires ne peuvent pas être exprimés dans la géographie {to}{more}.",
        remedy="Corrigez-les ou retirez-les.",
        problems=shown,
    )


def _communes(
    rows: pd.DataFrame, known: Reference, to: int, measures: Mapping[str, Measure] | None
) -> tuple[pd.DataFrame, list[refusals.Refusal]]:
    kept: list[pd.DataFrame] = []
    found: list[refusals.Refusal] = []
    for geography in [*sorted(rows["geography"].dropna().astype(int).unique().tolist()), None]:
        table = rows[
            rows["geography"].isna() if geography is None else rows["geography"].eq(geography).fillna(value=False)
        ]
        if geography is None:
            good, told = _without_geography(table, known, to)
        elif geography > to:
            good, told = _backwards(table, known, geography, to)
        else:
            good, told = _forwards(table, known, chain(known.event_list, geography, to), measures)
        kept.append(good)
        found += told
    result = _ordered(kept, sort=False)
    result, told = _existing(result, known, to)
    return _latest(result), found + told


def _forwards(
    rows: pd.DataFrame, known: Reference, link: Chain, measures: Mapping[str, Measure] | None
) -> tuple[pd.DataFrame, list[refusals.Refusal]]:
    geo = rows["geo"]
    absent, split = geo.isin(sorted(link.absent)), geo.isin(sorted(link.split))
    found = refusals.absent(rows[absent], link, known) + refusals.split(rows[split & ~absent], link, known)
    rows = rows[~absent & ~split]
    target = rows["geo"].map(link.after).astype(rows["geo"].dtype).fillna(rows["geo"])
    joins = target.isin(sorted(link.befores))
    alone = rows[~joins].assign(geo=target[~joins])
    merged, told = merge(rows[joins], target[joins], link, known, measures)
    whole = pd.concat([alone, merged]) if len(merged) else alone
    return whole.assign(geography_before=link.since, geography=link.to), found + told


def _backwards(
    rows: pd.DataFrame, known: Reference, since: int, to: int
) -> tuple[pd.DataFrame, list[refusals.Refusal]]:
    changed = touched(known.event_list, to, since)
    wrong = rows["geo"].isin(sorted(changed))
    found = refusals.backwards(rows[wrong], changed, since, to, known)
    return rows[~wrong].assign(geography_before=since, geography=to), found


def _without_geography(rows: pd.DataFrame, known: Reference, to: int) -> tuple[pd.DataFrame, list[refusals.Refusal]]:
    # A figure is never published in a geography older than its own period.
    first = {text: periods.start(text).year for text in rows["time_period"].unique()}
    found: list[refusals.Refusal] = []
    wrong = rows["geo"].eq("")
    since = rows["time_period"].map(first)
    for year in sorted(set(first.values())):
        changed = touched(known.event_list, min(year, to), max(year, to))
        of_year = since.eq(year) & rows["geo"].isin(sorted(changed))
        found += refusals.without_geography(rows[of_year], changed, known)
        wrong |= of_year
    return rows[~wrong].assign(geography_before=rows["geography"], geography=to), refusals.unique(found)


def _existing(rows: pd.DataFrame, known: Reference, to: int) -> tuple[pd.DataFrame, list[refusals.Refusal]]:
    if to not in known.years:
        return rows, []
    wrong = ~rows["geo"].isin(known.members("FRANCE", to))
    return rows[~wrong], refusals.unknown(rows[wrong], known, to)


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    key = list(obs.KEY)
    again = rows.duplicated(key, keep=False)
    if again.any():
        before = rows["geography_before"].astype("Float64").fillna(-np.inf)
        latest = before.groupby([rows[name] for name in key], dropna=False).transform("max")
        rows = rows[~again | before.eq(latest)]
    return rows.drop(columns="geography_before")


def _others(rows: pd.DataFrame, known: Reference, to: int) -> tuple[pd.DataFrame, list[refusals.Refusal]]:
    found: list[refusals.Refusal] = []
    same: set[tuple[str, int]] = set()
    moved: set[tuple[str, int]] = set()
    pairs = rows.loc[rows["geography"].isin(known.years), ["geo", "geography"]].drop_duplicates()
    for geo, geography in zip(pairs["geo"].tolist(), pairs["geography"].astype(int).tolist(), strict=True):
        refusal = _refusal(geo, geography, known, to)
        if refusal is None:
            same.add((geo, geography))
        else:
            moved.add((geo, geography))
            found.append(refusal)
    verdict = pd.MultiIndex.from_arrays([rows["geo"], rows["geography"].fillna(0).astype(int)])
    rows = rows.assign(geography=rows["geography"].mask(_among(verdict, same), to))
    return rows[~_among(verdict, moved)], found


def _refusal(geo: str, geography: int, known: Reference, to: int) -> refusals.Refusal | None:
    if to not in known.years or geo == "FRANCE" or geo.startswith("GRP-"):
        return None
    if not known.exists(geo, geography):
        return refusals.stranger(geo, geography, known)
    if not known.exists(geo, to) or known.changed_between(geo, geography, to):
        return refusals.moved(geo, geography, to, known)
    return None


def _among(index: pd.MultiIndex, pairs: set[tuple[str, int]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return index.isin(sorted(pairs)) if pairs else np.zeros(len(index), dtype=np.bool_)


def _ordered(tables: Iterable[pd.DataFrame], *, sort: bool = True) -> pd.DataFrame:
    filled = [table.astype({"geography": "Int64"}) for table in tables if len(table)]
    if not filled:
        return obs.empty() if sort else obs.empty().assign(geography_before=pd.array([], dtype="Int64"))
    table = pd.concat(filled).sort_index(kind="stable")
    return table[list(obs.COLUMNS)].reset_index(drop=True) if sort else table
