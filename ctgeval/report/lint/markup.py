"""A page as the rules ask about it: its elements with what holds them, in the order of the text.

Pages are written by `ctgeval.report.html`, where ``<`` and ``>`` are escaped in every text and every attribute: plain
patterns read them ten times faster than a parser would, which matters for a thousand bilans.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

__all__ = ["ATTRIBUTE", "HEADINGS", "Element", "Page", "said"]

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_WHOLE = "script style svg"
"""Elements that are read as one piece."""
_TOKEN = re.compile(
    rf"<!--.*?-->|<!doctype[^>]*>|<({_WHOLE.replace(' ', '|')})\b([^<>]*)>(.*?)</\1\s*>"
    r"|<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s[^<>]*)?)>",
    re.DOTALL | re.IGNORECASE,
)
ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?""")
_TAG = re.compile(r"<[^>]*>")
_UNREAD = re.compile(r"<(?:svg|style|script)\b.*?</(?:svg|style|script)\s*>", re.DOTALL | re.IGNORECASE)
_BLANK = re.compile(r"[\s\u00a0\u202f]+")


def said(text: str) -> str:
    """Return what a piece of HTML says, on one line, whatever its spaces."""
    return _BLANK.sub(" ", unescape(_TAG.sub("", text) if "<" in text else text)).strip()


@dataclass(slots=True, eq=False)
class Element:
    """An element: its tag, what its opening tag says, where its content starts and ends, what holds it."""

    tag: str
    written: str
    start: int
    inside: int
    end: int
    parent: Element | None
    _attributes: dict[str, str] | None = None

    @property
    def attributes(self) -> dict[str, str]:
        """What its opening tag says."""
        if self._attributes is None:
            self._attributes = {
                name.lower(): unescape(quoted or single or bare)
                for name, quoted, single, bare in ATTRIBUTE.findall(self.written)
            }
        return self._attributes

    def get(self, name: str) -> str:
        """Return an attribute, empty when it is missing."""
        return self.attributes.get(name, "")

    def above(self) -> Iterator[Element]:
        """Return what holds it, the nearest first."""
        holder = self.parent
        while holder is not None:
            yield holder
            holder = holder.parent

    def inside_of(self, *tags: str) -> bool:
        """Tell whether an element of one of these tags holds it."""
        return any(holder.tag in tags for holder in self.above())


@dataclass(slots=True)
class Page:
    """The elements of a page, by tag and in their order; the one script that it may run."""

    source: str
    script: str = ""
    elements: list[Element] = field(default_factory=list)
    by_tag: dict[str, list[Element]] = field(default_factory=lambda: defaultdict(list))
    broken: list[str] = field(default_factory=list)
    """Tags that are closed without being open, or the contrary."""
    _titles: list[tuple[int, str]] | None = None

    @classmethod
    def read(cls, source: str, *, script: str = "") -> Page:
        """Read a page.

        Parameters
        ----------
        source : str
            HTML, as `ctgeval.report.html.page` writes it.
        script : str
            The only content that a script of the page may have; empty for a page that runs nothing.
        """
        page = cls(source, script)
        opened: list[Element] = []
        keep, by_tag = page.elements.append, page.by_tag
        for found in _TOKEN.finditer(source):
            whole, said_whole, _, closing, tag, written = found.groups()
            if tag is None:
                if whole is None:
                    continue
                tag, written = whole.lower(), said_whole
            elif closing:
                if opened and opened[-1].tag == tag:
                    opened.pop().end = found.start()
                else:
                    page.broken.append(tag)
                continue
            start, end = found.span()
            made = Element(tag, written, start, end, end, opened[-1] if opened else None)
            if whole:
                made.inside, made.end = found.span(3)
            elif tag not in _VOID and not written.endswith("/"):
                opened.append(made)
            keep(made)
            by_tag[tag].append(made)
        page.broken += [one.tag for one in opened]
        return page

    def all(self, *tags: str) -> list[Element]:
        """Return the elements of some tags, in the order of the page."""
        if len(tags) == 1:
            return self.by_tag.get(tags[0], [])
        return sorted((one for tag in tags for one in self.by_tag.get(tag, ())), key=lambda one: one.start)

    def content(self, element: Element) -> str:
        """Return the HTML that an element holds."""
        return self.source[element.inside : element.end]

    def text(self, element: Element) -> str:
        """Return what an element says to those who see it: drawings aside."""
        content = self.content(element)
        return said(_UNREAD.sub("", content) if "<s" in content else content)

    def within(self, element: Element, *tags: str) -> list[Element]:
        """Return the elements of some tags that an element holds."""
        return [one for one in self.all(*tags) if element.inside <= one.start < element.end]

    def after(self, element: Element) -> Element | None:
        """Return the element that opens next."""
        rank = bisect_right(self.elements, element.start, key=lambda one: one.start)
        return self.elements[rank] if rank < len(self.elements) else None

    def section(self, element: Element) -> str:
        """Return where an element stands, in French: the section by its title."""
        if self._titles is None:
            self._titles = [(one.start, self.text(one)) for one in self.all(*HEADINGS)]
        rank = bisect_right(self._titles, (element.start, "\U0010ffff"))
        title = self._titles[rank - 1][1] if rank else ""
        return f"Rubrique « {title[:80]} »" if title else "Début de la page"
