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
from ctgeval.territory.events import chain, touched
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
    vintages = _vintages(rows)
    place, geos = pd.factorize(rows["geo"])
    size = max(len(geos), 1)
    pairs, pair = np.unique(vintages * size + place, return_inverse=True)
    targets = np.full(len(pairs), "", dtype=object)
    wholes: dict[tuple[int, str], tuple[str, ...]] = {}
    found: list[refusals.Refusal] = []
    for vintage in np.unique(pairs // size).tolist():
        of_vintage = np.flatnonzero(pairs // size == vintage)
        codes = geos[pairs[of_vintage] % size].tolist()
        after, befores, told = _judge(codes, vintage, known, to)
        lost = [code for code in sorted(set(after)) if code and to in known.years and not known.exists(code, to)]
        found += [*told, *refusals.unknown(lost, known, to)]
        targets[of_vintage] = ["" if code in lost else code for code in after] if lost else after
        wholes |= {(vintage, code): parts for code, parts in befores.items()}
    target = pd.Series(targets[pair], index=rows.index, dtype=rows["geo"].dtype)
    whole = np.array([(int(p // size), code) in wholes for p, code in zip(pairs, targets, strict=True)], dtype=bool)
    joins, kept = whole[pair], targets[pair] != ""
    merged, told = merge(rows[joins & kept], target[joins & kept], wholes, known, measures)
    alone = rows[~joins & kept].assign(geo=target[~joins & kept])
    result = pd.concat([alone, merged]) if len(merged) else alone
    return _latest(result).assign(geography=to), refusals.unique([*found, *told])


def _vintages(rows: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the geography of each row; when unknown, minus the first year it can be: that of the period."""
    years = rows["geography"].to_numpy(dtype=np.float64, na_value=np.nan)
    unknown = np.isnan(years)
    # Each distinct text is parsed once: national files have millions of rows, and a few periods.
    period, texts = pd.factorize(rows["time_period"][unknown])
    years[unknown] = np.array([-periods.start(text).year for text in texts], dtype=np.float64)[period]
    return years.astype(np.int64)


def _judge(
    codes: list[str], vintage: int, known: Reference, to: int
) -> tuple[list[str], dict[str, tuple[str, ...]], list[refusals.Refusal]]:
    """Return the code after of each code, empty when refused; what makes the merged ones; and the refusals."""
    if vintage > to or vintage < 0:
        first, last = sorted((abs(vintage), to))
        changed = touched(known.event_list, first, last)
        wrong = sorted(set(codes) & set(changed))
        if vintage < 0:
            told = refusals.without_geography(wrong, changed, known)
        else:
            told = refusals.backwards(wrong, changed, vintage, to, known)
        return ["" if code in changed else code for code in codes], {}, told
    link = chain(known.event_list, vintage, to)
    absent = sorted(set(codes) & set(link.absent))
    split = sorted((set(codes) & set(link.split)) - set(absent))
    refused = {*absent, *split}
    after = ["" if code in refused else link.after.get(code, code) for code in codes]
    return after, link.befores, refusals.absent(absent, link, known) + refusals.split(split, link, known)


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    key = [name for name in obs.KEY if name != "geography"]
    # Few rows share their first columns with another: the others are not compared any further.
    maybe = rows[_shared(rows, ("measure", "geo", "time_period"))]
    twice = maybe[maybe.duplicated(key, keep=False)]
    if twice.empty:
        return rows
    before = twice["geography"].astype("Float64").fillna(-1.0)
    latest = before.groupby([twice[name] for name in key]).transform("max")
    return rows.drop(index=twice.index[before.lt(latest).to_numpy(dtype=bool)])


def _shared(rows: pd.DataFrame, columns: Iterable[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell which rows have the same texts as another in some columns."""
    mixed = np.zeros(len(rows), dtype=np.int64)
    for name in columns:
        codes, texts = pd.factorize(rows[name])
        mixed = mixed * max(len(texts), 1) + codes
    return np.asarray(pd.Series(mixed).duplicated(keep=False), dtype=np.bool_)


def _others(rows: pd.DataFrame, known: Reference, to: int) -> tuple[pd.DataFrame, list[refusals.Refusal]]:
    found: list[refusals.Refusal] = []
    same: set[tuple[str, int]] = set()
    moved: set[tuple[str, int]] = set()
    comparable = rows["geography"].isin(known.years if to in known.years else ())
    pairs = rows.loc[comparable, ["geo", "geography"]].drop_duplicates()
    for geo, geography in zip(pairs["geo"].tolist(), pairs["geography"].astype(int).tolist(), strict=True):
        if geo.startswith("GRP-") and not (known.exists(geo, geography) and known.exists(geo, to)):
            continue
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
    if geo == "FRANCE":
        return None
    if not known.exists(geo, geography):
        return refusals.stranger(geo, geography, known)
    if not known.exists(geo, to) or known.changed_between(geo, geography, to):
        return refusals.moved(geo, geography, to, known)
    return None


def _among(index: pd.MultiIndex, pairs: set[tuple[str, int]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return index.isin(sorted(pairs)) if pairs else np.zeros(len(index), dtype=np.bool_)


def _ordered(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    filled = [table.astype({"geography": "Int64"}) for table in tables if len(table)]
    if not filled:
        return obs.empty()
    table = pd.concat(filled).sort_index(kind="stable")
    return table[list(obs.COLUMNS)].reset_index(drop=True)
