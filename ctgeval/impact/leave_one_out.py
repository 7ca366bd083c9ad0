"""What becomes of a two-way estimate when one comparator is left out, for all of them at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctgeval.impact.absorbed import Cohort
from ctgeval.impact.panel import Floats
from ctgeval.impact.projection import pseudo_inverse
from ctgeval.impact.twoway import Fit

__all__ = ["MOST_CONTROLS", "leave_one_out"]

MOST_CONTROLS = 2_000
"""Comparators above which none can weigh anything: nothing is computed."""

_BLOCK = 2_000_000


def leave_one_out(fit: Fit, coefficient: int = 0) -> pd.DataFrame:
    """Estimate a coefficient without each of the units that are never treated.

    Exact: the unit is taken out of the normal equations, not approximated.

    Parameters
    ----------
    fit : Fit
    coefficient : int
        Number of the coefficient among the regressors.

    Returns
    -------
    DataFrame
        ``unit`` (left out), ``estimate``; empty with fewer than 2 comparators or more than 2,000; NaN where nothing is
        left to tell the effect from.
    """
    panel, controls = fit.data.panel, fit.data.cohorts[-1]
    if not 2 <= len(controls.rows) <= MOST_CONTROLS:
        return pd.DataFrame({"unit": [], "estimate": []})
    place = fit.n_periods + coefficient
    estimates = _plain(fit, controls, place) if fit.data.plain else _blocks(fit, controls, place)
    return pd.DataFrame({"unit": [panel.units[i] for i in controls.rows], "estimate": estimates})


def _plain(fit: Fit, controls: Cohort, place: int) -> Floats:
    """Every unit takes the same matrix away: one inverse for all."""
    design = fit.designs[-1] - fit.designs[-1].mean(axis=0)
    gram = fit.gram - design.T @ design
    inverse, _ = pseudo_inverse(gram, np.diagonal(fit.gram))
    if abs(float(inverse[place] @ gram[:, place]) - 1) > 1e-6:
        return np.full(len(controls.rows), np.nan)
    inside = controls.outcome - controls.outcome.mean(axis=1, keepdims=True)
    return np.asarray((fit.moment - inside @ design) @ inverse[place])


def _blocks(fit: Fit, controls: Cohort, place: int) -> Floats:
    size = len(fit.gram)
    step = max(1, _BLOCK // (size * max(size, fit.n_periods)))
    found = [_block(fit, controls, place, slice(i, i + step)) for i in range(0, len(controls.rows), step)]
    return np.concatenate(found)


def _block(fit: Fit, controls: Cohort, place: int, block: slice) -> Floats:
    rows, dense = controls.rows[block], controls.dense[block]
    if controls.weights is None:
        weights = np.ones((len(rows), fit.n_periods))
        shares = np.broadcast_to(controls.shares, weights.shape)
    else:
        weights, shares = controls.weights[block], controls.shares[block]
    design = fit.designs[-1]
    inside = design[None] - np.einsum("it,tq->iq", shares, design)[:, None, :]
    full = np.concatenate([inside, dense], axis=2)
    weighted = full * weights[:, :, None]
    gram = fit.gram - np.matmul(weighted.transpose(0, 2, 1), full)
    moment = fit.moment - np.einsum("itq,it->iq", weighted, controls.outcome[block])
    # The level of the period effects is free: the first of them is held at 0.
    gram, moment, place = gram[:, 1:, 1:], moment[:, 1:], place - 1
    unit = np.zeros_like(moment)
    unit[:, place] = 1.0
    sides = np.stack([moment, unit], axis=2)
    try:
        solved = np.linalg.solve(gram, sides)
    except np.linalg.LinAlgError:
        solved = np.matmul(np.linalg.pinv(gram, rcond=1e-11, hermitian=True), sides)
    back = np.einsum("iq,iq->i", gram[:, place], solved[:, :, 1])
    spread = solved[:, place, 1] / fit.inverse[place + 1, place + 1]
    sound = (np.abs(back - 1) < 1e-6) & (spread > 0) & (spread < 1e6)
    return np.asarray(np.where(sound, solved[:, place, 0], np.nan))
