"""Axes in French for figures of impact: time, values, legend under the drawing, the start of an action."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ctgeval import french, periods
from ctgeval.errors import PeriodError
from ctgeval.impact.panel import Floats
from ctgeval.impact.quantities import Scale
from ctgeval.render import theme, wording
from ctgeval.render.canvas import CHARACTER, ROW, Canvas

__all__ = ["Chart", "Entry", "Measure", "Times", "fitting", "say", "ticks"]

_TOP, _ROOM = 34, 190
_LINE = 42
_EDGE = 1.0
_NEAR_ZERO = 0.3
"""Share of the highest value under which the lowest is drawn from zero."""


def say(key: str, **values: str) -> str:
    """Return a phrase of the figures of impact."""
    return wording.say(key, values, table="impact")


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured: its name, its unit, and the decimals that its values need.

    Parameters
    ----------
    label, unit : str
    decimals : int
    gap : bool
        Whether values are gaps, whose sign is written and whose percentages are points.
    """

    label: str
    unit: str
    decimals: int
    gap: bool = False

    @classmethod
    def of(cls, label: str, unit: str, values: Sequence[float], *, gap: bool = False) -> Measure:
        """Return a measure with the decimals that tell its values apart, none for whole numbers."""
        known = np.asarray([value for value in values if math.isfinite(value)], dtype=np.float64)
        spread = float(np.ptp(known)) if len(known) else 0.0
        spread = spread or (abs(float(known[0])) if len(known) else 0.0)
        whole = not len(known) or bool((known == np.round(known)).all())
        return cls(label, unit, 0 if whole else _digits(spread), gap)

    @property
    def written_unit(self) -> str:
        """The unit as a sentence bears it: ``points`` for gaps between percentages."""
        return (Scale(self.unit, 0).written if self.gap else self.unit).replace("EUR", "euros")

    def amount(self, value: float) -> str:
        """Write a value with its unit."""
        return Scale(self.unit, self.decimals, relative=not self.gap and self.unit == "%").amount(value, sign=self.gap)

    def bare(self, value: float) -> str:
        """Write a value without its unit, the sign of percentage aside."""
        suffix = f"{french.NNBSP}%" if self.unit == "%" and not self.gap else ""
        return f"{french.number(value, self.decimals, sign=self.gap)}{suffix}"


def _digits(spread: float) -> int:
    """Return no decimal from 200 on, one from 2 on, two from 0.2 on, and so forth up to four."""
    if spread >= 200 or spread <= 0:
        return 0
    return 1 if spread >= 2 else min(1 + math.ceil(-math.log10(spread / 2)), 4)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend: how it looks, and what it is."""

    text: str
    colour: str
    width: float = 2.0
    dash: tuple[float, ...] | str = ""
    marker: str = ""
    filled: bool = False
    strong: bool = False


@dataclass(frozen=True)
class Times:
    """Where periods stand on an axis, and how they are written.

    Parameters
    ----------
    texts : sequence of str
        Periods in their order; those that are no period are one step apart.
    """

    texts: Sequence[str]
    places: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", dict(zip(self.texts, _places(self.texts), strict=True)))

    def before(self, start: str) -> float:
        """Return the middle between a period and the one before it, where an action starts."""
        at = list(self.texts).index(start)
        here = self.places[start]
        if at:
            return (self.places[self.texts[at - 1]] + here) / 2
        step = self.places[self.texts[1]] - here if len(self.texts) > 1 else 1.0
        return here - step / 2

    def labels(self) -> list[tuple[float, str]]:
        """Return each place with its short label."""
        return [(place, _short(text)) for text, place in self.places.items()]


def _places(texts: Sequence[str]) -> list[float]:
    try:
        days = [periods.end(text) for text in texts]
    except PeriodError:
        return [float(rank) for rank in range(len(texts))]
    found = [day.year + day.timetuple().tm_yday / 366 for day in days]
    return found if all(a < b for a, b in pairwise(found)) else [float(rank) for rank in range(len(texts))]


def _short(text: str) -> str:
    try:
        return wording.short_period(text)
    except PeriodError:
        return text.replace("-", french.MINUS)


def ticks(values: Sequence[float], *, zero: bool = False) -> list[float]:
    """Return round values that hold some others; from zero when it is asked, or near enough."""
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    if zero or 0 <= low < _NEAR_ZERO * high:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        low, high = low - max(1.0, abs(low) * 0.1), high + max(1.0, abs(high) * 0.1)
    return [float(tick) for tick in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]


def fitting(labels: Sequence[tuple[float, str]], width: float, span: float) -> list[tuple[float, str]]:
    """Keep the last label, the first, and between them as many as fit without touching.

    Parameters
    ----------
    labels : sequence of (place, text)
    width : float
        Of the axis, in user units.
    span : float
        Of the axis, in the unit of the places.
    """
    latest_first = sorted(labels, reverse=True)
    needed = (max(len(text) for _, text in labels) + 1) * CHARACTER / width * span
    kept = [latest_first[0]]
    for place in latest_first[1:-1]:
        if kept[-1][0] - place[0] >= needed and place[0] - latest_first[-1][0] >= needed:
            kept.append(place)
    if len(latest_first) > 1 and kept[-1][0] - latest_first[-1][0] >= needed:
        kept.append(latest_first[-1])
    return kept


class Chart:
    """A drawing with a value axis, its legend under it.

    Parameters
    ----------
    values : sequence of float
        Everything that must fit.
    measure : Measure
    entries : sequence of Entry
        Of the legend.
    zero : bool
        Whether zero must be there.
    fictional : bool
        Whether the values are invented, which is then written.
    title : str
        Of the horizontal axis, when its labels don't tell what they are.
    """

    def __init__(
        self,
        values: Sequence[float],
        measure: Measure,
        entries: Sequence[Entry],
        *,
        zero: bool = False,
        fictional: bool,
        title: str = "",
    ) -> None:
        rows = [(entry, _wrap(wording.capital(entry.text), strong=entry.strong)) for entry in entries]
        below = _TOP + _ROOM + 26 + (ROW if title else 0)
        self.canvas = Canvas(below + 14 + ROW * sum(len(lines) for _, lines in rows), fictional=fictional)
        self.ticks = ticks(values, zero=zero)
        labels = _tick_labels(self.ticks, measure)
        self.left = max(len(label) for label in labels) * CHARACTER + (13 if measure.gap else 8)
        self.width = theme.WIDTH - self.left - 26
        self.axes: Axes = self.canvas.axes(self.left, _TOP, self.width, _ROOM)
        self.axes.set_ylim(self.ticks[0], self.ticks[-1])
        self.axes.set_yticks(self.ticks, labels)
        self.axes.grid(axis="y", color=theme.GRID, linewidth=1)
        self.axes.set_axisbelow(True)
        if self.ticks[0] < 0 < self.ticks[-1]:
            self.axes.axhline(0, color=theme.INK, linewidth=1)
        if title:
            self.canvas.write(theme.WIDTH, below - 5, title, size=theme.SMALL, colour=theme.MUTED, anchor="right")
        self._write_legend(rows, below + 20)

    def _write_legend(self, rows: Sequence[tuple[Entry, list[str]]], top: float) -> None:
        for entry, lines in rows:
            sample(self.canvas, top - 5, entry)
            for line in lines:
                weight = "bold" if entry.strong else "normal"
                self.canvas.write(_LINE + 6, top, line, weight=weight, size=theme.SMALL)
                top += ROW

    def measured(self, low: float, high: float, write: Callable[[float], str]) -> None:
        """Set the horizontal axis of a quantity, with round labels."""
        round_values = [value for value in ticks([low, high]) if low <= value <= high] or [low, high]
        self.span(low, high, [(value, write(value)) for value in round_values])

    def span(self, low: float, high: float, labels: Sequence[tuple[float, str]]) -> None:
        """Set the horizontal axis, with as many labels as it can bear."""
        margin = 0.04 * max(high - low, 1e-9)
        self.axes.set_xlim(low - margin, high + margin)
        kept = fitting(labels, self.width, high - low + 2 * margin)
        self.axes.set_xticks([place for place, _ in kept], [french.typography(text) for _, text in kept])

    def band(self, x: Sequence[float] | Floats, low: Floats, high: Floats) -> None:
        """Fill what lies between two lines; its edges are drawn, since its colour alone is too pale to be seen."""
        self.axes.fill_between(x, low, high, color=theme.BAND, linewidth=0)
        for edge in (low, high):
            self.axes.plot(x, edge, color=theme.FAINT, linewidth=_EDGE)

    def counted(self, text: str) -> None:
        """Say above the vertical axis what it counts."""
        self.canvas.write(0, _TOP - 14, text, size=theme.SMALL, colour=theme.MUTED)

    def start(self, place: float, text: str) -> None:
        """Mark where an action starts, its name above the line."""
        self.axes.axvline(place, color=theme.MUTED, linewidth=1.4, linestyle=(0, (2, 2)))
        low, high = self.axes.get_xlim()
        x = self.left + (place - low) / (high - low) * self.width
        half = len(text) * CHARACTER * 0.46
        middle = min(max(x, half), theme.WIDTH - half)
        self.canvas.write(middle, _TOP - 14, text, size=theme.SMALL, colour=theme.MUTED, anchor="center")


def sample(canvas: Canvas, y: float, entry: Entry) -> None:
    """Draw the look of a line of a legend beside it."""
    if entry.filled:
        canvas.bar(2, y - 7, 38, 14, entry.colour)
        if entry.colour == theme.BAND:
            for edge in (y - 7, y + 7):
                canvas.sheet.plot([2, 40], [edge, edge], color=theme.FAINT, linewidth=_EDGE)
        return
    if entry.width:
        canvas.sheet.plot([2, 40], [y, y], color=entry.colour, linewidth=entry.width, dashes=entry.dash or (None, None))
    if entry.marker:
        canvas.sheet.plot([21], [y], color=entry.colour, marker=entry.marker, markersize=8, markeredgecolor=theme.PAPER)


def _wrap(text: str, *, strong: bool) -> list[str]:
    return textwrap.wrap(french.typography(text), 32 if strong else 38) or [text]


def _tick_labels(found: Sequence[float], measure: Measure) -> list[str]:
    step = found[1] - found[0]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    decimals += not float(step * 10**decimals).is_integer()
    return [french.number(round(tick, 9), decimals, sign=measure.gap) for tick in found]
