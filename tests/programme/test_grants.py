"""Published grants are held against the budget; a gap is told to the cent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from ctgeval.programme import grants

Table = Callable[[str, str], pd.DataFrame]

LINES = """\
action;exercice;nature;poste;financeur;statut;montant
A01;2024;recette;Subvention;Département de l'Ombrenne;acquis;1000
A01;2024;recette;Subvention;Département de l'Ombrenne;verse;700
A02;2024;recette;Subvention;Département de l'Ombrenne;verse;250,50
A02;2025;recette;Subvention;Département de l'Ombrenne;prevu;250,50
"""


def grant(funder: str, day: str, number: str, amount: float, **told: Any) -> dict[str, Any]:
    return {
        "attribuant": funder,
        "geo": "",
        "date": day,
        "beneficiaire": "CC du Val",
        "beneficiaire_id": number,
        "montant": amount,
        "nature": "numeraire",
        **told,
    }


PUBLISHED = pd.DataFrame(
    [
        grant("DÉPARTEMENT DE L’OMBRENNE", "2024-03-01", "24990000100012", 1000),
        grant("Département de l'Ombrenne", "2024-06-01", "249900001", 250.6),
        grant("Département de l'Ombrenne", "2025-06-01", "249900001", 99),
        grant("Département de l'Ombrenne", "2024-06-01", "130012345", 5000, beneficiaire="Une autre"),
        grant("Département de l'Ombrenne", "2024-06-01", "249900001", 5000, nature="nature"),
        grant("CC du Val", "2024-05-02", "", 300, geo="EPCI-249900001", beneficiaire="Association"),
    ]
)


def test_what_was_received_is_held_against_the_budget_and_what_was_awarded_is_summed(table: Table) -> None:
    found = grants.grants(PUBLISHED, table("budget", LINES), geo="EPCI-249900001", source="scdl")
    assert tuple(found.columns) == grants.GRANTS
    # 1 000 granted (and not the 700 paid of them) and 250,50 in the budget; 1 000 and 250,60 published, under two
    # spellings of one authority.
    year = found[found["sens"].eq("recues") & found["exercice"].eq(2024)].iloc[0]
    assert (year["nombre"], year["montant"], year["budget"], year["ecart"]) == (2, 1250.6, 1250.5, 0.1)
    assert len(found) == 3
    later = found[found["exercice"].eq(2025)].iloc[0]
    assert pd.isna(later["budget"])
    assert pd.isna(later["ecart"])
    awarded = found[found["sens"].eq("attribuees")].iloc[0]
    assert (awarded["exercice"], awarded["nombre"], awarded["montant"]) == (2024, 1, 300)


def test_without_grants_there_is_nothing_to_hold(table: Table) -> None:
    lines = table("budget", LINES)
    assert grants.grants(PUBLISHED.iloc[:0], lines, geo="EPCI-249900001").empty
    assert grants.grants(PUBLISHED, lines, geo="EPCI-200000000").empty


def test_a_beneficiary_without_number_is_known_by_its_name(table: Table) -> None:
    named = PUBLISHED.iloc[:1].assign(beneficiaire_id="")
    lines = table("budget", LINES)
    assert grants.grants(named, lines, geo="EPCI-249900001").empty
    assert len(grants.grants(named, lines, geo="EPCI-249900001", names=("CC DU VAL",))) == 1
