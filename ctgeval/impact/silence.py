"""Comparators that move as one: they say nothing of what chance can do to a territory that varies by itself."""

from __future__ import annotations

import numpy as np

from ctgeval.impact.panel import Bools, Floats, Panel

__all__ = ["silent_controls"]

_NEGLIGIBLE = 1e-6
_ROUNDING = 1e-9
_UNITS = 2_000


def silent_controls(panel: Panel) -> bool:
    """Tell whether comparators all move exactly alike while the treated varied before the action.

    A permutation would then call any variation of the treated an effect: copied or capped figures, rates that are zero
    everywhere. Treated that followed them exactly until the action are another matter, and so are large panels, where
    this can't happen by chance.

    Parameters
    ----------
    panel : Panel
    """
    if panel.n_units > _UNITS or not panel.n_treated or not panel.n_controls:
        return False
    off, on = ~panel.treated, panel.treated
    seen = panel.observed[off]
    inside = _from_own_mean(panel.outcome[off], seen)
    count = seen.sum(axis=0)
    path = inside.sum(axis=0) / np.maximum(count, 1)
    apart = np.where(seen, inside - path, 0.0)
    before = panel.observed[on] & ~panel.post[on] & (count > 0)
    own = _from_own_mean(panel.outcome[on] - path, before)
    noise, size = float(np.abs(own).max()), float(np.abs(np.where(panel.observed, panel.outcome, 0.0)).max())
    return noise > _ROUNDING * size and bool(np.abs(apart).max() <= _NEGLIGIBLE * noise)


def _from_own_mean(values: Floats, seen: Bools) -> Floats:
    kept = np.where(seen, values, 0.0)
    mean = kept.sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.where(seen, kept - mean, 0.0))
