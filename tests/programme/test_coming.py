"""What comes is in order of date, and what a source should send next follows what it usually sends."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval import periods
from ctgeval.programme import coming

DAY = dt.date(2026, 1, 15)
ACTIONS = pd.DataFrame(
    [("A1", "La crèche", "2026-06-30", "en_cours"), ("A2", "Le forum", "2026-06-30", "realisee"),
     ("A3", "Le café", None, "en_cours")],
    columns=["id", "intitule", "fin", "etat"],
)  # fmt: skip
MILESTONES = pd.DataFrame(
    [("A1", "Ouverture", "2026-03-01", None), ("A1", "Plans", "2026-02-01", "2026-02-02"), ("A1", "Vote", None, None)],
    columns=["action", "intitule", "prevu_le", "realise_le"],
)


def test_terms_steps_and_usual_dates_come_in_order() -> None:
    found = coming.calendar(
        DAY, start=dt.date(2022, 1, 1), end=dt.date(2026, 12, 31), actions=ACTIONS, milestones=MILESTONES
    )
    days, texts = zip(*found, strict=True)
    assert list(days) == sorted(days)
    assert min(days) > DAY
    assert (dt.date(2026, 6, 30), "Échéance de l’action A1 – La crèche.") in found
    assert (dt.date(2026, 3, 1), "Étape de l’action A1 : Ouverture.") in found
    assert (dt.date(2026, 12, 31), "Fin de la convention.") in found
    assert not any("A2" in text or "A3" in text or "Plans" in text for text in texts)
    assert sum("31 mars" in text or "comité départemental" in text for text in texts) == 2


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (["2024", "2023"], "2025"),
        (["2025-S1", "2025-S2", "2025"], "2026-S1"),
        (["2025-Q3"], "2025-Q4"),
        (["2025-12", "2025-11"], "2026-01"),
        (["2024-2025"], "2025-2026"),
        (["n’importe quoi"], ""),
        ([], ""),
    ],
)
def test_the_next_period_follows_the_last_of_the_usual_ones(seen: list[str], expected: str) -> None:
    assert coming.next_period(seen) == expected
    assert bool(coming.told(expected)) == bool(expected)


@given(st.lists(st.sampled_from(["2024", "2025-S1", "2025-Q2", "2025-07", "2024-2025"]), min_size=1, max_size=6))
def test_the_next_period_is_always_one_and_never_overlaps_those_of_its_kind(seen: list[str]) -> None:
    found = coming.next_period(seen)
    alike = [text for text in seen if periods.parse(text).frequency == periods.parse(found).frequency]
    assert alike
    assert not any(periods.overlap(found, text) for text in alike)
