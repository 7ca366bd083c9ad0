"""Answers on an ordered scale, one bar a question: all its respondents, in the order of the scale."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from ctgeval import french
from ctgeval.render import svg, theme
from ctgeval.render.canvas import ROW, Canvas, Drawing, themed

__all__ = ["MOST_OPTIONS", "likert"]

_PALETTES = {
    2: (theme.SERIES[1], theme.SERIES[0]),
    3: (theme.SERIES[1], theme.BAND, theme.SERIES[0]),
    4: (theme.SERIES[1], theme.FAINT, theme.BAND, theme.SERIES[0]),
    5: (theme.SERIES[1], theme.FAINT, theme.TRACK, theme.BAND, theme.SERIES[0]),
}
MOST_OPTIONS = max(_PALETTES)
"""Options beyond which the parts of a bar can't be told apart."""
_GAP = 2.0
_PALE = frozenset({theme.BAND, theme.TRACK})
"""Seen on no paper without their outline."""


@themed
def likert(
    rows: Sequence[tuple[str, Sequence[float]]], options: Sequence[str], *, alternative: str, fictional: bool
) -> Drawing:
    """Draw one bar for each question, from the lowest option to the highest.

    Parameters
    ----------
    rows : sequence of (label, shares)
        Percentages of the options, in their order; what lacks to 100 % («ne sait pas») is left blank.
    options : sequence of str
        Labels, the lowest first; 2 to `MOST_OPTIONS`.
    alternative : str
        What is shown, with its values.
    fictional : bool
        Write on the figure that its values are invented.

    Returns
    -------
    Drawing
        The percentages are written under each bar in its order: nothing is told by a colour alone.
    """
    colours = _PALETTES[len(options)]
    labels = [textwrap.wrap(label, 42) or [""] for label, _ in rows]
    canvas = Canvas(len(options) * ROW + 12 + sum(20 * len(label) + 62 for label in labels), fictional=fictional)
    top = 0.0
    for colour, option in zip(colours, options, strict=True):
        _part(canvas, (0, top + 4, 14, 14), colour)
        canvas.write(22, top + 16, textwrap.shorten(option, 42, placeholder=" …"), size=theme.SMALL)
        top += ROW
    place = round(top + 8)
    for label, (_, shares) in zip(labels, rows, strict=True):
        place = canvas.label(place, label)
        start = 0.0
        for colour, share in zip(colours, shares, strict=True):
            if not math.isfinite(share):
                continue
            length = theme.WIDTH * max(share, 0.0) / 100
            _part(canvas, (start, place + 6, max(length - _GAP, 0.5), 16), colour)
            start += length
        told = " · ".join(french.percent(share, 0) if math.isfinite(share) else "–" for share in shares)
        canvas.write(0, place + 40, told, size=theme.SMALL, colour=theme.MUTED)
        place += 62
    return Drawing(svg.inline(canvas.figure, alternative=alternative), alternative)


def _part(canvas: Canvas, box: tuple[float, float, float, float], colour: str) -> None:
    x, y, width, height = box
    canvas.bar(x, y, width, height, colour)
    if colour in _PALE:
        across, down = (x + 0.5, x + width - 0.5), (y + 0.5, y + height - 0.5)
        canvas.sheet.plot([across[0], across[1], across[1], across[0], across[0]],
                          [down[0], down[0], down[1], down[1], down[0]], color=theme.MUTED, linewidth=1)  # fmt: skip
