"""The journal is read in order of date, within a period."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from ctgeval.errors import PeriodError
from ctgeval.programme import journal

ROWS = """\
date;action;type;texte;a_refaire;a_eviter
2025-07-01;A02;Difficulté;Poste vacant;;Attendre
2024-12-31;;réussite;Fête de la petite enfance;La fête;
2025-06-30;A01;frein;Transport;;
"""


def test_entries_are_in_order_of_date_with_the_french_name_of_their_type(
    table: Callable[[str, str], pd.DataFrame],
) -> None:
    found = journal.entries(table("journal", ROWS))
    assert list(found["date"]) == ["2024-12-31", "2025-06-30", "2025-07-01"]
    assert list(found["libelle"]) == ["Réussite", "Frein", "Difficulté"]
    assert list(found.columns) == [*journal.COLUMNS, "libelle"]


@pytest.mark.parametrize(
    ("period", "count"), [("2025", 2), ("2025-S1", 1), ("2024-S2", 1), ("2024-2025", 3), ("2023", 0)]
)
def test_a_period_holds_its_first_and_last_day(
    table: Callable[[str, str], pd.DataFrame], period: str, count: int
) -> None:
    assert len(journal.entries(table("journal", ROWS), period)) == count


def test_a_period_that_can_not_be_read_is_refused(table: Callable[[str, str], pd.DataFrame]) -> None:
    with pytest.raises(PeriodError):
        journal.entries(table("journal", ROWS), "2025-S3")


def test_an_empty_journal_is_empty(table: Callable[[str, str], pd.DataFrame]) -> None:
    assert journal.entries(table("journal", ROWS.splitlines()[0] + "\n")).empty


NOTED = """\
date;action;type;texte;a_refaire;a_eviter;indicateur;mots_cles
2025-07-01;A02;levier;Une halte, deux services;;;AD01;halte
2025-06-01;A02;frein;Un poste vacant;;;AD01;
2025-05-01;A02;reussite;Une fête;;;;
2025-04-01;A02;reussite;Une autre;;;XX99;
"""


def test_a_practice_is_what_went_well_and_has_a_figure(table: Callable[[str, str], pd.DataFrame]) -> None:
    assert list(journal.practices(table("journal", NOTED))["indicateur"]) == ["XX99", "AD01"]
    assert journal.practices(table("journal", ROWS)).empty


def test_an_unknown_indicator_is_told_with_its_place(table: Callable[[str, str], pd.DataFrame]) -> None:
    found = list(journal.problems(table("journal", NOTED), indicators=("AD01",)))
    assert [(problem.row, problem.column, problem.value) for problem in found] == [(5, "indicateur", "XX99")]
