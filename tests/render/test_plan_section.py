"""The sections of the plan and of its funding, from a release alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from ctgeval import render
from ctgeval.confidentiality.released import TABLES

Open = Callable[..., render.Page]


def plain(fragment: object) -> str:
    text = re.sub(r"<[^>]+>", " ", str(fragment))
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


def table(name: str, *rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(TABLES[name]))


def change(kind: str, **told: Any) -> dict[str, Any]:
    return {
        "periode": "2024", "since": "2023-12-31", "jour": "2024-12-15", "id": "A01", "axe": "Jeunesse",
        "intitule": "Ouvrir un lieu", "kind": kind, "before": "", "after": "", "day": "2024-05-01", "motif": "", **told,
    }  # fmt: skip


def earlier(states: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([states, states.assign(periode="2023", jour="2023-12-31")], ignore_index=True)


CHANGES = (
    change("etat", before="en_cours", after="abandonnee", motif="Faute de local."),
    change("fin", before="2024-06-30", after="2025-06-30"),
    change("jalon_franchi", before="2024-03-31", after="Local trouvé", day="2024-04-15"),
    change("jalon_manque", id="A02", intitule="Recruter", before="2024-10-01", after="Équipe", day="2024-10-01"),
)


def test_what_moved_is_told_action_by_action_between_two_dates(page: Open, full: Any) -> None:
    opened = page(periode="2024", action_states=earlier(full.action_states),
                  action_changes=table("action_changes", *CHANGES))  # fmt: skip
    said = plain(opened.actions())
    assert "Ce qui a changé depuis le bilan précédent" in said
    assert "Entre le 31 décembre 2023 et le 15 décembre 2024 : 2 actions concernées, sur 25." in said
    assert "Ouvrir un lieu : abandonnée depuis le 1er mai 2024, auparavant en cours (faute de local)" in said
    assert "fin repoussée du 30 juin 2024 au 30 juin 2025" in said
    assert "étape « Local trouvé » franchie le 15 avril 2024, prévue le 31 mars 2024" in said
    assert "Recruter : étape « Équipe » attendue le 1er octobre 2024, pas encore franchie." in said


def test_the_first_period_has_nothing_before_it_and_a_quiet_one_says_so(page: Open, full: Any) -> None:
    assert "bilan précédent" not in plain(page(periode="2024").actions())
    quiet = plain(page(periode="2024", action_states=earlier(full.action_states)).actions())
    assert "aucune action n’a changé d’état ni de date" in quiet


def test_inhabitants_read_no_milestone_and_no_wide_table(page: Open, full: Any) -> None:
    steps = table("milestones", {
        "periode": "2024", "jour": "2024-12-15", "action": "A01", "intitule": "Local", "prevu_le": "2024-06-01",
        "realise_le": "", "jours_retard": 197, "situation": "en_retard", "prochain": True,
    })  # fmt: skip
    given = {
        "periode": "2024",
        "action_states": earlier(full.action_states),
        "action_changes": table("action_changes", *CHANGES),
        "milestones": steps,
    }
    inside = plain(page(**given).actions())
    assert "prévue le 1er juin 2024, 197 jours de retard" in inside
    html = str(page(audience="habitants", **given).actions())
    assert "197 jours" not in plain(html)
    assert "Recruter" not in plain(html)
    assert max(row.count("<th ") for row in re.findall(r"<thead>.*?</thead>", html, re.DOTALL)) <= 3


def test_a_period_without_a_plan_of_its_own_shows_the_last_one_known(page: Open) -> None:
    assert "Sur 25 actions" in plain(page(periode="2025").actions())
    assert "Non renseigné" in plain(page(periode="2022").actions())


def test_each_action_has_its_sheet_for_those_who_run_the_plan(page: Open) -> None:
    sheet = dict.fromkeys(TABLES["action_sheets"]) | {
        "action": "A01", "constat": "Il manque des places", "effectif_vise": 30, "moyens_humains_etp": 1.5,
    }  # fmt: skip
    stay = {
        "id": "A01", "rank": 1, "etat": "en_cours", "since": "2022-01-01", "until": "2023-01-01", "days": 365,
        "rows": 1, "avancement_pct": None, "motif": None, "fin": None,
    }  # fmt: skip
    given = {"action_sheets": table("action_sheets", sheet), "action_history": table("action_history", stay)}
    said = plain(page(audience="interne", periode="2024", **given).actions())
    assert "Il manque des places" in said
    assert "en cours depuis le 1er janvier 2022, 365 jours" in said
    assert "Moyens humains (équivalents temps plein) 1,5" in said
    assert "Il manque des places" not in plain(page(audience="copil", periode="2024", **given).actions())


RATES = {
    "exercice": 2024, "budget_vote": 2000.0, "budget_execute": 1600.0, "taux_execution": 80.0, "cout_total": 1600.0,
    "financements_externes_recus": 600.0, "taux_cofinancement": 37.5, "attendus": 250.0, "reason": "",
}  # fmt: skip


def test_shares_are_told_with_what_they_are_made_of(page: Open) -> None:
    rates = table("budget_rates", RATES)
    said = plain(page(periode="2024", budget_rates=rates).budget())
    assert "En 2024, 80,0 % des dépenses prévues ont été réalisées (1 600 € sur 2 000 €)." in said
    assert "couvrent 37,5 % du coût (600 € sur 1 600 €). 250 € restent attendus des financeurs." in said
    public = str(page(audience="habitants", periode="2024", budget_rates=rates).budget())
    assert "sur 100 euros dépensés, 38 € viennent" in plain(public)
    assert max(row.count("<th ") for row in re.findall(r"<thead>.*?</thead>", public, re.DOTALL)) <= 3


def test_a_share_that_is_not_known_is_not_told(page: Open) -> None:
    rates = table("budget_rates", RATES | {"taux_execution": float("nan"), "taux_cofinancement": float("nan")})
    said = plain(page(periode="2024", budget_rates=rates).budget())
    assert "des dépenses prévues ont été réalisées" not in said
    assert "couvrent" not in said


@pytest.mark.parametrize(
    ("gap", "told"),
    [
        (0.0, "concordent au centime près"),
        (-12.34, "sans financeur font 12,34 €"),
    ],
)
def test_totals_agree_or_the_gap_is_told_to_the_cent(page: Open, gap: float, told: str) -> None:
    control = {"control": "par_financeur", "exercice": None, "nature": "recette", "statut": "verse", "total": 100.0,
               "declared": 100 + gap, "gap": gap, "rows": 1}  # fmt: skip
    assert told in plain(page(periode="2024", budget_controls=table("budget_controls", control)).budget())


def test_gifts_costs_grants_and_doubts_are_told_apart(page: Open) -> None:
    given = {
        "budget_in_kind": table("budget_in_kind", {
            "exercice": 2024, "financeur": "Communes", "poste": "Salle prêtée", "montant": 1920.0,
        }),
        "unit_costs": table(
            "unit_costs",
            {"action": "A01", "exercice": 2024, "indicateur": "PE07", "depenses": 1500.0, "quantite": 60.0,
             "cout_unitaire": 25.0, "reason": ""},
            {"action": "A02", "exercice": 2024, "indicateur": "PE07", "depenses": 1500.0, "quantite": 0.0,
             "cout_unitaire": float("nan"), "reason": "quantité nulle"},
        ),
        "grants": table("grants", {
            "sens": "recues", "exercice": 2024, "tiers": "Département", "nombre": 3, "montant": 8434.39,
            "budget": 7731.63, "ecart": 702.76, "source": "scdl",
        }),
        "budget_doubts": table("budget_doubts", {"exercice": "2024", "sentence": "Les dépenses de 2024 font 68 €."}),
    }  # fmt: skip
    said = plain(page(audience="interne", periode="2024", **given).budget())
    assert "Apports en nature valorisés en 2024 : 1 920 € (salle prêtée (Communes), 1 920 €)" in said
    assert "25,00 €" in said
    assert "quantité nulle" in said
    assert "Reçues (Département) 2024 3 8 434 € 7 732 €" in said
    assert "À vérifier : Les dépenses de 2024 font 68 €." in said
    public = plain(page(audience="habitants", periode="2024", **given).budget())
    assert "pour une valeur estimée à 1 920 €" in public
    assert "les montants de 2024 sont à vérifier" in public
    assert "font 68 €" not in public
    assert "Département" not in public
