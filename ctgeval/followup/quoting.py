"""Figures as a reader may be told them: what sentences and cards of the follow-up quote."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctgeval import french, periods
from ctgeval.errors import Problem
from ctgeval.followup.topic import Reader
from ctgeval.observations import DIMENSIONS, WITHHELD
from ctgeval.programme import texts

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["Quoted", "figure", "reference_problems", "resolved", "territory_rows", "until"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """One figure, as a reader may be told it.

    Parameters
    ----------
    shown : str
        « 24 % », « non diffusable » or « non disponible ».
    value : float
        NaN when it is not told.
    time_period, source, limits : str
        Period, keys of its sources, codes of its limits.
    provisional : bool
        Whether its producer may revise it.
    conf_status : str
        ``F``, or ``C`` when it is masked for that reader.
    """

    shown: str
    value: float = math.nan
    time_period: str = ""
    source: str = ""
    limits: str = ""
    provisional: bool = False
    conf_status: str = "F"


def until(dossier: Dossier, audience: str) -> str | None:
    """Return the last period of the bilans of an audience; None when it has none, or one without a period."""
    asked = [bilan.periode for bilan in dossier.config.bilans if bilan.audience == audience]
    return periods.latest([periods.normalise(text) for text in asked]) if asked and all(asked) else None


def territory_rows(dossier: Dossier, rows: pd.DataFrame, geo: str = "") -> pd.DataFrame:
    """Return the rows of a territory, that of the dossier by default, that are not a part of a breakdown."""
    kept = rows[rows["geo"].eq(geo or dossier.config.territoire.code)]
    for name in DIMENSIONS:
        if name in kept:
            kept = kept[kept[name].isna() | kept[name].eq("")]
    return kept


def figure(dossier: Dossier, reader: Reader, indicator: str, *, geo: str = "", period: str = "") -> Quoted:
    """Return the figure of an indicator for a period, or the last one that the bilan may quote."""
    rows = territory_rows(dossier, reader.results, geo)
    rows = rows[rows["indicator"].eq(indicator)]
    last = until(dossier, reader.audience)
    if period:
        rows = rows[rows["time_period"].eq(period)]
    elif last is not None and len(rows):
        rows = rows[[periods.end(str(text)) <= periods.end(last) for text in rows["time_period"]]]
    # The last figure that exists, told or not: an earlier one would be taken for it.
    rows = rows[rows["value"].notna() | rows["conf_status"].isin(WITHHELD)]
    if rows.empty or indicator not in dossier.catalogue:
        return Quoted(shown=french.MISSING, time_period=period)
    latest = periods.latest(dict.fromkeys(rows["time_period"].astype(str)))
    row = rows[rows["time_period"].eq(latest)].iloc[0]
    if row["conf_status"] in WITHHELD:
        return Quoted(shown=texts.NOT_RELEASED, time_period=latest, conf_status="C")
    item = dossier.catalogue[indicator]
    return Quoted(
        shown=french.quantity(float(row["value"]), _unit(item.unit, item.label), item.decimals),
        value=float(row["value"]),
        time_period=latest,
        source=_text(row["source"]),
        limits=_text(row["limits"]),
        provisional=row["obs_status"] == "P",
    )


def _unit(unit: str, label: str) -> str:
    """Return a unit without what the label already says: ``places`` for « Places ... pour 100 enfants »."""
    head, _, base = unit.partition(" pour ")
    return head if base and f"pour {base}" in label else unit


def resolved(dossier: Dossier, reader: Reader, sentences: Sequence[str]) -> list[str]:
    """Put the figures that a reader is shown in sentences that quote them by reference (``{{PE01:valeur}}``)."""
    quoted = texts.resolved(
        _as_texts(sentences, file=""),
        reader.results,
        reader.progress,
        catalogue=dossier.catalogue,
        territory=dossier.config.territoire.code,
        until=until(dossier, reader.audience),
    )
    return [str(text) for text in quoted["markdown"]]


def reference_problems(dossier: Dossier, sentences: Sequence[tuple[str, str]], *, file: str) -> list[Problem]:
    """Tell the references that mean nothing in sentences given with their key."""
    return [
        replace(problem, row=None, key=key, severity="avertissement")
        for key, text in sentences
        for problem in texts.problems(_as_texts([text], file=file), catalogue=dossier.catalogue)
    ]


def _as_texts(sentences: Sequence[str], *, file: str) -> texts.Texts:
    return texts.Texts(tuple(texts.Text("", str(rank), text, file) for rank, text in enumerate(sentences)))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
