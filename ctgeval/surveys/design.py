"""One wave as it was drawn: weights, strata, clusters, replicate weights; the variance of any ratio of two totals.

Every share and every mean, of all or of a group, is a ratio of two weighted totals: its variance is linearised (Taylor)
as if first-stage units had been drawn with replacement, or read on replicate weights when there are any.

References
----------
Binder, D. (1983), On the Variances of Asymptotically Normal Estimators from Complex Surveys, International Statistical
Review 51; Särndal, C.-E., Swensson, B. and Wretman, J. (1992), Model Assisted Survey Sampling, eq. 5.5.11 and 5.8.3
(domains); Lumley, T. (2004), Analysis of Complex Survey Samples, Journal of Statistical Software 9(8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.errors import DossierError
from ctgeval.intervals import Floats
from ctgeval.surveys.margins import Ints, check_weights
from ctgeval.surveys.raking import Booleans
from ctgeval.surveys.recruitment import Recruitment, check_recruitment, has_intervals
from ctgeval.surveys.weighting import Raked

__all__ = ["Design", "Ratios", "design", "design_of"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Ratios:
    """Ratios of weighted totals over domains, each array of shape (K,).

    Parameters
    ----------
    estimate : ndarray of float64
        NaN in a domain without anybody.
    std_error : ndarray of float64
        NaN when chance links nobody with the population (volunteers), or nothing tells it (a single respondent, a
        stratum of a single unit).
    df : ndarray of float64
        Units of the domain less its strata.
    n : ndarray of intp
        Respondents of the domain.
    kish : ndarray of float64
        Effective size from the weights alone.
    lonely : ndarray of bool
        Whether a stratum holds a single unit.
    """

    estimate: Floats
    std_error: Floats
    df: Floats
    n: Ints
    kish: Floats
    lonely: Booleans


@dataclass(frozen=True, eq=False, kw_only=True)
class Design:
    """How the respondents of one wave were found and weighted.

    Parameters
    ----------
    weights : ndarray of float64, shape (n,)
        Zero for a respondent who is left out.
    strata, units : ndarray of intp, shape (n,)
        Codes from 0; a unit (person or cluster) is in one stratum.
    recruitment : {"aleatoire", "exhaustif", "volontaire"}
    population : float or None
        Units among which those of the sample were drawn or asked: for the finite population correction.
    raked : Raked or None
        Where the weights come from: each replicate is raked again.
    replicates : ndarray of float64, shape (n, R), or None
    scales : ndarray of float64, shape (R,), or None
        What each squared gap of a replicate counts for.
    lost : int
        Replicates that could not be raked.
    """

    weights: Floats
    strata: Ints
    units: Ints
    recruitment: Recruitment
    population: float | None = None
    raked: Raked | None = None
    replicates: Floats | None = None
    scales: Floats | None = None
    lost: int = 0

    @property
    def n(self) -> int:
        """Rows, those that are left out included."""
        return len(self.weights)

    @property
    def has_intervals(self) -> bool:
        """Whether chance may be spoken of."""
        return has_intervals(self.recruitment, population=self.population)

    @property
    def fraction(self) -> float:
        """Share of the units of the population that answered; 0 when it isn't known."""
        if self.population is None:
            return 0.0
        return min(1.0, len(np.unique(self.units[self.weights > 0])) / self.population)

    def ratios(self, values: Floats, domains: Booleans) -> Ratios:
        """Estimate ``Σ w y / Σ w`` over domains.

        Who is outside a domain counts for zero in its variance, as survey software does: the size of a group is itself
        drawn. In a group of a few persons of a large sample that is n / (n - 1) smaller than the formula of school.

        Parameters
        ----------
        values : ndarray of float64, shape (n, K)
            Anything outside the domains, NaN included.
        domains : ndarray of bool, shape (n, K)
            Respondents on whom each ratio bears.
        """
        inside = domains & (self.weights > 0)[:, None]
        y = np.where(inside, values, 0.0)
        own = np.where(inside, self.weights[:, None], 0.0)
        total = own.sum(axis=0)
        safe = np.where(total > 0, total, 1.0)
        n = inside.sum(axis=0)
        mean = np.where(n > 0, (own * y).sum(axis=0) / safe, np.nan)
        squares = (own**2).sum(axis=0)
        kish = np.divide(total**2, squares, out=np.zeros_like(total), where=squares > 0)
        units, lonely = self._units(inside)
        if not self.has_intervals:
            variance = np.full(len(mean), np.nan)
        elif self.replicates is not None:
            variance = self._replicated(y, inside, mean)
        else:
            scores = own * np.where(inside, y - np.where(n > 0, mean, 0.0), 0.0) / safe
            variance = np.where(lonely | (n < 2), np.nan, self._linearised(scores))
        error = np.sqrt(variance * (1 - self.fraction))
        return Ratios(
            estimate=mean, std_error=error, df=units, n=np.asarray(n, dtype=np.intp), kish=kish, lonely=lonely
        )  # fmt: skip

    def _units(self, inside: Booleans) -> tuple[Floats, Booleans]:
        """Units of each domain less its strata, and whether a stratum that a domain meets has one unit only."""
        first = np.unique(self.units, return_index=True)[1]
        stratum = self.strata[first]
        per_stratum = np.bincount(stratum)
        present = np.zeros((len(first), inside.shape[1]), dtype=bool)
        np.logical_or.at(present, self.units, inside)
        met = np.zeros((len(per_stratum), inside.shape[1]), dtype=bool)
        np.logical_or.at(met, stratum, present)
        return (present.sum(axis=0) - met.sum(axis=0)).astype(np.float64), (met & (per_stratum == 1)[:, None]).any(
            axis=0
        )

    def _linearised(self, scores: Floats) -> Floats:
        """Variance of sums of scores, between the units of each stratum; shape (K,)."""
        first = np.unique(self.units, return_index=True)[1]
        sums = np.zeros((len(first), scores.shape[1]))
        np.add.at(sums, self.units, scores)
        stratum = self.strata[first]
        count = np.bincount(stratum)
        means = np.zeros((len(count), scores.shape[1]))
        np.add.at(means, stratum, sums)
        means /= np.maximum(count, 1)[:, None]
        spread = np.zeros((len(count), scores.shape[1]))
        np.add.at(spread, stratum, (sums - means[stratum]) ** 2)
        factor = np.divide(count, count - 1.0, out=np.zeros(len(count)), where=count > 1)
        return np.asarray((factor[:, None] * spread).sum(axis=0))

    def _replicated(self, y: Floats, inside: Booleans, mean: Floats) -> Floats:
        assert self.replicates is not None
        assert self.scales is not None
        totals = self.replicates.T @ inside.astype(np.float64)
        again = np.divide(self.replicates.T @ y, totals, out=np.full(totals.shape, np.nan), where=totals > 0)
        # A replicate that empties a domain has nothing to say of it: the others stand for it.
        told = ~np.isnan(again)
        gaps = np.where(told, again - np.where(np.isnan(mean), 0.0, mean), 0.0)
        kept = (self.scales[:, None] * told).sum(axis=0)
        share = np.divide(self.scales.sum(), kept, out=np.full(len(kept), np.nan), where=kept > 0)
        return np.asarray((self.scales[:, None] * gaps**2).sum(axis=0) * share)

    def said(self) -> tuple[str, ...]:
        """Return how intervals were made, in French sentences; nothing where there are none."""
        if not self.has_intervals:
            return ()
        if self.replicates is None:
            return ("Intervalles par linéarisation, comme si les unités avaient été tirées avec remise.",)
        count = self.replicates.shape[1]
        again = ", chacune redressée à nouveau" if self.raked is not None else ""
        lost = (
            f" {french.plural(self.lost, 'réplication')} de plus {'n’a' if self.lost == 1 else 'n’ont'} pas pu être "
            "redressée" + ("." if self.lost == 1 else "s.")
            if self.lost
            else ""
        )
        return (f"Intervalles sur {french.plural(count, 'réplication')} des réponses{again}.{lost}",)


def design(
    n: int,
    *,
    recruitment: Recruitment,
    weights: Any = None,
    strata: Any = None,
    clusters: Any = None,
    population: float | None = None,
    file: str = "",
) -> Design:
    """Describe how respondents were found.

    Parameters
    ----------
    n : int
        Respondents.
    recruitment : {"aleatoire", "exhaustif", "volontaire"}
    weights : array_like of float, shape (n,), optional
    strata, clusters : array_like, shape (n,), optional
        Labels; clusters are numbered within strata.
    population : float, optional
        Persons (or clusters) among whom they were drawn.
    file : str
        For the messages.

    Raises
    ------
    DossierError
        A weight that is none, a stratum or a cluster that is missing, a population smaller than the sample.
    """
    own = check_weights(weights, n, file=file)
    stratum = _codes(strata, n, "strate", file) if strata is not None else np.zeros(n, dtype=np.intp)
    unit = _codes(clusters, n, "grappe", file) if clusters is not None else np.arange(n, dtype=np.intp)
    if strata is not None and clusters is not None:
        unit = np.asarray(pd.factorize(pd.Series(zip(stratum, unit, strict=True)))[0], dtype=np.intp)
    found = Design(
        weights=own, strata=stratum, units=unit, recruitment=check_recruitment(recruitment), population=population
    )
    drawn = len(np.unique(unit))
    if population is not None and not population >= max(drawn, 1):
        raise DossierError(
            f"La population ({french.number(population)}) est plus petite que l’échantillon ({french.number(drawn)}).",
            file=file,
            key="population",
            value=f"{population:g}",
            remedy="Donner le nombre de personnes parmi lesquelles les répondants ont été tirés ou interrogés.",
        )
    return found


def design_of(raked: Raked, *, strata: Any = None, clusters: Any = None, population: float | None = None) -> Design:
    """Describe respondents who were raked: a missing weight becomes zero, and replicates will be raked again."""
    plain = design(
        len(raked.start),
        recruitment=raked.recruitment,
        weights=raked.start,
        strata=strata,
        clusters=clusters,
        population=population,
    )
    return Design(
        weights=np.nan_to_num(raked.weights.to_numpy(np.float64)),
        strata=plain.strata,
        units=plain.units,
        recruitment=plain.recruitment,
        population=population,
        raked=raked,
    )


def _codes(labels: Any, n: int, name: str, file: str) -> Ints:
    given = pd.Series(labels).reset_index(drop=True)
    if len(given) != n or given.isna().any():
        row = int(np.flatnonzero(given.isna())[0]) + 2 if given.isna().any() else None
        raise DossierError(
            f"Il manque une {name} à une réponse au moins.",
            file=file,
            column=name,
            row=row,
            remedy=f"Donner la {name} de chaque réponse.",
        )
    return np.asarray(pd.factorize(given, sort=True)[0], dtype=np.intp)
