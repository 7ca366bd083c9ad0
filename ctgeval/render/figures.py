"""The figures of a bilan: narrow enough for a telephone, readable without colour, with their alternative."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import seaborn as sns  # type: ignore[import-untyped]
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ctgeval import french, periods
from ctgeval.render import svg, theme, wording
from ctgeval.render.canvas import CHARACTER, ROW, Canvas, Drawing, themed
from ctgeval.render.lines import Indicator, Line

MOST_LINES = len(theme.SERIES)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a ranking, a path to a target or a budget: its label, its length and what is written of it."""

    label: str
    value: float
    text: str
    main: bool = False


@themed
def trajectory(lines: Sequence[Line], indicator: Indicator, *, fictional: bool) -> Drawing:
    """Draw the lines of an indicator over time.

    Parameters
    ----------
    lines : sequence of Line
        The territory of the page first; at most `MOST_LINES`.
    indicator : Indicator
    fictional : bool
        Write on the figure that its values are invented.

    Returns
    -------
    Drawing
    """
    frame = _long(lines)
    shown = pd.concat([frame["y"], frame["low"], frame["high"]]).dropna()
    legend = [_legend(line, indicator) for line in lines]
    rows = sum(len(entry) for entry in legend)
    canvas = Canvas(224 + rows * ROW, fictional=fictional)
    ticks = _ticks(shown, indicator)
    labels = [french.number(tick, None if all(one.is_integer() for one in ticks) else 1) for tick in ticks]
    left = max(len(label) for label in labels) * CHARACTER + 8
    axes = canvas.axes(left, 12, theme.WIDTH - left - 26, 180)
    axes.set_ylim(ticks[0], ticks[-1])
    axes.set_yticks(ticks, labels)
    axes.grid(axis="y", color=theme.GRID, linewidth=1)
    axes.set_axisbelow(True)
    styles = {line.geo: theme.style(rank) for rank, line in enumerate(lines)}
    # From the last one to the first, which is drawn over the others.
    drawn = frame.dropna(subset=["y"]).iloc[::-1]
    sns.lineplot(
        data=drawn, x="x", y="y", hue="geo", units="run", estimator=None, errorbar=None, sort=False, legend=False,
        ax=axes, markersize=8, markeredgewidth=1, palette={geo: style.colour for geo, style in styles.items()},
    )  # fmt: skip
    # Asked to tell lines apart by four means at once, seaborn would look through the table for each set of four.
    runs = drawn.groupby("geo", sort=False)["run"].nunique()
    _style(axes.lines, [styles[str(geo)] for geo, count in runs.items() for _ in range(count)])
    axes.set(xlabel="", ylabel="")
    for line in lines:
        _draw_bounds(axes, frame[frame["geo"] == line.geo], styles[line.geo].colour)
    marks = _mark_gaps(axes, lines[0], frame, ticks)
    _label_time(axes, frame)
    top = 238.0
    for entry, style in zip(legend, styles.values(), strict=True):
        _sample(canvas, top - 5, style)
        for text in entry:
            canvas.write(48, top, text, weight="bold" if style is styles[lines[0].geo] else "normal", size=theme.SMALL)
            top += ROW
    alternative = wording.describe(lines, indicator)
    notes = [wording.say("zero")] if ticks[0] > 0 else []
    notes += [french.typography(wording.word("marques", f"legende_{mark}")) for mark in marks]
    if frame["low"].notna().any():
        notes.append(wording.say("bornes"))
    return Drawing(svg.inline(canvas.figure, alternative=alternative), alternative, " ".join(notes))


def _long(lines: Sequence[Line]) -> pd.DataFrame:
    rows = []
    for line in lines:
        run = 0
        for point in line.points:
            day = periods.end(point.period)
            run += not point.known
            x = day.year + day.timetuple().tm_yday / 366
            low, high = (point.low, point.high) if point.bounded and math.isfinite(point.high) else (math.nan, math.nan)
            rows.append((line.geo, point.period, x, point.value, low, high, f"{line.geo} {run}"))
    return pd.DataFrame(rows, columns=["geo", "period", "x", "y", "low", "high", "run"])


def _style(drawn: Sequence[Line2D], styles: Sequence[theme.Style]) -> None:
    for line, style in zip(drawn, styles, strict=True):
        line.set_linewidth(style.width)
        line.set_marker(style.marker)
        line.set_dashes(style.dash if isinstance(style.dash, tuple) else (None, None))


def _draw_bounds(axes: Axes, rows: pd.DataFrame, colour: str) -> None:
    """Draw what the source lets one know as a vertical bar, a fact of the data and not a sampling interval."""
    for row in rows.dropna(subset=["low"]).to_dict("records"):
        axes.plot([row["x"], row["x"]], [row["low"], row["high"]], color=colour, linewidth=5, solid_capstyle="butt")


def _ticks(shown: pd.Series, indicator: Indicator) -> list[float]:
    low, high = float(shown.min()), float(shown.max())
    if 0 <= low < 0.6 * high:
        low = 0.0
    if low == high:
        low, high = low - max(1.0, abs(low) * 0.1), high + max(1.0, abs(high) * 0.1)
    whole = not indicator.decimals and float(np.abs(shown - shown.round()).max()) == 0
    ticks = MaxNLocator(4, integer=whole, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(tick) for tick in ticks]


def _legend(line: Line, indicator: Indicator) -> list[str]:
    last = (
        wording.amount(line.known[-1].value, indicator, with_unit=False)
        if line.known
        else wording.mark(line.points[-1])
    )
    return textwrap.wrap(french.typography(f"{line.name} : {last}"), 38, break_on_hyphens=False) or [line.name]


def _wrapped(label: str) -> list[str]:
    return textwrap.wrap(label, 42, max_lines=2, placeholder=" …") or [""]


def _sample(canvas: Canvas, y: float, style: theme.Style) -> None:
    canvas.sheet.plot(
        [2, 21, 40], [y, y, y], color=style.colour, linewidth=style.width, marker=style.marker, markevery=[1],
        markersize=8, markeredgecolor=theme.PAPER, dashes=style.dash or (None, None),
    )  # fmt: skip


def _mark_gaps(axes: Axes, line: Line, frame: pd.DataFrame, ticks: Sequence[float]) -> list[str]:
    """Mark on the axis the periods without a value; return the marks that were used."""
    places = dict(zip(frame["period"], frame["x"], strict=True))
    gaps = [point for point in line.points if not point.known and not point.bounded]
    for point in gaps:
        symbol = wording.word("marques", f"symbole_{point.mark}")
        axes.text(
            places[point.period], ticks[0], symbol, color=theme.INK, fontsize=theme.TEXT, ha="center", va="bottom"
        )
    return sorted({point.mark for point in gaps})


def _label_time(axes: Axes, frame: pd.DataFrame) -> None:
    """Label the last period, the first, and between them as many as fit without touching."""
    places = frame.drop_duplicates("period").sort_values("x", ascending=False)
    labels = [
        (float(x), wording.short_period(str(period))) for x, period in zip(places["x"], places["period"], strict=True)
    ]
    span = max(labels[0][0] - labels[-1][0], 1.0)
    axes.set_xlim(labels[-1][0] - 0.04 * span, labels[0][0] + 0.04 * span)
    needed = (max(len(text) for _, text in labels) + 1) * CHARACTER / (axes.get_position().width * theme.WIDTH) * span
    kept = [labels[0]]
    for place in labels[1:-1]:
        if kept[-1][0] - place[0] >= needed and place[0] - labels[-1][0] >= needed:
            kept.append(place)
    if len(labels) > 1 and kept[-1][0] - labels[-1][0] >= needed:
        kept.append(labels[-1])
    axes.set_xticks([x for x, _ in kept], [text for _, text in kept])


@themed
def position(name: str, value: float, others: Sequence[float], *, indicator: Indicator, fictional: bool) -> Drawing:
    """Draw where a territory stands in a distribution: extremes, middle half, median and the territory itself.

    Parameters
    ----------
    name : str
        The territory.
    value : float
    others : sequence of float
        The values of all the territories of the same level, this one among them.
    indicator : Indicator
    fictional : bool
    """
    low, first, median, third, high = (float(q) for q in np.quantile(others, [0, 0.25, 0.5, 0.75, 1]))
    canvas = Canvas(150, fictional=fictional)

    def place(number: float) -> float:
        return 12 + (theme.WIDTH - 24) * ((number - low) / (high - low) if high > low else 0.5)

    def text(number: float) -> str:
        return wording.amount(number, indicator, with_unit=False)

    canvas.bar(place(low), 66, max(place(high) - place(low), 2), 8, theme.TRACK)
    canvas.bar(place(first), 56, max(place(third) - place(first), 2), 28, theme.BAND)
    canvas.bar(place(median) - 1.5, 52, 3, 36, theme.MUTED)
    mark = theme.style(0)
    canvas.sheet.plot([place(value)], [70], marker="D", markersize=14, color=mark.colour, markeredgecolor=theme.PAPER)
    label = french.typography(f"{textwrap.shorten(name, 30, placeholder=' …')} : {text(value)}")
    half = len(label) * CHARACTER * 0.56
    middle = min(max(place(value), half), theme.WIDTH - half)
    canvas.write(middle, 36, label, weight="bold", anchor="center")
    canvas.write(0, 112, text(low), size=theme.SMALL)
    canvas.write(theme.WIDTH, 112, text(high), size=theme.SMALL, anchor="right")
    middle = min(max(place(median), 110), theme.WIDTH - 110)
    canvas.write(middle, 112, f"médiane {text(median)}", size=theme.SMALL, anchor="center")
    canvas.write(0, 138, f"Moitié centrale : de {text(first)} à {text(third)}", size=theme.SMALL, colour=theme.MUTED)
    values = {
        "nom": name,
        "valeur": text(value),
        "total": str(len(others)),
        "minimum": text(low),
        "maximum": text(high),
        "bas": text(first),
        "haut": text(third),
        "mediane": text(median),
    }
    alternative = wording.say("alternative_place", values)
    return Drawing(svg.inline(canvas.figure, alternative=alternative), alternative)


@themed
def bars(entries: Sequence[Bar], *, alternative: str, fictional: bool) -> Drawing:
    """Draw a horizontal bar for each entry, its label above it and its value written at its end."""
    labels = [_wrapped(entry.label) for entry in entries]
    canvas = Canvas(sum(26 + 20 * len(label) for label in labels), fictional=fictional)
    room = theme.WIDTH - max(len(entry.text) for entry in entries) * CHARACTER - 12
    longest = max((entry.value for entry in entries if math.isfinite(entry.value)), default=0.0) or 1.0
    top = 0
    for entry, label in zip(entries, labels, strict=True):
        weight = "bold" if entry.main else "normal"
        top = canvas.label(top, label, weight=weight)
        length = max(room * max(entry.value, 0) / longest, 2) if math.isfinite(entry.value) else 0
        canvas.bar(0, top + 5, length, 14, theme.SERIES[0] if entry.main else theme.SERIES[5])
        canvas.write(length + 6, top + 18, entry.text, size=theme.SMALL, weight=weight)
        top += 26
    return Drawing(svg.inline(canvas.figure, alternative=alternative), alternative)


@themed
def paths(entries: Sequence[Bar], *, alternative: str, fictional: bool) -> Drawing:
    """Draw, for each indicator, the way done from its baseline (left) to its target (the vertical tick).

    A value under 0 went backwards, one over 1 went beyond; the drawing stops at 125 %, the text does not.
    """
    labels = [_wrapped(entry.label) for entry in entries]
    canvas = Canvas(sum(34 + 20 * len(label) for label in labels), fictional=fictional)
    start, target = 36.0, 270.0
    top = 0
    for entry, label in zip(entries, labels, strict=True):
        top = canvas.label(top, label)
        canvas.bar(start, top + 12, target - start, 10, theme.TRACK)
        end = start + (target - start) * min(max(entry.value, -0.14), 1.2)
        colour = theme.SERIES[0] if entry.value >= 0 else theme.SERIES[1]
        canvas.bar(min(start, end), top + 12, max(abs(end - start), 2), 10, colour)
        canvas.bar(start - 1, top + 6, 2, 22, theme.MUTED)
        canvas.bar(target - 1.5, top + 6, 3, 22, theme.INK)
        canvas.sheet.plot([end], [top + 17], marker="D", markersize=11, color=colour, markeredgecolor=theme.PAPER)
        canvas.write(theme.WIDTH, top + 22, entry.text, size=theme.SMALL, weight="bold", anchor="right")
        top += 34
    return Drawing(svg.inline(canvas.figure, alternative=alternative), alternative)


@themed
def budget(entries: Sequence[tuple[str, float, float]], *, alternative: str, fictional: bool) -> Drawing:
    """Draw the expenses of each year, the share that stays to the collectivity first.

    Parameters
    ----------
    entries : sequence of (label, expenses, rest)
        In euros, in the order of time.
    alternative : str
    fictional : bool
    """
    canvas = Canvas(len(entries) * 68 + 34, fictional=fictional)
    longest = max((spent for _, spent, _ in entries), default=0.0) or 1.0
    canvas.bar(0, 6, 14, 14, theme.SERIES[0])
    canvas.write(20, 18, "Reste à charge", size=theme.SMALL)
    canvas.hollow(160, 6, 14, 14, theme.SERIES[4])
    canvas.write(180, 18, "Financé par d’autres", size=theme.SMALL)
    for rank, (label, spent, rest) in enumerate(entries):
        top = 34 + rank * 68
        length = theme.WIDTH * spent / longest
        share = theme.WIDTH * min(max(rest, 0), spent) / longest
        canvas.write(0, top + 16, french.typography(f"{label} : {french.euros(spent)} de dépenses"), size=theme.SMALL)
        canvas.bar(0, top + 23, share, 16, theme.SERIES[0])
        if length - share > 3:
            canvas.hollow(share + 2, top + 23, length - share - 2, 16, theme.SERIES[4])
        canvas.write(0, top + 56, f"dont {french.euros(rest)} à charge", size=theme.SMALL, weight="bold")
    return Drawing(svg.inline(canvas.figure, alternative=alternative), alternative)
