"""Least squares on persons, one row each: coefficients, five kinds of standard errors, and columns that are redundant.

References
----------
MacKinnon, J. and White, H. (1985), Journal of Econometrics 29 (HC1 to HC3); Bell, R. and McCaffrey, D. (2002), Survey
Methodology 28 (degrees of freedom of HC2); Liang, K. and Zeger, S. (1986), Biometrika 73 (clusters).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from ctgeval.errors import NotIdentified, TooFewUnits
from ctgeval.impact.panel import Floats, Ints

__all__ = ["Errors", "Fit", "fit"]

Errors = Literal["iid", "hc1", "hc2", "hc3", "cluster"]
_RANK = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """A weighted least-squares fit.

    Parameters
    ----------
    names : tuple of str
        Of the k columns.
    coefficients : ndarray of float64, shape (k,)
    residuals : ndarray of float64, shape (n,)
        In the unit of the outcome.
    basis : ndarray of float64, shape (n, k)
        Orthonormal basis of the (weighted) columns; ``leverage`` is the sum of its squares by row.
    inverse : ndarray of float64, shape (k, k)
        The coefficients are ``inverse @ basis.T @ (root * outcome)``.
    root : ndarray of float64, shape (n,)
        Square roots of the weights.
    """

    names: tuple[str, ...]
    coefficients: Floats
    residuals: Floats
    basis: Floats
    inverse: Floats
    root: Floats

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.residuals)

    @property
    def df(self) -> int:
        """Rows less coefficients."""
        return self.n - len(self.coefficients)

    @cached_property
    def left(self) -> Floats:
        """One less the leverage of each row, shape (n,)."""
        return np.asarray(np.maximum(1 - np.einsum("ij,ij->i", self.basis, self.basis), 1e-12))

    def place(self, name: str) -> int:
        """Return the column of a name."""
        return self.names.index(name)

    def weight(self, name: str) -> Floats:
        """Coefficient of each (weighted) row in one estimate, shape (n,)."""
        return np.asarray(self.basis @ self.inverse[self.place(name)])

    def error(self, name: str, kind: Errors, clusters: Ints | None = None) -> tuple[float, float]:
        """Return the standard error of one coefficient, and its degrees of freedom.

        Parameters
        ----------
        name : str
        kind : {"iid", "hc1", "hc2", "hc3", "cluster"}
            With HC2 the degrees of freedom are those of Bell and McCaffrey; with clusters G - 1, and the factor
            G / (G - 1) * (n - 1) / (n - k); n - k otherwise.
        clusters : ndarray of intp, shape (n,), optional
            Codes from 0.
        """
        own, scaled = self.weight(name), self.root * self.residuals
        if kind == "iid":
            return float(np.sqrt(own @ own * (scaled @ scaled) / self.df)), float(self.df)
        if kind == "cluster":
            assert clusters is not None
            sums = np.bincount(clusters, weights=own * scaled)
            count = len(np.unique(clusters))
            if count < 2:
                return float("nan"), float("nan")
            factor = count / (count - 1) * (self.n - 1) / self.df
            return float(np.sqrt(factor * (sums @ sums))), float(count - 1)
        if kind == "hc1":
            return float(np.sqrt(((own * scaled) ** 2).sum() * self.n / self.df)), float(self.df)
        left = self.left
        variance = float(((own * scaled) ** 2 / left ** (2 if kind == "hc3" else 1)).sum())
        return float(np.sqrt(variance)), self._bell_mccaffrey(own, left) if kind == "hc2" else float(self.df)

    def _bell_mccaffrey(self, own: Floats, left: Floats) -> float:
        share = own**2 / left
        crossed = self.basis.T @ (share[:, None] * self.basis)
        total = float((share * left).sum())
        squares = float((share**2 * (1 - 2 * (1 - left))).sum() + (crossed**2).sum())
        return total**2 / squares if squares > 0 else float(self.df)


def fit(outcome: Floats, columns: Sequence[Floats], names: Sequence[str], weights: Floats | None = None) -> Fit:
    """Fit an outcome by (weighted) least squares.

    Parameters
    ----------
    outcome : ndarray of float64, shape (n,)
    columns : sequence of ndarray, each of shape (n,)
        The constant too, when there is one.
    names : sequence of str
        Of the columns, for messages.
    weights : ndarray of float64, shape (n,), optional
        Above zero.

    Raises
    ------
    NotIdentified
        When a column is a combination of those before it, with its name and theirs.
    TooFewUnits
        When there are no more rows than coefficients.
    """
    design = np.column_stack(list(columns))
    n, k = design.shape
    if n <= k:
        raise TooFewUnits(
            f"Il y a {k} coefficients à estimer pour {n} personnes.",
            remedy="Retirez des covariables, ou rassemblez davantage de réponses.",
        )
    root = np.ones(n) if weights is None else np.sqrt(weights)
    scale = np.abs(design).max(axis=0)
    weighted = design / np.where(scale > 0, scale, 1.0) * root[:, None]
    basis, upper = np.linalg.qr(weighted)
    _refuse_redundant(weighted, upper, tuple(names))
    inverse = np.linalg.solve(upper, np.eye(k)) / np.where(scale > 0, scale, 1.0)[:, None]
    coefficients = inverse @ (basis.T @ (root * outcome))
    return Fit(
        names=tuple(names),
        coefficients=coefficients,
        residuals=outcome - design @ coefficients,
        basis=basis,
        inverse=inverse,
        root=root,
    )


def _refuse_redundant(design: Floats, upper: Floats, names: tuple[str, ...]) -> None:
    # A column of the triangle has the length of the column itself; its last part is what those before leave of it.
    size = np.sqrt((upper**2).sum(axis=0))
    redundant = np.flatnonzero(np.abs(np.diag(upper)) <= _RANK * np.where(size > 0, size, 1.0))
    if not len(redundant):
        return
    told = []
    for k in redundant:
        if not size[k]:
            told.append(f"« {names[k]} » est toujours nulle")
            continue
        share = np.linalg.lstsq(design[:, :k], design[:, k], rcond=None)[0]
        with_size = np.abs(share) * size[:k] > 1e-6 * size[k]
        others = ", ".join(f"« {names[j]} »" for j in np.flatnonzero(with_size)) or "les autres colonnes"
        told.append(f"« {names[k]} » se déduit de {others}")
    raise NotIdentified(
        f"Des colonnes disent la même chose : {' ; '.join(told)}.",
        column=names[int(redundant[0])],
        remedy="Retirez une colonne de chaque groupe.",
    )
