"""The paragraphs and the tables of a tagged PDF, in the order in which they are read aloud.

References
----------
ISO 32000-1, *Portable Document Format*, §14.7 (logical structure) and §14.8 (tagged PDF).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ctgeval.report.scan.office import Found
from ctgeval.report.scan.pdf_objects import Objects

__all__ = ["parts"]

_KIND = re.compile(rb"/S\s*/(\w+)")
_KIDS = re.compile(rb"/K\s*(\[(?:[^\[\]])*\]|\d+\s+\d+\s+R|\d+|<<.*?>>)", re.DOTALL)
_PAGE = re.compile(rb"/Pg\s+(\d{1,10})\s+\d+\s+R")
_KID = re.compile(rb"<<(.*?)>>|(\d{1,10})\s+\d+\s+R|(\d{1,10})", re.DOTALL)
_MARK = re.compile(rb"/MCID\s+(\d{1,10})")
_ROOT = re.compile(rb"/Type\s*/StructTreeRoot\b")
_ELEMENT = re.compile(rb"/Type\s*/StructElem\b")
_INLINE = frozenset({"Span", "Link", "Em", "Strong", "Quote", "Code", "Reference", "Lbl", "Annot", "Form", "Sub"})
_DEEPEST = 200

Marks = Mapping[tuple[int, int], str]


@dataclass(frozen=True, slots=True)
class _Element:
    kind: str
    kids: tuple[_Element | str, ...]


def parts(objects: Objects, marks: Marks) -> Iterator[str | Found]:
    """Yield the texts of the paragraphs, and the tables with their captions and the headings above.

    Parameters
    ----------
    objects : Objects
    marks : mapping of (int, int) to str
        What each mark of each page shows, by the number of the page's object.
    """
    roots = [told for told in objects.known.values() if _ROOT.search(told)]
    headings: dict[int, str] = {}
    before = Found("", (), ())
    for root in roots[-1:]:
        for kid in _Tree(objects, marks).kids(root, 0, 0):
            for part in _walk(kid, headings) if isinstance(kid, _Element) else ():
                if isinstance(part, Found):
                    # A table cut by the end of a page goes on as another, under the same headers.
                    if not part.caption and part.rows[:1] == before.rows[:1]:
                        part = replace(part, caption=before.caption, headings=before.headings)  # noqa: PLW2901
                    before = part
                yield part


class _Tree:
    """The structure elements of a PDF, each taken once: a structure that turns in circles has an end."""

    def __init__(self, objects: Objects, marks: Marks) -> None:
        self._objects = objects
        self._marks = marks
        self._taken: set[int] = set()

    def kids(self, told: bytes, page: int, depth: int) -> tuple[_Element | str, ...]:
        """Return what an element holds: elements, and the texts of its marks."""
        found = _KIDS.search(told)
        if found is None or depth > _DEEPEST:
            return ()
        own = _PAGE.search(re.sub(rb"<<.*?>>", b"", told[2:], flags=re.DOTALL)) or _PAGE.search(told)
        page = int(own[1]) if own else page
        made: list[_Element | str] = []
        for inline, reference, mark in _KID.findall(found[1]):
            if inline:
                number, elsewhere = _MARK.search(inline), _PAGE.search(inline)
                if number:
                    made.append(self._marks.get((int(elsewhere[1]) if elsewhere else page, int(number[1])), ""))
            elif mark:
                made.append(self._marks.get((page, int(mark)), ""))
            elif int(reference) not in self._taken:
                self._taken.add(int(reference))
                inner = self._objects.known.get(int(reference), b"")
                if _ELEMENT.search(inner):
                    kind = _KIND.search(inner)
                    made.append(_Element(kind[1].decode() if kind else "", self.kids(inner, page, depth + 1)))
        return tuple(made)


def _walk(element: _Element, headings: dict[int, str]) -> Iterator[str | Found]:
    if element.kind == "Table":
        yield _table(element, headings)
        return
    own: list[str] = []
    for kid in element.kids:
        if isinstance(kid, str):
            own.append(kid)
        elif kid.kind in _INLINE:
            own.append(_text(kid))
        else:
            yield from _joined(own)
            own = []
            yield from _walk(kid, headings)
    if element.kind[:1] == "H" and element.kind[1:].isdigit():
        level = int(element.kind[1:])
        for deeper in [rank for rank in headings if rank >= level]:
            del headings[deeper]
        headings[level] = _text(element)
    yield from _joined(own)


def _joined(texts: list[str]) -> Iterator[str]:
    if told := _together(texts):
        yield told


def _together(texts: Iterable[str]) -> str:
    """Return several texts as one, the words that the end of a line cuts made whole: a name must not hide there."""
    return " ".join(filter(None, texts)).replace("\u2010 ", "").strip()


def _table(table: _Element, headings: Mapping[int, str]) -> Found:
    caption = _together(_text(one) for one in _inside(table, "Caption"))
    rows = [tuple(_text(cell) for kind in ("TH", "TD") for cell in _cells(row, kind)) for row in _inside(table, "TR")]
    # The headers come back at the top of each page.
    kept = [row for rank, row in enumerate(rows) if not rank or row != rows[0]]
    return Found(caption, tuple(headings[level] for level in sorted(headings, reverse=True)), tuple(kept))


def _cells(row: _Element, kind: str) -> Iterator[_Element]:
    return (one for one in row.kids if isinstance(one, _Element) and one.kind == kind)


def _inside(element: _Element, kind: str) -> Iterator[_Element]:
    for kid in element.kids:
        if isinstance(kid, _Element):
            if kid.kind == kind:
                yield kid
            else:
                yield from _inside(kid, kind)


def _text(element: _Element) -> str:
    return _together(kid if isinstance(kid, str) else _text(kid) for kid in element.kids)
