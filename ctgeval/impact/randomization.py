"""Randomization inference: where an estimate stands among those that the treatment elsewhere would have given."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ctgeval.errors import DesignError
from ctgeval.impact.assignments import Assignments, assignments
from ctgeval.impact.contrast import Contrast
from ctgeval.impact.extremes import Alternative, Extremes, inverted
from ctgeval.impact.moments import moments
from ctgeval.impact.result import Interval
from ctgeval.impact.tested import Tested

__all__ = ["randomization"]


def randomization(
    contrast: Contrast,
    *,
    statistic: Literal["t", "coefficient"] = "t",
    alternative: Alternative = "two-sided",
    level: float = 0.95,
    draws: int = 9_999,
    seed: int = 0,
    limit: int = 20_000,
) -> Tested:
    """Test by moving the treatment to other units, or other clusters, of the same stratum.

    The p-value is the share of the assignments, the real one among them, whose statistic is at least as far from zero;
    it is exact when the treatment was assigned at random, or when units differ by chance only. The interval holds the
    effects that the test does not reject when they are taken out of the treated.

    Parameters
    ----------
    contrast : Contrast
    statistic : {"t", "coefficient"}
        The estimate over its cluster-robust standard error (see `ctgeval.impact.moments.moments`), which withstands
        unequal variances better, or the estimate itself.
    alternative : {"two-sided", "greater", "less"}
    level : float
        Of confidence.
    draws : int
        Assignments drawn, without replacement, besides the real one, when there are more than ``limit``.
    seed : int
    limit : int
        All assignments are enumerated up to so many.

    Returns
    -------
    Tested
        Its standard error is the spread of the estimate over the assignments, once the estimated effect is taken out.

    Raises
    ------
    DesignError
        When the statistic or the alternative does not exist, or a cluster stands in several strata.

    References
    ----------
    MacKinnon, J. and Webb, M. (2020), Randomization inference for difference-in-differences with few treated clusters,
    Journal of Econometrics 218(2), 435-450. Rosenbaum, P. (2002), Observational Studies, ch. 2 (inversion).
    """
    if statistic not in {"t", "coefficient"} or alternative not in {"two-sided", "greater", "less"}:
        raise DesignError(
            f"Il n’y a pas de permutation « {statistic}, {alternative} ».",
            value=f"{statistic}, {alternative}",
            remedy="Choisissez statistic parmi t, coefficient et alternative parmi two-sided, greater, less.",
        )
    drawn = assignments(
        contrast.rows,
        clusters=contrast.clusters if contrast.clustered else None,
        strata=contrast.strata,
        limit=limit,
        draws=draws,
        seed=seed,
    )
    found = moments(contrast, drawn, variance=statistic == "t")
    side = Extremes(found, drawn.observed, alternative, studentised=statistic == "t")
    law = side.statistics(0.0)
    p_value = float(side.extreme(0.0).mean())
    estimate = contrast.estimate
    std_error = float(np.sqrt(np.mean((found.a - estimate * found.c) ** 2)))
    minimum = _minimum(drawn, alternative)
    alpha = 1 - level
    if minimum > alpha:
        interval = Interval(-np.inf, np.inf)
    elif statistic == "coefficient" and side.simple:
        interval = side.ends(alpha)
    else:
        interval = inverted(side, estimate, std_error, alpha, alternative)
    return Tested(
        code="permutation" if statistic == "t" else "permutation_coefficient",
        p_value=p_value,
        std_error=std_error,
        interval=interval,
        minimum_p=minimum,
        reference=law,
        p_at=side.p_at,
        note=_note(drawn, grouped=contrast.clustered),
    )


def _minimum(drawn: Assignments, alternative: Alternative) -> float:
    """Smallest attainable p-value: with as many treated as not, an assignment and its mirror are equally extreme."""
    mirrored = alternative == "two-sided" and drawn.halves
    return max((2 if mirrored else 1) / drawn.count, 1 / drawn.size)


def _note(drawn: Assignments, *, grouped: bool) -> str:
    what = "groupes" if grouped else "territoires"
    if drawn.count == 1:
        return f"L’action n’aurait pu se trouver nulle part ailleurs : aucune permutation des {what} n’est possible."
    if drawn.enumerated:
        return f"L’action est déplacée sur les autres {what}, de toutes les façons possibles ({drawn.count})."
    return f"L’action est déplacée au hasard sur les autres {what}, de {drawn.size - 1} façons différentes."
