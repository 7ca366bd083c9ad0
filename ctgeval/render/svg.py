"""From a matplotlib figure to a light inline SVG: no style, no identifier, no link, no script."""

from __future__ import annotations

import io
import re
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from ctgeval.render import theme

_NAMESPACE = re.compile(r"^\{[^}]*\}")
_NUMBER = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
_KEPT_STYLE = {
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-linecap",
    "stroke-linejoin",
    "font-size",
    "font-weight",
    "text-anchor",
}
_KEPT = {"d", "x", "y", "transform"}
_HREF = "{http://www.w3.org/1999/xlink}href"


def inline(figure: Figure, *, alternative: str) -> Markup:
    """Return a figure as inline SVG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn with the colours of `theme`, inside a context of `theme.RC`.
    alternative : str
        What the figure shows, for those who don't see it; computed from the data.

    Notes
    -----
    The style attributes become presentation attributes, since the page's content policy blocks inline styles;
    each named colour also becomes a class, which the dark style overrides. Markers are written where they
    stand instead of being referred to: nothing needs an identifier, so two figures never clash.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    root = fromstring(buffer.getvalue())
    shapes = {element.get("id", ""): element for element in root.iter() if element.get("id")}
    body = "".join(_write(child, shapes) for child in root)
    return Markup('<svg class="fig" role="img" focusable="false" viewBox="{}" aria-label="{}">{}</svg>').format(
        _rounded(root.get("viewBox", "")), alternative, Markup(body)
    )


def _write(element: Element, shapes: dict[str, Element]) -> str:
    tag = _NAMESPACE.sub("", str(element.tag))
    if tag == "g":
        return _group(element, shapes)
    if tag == "use":
        shape = shapes[element.get(_HREF, "#")[1:]]
        attributes = _attributes(shape) | _attributes(element)
        place = f"translate({_rounded(attributes.pop('x', '0'))} {_rounded(attributes.pop('y', '0'))})"
        return f"<path{_text({**attributes, 'transform': place})}/>"
    if tag == "path":
        attributes = _attributes(element)
        drawn = attributes.get("fill") != "none" or attributes.get("stroke", "none") != "none"
        return f"<path{_text(attributes)}/>" if drawn else ""
    if tag == "text":
        return f"<text{_text(_attributes(element))}>{escape(''.join(element.itertext()))}</text>"
    return ""


def _group(element: Element, shapes: dict[str, Element]) -> str:
    inside = "".join(_write(child, shapes) for child in element)
    attributes = _attributes(element)
    return f"<g{_text(attributes)}>{inside}</g>" if attributes and inside else inside


def _attributes(element: Element) -> dict[str, str]:
    found = {name: element.get(name, "") for name in sorted(_KEPT) if element.get(name)}
    if found.get("transform", "").startswith("rotate(-0 "):
        del found["transform"]
    for declaration in element.get("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name in _KEPT_STYLE and value:
            found[name] = value.removesuffix("px")
    classes = [
        f"{prefix}-{theme.NAMES[found[name]]}"
        for name, prefix in (("fill", "f"), ("stroke", "s"))
        if found.get(name) in theme.NAMES
    ]
    return {**found, "class": " ".join(classes)} if classes else found


def _text(attributes: dict[str, str]) -> str:
    return "".join(
        f' {name}="{escape(_rounded(" ".join(value.split())) if name != "class" else value)}"'
        for name, value in attributes.items()
    )


def _rounded(text: str) -> str:
    return _NUMBER.sub(lambda match: f"{float(match.group()):.1f}".removesuffix(".0"), text)
