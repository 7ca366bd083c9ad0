"""The structure of a tagged PDF, read back from the file as a screen reader does."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ContentStream, IndirectObject

__all__ = ["Node", "content_marks", "reader", "tree"]


@dataclass
class Node:
    """A structure element: its tag, its attributes, what it holds, and the marks of the pages that it is made of."""

    tag: str
    alt: str
    scope: str
    headers: list[str]
    name: str
    children: list[Node] = field(default_factory=list)
    marks: list[tuple[int, int]] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, tag: str) -> list[Node]:
        return [one for one in self.walk() if one.tag == tag]


def reader(data: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(data), strict=True)


def tree(pdf: PdfReader) -> Node:
    """Return the structure of a file, and check that the page of each element is one of its pages."""
    pages = {page.indirect_reference.idnum: rank for rank, page in enumerate(pdf.pages)}
    return _node(pdf.trailer["/Root"]["/StructTreeRoot"], pages, None)


def _node(element: Any, pages: dict[int, int], page: int | None) -> Node:
    attributes = element.get("/A", {})
    made = Node(
        tag=str(element.get("/S", "Root")).removeprefix("/"),
        alt=str(element.get("/Alt", "")),
        scope=str(attributes.get("/Scope", "")).removeprefix("/"),
        headers=[str(one) for one in attributes.get("/Headers", [])],
        name=str(element.get("/ID", "")),
    )
    if "/Pg" in element:
        page = pages[element.raw_get("/Pg").idnum]
    kids = element.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        found = kid.get_object() if isinstance(kid, IndirectObject) else kid
        if isinstance(found, int):
            assert page is not None
            made.marks.append((page, int(found)))
        elif found.get("/Type") != "/OBJR":
            made.children.append(_node(found, pages, page))
    return made


def content_marks(pdf: PdfReader) -> tuple[set[tuple[int, int]], list[str]]:
    """Return the marks that the pages hold, as (page, mark), and what is drawn outside of any mark or artifact."""
    marks: set[tuple[int, int]] = set()
    naked: list[str] = []
    for rank, page in enumerate(pdf.pages):
        depth = 0
        for operands, operator in ContentStream(page.get_contents(), pdf).operations:
            if operator in {b"BDC", b"BMC"}:
                depth += 1
                if operator == b"BDC" and "/MCID" in operands[1]:
                    marks.add((rank, int(operands[1]["/MCID"])))
            elif operator == b"EMC":
                depth -= 1
            elif operator in {b"Tj", b"TJ", b"f", b"S", b"B", b"Do", b"f*", b"B*", b"sh"} and not depth:
                naked.append(f"page {rank + 1}: {operator!r}")
    return marks, naked
