"""Thresholds come from ctg.toml, each with its text; the highest that applies is the one that counts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ctgeval import config
from ctgeval.confidentiality.declared_rules import declared_rule, public_rule
from ctgeval.confidentiality.rules import primary, threshold, thresholds
from ctgeval.indicators import definition

HEAD = '[territoire]\ncode = "EPCI-200070035"\nperimetre = 2024\n\n'
SOURCE = (
    '[[source]]\ncle = "filosofi"\ndiffusion = "ouverte"\nsecret = { seuil = 11, texte = "Conditions de Filosofi." }\n'
)


def read(folder: Path, text: str) -> config.Config:
    (folder / "ctg.toml").write_text(HEAD + text, encoding="utf-8")
    return config.load(folder)


def test_default_thresholds_say_that_they_are_a_choice(tmp_path: Path) -> None:
    rule = declared_rule(read(tmp_path, ""), ["habitants"])
    assert (rule.threshold, rule.sensitive_threshold, rule.of("entreprises")) == (5, 11, 5)
    assert rule.source.startswith("Choix du dossier")


def test_each_object_has_its_threshold(tmp_path: Path) -> None:
    told = (
        "[publication]\nseuil = { personnes = 5, foyers = 11, entreprises = 3, sensible = 11 }\ntexte = 'Décision.'\n"
    )
    rule = declared_rule(read(tmp_path, told), [])
    assert [rule.of(one) for one in ("personnes", "foyers", "entreprises", "places")] == [5, 11, 3, 5]
    assert rule.source == "Décision."


def test_an_audience_may_have_a_higher_one(tmp_path: Path) -> None:
    told = '[publication.audience]\nhabitants = { seuil = 10, texte = "Vœu du COPIL." }\n'
    known = read(tmp_path, told)
    assert declared_rule(known, ["copil"]).threshold == 5
    rule = declared_rule(known, ["copil", "habitants"])
    assert (rule.threshold, rule.sensitive_threshold) == (10, 11)
    assert "Audience habitants (moins de 10) : Vœu du COPIL." in rule.source


def test_a_source_imposes_its_own(tmp_path: Path) -> None:
    rule = declared_rule(read(tmp_path, SOURCE), ["habitants"])
    assert "Source filosofi (moins de 11) : Conditions de Filosofi." in rule.source
    catalogue = definition.catalogue()
    rows = pd.DataFrame(
        {
            "indicator": ["PE03", "PE03", "PE03"], "source": ["filosofi", "autre", "autre filosofi"],
            "numerator": [7.0] * 3, "denominator": [float("nan")] * 3, "low": [7.0] * 3, "high": [7.0] * 3,
            "conf_status": ["F"] * 3,
        }
    )  # fmt: skip
    usual = threshold(catalogue["PE03"], rule, catalogue)
    assert thresholds(rows, rule, catalogue).tolist() == [11.0, float(usual), 11.0]
    assert primary(rows, rule, catalogue=catalogue).any.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ('[publication.audience]\npublic = { seuil = 10, texte = "Vœu." }\n', "publication.audience"),
        ("[publication.audience]\nhabitants = { seuil = 10 }\n", "publication.audience.habitants"),
        (SOURCE.replace('texte = "Conditions de Filosofi."', 'texte = ""'), "secret"),
        (SOURCE.replace("seuil = 11", "seuil = -1"), "secret.seuil"),
    ],
)
def test_a_threshold_without_its_text_is_refused(tmp_path: Path, told: str, key: str) -> None:
    (tmp_path / "ctg.toml").write_text(HEAD + told, encoding="utf-8")
    found = [problem for problem in config.check(tmp_path)[1] if problem.severity == "bloquant"]
    assert any(key in problem.key for problem in found), found
    assert all(problem.remedy for problem in found)


def test_the_rule_of_all_readers_is_the_highest_of_theirs(tmp_path: Path) -> None:
    told = (
        '[publication.audience]\nhabitants = { seuil = 10, texte = "Vœu." }\ninterne = { seuil = 30, texte = "Non." }\n'
    )
    assert public_rule(read(tmp_path, told)).threshold == 10


def test_readers_are_told_each_threshold(tmp_path: Path) -> None:
    """«Entre 1 et 4» said of households would be false where theirs are masked up to 7."""
    told = "[publication]\nseuil = { personnes = 5, foyers = 8, sensible = 11 }\n" + SOURCE
    sentence = public_rule(read(tmp_path, told)).sentence
    assert sentence.startswith(
        "Les effectifs de personnes ou d’entreprises compris entre 1 et 4, de foyers compris entre 1 et 7 (entre 1 et "
        "10 pour"
    )
    assert "ceux de moins de 11" in sentence
    usual = public_rule(read(tmp_path, "")).sentence
    assert usual.startswith(
        "Les effectifs de personnes, de foyers ou d’entreprises compris entre 1 et 4 (entre 1 et 10"
    )
    assert "producteur" not in usual
