"""Store what peers give: run by hand where the extra ``peers`` is installed (``python scripts/make_peer_values.py``).

Writes ``tests/impact/golden/peers``: the data that are made here, and ``peers.json``. What pyfixest and statsmodels
give on two-way panels, and csdid and diff-diff on several cohorts, is in ``golden/two_way`` and ``golden/staggered``,
each with its own maker; Newey-West and its like are in ``test_series_errors.py``.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "impact" / "golden"
FOLDER = GOLDEN / "peers"


def made_counts() -> pd.DataFrame:
    """Monthly counts on a population that grows, with a drop at month 40."""
    random = np.random.default_rng(11)
    t = np.arange(72)
    people = 1_000 + 4 * t
    rate = 0.05 * np.exp(0.004 * t - 0.3 * (t >= 40)) * random.gamma(8, 1 / 8, 72)
    return pd.DataFrame({"t": t, "people": people, "y": random.poisson(rate * people)})


def made_states() -> pd.DataFrame:
    """Fifteen units, the first treated from the thirteenth of eighteen years on."""
    random = np.random.default_rng(12)
    n, t, first = 15, 18, 12
    y = 20 + random.gamma(2, 0.5, (n, 2)) @ np.cumsum(random.standard_normal((2, t)), axis=1)
    y += 0.3 * random.standard_normal((n, t))
    y[0, first:] -= 2
    unit, year = np.repeat(np.arange(n), t), np.tile(np.arange(t) + 2001, n)
    start = np.where(unit == 0, 2001 + first, np.nan)
    return pd.DataFrame({"unit": [f"u{i:02d}" for i in unit], "year": year, "y": y.ravel().round(6), "start": start})


def panel_models(found: dict[str, list[float]]) -> None:
    """Two-way regressions: coefficient, standard error by units."""
    from linearmodels import PanelOLS

    frame = pd.read_csv(GOLDEN / "two_way" / "panel.csv")
    for name, data in {"balanced": frame, "gaps": frame[frame["keep"]]}.items():
        indexed = data.set_index(["unit", "year"])
        for covariates in ([], ["x1", "x2"]):
            for weight in (None, "w"):
                model = PanelOLS(
                    indexed["y"], indexed[["d", *covariates]], entity_effects=True, time_effects=True,
                    weights=None if weight is None else indexed[weight],
                )  # fmt: skip
                fitted = model.fit(cov_type="clustered", cluster_entity=True, auto_df=False, count_effects=False)
                key = f"linearmodels|{name}|{'x' if covariates else '-'}|{weight or '-'}"
                found[key] = [float(fitted.params["d"]), float(fitted.std_errors["d"])]


def count_models(found: dict[str, list[float]], data: pd.DataFrame) -> None:
    """Interrupted counts: log of the rate ratio, its standard error."""
    import statsmodels.api as sm

    design = np.column_stack([np.ones(len(data)), data["t"], data["t"] >= 40, np.maximum(0, data["t"] - 40)])
    offset = np.log(data["people"])
    for name, scale in (("poisson", None), ("quasipoisson", "X2")):
        fitted = sm.GLM(data["y"], design, family=sm.families.Poisson(), offset=offset).fit(scale=scale, tol=1e-12)
        found[f"statsmodels|{name}"] = [float(fitted.params["x2"]), float(fitted.bse["x2"])]
    fitted = sm.NegativeBinomial(data["y"], design, offset=offset).fit(disp=False, maxiter=500, gtol=1e-8)
    found["statsmodels|negative_binomial"] = [float(fitted.params["x2"]), float(fitted.params["alpha"])]


def one_treated(found: dict[str, list[float]], data: pd.DataFrame) -> None:
    """Synthetic control and synthetic difference-in-differences."""
    import diff_diff as dd

    years = sorted(data["year"].unique())
    treated = data.assign(ever=(data["unit"] == "u00").astype(int))
    treated["treat"] = treated["ever"] * (treated["year"] >= 2013)
    model = dd.SyntheticControl(v_method="custom", custom_v=np.ones(12), standardize="none")
    names = {"outcome": "y", "unit": "unit", "time": "year"}
    result = model.fit(
        treated, treatment="treat", treated_unit="u00", post_periods=years[12:], pre_period_outcomes=years[:12], **names
    )
    result.in_space_placebo()
    found["diff-diff|synthetic_control"] = [float(result.att), float(result.placebo_p_value)]
    double = dd.SyntheticDiD(variance_method="placebo", n_bootstrap=50, seed=1)
    found["diff-diff|synthetic_did"] = [
        float(double.fit(treated, treatment="ever", post_periods=years[12:], **names).att)
    ]


def main() -> None:
    """Write the data and the values."""
    warnings.simplefilter("ignore")
    FOLDER.mkdir(parents=True, exist_ok=True)
    counts, states = made_counts(), made_states()
    counts.to_csv(FOLDER / "counts.csv", index=False)
    states.to_csv(FOLDER / "states.csv", index=False)
    found: dict[str, list[float]] = {}
    panel_models(found)
    count_models(found, pd.read_csv(FOLDER / "counts.csv"))
    one_treated(found, pd.read_csv(FOLDER / "states.csv"))
    (FOLDER / "peers.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"{len(found)} values")


if __name__ == "__main__":
    main()
