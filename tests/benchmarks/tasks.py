"""Data of the tasks that are timed: the same seeds and the same recipes whoever estimates.

Each maker returns a dictionary: ``frame`` (one row per unit and period) and what the task needs besides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Data = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is timed: a sentence, the data, and the fastest of those who estimate it."""

    title: str
    make: Callable[[], Data]
    peers: tuple[str, ...]
    reference: bool = False


def persistent_noise(random: np.random.Generator, n_units: int, n_periods: int, rho: float = 0.5) -> np.ndarray:
    noise = np.empty((n_units, n_periods))
    noise[:, 0] = random.standard_normal(n_units)
    for k in range(1, n_periods):
        noise[:, k] = rho * noise[:, k - 1] + np.sqrt(1 - rho**2) * random.standard_normal(n_units)
    return noise


def one_date(n_units: int, n_periods: int, first: int, seed: int) -> pd.DataFrame:
    """Panel where a tenth of the units are treated at the same date, with errors correlated in time."""
    random = np.random.default_rng(seed)
    noise = persistent_noise(random, n_units, n_periods)
    treated = np.arange(n_units) < max(1, round(0.1 * n_units))
    post = np.arange(n_periods) >= first
    levels = random.standard_normal(n_units)[:, None] * 2
    y = levels + 0.1 * np.arange(n_periods) + 0.5 * (treated[:, None] & post) + noise
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(n_units), n_periods),
            "year": np.tile(np.arange(n_periods) + 2001, n_units),
            "treated": np.repeat(treated.astype(np.int64), n_periods),
            "post": np.tile(post.astype(np.int64), n_units),
            "d": (treated[:, None] & post).astype(np.int64).ravel(),
            "y": y.ravel(),
            "first": np.repeat(np.where(treated, 2001.0 + first, np.nan), n_periods),
        }
    )


def several_dates(n_units: int, n_periods: int, seed: int) -> pd.DataFrame:
    """Panel of three cohorts (periods 4, 6 and 8) and four tenths never treated."""
    random = np.random.default_rng(seed)
    start = random.choice([0, 4, 6, 8], size=n_units, p=[0.4, 0.2, 0.2, 0.2])
    time = np.arange(1, n_periods + 1)
    treated = (start[:, None] > 0) & (time >= start[:, None])
    y = (
        random.standard_normal(n_units)[:, None]
        + 0.2 * time
        + treated * (0.3 + 0.1 * (time - start[:, None]))
        + random.standard_normal((n_units, n_periods))
    )
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(1, n_units + 1), n_periods),
            "year": np.tile(time, n_units),
            "g": np.repeat(start, n_periods),
            "y": y.ravel(),
            "first": np.repeat(np.where(start > 0, start, np.nan), n_periods),
        }
    )


def with_gaps(frame: pd.DataFrame, share: float = 0.1, seed: int = 99) -> pd.DataFrame:
    """Take a share of the rows out at random."""
    keep = np.random.default_rng(seed).random(len(frame)) >= share
    return frame[keep].reset_index(drop=True)


def clusters() -> Data:
    random = np.random.default_rng(3)
    n_clusters, n, t = 40, 10, 10
    cluster = np.repeat(np.arange(n_clusters), n * t)
    time = np.tile(np.arange(t), n_clusters * n)
    treated, post = (cluster < 6).astype(int), (time >= 5).astype(int)
    y = (
        random.standard_normal(n_clusters)[cluster]
        + 0.3 * treated * post
        + 0.3 * random.standard_normal((n_clusters, t))[cluster, time]
        + random.standard_normal(cluster.size)
    )
    frame = pd.DataFrame({"cl": cluster, "t": time, "treated": treated, "post": post, "d": treated * post, "y": y})
    return {"frame": frame}


def one_treated(
    n_units: int, pre: int, post: int, *, seed: int, factors: int, base: float, noise: float, effect: float
) -> Data:
    """Panel that factors move, whose first unit is treated."""
    random = np.random.default_rng(seed)
    paths = np.cumsum(random.standard_normal((pre + post, factors)), axis=0)
    loads = random.gamma(2.0, 0.5, (n_units, factors))
    y = base + paths @ loads.T + noise * random.standard_normal((pre + post, n_units))
    y[pre:, 0] += effect
    names = [f"u{i:03d}" for i in range(n_units)]
    frame = pd.DataFrame(
        {
            "unit": np.repeat(names, pre + post),
            "year": np.tile(np.arange(2001, 2001 + pre + post), n_units),
            "y": y.T.ravel(),
        }
    )
    frame["ever"] = (frame["unit"] == "u000").astype(int)
    frame["treat"] = frame["ever"] * (frame["year"] >= 2001 + pre)
    frame["first"] = np.where(frame["ever"] == 1, 2001.0 + pre, np.nan)
    return {"frame": frame, "matrix": y, "pre": pre}


def months() -> Data:
    random = np.random.default_rng(7)
    n, at = 60, 36
    t = np.arange(n)
    noise = np.zeros(n)
    for k in range(1, n):
        noise[k] = 0.4 * noise[k - 1] + random.standard_normal()
    y = 50 + 0.1 * t + 3 * np.sin(2 * np.pi * t / 12) - 4 * (t >= at) + noise
    frame = pd.DataFrame(
        {"t": t, "level": (t >= at).astype(int), "slope": np.maximum(0, t - at), "month": t % 12 + 1, "y": y}
    )
    return {"frame": frame, "at": at}


def path_of_effects() -> Data:
    """Coefficients of the public example of HonestDiD, with a covariance in round figures."""
    return {
        "coefficients": np.array([-0.00529, -0.01130, -0.00268, -0.00142, 0.00034, 0.04645, 0.06921]),
        "covariance": 0.009**2 * (0.5 * np.eye(7) + 0.5),
        "n_pre": 5,
        "values": (0.5, 1.0, 1.5, 2.0),
    }


def _large() -> Data:
    return {"frame": one_date(35_000, 20, 10, 1), "reference": 2010}


def _cohorts(n_units: int) -> Data:
    return {"frame": several_dates(n_units, 10, 2)}


def _gaps(data: Data) -> Data:
    return {**data, "frame": with_gaps(data["frame"])}


TASKS: dict[str, Task] = {
    "did": Task(
        title="two-way DiD, cluster errors, 35,000 units x 20 years",
        make=_large,
        peers=("diff-diff", "pyfixest"),
        reference=True,
    ),
    "did_gaps": Task(title="the same, 10 % of rows missing", make=lambda: _gaps(_large()), peers=("pyfixest",)),
    "event_study": Task(
        title="event study, 19 coefficients, same panel", make=_large, peers=("pyfixest",), reference=True
    ),
    "event_study_gaps": Task(title="the same, 10 % of rows missing", make=lambda: _gaps(_large()), peers=("pyfixest",)),
    "group_time_small": Task(
        title="group-time, 1,000 x 10, 999 multiplier draws",
        make=lambda: _cohorts(1_000),
        peers=("diff-diff", "moderndid"),
    ),
    "group_time": Task(
        title="group-time, 20,000 x 10, 999 multiplier draws",
        make=lambda: _cohorts(20_000),
        peers=("diff-diff",),
    ),
    "group_time_gaps": Task(
        title="the same, 10 % of rows missing", make=lambda: _gaps(_cohorts(20_000)), peers=("diff-diff",)
    ),
    "imputation": Task(title="imputation, 20,000 x 10", make=lambda: _cohorts(20_000), peers=("diff-diff",)),
    "imputation_gaps": Task(
        title="the same, 10 % of rows missing", make=lambda: _gaps(_cohorts(20_000)), peers=("diff-diff",)
    ),
    "wild": Task(
        title="wild cluster bootstrap, 9,999 draws, 40 clusters, 4,000 rows",
        make=clusters,
        peers=("pyfixest", "wildboottest"),
    ),
    "synthetic_control": Task(
        title="synthetic control, 200 donors, 25 + 10 periods, 201 placebos",
        make=lambda: one_treated(201, 25, 10, seed=4, factors=3, base=10, noise=0.5, effect=2.0),
        peers=("diff-diff",),
        reference=True,
    ),
    "synthetic_did": Task(
        title="synthetic DiD, 38 controls, 19 + 12 periods, 200 placebos",
        make=lambda: one_treated(39, 19, 12, seed=5, factors=2, base=100, noise=1.0, effect=-5.0),
        peers=("diff-diff",),
    ),
    "randomization": Task(
        title="randomization, 10,000 valid draws, 60 units (6 treated) x 10 years",
        make=lambda: {"frame": one_date(60, 10, 5, 6)},
        peers=("ritest",),
        reference=True,
    ),
    "newey_west": Task(
        title="interrupted series, 60 months, 12 seasonal terms, Newey-West",
        make=months,
        peers=("statsmodels", "pyfixest"),
        reference=True,
    ),
    "reml": Task(title="the same, REML with critical values simulated for the design", make=months, peers=()),
    "sensitivity": Task(
        title="Rambachan-Roth bounds, relative magnitudes, 5 + 2 periods, 4 values",
        make=path_of_effects,
        peers=("moderndid",),
    ),
}
# Same estimator on the complete panel: the time with gaps must be at most three times its.
COMPLETE = {name: name.removesuffix("_gaps") for name in TASKS if name.endswith("_gaps")}
