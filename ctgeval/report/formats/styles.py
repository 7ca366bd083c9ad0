"""The styles of the text documents, said once and written as each of the two formats wants them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CHARACTERS", "INK", "LINK", "PARAGRAPHS", "RULE", "SHADE", "Paragraph"]

INK, SOFT, ACCENT, LINK, ALERT = "#1b1d24", "#55575d", "#0a3a66", "#0b4f8a", "#8a2a0b"
RULE, SHADE = "#c5cbd6", "#f3f6fa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A style of paragraph, or of letters when nothing is said of the paragraph.

    Parameters
    ----------
    word, odt : str
        Its identifiers; several for OpenDocument, separated by spaces, when pandoc tells apart what is one here.
    name : str
        As Word shows it.
    size, before, after, left : float
        Size of the letters, space above and under, indent: in points.
    bold, mono, plain : bool
        Plain letters are not bold, even in a caption.
    colour, background, bar : str
        Of the letters, behind them, of a line on the left.
    right, next_with : bool
        Aligned right; kept on the page of what follows.
    level : int
        Of a heading, 1 for a section of the bilan.
    """

    word: str
    odt: str
    name: str
    size: float = 10
    before: float = 0
    after: float = 6
    left: float = 0
    bold: bool = False
    mono: bool = False
    plain: bool = False
    colour: str = INK
    background: str = ""
    bar: str = ""
    right: bool = False
    next_with: bool = False
    level: int = 0


PARAGRAPHS = (
    Paragraph(word="BodyText", odt="Text_20_body", name="Body Text"),
    Paragraph(word="FirstParagraph", odt="First_20_paragraph", name="First Paragraph", before=6),
    Paragraph(word="Compact", odt="Table_20_Contents Table_20_Heading", name="Compact", after=1, before=1),
    Paragraph(word="Ligne", odt="Ligne", name="Ligne", size=8, after=1, before=1),
    Paragraph(word="Nombre", odt="Nombre", name="Nombre", size=8, after=1, before=1, right=True),
    Paragraph(word="Colonne", odt="Colonne", name="Colonne", size=8, after=1, before=1, bold=True, next_with=True),
    Paragraph(
        word="NombreTitre",
        odt="NombreTitre",
        name="Colonne de nombres",
        size=8,
        after=1,
        before=1,
        right=True,
        bold=True,
        next_with=True,
    ),
    Paragraph(word="Title", odt="Title", name="Title", size=22, after=6, bold=True, colour=ACCENT, next_with=True),
    Paragraph(word="Subtitle", odt="Subtitle", name="Subtitle", size=12, after=12),
    Paragraph(word="Surtitre", odt="Surtitre", name="Surtitre", size=11, after=4, colour=SOFT, next_with=True),
    Paragraph(word="Repere", odt="Repere", name="Repère", after=2),
    Paragraph(
        word="Bandeau",
        odt="Bandeau",
        name="Bandeau",
        before=8,
        after=12,
        bold=True,
        background="#ffe9a8",
        colour="#2b2100",
    ),
    Paragraph(
        word="Heading1",
        odt="Heading_20_1",
        name="heading 1",
        size=16,
        before=24,
        after=8,
        bold=True,
        colour=ACCENT,
        next_with=True,
        level=1,
    ),
    Paragraph(
        word="Heading2",
        odt="Heading_20_2",
        name="heading 2",
        size=13,
        before=16,
        after=6,
        bold=True,
        next_with=True,
        level=2,
    ),
    Paragraph(
        word="Heading3",
        odt="Heading_20_3",
        name="heading 3",
        size=11,
        before=12,
        after=4,
        bold=True,
        next_with=True,
        level=3,
    ),
    *(
        Paragraph(
            word=f"Heading{level}",
            odt=f"Heading_20_{level}",
            name=f"heading {level}",
            before=8,
            after=4,
            bold=True,
            next_with=True,
            level=level,
        )
        for level in (4, 5, 6)
    ),
    Paragraph(
        word="Message", odt="Message", name="Message", size=12, before=2, after=10, left=10, bar=LINK, next_with=True
    ),
    Paragraph(word="Intitule", odt="Intitule", name="Intitulé", before=8, after=3, bold=True, next_with=True),
    Paragraph(word="Note", odt="Note", name="Note", size=8, after=2, colour=SOFT),
    Paragraph(word="Mention", odt="Mention", name="Mention", bold=True, colour=ALERT),
    Paragraph(word="BlockText", odt="Quotations", name="Block Text", left=18, bar=LINK),
    Paragraph(word="SourceCode", odt="Preformatted_20_Text", name="Source Code", size=9, mono=True, background=SHADE),
    Paragraph(
        word="TableCaption",
        odt="TableCaption",
        name="Table Caption",
        size=9,
        before=8,
        after=3,
        bold=True,
        next_with=True,
    ),
    Paragraph(word="ImageCaption", odt="FigureCaption", name="Image Caption", size=9, after=10, bold=True),
    Paragraph(
        word="CaptionedFigure",
        odt="FigureWithCaption Figure",
        name="Captioned Figure",
        before=6,
        after=3,
        next_with=True,
    ),
    Paragraph(
        word="DefinitionTerm",
        odt="Definition_20_Term Definition_20_Term_20_Tight",
        name="Definition Term",
        before=3,
        after=0,
        bold=True,
        next_with=True,
    ),
    Paragraph(
        word="Definition",
        odt="Definition_20_Definition Definition_20_Definition_20_Tight",
        name="Definition",
        left=18,
        after=3,
    ),
    Paragraph(word="Header", odt="Header", name="header", size=8, after=0, colour=SOFT),
    Paragraph(word="Entete", odt="Entete", name="En-tête d’état", size=8, after=0, bold=True, colour=ALERT),
    Paragraph(word="Footer", odt="Footer", name="footer", size=8, after=0, colour=SOFT),
)
"""Styles of paragraphs: those that pandoc names, then ours, whose names `manuscript` writes."""

CHARACTERS = (
    Paragraph(word="Valeur", odt="Valeur", name="Valeur", size=14, bold=True),
    Paragraph(word="Precision", odt="Precision", name="Précision", size=8.5, plain=True, colour=SOFT),
    Paragraph(word="VerbatimChar", odt="Source_Text", name="Verbatim Char", size=9, mono=True),
    Paragraph(word="Hyperlink", odt="Definition Internet_20_link", name="Hyperlink", size=0, colour=LINK),
)
"""Styles of letters; the last is that of links, which are underlined."""
