"""How respondents were found, and what may then be said of them.

A survey open to all comers is not a sample: nothing tells how the persons who chose to answer differ from the others,
and no interval measures it. Weights may bring their ages or sexes back to those of the territory; they remain «des
répondants».

References
----------
Couper, M. (2000), Web Surveys: A Review of Issues and Approaches, Public Opinion Quarterly 64(4), 464-494; Baker, R. et
al. (2013), Summary Report of the AAPOR Task Force on Non-probability Sampling, Journal of Survey Statistics and
Methodology 1(2), 90-143.
"""

from __future__ import annotations

from typing import Literal, get_args

from ctgeval.errors import DossierError, suggestion

__all__ = ["NOT_A_SAMPLE", "RECRUITMENTS", "Recruitment", "check_recruitment", "has_intervals", "whose"]

Recruitment = Literal["aleatoire", "exhaustif", "volontaire"]
RECRUITMENTS: tuple[Recruitment, ...] = get_args(Recruitment)

NOT_A_SAMPLE = (
    "Les répondants sont volontaires : ils ne forment pas un échantillon, même redressés. "
    "Les résultats décrivent les répondants, sans intervalle."
)
"""Printed wherever volunteers are described."""


def check_recruitment(value: str) -> Recruitment:
    """Return the way of recruiting, or refuse a word that is none.

    Raises
    ------
    DossierError
        The word is not one of `RECRUITMENTS`.
    """
    for known in RECRUITMENTS:
        if value == known:
            return known
    raise DossierError(
        f"Le recrutement « {value} » est inconnu.",
        key="recrutement",
        value=value,
        remedy=f"{suggestion(value, RECRUITMENTS)} Écrire aleatoire, exhaustif ou volontaire.".strip(),
    )


def has_intervals(recruitment: Recruitment, *, population: float | None = None) -> bool:
    """Whether a law of chance links respondents with the population.

    Volunteers have none. Where everybody was asked nothing was drawn; when it is known how many they were, those who
    answered are read as drawn among them.
    """
    return recruitment == "aleatoire" or (recruitment == "exhaustif" and population is not None)


def whose(recruitment: Recruitment) -> str:
    """Return whom a share is a share of, in French: « de la population enquêtée », or « des répondants » alone."""
    return "de la population enquêtée" if recruitment == "aleatoire" else "des répondants"
