"""Share out the rows of communes that were split, when the measure allows it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import measures as declared
from ctgeval.measures import Measure
from ctgeval.territory import refusals
from ctgeval.territory.reference import Reference

__all__ = ["apportion", "share_out"]

Floats = npt.NDArray[np.float64]

# Multiples of 2^-20 below 2^32 add up exactly, in any order, with one another and with counts.
_GRAIN = 2.0**-20
_SMALL = 2.0**32


def share_out(
    rows: pd.DataFrame,
    parts: Mapping[tuple[int, str], tuple[tuple[str, float], ...]],
    known: Reference,
    measures: Mapping[str, Measure] | None = None,
) -> tuple[pd.DataFrame, list[refusals.Refusal]]:
    """Return one row for each fact and each commune that a split commune became.

    The value is an estimate (``E``) by the share of each, and the sum of the parts is the value that was shared out, to
    the last bit. The bounds are what is known: a part is between nothing and the whole.

    Parameters
    ----------
    rows : DataFrame
        Observations of communes that were split.
    parts : mapping
        Codes after, with their shares, by geography and code before.
    known : Reference
        For the names.
    measures : mapping, optional
        Declared measures.

    Returns
    -------
    DataFrame, list of Refusal
        The rows, with their code after and the index of the row they come from; and why others were left out.

    Raises
    ------
    UnknownMeasure
        When a measure is not declared.
    """
    kinds = {name: declared.get(name, measures=measures) for name in sorted(rows["measure"].unique())}
    additive = rows["measure"].map({name: kind.additive_over_places for name, kind in kinds.items()}).astype(bool)
    found = refusals.not_shared(rows[~additive], parts, known, kinds)
    kept = rows[additive]
    pieces: list[pd.DataFrame] = []
    pairs = kept[["geography", "geo"]].drop_duplicates()
    for geography, geo in zip(pairs["geography"].astype(int).tolist(), pairs["geo"].tolist(), strict=True):
        group = kept[kept["geography"].eq(geography) & kept["geo"].eq(geo)]
        codes, shares = zip(*parts[geography, geo], strict=True)
        cents = group["measure"].map({name: kind.kind == "amount" for name, kind in kinds.items()})
        values = apportion(group["value"].to_numpy(np.float64), np.array(shares), cents=cents.to_numpy(dtype=bool))
        low = np.minimum(group["low"].to_numpy(np.float64), 0.0)
        high = np.maximum(group["high"].to_numpy(np.float64), 0.0)
        status = group["obs_status"].mask(group["value"].notna(), "E")
        pieces += [
            group.assign(geo=code, value=value, low=low, high=high, obs_status=status)
            for code, value in zip(codes, values.T, strict=True)
        ]
    return (pd.concat(pieces) if pieces else kept.iloc[:0]), found


def apportion(values: Floats, shares: Floats, *, cents: npt.NDArray[np.bool_] | bool = False) -> Floats:
    """Share out values so that the sum of the parts is the value, in any order.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        What is shared out; NaN gives NaN.
    shares : ndarray of float64, shape (k,)
        Not negative; their sum is 1.
    cents : ndarray of bool, shape (n,), or bool
        Where each part is a whole number of cents.

    Returns
    -------
    ndarray of float64, shape (n, k)
        The part of the largest share takes what rounding leaves.
    """
    whole = values[:, None]
    exact = whole * shares
    grain = np.where(np.abs(whole) < _SMALL, _GRAIN, np.spacing(np.abs(whole)))
    rounded = np.where(
        np.broadcast_to(cents, values.shape)[:, None], np.round(exact, 2), np.round(exact / grain) * grain
    )
    largest = int(np.argmax(shares))
    rest = values - np.delete(rounded, largest, axis=1).sum(axis=1)
    rounded[:, largest] = np.where(cents, np.round(rest, 2), rest)
    return np.asarray(rounded, dtype=np.float64)
