"""Say of an absent figure that the source gives it for another ground: same code, another commune."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ctgeval.indicators import definition
from ctgeval.indicators.definition import Indicator

__all__ = ["elsewhere", "explained"]


def explained(results: pd.DataFrame, left_out: pd.DataFrame, catalogue: Mapping[str, Indicator]) -> pd.DataFrame:
    """Return results in which a figure that was left out of the perimeter is not told as absent from the source.

    Parameters
    ----------
    results : DataFrame
        Rows of `ctgeval.indicators.compute`.
    left_out : DataFrame
        ``measure, geo, time_period`` of the observations that can't be put on the perimeter.
    catalogue : mapping of str to Indicator
        For the measures of each indicator.
    """
    if left_out.empty or results.empty:
        return results
    sentences = definition.reasons()
    silent = results["value"].isna() & results["reason"].isin([sentences["absent"], sentences["absent_membres"]])
    cells = results.loc[silent, ["indicator", "geo", "time_period"]]
    moved = {name: elsewhere(left_out, catalogue[name]) for name in cells["indicator"].unique()}
    hit = [(geo, period) in moved[name] for name, geo, period in cells.itertuples(index=False, name=None)]
    if not any(hit):
        return results
    reason = results["reason"].copy()
    reason.loc[cells.index[hit]] = sentences["autre_commune"]
    return results.assign(reason=reason)


def elsewhere(left_out: pd.DataFrame, item: Indicator) -> frozenset[tuple[str, str]]:
    """Return the territories and periods of which a measure of an indicator was left out of the perimeter."""
    rows = left_out[left_out["measure"].isin(item.measures)]
    return frozenset(zip(rows["geo"].tolist(), rows["time_period"].tolist(), strict=True))
