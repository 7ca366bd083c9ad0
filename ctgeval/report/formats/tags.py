"""What is mended in the tags that WeasyPrint writes: titles of pages, headers of tables and links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pydyf  # type: ignore[import-untyped]

__all__ = ["finish"]

_REFERENCE = re.compile(rb"(\d+) \d+ R")


def finish(_document: Any, pdf: Any, *, names: Mapping[str, str]) -> None:
    """Mend the tags of a PDF just before it is written.

    Parameters
    ----------
    _document : weasyprint.Document
        Left alone.
    pdf : pydyf.PDF
        Changed in place: the running titles become artifacts (*Matterhorn* 18-001, 18-002), each header cell of a table
        gets its scope (15-003), each link inside the document says where it leads (28-012).
    names : mapping of str to str
        What is written at the places that links lead to.

    References
    ----------
    ISO 32000-1:2008, 14.7 (structure) and 14.8 (tagged PDF).
    """
    root = pdf.catalog["StructTreeRoot"]
    reached = set(_reached(pdf, root))
    for number in reached:
        element = pdf.objects[number]
        if element.get("S") == "/TH":
            element["A"]["Scope"] = "/Column" if _heads_columns(pdf, element) else "/Row"
    for found in pdf.objects:
        if isinstance(found, dict) and found.get("Subtype") == "/Link" and "Dest" in found:
            name = names.get(found["Dest"].string, "")
            found["Contents"] = pydyf.String(f"Aller à « {name} »" if name else "Aller plus loin dans ce document")
    _discard_margins(pdf, _object(pdf, root)["ParentTree"], reached)


def _object(pdf: Any, reference: bytes) -> Any:
    found = _REFERENCE.fullmatch(reference)
    assert found
    return pdf.objects[int(found.group(1))]


def _number(reference: Any) -> int | None:
    found = _REFERENCE.fullmatch(reference) if isinstance(reference, bytes) else None
    return int(found.group(1)) if found else None


def _reached(pdf: Any, start: bytes) -> Iterator[int]:
    """Yield the numbers of the structure elements that the document's tree really holds."""
    waiting = [start]
    while waiting:
        number = _number(waiting.pop())
        if number is None:
            continue
        yield number
        waiting.extend(kid for kid in pdf.objects[number].get("K", ()) if isinstance(kid, bytes))


def _heads_columns(pdf: Any, cell: Any) -> bool:
    row = _object(pdf, cell["P"])
    return bool(_object(pdf, row["P"])["S"] == "/THead")


def _discard_margins(pdf: Any, tree: bytes, reached: set[int]) -> None:
    """Turn the content of the margins, which belongs to no element of the tree, into artifacts."""
    pages = [pdf.objects[number] for number in pdf.pages["Kids"][::3]]
    listed = _object(pdf, tree)["Nums"]
    for place, elements in zip(listed[::2], listed[1::2], strict=True):
        if not isinstance(elements, list):
            continue
        lost = {mark for mark, element in enumerate(elements) if _number(element) not in reached}
        for mark in lost:
            elements[mark] = "null"
        _unmark(_object(pdf, pages[place]["Contents"]).stream, lost)


def _unmark(stream: list[Any], lost: set[int]) -> None:
    for rank, part in enumerate(stream):
        if isinstance(part, dict) and part.get("MCID") in lost:
            stream[rank - 1 : rank + 1] = ["/Artifact", pydyf.Dictionary({"Type": "/Pagination"})]
