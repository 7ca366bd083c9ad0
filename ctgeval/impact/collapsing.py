"""One number per unit from a panel with a single date: its figures after, less what its figures before let expect."""

from __future__ import annotations

import numpy as np

from ctgeval.errors import DesignError
from ctgeval.impact.panel import Bools, Floats, Panel

__all__ = ["collapsed_outcome"]


def collapsed_outcome(panel: Panel, *, detrend: bool = False) -> Floats:
    """Mean of each unit after the date, less what its own figures before let expect.

    Parameters
    ----------
    panel : Panel
        With a single date of treatment.
    detrend : bool
        Expect the unit's own line over the periods before, instead of its mean.

    Returns
    -------
    ndarray of float64, shape (N,)
        For `Contrast.from_units`.

    Raises
    ------
    DesignError
        When dates differ, or a unit has too few observed periods (one before, two with a trend, one after).

    References
    ----------
    Lee and Wooldridge (2025), procedures 2.1 (demeaning) and 3.1 (detrending).
    """
    if not panel.single_date:
        raise DesignError(
            f"{len(panel.cohorts)} dates de traitement : une évolution par territoire n’a de sens que pour une seule.",
            remedy="Estimez chaque date à part, ou utilisez Contrast.from_panel.",
        )
    date = int(panel.cohorts[0])
    seen, after = panel.observed, np.arange(panel.n_periods) >= date
    pre, post = seen & ~after, seen & after
    needed = 2 if detrend else 1
    short = np.flatnonzero((pre.sum(axis=1) < needed) | ~post.any(axis=1))
    if len(short):
        raise DesignError(
            f"Trop peu de périodes connues pour {', '.join(panel.name(int(i)) for i in short[:5])}"
            f"{' et d’autres' if len(short) > 5 else ''} : il en faut {needed} avant et 1 après.",
            value=str(len(short)),
            remedy="Complétez ces territoires, ou retirez-les (panel.drop).",
        )
    level = np.where(seen, panel.outcome, 0.0)
    before, later = _mean(level, pre), _mean(level, post)
    change = later - before
    if not detrend:
        return change
    time = np.broadcast_to(panel.times - panel.times[0], level.shape)
    t_before, t_later = _mean(time, pre), _mean(time, post)
    gap = np.where(pre, time - t_before[:, None], 0.0)
    slope = (gap * level).sum(axis=1) / (gap * gap).sum(axis=1)
    return np.asarray(change - slope * (t_later - t_before))


def _mean(values: Floats, chosen: Bools) -> Floats:
    return np.asarray(np.where(chosen, values, 0.0).sum(axis=1) / chosen.sum(axis=1))
