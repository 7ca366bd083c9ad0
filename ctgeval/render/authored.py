"""Figures and tables of an author's own notebook, as accessible as those of the package.

A figure drawn with matplotlib or seaborn goes into a page with its caption, an alternative computed from its
values, and the table of these values right after it; a table, with its caption and its headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import pandas as pd
from cycler import cycler
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import ScalarFormatter

from ctgeval import french
from ctgeval.errors import ReportError
from ctgeval.render import blocks, described, svg, tables, theme, wording
from ctgeval.render.canvas import Drawing
from ctgeval.render.fragment import Fragment

__all__ = ["drawing", "figure", "table"]

_RC: dict[Any, Any] = {
    **theme.RC,
    "axes.prop_cycle": cycler(color=theme.SERIES),
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": theme.INK,
    "axes.titlesize": theme.TEXT,
    "font.size": theme.SMALL,
    "grid.color": theme.GRID,
    "legend.frameon": False,
    "lines.markersize": 7,
    "patch.edgecolor": theme.PAPER,
    "patch.facecolor": theme.SERIES[0],
    "xtick.labelsize": theme.SMALL,
    "ytick.labelsize": theme.SMALL,
}
_COLOUR = re.compile(r'(?:fill|stroke)="(#[0-9a-f]{6})"')
_WRITTEN = re.compile(r"([+\-\u2212]?)(\d+)(?:\.(\d+))?")
_LEAST, _MOST = 120, 900


class _FrenchNumbers(ScalarFormatter):
    """The numbers of an axis with a comma, and their thousands apart."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return _french(str(super().__call__(x, pos)))


def _french(text: str) -> str:
    """Return a number as it is written in French, a year among others; anything else as it is."""
    found = _WRITTEN.fullmatch(text)
    if not found:
        return text
    sign, whole, decimals = found.groups()
    apart = f"{int(whole):,}".replace(",", french.NNBSP) if len(whole) > 4 and not decimals else whole
    return f"{sign}{apart}{f',{decimals}' if decimals else ''}"


@contextmanager
def drawing(height: float = 260) -> Iterator[Axes]:
    """Open the axes of a figure at the width, in the colours and in the letters of a bilan.

    Parameters
    ----------
    height : float
        In user units, for a width of 380.

    Yields
    ------
    matplotlib.axes.Axes
        To draw on, with seaborn (``ax=axes``) or directly; then to give to `figure`.

    Raises
    ------
    ReportError
        When the height is not between 120 and 900.
    """
    if not _LEAST <= height <= _MOST:
        raise ReportError(
            "La hauteur de la figure ne convient pas à une page.",
            key="height",
            value=str(height),
            remedy=f"Donnez une hauteur entre {_LEAST} et {_MOST} : la largeur est de {theme.WIDTH}.",
        )
    with mpl.rc_context(_RC):
        opened = Figure(figsize=(theme.WIDTH / 72, height / 72), dpi=72, layout="constrained")
        axes = opened.subplots()
        yield axes
        for axis in (axes.xaxis, axes.yaxis):
            if type(axis.get_major_formatter()) is ScalarFormatter:
                axis.set_major_formatter(_FrenchNumbers())


def figure(
    drawn: Any,
    *,
    caption: str,
    values: pd.DataFrame,
    unit: str = "",
    about: str = "",
    sources: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Fragment:
    """Return a figure with its caption, its alternative and the table of its values.

    Parameters
    ----------
    drawn : matplotlib Figure or Axes, or seaborn grid
        See `drawing`. Colours that are not those of a bilan are shown on white, in the dark look too.
    caption : str
        What is shown, where and when; no other figure of the page has the same.
    values : DataFrame
        What the figure draws, from which its alternative is computed: its first column (or its index, when it has a
        name) names the rows, the others hold numbers.
    unit : str
        Of the values: ``places``, ``%``.
    about : str
        What the figure makes visible, in a sentence: read before the values by those who don't see it.
    sources, notes : sequence of str
        Where the values come from, with the date of their update; limits.

    Raises
    ------
    ReportError
        When there is no caption, no value, or nothing that can be drawn.
    """
    frame = described.framed(values, caption=caption)
    told = " ".join(part for part in (_sentence(about), described.values(frame, caption, unit)) if part)
    name = french.slug(caption)[:48].strip("-") or "figure"
    shown = _inline(drawn, told)
    made = blocks.figure(f"figure-{name}", french.typography(caption), Drawing(shown, told))
    below = tables.render(_table(frame, caption, unit, [*_cited(sources), *notes], identifier=f"figure-{name}-valeurs"))
    return Fragment(made + blocks.folded("Les valeurs en tableau", below))


def table(
    frame: pd.DataFrame, *, caption: str, unit: str = "", sources: Sequence[str] = (), notes: Sequence[str] = ()
) -> Fragment:
    """Return a table with its caption, headers that say what they head, French numbers, and a download.

    Parameters
    ----------
    frame : DataFrame
        Its first column (or its index, when it has a name) names the rows; missing values are told to be.
    caption, unit, sources, notes
        As in `figure`.

    Raises
    ------
    ReportError
        When there is no caption or no row.
    """
    settled = described.framed(frame, caption=caption, numbers=False)
    name = french.slug(caption)[:48].strip("-") or "tableau"
    made = _table(settled, caption, unit, [*_cited(sources), *notes], identifier=f"tableau-{name}")
    return Fragment(tables.render(made))


def _sentence(text: str) -> str:
    told = french.typography(text.strip())
    return told if not told or told.endswith((".", "!", "?", "…")) else f"{told}."


def _cited(sources: Sequence[str]) -> list[str]:
    return [wording.say("source_citee", {"sources": french.enumeration(list(sources))})] if sources else []


def _table(frame: pd.DataFrame, caption: str, unit: str, notes: Sequence[str], *, identifier: str) -> tables.Table:
    writers = [described.writer(frame[name], names=rank == 0) for rank, name in enumerate(frame.columns)]
    rows = [
        [_cell(value, write, first=write is writers[0]) for value, write in zip(row, writers, strict=True)]
        for row in frame.itertuples(index=False, name=None)
    ]
    columns = [
        tables.Column(str(name), numeric=rank > 0 and described.numeric(frame[name]))
        for rank, name in enumerate(frame.columns)
    ]
    details = [f"Unité : {unit.replace('EUR', 'euros').replace('%', 'pourcentage')}."] if unit else []
    return tables.Table(identifier, caption, columns, rows, details=details, notes=[_sentence(note) for note in notes])


def _cell(value: Any, write: described.Writer, *, first: bool) -> tables.Cell:
    if pd.isna(value):
        return tables.text(wording.word("marques", "absent")) if first else tables.withheld("absent")
    shown = write(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return tables.Cell(shown, raw=float(value)) if number and not first else tables.text(shown)


def _inline(drawn: Any, alternative: str) -> Markup:
    found = drawn if isinstance(drawn, Figure) else getattr(drawn, "figure", None)
    if not isinstance(found, Figure):
        raise ReportError(
            "Ce qui est donné n’est pas une figure de matplotlib ou de seaborn.",
            value=type(drawn).__name__,
            remedy="Donnez les axes de `with ctgeval.render.drawing() as axes:`, ou la figure elle-même.",
        )
    for text in found.findobj(Text):
        # Written by hand, or by seaborn in the cells of a heatmap.
        if "." in text.get_text():
            text.set_text(_french(text.get_text()))
    with mpl.rc_context(dict(theme.RC)):
        made = svg.inline(found, alternative=alternative)
    if set(_COLOUR.findall(str(made))) <= theme.NAMES.keys():
        return made
    # The dark look only knows the colours that bear a name.
    return Markup(str(made).replace('class="fig"', 'class="fig fig-claire"', 1))
