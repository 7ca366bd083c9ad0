"""A newcomer finds on one page all that is known of an action, what waits for a decision, and where things are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from ctgeval.programme import SCHEMAS, handover
from ctgeval.programme.handover import Context, SourceNote
from ctgeval.programme.handover_parts import Handover, Part
from ctgeval.render import handover as written
from ctgeval.sources.workbook import read_tables

DAY = dt.date(2026, 1, 15)
FILES = {
    "actions": "id;axe;intitule;pilote;partenaires;etat;etat_date;fin;motif\n"
    "A1;Enfance;La crèche <b>;CC, service;Caf;non_engagee;2024-01-02;2025-06-30;\n"
    "A1;Enfance;La crèche <b>;CC, service;Caf;en_cours;2024-05-02;2025-06-30;\n"
    "A2;Enfance;Le forum;;;abandonnee;2025-02-01;;Faute de lieu\n",
    "jalons": "action;intitule;prevu_le;realise_le\nA1;Permis;2024-06-01;2024-06-03\nA1;Ouverture;2025-06-30;\n"
    "A1;Bilan;2026-06-30;\n",
    "liens": "action;indicateur\nA1;PE09\nA1;XX99\n",
    "journal": "date;action;type;texte;a_refaire;contexte\n"
    "2024-09-01;A1;reussite;Un local prêté.;Demander tôt.;Un village\n"
    "2025-01-01;A2;frein;Pas de lieu.;;\n",
    # 1 000 planned, 600.50 spent: 399.50 left.
    "budget": "action;exercice;nature;statut;montant\nA1;2024;depense;prevu;1000\nA1;2024;depense;realise;600,50\n"
    "A1;2024;recette;acquis;300\n",
    "recommandations": "id;date;origine;texte;etat;instance;decidee_le;action\n"
    "R1;2025-01-02;COTECH;Ouvrir le samedi;proposee;;;A1\n"
    "R2;2025-01-02;COTECH;Recruter;acceptee;COPIL;2025-11-12;\n",
    "propositions": "id;origine;date;texte;suite;reponse_le\nP1;atelier;2025-05-01;Un marché;;\n"
    "P2;atelier;2025-05-01;Un bus;refusee;2025-06-01\n",
}  # fmt: skip
CONTEXT = Context(
    name="CC d’essai",
    day=DAY,
    end=dt.date(2026, 12, 31),
    start=dt.date(2022, 1, 1),
    indicators={"PE09": "PE09 – Demandes : 24 %"},
    sources=[SourceNote(name="Relais", producer="CC, relais", updated="2 février 2026", last="2e semestre 2025",
                        expected="1er semestre 2026", rhythm="", file="sources/relais.csv", diffusion="ouverte")],
    questions=["Q1 – Une question ? Sans réponse."],
    raised=["Regarder PE09."],
    bilans=[("bilan annuel", "copil", "2025", "à valider")],
    files=[("ctg.toml", "la configuration")],
)  # fmt: skip


def parts(found: Handover | Part) -> Iterator[Part]:
    for part in found.parts:
        yield part
        yield from parts(part)


def frames(folder: Path, files: dict[str, str]) -> dict[str, pd.DataFrame]:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return {name: table.frame for name, table in read_tables(folder, SCHEMAS).items()}


@pytest.fixture
def found(tmp_path: Path) -> Handover:
    return handover.build(frames(tmp_path, FILES), CONTEXT)


def said(part: Part) -> str:
    return (
        " ".join([*part.sentences, *part.items, *(said(one) for one in part.parts)])
        .replace("\u00a0", " ")
        .replace("\u202f", " ")
    )


def test_all_that_is_known_of_an_action_is_in_its_part(found: Handover) -> None:
    action = next(part for part in parts(found) if part.id == "A1")
    told = said(action)
    for text in (
        "En cours depuis le 2 mai 2024", "Pilote : CC, service.", "Partenaires : Caf.",
        "Échéance : 30 juin 2025, dépassée.",
        "2 janvier 2024 : non engagée", "Ouverture : prévue le 30 juin 2025, EN RETARD",
        "Permis : prévue le 1er juin 2024, franchie le 3 juin 2024", "Bilan : prévue le 30 juin 2026, à venir",
        "PE09 – Demandes : 24 %", "XX99 : inconnu du catalogue", "Un local prêté.", "À refaire : Demander tôt.",
        "R1 – Ouvrir le samedi (proposée",
        "1 000,00 € de dépenses prévues, 600,50 € réalisées ; 399,50 € restent à dépenser",
    ):  # fmt: skip
        assert text in told, (text, told)
    assert "Pas de lieu." not in told


def test_what_waits_is_counted_first_then_told(found: Handover) -> None:
    first = said(found.parts[0])
    for count in (
        "1 préconisation attend",
        "1 point relevé",
        "1 question évaluative",
        "1 action a dépassé son échéance",
        "1 étape d’action",
        "1 proposition",
    ):
        assert count in first
    decisions = said(found.parts[1])
    assert "Ouvrir le samedi" in decisions
    assert "Recruter (acceptée par COPIL le 12 novembre 2025)" in decisions
    waiting = next(part for part in found.parts if part.id == "propositions")
    assert [item.partition(" ")[0] for item in waiting.items] == ["P1"]


def test_what_the_file_does_not_hold_is_told(found: Handover) -> None:
    assert "figées" in said(found.parts[-1])


def test_the_page_stands_alone_and_escapes_what_is_typed(found: Handover) -> None:
    page = written.html(found)
    assert page.startswith("<!DOCTYPE html>")
    assert '<html lang="fr">' in page
    assert "La crèche &lt;b&gt;" in page
    assert not any(word in page for word in ("<script", "http://", "src=", "<link", "@import"))
    assert page.count("<h1>") == 1
    assert page.count("<caption>") == page.count("<table>") > 2
    identifiers = [text.partition('"')[0] for text in page.split(' id="')[1:]]
    assert len(identifiers) == len(set(identifiers)) > 5
    assert "Usage interne" in page
    assert written.html(found) == page


def test_markdown_says_the_same_and_takes_nothing_for_a_mark(found: Handover) -> None:
    text = written.markdown(found)
    assert text.startswith("# Passation")
    assert "\\<b\\>" in text
    assert "| Relais | CC, relais |" in text
    for part in parts(found):
        assert part.title.partition(" ")[0] in text


def test_an_empty_dossier_has_its_handover_too(tmp_path: Path) -> None:
    empty = handover.build(frames(tmp_path, {}), Context(name="X", day=DAY))
    assert "Rien n’est en attente." in said(empty.parts[0])
    assert written.html(empty)
    assert written.markdown(empty)
