"""What indicators are computed on: observations laid on grids, and who is a member of whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import periods
from ctgeval.errors import UnknownTerritory
from ctgeval.indicators import grid
from ctgeval.indicators.cells import Cells, Ints
from ctgeval.indicators.encoding import MOST_SOURCES, Encoded
from ctgeval.measures import Measure
from ctgeval.periods import Period

__all__ = ["MOST_SOURCES", "Field", "Gathered", "Geography"]


class Geography(Protocol):
    """What is asked of a reference geography."""

    @property
    def events(self) -> pd.DataFrame:
        """Mergers and splits: ``code_before``, ``code_after``."""

    def members(self, geo: str, year: int) -> tuple[str, ...]:
        """Communes of a territory."""

    def changed_between(self, geo: str, year_a: int, year_b: int) -> bool:
        """Whether a code does not mean the same ground in both years."""


class Gathered(Mapping[str, Cells]):
    """The grid of each measure, laid when it is first asked for, and given back when nobody needs it any more.

    Parameters
    ----------
    encoded : Encoded
        Rows of the observations.
    measures : mapping of str to Measure
        Measures of the field.
    height : int
        Number of territories.
    axis : tuple of Period
        The periods, in order.
    """

    def __init__(
        self, encoded: Encoded, measures: Mapping[str, Measure], height: int, axis: tuple[Period, ...]
    ) -> None:
        self._encoded, self._measures = encoded, measures
        self._shape, self._axis = (height, len(axis)), axis
        rank = {period.text: column for column, period in enumerate(axis)}
        self._column = {text: rank[periods.normalise(text)] for text in encoded.periods}
        self._kept: dict[str, Cells] = {}

    def __getitem__(self, name: str) -> Cells:
        """Return the grid of a measure."""
        if name not in self._kept:
            rows = self._encoded.rows(name, self._column)
            self._kept[name] = grid.gather(rows, self._measures[name], self._shape, self._axis)
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the measures."""
        return iter(self._measures)

    def __len__(self) -> int:
        """Return the number of measures."""
        return len(self._measures)

    def forget(self, names: Iterable[str]) -> None:
        """Give back the memory of some measures."""
        for name in names:
            self._kept.pop(name, None)


@dataclass(frozen=True, eq=False)
class Field:
    """Everything the indicators are computed on: the grid, its measures, and who is a member of whom."""

    geos: list[str]
    axis: tuple[Period, ...]
    rows: Ints
    member: Ints
    group: Ints
    groups: Ints
    sizes: Ints
    strange: npt.NDArray[np.bool_]
    sources: list[str]
    unsampled: int
    year: int
    measures: Mapping[str, Measure]
    cells: Gathered

    @cached_property
    def grouped(self) -> npt.NDArray[np.bool_]:
        """Territories asked that are EPCI or own groupings: their geography may be that of another year."""
        return np.array([geo.startswith(("EPCI-", "GRP-")) for geo in self.geos], dtype=np.bool_)

    @classmethod
    def of(
        cls,
        observations: pd.DataFrame,
        needed: Mapping[str, Measure],
        geos: list[str],
        reference: Geography,
        *,
        year: int,
        groupings: Mapping[str, Sequence[str]],
        unsampled: Collection[str] = (),
    ) -> Field:
        """Lay the observations of the measures needed on a grid of the territories asked and their communes."""
        members = {geo: _members(geo, reference, year, groupings) for geo in geos if not geo.startswith("COM-")}
        place = {geo: rank for rank, geo in enumerate(geos)}
        for communes in members.values():
            for commune in communes or ():
                place.setdefault(commune, len(place))
        grouped = [(rank, place[commune]) for rank, geo in enumerate(geos) for commune in members.get(geo) or ()]
        pairs = np.array(grouped, dtype=np.int64).reshape(-1, 2)
        groups, group = np.unique(pairs[:, 0], return_inverse=True)
        encoded = Encoded.of(
            observations, needed, place, year=year, changed=reference.changed_between, events=reference.events
        )
        axis = _axis(encoded.periods)
        return cls(
            geos=geos,
            axis=axis,
            rows=np.arange(len(geos)),
            member=pairs[:, 1],
            group=group.astype(np.int64).ravel(),
            groups=groups,
            sizes=np.bincount(group.ravel(), minlength=len(groups)).astype(np.int64),
            strange=np.array([geo in members and members[geo] is None for geo in geos], dtype=np.bool_),
            sources=encoded.sources,
            unsampled=_bits(encoded.sources, unsampled),
            year=year,
            measures=needed,
            cells=Gathered(encoded, needed, len(place), axis),
        )


def _bits(sources: Sequence[str], chosen: Collection[str]) -> int:
    ranks = {min(rank, MOST_SOURCES - 1) for rank, name in enumerate(sources) if name in set(chosen)}
    return sum(1 << rank for rank in ranks)


def _members(
    geo: str, reference: Geography, year: int, groupings: Mapping[str, Sequence[str]]
) -> tuple[str, ...] | None:
    if geo in groupings:
        return tuple(groupings[geo])
    try:
        return tuple(reference.members(geo, year))
    except UnknownTerritory:
        return None


def _axis(texts: Iterable[str]) -> tuple[Period, ...]:
    found = {periods.parse(text) for text in texts}
    years = {periods.parse(period.start.year) for period in found if period.frequency in {"S", "Q", "M"}}
    return tuple(sorted(found | years, key=lambda period: (period.end, period.start)))
