"""The text of a PDF, as far as it can be read without a PDF library; what can't be read is told, never passed over."""

from __future__ import annotations

import re

from ctgeval.report.scan.contents import Content
from ctgeval.report.scan.office import Found
from ctgeval.report.scan.pdf_objects import Objects, Stream, opened
from ctgeval.report.scan.pdf_structure import parts
from ctgeval.report.scan.pdf_text import LOST, STRING, Fonts, plain, shown

__all__ = ["read_pdf"]

_NOT_PAGES = re.compile(rb"/Length1\b|/Type\s*/(?:XRef|Metadata)|/Subtype\s*/(?:Type1C|CIDFontType0C|OpenType|Image)")
_CONTENTS = re.compile(rb"/Contents\s*(?:(\d{1,10})\s+\d+\s+R|\[([^\]]*)\])")
_REFERENCE = re.compile(rb"(\d{1,10})\s+\d+\s+R")
_TAIL = 60
_LOOSE = re.compile("[ \t]*([\u00a0\u202f])[ \t]*")


def read_pdf(data: bytes) -> Content:
    """Return the text of the pages and the properties of a PDF; of a tagged one, its tables too.

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
    objects = opened(data)
    content.unread += objects.unread
    for told in (objects.outside, *objects.inside):
        for string in STRING.findall(told):
            content.say(plain(string, {}), "propriétés du PDF", properties=True)
    _pages(content, objects)
    for stream in objects.streams:
        if b"<x:xmpmeta" in stream.body or b"<?xpacket" in stream.body:
            content.say(stream.body.decode("utf-8", "replace"), "propriétés du PDF", properties=True)
    return content


def _pages(content: Content, objects: Objects) -> None:
    """Say the texts of the pages: marked ones by paragraph and table, and the others page by page."""
    fonts = Fonts(objects)
    owners = _owners(objects)
    marks: dict[tuple[int, int], str] = {}
    read = 0
    for rank, stream in enumerate(filter(_is_page, objects.streams), start=1):
        loose: list[str] = []
        for one in shown(stream.body, fonts):
            if one.mark is None:
                loose.append(one.text)
            else:
                key = (owners.get(stream.number, 0), one.mark)
                marks[key] = marks.get(key, "") + one.text
            read += 1
            if LOST in one.text:
                _unread(content, f"PDF, partie {rank} : police sans table de signes")
        content.say(_put(" ".join(loose)), f"texte du PDF, partie {rank}")
    marks = {key: _put(text) for key, text in marks.items()}
    if marks:
        _structured(content, objects, marks)
    if not read:
        content.unread.append("PDF sans texte lisible")


def _structured(content: Content, objects: Objects, marks: dict[tuple[int, int], str]) -> None:
    said = []
    for part in parts(objects, marks):
        if isinstance(part, Found):
            where = f"tableau « {part.caption[:_TAIL]} » du PDF" if part.caption else "tableau sans titre du PDF"
            content.say(part.caption, "titre d’un tableau du PDF")
            content.add(part.rows, where, caption=part.caption, headings=part.headings)
            said += [part.caption, *(cell for row in part.rows for cell in row)]
        else:
            content.say(part, "texte du PDF")
            said.append(part)
    # What the structure leaves out is shown all the same.
    whole = "".join(said)
    for (_, mark), text in sorted(marks.items()):
        if text not in whole:
            content.say(text, f"texte du PDF, marque {mark}")


def _owners(objects: Objects) -> dict[int, int]:
    """Return the page of each content stream, by their numbers."""
    owners: dict[int, int] = {}
    for page, told in objects.known.items():
        found = _CONTENTS.search(told)
        if found is not None:
            owners |= {int(one): page for one in ([found[1]] if found[1] else _REFERENCE.findall(found[2]))}
    return owners


def _is_page(stream: Stream) -> bool:
    return b"BT" in stream.body and b"beginbf" not in stream.body and _NOT_PAGES.search(stream.head) is None


def _put(text: str) -> str:
    """Put a no-break space back between what it keeps together: it may come from another font."""
    return _LOOSE.sub(r"\1", text).strip(" ")


def _unread(content: Content, told: str) -> None:
    if told not in content.unread:
        content.unread.append(told)
