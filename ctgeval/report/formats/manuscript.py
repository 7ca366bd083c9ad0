"""A bilan as the plain HTML that pandoc turns into a text document: paragraphs of named styles, tables, pictures."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from ctgeval.report.formats import content, pictures, shell, widths
from ctgeval.report.formats.document import Document

__all__ = ["Manuscript", "of"]

_STYLES = {
    "message": "Message", "intitule": "Intitule", "legende": "Note", "note": "Note", "vide": "Note",
    "chiffre-source": "Note", "mention": "Mention",
}  # fmt: skip
_BLOCKS = {"blockquote", "div", "dl", "figure", "ol", "p", "pre", "section", "table", "ul"}
_CELLS = {(True, True): "NombreTitre", (True, False): "Colonne", (False, True): "Nombre", (False, False): "Ligne"}
_CARD = (
    ("Chiffre clé", ("chiffre-nom",), 34),
    ("Valeur", ("chiffre-valeur",), 24),
    ("Évolution et cible", ("chiffre-evolution", "chiffre-cible"), 24),
    ("Période et source", ("chiffre-source",), 18),
)


@dataclass(frozen=True, slots=True)
class Manuscript:
    """What pandoc is given.

    Parameters
    ----------
    html : str
        One page; its pictures are called ``figure-1.png`` and so on.
    pictures : tuple of (str, Picture)
        Their names and themselves, in order.
    """

    html: str
    pictures: tuple[tuple[str, pictures.Picture], ...]


def of(document: Document) -> Manuscript:
    """Return a bilan as plain HTML: no grid, no card, no drawing; headings one level up, its title being no heading.

    Parameters
    ----------
    document : Document

    Raises
    ------
    ParameterError
        See `pictures.drawn`.
    ReportError
        See `content.tree`.
    """
    root = content.reading(content.tree(document))
    for cards in [one for one in root.iter("ul") if "chiffres" in content.classes(one)]:
        _as_table(cards)
    for terms in root.iter("dl"):
        _flat(terms)
    for notes in [one for one in root.iter("ul") if "notes" in content.classes(one)]:
        notes.tag = "div"
        for one in notes:
            one.tag = "p"
            one.set("class", "note")
    for note in [one for one in root.iter("span") if "figure-note" in content.classes(one)]:
        _on_its_line(note)
    for table in root.iter("table"):
        _plain(table)
    placed = _place(root)
    for heading in root.iter():
        if heading.tag in {"h2", "h3", "h4", "h5", "h6"}:
            heading.tag = f"h{int(heading.tag[1]) - 1}"
    _style(root)
    shown = {"corps": content.markup(root), "entete": shell.heading(document.context)}
    return Manuscript(shell.filled("office.html.j2", {**document.context, **shown}), placed)


def _as_table(cards: Element) -> None:
    """Turn key figures into the table that they are: four columns, one row each."""
    rows = list(cards)
    cards.clear()
    cards.tag = "table"
    group = SubElement(cards, "colgroup")
    head = SubElement(SubElement(cards, "thead"), "tr")
    for label, _, share in _CARD:
        SubElement(group, "col", {"style": f"width: {share}%"})
        _wrap(SubElement(head, "th", {"scope": "col"}), "Colonne", label)
    body = SubElement(cards, "tbody")
    cards.set("data-settled", "")
    for card in rows:
        row = SubElement(body, "tr")
        for rank, (_, names, _) in enumerate(_CARD):
            said = [one for one in card if content.classes(one) & set(names)]
            cell = SubElement(row, "td" if rank else "th", {} if rank else {"scope": "row"})
            block = SubElement(cell, "div", {"data-custom-style": "Ligne"})
            for one in said:
                one.attrib.clear()
                if rank == 1:
                    for strong in one.iter("strong"):
                        strong.tag = "span"
                        strong.set("data-custom-style", "Valeur")
                block.append(one)


def _flat(terms: Element) -> None:
    found = content.groups(terms)
    terms.clear()
    for group in found:
        terms.extend(group)


def _plain(table: Element) -> None:
    """Write in a table what pandoc reads of it: the widths of its columns, and the alignment of each cell."""
    caption = table.find("caption")
    if caption is not None:
        for details in caption.findall("span"):
            _on_its_line(details)
    if table.attrib.pop("data-settled", None) is not None:
        return
    share = widths.settle(table)
    numbers = widths.numbers(table)
    for column in table.iterfind("colgroup/col"):
        wide = float(column.get("style", "").removeprefix("width: ").removesuffix("%")) * share
        column.set("style", f"width: {wide:.1f}%")
    for row in content.rows(table):
        for rank, cell in enumerate(row, start=1):
            head = cell.get("scope") == "col"
            _wrap(cell, _CELLS[head, rank in numbers])


def _wrap(block: Element, style: str, said: str = "") -> None:
    """Give a style to all that a block holds, or to a text to put in it."""
    around = Element("div", {"data-custom-style": style})
    # A paragraph holds no block.
    inside = around if any(child.tag in _BLOCKS for child in block) else SubElement(around, "p")
    inside.text, block.text = said or block.text, None
    inside.extend(block)
    for child in list(block):
        block.remove(child)
    block.append(around)


def _on_its_line(details: Element) -> None:
    """Open a line before what a caption says under its title."""
    line = Element("br")
    line.tail, details.text = (details.text or "").lstrip(), None
    details.insert(0, line)
    details.set("data-custom-style", "Precision")


def _place(root: Element) -> tuple[tuple[str, pictures.Picture], ...]:
    """Put a picture, by its name, where each figure stands."""
    placed: list[tuple[str, pictures.Picture]] = []
    for element in [one for one in root.iter() if one.tag in {"svg", "img"}]:
        picture = pictures.drawn(element) if element.tag == "svg" else pictures.given(element)
        tail = element.tail
        said = content.alternative(element)
        element.clear()
        element.tail = tail
        if picture is None:
            element.tag, element.text = "p", said
            continue
        name = f"figure-{len(placed) + 1}.{picture.extension}"
        placed.append((name, picture))
        element.tag = "img"
        element.attrib.update(
            src=name, alt=picture.alternative, width=f"{picture.width:.2f}cm", height=f"{picture.height:.2f}cm"
        )
    return tuple(placed)


def _style(root: Element) -> None:
    """Say the style of each paragraph that has one: pandoc reads it on a block around it."""
    for element in list(root.iter("p")):
        style = next((_STYLES[name] for name in content.classes(element) if name in _STYLES), "")
        if style:
            _wrap(element, style)
            around = element[0]
            element.tag, element.attrib = "div", around.attrib
            element[:] = around[:]
