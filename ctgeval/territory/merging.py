"""Sum the rows of communes that merged, with their bounds, when the measure allows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import measures as declared, observations as obs
from ctgeval.measures import Measure
from ctgeval.observations import Bounded
from ctgeval.territory import refusals
from ctgeval.territory.reference import Reference

__all__ = ["merge"]

_WORST_FIRST = "CDSTNAF"

Texts = pd.api.extensions.ExtensionArray


def merge(
    rows: pd.DataFrame,
    target: npt.NDArray[np.object_],
    wholes: Mapping[tuple[int, str], tuple[str, ...]],
    known: Reference,
    measures: Mapping[str, Measure] | None = None,
) -> tuple[pd.DataFrame, list[refusals.Refusal]]:
    """Return one row for each merged commune and each fact, with the index of its first row.

    Parameters
    ----------
    rows : DataFrame
        Observations of communes, all of which merged.
    target : ndarray of str
        Code after of each row.
    wholes : mapping
        Codes before that make each merged commune, by geography and code after.
    known : Reference
        For the names.
    measures : mapping, optional
        Declared measures.

    Returns
    -------
    DataFrame, list of Refusal
        The sums, and why rows were left out: a measure that can't be summed, or a fact told twice.

    Raises
    ------
    UnknownMeasure
        When a measure is not declared.
    """
    if rows.empty:
        return rows, []
    index = rows.index
    rows = rows.reset_index(drop=True)
    after = pd.Series(target, dtype=rows["geo"].dtype)
    kinds = {name: declared.get(name, measures=measures) for name in sorted(rows["measure"].unique())}
    additive = rows["measure"].map({name: kind.additive_over_places for name, kind in kinds.items()}).astype(bool)
    found = refusals.not_additive(rows[~additive], after[~additive], wholes, known, kinds)
    merged, more = _merged(rows[additive], after[additive], wholes, kinds)
    merged.index = index[merged.index]
    return merged, [*found, *more]


def _merged(
    rows: pd.DataFrame,
    target: pd.Series[Any],
    wholes: Mapping[tuple[int, str], tuple[str, ...]],
    kinds: Mapping[str, Measure],
) -> tuple[pd.DataFrame, list[refusals.Refusal]]:
    found: list[refusals.Refusal] = []
    group = _groups(rows, target)
    twice = pd.DataFrame({"group": group, "geo": rows["geo"]}, index=rows.index).duplicated(keep=False)
    if twice.any():
        doubtful = group.isin(group[twice])
        found = refusals.told_twice(rows[doubtful], target[doubtful])
        rows, target, group = rows[~doubtful], target[~doubtful], group[~doubtful]
    if rows.empty:
        return rows, found
    return _sums(rows, target, pd.factorize(group)[0], wholes, kinds), found


def _groups(rows: pd.DataFrame, target: pd.Series[Any]) -> pd.Series[Any]:
    return rows.assign(geo=target).groupby(list(obs.KEY), sort=False).ngroup()


def _sums(
    rows: pd.DataFrame,
    target: pd.Series[Any],
    group: np.ndarray[Any, Any],
    wholes: Mapping[tuple[int, str], tuple[str, ...]],
    kinds: Mapping[str, Measure],
) -> pd.DataFrame:
    first = ~pd.Series(group, index=rows.index).duplicated()
    merged = rows[first].assign(geo=target[first])
    summed = obs.total(Bounded.of(rows), group)
    keys = zip(merged["geography"].astype(int).tolist(), merged["geo"].tolist(), strict=True)
    expected = np.array([len(wholes[key]) for key in keys])
    missing = (expected - np.bincount(group)).astype(np.float64)
    least, most = (
        merged["measure"].map({name: kind.possible[end] for name, kind in kinds.items()}).to_numpy(dtype=np.float64)
        for end in (0, 1)
    )
    whole = missing == 0
    with np.errstate(invalid="ignore"):
        low = np.where(whole, summed.low, summed.low + missing * least)
        high = np.where(whole, summed.high, summed.high + missing * most)
    value = np.where(whole, summed.value, np.nan)
    cents = merged["measure"].map({name: kind.kind == "amount" for name, kind in kinds.items()}).to_numpy(dtype=bool)
    value, low, high = (np.where(cents, np.round(array, 2), array) for array in (value, low, high))
    return merged.assign(
        value=value,
        low=low,
        high=high,
        obs_status=_observed(rows["obs_status"], group, np.isnan(value)),
        conf_status=_worst(rows["conf_status"], group),
        origin=_together(rows["origin"], group),
    )


def _together(column: pd.Series[Any], group: np.ndarray[Any, Any]) -> Texts:
    pieces: dict[int, dict[str, None]] = {}
    for code, text in zip(group.tolist(), column.tolist(), strict=True):
        pieces.setdefault(code, {}).setdefault(text)
    return _texts(" ; ".join(text for text in texts if text) for _, texts in sorted(pieces.items()))


def _worst(column: pd.Series[Any], group: np.ndarray[Any, Any]) -> Texts:
    rank = column.map({code: place for place, code in enumerate(_WORST_FIRST)}).astype(int)
    return _texts(_WORST_FIRST[place] for place in rank.groupby(group).min())


def _observed(column: pd.Series[Any], group: np.ndarray[Any, Any], missing: np.ndarray[Any, Any]) -> Texts:
    # SDMX: M missing, P provisional; any other mixture makes an estimate.
    first, distinct = column.groupby(group).first(), column.groupby(group).nunique()
    provisional = column.eq("P").groupby(group).any()
    mixed = np.where(provisional, "P", "E")
    return _texts(str(code) for code in np.where(missing, "M", np.where(distinct.eq(1), first, mixed)))


def _texts(texts: Iterable[str]) -> Texts:
    return pd.array(list(texts), dtype=pd.StringDtype(na_value=np.nan))
