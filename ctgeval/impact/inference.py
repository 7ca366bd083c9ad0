"""Inference that changes with the number of treated units: which tests can work here, and what they say together.

The ladder counts treated *clusters of assignment*. Its rules come from simulation (``docs/impact_size.md``):

- one cluster of several units, a design that can't give a p-value below the level, fewer than 20 units of unequal or
  unknown populations, one treated unit much smaller than its comparators: a test is made, no verdict comes out of it;
- up to five treated, or fewer than 20 comparators. Populations known and equal: permutation, of the coefficient with
  one or two treated (beside the collapsed t), of t with more (and of the coefficient too when one of them misses half
  its periods: t alone gives 11 % false with 3 of 20 seen half the time). Otherwise the permutation of studentised
  changes, which holds its level whatever the variances, with Ferman-Pinto when populations are known. The largest
  p-value decides. The wild bootstrap is shown, and decides nothing: with few treated clusters it hardly ever rejects
  (MacKinnon and Webb 2017); neither does the permutation of t where variances may differ (up to 15 % false with two
  small treated units);
- six or more, and 20 comparators: cluster-robust t, permutation of t and Ferman-Pinto, the largest p-value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from ctgeval.errors import DesignError, TooFewUnits, suggestion
from ctgeval.impact.assignments import Assignments, assignments
from ctgeval.impact.canonical import canonical
from ctgeval.impact.conclusion import Inference
from ctgeval.impact.contrast import Contrast
from ctgeval.impact.distributions import t_quantile, t_two_sided
from ctgeval.impact.few_treated import collapsed, conley_taber, ferman_pinto
from ctgeval.impact.inversion import confidence_set, hull
from ctgeval.impact.multiple import adjust, benjamini_hochberg, holm, romano_wolf
from ctgeval.impact.panel import Floats, Panel
from ctgeval.impact.randomization import randomization
from ctgeval.impact.result import NO_INTERVAL, Interval
from ctgeval.impact.situation import FEW, MANY_CONTROLS, Situation, situation
from ctgeval.impact.studentised import studentised
from ctgeval.impact.tested import Tested
from ctgeval.impact.wild import wild, wild_cluster

__all__ = [
    "Assignments",
    "Contrast",
    "Situation",
    "Tested",
    "adjust",
    "assignments",
    "benjamini_hochberg",
    "collapsed",
    "confidence_set",
    "conley_taber",
    "deciding_tests",
    "ferman_pinto",
    "holm",
    "infer",
    "randomization",
    "romano_wolf",
    "situation",
    "studentised",
    "wild",
    "wild_cluster",
]

_SHOWN_UP_TO = 200
_DRAWN, _FEWEST = 20_000_000, 999
_ALL_TREATED = (
    "Tous les territoires finissent par être concernés : chaque vague n’est comparée qu’à celles qui ne le sont pas "
    "encore. Aucune permutation ne peut confirmer le calcul, et aucune conclusion n’en est tirée."
)
_NO_BOUND = "Rien ne borne certaines valeurs : l’écart pourrait être tout autre."
_CLUSTER = ("cluster", "iid", "hc1", "hc2", "hc3", "two_way")
_TESTS = ("collapsed", "permutation", "permutation_coefficient", "studentised", "ferman_pinto", "conley_taber", "wild")
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "auto": "choix automatique",
        "cluster": "écarts-types par groupe",
        "iid": "écarts-types classiques",
        "hc1": "écarts-types robustes (HC1)",
        "hc2": "écarts-types robustes (HC2)",
        "hc3": "écarts-types robustes (HC3)",
        "two_way": "écarts-types par groupe et par période",
        "collapsed": "t de Student sur une évolution par territoire",
        "permutation": "permutation exacte",
        "permutation_coefficient": "permutation exacte de l’écart",
        "studentised": "permutation des évolutions rapportées à leur variabilité",
        "ferman_pinto": "Ferman-Pinto (selon la population)",
        "conley_taber": "Conley-Taber",
        "wild": "bootstrap sauvage par groupe",
    }
)
"""French name of each test, for sentences."""


def infer(
    panel: Panel,
    *,
    estimate: float,
    weights: Floats | None = None,
    cluster: tuple[float, float] | Callable[[], tuple[float, float]] | None = None,
    asked: str = "auto",
    level: float = 0.95,
    seed: int = 0,
    draws: int = 9_999,
    allow_invalid: bool = False,
) -> Inference:
    """Test an estimate by what its design allows, or by the test that was asked.

    Parameters
    ----------
    panel : Panel
    estimate : float
        What the estimator found, in the unit of the outcome.
    weights : ndarray of float64, shape (K + 1, T), optional
        Coefficients of one unit of each cohort (the last row: never treated) when the estimator is linear and the panel
        balanced; the two-way ones by default.
    cluster : tuple of float, or a function that gives it
        Standard error and degrees of freedom of the estimator's own formula.
    asked : str
        ``auto``, one of the formulas (``cluster``, ``hc1``, ...) or one of the tests of `NAMES`.
    level, seed, draws
        Of confidence; of the draws; assignments drawn when they can't all be enumerated (``auto`` takes fewer, 999 at
        least, above 2,000 units).
    allow_invalid : bool
        Give what was asked even where it can't work: the result is then marked for ever.

    Returns
    -------
    Inference

    Raises
    ------
    TooFewUnits
        When the test that was asked can't work with so few treated or comparison clusters.
    DesignError
        When no test has that name, or the data it needs are absent.
    """
    if asked != "auto" and asked not in _CLUSTER and asked not in _TESTS:
        raise DesignError(
            f"Aucun test ne porte le nom « {asked} ».",
            value=asked,
            remedy=suggestion(str(asked), NAMES) or f"Choisissez parmi : {', '.join(NAMES)}.",
        )
    facts = situation(panel, level=level)
    # Formulas don't draw: they need no order.
    panel = panel if asked in _CLUSTER else canonical(panel)
    # Thousands of draws of tens of thousands of units cost ten seconds, and tell p no better than the sample does.
    draws = min(draws, max(_FEWEST, _DRAWN // panel.n_units)) if asked == "auto" else draws
    make = _Maker(panel, weights, cluster, estimate, level=level, seed=seed, draws=draws)
    if asked == "cluster" and not facts.n_controls and facts.n_treated >= FEW + MANY_CONTROLS and not panel.single_date:
        return _waves(facts, make)
    if asked in _CLUSTER:
        return _formula(facts, estimate, cluster, asked, level=level, allow_invalid=allow_invalid)
    if asked != "auto":
        return _at_both_ends(_asked(facts, make, asked, allow_invalid=allow_invalid), make, (asked,))
    return _at_both_ends(_ladder(facts, make), make, _chosen(facts)[0])


def _at_both_ends(found: Inference, make: _Maker, codes: tuple[str, ...]) -> Inference:
    """Let no verdict out when the test fails at one end of what masked cells may be."""
    panel, alpha = make.panel, 1 - make.level
    if panel.exact or panel.withheld.any() or not found.p_value <= alpha or panel.low is None or panel.high is None:
        return found
    if make.weights is None:
        share = panel.treatment
        up = share - share.mean(axis=1, keepdims=True) - share.mean(axis=0) + share.mean() > 0
    else:
        up = make.weights[np.searchsorted(panel.cohorts, panel.start)] > 0
    for above in (True, False):
        end = np.where(panel.observed, np.where(up == above, panel.high, panel.low), np.nan)
        if np.isinf(end).any():
            return replace(found, conclusive=False, steps=(*found.steps, _NO_BOUND), limits=(*found.limits, _NO_BOUND))
        moved = _Maker(
            panel.with_outcome(end),
            make.weights,
            None,
            make.estimate,
            level=make.level,
            seed=make.seed,
            draws=make.draws,
            bare=True,
        )
        tests = _replaced(tuple(code for code in codes if code != "cluster"), moved)
        if tests and max(test.p_value for test in tests.values()) > alpha:
            reason = (
                "Si les valeurs masquées étaient à l’une de leurs bornes, l’écart ne se distinguerait plus d’un hasard."
            )
            return replace(found, conclusive=False, steps=(*found.steps, reason), limits=(*found.limits, reason))
    return found


class _Maker:
    """Makes each test at most once, on the same contrast."""

    def __init__(
        self,
        panel: Panel,
        weights: Floats | None,
        cluster: tuple[float, float] | Callable[[], tuple[float, float]] | None,
        estimate: float,
        *,
        level: float,
        seed: int,
        draws: int,
        bare: bool = False,
    ) -> None:
        self.panel, self.weights, self._cluster, self.estimate = panel, weights, cluster, estimate
        self.level, self.seed, self.draws = level, seed, draws
        self.bare = bare
        self._contrast: Contrast | None = None

    @property
    def contrast(self) -> Contrast:
        if self._contrast is None:
            self._contrast = Contrast.from_panel(self.panel, self.weights)
        return self._contrast

    @property
    def formula(self) -> tuple[float, float] | None:
        return self._cluster() if callable(self._cluster) else self._cluster

    def __call__(self, code: str) -> Tested | None:
        options: dict[str, Any] = {"level": self.level, "seed": self.seed, "draws": self.draws}
        if code == "collapsed":
            return collapsed(self.contrast, level=self.level)
        if code == "permutation":
            return randomization(self.contrast, statistic="t", **options)
        if code == "permutation_coefficient":
            return randomization(self.contrast, statistic="coefficient", **options)
        if code == "ferman_pinto":
            return ferman_pinto(self.contrast, **options)
        if code == "conley_taber":
            return conley_taber(self.contrast, **options)
        if code == "wild":
            return wild(self.contrast, **options)
        return studentised(self.panel, weights=self.weights, interval=NO_INTERVAL if self.bare else None, **options)


def _chosen(facts: Situation) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tests that decide together, and the steps that led to them."""
    sizes = {
        "equal": "Les populations sont proches : les variabilités le sont sans doute aussi.",
        "unequal": "Les populations diffèrent, et les petits varient plus : chaque évolution est rapportée à "
        "la variabilité propre du territoire, et le test de Ferman-Pinto tient compte des populations.",
        "unknown": "Les populations ne sont pas connues : elles sont traitées comme inégales, et chaque évolution est "
        "rapportée à la variabilité propre du territoire.",
    }[facts.sizes]
    n1, n0 = facts.n_treated, facts.n_controls
    by_size = ("ferman_pinto",) if facts.sizes == "unequal" else ()
    if facts.cluster_errors_allowed:
        how = "écarts-types par groupe, jamais seuls, et permutation"
        return ("cluster", "permutation", *by_size), (_count(n1, n0, how), sizes)
    if facts.sizes != "equal":
        how = "permutation exacte des évolutions ; les écarts-types par groupe y sont trompeurs"
        return ("studentised", *by_size), (_count(n1, n0, how), sizes)
    if n1 <= 2:
        how = "t de Student sur une évolution par territoire et permutation exacte"
        return ("collapsed", "permutation_coefficient"), (_count(n1, n0, how), sizes)
    how = "permutation exacte ; les écarts-types par groupe y sont trompeurs"
    if facts.holes:
        seen = (
            "Il manque la moitié des périodes à un territoire concerné : son évolution varie davantage, et l’écart "
            "doit sortir du lot par sa taille aussi, non seulement rapporté à leur dispersion."
        )
        return ("permutation", "permutation_coefficient"), (_count(n1, n0, how), sizes, seen)
    return ("permutation",), (_count(n1, n0, how), sizes)


def _count(n1: int, n0: int, how: str) -> str:
    treated = "1 territoire ou groupe concerné" if n1 == 1 else f"{n1} territoires ou groupes concernés"
    return f"{treated} et {n0} de comparaison : {how}."


def _deciding(codes: tuple[str, ...], make: _Maker) -> dict[str, Tested]:
    found: dict[str, Tested] = {}
    for code in codes:
        tested = _from_formula(make) if code == "cluster" else make(code)
        if tested is not None and not np.isnan(tested.p_value):
            found[code] = tested
    return found


def _replaced(codes: tuple[str, ...], make: _Maker) -> dict[str, Tested]:
    """Make tests; a permutation of t takes the place of studentised changes that can't be made."""
    found = _deciding(codes, make)
    if "studentised" in codes and "studentised" not in found:
        found = _deciding(("permutation", *(code for code in codes if code != "studentised")), make)
    return found


def deciding_tests(
    panel: Panel, *, estimate: float = float("nan"), level: float = 0.95, seed: int = 0, draws: int = 9_999
) -> tuple[Situation, dict[str, Tested]]:
    """Make the tests that decide in a design, without cluster formula nor costly intervals: for power and campaigns.

    Returns
    -------
    tuple
        The situation, and the tests by their code; empty when nothing can be compared.
    """
    facts = situation(panel, level=level)
    if not facts.n_controls or not facts.n_treated:
        return facts, {}
    codes = tuple(code for code in _chosen(facts)[0] if code != "cluster")
    return facts, _replaced(codes, _Maker(panel, None, None, estimate, level=level, seed=seed, draws=draws, bare=True))


def _ladder(facts: Situation, make: _Maker) -> Inference:
    codes, steps = _chosen(facts)
    if facts.n_controls < 1 and len(make.panel.cohorts) > 1:
        return _waves(facts, make)
    if facts.n_controls < 1:
        return Inference(valid=False, conclusive=False, steps=facts.reasons, limits=facts.reasons)
    found = _replaced(codes, make)
    reasons = list(facts.reasons)
    if "studentised" in codes and "studentised" not in found:
        reasons.append(
            "Une seule valeur avant et une seule après, pour un territoire concerné ou pour tous : leur variabilité "
            "propre ne peut pas être estimée."
        )
    shown = found | _informative(facts, make, set(found))
    if not found:
        return Inference(valid=False, conclusive=False, steps=steps, limits=tuple(reasons))
    if "studentised" in found:
        steps = (*steps, found["studentised"].note)
    if len(found) > 1:
        steps = (*steps, "La plus grande des probabilités calculées décide.")
    minimum = max(test.minimum_p for test in found.values())
    minimum = facts.minimum_p if np.isnan(minimum) else minimum
    interval = hull([test.interval for test in found.values()])
    p_value = max(test.p_value for test in found.values())
    return Inference(
        code="+".join(found),
        p_value=p_value,
        std_error=_std_error(facts, found),
        interval=_with_zero(_with_estimate(interval, make.estimate), p_value, make.level),
        conclusive=not reasons,
        steps=(*steps, *reasons),
        limits=tuple(reasons),
        minimum_p=max(minimum, facts.minimum_p),
        mde=facts.mde,
        details=_details(facts, shown, found),
    )


def _waves(facts: Situation, make: _Maker) -> Inference:
    """Give the formula of a design where all end up treated: waves are compared with later ones, not permuted."""
    formula = _from_formula(make) if facts.n_treated >= FEW + MANY_CONTROLS else None
    if formula is None:
        return Inference(valid=False, conclusive=False, steps=(_ALL_TREATED,), limits=(_ALL_TREATED,))
    return Inference(
        code="cluster",
        p_value=formula.p_value,
        std_error=formula.std_error,
        interval=formula.interval,
        conclusive=False,
        steps=(_ALL_TREATED,),
        limits=(_ALL_TREATED,),
    )


def _informative(facts: Situation, make: _Maker, known: set[str]) -> dict[str, Tested]:
    """Return what readers of other packages look for, which decides nothing here."""
    if facts.n_clusters > _SHOWN_UP_TO or facts.cluster_errors_allowed:
        return {}
    codes = ["permutation"] if "permutation_coefficient" not in known else []
    if facts.n_treated >= 3:
        codes.append("wild")
    return _deciding(tuple(code for code in codes if code not in known), make)


def _with_estimate(interval: Interval, estimate: float) -> Interval:
    """Hold the estimate: with gaps or covariates the tests stand on a statistic a little apart from it."""
    if np.isnan(interval.low) or np.isnan(estimate):
        return interval
    return Interval(min(interval.low, estimate), max(interval.high, estimate))


def _with_zero(interval: Interval, p_value: float, level: float) -> Interval:
    """Hold zero when no test rejects it: the values that a permutation does not reject may lie in several pieces."""
    if np.isnan(interval.low) or not p_value > 1 - level + 1e-9:
        return interval
    return Interval(min(interval.low, 0.0), max(interval.high, 0.0))


def _std_error(facts: Situation, found: Mapping[str, Tested]) -> float:
    for code in ("cluster", "collapsed"):
        if code in found:
            return float(found[code].std_error)
    n1, n0 = facts.n_treated, facts.n_controls
    return float(facts.noise * np.sqrt(1 / n1 + 1 / n0)) if n1 and n0 else float("nan")


def _details(facts: Situation, shown: Mapping[str, Tested], found: Mapping[str, Tested]) -> dict[str, Any]:
    permuted = shown.get("permutation") or shown.get("permutation_coefficient") or shown.get("studentised")
    return {
        "tests": [
            {
                "test": code,
                "name": NAMES[code],
                "p_value": test.p_value,
                "low": test.interval.low,
                "high": test.interval.high,
                "minimum_p": test.minimum_p,
                "decides": code in found,
            }
            for code, test in shown.items()
        ],
        "reference": permuted.reference if permuted is not None else np.empty(0),
        "sizes": facts.sizes,
        "n_assignments": facts.n_assignments,
    }


def _t_test(estimate: float, std_error: float, df: float, *, code: str, level: float) -> Tested:
    half = t_quantile(1 - (1 - level) / 2, df) * std_error

    def p_at(tau: Floats) -> Floats:
        return np.asarray(t_two_sided((estimate - tau) / std_error, df), dtype=np.float64)

    return Tested(
        code=code,
        p_value=float(t_two_sided(estimate / std_error, df)),
        std_error=std_error,
        interval=Interval(estimate - half, estimate + half),
        minimum_p=0.0,
        reference=np.empty(0),
        p_at=p_at,
        note="",
    )


def _from_formula(make: _Maker, code: str = "cluster") -> Tested | None:
    if make.formula is None:
        return None
    std_error, df = make.formula
    if not std_error > 0 or not df > 0:
        return None
    return _t_test(make.estimate, std_error, df, code=code, level=make.level)


def _formula(
    facts: Situation,
    estimate: float,
    cluster: tuple[float, float] | Callable[[], tuple[float, float]] | None,
    asked: str,
    *,
    level: float,
    allow_invalid: bool,
) -> Inference:
    """Give the estimator's own formula, where it means something."""
    limit = ""
    if not facts.cluster_errors_allowed:
        limit = (
            f"Les {NAMES[asked]} ne peuvent pas fonctionner avec {facts.n_treated} territoire"
            f"{'s' if facts.n_treated > 1 else ''} ou groupe{'s' if facts.n_treated > 1 else ''} "
            f"concerné{'s' if facts.n_treated > 1 else ''} et {facts.n_controls} de comparaison : ils ne voient que la "
            "variabilité des comparaisons, et appellent effet un simple hasard (jusqu’à 3 fois sur 4 avec un seul "
            "territoire concerné)."
        )
        if not allow_invalid:
            raise TooFewUnits(
                limit,
                value=asked,
                remedy=f'Utilisez inference="auto" ; il faut au moins {FEW} groupes concernés et {MANY_CONTROLS} de '
                "comparaison. Pour voir quand même le chiffre, marqué non valide : allow_invalid=True.",
            )  # fmt: skip
    given = cluster() if callable(cluster) else cluster
    if given is None:
        raise DesignError(
            f"Cette méthode n’a pas de formule « {NAMES[asked]} ».", value=asked, remedy='Utilisez inference="auto".'
        )
    std_error, df = given
    if not std_error > 0 or not df > 0:
        return Inference(
            code=asked,
            valid=False,
            limits=("L’écart-type n’est pas défini : les données ne varient pas autour du modèle.",),
            minimum_p=facts.minimum_p,
            mde=facts.mde,
        )
    test = _t_test(estimate, std_error, df, code=asked, level=level)
    found = Inference(
        code=asked,
        p_value=test.p_value,
        std_error=std_error,
        interval=test.interval,
        steps=(f"Test demandé : {NAMES[asked]}.",),
        minimum_p=0.0,
        mde=(t_quantile(1 - (1 - level) / 2, df) + t_quantile(0.8, df)) * std_error,
        details={"df": df},
    )
    if limit:
        return found.marked_invalid(limit)
    doubt = _doubt(facts, asked)
    return replace(found, conclusive=False, limits=(doubt,)) if doubt else found


def _doubt(facts: Situation, asked: str) -> str:
    """Say why a formula that was asked may not decide alone."""
    if asked in {"iid", "hc1", "hc2", "hc3"} and facts.n_pre + facts.n_post > 2:
        return (
            f"Les {NAMES[asked]} ignorent que les chiffres d’un territoire se ressemblent d’une année à l’autre : ils "
            "appellent effet un hasard jusqu’à une fois sur trois. Aucune conclusion n’en est tirée."
        )
    if min(facts.n_treated, facts.n_controls) < MANY_CONTROLS:
        return (
            f"Avec moins de {MANY_CONTROLS} groupes de chaque côté, les {NAMES[asked]} ne décident pas seuls (8 à 11 "
            "fausses alertes sur 100) : le choix automatique les croise avec une permutation."
        )
    return ""


def _asked(facts: Situation, make: _Maker, asked: str, *, allow_invalid: bool) -> Inference:
    """Give one test of the ladder, with its own limits."""
    if asked == "ferman_pinto" and make.panel.population is None:
        raise DesignError(
            "Le test de Ferman-Pinto a besoin de la population de chaque territoire.",
            remedy="Donnez population=« colonne » en construisant le panel.",
        )
    if facts.n_controls < 2:
        raise TooFewUnits(
            f"Il n’y a que {facts.n_controls} territoire de comparaison : aucun test ne peut être fait.",
            remedy="Ajoutez des territoires de comparaison.",
        )
    refused = asked == "wild" and facts.n_treated <= 2
    if refused and not allow_invalid:
        raise TooFewUnits(
            f"Le bootstrap sauvage ne rejette presque jamais avec {facts.n_treated} groupe concerné.",
            value=asked,
            remedy='Utilisez inference="auto", ou allow_invalid=True pour voir le chiffre, marqué non valide.',
        )
    test = make(asked)
    if test is None:
        raise TooFewUnits(
            "Ce test demande plus d’une période avant ou après l’action.", value=asked, remedy="Ajoutez des périodes."
        )
    reasons = facts.reasons
    if facts.sizes != "equal" and facts.n_treated < FEW and asked not in {"studentised", "ferman_pinto"}:
        doubt = (
            "Ce test suppose que tous les territoires varient autant ; leurs populations diffèrent, ou ne sont pas "
            "connues. Avec de petits territoires concernés, il appelle effet un hasard jusqu’à une fois sur quatre."
        )
        reasons = (*reasons, doubt)
    found = Inference(
        code=asked,
        p_value=test.p_value,
        std_error=test.std_error,
        interval=_with_zero(test.interval, test.p_value, make.level),
        conclusive=not reasons,
        steps=(f"Test demandé : {NAMES[asked]}.", *reasons),
        limits=reasons,
        minimum_p=test.minimum_p,
        mde=facts.mde,
        details=_details(facts, {asked: test}, {asked: test}) | {"reference": test.reference},
    )
    return found.marked_invalid("Ce test ne fonctionne pas avec si peu de groupes concernés.") if refused else found
