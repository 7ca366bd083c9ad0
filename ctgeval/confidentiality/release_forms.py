"""What a release says, figure by figure: the forms that the ledger keeps of it."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any, Protocol

import pandas as pd

from ctgeval import periods
from ctgeval.confidentiality.forms import Cell, Form
from ctgeval.errors import PeriodError
from ctgeval.observations import DIMENSIONS

__all__ = ["Readable", "forms"]

_FREE = "F"


class Readable(Protocol):
    """What is read of a release."""

    def table(self, name: str) -> pd.DataFrame:
        """Return one of its tables."""


def forms(release: Readable) -> tuple[Form, ...]:
    """Return one form for each result row of a release: its value, its bounds, or what its mark says.

    Parameters
    ----------
    release : Readable
        A release; nothing else than what its readers may find there is looked at.

    Notes
    -----
    A row whose value is between two bounds is known up to them; one without a value that is not masked says nothing.
    """
    grounds = _grounds(release.table("members"))
    return tuple(
        form
        for row in release.table("results").to_dict("records")
        if (form := _form({str(name): value for name, value in row.items()}, grounds)) is not None
    )


def _grounds(members: pd.DataFrame) -> dict[str, frozenset[str]]:
    if members.empty:
        return {}
    return {str(geo): frozenset(group.astype(str)) for geo, group in members.groupby("geo")["commune"]}


def _form(row: dict[str, Any], grounds: dict[str, frozenset[str]]) -> Form | None:
    masked = row["conf_status"] != _FREE
    low, high = _bounds(row)
    if not masked and math.isinf(low) and math.isinf(high):
        return None
    geo = str(row["geo"])
    start, end = _span(str(row["time_period"]))
    cell = Cell(
        measure=str(row["indicator"]),
        geo=geo,
        ground=grounds.get(geo, frozenset({geo})),
        start=start,
        end=end,
        category=tuple(_text(row.get(name)) for name in DIMENSIONS),
    )
    return Form(
        terms=((cell, 1.0),),
        low=-math.inf if masked else low,
        high=math.inf if masked else high,
        masked=masked,
        indicator=str(row["indicator"]),
        geo=geo,
        time_period=str(row["time_period"]),
    )


def _bounds(row: dict[str, Any]) -> tuple[float, float]:
    value, low, high = (_number(row.get(name)) for name in ("value", "low", "high"))
    if math.isnan(value):
        return (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)
    return min([value, *([] if math.isnan(low) else [low])]), max([value, *([] if math.isnan(high) else [high])])


def _number(value: Any) -> float:
    return math.nan if value is None or value is pd.NA else float(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _span(period: str) -> tuple[dt.date, dt.date]:
    try:
        return periods.start(period), periods.end(period)
    except PeriodError:
        # A figure that bears no period holds for ever.
        return dt.date.min, dt.date.max
