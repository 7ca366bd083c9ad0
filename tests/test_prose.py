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
        ("60,6%, 125 € et 18850€", "60,6_%, 125~€ et 18850~€"),
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


@given(st.text(alphabet="abé L'\"«»:;!?%€.,0123456789 <>/&`{}|()[]\n\u202f\u00a0\ue000\ue001", max_size=60))
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
