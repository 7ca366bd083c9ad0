"""The panel: a dense unit x period array of one outcome, who was treated and when, and what is known of each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.errors import DesignError, NotIdentified, Problem, suggestion

__all__ = ["Bools", "Direction", "Floats", "Ints", "Panel"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
Direction = Literal["higher", "lower", "neutral"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Panel:
    """One outcome of N units over T periods, with the date on which each unit was treated.

    Built by `Panel.from_frame` or ``Dossier.panel``; every array is read-only.

    Parameters
    ----------
    units : tuple of str
        Codes of the units, sorted: rows of every array.
    periods : tuple of str
        Labels of the periods, in order of time: columns of every array.
    times : ndarray of float64, shape (T,)
        Place of each period on the calendar, in periods (a gap of two years counts as two).
    outcome : ndarray of float64, shape (N, T)
        In ``unit_label``; NaN where nothing is known. A masked cell with finite bounds holds the middle of its bounds.
    start : ndarray of intp, shape (N,)
        Column of the first treated period of each unit; T for a unit that is never treated.
    treatment : ndarray of float64, shape (N, T)
        Treated share, from 0 to 1.
    low, high : ndarray of float64, shape (N, T), optional
        Bounds of each cell; None when every cell is exact. Infinite where nothing is known of a masked cell.
    weights : ndarray of float64, shape (N, T), optional
        Positive weights of the cells.
    population : ndarray of float64, shape (N,), optional
        Population of each unit.
    clusters : ndarray of intp, shape (N,)
        Cluster of assignment of each unit; each unit its own by default.
    strata : ndarray of intp, shape (N,), optional
        Stratum inside which the treatment could have gone to another unit.
    covariates : ndarray of float64, shape (N, T, K), optional
    covariate_names : tuple of str
    frequency : int, optional
        Periods in a season (4 for quarters), for estimators that model it.
    unit_label, label : str
        Unit of the outcome («places pour 100 enfants») and its name.
    direction : {"higher", "lower", "neutral"}
        Which way is better.
    names : mapping of str to str
        Name of each unit, by its code, for sentences.
    problems : tuple of Problem
        What was seen while reading and that an estimate can live with: gaps, constant outcomes, masked cells.
    """

    units: tuple[str, ...]
    periods: tuple[str, ...]
    times: Floats
    outcome: Floats
    start: Ints
    treatment: Floats
    clusters: Ints
    low: Floats | None = None
    high: Floats | None = None
    weights: Floats | None = None
    population: Floats | None = None
    strata: Ints | None = None
    covariates: Floats | None = None
    covariate_names: tuple[str, ...] = ()
    frequency: int | None = None
    unit_label: str = ""
    label: str = ""
    direction: Direction = "higher"
    names: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        for name in ("times", "outcome", "start", "treatment", "clusters", "low", "high", "weights", "population",
                     "strata", "covariates"):  # fmt: skip
            array = getattr(self, name)
            if array is not None:
                array.flags.writeable = False

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        unit: str,
        time: str,
        outcome: str,
        treated_from: str | None = None,
        treatment: str | None = None,
        weights: str | None = None,
        population: str | None = None,
        cluster: str | None = None,
        stratum: str | None = None,
        covariates: Sequence[str] = (),
        low: str | None = None,
        high: str | None = None,
        frequency: int | None = None,
        unit_label: str = "",
        label: str = "",
        direction: Direction = "higher",
        names: Mapping[str, str] | None = None,
    ) -> Panel:
        """Read a table of one row per unit and period.

        Parameters
        ----------
        frame : DataFrame
            In any order; a unit and period that are not there are a gap, which is told.
        unit, time, outcome : str
            Columns. Periods are years, French or SDMX periods (``2021-S1``), dates or any numbers in order.
        treated_from : str, optional
            Column of the first treated period, the same on every row of a unit; empty (or 0, or infinite) for a unit
            that is never treated.
        treatment : str, optional
            Column of the treated share, 0 to 1, period by period. One of the two is needed.
        weights, population, cluster, stratum : str, optional
            Columns: weight of the row; population, cluster and stratum of the unit.
        covariates : sequence of str
            Numeric columns.
        low, high : str, optional
            Columns of the bounds of the outcome; a masked cell has bounds and no value.
        frequency : int, optional
            Periods in a season.
        unit_label, label : str
            Unit of the outcome and its name.
        direction : {"higher", "lower", "neutral"}
            Which way is better.
        names : mapping of str to str, optional
            Name of each unit.

        Returns
        -------
        Panel
            With what an estimate can live with in `problems`.

        Raises
        ------
        DesignError
            When a column is absent or not numeric, a unit has two rows for a period, a treatment stops or was there
            from the first period on, a weight is not positive, or there is a single period; with the units concerned.
        """
        from ctgeval.impact.reading import read

        return read(
            frame,
            unit=unit,
            time=time,
            outcome=outcome,
            treated_from=treated_from,
            treatment=treatment,
            weights=weights,
            population=population,
            cluster=cluster,
            stratum=stratum,
            covariates=(covariates,) if isinstance(covariates, str) else tuple(covariates),
            low=low,
            high=high,
            frequency=frequency,
            unit_label=unit_label,
            label=label,
            direction=direction,
            names=names or {},
        )

    # -- sizes and masks ------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return (
            f"<Panel {self.label or 'outcome'}: {self.n_units} units x {self.n_periods} periods "
            f"({self.periods[0]} to {self.periods[-1]}), {self.n_treated} treated, "
            f"{'balanced' if self.balanced else 'with gaps'}>"
        )

    @property
    def n_units(self) -> int:
        """Number of units, N."""
        return len(self.units)

    @property
    def n_periods(self) -> int:
        """Number of periods, T."""
        return len(self.periods)

    @cached_property
    def observed(self) -> Bools:
        """Cells that an estimate may use, shape (N, T)."""
        return ~np.isnan(self.outcome)

    @cached_property
    def balanced(self) -> bool:
        """Whether every cell is observed."""
        return bool(self.observed.all())

    @cached_property
    def treated(self) -> Bools:
        """Units treated at some period, shape (N,)."""
        return self.start < self.n_periods

    @property
    def n_treated(self) -> int:
        """Number of treated units."""
        return int(self.treated.sum())

    @property
    def n_controls(self) -> int:
        """Number of units that are never treated."""
        return self.n_units - self.n_treated

    @cached_property
    def cohorts(self) -> Ints:
        """Columns at which some unit begins to be treated, sorted, without T."""
        return np.unique(self.start[self.treated])

    @property
    def single_date(self) -> bool:
        """Whether all treated units begin at the same period."""
        return len(self.cohorts) == 1

    @cached_property
    def binary(self) -> bool:
        """Whether the treatment is all or nothing."""
        return bool(((self.treatment == 0) | (self.treatment == 1)).all())

    @cached_property
    def post(self) -> Bools:
        """Treated cells, shape (N, T)."""
        return np.arange(self.n_periods) >= self.start[:, None]

    @property
    def n_pre(self) -> int:
        """Periods before the first treatment."""
        return int(self.cohorts[0]) if len(self.cohorts) else self.n_periods

    @property
    def n_post(self) -> int:
        """Periods from the first treatment on."""
        return self.n_periods - self.n_pre

    @cached_property
    def n_treated_clusters(self) -> int:
        """Clusters of assignment with a treated unit: what inference counts."""
        return len(np.unique(self.clusters[self.treated]))

    @cached_property
    def clustered(self) -> bool:
        """Whether some cluster holds several units."""
        return len(np.unique(self.clusters)) < self.n_units

    @cached_property
    def exact(self) -> bool:
        """Whether every observed cell is known exactly."""
        if self.low is None or self.high is None:
            return True
        return bool((self.low == self.high)[self.observed].all()) and not self.withheld.any()

    @cached_property
    def withheld(self) -> Bools:
        """Cells masked by their source of which nothing bounded is known, shape (N, T): never dropped silently."""
        if self.low is None or self.high is None:
            return np.zeros(self.outcome.shape, dtype=bool)
        return ~self.observed & ~(np.isnan(self.low) & np.isnan(self.high))

    # -- other panels ---------------------------------------------------------------------------------------------

    def take(self, rows: npt.ArrayLike) -> Panel:
        """Return the panel of some units, by a mask or row numbers; the order of units is kept.

        The evaluator's way to leave a unit out is thus explicit.
        """
        chosen = np.asarray(rows)
        index = np.flatnonzero(chosen) if chosen.dtype == bool else np.unique(chosen.astype(np.intp))

        def cut(array: Any) -> Any:
            return None if array is None else array[index].copy()

        return replace(
            self,
            units=tuple(self.units[i] for i in index),
            **{
                name: cut(getattr(self, name))
                for name in (
                    "outcome",
                    "start",
                    "treatment",
                    "low",
                    "high",
                    "weights",
                    "population",
                    "strata",
                    "covariates",
                )
            },
            clusters=np.unique(self.clusters[index], return_inverse=True)[1].astype(np.intp),
        )

    def drop(self, *codes: str) -> Panel:
        """Return the panel without some units, by their codes.

        Raises
        ------
        DesignError
            When a code is not one of the panel's.
        """
        for code in codes:
            if code not in self.units:
                raise DesignError(
                    "Ce territoire n’est pas dans le panel.", value=code, remedy=suggestion(code, self.units)
                )
        return self.take(np.array([unit not in codes for unit in self.units]))

    def window(self, first: int, last: int) -> Panel:
        """Return the panel of the periods from column ``first`` to column ``last``, both inside."""

        def cut(array: Any) -> Any:
            return None if array is None else array[:, first : last + 1].copy()

        return replace(
            self,
            periods=self.periods[first : last + 1],
            times=self.times[first : last + 1].copy(),
            start=np.where(self.start > last, last + 1 - first, self.start - first).astype(np.intp),
            **{
                name: cut(getattr(self, name))
                for name in ("outcome", "treatment", "low", "high", "weights", "covariates")
            },
        )

    def with_start(self, start: npt.ArrayLike) -> Panel:
        """Return the same outcomes under other treatment dates (placebos): columns, T for never treated."""
        columns = np.asarray(start, dtype=np.intp).copy()
        treatment = (np.arange(self.n_periods) >= columns[:, None]).astype(np.float64)
        return replace(self, start=columns, treatment=treatment)

    def with_outcome(self, outcome: Floats) -> Panel:
        """Return the same design with another outcome known exactly, shape (N, T)."""
        return replace(self, outcome=np.array(outcome, dtype=np.float64), low=None, high=None)

    # -- what every estimator needs -------------------------------------------------------------------------------

    def name(self, row: int) -> str:
        """Name of a unit, and its code: « Civray (COM-86078) »."""
        code = self.units[row]
        known = self.names.get(code, "")
        return f"{known} ({code})" if known else code

    def bound(self, coefficients: Floats, estimate: float) -> tuple[float, float]:
        """Bounds of a linear estimate from the bounds of the data.

        Parameters
        ----------
        coefficients : ndarray of float64, shape (N, T)
            The estimate is the sum of coefficient times outcome over observed cells.
        estimate : float

        Returns
        -------
        tuple of float
            Exact (each cell goes to the end that moves the estimate furthest); both equal to the estimate when the
            data are exact, infinite when a masked cell of which nothing is known had to be left out.
        """
        if self.exact:
            return estimate, estimate
        if self.withheld.any():
            return -np.inf, np.inf
        assert self.low is not None
        assert self.high is not None
        used = self.observed & (coefficients != 0)
        weight, value = coefficients[used], self.outcome[used]
        down, up = weight * (self.low[used] - value), weight * (self.high[used] - value)
        return estimate + float(np.minimum(down, up).sum()), estimate + float(np.maximum(down, up).sum())

    def require(self, *, controls: bool = True, pre: int = 1, method: str = "cette méthode") -> None:
        """Refuse a panel from which no comparison can be made.

        Raises
        ------
        NotIdentified
            When nobody is treated, nobody is left to compare with, or nothing was measured before.
        """
        if not self.n_treated:
            raise NotIdentified(
                "Aucun territoire de ce panel n’est concerné par l’action.",
                remedy="Indiquez la première période concernée d’au moins un territoire (treated_from=...).",
            )
        if controls and not self.n_controls:
            raise NotIdentified(
                "Tous les territoires de ce panel sont concernés par l’action : rien à quoi les comparer.",
                remedy="Ajoutez des territoires de comparaison, ou utilisez impact.interrupted_series ou "
                "impact.before_after.",
            )
        if self.n_pre < pre:
            raise NotIdentified(
                f"{method.capitalize()} demande au moins {pre} période{'s' if pre > 1 else ''} avant l’action ; "
                f"ce panel en a {self.n_pre}.",
                remedy="Ajoutez des périodes antérieures, ou une méthode qui en demande moins (impact.advise).",
            )
