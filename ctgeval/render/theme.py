"""Colours, dashes, markers and sizes of every figure, named so that the style sheet can restyle them.

A figure is drawn with the light colours; each colour has a name, which the cleaned SVG carries as a class
(``f-ink`` for a fill, ``s-serie-1`` for a stroke), so that the dark style only redefines the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

WIDTH = 380
"""Width of a figure in user units: at 320 px of screen, 16 units of text are still 12 px."""
TEXT = 16
SMALL = 15

PAPER = "#ffffff"
INK = "#1d1d20"
MUTED = "#55575d"
GRID = "#d9dbe0"
TRACK = "#e3e5ea"
BAND = "#dbe7f3"
FAINT = "#8b9099"
"""Thin lines behind the ones that a figure is about: seen on white (3 to 1), and never alone."""

SERIES = ("#0b4f8a", "#b3440c", "#1b7a5a", "#8a3a8f", "#7a6200", "#4a5f6a", "#a3254f", "#2c5f9e", "#5f5f00", "#6b4a3a")
"""Each contrasts with white by 4.5 at least."""
DARK = ("#8cc4f5", "#f3a679", "#79d3ae", "#dea9e2", "#d9c45c", "#b3c4cc", "#f19bb6", "#9db9e8", "#cfcf70", "#d6b3a0")

SEQUENTIAL = ("#dbe9f6", "#a9cce6", "#6ba3d0", "#2f73b2", "#0b3f75")
"""Classes of a map, the least first: one hue whose lightness alone changes, so that nobody needs to see colours."""
SEQUENTIAL_DARK = ("#243c57", "#2f5f8e", "#4a88bf", "#86b8e2", "#cfe6fa")

DASHES: tuple[tuple[float, ...] | str, ...] = (
    "", (5, 2), (1.5, 1.5), (7, 2, 1.5, 2), (3, 3), (9, 3), (5, 1.5, 1.5, 1.5, 1.5, 1.5), (2, 1), (4, 1), (8, 4, 2, 4)
)  # fmt: skip
MARKERS = ("o", "s", "^", "D", "v", "<", ">", "p", "P", "X")
"""Those with the longest outlines last: they stand at each point of each line."""

NAMES: Mapping[str, str] = MappingProxyType(
    {
        PAPER: "paper",
        INK: "ink",
        MUTED: "muted",
        GRID: "grid",
        TRACK: "track",
        BAND: "band",
        FAINT: "faint",
        **{colour: f"serie-{rank}" for rank, colour in enumerate(SERIES, start=1)},
    }
)

RC: Mapping[Any, Any] = MappingProxyType(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "ctgeval",
        "text.parse_math": False,
        "font.size": TEXT,
        "axes.unicode_minus": True,
        "axes.linewidth": 1.0,
        "axes.edgecolor": MUTED,
        "text.color": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "path.simplify": False,
    }
)


@dataclass(frozen=True, slots=True)
class Style:
    """How one series is told from the others: never by its colour alone."""

    colour: str
    dash: tuple[float, ...] | str
    marker: str
    width: float


def style(rank: int) -> Style:
    """Return the look of the series of a rank, 0 being the territory that the page is about.

    Raises
    ------
    IndexError
        When a figure holds more series than can be told apart (see `SERIES`).
    """
    return Style(SERIES[rank], DASHES[rank], MARKERS[rank], 3.0 if rank == 0 else 1.6)


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, as WCAG 2.2 defines it (1 to 21)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
