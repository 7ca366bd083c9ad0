"""A linear estimate written as a sum over units: what each would contribute under each treatment path.

Every estimator that is linear in the outcome gives to a unit of cohort ``k`` the same coefficients, ``weights[k]``, so
that the estimate under *any* assignment of the cohorts to the units is a sum of numbers known once for all. Tests with
few treated units (permutations, control residuals, wild bootstrap) need nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact.panel import Bools, Floats, Ints, Panel
from ctgeval.impact.projection import residualise

__all__ = ["Contrast", "paths", "two_way_weights"]

_TINY = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class Contrast:
    """Contribution of each unit to an estimate, had it had the treatment path of each cohort.

    Parameters
    ----------
    scores : ndarray of float64, shape (N, K + 1)
        ``weights[k] . residual[i]``: contribution of unit i if it had path k, the last one being never treated. The
        residual is the outcome less the period means (and unit means, which change nothing).
    response : ndarray of float64, shape (K + 1, K + 1)
        ``response[k, l]``: what a constant effect of 1 on a unit of path l adds to its contribution as k, period means
        left as they are. The estimate moves by exactly 1.
    own : ndarray of float64, shape (N, K + 1)
        What a constant effect of 1 on the treated adds to the contribution of each unit as each path, through the
        period means too: residual contributions, hence variances, are what is left of it.
    shifts : ndarray of float64, shape (N, K + 1)
        What a constant effect of 1 on the units that are really treated adds to ``scores``, through the period means
        too: under an effect tau the scores without it are ``scores - tau * shifts``.
    rows : ndarray of intp, shape (N,)
        Actual path of each unit.
    clusters : ndarray of intp, shape (N,)
        Cluster of assignment of each unit.
    strata : ndarray of intp, shape (N,), optional
    population : ndarray of float64, shape (N,), optional
    mass : ndarray of float64, shape (N,)
        Weight of each unit in the mean of its cohort: all 1 in a panel without weights.
    exact : bool
        Whether the estimate is the estimator's own: False with gaps, weights or covariates, where the null model is
        estimated once and its residuals are permuted.
    """

    scores: Floats
    response: Floats
    own: Floats
    shifts: Floats
    mass: Floats
    rows: Ints
    clusters: Ints
    strata: Ints | None = None
    population: Floats | None = None
    exact: bool = True

    @property
    def n_units(self) -> int:
        """Number of units, N."""
        return len(self.rows)

    @property
    def n_cohorts(self) -> int:
        """Number of treatment paths besides never treated, K."""
        return int(self.scores.shape[1]) - 1

    @cached_property
    def treated(self) -> Bools:
        """Units treated at some period, shape (N,)."""
        return np.asarray(self.rows < self.n_cohorts)

    @cached_property
    def contributions(self) -> Floats:
        """Contribution of each unit under its actual path, shape (N,)."""
        return np.asarray(self.scores[np.arange(self.n_units), self.rows])

    @property
    def estimate(self) -> float:
        """The estimate: sum of the contributions."""
        return float(self.contributions.sum())

    @property
    def clustered(self) -> bool:
        """Whether some cluster holds several units."""
        return len(np.unique(self.clusters)) < self.n_units

    @cached_property
    def pure(self) -> bool:
        """Whether all units of a cluster have the same path, for every cluster."""
        codes = np.unique(self.clusters, return_inverse=True)[1]
        return bool(len(np.unique(codes * (self.n_cohorts + 1) + self.rows)) == int(codes.max()) + 1)

    @classmethod
    def from_panel(cls, panel: Panel, weights: npt.ArrayLike | None = None) -> Contrast:
        """Write a linear estimate on a panel as a contrast.

        With gaps, weights or covariates, the null model (unit and period effects, covariates) is estimated once by
        weighted least squares; its residuals stand for the outcome, a gap for a residual of 0, and the treatment is
        residualised in the same way, so that the effects that a test does not reject stay right. The estimate is then
        ``sum(weights . residual) / sum(weights . residual of treatment)``: close to the estimator's own, not equal to
        it.

        Parameters
        ----------
        panel : Panel
        weights : array_like of float, shape (K + 1, T), optional
            Coefficients of one unit of each path (`paths`), the last for never treated; those of the two-way
            regression by default.

        Raises
        ------
        NotIdentified
            When nobody is treated, or the treatment is explained by the unit and period effects.
        DesignError
            When ``weights`` has not one row per path and one column per period.
        """
        panel.require(controls=False, pre=0)
        path, rows = paths(panel)
        mass = _mass(panel)
        counts = np.bincount(rows, weights=mass, minlength=len(path)).astype(np.float64)
        given = two_way_weights(path, counts) if weights is None else np.asarray(weights, dtype=np.float64)
        if given.shape != path.shape:
            raise DesignError(
                f"Les coefficients ont la forme {given.shape} ; il en faut {path.shape[0]} lignes (une par date de "
                f"traitement, puis les jamais concernés) et {path.shape[1]} colonnes (une par période).",
                value=str(given.shape),
            )
        simple = panel.balanced and panel.weights is None and panel.covariates is None
        outcome, treatment, cells = _balanced(panel, given) if simple else _residuals(panel)
        moved = path
        if not abs((given * path).sum(axis=1) @ counts) > _TINY * np.abs(given).sum():
            # The estimate does not answer to the treatment itself (a coefficient before it): the smallest change of
            # the outcomes that moves it is along its own coefficients.
            moved, treatment = given, given[rows]
        scores, shifts = (outcome * cells) @ given.T, (treatment * cells) @ given.T
        unit = float(shifts[np.arange(len(rows)), rows].sum())
        if not abs(unit) > _TINY * float(np.abs(shifts).max()):
            raise _absorbed()
        response = given @ moved.T
        own = float(np.diag(response) @ counts)
        return cls(
            # An exact estimator keeps its own scale, whatever its answer to a constant effect.
            scores=scores if simple else scores * (own / unit),
            response=response / own,
            own=_own(given, moved, counts / counts.sum(), cells) / unit,
            shifts=shifts / unit,
            mass=mass,
            rows=rows,
            clusters=panel.clusters,
            strata=panel.strata,
            population=panel.population,
            exact=simple,
        )

    @classmethod
    def from_units(
        cls,
        z: npt.ArrayLike,
        treated: npt.ArrayLike,
        *,
        clusters: npt.ArrayLike | None = None,
        strata: npt.ArrayLike | None = None,
        population: npt.ArrayLike | None = None,
    ) -> Contrast:
        """Compare the means of one number per unit.

        Parameters
        ----------
        z : array_like of float, shape (N,)
            A change, or any outcome, of each unit.
        treated : array_like of bool, shape (N,)
        clusters, strata : array_like, shape (N,), optional
        population : array_like of float, shape (N,), optional

        Raises
        ------
        NotIdentified
            When nobody, or everybody, is treated.
        DesignError
            When a number is absent or infinite.
        """
        values, on = np.asarray(z, dtype=np.float64), np.asarray(treated, dtype=bool)
        if not np.isfinite(values).all():
            raise DesignError(
                f"{int((~np.isfinite(values)).sum())} territoire(s) sans valeur, ou de valeur infinie.",
                value=", ".join(str(i) for i in np.flatnonzero(~np.isfinite(values))[:5]),
                remedy="Retirez-les, ou complétez-les.",
            )
        n, n1 = len(values), int(on.sum())
        if not 0 < n1 < n:
            raise NotIdentified(
                f"{n1} territoire(s) concerné(s) sur {n} : il n’y a rien à comparer.",
                remedy="Il faut au moins un territoire concerné et un territoire de comparaison.",
            )
        rows = np.where(on, 0, 1).astype(np.intp)
        weights = np.array([1 / n1, -1 / (n - n1)])
        path = np.array([1.0, 0.0])
        own = np.broadcast_to(weights * (path - n1 / n), (n, 2))
        return cls(
            scores=(values - values.mean())[:, None] * weights,
            response=np.outer(weights, path),
            own=own,
            shifts=(path[rows] - n1 / n)[:, None] * weights,
            mass=np.ones(n),
            rows=rows,
            clusters=_codes(clusters, n),
            strata=None if strata is None else _codes(strata, n),
            population=None if population is None else np.asarray(population, dtype=np.float64),
        )


def paths(panel: Panel) -> tuple[Floats, Ints]:
    """Distinct treatment paths of a panel, the last one never treated, and the path of each unit.

    Returns
    -------
    tuple of ndarray
        Paths, shape (K + 1, T), in the order of `Panel.cohorts` when the treatment is all or nothing; path of each
        unit, shape (N,).
    """
    n_periods = panel.n_periods
    if panel.binary:
        starts = np.append(panel.cohorts, n_periods)
        found = (np.arange(n_periods) >= starts[:, None]).astype(np.float64)
        return found, np.searchsorted(starts, panel.start).astype(np.intp)
    distinct, rows = np.unique(panel.treatment, axis=0, return_inverse=True)
    rows = rows.reshape(-1)
    never = ~distinct.any(axis=1)
    order = np.argsort(never, kind="stable")
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    found = distinct[order]
    if not never.any():
        found = np.vstack([found, np.zeros(n_periods)])
    return found, place[rows]


def two_way_weights(path: Floats, counts: Floats) -> Floats:
    """Coefficients of the two-way regression of a balanced panel: treatment less its means, over its sum of squares.

    Parameters
    ----------
    path : ndarray of float64, shape (K + 1, T)
    counts : ndarray of float64, shape (K + 1,)
        Units of each path, or their weight.

    Returns
    -------
    ndarray of float64, shape (K + 1, T)

    Raises
    ------
    NotIdentified
        When unit and period effects explain the treatment entirely.
    """
    demeaned = path - path.mean(axis=1, keepdims=True)
    demeaned = demeaned - counts @ demeaned / counts.sum()
    total = float(counts @ (demeaned**2).sum(axis=1))
    if not total > _TINY:
        raise _absorbed()
    return np.asarray(demeaned / total)


def _absorbed() -> NotIdentified:
    return NotIdentified(
        "Le traitement ne se distingue pas des effets fixes des territoires et des périodes.",
        remedy="Il faut des territoires de comparaison, ou des dates de traitement différentes.",
    )


def _codes(values: npt.ArrayLike | None, n: int) -> Ints:
    if values is None:
        return np.arange(n, dtype=np.intp)
    return np.unique(np.asarray(values), return_inverse=True)[1].astype(np.intp).reshape(-1)


def _balanced(panel: Panel, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Outcome and treatment less their period means, and cells that count."""
    outcome, treatment = panel.outcome, panel.treatment
    if (np.abs(weights.sum(axis=1)) <= _TINY * np.abs(weights).sum(axis=1)).all():
        # Levels cancel out in the scores, but not the rounding errors that large ones bring.
        outcome = outcome - outcome.mean(axis=1, keepdims=True)
    return outcome - outcome.mean(axis=0), treatment - treatment.mean(axis=0), np.ones(outcome.shape)


def _residuals(panel: Panel) -> tuple[Floats, Floats, Floats]:
    """Residuals of the outcome and of the treatment in the null model (0 in the gaps), and weights of the cells."""
    outcome, treatment = (residualise(panel, values) for values in (panel.outcome, panel.treatment))
    cells = panel.observed.astype(np.float64) if panel.weights is None else panel.weights
    seen = panel.observed
    return np.where(seen, outcome, 0.0), np.where(seen, treatment, 0.0), np.where(seen, cells, 0.0)


def _mass(panel: Panel) -> Floats:
    """Mean weight of the cells of each unit that are observed, 1 in the mean over units."""
    if panel.weights is None:
        return np.ones(panel.n_units)
    cells = np.where(panel.observed, panel.weights, 0.0)
    found = cells.sum(axis=1) / np.maximum(panel.observed.sum(axis=1), 1)
    return np.asarray(found / found.mean())


def _own(weights: Floats, path: Floats, shares: Floats, cells: Floats) -> Floats:
    """Give what an effect of 1 on the treated adds to the contribution of each unit as each path, shape (N, K + 1)."""
    change = path - shares @ path
    total = np.maximum(cells.sum(axis=1, keepdims=True), 1e-300)
    # The mean of the unit over its own cells is taken out: with gaps the coefficients do not do it by themselves.
    return np.asarray(cells @ (weights * change).T - (cells @ weights.T) * (cells @ change.T) / total)
