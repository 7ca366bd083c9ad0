"""What is mended in the OpenDocument text that pandoc writes: styles, alternatives, identity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from ctgeval.report.formats import shell
from ctgeval.report.formats.identity import Identity
from ctgeval.report.formats.styles import CHARACTERS, INK, PARAGRAPHS, RULE, SHADE, Paragraph

__all__ = ["finished"]

_FRAME = re.compile(r'(<draw:frame draw:name=")img(\d+)("[^>]*>)(<draw:image [^>]*/>)(</draw:frame>)')
_CELL = re.compile(
    r'<style:style style:name="Table(Header)?RowCell" style:family="table-cell">.*?</style:style>', re.DOTALL
)


def finished(parts: dict[str, bytes], *, identity: Identity, alternatives: Sequence[str]) -> dict[str, bytes]:
    """Return the parts of an ODT file with our styles, our page, its identity and the alternatives of its figures.

    Parameters
    ----------
    parts : dict
        As pandoc writes them.
    identity : Identity
    alternatives : sequence of str
        What its figures show, in order.
    """
    text = parts["content.xml"].decode().replace('table:align="center"', 'table:align="left"')
    text = _CELL.sub(lambda found: _cell("head" if found.group(1) else "body"), text)
    seen = iter(alternatives)
    text = _FRAME.sub(lambda found: _frame(found, next(seen)), text)
    return {
        **parts,
        "content.xml": text.encode(),
        "styles.xml": _sheet(identity).encode(),
        "meta.xml": shell.filled("odt-meta.xml.j2", identity.as_dict()).encode(),
    }


def _frame(found: re.Match[str], alternative: str) -> str:
    named, rank, opened, image, closed = found.groups()
    said = f"<svg:title>Figure {rank}</svg:title><svg:desc>{escape(alternative)}</svg:desc>"
    return f"{named}Figure {rank}{opened}{image}{said}{closed}"


def _cell(part: Literal["head", "body"]) -> str:
    head = part == "head"
    name = "TableHeaderRowCell" if head else "TableRowCell"
    shade, edge = (f' fo:background-color="{SHADE}"', "0.75pt") if head else ("", "0.5pt")
    return (
        f'<style:style style:name="{name}" style:family="table-cell"><style:table-cell-properties{shade} '
        f'fo:padding="0.06cm" fo:border="none" fo:border-bottom="{edge} solid {RULE}"'
        f' style:vertical-align="{"bottom" if head else "top"}"/></style:style>'
    )


def _sheet(identity: Identity) -> str:
    paragraphs = "".join(_paragraph(one, name) for one in PARAGRAPHS for name in one.odt.split())
    letters = "".join(_letters(one, name) for one in CHARACTERS for name in one.odt.split())
    written = {"paragraphs": shell.safe(paragraphs + letters), "ink": INK}
    return shell.filled("odt-styles.xml.j2", identity.as_dict() | written)


def _paragraph(style: Paragraph, name: str) -> str:
    shown = name.replace("_20_", " ")
    outline = f' style:default-outline-level="{style.level}"' if style.level else ""
    properties = [
        f'fo:margin-top="{style.before:g}pt"',
        f'fo:margin-bottom="{style.after:g}pt"',
        f'fo:margin-left="{style.left:g}pt"',
        'fo:orphans="2"',
        'fo:widows="2"',
    ]
    if style.right:
        properties += ['fo:text-align="end"', 'style:justify-single-word="false"']
    if style.next_with:
        properties.append('fo:keep-with-next="always"')
    if style.background:
        properties += [f'fo:background-color="{style.background}"', 'fo:padding="0.15cm"']
    if style.bar:
        properties += [f'fo:border-left="2.5pt solid {style.bar}"', 'fo:padding-left="0.25cm"']
    after = ' style:next-style-name="Text_20_body"' if style.level or style.next_with else ""
    return (
        f'<style:style style:name="{name}" style:display-name={quoteattr(shown)} style:family="paragraph" '
        f'style:parent-style-name="Standard"{after}{outline} style:class="text">'
        f"<style:paragraph-properties {' '.join(properties)}/>{_letter_properties(style)}</style:style>"
    )


def _letters(style: Paragraph, name: str) -> str:
    return f'<style:style style:name="{name}" style:family="text">{_letter_properties(style)}</style:style>'


def _letter_properties(style: Paragraph) -> str:
    size = f'fo:font-size="{style.size:g}pt" style:font-size-complex="{style.size:g}pt" ' if style.size else ""
    weight = 'fo:font-weight="bold" style:font-weight-complex="bold" ' if style.bold else ""
    weight += 'fo:font-weight="normal" style:font-weight-complex="normal" ' if style.plain else ""
    family = 'style:font-name="Chasse" ' if style.mono else ""
    under = 'style:text-underline-style="solid" style:text-underline-width="auto" ' if style.word == "Hyperlink" else ""
    return f'<style:text-properties {size}{weight}{family}{under}fo:color="{style.colour}"/>'
