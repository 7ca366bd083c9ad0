"""Give a territory back the exact figure of a commune that was split inside it: nothing was lost, only shared out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ctgeval.indicators.cells import OBS_STATUS, Cells, Ints

__all__ = ["whole_again"]

_ESTIMATED = OBS_STATUS.index("E")


def whole_again(pooled: Cells, cells: Cells, member: Ints, group: Ints, keep: npt.NDArray[np.bool_]) -> Cells:
    """Return sums over communes in which the parts of a commune that was split inside the territory are exact together.

    Each part is an estimate between nothing and the whole; when their values add up to that common upper bound, all of
    them are in the sum, and what is known of the whole stands for what is known of each: it is no estimate.

    Parameters
    ----------
    pooled : Cells, shape (groups, periods)
        The sums.
    cells : Cells, shape (communes, periods)
        What was summed.
    member, group : ndarray of int64, shape (pairs,)
        Row of a member, and its group.
    keep : ndarray of bool, shape (communes, periods)
        Cells that were summed.
    """
    parts = keep & (cells.obs == _ESTIMATED) & (cells.low == 0) & (cells.high > cells.value) & np.isfinite(cells.high)
    if not parts.any():
        return pooled
    shared: dict[tuple[int, int, float], list[int]] = defaultdict(list)
    for pair in np.flatnonzero(parts[member].any(axis=1)).tolist():
        row = int(member[pair])
        for column in np.flatnonzero(parts[row]).tolist():
            shared[int(group[pair]), column, float(cells.high[row, column])].append(row)
    low, high, obs = pooled.low.copy(), pooled.high.copy(), pooled.obs.copy()
    whole: dict[tuple[int, int], list[int]] = defaultdict(list)
    for (rank, column, most), rows in shared.items():
        total = float(cells.value[rows, column].sum())
        if len(rows) > 1 and np.isclose(total, most, rtol=1e-12, atol=1e-9):
            low[rank, column] += most
            high[rank, column] -= (len(rows) - 1) * most
            whole[rank, column] += rows
            inside = np.setdiff1d(member[group == rank], whole[rank, column])
            obs[rank, column] = cells.obs[inside, column][keep[inside, column]].max(initial=0)
    # The last bits of two sums may differ: the value stays inside.
    return replace(pooled, low=np.fmin(low, pooled.value), high=np.fmax(high, pooled.value), obs=obs)
