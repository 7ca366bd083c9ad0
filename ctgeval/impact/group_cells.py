"""The bricks of Callaway and Sant'Anna: one comparison per cohort and period, with what each unit adds to its error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from ctgeval.impact.contrasts import Method, compare
from ctgeval.impact.panel import Bools, Floats, Ints, Panel

__all__ = ["Base", "Control", "GroupCells", "estimate_cells", "unit_weights"]

Control = Literal["never", "not_yet"]
Base = Literal["varying", "universal"]


class _Block(NamedTuple):
    """Cells that compare the same units from the same base period."""

    cells: Ints
    units: Ints
    base: int
    columns: Ints
    coefficients: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupCells:
    """Estimates by cohort and period, M of them.

    Parameters
    ----------
    cohort, column, base : ndarray of intp, shape (M,)
        Place of the cohort in ``panel.cohorts``; column of the period, and of the period it is compared with.
    estimate : ndarray of float64, shape (M,)
        NaN with a reason.
    scores : ndarray of float64, shape (M, N)
        What each unit adds to the error of the estimate.
    n_treated, n_controls : ndarray of intp, shape (M,)
        Clusters compared.
    reasons : tuple of str
        Why an estimate is NaN, the end of a French sentence; empty otherwise.
    blocks : tuple
    """

    panel: Panel
    cohort: Ints
    column: Ints
    base: Ints
    estimate: Floats
    scores: Floats
    n_treated: Ints
    n_controls: Ints
    reasons: tuple[str, ...]
    blocks: tuple[_Block, ...]

    @property
    def start(self) -> Ints:
        """Column of the first treated period of each cell's cohort, shape (M,)."""
        return np.asarray(self.panel.cohorts[self.cohort])

    @property
    def event_time(self) -> Ints:
        """Periods since treatment, 0 for the first treated one, shape (M,)."""
        return np.asarray(self.column - self.start)

    @property
    def reference(self) -> Bools:
        """Cells that are 0 by construction: the period is its own base."""
        return np.asarray(self.column == self.base)

    def coefficients(self, weights: Floats, rows: Ints) -> Floats:
        """Coefficient of each outcome of some units in a weighted sum of the estimates.

        Parameters
        ----------
        weights : ndarray of float64, shape (M,)
        rows : ndarray of intp, shape (n,)
            Units, sorted.

        Returns
        -------
        ndarray of float64, shape (n, T)
        """
        found = np.zeros((len(rows), self.panel.n_periods))
        for block in self.blocks:
            place = np.searchsorted(block.units, rows)
            inside = place < len(block.units)
            inside[inside] = block.units[place[inside]] == rows[inside]
            at, by_cell = np.flatnonzero(inside), weights[block.cells]
            part = block.coefficients[place[inside]]
            found[np.ix_(at, block.columns)] += part[:, None] * by_cell
            found[at, block.base] -= part * by_cell.sum()
        return found


def unit_weights(panel: Panel) -> Floats:
    """Weight of each unit: the mean of those of its observed cells, shape (N,)."""
    if panel.weights is None:
        return np.ones(panel.n_units)
    seen = panel.observed.sum(axis=1)
    return np.asarray(np.where(panel.observed, panel.weights, 0.0).sum(axis=1) / np.maximum(seen, 1))


def estimate_cells(
    panel: Panel,
    *,
    covariates: Floats | None,
    control: Control,
    method: Method,
    anticipation: int,
    base: Base,
) -> GroupCells:
    """Estimate the effect on each cohort at each period.

    Parameters
    ----------
    panel : Panel
    covariates : ndarray of float64, shape (N, T, K), optional
        Read at the base period.
    control : {"never", "not_yet"}
        Units never treated; or also those that will be treated after both periods.
    method : {"dr", "reg", "ipw"}
    anticipation : int
        Periods before treatment at which it may already act.
    base : {"varying", "universal"}
        Before treatment, compare with the previous period, or with the last one before treatment.
    """
    cohort, column, bases = _layout(panel, anticipation, base)
    first = np.maximum(column, bases) + anticipation + 1
    # Never treated units start at T: with "never", nobody else is late enough.
    first = np.where(first < panel.n_periods, first, panel.n_periods)
    if control == "never":
        first = np.full(len(cohort), panel.n_periods)
    found = _Estimates(panel, covariates, method, len(cohort))
    # With gaps, the units that can be compared are not the same for two periods.
    own = np.zeros(len(cohort), dtype=np.intp) if panel.balanced else column
    usable = np.flatnonzero((bases >= 0) & (bases != column))
    distinct, place = np.unique(np.column_stack([cohort, bases, first, own])[usable], axis=0, return_inverse=True)
    for j, (k, at, late, _) in enumerate(distinct):
        cells = usable[place.reshape(-1) == j]
        found.add(cells, start=int(panel.cohorts[k]), late=int(late), base=int(at), columns=column[cells])
    for i in np.flatnonzero(bases < 0):
        found.reasons[i] = "aucune période de référence avant l’action (et son anticipation)"
    found.estimate[column == bases] = 0.0
    return GroupCells(
        panel=panel,
        cohort=cohort,
        column=column,
        base=bases,
        estimate=found.estimate,
        scores=found.scores,
        n_treated=found.n_treated,
        n_controls=found.n_controls,
        reasons=tuple(found.reasons),
        blocks=tuple(found.blocks),
    )


def _layout(panel: Panel, anticipation: int, base: Base) -> tuple[Ints, Ints, Ints]:
    """Cohort, period and base period of each cell; base -1 when there is none."""
    n_periods = panel.n_periods
    cohort, column = (a.ravel() for a in np.indices((len(panel.cohorts), n_periods)))
    start = panel.cohorts[cohort]
    last = np.maximum(start - anticipation - 1, -1)
    bases = np.where((column >= start) | (base == "universal"), last, column - 1)
    kept = (column >= start) | (bases >= 0)
    return cohort[kept], column[kept], bases[kept]


class _Estimates:
    """Arrays filled block by block."""

    def __init__(self, panel: Panel, covariates: Floats | None, method: Method, n_cells: int) -> None:
        self.panel, self.covariates, self.method = panel, covariates, method
        self.outcome = np.ascontiguousarray(panel.outcome.T)
        self.weights = unit_weights(panel)
        self.estimate = np.full(n_cells, np.nan)
        self.scores = np.zeros((n_cells, panel.n_units))
        self.n_treated, self.n_controls = np.zeros((2, n_cells), dtype=np.intp)
        self.reasons = [""] * n_cells
        self.blocks: list[_Block] = []

    def add(self, cells: Ints, *, start: int, late: int, base: int, columns: Ints) -> None:
        """Compare the cohort that starts at a column with units that start later than another, for some cells."""
        units = self._compared(start, late, base, int(columns[0]))
        treated = self.panel.start[units] == start
        self.n_treated[cells], self.n_controls[cells] = self._count(units[treated]), self._count(units[~treated])
        if not treated.any() or treated.all():
            who = "de comparaison" if treated.any() else "concerné"
            return self._refuse(cells, f"aucun territoire {who} observé aux deux périodes")
        change = self.outcome[columns[:, None], units] - self.outcome[base, units]
        design = None
        if self.covariates is not None:
            design = np.column_stack([np.ones(len(units)), self.covariates[units, base]])
        found = compare(change, treated, self.weights[units], design, self.method)
        if isinstance(found, str):
            return self._refuse(cells, found)
        self.estimate[cells] = found.estimate
        self.scores[cells[:, None], units] = found.scores
        self.blocks.append(_Block(cells, units, base, columns, found.coefficients))
        return None

    def _compared(self, start: int, late: int, base: int, column: int) -> Ints:
        panel = self.panel
        inside = (panel.start == start) | (panel.start >= late)
        if not panel.balanced:
            inside &= panel.observed[:, base] & panel.observed[:, column]
            if self.covariates is not None:
                inside &= ~np.isnan(self.covariates[:, base]).any(axis=1)
        return np.flatnonzero(inside)

    def _count(self, units: Ints) -> int:
        return len(np.unique(self.panel.clusters[units])) if self.panel.clustered else len(units)

    def _refuse(self, cells: Ints, reason: str) -> None:
        for i in cells:
            self.reasons[i] = reason
