"""The sections of the desk: scenarios, decisions asked, news, themes, returns of a partner."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import ParameterError
from ctgeval.render.page import Page
from tests.render.conftest import EPCI, frame, row

NAN = math.nan
SCENARIO: dict[str, Any] = {
    "nom": "a", "libelle": "60 places pour 100 enfants", "geo": EPCI, "indicator": "PE01", "label": "Taux",
    "unit": "places pour 100 enfants de moins de 3 ans", "horizon": "2030", "target": 60.0, "value": 54.7,
    "time_period": "2024", "counted_by": "", "counted": NAN, "counted_period": "", "population_low": 560.0,
    "population_high": 640.0, "rate_low": 54.7, "rate_high": 54.7, "places_low": 30.0, "places_high": 34.0,
    "investment_low": 540_000.0, "investment_high": 884_000.0, "running_low": NAN, "running_high": NAN,
    "own_investment_low": 162_000.0, "own_investment_high": 442_000.0, "own_running_low": NAN, "own_running_high": NAN,
    "hypotheses": "Devis de 2025", "source": "caf", "limits": "", "reason": "",
}  # fmt: skip


def table(name: str, *rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows)).reindex(columns=list(TABLES[name]))


def text(html: object) -> str:
    plain = re.sub(r"<[^>]+>", " ", re.sub(r'href="data:[^"]*"', "", str(html)))
    return re.sub(r"[\s\u00a0\u202f]+", " ", plain)


def test_a_scenario_says_places_and_what_stays_to_the_collectivity(page: Callable[..., Page]) -> None:
    shown = text(page(scenarios=table("scenarios", SCENARIO)).scenarios())
    assert "60 places pour 100 enfants : il faudrait créer 30 à 34 places" in shown
    assert "pour 560 à 640 enfants concernés" in shown
    assert "à la charge de la collectivité pour 162 000 € à 442 000 €" in shown
    assert "par an" not in shown.partition("Les hypothèses")[0].partition("Scénario")[0]
    assert "Devis de 2025" in shown


def test_scenarios_tell_a_target_that_is_reached_and_one_that_can_t_be_worked_out(page: Callable[..., Page]) -> None:
    reached = SCENARIO | {"places_low": 0.0, "places_high": 0.0}
    assert "aucune place n’est à créer" in text(page(scenarios=table("scenarios", reached)).scenarios())
    unknown = SCENARIO | {
        "places_low": NAN,
        "places_high": NAN,
        "value": NAN,
        "reason": "Il manque le taux d’aujourd’hui.",
    }
    shown = text(page(scenarios=table("scenarios", unknown)).scenarios())
    assert "ne permettent pas encore de chiffrer" in shown
    assert "Il manque le taux d’aujourd’hui." in shown
    assert "nan" not in shown


def test_decisions_ask_what_waits_and_say_when_nothing_does(page: Callable[..., Page]) -> None:
    one = {"id": "R1", "date": "2024-02-01", "origine": "COTECH", "texte": "Réviser la cible.", "etat": "proposee",
           "etat_le": "2024-02-01", "instance": "", "chiffre": "", "action": "", "action_label": "", "motif": "",
           "rang": 1}  # fmt: skip
    asked = page(recommendations=table("recommendations", one)).decisions()
    assert "1 point attend votre décision." in text(asked)
    assert "Réviser la cible." in text(asked)
    settled = page(recommendations=table("recommendations", one | {"etat": "acceptee"})).decisions()
    assert "Aucune décision n’est demandée" in text(settled)


def test_an_answer_that_nobody_validated_is_asked_for(page: Callable[..., Page]) -> None:
    def said(rubric: str, content: str) -> dict[str, Any]:
        return {"question": "Q1", "rubrique": rubric, "contenu": content, "detail": "", "niveau": ""}

    rows = [said("texte", "L’offre a-t-elle suivi ?"), said("reponse", "Oui.")]
    assert "L’offre a-t-elle suivi ?" in text(page(questions=table("questions", *rows)).decisions())
    rows.append(said("validee_par", "COPIL"))
    assert "L’offre a-t-elle suivi ?" not in text(page(questions=table("questions", *rows)).decisions())


def test_figures_to_validate_say_what_is_to_be_looked_at(page: Callable[..., Page]) -> None:
    shown = text(page().to_validate())
    assert "encore provisoire" in shown
    assert "masqué pour protéger des personnes" in shown
    assert "à votre validation" in shown


def test_news_list_the_files_updated_since_and_nothing_else(page: Callable[..., Page], full: Any) -> None:
    days = full.sources.assign(mise_a_jour="2020-01-01")
    days.loc[days["cle"].eq("caf"), "mise_a_jour"] = "2024-11-28"
    page_ = page(sources=days, periode="2024-S2")
    shown = text(page_.news())
    titles = dict(zip(days["cle"], days["titre"], strict=True))
    assert "Depuis le 30 juin 2024, 1 fichier a été mis à jour" in shown
    assert [key for key, title in titles.items() if str(title) in shown] == ["caf"]


def test_news_say_since_when_there_is_none_and_the_same_thing_twice(page: Callable[..., Page], full: Any) -> None:
    days = full.sources.assign(mise_a_jour="2024-03-05")
    shown = [str(page(sources=days, periode="2024-S2").news()) for _ in range(2)]
    assert "Aucune donnée nouvelle depuis le 5 mars 2024." in text(shown[0])
    assert shown[0] == shown[1]
    assert "Aucune donnée nouvelle" not in text(page(sources=days, periode="2024-S2").news("2024-01-31"))


def test_a_day_that_is_none_is_refused_in_french(page: Callable[..., Page]) -> None:
    with pytest.raises(ParameterError, match="n’est pas une date"):
        page(periode="2024-S2").news("30/06/2024")


def test_a_theme_is_told_in_one_table_and_an_unknown_one_says_so(page: Callable[..., Page]) -> None:
    shown = str(page().theme("population"))
    assert shown.count("<caption") == 1
    assert "Non renseigné" in text(page().theme("Astronomie"))


@pytest.mark.parametrize("masked", [False, True])
def test_a_partner_reads_its_own_returns_structure_by_structure(
    page: Callable[..., Page], full: Any, *, masked: bool
) -> None:
    own = [
        row("PE07", EPCI, period, value, "familles", structure="Crèche de Civray", source="partenaires")
        for period, value in (("2023", 41.0), ("2024", 44.0))
    ]
    if masked:
        own[1] |= {"value": NAN, "conf_status": "C"}
    results = pd.concat([full.results, frame(own, list(full.results.columns))], ignore_index=True)
    shown = text(page(results=results, audience="partenaire").returns())
    assert "Crèche de Civray" in shown
    assert "41" in shown
    assert ("44" in shown) is not masked
    assert ("non diffusable" in shown) is masked
