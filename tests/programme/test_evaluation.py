from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from ctgeval.programme import evaluation
from ctgeval.programme.toml_rows import Faults

GOOD = """
[[question]]
id = "Q1"
texte = "Une question ?"
criteres = ["efficacité"]
[question.contribution]
mecanisme = "Un seul texte."
pour = ["Un.", "Deux."]
"""


def write(folder: Path, text: str) -> evaluation.Evaluation:
    (folder / evaluation.FILE_NAME).write_text(text, encoding="utf-8")
    return evaluation.read(folder)


def test_a_question_and_its_analysis_are_read(tmp_path: Path) -> None:
    found = write(tmp_path, GOOD)
    assert not found.problems
    question = found.questions["Q1"]
    assert question.criteres == ("efficacité",)
    assert question.contribution == {"mecanisme": ("Un seul texte.",), "pour": ("Un.", "Deux.")}


def test_no_file_is_no_question(tmp_path: Path) -> None:
    found = evaluation.read(tmp_path)
    assert (found.questions, found.problems) == ({}, ())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[question]\n", "ne peuvent pas être lues"),
        ('[[question]]\nid = "Q1"\n', "id et d’un texte"),
        ('[[question]]\nid = "Q1"\ntexte = "T"\ncritere = ["x"]\n', "critere"),
        ('[[question]]\nid = "Q1"\ntexte = "T"\n[[question]]\nid = "Q1"\ntexte = "U"\n', "deux fois"),
        ('[[question]]\nid = "Q1"\ntexte = "T"\nindicateurs = [1]\n', "liste de textes"),
        ('[[question]]\nid = "Q1"\ntexte = "T"\ncontribution = 3\n', "section"),
        ("question = 3\n", "[[question]]"),
        ('[[question]]\nid = 4\ntexte = "T"\n', "doit être un texte"),
        ("questions = []\n", "questions"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    found = write(tmp_path, text)
    assert any(told in problem.message for problem in found.problems), found.problems
    assert all(problem.file == evaluation.FILE_NAME for problem in found.problems)


def test_the_whole_chain_of_a_question_is_data(tmp_path: Path) -> None:
    found = write(
        tmp_path,
        """
[[question]]
id = "Q1"
texte = "Une question ?"
criteres = ["Efficacite", "utilité", "efficacité"]
criteres_de_jugement = ["La part augmente.", "Les familles le disent."]
indicateurs = ["PE09"]
constats = ["La part a augmenté."]
recommandations = ["R01"]
[[question.jugement]]
critere_de_jugement = 2
constat = "Onze familles sur quinze le disent."
niveau = "En partie"
[[question.preuve]]
type = "chiffre"
indicateur = "PE02"
periode = "2024"
[[question.preuve]]
type = "Atelier"
texte = "Onze familles."
date = 2025-03-14
lien = "documents/atelier.pdf"
""",
    )
    assert not found.problems
    question = found.questions["Q1"]
    assert question.criteres == ("efficacité", "utilité")
    assert (question.constats, question.recommandations) == (("La part a augmenté.",), ("R01",))
    assert question.figures == ("PE09", "PE02")
    assert question.jugements[0].critere_de_jugement == "Les familles le disent."
    assert question.jugements[0].niveau == "en partie"
    assert [(one.type, one.date, one.lien) for one in question.preuves] == [
        ("chiffre", "", ""),
        ("atelier", "2025-03-14", "documents/atelier.pdf"),
    ]


HEAD = '[[question]]\nid = "Q1"\ntexte = "T"\ncriteres_de_jugement = ["A."]\n'


@pytest.mark.parametrize(
    ("text", "told", "key"),
    [
        ('criteres = ["efficasité"]', "n’est pas un critère d’évaluation", "question[1].criteres"),
        ('[[question.preuve]]\ntype = "entretient"\ntexte = "x"', "n’est pas un type", "question[1].preuve[1].type"),
        ('[[question.preuve]]\ntexte = "x"', "de quel type", "question[1].preuve[1]"),
        ('[[question.preuve]]\ntype = "chiffre"\ntexte = "24"', "celui d’un indicateur", "question[1].preuve[1]"),
        ('[[question.preuve]]\ntype = "document"', "ne dit rien", "question[1].preuve[1]"),
        ('[[question.preuve]]\ntype = "document"\ntexte = "x"\ndate = "mars"', "date", "question[1].preuve[1].date"),
        ('[[question.preuve]]\ntype = "document"\ntexte = "x"\nlien = "C:\\\\a"', "lien", "question[1].preuve[1].lien"),
        ('[[question.preuve]]\ntype = "document"\ntexte = "x"\nperiode = "an 3"', "période",
         "question[1].preuve[1].periode"),
        ('[[question.preuve]]\ntype = "document"\ntexte = "x"\nauteur = "y"', "auteur", "question[1].preuve[1].auteur"),
        ('[[question.jugement]]\ncritere_de_jugement = 2\nniveau = "satisfait"', "aucun critère",
         "question[1].jugement[1].critere_de_jugement"),
        ('[[question.jugement]]\ncritere_de_jugement = 1\nniveau = "bof"', "n’est pas un niveau",
         "question[1].jugement[1].niveau"),
        ('[[question.jugement]]\ncritere_de_jugement = "a."', "ni constat ni niveau", "question[1].jugement[1]"),
        ("preuve = 3", "[[question.preuve]]", "question[1].preuve[1]"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_chain_is_told_with_its_key_and_blocks_nothing(
    tmp_path: Path, text: str, told: str, key: str
) -> None:
    found = write(tmp_path, HEAD + text)
    assert [(problem.key, problem.severity) for problem in found.problems if told in problem.message] == [
        (key, "avertissement")
    ]
    assert "Q1" in found.questions


def test_an_unknown_criterion_is_told_with_the_near_one_and_no_lens_is_filled_in(tmp_path: Path) -> None:
    found = write(tmp_path, HEAD + 'criteres = ["eficacité"]')
    assert "efficacite" in found.problems[0].remedy
    assert found.questions["Q1"].criteres == ()


def test_words_that_tell_of_a_person_are_refused_with_their_place(tmp_path: Path) -> None:
    found = write(tmp_path, HEAD + '[[question.preuve]]\ntype = "verbatim"\ntexte = "Mme Martin garde mon fils."')
    assert [problem.key for problem in found.problems] == ["question[1].preuve[1].texte"]
    assert "Martin" not in str(found.problems[0])
    assert found.questions["Q1"].preuves == ()


def test_an_older_list_of_elements_is_scrubbed_too(tmp_path: Path) -> None:
    found = write(tmp_path, HEAD + 'elements_qualitatifs = ["Mme Martin le dit.", "Onze familles le disent."]')
    assert [problem.key for problem in found.problems] == ["question[1].elements_qualitatifs"]
    assert found.questions["Q1"].elements_qualitatifs == ("Onze familles le disent.",)


def test_a_verbatim_stays_inside_until_somebody_has_read_it(tmp_path: Path) -> None:
    text = '[[question.preuve]]\ntype = "verbatim"\ntexte = "C’est plus près."\n'
    raw = write(tmp_path, HEAD + text).questions["Q1"].preuves[0]
    read = write(tmp_path, HEAD + text + 'valide_par = "la coordination"').questions["Q1"].preuves[0]
    assert (raw.inside, read.inside) == (True, False)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "texte", "type", "criteres", "preuve", "jugement", "contribution", "niveau", "lien", "date"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_nothing_that_a_file_may_hold_breaks_its_reading(
    criteria: object, evidence: object, judged: object, contribution: object
) -> None:
    row = {"id": "Q1", "texte": "T", "criteres": criteria, "preuve": evidence, "jugement": judged,
           "contribution": contribution, "criteres_de_jugement": criteria, "reponse": evidence}  # fmt: skip
    faults = Faults(evaluation.FILE_NAME)
    found = evaluation._question(row, "question[1]", faults)
    assert found is not None
    assert set(found.criteres) <= set(evaluation.LENSES)
    assert all(problem.severity == "avertissement" for problem in faults.problems)
