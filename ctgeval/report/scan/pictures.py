"""What pictures say beside their pixels: chunks of a PNG, segments of a JPEG, words of a GIF or of a WebP."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

from ctgeval.report.scan.contents import Content

__all__ = ["read_picture"]

_PNG = b"\x89PNG\r\n\x1a\n"
_WORDS = re.compile(rb"[\x20-\x7e\xa0-\xff]{4,}")
_MOST = 20_000_000
_DRAWN = frozenset({
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"sBIT", b"sRGB", b"bKGD", b"hIST", b"pHYs", b"tIME",
    b"fdAT", b"fcTL", b"acTL", b"cICP",
})  # fmt: skip


def read_picture(data: bytes) -> Content:
    """Return the words that a picture holds; one that is none of the four kinds is told as unread."""
    content = Content()
    try:
        for where, text in _parts(data):
            content.say(text, f"métadonnées d’une image, {where}", properties=True)
    except (struct.error, zlib.error, ValueError, IndexError):
        content.unread.append("image abîmée")
    return content


def _parts(data: bytes) -> Iterator[tuple[str, str]]:
    if data.startswith(_PNG):
        yield from _png(data)
    elif data.startswith(b"\xff\xd8"):
        yield from _jpeg(data)
    elif data.startswith((b"GIF8", b"RIFF")):
        # Their pixels are packed: words of four letters and more, among them noise, cost nothing to look at.
        yield from (("texte", found[0].decode("latin-1")) for found in _WORDS.finditer(data))
    else:
        raise ValueError


def _png(data: bytes) -> Iterator[tuple[str, str]]:
    at = len(_PNG)
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if len(body) != length:
            raise ValueError
        if kind not in _DRAWN:
            yield f"bloc {kind.decode('latin-1')}", _chunk(kind, body)
        at += length + 12
        if kind == b"IEND":
            break
    if data[at:].strip(b"\x00"):
        yield "après la fin de l’image", data[at:].decode("utf-8", "replace")


def _chunk(kind: bytes, body: bytes) -> str:
    if kind == b"zTXt":
        key, _, rest = body.partition(b"\x00")
        return f"{key.decode('latin-1')} : {_inflated(rest[1:]).decode('latin-1')}"
    if kind == b"iTXt":
        key, _, rest = body.partition(b"\x00")
        packed, rest = rest[0], rest[2:]
        _, _, rest = rest.partition(b"\x00")
        _, _, words = rest.partition(b"\x00")
        return f"{key.decode('latin-1')} : {(_inflated(words) if packed else words).decode('utf-8', 'replace')}"
    if kind == b"iCCP":
        return body.partition(b"\x00")[0].decode("latin-1")
    return body.replace(b"\x00", b" : ").decode("utf-8", "replace")


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, _MOST)


def _jpeg(data: bytes) -> Iterator[tuple[str, str]]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        body = data[at + 4 : at + 2 + length]
        if marker == 0xFE or 0xE1 <= marker <= 0xEF:
            yield f"segment {marker:02X}", " ".join(found[0].decode("latin-1") for found in _WORDS.finditer(body))
        if marker == 0xDA:
            break
        at += 2 + length
    ends = data.rfind(b"\xff\xd9")
    if ends >= 0 and data[ends + 2 :].strip(b"\x00"):
        yield "après la fin de l’image", data[ends + 2 :].decode("utf-8", "replace")
