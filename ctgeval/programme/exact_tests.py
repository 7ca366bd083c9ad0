"""Does a composition differ from a reference? Exact tests of counts against known shares.

References
----------
Read, T. and Cressie, N. (1988), Goodness-of-Fit Statistics for Discrete Multivariate Data, ch. 5 (exact multinomial
test, outcomes ranked by their probability); Davison, A. and Hinkley, D. (1997), Bootstrap Methods and their
Application, eq. 4.11 (p-value of simulated samples, never 0).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["DRAWS", "MOST_OUTCOMES", "Fit", "binomial", "multinomial"]

MOST_OUTCOMES = 20_000
"""Compositions that are enumerated; beyond, samples are drawn."""
DRAWS = 9_999
_TIE = 1e-7
_BLOCK = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A p-value, and how it was found.

    Parameters
    ----------
    p_value : float
        NaN when there is nothing to test.
    method : {"", "exact", "simulation"}
    outcomes : int
        Compositions that were enumerated, or samples that were drawn.
    """

    p_value: float
    method: str = ""
    outcomes: int = 0


def multinomial(counts: Sequence[float], shares: Sequence[float], *, seed: int = 0, draws: int = DRAWS) -> Fit:
    """Test whether counts may be a random sample of a population of known shares.

    The p-value is the probability of the compositions that are no more likely than the one observed: summed over all
    of them when they are at most `MOST_OUTCOMES`, estimated on seeded samples otherwise.

    Parameters
    ----------
    counts : sequence of float, shape (K,)
        Whole numbers.
    shares : sequence of float, shape (K,)
        Positive or nil; they are made to sum to 1.
    seed : int
        Of the samples.
    draws : int
        Number of samples.
    """
    observed = np.asarray(counts, dtype=np.float64)
    reference = np.asarray(shares, dtype=np.float64)
    whole = bool(np.all(np.isfinite(observed)) and np.all(observed >= 0) and np.all(observed == np.rint(observed)))
    usable = bool(np.all(np.isfinite(reference)) and np.all(reference >= 0) and reference.sum() > 0)
    if len(observed) != len(reference) or len(observed) < 2 or not whole or not usable or observed.sum() == 0:
        return Fit(p_value=math.nan)
    reference = reference / reference.sum()
    if np.any((reference == 0) & (observed > 0)):
        return Fit(p_value=0.0, method="exact", outcomes=1)
    kept = reference > 0
    observed, reference = observed[kept], reference[kept]
    n, k = int(observed.sum()), len(observed)
    if k < 2:
        return Fit(p_value=1.0, method="exact", outcomes=1)
    limit = float(_log_probability(observed[None, :], reference)[0]) + _TIE
    outcomes = math.comb(n + k - 1, k - 1)
    if outcomes <= MOST_OUTCOMES:
        found = _log_probability(_compositions(n, k), reference)
        return Fit(p_value=min(1.0, float(np.exp(found[found <= limit]).sum())), method="exact", outcomes=outcomes)
    rng = np.random.default_rng(seed)
    extreme = 0
    for start in range(0, draws, _BLOCK):
        sample = rng.multinomial(n, reference, size=min(_BLOCK, draws - start)).astype(np.float64)
        extreme += int((_log_probability(sample, reference) <= limit).sum())
    return Fit(p_value=(1 + extreme) / (1 + draws), method="simulation", outcomes=draws)


def binomial(count: float, n: float, share: float) -> float:
    """Return the two-sided exact p-value of one share: the outcomes no more likely than the one observed.

    Parameters
    ----------
    count, n : float
        Whole numbers.
    share : float
        Between 0 and 1.

    Examples
    --------
    >>> round(binomial(2, 10, 0.5), 6)
    0.109375
    """
    fit = multinomial([count, n - count], [share, 1 - share]) if n <= MOST_OUTCOMES - 1 else Fit(p_value=math.nan)
    return fit.p_value


def _log_probability(outcomes: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    n = outcomes.sum(axis=1)
    ways = special.gammaln(n + 1) - special.gammaln(outcomes + 1).sum(axis=1)
    return np.asarray(ways + special.xlogy(outcomes, shares).sum(axis=1), dtype=np.float64)


def _compositions(n: int, k: int) -> npt.NDArray[np.float64]:
    """Return every way of sharing ``n`` between ``k`` categories, one a row."""
    if k == 1:
        return np.array([[n]], dtype=np.float64)
    if k == 2:
        first = np.arange(n + 1, dtype=np.float64)
        return np.column_stack([first, n - first])
    tails = [_compositions(n - first, k - 1) for first in range(n + 1)]
    return np.concatenate([np.column_stack([np.full(len(tail), at), tail]) for at, tail in enumerate(tails)])
