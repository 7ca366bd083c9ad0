from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval.errors import SourceError
from ctgeval.sources import files

Write = Callable[..., Path]


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return buffer.getvalue()


def test_a_plain_file_is_read_as_it_is(write: Write) -> None:
    raw = files.read_raw(write("a;b\n1;2\n"))
    assert raw.data == b"a;b\n1;2\n"
    assert len(raw.sha256) == 64


def test_a_gzip_and_a_zip_of_one_table_give_their_content(write: Write) -> None:
    assert files.read_raw(write(gzip.compress(b"a;b\n1;2\n"), "x.csv.gz")).data == b"a;b\n1;2\n"
    raw = files.read_raw(write(archive(**{"meta_x.csv": b"m", "x.csv": b"a;b\n1;2\n"}), "x.zip"))
    assert (raw.data, raw.member) == (b"a;b\n1;2\n", "x.csv")


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "x.csv", "vide"),
        (b"\xef\xbb\xbf\r\n \r\n", "x.csv", "vide"),
        (b"PK\x03\x04aaaa", "x.csv", "archive ou un classeur"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "x.csv", "mot de passe"),
        (b"%PDF-1.7", "x.csv", "PDF"),
        (b"\x89PNG\r\n", "x.csv", "image"),
        (b"a;b\n1;\x00\x02\n", "x.csv", "octets"),
        (gzip.compress(b"a;b\n" * 10_000, mtime=0)[:-20], "x.csv.gz", "tronqué"),
        (b"a;b\n1;2\n", "x.csv.gz", "ne se décompresse pas"),
        (gzip.compress(b"0" * 30_000_000, mtime=0), "x.csv.gz", "beaucoup trop"),
        (b"PK\x03\x04 not a zip", "x.zip", "abîmé"),
        (archive(**{"a.csv": b"1", "b.csv": b"2"}), "x.zip", "un seul fichier CSV"),
        (archive(**{"a.bin": b"1"}), "x.zip", "un seul fichier CSV"),
    ],
)
def test_what_is_not_a_table_is_refused_in_french_with_its_place(
    write: Write, content: bytes, name: str, said: str
) -> None:
    with pytest.raises(SourceError) as caught:
        files.read_raw(write(content, name))
    assert said in str(caught.value)
    assert caught.value.problem.file == name
    assert caught.value.problem.remedy


def test_absent_and_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="n’existe pas"):
        files.read_raw(tmp_path / "rien.csv")
    with pytest.raises(SourceError, match="dossier"):
        files.read_raw(tmp_path)


def test_a_file_locked_by_another_program_is_told(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("a;b\n1;2\n")

    def locked(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", locked)
    with pytest.raises(SourceError, match="ouvert dans un autre logiciel"):
        files.read_raw(path)


@pytest.mark.parametrize("lock", ["~$suivi.xlsx", ".~lock.suivi.xlsx#"])
def test_a_workbook_open_in_a_spreadsheet_is_told(tmp_path: Path, lock: str) -> None:
    (tmp_path / "suivi.xlsx").write_bytes(archive(**{"xl/workbook.xml": b"<a/>"}))
    (tmp_path / lock).write_bytes(b"")
    with pytest.raises(SourceError, match="ouvert dans un tableur") as caught:
        files.stored(tmp_path / "suivi.xlsx")
    assert lock in caught.value.problem.remedy
