from __future__ import annotations

import io
import struct
import zipfile

import pytest

from ctgeval.errors import SourceError
from ctgeval.sources.archive import CHUNK, check_archive


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return buffer.getvalue()


def test_a_two_gigabyte_claim_is_refused_before_it_is_opened() -> None:
    data = bytearray(archive(**{"xl/sheet.xml": b"<a/>" * 100}))
    place = data.index(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 2**31)
    with pytest.raises(SourceError, match="annonce 2048 Mo"):
        check_archive(bytes(data), "suivi.xlsx")


def test_an_archive_that_lies_on_its_size_is_counted() -> None:
    data = bytearray(archive(**{"xl/sheet.xml": b"0" * 5_000_000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(signature)
        data[place + offset : place + offset + 4] = struct.pack("<I", 1_000)
    with pytest.raises(SourceError, match="plus de données qu’il n’en annonce"):
        check_archive(bytes(data), "suivi.xlsx")


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
        check_archive(archive(**members), "suivi.xlsx")
    assert caught.value.problem.remedy


def test_a_damaged_or_encrypted_archive_is_refused() -> None:
    good = archive(**{"a.xml": b"<a/>" * 1000})
    broken = bytearray(good)
    broken[45] ^= 0xFF
    with pytest.raises(SourceError, match="abîmé"):
        check_archive(bytes(broken), "x.xlsx")
    secret = bytearray(good)
    secret[good.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(SourceError, match="mot de passe"):
        check_archive(bytes(secret), "x.xlsx")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("shift", range(0, 20, 3))
def test_a_definition_that_begins_in_one_piece_and_ends_in_the_next_is_seen(encoding: str, shift: int) -> None:
    words = '<!DOCTYPE x SYSTEM "file:///etc/hostname"><x/>'.encode(encoding)
    for name in ("xl/a.xml", "XL/A.XML", "_rels/.rels"):
        with pytest.raises(SourceError, match="entités"):
            check_archive(archive(**{name: b" " * (CHUNK - shift) + words}), "suivi.xlsx")


def test_an_ordinary_archive_passes() -> None:
    check_archive(archive(**{"a.xml": b"<a/>" * 100_000, "b.xml": b"x"}), "x.xlsx")
