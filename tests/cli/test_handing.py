"""``chercher`` and ``passation``: what they write, and what they never overwrite."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from ctgeval.cli import handing

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "été à deux"
    made.mkdir()
    (made / "ctg.toml").write_text('[territoire]\ncode = "EPCI-200070035"\nperimetre = 2024\n', encoding="utf-8")
    (made / "journal.csv").write_text(
        "date;action;type;texte\n"
        "2025-06-01;A1;reussite;La crèche ouvre à Civray.\n2025-07-01;A1;frein;Un poste vacant.\n",
        encoding="utf-8",
    )
    return made


def test_words_are_found_with_their_place(run: Run, folder: Path) -> None:
    result = run("chercher", folder, "CRECHE", "civr")
    assert result.exit_code == 0
    assert "journal.csv, ligne 2" in result.stdout
    assert "La crèche ouvre à Civray." in result.stdout
    assert "vacant" not in result.stdout
    told = json.loads(run("search", folder, "creche", "--json").stdout)
    assert [(row["table"], row["row"], row["file"]) for row in told["found"]] == [("journal", 2, "journal.csv")]


def test_nothing_found_is_said(run: Run, folder: Path) -> None:
    result = run("chercher", folder, "guinguette")
    assert (result.exit_code, "guinguette" in result.stdout) == (0, True)
    assert "Nothing holds" in run("chercher", folder, "guinguette", "--lang", "en").stdout
    assert run("chercher", folder).exit_code == 2


@pytest.mark.parametrize(("form", "start"), [("html", "<!DOCTYPE html>"), ("md", "# Passation")])
def test_the_handover_is_written_and_never_over_another_without_saying(
    run: Run, folder: Path, form: str, start: str
) -> None:
    day = ("--date", "2026-01-15", "--format", form)
    path = folder / f"passation.{form}"
    assert run("passation", folder, *day).exit_code == 0
    first = path.read_text(encoding="utf-8")
    assert first.startswith(start)
    assert str(folder) not in first
    path.write_text("à moi", encoding="utf-8")
    refused = run("passation", folder, *day)
    assert refused.exit_code == 1
    assert path.read_text(encoding="utf-8") == "à moi"
    told = json.loads(run("handover", folder, *day, "--force", "--json").stdout)
    assert told["replaced"] is True
    assert path.read_text(encoding="utf-8") == first
    assert {one.name for one in folder.iterdir()} <= {"ctg.toml", "journal.csv", path.name, ".ctgeval"}


def test_a_format_that_does_not_exist_is_a_misuse(run: Run, folder: Path) -> None:
    result = run("passation", folder, "--format", "pdf")
    assert result.exit_code == 2
    assert "html, md" in result.output


def test_a_file_that_can_not_be_written_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *_args: object, **_more: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(handing.DossierError, match="ne peut pas être écrit"):
        handing.make(folder, form="md", out=None, day=None, force=False)
    assert {one.name for one in folder.iterdir()} <= {"ctg.toml", "journal.csv", ".ctgeval"}


def test_the_help_of_a_handover_speaks_of_a_handover(run: Run, tmp_path: Path) -> None:
    told = run("passation", tmp_path, "--help").output
    assert "passation.html" in told
    assert "gabarits" not in told
    assert "bilans" not in told
