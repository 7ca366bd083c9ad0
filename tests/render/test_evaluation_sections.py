"""The answers, the decisions and the practices are told in words that suit each reader, from the release alone."""

from __future__ import annotations

import re
from html import unescape
from types import SimpleNamespace

import pandas as pd
import pytest

from ctgeval import render
from ctgeval.confidentiality.released import TABLES
from tests.render.conftest import FakeRelease

QUESTIONS = [
    ("Q1", "texte", "Une question ?", "", ""),
    ("Q1", "criteres", "utilité", "", ""),
    ("Q1", "criteres_de_jugement", "La part baisse.", "Elle a baissé.", "en partie"),
    ("Q1", "criteres_de_jugement", "Les familles le disent.", "", ""),
    ("Q1", "constats", "Un constat <b>.", "", ""),
    ("Q1", "reponse", "Oui, en partie.", "", ""),
    ("Q1", "validee_par", "le COPIL", "", ""),
    ("Q1", "mecanisme", "Des places ouvrent.", "", ""),
    ("Q1", "recommandations", "Ouvrir le samedi.", "R1", "acceptee"),
    ("Q2", "texte", "Une autre ?", "", ""),
]
EVIDENCE = [
    {"question": "Q1", "rang": 1, "type": "chiffre", "label": "Demandes sans solution", "shown": "24 %", "value": 24.0,
     "time_period": "2024-S2", "source": "caf", "provisional": True},
    {"question": "Q1", "rang": 2, "type": "chiffre", "label": "Places", "shown": "non diffusable",
     "time_period": "2024"},
    {"question": "Q1", "rang": 3, "type": "entretien", "texte": "Un entretien.", "told_by": "le relais",
     "date": "2025-03-14", "lien": "documents/a.pdf"},
    {"question": "Q1", "rang": 4, "type": "verbatim", "texte": "C’est plus près.", "valide_par": ""},
]  # fmt: skip
STEPS = [
    ("R1", "2024-01-02", "Ouvrir le samedi", "proposee", "2024-01-02", "", "", 1),
    ("R1", "2024-01-02", "Ouvrir le samedi", "acceptee", "2024-05-02", "COPIL", "", 2),
    ("R2", "2024-02-02", "Fermer le lundi", "proposee", "2024-02-02", "", "", 1),
    ("R2", "2024-02-02", "Fermer le lundi", "refusee", "2024-05-02", "COPIL", "Trop tôt.", 2),
    ("R3", "2024-03-02", "Recruter", "proposee", "2024-03-02", "", "", 1),
    ("R4", "2023-03-02", "Déménager", "faite", "2023-05-02", "Bureau", "", 1),
    ("R5", "2025-03-02", "Plus tard", "acceptee", "2025-03-02", "COPIL", "", 1),
]


def table(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    typed: dict[str, object] = {"rang": 1, "value": float("nan"), "provisional": False}
    columns = list(TABLES[name])
    return pd.DataFrame([{key: row.get(key, typed.get(key, "")) for key in columns} for row in rows], columns=columns)


@pytest.fixture(scope="module")
def told(full: SimpleNamespace) -> dict[str, pd.DataFrame]:
    steps = ("id", "date", "texte", "etat", "etat_le", "instance", "motif", "rang")
    return {
        "questions": pd.DataFrame(QUESTIONS, columns=list(TABLES["questions"])),
        "evidence": table("evidence", [dict(row) for row in EVIDENCE]),
        "recommendations": table("recommendations", [dict(zip(steps, row, strict=True)) for row in STEPS]),
        "proposals_of_rules": table(
            "proposals_of_rules",
            [
                {"periode": "2024", "regle": "RG1", "texte": "Regarder.", "chiffre": "Demandes : 24 %",
                 "indicator": "PE09", "source": "caf"},
                {"periode": "2024", "regle": "RG2", "texte": "Relancer.", "chiffre": "En retard",
                 "recommandation": "R3", "source": "Plan d’actions"},
            ],
        ),
        "practices": table(
            "practices",
            [{"date": "2024-03-12", "action_label": "Le LAEP", "texte": "Il a trouvé son public.",
              "a_refaire": "Écouter.",
              "indicator": "PE09", "label": "Demandes", "shown": "24 %", "value": 24.0, "time_period": "2024-S1",
              "source": "caf"},
             {"date": "2024-03-12", "texte": "Trop récent.", "label": "Demandes", "shown": "20 %", "value": 20.0,
              "time_period": "2025", "source": "caf"}],
        ),
    }  # fmt: skip


def opened(full: SimpleNamespace, audience: str, **tables: pd.DataFrame) -> render.Page:
    release = FakeRelease(**{**vars(full), **tables, "audience": audience})
    return render.open_page(release, periode="2024")  # type: ignore[arg-type]


def plain(fragment: object) -> str:
    html = re.sub(r"data:[^\"]*", "", str(fragment._repr_html_()))  # type: ignore[attr-defined]
    return re.sub(r"[\s\u00a0\u202f]+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_the_team_reads_the_whole_chain(full: SimpleNamespace, told: dict[str, pd.DataFrame]) -> None:
    text = plain(opened(full, "interne", **told).evaluation())
    for said in (
        "Sur 2 questions évaluatives, 1 réponse à ce jour", "Regardée sous l’angle de utilité", "Oui, en partie.",
        "La part baisse. Satisfait en partie. Elle a baissé.", "Les familles le disent. Pas encore jugé.",
        "Demandes sans solution : 24 % au 2e semestre 2024 (provisoire).", "Places : non diffusable en 2024.",
        "Un entretien (le relais, 14 mars 2025, documents/a.pdf).", "« C’est plus près » (non relu",
        "Éléments contraires Rien n’a été relevé.", "Ouvrir le samedi (acceptée).", "Un constat <b>.",
        "La réponse est en cours d’instruction.",
    ):  # fmt: skip
        assert said in text, (said, text)
    assert not re.search(r"cohérence|efficience|néant", text)


def test_the_committee_reads_one_table(full: SimpleNamespace, told: dict[str, pd.DataFrame]) -> None:
    page = opened(full, "copil", **told).evaluation()
    text = plain(page)
    assert str(page._repr_html_()).count("<table") == 1
    assert "2 chiffres, 1 entretien et 1 parole d’habitant le COPIL" in text
    assert "documents/a.pdf" not in text


def test_inhabitants_read_the_question_and_the_answer(full: SimpleNamespace, told: dict[str, pd.DataFrame]) -> None:
    text = plain(opened(full, "habitants", **told).evaluation())
    assert "Une question ? Oui, en partie." in text
    assert "documents" not in text
    assert "Critères" not in text


def test_what_became_of_each_recommendation_is_told_since_the_previous_bilan(
    full: SimpleNamespace, told: dict[str, pd.DataFrame]
) -> None:
    text = plain(opened(full, "copil", **told).recommendations())
    assert (
        "4 préconisations sont suivies. Depuis le bilan précédent : 2 décisions prises ; 1 attend une décision." in text
    )
    assert "Fermer le lundi Refusée COPIL, 2 mai 2024 Trop tôt." in text
    assert "Recruter Proposée le 2 mars 2024." in text
    assert "Plus tard" not in text
    assert "Déménager" not in text
    assert "Regarder. Demandes : 24 % – Taux de couverture." in text
    assert "Relancer." not in text
    assert "1 autre point relevé" in text


def test_the_team_keeps_the_whole_register(full: SimpleNamespace, told: dict[str, pd.DataFrame]) -> None:
    text = plain(opened(full, "interne", **told).recommendations())
    assert "R4 – Déménager Faite Bureau, 2 mai 2023" in text


def test_inhabitants_read_what_was_decided(full: SimpleNamespace, told: dict[str, pd.DataFrame]) -> None:
    decided = told["recommendations"][~told["recommendations"]["etat"].eq("proposee")]
    own = {**told, "recommendations": decided, "proposals_of_rules": told["proposals_of_rules"].iloc[:0]}
    text = plain(opened(full, "habitants", **own).recommendations())
    assert "Ouvrir le samedi : c’est accepté." in text
    assert "Fermer le lundi : cela n’a pas été retenu. Trop tôt." in text
    assert "R1" not in text


def test_a_practice_is_told_with_the_figure_that_shows_it_and_its_source(
    full: SimpleNamespace, told: dict[str, pd.DataFrame]
) -> None:
    text = plain(opened(full, "habitants", **told).journal())
    assert "Le LAEP Il a trouvé son public. À refaire : écouter." in text
    assert "Ce qui le montre : Demandes, 24 % au 1er semestre 2024. Source : Taux de couverture." in text
    assert "Trop récent." not in text


@pytest.mark.parametrize("section", ["evaluation", "recommendations"])
def test_nothing_is_one_line(full: SimpleNamespace, section: str) -> None:
    inside, outside = (plain(getattr(opened(full, who), section)()) for who in ("interne", "copil"))
    assert "Non renseigné" in inside
    assert "À fournir" in inside
    assert "À fournir" not in outside
