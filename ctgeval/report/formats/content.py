"""The clean content of a bilan as a tree, and what several forms of it do alike."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]
from markupsafe import Markup

from ctgeval.errors import ReportError
from ctgeval.report.formats.document import Document

__all__ = [
    "alternative", "classes", "groups", "markup", "parents", "reading", "rows", "text", "tree", "unwrap", "without",
]  # fmt: skip

_DEEPEST = 100
"""Pages have a dozen; what lays them out calls itself once for each."""
_VOID = {"br", "col", "hr", "img"}
_TAG = re.compile(r'<([A-Za-z][\w:-]*)((?:\s[^\s=>]+="[^"]*")*)\s*(/?)>')
_ATTRIBUTE = re.compile(r'\s([^\s=>]+)="([^"]*)"')
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_LENGTH = re.compile(r"-?\d{1,5}(?:\.\d+)?")
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def tree(document: Document) -> Element:
    """Return the content of a bilan as a tree whose root is a ``div``, for the caller to change as it likes.

    Parameters
    ----------
    document : Document

    Raises
    ------
    ReportError
        When the content is not what `ctgeval.report.html.body` gives, or is too deep to be laid out.
    """
    clean = _TAG.sub(_as_xml, _UNREADABLE.sub("", str(document.context["contenu"])))
    try:
        root: Element = fromstring(f"<div>{clean.replace('&nbsp;', chr(0xA0))}</div>")
    except ParseError as error:
        raise _unreadable(document, str(error)) from error
    if _depth(root) > _DEEPEST:
        raise _unreadable(document, f"plus de {_DEEPEST} blocs les uns dans les autres")
    for drawing in root.iter("svg"):
        _measure(drawing)
    return root


def _measure(drawing: Element) -> None:
    """Take out of a drawing the sizes that are none: what draws it would stop there."""
    box = drawing.get("viewBox", "").replace(",", " ").split()
    if not (len(box) == 4 and all(_LENGTH.fullmatch(one) for one in box) and min(map(float, box[2:])) > 0):
        drawing.attrib.pop("viewBox", None)
    for side in ("width", "height"):
        if not _LENGTH.fullmatch(drawing.get(side, "")):
            drawing.attrib.pop(side, None)


def _unreadable(document: Document, why: str) -> ReportError:
    return ReportError(
        f"Le contenu du bilan « {document.name} » ne peut pas être relu pour en faire d’autres formats ({why}).",
        remedy="Publiez ce bilan en HTML seulement, et signalez ce cas avec le carnet qui le produit.",
    )


def _depth(root: Element) -> int:
    depth, level = 0, [root]
    while level:
        depth, level = depth + 1, [child for one in level for child in one]
    return depth


def _as_xml(found: re.Match[str]) -> str:
    """Close what HTML leaves open, and drop the attributes that no XML could hold."""
    tag, attributes, closed = found.groups()
    kept = {
        name.removeprefix("xlink:"): value
        for name, value in _ATTRIBUTE.findall(attributes)
        if _NAME.fullmatch(name.removeprefix("xlink:"))
    }
    written = "".join(f' {name}="{value}"' for name, value in kept.items())
    return f"<{tag}{written}{'/' if closed or tag in _VOID else ''}>"


def text(element: Element) -> str:
    """Return what an element says, its spaces put in order."""
    return re.sub(r"[ \t\r\n]+", " ", "".join(element.itertext())).strip()


def classes(element: Element) -> set[str]:
    """Return the classes of an element."""
    return set(element.get("class", "").split())


def alternative(drawing: Element) -> str:
    """Return what an ``svg`` or an ``img`` shows, for those who don't see it, or that nobody has told it."""
    named = drawing.find("title")
    said = drawing.get("aria-label") or drawing.get("alt") or ("" if named is None else text(named))
    return re.sub(r"[ \t\r\n]+", " ", said).strip() or "Image dont le contenu n’est pas décrit"


def parents(root: Element) -> dict[Element, Element]:
    """Return the parent of each element of a tree."""
    return {child: parent for parent in root.iter() for child in parent}


def without(root: Element, *dropped: Element) -> None:
    """Take elements out of a tree, with what they hold; the text that follows them stays."""
    above = parents(root)
    for element in dropped:
        parent = above[element]
        place = list(parent).index(element)
        _append_text(parent, place, element.tail or "")
        parent.remove(element)


def unwrap(root: Element, *opened: Element) -> None:
    """Replace elements by what they hold."""
    for element in opened:
        parent = parents(root)[element]
        place = list(parent).index(element)
        children, tail = list(element), element.tail or ""
        _append_text(parent, place, element.text or "")
        parent.remove(element)
        for rank, child in enumerate(children):
            parent.insert(place + rank, child)
        _append_text(parent, place + len(children), tail)


def _append_text(parent: Element, place: int, added: str) -> None:
    """Write a text just before the child of a rank."""
    if not added:
        return
    if place:
        before = parent[place - 1]
        before.tail = (before.tail or "") + added
    else:
        parent.text = (parent.text or "") + added


def reading(root: Element) -> Element:
    """Return the tree as it is read on paper: nothing folded, no download, no name meant for a screen reader alone.

    The name that opens a caption for screen readers stays: without its neighbours a figure needs it.
    """
    without(root, *[one for one in root.iter("p") if "telecharger" in classes(one)])
    for link in list(root.iter("a")):
        if link.get("href", "").startswith("data:"):
            unwrap(root, link)
    for one in root.iter("details"):
        _open(one)
    return root


def _open(details: Element) -> None:
    details.tag = "div"
    details.attrib.pop("open", None)
    summary = details.find("summary")
    if summary is None:
        return
    others = [child for child in details if child is not summary]
    if len(others) == 1 and "tableau" in classes(others[0]):
        # Its caption says the same.
        details.remove(summary)
        return
    summary.tag = "p"
    summary.set("class", "intitule")


def rows(table: Element) -> list[Element]:
    """Return the rows of a table, without those of a table that stands in one of its cells."""
    parts = [one for one in table if one.tag in {"thead", "tbody", "tfoot"}]
    return [row for part in (table, *parts) for row in part if row.tag == "tr"]


def groups(terms: Element) -> list[list[Element]]:
    """Return the terms of a ``dl`` with their meanings, whether each group has its own block or not."""
    found: list[list[Element]] = []
    bare = False
    for child in terms:
        if child.tag == "div":
            found.append(list(child))
            bare = False
        elif bare and (child.tag == "dd" or found[-1][-1].tag == "dt"):
            found[-1].append(child)
        else:
            found.append([child])
            bare = True
    return found


def markup(element: Element) -> Markup:
    """Return a tree as HTML."""
    return Markup(tostring(element, encoding="unicode", method="html"))  # noqa: S704 cleaned before it was a tree
