"""Difference in differences: before/after of the treated against before/after of comparators, by two-way effects.

References
----------
Card, D. and Krueger, A. (1994), American Economic Review 84(4); Angrist, J. and Pischke, J.-S. (2009), Mostly Harmless
Econometrics, section 5.2; Goodman-Bacon, A. (2021), Journal of Econometrics 225(2) (several dates).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ctgeval.errors import NotIdentified
from ctgeval.impact.absorbed import Absorbed, treated_patterns
from ctgeval.impact.checks import check_comparators, check_leave_one_out, check_pre_trends
from ctgeval.impact.conclusion import conclude_panel
from ctgeval.impact.covariance import KINDS, Kind
from ctgeval.impact.inference import infer
from ctgeval.impact.leave_one_out import leave_one_out
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Panel
from ctgeval.impact.pretrends import PreTrend, pre_trend
from ctgeval.impact.projection import singletons
from ctgeval.impact.reading import some
from ctgeval.impact.result import Check, ImpactResult
from ctgeval.impact.trajectory import Trajectory, formulas_allowed, period_table, trajectory
from ctgeval.impact.twoway import Fit, fit
from ctgeval.impact.unobserved import unobserved

__all__ = ["did"]


@guarded
def did(
    panel: Panel,
    *,
    inference: str = "auto",
    draws: int = 9_999,
    level: float = 0.95,
    seed: int = 0,
    allow_invalid: bool = False,
    minimum_effect: float | None = None,
) -> ImpactResult:
    """Estimate the gap between the evolution of the treated and that of their comparators.

    The coefficient of the treatment (or treated share) in a regression with unit effects, period effects and the
    panel's covariates and weights. With one date, no gap and no covariate: difference of the mean changes.

    Parameters
    ----------
    panel : Panel
        With units that are never treated.
    inference : str
        ``auto`` (by the number of treated clusters), ``cluster``, ``iid``, ``hc1``, ``hc2``, ``hc3``, ``two_way``
        (clusters and periods), ``collapsed``, ``permutation``, ``ferman_pinto``, ``wild`` or ``conley_taber``.
    draws : int
        Assignments or weights drawn when they can't all be listed.
    level : float
        Of confidence.
    seed : int
    allow_invalid : bool
        Give a test that can't work here; the result is marked for ever.
    minimum_effect : float, optional
        Smallest effect of interest.

    Returns
    -------
    ImpactResult
        ``by_period``: gap at each time since treatment, each cohort against the never treated, relative to the last
        period before; intervals only with enough clusters for them to be valid. ``details``: ``leave_one_out``
        (estimate without each comparator), ``pre_trend``, ``covariates``.

    Raises
    ------
    NotIdentified
        When nobody is treated or left to compare with, or a covariate says nothing of its own.
    TooFewUnits
        When the test that was asked can't work with so few clusters.
    """
    panel.require(method="la différence de différences")
    data = Absorbed.of(panel, shares=not panel.binary)
    found = fit(data, treated_patterns(panel) if panel.binary else np.empty((len(data.cohorts), panel.n_periods, 0)))
    if not found.estimable[0]:
        raise _unidentified(panel)
    estimate = float(found.coefficients[0])
    one = np.eye(len(found.estimable))[0]
    kind: Kind = inference if inference in KINDS else "cluster"

    def formula() -> tuple[float, float]:
        variance, df = found.covariance(kind, one)
        return float(np.sqrt(variance[0, 0])) if variance[0, 0] >= 0 else float("nan"), df

    tested = infer(
        panel,
        estimate=estimate,
        weights=found.cohort_weights(one),
        cluster=formula,
        asked=inference,
        level=level,
        seed=seed,
        draws=draws,
        allow_invalid=allow_invalid,
    )
    path = trajectory(data if panel.binary else Absorbed.of(panel))
    allowed = formulas_allowed(panel)
    covariance, df = path.covariance if allowed else (np.full((len(path.events),) * 2, np.nan), np.nan)
    before = _before(panel, path, allowed=allowed, level=level, seed=seed)
    left_out = leave_one_out(found)
    return conclude_panel(
        panel,
        method="did",
        estimate=estimate,
        inference=tested,
        by_period=period_table(
            panel, path.events, path.estimates, np.sqrt(np.diagonal(covariance)), df=df, level=level
        ),
        bounds=(estimate, estimate) if panel.exact else panel.bound(found.weights_on_outcome(one), estimate),
        checks=_checks(panel, before, check_leave_one_out(left_out, estimate, panel.unit_label), level=level),
        limits=_limits(panel),
        level=level,
        minimum_effect=minimum_effect,
        details={"leave_one_out": left_out, "pre_trend": _told(before), "covariates": _covariates(panel, found)},
    )


def _before(panel: Panel, path: Trajectory, *, allowed: bool, level: float, seed: int) -> PreTrend:
    """Test the periods before treatment, by the covariance where it is valid."""
    early = (path.events < -1) & ~np.isnan(path.estimates)
    if not allowed or not early.any():
        return pre_trend(panel, level=level, seed=seed)
    covariance, df = path.covariance
    return pre_trend(
        panel,
        estimates=path.estimates[early],
        covariance=covariance[np.ix_(early, early)],
        df=df,
        level=level,
        seed=seed,
    )


def _checks(panel: Panel, before: PreTrend, left_out: Check | None, *, level: float) -> tuple[Check, ...]:
    checks = (check_pre_trends(panel, before, level=level), check_comparators(panel))
    return checks if left_out is None else (*checks, left_out)


def _told(before: PreTrend) -> dict[str, Any]:
    return {name: getattr(before, name) for name in PreTrend.__slots__}


def _covariates(panel: Panel, found: Fit) -> dict[str, float]:
    if not panel.covariate_names:
        return {}
    values = found.coefficients[-len(panel.covariate_names) :]
    return dict(zip(panel.covariate_names, (float(value) for value in values), strict=True))


def _limits(panel: Panel) -> tuple[str, ...]:
    found = []
    if not panel.single_date:
        found.append(
            "L’action a commencé à plusieurs dates : cet écart compare aussi des territoires à d’autres déjà "
            "concernés, et se trompe si l’effet change avec le temps. Voir impact.bacon, et plutôt impact.group_time."
        )
    alone = singletons(panel)
    if len(alone):
        found.append(f"Une seule période est connue pour {some(_names(panel, alone))} : sans poids dans l’écart.")
    idle = _idle(panel)
    if len(idle):
        found.append(
            f"Rien n’est connu avant l’action, ou depuis, pour {some(_names(panel, idle))} : sans poids dans l’écart."
        )
    return tuple(found)


def _names(panel: Panel, rows: Any) -> list[str]:
    return [panel.name(int(i)) for i in rows]


def _idle(panel: Panel) -> Any:
    """Treated units, seen several times, on one side of their treatment only."""
    if panel.balanced:
        return np.empty(0, dtype=np.intp)
    seen, post = panel.observed, panel.post
    one_side = ~((seen & ~post).any(axis=1) & (seen & post).any(axis=1))
    return np.flatnonzero(panel.treated & one_side & (seen.sum(axis=1) > 1))


def _unidentified(panel: Panel) -> NotIdentified:
    if not panel.covariate_names:
        return unobserved(panel)
    return NotIdentified(
        "Le traitement ne se distingue pas des effets propres aux territoires, aux périodes et des covariables.",
        value=some(_names(panel, np.flatnonzero(panel.treated))),
        remedy=f"Retirez une covariable ({', '.join(panel.covariate_names)}), ou ajoutez des périodes.",
    )
