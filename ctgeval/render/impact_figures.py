"""The figures of impact over time: trajectories, gaps, series and their counterfactual; each with its alternative."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ctgeval import french
from ctgeval.impact.panel import Floats
from ctgeval.impact.phrasebook import period as told_period
from ctgeval.render import svg, theme, wording
from ctgeval.render.canvas import Drawing, themed
from ctgeval.render.charts import Chart, Entry, Measure, Times, say
from ctgeval.render.impact_diagrams import bacon, distribution, panel_view, sensitivity, weights

__all__ = [
    "COMPARED", "CONCERNED", "bacon", "distribution", "event_study", "interrupted_series", "panel_view", "placebo_gaps",
    "sensitivity", "synthetic_control", "trajectories", "weights",
]  # fmt: skip

CONCERNED, COMPARED = "territoires concernés", "comparaison"
_THIN = 1.0
_WITNESSES = 60
"""Thin lines beyond which they are a blot: the legend then says that some are drawn."""


@themed
def trajectories(
    table: pd.DataFrame,
    *,
    start: str,
    label: str,
    unit: str,
    names: tuple[str, str] = ("", ""),
    fictional: bool = False,
) -> Drawing:
    """Draw the concerned territories against their comparators, each comparator a thin line.

    Parameters
    ----------
    table : DataFrame
        ``time_period, group, value``: group `CONCERNED`, `COMPARED` (their mean), or the name of one comparator; a
        value that is not shown is NaN, and breaks its line.
    start : str
        First period of the action; empty when there are several dates.
    label, unit : str
        Of the outcome.
    names : tuple of str
        What the two main lines are called; their groups by default.
    fictional : bool
    """
    groups = _groups(table)
    times = Times(list(dict.fromkeys(table["time_period"])))
    values = table["value"].to_numpy(dtype=np.float64)
    measure = Measure.of(label, unit, values.tolist())
    witnesses = [name for name in groups if name not in {CONCERNED, COMPARED}]
    mains = [(name, given or name) for name, given in zip((CONCERNED, COMPARED), names, strict=True) if name in groups]
    entries = [_main_entry(rank, _last(given, groups[name], measure)) for rank, (name, given) in enumerate(mains)]
    if witnesses:
        entries.append(_witnesses_entry(len(witnesses)))
    chart = Chart(values.tolist(), measure, entries, fictional=fictional)
    for name in witnesses[:_WITNESSES]:
        _draw(chart.axes, times, groups[name], _witness_style())
    for rank, (name, _) in reversed(list(enumerate(mains))):
        _draw(chart.axes, times, groups[name], _main_entry(rank, ""))
    _label_times(chart, times, start)
    told = [_told(given, groups[name], measure, extremes=name == CONCERNED) for name, given in mains]
    told.append(_told_witnesses([groups[name] for name in witnesses], times.texts[-1], measure))
    alternative = say(
        "trajectoires", indicateur=wording.lower(label), unite=_in_unit(measure),
        lignes=" ".join(one for one in (*told, _told_start(start)) if one),
    )  # fmt: skip
    note = wording.say("zero") if chart.ticks[0] > 0 else ""
    return Drawing(svg.inline(chart.canvas.figure, alternative=alternative), alternative, note)


def synthetic_control(
    table: pd.DataFrame, *, start: str, label: str, unit: str, name: str = "", fictional: bool = False
) -> Drawing:
    """Draw a territory against the weighted mean of its comparators.

    Parameters
    ----------
    table : DataFrame
        ``time_period, treated, synthetic``: ``by_period`` of a synthetic method.
    start, label, unit, fictional
        As in `trajectories`.
    name : str
        Of the territory.
    """
    parts = [
        pd.DataFrame({"time_period": table["time_period"], "group": group, "value": table[column]})
        for group, column in ((CONCERNED, "treated"), (COMPARED, "synthetic"))
    ]
    names = (name or say("concerne"), say("moyenne_ponderee"))
    return trajectories(pd.concat(parts), start=start, label=label, unit=unit, names=names, fictional=fictional)


@themed
def placebo_gaps(
    gaps: pd.DataFrame, placebos: pd.DataFrame, *, start: str, label: str, unit: str, fictional: bool = False
) -> Drawing:
    """Draw the gap of the concerned territory among those of every comparator given the action in its place.

    Parameters
    ----------
    gaps : DataFrame
        ``time_period`` and a gap per concerned territory, one column each; their mean is drawn.
    placebos : DataFrame
        ``time_period`` and a gap per comparator, one column each.
    start, label, unit, fictional
        As in `trajectories`.
    """
    texts = [str(text) for text in gaps["time_period"]]
    times = Times(texts)
    own = gaps.drop(columns="time_period").to_numpy(dtype=np.float64).mean(axis=1)
    others = placebos.drop(columns="time_period").to_numpy(dtype=np.float64)
    measure = Measure.of(label, unit, [*own.tolist(), *others.ravel().tolist()], gap=True)
    last = float(own[-1])
    further = int((np.abs(others[-1]) >= abs(last)).sum())
    entries = [
        _main_entry(0, f"{say('ecart_concerne')} : {measure.amount(last)}"),
        Entry(say("ecarts_placebos", nombre=french.plural(others.shape[1], "territoire de comparaison")),
              theme.FAINT, _THIN),
    ]  # fmt: skip
    chart = Chart([*own.tolist(), *others.ravel().tolist()], measure, entries, zero=True, fictional=fictional)
    x = [times.places[text] for text in texts]
    for column in others.T:
        chart.axes.plot(x, column, color=theme.FAINT, linewidth=_THIN)
    _plot(chart.axes, x, own.tolist(), _main_entry(0, ""))
    _label_times(chart, times, start)
    low, high = (float(bound) for bound in (others[-1].min(), others[-1].max()))
    alternative = say(
        "placebos", indicateur=label, quand=told_period(texts[-1]), ecart=measure.amount(last),
        nombre=french.plural(others.shape[1], "territoire de comparaison"), bas=measure.bare(low),
        haut=measure.bare(high), plus_loin=french.number(further) if further else "aucun", debut=_told_start(start),
    )  # fmt: skip
    return Drawing(svg.inline(chart.canvas.figure, alternative=alternative), alternative)


@themed
def event_study(
    by_period: pd.DataFrame, *, label: str, unit: str, level: float = 0.95, fictional: bool = False
) -> Drawing:
    """Draw the gap at each time since the action, with its interval where there is one, and the band of them all.

    Parameters
    ----------
    by_period : DataFrame
        ``time_period, event_time, estimate, low, high``, and ``uniform_low, uniform_high`` (or ``band_low,
        band_high``) if any.
    label, unit : str
        Of the outcome.
    level : float
        Of confidence.
    fictional : bool
    """
    rows = by_period.sort_values("event_time")
    events = rows["event_time"].to_numpy(dtype=np.float64)
    columns = {name: _numbers(rows, name) for name in ("estimate", "low", "high")}
    # Estimators name it after what it is (a uniform band) or after the table of its authors.
    stem = "uniform" if "uniform_low" in rows.columns else "band"
    columns |= {name: _numbers(rows, f"{stem}_{end}") for name, end in (("lowest", "low"), ("highest", "high"))}
    values = [float(value) for column in columns.values() for value in column]
    measure = Measure.of(label, unit, values, gap=True)
    ranged = bool(np.isfinite(columns["low"]).any() and (columns["high"] > columns["low"]).any())
    banded = bool(np.isfinite(columns["lowest"]).any())
    confidence = french.percent(round(100 * level, 6), None)
    written = f", en {measure.written_unit}" if measure.written_unit else ""
    entries = [_main_entry(0, say("ecart_periode", unite=written))]
    if ranged:
        entries.append(Entry(say("fourchette", niveau=confidence), theme.SERIES[0], 5))
    if banded:
        entries.append(Entry(say("bande", niveau=confidence), theme.BAND, filled=True))
    texts = [str(text) for text in rows["time_period"]]
    dated = all(text and text[0] not in "+-" for text in texts)
    chart = Chart(values, measure, entries, zero=True, fictional=fictional, title="" if dated else say("depuis_debut"))
    if banded:
        known = np.isfinite(columns["lowest"])
        chart.band(events[known], columns["lowest"][known], columns["highest"][known])
    for event, low, high in zip(events, columns["low"], columns["high"], strict=True):
        if math.isfinite(low) and math.isfinite(high) and high > low:
            chart.axes.plot([event, event], [low, high], color=theme.SERIES[0], linewidth=5, solid_capstyle="butt")
    _plot(chart.axes, events.tolist(), columns["estimate"].tolist(), _main_entry(0, ""))
    labels = [
        (float(event), wording.short_period(text) if dated else french.number(int(event), sign=True))
        for event, text in zip(events, texts, strict=True)
    ]
    chart.span(float(events.min()), float(events.max()), labels)
    if events.min() < 0:
        chart.start(-0.5, say("debut"))
    after = [(event, value) for event, value in zip(events, columns["estimate"], strict=True) if event >= 0]
    before = [value for event, value in zip(events, columns["estimate"], strict=True) if event < 0]
    whens = dict(zip(events.tolist(), texts, strict=True))
    alternative = say(
        "ecarts", indicateur=label, avant=_told_range(before, measure),
        apres=" ; ".join(_told_event(whens[event] if dated else "", event, value, measure) for event, value in after),
    )  # fmt: skip
    note = "" if ranged else say("sans_fourchette")
    return Drawing(svg.inline(chart.canvas.figure, alternative=alternative), alternative, note)


@themed
def interrupted_series(
    table: pd.DataFrame, *, start: str, label: str, unit: str, level: float = 0.95, fictional: bool = False
) -> Drawing:
    """Draw a series, its model, and what its trend let one expect since the action, with its interval.

    Parameters
    ----------
    table : DataFrame
        ``time_period, observed, fitted, counterfactual, low, high``.
    start : str
        First period of the action.
    label, unit : str
        Of the outcome.
    level : float
        Of confidence.
    fictional : bool
    """
    texts = [str(text) for text in table["time_period"]]
    times = Times(texts)
    columns = {name: _numbers(table, name) for name in ("observed", "fitted", "counterfactual", "low", "high")}
    at = texts.index(start)
    ends = [*columns["low"][at:], *columns["high"][at:]]
    spread = [*columns["observed"], *columns["fitted"], *columns["counterfactual"][at:], *ends]
    values = [float(value) for value in spread]
    measure = Measure.of(label, unit, values)
    confidence = french.percent(round(100 * level, 6), None)
    ranged = bool(np.isfinite(columns["low"][at:]).any())
    entries = [
        Entry(say("observe"), theme.INK, 0, marker="o"),
        Entry(say("modele"), theme.SERIES[0], 3, strong=True),
        Entry(say("attendu"), theme.SERIES[1], 2, (5, 2)),
        *([Entry(say("attendu_bande", niveau=confidence), theme.BAND, filled=True)] if ranged else []),
    ]
    chart = Chart(values, measure, entries, fictional=fictional)
    x = np.array([times.places[text] for text in texts])
    if ranged:
        chart.band(x[at:], columns["low"][at:], columns["high"][at:])
    chart.axes.plot(x[at:], columns["counterfactual"][at:], color=theme.SERIES[1], linewidth=2, dashes=(5, 2))
    for part in (slice(None, at), slice(at, None)):
        chart.axes.plot(x[part], columns["fitted"][part], color=theme.SERIES[0], linewidth=3)
    known = np.isfinite(columns["observed"])
    size = 6 if len(texts) <= 40 else 4
    chart.axes.plot(
        x[known], columns["observed"][known], color=theme.INK, linestyle="", marker="o", markersize=size,
        markeredgewidth=0,
    )  # fmt: skip
    _label_times(chart, times, start)
    alternative = say(
        "serie", indicateur=wording.lower(label), unite=_in_unit(measure),
        observe=_told(say("observe"), dict(zip(texts, columns["observed"].tolist(), strict=True)), measure),
        quand=told_period(texts[-1]), modele=measure.bare(float(columns["fitted"][-1])),
        attendu=measure.bare(float(columns["counterfactual"][-1])), debut=_told_start(start),
    )  # fmt: skip
    note = wording.say("zero") if chart.ticks[0] > 0 else ""
    return Drawing(svg.inline(chart.canvas.figure, alternative=alternative), alternative, note)


def _numbers(table: pd.DataFrame, name: str) -> Floats:
    if name not in table.columns:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64)


def _groups(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for text, group, value in table[["time_period", "group", "value"]].itertuples(index=False):
        found.setdefault(str(group), {})[str(text)] = float(value)
    return found


def _main_entry(rank: int, text: str) -> Entry:
    style = theme.style(rank)
    return Entry(text, style.colour, 3.0 if rank == 0 else 2.0, style.dash, style.marker, strong=rank == 0)


def _witness_style() -> Entry:
    return Entry("", theme.FAINT, _THIN)


def _witnesses_entry(count: int) -> Entry:
    if count > _WITNESSES:
        text = say("temoins_extrait", nombre=french.number(_WITNESSES), total=french.number(count))
    else:
        text = say("temoin") if count == 1 else say("temoins", nombre=french.number(count))
    return Entry(text, theme.FAINT, _THIN)


def _draw(axes: Axes, times: Times, line: dict[str, float], look: Entry) -> None:
    texts = [text for text in times.texts if text in line]
    _plot(axes, [times.places[text] for text in texts], [line[text] for text in texts], look)


def _plot(axes: Axes, x: Sequence[float], y: Sequence[float], look: Entry) -> None:
    axes.plot(
        x, y, color=look.colour, linewidth=look.width, dashes=look.dash or (None, None), marker=look.marker or None,
        markersize=8, markeredgecolor=theme.PAPER,
    )  # fmt: skip


def _label_times(chart: Chart, times: Times, start: str) -> None:
    places = list(times.places.values())
    chart.span(min(places), max(places), times.labels())
    if start in times.places:
        chart.start(times.before(start), say("debut"))


def _known(line: dict[str, float]) -> list[tuple[str, float]]:
    return [(text, value) for text, value in line.items() if math.isfinite(value)]


def _last(name: str, line: dict[str, float], measure: Measure) -> str:
    known = _known(line)
    shown = measure.bare(known[-1][1]) if known else wording.word("marques", "absent")
    return f"{wording.capital(name)} : {shown}"


def _told(name: str, line: dict[str, float], measure: Measure, *, extremes: bool = True) -> str:
    known = _known(line)
    if not known:
        return say("ligne_absente", nom=wording.capital(name))
    (first, start), (last, end) = known[0], known[-1]
    lacking = len(line) - len(known)
    gaps = f" {say('ligne_lacunes', nombre=french.plural(lacking, 'période'))}" if lacking else ""
    values = {
        "nom": wording.capital(name),
        "depart": measure.bare(start),
        "depuis": told_period(first),
        "lacunes": gaps,
    }
    if first == last:
        return say("ligne_point", **values)
    (lowest, low), (highest, high) = (choose(known, key=lambda one: one[1]) for choose in (min, max))
    ends = {
        "bas": measure.bare(low), "quand_bas": told_period(lowest),
        "haut": measure.bare(high), "quand_haut": told_period(highest),
    }  # fmt: skip
    way = "stable" if measure.bare(start) == measure.bare(end) else "hausse" if end > start else "baisse"
    return say(
        "ligne", **values, valeur=measure.bare(end), quand=told_period(last), tendance=say(way),
        extremes=say("ligne_extremes", **ends) if extremes else "",
    )  # fmt: skip


def _told_witnesses(lines: Sequence[dict[str, float]], last: str, measure: Measure) -> str:
    found = [line[last] for line in lines if math.isfinite(line.get(last, math.nan))]
    if not found:
        return ""
    counted = french.plural(len(found), "territoire de comparaison")
    low, high = measure.bare(min(found)), measure.bare(max(found))
    return say("temoins_entre", nombre=counted, bas=low, haut=high, quand=told_period(last))


def _told_start(start: str) -> str:
    return say("commence", quand=told_period(start)) if start else ""


def _in_unit(measure: Measure) -> str:
    return f"en {measure.written_unit}" if measure.written_unit else say("sans_unite")


def _told_range(values: Sequence[float], measure: Measure) -> str:
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return say("avant_absent")
    return say("avant_entre", bas=measure.bare(min(known)), haut=measure.amount(max(known)))


def _told_event(text: str, event: float, value: float, measure: Measure) -> str:
    when = told_period(text) if text else say("periode_relative", rang=french.number(int(event), sign=True))
    shown = measure.amount(value) if math.isfinite(value) else wording.word("marques", "absent")
    return f"{shown} ({when})"
