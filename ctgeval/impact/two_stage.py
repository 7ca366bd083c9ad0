"""Two stages: the same effects as imputation, with the variance of a method of moments (Gardner)."""

from __future__ import annotations

from ctgeval.impact.imputation import imputation_result
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Panel
from ctgeval.impact.result import ImpactResult

__all__ = ["two_stage"]


@guarded
def two_stage(
    panel: Panel,
    *,
    inference: str = "auto",
    level: float = 0.95,
    seed: int = 0,
    allow_invalid: bool = False,
    minimum_effect: float | None = None,
) -> ImpactResult:
    """Estimate the mean effect by two regressions: effects of units and periods first, then treatment on what is left.

    Parameters
    ----------
    panel : Panel
        With its covariates and weights.
    inference : str
        ``auto``, ``cluster`` (the estimator's own formula) or a test of `ctgeval.impact.inference.NAMES`.
    level, seed, allow_invalid, minimum_effect
        As for every estimator.

    Returns
    -------
    ImpactResult
        As `imputation`, whose estimates these are. The standard error, by cluster and without small-sample factor, is
        that of the two regressions taken together: it also holds how much effects differ between cohorts and periods.

    Raises
    ------
    NotIdentified
        When nobody is treated, or no treated cell can be predicted.
    TooFewUnits
        When ``inference="cluster"`` can't work with so few treated clusters.

    References
    ----------
    Gardner, J. (2022), Two-stage differences in differences, arXiv 2207.05943; Butts, K. and Gardner, J. (2022),
    did2s: Two-stage difference-in-differences, R Journal 14.
    """
    return imputation_result(
        panel,
        "two_stage",
        "average",
        inference=inference,
        level=level,
        seed=seed,
        allow_invalid=allow_invalid,
        minimum_effect=minimum_effect,
    )
