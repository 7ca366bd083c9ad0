"""Each topic adds its tables to the releases, its counts to the observations, and its problems to the list."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from ctgeval import followup
from ctgeval.errors import Problem
from ctgeval.followup import topics
from ctgeval.followup.topic import Topic


def test_what_topics_give_is_gathered_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    told = pd.DataFrame({"a": [1]})
    first = Topic(tables=lambda _dossier, _r: {"un": told}, problems=lambda _dossier: [Problem(message="Premier.")])
    second = Topic(observations=lambda _dossier: told, problems=lambda _dossier: [Problem(message="Second.")])
    monkeypatch.setattr(topics, "TOPICS", (first, second))
    dossier = SimpleNamespace()
    reader = followup.Reader(audience="copil", partner="", results=told, progress=told)
    assert not reader.internal
    assert list(followup.tables(dossier, reader)) == ["un"]  # type: ignore[arg-type]
    assert len(followup.observations(dossier)) == 1  # type: ignore[arg-type]
    assert [one.message for one in followup.problems(dossier)] == ["Premier.", "Second."]  # type: ignore[arg-type]
