"""Rules about colours: texts and drawings stand out on what is behind them, in light and in dark.

Colours are read where they are decided: in the style of the page for what bears a name, in the drawing itself for the
rest.

References
----------
WCAG 2.2, 1.4.1 (use of colour), 1.4.3 (contrast of texts), 1.4.11 (contrast of what is drawn).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ctgeval.report.lint.fault import Fault
from ctgeval.report.lint.figures import named
from ctgeval.report.lint.markup import Page

__all__ = ["PAIRS", "RULES", "Palette", "contrast", "palettes"]

TEXT, DRAWN = 4.5, 3.0
PAIRS: tuple[tuple[str, str, float], ...] = (
    ("page-encre", "page-fond", TEXT), ("page-encre", "page-fond-doux", TEXT), ("page-encre", "page-alerte-fond", TEXT),
    ("page-encre-douce", "page-fond", TEXT), ("page-encre-douce", "page-fond-doux", TEXT),
    ("page-accent", "page-fond", TEXT), ("page-accent", "page-fond-doux", TEXT),
    ("page-sur-accent", "page-accent-fond", TEXT), ("page-alerte", "page-alerte-fond", TEXT),
    ("encre", "papier", TEXT), ("encre", "fond-carte", TEXT), ("encre", "page-fond", TEXT),
    ("discret", "papier", TEXT), ("discret", "fond-carte", TEXT), ("discret", "page-fond", TEXT),
    ("accent", "page-fond", TEXT), ("accent", "fond-carte", DRAWN), ("pale", "papier", DRAWN),
    *((f"serie-{rank}", "papier", TEXT) for rank in range(1, 11)), ("serie-2", "page-fond", TEXT),
)  # fmt: skip
"""What is written or drawn, what is behind, and the least contrast."""
_NAMES = {"clair": "sur fond clair", "sombre": "sur fond sombre", "imprime": "sur papier"}
_BACKGROUND = frozenset({"paper", "grid", "track", "band"})
"""What lies behind the rest, and that nobody needs to see."""
_ROOT = re.compile(r":root[^{}]*\{([^{}]*)\}")
_VARIABLE = re.compile(r"--([\w-]+)\s*:\s*(#[0-9a-fA-F]{3,8})")
_MEDIA = re.compile(r"@media([^{}]*)\{((?:[^{}]|\{[^{}]*\})*)\}")
_CLASS = re.compile(r"\.([fs]-[\w-]+)\{(?:fill|stroke):var\(--([\w-]+)\)")
_DIRECT = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SHAPE = re.compile(r"<(/?)(g|path|text|tspan|rect|circle|ellipse|line|polyline|polygon|use)\b([^<>]*)>")
_SAID = re.compile(r'\b(class|fill|stroke|stroke-width|stroke-dasharray|opacity|fill-opacity|stroke-opacity)="([^"]*)"')
_PLAIN = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_LEAST_TONES = 5
_LIGHT_ONLY = "fig-claire"
_OURS = "Signalez-le : le style de la page est en cause, pas votre carnet."
_BY = "Dessinez dans `with ctgeval.render.drawing() as axes:`, qui donne des couleurs lisibles sur les deux fonds."
_APART = "Donnez aussi un trait et un symbole à chaque série : `style=` la même colonne que `hue=`, et `markers=True`."


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a page by name, in each of its looks; and the name that each class of a drawing stands for."""

    looks: Mapping[str, Mapping[str, str]]
    classes: Mapping[str, str]


@lru_cache(maxsize=64)
def palettes(style: str) -> Palette:
    """Return the colours that a style sheet gives.

    Parameters
    ----------
    style : str
        CSS, as `ctgeval.report.html.stylesheet` gives it.
    """
    plain = _MEDIA.sub("", style)
    light = dict(_VARIABLE.findall(" ".join(_ROOT.findall(plain))))
    looks = {"clair": light, "sombre": dict(light), "imprime": dict(light)}
    for query, content in _MEDIA.findall(style):
        for look, sign in (("sombre", "color-scheme:dark"), ("imprime", "print")):
            if sign in query.replace(" ", ""):
                looks[look] |= dict(_VARIABLE.findall(" ".join(_ROOT.findall(content))))
    return Palette(looks, dict(_CLASS.findall(style)))


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, as WCAG 2.2 defines it (1 to 21)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@lru_cache(maxsize=256)
def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:4])
    channels = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def style(page: Page) -> Iterator[Fault]:
    """Ask that texts and series stand out on every background of the page."""
    for sheet in page.all("style"):
        content = page.content(sheet)
        for look, colours in palettes(content).looks.items():
            for front, back, least in PAIRS:
                if front in colours and back in colours:
                    ratio = contrast(colours[front], colours[back])
                    if ratio < least:
                        yield _too_pale(f"« {front} » sur « {back} »", look, ratio, least)
        yield from _written_out(content)


def _written_out(content: str) -> Iterator[Fault]:
    """Rules that give both colours themselves."""
    for selector, rules in _DIRECT.findall(content):
        said = dict(re.findall(r"(?:^|;)\s*(color|background(?:-color)?)\s*:\s*(#[0-9a-fA-F]{3,6})", rules))
        back = said.get("background") or said.get("background-color")
        if back and "color" in said and contrast(said["color"], back) < TEXT:
            yield _too_pale(f"« {selector.strip()[-40:]} »", "clair", contrast(said["color"], back), TEXT)


def _too_pale(what: str, look: str, ratio: float, least: float) -> Fault:
    shown, asked = (f"{number:.1f}".replace(".", ",") for number in (ratio, least))
    told = f"{what} a un contraste de {shown} {_NAMES[look]}, au lieu de {asked} au moins"
    return Fault("contraste", "Le style de la page", told, _OURS, "RGAA 3.2")


@dataclass(frozen=True, slots=True)
class _Paint:
    """What an element of a drawing is painted with: its named or written colours, empty for none."""

    tag: str
    fill: str
    stroke: str
    dash: str
    width: str
    faint: bool


def drawings(page: Page) -> Iterator[Fault]:
    """Ask that what a figure shows stands out, and that no series is told by its colour alone."""
    sheets = page.all("style")
    palette = palettes(page.content(sheets[0])) if sheets else Palette({}, {})
    for one in page.all("svg"):
        figure = next((holder for holder in one.above() if holder.tag == "figure"), None)
        where = named(page, figure) if figure else page.section(one)
        paints = _paints(page.content(one))
        yield from _pale(paints, palette, where, light_only=_LIGHT_ONLY in one.get("class").split())
        yield from _colour_alone(paints, where)


def _paints(content: str) -> list[_Paint]:
    """Return how each shape of a drawing is painted, once each."""
    found: dict[_Paint, None] = {}
    groups: list[dict[str, str]] = [{}]
    for closing, tag, written in _SHAPE.findall(content):
        if closing:
            if tag == "g" and len(groups) > 1:
                groups.pop()
            continue
        own = {**groups[-1], **dict(_SAID.findall(written))}
        if tag == "g":
            if not written.rstrip().endswith("/"):
                groups.append(own)
            continue
        names = {name[0]: name[2:] for name in own.get("class", "").split() if name[:2] in {"f-", "s-"}}
        fill, stroke = own.get("fill", "#encre"), own.get("stroke", "none")
        fill = f".{names['f']}" if "f" in names else fill
        stroke = f".{names['s']}" if "s" in names else stroke
        faint = any("opacity" in name and float(own[name] or 1) < 1 for name in own)
        found[_Paint(tag, fill, stroke, own.get("stroke-dasharray", ""), own.get("stroke-width", ""), faint)] = None
    return list(found)


def _pale(paints: list[_Paint], palette: Palette, where: str, *, light_only: bool) -> Iterator[Fault]:
    looks = {name: colours for name, colours in palette.looks.items() if name == "clair" or not light_only}
    told = set()
    scale = _of_a_scale(paints)
    for look, colours in looks.items():
        paper = "#ffffff" if light_only else colours.get("papier", "#ffffff")
        for paint in paints:
            written = paint.tag in {"text", "tspan"}
            if paint.faint or (not written and (_only_behind(paint) or paint.fill in scale)):
                continue
            used = [paint.fill] if written else [paint.fill, paint.stroke]
            seen = [shown for one in used if (shown := _shown(one, colours, palette.classes))]
            ratios, least = [contrast(shown, paper) for shown in seen], TEXT if written else DRAWN
            # White on the dark tones of a scale.
            if written and any(contrast(shown, tone) >= TEXT for shown in seen for tone in scale):
                continue
            # The halo under a word is no word; a word with it is written again without.
            if written and paint.stroke in {".paper", paper}:
                continue
            if ratios and max(ratios) < least and (paint, look) not in told:
                told.add((paint, look))
                shown, asked = (f"{number:.1f}".replace(".", ",") for number in (max(ratios), least))
                noun = "un texte" if written else "un trait ou une surface"
                what = f"{noun} a un contraste de {shown} {_NAMES[look]}, au lieu de {asked} au moins"
                yield Fault("figure-contraste", where, what, _BY, "RGAA 3.3" if not written else "RGAA 3.2")


def _of_a_scale(paints: list[_Paint]) -> set[str]:
    """Return the tones of a scale, each of whose cells bears its value: the palest are read by it."""
    tones = {paint.fill for paint in paints if paint.tag not in {"text", "tspan"} and _PLAIN.fullmatch(paint.fill)}
    return tones if len(tones) >= _LEAST_TONES else set()


def _only_behind(paint: _Paint) -> bool:
    """Tell whether a shape has no colour but those of what lies behind."""
    return all(one == "none" or one[1:] in _BACKGROUND for one in (paint.fill, paint.stroke))


def _shown(colour: str, colours: Mapping[str, str], classes: Mapping[str, str]) -> str:
    """Return the colour that a reader sees, empty when there is none or when it can't be told."""
    if colour == "#encre":
        return colours.get("encre", "#000000")
    if colour.startswith("."):
        name = colour[1:]
        return colours.get(classes.get(f"f-{name}") or classes.get(f"s-{name}", ""), "")
    return colour if _PLAIN.fullmatch(colour) else ""


def _colour_alone(paints: list[_Paint], where: str) -> Iterator[Fault]:
    """Lines of several colours differ by their dashes or their width too."""
    looks: dict[str, set[tuple[str, str]]] = {}
    for paint in paints:
        line = paint.tag not in {"text", "tspan"} and paint.fill == "none" and paint.stroke != "none"
        if line and paint.stroke[1:] not in {*_BACKGROUND, "ink", "muted", "faint"}:
            looks.setdefault(paint.stroke, set()).add((paint.dash, paint.width))
    for colour, own in looks.items():
        if all(any(look in other for name, other in looks.items() if name != colour) for look in own):
            yield Fault(
                "couleur-seule", where, "deux séries ne se distinguent que par leur couleur", _APART, "RGAA 3.1"
            )
            return


RULES = (style, drawings)
