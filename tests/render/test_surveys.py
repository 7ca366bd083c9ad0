"""The section of surveys, and its bars: laid out from what a release holds."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from ctgeval.confidentiality.released import TABLES
from ctgeval.render import likert
from ctgeval.render.sections import surveys

NAMES = ("surveys", "survey_answers", "survey_crosses", "survey_changes", "survey_scales", "survey_themes", "verbatims")
SUMMARY = {
    "survey": "e", "title": "Essai", "wave": "2025", "recruitment": "aleatoire", "population": "Familles",
    "start": "2025-03-01", "end": "2025-03-31", "source": "s", "previous": "", "invited": 200.0, "received": 90.0,
    "incomplete": 6.0, "apart": 0.0, "unknown": 0.0, "n": 84.0, "response_rate": 42.0, "weighted": False,
    "intervals": True, "method": "", "absent": "", "conf_status": "F",
}  # fmt: skip
ANSWER = {
    "survey": "e", "wave": "2025", "position": 1.0, "question": "Q1", "text": "Cela va-t-il mieux ?", "type": "likert",
    "opinion": True, "favourable": False, "base": 80.0, "asked": 84.0, "mean": float("nan"), "unit": "", "reason": "",
    "conf_status": "F",
}  # fmt: skip


def answer(option: str, n: float, share: float, **changed: Any) -> dict[str, Any]:
    row = {"option": option, "label": option, "n": n, "share": share, "low": share - 5, "high": share + 5}
    return {**ANSWER, **row, **changed}


THREE = [answer("Non", 20, 25), answer("Un peu", 40, 50), answer("Oui", 20, 25)]


def page(
    audience: str = "interne", summary: list[dict[str, Any]] | None = None, answers: list[dict[str, Any]] | None = None,
    period: str = "2025", **tables: list[dict[str, Any]],
) -> str:  # fmt: skip
    held = {name: pd.DataFrame(tables.get(name, []), columns=list(TABLES[name])) for name in NAMES}
    held["surveys"] = pd.DataFrame([SUMMARY] if summary is None else summary, columns=list(TABLES["surveys"]))
    held["survey_answers"] = pd.DataFrame(THREE if answers is None else answers, columns=list(TABLES["survey_answers"]))
    held["sources"] = pd.DataFrame(columns=list(TABLES["sources"]))
    held["set_aside"] = pd.DataFrame(columns=list(TABLES["set_aside"]))
    view = SimpleNamespace(
        table=lambda name: held[name].copy(), period=period, internal=audience == "interne", fictional=False,
        technical=audience in {"interne", "cotech"}, public=audience == "habitants", carnet="bilan_annuel",
        prose=lambda _section: "",
    )  # fmt: skip
    used: list[str] = []

    def name(stem: str) -> str:
        used.append(stem)
        return f"{stem}-{used.count(stem)}"

    html = str(surveys.surveys(view, name))  # type: ignore[arg-type]
    return re.sub(r"[\s\u00a0\u202f]+", " ", html)


def test_nothing_to_say_is_one_line() -> None:
    html = page(summary=[])
    assert 'class="vide"' in html
    assert "enquetes.toml" in html
    assert "enquetes.toml" not in page("copil", summary=[])


def test_the_rate_of_answer_is_told_to_everybody() -> None:
    for audience in ("interne", "copil", "habitants"):
        assert "84 réponses sur 200 personnes invitées, soit un taux de réponse de 42 %." in page(audience)


@pytest.mark.parametrize("audience", ["cotech", "copil", "habitants"])
def test_where_few_kept_silent_the_number_of_answers_is_a_least_one(audience: str) -> None:
    nan = float("nan")
    hidden = dict.fromkeys(["received", "incomplete", "apart", "unknown"], nan)
    row = {**SUMMARY, **hidden, "n": 80.0, "response_rate": 40.0}
    told = page(audience, [row], [{**one, "asked": nan} for one in THREE])
    assert "Essai (2025) : au moins 80 réponses." in told
    assert "Au moins 80 réponses sur 200 personnes invitées, soit un taux de réponse d’au moins 40 %." in told
    assert "n’ont pas répondu" not in told
    bare = page(audience, [{**row, "invited": nan, "response_rate": nan}])
    assert "Au moins 80 réponses." in bare
    assert "n’est pas connu" not in bare


def test_inhabitants_read_sentences_with_their_base() -> None:
    html = page("habitants")
    assert "50 % répondent « Un peu », sur 80 répondants." in html
    assert "<table" not in html
    assert "habitants" not in html.replace("titres_habitants", "")


def test_inhabitants_read_what_was_thought_before_who_answered() -> None:
    who = {"position": 0.0, "question": "AGE", "text": "Votre âge ?", "type": "unique"}
    other = {"position": 0.5, "question": "SEXE", "text": "Vous êtes", "type": "unique"}
    html = page("habitants", answers=[{**one, **asked} for asked in (who, other, {}) for one in THREE])
    assert html.index("Cela va-t-il mieux") < html.index("Votre âge")
    assert "Vous êtes" not in html


def test_volunteers_are_said_to_be_volunteers() -> None:
    html = page(summary=[{**SUMMARY, "recruitment": "volontaire", "intervals": False}])
    assert "ces résultats sont ceux des répondants" in html
    assert "aucun intervalle ne serait juste" in html


def test_the_evaluator_sees_counts_intervals_and_silence() -> None:
    html = page()
    assert "Sur 80 répondants ; 4 personnes n’ont pas répondu à cette question." in html
    assert "de 45,0 à 55,0 %" in html
    assert "6 réponses sans envoi final" in html


def test_a_hidden_answer_is_told_as_such_and_draws_nothing() -> None:
    nan = float("nan")
    hidden = {"n": nan, "share": nan, "low": nan, "high": nan, "conf_status": "C"}
    html = page(answers=[{**THREE[0], **hidden}, THREE[1], {**THREE[2], **hidden}])
    assert html.count("non diffusable") >= 4
    assert "<svg" not in html


def test_no_percentage_under_eleven_answers() -> None:
    nan = float("nan")
    few = {"share": nan, "low": nan, "high": nan, "base": 9.0, "asked": 9.0, "reason": "moins_de_11"}
    html = page(answers=[{**one, **few} for one in THREE])
    assert "Moins de 11 réponses" in html
    assert not re.search(r"\d ?%", html.replace("42 %", ""))


def test_a_change_that_proves_nothing_is_told_as_such() -> None:
    change = {
        "survey": "e", "previous": "d", "wave_before": "2023", "wave_after": "2025", "question": "Q1", "kind": "part",
        "text": "Cela va-t-il mieux ?", "option": "Oui", "label": "« Oui »", "before": 20.0, "after": 25.0,
        "difference": 5.0, "p_value": 0.4, "verdict": "non_concluant",
    }  # fmt: skip
    assert "≈ non concluant" in page("copil", survey_changes=[change])
    moved = {**change, "verdict": "hausse", "difference": 15.0, "after": 35.0}
    assert "↗ hausse : « Oui » (+15 points)" in page("copil", survey_changes=[moved])
    assert "Par rapport à 2023" in page("habitants", survey_changes=[moved])


def test_a_survey_after_the_period_is_not_told() -> None:
    assert 'class="vide"' in page(period="2024")


def test_the_wave_before_is_not_told_twice() -> None:
    before = {**SUMMARY, "survey": "d", "wave": "2023", "end": "2023-03-31"}
    html = page(summary=[before, {**SUMMARY, "previous": "d"}])
    assert "Essai (2023) :" not in html


def test_words_that_nobody_let_through_are_for_the_evaluator() -> None:
    quote = {"survey": "e", "wave": "2025", "question": "L", "text": "Quoi ?", "themes": "", "verbatim": "Un bus."}
    rows = [{**quote, "approved": True}, {**quote, "verbatim": "<b>Une crèche.</b>", "approved": False}]
    assert "&lt;b&gt;Une crèche." in page(verbatims=rows)
    html = page("copil", verbatims=rows)
    assert "« Un bus. »" in html
    assert "crèche" not in html


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_bars_write_their_shares_in_order(size: int) -> None:
    options = [f"Option {rank}" for rank in range(size)]
    shares = [100.0 / size] * (size - 1) + [0.0]
    drawing = likert.likert([("Une question ?", shares)], options, alternative="Dit.", fictional=False)
    told = " · ".join(f"{100 / size:.0f} %" for _ in range(size - 1)) + " · 0 %"
    text = re.sub(r"[\u00a0\u202f]", " ", drawing.svg.striptags())
    assert told in text
    assert 'aria-label="Dit."' in drawing.svg
