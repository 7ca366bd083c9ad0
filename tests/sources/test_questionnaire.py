"""Answers in a plain table: header under titles, choices in columns, drafts, traces of respondents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval import sources
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable

Write = Callable[..., Path]
Lawful = Callable[[SourceTable], None]


def read(path: Path) -> SourceTable:
    return sources.read(path, format="questionnaire", key="enquete")


def test_a_plain_table(write: Write, lawful: Lawful) -> None:
    table = read(write("reponse_id;date;Q1;Q2 [bus];Q2 [vélo];Q2 [autre]\n1;12/03/2025;oui;1;0;\n2;;non;0;0;taxi\n"))
    lawful(table)
    rows = table.tables["reponses"]
    assert rows["reponse_id"].tolist() == ["1", "2"]
    assert rows["date"].tolist() == ["2025-03-12", ""]
    assert rows["complete"].all()
    told = table.tables["questions"]
    assert told[["question", "choix", "genre"]].to_numpy().tolist() == [
        ["Q1", "", "question"],
        ["Q2", "bus", "choix"],
        ["Q2", "vélo", "choix"],
        ["Q2", "autre", "autre"],
    ]


def test_titles_above_the_header_drafts_and_traces(write: Write, lawful: Lawful) -> None:
    text = (
        "Enquête auprès des familles;;;;;\n"
        "Numéro de série;Heure de soumission;Brouillon;Adresse IP;Âge;Besoins\n"
        "1;2025-03-12 10:00;0;10.0.0.1;30-44;bus, vélo\n"
        "2;2025-03-13 10:00;1;10.0.0.2;45-59;vélo\n"
    )
    table = read(write(text))
    lawful(table)
    rows = table.tables["reponses"]
    assert rows["complete"].tolist() == [True, False]
    assert "Adresse IP" not in rows
    assert rows["origin"].tolist() == ["fichier.csv!3", "fichier.csv!4"]
    assert table.tables["questions"]["question"].tolist() == ["Âge", "Besoins"]


def test_answers_without_a_number_are_refused_with_the_remedy(write: Write) -> None:
    with pytest.raises(SourceError, match="pas de numéro") as told:
        read(write("Q1;Q2\noui;non\n"))
    assert "reponse_id" in told.value.problem.remedy
