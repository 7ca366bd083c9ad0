"""HTML and SVG as their readers find them: texts, tables, and all that tags, comments and ``data:`` links hold."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import unquote_to_bytes

from ctgeval.report.scan.contents import Content, Grid

__all__ = ["read_markup"]

_BLOCK_TAGS = (
    "address article aside blockquote body caption dd details div dl dt fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 head header hr html li main nav ol p pre section summary table tbody td tfoot th thead title tr ul br"
)
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_VOID_TAGS = "area base br col embed hr img input link meta source track wbr"
_VOID = frozenset(_VOID_TAGS.split())
_LOOK = (
    "class id d points transform viewbox x y x1 x2 y1 y2 cx cy r rx ry dx dy width height fill stroke role scope "
    "colspan rowspan tabindex aria-labelledby aria-describedby aria-hidden clip-path font-size font-weight text-anchor "
    "stroke-width stroke-dasharray stroke-linecap stroke-linejoin fill-opacity stroke-opacity opacity rel lang charset "
    "http-equiv focusable download headers for preserveaspectratio dominant-baseline type hreflang"
)
# Where things stand in a drawing, how they are called, what they look like: nobody reads a figure there.
_SILENT = frozenset(_LOOK.split())
_SAID = {
    "alt": "texte de remplacement d’une image",
    "aria-label": "texte de remplacement d’une figure",
    "title": "info-bulle",
    "content": "métadonnée de la page",
    "href": "lien",
    "src": "image",
}
_MEDIA = {
    "text/csv": ".csv", "text/html": ".html", "text/plain": ".txt", "application/json": ".json",
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "image/svg+xml": ".svg",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}  # fmt: skip
_QUOTED = re.compile(r"""["']([^"'\n]+)["']""")
_KIND = re.compile(r"^Télécharger[^()]*\([A-Z]+\)\s*")
_TAIL = 60

Reader = Callable[[str, bytes], Content]


def read_markup(text: str, *, embedded: Reader) -> Content:
    """Return what a page or a drawing says.

    Parameters
    ----------
    text : str
        HTML or SVG.
    embedded : callable
        Reads the content of a ``data:`` link, given a suffix and its bytes.
    """
    reader = _Markup(embedded)
    reader.feed(text)
    reader.close()
    reader.end()
    return reader.content


class _Markup(HTMLParser):
    """Gathers texts block by block, cells row by row."""

    def __init__(self, embedded: Reader) -> None:
        super().__init__(convert_charrefs=True)
        self.content = Content()
        self._embedded = embedded
        self._text: list[str] = []
        self._headings: dict[int, str] = {}
        self._heading: list[str] | None = None
        self._level = 0
        self._tables: list[_Table] = []
        self._drawings = 0
        self._drawn: list[str] = []
        self._raw = ""
        self._linked: tuple[str, list[str]] | None = None

    # -- what the parser calls -------------------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS and not self._drawings:
            self._flush()
        if tag == "svg":
            self._drawings += 1
        elif tag in {"script", "style"}:
            self._raw = tag
        elif tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self._heading, self._level = [], int(tag[1])
        elif tag == "table":
            self._tables.append(_Table(known.get("id", "")))
        elif self._tables and tag in {"tr", "td", "th", "caption", "thead", "tbody", "tfoot"}:
            self._tables[-1].begin(tag, known)
        for name, value in known.items():
            self._attribute(tag, name, value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "svg" and self._drawings:
            self._drawings -= 1
            if not self._drawings:
                self.content.say(" | ".join(self._drawn), f"texte d’une figure{self._place()}")
                self._drawn.clear()
        elif tag == self._raw:
            self._raw = ""
        elif tag in {"h1", "h2", "h3", "h4", "h5", "h6"} and self._heading is not None:
            self._settle_heading()
        elif tag == "a":
            self._open_link()
        if tag in _BLOCKS and not self._drawings:
            self._flush()
        if self._tables and tag in {"caption", "table", "td", "th", "thead"}:
            self._tables[-1].finish(tag)
            if tag == "table":
                self._keep(self._tables.pop())

    def handle_data(self, data: str) -> None:
        if self._raw:
            self.content.say(data, "données ou style de la page", properties=True, prose=self._raw == "script")
            if self._raw == "style":
                # What a rule writes before or after an element is read as the rest of the page is.
                self.content.say(" | ".join(_QUOTED.findall(data)), "textes du style de la page")
            return
        if self._drawings:
            if not data.isspace():
                self._drawn.append(data.strip())
            return
        self._text.append(data)
        if self._heading is not None:
            self._heading.append(data)
        if self._linked:
            self._linked[1].append(data)
        if self._tables:
            self._tables[-1].write(data)

    def handle_comment(self, data: str) -> None:
        self.content.say(data, f"commentaire du code de la page{self._place()}", properties=True)

    def handle_decl(self, decl: str) -> None:
        self.content.say(decl, "déclaration du document", properties=True, prose=False)

    def handle_pi(self, data: str) -> None:
        self.content.say(data, "instruction du document", properties=True, prose=False)

    def unknown_decl(self, data: str) -> None:
        self.content.say(data, "bloc du document", properties=True)

    def end(self) -> None:
        """Keep what was not closed."""
        self._flush()
        while self._tables:
            self._keep(self._tables.pop())

    # -- what they are made of -------------------------------------------------------------------------------------

    def _place(self) -> str:
        return f", rubrique « {self._headings[max(self._headings)]} »" if self._headings else ""

    def _above(self) -> tuple[str, ...]:
        return tuple(self._headings[level] for level in sorted(self._headings, reverse=True))

    def _flush(self) -> None:
        if self._text:
            self.content.say(_spaced("".join(self._text)), f"texte{self._place()}")
            self._text.clear()

    def _settle_heading(self) -> None:
        told = _spaced("".join(self._heading or ()))
        self._headings = {level: text for level, text in self._headings.items() if level < self._level}
        self._headings[self._level] = told
        self._heading = None

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if not value or name in _SILENT:
            return
        if name in {"href", "src", "xlink:href"} and value[:5].casefold() == "data:":
            if tag == "a":
                self._linked = (value, [])
            else:
                self._open(value, f"{_SAID['src']}{self._place()}", caption="")
            return
        if value.startswith("#"):
            return
        where = _SAID.get(name, f"attribut {name[:_TAIL]}")
        properties = name not in {"alt", "aria-label", "title"} and not name.startswith("aria-")
        self.content.say(value, f"{where}{self._place()}", properties=properties, prose=name != "style")

    def _open_link(self) -> None:
        if self._linked is None:
            return
        link, words = self._linked
        self._linked = None
        told = _KIND.sub("", _spaced("".join(words)))
        self._open(link, f"fichier à télécharger « {told[:_TAIL]} »", caption=told)

    def _open(self, link: str, where: str, *, caption: str) -> None:
        head, _, body = link.partition(",")
        kind = head[5:].split(";", 1)[0].strip().casefold()
        try:
            data = unquote_to_bytes(body)
            data = base64.b64decode(data, validate=False) if head.casefold().endswith(";base64") else data
        except (binascii.Error, ValueError):
            self.content.unread.append(where)
            return
        found = self._embedded(_MEDIA.get(kind, ""), data)
        last = self.content.grids[-1].caption if self.content.grids else ""
        about = last if _shared(last, caption) else caption
        found.grids = [
            Grid(one.caption or about, self._above(), one.columns, one.rows, one.where, one.id) for one in found.grids
        ]
        self.content.join(found, where)

    def _keep(self, table: _Table) -> None:
        columns, rows = table.read()
        if rows:
            place = self._place()
            where = f"tableau « {table.caption[:_TAIL]} »" if table.caption else f"tableau sans titre{place}"
            self.content.grids.append(Grid(table.caption, self._above(), columns, rows, where, table.id))


class _Table:
    """A table while it is read: spans are spread over the cells that they cover."""

    def __init__(self, identifier: str) -> None:
        self.id = identifier
        self.caption = ""
        self._head = False
        self._headers: list[list[str]] = []
        self._rows: list[list[str]] = []
        self._cell: list[str] | None = None
        self._captioned = False
        self._span = (1, 1)
        self._down: dict[int, tuple[int, str]] = {}

    def begin(self, tag: str, known: dict[str, str]) -> None:
        if tag in {"thead", "tbody", "tfoot"}:
            self.finish("td")
            self._head = tag == "thead"
        elif tag == "tr":
            self.finish("td")
            (self._headers if self._head else self._rows).append([])
        elif tag == "caption":
            self._captioned = True
        else:
            self.finish("td")
            self._cell = []
            self._span = (_count(known.get("colspan", "")), _count(known.get("rowspan", "")))

    def write(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)
        elif self._captioned:
            self.caption += data

    def finish(self, tag: str) -> None:
        if tag == "caption":
            self._captioned, self.caption = False, _spaced(self.caption)
        elif tag == "thead":
            self._head = False
        if self._cell is None:
            return
        into = self._headers if self._head else self._rows
        if not into:
            into.append([])
        row, text = into[-1], _spaced("".join(self._cell))
        while len(row) in self._down:
            self._carry(row)
        for _ in range(self._span[0]):
            if self._span[1] > 1:
                self._down[len(row)] = (self._span[1] - 1, text)
            row.append(text)
        self._cell = None

    def _carry(self, row: list[str]) -> None:
        left, text = self._down.pop(len(row))
        if left > 1:
            self._down[len(row)] = (left - 1, text)
        row.append(text)

    def read(self) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        self.finish("td")
        rows = [tuple(row) for row in self._rows if row]
        headers = self._headers
        if not headers and len(rows) > 1:
            headers, rows = [list(rows[0])], rows[1:]
        width = max((len(row) for row in headers), default=0)
        columns = tuple(
            " – ".join(dict.fromkeys(row[rank] for row in headers if rank < len(row) and row[rank]))
            for rank in range(width)
        )
        return columns, tuple(rows)


def _count(text: str) -> int:
    return min(int(text), 1000) if text.isdigit() and int(text) > 0 else 1


def _spaced(text: str) -> str:
    return re.sub(r"[ \t\r\n\f]+", " ", text).strip()


def _shared(caption: str, words: str) -> bool:
    """Whether a link names the table just above it, whose caption may say more."""
    return bool(words) and caption.startswith(words)
