"""Write tables made for readers as an OpenDocument spreadsheet: a small zip of XML, without any library.

References
----------
OASIS, *Open Document Format for Office Applications (OpenDocument) Version 1.3*, part 3 (schema), §9 (tables),
§16.29 (data styles) and §19 (settings); part 2 (packages), §3 for the manifest and the ``mimetype``.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from html import escape as _escape

from ctgeval.sources.presented import Book, Figure, Sheet, Words, checked

__all__ = ["MEDIA_TYPE", "ods"]

MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}"'
    for prefix, name in (
        ("office", "office:1.0"), ("table", "table:1.0"), ("text", "text:1.0"), ("style", "style:1.0"),
        ("number", "datastyle:1.0"), ("fo", "xsl-fo-compatible:1.0"), ("meta", "meta:1.0"), ("config", "config:1.0"),
    )
)  # fmt: skip
_ROOT = (
    f'{_SPACES} xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'office:version="1.3"'
)
_PARTS = ("content.xml", "styles.xml", "meta.xml", "settings.xml")
_UNTOLD = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_NARROW, _WIDE, _MILLIMETRES = 9, 48, 2.1
_LOOKS = {
    "titre": ("", '<style:text-properties fo:font-weight="bold" fo:font-size="13pt"/>'),
    "entete": ('fo:background-color="#E4ECF5" fo:border-bottom="0.5pt solid #000000" fo:wrap-option="wrap"',
               '<style:text-properties fo:font-weight="bold"/>'),
    "texte": ('fo:wrap-option="wrap"', ""),
    "masque": ('fo:background-color="#E7E3F4" fo:wrap-option="wrap"',
               '<style:text-properties fo:font-style="italic"/>'),
    "absent": ('fo:wrap-option="wrap"', '<style:text-properties fo:font-style="italic" fo:color="#595959"/>'),
}  # fmt: skip


def escape(text: str) -> str:
    """Return a text as XML holds it; a character that XML can't hold is replaced by the sign of those."""
    return _escape(_UNTOLD.sub("\ufffd", text))


def ods(book: Book) -> bytes:
    """Return the workbook as the bytes of an ``.ods`` file: the same for the same content.

    Parameters
    ----------
    book : Book

    Raises
    ------
    SourceError
        When a spreadsheet can't hold it, see `ctgeval.sources.presented.checked`.
    """
    checked(book)
    texts = (_content(book), _styles(), _meta(book), _settings(book))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, "mimetype", MEDIA_TYPE, zipfile.ZIP_STORED)
        for name, text in zip(_PARTS, texts, strict=True):
            _add(archive, name, _HEAD + text)
        _add(archive, "META-INF/manifest.xml", _HEAD + _manifest())
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, text: str, method: int = zipfile.ZIP_DEFLATED) -> None:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type = method
    # Otherwise the system that writes would show in the bytes.
    entry.create_system = 3
    archive.writestr(entry, text.encode("utf-8"))


def _manifest() -> str:
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
        for path, kind in (("/", MEDIA_TYPE), *((name, "text/xml") for name in _PARTS))
    )
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    return f'<manifest:manifest xmlns:manifest="{space}" manifest:version="1.3">{entries}</manifest:manifest>'


def _meta(book: Book) -> str:
    day = escape(book.day)
    told = (
        f"<dc:title>{escape(book.title)}</dc:title><dc:language>fr-FR</dc:language>"
        f"<meta:creation-date>{day}T00:00:00</meta:creation-date><dc:date>{day}T00:00:00</dc:date>"
    )
    return f"<office:document-meta {_ROOT}><office:meta>{told}</office:meta></office:document-meta>"


def _styles() -> str:
    default = (
        '<style:default-style style:family="table-cell">'
        '<style:text-properties fo:language="fr" fo:country="FR"/></style:default-style>'
    )
    return f"<office:document-styles {_ROOT}><office:styles>{default}</office:styles></office:document-styles>"


def _settings(book: Book) -> str:
    """Keep the headers, and the column that names the rows, in view."""
    views = "".join(
        f'<config:config-item-map-entry config:name="{escape(sheet.name)}">'
        + "".join(
            f'<config:config-item config:name="{name}" config:type="{kind}">{value}</config:config-item>'
            for name, kind, value in _split(sheet)
        )
        + "</config:config-item-map-entry>"
        for sheet in book.sheets
    )
    return (
        f'<office:document-settings {_ROOT}><office:settings><config:config-item-set config:name="ooo:view-settings">'
        '<config:config-item-map-indexed config:name="Views"><config:config-item-map-entry>'
        '<config:config-item config:name="ViewId" config:type="string">view1</config:config-item>'
        f'<config:config-item-map-named config:name="Tables">{views}</config:config-item-map-named>'
        f'<config:config-item config:name="ActiveTable" config:type="string">{escape(book.sheets[0].name)}'
        "</config:config-item></config:config-item-map-entry></config:config-item-map-indexed>"
        "</config:config-item-set></office:settings></office:document-settings>"
    )


def _split(sheet: Sheet) -> Iterator[tuple[str, str, int]]:
    across = int(len(sheet.columns) > 1)
    down = sheet.header_row + 1
    yield from (("HorizontalSplitMode", "short", 2 * across), ("VerticalSplitMode", "short", 2))
    yield from (("HorizontalSplitPosition", "int", across), ("VerticalSplitPosition", "int", down))
    yield from (("ActiveSplitRange", "short", 3 if across else 2), ("PositionRight", "int", across))
    yield ("PositionBottom", "int", down)


def _content(book: Book) -> str:
    patterns = {
        cell.pattern: cell for sheet in book.sheets for row in sheet.rows for cell in row if isinstance(cell, Figure)
    }
    names = {pattern: f"n{rank}" for rank, pattern in enumerate(sorted(patterns))}
    widths = sorted({_width(sheet, place) for sheet in book.sheets for place in range(len(sheet.columns))})
    automatic = [_number(names[pattern], patterns[pattern]) for pattern in sorted(patterns)]
    automatic += [
        f'<style:style style:name="c{width}" style:family="table-column"><style:table-column-properties '
        f'style:column-width="{width * _MILLIMETRES:.1f}mm"/></style:style>'
        for width in widths
    ]
    automatic += [
        f'<style:style style:name="{name}" style:family="table-cell"><style:table-cell-properties '
        f'style:vertical-align="top"{" " if cell else ""}{cell}/>{text}</style:style>'
        for name, (cell, text) in _LOOKS.items()
    ]
    automatic += [
        f'<style:style style:name="v{name}" style:family="table-cell" style:data-style-name="{name}">'
        '<style:table-cell-properties style:vertical-align="top"/></style:style>'
        for name in names.values()
    ]
    tables = "".join(_table(sheet, names) for sheet in book.sheets)
    return (
        f"<office:document-content {_ROOT}><office:automatic-styles>{''.join(automatic)}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )


def _number(name: str, figure: Figure) -> str:
    """Return the data style of a figure; one that shows its sign has a style for each of them."""
    kind = "percentage-style" if figure.share else "number-style"
    grouping = ' number:grouping="true"' if figure.grouped else ""
    digits = (
        f'<number:number number:decimal-places="{figure.decimals}" number:min-decimal-places="{figure.decimals}" '
        f'number:min-integer-digits="1"{grouping}/>'
    )
    ending = ("%" if figure.share else "") + figure.suffix
    after = f"<number:text>{escape(ending)}</number:text>" if ending else ""

    def style(end: str, before: str, maps: str = "") -> str:
        sign = f"<number:text>{before}</number:text>" if before else ""
        return f'<number:{kind} style:name="{name}{end}">{sign}{digits}{after}{maps}</number:{kind}>'

    if not figure.signed:
        return style("", "")
    maps = "".join(
        f'<style:map style:condition="{escape(condition)}" style:apply-style-name="{name}{end}"/>'
        for condition, end in (("value()>0", "p"), ("value()<0", "m"))
    )
    return style("p", "+") + style("m", "-") + style("", "", maps)


def _table(sheet: Sheet, names: dict[str, str]) -> str:
    columns = "".join(
        f'<table:table-column table:style-name="c{_width(sheet, p)}"/>' for p in range(len(sheet.columns))
    )
    blank = "<table:table-row><table:table-cell/></table:table-row>"
    rows = [_row([_text(sheet.title, "titre")]), *(_row([_text(line, "")]) for line in sheet.above), blank]
    header = _row([_text(column, "entete") for column in sheet.columns])
    rows.append(f"<table:table-header-rows>{header}</table:table-header-rows>")
    rows += [_row([_cell(cell, names) for cell in row]) for row in sheet.rows]
    if sheet.below:
        rows += [blank, *(_row([_text(line, "")]) for line in sheet.below)]
    return f'<table:table table:name="{escape(sheet.name)}">{columns}{"".join(rows)}</table:table>'


def _row(cells: list[str]) -> str:
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def _cell(cell: Figure | Words, names: dict[str, str]) -> str:
    if isinstance(cell, Words):
        return _text(cell.text, cell.mark or "texte", sheet=cell.sheet)
    kind = "percentage" if cell.share else "float"
    note = f"<office:annotation><text:p>{escape(cell.note)}</text:p></office:annotation>" if cell.note else ""
    value = format(cell.value, ".15g")
    return (
        f'<table:table-cell table:style-name="v{names[cell.pattern]}" office:value-type="{kind}" '
        f'office:value="{value}">{note}</table:table-cell>'
    )


def _text(text: str, style: str, *, sheet: str = "") -> str:
    """Return a cell of text, which is never a formula: a formula would stand in an attribute of its own."""
    if not text:
        return "<table:table-cell/>"
    lines = [f"<text:p>{escape(line)}</text:p>" for line in text.split("\n")]
    if sheet:
        target = escape("#'{}'.A1".format(sheet.replace("'", "''")))
        lines = [f'<text:p><text:a xlink:type="simple" xlink:href="{target}">{escape(text)}</text:a></text:p>']
    look = f' table:style-name="{style}"' if style else ""
    return f'<table:table-cell{look} office:value-type="string">{"".join(lines)}</table:table-cell>'


def _width(sheet: Sheet, place: int) -> int:
    told = [cell.text for row in sheet.rows if isinstance(cell := row[place], Words)]
    longest = max((len(text) for text in told), default=0)
    return min(_WIDE, max(_NARROW, longest + 2, min(len(sheet.columns[place]) + 2, 18)))
