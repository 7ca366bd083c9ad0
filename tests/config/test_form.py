"""Keys, types and words that ``ctg.toml`` may not hold are told in French."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval import config
from ctgeval.errors import Problem

Write = Callable[..., Path]


def blocking(folder: Path) -> list[Problem]:
    found, problems = config.check(folder)
    assert found is None
    return [problem for problem in problems if problem.severity == "bloquant"]


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ("perimetre = 2024", 'perimetre = "2024"', "territoire.perimetre", "perimetre = 2024"),
        ("perimetre = 2024", "perimetre = 2024.5", "territoire.perimetre", "un nombre décimal"),
        ("perimetre = 2024", "perimetre = true", "territoire.perimetre", "« vrai » ou « faux »"),
        ("perimetre = 2024\n", "", "territoire.perimetre", "Il manque « perimetre » dans [territoire]"),
        ('code = "EPCI-200070035"', "code = 200070035", "territoire.code", 'code = "200070035"'),
        ('code = "EPCI-200070035"', 'code = ""', "territoire.code", "est vide"),
        ("debut = 2022-01-01", 'debut = "2022-01-01"', "convention.debut", "debut = 2022-01-01"),
        ("debut = 2022-01-01", 'debut = "janvier"', "convention.debut", "une date sans guillemets"),
        ("debut = 2022-01-01", "debut = 2022-01-01T10:00:00", "convention.debut", "une date avec une heure"),
        ("retenus = [", "retenu = [", "indicateurs.retenu", "« retenus »"),
        ('["PE01", "AV04"]', '"PE01"', "indicateurs.retenus", 'retenus = ["PE01"]'),
        ('["PE01", "AV04"]', '["PE01", 4]', "indicateurs.retenus[2]", '"4"'),
        ("[[bilan]]", "[bilan]", "bilan", "[[bilan]]"),
        ('etat = "brouillon"', 'etat = "validé"', "bilan[1].etat", "« valide_cotech »"),
        ('carnet = "bilan_annuel"', 'carnet = "../bilan"', "bilan[1].carnet", "lettres sans accent"),
        ('formats = ["html"]', "formats = []", "bilan[1].formats", "est vide"),
        ('diffusion = "ouverte"', 'diffusion = "publique"', "source[1].diffusion", "« ouverte »"),
        ("personnes = 5", "personnes = -1", "publication.seuil.personnes", "négatif"),
        ("[publication]", "[sourc]\na = 1\n[publication]", "sourc", "« source »"),
    ],
)
def test_each_fault_of_form_is_told_with_its_key_and_remedy(
    dossier: Write, old: str, new: str, key: str, said: str
) -> None:
    found = [problem for problem in blocking(dossier((old, new))) if problem.key == key]
    assert len(found) == 1
    assert said in str(found[0])
    assert found[0].remedy


def test_no_word_of_pydantic_reaches_the_user(dossier: Write) -> None:
    folder = dossier(
        ("perimetre = 2024", "perimetre = [1]"),
        ("debut = 2022-01-01", "debut = 3"),
        ("signataires = [", "signataires = [{ a = 1 }, "),
        ("seuil = { personnes = 5, sensible = 11 }", "seuil = 5"),
        ('territoires_concernes = { "EPCI-200070035" = 2023-01-01 }', 'territoires_concernes = ["EPCI-200070035"]'),
        ('territoires_comparaison = "comparaison"', "territoires_comparaison = 4"),
        ('formats = ["html"]', "formats = 3"),
    )
    text = "\n".join(str(problem) for problem in blocking(folder))
    assert text.count("\n") >= 6
    assert not re.search(r"(?i)\b(input|should|field|valid|required|instance|tuple|dict|string|integer)\b", text)


def test_a_key_at_the_top_that_belongs_to_a_section_says_which(dossier: Write) -> None:
    found = blocking(dossier(("[territoire]", "signataires = []\n[territoire]")))
    assert "[convention]" in found[0].remedy
