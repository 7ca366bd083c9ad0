"""Put observations of several geographies on one: chain the mergers of communes, or refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from ctgeval import observations as obs
from ctgeval.errors import NotAdditive, PerimeterMismatch, Problem, TerritoryError, UnknownTerritory
from ctgeval.measures import Measure
from ctgeval.territory import refusals
from ctgeval.territory.merging import merge
from ctgeval.territory.moves import REFUSED, SHARED, Moves, moves
from ctgeval.territory.reference import Reference, load
from ctgeval.territory.splitting import share_out

__all__ = ["Harmonised", "harmonise"]

_SHOWN = 20
_TEXT = pd.StringDtype(na_value=np.nan)
_CHANGING = ("value", "low", "high", "obs_status", "conf_status", "origin")

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

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
    left_out : DataFrame
        ``measure, geo, time_period`` of the facts that were left out, under the code after where there is one: what the
        source says under that code is about another ground.
    """

    observations: pd.DataFrame
    problems: tuple[Problem, ...]
    left_out: pd.DataFrame


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
    missing, the sum has no value, only bounds. Figures of communes that were split are shared out by population, and
    estimated (``E``): the parts add up to the whole, and each one is only known to be between nothing and the whole.
    Rows of other territories pass when their ground is the same in both
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
        When communes that merged have a measure that can't be summed, or one that was split can't be shared out.
    """
    known = reference or load()
    if to not in known.years and not _covered(known, to):
        raise TerritoryError(
            f"La géographie au 1er janvier {to} n’est pas connue.",
            remedy=f"Choisissez une année de {known.years[0]} à {known.years[-1]}.",
            value=str(to),
        )
    rows = observations.reset_index(drop=True)
    going = moves(rows, known, to)
    others, found = _others(rows, known, to)
    going.target[~others.kept] = REFUSED
    changed, more = _changed(rows, going, known, measures)
    result = _assembled(rows, going, changed, others.geography, to)
    problems = (*refusals.unique([*going.found, *more]), *found)
    if on_problem == "collect":
        left_out = _left_out(rows, going, changed if more else None)
        return Harmonised(result, tuple(refusal.problem for refusal in problems), left_out)
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


@dataclass(frozen=True, slots=True, eq=False)
class _Others:
    """What is kept of the rows, and their geography, as regards territories other than communes."""

    kept: Bools
    geography: pd.api.extensions.ExtensionArray


def _changed(
    rows: pd.DataFrame, going: Moves, known: Reference, measures: Mapping[str, Measure] | None
) -> tuple[pd.DataFrame, list[refusals.Refusal]]:
    """Return the rows that are shared out or summed, with the index of the row whose place they take."""
    together = rows[going.joins]
    target = np.array(going.geos, dtype=object)[going.target[going.joins]]
    shared = going.target == SHARED
    if not shared.any():
        return merge(together, target, going.wholes, known, measures)
    parts, found = share_out(rows[shared], going.parts, known, measures)
    pairs = zip(parts["geography"].astype(int).tolist(), parts["geo"].tolist(), strict=True)
    joins = np.array([pair in going.wholes for pair in pairs], dtype=bool)
    # A part has for its own code that of the commune it comes from: parts of two communes are not the same fact twice.
    origins = parts.assign(geo=rows["geo"].take(parts.index.to_numpy(dtype=np.int64)).array)
    merged, more = merge(
        pd.concat([together, origins[joins]]),
        np.concatenate([target, parts["geo"].to_numpy(dtype=object)[joins]]),
        going.wholes,
        known,
        measures,
    )
    return pd.concat([merged, parts[~joins]]), [*found, *more]


def _left_out(rows: pd.DataFrame, going: Moves, changed: pd.DataFrame | None) -> pd.DataFrame:
    """Return the facts that were refused; ``changed`` is None when all that could be summed or shared out was."""
    columns = ["measure", "geo", "time_period"]
    refused: pd.DataFrame = rows.loc[going.target == REFUSED, columns]
    if changed is None:
        return refused.drop_duplicates(ignore_index=True)
    merged: pd.DataFrame = rows.loc[going.joins, columns]
    merged = merged.assign(geo=np.array(going.geos, dtype=object)[going.target[going.joins]])
    shared: pd.DataFrame = rows.loc[going.target == SHARED, columns]
    parts = [
        shared[shared["geo"].eq(geo)].assign(geo=code)
        for geo, code in sorted({(geo, code) for (_, geo), codes in going.parts.items() for code, _ in codes})
    ]
    # What was summed or shared out is in the rows that changed: the others were not.
    gone: pd.DataFrame = pd.concat([merged, *parts]).drop_duplicates()
    gone = gone[~pd.MultiIndex.from_frame(gone).isin(pd.MultiIndex.from_frame(changed[columns]))]
    return pd.concat([refused, gone]).drop_duplicates(ignore_index=True)


def _assembled(
    rows: pd.DataFrame, going: Moves, changed: pd.DataFrame, geography: pd.api.extensions.ExtensionArray, to: int
) -> pd.DataFrame:
    """Put everything in the order of the rows: one look-up for each column, for there may be millions of rows."""
    alone = np.flatnonzero((going.target >= 0) & ~going.joins)
    place = np.concatenate([alone, changed.index.to_numpy(dtype=np.int64)])
    order = np.argsort(place, kind="stable")
    taken = place[order]
    geos, codes = _codes(going, alone, changed)
    codes = codes[order]
    kept = _latest(rows, taken, codes)
    if not kept.all():
        order, taken, codes = order[kept], taken[kept], codes[kept]
    table = rows if len(taken) == len(rows) and (taken == np.arange(len(rows))).all() else rows.take(taken)
    table = table.reset_index(drop=True)
    new = np.flatnonzero(order >= len(alone))
    source = changed.take(order[new] - len(alone))
    columns = {name: _replaced(table[name], new, source[name]) for name in _CHANGING} if len(new) else {}
    is_commune = np.fromiter((geo.startswith("COM-") for geo in geos), dtype=bool, count=len(geos))[codes]
    years = pd.array(np.where(is_commune, to, geography[taken].to_numpy(np.float64, na_value=np.nan)), dtype="Int64")
    texts = pa.array(geos, pa.large_string()).take(pa.array(codes))
    columns |= {"geo": pd.array(texts, dtype=_TEXT), "geography": years}
    return table.assign(**columns)[list(obs.COLUMNS)]


def _codes(going: Moves, alone: Ints, changed: pd.DataFrame) -> tuple[list[str], Ints]:
    """Return the codes, and the rank among them of that of each row: first those alone, then the changed ones."""
    rank = {geo: place for place, geo in enumerate(going.geos)}
    changed_codes = [rank.setdefault(geo, len(rank)) for geo in changed["geo"].tolist()]
    return list(rank), np.concatenate([going.target[alone], np.array(changed_codes, dtype=np.int64)])


def _replaced(column: pd.Series[Any], at: Ints, values: pd.Series[Any]) -> Any:
    array = column.array.copy()
    array[at] = values.array
    return array


def _latest(rows: pd.DataFrame, taken: Ints, codes: Ints) -> Bools:
    """Tell which rows to keep: of a commune's fact given in several geographies, that of the latest one."""
    kept = np.ones(len(taken), dtype=bool)
    if rows["geography"].nunique(dropna=False) < 2:
        return kept
    mixed = codes
    for name in ("measure", "time_period"):
        ranks, texts = pd.factorize(rows[name])
        mixed = mixed * max(len(texts), 1) + ranks[taken]
    # Few rows share these with another: the others are not compared any further.
    maybe = np.flatnonzero(pd.Series(mixed).duplicated(keep=False).to_numpy())
    if not len(maybe):
        return kept
    some = rows.take(taken[maybe]).assign(geo=codes[maybe])
    commune = rows["geo"].take(taken[maybe]).str.startswith("COM-").to_numpy(dtype=bool)
    before = some["geography"].astype("Float64").fillna(-1.0).to_numpy(dtype=np.float64)
    key = [some[name].to_numpy() for name in obs.KEY if name != "geography"]
    latest = pd.Series(before).groupby(key).transform("max").to_numpy()
    kept[maybe[commune & (before < latest)]] = False
    return kept


def _others(rows: pd.DataFrame, known: Reference, to: int) -> tuple[_Others, list[refusals.Refusal]]:
    kept = np.ones(len(rows), dtype=bool)
    geography = rows["geography"].array
    at = np.flatnonzero(~rows["geo"].str.startswith("COM-").to_numpy(dtype=bool))
    if not len(at) or to not in {*known.years, *known.partial_years}:
        return _Others(kept, geography), []
    found: list[refusals.Refusal] = []
    own = rows.loc[at, ["geo", "geography"]]
    pairs = own[own["geography"].isin([*known.years, *known.partial_years])].drop_duplicates()
    verdicts: dict[tuple[str, int], bool] = {}
    for geo, year in zip(pairs["geo"].tolist(), pairs["geography"].astype(int).tolist(), strict=True):
        if _is_judged(geo, year, known, to):
            refusal = _refusal(geo, year, known, to)
            verdicts[geo, year] = refusal is None
            found += [refusal] if refusal is not None else []
    if not verdicts:
        return _Others(kept, geography), []
    geography = geography.copy()
    asked = zip(own["geo"].tolist(), own["geography"].fillna(0).astype(int).tolist(), strict=True)
    same = np.array([verdicts.get(pair, np.nan) for pair in asked], dtype=np.float64)
    geography[at[same == 1]] = to
    kept[at[same == 0]] = False
    return _Others(kept, geography), found


def _is_judged(geo: str, year: int, known: Reference, to: int) -> bool:
    """Whether the reference may say that a territory is, or is not, in two geographies."""
    if geo.startswith("GRP-"):
        return known.exists(geo, year) and known.exists(geo, to)
    partial = {year, to} & set(known.partial_years)
    if geo == "FRANCE" or not partial:
        return True
    if not all(known.exists(geo, partly) for partly in partial):
        return False
    # Where a file gives some départements, an EPCI that goes beyond them is not known whole.
    ground = {dep for at in (year, to) if known.exists(geo, at) for dep in known.members(geo, at, level="DEP")}
    return all(ground <= known.codes("DEP", partly) for partly in partial)


def _refusal(geo: str, geography: int, known: Reference, to: int) -> refusals.Refusal | None:
    if geo == "FRANCE":
        return None
    if not known.exists(geo, geography):
        return refusals.stranger(geo, geography, known)
    if not known.exists(geo, to) or known.changed_between(geo, geography, to):
        return refusals.moved(geo, geography, to, known)
    return None
