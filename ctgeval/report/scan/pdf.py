"""The text of a PDF, as far as it can be read without a PDF library; what can't be read is told, never passed over."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from ctgeval.report.scan.contents import Content

__all__ = ["read_pdf"]

_STREAM = re.compile(rb"<<(?P<head>(?:[^<>]|<<.*?>>|<[^<>]*>)*)>>\s*stream\r?\n", re.DOTALL)
_LENGTH = re.compile(rb"/Length\s+(\d+)(?!\s+\d+\s+R)")
_FILTER = re.compile(rb"/Filter\s*(?:\[\s*)?/(\w+)(?:\s*/(\w+))?")
_SHOWN = re.compile(
    rb"\[((?:[^\[\]\\]|\\.)*)\]\s*TJ|(\((?:[^()\\]|\\.|\([^()]*\))*\)|<[0-9A-Fa-f\s]*>)\s*(?:Tj|'|\")", re.DOTALL
)
_STRING = re.compile(rb"\(((?:[^()\\]|\\.|\([^()]*\))*)\)|<([0-9A-Fa-f\s]+)>", re.DOTALL)
_MAPPED = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>(?:\s*<([0-9A-Fa-f]+)>)?")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"", b"f": b"", b"(": b"(", b")": b")", b"\\": b"\\"}
_PICTURES = frozenset({b"DCTDecode", b"JPXDecode", b"CCITTFaxDecode", b"JBIG2Decode"})
_MOST = 50_000_000


def read_pdf(data: bytes) -> Content:
    """Return the text of the pages and the properties of a PDF.

    Parameters
    ----------
    data : bytes
        Streams that are packed otherwise than by Deflate, encrypted files and fonts whose signs are not told make the
        content ``unread``.
    """
    content = Content()
    if b"/Encrypt" in data:
        content.unread.append("PDF chiffré")
        return content
    outside, streams = _split(data, content)
    signs = _signs(streams)
    for told in _STRING.finditer(outside):
        content.say(_plain(told[0], {}), "propriétés du PDF", properties=True)
    pages = [text for stream in streams if (text := _page(stream, signs))]
    for rank, text in enumerate(pages, start=1):
        content.say(text, f"texte du PDF, partie {rank}")
        if "\ufffd" in text:
            content.unread.append(f"PDF, partie {rank} : police sans table de signes")
    for stream in streams:
        if b"<x:xmpmeta" in stream or b"<?xpacket" in stream:
            content.say(stream.decode("utf-8", "replace"), "propriétés du PDF", properties=True)
        if b"/Type/ObjStm" in stream or b"/Title" in stream or b"/Alt" in stream:
            content.say(
                " ".join(_plain(one[0], {}) for one in _STRING.finditer(stream)), "objets du PDF", properties=True
            )
    if not pages:
        content.unread.append("PDF sans texte lisible")
    return content


def _split(data: bytes, content: Content) -> tuple[bytes, list[bytes]]:
    """Return what is outside of the streams, and the streams themselves, unpacked."""
    outside: list[bytes] = []
    streams: list[bytes] = []
    at = 0
    for found in _STREAM.finditer(data):
        if found.start() < at:
            continue
        outside.append(data[at : found.end()])
        length = _LENGTH.search(found["head"])
        end = found.end() + int(length[1]) if length else data.find(b"endstream", found.end())
        if end < 0 or end > len(data):
            content.unread.append("PDF abîmé")
            break
        packed = _FILTER.search(found["head"])
        names = {one for one in packed.groups() if one} if packed else set()
        body, at = data[found.end() : end], end
        if not names:
            streams.append(body)
        elif names == {b"FlateDecode"}:
            try:
                streams.append(zlib.decompressobj().decompress(body, _MOST))
            except zlib.error:
                content.unread.append("PDF, flux illisible")
        elif not names <= _PICTURES:
            content.unread.append("PDF, flux codé autrement")
    outside.append(data[at:])
    return b"".join(outside), streams


def _signs(streams: list[bytes]) -> dict[str, str]:
    """Return what the fonts' tables say of each code, in hexadecimal; codes of two fonts that disagree are left out."""
    told: dict[str, set[str]] = {}
    for stream in streams:
        if b"beginbfchar" not in stream and b"beginbfrange" not in stream:
            continue
        for first, second, third in _MAPPED.findall(stream):
            if third:
                start, stop, base = int(first, 16), int(second, 16), int(third, 16)
                for step in range(min(stop - start, 65535) + 1):
                    told.setdefault(f"{start + step:0{len(first)}X}", set()).add(
                        _letters(f"{base + step:0{len(third)}X}")
                    )
            else:
                told.setdefault(first.decode().upper(), set()).add(_letters(second.decode()))
    return {code: next(iter(letters)) for code, letters in told.items() if len(letters) == 1}


def _letters(code: str) -> str:
    return bytes.fromhex(code if len(code) % 2 == 0 else f"0{code}").decode("utf-16-be", "replace")


def _page(stream: bytes, signs: dict[str, str]) -> str:
    if b"BT" not in stream:
        return ""
    return "".join(_shown(stream, signs)).strip()


def _shown(stream: bytes, signs: dict[str, str]) -> Iterator[str]:
    for found in _SHOWN.finditer(stream):
        for one in _STRING.finditer(found[1] if found[1] is not None else found[2]):
            yield _plain(one[0], signs)
        yield " "


def _plain(string: bytes, signs: dict[str, str]) -> str:
    if string[:1] == b"<":
        code = re.sub(rb"\s", b"", string[1:-1]).decode("ascii").upper()
        if not signs:
            raw = bytes.fromhex(code + "0" * (len(code) % 2))
            return raw[2:].decode("utf-16-be", "replace") if raw[:2] == b"\xfe\xff" else raw.decode("latin-1")
        return "".join(signs.get(code[at : at + 4], "\ufffd") for at in range(0, len(code), 4))
    raw = re.sub(rb"\\([0-7]{1,3}|\r?\n|.)", _escaped, string[1:-1], flags=re.DOTALL)
    return raw[2:].decode("utf-16-be", "replace") if raw[:2] == b"\xfe\xff" else raw.decode("latin-1")


def _escaped(found: re.Match[bytes]) -> bytes:
    if found[1][:1].isdigit():
        return bytes([int(found[1], 8) % 256])
    return b"" if found[1] in {b"\n", b"\r\n"} else _ESCAPES.get(found[1], found[1])
