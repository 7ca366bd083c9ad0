"""Figures of many places at once: medians, quartiles, means of the values that a release gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from ctgeval.report.scan.facts import Facts

__all__ = ["summaries", "sums_up"]

_SUMMARY = re.compile(r"\b(?:mediane|moyenne|quart|quartile|ensemble|minimum|maximum|le plus (?:bas|haut))\b")
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_FEWEST = 3


def sums_up(header: str) -> bool:
    """Tell whether a header, folded, names a figure of many places."""
    return _SUMMARY.search(header) is not None


def summaries(facts: Facts, indicator: str, period: str, *, own: Iterable[str]) -> Iterator[float]:
    """Yield the median, the quartiles, the extremes and the mean of the places of each level.

    Parameters
    ----------
    facts : Facts
    indicator, period : str
    own : iterable of str
        Places that the table is about: a summary is of them and of the others, or of the others alone, of all those
        that have a value or of those that have one at every period that these have.
    """
    groups = _groups(facts, indicator, period)
    for level in sorted(groups):
        yield from _of_all(facts, indicator, period, level)
        for place in own:
            others = {geo: value for geo, value in groups[level].items() if geo != place}
            yield from _of(others.values())
            known = [_groups(facts, indicator, one) for one in facts.results.times(indicator, place)]
            known = [one for one in known if place in one.get(place.partition("-")[0], ())]
            yield from _of(value for geo, value in others.items() if all(geo in one.get(level, ()) for one in known))


# A table has many lines of the same periods, and a level may have thousands of places.
@lru_cache(maxsize=32)
def _groups(facts: Facts, indicator: str, period: str) -> dict[str, dict[str, float]]:
    """Return the value of each place that has one, by level."""
    found: dict[str, dict[str, float]] = {}
    for geo, value in facts.results.valued(indicator, period).items():
        found.setdefault(geo.partition("-")[0], {})[geo] = value
    return found


@lru_cache(maxsize=256)
def _of_all(facts: Facts, indicator: str, period: str, level: str) -> tuple[float, ...]:
    return tuple(_of(_groups(facts, indicator, period)[level].values()))


def _of(values: Iterable[float]) -> Iterator[float]:
    found = np.fromiter(values, dtype=float)
    if len(found) >= _FEWEST:
        yield from np.quantile(found, _SHARES).tolist()
        yield float(found.mean())
