"""Published cases of the synthetic methods, read from the folder of real data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ctgeval.impact import Panel


def prop99(real_data: Path) -> Panel:
    """Cigarette sales of 39 States, 1970-2000; California is treated from 1989."""
    table = pd.read_csv(real_data / "impact" / "california_prop99.csv", sep=";")
    table["first"] = np.where(table["State"].eq("California"), 1989, np.nan)
    return Panel.from_frame(
        table,
        unit="State",
        time="Year",
        outcome="PacksPerCapita",
        treated_from="first",
        direction="lower",
        unit_label="paquets",
        label="ventes",
    )


def factor_panel(
    n: int = 20, t: int = 14, at: int = 10, treated: int = 1, *, effect: float = 0.0, seed: int = 0, noise: float = 0.3
) -> Panel:
    """Two common factors with positive loadings, as synthetic controls suppose."""
    random = np.random.default_rng(seed)
    factors = np.cumsum(random.standard_normal((t, 2)), axis=0)
    outcome = 10 + random.gamma(2.0, 0.5, (n, 2)) @ factors.T + noise * random.standard_normal((n, t))
    start = np.where(np.arange(n) < treated, at, t)
    outcome += effect * (np.arange(t) >= start[:, None])
    return from_arrays(outcome, start)


def from_arrays(outcome: np.ndarray, start: np.ndarray, **extra: np.ndarray) -> Panel:
    n, t = outcome.shape
    columns = {name: values.ravel() for name, values in extra.items()}
    table = pd.DataFrame(
        {
            "geo": np.repeat([f"COM-{i:05d}" for i in range(1, n + 1)], t),
            "year": np.tile(np.arange(2001, 2001 + t), n),
            "y": outcome.ravel(),
            "first": np.repeat(np.where(start < t, 2001 + start, np.nan), t),
            **columns,
        }
    )
    bounds = {name: name for name in ("low", "high") if name in extra}
    covariates = tuple(name for name in extra if name not in ("low", "high"))
    return Panel.from_frame(
        table, unit="geo", time="year", outcome="y", treated_from="first", covariates=covariates, **bounds
    )
