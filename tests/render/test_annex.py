"""The annex of sheets, and the section of what is judged: what each reader is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from ctgeval import render
from ctgeval.confidentiality.released import TABLES

EPCI = "EPCI-900000001"

Open = Callable[..., render.Page]


def sheet_row(id: str, key: str, term: str, text: str) -> dict[str, Any]:
    return {"indicator": id, "label": f"Libellé {id}", "kind_label": "Contexte", "key": key, "term": term, "text": text}


SHEETS = [
    sheet_row("PE01", "definition", "Définition", "Ce que c’est."),
    sheet_row("PE01", "calcul", "Calcul", "Haut ÷ bas."),
    sheet_row("PE01", "unite", "Unité", "Places."),
    sheet_row("PE01", "sens", "Sens", "Une hausse est un progrès."),
    sheet_row("PE01", "territoires", "D’un territoire à l’autre", "S’additionne."),
    sheet_row("PE01", "precautions", "Précautions", "Une."),
    sheet_row("PE01", "precautions", "Précautions", "Deux <b>."),
    sheet_row("PE01", "limites", "Limites", "Déjà dite ailleurs."),
    sheet_row("QL01", "calcul", "Calcul", "Libellé QL01."),
    sheet_row("QL01", "definition", "Définition", "Ce qui est jugé."),
    sheet_row("QL01", "echelle", "Échelle", "Faible ; fort."),
]
LINKS = [
    {"action": action, "action_label": f"Action {action}", "indicator": id, "label": f"Libellé {id}",
     "kind": "resultat", "kind_label": "Résultat", "changed": changed, "motif": motif}
    for action, id, changed, motif in (
        ("A01", "PE01", True, "La convention crée les places."), ("A01", "QL01", False, ""), ("A02", "PE01", True, ""),
    )
]  # fmt: skip


def judged(date: str, level: str, before: str, moved: int, **more: Any) -> dict[str, Any]:
    base = {
        "indicator": "QL01", "label": "Partenariat", "definition": "Comment on travaille.", "kind_label": "Processus",
        "scale": ["Faible", "Moyen", "Fort"], "direction": "higher", "retained": True, "geo": EPCI, "date": date,
        "rank": 1, "level": level, "before": before, "moved": moved, "by": "COPIL", "reason": "Parce que.",
        "evidence": "", "last": True,
    }  # fmt: skip
    return base | more


HISTORY = [
    judged("2022-12-08", "Faible", "", 0),
    judged("2024-01-30", "Moyen", "Faible", 1),
    judged("2025-11-12", "Faible", "Moyen", -1, evidence="cr.pdf"),
]


def shown(open_: Open, audience: str, *, periode: str = "", **tables: list[dict[str, Any]]) -> render.Page:
    """Return the page of a release that holds these tables."""
    kept = {name: pd.DataFrame(rows, columns=list(TABLES[name])) for name, rows in tables.items()}
    return open_(audience=audience, periode=periode, **kept)


def test_sheets_are_whole_for_those_who_keep_the_figures(page: Open) -> None:
    html = str(shown(page, "interne", sheets=SHEETS, links=LINKS).annex())
    assert "<summary>PE01 – Libellé PE01 (contexte)</summary>" in html
    assert "Une. Deux &lt;b&gt;." in html
    assert "Déjà dite ailleurs" not in html
    assert "2 indicateurs" in html
    assert "<dt>Unité et sens</dt><dd>Places. Une hausse est un progrès.</dd>" in html
    assert "<dt>Ce qui s’additionne</dt><dd>D’un territoire à l’autre, s’additionne.</dd>" in html
    assert html.count("<details") == 2
    # What is simply counted does not say its name again as a formula.
    assert html.count("<dt>Calcul</dt>") == 1


def test_sheets_are_short_and_without_codes_for_the_copil(page: Open) -> None:
    html = str(shown(page, "copil", sheets=SHEETS, links=LINKS).annex())
    assert "<summary>Libellé PE01</summary>" in html
    assert "Haut ÷ bas." in html
    assert "Échelle" in html
    assert "Précautions" not in html
    assert "A01" not in html.replace("Action A01", "")


def test_the_inhabitants_have_no_annex(page: Open) -> None:
    assert str(shown(page, "habitants", sheets=SHEETS).annex()) == ""


def test_without_a_choice_the_team_is_told_what_to_provide(page: Open) -> None:
    assert "retenus" in str(shown(page, "interne", sheets=[]).annex())
    assert "retenus" not in str(shown(page, "copil", sheets=[]).annex())


def test_each_action_has_one_row_with_its_indicators_and_why_one_changes(page: Open) -> None:
    html = str(shown(page, "interne", sheets=SHEETS, links=LINKS).annex())
    assert html.count('<th scope="row">') == 2
    assert "PE01 – Libellé PE01 (résultat pour cette action\u202f: la convention crée les places)" in html
    assert "QL01 – Libellé QL01 (résultat)." in html
    assert "la raison n’est pas précisée" in html
    assert "<table" not in str(shown(page, "interne", sheets=SHEETS, links=[]).annex())


def test_the_last_judgement_is_told_against_the_one_before(page: Open) -> None:
    html = str(shown(page, "interne", judgements=HISTORY).qualitative())
    told = html.replace("\u202f", " ").replace("\u00a0", " ")
    assert "« Faible » le 12 novembre 2025, un recul depuis le 30 janvier 2024 (« Moyen »)." in told
    rows = told[told.index("<caption>") :]
    assert rows.index("12 novembre 2025") < rows.index("30 janvier 2024") < rows.index("8 décembre 2022")
    assert "Du moins bon au meilleur : Faible ; Moyen ; Fort." in told
    assert "cr.pdf" in told


@pytest.mark.parametrize(
    ("direction", "moved", "word"),
    [
        ("higher", 1, "un progrès"),
        ("higher", -1, "un recul"),
        ("lower", 1, "un recul"),
        ("lower", -2, "un progrès"),
        ("neutral", 1, "contre"),
        ("higher", 0, "comme le"),
    ],
)
def test_the_way_of_a_change_follows_the_scale(page: Open, direction: str, moved: int, word: str) -> None:
    rows = [HISTORY[0], judged("2024-01-30", "Moyen", "Faible", moved, direction=direction)]
    assert word in str(shown(page, "copil", judgements=rows).qualitative())


def test_what_comes_after_the_period_is_not_told(page: Open) -> None:
    html = str(shown(page, "copil", periode="2024", judgements=HISTORY).qualitative())
    assert "un progrès" in html
    assert "2025" not in html


def test_the_inhabitants_read_sentences_and_no_table(page: Open) -> None:
    html = str(shown(page, "habitants", judgements=HISTORY).qualitative())
    assert "<table" not in html
    assert "QL01" not in html
    assert "Parce que." in html


def test_an_indicator_that_nobody_has_judged(page: Open) -> None:
    rows = [judged("", "", "", 0, by="", reason="")]
    assert "pas encore jugé" in str(shown(page, "copil", judgements=rows).qualitative())
    assert "À fournir" in str(shown(page, "interne", judgements=rows).qualitative())
    assert "QL01" not in str(shown(page, "habitants", judgements=rows).qualitative())


def test_without_any_the_section_is_one_line(page: Open) -> None:
    assert "indicateurs.toml" in str(shown(page, "interne", judgements=[]).qualitative())
    html = str(shown(page, "copil", judgements=[]).qualitative())
    assert "indicateurs.toml" not in html
    assert html.count("<p") == 1


def test_another_territory_is_not_spoken_of(page: Open) -> None:
    html = str(shown(page, "copil", judgements=[judged("2024-01-30", "Moyen", "", 0, geo="COM-99001")]).qualitative())
    assert "Moyen" not in html
