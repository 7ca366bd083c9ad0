"""Each reader gets the questions with what that reader may know, and no figure that is masked there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import ctgeval
from ctgeval.followup import Reader, evaluation

Open = Callable[..., ctgeval.Dossier]
Read = Callable[..., Reader]
QUESTIONS = """
[[question]]
id = "Q1"
texte = "Une question ?"
criteres = ["efficacité"]
criteres_de_jugement = ["La part baisse."]
indicateurs = ["PE09"]
constats = ["La part est de {{PE09:valeur}}."]
reponse = "Oui : {{PE09:valeur}}."
validee_par = "le COPIL"
recommandations = ["R01"]
[[question.preuve]]
type = "chiffre"
indicateur = "PE09"
periode = "2024-S2"
texte = "Avant : {{PE09:valeur}} depuis."
[[question.preuve]]
type = "document"
texte = "Un rapport."
lien = "documents/rapport.pdf"
[[question.preuve]]
type = "document"
texte = "Un autre."
lien = "https://exemple.example/rapport"
[[question.preuve]]
type = "verbatim"
texte = "C’est plus près."
[[question]]
id = "Q2"
texte = "Une autre ?"
criteres = ["impact"]
criteres_de_jugement = ["Le délai baisse."]
indicateurs = ["PE09"]
constats = ["Un constat à relire."]
elements_qualitatifs = ["Un entretien à relire."]
reponse = "Pas encore lue."
recommandations = ["R01", "R02"]
[[question.jugement]]
critere_de_jugement = "Le délai baisse."
constat = "Un jugement à relire."
niveau = "en partie"
[question.contribution]
mecanisme = ["Un mécanisme à relire."]
"""
REGISTER = "id;date;origine;texte;etat;instance;decidee_le\nR01;2025-01-02;COTECH;Ouvrir;proposee;;\n"
REGISTER += "R02;2025-01-02;COTECH;Fermer;acceptee;COPIL;2025-02-01\n"


def told(dossier: ctgeval.Dossier, who: Reader) -> tuple[str, str]:
    """The two tables as one text each."""
    found = evaluation.TOPIC.tables(dossier, who)  # type: ignore[misc]
    return tuple(" ".join(map(str, found[name].to_numpy().ravel())) for name in ("questions", "evidence"))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def asked(dossier: Open) -> ctgeval.Dossier:
    return dossier(evaluation_toml=QUESTIONS, recommandations_csv=REGISTER)


def test_the_team_reads_everything(asked: ctgeval.Dossier, reader: Read) -> None:
    questions, evidence = told(asked, reader(asked, "interne"))
    assert "Oui : 24,0" in questions
    assert "Pas encore lue." in questions
    assert "Ouvrir R01 proposee" in questions
    assert "C’est plus près." in evidence
    assert "documents/rapport.pdf" in evidence
    assert "20,0" in evidence


def test_the_committee_reads_neither_paths_nor_what_nobody_has_read_over(asked: ctgeval.Dossier, reader: Read) -> None:
    questions, evidence = told(asked, reader(asked, "copil"))
    assert "Pas encore lue." not in questions
    assert "C’est plus près." not in evidence
    assert "documents/" not in evidence
    assert "https://exemple.example/rapport" in evidence


def test_what_nobody_has_validated_stays_with_those_who_prepare_it(asked: ctgeval.Dossier, reader: Read) -> None:
    for audience in ("interne", "cotech", "copil", "partenaire", "habitants"):
        questions, _ = told(asked, reader(asked, audience))
        technical = audience in ("interne", "cotech")
        for word in ("Pas encore lue.", "constat à relire", "entretien à relire", "jugement à relire", "en partie",
                     "mécanisme à relire"):  # fmt: skip
            assert (word in questions) == technical, (audience, word)
        assert ("Le délai baisse." in questions) == (audience != "habitants")


def test_a_question_names_only_the_recommendations_that_its_reader_finds_in_the_register(
    asked: ctgeval.Dossier, reader: Read
) -> None:
    for audience in ("copil", "partenaire"):
        questions, _ = told(asked, reader(asked, audience))
        assert ("Ouvrir R01 proposee" in questions) == (audience == "copil")
        assert "Fermer R02 acceptee" in questions


def test_inhabitants_read_the_question_and_its_answer_alone(asked: ctgeval.Dossier, reader: Read) -> None:
    found = evaluation.TOPIC.tables(asked, reader(asked, "habitants"))  # type: ignore[misc]
    assert set(found["questions"]["rubrique"]) == {"texte", "reponse", "validee_par"}
    assert found["evidence"].empty


@pytest.mark.parametrize("audience", ["copil", "habitants"])
def test_a_masked_figure_is_quoted_nowhere(asked: ctgeval.Dossier, reader: Read, audience: str) -> None:
    questions, evidence = told(asked, reader(asked, audience, masked="2025-S2"))
    assert "24" not in questions.replace("2024", "")
    assert "24" not in evidence.replace("2024", "")
    assert "non diffusable" in questions
    if audience == "copil":
        assert "non diffusable" in evidence


def test_what_is_missing_is_told(asked: ctgeval.Dossier) -> None:
    problems = asked.problems()
    own = problems[problems["file"].eq("evaluation.toml")]
    assert set(own["severity"]) == {"avertissement"}
    assert own["message"].str.contains("5 à 8").any()
    assert own["key"].eq("question[2].validee_par").any()


def test_a_reference_that_means_nothing_is_told_with_its_key(dossier: Open) -> None:
    made = dossier(evaluation_toml='[[question]]\nid = "Q1"\ntexte = "T"\nreponse = "{{PE99:valeur}}"\n')
    problems = made.problems()
    assert problems.loc[problems["value"].eq("{{PE99:valeur}}"), "key"].tolist() == ["question[1].reponse"]
