"""The figures of impact that are not curves of time: chance, weights, sensitivity, decomposition, panel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.impact.panel import Floats
from ctgeval.impact.phrasebook import period as told_period
from ctgeval.render import figures, svg, theme, wording
from ctgeval.render.canvas import CHARACTER, Canvas, Drawing, themed
from ctgeval.render.charts import Chart, Entry, Measure, Times, fitting, say
from ctgeval.render.figures import Bar

__all__ = ["STATES", "bacon", "distribution", "panel_view", "sensitivity", "weights"]

STATES = ("avant", "depuis", "jamais", "manque", "masque")
"""What a cell of a panel view may be: before the action, since it, never concerned, without value, not shown."""

_BINS = 24
_MOST_WEIGHTS = 12
_SMALLEST_WEIGHT = 0.005
_LEAST_WRITTEN, _NOTHING = 0.001, 1e-9
_MOST_ROWS = 30
_HEIGHT = 20.0
_LONGEST_BESIDE, _LONGEST_BOLD = 17, 14
"""Characters of a name that leaves room for its cells; a longer one stands above them."""
_LONGEST_NAME = 36


@themed
def distribution(
    reference: Sequence[float] | Floats, observed: float, *, label: str, unit: str, fictional: bool = False
) -> Drawing:
    """Draw what a gap could be without any effect, and the one that was measured.

    Parameters
    ----------
    reference : sequence of float
        Gaps of every other place that the action could have had.
    observed : float
    label, unit : str
        Of the outcome.
    fictional : bool
    """
    found = np.asarray(reference, dtype=np.float64)
    found = found[np.isfinite(found)]
    extreme = np.abs(found) >= abs(observed) * (1 - 1e-9)
    share = float(extreme.mean()) if len(found) else math.nan
    low, high = float(min(found.min(), observed)), float(max(found.max(), observed))
    edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    measure = Measure.of(label, unit, [low, high], gap=True)
    entries = [
        Entry(say("mesure", ecart=measure.amount(observed)), theme.SERIES[0], 3, strong=True),
        Entry(say("hasard"), theme.FAINT, filled=True),
        Entry(say("hasard_extreme"), theme.SERIES[1], filled=True),
    ]
    usual, _ = np.histogram(found[~extreme], edges)
    beyond, _ = np.histogram(found[extreme], edges)
    count = Measure("", "", 0)
    written = measure.written_unit
    title = say("hasard_axe", unite=written) if written and len(written) <= 16 else say("hasard_axe_seul")
    chart = Chart([0.0, float((usual + beyond).max())], count, entries, zero=True, fictional=fictional, title=title)
    chart.counted(say("hasard_compte"))
    chart.measured(low, high, lambda value: french.number(value, None, sign=True))
    for start, end, some, more in zip(edges, edges[1:], usual, beyond, strict=False):
        gap = 0.1 * (end - start)
        for base, size, colour in ((0, some, theme.FAINT), (some, more, theme.SERIES[1])):
            if size:
                x = [start + gap, end - gap, end - gap, start + gap]
                chart.axes.fill(x, [base, base, base + size, base + size], color=colour, linewidth=0)
    chart.axes.axvline(observed, color=theme.SERIES[0], linewidth=3)
    alternative = say(
        "distribution", nombre=french.number(len(found)), bas=measure.bare(float(found.min())),
        haut=measure.bare(float(found.max())), ecart=measure.amount(observed), part=french.percent(100 * share, None),
    )  # fmt: skip
    return Drawing(svg.inline(chart.canvas.figure, alternative=alternative), alternative)


def weights(table: pd.DataFrame, *, fictional: bool = False) -> Drawing:
    """Draw the weight of each comparator, the heaviest first.

    Parameters
    ----------
    table : DataFrame
        ``unit, weight``, and ``name`` if any.
    fictional : bool
    """
    rows = table.sort_values("weight", ascending=False, kind="stable").to_dict("records")
    heavy = [row for row in rows if abs(row["weight"]) >= _SMALLEST_WEIGHT][:_MOST_WEIGHTS]
    entries = [Bar(str(row.get("name") or row["unit"]), float(row["weight"]), _percent(row["weight"])) for row in heavy]
    told = [say("poids_ligne", nom=entry.label, poids=entry.text) for entry in entries]
    rest = rows[len(heavy) :]
    if rest:
        total = sum(float(row["weight"]) for row in rest)
        threshold = _percent(heavy[-1]["weight"] if len(heavy) == _MOST_WEIGHTS else _SMALLEST_WEIGHT)
        others = french.plural(len(rest), "autre territoire")
        name = say("poids_autre" if len(rest) == 1 else "poids_autres", nombre=others, seuil=threshold)
        entries.append(Bar(name, total, _percent(total)))
        told.append(say("poids_ligne", nom=name, poids=_percent(total)))
    return figures.bars(entries, alternative=say("poids", lignes=" ".join(told)), fictional=fictional)


def _percent(share: float) -> str:
    if abs(share) < _NOTHING:
        return french.percent(0, 0)
    if abs(share) < _LEAST_WRITTEN:
        return say("moins_de", part=french.percent(100 * _LEAST_WRITTEN))
    return french.percent(100 * share, 0 if abs(share) >= 0.0995 else 1)


@themed
def sensitivity(
    table: pd.DataFrame,
    *,
    label: str,
    unit: str,
    method: Literal["relative", "smoothness"] = "relative",
    breakdown: float = math.nan,
    fictional: bool = False,
) -> Drawing:
    """Draw the effects that stay possible when the evolutions would not have been quite the same without the action.

    Parameters
    ----------
    table : DataFrame
        ``value`` (departure that is tolerated), ``low, high``: ``table`` of a ``Sensitivity``.
    label, unit : str
        Of the outcome.
    method : {"relative", "smoothness"}
        What is tolerated: times the largest departure before the action, or a change of slope in the unit.
    breakdown : float
        Departure from which zero is possible; NaN when it is not reached, or always is.
    fictional : bool
    """
    rows = table.dropna(subset=["low", "high"]).sort_values("value")
    m, low, high = (rows[name].to_numpy(dtype=np.float64) for name in ("value", "low", "high"))
    measure = Measure.of(label, unit, [*low, *high], gap=True)
    entries = [Entry(say("effet_si", unite=_told_unit(measure)), theme.BAND, filled=True)]
    chart = Chart(
        [*low.tolist(), *high.tolist()],
        measure,
        entries,
        zero=True,
        fictional=fictional,
        title=say(f"sensibilite_axe_{method}"),
    )
    chart.band(m, low, high)
    for edge in (low, high):
        chart.axes.plot(m, edge, color=theme.SERIES[0], linewidth=2, marker="o", markersize=6,
                        markeredgecolor=theme.PAPER)  # fmt: skip
    chart.axes.axhline(0, color=theme.INK, linewidth=1.4)
    chart.span(float(m.min()), float(m.max()), [(float(value), _tolerated(value)) for value in m])
    if math.isfinite(breakdown):
        shown = _tolerated(breakdown)
        if m.min() <= breakdown <= m.max():
            chart.start(breakdown, say("rupture", valeur=shown))
        told = say("sensibilite_rupture", valeur=shown)
    else:
        apart = (low > 0) | (high < 0)
        told = say("sensibilite_toujours" if apart.all() else "sensibilite_sans")
    lines = [
        say("sensibilite_ligne", tolere=_tolerated(at), bas=measure.bare(float(a)),
            haut=measure.amount(float(b)))
        for at, a, b in zip(m, low, high, strict=True)
    ]  # fmt: skip
    alternative = say("sensibilite", lignes=" ".join(lines), rupture=told)
    return Drawing(svg.inline(chart.canvas.figure, alternative=alternative), alternative, told)


def _told_unit(measure: Measure) -> str:
    return f", en {measure.written_unit}" if measure.written_unit else ""


def _tolerated(value: float) -> str:
    """Write a departure with the digits it needs: two that mean something, at most."""
    if value <= 0:
        return french.number(0, 0)
    rounded = round(float(value), max(0, 1 - math.floor(math.log10(value)) + (value >= 1)))
    return french.number(rounded, max(0, -int(Decimal(repr(rounded)).normalize().as_tuple().exponent)))


@themed
def bacon(
    comparisons: pd.DataFrame, *, estimate: float, label: str, unit: str, fictional: bool = False
) -> Drawing:  # fmt: skip
    """Draw the comparisons that a two-way estimate is made of: their weight and their gap.

    Parameters
    ----------
    comparisons : DataFrame
        ``kind, weight, estimate``.
    estimate : float
        The two-way estimate.
    label, unit : str
        Of the outcome.
    fictional : bool
    """
    kinds = list(dict.fromkeys(comparisons["kind"]))
    values = [*comparisons["estimate"].astype(float), estimate]
    measure = Measure.of(label, unit, values, gap=True)
    shares = {kind: float(comparisons.loc[comparisons["kind"] == kind, "weight"].sum()) for kind in kinds}
    entries = [
        Entry(say("comparaison_poids", genre=wording.capital(kind), poids=_percent(shares[kind])),
              theme.style(rank).colour, 0, marker=theme.style(rank).marker)
        for rank, kind in enumerate(kinds)
    ]  # fmt: skip
    entries.append(Entry(say("ecart_ensemble", ecart=measure.amount(estimate)), theme.MUTED, 1.6, (5, 2)))
    chart = Chart(values, measure, entries, zero=True, fictional=fictional, title=say("poids_axe"))
    chart.counted(say("ecart_axe", unite=_told_unit(measure)))
    chart.axes.axhline(estimate, color=theme.MUTED, linewidth=1.6, dashes=(5, 2))
    told = []
    for rank, kind in enumerate(kinds):
        rows = comparisons[comparisons["kind"] == kind]
        style = theme.style(rank)
        chart.axes.plot(rows["weight"], rows["estimate"], linestyle="", color=style.colour, marker=style.marker,
                        markersize=9, markeredgecolor=theme.PAPER)  # fmt: skip
        mean = float((rows["weight"] * rows["estimate"]).sum() / shares[kind]) if shares[kind] else math.nan
        told.append(say("decomposition_genre", genre=wording.capital(kind), poids=_percent(shares[kind]),
                        ecart=measure.amount(mean)))  # fmt: skip
    top = float(comparisons["weight"].max())
    chart.measured(0.0, top, lambda share: french.percent(round(100 * share, 6), None))
    alternative = say("decomposition", ecart=measure.amount(estimate), lignes=" ".join(told))
    return Drawing(svg.inline(chart.canvas.figure, alternative=alternative), alternative)


@themed
def panel_view(table: pd.DataFrame, *, fictional: bool = False) -> Drawing:
    """Draw which territory is concerned when, and where a value lacks.

    Parameters
    ----------
    table : DataFrame
        ``unit, time_period, state``, one row per cell, state being one of `STATES`.
    fictional : bool

    Notes
    -----
    The concerned territories come first, then those with gaps; comparators beyond thirty rows are only counted.
    """
    wide = table.pivot_table(index="unit", columns="time_period", values="state", aggfunc="first", sort=False)
    times = Times([str(text) for text in wide.columns])
    rows = {
        str(unit): [str(state) for state in states] for unit, states in zip(wide.index, wide.to_numpy(), strict=True)
    }
    order = sorted(rows, key=lambda unit: (not _concerned(rows[unit]), not _gaps(rows[unit]), french.fold(unit)))
    shown = [
        unit for rank, unit in enumerate(order) if rank < _MOST_ROWS or _concerned(rows[unit]) or _gaps(rows[unit])
    ]
    used = [state for state in STATES if any(state in states for states in rows.values())]
    stacked = any(len(unit) > (_LONGEST_BOLD if _concerned(rows[unit]) else _LONGEST_BESIDE) for unit in shown)
    left = 0.0 if stacked else 142.0
    row = 2 * _HEIGHT + 4 if stacked else _HEIGHT
    width = (theme.WIDTH - left) / len(times.texts)
    top = 26 + row * len(shown) + (_HEIGHT if len(shown) < len(order) else 0)
    canvas = Canvas(top + 12 + 24 * len(used), fictional=fictional)
    middles = [
        (_inside(left + (rank + 0.5) * width, text, left), text) for rank, (_, text) in enumerate(times.labels())
    ]
    for x, text in fitting(middles, theme.WIDTH - left, theme.WIDTH - left):
        canvas.write(x, 14, text, size=theme.SMALL, colour=theme.MUTED, anchor="center")
    for rank, unit in enumerate(shown):
        y = 22 + row * rank
        canvas.write(
            0, y + 15, _shortened(unit), size=theme.SMALL, weight="bold" if _concerned(rows[unit]) else "normal"
        )
        y += _HEIGHT if stacked else 0
        for at, state in enumerate(rows[unit]):
            _cell(canvas, (left + at * width, y), width, state)
    if len(shown) < len(order):
        rest = french.plural(len(order) - len(shown), "autre")
        canvas.write(0, 22 + row * len(shown) + 15, say("vue_reste", nombre=rest), size=theme.SMALL,
                     colour=theme.MUTED)  # fmt: skip
    for rank, state in enumerate(used):
        _cell(canvas, (0, top + 4 + 24 * rank), 24, state)
        canvas.write(34, top + 19 + 24 * rank, wording.capital(say(state)), size=theme.SMALL)
    alternative = _told_view(order, rows, times.texts)
    return Drawing(svg.inline(canvas.figure, alternative=alternative), alternative)


def _concerned(states: Sequence[str]) -> bool:
    return "depuis" in states or "avant" in states


def _gaps(states: Sequence[str]) -> bool:
    return "manque" in states or "masque" in states


def _shortened(name: str) -> str:
    """Cut the middle of a long name: neighbours often begin alike."""
    if len(name) <= _LONGEST_NAME:
        return name
    half = _LONGEST_NAME // 2
    return f"{name[:half].rstrip()}…{name[-half:].lstrip()}"


def _inside(x: float, text: str, left: float) -> float:
    """Move the middle of a text so that it passes neither edge."""
    half = len(text) * CHARACTER * 0.5
    return max(min(x, theme.WIDTH - half), left + half)


def _cell(canvas: Canvas, place: tuple[float, float], width: float, state: str) -> None:
    """Fill a cell: full and dark since the action, full and light before, thin elsewhere; gaps bear their mark."""
    x, y = place
    looks = {"avant": (theme.BAND, 2), "depuis": (theme.SERIES[0], 2), "jamais": (theme.FAINT, 8)}
    if state in looks:
        colour, margin = looks[state]
        right, bottom = x + 1 + max(width - 2, 1), y + _HEIGHT - margin
        canvas.bar(x + 1, y + margin, right - x - 1, bottom - y - margin, colour)
        if state == "avant":
            # Too pale to be seen by itself.
            canvas.sheet.plot([x + 1, right], [bottom, bottom], color=theme.SERIES[0], linewidth=1.5)
        return
    symbol = wording.word("marques", "symbole_masque" if state == "masque" else "symbole_absent")
    canvas.write(x + width / 2, y + 15, symbol, size=theme.SMALL, anchor="center")


def _told_view(order: Sequence[str], rows: dict[str, list[str]], texts: Sequence[str]) -> str:
    told = [
        say("vue_concerne", nom=unit, quand=told_period(texts[rows[unit].index("depuis")]))
        for unit in order
        if "depuis" in rows[unit]
    ]
    lacking = sum(state in {"manque", "masque"} for states in rows.values() for state in states)
    told.append(say("vue_lacunes", nombre=french.plural(lacking, "cellule")) if lacking else say("vue_aucune"))
    return say(
        "vue", nombre=french.plural(len(order), "territoire"), periodes=french.plural(len(texts), "période"),
        debut=told_period(texts[0]), fin=told_period(texts[-1]), lignes=" ".join(told),
    )  # fmt: skip
