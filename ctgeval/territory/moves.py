"""Where the row of each commune goes when another geography is asked for: one code per vintage, never one per row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import periods
from ctgeval.territory import refusals
from ctgeval.territory.events import Chain
from ctgeval.territory.reference import Reference

__all__ = ["REFUSED", "SHARED", "Moves", "moves"]

REFUSED, SHARED = -1, -2

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class Moves:
    """Where each row goes.

    Parameters
    ----------
    geos : list of str
        Codes, before and after.
    target : ndarray of int64, shape (rows,)
        Place in ``geos`` of the code after; `REFUSED`, or `SHARED` when the row goes to several communes.
    joins : ndarray of bool, shape (rows,)
        Whether rows of other communes go to the same one.
    wholes : dict
        Codes before that make each merged commune, by geography and code after.
    parts : dict
        Codes after, with their shares, by geography and code before.
    found : list of Refusal
        Why rows go nowhere.
    """

    geos: list[str]
    target: Ints
    joins: Bools
    wholes: dict[tuple[int, str], tuple[str, ...]] = field(default_factory=dict)
    parts: dict[tuple[int, str], tuple[tuple[str, float], ...]] = field(default_factory=dict)
    found: list[refusals.Refusal] = field(default_factory=list)


def moves(rows: pd.DataFrame, known: Reference, to: int) -> Moves:
    """Return where the rows of communes go; those of other territories stay.

    Parameters
    ----------
    rows : DataFrame
        Observations.
    known : Reference
        The geography.
    to : int
        Year of the geography asked for.
    """
    place, found = pd.factorize(rows["geo"])
    geos: list[str] = found.tolist()
    index = {geo: rank for rank, geo in enumerate(geos)}
    is_commune = np.fromiter((geo.startswith("COM-") for geo in geos), dtype=bool, count=len(geos))[place]
    out = Moves(geos, place.astype(np.int64), np.zeros(len(rows), dtype=bool))
    for vintage, at in _by_vintage(rows, np.flatnonzero(is_commune)):
        there = np.zeros(len(geos), dtype=bool)
        there[place[at]] = True
        plan = _plan(there, vintage, index, known, to)
        out.found += plan.found
        out.wholes |= {(vintage, code): parts for code, parts in plan.befores.items()}
        out.parts |= {(vintage, code): parts for code, parts in plan.shares.items()}
        translate = np.arange(len(geos))
        for code, target in plan.after.items():
            rank = index.setdefault(target, len(index))
            if rank == len(geos):
                geos.append(target)
            translate[index[code]] = rank
        for code in plan.shares:
            translate[index[code]] = SHARED
        for rank in plan.refused:
            translate[rank] = REFUSED
        out.target[at] = translate[place[at]]
        # The last two places answer for what is refused and shared out, whose ranks are -1 and -2.
        whole = np.zeros(len(geos) + 2, dtype=bool)
        for code in plan.befores.keys() & index.keys():
            whole[index[code]] = True
        out.joins[at] = whole[out.target[at]]
    if to in known.years:
        _refuse_lost(out, is_commune, known, to)
    return out


@dataclass(slots=True)
class _Plan:
    """What becomes of the codes of one vintage."""

    after: Mapping[str, str] = field(default_factory=dict)
    befores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shares: Mapping[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    found: list[refusals.Refusal] = field(default_factory=list)


def _plan(there: Bools, vintage: int, index: Mapping[str, int], known: Reference, to: int) -> _Plan:
    def present(codes: Mapping[str, Any]) -> list[str]:
        return sorted(code for code in codes if (rank := index.get(code)) is not None and _at(there, rank))

    if known.since is not None and abs(vintage) < min(known.since, to):
        codes = set(np.flatnonzero(there).tolist())
        return _Plan(refused=codes, found=[refusals.too_old(abs(vintage), len(codes), known)])
    if vintage > to or vintage < 0:
        first, last = sorted((abs(vintage), to))
        changed = known.timeline.touched(first, last)
        wrong = present(changed)
        if vintage < 0:
            told = refusals.without_geography(wrong, changed, known)
        else:
            told = refusals.backwards(wrong, changed, vintage, to, known)
        return _Plan(refused={index[code] for code in wrong}, found=told)
    link: Chain = known.timeline.chain(vintage, to)
    absent = present(link.absent)
    split = sorted(set(present(link.split)) - set(absent))
    out = {*absent, *split}
    return _Plan(
        after={code: link.after[code] for code in present(link.after) if code not in out},
        befores=link.befores,
        shares={code: link.shares[code] for code in present(link.shares) if code not in out},
        refused={index[code] for code in out},
        found=refusals.absent(absent, link, known) + refusals.split(split, link, known),
    )


def _at(there: Bools, rank: int) -> bool:
    return rank < len(there) and bool(there[rank])


def _refuse_lost(out: Moves, is_commune: Bools, known: Reference, to: int) -> None:
    """Refuse the rows of codes that lead to no commune of the geography."""
    alive = known.codes("COM", to)
    gone = np.fromiter((geo not in alive for geo in out.geos), dtype=bool, count=len(out.geos))
    lost = is_commune & (out.target >= 0)
    lost[lost] = gone[out.target[lost]]
    if lost.any():
        codes = sorted({out.geos[rank] for rank in np.unique(out.target[lost]).tolist()})
        out.found += refusals.unknown(codes, known, to)
        out.target[lost] = REFUSED
        out.joins[lost] = False


def _by_vintage(rows: pd.DataFrame, at: Ints) -> Iterator[tuple[int, Ints]]:
    """Yield each geography with its rows, the latest first: each chain then builds on that of the next year."""
    if not len(at):
        return
    years = rows["geography"].to_numpy(dtype=np.float64, na_value=np.nan)[at]
    unknown = np.isnan(years)
    if unknown.any():
        # Minus the first year it can be, that of the period. Each distinct text is parsed once: national files have
        # millions of rows, and a few periods.
        period, texts = pd.factorize(rows["time_period"].take(at[unknown]))
        years[unknown] = np.array([-periods.start(text).year for text in texts], dtype=np.float64)[period]
    whole = years.astype(np.int64)
    order = np.argsort(-whole, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(whole[order]) != 0])
    for first, last in zip(starts, [*starts[1:], len(order)], strict=True):
        yield int(whole[order[first]]), at[order[first:last]]
