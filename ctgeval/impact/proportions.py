"""Shares before and after, on the same persons or on others: McNemar, score and exact tests, with matching intervals.

References
----------
McNemar, Q. (1947), Psychometrika 12; Edwards, A. (1948), Psychometrika 13 (continuity); Fagerland, M., Lydersen, S. and
Laake, P. (2013), BMC Medical Research Methodology 13:91 (mid-p); Tango, T. (1998), Statistics in Medicine 17, eq. 3 to
6 (score interval of a paired difference); Mee, R. (1984), Biometrics 40 and Miettinen, O. and Nurminen, M. (1985),
Statistics in Medicine 4 (score interval of a difference); Newcombe, R. (1998), Statistics in Medicine 17, method 10;
Clopper, C. and Pearson, E. (1934), Biometrika 26.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from ctgeval import intervals
from ctgeval.impact.distributions import chi2_sf, normal_quantile
from ctgeval.impact.panel import Floats
from ctgeval.impact.result import Interval
from ctgeval.impact.survey_test import SurveyTest

__all__ = ["McNemarKind", "Paired", "clopper_pearson", "mcnemar", "paired_table", "two_shares", "wilson"]

McNemarKind = Literal["mcnemar", "mcnemar_continuity", "exact", "mid_p"]
_POWER = 0.8
_STEPS = 60


@dataclass(frozen=True, slots=True)
class Paired:
    """Persons by their two answers: yes both times, gained (no then yes), lost (yes then no), no both times."""

    yes_yes: int
    gained: int
    lost: int
    no_no: int

    @property
    def n(self) -> int:
        """Persons who answered twice."""
        return self.yes_yes + self.gained + self.lost + self.no_no

    @property
    def changed(self) -> int:
        """Persons whose answer changed: the only ones that a paired test looks at."""
        return self.gained + self.lost

    @property
    def difference(self) -> float:
        """Share after less share before."""
        return (self.gained - self.lost) / self.n


def paired_table(before: Floats, after: Floats) -> Paired:
    """Count persons by their two answers, each 0 or 1."""
    first, second = before > 0.5, after > 0.5
    return Paired(
        int((first & second).sum()),
        int((~first & second).sum()),
        int((first & ~second).sum()),
        int((~first & ~second).sum()),
    )


def mcnemar(table: Paired, *, kind: McNemarKind, level: float) -> SurveyTest:
    """Test that as many answers went up as down; the interval of the difference is that of the same test.

    Parameters
    ----------
    table : Paired
    kind : {"mcnemar", "mcnemar_continuity", "exact", "mid_p"}
        Score test (Tango's interval), the same with Edwards's continuity correction, exact binomial test of the changes
        (Clopper-Pearson interval, given how many changed), or its mid-p.
    level : float
    """
    alpha, changed, n = 1 - level, table.changed, table.n
    names = {
        "mcnemar": "McNemar",
        "mcnemar_continuity": "McNemar avec correction de continuité",
        "exact": "McNemar exact",
        "mid_p": "McNemar exact, mi-probabilité",
    }
    statistic = float("nan")
    if not changed:
        p_value, interval = 1.0, _tango(table, alpha, 0.0)
    elif kind in {"exact", "mid_p"}:
        half = 0.5 * (kind == "mid_p")
        low, high = _binomial_ends(table.gained, changed, alpha, half)
        interval = Interval((2 * low - 1) * changed / n, (2 * high - 1) * changed / n)
        p_value = _binomial_p(table.gained, changed, 0.5, half)
    else:
        loss = 1.0 * (kind == "mcnemar_continuity")
        statistic = max(0.0, abs(table.gained - table.lost) - loss) ** 2 / changed
        p_value, interval = float(chi2_sf(statistic, 1)), _tango(table, alpha, loss)
    return SurveyTest(
        code=kind,
        name=names[kind],
        estimate=table.difference,
        p_value=p_value,
        std_error=float(np.sqrt(max(0.0, changed - (table.gained - table.lost) ** 2 / n)) / n),
        interval=interval,
        statistic=statistic,
        df=1.0 if not np.isnan(statistic) else float("nan"),
        minimum_p=min(1.0, _binomial_p(0, changed, 0.5, 0.5 * (kind == "mid_p"))) if changed else 1.0,
        mde=(normal_quantile(1 - alpha / 2) + normal_quantile(_POWER)) * float(np.sqrt(changed)) / n,
    )


def _tango(table: Paired, alpha: float, loss: float) -> Interval:
    n, up, down, critical = table.n, table.gained, table.lost, normal_quantile(1 - alpha / 2)

    def score(delta: float) -> float:
        b = -up - down + (2 * n - up + down) * delta
        q = (np.sqrt(max(0.0, b * b + 8 * n * down * delta * (1 - delta))) - b) / (4 * n)
        gap = up - down - n * delta
        variance = n * (2 * q + delta * (1 - delta))
        size = max(0.0, abs(gap) - loss)
        return float(np.sign(gap) * (size / np.sqrt(variance) if variance > 0 else (np.inf if size > 0 else 0.0)))

    return _inverted(score, table.difference, critical)


def _inverted(score: Callable[[float], float], estimate: float, critical: float) -> Interval:
    """Differences that a score, decreasing, does not reject."""
    low = _root(lambda delta: score(delta) - critical, -1.0, estimate)
    high = _root(lambda delta: score(delta) + critical, estimate, 1.0)
    return Interval(low, high)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if function(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _binomial_p(k: int, n: int, share: float, half: float) -> float:
    """Twice the smaller tail; ``half`` of the probability of ``k`` itself is taken away from each (mid-p)."""
    own = half * _binomial_mass(k, n, share)
    low = special.bdtr(k, n, share) - own
    high = (special.bdtrc(k - 1, n, share) if k else 1.0) - own
    return float(min(1.0, 2 * min(low, high)))


def _binomial_mass(k: int, n: int, share: float) -> float:
    log = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return float(np.exp(log + special.xlogy(k, share) + special.xlog1py(n - k, -share)))


def clopper_pearson(k: int, n: int, level: float) -> Interval:
    """Exact interval of a share (Clopper and Pearson 1934)."""
    return Interval(*_binomial_ends(k, n, 1 - level, 0.0))


def _binomial_ends(k: int, n: int, alpha: float, half: float) -> tuple[float, float]:
    if not half:
        low = float(special.betaincinv(k, n - k + 1, alpha / 2)) if k else 0.0
        high = float(special.betaincinv(k + 1, n - k, 1 - alpha / 2)) if k < n else 1.0
        return low, high

    def above(share: float) -> float:
        tail = special.bdtrc(k - 1, n, share) if k else 1.0
        return float(tail - half * _binomial_mass(k, n, share))

    low = _root(lambda share: alpha / 2 - above(share), 0.0, 1.0) if k else 0.0
    high = _root(lambda share: 1 - alpha / 2 - above(share), 0.0, 1.0) if k < n else 1.0
    return low, high


def wilson(k: int, n: int, level: float) -> Interval:
    """Score interval of a share (Wilson 1927)."""
    low, high = intervals.wilson(k, n, level=level)
    return Interval(float(low), float(high))


def two_shares(k0: int, n0: int, k1: int, n1: int, *, kind: Literal["score", "newcombe", "exact"], level: float) -> (
    SurveyTest
):  # fmt: skip
    """Compare two shares, k1 of n1 less k0 of n0, on different persons.

    Parameters
    ----------
    kind : {"score", "newcombe", "exact"}
        Score test and interval; the same test with Newcombe's interval; Fisher's test with Newcombe's interval, made
        to hold 0 when Fisher's test does not reject it.
    level : float
    """
    alpha = 1 - level
    share0, share1 = k0 / n0, k1 / n1
    difference = share1 - share0
    statistic = _score(k0, n0, k1, n1, 0.0) ** 2
    interval = _score_interval(k0, n0, k1, n1, alpha) if kind == "score" else _newcombe(k0, n0, k1, n1, level)
    p_value, minimum = float(chi2_sf(statistic, 1)), 0.0
    if kind == "exact":
        p_value, minimum = _fisher(k0, n0, k1, n1)
        if p_value > alpha:
            interval = Interval(min(interval.low, 0.0), max(interval.high, 0.0))
    pooled = (k0 + k1) / (n0 + n1)
    return SurveyTest(
        code=kind,
        name={"score": "khi-deux (score)", "newcombe": "khi-deux, intervalle de Newcombe", "exact": "Fisher exact"}[
            kind
        ],
        estimate=difference,
        p_value=p_value,
        std_error=float(np.sqrt(share0 * (1 - share0) / n0 + share1 * (1 - share1) / n1)),
        interval=interval,
        statistic=statistic,
        df=1.0,
        minimum_p=minimum,
        mde=float(
            (normal_quantile(1 - alpha / 2) + normal_quantile(_POWER))
            * np.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1))
        ),
    )


def _score(k0: int, n0: int, k1: int, n1: int, delta: float) -> float:
    """Score statistic of a difference ``delta``, the shares estimated under it (Miettinen and Nurminen 1985)."""
    n = n0 + n1
    l2 = (n1 + 2 * n0) * delta - n - (k0 + k1)
    l1 = (n0 * delta - n - 2 * k0) * delta + (k0 + k1)
    l0 = k0 * delta * (1 - delta)
    q = l2**3 / (3 * n) ** 3 - l1 * l2 / (6 * n * n) + l0 / (2 * n)
    p = np.sqrt(max(0.0, (l2 / (3 * n)) ** 2 - l1 / (3 * n))) * (1.0 if q >= 0 else -1.0)
    ratio = q / p**3 if p else 0.0
    angle = (np.pi + np.arccos(np.clip(ratio, -1.0, 1.0))) / 3
    first = float(np.clip(2 * p * np.cos(angle) - l2 / (3 * n), 0.0, 1.0))
    second = float(np.clip(first + delta, 0.0, 1.0))
    variance = first * (1 - first) / n0 + second * (1 - second) / n1
    gap = k1 / n1 - k0 / n0 - delta
    if abs(gap) < 1e-15:
        return 0.0
    return float(gap / np.sqrt(variance)) if variance > 1e-18 else float(np.sign(gap) * np.inf)


def _score_interval(k0: int, n0: int, k1: int, n1: int, alpha: float) -> Interval:
    critical = normal_quantile(1 - alpha / 2)
    return _inverted(lambda delta: _score(k0, n0, k1, n1, delta), k1 / n1 - k0 / n0, critical)


def _newcombe(k0: int, n0: int, k1: int, n1: int, level: float) -> Interval:
    share0, share1 = k0 / n0, k1 / n1
    (l0, u0), (l1, u1) = wilson(k0, n0, level), wilson(k1, n1, level)
    difference = share1 - share0
    low = difference - np.sqrt((share1 - l1) ** 2 + (u0 - share0) ** 2)
    high = difference + np.sqrt((u1 - share1) ** 2 + (share0 - l0) ** 2)
    return Interval(float(low), float(high))


def _fisher(k0: int, n0: int, k1: int, n1: int) -> tuple[float, float]:
    """Two-sided p-value given the margins (tables no more likely than the one observed), and the smallest one."""
    total = k0 + k1
    cells = np.arange(max(0, total - n0), min(n1, total) + 1)

    def log_choose(n: int, k: Floats) -> Floats:
        return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))

    log = log_choose(n1, cells.astype(np.float64)) + log_choose(n0, (total - cells).astype(np.float64))
    mass = np.exp(log - special.logsumexp(log))
    observed = mass[int(k1 - cells[0])]
    return float(min(1.0, mass[mass <= observed * (1 + 1e-7)].sum())), float(
        mass[mass <= mass.min() * (1 + 1e-7)].sum()
    )
