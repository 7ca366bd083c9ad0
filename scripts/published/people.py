"""Persons before and after, with or without others to compare with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.impact import ImpactResult, Panel, before_after, did, did_cross_section
from ctgeval.impact.contrast import Contrast
from ctgeval.impact.randomization import randomization
from published.answer import Answer, Source, many
from tests.impact.published_answers import anorexia, approval, sleep

__all__ = ["SOURCES"]


def _tests(result: ImpactResult) -> dict[str, dict[str, Any]]:
    return {row["test"]: row for row in result.details["tests"]}


def _sleep(_: Path) -> list[Answer]:
    found = before_after(sleep(), before="one", after="two")
    tests = _tests(found)
    rows = [
        ("difference", "1.58", found.estimate),
        ("t", "4.0621", tests["t"]["statistic"]),
        ("p", "0.002833", tests["t"]["p_value"]),
        ("low", "0.7001", found.interval.low),
        ("high", "2.4599", found.interval.high),
        ("Wilcoxon p", "0.00909", tests["wilcoxon"]["p_value"]),
        ("Cohen's d_z", "1.28456", found.details["effect_sizes"][0]["value"]),
    ]
    return many("paired before/after", "sleep (Student 1908)", rows, peers="R: same")


def _anorexia(_: Path) -> list[Answer]:
    rows: list[tuple[str, str, float]] = []
    for arm, published in {
        "FT": {"difference": "7.2647", "t": "4.1849", "p": "0.00070", "low": "3.585", "high": "10.945"},
        "CBT": {"difference": "3.0069", "p": "0.0350"},
        "Cont": {"difference": "-0.45", "p": "0.776"},
    }.items():
        found = before_after(anorexia().query("treat == @arm"), before="before", after="after")
        ours = {
            "difference": found.estimate,
            "t": _tests(found)["t"]["statistic"],
            "p": found.p_value,
            "low": found.interval.low,
            "high": found.interval.high,
        }
        rows += [(f"{arm}: {name}", text, ours[name]) for name, text in published.items()]
    return many("paired before/after, 3 arms", "anorexia (Hand et al. 1993)", rows, peers="R: same")


def _approval(_: Path) -> list[Answer]:
    tests = _tests(before_after(approval(), before="before", after="after"))
    rows = [
        ("z²", "17.36", tests["mcnemar"]["statistic"]),
        ("z² with continuity", "16.8178", tests["mcnemar_continuity"]["statistic"]),
        ("p with continuity", "4.115e-5", tests["mcnemar_continuity"]["p_value"]),
        ("exact p", "3.716e-5", tests["exact"]["p_value"]),
    ]
    return many("McNemar", "approval (Agresti 1990)", rows, peers="R: same")


def _permutation(_: Path) -> list[Answer]:
    # Cunningham, Causal Inference: The Mixtape, file `ri`: eight persons, the first four treated.
    outcome, treated = np.array([10.0, 5, 16, 3, 5, 7, 8, 10]), np.arange(8) < 4
    contrast = Contrast.from_units(outcome, treated)
    one, two = (randomization(contrast, statistic="coefficient", alternative=side) for side in ("greater", "two-sided"))
    rows = [
        ("estimate", "1.0", contrast.estimate),
        ("one-sided p", "0.4285", one.p_value),
        ("two-sided p", "0.857143", two.p_value),
    ]
    reasons = {"one-sided p": "30/70 = 0.428571: the published figure is cut, not rounded"}
    return many("exact randomization", "mixtape ri", rows, peers="by enumeration: 30/70 and 60/70", reasons=reasons)


def _card_krueger(folder: Path) -> list[Answer]:
    frame = pd.read_csv(folder / "card_krueger_1994.csv")
    errors = {
        kind: did_cross_section(frame, outcome="fte", treated="nj", post="d", errors=kind)
        for kind in ("auto", "iid", "hc1")
    }
    means = errors["auto"].details["means"]
    # Two restaurants share a number in the published file.
    known = frame.dropna(subset=["fte"])
    known = known[~known.duplicated(["id", "d"], keep=False)].assign(
        first=lambda rows: rows["nj"].where(rows["nj"] == 1)
    )
    panel = Panel.from_frame(known, unit="id", time="d", outcome="fte", treated_from="first")
    twice = known.groupby("id")["d"].transform("size") == 2
    balanced = Panel.from_frame(known[twice], unit="id", time="d", outcome="fte", treated_from="first")
    both = did(balanced, inference="hc2")
    names = ("NJ before", "NJ after", "PA before", "PA after")
    rows: list[tuple[str, str, float, str]] = [
        (f"mean, {name}", text, value, "R: same")
        for name, text, value in zip(names, ("20.44", "21.03", "23.33", "21.17"), means["mean"], strict=True)
    ]
    rows += [
        (f"SE of the mean, {name}", text, value, "R: same")
        for name, text, value in zip(names, ("0.51", "0.52", "1.35", "0.94"), means["std_error"], strict=True)
    ]
    rows += [
        ("DiD", "2.76", errors["auto"].estimate, "diff-diff, R: 2.75361"),
        ("SE", "1.36", errors["auto"].std_error, "R, independent samples: 1.80"),
        ("SE, same restaurants", "1.36", did(panel, inference="hc1").std_error, ""),
        ("SE, HC1 on rows", "1.79545", errors["hc1"].std_error, "diff-diff: same"),
        ("SE, iid on rows", "1.68841", errors["iid"].std_error, "pyfixest: same"),
        ("DiD, balanced", "2.75", both.estimate, "R: 2.7500"),
        ("SE, balanced", "1.34", both.std_error, "R: 1.34234"),
    ]
    reasons = {
        "DiD": "the published file gives 2.75361, whoever computes it; the article's own four means give 2.75",
        "SE": "1.80 is the error of four independent samples, which the four published errors give too; 1.36 "
        "probably takes the covariance within restaurants in: next row",
    }
    return many("2x2 DiD", "Card and Krueger 1994", rows, reasons=reasons)


_HOUSE = ["age", "agesq", "intst", "land", "area", "rooms", "baths"]


def _kielmc(folder: Path) -> list[Answer]:
    frame = pd.read_csv(folder / "kielmc.csv")
    rows: list[tuple[str, str, float]] = []
    for name, covariates, estimate, error in (
        ("no covariate", [], "-11863.90", "7456.65"),
        ("age, age²", _HOUSE[:2], "-21920.27", "6359.75"),
        ("all", _HOUSE, "-14177.93", "4987.27"),
    ):
        found = did_cross_section(
            frame, outcome="rprice", treated="nearinc", post="y81", covariates=covariates, errors="iid"
        )
        rows += [(name, estimate, found.estimate), (f"{name}: SE", error, found.std_error)]
    return many("DiD on repeated cross-sections", "kielmc (Wooldridge, table 13.2)", rows)


def _lalonde(folder: Path) -> list[Answer]:
    rows: list[tuple[str, str, float]] = []
    for name, estimate, classical, robust in (
        ("nsw_lalonde_722", "886.30", "472.09", "488.14"),
        ("nsw_dehejia_wahba_445", "1794.34", "632.85", "670.82"),
    ):
        frame = pd.read_csv(folder / f"{name}.csv")
        found = before_after(frame, after="re78", group="treat", randomised=True)
        tests, size = _tests(found), name.rsplit("_", 1)[1]
        rows += [
            (f"{size}: difference", estimate, found.estimate),
            (f"{size}: SE", classical, tests["iid"]["std_error"]),
            (f"{size}: SE HC1", robust, tests["hc1"]["std_error"]),
        ]
    return many("comparison by lot", "NSW (LaLonde 1986; Dehejia and Wahba 1999)", rows, peers="R: same")


SOURCES = (
    Source("sleep", _sleep),
    Source("anorexia", _anorexia),
    Source("approval", _approval),
    Source("ri", _permutation),
    Source("card_krueger", _card_krueger),
    Source("kielmc", _kielmc),
    Source("nsw", _lalonde),
)
