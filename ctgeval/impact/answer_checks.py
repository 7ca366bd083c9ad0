"""Checks of answers before and after: who left, scales that end, return to the mean, groups alike at the start."""

from __future__ import annotations

import numpy as np

from ctgeval import french
from ctgeval.impact.answers import Persons
from ctgeval.impact.checks import figure, gap
from ctgeval.impact.panel import Bools, Floats
from ctgeval.impact.result import Check

__all__ = ["check_attrition", "check_baseline", "check_return_to_mean", "check_scale_ends", "missing_told"]

LOST = 0.20
"""Share of persons lost from which attrition fails (What Works Clearinghouse, Standards Handbook 4.1)."""
LOST_APART = 0.10
"""Gap of attrition between two groups from which they are no longer comparable."""
AT_THE_END = 0.15
"""Share of answers at one end of a scale that hides changes (Terwee et al. 2007)."""
ALIKE = 0.25
"""Standardised difference at the start above which two groups are not alike (What Works Clearinghouse)."""


def missing_told(persons: Persons) -> tuple[str, ...]:
    """Say how many persons could not be used in a paired comparison."""
    both, only_first = int(persons.both.sum()), int((persons.first & ~persons.second).sum())
    only_second, neither = (
        int((~persons.first & persons.second).sum()),
        int((~persons.first & ~persons.second).sum()),
    )
    if both == len(persons.before):
        return ()
    parts = [
        f"{only_first} n’ont répondu qu’avant" if only_first else "",
        f"{only_second} qu’après" if only_second else "",
        f"{neither} à aucun moment" if neither else "",
    ]
    told = ", ".join(part for part in parts if part)
    return (
        (
            f"Sur {len(persons.before)} personnes, {both} ont répondu aux deux moments ({told}) : "
            f"le calcul porte sur ces {both}."
        ),
    )


def check_attrition(persons: Persons) -> Check:
    """Say who answered once only, and whether those who left began from elsewhere."""
    lost = persons.first & ~persons.second
    asked = int(persons.first.sum())
    if not asked:
        return Check("attrition", None, "Personne n’a répondu avant.")
    share = float(lost.sum() / asked)
    text = f"{int(lost.sum())} personne(s) sur {asked} n’ont pas répondu une seconde fois ({_percent(share)})."
    gap = _standardised(persons.before[lost], persons.before[persons.both])
    if lost.sum() > 1 and np.isfinite(gap):
        how = "comme les autres" if abs(gap) < ALIKE else ("plus haut" if gap > 0 else "plus bas")
        text += f" Au départ, leurs réponses se situaient {how} (écart de {french.number(gap, 2)} écart-type)."
    return Check("attrition", bool(share <= LOST), text)


def check_attrition_by_group(persons: Persons) -> Check:
    """Say whether one group lost more persons than the other."""
    assert persons.treated is not None
    rates = []
    for group in (persons.treated, ~persons.treated):
        asked = persons.first & group
        rates.append(float((asked & ~persons.second).sum() / asked.sum()) if asked.any() else float("nan"))
    gap = rates[0] - rates[1]
    text = (
        f"N’ont pas répondu une seconde fois : {_percent(rates[0])} des personnes concernées et {_percent(rates[1])} "
        "du groupe de comparaison."
    )
    passed = None if np.isnan(gap) else bool(abs(gap) <= LOST_APART and max(rates) <= LOST)
    return Check("attrition", passed, text)


def check_scale_ends(first: Floats, second: Floats) -> Check:
    """Say whether many answers stand at one end of the scale, where nothing can show any more."""
    name = "scale_ends"
    both = np.concatenate([first, second])
    levels = np.unique(both)
    if len(levels) <= 2:
        return Check(name, None, "Deux réponses possibles : il n’y a pas de bout d’échelle à examiner.")
    shares = {
        "la plus basse": max(float((part == levels[0]).mean()) for part in (first, second)),
        "la plus haute": max(float((part == levels[-1]).mean()) for part in (first, second)),
    }
    crowded = [f"{where} ({_percent(share)})" for where, share in shares.items() if share > AT_THE_END]
    if not crowded:
        return Check(name, passed=True, text="Peu de réponses sont à un bout de l’échelle : une évolution s’y verrait.")
    return Check(
        name,
        passed=False,
        text=f"Beaucoup de réponses ont la valeur {' et '.join(crowded)} : une évolution s’y verrait mal.",
    )


def check_return_to_mean(first: Floats, second: Floats, *, reference: float | None, unit: str) -> Check:
    """Say how much of the change would be seen without any action, if persons were chosen for their low start.

    Parameters
    ----------
    first, second : ndarray of float64, shape (n,)
    reference : float, optional
        Mean, before, of the population that the persons come from.
    unit : str

    References
    ----------
    Barnett, A., van der Pols, J. and Dobson, A. (2005), International Journal of Epidemiology 34(1), box 2.
    """
    name = "regression_to_the_mean"
    spread0, spread1 = float(first.std()), float(second.std())
    if len(first) < 5 or not spread0 > 0 or not spread1 > 0:
        return Check(name, None, "Trop peu de réponses pour estimer le retour à la moyenne.")
    correlation = float(np.clip(np.corrcoef(first, second)[0, 1], 0.0, 1.0))
    if reference is None:
        return Check(
            name,
            None,
            "Si les personnes ont été choisies parce que leur situation de départ était mauvaise (ou bonne), une "
            "partie de l’évolution serait venue sans rien faire ; donnez reference_mean (moyenne de la population de "
            "départ) pour la chiffrer.",
        )
    expected = (1 - correlation) * (reference - float(first.mean()))
    change = float(second.mean() - first.mean())
    passed = bool(abs(expected) < abs(change) / 2 or expected * change < 0)
    return Check(
        name,
        passed,
        f"La population d’où viennent ces personnes est à {figure(reference, unit)}, elles partaient de "
        f"{figure(float(first.mean()), unit)} : sans rien faire, {gap(expected, unit)} d’évolution seraient "
        f"attendus, sur {gap(change, unit)} constatés.",
    )


def check_baseline(first: Floats, treated: Bools, *, randomised: bool) -> Check:
    """Say whether the two groups began alike; after a drawing of lots a difference is only chance."""
    name = "baseline" if randomised else "comparators"
    gap = _standardised(first[treated], first[~treated])
    if not np.isfinite(gap):
        return Check(name, None, "La situation de départ des deux groupes ne peut pas être comparée.")
    text = f"Au départ, {french.number(gap, 2)} écart-type sépare les personnes concernées du groupe de comparaison"
    if randomised:
        return Check(name, bool(abs(gap) <= ALIKE), f"{text} ; après un tirage au sort, c’est un hasard.")
    told = " : ils se ressemblent." if abs(gap) <= ALIKE else " : ils ne se ressemblent pas."
    return Check(name, bool(abs(gap) <= ALIKE), text + told)


def _standardised(one: Floats, other: Floats) -> float:
    one, other = one[~np.isnan(one)], other[~np.isnan(other)]
    if len(one) < 2 or len(other) < 2:
        return float("nan")
    spread = float(np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2))
    return float((one.mean() - other.mean()) / spread) if spread > 0 else float("nan")


def _percent(share: float) -> str:
    return french.percent(100 * share, 0) if np.isfinite(share) else french.MISSING
