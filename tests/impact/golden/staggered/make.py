"""Make ``panel.csv`` and ``peers.json``: run by hand where csdid 0.4.3 and diff-diff 3.13.0 are installed.

Keys of ``peers.json``: data (mpdta, which is read in ``CTGEVAL_REAL_DATA``, or made), package or class, options.
Values: estimate and standard error of each cohort and period, of each time since treatment, and of the averages, all
by formula (no bootstrap).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
NAMES = {"outcome": "y", "unit": "unit", "time": "year", "first_treat": "start"}


def made() -> pd.DataFrame:
    random = np.random.default_rng(7)
    n, t = 240, 6
    start = np.where(np.arange(n) % 8 < 4, 0, np.take([2, 3, 3, 5], np.arange(n) % 4))
    unit, year = np.repeat(np.arange(n), t), np.tile(np.arange(t), n)
    x = random.standard_normal(n)[unit] * 0.8 + 0.3 * random.standard_normal(n * t) + 0.3 * (start[unit] > 0)
    since = np.where(start[unit] > 0, year - start[unit], -1)
    effect = np.where(since >= 0, 0.4 + 0.2 * since, 0.0)
    common = random.standard_normal((n // 4, t))[unit // 4, year] * 0.4
    y = random.standard_normal(n)[unit] + (0.2 + 0.1 * x) * year + effect + common + random.standard_normal(n * t)
    keep = random.uniform(size=n * t) > 0.1
    return pd.DataFrame(
        {
            "unit": unit + 100,
            "year": year + 2010,
            "y": y.round(6),
            "x": x.round(6),
            "w": random.uniform(0.5, 2, n).round(6)[unit],
            "start": np.where(start[unit] > 0, start[unit] + 2010, 0),
            "cl": unit // 4,
            "keep": keep | (year == 0),
        }
    )


def csdid(frame: pd.DataFrame, **options: Any) -> dict[str, list[float]]:
    from csdid.att_gt import ATTgt

    fitted = {key: options.pop(key) for key in ("est_method", "base_period") if key in options}
    found: dict[str, list[float]] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        model = ATTgt(yname="y", tname="year", idname="unit", gname="start", data=frame.copy(), **options)
        model.fit(bstrap=False, **fitted)
        cells = model.results
        for group, year, att, error in zip(cells["group"], cells["year"], cells["att"], cells["se"], strict=True):
            found[f"{group:.0f}|{year:.0f}"] = [float(att), float(error)]
        for kind in ("simple", "dynamic", "group", "calendar"):
            model.aggte(typec=kind, bstrap=False, cband=False)
            found[kind] = [float(model.atte["overall_att"]), float(np.ravel(model.atte["overall_se"])[0])]
            if kind == "dynamic":
                errors = np.ravel(model.atte["se_egt"])
                for event, att, error in zip(model.atte["egt"], model.atte["att_egt"], errors, strict=True):
                    found[f"e{event:.0f}"] = [float(att), float(error)]
    return found


def diff_diff(frame: pd.DataFrame, estimator: str, covariates: list[str] | None = None, **options: Any) -> Any:
    import diff_diff as dd

    extra = {"aggregate": "event_study"} if estimator != "SunAbraham" else {}
    result = getattr(dd, estimator)(**options).fit(frame, covariates=covariates, **NAMES, **extra)
    found: dict[str, list[float]] = {"simple": [float(result.overall_att), float(result.overall_se)]}
    effects: Mapping[Any, Mapping[str, float]] = result.event_study_effects
    for event, item in effects.items():
        if np.isfinite(item["se"]) and item["se"] > 0:
            found[f"e{event:.0f}"] = [float(item["effect"]), float(item["se"])]
    if estimator == "ImputationDiD":
        test = result.pretrend_test(n_leads=int(frame["start"].max() - frame["year"].min()) - 1)
        found["pre_test"] = [float(test["f_stat"]), float(test["p_value"])]
    return found


def cells(result: Any) -> dict[str, list[float]]:
    return {f"{g}|{t}": [float(v["effect"]), float(v["se"])] for (g, t), v in result.group_time_effects.items()}


def gaps(frame: pd.DataFrame) -> dict[str, list[float]]:
    import diff_diff as dd

    return cells(dd.CallawaySantAnna().fit(frame, **NAMES))


def main() -> None:
    warnings.simplefilter("ignore")
    frame = made()
    frame.to_csv(HERE / "panel.csv", index=False)
    mpdta = pd.read_csv(Path(os.environ["CTGEVAL_REAL_DATA"]) / "impact" / "mpdta.csv").rename(
        columns={"countyreal": "unit", "first.treat": "start", "lemp": "y", "lpop": "x"}
    )
    data = {"mpdta": mpdta, "made": frame}
    kept = frame[frame["keep"]].reset_index(drop=True)
    found: dict[str, Any] = {}
    for name, table in data.items():
        for control, theirs in (("never", "nevertreated"), ("not_yet", "notyettreated")):
            common: dict[str, Any] = {"control_group": [theirs]}
            found[f"{name}|csdid|{control}"] = csdid(table, **common)
            found[f"{name}|csdid|{control}|anticipation"] = csdid(table, anticipation=1, **common)
            for method in ("dr", "reg", "ipw"):
                key = f"{name}|csdid|{control}|{method}"
                found[key] = csdid(table, xformla="y ~ x", est_method=method, **common)
        found[f"{name}|csdid|universal"] = csdid(table, control_group=["nevertreated"], base_period="universal")
        for estimator in ("ImputationDiD", "TwoStageDiD", "SunAbraham"):
            found[f"{name}|{estimator}"] = diff_diff(table, estimator)
    found["made|csdid|never|dr|weights"] = csdid(
        frame, xformla="y ~ x", est_method="dr", weights_name="w", control_group=["nevertreated"]
    )
    found["made|csdid|cl"] = csdid(frame, clustervar="cl", control_group=["nevertreated"])
    for estimator in ("ImputationDiD", "TwoStageDiD", "SunAbraham"):
        found[f"gaps|{estimator}|x"] = diff_diff(kept, estimator, covariates=["x"])
        found[f"gaps|{estimator}|cl"] = diff_diff(kept, estimator, cluster="cl")
    found["gaps|CallawaySantAnna"] = gaps(kept)
    (HERE / "peers.json").write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
