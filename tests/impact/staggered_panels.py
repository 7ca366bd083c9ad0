"""The panels of ``golden/staggered``, and random ones for the laws of estimators of staggered treatments."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import settings

from ctgeval.impact import ImpactResult, Panel

GOLDEN = Path(__file__).parent / "golden" / "staggered"
# A law on whole estimators is slow: a quarter of the usual examples, all of those of a campaign.
fewer = settings(max_examples=25 if settings().max_examples <= 100 else settings().max_examples)
Peers = dict[str, dict[str, list[float]]]


def peers() -> Peers:
    found: Peers = json.loads((GOLDEN / "peers.json").read_text(encoding="utf-8"))
    return found


def made(*, gaps: bool = False, weights: bool = False, clusters: bool = False, covariates: bool = True) -> Panel:
    frame = pd.read_csv(GOLDEN / "panel.csv")
    return Panel.from_frame(
        frame[frame["keep"]] if gaps else frame,
        unit="unit",
        time="year",
        outcome="y",
        treated_from="start",
        covariates=("x",) if covariates else (),
        weights="w" if weights else None,
        cluster="cl" if clusters else None,
    )


def mpdta(real_data: Path, *, covariates: bool = True) -> Panel:
    return Panel.from_frame(
        pd.read_csv(real_data / "impact" / "mpdta.csv"),
        unit="countyreal",
        time="year",
        outcome="lemp",
        treated_from="first.treat",
        covariates=("lpop",) if covariates else (),
    )


def figures(result: ImpactResult) -> dict[str, list[float]]:
    """Estimate and standard error of each row of the tables, by the keys of ``peers.json``."""
    found = {}
    cells = result.details["group_time"]
    if "std_error" in cells:
        for row in cells.itertuples():
            found[f"{row.cohort}|{row.time_period}"] = [row.estimate, row.std_error]
    for row in result.by_period.itertuples():
        found[f"e{row.event_time}"] = [row.estimate, row.std_error]
    if "overall" in result.details:
        for row in result.details["overall"].itertuples():
            found[row.aggregate] = [row.estimate, row.std_error]
    else:
        found["simple"] = [result.estimate, result.std_error]
    return found


def random_frame(seed: int, *, gaps: bool = False, dates: int = 3) -> pd.DataFrame:
    """Rows of a small panel with never treated units: ``geo, year, y, x, w, first``; nothing missing at both ends."""
    random = np.random.default_rng(seed)
    n, t = int(random.integers(12, 20)), int(random.integers(5, 8))
    start = np.where(np.arange(n) < n // 2, 2 + np.arange(n) % dates, t)
    seen = random.uniform(size=(n, t)) > (0.12 if gaps else -1)
    seen[:, [0, 1, -1]] = True
    unit, year = np.nonzero(seen)
    return pd.DataFrame(
        {
            "geo": [f"COM-{i:05d}" for i in unit],
            "year": 2015 + year,
            "y": random.standard_normal((n, t)).round(3)[seen],
            "x": random.standard_normal((n, t)).round(3)[seen],
            "w": random.uniform(0.5, 2, size=n).round(3)[unit],
            "first": np.where(start[unit] < t, 2015 + start[unit], np.nan),
        }
    )


def panel_of(frame: pd.DataFrame, **columns: str) -> Panel:
    return Panel.from_frame(frame, unit="geo", time="year", outcome="y", treated_from="first", **columns)  # type: ignore[arg-type]
