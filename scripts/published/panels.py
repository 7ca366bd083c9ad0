"""Territories over time: several cohorts, one treated, sensitivity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ctgeval.impact import (
    Panel,
    did,
    group_time,
    imputation,
    sun_abraham,
    synthetic_control,
    two_stage,
)
from ctgeval.impact.collapsing import collapsed_outcome
from ctgeval.impact.contrast import Contrast
from ctgeval.impact.few_treated import collapsed
from ctgeval.impact.randomization import randomization
from ctgeval.impact.sensitivity import sensitivity
from ctgeval.impact.synthetic_did import synthetic_did
from published.answer import Answer, Source, many

__all__ = ["SOURCES"]

_DRAWN = (
    "the published error is drawn by bootstrap, ours is by formula (ATT(2004, 2006) and e = 2 are the same effect, "
    "published as 0.0412 and 0.0364)"
)


def _cohorts(folder: Path) -> list[Answer]:
    frame = pd.read_csv(folder / "mpdta.csv")
    panel = Panel.from_frame(frame, unit="countyreal", time="year", outcome="lemp", treated_from="first.treat")
    found = group_time(panel, inference="cluster")
    cells = found.details["group_time"].astype({"cohort": str, "time_period": str})
    cells = cells.set_index(["cohort", "time_period"])
    path = found.by_period.set_index("event_time")
    overall = found.details["overall"].set_index("aggregate").loc["dynamic"]
    known = {
        ("2004", "2004"): ("-0.0105", "0.0243"),
        ("2004", "2005"): ("-0.0704", "0.0331"),
        ("2004", "2006"): ("-0.1373", "0.0412"),
        ("2004", "2007"): ("-0.1008", "0.0358"),
        ("2006", "2006"): ("-0.0046", "0.0175"),
        ("2006", "2007"): ("-0.0412", "0.0196"),
        ("2007", "2007"): ("-0.0261", "0.0175"),
    }
    events = {
        -3: ("0.0305", None),
        -2: ("-0.0006", None),
        -1: ("-0.0245", None),
        0: ("-0.0199", "0.0118"),
        1: ("-0.0510", "0.0169"),
        2: ("-0.1373", "0.0364"),
        3: ("-0.1008", "0.0344"),
    }
    rows: list[tuple[str, str, float, str]] = [
        ("simple", "-0.0400", found.estimate, "diff-diff: -0.03995"),
        ("simple: SE", "0.0120", found.std_error, "diff-diff: 0.01203"),
    ]
    for (cohort, year), (estimate, error) in known.items():
        cell = cells.loc[(cohort, year)]
        rows.append((f"ATT({cohort}, {year})", estimate, cell["estimate"], "csdid: same"))
        rows.append((f"ATT({cohort}, {year}): SE", error, cell["std_error"], "csdid: as ours"))
    for event, (estimate, drawn) in events.items():
        rows.append((f"e = {event}", estimate, path.loc[event, "estimate"], "diff-diff: same"))
        if drawn:
            rows.append((f"e = {event}: SE", drawn, path.loc[event, "std_error"], "csdid: as ours"))
    rows += [
        ("dynamic, overall", "-0.0772", overall["estimate"], "csdid: same"),
        ("dynamic, overall: SE", "0.0203", overall["std_error"], "csdid: as ours"),
        ("pre-test p", "0.168", found.details["pre_test"]["p_value"], ""),
    ]
    answers = many(
        "group-time",
        "mpdta (Callaway and Sant'Anna 2021)",
        rows,
        reasons={row[0]: _DRAWN for row in rows if ": SE" in row[0]},
    )
    with_covariate = Panel.from_frame(
        frame, unit="countyreal", time="year", outcome="lemp", treated_from="first.treat", covariates=("lpop",)
    )
    robust = group_time(with_covariate, covariates=("lpop",), inference="cluster")
    answers += many(
        "group-time, doubly robust",
        "mpdta",
        [("simple, lpop", "-0.04175", robust.estimate), ("simple, lpop: SE", "0.0115", robust.std_error)],
        peers="diff-diff: same (it is the reference)",
    )
    two_way = did(panel, inference="cluster")
    others = [
        *many(
            "two-way fixed effects",
            "mpdta",
            [
                ("estimate", "-0.0365", two_way.estimate, "pyfixest: -0.03655"),
                ("SE", "0.0132", two_way.std_error, "pyfixest: 0.01325 to 0.01327, by what is counted"),
                ("SE without factor", "0.0132", two_way.std_error / np.sqrt(500 / 499 * 2499 / 2494), ""),
            ],
            reasons={"SE": "fixest's small-sample factor adds 0.2 %; without it: next row"},
        ),
    ]
    for name, estimator, estimate, error in (
        ("Sun-Abraham", sun_abraham, "-0.03995", "0.0118"),
        ("imputation (Borusyak-Jaravel-Spiess)", imputation, "-0.04771", "0.01322"),
        ("two-stage (Gardner)", two_stage, "-0.04771", "0.01348"),
    ):
        result = estimator(panel, inference="cluster")
        pair = [("estimate", estimate, result.estimate), ("SE", error, result.std_error)]
        others += many(name, "mpdta", pair, peers="diff-diff: same (it is the reference); pyfixest did2s stops")
    return answers + others


def _california(folder: Path, outcome: str = "PacksPerCapita") -> Panel:
    frame = pd.read_csv(folder / "california_prop99.csv", sep=";")
    frame["first"] = np.where(frame["State"] == "California", 1989, np.nan)
    frame["log"] = np.log(frame["PacksPerCapita"])
    return Panel.from_frame(frame, unit="State", time="Year", outcome=outcome, treated_from="first", direction="lower")


def _synthetic(folder: Path) -> list[Answer]:
    panel = _california(folder)
    plain = synthetic_control(panel)
    weights = plain.details["weights"].set_index("unit")["weight"]
    placebos = plain.details["placebos"]
    better = int((placebos["ratio"] > plain.details["ratio"]).sum())
    rows: list[tuple[str, str, float]] = [
        ("estimate", "-19.51363", plain.estimate),
        *((name, text, weights[name]) for name, text in (
            ("Utah", ".394"), ("Montana", ".232"), ("Nevada", ".205"), ("Connecticut", ".109"),
            ("New Hampshire", ".045"),
        )),
        ("rank of the ratio", "3", 1 + better),
        ("p", ".0769", plain.p_value),
    ]  # fmt: skip
    peers = "diff-diff, NNLS: same (the optimum is unique)"
    found = many("synthetic control, outcomes only", "Proposition 99", rows, peers=peers)
    difference = did(panel, inference="collapsed")
    stopped = synthetic_did(panel, placebos=False).details["synthetic_control"]
    return found + many(
        "DiD and synthetic control, article",
        "Proposition 99 (Arkhangelsky et al. 2021, table 1)",
        [
            ("DiD", "-27.3", difference.estimate, "diff-diff: -27.34911"),
            ("DiD: SE", "17.7", difference.std_error, "linearmodels, by clusters: 2.77"),
            ("SC, the article's algorithm", "-19.6", stopped, "diff-diff, at the optimum: -19.51363"),
            ("SC: SE", "9.9", plain.std_error, ""),
        ],
        reasons={
            "DiD: SE": "17.7 is the spread of drawn placebos; ours is Student's, on one number for each State",
            "SC: SE": "9.9 is the spread of drawn placebos with the article's weights; ours is that of all 38, at the "
            "optimum",
        },
    )


def _synthetic_did(folder: Path) -> list[Answer]:
    found = synthetic_did(_california(folder))
    weights = found.details["weights"].set_index("unit")["weight"]
    time = found.details["time_weights"]
    when = time.set_index(time["time_period"].astype(str))["weight"]
    rows: list[tuple[str, str, float, str]] = [
        ("estimate", "-15.6", found.estimate, "diff-diff, azcausal: -15.603828"),
        ("estimate, as packages", "-15.603828", found.estimate, "diff-diff, azcausal: same"),
        ("SE", "8.4", found.std_error, "diff-diff, 200 draws: 10.9"),
        *((name, text, weights[name], "diff-diff: same") for name, text in (
            ("Nevada", ".124"), ("New Hampshire", ".105"), ("Connecticut", ".078")
        )),
        *((f"λ {year}", text, when[year], "diff-diff: same") for year, text in (
            ("1988", ".427"), ("1986", ".366"), ("1987", ".206")
        )),
    ]  # fmt: skip
    reasons = {"SE": "8.4 is the spread of drawn placebos; ours is that of all 38 donors"}
    return many("synthetic DiD", "Proposition 99 (Arkhangelsky et al. 2021)", rows, reasons=reasons)


def _exact(folder: Path) -> list[Answer]:
    answers: list[Answer] = []
    sampled = "the article's permutations are drawn with replacement; these are all 39 assignments: {}/39"
    for name, outcome, detrend, estimate, error, p, permuted, count in (
        ("log, demeaned", "log", False, "-0.422175", "0.120800", ".00125", ".030", 1),
        ("log, detrended", "log", True, "-0.226989", "0.094069", ".0209", ".058", 2),
        ("packs, demeaned", "PacksPerCapita", False, "-27.349111", "17.280813", ".122", ".149", 5),
    ):
        panel = _california(folder, outcome)
        contrast = Contrast.from_units(collapsed_outcome(panel, detrend=detrend), panel.treated)
        test = collapsed(contrast)
        rows = [
            (name, estimate, contrast.estimate),
            (f"{name}: SE", error, test.std_error),
            (f"{name}: p", p, test.p_value),
            (f"{name}: RI p", permuted, randomization(contrast, statistic="coefficient").p_value),
        ]
        answers += many(
            "exact t, one treated",
            "Proposition 99 (Lee and Wooldridge 2025)",
            rows,
            peers="diff-diff LWDiD: as published",
            reasons={f"{name}: RI p": sampled.format(count)},
        )
    return answers


def _basque(folder: Path) -> list[Answer]:
    frame = pd.read_csv(folder / "basque.csv")
    frame = frame[frame["regionno"] != 1]
    frame["first"] = np.where(frame["regionno"] == 17, 1970, np.nan)
    frame["school.higher"] = frame["school.high"] + frame["school.post.high"]
    panel = Panel.from_frame(frame, unit="regionname", time="year", outcome="gdpcap", treated_from="first")
    levels = ["school.illit", "school.prim", "school.med", "school.higher"]
    # The file counts persons; the article takes the share of each level of schooling.
    frame[levels] = frame[levels].div(frame[levels].sum(axis=1), axis=0)
    schools = [*levels, "invest"]
    sectors = [name for name in frame.columns if name.startswith("sec.")] + ["popdens"]
    table = pd.concat(
        [
            frame[frame["year"].between(1964, 1969)].groupby("regionname")[schools].mean(),
            frame[frame["year"].between(1961, 1969)].groupby("regionname")[sectors].mean(),
        ],
        axis=1,
    )
    before = [str(year) for year in range(1960, 1970)]
    found = synthetic_control(
        panel, predictors=[*table.columns, ("outcome", before)], predictor_table=table, placebos=False
    )
    weights = found.details["weights"].set_index("unit")["weight"]
    path = found.by_period[found.by_period["time_period"].astype(int).between(1975, 1997)]
    rows = [
        ("Catalonia", "0.851", weights["Cataluna"], "another specification: 0.917"),
        ("Madrid", "0.149", weights["Madrid (Comunidad De)"], "another specification: 0.029"),
        (
            "loss of GDP per head, 1975-1997, %",
            "-10",
            100 * (path["estimate"] / path["synthetic"]).mean(),
            "another specification: -6.6",
        ),
    ]
    uncertain = (
        "the importance of predictors has no certain optimum, and the file may not be the article's: the two regions "
        "and the order of magnitude are what can be compared"
    )
    reasons = {row[0]: uncertain for row in rows}
    return many("synthetic control, predictors", "Basque Country (Abadie and Gardeazabal 2003)", rows, reasons=reasons)


# Medicaid expansion (package moderndid, data `ehec`: 43 States, 2008-2015, States that expanded in 2014 against those
# that had not by 2015): event study with State and year effects, errors by State; reference 2013.
_MEDICAID = np.array([
    -0.0052853545327209706, -0.011297324648151398, -0.002675991811793861, -0.0014193122521109784,
    0.0003396635189714429, 0.046446854159945226, 0.06920617547902158,
])  # fmt: skip
_MEDICAID_COVARIANCE = 1e-5 * np.array([
    [7.488483636, 6.039874096, 4.444619818, 3.385764706, 4.328011255, 4.765880479, 2.4251287],
    [6.039874096, 7.266500617, 3.789330221, 2.866578025, 4.543320628, 4.428850119, 2.824655043],
    [4.444619818, 3.789330221, 5.05205194, 2.673679432, 2.778193568, 3.060644109, 0.9637533883],
    [3.385764706, 2.866578025, 2.673679432, 4.003222026, 2.412859976, 2.380868209, 0.2923878143],
    [4.328011255, 4.543320628, 2.778193568, 2.412859976, 5.462662207, 3.682531052, 0.9722947502],
    [4.765880479, 4.428850119, 3.060644109, 2.380868209, 3.682531052, 8.375668825, 6.321397963],
    [2.4251287, 2.824655043, 0.9637533883, 0.2923878143, 0.9722947502, 6.321397963, 10.7123523],
])  # fmt: skip


def _medicaid(_: Path) -> list[Answer]:
    arrays = {"coefficients": _MEDICAID, "covariance": _MEDICAID_COVARIANCE, "n_pre": 5, "n_post": 2, "target": "first"}
    published = {
        "relative": {
            0.5: (".0241", ".0673"), 1.0: (".0171", ".0720"), 1.5: (".0086", ".0796"), 2.0: ("-.0011", ".0883"),
        },
        "smoothness": {
            0.0: (".0259", ".0607"), 0.01: (".0132", ".0787"), 0.02: (".0029", ".0907"), 0.03: ("-.0071", ".101"),
        },
    }  # fmt: skip
    peers = {("relative", 1.5): "moderndid: .008587, .079599", ("relative", 2.0): "moderndid: -.000666, .087946"}
    grids = {
        "relative": "published ends are the last points inside of a grid of step 0.0004, with drawn critical values; "
        "ours are found by bisection",
        "smoothness": "R draws the quantile of the folded normal law and tries 100 lengths; ours are found by formula",
    }
    answers: list[Answer] = []
    for method, values in published.items():
        table = sensitivity(**arrays, method=method, values=list(values)).table.set_index("value")
        rows = [
            (f"M = {value:g}: {end}", text, table.loc[value, end], peers.get((method, value), ""))
            for value, pair in values.items()
            for end, text in zip(("low", "high"), pair, strict=True)
        ]
        name = "sensitivity, relative magnitudes" if method == "relative" else "sensitivity, smoothness"
        answers += many(name, "Medicaid (README of HonestDiD)", rows, reasons={row[0]: grids[method] for row in rows})
    return answers


SOURCES = (
    Source("mpdta", _cohorts),
    Source("california", _synthetic),
    Source("california, synthetic DiD", _synthetic_did),
    Source("california, exact t", _exact),
    Source("basque", _basque),
    Source("medicaid", _medicaid),
)
