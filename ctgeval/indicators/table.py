"""Write results as a table: quotients, statuses, limits, reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import french
from ctgeval.indicators import definition, limits
from ctgeval.indicators.cells import CONF_STATUS, FLAG, FLAGS, NO_VINTAGE, OBS_STATUS, REASON, REASONS, Cells, Ints
from ctgeval.indicators.definition import Indicator
from ctgeval.indicators.field import MOST_SOURCES, Field
from ctgeval.observations import DIMENSIONS, Bounded, ratio, share

__all__ = ["RESULT_COLUMNS", "assemble", "empty"]

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
    return _frame({name: np.array([]) if name in _FLOATS else pd.array([], dtype=_TEXT) for name in RESULT_COLUMNS})


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
        Columns `RESULT_COLUMNS`.
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
    table = pd.DataFrame({name: columns[name] for name in RESULT_COLUMNS})
    return table.astype({"geography": "Int64"} | dict.fromkeys(_FLOATS, np.float64))


def _repeat(text: str, size: int) -> Any:
    return pd.array([text], dtype=_TEXT).take(np.zeros(size, dtype=np.int64))


def _labels(ranks: Ints, names: Sequence[str]) -> Any:
    return pd.array(list(names), dtype=_TEXT).take(ranks.ravel())


def _texts(keys: Sequence[Ints], write: Callable[..., str]) -> Any:
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
        last = names[MOST_SOURCES - 1 :] if mask >> (MOST_SOURCES - 1) else []
        return limits.join([*(name for rank, name in enumerate(names[: MOST_SOURCES - 1]) if mask >> rank & 1), *last])

    return _texts([bits], write)


def _limits(item: Indicator, field: Field, merged: Cells, absent: npt.NDArray[np.bool_]) -> Any:
    level = np.array([geo.startswith(("EPCI-", "GRP-")) for geo in field.geos], dtype=np.int64)
    other = np.where(
        (merged.geography > 0) & (merged.geography != field.year) & (level > 0)[:, None], merged.geography, 0
    )
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
