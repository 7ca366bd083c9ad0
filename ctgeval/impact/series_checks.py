"""Checks of an interrupted series: its length, what is left of autocorrelation, its dispersion, its control."""

from __future__ import annotations

import numpy as np

from ctgeval import french
from ctgeval.impact.distributions import chi2_sf
from ctgeval.impact.panel import Floats
from ctgeval.impact.result import Check
from ctgeval.impact.series_counts import CountFit
from ctgeval.impact.series_design import SeriesDesign
from ctgeval.impact.series_errors import whiteness
from ctgeval.impact.series_reading import Series
from ctgeval.impact.series_tests import LinearModel, Tested

__all__ = ["MIN_POST", "MIN_PRE", "series_checks"]

MIN_PRE, MIN_POST = 8, 4
"""Points before, and after each interruption, under which a series is described and not tested."""


def series_checks(
    series: Series, design: SeriesDesign, model: LinearModel, test: Tested, *, family: str, controlled: str
) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """Return the checks of a series, and the reasons they give not to draw a verdict from it."""
    left = _autocorrelation(model, test)
    checks, doubts = [_length(series), left], []
    if test.code == "ols" and left.passed is False:
        doubts.append(
            "Les points se suivent de près, ce que la méthode demandée ignore : aucun verdict n’en est tiré. Gardez "
            'errors="auto".'
        )
    if model.counts is not None:
        spread = _dispersion(model.counts, family)
        checks.append(spread)
        if test.code == "ols" and spread.passed is False:
            doubts.append(
                "Les cas varient plus que la loi supposée ne le permet : l’intervalle est trop étroit, aucun verdict "
                'n’en est tiré. Prenez family="quasipoisson" ou errors="auto".'
            )
    if series.control is not None:
        checks.append(_comparators(series, design, model, controlled, series.control))
    return tuple(checks), tuple(doubts)


def _length(series: Series) -> Check:
    return Check(
        "length",
        series.n_pre >= MIN_PRE and series.shortest_segment >= MIN_POST,
        f"{series.n_pre} points avant, {series.shortest_segment} depuis ; il en faut au moins {MIN_PRE} et {MIN_POST}.",
    )


def _autocorrelation(model: LinearModel, test: Tested) -> Check:
    taken = int(not np.isnan(test.rho))
    left = whiteness(test.innovations, estimated=taken)
    if np.isnan(left.p_value):
        return Check("autocorrelation", None, "Aucun résidu : l’autocorrélation ne se vérifie pas.")
    durbin = model.whiteness.durbin_watson
    told = (
        f"Durbin-Watson {french.number(durbin, 2)} (2 sans autocorrélation) ; Ljung-Box à {left.lags} retards, "
        f"p = {french.number(left.p_value, 3)}"
    )
    if test.code == "newey_west":
        return Check("autocorrelation", None, f"{told} : l’erreur de Newey-West est faite pour en tenir compte.")
    # Without a model of autocorrelation, a doubt is enough: this test has little power on short series.
    passed = left.p_value >= (0.05 if taken else 0.20)
    after = f" après avoir retiré une autocorrélation de {french.number(test.rho, 2)}" if taken else ""
    found = "il n’en reste pas de trace" if passed else "il en reste"
    return Check("autocorrelation", passed, f"{told}{after} : {found}.")


def _dispersion(fit: CountFit, family: str) -> Check:
    n, k = fit.design.shape
    ratio = french.number(fit.dispersion, 2)
    if family == "quasipoisson":
        return Check("dispersion", None, f"Dispersion {ratio} (1 pour une loi de Poisson) : elle est estimée.")
    passed = bool(chi2_sf(fit.dispersion * (n - k), n - k) >= 0.05)
    return Check("dispersion", passed, f"Dispersion {ratio} (1 quand la loi supposée convient).")


def _comparators(series: Series, design: SeriesDesign, model: LinearModel, name: str, control: Floats) -> Check:
    """Check that taking the control away leaves less to explain before the action."""
    before = slice(0, series.n_pre)
    kept = design.matrix[before][:, ~design.changes]
    own, other = series.outcome, control
    if model.counts is not None:
        other = np.log(control)
        own = np.log(own + 0.5) - (model.offset - other)

    def left(values: Floats) -> float:
        part = values[before]
        gone = part - kept @ np.linalg.lstsq(kept, part, rcond=None)[0]
        return float(gone @ gone)

    alone, against = left(own), left(own - other)
    if alone <= 1e-18 * float(own @ own):
        return Check("comparators", None, "Rien ne varie avant l’action autour de la tendance : témoin non vérifiable.")
    if against <= alone:
        share = french.percent(100 * (1 - against / alone), 0)
        return Check(
            "comparators",
            True,  # noqa: FBT003
            f"La série témoin « {name} » explique {share} des variations d’avant, tendance et saison mises à part.",
        )
    return Check(
        "comparators",
        False,  # noqa: FBT003
        f"La série témoin « {name} » ne suit pas la série avant l’action : l’en retrancher augmente ses variations. "
        "Choisissez un témoin qui lui ressemble.",
    )
