"""From a matplotlib figure to a light inline SVG: no style, no identifier, no link, no script."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from ctgeval.render import theme

_NAMESPACE = re.compile(r"^\{[^}]*\}")
_NUMBER = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
_COMMAND = re.compile(r" ?([MLCz]) ?")
_STEP = re.compile(r"([MLz])([^MLz]*)")
_LINES = re.compile(r"[MLz \d.-]+")
_POINTS = re.compile(r"(?:\s*M [-\d.e]+ [-\d.e]+)+\s*")
_LEADING = re.compile(r"^(-?)0\.")
_NIL = {"0", "-0"}
_KEPT_STYLE = {
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "fill-opacity",
    "stroke-opacity",
    "opacity",
    "font-size",
    "font-weight",
    "text-anchor",
}
_KEPT = {"d", "x", "y", "transform"}
_NOTHING = 0.05
_PLACE = ("x", "y", "d", "transform")
_BEHIND = {"f-track", "f-band", "s-grid"}
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
    marks = list(_marks(root, shapes))
    return Markup(
        '<svg class="fig" role="img" font-size="{}" viewBox="{}" aria-label="{}">{}</svg>'
    ).format(
        theme.SMALL, _rounded(root.get("viewBox", "")), alternative, Markup(f"{_paths(marks)}{_texts(marks)}")
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Mark:
    """A path, whose content is its outline, or a text: what is written of it, and how it looks."""

    tag: str
    look: tuple[tuple[str, str], ...]
    content: str
    place: str = ""


def _marks(element: Element, shapes: dict[str, Element]) -> Iterator[_Mark]:
    uses = []
    for child in element:
        tag = _NAMESPACE.sub("", str(child.tag))
        if tag == "g":
            yield from _marks(child, shapes)
        elif tag == "path":
            attributes = _attributes(child)
            if not attributes.get("d") or _POINTS.fullmatch(attributes["d"]):
                # A line that lies wholly out of its axes has no outline; one that has only points shows its markers.
                continue
            if attributes.get("fill") != "none" or attributes.get("stroke", "none") != "none":
                yield _Mark("path", _look(attributes), _short(attributes["d"]))
        elif tag == "text":
            attributes = _text_attributes(child)
            place = _text({name: _rounded(attributes[name]) for name in _PLACE if name in attributes})
            yield _Mark("text", _look(attributes), str(escape("".join(child.itertext()))), place)
        elif tag == "use":
            uses.append(child)
    # The markers of a cloud may have several looks; those of a line have one.
    for look in dict.fromkeys((use.get(_HREF), use.get("style")) for use in uses):
        yield _markers([use for use in uses if (use.get(_HREF), use.get("style")) == look], shapes)


def _look(attributes: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value if name == "class" else _rounded(" ".join(value.split())))
        for name, value in attributes.items()
        if name not in _PLACE
    )


def _paths(marks: Sequence[_Mark]) -> str:
    """Write the paths that look alike as one, where the last of them stands; what lies behind all the rest, first."""
    alike: dict[tuple[tuple[str, str], ...], str] = {}
    for mark in marks:
        if mark.tag == "path":
            alike[mark.look] = alike.pop(mark.look, "") + mark.content
    behind = sorted(alike, key=lambda look: not _BEHIND & set(dict(look).get("class", "").split()))
    return "".join(f"<path{_text({'d': alike[look], **dict(look)})}/>" for look in behind)


def _texts(marks: Sequence[_Mark]) -> str:
    """Write the texts that look alike in one group, over everything else."""
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for mark in marks:
        if mark.tag == "text":
            alike.setdefault(mark.look, []).append(f"<text{mark.place}>{mark.content}</text>")
    return "".join(
        f"<g{_text(dict(look))}>{''.join(texts)}</g>" if look else "".join(texts) for look, texts in alike.items()
    )


def _markers(markers: Sequence[Element], shapes: dict[str, Element]) -> _Mark:
    """Write the markers of a line, which are alike, as one path."""
    shape = shapes[markers[0].get(_HREF, "#")[1:]]
    attributes = _attributes(shape) | _attributes(markers[0])
    x, y, outline = _outline(attributes["d"])
    places = ((float(marker.get("x", "0")) + x, float(marker.get("y", "0")) + y) for marker in markers)
    drawn = "".join(f"M{left:.1f} {top:.1f}{outline}" for left, top in places)
    return _Mark("path", _look(attributes), _short(drawn))


def _outline(path: str) -> tuple[float, float, str]:
    """Return where a marker starts, from its centre, and the rest of it relative to where it starts."""
    numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", path)]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    if "C" in path:
        # The only curved marker is the disc, which starts at its lowest point.
        radius = abs(points[0][1])
        return (
            -radius,
            0.0,
            f"a{radius:g} {radius:g} 0 1 0 {2 * radius:g} 0a{radius:g} {radius:g} 0 1 0 -{2 * radius:g} 0z",
        )
    steps = (_step(x - before_x, y - before_y) for (before_x, before_y), (x, y) in pairwise(points))
    return *points[0], f"{''.join(steps)}z"


def _step(x: float, y: float) -> str:
    if abs(y) < _NOTHING:
        return f"h{x:.1f}"
    return f"v{y:.1f}" if abs(x) < _NOTHING else f"l{x:.1f} {y:.1f}"


def _text_attributes(element: Element) -> dict[str, str]:
    """Leave out what the figure says once for all of its texts."""
    common = {
        "font-size": str(theme.SMALL),
        "text-anchor": "start",
        "fill": theme.INK,
        "class": f"f-{theme.NAMES[theme.INK]}",
    }
    return {name: value for name, value in _attributes(element).items() if value != common.get(name)}


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
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())


def _short(outline: str) -> str:
    short = _COMMAND.sub(r"\1", _rounded(" ".join(outline.split())))
    return (_relative(short) if _LINES.fullmatch(short) else short).replace(" -", "-")


def _relative(outline: str) -> str:
    """Write each line from where the one before ends, which takes fewer digits; nothing is rounded again."""
    drawn, place = [], (0.0, 0.0)
    for command, content in _STEP.findall(outline):
        if command == "z":
            drawn.append(command)
            continue
        x, y = (float(number) for number in content.split())
        drawn.append(f"M{content}" if command == "M" else _short_step(x - place[0], y - place[1]))
        place = (x, y)
    return "".join(drawn)


def _short_step(x: float, y: float) -> str:
    across, down = (_LEADING.sub(r"\1.", _rounded(f"{part:.1f}")) for part in (x, y))
    if down in _NIL:
        return f"h{across}"
    return f"v{down}" if across in _NIL else f"l{across} {down}"


def _rounded(text: str) -> str:
    return _NUMBER.sub(lambda match: f"{float(match.group()):.1f}".removesuffix(".0"), text)
