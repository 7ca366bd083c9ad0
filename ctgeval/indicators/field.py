"""What indicators are computed on: observations laid on grids, and who is a member of whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import periods
from ctgeval.errors import UnknownTerritory
from ctgeval.indicators import grid
from ctgeval.indicators.cells import CONF_STATUS, OBS_STATUS, Cells, Ints
from ctgeval.measures import Measure
from ctgeval.observations import DIMENSIONS
from ctgeval.periods import Period

__all__ = ["MOST_SOURCES", "Field", "Geography"]

MOST_SOURCES = 62
"""A source is one bit of an int64; those beyond share the last bit."""


class Geography(Protocol):
    """What is asked of a reference geography."""

    @property
    def events(self) -> pd.DataFrame:
        """Mergers and splits: ``code_before``, ``code_after``."""

    def members(self, geo: str, year: int) -> tuple[str, ...]:
        """Communes of a territory."""

    def changed_between(self, geo: str, year_a: int, year_b: int) -> bool:
        """Whether a code does not mean the same ground in both years."""


@dataclass(frozen=True, slots=True, eq=False)
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
    year: int
    measures: Mapping[str, Measure]
    cells: Mapping[str, Cells]

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
        seen = observations[_among(observations["measure"], needed) & _among(observations["geo"], place)]
        axis = _axis(seen["time_period"].unique())
        sources, rows, codes = _rows(seen, place, axis, reference, year)
        names = list(needed)
        measure = pd.Index(names).get_indexer(pd.Index(codes["measure"]))[codes["code"]]
        shape = (len(place), len(axis))
        return cls(
            geos=geos,
            axis=axis,
            rows=np.arange(len(geos)),
            member=pairs[:, 1],
            group=group.astype(np.int64).ravel(),
            groups=groups,
            sizes=np.bincount(group.ravel(), minlength=len(groups)).astype(np.int64),
            strange=np.array([geo in members and members[geo] is None for geo in geos], dtype=np.bool_),
            sources=sources,
            year=year,
            measures=needed,
            cells={
                name: grid.gather(rows.select(measure == rank), needed[name], shape, axis)
                for rank, name in enumerate(names)
            },
        )


def _among(column: pd.Series[str], wanted: Iterable[str]) -> npt.NDArray[np.bool_]:
    # Each distinct text is looked up once: `isin` would turn every row into a Python text.
    codes, uniques = pd.factorize(column)
    return np.asarray(pd.Index(uniques).isin(list(wanted)))[codes]


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


def _rows(
    seen: pd.DataFrame, place: Mapping[str, int], axis: tuple[Period, ...], reference: Geography, year: int
) -> tuple[list[str], grid.Rows, dict[str, Any]]:
    def ranks(column: str, order: Sequence[str]) -> Ints:
        codes, uniques = pd.factorize(seen[column])
        return pd.Index(order).get_indexer(pd.Index(uniques))[codes].astype(np.int64)

    width = {period.text: rank for rank, period in enumerate(axis)}
    period_codes, period_texts = pd.factorize(seen["time_period"])
    period = np.array([width[periods.normalise(text)] for text in period_texts], dtype=np.int64)[period_codes]
    source_codes, sources = pd.factorize(seen["source"])
    geography = seen["geography"].to_numpy(dtype=np.float64, na_value=0.0).astype(np.int64)
    pattern = np.zeros(len(seen), dtype=np.int64)
    for rank, name in enumerate(DIMENSIONS):
        pattern |= seen[name].ne("").to_numpy(dtype=np.int64) << rank
    detailed = pattern > 0
    category = np.zeros(len(seen), dtype=np.int64)
    structure = np.zeros(len(seen), dtype=np.int64)
    if detailed.any():
        details = seen.loc[detailed, list(DIMENSIONS)]
        category[detailed] = (pd.util.hash_pandas_object(details, index=False).to_numpy() >> np.uint64(8)).astype(
            np.int64
        )
        structure[detailed] = pd.factorize(details["structure"])[0]
    statuses = {name: list(order) for name, order in (("obs_status", OBS_STATUS), ("conf_status", CONF_STATUS))}
    measure_codes, measure_names = pd.factorize(seen["measure"])
    value, low, high = (seen[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("value", "low", "high"))
    rows = grid.Rows(
        geo=ranks("geo", list(place)),
        period=period,
        value=np.where(np.isfinite(value), value, np.nan),
        low=np.where(np.isnan(low), -np.inf, low),
        high=np.where(np.isnan(high), np.inf, high),
        obs=np.maximum(ranks("obs_status", statuses["obs_status"]), 0),
        conf=np.maximum(ranks("conf_status", statuses["conf_status"]), 0),
        source=np.left_shift(1, np.minimum(source_codes, MOST_SOURCES - 1)).astype(np.int64),
        geography=geography,
        pattern=pattern,
        category=category,
        structure=structure,
        changed=_changed(seen, geography, reference, year),
        position=np.arange(len(seen), dtype=np.int64),
    )
    return [str(key) for key in sources], rows, {"code": measure_codes, "measure": list(measure_names)}


def _changed(seen: pd.DataFrame, geography: Ints, reference: Geography, year: int) -> npt.NDArray[np.bool_]:
    """Rows whose commune code does not mean the same commune in the geography of the results."""
    out = np.zeros(len(seen), dtype=np.bool_)
    other = (geography > 0) & (geography != year)
    if not other.any():
        return out
    events = reference.events
    touched = set(events["code_before"]) | set(events["code_after"])
    codes, geos = pd.factorize(seen["geo"])
    suspects = np.array([geo.startswith("COM-") and geo in touched for geo in geos], dtype=np.bool_)[codes] & other
    for code, then in sorted(set(zip(codes[suspects], geography[suspects], strict=True))):
        if reference.changed_between(geos[code], int(then), year):
            out |= suspects & (codes == code) & (geography == then)
    return out
