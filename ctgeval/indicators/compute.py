"""Indicators computed from observations: pooled rates, true bounds, and a reason for each figure that is undefined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import french, measures as measures_, periods
from ctgeval.errors import NotAdditive, UnknownTerritory
from ctgeval.indicators import definition, grid, limits
from ctgeval.indicators.definition import Formula, Indicator
from ctgeval.indicators.grid import FLAG, FLAGS, REASON, REASONS, Cells, Ints
from ctgeval.measures import Measure
from ctgeval.observations import DIMENSIONS, Bounded, ratio, share
from ctgeval.periods import Period

__all__ = ["RESULT_COLUMNS", "aggregate", "compute", "empty"]

RESULT_COLUMNS: tuple[str, ...] = (
    "indicator",
    "geo",
    "geography",
    "time_period",
    "unit",
    "value",
    "low",
    "high",
    "ci_low",
    "ci_high",
    "numerator",
    "denominator",
    "n",
    "completeness",
    "obs_status",
    "conf_status",
    "source",
    "limits",
    "reason",
    *DIMENSIONS,
)
_FLOATS = ("value", "low", "high", "ci_low", "ci_high", "numerator", "denominator", "n", "completeness")
_TEXT = pd.StringDtype(na_value=np.nan)
_MOST_SOURCES = 62


class Geography(Protocol):
    """What is asked of a reference geography."""

    @property
    def events(self) -> pd.DataFrame:
        """Mergers and splits: ``code_before``, ``code_after``."""

    def members(self, geo: str, year: int) -> tuple[str, ...]:
        """Communes of a territory."""

    def changed_between(self, geo: str, year_a: int, year_b: int) -> bool:
        """Whether a code does not mean the same ground in both years."""


def compute(
    observations: pd.DataFrame,
    indicators: Iterable[str],
    geos: Sequence[str],
    *,
    reference: Geography,
    year: int,
    catalogue: Mapping[str, Indicator] | None = None,
    measures: Mapping[str, Measure] | None = None,
    groupings: Mapping[str, Sequence[str]] | None = None,
    start: date | None = None,
) -> pd.DataFrame:
    """Compute indicators for territories, at every period for which their numerator is known.

    A row that the source gives for the territory itself is preferred. Otherwise the communes are pooled: sum of
    numerators over sum of denominators, never a mean of rates. A denominator that is a stock (a population) may be of
    the last vintage known before the period; the row says which.

    Parameters
    ----------
    observations : DataFrame
        Table of observations (see `ctgeval.observations`), on the geography of ``year``, sources in the order in
        which they are declared.
    indicators : iterable of str
        Ids of the catalogue.
    geos : sequence of str
        Territories, in the order wanted.
    reference : Reference
        Gives the communes of a territory.
    year : int
        Year of the geography (1 January) in which everything is expressed.
    catalogue : mapping, optional
        Indicators; those of the house by default.
    measures : mapping, optional
        Measures; those of the house by default.
    groupings : mapping of str to sequence of str, optional
        Communes of each ``GRP-`` code.
    start : date, optional
        Start of the convention, from which some flows are summed.

    Returns
    -------
    DataFrame
        Columns `RESULT_COLUMNS`, a row per indicator, territory and period, in that order. Undefined is NaN with a
        French ``reason``. An indicator of which no numerator was ever observed has no row.

    Raises
    ------
    UnknownIndicator
        When an id is not in the catalogue.
    UnknownMeasure
        When a formula names a measure that is not declared.
    """
    known = definition.catalogue() if catalogue is None else catalogue
    wanted = [definition.get(id, catalogue=known) for id in dict.fromkeys(indicators)]
    declared = measures_.load() if measures is None else measures
    needed = {name: measures_.get(name, measures=declared) for item in wanted for name in item.measures}
    field = _Field.of(observations, needed, list(dict.fromkeys(geos)), reference, year, groupings or {})
    frames = [frame for item in wanted if (frame := _table(item, field, start)) is not None]
    return pd.concat(frames, ignore_index=True) if frames else empty()


def aggregate(
    observations: pd.DataFrame,
    measure: str,
    geo: str,
    *,
    reference: Geography,
    year: int,
    measures: Mapping[str, Measure] | None = None,
    groupings: Mapping[str, Sequence[str]] | None = None,
    strict: bool = True,
) -> pd.DataFrame:
    """Sum a measure over the communes of a territory, whether or not the source gives a row for it.

    Parameters
    ----------
    observations : DataFrame
        Table of observations.
    measure : str
        What to sum.
    geo : str
        The territory.
    reference, year, measures, groupings
        See `compute`.
    strict : bool
        Refuse a sum that has no meaning; otherwise its rows are NaN with a reason.

    Returns
    -------
    DataFrame
        Columns `RESULT_COLUMNS`, a row per period, the name of the measure standing as indicator.

    Raises
    ------
    NotAdditive
        When the measure does not add over places; the message says which row to use instead.
    UnknownMeasure
        When the measure is not declared.
    """
    declared = measures_.load() if measures is None else measures
    item = measures_.get(measure, measures=declared)
    if strict and not item.additive_over_places:
        raise NotAdditive(item.refusal("places"), key=geo, value=measure)
    indicator = Indicator(
        id=measure,
        label=item.label,
        theme="",
        kind="contexte",
        numerator="" if item.published else measure,
        published=measure if item.published else "",
        unit=item.unit,
        direction="neutral",
        source="",
        grain=(),
        periodicity="annuelle",
        lag_years=0,
        definition=item.label,
        nature="publie" if item.published else "compte",
    )
    others = observations[observations["geo"] != geo]
    field = _Field.of(others, {measure: item}, [geo], reference, year, groupings or {})
    table = _table(indicator, field, None)
    return empty() if table is None else table


def empty() -> pd.DataFrame:
    """Return a table of results without any row."""
    return _frame({name: np.array([]) if name in _FLOATS else pd.array([], dtype=_TEXT) for name in RESULT_COLUMNS})


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
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
        year: int,
        groupings: Mapping[str, Sequence[str]],
    ) -> _Field:
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
    statuses = {
        name: list(order) for name, order in (("obs_status", grid.OBS_STATUS), ("conf_status", grid.CONF_STATUS))
    }
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
        source=np.left_shift(1, np.minimum(source_codes, _MOST_SOURCES - 1)).astype(np.int64),
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


def _table(item: Indicator, field: _Field, start: date | None) -> pd.DataFrame | None:
    numerators = [_numerator(field.cells[name], item, field, start) for name in item.numerator_measures]
    columns = np.flatnonzero(np.any([cells.present.any(axis=0) for cells in numerators], axis=0))
    if not len(columns):
        return None
    parts = {
        name: cells.take(slice(None), columns) for name, cells in zip(item.numerator_measures, numerators, strict=True)
    }
    for name in item.denominator_measures:
        stock = field.measures[name].kind == "stock"
        cells = field.cells[name]
        parts[name] = grid.latest_known(cells, field.axis, columns) if stock else cells.take(slice(None), columns)
    top, bottom, completeness = _resolve(item, parts, field)
    return _assemble(item, field, columns, top, bottom, completeness)


def _numerator(cells: Cells, item: Indicator, field: _Field, start: date | None) -> Cells:
    return grid.since(cells, field.axis, start) if item.since_start else cells


def _sum(formula: Formula, parts: Mapping[str, Cells]) -> Cells | None:
    return grid.combine([(sign, parts[name]) for sign, name in formula]) if formula else None


def _resolve(
    item: Indicator, parts: Mapping[str, Cells], field: _Field
) -> tuple[Cells, Cells | None, npt.NDArray[np.float64]]:
    """Find numerator and denominator of each territory asked: its own row, or what its communes give."""
    direct = {name: cells.take(field.rows) for name, cells in parts.items()}
    if not len(field.groups):
        top, bottom = _sum(item.numerator_terms, direct), _sum(item.denominator_terms, direct)
        assert top is not None
        complete = (top.present & (bottom.present if bottom is not None else True)).astype(np.float64)
        return top, bottom, complete
    pooling = _Pooling(field, item, parts)
    best = {name: pooling.fill(name, cells) for name, cells in direct.items()}
    top, bottom = _sum(item.numerator_terms, best), _sum(item.denominator_terms, best)
    assert top is not None
    whole = top.present if bottom is None else top.present & bottom.present
    completeness = whole.astype(np.float64)
    rows = field.groups
    shared, share_top, share_bottom = pooling.together()
    partial = ~whole[rows] & (shared > 0)
    completeness[rows] = np.where(whole[rows], 1.0, shared / field.sizes[:, None])
    refused = np.zeros(whole.shape, dtype=np.bool_)
    if not pooling.additive:
        refused[rows] = partial
        return _open(top, refused, pooling), bottom, completeness
    top = _replaced(top, rows, partial, share_top)
    if bottom is not None and share_bottom is not None:
        bottom = _replaced(bottom, rows, partial, share_bottom)
    return top, bottom, completeness


def _replaced(cells: Cells, rows: Ints, where: npt.NDArray[np.bool_], other: Cells) -> Cells:
    inside = np.zeros(cells.value.shape, dtype=np.bool_)
    inside[rows] = where
    wide = Cells.blank(cells.value.shape)
    for name in Cells.__dataclass_fields__:
        getattr(wide, name)[rows] = getattr(other, name)
    return wide.where(inside, cells)


def _open(top: Cells, refused: npt.NDArray[np.bool_], pooling: _Pooling) -> Cells:
    """Mark sums that have no meaning; of distinct persons, the greatest count of a commune is still a lower bound."""
    low = np.where(refused, pooling.distinct_low(top.value.shape), top.low)
    return replace(
        top,
        value=np.where(refused, np.nan, top.value),
        low=low,
        high=np.where(refused, np.inf, top.high),
        present=top.present | refused,
        reason=np.where(refused, REASON["non_additif"], top.reason),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Pooling:
    """Sums over the communes of the territories asked."""

    field: _Field
    item: Indicator
    parts: Mapping[str, Cells]

    @property
    def additive(self) -> bool:
        """Whether every measure of the indicator adds over places."""
        return all(self.field.measures[name].additive_over_places for name in self.parts)

    def fill(self, name: str, direct: Cells) -> Cells:
        """Put the sum of the communes where a territory has no row of its own and none of its communes is missing."""
        field, cells = self.field, self.parts[name]
        if not field.measures[name].additive_over_places:
            return direct
        size = len(field.groups)
        told = grid.count(cells.present, field.member, field.group, size)
        pooled = self._pooled(cells, cells.present)
        return _replaced(direct, field.groups, (told == field.sizes[:, None]) & ~direct.present[field.groups], pooled)

    def together(self) -> tuple[Ints, Cells, Cells | None]:
        """Sum numerator and denominator over the communes that have both; also tell how many they are."""
        top, bottom = _sum(self.item.numerator_terms, self.parts), _sum(self.item.denominator_terms, self.parts)
        assert top is not None
        both = top.present if bottom is None else top.present & bottom.present
        shared = grid.count(both, self.field.member, self.field.group, len(self.field.groups))
        pooled = self._pooled(top, both)
        if bottom is not None:
            partial = replace(pooled, flags=pooled.flags | FLAG["couverture_partielle"])
            return shared, partial, self._pooled(bottom, both)
        missing = replace(
            pooled,
            value=np.full_like(pooled.value, np.nan),
            high=np.full_like(pooled.high, np.inf),
            low=np.where(self._signed, -np.inf, pooled.low),
            reason=np.full_like(pooled.reason, REASON["membres_manquants"]),
            flags=pooled.flags | FLAG["couverture_partielle"],
        )
        return shared, missing, None

    @property
    def _signed(self) -> bool:
        return any(self.field.measures[name].possible[0] < 0 for name in self.parts) or any(
            sign < 0 for sign, _ in self.item.numerator_terms
        )

    def distinct_low(self, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Return the greatest count of a commune, where the indicator counts distinct persons; -inf elsewhere."""
        low = np.full(shape, -np.inf)
        names = self.item.numerator_measures
        if len(names) == 1 and not self.item.denominator and self.field.measures[names[0]].kind == "distinct":
            cells, field = self.parts[names[0]], self.field
            out = np.full((len(field.groups), shape[1]), 0.0)
            np.maximum.at(out, field.group, np.where(cells.present, cells.low, 0.0)[field.member])
            low[field.groups] = out
        return low

    def _pooled(self, cells: Cells, keep: npt.NDArray[np.bool_]) -> Cells:
        field, size = self.field, len(self.field.groups)
        pooled = grid.pool(cells, field.member, field.group, size, keep)
        masked = grid.count(keep & np.isnan(cells.value), field.member, field.group, size) > 0
        flags = (pooled.flags & ~FLAG["valeur_arrondie"]) | FLAG["somme_communes"]
        flags |= np.where(pooled.flags & FLAG["valeur_arrondie"], FLAG["somme_arrondis"], 0)
        return replace(
            pooled,
            flags=flags,
            reason=np.where(masked, np.maximum(REASON["membres_masques"], pooled.reason), 0),
            geography=np.full_like(pooled.geography, field.year),
        )


def _assemble(
    item: Indicator,
    field: _Field,
    columns: Ints,
    top: Cells,
    bottom: Cells | None,
    completeness: npt.NDArray[np.float64],
) -> pd.DataFrame:
    result, parts = _quotient(item, top, bottom)
    absent = ~top.present
    asked_groups = np.isin(field.rows, field.groups)[:, None]
    reason = np.where(np.isnan(result.value.reshape(top.value.shape)), top.reason, 0)
    if bottom is not None:
        reason = np.where((reason == 0) & ~bottom.present, REASON["denominateur_absent"], reason)
        undefined = np.isnan(result.value.reshape(top.value.shape)) & (reason == 0)
        reason = np.where(undefined, np.where(bottom.value == 0, REASON["denominateur_nul"], bottom.reason), reason)
        reason = np.where(parts["impossible"], REASON["part_impossible"], reason)
        reason = np.where(parts["mismatch"], REASON["ventilation_incompatible"], reason)
    reason = np.where(absent, np.where(asked_groups, REASON["absent_membres"], REASON["absent"]), reason)
    reason = np.where(field.strange[:, None] & absent, REASON["territoire_inconnu"], reason)
    value, low, high = (array.reshape(top.value.shape).copy() for array in (result.value, result.low, result.high))
    empty_handed = absent | parts["impossible"] | parts["mismatch"]
    if bottom is not None:
        empty_handed |= ~bottom.present
    empty_handed |= np.isneginf(low) & np.isposinf(high)
    for array in (value, low, high):
        array[empty_handed] = np.nan
    merged = top if bottom is None else _merged(top, bottom)
    shape = top.value.shape
    count, width = shape
    obs = np.where(absent, grid.OBS_STATUS.index("M"), merged.obs)
    return _frame(
        {
            "indicator": _repeat(item.id, value.size),
            "geo": pd.array(field.geos, dtype=_TEXT).take(np.repeat(np.arange(count), width)),
            "geography": _geography(merged.geography, absent, field.year),
            "time_period": pd.array([field.axis[c].text for c in columns], dtype=_TEXT).take(
                np.tile(np.arange(width), count)
            ),
            "unit": _repeat(item.unit, value.size),
            "value": value.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "ci_low": np.full(value.size, np.nan),
            "ci_high": np.full(value.size, np.nan),
            "numerator": (np.full(value.size, np.nan) if item.published else top.value.ravel()),
            "denominator": np.full(value.size, np.nan)
            if bottom is None
            else np.where(bottom.present, bottom.value, np.nan).ravel(),
            "n": bottom.value.ravel() if bottom is not None and item.nature == "part" else np.full(value.size, np.nan),
            "completeness": completeness.ravel(),
            "obs_status": _labels(obs, grid.OBS_STATUS),
            "conf_status": _labels(np.where(absent, 0, merged.conf), grid.CONF_STATUS),
            "source": _sources(np.where(absent, 0, merged.source), field.sources),
            "limits": _limits(item, field, merged, absent),
            "reason": _reasons(item, field, reason, completeness, shape),
            **dict.fromkeys(DIMENSIONS, _repeat("", value.size)),
        }
    )


def _quotient(item: Indicator, top: Cells, bottom: Cells | None) -> tuple[Bounded, dict[str, npt.NDArray[np.bool_]]]:
    never = np.zeros(top.value.shape, dtype=np.bool_)
    if bottom is None:
        return top.bounded, {"impossible": never, "mismatch": never}
    together = ((top.source == bottom.source) & (top.source > 0)).ravel()
    if item.nature == "part":
        part, whole = _positive(top.bounded), _positive(bottom.bounded)
        result = share(part, whole=whole, factor=item.factor, rounded_together=together)
    else:
        result = ratio(top.bounded, bottom.bounded, factor=item.factor, rounded_together=together)
    impossible = (top.low > bottom.high) & (item.nature == "part") & top.present & bottom.present
    mismatch = (top.detail != 0) & (bottom.detail != 0) & (top.detail != bottom.detail)
    return result, {"impossible": impossible, "mismatch": mismatch}


def _positive(values: Bounded) -> Bounded:
    return Bounded(np.fmax(values.value, 0.0), np.maximum(values.low, 0.0), np.maximum(values.high, 0.0))


def _merged(top: Cells, bottom: Cells) -> Cells:
    joined = top.present & bottom.present
    return replace(
        top,
        obs=np.where(joined, np.maximum(top.obs, bottom.obs), top.obs),
        conf=np.where(joined, np.maximum(top.conf, bottom.conf), top.conf),
        source=np.where(joined, top.source | bottom.source, top.source),
        geography=np.where(joined, np.minimum(top.geography, bottom.geography), top.geography),
        flags=np.where(joined, top.flags | bottom.flags, top.flags),
        vintage=np.where(joined, bottom.vintage, top.vintage),
    )


def _frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    table = pd.DataFrame({name: columns[name] for name in RESULT_COLUMNS})
    return table.astype({"geography": "Int64"} | dict.fromkeys(_FLOATS, np.float64))


def _repeat(text: str, size: int) -> Any:
    return pd.array([text], dtype=_TEXT).take(np.zeros(size, dtype=np.int64))


def _labels(ranks: Ints, names: Sequence[str]) -> Any:
    return pd.array(list(names), dtype=_TEXT).take(ranks.ravel())


def _texts(keys: Sequence[Ints], write: Any) -> Any:
    """Write one text per distinct combination of keys, and spread them on the rows."""
    stacked = np.stack([key.ravel() for key in keys], axis=1)
    code = np.zeros(len(stacked), dtype=np.int64)
    for column in range(stacked.shape[1]):
        _, inverse = np.unique(stacked[:, column], return_inverse=True)
        pair = code * (int(inverse.max(initial=0)) + 1) + inverse
        code = np.unique(pair, return_inverse=True)[1]
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    return pd.array([write(*map(int, stacked[row])) for row in first], dtype=_TEXT).take(inverse)


def _geography(known: Ints, absent: npt.NDArray[np.bool_], year: int) -> Any:
    years = np.where(absent, year, known).ravel()
    return pd.Series(years, dtype="Int64").mask(years == 0)


def _sources(bits: Ints, names: Sequence[str]) -> Any:
    def write(mask: int) -> str:
        last = names[_MOST_SOURCES - 1 :] if mask >> (_MOST_SOURCES - 1) else []
        return limits.join([*(name for rank, name in enumerate(names[: _MOST_SOURCES - 1]) if mask >> rank & 1), *last])

    return _texts([bits], write)


def _limits(item: Indicator, field: _Field, merged: Cells, absent: npt.NDArray[np.bool_]) -> Any:
    level = np.array([geo.startswith(("EPCI-", "GRP-")) for geo in field.geos], dtype=np.int64)
    other = np.where(
        (merged.geography > 0) & (merged.geography != field.year) & (level > 0)[:, None], merged.geography, 0
    )
    flags = merged.flags | np.where(merged.obs == grid.OBS_STATUS.index("P"), FLAG["provisoire"], 0)
    flags |= np.where(merged.obs == grid.OBS_STATUS.index("E"), FLAG["estime"], 0)

    def write(flag: int, geography: int, vintage: int, missing: int) -> str:
        if missing:
            return ""
        found = [*item.limits, *(name for rank, name in enumerate(FLAGS) if flag >> rank & 1)]
        if geography:
            found.append(f"geographie:{geography}")
        if vintage < np.iinfo(np.int16).max:
            found.append(f"denominateur:{vintage}")
        return limits.join(found)

    return _texts([flags, other, merged.vintage, absent.astype(np.int64)], write)


def _reasons(
    item: Indicator,
    field: _Field,
    reason: Ints,
    completeness: npt.NDArray[np.float64],
    shape: tuple[int, ...],
) -> Any:
    sentences = definition.reasons()
    sizes = np.zeros(shape[0], dtype=np.int64)
    sizes[field.groups] = field.sizes
    size = np.broadcast_to(sizes[:, None], shape)
    known = np.rint(completeness * size).astype(np.int64)
    barred = [name for name in item.measures if not field.measures[name].additive_over_places]

    def write(code: int, communes: int, answered: int) -> str:
        name = REASONS[code]
        if not name:
            return ""
        if name == "non_additif":
            return " ".join(field.measures[measure].refusal("places") for measure in barred)
        missing = communes - answered
        return sentences[name].replace("{}", f"{french.plural(missing, 'commune')} sur {communes}")

    concerned = reason == REASON["membres_manquants"]
    return _texts([reason, np.where(concerned, size, 0), np.where(concerned, known, 0)], write)
