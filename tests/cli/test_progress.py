"""A bar on a terminal, lines elsewhere."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from ctgeval.cli import progress
from ctgeval.report.build import Entry


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def entry(status: str, message: str = "", partial: Path | None = None) -> Entry:
    return Entry(
        bilan="diagnostic", audience="copil", territoire="COM-86194", periode="2025", path=Path("x.html"),
        status=status, message=message, partial=partial,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_each_bilan_is_told_with_its_failure(monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO]) -> None:
    written = stream()
    monkeypatch.setattr(sys, "stderr", written)
    with progress.shown() as told:
        assert told is not None
        told(1, 2, entry("a_jour"))
        told(2, 2, entry("echec", "La cellule [3] a échoué.", Path("partiel.html")))
    text = written.getvalue()
    assert "à jour : copil, diagnostic, COM-86194, 2025" in text
    assert "La cellule [3] a échoué." in text
    assert "partiel.html" in text
