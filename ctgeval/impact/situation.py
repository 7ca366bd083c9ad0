"""What a design allows before any estimate: how many units, of which sizes, and what no test could ever show."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, inf, nan, prod, sqrt

import numpy as np

from ctgeval.errors import DesignError
from ctgeval.impact.distributions import t_quantile
from ctgeval.impact.panel import Floats, Ints, Panel
from ctgeval.impact.silence import silent_controls

__all__ = ["FEW", "MANY_CONTROLS", "Situation", "situation"]

FEW = 6
"""Treated clusters from which cluster-robust standard errors may be looked at (never alone)."""
MANY_CONTROLS = 20
"""Comparison clusters needed besides."""
EQUAL_SIZES = 1.5
"""Largest ratio of populations that counts as equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Facts about a design that decide which tests can work; none depends on what happened to the treated afterwards.

    Parameters
    ----------
    n_treated, n_controls : int
        Clusters of assignment: what inference counts.
    n_units_treated, n_units : int
        Territories.
    n_pre, n_post : int
        Periods before the first treatment, and from it on.
    sizes : {"equal", "unequal", "unknown"}
        Populations of the clusters.
    much_smaller : bool
        One treated cluster, below the lower quartile of its comparators' populations.
    holes : bool
        Whether some treated unit was observed at half of the periods at most.
    n_assignments : int
        Distinct ways in which the treatment could have been assigned.
    minimum_p : float
        Smallest p-value of a permutation test: one over the number of assignments (NaN when nothing can be compared).
    noise : float
        Standard deviation, among comparison clusters, of the change that the estimate is made of.
    mde : float
        Smallest effect found four times in five at level 0.05, from that noise; infinite when no p-value can be
        below 0.05.
    conclusive : bool
        Whether a verdict other than ``non_concluant`` may come out.
    reasons : tuple of str
        Why not, or what restricts; French sentences.
    """

    n_treated: int
    n_controls: int
    n_units_treated: int
    n_units: int
    n_pre: int
    n_post: int
    sizes: str
    much_smaller: bool
    holes: bool
    n_assignments: int
    minimum_p: float
    noise: float
    mde: float
    conclusive: bool
    reasons: tuple[str, ...]

    @property
    def n_clusters(self) -> int:
        """All clusters of assignment."""
        return self.n_treated + self.n_controls

    @property
    def cluster_errors_allowed(self) -> bool:
        """Whether cluster-robust standard errors mean something here."""
        return self.n_treated >= FEW and self.n_controls >= MANY_CONTROLS


def situation(panel: Panel, *, level: float = 0.95) -> Situation:
    """Describe a design.

    Parameters
    ----------
    panel : Panel
    level : float
        Of confidence.
    """
    _require_level(level)
    treated, controls = _clusters(panel)
    population = _cluster_population(panel)
    sizes = _sizes(population)
    smaller = bool(
        sizes == "unequal"
        and population is not None
        and len(treated) == 1
        and len(controls)
        and population[treated[0]] < np.quantile(population[controls], 0.25)
    )
    count = _assignments(panel, treated, controls)
    minimum = 1 / count if count and len(controls) and len(treated) else nan
    noise = _noise(panel)
    n1, n0 = len(treated), len(controls)
    alpha = 1 - level
    reasons = _reasons(panel, n1=n1, n0=n0, sizes=sizes, smaller=smaller, minimum=minimum, alpha=alpha)
    conclusive = not reasons
    return Situation(
        n_treated=n1,
        n_controls=n0,
        n_units_treated=panel.n_treated,
        n_units=panel.n_units,
        n_pre=panel.n_pre,
        n_post=panel.n_post,
        sizes=sizes,
        much_smaller=smaller,
        holes=bool((2 * panel.observed[panel.treated].sum(axis=1) <= panel.n_periods).any()),
        n_assignments=count,
        minimum_p=minimum,
        noise=noise,
        mde=inf
        if minimum > alpha
        else detectable(noise, n1, n0, level=level) * price_of_exactness(n1, n0, sizes, panel.n_periods - 2),
        conclusive=conclusive,
        reasons=tuple(reasons),
    )


def _require_level(level: float) -> None:
    if not isinstance(level, int | float) or not 0 < level < 1:
        raise DesignError(
            "Le niveau de confiance n’est pas compris.",
            value=str(level),
            remedy="Donnez un nombre entre 0 et 1 : level=0.95 pour 95 %.",
        )


def detectable(noise: float, n_treated: int, n_controls: int, *, level: float = 0.95, power: float = 0.8) -> float:
    """Smallest effect found with a given power by a difference of means of unit changes (Bloom 1995, eq. 1).

    Parameters
    ----------
    noise : float
        Standard deviation of the change of one cluster.
    n_treated, n_controls : int
    level, power : float

    Returns
    -------
    float
        In the unit of the outcome; infinite with fewer than 3 clusters.

    References
    ----------
    Bloom, H. (1995), Minimum Detectable Effects, Evaluation Review 19(5).
    """
    df = n_treated + n_controls - 2
    if df < 1 or n_treated < 1 or n_controls < 1 or np.isnan(noise):
        return inf
    multiple = t_quantile(1 - (1 - level) / 2, df) + t_quantile(power, df)
    return float(multiple * noise * sqrt(1 / n_treated + 1 / n_controls))


def price_of_exactness(n_treated: int, n_controls: int, sizes: str, freedom: int) -> float:
    """Return how many times larger an effect must be for the tests of the ladder than for the formula.

    Parameters
    ----------
    n_treated, n_controls : int
    sizes : {"equal", "unequal", "unknown"}
    freedom : int
        Periods less two: what a unit's own variability is known from.

    Notes
    -----
    Fitted to simulations of independent normal noise (20 to 100 units, 4 to 11 periods), within 15 %: an exact test of
    one or two units stands on few assignments, one of t on the variance of few treated, one of studentised changes on
    few periods. A formula alone would promise effects that these tests do not find.
    """
    if n_treated >= FEW and n_controls >= MANY_CONTROLS:
        return 1.05
    if sizes == "equal":
        return {1: 1.1, 2: 1.1, 3: 1.37, 4: 1.2}.get(n_treated, 1.12)
    if freedom < 2:
        return inf
    own = float(freedom)
    extra: float = 5.5 / own**1.4 if n_treated == 1 else 3.9 / own**1.7
    return 1.0 + extra


def _clusters(panel: Panel) -> tuple[Ints, Ints]:
    """Clusters with a treated unit, and the others."""
    treated = np.unique(panel.clusters[panel.treated])
    return treated, np.setdiff1d(np.unique(panel.clusters), treated)


def _cluster_population(panel: Panel) -> Floats | None:
    if panel.population is None:
        return None
    return np.asarray(np.bincount(panel.clusters, weights=panel.population), dtype=np.float64)


def _sizes(population: Floats | None) -> str:
    if population is None:
        return "unknown"
    known = population[population > 0]
    return "equal" if known.max() <= EQUAL_SIZES * known.min() else "unequal"


def _assignments(panel: Panel, treated: Ints, controls: Ints) -> int:
    """Count the distinct ways of giving the dates of the treated clusters to clusters, inside strata."""
    if not len(treated) or not len(controls):
        return 0
    first = np.unique(panel.clusters, return_index=True)[1]
    strata = np.zeros(panel.n_units, dtype=np.intp) if panel.strata is None else panel.strata
    order = np.lexsort((panel.start, panel.clusters))
    earliest = panel.start[order][np.unique(panel.clusters[order], return_index=True)[1]]
    total = 1
    for stratum in np.unique(strata[first]):
        dates = earliest[strata[first] == stratum]
        left, ways = len(dates), []
        for count in np.unique(dates[dates < panel.n_periods], return_counts=True)[1].tolist():
            ways.append(comb(left, count))
            left -= count
        total *= prod(ways)
    return total


def _noise(panel: Panel) -> float:
    """Return the standard deviation, among comparison clusters, of the mean change at the dates of the treated."""
    controls = ~panel.treated
    if not panel.n_treated or controls.sum() < 2:
        return nan
    outcome, seen = panel.outcome[controls], panel.observed[controls]
    centred = np.where(seen, outcome, 0.0)
    centred = np.where(seen, centred - centred.sum(axis=0) / np.maximum(seen.sum(axis=0), 1), 0.0)
    changes = []
    for column in panel.cohorts:
        pre, post = seen[:, :column], seen[:, column:]
        kept = pre.any(axis=1) & post.any(axis=1)
        if not kept.any():
            continue
        before = centred[:, :column].sum(axis=1) / np.maximum(pre.sum(axis=1), 1)
        after = centred[:, column:].sum(axis=1) / np.maximum(post.sum(axis=1), 1)
        clusters = np.unique(panel.clusters[controls][kept], return_inverse=True)[1]
        by_cluster = np.bincount(clusters, weights=(after - before)[kept]) / np.bincount(clusters)
        if len(by_cluster) > 1:
            changes.append(float(by_cluster.var(ddof=1)))
    return float(np.sqrt(np.mean(changes))) if changes else nan


def _reasons(panel: Panel, *, n1: int, n0: int, sizes: str, smaller: bool, minimum: float, alpha: float) -> list[str]:
    """Say why no verdict can come out of this design, whatever the figures (simulated: docs/impact_size.md)."""
    found = []
    total = n1 + n0
    if not n1 or not n0:
        return ["Il n’y a pas à la fois des territoires concernés et des territoires de comparaison."]
    if n1 == 1 and panel.n_treated > 1:
        found.append(
            "Les territoires concernés forment un seul groupe : ce qui a touché tout le groupe ne se distingue pas de "
            "l’action."
        )
    if minimum > alpha:
        found.append(
            f"Avec {total} territoires dont {n1} concerné{'s' if n1 > 1 else ''}, l’action aurait pu se trouver à "
            f"{round(1 / minimum)} endroits : même l’écart le plus extrême peut être un hasard une fois sur "
            f"{round(1 / minimum)}."
        )
    elif sizes != "equal" and total < MANY_CONTROLS and n1 < FEW:
        what = "sont très différentes" if sizes == "unequal" else "ne sont pas connues"
        found.append(
            f"Les populations {what} et il y a moins de {MANY_CONTROLS} territoires : les petits varient plus que les "
            "grands, et aucun test ne tient ses promesses."
        )
    elif total <= 10 and n1 <= 2:
        found.append("Avec 10 territoires dont 2 concernés, les tests se trompent trop souvent (9 fois sur 100).")
    if silent_controls(panel):
        found.append(
            "Les territoires de comparaison évoluent tous exactement de la même façon, alors que les territoires "
            "concernés variaient déjà avant l’action : rien n’y mesure ce que le hasard peut faire."
        )
    if smaller:
        found.append(
            "Le territoire concerné est bien plus petit que ceux auxquels il est comparé (sous le premier quart de "
            "leurs populations) : ses chiffres varient davantage, et l’écart peut n’être que cela."
        )
    return found
