"""The tables of a bilan, read from its page: what a reader sees, and the exact values that the page itself gives."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from xml.etree.ElementTree import Element

from ctgeval import french
from ctgeval.errors import ReportError
from ctgeval.prose import harmless
from ctgeval.report.formats.content import classes, parents, tree
from ctgeval.report.formats.document import Document
from ctgeval.report.formats.figures import looked, shown
from ctgeval.report.formats.spans import spread
from ctgeval.sources.presented import Figure, Mark, Words

__all__ = ["KEY_FIGURES", "Cell", "Grid", "grids"]

KEY_FIGURES = "chiffres-cles"
_LONGEST = 60
_LINK = re.compile(r"data:text/csv;[^,]*base64,(.*)", re.DOTALL)
_RAW = re.compile(r"-?(?:0|[1-9]\d*)(?:,\d+)?(?:e[+-]\d+)?")
_UNIT = re.compile(r"Unité\s*: ([^;.]+)")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_OUTSIDE = frozenset({"marque"})
_MARKS: tuple[tuple[Mark, str], ...] = (("masque", "marque-masque"), ("absent", "marque-absent"))
_CARD = (
    ("Chiffre", "chiffre-nom"), ("Valeur", "chiffre-valeur"), ("Unité", "chiffre-unite"),
    ("Évolution", "chiffre-evolution"), ("Cible", "chiffre-cible"), ("Période et source", "chiffre-source"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell.

    Parameters
    ----------
    text : str
        As a reader sees it, « (p) » apart; empty in a row that only the download holds.
    content : Figure or Words
        As a spreadsheet reads it: a number at the precision of the download, or a text with its mark.
    provisional : bool
        Whether the producer may still revise it.
    """

    text: str
    content: Figure | Words
    provisional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One table of the page, or its key figures.

    Parameters
    ----------
    id : str
        Unique in the page, ``[a-z0-9-]``.
    caption : str
    about : tuple of str
        Unit, perimeter: sentences of the caption.
    headings : tuple of str
        Those above it, the nearest first.
    columns : tuple of str
        Headers, as a reader sees them.
    rows : tuple of tuple of Cell
        Those shown, then those that only the download holds.
    legend, notes : tuple of str
        Meaning of the marks; source and limits.
    download : bytes
        The CSV that the page offers; empty when it offers none.
    """

    id: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    about: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    legend: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    download: bytes = b""

    @property
    def unit(self) -> str:
        """The unit of its figures, when the caption tells one for all."""
        found = next(filter(None, map(_UNIT.search, self.about)), None)
        return found[1].strip() if found else ""


def grids(document: Document) -> tuple[Grid, ...]:
    """Return the tables of a bilan in the order of its page, the key figures among them.

    Parameters
    ----------
    document : Document

    Raises
    ------
    ReportError
        When a table and its own download do not tell the same: the page must be made again.
    """
    return _grids(document.name, str(document.context["contenu"]))


# Several formats of one bilan read the same tables, one after the other.
@lru_cache(maxsize=1)
def _grids(name: str, content: str) -> tuple[Grid, ...]:
    root = tree(Document(name=name, context={"contenu": content}, rules="", page=b""))
    outer = parents(root)
    taken: Counter[str] = Counter()
    found = []
    headings: dict[int, str] = {}
    for element in root.iter():
        if element.tag in _HEADINGS:
            level = int(element.tag[1])
            headings = {rank: told for rank, told in headings.items() if rank < level} | {level: _said(element)}
        above = tuple(headings[level] for level in sorted(headings, reverse=True))
        one = None
        if element.tag == "table":
            one = _table(element, outer, above)
        elif element.tag == "ul" and "chiffres" in classes(element):
            one = _cards(element, above)
        if one is not None:
            found.append(replace(one, id=_name(one.id, taken)))
    return tuple(found)


def _name(wanted: str, taken: Counter[str]) -> str:
    base = french.slug(wanted)[:_LONGEST].strip("-") or "tableau"
    name = base
    while taken[name]:
        taken[base] += 1
        name = f"{base}-{taken[base]}"
    taken[name] += 1
    return name


def _table(table: Element, outer: dict[Element, Element], headings: tuple[str, ...]) -> Grid | None:
    head, body = spread(table)
    width = max((len(row) for row in (*head, *body)), default=0)
    if not body or not width:
        return None
    columns = [" – ".join(dict.fromkeys(filter(None, (_header(row, place) for row in head)))) for place in range(width)]
    rows = [[_cell(row[place]) if place < len(row) else _EMPTY for place in range(width)] for row in body]
    caption = next((one for one in table if one.tag == "caption"), None)
    told = "" if caption is None else _said(caption, without=frozenset({"table-details"}))
    details = [_said(one) for one in caption.iter() if "table-details" in classes(one)] if caption is not None else []
    frame = outer.get(table)
    around = list(frame) if frame is not None and "tableau" in classes(frame) else []
    grid = Grid(
        id=table.get("id", ""),
        caption=told or next(iter(headings), "Tableau"),
        about=tuple(filter(None, details)),
        headings=headings,
        columns=_labels(columns),
        rows=tuple(map(tuple, rows)),
        legend=tuple(_said(one) for one in around if "legende" in classes(one)),
        notes=(*_notes(around), *_notes(_sheet(table, outer))),
    )
    link = next((one for each in around for one in each.iter("a") if _LINK.match(one.get("href", ""))), None)
    return grid if link is None else _exact(grid, _opened(link, grid))


def _notes(elements: Sequence[Element]) -> tuple[str, ...]:
    return tuple(_said(item) for one in elements if one.tag == "ul" and "notes" in classes(one) for item in one)


def _sheet(table: Element, outer: dict[Element, Element]) -> Sequence[Element]:
    """Return what stands beside the table when it is the values of a figure: the notes of the figure are its own."""
    around = outer.get(table)
    while around is not None and "fiche" not in classes(around):
        around = outer.get(around)
    return () if around is None else list(around)


def _labels(columns: Sequence[str]) -> tuple[str, ...]:
    """Name the headers that are empty, and number those that are alike."""
    seen: Counter[str] = Counter()
    labels = []
    for place, column in enumerate(columns, start=1):
        label = column or ("Ligne" if place == 1 else f"Colonne {place}")
        seen[label] += 1
        labels.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return tuple(labels)


def _header(row: Sequence[Element | None], place: int) -> str:
    cell = row[place] if place < len(row) else None
    return "" if cell is None else _said(cell)


def _cell(element: Element | None) -> Cell:
    if element is None:
        return _EMPTY
    inside = [classes(one) for one in element.iter()]
    mark: Mark = next((kind for kind, name in _MARKS if any(name in one for one in inside)), "")
    told = _said(element) if mark else _said(element, without=_OUTSIDE)
    provisional = not mark and any("marque" in one for one in inside)
    figure = None if mark else shown(told)
    if figure is not None:
        content: Figure | Words = replace(figure, suffix=f"{figure.suffix} (p)") if provisional else figure
    else:
        content = Words(text=f"{told} (p)" if provisional else told, mark=mark)
    return Cell(text=told, content=content, provisional=provisional)


def _said(element: Element, *, without: frozenset[str] = frozenset()) -> str:
    """Return what an element says on one line, but for what is hidden from screen readers or of some classes."""
    return _SPACES.sub(" ", "".join(_texts(element, without))).strip(" ")


def _texts(element: Element, without: frozenset[str]) -> Iterator[str]:
    yield element.text or ""
    for inner in element:
        if inner.tag == "br":
            yield " "
        elif inner.get("aria-hidden") != "true" and not (without & classes(inner)):
            yield from _texts(inner, without)
        yield inner.tail or ""


_EMPTY = Cell(text="", content=Words(text=""))


def _opened(link: Element, grid: Grid) -> bytes:
    found = _LINK.match(link.get("href", ""))
    try:
        return base64.b64decode(found[1] if found else "", validate=True)
    except binascii.Error as error:
        raise _unlike(grid, "le fichier joint à la page ne se lit pas") from error


def _exact(grid: Grid, download: bytes) -> Grid:
    """Give the cells of a table the exact values of its download."""
    header, *raw = csv.reader(io.StringIO(download.decode("utf-8-sig"), newline=""), delimiter=";")
    if len(header) != len(grid.columns) or len(raw) < len(grid.rows):
        raise _unlike(grid, "le fichier joint à la page n’a pas les mêmes lignes ou les mêmes colonnes")
    rows = [
        tuple(_valued(cell, told, grid) for cell, told in zip(row, told_row, strict=True))
        for row, told_row in zip(grid.rows, raw, strict=False)
    ]
    looks = [_look(row[place].content for row in rows) for place in range(len(header))]
    rows += [
        tuple(_only(told, look) for told, look in zip(told_row, looks, strict=True)) for told_row in raw[len(rows) :]
    ]
    return replace(grid, rows=tuple(rows), download=download)


def _valued(cell: Cell, raw: str, grid: Grid) -> Cell:
    value = _value(raw)
    if isinstance(cell.content, Words) and cell.content.mark and value is not None:
        raise _unlike(grid, "le fichier joint à la page donne une valeur que la page ne montre pas")
    if value is None or (isinstance(cell.content, Words) and cell.text == raw):
        return cell
    return replace(cell, content=looked(value, cell.text, provisional=cell.provisional))


def _only(raw: str, look: Figure | None) -> Cell:
    """Return a cell of a row that the page does not show."""
    value = _value(raw)
    if value is not None and look is not None:
        decimals = 0 if value.is_integer() and not look.decimals else max(1, look.decimals)
        return Cell(text="", content=replace(look, value=value, decimals=decimals, note=""))
    bare = raw[1:] if raw.startswith("'") and harmless(raw[1:]) == raw else raw
    marks: dict[str, Mark] = {"non diffusable": "masque", "non disponible": "absent"}
    return Cell(text="", content=Words(text=french.typography(bare), mark=marks.get(bare, "")))


def _value(raw: str) -> float | None:
    return float(raw.replace(",", ".")) if _RAW.fullmatch(raw) else None


def _look(contents: Iterator[Figure | Words] | Sequence[Figure | Words]) -> Figure | None:
    """Return how most numbers of a column look."""
    kinds = Counter(
        replace(one, value=0.0, note="", suffix=one.suffix.removesuffix(" (p)"))
        for one in contents
        if isinstance(one, Figure)
    )
    return max(kinds, key=lambda one: (kinds[one], one.pattern)) if kinds else None


def _unlike(grid: Grid, why: str) -> ReportError:
    return ReportError(
        f"Le tableau « {grid.caption} » ne peut pas être repris{french.NNBSP}: {why}.",
        remedy="Reproduisez le bilan ; si cela se répète, signalez-le à ceux qui maintiennent ctgeval.",
        key=grid.id,
    )


def _cards(element: Element, headings: tuple[str, ...]) -> Grid | None:
    cards = [item for item in element if "chiffre" in classes(item)]
    rows = [[_part(card, name) for _, name in _CARD] for card in cards]
    kept = [place for place in range(len(_CARD)) if any(row[place].text for row in rows)]
    if len(kept) < 2:
        return None
    return Grid(
        id=KEY_FIGURES,
        caption=next(iter(headings), "Les chiffres clés"),
        headings=headings,
        columns=tuple(_CARD[place][0] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in rows),
    )


def _part(card: Element, name: str) -> Cell:
    found = next((one for one in card.iter() if name in classes(one)), None)
    if found is None:
        return _EMPTY
    if name != "chiffre-valeur":
        return Cell(text=_said(found), content=Words(text=_said(found)))
    number = next((one for one in found if one.tag == "strong" or "marque" in classes(one)), found)
    shell = Element("td")
    shell.append(number)
    return _cell(shell)
