"""One series, before and after a date: change of level and of slope against the continuation of what came before.

References
----------
Wagner, A. et al. (2002), Segmented regression analysis of interrupted time series studies in medication use research.
Lopez Bernal, J. et al. (2017), Interrupted time series regression for the evaluation of public health interventions.
Turner, S. et al. (2021), Evaluation of statistical methods used in the analysis of interrupted time series studies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError, suggestion
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Direction
from ctgeval.impact.result import ImpactResult
from ctgeval.impact.series_checks import MIN_POST, MIN_PRE
from ctgeval.impact.series_conclusion import Conclusion
from ctgeval.impact.series_counts import fit_counts
from ctgeval.impact.series_design import Contrasts, SeasonTerms, SeriesDesign, SlopeFrom, contrasts, series_design
from ctgeval.impact.series_reading import Series, read_series
from ctgeval.impact.series_tests import Asked, Errors, LinearModel, Tested, descriptive, tested

__all__ = ["interrupted_series"]

Family = Literal["gaussian", "poisson", "quasipoisson", "negative_binomial"]

_MIN_FREEDOM = 4


@guarded
def interrupted_series(
    frame: pd.DataFrame,
    *,
    outcome: str,
    time: str,
    at: Any,
    trend: bool = True,
    slope: bool = True,
    slope_from: SlopeFrom = "first_after",
    season: int | Literal["auto"] | None = None,
    covariates: Sequence[str] = (),
    family: Family = "gaussian",
    offset: str | None = None,
    errors: Errors = "auto",
    lags: int | None = None,
    control: str | None = None,
    season_terms: SeasonTerms = "harmonics",
    harmonics: int = 2,
    level: float = 0.95,
    seed: int = 0,
    allow_invalid: bool = False,
    minimum_effect: float | None = None,
    unit_label: str = "",
    label: str = "",
    direction: Direction = "higher",
) -> ImpactResult:
    """Estimate the change of a series at one or several dates.

    The series is a constant, a trend, and at each interruption a change of level and a change of slope; then a season
    and covariates. The counterfactual is the same line without these changes. The estimate is the change of level at
    the first interruption: in the unit of the outcome, or, for counts, in percent of the rate
    (``100 (rate ratio - 1)``; the ratio itself is in ``details["rate_ratio"]``).

    Parameters
    ----------
    frame : DataFrame
        One row per period, in any order.
    outcome, time : str
        Columns. ``time`` holds years, periods (``2021-S1``, ``2021-09``), dates or numbers. A period that is missing
        or has no value is told, and the real distance between points is kept (trend, autocorrelation, season).
    at : period, date or number, or list of them
        First moment of the action; a date inside a period reaches that period.
    trend, slope : bool
        Whether the series has a trend, and whether the trend changes; slopes are per step, the smallest distance
        between two points.
    slope_from : {"first_after", "last_before"}
        Point from which the change of slope is counted: the change of level is the one at the first point after, or,
        as in Lopez Bernal et al. (2017), the one extrapolated back to the last point before.
    season : int or "auto", optional
        Points in a cycle (12 for months); ``auto`` takes the one of the calendar when there are two full cycles before.
    covariates : sequence of str
        Numeric columns.
    family : {"gaussian", "poisson", "quasipoisson", "negative_binomial"}
        Counts have a log link.
    offset : str, optional
        Column of what cases are counted among (a population): its logarithm is taken. For counts only.
    errors : {"auto", "reml", "ols", "newey_west", "prais_winsten"}
        ``auto`` is ``reml``: AR(1) errors by restricted likelihood, with critical values simulated for the design.
        For counts, it keeps the coefficients of the model, and their errors take in overdispersion and
        autocorrelation; ``ols`` gives the errors of the model itself, as published tables do. Others than ``reml``
        are refused under 60 points, where they don't hold their level, unless ``allow_invalid``.
    lags : int, optional
        Of Newey-West; the whole part of 4 (n / 100)^(2/9) by default.
    control : str, optional
        Column of a series that the action does not reach, in the same unit. It is taken away from the outcome
        (gaussian), or the outcome is counted relatively to it (counts).
    season_terms : {"harmonics", "dummies"}
        Sine and cosine waves (``harmonics`` pairs of them), or one level for each rank in the cycle.
    level, seed, allow_invalid, minimum_effect
        As in every estimator; ``minimum_effect`` in the unit of the estimate.
    unit_label, label, direction
        Unit and name of the outcome, and which way is better.

    Returns
    -------
    ImpactResult
        ``by_period`` holds the effect at each point since the first interruption. ``details`` holds ``coefficients``
        (table: name, label, estimate, std_error, low, high, p_value), ``counterfactual`` (table: time_period,
        observed, fitted, counterfactual, low, high), ``effect_end`` and ``effect_average`` (last point; mean since the
        first interruption), ``autocorrelation``, ``rho``; for counts ``rate_ratio``, ``log_rate_ratio``,
        ``rate_ratio_model`` (errors of the model itself), ``dispersion``, ``alpha``.

    Raises
    ------
    DesignError
        When the table or the options contradict themselves.
    NotIdentified
        When the series does not vary, or columns repeat one another.
    TooFewUnits
        When there are fewer points than coefficients, fewer than two full cycles before for a season, or a test was
        asked for that does not hold its level on so few points.

    Notes
    -----
    Under 8 points before or 4 after, the series is described and the verdict is ``non_evaluable``. Under 24 points
    (or 20 beyond the coefficients), and for counts, the test is the least favourable for an autocorrelation from 0 to
    0.7. Above 200 points, Student's law is used. Errors that are not AR(1) are tested less well: a slow movement
    under as much noise of measure or of counting hides its own autocorrelation, and effects that do not exist are found
    in 9, 12, 14 and 16 % of series of 24, 36, 60 and 120 points (autocorrelation .8), in 8, 13, 18 and 25 % (.9).

    References
    ----------
    See the module; the simulation is described in `ctgeval.impact.series_calibration`.
    """
    _check_options(
        {
            "family": (family, Family),
            "errors": (errors, Errors),
            "season_terms": (season_terms, SeasonTerms),
            "slope_from": (slope_from, SlopeFrom),
            "direction": (direction, Direction),
        },
        "" if family != "gaussian" else offset,
        level,
    )
    names = [covariates] if isinstance(covariates, str) else list(covariates)
    series = read_series(
        frame, outcome=outcome, time=time, at=at, family=family, offset=offset, control=control, covariates=names
    )
    design = series_design(
        series,
        trend=trend,
        slope=slope,
        slope_from=slope_from,
        season=season,
        season_terms=season_terms,
        harmonics=harmonics,
        covariates=names,
        allow_invalid=allow_invalid,
    )
    read = contrasts(series, design)
    model = _model(series, design, family)
    asked = Asked(errors=errors, lags=lags, level=level, seed=seed, allow_invalid=allow_invalid)
    asked.check(len(series.labels), counted=model.counts is not None)
    return Conclusion(
        series=series,
        design=design,
        read=read,
        model=model,
        test=_tested(series, read, model, asked),
        family=family,
        level=level,
        label=label or outcome,
        unit=unit_label,
        direction=direction,
        minimum_effect=minimum_effect,
        controlled=control or "",
    ).result()


def _check_options(options: Mapping[str, tuple[str, Any]], offset: str | None, level: float) -> None:
    for key, (value, allowed) in options.items():
        known = get_args(allowed)
        if value not in known:
            raise DesignError(
                f"{key} ne peut pas valoir « {value} ».",
                key=key,
                value=str(value),
                remedy=f"{suggestion(str(value), known)} Valeurs possibles : {', '.join(known)}.".strip(),
            )
    if not 0 < level < 1:
        raise DesignError(
            "Le niveau de confiance est entre 0 et 1.", key="level", value=str(level), remedy="level=0.95"
        )
    if offset:
        raise DesignError(
            "Une population (offset) ne sert qu’à des nombres de cas.",
            key="offset",
            remedy='Prenez family="quasipoisson", ou calculez le taux et gardez family="gaussian" sans offset.',
        )


def _model(series: Series, design: SeriesDesign, family: Family) -> LinearModel:
    nothing = np.zeros(len(series.labels))
    if family == "gaussian":
        outcome = series.outcome if series.control is None else series.outcome - series.control
        return LinearModel(design.matrix, outcome, series.gaps, nothing)
    offset = nothing if series.offset is None else series.offset
    if series.control is not None:
        offset = offset + np.log(series.control)
    fit = fit_counts(design.matrix, series.outcome, offset, family)
    dispersion = fit.dispersion if family == "quasipoisson" else 1.0
    return LinearModel(fit.design, fit.outcome, series.gaps, offset, fit, dispersion)


def _tested(series: Series, read: Contrasts, model: LinearModel, asked: Asked) -> Tested:
    left = model.ordinary.innovations
    # Against what the series moves, and what its digits can hold: a high level is no reason to see no noise.
    size = max(1e-9 * float(np.ptp(model.outcome)), 1e-13 * float(np.abs(model.outcome).max()))
    if np.sqrt(np.mean(left**2)) <= size:
        return descriptive(
            model,
            read.rows,
            "Le modèle passe exactement par tous les points : il ne reste aucun aléa à quoi comparer le changement. "
            "Vérifiez que la série n’est pas calculée (interpolée, projetée).",
        )
    reason = _too_short(series, *model.design.shape)
    if reason and not asked.allow_invalid:
        return descriptive(model, read.rows, reason)
    found = tested(model, read.rows, asked)
    return replace(found, valid=False, limits=(*found.limits, reason)) if reason else found


def _too_short(series: Series, n: int, k: int) -> str:
    """Return why a series can only be described; an empty text when it can be tested."""
    if series.n_pre < MIN_PRE or series.shortest_segment < MIN_POST:
        between = " (ou entre deux interruptions)" if len(series.starts) > 1 else ""
        return (
            f"La série a {series.n_pre} point(s) avant l’action et {series.shortest_segment} depuis{between} : sous "
            f"{MIN_PRE} avant et {MIN_POST} depuis, elle se décrit et ne se teste pas."
        )
    if n - k < _MIN_FREEDOM:
        return (
            f"La série a {n} points pour {k} coefficients : il faut au moins {_MIN_FREEDOM} points de plus que de "
            "coefficients pour un test. Retirez des termes (slope=False, moins d’harmoniques, moins de covariables)."
        )
    return ""
