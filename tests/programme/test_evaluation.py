from __future__ import annotations

from pathlib import Path

import pytest

from ctgeval.programme import evaluation

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
