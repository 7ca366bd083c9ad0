"""What an evaluation lacks is told in January, while something can still be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctgeval.programme import evaluation, evaluation_checks

KINDS = {
    "PE01": {"contexte"},
    "PE02": {"realisation"},
    "PE09": {"resultat"},
    "JE01": {"realisation", "resultat"},
}


def told(folder: Path, text: str, **more: object) -> list[str]:
    (folder / evaluation.FILE_NAME).write_text(text, encoding="utf-8")
    found = evaluation.read(folder)
    assert not found.problems
    kept = {"kinds": KINDS, "recommendations": ("R01",), **more}
    problems = list(evaluation_checks.problems(found, **kept))  # type: ignore[arg-type]
    assert all(problem.severity == "avertissement" and problem.file == evaluation.FILE_NAME for problem in problems)
    assert all(problem.key for problem in problems)
    return [problem.message for problem in problems]


def one(text: str) -> str:
    """Five questions, of which the first is the one that is looked at."""
    others = [f'[[question]]\nid = "Q{rank}"\ntexte = "T"\nindicateurs = ["PE09"]\n' for rank in range(2, 6)]
    return f'[[question]]\nid = "Q1"\ntexte = "T"\n{text}\n' + "".join(others)


def test_five_sound_questions_have_no_problem(tmp_path: Path) -> None:
    assert told(tmp_path, one('indicateurs = ["PE09"]')) == []


def test_no_question_is_no_problem(tmp_path: Path) -> None:
    assert told(tmp_path, "") == []


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (4, 1), (5, 0), (8, 0), (9, 1)])
def test_five_to_eight_questions_are_advised(tmp_path: Path, count: int, expected: int) -> None:
    text = "".join(f'[[question]]\nid = "Q{rank}"\ntexte = "T"\nindicateurs = ["PE09"]\n' for rank in range(count))
    assert len(told(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "n’a aucune preuve"),
        ('indicateurs = ["PE99"]\nelements_qualitatifs = ["x"]', "n’existe pas dans le catalogue"),
        ('indicateurs = ["PE01", "PE02"]', "ne pourront pas parler d’effets"),
        ('indicateurs = ["PE09"]\nreponse = "Oui."\nconstats = ["x"]', "n’est validée par personne"),
        ('indicateurs = ["PE09"]\nreponse = "Oui."\nvalidee_par = "le COPIL"', "ne cite aucune preuve"),
        ('indicateurs = ["PE09"]\nrecommandations = ["R02"]', "n’est pas dans la table"),
        ('[[question.preuve]]\ntype = "verbatim"\ntexte = "x"', "n’a été relue par personne"),
    ],
)
def test_each_lack_is_told(tmp_path: Path, text: str, expected: str) -> None:
    found = told(tmp_path, one(text))
    assert any(expected in message for message in found), found


def test_an_action_may_make_a_result_of_what_the_catalogue_calls_an_output(tmp_path: Path) -> None:
    assert told(tmp_path, one('indicateurs = ["JE01"]')) == []


def test_an_unknown_territory_is_told(tmp_path: Path) -> None:
    text = one('[[question.preuve]]\ntype = "chiffre"\nindicateur = "PE09"\nterritoire = "COM-0"')
    assert "COM-0" in told(tmp_path, text, territories={"COM-0": False})[0]
