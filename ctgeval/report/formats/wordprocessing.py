"""What is mended in the Word document that pandoc writes: styles, page, identity."""

from __future__ import annotations

import re
from xml.sax.saxutils import quoteattr

from ctgeval.report.formats import shell
from ctgeval.report.formats.identity import Identity
from ctgeval.report.formats.styles import CHARACTERS, INK, PARAGRAPHS, RULE, SHADE, Paragraph

__all__ = ["finished"]

_SECTION = re.compile(r"<w:sectPr\b.*?</w:sectPr>|<w:sectPr\s*/>", re.DOTALL)
_PAGE = (
    '<w:sectPr><w:headerReference w:type="default" r:id="rIdHaut"/><w:footerReference w:type="default" r:id="rIdPied"/>'
    '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1418" w:right="1134" w:bottom="1134" w:left="1134" '
    'w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>'
)
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KINDS = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_MARGINS = (("rIdHaut", "header", "haut.xml"), ("rIdPied", "footer", "pied.xml"))


def finished(parts: dict[str, bytes], *, identity: Identity) -> dict[str, bytes]:
    """Return the parts of a DOCX file with our styles, our page and its identity.

    Parameters
    ----------
    parts : dict
        As pandoc writes them.
    identity : Identity
    """
    told = identity.as_dict()
    made = {
        **parts,
        "word/document.xml": _content(parts["word/document.xml"].decode()).encode(),
        "word/styles.xml": _sheet().encode(),
        "docProps/core.xml": shell.filled("docx-core.xml.j2", told).encode(),
        "docProps/app.xml": shell.filled("docx-app.xml.j2", told).encode(),
        "word/settings.xml": _settings(parts["word/settings.xml"].decode()).encode(),
    }
    links = kinds = ""
    for name, kind, file in _MARGINS:
        made[f"word/{file}"] = shell.filled(f"docx-{file}.j2", told).encode()
        links += f'<Relationship Id="{name}" Type="{_RELATIONS}/{kind}" Target="{file}"/>'
        kinds += f'<Override PartName="/word/{file}" ContentType="{_KINDS}.{kind}+xml"/>'
    _add(made, "word/_rels/document.xml.rels", links, before="</Relationships>")
    _add(made, "[Content_Types].xml", kinds, before="</Types>")
    return made


def _add(parts: dict[str, bytes], name: str, added: str, *, before: str) -> None:
    parts[name] = parts[name].replace(before.encode(), (added + before).encode())


def _content(text: str) -> str:
    # The inner name of a picture is its file; the alternative is on the drawing around it.
    text = re.sub(r'(<pic:cNvPr )descr="[^"]*"', r"\1", text)
    text = text.replace('w:firstColumn="0"', 'w:firstColumn="1"').replace('w:val="0020"', 'w:val="00A0"')
    # A row is read on one page.
    text = text.replace("<w:trPr>", "<w:trPr><w:cantSplit/>").replace(
        "<w:tr><w:tc>", "<w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc>"
    )
    return _SECTION.sub(_PAGE, text)


def _settings(text: str) -> str:
    return (
        text.replace('<w:themeFontLang w:val="en-US" />', '<w:themeFontLang w:val="fr-FR"/>')
        .replace('<w:decimalSymbol w:val="." />', '<w:decimalSymbol w:val=","/>')
        .replace('<w:listSeparator w:val="," />', '<w:listSeparator w:val=";"/>')
    )


def _sheet() -> str:
    written = "".join(_paragraph(one) for one in PARAGRAPHS if one.word)
    letters = "".join(_letters(one) for one in CHARACTERS)
    shown = {"styles": shell.safe(written + letters), "ink": INK[1:], "rule": RULE[1:], "shade": SHADE[1:]}
    return shell.filled("docx-styles.xml.j2", shown)


def _paragraph(style: Paragraph) -> str:
    properties = ""
    if style.next_with:
        properties += "<w:keepNext/>"
    if style.next_with and style.level:
        properties += "<w:keepLines/>"
    if style.bar:
        properties += f'<w:pBdr><w:left w:val="single" w:sz="18" w:space="8" w:color="{style.bar[1:]}"/></w:pBdr>'
    if style.background:
        properties += f'<w:shd w:val="clear" w:color="auto" w:fill="{style.background[1:]}"/>'
    properties += f'<w:spacing w:before="{round(20 * style.before)}" w:after="{round(20 * style.after)}"/>'
    if style.left:
        properties += f'<w:ind w:left="{round(20 * style.left)}"/>'
    if style.right:
        properties += '<w:jc w:val="right"/>'
    if style.level:
        properties += f'<w:outlineLvl w:val="{style.level - 1}"/>'
    after = '<w:next w:val="BodyText"/>' if style.level or style.next_with else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{style.word}"><w:name w:val={quoteattr(style.name)}/>'
        f'<w:basedOn w:val="Normal"/>{after}<w:qFormat/><w:pPr>{properties}</w:pPr>{_letter_properties(style)}'
        "</w:style>"
    )


def _letters(style: Paragraph) -> str:
    return (
        f'<w:style w:type="character" w:styleId="{style.word}"><w:name w:val={quoteattr(style.name)}/>'
        f'<w:basedOn w:val="DefaultParagraphFont"/>{_letter_properties(style)}</w:style>'
    )


def _letter_properties(style: Paragraph) -> str:
    properties = '<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New" w:cs="Courier New"/>' if style.mono else ""
    properties += "<w:b/><w:bCs/>" if style.bold else ""
    properties += '<w:b w:val="0"/><w:bCs w:val="0"/>' if style.plain else ""
    properties += f'<w:color w:val="{style.colour[1:]}"/>'
    if style.size:
        properties += f'<w:sz w:val="{round(2 * style.size)}"/><w:szCs w:val="{round(2 * style.size)}"/>'
    properties += '<w:u w:val="single"/>' if style.word == "Hyperlink" else ""
    return f"<w:rPr>{properties}</w:rPr>"
