"""The Jinja macros of ``templates/blocks.html.j2``, where every text is escaped, as functions that return safe HTML."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import mistune
import nh3
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ctgeval import french
from ctgeval.render import wording
from ctgeval.render.canvas import Drawing

_TAGS = {"p", "ul", "ol", "li", "strong", "em", "a", "blockquote", "br", "hr", "code", "pre", "h3", "h4", "h5", "h6"}
_SCHEMES = ("https:", "mailto:")


@lru_cache(maxsize=1)
def _macros() -> Any:
    environment = Environment(
        loader=PackageLoader("ctgeval.render", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["word"] = wording.word
    environment.filters["typography"] = french.typography
    return environment.get_template("blocks.html.j2").module


def block(name: str, *values: object) -> Markup:
    """Return the HTML of a macro.

    Raises
    ------
    AttributeError
        When no macro has that name.
    """
    return Markup(getattr(_macros(), name)(*values).strip())


def section(identifier: str, title: str, parts: Sequence[Markup], *, lead: str = "") -> Markup:
    """Return a section headed by its title, then by its key message."""
    return block("section", identifier, title, lead, [part for part in parts if part])


def paragraph(text: str, *, css: str = "") -> Markup:
    """Return a paragraph; nothing for an empty text."""
    return block("paragraph", text, css) if text else Markup("")


def bullets(items: Sequence[str], *, css: str = "") -> Markup:
    """Return a list; nothing when it is empty."""
    return block("bullets", items, css) if items else Markup("")


def subsection(title: str, parts: Sequence[Markup]) -> Markup:
    """Return a heading of the third level and what it heads; nothing when it heads nothing."""
    kept = [part for part in parts if part]
    return block("subsection", title, kept) if kept else Markup("")


def minor(title: str, parts: Sequence[Markup]) -> Markup:
    """Return a heading of the fourth level and what it heads; nothing when it heads nothing."""
    kept = [part for part in parts if part]
    return block("minor", title, kept) if kept else Markup("")


def definitions(items: Sequence[tuple[str, str]]) -> Markup:
    """Return a list of terms and of what is said of each."""
    return block("definitions", items) if items else Markup("")


def grid(cells: Sequence[Markup]) -> Markup:
    """Return contents side by side where the screen is wide enough; nothing when there are none."""
    kept = [cell for cell in cells if cell]
    return block("grid", kept) if kept else Markup("")


def figure(identifier: str, caption: str, drawing: Drawing, *, about: str = "") -> Markup:
    """Return a figure with its caption.

    Parameters
    ----------
    identifier : str
        Unique in the page.
    caption : str
        What is shown.
    drawing : Drawing
    about : str
        What the heading above already says, told again to those who don't see it.
    """
    return block("figure", identifier, caption, drawing, about)


def sheet(drawn: Markup, *, about: Markup, values: Markup, notes: Sequence[str] = ()) -> Markup:
    """Return a figure beside what is said of it, and the table of its values across the page right after it.

    Parameters
    ----------
    drawn : Markup
        See `figure`.
    about : Markup
        Read before the figure.
    values : Markup
        The table, folded or not.
    notes : sequence of str
        Source and limits.
    """
    return block("sheet", about, drawn, values, bullets(notes, css="notes"))


def folded(summary: str, content: Markup) -> Markup:
    """Return contents that open on demand."""
    return block("folded", summary, content)


class _Renderer(mistune.HTMLRenderer):
    """Headings start at the third level and skip none; images and doubtful addresses leave their text alone."""

    def __init__(self) -> None:
        super().__init__(escape=True)
        self._opened: list[int] = []

    def heading(self, text: str, level: int, **_attrs: Any) -> str:
        while self._opened and self._opened[-1] >= level:
            self._opened.pop()
        self._opened.append(level)
        shown = min(2 + len(self._opened), 6)
        return f"<h{shown}>{text}</h{shown}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002  (mistune calls it so)
        return super().link(text, url) if url.casefold().startswith(_SCHEMES) else text

    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002  (idem)
        return text


def markdown(source: str) -> Markup:
    """Return an author's Markdown as safe HTML: no raw HTML, no image, no address but https and mailto."""
    html = mistune.create_markdown(renderer=_Renderer())(french.typography(source))
    clean = nh3.clean(
        str(html), tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"https", "mailto"}, link_rel="noopener"
    )
    return Markup(french.typography(clean))
