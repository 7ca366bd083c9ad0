"""Make ``panel.csv`` and ``peers.json``: run by hand where pyfixest 0.60.0 and statsmodels 0.15.0 are installed.

``peers.json``: for each data (balanced, gaps), covariates (x or -), weights (w or -) and covariance, the coefficient of
``d``, its standard error and, for pyfixest, its degrees of freedom. The formula must hold spaces around ``+``: without
them pyfixest 0.60.0 counts the periods as nested in a cluster that is itself a fixed effect.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def made() -> pd.DataFrame:
    random = np.random.default_rng(42)
    n, t = 30, 9
    start = np.where(np.arange(n) < 6, 4, np.where(np.arange(n) < 12, 6, 0))
    unit, year = np.repeat(np.arange(n), t), np.tile(np.arange(t), n)
    x1 = random.standard_normal(n * t) + 0.3 * year
    x2 = random.uniform(size=n * t) + 0.01 * unit
    d = ((start[unit] > 0) & (year >= start[unit])).astype(float)
    y = random.standard_normal(n)[unit] + 0.2 * year + 0.7 * d + 0.5 * x1 - 0.3 * x2 + random.standard_normal(n * t)
    return pd.DataFrame(
        {
            "unit": unit + 100,
            "year": year + 2010,
            "y": y.round(6),
            "d": d,
            "x1": x1.round(6),
            "x2": x2.round(6),
            "w": random.uniform(0.5, 2, n * t).round(6),
            "start": np.where(start[unit] > 0, start[unit] + 2010, np.nan),
            "cl": unit % 7,
            "keep": random.uniform(size=n * t) > 0.12,
        }
    )


def main() -> None:
    import pyfixest as pf
    import statsmodels.formula.api as smf

    warnings.simplefilter("ignore")
    frame = made()
    frame.to_csv(HERE / "panel.csv", index=False)
    sets = {"balanced": frame, "gaps": frame[frame.keep].reset_index(drop=True)}
    found: dict[str, list[float]] = {}
    kinds = {
        "iid": "iid",
        "hc1": "HC1",
        "cluster": {"CRV1": "unit"},
        "cluster_cl": {"CRV1": "cl"},
        "two_way": {"CRV1": "unit+year"},
        "two_way_cl": {"CRV1": "cl+year"},
    }
    switches = [{"k_adj": False}, {"k_fixef": "full"}, {"k_fixef": "none"}, {"G_adj": False}, {"G_df": "conventional"}]
    for name, data in sets.items():
        for x in ("", " + x1 + x2"):
            for w in (None, "w"):
                formula, key = f"y ~ d{x} | unit + year", f"{name}|{'x' if x else '-'}|{w or '-'}"
                for kind, vcov in kinds.items():
                    model = pf.feols(formula, data, vcov=vcov, weights=w, fixef_tol=1e-12)
                    found[f"{key}|{kind}"] = [model.coef()["d"], model.se()["d"], float(model._df_t)]
                for switch in switches:
                    model = pf.feols(
                        formula, data, vcov=kinds["two_way_cl"], weights=w, ssc=pf.ssc(**switch), fixef_tol=1e-12
                    )
                    found[f"{key}|{json.dumps(switch)}"] = [model.coef()["d"], model.se()["d"], float(model._df_t)]
                dummies = smf.wls(f"y ~ d{x} + C(unit) + C(year)", data, weights=1.0 if w is None else data[w])
                for kind in ("HC2", "HC3"):
                    fitted = dummies.fit(cov_type=kind)
                    found[f"{key}|{kind.lower()}"] = [fitted.params["d"], fitted.bse["d"]]
    gaps = sets["gaps"].copy()
    names = {}
    for event in range(-6, 5):
        if event != -1:
            names[event] = f"e{event}".replace("-", "m")
            gaps[names[event]] = (gaps.year - gaps.start == event).astype(float)
    model = pf.feols(
        f"y ~ {' + '.join(names.values())} + x1 | unit + year",
        gaps,
        vcov={"CRV1": "unit"},
        weights="w",
        fixef_tol=1e-12,
    )
    for event, name in names.items():
        found[f"event|{event}"] = [model.coef()[name], model.se()[name]]
    text = {key: [float(value) for value in values] for key, values in found.items()}
    (HERE / "peers.json").write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
