"""What a release says, figure by figure: the forms that the ledger keeps of it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import pandas as pd

from ctgeval import measures, periods
from ctgeval.confidentiality.forms import Cell, Form
from ctgeval.errors import PeriodError, UnknownMeasure
from ctgeval.indicators.definition import Formula, Indicator
from ctgeval.observations import DIMENSIONS

__all__ = ["Readable", "forms"]

_FREE = "F"
_PUBLISHED = "publie"


class Readable(Protocol):
    """What is read of a release."""

    def table(self, name: str) -> pd.DataFrame:
        """Return one of its tables."""


def forms(release: Readable, *, catalogue: Mapping[str, Indicator] | None = None) -> tuple[Form, ...]:
    """Return what each result row of a release says: its counts, its value, its bounds, or what its mark says.

    Parameters
    ----------
    release : Readable
        A release; nothing else than what its readers may find there is looked at.
    catalogue : mapping of str to Indicator, optional
        The indicators of the dossier: a row that shows its numerator and its denominator then says two counts, in
        measures that other indicators share. Without it, each row speaks of its own indicator only.

    Notes
    -----
    A row whose value is between two bounds is known up to them; one without a value that is not masked says nothing.
    """
    grounds = _grounds(release.table("members"))
    found: list[Form] = []
    for named in release.table("results").to_dict("records"):
        row = {str(name): value for name, value in named.items()}
        found += _row(row, grounds, (catalogue or {}).get(str(row["indicator"])))
    return tuple(found)


def _grounds(members: pd.DataFrame) -> dict[str, frozenset[str]]:
    if members.empty:
        return {}
    return {str(geo): frozenset(group.astype(str)) for geo, group in members.groupby("geo")["commune"]}


def _row(row: dict[str, Any], grounds: Mapping[str, frozenset[str]], item: Indicator | None) -> Iterator[Form]:
    masked = row["conf_status"] != _FREE
    own: Formula = ((1, str(row["indicator"])),)
    if item is None or item.nature == _PUBLISHED or not item.numerator_terms:
        yield from _form(row, own, _bounds(row), grounds, masked=masked)
        return
    part, whole = _number(row.get("numerator")), _number(row.get("denominator"))
    if not item.denominator_terms:
        low, high = _bounds(row)
        exact = not math.isnan(part) and low == high
        yield from _form(row, item.numerator_terms, (part, part) if exact else (low, high), grounds, masked=masked)
        return
    yield from _form(row, item.numerator_terms, (part, part), grounds, masked=masked)
    # The base of a masked rate is masked with it, and the mark of the rate says nothing of its base.
    if not masked:
        yield from _form(row, item.denominator_terms, (whole, whole), grounds, masked=False)
        if math.isnan(part) or math.isnan(whole):
            yield from _form(row, own, _bounds(row), grounds, masked=False)


def _form(
    row: dict[str, Any],
    formula: Formula,
    bounds: tuple[float, float],
    grounds: Mapping[str, frozenset[str]],
    *,
    masked: bool,
) -> Iterator[Form]:
    low, high = bounds
    if not masked and (math.isnan(low) or math.isnan(high) or (math.isinf(low) and math.isinf(high))):
        return
    geo, period = str(row["geo"]), str(row["time_period"])
    category = tuple(_text(row.get(name)) for name in DIMENSIONS)
    ground = grounds.get(geo, frozenset({geo}))
    plain = all(sign > 0 for sign, _ in formula)
    yield Form(
        terms=tuple(
            (Cell(name, geo, ground, *_span(period, _cumul(name)), category), float(sign)) for sign, name in formula
        ),
        low=(0.0 if plain else -math.inf) if masked else low,
        high=math.inf if masked else high,
        masked=masked,
        indicator=str(row["indicator"]),
        geo=geo,
        time_period=period,
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


def _cumul(name: str) -> str:
    try:
        return measures.get(name).cumul
    except UnknownMeasure:
        return ""


def _span(period: str, cumul: str) -> tuple[dt.date, dt.date]:
    try:
        start, end = periods.start(period), periods.end(period)
    except PeriodError:
        # A figure that bears no period holds for ever.
        return dt.date.min, dt.date.max
    return {"convention": dt.date.min, "annee": dt.date(end.year, 1, 1)}.get(cumul, start), end
