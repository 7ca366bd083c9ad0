"""From a tested series to its result: effects in their unit, paths, tables, verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.impact.conclusion import Inference, conclude
from ctgeval.impact.distributions import normal_quantile
from ctgeval.impact.panel import Direction, Floats
from ctgeval.impact.result import NO_INTERVAL, ImpactResult, Interval
from ctgeval.impact.series_checks import series_checks
from ctgeval.impact.series_design import Contrasts, SeriesDesign
from ctgeval.impact.series_reading import Series
from ctgeval.impact.series_tests import LinearModel, Tested

__all__ = ["Conclusion"]

_FEW_CASES = 5.0
_ALONE = (
    "Une série seule ne sépare pas l’action d’un autre changement survenu au même moment : une série témoin "
    "(control=...) le permettrait."
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Conclusion:
    """Tested contrasts of a series, from which its result is made.

    Parameters
    ----------
    series, design, read, model, test
        What was read, the columns, the contrasts, the linear model and the test.
    family : str
    level : float
    label, unit, direction, minimum_effect
        As in `ctgeval.impact.interrupted_series`.
    controlled : str
        Name of the control series; empty without one.
    """

    series: Series
    design: SeriesDesign
    read: Contrasts
    model: LinearModel
    test: Tested
    family: str
    level: float
    label: str
    unit: str
    direction: Direction
    minimum_effect: float | None
    controlled: str

    @property
    def counted(self) -> bool:
        """Whether the outcome is a number of cases."""
        return self.model.counts is not None

    @property
    def first(self) -> int:
        """Return the row of the change of level at the first interruption."""
        return int(np.flatnonzero(self.design.changes)[0])

    def result(self) -> ImpactResult:
        """Make the result."""
        test, first = self.test, self.first
        shown = self._shown(np.array([first]))
        checks, doubts = series_checks(
            self.series, self.design, self.model, self.test, family=self.family, controlled=self.controlled
        )
        mde = float((test.critical[first] + test.reach[first]) * test.std_error[first])
        interval = Interval(float(shown["low"][0]), float(shown["high"][0]))
        inference = Inference(
            code=test.code,
            p_value=float(test.p_value[first]),
            std_error=float(shown["std_error"][0]),
            interval=NO_INTERVAL if np.isnan(test.critical[first]) else interval,
            valid=test.valid,
            conclusive=test.conclusive and not doubts,
            steps=test.steps,
            limits=(*test.limits, *doubts),
            minimum_p=test.minimum_p,
            mde=float(self._natural(mde)),
        )
        alone = () if self.controlled else (_ALONE,)
        return conclude(
            method="interrupted_series",
            design="series_controlled" if self.controlled else "series",
            label=self.label,
            unit="%" if self.counted else self.unit,
            direction=self.direction,
            estimate=float(shown["estimate"][0]),
            inference=inference,
            n_treated=1,
            n_controls=int(bool(self.controlled)),
            n_pre=self.series.n_pre,
            n_post=len(self.series.labels) - self.series.n_pre,
            by_period=self._by_period(),
            checks=checks,
            limits=(*self.series.limits, *self.design.limits, *self._told_of_counts(), *alone),
            level=self.level,
            minimum_effect=self.minimum_effect,
            details=self._details(),
        )

    def _natural(self, value: Any) -> Any:
        """Turn a difference of logarithms into percent; leave a gaussian difference as it is."""
        return 100 * np.expm1(value) if self.counted else value

    def _raw(self, rows: Any) -> dict[str, Floats]:
        test = self.test
        estimate, error = test.estimate[rows], test.std_error[rows]
        half = test.critical[rows] * error
        return {"estimate": estimate, "std_error": error, "low": estimate - half, "high": estimate + half}

    def _shown(self, rows: Any) -> dict[str, Floats]:
        """Return effects in the unit of the estimate; standard errors by the delta method for counts."""
        raw = self._raw(rows)
        shown = {name: self._natural(raw[name]) for name in ("estimate", "low", "high")}
        shown["std_error"] = raw["std_error"] * (100 * np.exp(raw["estimate"]) if self.counted else 1.0)
        return shown

    def _by_period(self) -> pd.DataFrame:
        start = self.series.n_pre
        shown = self._shown(self.read.effects)
        places = self.series.places[start:] - self.series.places[start]
        return pd.DataFrame(
            {
                "time_period": list(self.series.labels[start:]),
                "event_time": np.round(places).astype(np.int64),
                **{name: shown[name] for name in ("estimate", "std_error", "low", "high")},
            }
        )

    def _path(self) -> pd.DataFrame:
        raw = self._raw(self.read.path)
        fitted = self.design.matrix @ self.test.estimate[self.read.coefficients]
        lines = {"fitted": fitted, "counterfactual": raw["estimate"], "low": raw["low"], "high": raw["high"]}
        if self.counted:
            lines = {name: np.exp(line + self.model.offset) for name, line in lines.items()}
        elif self.series.control is not None:
            lines = {name: line + self.series.control for name, line in lines.items()}
        return pd.DataFrame({"time_period": list(self.series.labels), "observed": self.series.outcome, **lines})

    def _coefficients(self) -> pd.DataFrame:
        raw = self._raw(self.read.coefficients)
        return pd.DataFrame(
            {
                "name": list(self.design.names),
                "label": list(self.design.labels),
                **raw,
                "p_value": self.test.p_value[self.read.coefficients],
            }
        )

    def _one(self, row: int) -> dict[str, Any]:
        shown = self._shown(np.array([row]))
        return {**{name: float(values[0]) for name, values in shown.items()}, "p_value": float(self.test.p_value[row])}

    def _details(self) -> dict[str, Any]:
        white = self.model.whiteness
        details: dict[str, Any] = {
            "family": self.family,
            "at": [self.series.labels[start] for start in self.series.starts],
            "season": self.design.season,
            "coefficients": self._coefficients(),
            "counterfactual": self._path(),
            "effect_end": {"time_period": self.series.labels[-1], **self._one(self.read.end)},
            "effect_average": self._one(self.read.average),
            "rho": self.test.rho,
            "critical_value": float(self.test.critical[self.first]),
            "autocorrelation": white._asdict(),
        }
        return {**details, **self._of_counts()}

    def _of_counts(self) -> dict[str, Any]:
        fit = self.model.counts
        if fit is None:
            return {}
        raw = {name: float(values[0]) for name, values in self._raw(np.array([self.first])).items()}
        error = float(np.sqrt(self.model.ordinary.covariance[self.first, self.first]))
        half = normal_quantile((1 + self.level) / 2) * error
        return {
            "rate_ratio": {name: float(np.exp(raw[name])) for name in ("estimate", "low", "high")},
            "log_rate_ratio": raw,
            "rate_ratio_model": {
                "estimate": float(np.exp(raw["estimate"])),
                "low": float(np.exp(raw["estimate"] - half)),
                "high": float(np.exp(raw["estimate"] + half)),
                "std_error_log": error,
            },
            "dispersion": fit.dispersion,
            "alpha": fit.alpha,
        }

    def _told_of_counts(self) -> tuple[str, ...]:
        fit = self.model.counts
        if fit is None:
            return ()
        told = []
        if float(fit.mean.mean()) < _FEW_CASES:
            told.append(
                f"Il y a {french.number(float(fit.mean.mean()), 1)} cas par période en moyenne : sous "
                f"{_FEW_CASES:.0f}, l’intervalle est approximatif. Regroupez les périodes si c’est possible."
            )
        if self.family == "negative_binomial" and fit.alpha == 0:
            told.append("Les cas ne varient pas plus que ne le veut une loi de Poisson : c’est elle qui est ajustée.")
        return tuple(told)
