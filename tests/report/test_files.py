from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ctgeval.errors import ReportError
from ctgeval.report import files


@pytest.mark.parametrize("name", ["index.html", "epci-200070035-bilan-2025.html", "copil", "a.manifest.json"])
def test_plain_names_are_accepted(name: str, tmp_path: Path) -> None:
    assert files.place(tmp_path, name) == tmp_path.resolve() / name


@pytest.mark.parametrize(
    "name",
    [
        "..", ".", "", "a/b", "a\\b", "/etc", "C:", "c:x.html", "nul", "con.html", "com1.html", "a\0b", "é.html",
        "A.html", "․․", "a.exe", "-a", "a-", "{x}.html", "x" * 146 + ".html", "a.html\n", " a", "a.html.",
    ],
)  # fmt: skip
def test_any_other_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="nom de fichier"):
        files.place(tmp_path, "copil", name)


def test_a_write_that_fails_leaves_the_former_content_and_no_rest(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "page.html"
    files.write_whole(path, b"avant")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReportError, match="No space left"):
        files.write_whole(path, b"apres")
    assert path.read_bytes() == b"avant"
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_a_file_is_written_in_new_folders_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "un dossier" / "été" / "page.html"
    files.write_whole(path, b"un")
    files.write_whole(path, b"deux")
    assert path.read_bytes() == b"deux"
    assert files.digest(path) == hashlib.sha256(b"deux").hexdigest()
    assert files.digest(tmp_path / "absent") == ""


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "copil").write_text("un fichier", encoding="utf-8")
    with pytest.raises(ReportError, match="Impossible d’écrire"):
        files.write_whole(tmp_path / "copil" / "page.html", b"x")
