"""What must be the same on every machine, and how a difference is told."""

from __future__ import annotations

import pytest

from ctgeval.report import program
from ctgeval.report.cluster import likeness


def test_this_machine_is_like_itself() -> None:
    here = likeness.here()
    assert {"python", "ctgeval", "pandas", "matplotlib", "distributed", "le programme ctgeval"} <= here.keys()
    assert likeness.difference(here, likeness.here()) == ""


def test_a_difference_names_both_versions() -> None:
    ours = {"pandas": "3.0.1", "numpy": "2.4", "le programme ctgeval": "a" * 64}
    theirs = {"pandas": "2.3.0", "numpy": "2.4", "le programme ctgeval": "b" * 64}
    told = likeness.difference(ours, theirs)
    assert told == f"le programme ctgeval {'b' * 12} au lieu de {'a' * 12} et pandas 2.3.0 au lieu de 3.0.1"
    assert likeness.difference(ours, {}).count("(absent)") == 3


def test_the_mark_changes_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    before = likeness.mark()
    assert likeness.mark() == before
    monkeypatch.setattr(program, "code_digest", lambda: "autre")
    assert likeness.mark() != before
