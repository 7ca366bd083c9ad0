"""Small panels that several files of tests stand on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ctgeval.impact import Panel


def long_frame(outcome: np.ndarray, start: np.ndarray, first_year: int = 2015) -> pd.DataFrame:
    """One row per unit and year: ``geo, year, y, first`` (empty for never treated)."""
    n, t = outcome.shape
    years = np.arange(first_year, first_year + t)
    first = np.where(start < t, first_year + start, np.nan)
    return pd.DataFrame(
        {
            "geo": np.repeat([f"COM-{i:05d}" for i in range(1, n + 1)], t),
            "year": np.tile(years, n),
            "y": outcome.ravel(),
            "first": np.repeat(first, t),
        }
    )


@pytest.fixture
def make_panel() -> Callable[..., Panel]:
    """Make a panel of AR(1) noise with unit and period effects; the first units are treated."""

    def make(
        n: int = 20,
        t: int = 8,
        treated: int = 1,
        at: int = 5,
        *,
        effect: float = 0.0,
        rho: float = 0.5,
        seed: int = 0,
        population: np.ndarray | None = None,
        **columns: str,
    ) -> Panel:
        random = np.random.default_rng(seed)
        noise = random.standard_normal((n, t))
        for k in range(1, t):
            noise[:, k] = rho * noise[:, k - 1] + np.sqrt(1 - rho**2) * noise[:, k]
        start = np.where(np.arange(n) < treated, at, t)
        y = noise + random.standard_normal((n, 1)) + np.linspace(0, 1, t)
        y = y + effect * (np.arange(t) >= start[:, None])
        frame = long_frame(y, start)
        if population is not None:
            frame["people"] = np.repeat(population, t)
            columns["population"] = "people"
        return Panel.from_frame(frame, unit="geo", time="year", outcome="y", treated_from="first", **columns)

    return make
