"""A rule that can't speak is told in the file where it is written, and blocks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctgeval.programme import rules

VERDICTS = ("atteint", "en_recul", "non_maintenu")


def read(folder: Path, text: str) -> rules.Rules:
    (folder / rules.FILE_NAME).write_text(text, encoding="utf-8")
    return rules.read(folder, verdicts=VERDICTS)


def rule(text: str = 'quand = { verdict = ["en_recul"] }', name: str = "RG1") -> str:
    return f'[[regle]]\nid = "{name}"\ntexte = "Examiner {{{{indicateur:nom}}}}."\n{text}\n'


def test_no_file_is_no_rule(tmp_path: Path) -> None:
    found = rules.read(tmp_path, verdicts=VERDICTS)
    assert (found.rules, found.problems) == ((), ())


def test_words_are_matched_accents_spaces_and_case_aside(tmp_path: Path) -> None:
    found = read(tmp_path, rule('quand = { etat = ["En retard", "Reportée"] }\naxe = "Petite enfance"'))
    assert found.problems == ()
    one = found.rules[0]
    assert (one.about, one.condition, one.words, one.axe) == (
        "action", "etat", ("en_retard", "reportee"), "Petite enfance",
    )  # fmt: skip


def test_a_threshold_is_a_number_of_given_indicators(tmp_path: Path) -> None:
    found = read(tmp_path, rule('quand = { moins_de = 60 }\nindicateurs = ["PI05"]'))
    assert [(one.about, one.level, one.indicateurs) for one in found.rules] == [("indicateur", 60.0, ("PI05",))]


@pytest.mark.parametrize(
    ("text", "told", "kept"),
    [
        ("[[regle]\n", "ne peuvent pas être lues", 0),
        ('[[regle]]\nid = "RG1"\n', "id, d’un texte et d’une condition", 0),
        (rule("quand = 3"), "id, d’un texte et d’une condition", 0),
        (rule('quand = { verdicts = ["en_recul"] }'), "« verdicts » n’est pas connue", 0),
        (rule('quand = { verdict = ["en_recul"], etat = ["en_cours"] }'), "une seule", 0),
        (rule('quand = { verdict = ["en_reculs"] }'), "« en_reculs » n’est pas", 0),
        (rule("quand = { moins_de = 60 }"), "indicateurs précis", 0),
        (rule('quand = { moins_de = "60" }\nindicateurs = ["PI05"]'), "Un seuil est un nombre", 0),
        (rule("quand = { moins_de = nan }\nindicateurs = ['PI05']"), "Un seuil est un nombre", 0),
        (rule() + rule(), "écrite deux fois", 1),
        (rule('quand = { verdict = ["en_recul"] }\nindicateur = ["PE09"]'), "« indicateur » n’est pas connue", 1),
        ("regles = []\n", "« regles » n’est pas connue", 0),
    ],
)
def test_what_is_wrong_is_told_with_its_key(tmp_path: Path, text: str, told: str, kept: int) -> None:
    found = read(tmp_path, text)
    assert any(told in problem.message for problem in found.problems), found.problems
    assert all(problem.file == rules.FILE_NAME and problem.severity != "bloquant" for problem in found.problems)
    # A rule that is left out is said to be missing from the bilan; a key that nothing reads takes nothing away.
    left_out = "[regle" in text and (kept == 0 or "deux fois" in told)
    assert any(problem.severity == "partiel" for problem in found.problems) == left_out
    assert len(found.rules) == kept


def test_a_near_word_is_proposed(tmp_path: Path) -> None:
    found = read(tmp_path, rule('quand = { verdict = ["en_reculs"] }'))
    assert "en_recul" in found.problems[0].remedy


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rule('quand = { verdict = ["en_recul"] }\nindicateurs = ["PE90"]'), "PE90"),
        (rule('quand = { etat = ["en_retard"] }\naxe = "Petite enfence"'), "Petite enfence"),
        (rule().replace("{{indicateur:nom}}", "{{indicateur:note}}"), "cite un chiffre"),
        (rule().replace("{{indicateur:nom}}", "{{action:nom}}"), "cite un chiffre"),
        (rule().replace("{{indicateur:nom}}", "{{PE90:valeur}}"), "cite un chiffre"),
    ],
)
def test_what_a_rule_names_and_does_not_exist_is_told(tmp_path: Path, text: str, told: str) -> None:
    found = read(tmp_path, text)
    problems = rules.problems(found.rules, indicators=("PE09",), axes=("Petite enfance",), fields=("valeur",))
    assert [told in problem.message for problem in problems].count(True) >= 1
    assert all(problem.key.startswith("regle[1].") for problem in problems)


def test_what_a_rule_may_quote_is_not_told(tmp_path: Path) -> None:
    good = rule().replace("{{indicateur:nom}}", "{{indicateur:nom}} {{PE09:valeur}} {{PE09@COM-1:valeur}}")
    spent = rule('quand = { budget = ["surfinancement"] }', "RG2").replace("indicateur:nom", "action:nom")
    found = read(tmp_path, good + spent)
    assert rules.problems(found.rules, indicators=("PE09",), axes=(), fields=("valeur",)) == []
