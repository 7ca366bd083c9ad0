"""Every word must be there, accents and ends of words aside, and the same search gives the same order."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from ctgeval.programme.search import COLUMNS, Document, of_table, search


def note(text: str, title: str = "", **more: object) -> Document:
    return Document(table="journal", titre=title, texte=text, **more)  # type: ignore[arg-type]


NOTES = [
    note("La micro-crèche de Sorvanne ouvre à la date prévue.", id="N1", date="2024-09-02", action="A02"),
    note("Le relais itinérant partage ses haltes.", id="N2", date="2025-06-30", action="A04"),
    note("Une crèche, puis une autre crèche : des crèches.", id="N3", date="2023-01-01"),
    note("Rien à signaler.", title="Crèche", id="N4", date="2022-01-01"),
]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # N4: whole word in a title, 3 x 2 = 6; N3: 2 + 2 + 1 = 5; N1: 2.
        ("crèche", ["N4", "N3", "N1"]),
        # Beginnings only: N4 3 x 1 = 3, and N3 1 + 1 + 1 = 3: the later date comes first.
        ("CRECH", ["N3", "N4", "N1"]),
        ("sorvanne crèche", ["N1"]),
        ("creche, sorv !", ["N1"]),
        ("a02", ["N1"]),
        ("crèche bateau", []),
        ("", []),
        ("  ,.; ", []),
    ],
)
def test_words_are_found_and_ranked(words: str, expected: list[str]) -> None:
    found = search(NOTES, words)
    assert list(found["id"]) == expected
    assert list(found.columns) == list(COLUMNS)
    assert list(found["rang"]) == list(range(1, len(expected) + 1))


def test_the_order_does_not_depend_on_that_of_the_documents() -> None:
    assert search(NOTES, "crech").equals(search(NOTES[::-1], "crech"))
    assert search(NOTES, "crech").equals(search(NOTES[2:] + NOTES[:2], "crech"))


def test_an_excerpt_holds_the_word_and_cuts_between_words() -> None:
    text = "Au début il n’y a rien. " * 20 + "Enfin la guinguette arrive. " + "Et puis plus rien du tout. " * 20
    told = search([note(text)], "guinguette")["extrait"][0]
    assert "guinguette" in told
    assert told.startswith("… ")
    assert told.endswith(" …")
    assert len(told) < 180
    assert set(told.replace("…", "").split()) <= set(text.split())


def test_a_row_of_a_table_keeps_its_place() -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {
            "id": ["P1"],
            "texte": ["Un marché"],
            "motif": [None],
            "date": ["2024-01-02"],
            "origin": ["suivi.xlsx!propositions!7"],
        }
    )
    made = of_table(frame, "propositions", titles=("id",), texts=("texte", "motif"), names={"id": "id", "date": "date"})
    found = search(made, "marche").iloc[0]
    assert (found["file"], found["sheet"], found["row"], found["date"]) == (
        "suivi.xlsx", "propositions", 7, "2024-01-02",
    )  # fmt: skip


@given(st.text(max_size=300), st.text(max_size=30))
def test_nothing_that_is_written_breaks_it(text: str, words: str) -> None:
    found = search([note(text)], words)
    assert len(found) <= 1
    assert (found["score"] > 0).all()
