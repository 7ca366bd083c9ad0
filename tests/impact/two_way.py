"""The made panel of ``golden/two_way``, and random ones for the laws of two-way estimators."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from ctgeval.impact import Panel

GOLDEN = Path(__file__).parent / "golden" / "two_way"


def peers() -> dict[str, list[float]]:
    found: dict[str, list[float]] = json.loads((GOLDEN / "peers.json").read_text(encoding="utf-8"))
    return found


def made(*, gaps: bool, covariates: tuple[str, ...] = (), weights: bool = False, clusters: bool = False) -> Panel:
    frame = pd.read_csv(GOLDEN / "panel.csv")
    return Panel.from_frame(
        frame[frame["keep"]] if gaps else frame,
        unit="unit",
        time="year",
        outcome="y",
        treated_from="start",
        covariates=covariates,
        weights="w" if weights else None,
        cluster="cl" if clusters else None,
    )


def random_panel(seed: int, *, gaps: bool = False, weights: bool = False, several: bool = True) -> Panel:
    """A small panel that two-way regressions identify: some never treated, the last period of each unit known."""
    random = np.random.default_rng(seed)
    n, t = int(random.integers(6, 14)), int(random.integers(4, 8))
    dates = random.integers(2, t - 1, size=n) if several else np.full(n, 2)
    start = np.where(np.arange(n) < n // 2, dates, t)
    outcome = random.standard_normal((n, t)).round(3)
    seen = random.uniform(size=(n, t)) > (0.15 if gaps else -1)
    seen[:, [0, 1, -1]] = True
    unit, year = np.nonzero(seen)
    frame = pd.DataFrame(
        {
            "geo": [f"COM-{i:05d}" for i in unit],
            "year": 2015 + year,
            "y": outcome[seen],
            "first": np.where(start[unit] < t, 2015 + start[unit], np.nan),
            "w": random.uniform(0.5, 2, size=(n, t))[seen],
        }
    )
    return Panel.from_frame(
        frame, unit="geo", time="year", outcome="y", treated_from="first", weights="w" if weights else None
    )
