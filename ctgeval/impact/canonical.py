"""Units in an order that is theirs, whatever they are called: draws then fall on the same units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ctgeval.impact.panel import Floats, Ints, Panel

__all__ = ["by_figures", "canonical"]


def canonical(panel: Panel) -> Panel:
    """Put units in the order of their figures, and number clusters and strata in that order.

    Assignments that are drawn depend on the places of units. Those of a panel follow codes, which say nothing: without
    this, calling a territory otherwise would move every p-value that is drawn.

    Parameters
    ----------
    panel : Panel
    """
    people = () if panel.population is None else (panel.population,)
    order = by_figures(panel.outcome, panel.start, *people)

    def moved(array: Any) -> Any:
        return None if array is None else array[order]

    return replace(
        panel,
        units=tuple(panel.units[i] for i in order),
        **{
            name: moved(getattr(panel, name))
            for name in ("outcome", "start", "treatment", "low", "high", "weights", "population", "covariates")
        },
        clusters=_numbered(panel.clusters[order]),
        strata=None if panel.strata is None else _numbered(panel.strata[order]),
    )


def by_figures(outcome: Floats, *others: npt.ArrayLike) -> Ints:
    """Order units by their first figure; by the next ones, then by ``others``, where it is the same."""
    first = outcome[:, 0]
    if (np.diff(np.sort(first)) > 0).all():
        return np.argsort(first).astype(np.intp)
    return np.lexsort([*reversed([np.asarray(other) for other in others]), *outcome.T[::-1]]).astype(np.intp)


def _numbered(codes: Ints) -> Ints:
    _, first, places = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[places.reshape(-1)])
