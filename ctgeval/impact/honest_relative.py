"""Effects when parallel trends fail after treatment by at most so many times what they failed by before.

References
----------
Rambachan, A. and Roth, J. (2023), A More Credible Approach to Parallel Trends, Review of Economic Studies 90(5),
section 2.4.1 (relative magnitudes) and footnote 9 (as a union of polyhedra).
"""

from __future__ import annotations

import numpy as np

from ctgeval.impact.least_favourable import Family, confidence_set, vertices
from ctgeval.impact.panel import Floats
from ctgeval.impact.result import Interval

__all__ = ["changes", "pair_norms", "relative_interval", "relative_system", "standardised"]


def relative_interval(
    coefficients: Floats,
    covariance: Floats,
    *,
    n_pre: int,
    target: Floats,
    value: float,
    alpha: float = 0.05,
    kappa: float | None = None,
) -> Interval:
    """Bound the effect when no change of the gap between two periods is above ``value`` times the largest one before.

    Parameters
    ----------
    coefficients : ndarray of float64, shape (n_pre + T,)
        Gaps before and after treatment, in order of time; the reference, between them, is left out.
    covariance : ndarray of float64, shape (n_pre + T, n_pre + T)
    n_pre : int
    target : ndarray of float64, shape (T,)
        The effect is this combination of those after treatment.
    value : float
        M-bar: 0 for parallel trends after treatment, 1 for failures as large as before.
    alpha : float
    kappa : float, optional
        Level of the least favourable step, ``alpha / 10`` by default.

    Notes
    -----
    Only inequalities on changes after treatment are tested, however many periods there are: the interval then widens
    with ``value``. The reference implementation adds those before treatment when there is a single period after.
    """
    family = relative_system(coefficients, covariance, n_pre=n_pre, target=target, value=value)
    return confidence_set(family, alpha=alpha, kappa=alpha / 10 if kappa is None else kappa)


def relative_system(coefficients: Floats, covariance: Floats, *, n_pre: int, target: Floats, value: float) -> Family:
    """Write the restriction as one system of inequalities for each place and sign of the largest change before."""
    steps = changes(n_pre, len(target))
    before, after = steps[:n_pre], steps[n_pre:]
    largest = np.concatenate([before, -before])
    positive = after[None] - value * largest[:, None]
    negative = -after[None] - value * largest[:, None]
    # The sum of these multiples of the changes after treatment is the target.
    path = np.cumsum(target[::-1])[::-1]
    n_post = len(target)
    combinations, subtracted, slopes = vertices(positive, negative, np.zeros(n_post), path)
    rows = np.concatenate([positive, negative], axis=1)
    size = np.sqrt(np.maximum(np.einsum("crq,qk,crk->cr", rows, covariance, rows), 0.0))
    norm = pair_norms(size[:, :n_post], size[:, n_post:], path)
    family = Family(intercepts=-subtracted / norm, slopes=slopes / norm, covariance=covariance)
    return standardised(family, combinations / norm[:, :, None], coefficients)


def changes(n_pre: int, n_post: int) -> Floats:
    """Change from each period to the next as combinations of the coefficients, the reference being 0."""
    total = n_pre + n_post
    levels = np.insert(np.eye(total), n_pre, 0.0, axis=0)
    return np.diff(levels, axis=0)


def standardised(bounds: Family, combinations: Floats, coefficients: Floats) -> Family:
    """Put estimates in inequalities.

    Parameters
    ----------
    bounds : Family
        With what the bounds take away as intercepts, and the covariance of the coefficients.
    combinations : ndarray of float64, shape (C, p, q)
        Of the coefficients.
    coefficients : ndarray of float64, shape (q,)
    """
    return Family(
        intercepts=combinations @ coefficients + bounds.intercepts,
        slopes=bounds.slopes,
        covariance=combinations @ bounds.covariance @ combinations.transpose(0, 2, 1),
    )


def pair_norms(positive: Floats, negative: Floats, path: Floats) -> Floats:
    """Sum of the standard errors of the inequalities that each combination of `vertices` is made of."""
    up, down = np.maximum(path, 0), np.maximum(-path, 0)
    lower, upper = positive @ up + negative @ down, negative @ up + positive @ down
    return np.concatenate([lower[:, None], upper[:, None], positive + negative], axis=1)
