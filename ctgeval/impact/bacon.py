"""What a two-way estimate is made of when the action began at several dates: which comparisons, with which weights.

References
----------
Goodman-Bacon, A. (2021), Journal of Econometrics 225(2), theorem 1 and equation 10; de Chaisemartin, C. and
D'Haultfœuille, X. (2020), American Economic Review 110(9), theorem 1 (weights of each treated cell).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact.checks import gap
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Floats, Ints, Panel
from ctgeval.impact.reading import some
from ctgeval.impact.result import plain

__all__ = ["NEVER", "Decomposition", "bacon"]

NEVER = "traités contre jamais traités"
EARLIER = "premiers traités contre pas encore traités"
LATER = "derniers traités contre déjà traités"


@dataclass(frozen=True, eq=False, kw_only=True)
class Decomposition:
    """A two-way estimate taken apart: a diagnostic, not an estimate; nothing is tested and no verdict comes out.

    Parameters
    ----------
    estimate : float
        The two-way coefficient: sum of ``weight * estimate`` of the comparisons.
    comparisons : DataFrame
        ``treated, control`` (first treated period of each, empty for never treated), ``kind`` (`NEVER`, `EARLIER`,
        `LATER`), ``weight``, ``estimate``, in the order of the dates.
    cells : DataFrame
        ``treated`` (first treated period), ``time_period``, ``units``, ``weight`` of each treated cohort and period in
        the estimate; the weights sum to 1.
    label, unit : str
        Of the outcome.
    """

    estimate: float
    comparisons: pd.DataFrame
    cells: pd.DataFrame
    label: str
    unit: str

    @property
    def by_kind(self) -> pd.DataFrame:
        """Weight and mean estimate of each kind of comparison: ``kind, weight, estimate``."""
        rows = []
        for kind in (NEVER, EARLIER, LATER):
            part = self.comparisons[self.comparisons["kind"] == kind]
            weight = float(part["weight"].sum())
            if weight > 0:
                mean = float((part["weight"] * part["estimate"]).sum()) / weight
                rows.append({"kind": kind, "weight": weight, "estimate": mean})
        return pd.DataFrame(rows, columns=["kind", "weight", "estimate"])

    @property
    def forbidden_weight(self) -> float:
        """Weight of the comparisons with units already treated, which are biased when effects change with time."""
        return float(self.comparisons.loc[self.comparisons["kind"] == LATER, "weight"].sum())

    @property
    def negative_cells(self) -> float:
        """Share of the treated cells (cohort and period) whose effect is counted backwards."""
        return float((self.cells["weight"] < 0).mean())

    @property
    def negative_weight(self) -> float:
        """Sum of the negative weights of the treated cells, 0 or below."""
        return float(np.minimum(self.cells["weight"], 0.0).sum())

    def table(self) -> pd.DataFrame:
        """Return the comparisons, one a row."""
        return self.comparisons.copy()

    def text(self) -> str:
        """Say it in French sentences."""
        told = [
            f"{str(row['kind']).capitalize()} : {french.percent(100 * float(row['weight']), 0)} du poids, écart moyen "
            f"{gap(float(row['estimate']), self.unit)}."
            for row in self.by_kind.to_dict("records")
        ]
        first = f"L’écart à deux effets fixes, {gap(self.estimate, self.unit)}, est une moyenne de comparaisons."
        if self.negative_weight < 0:
            told.append(
                f"{french.percent(100 * self.negative_cells, 0)} des vagues et périodes concernées y comptent à "
                "l’envers (poids négatif)."
            )
        if self.forbidden_weight > 0:
            told.append(
                "Comparer à des territoires déjà concernés trompe si l’effet change avec le temps : préférez "
                "impact.group_time."
            )
        return french.typography(" ".join([first, *told]))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "estimate": plain(self.estimate),
            "label": self.label,
            "unit": self.unit,
            "comparisons": plain(self.comparisons),
            "by_kind": plain(self.by_kind),
            "cells": plain(self.cells),
            "forbidden_weight": plain(self.forbidden_weight),
            "negative_cells": plain(self.negative_cells),
            "negative_weight": plain(self.negative_weight),
        }

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.text())}</p>"


@guarded
def bacon(panel: Panel) -> Decomposition:
    """Take the two-way estimate of a panel apart.

    Parameters
    ----------
    panel : Panel
        Balanced, with a treatment that is all or nothing, without covariates; weights of units are taken in.

    Returns
    -------
    Decomposition

    Raises
    ------
    DesignError
        When the panel has gaps, shares, covariates or weights that change with time: the decomposition does not hold.
    NotIdentified
        When nobody is treated, or all are treated at the same date.
    """
    _require(panel)
    size, means, starts = _cohorts(panel)
    shares = (panel.n_periods - starts) / panel.n_periods
    rows = _comparisons(panel, size, means, starts, shares)
    found = pd.DataFrame(rows, columns=["treated", "control", "kind", "weight", "estimate"])
    total = float(found["weight"].sum())
    if not total > 0:
        raise NotIdentified(
            "Tous les territoires sont concernés à la même date : il n’y a rien à comparer.",
            remedy="Ajoutez des territoires de comparaison.",
        )
    found["weight"] /= total
    return Decomposition(
        estimate=float((found["weight"] * found["estimate"]).sum()),
        comparisons=found,
        cells=_cells(panel, size, starts),
        label=panel.label,
        unit=panel.unit_label,
    )


def _require(panel: Panel) -> None:
    panel.require(controls=False, method="la décomposition")
    if not panel.balanced:
        gaps = [panel.name(int(i)) for i in np.flatnonzero(~panel.observed.all(axis=1))]
        raise DesignError(
            f"La décomposition demande un panel sans trou ; des périodes manquent pour {some(gaps)}.",
            remedy="Retirez ces territoires (panel.drop), en le disant, ou complétez leurs périodes.",
        )
    if not panel.binary:
        raise DesignError(
            "La décomposition demande un traitement en tout ou rien.",
            remedy="Donnez treated_from=« première période concernée ».",
        )
    if panel.covariate_names:
        raise DesignError(
            "La décomposition ne vaut que sans covariables.",
            value=", ".join(panel.covariate_names),
            remedy="Construisez le panel sans covariates=.",
        )
    if panel.weights is not None and not np.allclose(panel.weights, panel.weights[:, :1], rtol=1e-12, atol=0):
        raise DesignError(
            "La décomposition demande des poids qui ne changent pas dans le temps.",
            remedy="Donnez un poids par territoire, le même à chaque période.",
        )


def _cohorts(panel: Panel) -> tuple[Floats, Floats, Ints]:
    """Weight, mean outcome, shape (K, T), and first treated column of each cohort, the never treated last."""
    starts = np.unique(panel.start)
    weights = np.ones(panel.n_units) if panel.weights is None else panel.weights[:, 0]
    member = (panel.start == starts[:, None]) * weights
    size = member.sum(axis=1)
    return size, member @ panel.outcome / size[:, None], starts


def _comparisons(panel: Panel, size: Floats, means: Floats, starts: Ints, shares: Floats) -> list[tuple[Any, ...]]:
    dates = [panel.periods[s] if s < panel.n_periods else "" for s in starts]
    rows: list[tuple[Any, ...]] = []

    def gap(treated: int, control: int, before: slice, after: slice) -> float:
        change = means[:, after].mean(axis=1) - means[:, before].mean(axis=1)
        return float(change[treated] - change[control])

    for k, start in enumerate(starts):
        for other in range(k + 1, len(starts)):
            late, pair = int(starts[other]), size[k] * size[other]
            if late == panel.n_periods:
                weight = pair * shares[k] * (1 - shares[k])
                estimate = gap(k, other, slice(0, start), slice(start, None))
                rows.append((dates[k], "", NEVER, weight, estimate))
                continue
            apart = shares[k] - shares[other]
            early = gap(k, other, slice(0, start), slice(start, late))
            rows.append((dates[k], dates[other], EARLIER, pair * apart * (1 - shares[k]), early))
            after = gap(other, k, slice(start, late), slice(late, None))
            rows.append((dates[other], dates[k], LATER, pair * shares[other] * apart, after))
    return rows


def _cells(panel: Panel, size: Floats, starts: Ints) -> pd.DataFrame:
    """Weight of each treated cohort and period: the residual of its treatment, over their sum on treated cells."""
    treated = (np.arange(panel.n_periods) >= starts[:, None]).astype(np.float64)
    residual = treated - treated.mean(axis=1, keepdims=True)
    residual = residual - size @ residual / size.sum()
    mass = size[:, None] * residual * treated
    cohort, column = np.nonzero(treated)
    counts = (panel.start == starts[:, None]).sum(axis=1)
    return pd.DataFrame(
        {
            "treated": [panel.periods[starts[k]] for k in cohort],
            "time_period": [panel.periods[t] for t in column],
            "units": counts[cohort],
            "weight": mass[cohort, column] / mass.sum(),
        }
    )
