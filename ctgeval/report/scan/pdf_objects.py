"""The objects of a PDF and its unpacked streams, found without its table of places: what is hidden in it is found too.

References
----------
ISO 32000-1, *Portable Document Format*, §7.3 (objects) and §7.5.7 (object streams).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Objects", "Stream", "opened"]

# No pattern here may look twice at the same bytes: a damaged file would take hours.
_STREAM = re.compile(rb">>\s*stream\r?\n")
_OBJECT = re.compile(rb"\b(\d{1,10})\s{1,4}\d{1,5}\s{1,4}obj\b")
_LENGTH = re.compile(rb"/Length\s+(\d{1,12})(?!\d|\s+\d+\s+R)")
_FILTER = re.compile(rb"/Filter\s*(?:/(\w+)|\[([^\]]*)\])")
_NAME = re.compile(rb"/(\w+)")
_FIRST = re.compile(rb"/First\s+(\d{1,12})")
_PICTURES = frozenset({b"DCTDecode", b"JPXDecode", b"CCITTFaxDecode", b"JBIG2Decode"})
_MOST = 50_000_000


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream: its number (0 when none is found), its dictionary and its unpacked bytes."""

    number: int
    head: bytes
    body: bytes


@dataclass(slots=True)
class Objects:
    """What a PDF is made of.

    Parameters
    ----------
    outside : bytes
        All that is not in a stream.
    streams : list of Stream
        In the order of the file; pictures are left out.
    inside : list of bytes
        Contents of the object streams.
    known : dict of int to bytes
        Objects by number, the last one said first; of a stream, its dictionary.
    unread : list of str
        What could not be read.
    """

    outside: bytes = b""
    streams: list[Stream] = field(default_factory=list)
    inside: list[bytes] = field(default_factory=list)
    known: dict[int, bytes] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def opened(data: bytes) -> Objects:
    """Return the objects of a PDF that is not encrypted.

    Parameters
    ----------
    data : bytes
        Streams that are packed otherwise than by Deflate are told in ``unread``.
    """
    found = Objects()
    outside: list[bytes] = []
    at = 0
    for match in _STREAM.finditer(data):
        if match.start() < at:
            continue
        before = data[at : match.start() + 2]
        outside.append(data[at : match.end()])
        *_, (number, head) = [(0, before), *_numbered(before)]
        length = _LENGTH.search(head)
        end = match.end() + int(length[1]) if length else data.find(b"endstream", match.end())
        if end < 0 or end > len(data):
            found.unread.append("PDF abîmé")
            break
        _add(found, number, head, data[match.end() : end])
        at = end
    outside.append(data[at:])
    found.outside = b"".join(outside)
    found.known |= dict(_numbered(found.outside))
    return found


def _numbered(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the objects of some bytes, each from its number to its end or to the next one."""
    headers = list(_OBJECT.finditer(data))
    for header, following in zip(headers, [*headers[1:], None], strict=False):
        told = data[header.end() : following.start() if following else len(data)]
        yield int(header[1]), told.partition(b"endobj")[0]


def _add(found: Objects, number: int, head: bytes, body: bytes) -> None:
    packed = _FILTER.search(head)
    names = {packed[1], *_NAME.findall(packed[2] or b"")} - {None} if packed else set()
    if names == {b"FlateDecode"}:
        try:
            body = zlib.decompressobj().decompress(body, _MOST)
        except zlib.error:
            found.unread.append("PDF, flux illisible")
            return
    elif names:
        if not names <= _PICTURES:
            found.unread.append("PDF, flux codé autrement")
        return
    if b"/ObjStm" in head:
        found.inside.append(body)
        found.known |= _packed(head, body)
    else:
        found.streams.append(Stream(number, head, body))


def _packed(head: bytes, body: bytes) -> dict[int, bytes]:
    first = _FIRST.search(head)
    start = int(first[1]) if first else 0
    told = body[:start].split()
    if not all(one.isdigit() and len(one) < 12 for one in told):
        return {}
    numbers = list(map(int, told))
    places = [start + place for place in numbers[1::2]]
    return {
        number: body[place:following]
        for number, place, following in zip(numbers[::2], places, [*places[1:], len(body)], strict=False)
    }
