from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from ctgeval.errors import SourceError
from ctgeval.sources import cache
from ctgeval.sources.addresses import shown

URL = "https://serveur/populations.csv?version=2"
BODY = b"CODGEO;POP\n86194;90000\n"


def kept(private: Path, key: str = "pop", **changes: object) -> cache.Sheet:
    folder = cache.folder_of(private, key)
    folder.mkdir(parents=True)
    (folder / "populations.csv").write_bytes(BODY)
    sheet = cache.Sheet(
        cle=key,
        url=URL,
        adresse=URL,
        fichier="populations.csv",
        octets=len(BODY),
        sha256=hashlib.sha256(BODY).hexdigest(),
        telecharge_le="2026-03-01T12:00:00+00:00",
    )
    sheet = replace(sheet, **changes)  # type: ignore[arg-type]
    cache.write_sheet(folder, sheet)
    return sheet


def test_a_downloaded_file_is_found_again(tmp_path: Path) -> None:
    sheet = kept(tmp_path)
    assert cache.cached(tmp_path, "pop", URL, sha256=sheet.sha256.upper()).read_bytes() == BODY
    assert cache.read_sheet(cache.folder_of(tmp_path, "pop")) == sheet
    assert sorted(path.name for path in cache.folder_of(tmp_path, "pop").iterdir()) == ["fiche.json", "populations.csv"]


def test_a_file_never_downloaded_is_told_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="pas encore téléchargé") as caught:
        cache.cached(tmp_path, "pop", "https://moi:secret@serveur/populations.csv?jeton=abc")
    assert "ctgeval sources telecharger DOSSIER --cle pop" in caught.value.problem.remedy
    assert "secret" not in str(caught.value)
    assert "abc" not in str(caught.value)


def test_a_file_of_another_address_changed_or_not_the_one_wanted(tmp_path: Path) -> None:
    kept(tmp_path)
    with pytest.raises(SourceError, match="a changé depuis"):
        cache.cached(tmp_path, "pop", "https://serveur/autre.csv")
    with pytest.raises(SourceError, match="empreinte"):
        cache.cached(tmp_path, "pop", URL, sha256="0" * 64)
    (cache.folder_of(tmp_path, "pop") / "populations.csv").write_bytes(BODY.replace(b"9", b"8"))
    with pytest.raises(SourceError, match="modifié ou effacé"):
        cache.cached(tmp_path, "pop", URL)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "", ".cache", "a/b"])
def test_a_sheet_can_not_name_a_file_elsewhere(tmp_path: Path, name: str) -> None:
    kept(tmp_path, fichier=name)
    with pytest.raises(SourceError, match="pas encore téléchargé"):
        cache.cached(tmp_path, "pop", URL)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cle": 1}', "\x00"])
def test_a_sheet_that_is_not_one_counts_for_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / cache.SHEET).write_text(text, encoding="utf-8")
    assert cache.read_sheet(tmp_path) is None


def test_two_keys_have_two_folders_inside_the_cache(tmp_path: Path) -> None:
    keys = ["pop", "Pop", "pop/..", "../pop", "p op", "", "é", "x" * 500]
    folders = [cache.folder_of(tmp_path, key) for key in keys]
    assert len(set(folders)) == len(keys)
    assert all(folder.parent == tmp_path / cache.FOLDER and len(folder.name) < 80 for folder in folders)


def test_an_address_is_shown_without_what_should_not_be() -> None:
    assert shown("https://moi:secret@serveur:8080/a?jeton=1#x") == "https://serveur:8080/a"
    assert shown("https://serveur/a?version=1", query=True) == "https://serveur/a?version=1"
    assert shown("http://[::1") == ""
