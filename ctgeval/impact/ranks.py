"""Rank tests: signed ranks of paired changes, rank sums of two groups, with their Hodges-Lehmann shifts.

References
----------
Wilcoxon, F. (1945), Biometrics Bulletin 1; Mann, H. and Whitney, D. (1947), Annals of Mathematical Statistics 18;
Hodges, J. and Lehmann, E. (1963), Annals of Mathematical Statistics 34; Hollander, M. and Wolfe, D. (1999),
Nonparametric Statistical Methods, chapters 3 and 4 (ties, zeros and continuity).
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np

from ctgeval.impact.distributions import normal_cdf
from ctgeval.impact.inversion import confidence_set
from ctgeval.impact.panel import Floats, Ints
from ctgeval.impact.result import NO_INTERVAL
from ctgeval.impact.survey_test import SurveyTest

__all__ = ["midranks", "rank_sum", "signed_rank", "signed_rank_p"]

EXACT_BELOW = 50
"""Persons under which the law without ties is exact (as in R)."""
_EXACT_WITH_TIES = 200
_PAIRS_HELD = 4_000_000


def midranks(values: Floats) -> Floats:
    """Ranks from 1, the mean rank for ties."""
    return _ranked(values)[0]


def _ranked(values: Floats) -> tuple[Floats, Floats]:
    """Ranks, the mean one for ties, and how many share each; written for short arrays, ranked by the thousand."""
    order = values.argsort(kind="stable")
    ordered = values[order]
    new = np.ones(len(values), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    first = np.flatnonzero(new)
    count = np.diff(first, append=len(values)).astype(np.float64)
    ranks = np.empty(len(values))
    ranks[order] = (first + (count + 1) / 2)[new.cumsum() - 1]
    return ranks, count


def _law_of_signs(doubled: Ints) -> Floats:
    """Law of twice the sum of the positive ranks when each sign is a toss, by convolution; ties stay as they are."""
    law = np.ones(1)
    for rank in doubled:
        longer = np.zeros(len(law) + int(rank))
        longer[: len(law)] = law
        longer[int(rank) :] += law
        law = longer / 2
    return law


def _two_sided(law: Floats, place: int) -> float:
    return float(min(1.0, 2 * min(law[: place + 1].sum(), law[place:].sum())))


def signed_rank_p(changes: Floats, *, exact: bool) -> tuple[float, float]:
    """Sum of the positive ranks and two-sided p-value of no change.

    Parameters
    ----------
    changes : ndarray of float64, shape (n,)
        Zeros are left out, as Wilcoxon does.
    exact : bool
        By enumeration of the signs, ties included; otherwise normal, with the corrections for ties and continuity.
    """
    moved = changes[changes != 0]
    n = len(moved)
    if not n:
        return 0.0, 1.0
    ranks, ties = _ranked(np.abs(moved))
    positive = float(ranks[moved > 0].sum())
    if exact:
        return positive, _two_sided(_law_of_signs(np.rint(2 * ranks).astype(np.intp)), round(2 * positive))
    variance = n * (n + 1) * (2 * n + 1) / 24 - float((ties**3 - ties).sum()) / 48
    return positive, _normal_p(positive - n * (n + 1) / 4, variance)


def _normal_p(gap: float, variance: float) -> float:
    if not variance > 0:
        return 1.0
    z = (gap - 0.5 * np.sign(gap)) / np.sqrt(variance)
    return float(min(1.0, 2 * normal_cdf(-abs(z))))


def _plain(values: Floats) -> bool:
    return bool((values != 0).all()) and len(np.unique(np.abs(values))) == len(values)


def signed_rank(changes: Floats, *, level: float, exact: bool | None = None) -> SurveyTest:
    """Test that paired changes are symmetric about zero (Wilcoxon 1945).

    Parameters
    ----------
    changes : ndarray of float64, shape (n,)
        After less before.
    level : float
    exact : bool, optional
        By default as R: exact under 50 changes without ties or zeros, normal otherwise. True enumerates the signs, ties
        included, up to 200 changes.

    Returns
    -------
    SurveyTest
        Its estimate is the pseudo-median (the median of the means of all pairs of changes), its statistic V.
    """
    moved = int((changes != 0).sum())
    by_law = (len(changes) < EXACT_BELOW and _plain(changes)) if exact is None else exact and moved <= _EXACT_WITH_TIES
    statistic, p_value = signed_rank_p(changes, exact=by_law)
    centre = _pseudo_median(changes)
    spread = float(np.ptp(changes))
    code = "wilcoxon" if exact is None else "wilcoxon_exact"
    interval = NO_INTERVAL
    if spread > 0:
        # Away from the observed ties a shifted sample has none: the law without ties is then the right one.
        plain_law = _law_of_signs(2 * np.arange(1, len(changes) + 1)) if by_law else None

        def p_at(shifts: Floats) -> Floats:
            return np.array([_shifted_p(changes - shift, plain_law) for shift in shifts])

        interval = confidence_set(p_at, centre, spread, level=level, minimum_p=2.0 ** (1 - len(changes)))
    return SurveyTest(
        code=code,
        name="rangs signés de Wilcoxon" + (" (exact)" if by_law else " (approché)"),
        estimate=centre,
        p_value=p_value,
        interval=interval,
        statistic=statistic,
        minimum_p=min(1.0, 2.0 ** (1 - moved)),
    )


def _shifted_p(shifted: Floats, law: Floats | None) -> float:
    if law is None:
        return signed_rank_p(shifted, exact=False)[1]
    ranks, count = _ranked(np.abs(shifted))
    if len(count) < len(shifted) or not shifted.all():
        return signed_rank_p(shifted, exact=True)[1]
    return _two_sided(law, 2 * round(ranks[shifted > 0].sum()))


def _pseudo_median(changes: Floats) -> float:
    n = len(changes)
    if n * (n + 1) // 2 <= _PAIRS_HELD:
        first, second = np.triu_indices(n)
        return float(np.median((changes[first] + changes[second]) / 2))
    half = n * (n + 1) / 4

    def gap(shift: float) -> float:
        ranks = midranks(np.abs(changes - shift))
        return float(ranks[changes > shift].sum()) - half

    return _root(gap, float(changes.min()), float(changes.max()))


def _root(gap: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(60):
        middle = (low + high) / 2
        if gap(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def rank_sum(before: Floats, after: Floats, *, level: float) -> SurveyTest:
    """Test that two groups have the same law (Mann-Whitney); exact under 50 in each group without ties, as in R.

    Returns
    -------
    SurveyTest
        Its estimate is the median of the differences of all pairs; its statistic U, pairs where ``after`` is above.
    """
    n1, n0 = len(after), len(before)
    both = np.concatenate([after, before])
    ties = len(np.unique(both)) < len(both)
    law = None if ties or max(n1, n0) >= EXACT_BELOW else _law_of_rank_sum(n1, n0)
    statistic, p_value = _rank_sum_p(before, after, law)
    centre = _shift(before, after)
    spread = float(np.ptp(both))
    interval = NO_INTERVAL
    if spread > 0:

        def p_at(shifts: Floats) -> Floats:
            return np.array([_rank_sum_p(before, after - shift, law)[1] for shift in shifts])

        interval = confidence_set(p_at, centre, spread, level=level, minimum_p=2 / comb(n1 + n0, n1))
    return SurveyTest(
        code="mann_whitney",
        name="rangs de Mann-Whitney" + (" (exact)" if law is not None else " (approché)"),
        estimate=centre,
        p_value=p_value,
        interval=interval,
        statistic=statistic,
        minimum_p=min(1.0, 2 / comb(n1 + n0, n1)),
    )


def _law_of_rank_sum(n1: int, n0: int) -> Floats:
    """Law of U without ties: coefficients of the Gaussian binomial, over their sum."""
    law = np.zeros(n1 * n0 + 1)
    law[0] = 1.0
    for k in range(1, n1 + 1):
        # Times (1 - q^(n0 + k)) over (1 - q^k), degree by degree; in floats the sums stay exact enough for n < 50.
        law[n0 + k :] -= law[: -(n0 + k)].copy() if n0 + k <= n1 * n0 else 0.0
        for start in range(k):
            law[start::k] = np.cumsum(law[start::k])
    return np.asarray(law / law.sum())


def _rank_sum_p(before: Floats, after: Floats, law: Floats | None) -> tuple[float, float]:
    n1, n0 = len(after), len(before)
    ranks, count = _ranked(np.concatenate([after, before]))
    u = float(ranks[:n1].sum()) - n1 * (n1 + 1) / 2
    if law is not None and u == round(u):
        return u, _two_sided(law, int(u))
    n = n1 + n0
    variance = n1 * n0 / 12 * (n + 1 - float((count**3 - count).sum()) / (n * (n - 1)))
    return u, _normal_p(u - n1 * n0 / 2, variance)


def _shift(before: Floats, after: Floats) -> float:
    if len(before) * len(after) <= _PAIRS_HELD:
        return float(np.median(after[:, None] - before[None, :]))
    low, high = float(after.min() - before.max()), float(after.max() - before.min())
    ordered = np.sort(before)
    half = len(before) * len(after) / 2

    def gap(shift: float) -> float:
        return float(np.searchsorted(ordered, after - shift).sum()) - half

    return _root(gap, low, high)
