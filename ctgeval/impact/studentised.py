"""Permutation of changes measured against each unit's own variability: no equal variances needed, nor populations.

A small commune varies more than a large one. Each unit's change is divided by the standard deviation of its own
figures around their mean before and around their mean after; when units differ only by the scale of their noise, these
ratios are exchangeable, so that their permutation holds its level with a single treated unit (measured in
``docs/impact_size.md``). The price is power when there are few periods.

References
----------
MacKinnon, J. and Webb, M. (2020), Randomization inference for difference-in-differences with few treated clusters,
Journal of Econometrics 218 (why a coefficient is not enough); Abadie, A., Diamond, A. and Hainmueller, J. (2010), JASA
105 (ratio of post- to pre-period errors as the statistic of a placebo test).
"""

from __future__ import annotations

import numpy as np

from ctgeval.impact.assignments import assignments
from ctgeval.impact.inversion import confidence_set
from ctgeval.impact.panel import Bools, Floats, Ints, Panel
from ctgeval.impact.result import Interval
from ctgeval.impact.tested import Tested

__all__ = ["studentised"]


def studentised(
    panel: Panel, *, level: float = 0.95, draws: int = 9_999, seed: int = 0, interval: Interval | None = None
) -> Tested | None:
    """Test no effect by permuting studentised changes.

    Parameters
    ----------
    panel : Panel
        Units are brought to their clusters (means) first.
    level : float
    draws : int
        Assignments drawn, without replacement, when there are more than 20,000.
    seed : int
    interval : Interval, optional
        Taken as it is instead of inverting the test.

    Returns
    -------
    Tested or None
        None when the periods are too few to know a unit's own variability (a single one before and a single one
        after).
    """
    outcome, start = _by_cluster(panel)
    n_periods = outcome.shape[1]
    cohorts = np.unique(start[start < n_periods])
    rows = np.where(start < n_periods, np.searchsorted(cohorts, start), len(cohorts))
    strata = None if panel.strata is None else panel.strata[np.unique(panel.clusters, return_index=True)[1]]
    seen = ~np.isnan(outcome)
    centred = np.where(seen, outcome - _column_means(outcome, seen), 0.0)
    effect = (np.arange(n_periods) >= start[:, None]) & seen
    parts = [_changes(centred, effect.astype(np.float64), seen, int(column)) for column in cohorts]
    if any(part is None for part in parts):
        return None
    drawn = assignments(rows, strata=strata, draws=draws, seed=seed)
    places, kinds = _treated_places(drawn.rows.astype(np.intp), len(cohorts))
    z0, z1, q0, q1, q2 = (np.stack([part[k] for part in parts if part is not None], axis=1) for k in range(5))

    treated_at = _indicator(places, kinds, q0.shape)

    def statistics(tau: Floats) -> Floats:
        effect = np.asarray(tau, dtype=np.float64)[:, None, None]
        spread = q0 + effect * q1 + effect * effect * q2
        ratio = (z0 - effect * z1) / np.sqrt(np.maximum(spread, 1e-12 * np.maximum(q0.mean(), 1e-300)))
        ratio = ratio - ratio.mean(axis=1, keepdims=True)
        return np.asarray(treated_at @ ratio.reshape(len(ratio), -1).T)

    def p_at(tau: Floats) -> Floats:
        law = np.abs(statistics(tau))
        return np.asarray((law >= law[drawn.observed] * (1 - 1e-9)).mean(axis=0))

    law = statistics(np.zeros(1))[:, 0]
    p_value = float(p_at(np.zeros(1))[0])
    minimum = 1 / len(law) if drawn.enumerated else 1 / drawn.rows.shape[0]
    if interval is None:
        treated = np.flatnonzero(rows < len(cohorts))
        centre = float((z0 - z0.mean(axis=0))[treated, rows[treated]].mean())
        scale = float(np.sqrt(q0[treated, rows[treated]].mean())) or 1.0
        interval = confidence_set(p_at, centre, scale, level=level, minimum_p=minimum)
    return Tested(
        code="studentised",
        p_value=p_value,
        std_error=float("nan"),
        interval=interval,
        minimum_p=minimum,
        reference=law,
        p_at=p_at,
        note="Chaque évolution est rapportée à la variabilité propre du territoire, puis l’action est déplacée sur "
        "tous les autres.",
    )


def _by_cluster(panel: Panel) -> tuple[Floats, Ints]:
    """Mean outcome and first treated column of each cluster of assignment."""
    if not panel.clustered:
        return panel.outcome, panel.start
    codes = np.unique(panel.clusters, return_inverse=True)[1]
    n = codes.max() + 1
    seen = panel.observed.astype(np.float64)
    total, count = np.zeros((n, panel.n_periods)), np.zeros((n, panel.n_periods))
    np.add.at(total, codes, np.where(panel.observed, panel.outcome, 0.0))
    np.add.at(count, codes, seen)
    start = np.full(n, panel.n_periods, dtype=np.intp)
    np.minimum.at(start, codes, panel.start)
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, total / np.maximum(count, 1), np.nan), start


def _column_means(outcome: Floats, seen: Bools) -> Floats:
    return np.asarray(np.where(seen, outcome, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1))


def _changes(
    centred: Floats, effect: Floats, seen: Bools, column: int
) -> tuple[Floats, Floats, Floats, Floats, Floats] | None:
    """Change of each unit at a date, and its own variance, as functions of an effect tau on the treated.

    The change is ``z0 - tau z1``; the variance ``q0 + tau q1 + tau² q2``.
    """
    after = np.arange(centred.shape[1]) >= column
    masks = [seen & ~after, seen & after]
    counts = [mask.sum(axis=1) for mask in masks]
    if not all((count > 0).all() for count in counts):
        return None
    freedom = counts[0] + counts[1] - 2
    if (freedom < 1).any():
        return None
    means_y = [(centred * mask).sum(axis=1) / count for mask, count in zip(masks, counts, strict=True)]
    means_d = [(effect * mask).sum(axis=1) / count for mask, count in zip(masks, counts, strict=True)]
    y = sum((centred - mean[:, None]) * mask for mean, mask in zip(means_y, masks, strict=True))
    d = sum((effect - mean[:, None]) * mask for mean, mask in zip(means_d, masks, strict=True))
    return (
        means_y[1] - means_y[0],
        means_d[1] - means_d[0],
        np.asarray((y * y).sum(axis=1) / freedom),
        np.asarray(-2 * (y * d).sum(axis=1) / freedom),
        np.asarray((d * d).sum(axis=1) / freedom),
    )


def _indicator(places: Ints, kinds: Ints, shape: tuple[int, ...]) -> Floats:
    """Return a 0/1 matrix, shape (B, N x K): which unit has which cohort under each assignment."""
    found = np.zeros((len(places), shape[0] * shape[1]))
    np.put_along_axis(found, places * shape[1] + kinds, 1.0, axis=1)
    return found


def _treated_places(rows: Ints, n_cohorts: int) -> tuple[Ints, Ints]:
    """Return the unit and the cohort of each treated place of each assignment, both of shape (B, n1)."""
    treated = rows < n_cohorts
    n1 = int(treated[0].sum())
    places = np.nonzero(treated)[1].reshape(len(rows), n1)
    return places, np.take_along_axis(rows, places, axis=1).astype(np.intp)
