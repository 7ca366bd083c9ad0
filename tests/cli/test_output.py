"""What is written fits the terminal, its width and its characters."""

from __future__ import annotations

import io
import sys

import pytest

from ctgeval.cli import output


def test_guillemets_and_double_marks_are_not_parted() -> None:
    words = " ".join(["mot"] * 18)
    for text in (f"{words} « abc » fin", f"{words} ab : suite", f"{words} abcd ? oui"):
        for line in output.wrapped(text, indent="  ").splitlines():
            assert len(line) <= 80
            assert not line.rstrip().endswith("«")
            assert not line.lstrip().startswith(("»", ":", "?"))


def test_a_long_path_is_kept_whole() -> None:
    path = "/" + "x" * 200
    assert path in output.wrapped(f"Voir {path}")


def test_a_terminal_without_unicode_gets_plain_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp437", newline="")
    monkeypatch.setattr(sys, "stdout", stream)
    output.write("12\u202f% → « l’été » \u2212 5 … ✓")
    stream.flush()
    assert stream.buffer.getvalue().decode("cp437").strip() == "12 % -> « l'été » - 5 ... ?".replace(
        "« ", '" '
    ).replace(" »", ' "')  # type: ignore[attr-defined]
