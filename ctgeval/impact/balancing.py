"""Entropy balancing: comparators are weighted so that, before the action, their means are exactly those of the treated.

Among the weights that meet the moments, those nearest to equal ones (in the sense of Kullback and Leibler) are unique;
their logarithm is linear in the moments, and Newton's method on the dual finds them in a few exact steps.

References
----------
Hainmueller, J. (2012), Entropy Balancing for Causal Effects, Political Analysis 20(1), equations 4 to 8; Zhao, Q. and
Percival, D. (2017), Entropy Balancing is Doubly Robust, Journal of Causal Inference 5(1); Kish, L. (1965), Survey
Sampling, section 8.2 (effective size).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.errors import DesignError, NotIdentified, suggestion
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Bools, Floats, Ints, Panel
from ctgeval.impact.reading import some
from ctgeval.impact.simplex import simplex_least_squares

__all__ = ["Balance", "balance", "entropy_weights"]

_NAME = "l’équilibrage"
_OUTSIDE = 1e-7
_EXACT = 1e-11
_STEPS = 200


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Balance:
    """Weights of the comparators, and the balance before and after.

    Parameters
    ----------
    panel : Panel
        The same, with the weights: to be given to an estimator that takes weights (``impact.did``). Comparators of
        weight 0 are not in it, nor the covariates that are balanced.
    weights : DataFrame
        ``unit, name, weight`` of each comparator, of mean one.
    table : DataFrame
        ``moment, treated, before, after, difference_before, difference_after``: means, and differences in standard
        deviations of the treated (of the comparators when a single one is treated).
    effective_size : float
        Number of comparators of equal weight that would give means as precise (Kish).
    n_controls : int
        Comparators before.
    left_out : tuple of str
        Names of the comparators of weight 0: with them, some moment can't be met.
    limits : tuple of str
        Sentences to be printed with the figures, in French.
    """

    panel: Panel
    weights: pd.DataFrame
    table: pd.DataFrame
    effective_size: float
    n_controls: int
    left_out: tuple[str, ...]
    limits: tuple[str, ...]

    def text(self) -> str:
        """Say it in French sentences."""
        worst = float(self.table["difference_before"].abs().max())
        share = self.effective_size / self.n_controls
        said = (
            f"{french.plural(len(self.table), 'caractéristique')} d’avant l’action : les territoires de comparaison, "
            "pondérés, ont exactement les moyennes des territoires concernés. Le plus grand écart était de "
            f"{french.number(worst, 2)} écart-type avant pondération. Les {self.n_controls} comparaisons en "
            f"valent {french.number(self.effective_size, 1)} de poids égal ({french.percent(100 * share, 0)})."
        )
        return french.typography(" ".join([said, *self.limits]))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without the panel."""
        from ctgeval.impact.result import plain

        return {
            "weights": plain(self.weights),
            "table": plain(self.table),
            "effective_size": plain(self.effective_size),
            "n_controls": self.n_controls,
            "left_out": list(self.left_out),
            "limits": list(self.limits),
        }

    def _repr_html_(self) -> str:
        from html import escape

        from ctgeval.impact.html_table import html_table

        columns = ["Avant l’action", "Concernés", "Comparaison", "Comparaison pondérée", "Écart", "Écart pondéré"]
        names = ("treated", "before", "after", "difference_before", "difference_after")
        rows = [
            [str(row["moment"]), *(french.number(float(row[name]), 2) for name in names)]
            for row in self.table.to_dict("records")
        ]
        caption = "Moyennes d’avant l’action, et écarts en écarts-types"
        return f"<p>{escape(self.text())}</p>{html_table(caption, columns, rows)}"


@guarded
def balance(panel: Panel, *, on: Sequence[str] = ("outcome_pre",)) -> Balance:
    """Weight comparators so that their means before the action are those of the treated.

    Parameters
    ----------
    panel : Panel
        Its own weights, when it has some, are the starting point.
    on : sequence of str
        ``outcome_pre`` (the outcome of each period before the first treatment) and names of covariates (their mean over
        those periods).

    Returns
    -------
    Balance
        Moments are met to ten digits.

    Raises
    ------
    NotIdentified
        When nobody is treated, nobody is left to compare with, or no weights meet the moments (the treated are out of
        what the comparators are): with the moments.
    DesignError
        When a name is not a covariate, or a value is missing: with the territories.

    Examples
    --------
    >>> balanced = balance(panel, on=("outcome_pre", "revenu"))  # doctest: +SKIP
    >>> impact.did(balanced.panel)  # doctest: +SKIP
    """
    panel.require(method=_NAME)
    names, values = _moments(panel, tuple(on))
    unit_weight = np.ones(panel.n_units) if panel.weights is None else np.nanmean(panel.weights, axis=1)
    treated = panel.treated
    goal = np.average(values[treated], axis=0, weights=unit_weight[treated])
    scale = _spread(values, treated)
    distance = (values[~treated] - goal) / scale
    start = unit_weight[~treated]
    found = _solve(distance, start, names)
    before = np.average(values[~treated], axis=0, weights=start)
    after = found @ values[~treated]
    rows = np.flatnonzero(~treated)
    mean_one = found * len(rows)
    codes = [panel.units[i] for i in rows]
    nil = rows[found <= 0]
    limits = []
    if len(nil):
        limits.append(
            f"Poids nul, sans quoi les moyennes ne peuvent pas être égales : {some(panel.name(int(i)) for i in nil)}."
        )
    if not panel.exact:
        limits.append("Des valeurs masquées sont comptées au milieu de leurs bornes.")
    effective = float(1 / (found @ found))
    if effective < len(rows) / 3:
        limits.append("Peu de territoires portent l’essentiel du poids : la comparaison repose sur eux.")
    return Balance(
        panel=_weighted(panel, rows, mean_one, unit_weight, tuple(on)),
        weights=pd.DataFrame(
            {"unit": codes, "name": [panel.names.get(code, "") for code in codes], "weight": mean_one}
        ),
        table=pd.DataFrame(
            {
                "moment": names,
                "treated": goal,
                "before": before,
                "after": after,
                "difference_before": (goal - before) / scale,
                "difference_after": (goal - after) / scale,
            }
        ),
        effective_size=effective,
        n_controls=len(rows),
        left_out=tuple(panel.name(int(i)) for i in nil),
        limits=tuple(limits),
    )


def entropy_weights(distance: Floats, start: Floats) -> Floats | None:
    """Weights of sum one nearest to ``start`` under which every column has mean 0; None when Newton does not end.

    Parameters
    ----------
    distance : ndarray of float64, shape (n, K)
        Moments less their goals, scaled; columns may be collinear.
    start : ndarray of float64, shape (n,)
        Positive.
    """
    _, sizes, directions = np.linalg.svd(distance, full_matrices=False)
    kept = directions[sizes > 1e-10 * sizes.max(initial=0.0)]
    if not len(kept):
        return np.asarray(start / start.sum())
    moments, base = distance @ kept.T, np.log(start / start.sum())

    def at(point: Floats) -> tuple[float, Floats]:
        logs = base + moments @ point
        top = float(logs.max())
        raised = np.exp(logs - top)
        total = float(raised.sum())
        return top + float(np.log(total)), np.asarray(raised / total)

    dual = np.zeros(len(kept))
    value, weights = at(dual)
    for _ in range(_STEPS):
        slope = weights @ moments
        if np.abs(slope).max() <= _EXACT:
            return weights
        bend = moments.T @ (weights[:, None] * moments) - np.outer(slope, slope)
        step = np.asarray(np.linalg.lstsq(bend, -slope, rcond=1e-14)[0])
        length, fall = 1.0, float(slope @ step)
        while length > 1e-8:
            point = np.asarray(dual + length * step)
            moved, changed = at(point)
            if moved <= value + 1e-4 * length * fall + 1e-15:
                break
            length /= 2
        else:
            break
        dual, value, weights = point, moved, changed
    return weights if np.abs(weights @ moments).max() <= 1e-9 else None


def _solve(distance: Floats, start: Floats, names: list[str]) -> Floats:
    """Weights that meet the moments, 0 for the comparators that no solution can use."""
    nearest = simplex_least_squares(distance.T, np.zeros(distance.shape[1]))
    left = distance.T @ nearest.weights
    if np.abs(left).max() > _OUTSIDE:
        raise _refusal(distance, left, names)
    usable = _usable(distance)
    weights = entropy_weights(distance[usable], start[usable])
    if weights is None:
        raise NotIdentified(
            f"Les territoires concernés sont au bord de ce que sont les comparaisons ({some(names)}) : seul un très "
            "petit nombre d’entre elles pourrait leur ressembler.",
            remedy="Retirez une caractéristique, ou ajoutez des territoires de comparaison.",
        )
    found = np.zeros(len(start))
    found[usable] = weights
    return found


def _usable(distance: Floats) -> Bools:
    """Find the comparators that are not shut out by a moment whose goal is the least, or the most, that they have."""
    usable = np.ones(len(distance), dtype=bool)
    while True:
        inside = distance[usable]
        low, high = inside.min(axis=0) >= -_OUTSIDE, inside.max(axis=0) <= _OUTSIDE
        edge = low | high
        kept = usable & (np.abs(distance[:, edge]) <= _OUTSIDE).all(axis=1)
        if kept.sum() == usable.sum() or not kept.any():
            return usable
        usable = kept


def _refusal(distance: Floats, left: Floats, names: list[str]) -> NotIdentified:
    """Say which moments can't be met."""
    low, high = distance.min(axis=0) > _OUTSIDE, distance.max(axis=0) < -_OUTSIDE
    alone = [f"{name} (trop {'bas' if low[k] else 'haut'})" for k, name in enumerate(names) if low[k] or high[k]]
    if alone:
        message = f"Aucun territoire de comparaison n’atteint la moyenne des territoires concernés : {some(alone)}."
    else:
        order = np.argsort(-np.abs(left))
        worst = [names[k] for k in order if abs(left[k]) > _OUTSIDE]
        message = (
            "Chaque caractéristique est à portée des comparaisons, mais pas toutes ensemble : "
            f"{some(worst)} ne peu{'vent' if len(worst) > 1 else 't'} pas être atteinte{'s' if len(worst) > 1 else ''}."
        )
    return NotIdentified(
        message,
        remedy="Retirez ces caractéristiques, ou ajoutez des territoires de comparaison semblables.",
    )


def _moments(panel: Panel, on: tuple[str, ...]) -> tuple[list[str], Floats]:
    """Names and values of the moments, shape (N, K)."""
    if not on:
        raise DesignError("Rien à équilibrer.", remedy='on=("outcome_pre",), ou des noms de covariables.')
    names, columns = [], []
    for name in dict.fromkeys(on):
        if name == "outcome_pre":
            names += [f"{panel.label or 'indicateur'} en {label}" for label in panel.periods[: panel.n_pre]]
            columns += list(panel.outcome[:, : panel.n_pre].T)
        elif panel.covariates is not None and name in panel.covariate_names:
            cells = panel.covariates[:, : panel.n_pre, panel.covariate_names.index(name)]
            seen = ~np.isnan(cells)
            count = seen.sum(axis=1)
            total = np.where(seen, cells, 0.0).sum(axis=1)
            names.append(name)
            columns.append(np.where(count > 0, total / np.maximum(count, 1), np.nan))
        else:
            known = ("outcome_pre", *panel.covariate_names)
            raise DesignError(
                f"Le panel n’a pas de covariable « {name} ».",
                value=name,
                remedy=suggestion(name, known) or f"Choisissez parmi : {some(known, 12)}.",
            )
    values = np.column_stack(columns)
    absent = np.flatnonzero(np.isnan(values).any(axis=1))
    if len(absent):
        codes = ", ".join(f'"{panel.units[i]}"' for i in absent[:5])
        raise DesignError(
            f"Des valeurs manquent avant l’action pour {some(panel.name(int(i)) for i in absent)}.",
            remedy=f"Complétez-les, ou écartez ces territoires : panel.drop({codes}).",
        )
    return names, values


def _spread(values: Floats, treated: Bools) -> Floats:
    """Compute the standard deviations that differences are told in; 1 for a moment that never varies."""
    group = values[treated] if treated.sum() > 1 else values[~treated]
    found = group.std(axis=0, ddof=1) if len(group) > 1 else np.zeros(values.shape[1])
    wider = np.where(found > 0, found, values.std(axis=0))
    return np.asarray(np.where(wider > 0, wider, 1.0))


def _weighted(panel: Panel, rows: Ints, weights: Floats, unit_weight: Floats, on: tuple[str, ...]) -> Panel:
    """Return the panel with the weights, without the comparators of weight 0 nor the covariates that are balanced."""
    by_unit = np.ones(panel.n_units)
    by_unit[rows] = weights / unit_weight[rows] * (unit_weight[rows].mean())
    before = np.ones(panel.outcome.shape) if panel.weights is None else panel.weights
    left = [k for k, name in enumerate(panel.covariate_names) if name not in on]
    return replace(
        panel,
        weights=before * by_unit[:, None],
        # A covariate that is balanced has told what it had to tell; one that never changes could not be regressed on.
        covariates=panel.covariates[:, :, left].copy() if panel.covariates is not None and left else None,
        covariate_names=tuple(panel.covariate_names[k] for k in left),
    ).take(by_unit > 0)
