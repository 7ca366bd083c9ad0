"""A sentence that tells of a person is found; one that tells of places, bodies and functions is not."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from ctgeval.sources import free_text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Appelez le 06 12 34 56 78 le soir.", "telephone"),
        ("Écrire à parent.exemple@courriel.example avant lundi.", "courriel"),
        ("Mme Martin nous a aidés.", "nom"),
        ("Monsieur Durand a tout expliqué.", "nom"),
        ("C’est Marie Lefèvre qui garde les enfants.", "nom"),
        ("Le fils de Julie, enfin mon fils Lucas, y va le mercredi.", "nom"),
        ("Directrice Claire Durand recrutée.", "nom"),
        ("Vu avec DURAND Claire.", "nom"),
        ("J’habite 12 rue des Lilas, c’est loin.", "adresse"),
        ("Mon numéro est le 2 85 05 78 006 084 36.", "nir"),
    ],
)
def test_what_tells_of_a_person_is_found(text: str, kind: str) -> None:
    assert kind in free_text.found_in(text)
    assert free_text.named((kind,))


@pytest.mark.parametrize(
    "text",
    [
        "Avant, il fallait faire quarante minutes de route pour déposer le petit.",
        "La micro-crèche de Tressonne-le-Bourg et celle de Sorvanne sont pleines le mercredi.",
        "La commune de Saint-Pierre et France Services nous ont orientés vers la Caf.",
        "Le 12 mars 2025, onze familles ; 24 places pour 570 enfants (2 590 heures).",
        "Le président de la communauté de communes, la directrice du relais, le CLS.",
        "Devant l’école Jean Moulin, puis à l’Espace Simone Veil et à la salle Marie Curie.",
        "",
    ],
)
def test_what_tells_of_nobody_is_left_alone(text: str) -> None:
    assert free_text.found_in(text) == ()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Directrice Claire Durand recrutée.", "Directrice [nom] recrutée."),
        ("Mme Durand Lefèvre et DURAND Claire, Caf.", "Mme [nom] et [nom], Caf."),
        ("Mon fils Lucas, 12 rue des Lilas, attend.", "Mon fils [nom], [adresse], attend."),
        ("Appeler le 06 12 34 56 78 (a.b@c.example).", "Appeler le [téléphone] ([courriel])."),
        ("École Jean Moulin.", "École Jean Moulin."),
    ],
)
def test_what_tells_of_a_person_is_taken_out(text: str, left: str) -> None:
    assert free_text.removed(text) == left


def test_the_address_of_a_meeting_may_stay() -> None:
    assert free_text.removed("Salle des fêtes, 3 rue du Port", addresses=False) == "Salle des fêtes, 3 rue du Port"


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert set(free_text.found_in(text)) <= set(free_text.KINDS)
    if not free_text.found_in(text):
        assert free_text.removed(text) == text


@given(
    st.lists(
        st.sampled_from(["Mme ", "Claire ", "Durand", "DURAND ", ", ", "06 12 34 56 78", " 12 rue ", "a@b.fr", "."])
    )
)
def test_nothing_is_left_of_what_was_found(parts: list[str]) -> None:
    assert free_text.found_in(free_text.removed("".join(parts))) == ()


@given(st.text(st.characters(exclude_categories=("Nd",))))
def test_only_names_and_e_mails_are_found_without_a_digit(text: str) -> None:
    """What is not looked for in a text without digits could not have been there."""
    assert tuple(kind for kind, holds in free_text._TESTS.items() if holds(text)) == free_text.found_in(text)
