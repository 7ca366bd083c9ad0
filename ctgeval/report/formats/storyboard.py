"""How a bilan becomes slides: what is projected of each section, what is said in notes, and where a slide ends."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, SubElement

from ctgeval.report.formats import content, widths

__all__ = ["Slide", "is_visual", "slides"]

_HEIGHT = 500
"""Room of a slide under its title, in points of a screen of 1280 by 720."""
_LINE, _LETTERS = 30, 95
_CARDS = 3
_NESTED = {"fiche", "fiche-texte", "grille", "case", "partie", "texte", "texte-auteur", "tableau"}
_NO_PROSE = {"notes", "note", "legende", "valeurs", "vide", "mention", "chiffres", "message"}
_MOST_PROSE = 700
_FIGURE = 385
_STEP = 10.0
_TABLE_HEAD, _LEAST_TABLE = 130, 260
"""Room of its caption and headers; a table that begins in less than the second begins on the next slide."""
_BESIDE = 420


@dataclass(slots=True)
class Slide:
    """One slide.

    Parameters
    ----------
    title : str
        Of the section.
    anchor : str
        Identifier of the section in the page; empty before the first one.
    rank, count : int
        Of the slide among those of its section, counted from 1.
    shown, notes : list of Element
        What is projected, and what is said.
    """

    title: str
    anchor: str
    rank: int = 1
    count: int = 1
    shown: list[Element] = field(default_factory=list)
    notes: list[Element] = field(default_factory=list)
    height: float = 0.0


def slides(root: Element) -> list[Slide]:
    """Return the slides of a content in order, the one before the first section included.

    Parameters
    ----------
    root : Element
        As `content.reading` gives it; its elements go to the slides, each once.
    """
    made: list[Slide] = []
    for title, anchor, groups in _sections(root):
        section = [Slide(title, anchor)]
        for group in groups:
            _tell(section, group)
        if not any(slide.shown for slide in section):
            _read_out(section)
        for rank, slide in enumerate(section, start=1):
            slide.rank, slide.count = rank, len(section)
        made += section
    return made


Section = tuple[str, str, list[list[Element]]]


def _sections(root: Element) -> list[Section]:
    """Cut a content at its headings: sections, each in groups that a smaller heading opens."""
    found: list[Section] = [("", "", [[]])]
    for block in _blocks(root):
        if block.tag == "h2":
            found.append((content.text(block), block.get("id", ""), [[]]))
        elif block.tag == "h3" and found[-1][2][-1]:
            found[-1][2].append([block])
        else:
            found[-1][2][-1].append(block)
    return found


def _blocks(parent: Element) -> Iterator[Element]:
    """Yield what a page is made of, blocks that only gather others opened."""
    if parent.text and parent.text.strip():
        loose = Element("p")
        loose.text = parent.text
        yield loose
    for child in list(parent):
        tail, child.tail = child.tail, None
        if _gathers(child):
            if "fiche" in content.classes(child):
                _beside(child)
            yield from _blocks(child)
        else:
            yield child
        if tail and tail.strip():
            loose = Element("p")
            loose.text = tail
            yield loose


def _gathers(block: Element) -> bool:
    if block.tag != "div":
        return block.tag in {"section", "header"}
    named = content.classes(block)
    within = any(one.tag in {"h2", "figure", "table"} for one in block.iter())
    return bool(named & _NESTED) or (within and not named & {"valeurs", "face"})


def _beside(sheet: Element) -> None:
    """Put beside a figure the few words that tell what it shows."""
    figure, said = sheet.find("figure"), sheet.find("div[@class='fiche-texte']")
    if figure is None or said is None or len(content.text(said)) > _BESIDE:
        return
    place = list(sheet).index(figure)
    pair = Element("div", {"class": "face"})
    sheet.insert(place, pair)
    for one in (figure, said):
        sheet.remove(one)
        one.tail = None
        pair.append(one)


def _tell(section: list[Slide], group: list[Element]) -> None:
    """Put a group on the slide that is being filled, or on the next ones."""
    visual = any(is_visual(block) for block in group)
    prose = sum(len(content.text(block)) for block in group if _is_prose(block))
    heading: list[Element] = []
    for block in group:
        if block.tag in {"h3", "h4", "h5", "h6"}:
            section[-1].notes.extend(heading)
            heading = [block]
        elif "message" in content.classes(block) or is_visual(block) or (
            _is_prose(block) and not visual and prose <= _MOST_PROSE
        ):  # fmt: skip
            for part in _cut(block, _HEIGHT - section[-1].height - sum(map(_height, heading))):
                _show(section, [*heading, part])
                heading = []
        else:
            section[-1].notes.extend([*heading, block])
            heading = []
    section[-1].notes.extend(heading)


def _read_out(section: list[Slide]) -> None:
    """Project the prose of a section that has nothing else."""
    told, section[-1].notes = section[-1].notes, []
    for block in told:
        if _is_prose(block):
            for part in _cut(block, _HEIGHT):
                _show(section, [part])
        else:
            section[-1].notes.append(block)


def is_visual(block: Element) -> bool:
    """Tell whether a block is to be looked at, rather than read."""
    named = content.classes(block)
    return block.tag in {"figure", "table", "dl"} or bool(named & {"chiffres", "face"})


def _is_prose(block: Element) -> bool:
    return block.tag in {"p", "ul", "ol", "blockquote"} and not content.classes(block) & _NO_PROSE


def _show(section: list[Slide], blocks: list[Element]) -> None:
    height = sum(_height(block) for block in blocks)
    if section[-1].height and section[-1].height + height > _HEIGHT:
        section.append(Slide(section[-1].title, section[-1].anchor))
    section[-1].shown.extend(blocks)
    section[-1].height += height


def _height(block: Element) -> float:
    """Return how much of a slide a block takes, as far as its letters tell."""
    named = content.classes(block)
    if named & {"face"} or block.tag == "figure":
        return _FIGURE
    if "chiffres" in named:
        return 205.0 * math.ceil(len(block) / _CARDS)
    if block.tag == "table":
        shares = widths.columns(block)
        return 70 + sum(_row(row, shares) for row in content.rows(block))
    if block.tag in {"ul", "ol", "dl"}:
        return sum(_lines(one) for one in block) * _LINE
    return _lines(block) * _LINE + (16 if "message" in named else 8)


def _lines(block: Element) -> int:
    return max(1, math.ceil(len(content.text(block)) / _LETTERS))


def _row(row: Element, shares: list[float]) -> float:
    room = [max(6.0, 130 * share / max(sum(shares), 0.5)) for share in shares]
    lines = [math.ceil(len(content.text(cell)) / letters) for cell, letters in zip(row, room, strict=False)]
    return 16 + 21 * max([1, *lines])


def _cut(block: Element, left: float) -> Iterator[Element]:
    """Yield a block in pieces that each fit in a slide, the first in what is left of the one being filled."""
    if block.tag == "table":
        yield from _cut_table(block, left)
    elif "chiffres" in content.classes(block):
        yield from _cut_list(block, 2 * _CARDS)
    elif block.tag in {"ul", "ol", "dl"} and _height(block) > _HEIGHT:
        yield from _cut_list(block, 8)
    else:
        yield block


def _cut_list(block: Element, most: int) -> Iterator[Element]:
    items = list(block)
    for start in range(0, len(items), most):
        part = Element(block.tag, dict(block.attrib))
        if block.tag == "ol" and start:
            part.set("start", str(start + 1))
        part.extend(items[start : start + most])
        yield part


def _cut_table(table: Element, left: float) -> Iterator[Element]:
    """Yield a table, or several of a part of its rows each, with its caption and its headers again."""
    bodies = table.findall("tbody")
    rows = [row for body in bodies for row in body]
    shares = widths.columns(table)
    heights = [_row(row, shares) for row in rows]
    room = (left if left > _LEAST_TABLE else _HEIGHT) - _TABLE_HEAD
    if sum(heights) <= room or len(bodies) != 1:
        yield table
        return
    parts = _shared(rows, heights, room)
    labels = [content.text(cell) for cell in table.iterfind("thead/tr/th")]
    for rank, part in enumerate(parts, start=1):
        yield _part(table, part, rank, labels, of=len(parts))


def _shared(rows: list[Element], heights: list[float], left: float) -> list[list[Element]]:
    """Share rows out between as few slides as they need, evenly: a last one of one row would be for nothing."""
    usual = float(_HEIGHT - _TABLE_HEAD)
    parts = _filled(rows, heights, left, usual)
    room = sum(heights) / len(parts)
    while room < usual:
        even = _filled(rows, heights, min(left, room), room)
        if len(even) == len(parts):
            return even
        room += _STEP
    return parts


def _filled(rows: list[Element], heights: list[float], first: float, others: float) -> list[list[Element]]:
    """Fill slides one after the other, the first having less room."""
    parts: list[list[Element]] = [[]]
    filled, room = 0.0, first
    for row, height in zip(rows, heights, strict=True):
        if parts[-1] and filled + height > room:
            parts.append([])
            filled, room = 0.0, others
        parts[-1].append(row)
        filled += height
    return parts


def _part(table: Element, rows: list[Element], rank: int, labels: list[str], *, of: int) -> Element:
    made = Element("table", dict(table.attrib))
    made.extend(copy.deepcopy(one) for one in table if one.tag in {"caption", "colgroup", "thead"})
    caption = made.find("caption")
    if caption is not None:
        caption.text = f"{(caption.text or '').rstrip()} ({rank} sur {of}) "
    if rank > 1 and "id" in made.attrib:
        made.set("id", f"{made.get('id')}-suite-{rank}")
    SubElement(made, "tbody", dict(table.find("tbody").attrib)).extend(rows)  # type: ignore[union-attr]
    for row in rows:
        # The rules that name the columns on a narrow screen know the whole table alone.
        for cell, label in list(zip(row, labels, strict=False))[1:]:
            cell.set("data-label", label)
    return made
