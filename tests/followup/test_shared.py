"""What several readers are told alike is made once, from the very objects that it was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import ctgeval
from ctgeval import diffusion
from ctgeval.followup import shared


def test_the_same_thing_is_made_once(dossier: Callable[..., ctgeval.Dossier]) -> None:
    own, made = dossier(), []

    def make() -> int:
        made.append(1)
        return len(made)

    first, second = pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1]})
    assert [shared(own, "x", make, of=(first,)) for _ in range(3)] == [1, 1, 1]
    assert shared(own, "x", make, of=(second,)) == 2
    assert shared(own, "y", make, of=(first,)) == 3
    assert shared(dossier(), "x", make, of=(first,)) == 4


def test_each_reader_is_told_what_it_would_be_told_alone(
    dossier: Callable[..., ctgeval.Dossier], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    compared = ctgeval.Dossier.changes_of

    def counted(own: ctgeval.Dossier, results: pd.DataFrame) -> pd.DataFrame:
        asked.append(results)
        return compared(own, results)

    monkeypatch.setattr(ctgeval.Dossier, "changes_of", counted)
    together = dossier()
    told = {audience: diffusion.content(together, audience).tables for audience in ("interne", "copil", "habitants")}
    # Those of the COPIL and of the inhabitants, who see the same, once; the team's, which are not masked, never.
    assert len(asked) == 2
    for audience, tables in told.items():
        for name, frame in diffusion.content(dossier(), audience).tables.items():
            pd.testing.assert_frame_equal(tables[name], frame, obj=f"{audience}, {name}")
