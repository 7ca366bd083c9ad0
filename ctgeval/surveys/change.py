"""A change between two waves as one row: figures, test, size of the effect, verdict, and its French sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import special

from ctgeval import french
from ctgeval.surveys.recruitment import NOT_A_SAMPLE

__all__ = ["Change", "Kind", "Reason", "Verdict", "of_estimate", "satterthwaite"]

Kind = Literal["part", "rang", "moyenne"]
Verdict = Literal["hausse", "baisse", "non_concluant", "non_evaluable"]
Reason = Literal["", "volontaires", "exhaustif", "trop_peu_de_reponses", "sans_variance"]

_METHODS = {
    "score": "test du score de deux proportions",
    "fisher": "test exact de Fisher",
    "mcnemar": "test de McNemar (mi-p)",
    "mann_whitney": "test de Mann-Whitney",
    "rangs_ponderes": "test de rangs pondéré",
    "wilcoxon": "test des rangs signés de Wilcoxon",
    "welch": "test de Welch",
    "student_apparie": "test de Student apparié",
    "pondere": "test pondéré",
    "": "aucun test",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One comparison of two waves.

    Parameters
    ----------
    kind : {"part", "rang", "moyenne"}
    before, after : float
        Shares (0 to 1), median ranks, or means.
    change : float
        Difference of shares or of means. For ranks, between -1 and 1: on other persons, the chance that somebody of the
        second wave answers higher than somebody of the first, less the chance of lower (Cliff's delta); on the same
        ones, the rank-biserial correlation (share of the ranks of changes that go up, less that of those that go down)
        or, weighted, the share of those who went up less that of those who went down.
    low, high, std_error, p_value : float
        NaN where nothing was tested; ``reason`` says why.
    statistic : float
        Of the test.
    effect : float
        Size without unit: Cohen's h (shares, other persons), Cohen's g (shares, same persons), the change itself
        (ranks), Hedges's g (means, other persons), the mean change over its standard deviation (means, same persons).
    effect_name : str
    n_before, n_after, n_matched : int
        Answers; on the same persons the three are equal, otherwise ``n_matched`` is 0.
    up, down : int
        Same persons whose answer went up, and down; 0 otherwise.
    method : str
        Code of the test.
    p_adjusted : float
        For the number of questions compared at once.
    verdict : {"hausse", "baisse", "non_concluant", "non_evaluable"}
    """

    kind: Kind
    before: float
    after: float
    change: float
    n_before: int
    n_after: int
    n_matched: int = 0
    up: int = 0
    down: int = 0
    low: float = float("nan")
    high: float = float("nan")
    std_error: float = float("nan")
    statistic: float = float("nan")
    p_value: float = float("nan")
    p_adjusted: float = float("nan")
    effect: float = float("nan")
    effect_name: str = ""
    method: str = ""
    verdict: Verdict = "non_evaluable"
    reason: Reason = ""

    def judged(self, p_adjusted: float, *, level: float) -> Change:
        """Return the same with its verdict: told only if the adjusted test and the interval both exclude zero."""
        if np.isnan(self.p_value):
            return replace(self, p_adjusted=float("nan"), verdict="non_evaluable")
        sure = p_adjusted < 1 - level and not self.low <= 0 <= self.high
        verdict: Verdict = "non_concluant" if not sure else "hausse" if self.change > 0 else "baisse"
        return replace(self, p_adjusted=p_adjusted, verdict=verdict)

    @property
    def test(self) -> str:
        """Name of the test, in French."""
        return _METHODS[self.method]

    def said(self) -> str:
        """Return the change in a French sentence, whose end is the verdict."""
        if np.isnan(self.change):
            return "Comparaison impossible : trop peu de réponses à l’une des deux vagues."
        told = french.typography(f"{self._levels()} ({self._gap()})")
        if self.verdict == "non_evaluable":
            return f"{told}. {_UNTESTED[self.reason]}"
        if self.verdict == "non_concluant":
            return f"{told} : non concluant, cet écart peut tenir au hasard de l’échantillon."
        return f"{told} : {self.verdict}, au-delà de ce que le hasard de l’échantillon explique."

    def _levels(self) -> str:
        if self.kind == "part":
            return f"{french.percent(100 * self.before)} puis {french.percent(100 * self.after)}"
        if self.kind == "moyenne":
            return f"en moyenne {french.number(self.before, 1)} puis {french.number(self.after, 1)}"
        if self.n_matched:
            return f"{french.plural(self.up, 'réponse')} en hausse, {self.down} en baisse sur {self.n_matched}"
        return f"réponse médiane de rang {french.number(self.before)} puis {french.number(self.after)}"

    def _gap(self) -> str:
        factor, decimals, unit = (
            (100, 1, " points") if self.kind == "part" else (1, 2 if self.kind == "rang" else 1, "")
        )
        name = "écart de rang " if self.kind == "rang" else ""
        gap = f"{name}{french.number(factor * self.change, decimals, sign=True)}{unit}"
        if np.isnan(self.low):
            return gap
        ends = [french.number(factor * end, decimals, sign=True) for end in (self.low, self.high)]
        return f"{gap}, entre {ends[0]} et {ends[1]}"


_UNTESTED: dict[str, str] = {
    "": "Aucun test n’a pu être fait.",
    "volontaires": NOT_A_SAMPLE,
    "exhaustif": "Tous ont été interrogés : l’écart est celui des répondants, sans hasard de tirage.",
    "trop_peu_de_reponses": "Trop peu de réponses pour un test.",
    "sans_variance": "Toutes les réponses ont changé de la même façon : aucun test n’est possible.",
}


def satterthwaite(first: float, df_first: float, second: float, df_second: float) -> float:
    """Return Welch's degrees of freedom of a sum of two variances; NaN when there is none."""
    parts = sum(variance**2 / df for variance, df in ((first, df_first), (second, df_second)) if df > 0)
    total = first + second
    return total**2 / parts if parts > 0 and total > 0 else float("nan")


def of_estimate(estimate: float, error: float, df: float, *, level: float) -> tuple[float, float, float, float]:
    """Return the interval, Student's statistic and the p-value of no change; NaN without a standard error."""
    if not error > 0 or not df > 0:
        return (float("nan"),) * 4
    half = float(special.stdtrit(df, (1 + level) / 2)) * error
    statistic = estimate / error
    return estimate - half, estimate + half, statistic, 2 * float(special.stdtr(df, -abs(statistic)))
