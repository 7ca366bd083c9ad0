from __future__ import annotations

import gzip
import io
import struct
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
        (gzip.compress(b"a;b\n" * 10_000)[:-20], "x.csv.gz", "tronqué"),
        (b"a;b\n1;2\n", "x.csv.gz", "ne se décompresse pas"),
        (gzip.compress(b"0" * 30_000_000), "x.csv.gz", "beaucoup trop"),
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


def test_a_two_gigabyte_claim_is_refused_before_it_is_opened() -> None:
    data = bytearray(archive(**{"xl/sheet.xml": b"<a/>" * 100}))
    place = data.index(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 2**31)
    with pytest.raises(SourceError, match="annonce 2048 Mo"):
        files.check_archive(bytes(data), "suivi.xlsx")


def test_an_archive_that_lies_on_its_size_is_counted() -> None:
    data = bytearray(archive(**{"xl/sheet.xml": b"0" * 5_000_000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(signature)
        data[place + offset : place + offset + 4] = struct.pack("<I", 1_000)
    with pytest.raises(SourceError, match="plus de données qu’il n’en annonce"):
        files.check_archive(bytes(data), "suivi.xlsx")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"xl/sheet.xml": b"0" * 50_000_000}, "compressé plus de 100 fois"),
        ({"../ailleurs.xml": b"x"}, "sort de son dossier"),
        ({"/etc/x": b"x"}, "sort de son dossier"),
        ({"C:/x": b"x"}, "sort de son dossier"),
        ({"xl/vbaProject.bin": b"x"}, "macros"),
        ({"xl/externalLinks/externalLink1.xml": b"x"}, "liaisons externes"),
        ({"xl/a.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}, "entités"),
        ({f"f{rank}": b"" for rank in range(1_001)}, "1001 fichiers"),
    ],
)
def test_what_could_harm_is_refused(members: dict[str, bytes], said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        files.check_archive(archive(**members), "suivi.xlsx")
    assert caught.value.problem.remedy


def test_a_damaged_or_encrypted_archive_is_refused() -> None:
    good = archive(**{"a.xml": b"<a/>" * 1000})
    broken = bytearray(good)
    broken[45] ^= 0xFF
    with pytest.raises(SourceError, match="abîmé"):
        files.check_archive(bytes(broken), "x.xlsx")
    secret = bytearray(good)
    secret[good.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(SourceError, match="mot de passe"):
        files.check_archive(bytes(secret), "x.xlsx")


def test_an_ordinary_archive_passes() -> None:
    files.check_archive(archive(**{"a.xml": b"<a/>" * 100_000, "b.xml": b"x"}), "x.xlsx")
