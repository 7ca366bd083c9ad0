"""Placebos of synthetic difference-in-differences: the estimate's rank among them, and the effects it does not reject.

References
----------
Arkhangelsky, D. et al. (2021), AER 111, algorithm 4 (placebo variance, which supposes equal variances: the rank and its
scaled form are here in its place).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctgeval import french
from ctgeval.impact.conclusion import Inference
from ctgeval.impact.did_cohorts import Cohort, averaged, effects
from ctgeval.impact.did_weights import weighted_paths
from ctgeval.impact.distributions import normal_quantile
from ctgeval.impact.donors import Donors, Path, magnitude
from ctgeval.impact.panel import Floats, Ints, Panel
from ctgeval.impact.placebos import critical, placebo_sets
from ctgeval.impact.result import Interval
from ctgeval.impact.situation import situation
from ctgeval.impact.synthetic_result import refusals

__all__ = ["Reference", "did_inference", "did_placebos", "noise_before"]

_SLACK = 1e-9


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Reference:
    """Placebos of an estimate.

    Parameters
    ----------
    sets : ndarray of intp, shape (B, N1)
        Donors (numbers among the donors) that stand for the treated.
    effects : ndarray of float64, shape (B,)
    average : Path
        Average path of each set, ``gap`` of shape (B, E).
    every : bool
        Whether every set is there.
    """

    sets: Ints
    effects: Floats
    average: Path
    every: bool


def did_placebos(data: Donors, cohorts: list[Cohort], *, draws: int, seed: int) -> Reference | None:
    """Give the action to the donors, at the optimum of the same problem; None when they are too few."""
    sets, every = placebo_sets(data, draws=draws, seed=seed)
    if not len(sets):
        return None
    n0, n1 = len(data.donors), len(data.treated)
    free = np.ones((len(sets), n0), dtype=bool)
    np.put_along_axis(free, sets, values=False, axis=1)
    others = data.donors[np.nonzero(free)[1].reshape(len(sets), n0 - n1)]
    paths = [
        weighted_paths(
            data.panel.outcome,
            data.donors[sets[:, cohort.places]],
            others,
            cohort.start,
            noise=cohort.noise,
            kind="exact",
        )
        for cohort in cohorts
    ]
    return Reference(sets=sets, effects=effects(cohorts, paths), average=averaged(data, cohorts, paths), every=every)


def noise_before(average: Path) -> Floats:
    """Root mean squared deviation of average paths from their mean before the action: an estimate's own yardstick."""
    before = average.event_time < 0
    share = average.count[before] / average.count[before].sum()
    gap = np.atleast_2d(average.gap)[:, before]
    return np.asarray(np.sqrt((gap - (gap @ share)[:, None]) ** 2 @ share))


def did_inference(
    original: Panel,
    data: Donors,
    average: Path,
    estimate: float,
    reference: Reference | None,
    *,
    level: float,
    steps: tuple[str, ...],
) -> Inference:
    """Rank an estimate among its placebos, and invert the rank.

    When populations differ or are not known, a small territory varies more than its placebos: the estimate is also
    ranked in units of how much each path varied before the action, and the larger p-value decides.

    Parameters
    ----------
    original : Panel
        As it was given.
    data : Donors
    average : Path
        Of the treated, ``gap`` of shape (1, E).
    estimate : float
    reference : Reference, optional
    level : float
    steps : tuple of str
        What led there.
    """
    if reference is None:
        reason = (
            f"Aucun placebo ({french.plural(len(data.donors), 'territoire')} de comparaison pour "
            f"{french.plural(len(data.treated), 'territoire concerné', 'territoires concernés')}) : aucun test."
        )
        return Inference(valid=False, conclusive=False, steps=(*steps, reason), limits=(reason,))
    count = len(reference.sets)
    tiny = _SLACK * magnitude(data.panel.outcome)
    ranks = {"placebo": _ranked(np.abs(reference.effects), abs(estimate), 1.0, tiny=tiny, level=level)}
    equal = situation(data.panel, level=level).sizes == "equal"
    if not equal:
        own, others = float(noise_before(average)[0]), noise_before(reference.average)
        size = np.abs(reference.effects)
        scaled = np.divide(size, others, out=np.where(size > tiny, np.inf, 0.0), where=others > tiny)
        ranks["placebo_scaled"] = _ranked(scaled, abs(estimate), own, tiny=tiny, level=level)
    p_value, half = (max(pair) for pair in zip(*ranks.values(), strict=True))
    low, high = estimate - half, estimate + half
    if p_value > 1 - level + _SLACK:
        low, high = min(low, 0.0), max(high, 0.0)
    reasons = refusals(original, data, level=level, minimum=1 / (1 + count))
    error = float(reference.effects.std())
    groups = "territoires" if len(data.treated) == 1 else f"groupes de {len(data.treated)} territoires"
    scaled_too = (
        ()
        if equal
        else (
            "Les populations diffèrent ou ne sont pas connues : l’écart est aussi rapporté à ses variations d’avant.",
            "La plus grande des deux probabilités décide.",
        )
    )
    return Inference(
        code="+".join(ranks),
        p_value=p_value,
        std_error=error,
        interval=Interval(low, high),
        conclusive=not reasons,
        steps=(
            *steps,
            f"L’action est attribuée fictivement à {french.number(count)} {groups} de comparaison.",
            "L’écart est classé parmi les leurs, sans supposer de loi normale.",
            *scaled_too,
            *reasons,
        ),
        limits=tuple(reasons),
        minimum_p=1 / (1 + count),
        mde=half + normal_quantile(0.8) * error,
        details={
            "reference": reference.effects,
            "n_placebos": count,
            "all_placebos": reference.every,
            "ranks": {code: found[0] for code, found in ranks.items()},
        },
    )


def _ranked(placebos: Floats, own: float, unit: float, *, tiny: float, level: float) -> tuple[float, float]:
    """P-value of a size told in units of ``unit``, and the size (in those of the outcome) that would be rejected."""
    above = int((placebos * unit >= own * (1 - _SLACK) - tiny).sum()) if unit > 0 else len(placebos)
    bar = float(critical(placebos, level=level))
    return (1 + above) / (1 + len(placebos)), bar * unit if unit > 0 else float("inf")
