"""Wild cluster bootstrap, from sums over clusters only: no draw ever touches the rows of the data."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ctgeval.errors import DesignError, NotIdentified, TooFewUnits
from ctgeval.impact.contrast import Contrast
from ctgeval.impact.extremes import Extremes, inverted
from ctgeval.impact.moments import Moments
from ctgeval.impact.panel import Floats, Ints
from ctgeval.impact.result import Interval
from ctgeval.impact.tested import Tested

__all__ = ["Weights", "wild", "wild_cluster"]

Weights = Literal["auto", "rademacher", "webb"]

_CELLS = 2_000_000
_FEW = 12
"""Clusters up to which two-point weights, when drawn, give too few different vectors (Webb 2023)."""
_WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))


class _Sums(NamedTuple):
    """Bootstrapped scores of the clusters: ``own * w - left @ (right @ w)``, for the outcome and for the regressor."""

    own_y: Floats
    own_x: Floats
    left: Floats
    right_y: Floats
    right_x: Floats


def wild_cluster(
    y: npt.ArrayLike,
    X: npt.ArrayLike,  # noqa: N803
    clusters: npt.ArrayLike,
    *,
    column: int,
    draws: int = 9_999,
    seed: int = 0,
    weights: Weights = "auto",
    restricted: bool = True,
    level: float = 0.95,
    null: float = 0.0,
) -> Tested:
    """Test one coefficient of a least-squares regression by the wild cluster bootstrap-t.

    Parameters
    ----------
    y : array_like of float, shape (N,)
    X : array_like of float, shape (N, k)
        Regressors, the constant among them; collinear ones are allowed besides the tested one.
    clusters : array_like, shape (N,)
    column : int
        Column of ``X`` whose coefficient is tested.
    draws : int
        Vectors of weights drawn; all 2^G of them are enumerated instead, for Rademacher weights, when they are not
        more than ``draws + 1``.
    seed : int
    weights : {"auto", "rademacher", "webb"}
        Two-point or six-point weights; by default Rademacher, and Webb with 12 clusters or fewer whose vectors are not
        enumerated.
    restricted : bool
        Impose the null on the residuals (WCR), or not (WCU, which rejects too often with few treated clusters).
    level : float
        Of confidence.
    null : float
        Coefficient tested by ``p_value``.

    Returns
    -------
    Tested
        Standard error with the small-sample factor ``G / (G - 1) (N - 1) / (N - k)``. The observed statistic counts
        among the draws: no p-value is zero.

    Raises
    ------
    DesignError
        When lengths differ, or a number is absent or infinite.
    TooFewUnits
        With a single cluster.
    NotIdentified
        When the other regressors explain the tested one.

    References
    ----------
    Cameron, C., Gelbach, J. and Miller, D. (2008), REStat 90(3). Roodman, D., MacKinnon, J., Nielsen, M. and Webb, M.
    (2019), Fast and wild, Stata Journal 19(1). MacKinnon, J., Nielsen, M. and Webb, M. (2023), Fast and reliable
    jackknife and bootstrap methods, J. Applied Econometrics 38(5).
    """
    outcome, design, codes = _checked(y, X, clusters)
    n_clusters = int(codes.max()) + 1
    tested = design[:, column]
    others = np.delete(design, column, axis=1)
    scale = np.sqrt((others**2).sum(axis=0))
    others = others[:, scale > 0] / scale[scale > 0]
    both = np.column_stack([outcome, tested])
    if others.shape[1]:
        both = both - others @ np.linalg.lstsq(others, both, rcond=1e-10)[0]
    total = float(both[:, 1] @ both[:, 1])
    if not total > 1e-16 * float(tested @ tested):
        raise NotIdentified(
            "Le coefficient testé ne se distingue pas des autres variables du modèle.",
            remedy="Retirez les variables qui le déterminent.",
        )
    inverse, rank = _inverse(others)
    estimate = float(both[:, 1] @ both[:, 0]) / total
    u = both if restricted else np.column_stack([both[:, 0] - estimate * both[:, 1], both[:, 1]])
    own = _cluster_sums(both[:, 1:] * u, codes, n_clusters)
    parts = [_cluster_sums(others * u[:, [j]], codes, n_clusters) for j in range(2)]
    sums = _Sums(
        own_y=own[:, 0],
        own_x=own[:, 1],
        left=np.column_stack([parts[1], own[:, 1]]),
        right_y=np.vstack([inverse @ parts[0].T, own[:, 0] / total]),
        right_x=np.vstack([inverse @ parts[1].T, own[:, 1] / total]),
    )
    n = len(outcome)
    factor = n_clusters / (n_clusters - 1) * (n - 1) / max(n - rank - 1, 1)
    real = _Observed(estimate, total, sums, restricted=restricted, null=null)
    return real.tested(factor, draws=draws, seed=seed, weights=weights, level=level)


def wild(
    contrast: Contrast,
    *,
    level: float = 0.95,
    draws: int = 9_999,
    seed: int = 0,
    weights: Weights = "auto",
) -> Tested:
    """Test the contrast of a panel by the restricted wild cluster bootstrap-t.

    Whole paths of residuals under no effect (outcome less unit and period means) are multiplied by the weight of their
    cluster; for the two-way estimate of a balanced panel this is the bootstrap of its regression, from N numbers.

    Parameters
    ----------
    contrast : Contrast
    level : float
        Of confidence.
    draws, seed, weights
        As in `wild_cluster`.

    Returns
    -------
    Tested
        With one or two treated clusters it hardly ever rejects, whatever the effect (MacKinnon and Webb 2017).

    Raises
    ------
    TooFewUnits
        With a single cluster.
    """
    codes = np.unique(contrast.clusters, return_inverse=True)[1]
    n_clusters, width = int(codes.max()) + 1, contrast.n_cohorts + 1
    _enough(n_clusters)
    n, rows = contrast.n_units, contrast.rows
    held = np.bincount(codes * width + rows, weights=contrast.mass, minlength=n_clusters * width)
    explained = _cluster_sums(contrast.shifts[np.arange(n), rows][:, None], codes, n_clusters)
    own, right = [], []
    for values in (contrast.scores, contrast.shifts):
        own.append(_cluster_sums(values[np.arange(n), rows][:, None], codes, n_clusters)[:, 0])
        # The weighted path of a mean residual, which the null model takes out of each bootstrapped world.
        means = _cluster_sums(values, codes, n_clusters) / contrast.mass.sum()
        right.append(np.vstack([means.T, own[-1]]))
    left = np.hstack([held.reshape(n_clusters, width), explained])
    sums = _Sums(own_y=own[0], own_x=own[1], left=left, right_y=right[0], right_x=right[1])
    real = _Observed(contrast.estimate, 1.0, sums, restricted=True, null=0.0)
    return real.tested(n_clusters / (n_clusters - 1), draws=draws, seed=seed, weights=weights, level=level)


class _Observed:
    """An estimate and the sums from which it is drawn anew."""

    def __init__(self, estimate: float, total: float, sums: _Sums, *, restricted: bool, null: float) -> None:
        self.estimate, self.total, self.sums = estimate, total, sums
        self.restricted, self.null = restricted, null

    def tested(self, factor: float, *, draws: int, seed: int, weights: Weights, level: float) -> Tested:
        n = len(self.sums.own_y)
        vectors, enumerated, kind = _vectors(n, draws, seed, weights)
        found = self._moments(vectors)
        law = Extremes(found, 0, "two-sided", studentised=True)
        here = found.p[0] - 2 * self.estimate * found.q[0] + self.estimate**2 * found.r[0]
        std_error = float(np.sqrt(max(here, 0.0) * factor))
        size = vectors.shape[1]
        # A vector and its opposite give the same |t|: only one of the two is enumerated.
        minimum = 1 / size
        if not std_error > 1e-12 * abs(self.estimate):
            return _undefined()
        how = "toutes énumérées" if enumerated else "tirées au hasard"
        interval = (
            Interval(-np.inf, np.inf)
            if minimum > 1 - level
            else inverted(law, self.estimate, std_error, 1 - level, "two-sided")
        )
        return Tested(
            code="wild",
            p_value=float(law.extreme(self.null).mean()),
            std_error=std_error,
            interval=interval,
            minimum_p=minimum,
            reference=law.statistics(self.null),
            p_at=law.p_at,
            note=f"Les résidus de chaque groupe sont multipliés par un poids au hasard ({kind}) : {size} combinaisons, "
            f"{how}.",
        )

    def _moments(self, vectors: Floats) -> Moments:
        step = max(1, _CELLS // len(vectors))
        parts = [self._block(vectors[:, first : first + step]) for first in range(0, vectors.shape[1], step)]
        found = [np.concatenate(column) for column in zip(*parts, strict=True)]
        if self.restricted:
            return Moments(*found)
        # The bootstrapped world holds the estimate for true: only the real statistic depends on the null.
        a, p = found[0], found[2]
        nothing = np.zeros(len(a))
        real = nothing.copy()
        real[0] = 1.0
        a = a + self.estimate * real
        return Moments(a, real, p, nothing, nothing)

    def _block(self, w: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        s, total = self.sums, self.total
        if len(s.right_y) > len(w):
            e = (np.diag(s.own_y) - s.left @ s.right_y) @ w
            d = (np.diag(s.own_x) - s.left @ s.right_x) @ w
        else:
            e = s.own_y[:, None] * w - s.left @ (s.right_y @ w)
            d = s.own_x[:, None] * w - s.left @ (s.right_x @ w)
        return s.own_y @ w / total, s.own_x @ w / total, _dot(e, e, total), _dot(e, d, total), _dot(d, d, total)


def _dot(x: Floats, y: Floats, total: float) -> Floats:
    return np.asarray(np.einsum("gb,gb->b", x, y) / total**2)


def _vectors(n: int, draws: int, seed: int, weights: Weights) -> tuple[Floats, bool, str]:
    """Weights of each cluster, shape (G, B), the first vector being all ones: the data themselves."""
    if weights not in {"auto", "rademacher", "webb"}:
        raise DesignError(
            f"Il n’y a pas de poids « {weights} ».", value=weights, remedy="Choisissez auto, rademacher ou webb."
        )
    if weights != "webb" and n <= 40 and 2**n <= draws + 1:
        half = np.arange(2 ** (n - 1))
        signs = 1.0 - 2.0 * ((half >> np.arange(n - 1)[:, None]) & 1)
        return np.vstack([np.ones(len(half)), signs]), True, "Rademacher"
    rng = np.random.default_rng(seed)
    found = np.empty((n, draws + 1))
    found[:, 0] = 1.0
    if weights == "webb" or (weights == "auto" and n <= _FEW):
        found[:, 1:] = _WEBB[rng.integers(0, 3, size=(n, draws))] * (1.0 - 2.0 * rng.integers(0, 2, size=(n, draws)))
        return found, False, "Webb"
    found[:, 1:] = 1.0 - 2.0 * rng.integers(0, 2, size=(n, draws), dtype=np.int8)
    return found, False, "Rademacher"


def _checked(y: npt.ArrayLike, x: npt.ArrayLike, clusters: npt.ArrayLike) -> tuple[Floats, Floats, Ints]:
    outcome, design = np.asarray(y, dtype=np.float64), np.asarray(x, dtype=np.float64)
    codes = np.unique(np.asarray(clusters), return_inverse=True)[1].reshape(-1)
    if design.ndim != 2 or not len(outcome) == len(design) == len(codes):
        raise DesignError(
            f"{len(outcome)} résultats, {len(design)} lignes de variables et {len(codes)} groupes.",
            remedy="Donnez une ligne par observation.",
        )
    wrong = np.flatnonzero(~(np.isfinite(outcome) & np.isfinite(design).all(axis=1)))
    if len(wrong):
        raise DesignError(
            f"{len(wrong)} ligne(s) avec une valeur absente ou infinie, la première en {wrong[0]}.",
            value=str(len(wrong)),
            remedy="Retirez-les ou complétez-les.",
        )
    _enough(int(codes.max()) + 1)
    return outcome, design, codes


def _enough(n_clusters: int) -> None:
    if n_clusters < 2:
        raise TooFewUnits(
            "Un seul groupe : le bootstrap par groupe n’a rien à comparer.",
            value="1",
            remedy="Donnez le groupe d’affectation de chaque unité.",
        )


def _inverse(others: Floats) -> tuple[Floats, int]:
    """Generalised inverse of the cross products, and their rank."""
    if not others.shape[1]:
        return np.empty((0, 0)), 0
    values, vectors = np.linalg.eigh(others.T @ others)
    kept = values > 1e-10 * values[-1]
    return (vectors[:, kept] / values[kept]) @ vectors[:, kept].T, int(kept.sum())


def _cluster_sums(values: Floats, codes: Ints, n: int) -> Floats:
    sums = np.zeros((n, values.shape[1]))
    for j, column in enumerate(values.T):
        sums[:, j] = np.bincount(codes, weights=column, minlength=n)
    return sums


def _undefined() -> Tested:
    nan = float("nan")
    return Tested(
        code="wild",
        p_value=nan,
        std_error=nan,
        interval=Interval(nan, nan),
        minimum_p=nan,
        p_at=lambda tau: np.full(np.shape(tau), nan),
        note="Les résidus ne varient pas d’un groupe à l’autre.",
    )
