"""What linearmodels 7.1, statsmodels 0.15.0 and diff-diff 3.13.0 give.

Values are stored by ``scripts/make_peer_values.py``. pyfixest's are in ``test_twoway.py``, those of csdid and diff-diff
on several cohorts in ``test_group_time.py`` and ``test_imputation.py``, wildboottest's in ``test_wild.py``, those of
Newey-West and Prais-Winsten in ``test_series_errors.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ctgeval.impact import ImpactResult, Panel, interrupted_series, synthetic_control
from ctgeval.impact.absorbed import Absorbed, treated_patterns
from ctgeval.impact.covariance import SmallSample
from ctgeval.impact.synthetic_did import synthetic_did
from ctgeval.impact.twoway import fit
from tests.impact.two_way import made

FOLDER = Path(__file__).parent / "golden" / "peers"
PEERS: dict[str, list[float]] = json.loads((FOLDER / "peers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("key", [key for key in PEERS if key.startswith("linearmodels")])
def test_two_way_agrees_with_linearmodels(key: str) -> None:
    _, data, covariates, weights = key.split("|")
    panel = made(gaps=data == "gaps", covariates=("x1", "x2") if covariates == "x" else (), weights=weights == "w")
    found = fit(Absorbed.of(panel), treated_patterns(panel))
    variance, _ = found.covariance("cluster", switches=SmallSample(k_adj=False, G_adj=False))
    # linearmodels has no factor for the number of clusters; as it was asked, it counts the regressors and no effect.
    n, k = int(panel.observed.sum()), 1 + len(panel.covariate_names)
    estimate, std_error = PEERS[key]
    assert found.coefficients[0] == pytest.approx(estimate, abs=1e-9)
    assert np.sqrt(variance[0, 0] * n / (n - k)) == pytest.approx(std_error, rel=1e-9)


@pytest.mark.parametrize("family", ["poisson", "quasipoisson", "negative_binomial"])
def test_counts_agree_with_statsmodels(family: str) -> None:
    frame = pd.read_csv(FOLDER / "counts.csv")
    options: dict[str, Any] = {"family": family, "offset": "people", "errors": "ols", "allow_invalid": True}
    result = interrupted_series(frame, outcome="y", time="t", at=40, **options)
    estimate, other = PEERS[f"statsmodels|{family}"]
    found = result.details["log_rate_ratio"]
    assert found["estimate"] == pytest.approx(estimate, abs=1e-8)
    measured = result.details["alpha"] if family == "negative_binomial" else found["std_error"]
    assert measured == pytest.approx(other, abs=1e-8)


def states() -> Panel:
    frame = pd.read_csv(FOLDER / "states.csv")
    return Panel.from_frame(frame, unit="unit", time="year", outcome="y", treated_from="start")


def test_synthetic_control_agrees_with_diff_diff() -> None:
    estimate, p_value = PEERS["diff-diff|synthetic_control"]
    found: ImpactResult = synthetic_control(states())
    assert found.estimate == pytest.approx(estimate, abs=1e-6)
    assert found.p_value == pytest.approx(p_value, abs=1e-12)


def test_synthetic_did_agrees_with_diff_diff() -> None:
    found = synthetic_did(states(), placebos=False)
    assert found.estimate == pytest.approx(PEERS["diff-diff|synthetic_did"][0], abs=1e-6)
