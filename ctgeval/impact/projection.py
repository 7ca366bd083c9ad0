"""Two-way demeaning: what is left of an array once unit and period effects (and covariates) are taken out.

Balanced panels, and weights that are a unit's times a period's, have a closed form. Otherwise unit effects are
eliminated by hand, which leaves one exact system of the size of the shorter side (the periods): as precise as a solver
can be, where alternating projections stop at a tolerance and slow down on panels that hang by a thread.

References
----------
Frisch, R. and Waugh, F. (1933); Lovell, M. (1963), JASA 58; Wansbeek, T. and Kapteyn, A. (1989), Estimation of the
error-components model with incomplete panels, Journal of Econometrics 41.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ctgeval.errors import NotIdentified
from ctgeval.impact.panel import Bools, Floats, Ints, Panel

__all__ = ["TwoWay", "cell_weights", "demean", "pseudo_inverse", "residualise", "singletons"]

_NULL = 1e-11
_ABSORBED = 1e-8


def cell_weights(panel: Panel) -> Floats | None:
    """Weight of each cell, 0 where nothing is observed; None when all are 1."""
    if panel.balanced and panel.weights is None:
        return None
    weights = 1.0 if panel.weights is None else panel.weights
    return np.asarray(np.where(panel.observed, weights, 0.0))


def singletons(panel: Panel) -> Ints:
    """Rows of the units observed once: they stay in the panel, and weigh nothing in a two-way estimate."""
    return np.flatnonzero(panel.observed.sum(axis=1) == 1)


def pseudo_inverse(matrix: Floats, scale: Floats | None = None) -> tuple[Floats, int]:
    """Return the generalised inverse of a positive semidefinite matrix, and its rank.

    Parameters
    ----------
    matrix : ndarray of float64, shape (q, q)
    scale : ndarray of float64, shape (q,), optional
        Size that each diagonal element had before anything was taken out: one that is nothing beside it counts as 0.
    """
    size = np.diagonal(matrix).copy()
    null = size <= 1e-18 * (size if scale is None else scale)
    root = np.where(null, 0.0, 1 / np.sqrt(np.where(null, 1.0, size)))
    values, vectors = np.linalg.eigh(root[:, None] * matrix * root)
    kept = values > _NULL * max(1.0, values[-1] if len(values) else 1.0)
    half = root[:, None] * vectors[:, kept]
    return (half / values[kept]) @ half.T, int(kept.sum())


@dataclass(frozen=True, eq=False)
class TwoWay:
    """The projection on unit and period effects of a panel.

    Parameters
    ----------
    weights : ndarray of float64, shape (N, T)
        Weight of each cell, 0 where nothing is observed.
    """

    weights: Floats

    @cached_property
    def separable(self) -> tuple[Floats, Floats] | None:
        """Weights of units and periods whose product is the weight of each cell; None when there are none such."""
        weights = self.weights
        if not weights.size or not weights.min() > 0:
            return None
        units, periods = weights[:, 0], weights[0] / weights[0, 0]
        same = np.abs(weights - units[:, None] * periods) <= 1e-14 * weights
        return (units, periods) if same.all() else None

    @cached_property
    def _wide(self) -> bool:
        return bool(self.weights.shape[0] < self.weights.shape[1])

    @cached_property
    def _tall(self) -> Floats:
        """Weights with the shorter side as columns."""
        return self.weights.T if self._wide else self.weights

    @cached_property
    def _shares(self) -> Floats:
        total = self._tall.sum(axis=1, keepdims=True)
        return np.asarray(self._tall / np.where(total > 0, total, 1.0))

    @cached_property
    def _system(self) -> tuple[Floats, Floats, int]:
        matrix = np.diag(self._tall.sum(axis=0)) - self._tall.T @ self._shares
        inverse, rank = pseudo_inverse(matrix, self._tall.sum(axis=0))
        return matrix, inverse, rank

    @cached_property
    def n_effects(self) -> int:
        """Free effects: units + periods - connected parts of the panel."""
        if self.separable is not None:
            return sum(self.weights.shape) - 1
        return int((self._tall.sum(axis=1) > 0).sum()) + self._system[2]

    def demean(self, values: Floats) -> Floats:
        """Take unit and period effects out of an array.

        Parameters
        ----------
        values : ndarray of float64, shape (N, T) or (N, T, K)
            Finite wherever the weight is above zero.

        Returns
        -------
        ndarray of float64
            Of the same shape; 0 where nothing is observed.
        """
        if values.ndim == 3:
            return np.stack([self.demean(values[:, :, k]) for k in range(values.shape[2])], axis=2)
        if self.separable is not None:
            units, periods = self.separable
            by_unit = values @ (periods / periods.sum())
            by_period = (units / units.sum()) @ values
            result: Floats = values - by_unit[:, None]
            result -= by_period - by_period @ (periods / periods.sum())
            return result
        if self._wide:
            return np.ascontiguousarray(self._eliminate(values.T).T)
        return self._eliminate(values)

    def _eliminate(self, values: Floats) -> Floats:
        seen = self._tall > 0
        result = np.where(seen, values, 0.0)
        result -= np.einsum("it,it->i", self._shares, result)[:, None]
        matrix, inverse, _ = self._system
        moment = np.einsum("it,it->t", self._tall, result)
        effects = inverse @ moment
        # One step of refinement: the system is small, and its rounding would show in every cell.
        effects += inverse @ (moment - matrix @ effects)
        result -= effects
        result += (self._shares @ effects)[:, None]
        result[~seen] = 0.0
        return result


def demean(values: Floats, observed: Bools | None = None, weights: Floats | None = None) -> Floats:
    """Take unit and period effects out of an array.

    Parameters
    ----------
    values : ndarray of float64, shape (N, T) or (N, T, K)
    observed : ndarray of bool, shape (N, T), optional
        Cells to use; all those that are not NaN by default.
    weights : ndarray of float64, shape (N, T), optional
        Positive weights of the cells.

    Returns
    -------
    ndarray of float64
        Of the same shape; NaN where nothing is observed.
    """
    seen = ~np.isnan(values).reshape(*values.shape[:2], -1).any(axis=2) if observed is None else observed
    cells = np.where(seen, 1.0 if weights is None else weights, 0.0)
    result = TwoWay(cells).demean(values)
    if not seen.all():
        result[~seen] = np.nan
    return result


def residualise(panel: Panel, values: Floats) -> Floats:
    """Take unit and period effects and the panel's covariates out of an array.

    Parameters
    ----------
    panel : Panel
    values : ndarray of float64, shape (N, T)
        The outcome or the treatment, for instance.

    Returns
    -------
    ndarray of float64, shape (N, T)
        NaN where the outcome is not observed.

    Raises
    ------
    NotIdentified
        When a covariate says nothing more than the effects or the other covariates; with its name.
    """
    cells = cell_weights(panel)
    weights = np.ones(panel.outcome.shape) if cells is None else cells
    effects = TwoWay(weights)
    left = effects.demean(values)
    if panel.covariates is not None and panel.covariates.shape[2]:
        root = np.sqrt(weights)
        basis = _basis(panel, effects, root)
        target = (root * left).ravel()
        fitted = (basis @ (basis.T @ target)).reshape(left.shape)
        left -= np.where(root > 0, fitted / np.where(root > 0, root, 1.0), 0.0)
    if not panel.balanced:
        left[~panel.observed] = np.nan
    return left


def _basis(panel: Panel, effects: TwoWay, root: Floats) -> Floats:
    """Orthonormal basis of the covariates once the effects are out, cells as rows."""
    assert panel.covariates is not None
    seen = panel.observed
    columns = effects.demean(panel.covariates)
    spread = np.array([panel.covariates[:, :, k][seen].std() for k in range(columns.shape[2])])
    flat = (root[:, :, None] * columns).reshape(-1, columns.shape[2])
    flat = flat / (np.where(spread > 0, spread, 1.0) * np.sqrt((root**2).sum()))
    absorbed = np.sqrt((flat**2).sum(axis=0)) <= _ABSORBED
    if absorbed.any():
        raise collinear([panel.covariate_names[k] for k in np.flatnonzero(absorbed)], absorbed=True)
    basis, triangle = np.linalg.qr(flat / np.sqrt((flat**2).sum(axis=0)))
    redundant = np.abs(np.diagonal(triangle)) <= _ABSORBED
    if redundant.any():
        raise collinear([panel.covariate_names[k] for k in np.flatnonzero(redundant)], absorbed=False)
    return np.asarray(basis)


def collinear(names: list[str], *, absorbed: bool) -> NotIdentified:
    """Make the error of covariates that say nothing of their own."""
    listed = ", ".join(f"« {name} »" for name in names)
    several = len(names) > 1
    if absorbed:
        why = (
            "ne change pas dans le temps, ou change partout de la même façon : les effets propres aux territoires et "
            "aux périodes disent déjà tout"
        )
        message = f"{'Chacune des covariables' if several else 'La covariable'} {listed} {why}."
    elif several:
        message = f"Les covariables {listed} disent la même chose qu’une combinaison des autres."
    else:
        message = f"La covariable {listed} dit la même chose qu’une combinaison des autres."
    return NotIdentified(message, value=", ".join(names), remedy="Retirez-la." if not several else "Retirez-les.")
