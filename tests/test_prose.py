"""Typography of prose, folding and slugs; ``_`` and ``~`` stand for the narrow and the ordinary no-break space."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from ctgeval import prose


def visible(text: str) -> str:
    return text.replace(prose.NNBSP, "_").replace(prose.NBSP, "~")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pourquoi? Parce que!", "Pourquoi_? Parce que_!"),
        ("Trois actions : a ; b.", "Trois actions_: a_; b."),
        ('Il dit "bonjour", puis "merci".', "Il dit «_bonjour_», puis «_merci_»."),
        ("«oui» et « non »", "«_oui_» et «_non_»"),
        ("L'accueil d'enfants", "L’accueil d’enfants"),
        ("à suivre...", "à suivre…"),
        ("60,6%, 125 € et 18850€", "60,6_%, 125~€ et 18_850~€"),
        ("26 885 habitants, 1 234 567 euros", "26_885 habitants, 1_234_567 euros"),
        ("en 2021 125 places", "en 2021 125 places"),
        ("05 49 12 34 56", "05 49 12 34 56"),
        ("à 12:30 (a:b)", "à 12:30 (a:b)"),
        ("| a | b |\n|:---|---:|\n", "| a | b |\n|:---|---:|\n"),
        ("**Vraiment** ?", "**Vraiment**_?"),
    ],
)
def test_prose_gets_its_marks(text: str, expected: str) -> None:
    assert visible(prose.typography(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "https://exemple.fr/a?b=1;c:d!e",
        "`if a ; b : c ? d`",
        "<p class='a' title=\"b ?\">",
        "<code>a ; b = 'c'</code>",
        "&amp; &eacute;",
        "{{PE01:valeur}}",
        '](page.html "un titre : ici")',
        "ctg@exemple.fr",
        "```\na ; b ?\n```",
    ],
)
def test_what_is_no_prose_is_left_alone(text: str) -> None:
    assert prose.typography(f"Voir {text} ensuite") == f"Voir {text} ensuite"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Apostrophes stand between letters, or before a quote; a prime does not.
        ("d'un à l'autre, qu'\"ici\"", "d’un à l’autre, qu’«_ici_»"),
        ("5'3", "5'3"),
        # Dashes: in the place of a comma, never in a span, a list, a table or a word.
        ("Bilan - version interne", "Bilan – version interne"),
        ("Bilan -- version interne", "Bilan – version interne"),
        ("- un\n- deux", "- un\n- deux"),
        ("2022 - 2026, porte-parole", "2022 - 2026, porte-parole"),
        ("| - | -- |", "| - | -- |"),
        # Ranks.
        ("1er, 1ère, 1ere, 2ème, 3ieme, 21ièmes", "1er, 1re, 1re, 2e, 3e, 21es"),
        ("au XXIème siècle", "au XXIe siècle"),
        ("un problème, deux systèmes", "un problème, deux systèmes"),
        # Dates: the first of a month; nothing else changes.
        ("le 1 janvier 2024, le 11 janvier 2024", "le 1er janvier 2024, le 11 janvier 2024"),
        ("le 1er mai, 2024-01-01, 01/01/2024, 1.1 mai", "le 1er mai, 2024-01-01, 01/01/2024, 1.1 mai"),
        # The comma of decimals, where a point can be nothing else.
        ("3.5 %, 3.5 points, 12.25 €, 1.5 million", "3,5_%, 3,5 points, 12,25~€, 1,5 million"),
        ("Licence Ouverte 2.0, RGAA 4.1, point 3.5, 1.234 €", "Licence Ouverte 2.0, RGAA 4.1, point 3.5, 1.234~€"),
        ("127.0.0.1 et 1.2.3 %", "127.0.0.1 et 1.2.3_%"),
        # Money, and what a number is of.
        ("125€, 12 k€, 3M€, 1,2 Md€", "125~€, 12~k€, 3~M€, 1,2~Md€"),
        ("18850 €, 1234567,50 €, en 2024, EPCI 200070035", "18_850~€, 1_234_567,50~€, en 2024, EPCI 200070035"),
        ("n° 5, N°12", "n°~5, N°~12"),
        ("à 10:30, à 10 h 30, à 9 h", "à 10:30, à 10~h~30, à 9 h"),
        ("un rapport de 1:2 ; 3:4", "un rapport de 1:2_; 3:4"),
        # Times, versions and ratios inside other marks.
        ("(vraiment ?)", "(vraiment_?)"),
        ("Quoi ?!", "Quoi_?!"),
        ("Trois points : ...", "Trois points_: …"),
        ("012 345", "012_345"),
        ("<p>Quoi?</p><b>Un:</b> deux ;<br>", "<p>Quoi_?</p><b>Un_:</b> deux_;<br>"),
    ],
)
def test_each_rule_where_it_applies_and_where_it_does_not(text: str, expected: str) -> None:
    assert visible(prose.typography(text)) == expected
    assert visible(prose.typography(prose.typography(text))) == expected


@pytest.mark.parametrize(
    "kept",
    [
        '<a href="https://exemple.fr/a?b=1;c" title="un : deux ; 3.5 %">',
        '<svg aria-label="1 janvier ; 3.5 %"><text>1 : 2</text></svg>',
        '<pre>a ; b ? 1ère "x"</pre>',
        "`--jobs 4 ; 3.5 %`",
        "https://exemple.fr/1ère?a=3.5%",
    ],
)
def test_no_rule_reaches_into_what_is_no_prose(kept: str) -> None:
    assert kept in prose.typography(f"Voir : {kept} puis 3.5 %")


def test_a_plain_text_never_passes_for_a_safe_one_that_was_read_before() -> None:
    from markupsafe import Markup

    prose.typography(Markup("déjà <b>sûr</b>"))
    assert type(prose.typography("déjà <b>sûr</b>")) is str


@given(st.text(alphabet="abéèmhIX L'\"«»:;!?%€.,°-–0123456789 <>/&`{}|()[]\n\u202f\u00a0\ue000\ue001", max_size=60))
def test_doing_it_twice_changes_nothing_more(text: str) -> None:
    once = prose.typography(text)
    assert prose.typography(once) == once


@given(st.text(max_size=40))
def test_a_slug_is_safe_in_a_file_name_and_stable(text: str) -> None:
    slug = prose.slug(text)
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert prose.slug(slug) == slug


def test_slugs_and_folds() -> None:
    assert prose.slug("CC du Civraisien — cœur d’été 2021") == "cc-du-civraisien-coeur-d-ete-2021"
    assert prose.fold("  Réalisée\u00a0À  L’HEURE ") == "realisee a l'heure"
    assert prose.fold("Cœur") == prose.fold("COEUR")
