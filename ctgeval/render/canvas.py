"""The sheet that every figure is drawn on: narrow, measured in user units, in the colours of the theme."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ctgeval import french
from ctgeval.render import theme, wording

__all__ = ["CHARACTER", "ROW", "Canvas", "Drawing", "themed"]

CHARACTER = 8.4
"""Width of a character of an axis, at most."""
ROW = 22
"""Height of a line of text."""
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Drawing:
    """An inline SVG and what must be said under it."""

    svg: Markup
    alternative: str
    note: str = ""


def themed(draw: Callable[P, Drawing]) -> Callable[P, Drawing]:
    """Draw inside the theme, and leave the settings of matplotlib as they were."""

    @wraps(draw)
    def inside(*args: P.args, **options: P.kwargs) -> Drawing:
        with mpl.rc_context(dict(theme.RC)):
            return draw(*args, **options)

    return inside


class Canvas:
    """A figure measured in the user units of its SVG, from the top left corner."""

    def __init__(self, height: float, *, fictional: bool) -> None:
        self.height = height + (ROW if fictional else 0)
        self.figure = Figure(figsize=(theme.WIDTH / 72, self.height / 72), dpi=72)
        self.sheet = self.axes(0, 0, theme.WIDTH, self.height)
        self.sheet.set(xlim=(0, theme.WIDTH), ylim=(self.height, 0))
        self.sheet.axis("off")
        if fictional:
            self.write(0, self.height - 8, wording.say("fictif"), size=theme.SMALL, colour=theme.MUTED)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Open axes at a place of the sheet, without frame but at the bottom."""
        box = (left / theme.WIDTH, 1 - (top + height) / self.height, width / theme.WIDTH, height / self.height)
        axes: Axes = self.figure.add_axes(box)
        axes.tick_params(length=0, labelsize=theme.SMALL, pad=8)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        return axes

    def write(self, x: float, y: float, text: str, *, size: float = theme.TEXT, colour: str = theme.INK,
              weight: str = "normal", anchor: str = "left") -> None:  # fmt: skip
        """Write a text on its baseline."""
        self.sheet.text(
            x, y, french.typography(text), fontsize=size, color=colour, fontweight=weight, ha=anchor, va="baseline"
        )

    def label(self, top: int, lines: Sequence[str], *, weight: str = "normal") -> int:
        """Write a label under ``top`` and return where it ends."""
        for rank, line in enumerate(lines):
            self.write(0, top + 18 + 20 * rank, line, size=theme.SMALL, weight=weight)
        return top + 20 * len(lines)

    def bar(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Fill a rectangle."""
        self.sheet.fill([x, x + width, x + width, x], [y, y, y + height, y + height], color=colour, linewidth=0)

    def hollow(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Draw the outline of a rectangle, inside its place: what is told from a full one without its colour."""
        left, top, right, bottom = x + 1, y + 1, x + width - 1, y + height - 1
        self.sheet.fill([left, right, right, left], [top, top, bottom, bottom], facecolor=theme.BAND, edgecolor=colour,
                        linewidth=2, joinstyle="miter")  # fmt: skip
