"""``enquetes.toml``: everything that is wrong is told at once, with its key; what is right is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from ctgeval.surveys import declaration
from ctgeval.surveys.form import Form

GOOD = """\
[[enquete]]
id = "a"
titre = "T"
recrutement = "volontaire"
source = "s"
[[enquete.question]]
code = "Q1"
texte = "Ça va ?"
type = "unique"
modalites = { "1" = "Oui", "2" = "Non" }
"""


def read(tmp_path: Path, text: str) -> declaration.Surveys:
    (tmp_path / declaration.FILE_NAME).write_text(text, encoding="utf-8")
    return declaration.read(tmp_path)


def test_a_dossier_without_the_file_has_no_survey(tmp_path: Path) -> None:
    found = declaration.read(tmp_path)
    assert not found.items
    assert not found.problems


def test_a_file_that_is_not_toml_is_told(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, "[[enquete]\nid=").problems
    assert problem.file == "enquetes.toml"
    assert problem.severity == "partiel"


def test_a_survey_is_read(tmp_path: Path) -> None:
    survey = read(tmp_path, GOOD).items["a"]
    assert survey.volunteers
    assert survey.wave == "a"
    assert survey.questions[0].options == {"1": "Oui", "2": "Non"}


@pytest.mark.parametrize(
    ("old", "new", "key", "told"),
    [
        ('"volontaire"', '"volontaires"', "enquete[1].recrutement", "volontaire"),
        ('titre = "T"', "", "enquete[1].titre", "Il manque"),
        ('id = "a"', 'id = "../a"', "enquete[1].id", "lettres"),
        ('type = "unique"', 'type = "unik"', "enquete[1].question[1].type", "unique"),
        ('code = "Q1"', 'codes = "Q1"', "enquete[1].question[1].code", "Il manque"),
        ('source = "s"', 'source = "s"\neffectif_invite = "beaucoup"', "enquete[1].effectif_invite", "nombre"),
        ('source = "s"', 'source = "s"\ndebut = 2025-03-02\nfin = 2025-03-01', "enquete[1].fin", "avant"),
        ('source = "s"', 'source = "s"\nvague_precedente = "b"', "enquete[1].vague_precedente", "précédente"),
        ('texte = "Ça va ?"', 'texte = "Ça va ?"\nfavorable = ["3"]', "enquete[1].question", "favorable"),
        ('texte = "Ça va ?"', 'texte = "Ça va ?"\ncroiser = ["Q7"]', "enquete[1].question", "croisée"),
        ('texte = "Ça va ?"', 'texte = "Ça va ?"\nindicateur = "PA05"', "enquete[1].question", "comptent"),
    ],
)
def test_a_fault_is_told_with_its_key(tmp_path: Path, old: str, new: str, key: str, told: str) -> None:
    found = read(tmp_path, GOOD.replace(old, new))
    assert any(one.key == key and told in f"{one.message} {one.remedy}" for one in found.problems), found.problems
    # Only the survey itself, when it is left out, is said to be missing from the bilan.
    assert [one.key for one in found.problems if one.severity == "partiel"] == ([] if found.items else ["enquete[1]"])


def test_several_faults_are_told_at_once_and_the_rest_is_kept(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD + GOOD.replace('"a"', '"b"').replace('"volontaire"', '"hasard"').replace('"T"', "3"))
    assert list(found.items) == ["a"]
    assert {one.key for one in found.problems} == {"enquete[2].recrutement", "enquete[2]"}


def test_margins_must_know_every_option(tmp_path: Path) -> None:
    margins = 'source = "s"\n[enquete.redressement.marges]\nQ1 = { "1" = 0.5 }\nQ5 = { "1" = 1 }\n'
    found = read(tmp_path, GOOD.replace('source = "s"\n', margins))
    assert found.items["a"].redressement is None
    assert [one.message for one in found.problems] == [
        "La marge « Q1 » a des modalités sans marge : 2.",
        "La marge « Q5 » n’est pas une question à choix unique.",
    ]


KEYS = ["id", "titre", "question", "modalites", "si", "redressement", "marges", "code", "type"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda one: st.lists(one) | st.dictionaries(st.sampled_from(KEYS), one),
    max_leaves=12,
)


@given(VALUES)
def test_any_block_is_told_and_none_raises(value: object) -> None:
    form = Form({"enquete": value}, "", declaration.FILE_NAME)
    for part in form.blocks("enquete"):
        declaration._survey(part)
    assert all(problem.file == declaration.FILE_NAME for problem in form.problems)


def test_the_template_of_a_new_dossier_declares_what_it_explains(tmp_path: Path, checkout: Path) -> None:
    text = (checkout / "ctgeval" / "cli" / "templates" / "enquetes.toml.txt").read_text(encoding="utf-8")
    assert not read(tmp_path, text).items
    body = text[text.index("# [[enquete]]") :].replace('# poids = "poids"', "# #").replace('"PARTICIPE"', '"AGE"')
    told = "\n".join(line.removeprefix("# ") for line in body.splitlines())
    found = read(tmp_path, told)
    assert [problem.key for problem in found.problems] == ["enquete[1].vague_precedente"]
    assert found.items["familles-2025"].redressement is not None
