"""From the raw HTML of an executed notebook (`export`) to a page: cleaned by nh3, set in our own shell."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from importlib.resources import files
from typing import Any

import nh3
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ctgeval import french
from ctgeval.report import labels

_HTML = (
    "a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption figure h1 h2 h3 "
    "h4 h5 h6 header hr i img ins kbd li mark ol p pre q s samp section small span strong sub summary sup table tbody "
    "td tfoot th thead time tr ul var"
)
_SVG = (
    "svg g path rect circle ellipse line polyline polygon text tspan title desc defs use clipPath linearGradient "
    "radialGradient stop pattern marker"
)
_PAINT = "fill stroke clip-path marker-start marker-mid marker-end"
_ANY_ATTRIBUTE = "class id lang dir title role tabindex"
_SVG_ATTRIBUTES = (
    f"{_PAINT} viewBox preserveAspectRatio width height x y x1 x2 y1 y2 cx cy r rx ry d points dx dy transform "
    "text-anchor dominant-baseline font-size font-weight font-style font-family fill-opacity fill-rule opacity "
    "stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-dasharray stroke-dashoffset stroke-miterlimit "
    "clip-rule clipPathUnits gradientUnits gradientTransform offset stop-color stop-opacity patternUnits "
    "patternTransform markerWidth markerHeight markerUnits refX refY orient letter-spacing focusable href xlink:href"
)
_ATTRIBUTES: dict[str, set[str]] = {
    "*": set(_ANY_ATTRIBUTE.split()),
    "a": {"href", "download", "hreflang", "type"},
    "col": {"span"},
    "colgroup": {"span"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "li": {"value"},
    "ol": {"start", "type", "reversed"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope", "abbr"},
    "time": {"datetime"},
    **{tag: set(_SVG_ATTRIBUTES.split()) for tag in _SVG.split()},
}
_REMOVED_WITH_CONTENT = {
    "embed", "foreignObject", "iframe", "math", "metadata", "noscript", "object", "script", "style", "template",
}  # fmt: skip
_DATA_LINKS = (
    "data:text/csv;",
    "data:application/vnd.openxmlformats-officedocument.spreadsheetml.sheet;",
)
_DATA_IMAGES = re.compile(r"data:image/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/=\s]+")
_LOCAL_PAINT = re.compile(r"url\(#[\w.-]+\)")
SHELL_PREFIX = "page-"
_HEADING = re.compile(r"<h([1-6])((?:\s[^<>]*)?)>(.*?)</h\1>", re.DOTALL)
_TITLE_BLOCK = re.compile(
    r'<header class="bilan-titre">\s*<h1[^>]*>(.*?)</h1>(?:\s*<p class="sous-titre">(.*?)</p>)?.*?</header>', re.DOTALL
)
_IDENTIFIER = re.compile(r'\sid="([^"]*)"')
_TAG = re.compile(r"<[^>]*>")
_SECURITY_POLICY = "default-src 'none'; img-src data:; style-src '{}'; {}base-uri 'none'; form-action 'none'"
_PAINTED = re.compile(r"\.([fs]-[a-z0-9-]+)\{[^{}]*\}\s*")
_EMPTY_SHAPE = re.compile(r"(<(path|circle|rect|line|use)\b[^<>]*)></\2>")
_PREFORMATTED = re.compile(r"(<pre\b.*?</pre>)", re.DOTALL)
_AROUND_BLOCKS = re.compile(
    r"\s+(?=</?(?:table|caption|t[hrd]|tbody|thead|div|section|details|summary|figure|figcaption|svg|[duo]l|d[td]|li|p|h[2-6])\b)"
)


@dataclass(frozen=True, slots=True)
class Body:
    """The content of a page, cleaned and ready for the shell.

    Parameters
    ----------
    title, subtitle : str
        Text of the first level-1 heading, taken out of the content with the block around it; empty when there is none.
    content : markupsafe.Markup
        Clean HTML in which every level-2 heading has an identifier, and no level-1 heading remains.
    contents : tuple of (str, str)
        Identifier and text of the level-2 headings, in order.
    style : str
        Style rules that this content needs beside those of every page.
    """

    title: str
    subtitle: str
    content: Markup
    contents: tuple[tuple[str, str], ...]
    style: str = ""


def sanitise(raw: str) -> str:
    """Return the HTML reduced to what a bilan may hold: no script, no style, nothing loaded from elsewhere.

    Parameters
    ----------
    raw : str
        Any HTML, possibly hostile.
    """
    clean: str = nh3.clean(
        raw,
        tags=set(f"{_HTML} {_SVG}".split()),
        attributes=_ATTRIBUTES,
        generic_attribute_prefixes={"aria-", "data-label"},
        attribute_filter=_kept_attribute,
        url_schemes={"https", "mailto", "data"},
        clean_content_tags=_REMOVED_WITH_CONTENT,
        # No link of a page opens another window, and the page itself tells no address to those that it leads to.
        link_rel=None,
    )
    # The page is UTF-8: six bytes for each of hundreds of no-break spaces are four too many.
    return clean.replace("&nbsp;", "\u00a0")


def lightened(clean: str) -> str:
    """Return the same page in fewer bytes: no blank around blocks, and shapes that close themselves.

    Parameters
    ----------
    clean : str
        As `sanitise` gives it.
    """
    parts = _PREFORMATTED.split(clean)
    # What is between two preformatted texts: those keep their lines.
    parts[::2] = [_EMPTY_SHAPE.sub(r"\1/>", _AROUND_BLOCKS.sub("", part)) for part in parts[::2]]
    return "".join(parts)


def _kept_attribute(tag: str, name: str, value: str) -> str | None:
    if name in {"href", "xlink:href"}:
        return value if _kept_link(tag, value) else None
    if name == "src":
        return value if _DATA_IMAGES.fullmatch(value) else None
    if name in _PAINTS and "url" in value.casefold():
        return value if _LOCAL_PAINT.fullmatch(value) else None
    if name == "id":
        return None if value.startswith(SHELL_PREFIX) else value
    if name == "tabindex":
        return value if value in {"0", "-1"} else None
    if name == "download":
        return value if re.fullmatch(r"[\w.-]{1,150}", value) and not value.startswith(".") else None
    return value


_PAINTS = frozenset(_PAINT.split())


def _kept_link(tag: str, value: str) -> bool:
    if value.startswith("#"):
        return True
    return tag == "a" and value.startswith(("https://", "mailto:", *_DATA_LINKS))


def body(raw: str) -> Body:
    """Clean some HTML and prepare it for the shell: one level-1 heading, identified level-2 headings.

    Parameters
    ----------
    raw : str
        As `export.raw` gives it.
    """
    # nh3 escapes "<" and ">" in texts and in attributes: plain patterns find the headings.
    clean = lightened(sanitise(raw))
    block = _TITLE_BLOCK.search(clean)
    title, subtitle = (_text(block.group(1)), _text(block.group(2) or "")) if block else ("", "")
    clean = _TITLE_BLOCK.sub("", clean)
    contents: list[tuple[str, str]] = []
    taken = set(_IDENTIFIER.findall(clean))

    def settled(found: re.Match[str]) -> str:
        nonlocal title
        level, attributes, inside = found.groups()
        if level not in "12":
            return found.group()
        text = _text(inside)
        if level == "1" and not title:
            title = text
            return ""
        present = _IDENTIFIER.search(attributes)
        name = present.group(1) if present else _free_name(text, taken)
        contents.append((name, text))
        identified = attributes if present else f' id="{name}"{attributes}'
        return f"<h2{identified}>{inside}</h2>"

    labelled, style = labels.by_column(_HEADING.sub(settled, clean))
    content = Markup(labelled)  # noqa: S704 cleaned just above
    return Body(title=title, subtitle=subtitle, content=content, contents=tuple(contents), style=style)


def _text(inside: str) -> str:
    return re.sub(r"[ \t\r\n]+", " ", unescape(_TAG.sub("", inside))).strip()


def _free_name(text: str, taken: set[str]) -> str:
    base = french.slug(text)[:60].strip("-") or "section"
    name, rank = base, 1
    while name in taken:
        rank += 1
        name = f"{base}-{rank}"
    taken.add(name)
    return name


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ctgeval.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters.update(
        jour=french.date, periode=french.period, poids=french.file_size, typographie=french.typography
    )
    return environment


@lru_cache(maxsize=1)
def stylesheet() -> str:
    """Return the style of every page: the shell's, then the one of the tables and figures."""
    # By their place in the package: importing `render` for its style would load matplotlib in every build.
    package = files("ctgeval")
    sheets = (package / "report" / "templates" / "style.css", package / "render" / "templates" / "render.css")
    return "\n" + "\n".join(_shortened(sheet.read_text(encoding="utf-8")) for sheet in sheets if sheet.is_file()) + "\n"


@lru_cache(maxsize=1)
def index_filter() -> tuple[str, str]:
    """Return the style rules and the script of the filter of an index."""
    folder = files("ctgeval.report") / "templates"
    rules, script = ((folder / f"filtre.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    code = "\n".join(line.strip() for line in script.splitlines() if not line.lstrip().startswith("//"))
    return _shortened(rules), f"\n{code}\n"


def _shortened(css: str) -> str:
    lines = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL).splitlines()
    kept = "\n".join(line.strip() for line in lines if line.strip())
    # Space around these marks means nothing; elsewhere it may stand between a selector and what is inside.
    return re.sub(r"\s*([;{},>])\s*|(:)[ \t]+", r"\1\2", kept).replace(";}", "}")


def _useful(style: str, content: str) -> str:
    """Return the style without the rules of the colours that no drawing of the page has."""
    return _PAINTED.sub(lambda rule: rule.group() if rule.group(1) in content else "", style)


def policy(style: str, script: str = "") -> str:
    """Return the content security policy that allows this style, this script, and nothing else.

    Parameters
    ----------
    style : str
        The exact content of the page's ``style`` element.
    script : str
        That of its one ``script`` element, for an index; a bilan runs none.
    """
    allowed = f"script-src '{_digest(script)}'; " if script else ""
    return _SECURITY_POLICY.format(_digest(style), allowed)


def _digest(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode('utf-8')).digest()).decode('ascii')}"


def page(template: str, context: Mapping[str, Any], *, rules: str = "", script: str = "") -> bytes:
    """Return a whole page, as the bytes to write.

    Parameters
    ----------
    template : str
        ``bilan.html.j2``, ``partiel.html.j2`` or ``index.html.j2``.
    context : mapping
        What the template shows; texts are escaped, only `Body.content` goes as it is.
    rules : str
        Style rules of this page alone (`Body.style`).
    script : str
        The only one that the page runs, see `policy`.
    """
    style = _useful(stylesheet(), str(context.get("contenu", ""))) + rules
    shell = {"style": Markup(style), "script": Markup(script), "politique": policy(style, script)}  # noqa: S704 our own files
    text = _environment().get_template(template).render({**context, **shell})
    return text.encode("utf-8")
