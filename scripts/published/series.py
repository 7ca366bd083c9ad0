"""One series, interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ctgeval.impact import interrupted_series
from published.answer import Answer, Source, many

__all__ = ["SOURCES"]

_DATA = "Sicily (Lopez Bernal et al. 2017)"


def _sicily(folder: Path) -> list[Answer]:
    frame = pd.read_csv(folder / "sicily.csv").assign(rate=lambda rows: rows["aces"] / rows["stdpop"] * 1e5)

    def fit(**options: Any) -> Any:
        known: dict[str, Any] = {"time": "time", "at": 37, "allow_invalid": True, "direction": "lower"}
        return interrupted_series(frame, **{**known, **options})

    counts: dict[str, Any] = {"outcome": "aces", "offset": "stdpop", "slope": False, "errors": "ols"}
    poisson = fit(family="poisson", **counts).details["rate_ratio"]
    quasi = fit(family="quasipoisson", **counts)
    waves = fit(family="quasipoisson", season=12, **counts).details["rate_ratio"]
    spread = quasi.details["rate_ratio"]
    found = [
        *many(
            "interrupted series, Poisson",
            _DATA,
            [
                ("rate ratio", "0.894", poisson["estimate"], "R: 0.89438"),
                ("low", "0.864", poisson["low"], "R: 0.86469"),
                ("high", "0.925", poisson["high"], "R: 0.92509"),
            ],
            reasons={"low": "the article prints 0.864; its own code gives 0.86469"},
        ),
        *many(
            "interrupted series, quasi-Poisson",
            _DATA,
            [
                ("low", "0.83919", spread["low"]),
                ("high", "0.95319", spread["high"]),
                ("dispersion", "3.5592", quasi.details["dispersion"]),
            ],
            peers="R: same (it is the reference)",
        ),
        *many(
            "interrupted series, quasi-Poisson, 2 harmonics",
            _DATA,
            [
                ("rate ratio", "0.885", waves["estimate"]),
                ("low", "0.839", waves["low"]),
                ("high", "0.933", waves["high"]),
            ],
        ),
    ]
    level = fit(outcome="rate", slope=False, errors="newey_west", lags=3)
    sloped = fit(outcome="rate", slope_from="last_before", errors="newey_west", lags=3)
    table = sloped.details["coefficients"].set_index("name").loc["slope"]
    found += many(
        "interrupted series, Newey-West (3)",
        _DATA,
        [
            ("level", "-24.0933", level.estimate),
            ("SE", "7.13770", level.std_error),
            ("t", "-3.3755", level.estimate / level.std_error),
            ("p", "0.001344", level.p_value),
            ("Durbin-Watson", "1.59126", level.details["autocorrelation"]["durbin_watson"]),
            ("level, with slope", "-24.8444", sloped.estimate),
            ("SE, with slope", "7.60888", sloped.std_error),
            ("slope", "0.12722", table["estimate"]),
            ("SE of the slope", "0.44082", table["std_error"]),
        ],
        peers="R (sandwich): same (it is the reference)",
    )
    return found


SOURCES = (Source("sicily", _sicily),)
