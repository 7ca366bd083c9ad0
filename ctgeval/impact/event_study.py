"""Event study: the gap at each time since treatment, before it too, by leads and lags in a two-way regression.

References
----------
Sun, L. and Abraham, S. (2021), Journal of Econometrics 225(2) (contamination with several dates); Freyaldenhoven, S.
et al. (2024), Visualization, Identification and Estimation in the Linear Panel Event-Study Design; Montiel Olea, J. and
Plagborg-Møller, M. (2019), Journal of Applied Econometrics 34(1) (uniform bands).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError
from ctgeval.impact.absorbed import Absorbed, event_patterns
from ctgeval.impact.checks import check_comparators, check_pre_trends
from ctgeval.impact.conclusion import conclude_panel
from ctgeval.impact.covariance import KINDS, Kind
from ctgeval.impact.inference import infer
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Floats, Ints, Panel
from ctgeval.impact.pretrends import pre_trend
from ctgeval.impact.projection import pseudo_inverse
from ctgeval.impact.result import ImpactResult
from ctgeval.impact.trajectory import formulas_allowed, period_table
from ctgeval.impact.twoway import fit
from ctgeval.impact.unobserved import unobserved

__all__ = ["event_study", "sup_t"]


@guarded
def event_study(
    panel: Panel,
    *,
    reference: int = -1,
    bins: tuple[int, int] | None = None,
    inference: str = "auto",
    draws: int = 9_999,
    level: float = 0.95,
    seed: int = 0,
    allow_invalid: bool = False,
    minimum_effect: float | None = None,
) -> ImpactResult:
    """Estimate the gap between treated and comparators at each time since treatment.

    Parameters
    ----------
    panel : Panel
        With units that are never treated, and a treatment that is all or nothing.
    reference : int
        Time since treatment that the others are compared with, before it.
    bins : tuple of int, optional
        First and last time since treatment: what is beyond is put together with them.
    inference : str
        Test of the mean effect, as in `ctgeval.impact.did`.
    draws : int
        Assignments drawn when they can't all be listed; draws of the uniform bands.
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
        The estimate is the mean of the coefficients from treatment on. ``by_period``: besides the usual columns,
        ``uniform_low, uniform_high`` (a band that holds the whole path at once). ``details``: ``event_times``,
        ``coefficients``, ``covariance`` (without the reference), ``covariance_valid``, ``covariance_reason``, ``df``,
        ``reference_period``. With few treated clusters the covariance is degenerate: intervals are then those of the
        permutation test of each period, and there is no uniform band.

    Raises
    ------
    NotIdentified
        When nobody is treated or left to compare with, or no period is at the reference.
    DesignError
        When the treatment is a share, or the reference is not before treatment.
    TooFewUnits
        When the test that was asked can't work with so few clusters.
    """
    _require(panel, reference, bins)
    events, patterns = event_patterns(panel, reference=reference, bins=bins)
    found = fit(Absorbed.of(panel), patterns)
    n_events = len(events)
    estimates = found.coefficients[:n_events]
    after = (events >= 0) & ~np.isnan(estimates)
    if not after.any():
        raise unobserved(
            panel,
            f"Aucun écart n’est estimable depuis le début de l’action : rien n’y est comparable à la période de "
            f"référence ({reference}).",
            remedy="Complétez les périodes absentes, ou choisissez une autre période de référence (reference=...).",
        )
    mean = np.zeros(len(found.estimable))
    mean[:n_events] = after / after.sum()
    estimate = float(mean[:n_events][after] @ estimates[after])
    kind: Kind = inference if inference in KINDS else "cluster"
    allowed = formulas_allowed(panel)
    covariance, df = found.covariance(kind)
    covariance = covariance[:n_events, :n_events]
    lost = np.isnan(estimates)
    covariance[lost] = covariance[:, lost] = np.nan

    def formula() -> tuple[float, float]:
        variance = mean[:n_events][after] @ covariance[np.ix_(after, after)] @ mean[:n_events][after]
        # With clusters both ways, a variance may come out below zero: then it is not known.
        return float(np.sqrt(variance)) if variance >= 0 else float("nan"), df

    tested = infer(
        panel,
        estimate=estimate,
        weights=_nominal(panel, patterns) @ mean[:n_events],
        cluster=formula,
        asked=inference,
        level=level,
        seed=seed,
        draws=draws,
        allow_invalid=allow_invalid,
    )
    shown = np.sqrt(_not_negative(np.diagonal(covariance))) if allowed else np.full(n_events, np.nan)
    table = period_table(panel, events, estimates, shown, df=df, level=level, reference=reference)
    if allowed:
        table = _with_bands(table, estimates, covariance, level=level, draws=draws, seed=seed)
    else:
        table = _with_permutations(table, panel, estimates, patterns, level=level, draws=draws, seed=seed)
    early = (events < 0) & ~lost
    before = pre_trend(
        panel,
        estimates=estimates[early] if allowed and early.any() else None,
        covariance=covariance[np.ix_(early, early)] if allowed and early.any() else None,
        df=df,
        level=level,
        seed=seed,
    )
    return conclude_panel(
        panel,
        method="event_study",
        estimate=estimate,
        inference=tested,
        by_period=table,
        bounds=(estimate, estimate) if panel.exact else panel.bound(found.weights_on_outcome(mean), estimate),
        checks=(check_pre_trends(panel, before, level=level), check_comparators(panel)),
        limits=_limits(panel, events, lost),
        level=level,
        minimum_effect=minimum_effect,
        details={
            "event_times": events,
            "coefficients": estimates,
            "covariance": covariance,
            "covariance_valid": allowed,
            "covariance_reason": "" if allowed else _degenerate(panel),
            "df": df,
            "reference_period": reference,
        },
    )


def _require(panel: Panel, reference: int, bins: tuple[int, int] | None) -> None:
    panel.require(method="l’étude d’événement")
    if not panel.binary:
        raise DesignError(
            "Une étude d’événement demande un traitement en tout ou rien ; ici, des territoires sont concernés en "
            "partie.",
            remedy="Utilisez impact.did, ou donnez treated_from=« première période concernée ».",
        )
    if not _whole(reference):
        raise DesignError(
            "La période de référence est un nombre entier de périodes.",
            value=str(reference),
            remedy="Donnez un nombre négatif : -1 pour la dernière période avant l’action.",
        )
    if bins is not None and not (isinstance(bins, tuple | list) and len(bins) == 2 and all(map(_whole, bins))):
        raise DesignError(
            "Les bornes de bins sont deux nombres entiers de périodes.",
            value=str(bins),
            remedy="Donnez par exemple bins=(-4, 3) : ce qui est plus loin y est regroupé.",
        )
    if reference >= 0:
        raise DesignError(
            f"La période de référence ({reference}) n’est pas avant le début de l’action.",
            value=str(reference),
            remedy="Donnez un nombre négatif : -1 pour la dernière période avant l’action.",
        )
    if bins is not None and not bins[0] < reference < bins[1]:
        raise DesignError(
            f"La période de référence ({reference}) doit se trouver entre les deux bornes de bins ({bins[0]}, "
            f"{bins[1]}), sans les toucher.",
            value=str(bins),
            remedy="Élargissez bins.",
        )


def _whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _degenerate(panel: Panel) -> str:
    treated = panel.n_treated_clusters
    return (
        f"{treated} territoire{'s' if treated > 1 else ''} ou groupe{'s' if treated > 1 else ''} "
        f"concerné{'s' if treated > 1 else ''} : la covariance par groupe est dégénérée et ne doit pas servir."
    )


def _limits(panel: Panel, events: Ints, lost: Floats) -> tuple[str, ...]:
    found = []
    if not panel.single_date:
        found.append(
            "L’action a commencé à plusieurs dates : chaque écart mélange ceux d’autres moments si l’effet diffère "
            "d’une vague à l’autre. Voir plutôt impact.sun_abraham ou impact.group_time."
        )
    if lost.any():
        told = ", ".join(str(e) for e in events[lost])
        found.append(f"Aucun écart n’est estimable à {told} période(s) du début de l’action : données absentes.")
    return tuple(found)


def sup_t(covariance: Floats, *, level: float = 0.95, draws: int = 9_999, seed: int = 0) -> float:
    """Return the number of standard errors of a band that holds every coefficient at once.

    Parameters
    ----------
    covariance : ndarray of float64, shape (p, p)
    level : float
        Of confidence.
    draws : int
        Normal vectors drawn.
    seed : int
    """
    size = np.sqrt(_not_negative(np.diagonal(covariance)))
    if not draws or not len(size) or not np.isfinite(covariance).all() or not (size > 0).all():
        return float("nan")
    values, vectors = np.linalg.eigh(covariance / np.outer(size, size))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    normal = np.random.default_rng(seed).standard_normal((draws, len(size)))
    return float(np.quantile(np.abs(normal @ root.T).max(axis=1), level))


def _with_bands(
    table: pd.DataFrame,
    estimates: Floats,
    covariance: Floats,
    *,
    level: float,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    known = ~np.isnan(estimates)
    multiple = sup_t(covariance[np.ix_(known, known)], level=level, draws=draws, seed=seed)
    half = multiple * np.sqrt(_not_negative(np.diagonal(covariance)))
    place = int(np.flatnonzero(table["reference"])[0])
    return table.assign(
        uniform_low=np.insert(estimates - half, place, 0.0), uniform_high=np.insert(estimates + half, place, 0.0)
    )


def _not_negative(variances: Floats) -> Floats:
    return np.where(variances >= 0, variances, np.nan)


def _nominal(panel: Panel, patterns: Floats) -> Floats:
    """Coefficients of one unit of each cohort in each estimate, shape (K + 1, T, p), as without gaps nor weights.

    Tests by permutation stand on residuals of the null model: they need the shape of the estimate, not its gaps.
    """
    counts = np.array([(panel.start == column).sum() for column in panel.cohorts] + [panel.n_controls])
    inside = patterns - patterns.mean(axis=1, keepdims=True)
    inside = inside - np.einsum("k,ktp->tp", counts, inside) / counts.sum()
    gram = np.einsum("k,kta,ktb->ab", counts, inside, inside)
    return np.asarray(inside @ pseudo_inverse(gram)[0])


def _with_permutations(
    table: pd.DataFrame,
    panel: Panel,
    estimates: Floats,
    patterns: Floats,
    *,
    level: float,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Put in the table the interval of the permutation test of each period; NaN without two clusters to compare."""
    ends = np.full((len(estimates), 2), np.nan)
    if len(np.unique(panel.clusters)) - panel.n_treated_clusters >= 2:
        weights = _nominal(panel, patterns)
        for k in np.flatnonzero(~np.isnan(estimates)):
            tested = infer(
                panel,
                estimate=float(estimates[k]),
                weights=weights[:, :, k],
                asked="permutation",
                level=level,
                seed=seed,
                draws=min(draws, 1_999),
            )
            ends[k] = tested.interval
    place = int(np.flatnonzero(table["reference"])[0])
    blank = np.full(len(table), np.nan)
    return table.assign(
        low=np.insert(ends[:, 0], place, 0.0),
        high=np.insert(ends[:, 1], place, 0.0),
        uniform_low=blank,
        uniform_high=blank,
    )
