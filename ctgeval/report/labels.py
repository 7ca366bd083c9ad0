"""The labels that cells show on a narrow screen, said once a column instead of once a cell.

On a narrow screen each row of a table becomes a card, and each cell shows the name of its column: a style rule says it
for the whole column, in a half of the bytes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from html import unescape

__all__ = ["by_column"]

_TABLE = re.compile(r'<table\b[^<>]*\sid="([A-Za-z][\w-]*)"[^<>]*>.*?</table>', re.DOTALL)
_ROW = re.compile(r"<tr\b[^<>]*>.*?</tr>", re.DOTALL)
_CELL = re.compile(r"<t[hd]\b([^<>]*)>")
_LABEL = re.compile(r' data-label="([^"]*)"')
_NARROW = "@container (max-width: 36rem)"
_SHOWN = ".table-fiche td:nth-child({column})::before{{content:var(--c{column},attr(data-label))}}"


def by_column(html: str) -> tuple[str, str]:
    """Take the labels out of the cells where a whole column has one, and return the rules that say them instead.

    Parameters
    ----------
    html : str
        Clean HTML; the tables to which rules may apply have an identifier of their own.

    Returns
    -------
    html, rules : str
        The rules are empty when no table has labels; a table whose columns do not each have one label keeps its own.
    """
    owners: dict[tuple[int, str], list[str]] = defaultdict(list)
    names = [found.group(1) for found in _TABLE.finditer(html)]

    def settled(found: re.Match[str]) -> str:
        table, name = found.group(), found.group(1)
        labels = _labels(table)
        if not labels or names.count(name) > 1:
            return table
        for column, label in sorted(labels.items()):
            owners[column, label].append(f"#{name}")
        return _LABEL.sub("", table)

    kept = _TABLE.sub(settled, html)
    if not owners:
        return kept, ""
    # A table says its labels once, as variables; one rule a column, shared by every table, shows them.
    said = "".join(f'{",".join(found)}{{--c{column}:"{_quoted(label)}"}}' for (column, label), found in owners.items())
    shown = "".join(_SHOWN.format(column=column) for column in sorted({column for column, _ in owners}))
    return kept, f"{said}{_NARROW}{{{shown}}}"


def _labels(table: str) -> dict[int, str]:
    """Return the label of each column; nothing when some column has none in a row, or two."""
    found: dict[int, str] = {}
    for row in _ROW.findall(table):
        cells = [_LABEL.search(attributes) for attributes in _CELL.findall(row)]
        told = {column: cell.group(1) for column, cell in enumerate(cells, start=1) if cell}
        if not told:
            continue
        if (found and found != told) or any("colspan" in attributes for attributes in _CELL.findall(row)):
            return {}
        found = told
    return found


def _quoted(label: str) -> str:
    """Return a text as a CSS string writes it."""
    plain = re.sub(r"[ \t\r\n\f\v]+", " ", unescape(label))
    return re.sub(r'[\\"<>&]', lambda found: f"\\{ord(found.group()):x} ", plain)
