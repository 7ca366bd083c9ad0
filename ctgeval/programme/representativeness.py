"""Do the participants look like the population? Shares against the census, band by band, with exact tests.

Participants are not a sample: they came. A test says whether a draw at random from the population would often give a
composition as unlike it; it says nothing about the inhabitants who did not come. The census is taken as it is
published, without its own sampling error.

References
----------
Wilson, E. (1927), for the intervals; Benjamini, Y. and Hochberg, Y. (1995), over the bands of one comparison; the
exact tests are those of `ctgeval.programme.exact_tests`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ctgeval import intervals
from ctgeval.errors import DossierError
from ctgeval.programme import age_bands, exact_tests
from ctgeval.programme.age_bands import Band

__all__ = ["COLUMNS", "NOT_TOLD", "SEXES", "Composition", "Fit", "by_age", "by_category", "merged", "table"]

COLUMNS = (
    "band", "participants", "n", "share", "share_low", "share_high", "population", "reference_share", "gap", "p_value",
    "p_adjusted",
)  # fmt: skip
SEXES = {"F": "femmes", "M": "hommes"}
NOT_TOLD = "La répartition n’est pas diffusable."
"""One reason for all that hides a composition: to say which would tell that few were of one kind."""
Fit = exact_tests.Fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """Participants and inhabitants of the same bands.

    Parameters
    ----------
    bands : tuple of str
        As a reader says them.
    counts : tuple of float
        Participants.
    population : tuple of float
        Inhabitants.
    ordered : bool
        Whether a band may only be merged with its neighbours (ages).
    reason : str
        Why there is nothing to compare, a French sentence; empty when there is.
    ages : tuple of Band
        The bands, when they are ages.
    """

    bands: tuple[str, ...] = ()
    counts: tuple[float, ...] = ()
    population: tuple[float, ...] = ()
    ordered: bool = False
    reason: str = ""
    ages: tuple[Band, ...] = field(default=())


def by_age(counts: Mapping[str, float], population: Mapping[Band, float]) -> Composition:
    """Put the ages of participants on the bands of the census.

    Parameters
    ----------
    counts : mapping of str to float
        By band, as written in the register.
    population : mapping of Band to float
        Inhabitants of each band of the census.
    """
    read: dict[Band, float] = {}
    for text, count in counts.items():
        try:
            band = age_bands.parse(text)
        except DossierError as error:
            return Composition(reason=error.problem.message)
        read[band] = read.get(band, 0.0) + count
    found = age_bands.common(read, population)
    return Composition(
        bands=tuple(band.label for band in found.bands),
        counts=found.counts,
        population=found.population,
        ordered=True,
        reason=found.reason,
        ages=found.bands,
    )


def by_category(counts: Mapping[str, float], population: Mapping[str, float]) -> Composition:
    """Put participants beside the population of the same categories (sexes, sectors).

    A category of the population that no participant is in counts nobody; one that the population does not have makes
    the comparison impossible.
    """
    unknown = [name for name in counts if name not in population]
    if unknown:
        return Composition(reason=f"La population de « {unknown[0]} » n’est pas connue.")
    if len(population) < 2:
        return Composition(reason="Il faut au moins deux catégories pour comparer.")
    return Composition(
        bands=tuple(population),
        counts=tuple(float(counts.get(name, 0.0)) for name in population),
        population=tuple(population.values()),
    )


def merged(
    found: Composition, threshold: float, *, rest: str = "autres", persons: Sequence[float] | None = None
) -> Composition:
    """Merge the bands that hold fewer participants than a threshold: one below it is told to nobody.

    Ages merge with their smaller neighbour; categories merge together, with the next smallest when their sum stays
    under the threshold. A band without anybody says nothing of anybody and stays. When fewer than two bands are left,
    or when all participants are in one, nothing is told.

    Parameters
    ----------
    found : Composition
    threshold : float
        Least number of participants of a band that is shown.
    rest : str
        Name of the merged categories.
    persons : sequence of float, optional
        How many persons there are in each band at least, where what is counted is attendances: they are what must not
        be few.
    """
    if found.reason or threshold <= 1:
        return found
    judged = found.counts if persons is None else tuple(persons)
    groups = _groups(judged, threshold, ordered=found.ordered)

    def held(group: Sequence[int]) -> float:
        return sum(found.counts[rank] for rank in group)

    enough = len(groups) >= 2 and sum(held(group) > 0 for group in groups) >= 2
    if not enough or not _hides(judged, groups, threshold, ordered=found.ordered):
        return Composition(
            ordered=found.ordered,
            reason=NOT_TOLD,
        )
    ages = tuple(Band(found.ages[group[0]].first, found.ages[group[-1]].end) for group in groups) if found.ages else ()
    names = tuple(
        ages[at].label if ages else found.bands[group[0]] if len(group) == 1 else rest
        for at, group in enumerate(groups)
    )
    return Composition(
        bands=names,
        counts=tuple(held(group) for group in groups),
        population=tuple(sum(found.population[rank] for rank in group) for group in groups),
        ordered=found.ordered,
        ages=ages,
    )


def _groups(counts: Sequence[float], threshold: float, *, ordered: bool) -> list[list[int]]:
    """Return the ranks of the bands that `merged` puts together."""
    groups = [[rank] for rank in range(len(counts))]

    def held(at: int) -> float:
        return sum(counts[rank] for rank in groups[at])

    while len(groups) > 1 and any(0 < held(at) < threshold for at in range(len(groups))):
        small = min((at for at in range(len(groups)) if 0 < held(at) < threshold), key=held)
        if ordered:
            around = [at for at in (small - 1, small + 1) if 0 <= at < len(groups)]
        else:
            around = [at for at in range(len(groups)) if at != small and held(at) > 0] or [
                at for at in range(len(groups)) if at != small
            ]
        other = min(around, key=lambda at: (held(at) == 0, held(at), at))
        first, second = sorted((small, other))
        groups[first] = sorted([*groups[first], *groups[second]])
        del groups[second]
    return groups


def _hides(counts: Sequence[float], groups: Sequence[Sequence[int]], threshold: float, *, ordered: bool) -> bool:
    """Tell whether each merged band may be as large as the threshold for who knows how bands are merged.

    For each of them, other counts with the same sums are looked for, in which it is that large and which would have
    been merged in the same way. The answer depends on what is told alone, so that it tells nothing more.
    """
    merged_ = [(group, sum(counts[rank] for rank in group)) for group in groups if len(group) > 1]
    told = [(group, total) for group, total in merged_ if total]
    for at, (group, _) in enumerate(told):
        for rank in group:
            ways = [list(_ways(*one, threshold, large=rank if at == here else None)) for here, one in enumerate(told)]
            if not any(
                _groups(_with(list(counts), way), threshold, ordered=ordered) == list(groups)
                for way in itertools.product(*ways)
            ):
                return False
    return True


def _with(counts: list[float], way: Sequence[Mapping[int, float]]) -> list[float]:
    for part in way:
        for rank, count in part.items():
            counts[rank] = count
    return counts


def _ways(group: Sequence[int], total: float, threshold: float, *, large: int | None) -> Iterator[Mapping[int, float]]:
    """Yield ways in which a sum may be shared by the bands of a group: a large one, a small one, little in the rest."""
    for least in (1.0, 0.0):
        for first in group if large is None else (large,):
            for small in (other for other in group if other != first):
                for few in range(1, math.ceil(threshold)):
                    rest = total - few - least * (len(group) - 2)
                    if rest >= (threshold if first == large else 0):
                        yield {**dict.fromkeys(group, least), small: float(few), first: rest}


def table(found: Composition, *, tested: bool = True, seed: int = 0) -> tuple[pd.DataFrame, Fit]:
    """Return the gap of each band, in points, and the test of the whole.

    Parameters
    ----------
    found : Composition
    tested : bool
        False for attendances of several meetings: one person may be there several times, and no test nor interval
        holds.
    seed : int
        Of the simulated samples, when there are too many compositions to enumerate.

    Returns
    -------
    rows : DataFrame
        Columns `COLUMNS`: shares in percent, ``gap`` = share of the participants less share of the population, in
        points; Wilson interval of the share; exact binomial p-value and the same adjusted over the bands
        (Benjamini-Hochberg). No row when there is nothing to compare.
    fit : Fit
        Exact test of the whole composition.
    """
    counts, people = np.asarray(found.counts, dtype=float), np.asarray(found.population, dtype=float)
    n, total = float(counts.sum()) if len(counts) else 0.0, float(people.sum()) if len(people) else 0.0
    sound = bool(len(counts) and np.all(np.isfinite(people)) and np.all(people >= 0) and np.all(counts >= 0))
    if found.reason or not sound or not n > 0 or not total > 0 or not math.isfinite(n):
        return pd.DataFrame(columns=list(COLUMNS)), Fit(p_value=math.nan)
    share, reference = counts / n, people / total
    low, high = intervals.wilson(counts, np.full(len(counts), n))
    p_values = np.array([exact_tests.binomial(k, n, min(1.0, p)) for k, p in zip(counts, reference, strict=True)])
    fit = exact_tests.multinomial(found.counts, found.population, seed=seed)
    if not tested:
        low = high = p_values = np.full(len(counts), math.nan)
        fit = Fit(p_value=math.nan)
    rows = pd.DataFrame(
        {
            "band": list(found.bands),
            "participants": counts,
            "n": n,
            "share": 100 * share,
            "share_low": 100 * low,
            "share_high": 100 * high,
            "population": people,
            "reference_share": 100 * reference,
            "gap": 100 * (share - reference),
            "p_value": p_values,
            "p_adjusted": intervals.benjamini_hochberg(p_values),
        }
    )
    return rows[list(COLUMNS)], fit
