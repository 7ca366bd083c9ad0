"""Replicate weights: what each estimate becomes when some units are taken out, or drawn again.

Raked weights are raked again in each replicate, so that the intervals know what raking gained.

References
----------
Wolter, K. (2007), Introduction to Variance Estimation, 2nd ed., section 4.5 (jackknife by stratum); Rao, J. and Wu, C.
(1988), Resampling Inference with Complex Survey Data, JASA 83(401), section 3 (rescaled bootstrap, n_h - 1 draws);
Canty, A. and Davison, A. (1999), Resampling-Based Variance Estimation for Labour Force Surveys, The Statistician 48(3)
(raking again in each replicate).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ctgeval.intervals import Floats
from ctgeval.surveys.design import Design
from ctgeval.surveys.margins import Ints

__all__ = ["bootstrap", "jackknife"]

UNITS = 400
"""Units taken out one by one; above, groups of units drawn with the seed are."""
DRAWS = 500


def jackknife(design: Design, *, groups: int = UNITS, seed: int = 0) -> Design:
    """Give a design one replicate per unit that is taken out, the others of its stratum standing for it.

    Parameters
    ----------
    design : Design
    groups : int
        Replicates at most, about: beyond so many units, they are taken out by groups drawn at random in each stratum.
    seed : int

    Returns
    -------
    Design
        With replicates; as it was when no stratum has two units.
    """
    strata, units = _of_units(design)
    groups_of = _grouped(strata, groups, seed)
    start = _start(design)
    columns, scales = [], []
    for stratum in range(int(strata.max(initial=-1)) + 1):
        members = np.flatnonzero(strata == stratum)
        count = len(np.unique(groups_of[members]))
        if count < 2:
            continue
        for group in np.unique(groups_of[members]):
            factor = np.ones(len(strata))
            factor[members] = np.where(groups_of[members] == group, 0.0, count / (count - 1))
            columns.append(factor[units] * start)
            scales.append((count - 1) / count)
    if not columns:
        return design
    return _with(design, np.column_stack(columns), np.array(scales))


def bootstrap(design: Design, *, draws: int = DRAWS, seed: int = 0) -> Design:
    """Give a design replicates in which ``n - 1`` units of each stratum are drawn with replacement.

    Parameters
    ----------
    design : Design
    draws : int
    seed : int

    Returns
    -------
    Design
        With replicates; as it was when a stratum has a single unit.
    """
    random = np.random.default_rng(seed)
    strata, units = _of_units(design)
    factor = np.zeros((len(strata), draws))
    for stratum in range(int(strata.max(initial=-1)) + 1):
        members = np.flatnonzero(strata == stratum)
        count = len(members)
        if count < 2:
            return design
        drawn = random.multinomial(count - 1, np.full(count, 1 / count), size=draws).T
        factor[members] = drawn * (count / (count - 1))
    if not len(strata):
        return design
    return _with(design, factor[units] * _start(design)[:, None], np.full(draws, 1 / draws))


def _start(design: Design) -> Floats:
    return design.weights if design.raked is None else np.where(design.weights > 0, design.raked.start, 0.0)


def _of_units(design: Design) -> tuple[Ints, Ints]:
    """Stratum of each unit, and unit of each respondent, over the units that have a weight (others are last)."""
    first, codes = np.unique(design.units, return_index=True, return_inverse=True)[1:]
    return design.strata[first], np.asarray(codes.reshape(-1), dtype=np.intp)


def _grouped(strata: Ints, groups: int, seed: int) -> Ints:
    if len(strata) <= groups:
        return np.arange(len(strata), dtype=np.intp)
    random = np.random.default_rng(seed)
    found = np.zeros(len(strata), dtype=np.intp)
    start = 0
    for stratum in range(int(strata.max(initial=-1)) + 1):
        members = np.flatnonzero(strata == stratum)
        count = min(len(members), max(2, round(groups * len(members) / len(strata))))
        found[members] = start + random.permutation(np.arange(len(members)) % count)
        start += count
    return found


def _with(design: Design, replicates: Floats, scales: Floats) -> Design:
    if design.raked is not None:
        replicates = design.raked.again(replicates)
    kept = ~np.isnan(replicates).any(axis=0)
    lost = int((~kept).sum())
    if not kept.any():
        return replace(design, lost=lost)
    # Those that are left stand for those that could not be raked.
    scales = scales[kept] * (scales.sum() / scales[kept].sum())
    return replace(design, replicates=replicates[:, kept], scales=scales, lost=lost)
