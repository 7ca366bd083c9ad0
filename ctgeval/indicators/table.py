"""Write results as a table: quotients, statuses, limits, reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import french
from ctgeval.indicators import definition, limits, uncertainty
from ctgeval.indicators.cells import (
    CONF_STATUS,
    FLAG,
    FLAGS,
    NO_VINTAGE,
    OBS_STATUS,
    REASON,
    REASONS,
    Bools,
    Cells,
    Floats,
    Ints,
)
from ctgeval.indicators.definition import Indicator
from ctgeval.indicators.field import MOST_SOURCES, Field
from ctgeval.observations import DIMENSIONS, WITHHELD, Bounded, ratio, share

__all__ = ["RESULT_COLUMNS", "assemble", "empty", "shown", "written"]

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


def empty() -> pd.DataFrame:
    """Return a table of results without any row."""
    columns = {name: np.array([]) if name in _FLOATS else pd.array([], dtype=_TEXT) for name in RESULT_COLUMNS}
    return _frame({**columns, "geography": pd.array([], dtype="Int64")})


def shown(results: pd.DataFrame) -> pd.Series[bool]:
    """Tell the rows of totals that have a value and are not withheld."""
    kept = np.isfinite(results["value"].to_numpy(dtype=np.float64, na_value=np.nan))
    kept &= ~results["conf_status"].isin(WITHHELD).to_numpy()
    for name in DIMENSIONS:
        if name in results:
            kept &= results[name].fillna("").eq("").to_numpy()
    return pd.Series(kept, index=results.index)


def assemble(
    item: Indicator,
    field: Field,
    columns: Ints,
    top: Cells,
    bottom: Cells | None,
    *,
    completeness: npt.NDArray[np.float64],
) -> pd.DataFrame:
    """Write the rows of one indicator.

    Parameters
    ----------
    item : Indicator
        The indicator.
    field : Field
        Territories, periods, sources.
    columns : ndarray of int64
        Periods of the axis that the rows are about.
    top, bottom : Cells, shape (territories, columns)
        Numerator and denominator.
    completeness : ndarray of float64, shape (territories, columns)
        Share of the communes that the figure covers.

    Returns
    -------
    DataFrame
        Columns `RESULT_COLUMNS`, texts as categories (see `written`).
    """
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
    obs = np.where(absent, OBS_STATUS.index("M"), merged.obs)
    told = (merged.conf < CONF_STATUS.index("D")) & (merged.source & field.unsampled == 0)
    ci_low, ci_high, small = _chance(item, field, value, top, bottom, told=told)
    merged = replace(merged, flags=merged.flags | np.where(small, FLAG["petit_effectif"], 0))
    return _frame(
        {
            "indicator": _repeat(item.id, value.size),
            "geo": _spread(tuple(field.geos), width, 1),
            "geography": _geography(merged.geography, absent, field.year),
            "time_period": _spread(tuple(field.axis[c].text for c in columns), 1, count),
            "unit": _repeat(item.unit, value.size),
            "value": value.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "ci_low": ci_low,
            "ci_high": ci_high,
            "numerator": (np.full(value.size, np.nan) if item.published else top.value.ravel()),
            "denominator": np.full(value.size, np.nan)
            if bottom is None
            else np.where(bottom.present, bottom.value, np.nan).ravel(),
            "n": bottom.value.ravel() if bottom is not None and item.nature == "part" else np.full(value.size, np.nan),
            "completeness": completeness.ravel(),
            "obs_status": _labels(obs, OBS_STATUS),
            "conf_status": _labels(np.where(absent, 0, merged.conf), CONF_STATUS),
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


def _chance(
    item: Indicator, field: Field, value: Floats, top: Cells, bottom: Cells | None, *, told: Bools
) -> tuple[Floats, Floats, Bools]:
    """Return the interval of each figure, flat, and which ones rest on small numbers; nothing but where told."""
    chance = uncertainty.law(item, field.measures)
    shown = np.isfinite(value) & told
    if not chance or not shown.any():
        return np.full(value.size, np.nan), np.full(value.size, np.nan), np.zeros(value.shape, dtype=np.bool_)
    base = None if bottom is None else bottom.bounded
    low, high = uncertainty.sampling_interval(chance, top.bounded, base, factor=item.factor)
    small = shown & uncertainty.is_small(chance, top.value, None if bottom is None else bottom.value)
    hidden = ~shown.ravel()
    low[hidden] = high[hidden] = np.nan
    return low, high, small


def _positive(values: Bounded) -> Bounded:
    return Bounded(np.maximum(values.value, 0.0), np.maximum(values.low, 0.0), np.maximum(values.high, 0.0))


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
    return pd.DataFrame({name: columns[name] for name in RESULT_COLUMNS}, copy=False)


def written(table: pd.DataFrame) -> pd.DataFrame:
    """Return results with their categories written out as texts."""
    coded = {name: table[name].array for name in RESULT_COLUMNS if isinstance(table[name].dtype, pd.CategoricalDtype)}
    return table.assign(**{name: _written(column) for name, column in coded.items()})


def _written(column: Any) -> Any:
    texts = pd.array(list(column.categories), dtype=_TEXT)
    return texts.take(column.codes.astype(np.int64)) if len(texts) > 1 else _alike(texts[0], len(column))


@lru_cache(maxsize=64)
def _alike(text: str, size: int) -> Any:
    # Arrays of texts never change: the columns of all indicators may share one.
    return pd.array([text], dtype=_TEXT).take(np.zeros(size, dtype=np.int64))


def _coded(codes: npt.NDArray[Any], texts: Iterable[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, pd.Index(list(texts), dtype=_TEXT), validate=False)


def _repeat(text: str, size: int) -> pd.Categorical:
    return _coded(np.zeros(size, dtype=np.int8), [text])


def _labels(ranks: Ints, names: Sequence[str]) -> pd.Categorical:
    return _texts([ranks], lambda rank: names[rank])


@lru_cache(maxsize=4)
def _spread(texts: tuple[str, ...], each: int, times: int) -> pd.Categorical:
    """Return each text several times in a row, and the whole several times."""
    return _coded(np.tile(np.repeat(np.arange(len(texts), dtype=np.int32), each), times), texts)


def _texts(keys: Sequence[npt.NDArray[Any]], write: Callable[..., str]) -> pd.Categorical:
    """Write one text per distinct combination of keys, and spread them on the rows."""
    flat = [key.ravel() for key in keys]
    size = len(flat[0])
    if not size:
        return _repeat("", 0)
    first = [key[0] for key in flat]
    varied = [key for rank, key in enumerate(flat) if (key != first[rank]).any()]
    if not varied:
        return _repeat(write(*map(int, first)), size)
    code = np.zeros(size, dtype=np.int64)
    for key in varied:
        inverse, uniques = pd.factorize(key)
        code = inverse if key is varied[0] else pd.factorize(code * len(uniques) + inverse)[0]
    at = np.zeros(int(code.max()) + 1, dtype=np.int64)
    at[code[::-1]] = np.arange(size - 1, -1, -1)
    texts = [write(*(int(key[row]) for key in flat)) for row in at]
    distinct = {text: rank for rank, text in enumerate(dict.fromkeys(texts))}
    codes = np.array([distinct[text] for text in texts], dtype=np.int32)[code]
    return _coded(codes, distinct)


def _geography(known: Ints, absent: npt.NDArray[np.bool_], year: int) -> Any:
    years = np.where(absent, year, known).ravel()
    return pd.arrays.IntegerArray(years, years == 0)


def _sources(bits: Ints, names: Sequence[str]) -> pd.Categorical:
    def write(mask: int) -> str:
        last = names[MOST_SOURCES - 1 :] if mask >> (MOST_SOURCES - 1) else []
        return limits.join([*(name for rank, name in enumerate(names[: MOST_SOURCES - 1]) if mask >> rank & 1), *last])

    return _texts([bits], write)


def _limits(item: Indicator, field: Field, merged: Cells, absent: npt.NDArray[np.bool_]) -> pd.Categorical:
    foreign = (merged.geography > 0) & (merged.geography != field.year) & field.grouped[:, None]
    other = np.where(foreign, merged.geography, 0)
    flags = merged.flags | np.where(merged.obs == OBS_STATUS.index("P"), FLAG["provisoire"], 0)
    flags |= np.where(merged.obs == OBS_STATUS.index("E"), FLAG["estime"], 0)

    def write(flag: int, geography: int, vintage: int, missing: int) -> str:
        if missing:
            return ""
        found = [*item.limits, *(name for rank, name in enumerate(FLAGS) if flag >> rank & 1)]
        if geography:
            found.append(f"geographie:{geography}")
        if vintage < NO_VINTAGE:
            found.append(f"denominateur:{vintage}")
        return limits.join(found)

    return _texts([flags, other, merged.vintage, absent.astype(np.int64)], write)


def _reasons(
    item: Indicator,
    field: Field,
    reason: Ints,
    completeness: npt.NDArray[np.float64],
    shape: tuple[int, ...],
) -> pd.Categorical:
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
