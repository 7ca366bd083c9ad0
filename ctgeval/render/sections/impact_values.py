"""The figures of an estimate and, under each, its values in a table: what is drawn is what is written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from ctgeval import french
from ctgeval.errors import PeriodError
from ctgeval.impact.phrasebook import named
from ctgeval.render import impact_figures, tables, wording
from ctgeval.render.canvas import Drawing
from ctgeval.render.charts import Measure, say
from ctgeval.render.impact_figures import COMPARED, CONCERNED
from ctgeval.render.tables import Cell, Column, Table

__all__ = ["further", "main"]

_SERIES = {"concerne": CONCERNED, "comparaison": COMPARED}
_PATHS = frozenset({"event_study", "group_time", "imputation", "two_stage", "sun_abraham"})
"""Methods whose effect period by period is what they are asked for."""

Lines = Mapping[str, Sequence[float]]


def main(
    identifier: str, record: Mapping[str, Any], series: pd.DataFrame, *, fictional: bool
) -> tuple[Drawing, str, Markup] | None:
    """Return the figure that shows what was compared, its caption, and its values; None when nothing can be drawn.

    Parameters
    ----------
    identifier : str
        Of the table.
    record : mapping
        The estimate, as ``ImpactResult.to_dict`` writes it.
    series : DataFrame
        What the audience is shown of ``impact_series`` for this design.
    fictional : bool
    """
    label, unit = str(record["label"]), str(record["unit"])
    details = record["details"]
    path = details.get("counterfactual")
    if record["method"] == "interrupted_series" and path and details.get("at"):
        table, start = pd.DataFrame(path), str(details["at"][0])
        own = "" if "rate_ratio" in details else unit
        drawing = impact_figures.interrupted_series(
            table, start=start, label=label, unit=own, level=float(record["level"]), fictional=fictional
        )
        return drawing, _caption(table["time_period"].tolist(), unit), _expected(identifier, label, own, table, start)
    by_period = pd.DataFrame(record["by_period"])
    if {"treated", "synthetic"} <= set(by_period.columns) and dated(by_period["time_period"]):
        name = concerned_name(record)
        drawing = impact_figures.synthetic_control(
            by_period, start=first_after(by_period), label=label, unit=unit, name=name, fictional=fictional
        )
        lines = {name: by_period["treated"].tolist(), say("moyenne_ponderee"): by_period["synthetic"].tolist()}
        times = by_period["time_period"].tolist()
        return drawing, _caption(times, unit), _table(identifier, label, unit, times, lines)
    kept = series[series["series"].isin([*_SERIES, "temoin"])]
    if kept["time_period"].nunique() < 2:
        return None
    drawn = pd.DataFrame(
        {
            "time_period": kept["time_period"],
            "group": kept["series"].map(_SERIES).fillna(kept["name"]),
            "value": kept["value"],
        }
    )
    names = {"concerne": concerned_name(record), "comparaison": _compared_name(record)}
    drawing = impact_figures.trajectories(
        drawn, start=first_after(kept), label=label, unit=unit, names=(names["concerne"], names["comparaison"]),
        fictional=fictional,
    )  # fmt: skip
    times = list(dict.fromkeys(kept["time_period"]))
    found = {name: kept[kept["series"].eq(name)].set_index("time_period")["value"].to_dict() for name in _SERIES}
    means = {names[name]: [line.get(time, math.nan) for time in times] for name, line in found.items() if line}
    witnesses = kept[kept["series"].eq("temoin") & kept["value"].notna()]
    if (count := witnesses["name"].nunique()) > 1:
        # Each is a thin line, that nobody reads alone.
        by_time = witnesses.groupby("time_period")["value"]
        for key, ends in (("temoins_bas", by_time.min()), ("temoins_haut", by_time.max())):
            found_ends = ends.to_dict()
            means[say(key, nombre=french.number(count))] = [found_ends.get(time, math.nan) for time in times]
    every = kept["value"].tolist()
    return drawing, _caption(times, unit), _table(identifier, label, unit, times, means, drawn=every)


def further(identifier: str, record: Mapping[str, Any], *, fictional: bool) -> dict[str, tuple[Drawing, Markup]]:
    """Return the figures of the annex that the method allows and their values, by key of their caption.

    Parameters
    ----------
    identifier : str
        What the identifiers of the tables begin with.
    record, fictional
        As in `main`.
    """
    label, unit, details = str(record["label"]), str(record["unit"]), record["details"]
    found: dict[str, tuple[Drawing, Markup]] = {}
    by_period = pd.DataFrame(record["by_period"])
    if record["method"] in _PATHS and len(by_period) > 1:
        drawing = impact_figures.event_study(
            by_period, label=label, unit=unit, level=float(record["level"]), fictional=fictional
        )
        found["periodes"] = drawing, _gaps_table(f"{identifier}-periodes", record, by_period)
    if details.get("weights") and isinstance(details["weights"], list):
        table = pd.DataFrame(details["weights"])
        found["poids"] = impact_figures.weights(table, fictional=fictional), _weights(f"{identifier}-poids", table)
    gaps, placebos = (pd.DataFrame(details.get(name) or []) for name in ("gaps", "placebo_gaps"))
    if len(gaps) and len(placebos.columns) > 1 and dated(gaps["time_period"]):
        drawing = impact_figures.placebo_gaps(
            gaps, placebos, start=first_after(by_period), label=label, unit=unit, fictional=fictional
        )
        own = gaps.drop(columns="time_period").astype(float).mean(axis=1)
        others = placebos.drop(columns="time_period").astype(float)
        lines = {
            say("ecart_concerne"): own.tolist(),
            say("placebo_bas"): others.min(axis=1).tolist(),
            say("placebo_haut"): others.max(axis=1).tolist(),
        }
        times = gaps["time_period"].tolist()
        found["placebos"] = drawing, _table(f"{identifier}-placebos", label, unit, times, lines, gap=True)
    return found


def dated(texts: pd.Series) -> bool:
    """Whether each row has a period of its own, and not one told from the start of the action."""
    return all(text and str(text)[0] not in "+-" for text in texts)


def first_after(table: pd.DataFrame) -> str:
    """Return the first period of the action, the earliest when there are several."""
    after = table[table["event_time"] >= 0].sort_values("event_time", kind="stable")
    return str(after["time_period"].iloc[0]) if len(after) else ""


def concerned_name(record: Mapping[str, Any]) -> str:
    """Return the name of the concerned territory, or of the mean of several."""
    units = [str(name) for name in record["details"].get("units_treated") or []]
    return named(units) if len(units) == 1 else say("concernes" if int(record["n_treated"]) > 1 else "concerne")


def _compared_name(record: Mapping[str, Any]) -> str:
    return say("comparaison_seule" if record["n_controls"] == 1 else "moyenne")


def _caption(times: Sequence[object], unit: str) -> str:
    texts = [str(text) for text in times]
    try:
        span = wording.between(texts[0], texts[-1])
    except PeriodError:
        span = ""
    parts = [span, f"en {unit.replace('EUR', 'euros')}" if unit else ""]
    return wording.capital(", ".join(part for part in parts if part)) or say("effets_evolution")


def _expected(identifier: str, label: str, unit: str, table: pd.DataFrame, start: str) -> Markup:
    """Lay out a series, its model, and since the action what its trend let one expect."""
    times = [str(text) for text in table["time_period"]]
    since = pd.Series(range(len(table)), index=table.index) >= times.index(start)
    columns = {"observe": "observed", "modele": "fitted", "attendu": "counterfactual",
               "attendu_bas": "low", "attendu_haut": "high"}  # fmt: skip
    lines = {}
    for key, name in columns.items():
        numbers = pd.to_numeric(table[name], errors="coerce")
        lines[wording.capital(say(key))] = (numbers if key in {"observe", "modele"} else numbers.where(since)).tolist()
    return _table(identifier, label, unit, times, lines, blank=True)


def _gaps_table(identifier: str, record: Mapping[str, Any], by_period: pd.DataFrame) -> Markup:
    rows = by_period.sort_values("event_time")
    confidence = french.percent(round(100 * float(record["level"]), 6), None)
    lines = {say("tableau_ecart"): rows["estimate"].tolist()}
    for stem, key in (("", "fourchette"), ("uniform_", "bande"), ("band_", "bande")):
        if f"{stem}low" in rows.columns and rows[f"{stem}low"].notna().any():
            for end in ("low", "high"):
                lines[say(f"tableau_{key}_{end}", niveau=confidence)] = rows[f"{stem}{end}"].tolist()
    texts = [str(text) for text in rows["time_period"]]
    own = all(text and text[0] not in "+-" for text in texts)
    times = texts if own else [
        say("periode_relative", rang=french.number(int(event), sign=True)) for event in rows["event_time"]
    ]  # fmt: skip
    return _table(identifier, str(record["label"]), str(record["unit"]), times, lines, gap=True, blank=True)


def _weights(identifier: str, table: pd.DataFrame) -> Markup:
    rows = [
        [tables.text(row.get("name") or row["unit"]), Cell(french.percent(100 * row["weight"]), raw=row["weight"])]
        for row in table.sort_values("weight", ascending=False, kind="stable").to_dict("records")
    ]
    columns = [Column("Territoire"), Column(say("tableau_poids"), numeric=True)]
    return tables.render(Table(identifier, say("effets_figure_poids"), columns, rows))


def _table(
    identifier: str,
    label: str,
    unit: str,
    times: Sequence[object],
    lines: Lines,
    *,
    gap: bool = False,
    blank: bool = False,
    drawn: Sequence[float] = (),
) -> Markup:
    """Lay lines out, one a column, with the decimals of all that is drawn.

    With ``blank``, a value that does not exist is a dash, and not one that lacks.
    """
    numbers = {name: [math.nan if value is None else float(value) for value in line] for name, line in lines.items()}
    measure = Measure.of("", unit, [*drawn, *(value for line in numbers.values() for value in line)], gap=gap)
    rows = [
        [Cell(_period(time)), *(_cell(line[at], measure, blank=blank) for line in numbers.values())]
        for at, time in enumerate(times)
    ]
    columns = [Column("Période"), *(Column(wording.capital(name), numeric=True) for name in numbers)]
    details = [f"Unité : {'pourcentage' if measure.written_unit == '%' else measure.written_unit}."] if unit else []
    return tables.render(Table(identifier, label or say("effets_evolution"), columns, rows, details))


def _period(text: object) -> str:
    try:
        return wording.short_period(str(text))
    except PeriodError:
        return str(text)


def _cell(value: float, measure: Measure, *, blank: bool) -> Cell:
    if blank and not math.isfinite(value):
        return Cell("–", raw="–")
    return tables.number(value, french.number(value, measure.decimals, sign=measure.gap))
