"""What the estimates that a release shows tell of the counts they are made from, as linear forms.

A difference in differences weighs counts, or rates whose bases are shown, and adds them up: whoever reads it with all
of them but one knows that one. So does the mean of a group, beside the line of each of its members.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import periods
from ctgeval.confidentiality.forms import Cell, Form, Key
from ctgeval.designs.panels import Estimated
from ctgeval.designs.tables import is_shown
from ctgeval.indicators.definition import Indicator

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier
    from ctgeval.impact import Panel

__all__ = ["Naming", "forms"]

Naming = Callable[[str, str, str], Key]
"""Measure, territory and period, to the name of a cell."""

_AGREES = 1e-9
_Weights = npt.NDArray[np.float64]


def forms(
    dossier: Dossier, shown: pd.DataFrame, *, name: Naming | None = None, decimals: int | None = None
) -> tuple[Form, ...]:
    """Return the forms that the estimates and the trajectories of a release tell.

    Parameters
    ----------
    dossier : Dossier
    shown : DataFrame
        Result rows that the audience is shown, those of the territories that only designs compare with included.
    name : callable, optional
        How the cells are named; a `Cell` on the communes of the territory by default.
    decimals : int, optional
        Decimals that are printed: the figure is then known within half a unit of the last. By default it is taken to
        be known exactly, which is what the release holds.

    Returns
    -------
    tuple of Form
        For each design that is shown: each line of a territory, the mean of each group, and the estimate. Nothing of a
        design with one masked cell, since nothing of it is shown. Nothing either of what is not linear in the counts,
        or not with coefficients that a reader knows: estimates by other methods than the difference in differences
        (their lines and means are still told), published rates, rates whose base is not shown.
    """
    half = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    naming = name or _Named.of(dossier)
    found: list[Form] = []
    for estimated in dossier.impacts:
        panel, item = estimated.panel, dossier.catalogue.get(estimated.config.indicateur)
        if panel is None or item is None or item.published or not is_shown(estimated, shown):
            continue
        terms = _Terms.of(panel, item, shown, naming)
        for weights, value, period in _figures(estimated, panel):
            written = terms.of_sum(weights)
            if written:
                found.append(
                    Form(
                        terms=written,
                        low=value - half,
                        high=value + half,
                        indicator=item.id,
                        geo=" ".join(panel.units[i] for i in np.flatnonzero(np.any(weights != 0, axis=1))),
                        time_period=period,
                    )
                )
    return tuple(found)


def _figures(estimated: Estimated, panel: Panel) -> Iterator[tuple[_Weights, float, str]]:
    """Yield each figure as the weights of the outcomes, shape (units, periods), with its value and its period."""
    nothing = np.zeros_like(panel.outcome)
    for t, period in enumerate(panel.periods):
        seen = panel.observed[:, t]
        groups = [seen & panel.treated, seen & ~panel.treated, *(np.eye(panel.n_units, dtype=bool) & seen)]
        for rows in groups:
            if rows.any():
                weights = nothing.copy()
                weights[rows, t] = 1 / rows.sum()
                yield weights, float(panel.outcome[rows, t].mean()), period
    result = estimated.result
    if result is not None and result.method == "did":
        weights = _did_weights(panel)
        value = float(np.nansum(weights * np.where(panel.observed, panel.outcome, 0.0)))
        # The same coefficients must give the same estimate: otherwise it is not that sum, and no form is claimed.
        if math.isclose(value, result.estimate, rel_tol=_AGREES, abs_tol=_AGREES):
            yield weights, float(result.estimate), f"{panel.periods[0]}/{panel.periods[-1]}"


def _did_weights(panel: Panel) -> _Weights:
    from ctgeval.impact.absorbed import Absorbed, treated_patterns
    from ctgeval.impact.twoway import fit

    data = Absorbed.of(panel, shares=not panel.binary)
    found = fit(data, treated_patterns(panel) if panel.binary else np.empty((len(data.cohorts), panel.n_periods, 0)))
    return np.asarray(found.weights_on_outcome(np.eye(len(found.estimable))[0]), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Terms:
    """The counts of each outcome of a panel: cells and coefficients; None where a reader does not know them."""

    of_cell: Mapping[tuple[int, int], tuple[tuple[Key, float], ...] | None]

    @classmethod
    def of(cls, panel: Panel, item: Indicator, shown: pd.DataFrame, naming: Naming) -> _Terms:
        own = shown[shown["indicator"].eq(item.id)]
        bases = {
            (str(geo), str(period)): float(base)
            for geo, period, base in own[["geo", "time_period", "denominator"]].itertuples(index=False)
        }
        found: dict[tuple[int, int], tuple[tuple[Key, float], ...] | None] = {}
        for i, geo in enumerate(panel.units):
            for t, period in enumerate(panel.periods):
                base = bases.get((geo, period), math.nan) if item.denominator else 1.0
                found[i, t] = (
                    None
                    if math.isnan(base) or base == 0
                    else tuple((naming(name, geo, period), sign * item.factor / base)
                               for sign, name in item.numerator_terms)
                )  # fmt: skip
        return cls(found)

    def of_sum(self, weights: _Weights) -> tuple[tuple[Key, float], ...]:
        """Write a weighted sum of outcomes on the counts; nothing when one of its coefficients is not known."""
        total: dict[Key, float] = {}
        for i, t in np.argwhere(weights != 0):
            terms = self.of_cell[int(i), int(t)]
            if terms is None:
                return ()
            for cell, coefficient in terms:
                total[cell] = total.get(cell, 0.0) + float(weights[i, t]) * coefficient
        return tuple(total.items())


@dataclass(frozen=True, slots=True)
class _Named:
    """Cells on the communes of each territory."""

    grounds: Mapping[str, frozenset[str]]
    cumulated: frozenset[str]

    @classmethod
    def of(cls, dossier: Dossier) -> _Named:
        geos = {geo for one in dossier.impacts if one.panel is not None for geo in one.panel.units}
        grounds = {geo: frozenset(dossier.margins.get(geo) or _members(dossier, geo) or (geo,)) for geo in geos}
        known = [dossier.catalogue[one.config.indicateur] for one in dossier.impacts
                 if one.config.indicateur in dossier.catalogue]  # fmt: skip
        return cls(grounds, frozenset(name for item in known if item.since_start for name in item.numerator_measures))

    def __call__(self, measure: str, geo: str, period: str) -> Key:
        start = date.min if measure in self.cumulated else periods.start(period)
        return Cell(measure, geo, self.grounds.get(geo, frozenset({geo})), start, periods.end(period))


def _members(dossier: Dossier, geo: str) -> tuple[str, ...]:
    known = not geo.startswith("COM-") and dossier.reference.exists(geo, dossier.year)
    return tuple(dossier.reference.members(geo, dossier.year)) if known else ()
