"""Who estimates each task, and how: ctgeval, plain numpy, and peers.

An adapter imports what it needs, takes the data of a task and returns what is timed: a function without argument that
gives the estimate, its standard error, its p-value, and the seconds that reading the table took (``panel_s``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

Run = Callable[[], dict[str, float]]
Adapter = Callable[[dict[str, Any]], Run]
ADAPTERS: dict[tuple[str, str], Adapter] = {}


def adapter(package: str, *tasks: str) -> Callable[[Adapter], Adapter]:
    def keep(function: Adapter) -> Adapter:
        for task in tasks:
            ADAPTERS[task, package] = function
        return function

    return keep


def changes(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean after less mean before, by unit: the two-by-two comparison is then a difference of means."""
    wide = frame.pivot_table(index=["unit", "treated"], columns="post", values="y").reset_index()
    return pd.DataFrame({"unit": wide["unit"], "treated": wide["treated"], "dy": wide[1] - wide[0]})


# ctgeval ------------------------------------------------------------------------------------------------------------


def on_panel(estimate: Callable[[Any], Any], **columns: str) -> Adapter:
    """Read a panel and estimate on it; both are timed, and the first apart."""

    def prepare(data: dict[str, Any]) -> Run:
        from ctgeval.impact import Panel

        columns_read = {"unit": "unit", "time": "year", "outcome": "y", "treated_from": "first", **columns}

        def run() -> dict[str, float]:
            before, processor = time.perf_counter(), time.process_time()
            panel = Panel.from_frame(data["frame"], **columns_read)
            read = {"panel_s": time.perf_counter() - before, "panel_cpu": time.process_time() - processor}
            return {**told(estimate(panel)), **read}

        return run

    return prepare


def told(result: Any) -> dict[str, float]:
    return {"est": result.estimate, "se": result.std_error, "p": result.p_value}


def _impact(name: str, **options: Any) -> Callable[[Any], Any]:
    from importlib import import_module

    # A name that is not there yet is told as absent.
    function = getattr(import_module("ctgeval.impact"), name, None)
    if function is None:
        raise ImportError(f"ctgeval.impact.{name}")
    return lambda panel: function(panel, **options)


@adapter("ctgeval", "did", "did_gaps")
def _did(data: dict[str, Any]) -> Run:
    return on_panel(_impact("did", inference="cluster"))(data)


@adapter("ctgeval", "event_study", "event_study_gaps")
def _event_study(data: dict[str, Any]) -> Run:
    run_study = _impact("event_study", inference="cluster")

    def first_year(panel: Any) -> Any:
        table = run_study(panel).by_period.set_index("event_time")
        return type(
            "Read", (), {"estimate": table["estimate"][0], "std_error": table["std_error"][0], "p_value": np.nan}
        )

    return on_panel(first_year)(data)


@adapter("ctgeval", "group_time_small", "group_time", "group_time_gaps")
def _group_time(data: dict[str, Any]) -> Run:
    return on_panel(_impact("group_time", inference="cluster", draws=999))(data)


@adapter("ctgeval", "imputation", "imputation_gaps")
def _imputation(data: dict[str, Any]) -> Run:
    return on_panel(_impact("imputation", inference="cluster"))(data)


@adapter("ctgeval", "synthetic_control")
def _synthetic_control(data: dict[str, Any]) -> Run:
    return on_panel(_impact("synthetic_control"))(data)


@adapter("ctgeval", "synthetic_did")
def _synthetic_did(data: dict[str, Any]) -> Run:
    return on_panel(_impact("synthetic_did"))(data)


@adapter("ctgeval", "randomization")
def _randomization(data: dict[str, Any]) -> Run:
    from ctgeval.impact.contrast import Contrast
    from ctgeval.impact.randomization import randomization

    def estimate(panel: Any) -> Any:
        contrast = Contrast.from_panel(panel)
        found = randomization(contrast, statistic="coefficient", draws=10_000)
        return type("Read", (), {"estimate": contrast.estimate, "std_error": found.std_error, "p_value": found.p_value})

    return on_panel(estimate)(data)


@adapter("ctgeval", "wild")
def _wild(data: dict[str, Any]) -> Run:
    from ctgeval.impact.wild import wild_cluster

    frame = data["frame"]

    def run() -> dict[str, float]:
        design = np.column_stack([np.ones(len(frame)), frame["treated"], frame["post"], frame["d"]])
        found = wild_cluster(frame["y"].to_numpy(), design, frame["cl"].to_numpy(), column=3, draws=9_999)
        return {"p": found.p_value}

    return run


@adapter("ctgeval", "newey_west", "reml")
def _series(data: dict[str, Any]) -> Run:
    from ctgeval.impact import interrupted_series

    options: dict[str, Any] = {"season": 12, "season_terms": "dummies"}
    if data["task"] == "newey_west":
        options |= {"errors": "newey_west", "lags": 3}
    return lambda: told(interrupted_series(data["frame"], outcome="y", time="t", at=data["at"], **options))


@adapter("ctgeval", "sensitivity")
def _sensitivity(data: dict[str, Any]) -> Run:
    from ctgeval.impact.sensitivity import sensitivity

    arrays = {"coefficients": data["coefficients"], "covariance": data["covariance"]}

    def run() -> dict[str, float]:
        found = sensitivity(**arrays, n_pre=data["n_pre"], n_post=2, values=data["values"], target="first").table
        return {"est": found["low"][1], "high": found["high"][1]}

    return run


# numpy --------------------------------------------------------------------------------------------------------------


def _square(data: dict[str, Any]) -> tuple[int, int, np.ndarray]:
    frame = data["frame"]
    n, t = frame["unit"].nunique(), frame["year"].nunique()
    return n, t, frame["y"].to_numpy().reshape(n, t)


@adapter("numpy", "did")
def _numpy_did(data: dict[str, Any]) -> Run:
    def centred(table: np.ndarray) -> np.ndarray:
        return table - table.mean(1, keepdims=True) - table.mean(0, keepdims=True) + table.mean()

    def run() -> dict[str, float]:
        n, t, outcome = _square(data)
        y, d = centred(outcome), centred(data["frame"]["d"].to_numpy(float).reshape(n, t))
        squares = (d * d).sum()
        estimate = (d * y).sum() / squares
        scores = (d * (y - estimate * d)).sum(1)
        factor = n / (n - 1) * (n * t - 1) / (n * t - t)
        return {"est": estimate, "se": float(np.sqrt(factor * (scores @ scores)) / squares)}

    return run


@adapter("numpy", "event_study")
def _numpy_event_study(data: dict[str, Any]) -> Run:
    def run() -> dict[str, float]:
        n, t, y = _square(data)
        treated = data["frame"]["treated"].to_numpy().reshape(n, t)[:, 0].astype(bool)
        change = y - y[:, [9]]
        path = change[treated].mean(0) - change[~treated].mean(0)
        covariance = sum(
            spread.T @ spread / len(rows) ** 2
            for rows in (change[treated], change[~treated])
            for spread in (rows - rows.mean(0),)
        )
        return {"est": float(path[10]), "se": float(np.sqrt(covariance[10, 10]))}

    return run


@adapter("numpy", "randomization")
def _numpy_randomization(data: dict[str, Any]) -> Run:
    def run() -> dict[str, float]:
        _, _, y = _square(data)
        change, treated = y[:, 5:].mean(1) - y[:, :5].mean(1), 6
        observed = change[:treated].mean() - change[treated:].mean()
        drawn = np.argpartition(np.random.default_rng(0).random((10_000, 60)), treated, axis=1)[:, :treated]
        sums = change[drawn].sum(1)
        moved = sums / treated - (change.sum() - sums) / (60 - treated)
        return {"est": observed, "p": (1 + (np.abs(moved) >= abs(observed) - 1e-12).sum()) / 10_001}

    return run


@adapter("numpy", "synthetic_control")
def _numpy_synthetic_control(data: dict[str, Any]) -> Run:
    from scipy.optimize import nnls

    y, pre = data["matrix"], data["pre"]

    def one(j: int) -> tuple[float, float]:
        donors = [k for k in range(y.shape[1]) if k not in (j, 0)]
        heavy = 1e3 * np.abs(y[:pre, donors]).max()
        weights, _ = nnls(np.vstack([y[:pre, donors], np.full(len(donors), heavy)]), np.append(y[:pre, j], heavy))
        gap = y[:, j] - y[:, donors] @ (weights / weights.sum())
        return gap[pre:].mean(), np.sqrt((gap[pre:] ** 2).mean() / (gap[:pre] ** 2).mean())

    def run() -> dict[str, float]:
        found = [one(j) for j in range(y.shape[1])]
        ratios = np.array([ratio for _, ratio in found])
        return {"est": found[0][0], "p": float((ratios >= ratios[0]).mean())}

    return run


@adapter("numpy", "newey_west")
def _numpy_newey_west(data: dict[str, Any]) -> Run:
    frame = data["frame"]

    def run() -> dict[str, float]:
        columns = [np.ones(60), frame["t"], frame["level"], frame["slope"]]
        design = np.column_stack([*columns, *((frame["month"] == m).astype(float) for m in range(2, 13))])
        y = frame["y"].to_numpy()
        bread = np.linalg.inv(design.T @ design)
        found = bread @ design.T @ y
        scores = design * (y - design @ found)[:, None]
        meat = scores.T @ scores
        for lag in (1, 2, 3):
            cross = scores[lag:].T @ scores[:-lag]
            meat += (1 - lag / 4) * (cross + cross.T)
        covariance = bread @ meat @ bread * 60 / (60 - design.shape[1])
        return {"est": found[2], "se": float(np.sqrt(covariance[2, 2]))}

    return run
