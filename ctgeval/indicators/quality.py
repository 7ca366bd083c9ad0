"""Faults of the data that would become figures: totals that go down, parts above their whole, jumps, silence.

Each is looked for in what one source says of one place, so that two ways of counting are never taken for a fault.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import french, periods
from ctgeval.indicators import phrases
from ctgeval.measures import Measure
from ctgeval.observations import DIMENSIONS

__all__ = ["COLUMNS", "JUMP", "RATE_JUMP", "faults"]

COLUMNS: tuple[str, ...] = (
    "kind",
    "measure",
    "geo",
    "source",
    "structure",
    "time_period",
    "value",
    "origin",
    "message",
    "remedy",
)
JUMP = 8.0
"""Ratio between two neighbouring periods from which a value is taken for a slip: a digit too many makes about 10."""
RATE_JUMP = 40.0
"""The same for a rate under `_LOW`: it may well move tenfold, but a percentage written as a share of 1 makes 100."""
_LOW = 5
_ENOUGH = 20
"""Value under which a ratio says nothing: 1 may become 9."""
_LATE = 1
"""Periods of silence that may pass before a partner is said to be late."""
_SERIES = ["measure", "geo", "source", *DIMENSIONS]


def faults(observed: pd.DataFrame, measures: Mapping[str, Measure], *, awaited: Collection[str] = ()) -> pd.DataFrame:
    """Find what is wrong in observations before they become figures.

    Parameters
    ----------
    observed : DataFrame
        Table of observations (see `ctgeval.observations`).
    measures : mapping of str to Measure
        What each measure is; rows of others are not looked at.
    awaited : collection of str, optional
        Sources that send a return each period: a file of one vintage is never late.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row per fault, in the order of the table. ``kind`` is ``recul`` (a count that cumulates
        goes down), ``annee`` (a year below one of its parts, or that is not their sum), ``saut`` (a value some ten
        times as high, or as low, as its neighbours; a hundred times for a low rate), ``retard`` (a source that stopped
        while the others of the same measure went on).
    """
    known = observed[observed["measure"].isin(list(measures))]
    known = known[np.isfinite(known["value"].to_numpy(dtype=np.float64, na_value=np.nan))]
    if known.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    spans = {text: periods.parse(text) for text in known["time_period"].unique()}
    rows = known.reset_index(names="position")
    rows = rows.assign(
        frequency=rows["time_period"].map({text: span.frequency for text, span in spans.items()}).astype(str),
        start=rows["time_period"].map({text: span.start.toordinal() for text, span in spans.items()}),
        end=rows["time_period"].map({text: span.end.toordinal() for text, span in spans.items()}),
        year=rows["time_period"].map({text: span.start.year for text, span in spans.items()}),
    )
    for name in _SERIES[3:]:
        rows[name] = rows[name].fillna("")
    found = [
        *_falls(rows, measures),
        *_years(rows, measures),
        *_jumps(rows, measures),
        *_silences(rows[rows["source"].isin(list(awaited))], measures),
    ]
    table = pd.DataFrame(found, columns=["position", *COLUMNS])
    return table.sort_values(["position", "kind"], kind="stable")[list(COLUMNS)].reset_index(drop=True)


Fault = tuple[object, ...]


def _fault(row: Mapping[Any, Any], kind: str, **values: str) -> Fault:
    message, remedy = (phrases.say("defauts", key, values) for key in (kind, f"{kind}_remede"))
    where = [row[name] for name in ("measure", "geo", "source", "structure", "time_period", "value", "origin")]
    return (row["position"], kind.partition("_")[0], *where, french.typography(message), french.typography(remedy))


def _shown(value: object) -> str:
    number = float(str(value))
    return french.number(number, 2 if 0 < abs(number) < 1 else None)


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each series in order of time, with the value before and the value after."""
    rows = rows.drop_duplicates([*_SERIES, "time_period"]).sort_values(["frequency", "end"], kind="stable")
    series = rows.groupby([*_SERIES, "frequency"], sort=False)
    shifted = {"before": series["value"].shift(1), "after": series["value"].shift(-1)}
    last = {"before_period": series["time_period"].shift(1), "before_end": series["end"].shift(1)}
    return rows.assign(**shifted, **last, before_year=series["year"].shift(1))


def _falls(rows: pd.DataFrame, measures: Mapping[str, Measure]) -> list[Fault]:
    """Find the counts said to cumulate that go down within what they cumulate over."""
    cumulated = {name: measure.cumul for name, measure in measures.items() if measure.cumul}
    told = _ordered(rows[rows["measure"].isin(list(cumulated))])
    within = told["measure"].map(cumulated).eq("convention") | told["year"].eq(told["before_year"])
    down = told[within & (told["value"] < told["before"])]
    return [
        _fault(
            row,
            "recul",
            mesure=measures[str(row["measure"])].label,
            valeur=_shown(row["value"]),
            avant=_shown(row["before"]),
            quand=french.period(str(row["time_period"])),
            quand_avant=french.period(str(row["before_period"])),
        )
        for row in down.to_dict("records")
    ]


def _years(rows: pd.DataFrame, measures: Mapping[str, Measure]) -> list[Fault]:
    """Find the years that disagree with their half-years, quarters or months."""
    counted = {name for name, one in measures.items() if one.kind in {"flow", "distinct", "amount"} and not one.cumul}
    told = rows[rows["measure"].isin(counted)].drop_duplicates([*_SERIES, "time_period"])
    parts = told[told["frequency"].isin(["S", "Q", "M"])]
    whole = told[told["frequency"].eq("A")]
    if parts.empty or whole.empty:
        return []
    summed = parts.groupby([*_SERIES, "year", "frequency"], sort=False).agg(
        total=("value", "sum"), most=("value", "max"), n=("value", "size"), top=("high", "sum"), least=("low", "sum")
    )
    joined = whole.merge(summed.reset_index(), on=[*_SERIES, "year"], suffixes=("", "_part"))
    found = []
    for row in joined.to_dict("records"):
        measure = measures[str(row["measure"])]
        complete = row["n"] == {"S": 2, "Q": 4, "M": 12}[str(row["frequency_part"])]
        said = {
            "mesure": measure.label,
            "annee": french.period(str(row["time_period"])),
            "valeur": _shown(row["value"]),
            "total": _shown(row["total"]),
            "plus": _shown(row["most"]),
        }
        if row["high"] < row["most"]:
            found.append(_fault(row, "annee", **said))
        elif measure.kind != "distinct" and complete and not row["least"] <= row["value"] <= row["top"]:
            found.append(_fault(row, "annee_somme", **said))
        elif measure.kind == "distinct" and complete and row["low"] > row["top"]:
            found.append(_fault(row, "annee_distinct", **said))
    return found


def _jumps(rows: pd.DataFrame, measures: Mapping[str, Measure]) -> list[Fault]:
    """Find the values an order of magnitude away from both neighbours, or from the only one there is."""
    rates = [name for name, one in measures.items() if one.kind == "ratio"]
    told = _ordered(rows)
    rate = told["measure"].isin(rates).to_numpy()
    enough = np.where(rate, 0, _ENOUGH)
    value, before, after = (
        told[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("value", "before", "after")
    )

    def far(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        # High enough for a ratio to say so; from nothing, nothing is told.
        return np.asarray((b > 0) & (a >= enough) & (a >= np.where(rate & (b < _LOW), RATE_JUMP, JUMP) * b))

    apart = far(value, before) | far(before, value)
    inside = (far(value, before) & far(value, after)) | (far(before, value) & far(after, value))
    # At either end of a series its only neighbour decides, unless that one is itself alone of its kind.
    last = np.isnan(after) & apart & _agrees(told, before, 2)
    first = np.isnan(before) & (far(value, after) | far(after, value)) & _agrees(told, after, -2)
    found = []
    for row in told[inside | last | first].to_dict("records"):
        other = row["before"] if not pd.isna(row["before"]) else row["after"]
        ratio = max(float(row["value"]), float(other)) / min(float(row["value"]), float(other))
        said = {
            "mesure": measures[str(row["measure"])].label,
            "quand": french.period(str(row["time_period"])),
            "valeur": _shown(row["value"]),
            "autre": _shown(other),
            "fois": french.number(round(ratio)),
        }
        found.append(_fault(row, "saut", **said))
    return found


def _agrees(told: pd.DataFrame, neighbour: npt.NDArray[np.float64], shift: int) -> npt.NDArray[np.bool_]:
    """Whether the value beyond the neighbour is near it; of a series of two, the later one is asked about."""
    series = told.groupby([*_SERIES, "frequency"], sort=False)
    beyond = series["value"].shift(shift).to_numpy(dtype=np.float64, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        near = (beyond > neighbour / JUMP) & (beyond < neighbour * JUMP)
    return np.asarray(near | (np.isnan(beyond) & (shift > 0)))


def _silences(rows: pd.DataFrame, measures: Mapping[str, Measure]) -> list[Fault]:
    """Find the sources and structures whose last value is older than that of the others of the same measure."""
    found = []
    for _, alike in rows.groupby(["measure", "frequency"], sort=False):
        ends = sorted(alike["end"].unique())
        told = alike.sort_values("end", kind="stable").drop_duplicates(["source", "structure"], keep="last")
        if len(told) < 2 or len(ends) <= _LATE:
            continue
        late = told[(told["end"] < ends[-1 - _LATE]) & ~((told["value"] == 0) & told["structure"].ne(""))]
        newest = alike["time_period"].iloc[int(alike["end"].to_numpy().argmax())]
        for row in late.to_dict("records"):
            who = f"{row['structure']} ({row['source']})" if row["structure"] else str(row["source"])
            said = {"qui": who, "quand": french.period(str(row["time_period"])), "nouveau": french.period(str(newest))}
            found.append(_fault(row, "retard", mesure=measures[str(row["measure"])].label, **said))
    return found
