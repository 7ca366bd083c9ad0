"""Figures of many places at once: medians, quartiles, means of the values that a release gives."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

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
    values = {geo: facts.results[indicator, geo, period].value for geo in facts.by_moment.get((indicator, period), ())}
    known = {geo: value for geo, value in values.items() if math.isfinite(value)}
    for level in sorted({geo.partition("-")[0] for geo in known}):
        group = {geo: value for geo, value in known.items() if geo.startswith(f"{level}-")}
        yield from _of(group.values())
        for place in own:
            others = {geo: value for geo, value in group.items() if geo != place}
            yield from _of(others.values())
            times = [one for one in facts.by_pair.get((indicator, place), ()) if _known(facts, indicator, place, one)]
            whole = [geo for geo in others if all(_known(facts, indicator, geo, one) for one in times)]
            yield from _of(others[geo] for geo in whole)


def _known(facts: Facts, indicator: str, geo: str, period: str) -> bool:
    given = facts.results.get((indicator, geo, period))
    return given is not None and math.isfinite(given.value)


def _of(values: Iterable[float]) -> Iterator[float]:
    found = np.fromiter(values, dtype=float)
    if len(found) >= _FEWEST:
        yield from np.quantile(found, _SHARES).tolist()
        yield float(found.mean())
