"""How wide each column of a table must be on a page: told from its letters, so that no layout has to try."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement

from ctgeval.report.formats.content import classes, rows, text

__all__ = ["columns", "numbers", "settle"]

_CHARACTERS = 98.0
"""How many letters of a table stand on a line of an A4 page."""
_BOLD = 1.15
_PADDING = 2.0
_LONGEST, _LONGEST_WORD = 60.0, 30.0


def columns(table: Element) -> list[float]:
    """Return the share of a page's width that each column of a table needs, 1 in all at most.

    Parameters
    ----------
    table : Element
        A ``table``; a cell that spans several columns counts for the first.
    """
    wanted: dict[int, float] = {}
    least: dict[int, float] = {}
    for row in rows(table):
        for rank, cell in enumerate(one for one in row if one.tag in {"td", "th"}):
            whole, word = _needs(cell)
            wanted[rank] = max(wanted.get(rank, 0.0), whole + _PADDING)
            least[rank] = max(least.get(rank, 0.0), word + _PADDING)
    total, floor = sum(wanted.values()), sum(least.values())
    ranks = sorted(wanted)
    if total <= _CHARACTERS:
        return [wanted[rank] / _CHARACTERS for rank in ranks]
    if floor >= _CHARACTERS:
        return [least[rank] / floor for rank in ranks]
    # What is left once each longest word has its place is shared as the cells would like it.
    share = (_CHARACTERS - floor) / (total - floor)
    return [(least[rank] + share * (wanted[rank] - least[rank])) / _CHARACTERS for rank in ranks]


def _needs(cell: Element) -> tuple[float, float]:
    """Return how many letters a cell would like on a line, and how many its longest word takes."""
    said, head = text(cell), cell.get("scope") == "col"
    letter = _BOLD if head or cell.find("strong") is not None else 1.0
    word = letter * max(len(one) for one in re.split(r"[ \-]", said))
    # A header may run over two lines.
    whole = max(word, letter * len(said) / (2 if head else 1))
    return min(whole, _LONGEST), min(word, _LONGEST_WORD)


def settle(table: Element) -> float:
    """Write in a table the widths that its columns need, and return the share of a page's width that it takes."""
    shares = columns(table)
    for old in [one for one in table if one.tag in {"col", "colgroup"}]:
        table.remove(old)
    if not shares:
        return 1.0
    total = sum(shares)
    group = Element("colgroup")
    for share in shares:
        SubElement(group, "col", style=f"width: {100 * share / total:.1f}%")
    table.insert(1 if len(table) and table[0].tag == "caption" else 0, group)
    return min(total, 1.0)


def numbers(table: Element) -> set[int]:
    """Return the columns of a table that hold numbers, counted from 1, as its classes tell."""
    named = classes(table)
    told = {int(name.removeprefix("nombre-")) for name in named if re.fullmatch(r"nombre-\d+", name)}
    if "table-nombres" in named:
        told |= set(range(2, 1 + max(map(len, rows(table)), default=0)))
    return told
