"""From persons to the territories they live in: few territories carry an action, however many persons answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ctgeval.errors import TooFewUnits
from ctgeval.impact.conclusion import Inference
from ctgeval.impact.panel import Bools, Floats, Ints, Panel

__all__ = ["MANY_GROUPS", "TWO_PLACES", "cell_means", "infer_territories", "treated_clusters"]

MANY_GROUPS = 20
"""Clusters from which a cluster-robust error may decide when each holds both groups."""

TWO_PLACES = (
    "L’intervalle couvre le hasard des réponses, pas ce qui a pu toucher tout le territoire concerné au même moment "
    "(une ouverture, une fermeture, une autre action) : avec un seul territoire de chaque côté, ou sans les connaître, "
    "les deux ne se distinguent pas et aucun verdict n’est donné. Indiquez les territoires (cluster=…) s’il y en a "
    "plusieurs."
)
"""Printed when groups of persons are compared and nothing tells the territories (Donald and Lang 2007)."""


def treated_clusters(treated: Bools, clusters: Ints) -> Bools | None:
    """Whether each cluster is treated, shape (G,); None when some cluster holds both groups."""
    share = np.bincount(clusters, weights=treated) / np.maximum(np.bincount(clusters), 1)
    return None if ((share > 0) & (share < 1)).any() else share > 0


def cell_means(values: Floats, weights: Floats | None, clusters: Ints, post: Bools) -> Floats:
    """Weighted mean of each cluster before and after, shape (G, 2); NaN where nobody answered."""
    mass = np.ones(len(values)) if weights is None else weights
    cell = 2 * clusters + post
    size = 2 * (int(clusters.max()) + 1)
    total = np.bincount(cell, weights=mass, minlength=size)
    sums = np.bincount(cell, weights=mass * values, minlength=size)
    return np.asarray(np.where(total > 0, sums / np.where(total > 0, total, 1.0), np.nan).reshape(-1, 2))


def infer_territories(
    means: Floats,
    treated: Bools,
    *,
    names: Sequence[str],
    persons: Floats,
    estimate: float,
    formula: tuple[float, float] | Callable[[], tuple[float, float]] | None,
    asked: str,
    option: str,
    level: float,
    seed: int,
    allow_invalid: bool,
) -> Inference:
    """Test an estimate made on persons by the ladder of tests for territories.

    Parameters
    ----------
    means : ndarray of float64, shape (G, 2)
        Of each territory, before and after.
    treated : ndarray of bool, shape (G,)
    names : sequence of str
    persons : ndarray of float64, shape (G,)
        Persons of each territory: the fewer, the noisier its mean (Ferman and Pinto 2019).
    estimate : float
    formula : tuple of float or callable
        Cluster-robust standard error and degrees of freedom.
    asked, level, seed, allow_invalid
        As in `ctgeval.impact.inference.infer`.
    option : str
        Name of the argument by which the user asked, for messages.

    Raises
    ------
    TooFewUnits
        When the test asked can't work with so few territories.

    References
    ----------
    Donald, S. and Lang, K. (2007), Review of Economics and Statistics 89(2); Ferman, B. and Pinto, C. (2019), Review of
    Economics and Statistics 101(3).
    """
    from ctgeval.impact.inference import infer

    start = np.where(treated, 1, 2).astype(np.intp)
    panel = Panel(
        units=tuple(names),
        periods=("avant", "après"),
        times=np.array([0.0, 1.0]),
        outcome=means.copy(),
        start=start,
        treatment=(np.arange(2) >= start[:, None]).astype(np.float64),
        clusters=np.arange(len(means), dtype=np.intp),
        population=persons.copy(),
    )
    try:
        found = infer(
            panel, estimate=estimate, cluster=formula, asked=asked, level=level, seed=seed, allow_invalid=allow_invalid
        )
    except TooFewUnits as error:
        remedy = error.problem.remedy.replace('inference="auto"', f'{option}="auto"')
        raise TooFewUnits(error.problem.message, value=asked, remedy=remedy) from None
    told = (
        f"{len(names)} territoires ou groupes, dont {int(treated.sum())} concerné(s) : l’incertitude est celle des "
        "territoires, pas seulement celle des réponses."
    )
    return replace(found, steps=(told, *found.steps))
