"""The secret of a dossier is drawn once, whole, whatever happened to the program that drew it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ctgeval.confidentiality.secret import secret
from ctgeval.config import drafts
from ctgeval.errors import ReportError


def test_it_is_drawn_once_by_whoever_comes_first(tmp_path: Path) -> None:
    assert secret(tmp_path, create=False) == b""
    with ThreadPoolExecutor(8) as threads:
        drawn = set(threads.map(lambda _: secret(tmp_path), range(16)))
    assert drawn == {secret(tmp_path, create=False)}
    assert len(drawn.pop()) == 64
    assert [path.name for path in (tmp_path / ".ctgeval").iterdir()] == ["cle"]


def test_one_that_is_empty_is_drawn_again(tmp_path: Path) -> None:
    path = tmp_path / ".ctgeval" / "cle"
    path.parent.mkdir()
    path.touch()
    assert secret(tmp_path, create=False) == b""
    assert len(secret(tmp_path)) == 64
    assert secret(tmp_path) == path.read_bytes()


def test_a_full_disk_leaves_no_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(drafts, "_write", full)
    with pytest.raises(ReportError, match="le disque est plein"):
        secret(tmp_path)
    assert list((tmp_path / ".ctgeval").iterdir()) == []
