"""The sections on participation, communication and the annual event, as each reader gets them."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from ctgeval.confidentiality.released import TABLES
from ctgeval.render.page import Page

EPCI = "EPCI-900000001"
NAN = float("nan")
SECTIONS = ("participation", "communication", "event")


def frame(name: str, *rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(TABLES[name]))


def gap(band: str, gap: float, **more: Any) -> dict[str, Any]:
    base = {"annee": 2024, "event": "", "event_label": "", "unit": "presences", "repeated": False, "meetings": 1,
            "left_out": 0, "dimension": "tranche_age", "band": band, "participants": 12.0, "n": 20.0, "share": 60.0,
            "share_low": 38.7, "share_high": 78.1, "population": 400.0, "reference_share": 40.0,
            "reference_period": "2022", "gap": gap, "p_value": 0.07, "p_adjusted": 0.2, "test_p": 0.03, "test": "exact",
            "outcomes": 231, "reason": "", "source": "rp"}  # fmt: skip
    return base | more


FULL = {
    "participation": frame(
        "participation",
        {"id": "R1", "annee": 2024, "date": "2024-05-13", "action": "A1", "action_label": "Écouter", "type": "Atelier",
         "niveau": "concertation", "presences": 20.0, "personnes_distinctes": 20.0, "conf_status": "F"},
    ),
    "participation_years": frame(
        "participation_years",
        {"annee": 2024, "temps": 2, "comptes": 1, "presences": 20.0, "information": 0, "consultation": 0,
         "concertation": 1, "co_construction": 0, "conf_status": "F"},
    ),
    "participation_ladder": frame(
        "participation_ladder",
        {"action": "A1", "action_label": "Écouter", "annee": "2024", "information": 0, "consultation": 0,
         "concertation": 1, "co_construction": 0, "non_precise": 1, "plus_haut": "concertation"},
    ),
    "representativeness": frame("representativeness", gap("60 ans et plus", 20.0), gap("15 à 59 ans", -20.0)),
    "proposals": frame(
        "proposals",
        {"id": "P1", "annee": 2024, "date": "2024-05-13", "origine": "Atelier", "texte": "Un <b>banc</b>.",
         "suite": "refusee", "reponse_le": "2024-06-12", "delai": 30.0, "motif": "Trop cher.", "action": "",
         "action_label": ""},
    ),
    "proposal_years": frame(
        "proposal_years",
        *({"annee": 2024, "cumul": together, "total": 2, "retenues": 0, "refusees": 1, "en_attente": 1, "repondues": 1,
           "delai_median": 30.0, "attente_depuis": "2024-05-13", "refus_sans_motif": 1, "devenues_actions": 0}
          for together in (False, True)),
    ),
    "communication_channels": frame(
        "communication_channels",
        *({"annee": 2024, "canal": canal, "mesure": "vues", "frequence": "A", "premiere": "2022", "derniere": "2024",
           "avec": 2, "attendues": 3, "sans": "2023", "arretee": stopped, "valeur": value, "compare_a": "2023",
           "valeur_avant": value / 2, "evolution": 100.0}
          for canal, value, stopped in (("Site", 3001.0, ""), ("Lettre", 50020.0, ""), ("Réseau", 700300.0, "2024"))),
    ),
    "events": frame(
        "events",
        {"id": "J1", "annee": 2024, "date": "2024-11-23", "intitule": "Journée", "lieu": "Orvanne", "objectifs": "Dire",
         "presences": 200.0, "comptage": "Entrées", "repondants": 50.0, "satisfaits": 40.0, "taux_reponse": 25.0,
         "satisfaction": 80.0, "cout": 3000.5, "cout_par_presence": 15.0025, "presences_avant": 160.0,
         "evolution_presences": 40.0, "enseignement": "Bien.", "action": "A1", "reason": "", "conf_status": "F"},
    ),
    "sources": frame(
        "sources", {"cle": "rp", "titre": "Recensement 2022", "producteur": "Insee", "mise_a_jour": "2025-06-30"}
    ),
}  # fmt: skip


@pytest.fixture
def shown() -> Callable[..., dict[str, str]]:
    def draw(audience: str, tables: dict[str, pd.DataFrame], periode: str = "2024") -> dict[str, str]:
        held = {name: tables.get(name, frame(name)) for name in TABLES}
        held["territories"] = frame(
            "territories", {"geo": EPCI, "name": "CC d'Aubrelle", "level": "EPCI", "role": "territoire"}
        )
        release = SimpleNamespace(
            audience=audience, meta={"territoire": EPCI, "nom": "CC d'Aubrelle"}, table=held.__getitem__, **held
        )
        page = Page(release, periode=periode)  # type: ignore[arg-type]
        return {name: str(getattr(page, name)().html) for name in SECTIONS}

    return draw


def text(html: str) -> str:
    bare = re.sub(r"<[^>]+>", " ", re.sub(r'href="data:[^"]+"', "", html))
    return re.sub(r"[\s\u00a0\u202f]+", " ", bare)


@pytest.mark.parametrize("audience", ["interne", "copil", "habitants"])
def test_without_registers_each_section_is_one_line(shown, audience: str) -> None:
    for html in shown(audience, {}).values():
        assert "Non renseigné cette année" in text(html)
        assert ("À fournir" in text(html)) == (audience == "interne")


def test_a_bilan_of_an_earlier_year_says_nothing_of_later_ones(shown) -> None:
    for html in shown("interne", FULL, "2023").values():
        assert "Non renseigné cette année" in text(html)


def test_what_the_team_reads(shown) -> None:
    found = {name: text(html) for name, html in shown("interne", FULL).items()}
    told = found["participation"]
    assert "En 2024, 2 temps de participation ont réuni 20 présences." in told
    assert "Les présences de 1 temps n’ont pas été comptées." in told
    assert "Jusqu’à la concertation : A1 – Écouter." in told
    assert "60,0 % des présences, 12 sur 20, contre 40,0 % de la population, soit 20,0 points de plus." in told
    assert "serait rare. (Test exact, p = 0,030.)" in told
    assert "Insee, Recensement 2022, mise à jour du 30 juin 2025" in told
    assert "ne sont pas un échantillon" in told
    assert "1 refus sans motif" in told
    assert "<b>banc" not in shown("interne", FULL)["participation"]
    assert "40 satisfaits sur 50 répondants (80,0 %) ; 50 réponses pour 200 présences, soit 25,0 %." in found["event"]
    assert "3 000,50 €, soit 15,00 € par présence" in found["event"]
    assert "C’est 40 de plus qu’à l’édition précédente" in found["event"]
    assert "Réseau : plus rien depuis 2024." in found["communication"]


def test_what_inhabitants_read_is_plain(shown) -> None:
    for name, html in shown("habitants", FULL).items():
        told = text(html)
        assert "<table" not in html, name
        assert not re.search(r"\b[A-Z]{2}\d{2}\b|\bA1\b|\bp =|Wilson|échantillon|EPCI-", told), name
    told = text(shown("habitants", FULL)["participation"])
    assert "refusée. Trop cher." in told
    assert "Comment prendre part" in told


@pytest.mark.parametrize("audience", ["interne", "copil", "habitants"])
def test_no_page_gives_a_total_over_channels(shown, audience: str) -> None:
    html = re.sub(r'href="data:[^"]+"', "", shown(audience, FULL)["communication"]).replace("\u202f", "")
    numbers = {int(found) for found in re.findall(r"\d+", html)}
    values = (3001, 50020, 700300)
    assert numbers.isdisjoint({sum(some) for size in (2, 3) for some in combinations(values, size)})
    if audience == "interne":
        assert numbers.issuperset(values)


def test_a_masked_count_reads_as_not_released(shown) -> None:
    tables = {
        **FULL,
        "participation_years": FULL["participation_years"].assign(presences=NAN, conf_status="C"),
        "events": FULL["events"].assign(
            presences=NAN, satisfaits=NAN, satisfaction=NAN, taux_reponse=NAN, cout_par_presence=NAN,
            evolution_presences=NAN, conf_status="C",
        ),
    }  # fmt: skip
    found = {name: text(html) for name, html in shown("copil", tables).items()}
    assert "le nombre de présences n’est pas diffusable" in found["participation"]
    assert "non diffusable" in found["event"]
    assert "200" not in found["event"]


def test_persons_who_came_twice_and_bands_that_cannot_be_compared(shown) -> None:
    rows = frame(
        "representativeness",
        gap("60 ans et plus", 20.0, repeated=True, test_p=NAN, share_low=NAN, share_high=NAN, p_adjusted=NAN),
        gap("", NAN, dimension="sexe", reason="Aucune source ouverte du dossier ne donne la population par sexe."),
    )
    told = text(shown("interne", {**FULL, "representativeness": rows})["participation"])
    assert "aucun test n’est fait" in told
    assert "Sexe : Aucune source ouverte" in told
    assert "Test multinomial" not in told
