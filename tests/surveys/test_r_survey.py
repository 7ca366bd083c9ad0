"""The same figures as R's survey (Lumley) on real data: values and their maker are in ``golden``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ctgeval.surveys import estimates
from ctgeval.surveys.design import Design, design, design_of
from ctgeval.surveys.replication import jackknife
from ctgeval.surveys.weighting import rake

GOLDEN = Path(__file__).resolve().parent / "golden"
R: dict[str, Any] = json.loads((GOLDEN / "r_survey.json").read_text(encoding="utf-8"))
CLOSE = 1e-6


@pytest.fixture(scope="module")
def hdv(real_data: Path) -> pd.DataFrame:
    return pd.read_csv(real_data / "survey" / "hdv2003.csv")


def drawn_simply(frame: pd.DataFrame, weights: str) -> Design:
    return design(len(frame), recruitment="aleatoire", weights=frame[weights])


def same_shares(found: pd.DataFrame, expected: dict[str, Any], group: str = "") -> None:
    rows = found[found["groupe"] == group].set_index("modalite")
    assert sorted(rows.index) == sorted(expected)
    for option, value in expected.items():
        row = rows.loc[option]
        assert row["n"] == value["n"]
        for name, peer in {"estimation": "estimate", "erreur_type": "se", "bas": "low", "haut": "high"}.items():
            assert row[name] == pytest.approx(value[peer], rel=CLOSE), (option, name)


@pytest.mark.parametrize(("column", "peer"), [("trav.satisf", "trav_satisf"), ("clso", "clso")])
def test_weighted_shares_of_histoire_de_vie(hdv: pd.DataFrame, column: str, peer: str) -> None:
    same_shares(estimates.shares(hdv[column], drawn_simply(hdv, "poids"), method="logit"), R["hdv"][peer])


def test_the_same_shares_by_samplics(hdv: pd.DataFrame) -> None:
    # samplics 0.6.1, TaylorEstimator(PopParam.prop) on those who answered: it leaves the others out of the design.
    answered = hdv.dropna(subset=["trav.satisf"])
    rows = estimates.shares(answered["trav.satisf"], drawn_simply(answered, "poids"), method="logit")
    assert rows["estimation"].tolist() == pytest.approx(
        [0.4222891551180495, 0.11130742822059059, 0.46640341666136], rel=CLOSE
    )
    assert rows["erreur_type"].tolist() == pytest.approx(
        [0.01934061963321029, 0.012426442958890897, 0.019731103362826873], rel=CLOSE
    )
    assert rows["bas"].tolist() == pytest.approx(
        [0.38486619981422615, 0.08915811139584609, 0.42796480561856737], rel=CLOSE
    )


def test_weighted_shares_by_group(hdv: pd.DataFrame) -> None:
    found = estimates.shares(hdv["trav.satisf"], drawn_simply(hdv, "poids"), by=hdv["sexe"], method="logit")
    for group, expected in R["hdv"]["trav_satisf_by_sexe"].items():
        same_shares(found, expected, group)


@pytest.mark.parametrize(("column", "peer"), [("age", "age"), ("heures.tv", "heures_tv")])
def test_weighted_means_and_medians(hdv: pd.DataFrame, column: str, peer: str) -> None:
    expected = R["hdv"][peer]
    mean = estimates.means(hdv[column], drawn_simply(hdv, "poids")).iloc[0]
    assert mean["n"] == expected["n"]
    for name, other in {"estimation": "estimate", "erreur_type": "se", "bas": "low", "haut": "high"}.items():
        assert mean[name] == pytest.approx(expected[other], rel=CLOSE)
    median = estimates.medians(hdv[column], drawn_simply(hdv, "poids")).iloc[0]
    assert median[["estimation", "bas", "haut"]].tolist() == [
        expected["median"], expected["median_low"], expected["median_high"]
    ]  # fmt: skip


def test_strata_and_clusters(hdv: pd.DataFrame) -> None:
    drawn = design(len(hdv), recruitment="aleatoire", weights=hdv["poids"], strata=hdv["sexe"], clusters=hdv["id"] % 60)
    same_shares(estimates.shares(hdv["trav.satisf"], drawn, method="logit"), R["hdv"]["drawn_trav_satisf"])
    mean = estimates.means(hdv["age"], drawn).iloc[0]
    assert mean["erreur_type"] == pytest.approx(R["hdv"]["drawn_age"]["se"], rel=CLOSE)
    assert mean["bas"] == pytest.approx(R["hdv"]["drawn_age"]["low"], rel=CLOSE)


def test_happiness_in_the_general_social_survey(real_data: Path) -> None:
    gss = pd.read_csv(real_data / "survey" / "gss_happy.csv.gz")
    drawn = drawn_simply(gss, "wtssall")
    same_shares(estimates.shares(gss["happy"], drawn, method="logit"), R["gss"]["happy"])
    by_sex = estimates.shares(gss["happy"], drawn, by=gss["sex"], method="logit")
    for group, expected in R["gss"]["happy_by_sex"].items():
        same_shares(by_sex, expected, group)


def test_raked_weights_of_histoire_de_vie(hdv: pd.DataFrame) -> None:
    frame = hdv[["sexe"]].assign(tranche=pd.cut(hdv["age"], [0, 29, 44, 59, 120], labels=list("abcd")).astype(str))
    margins = {"sexe": {"Femme": 5200, "Homme": 4800}, "tranche": {"a": 2100, "b": 2600, "c": 2500, "d": 2800}}
    raked = rake(frame, margins, recruitment="aleatoire", weights=hdv["poids"])
    assert raked.weights.head(40).tolist() == pytest.approx(R["raked_hdv"]["first"], rel=CLOSE)
    assert raked.weights.sum() == pytest.approx(R["raked_hdv"]["sum"], rel=CLOSE)
    assert (raked.weights**2).sum() == pytest.approx(R["raked_hdv"]["squares"], rel=CLOSE)


MARGINS = {"stype": {"E": 4421, "H": 755, "M": 1018}, "sch.wide": {"No": 1072, "Yes": 5122}}


def schools(population: float | None = None) -> tuple[pd.DataFrame, Design]:
    frame = pd.read_csv(GOLDEN / "apiclus1.csv")
    raked = rake(frame, MARGINS, recruitment="aleatoire", weights=frame["pw"])
    return frame, design_of(raked, clusters=frame["dnum"], population=population)


def test_the_published_example_of_raking() -> None:
    # Help page of survey::rake, printed with its results by r-forge: api00 641.23, enroll 3647300 (its own criterion of
    # convergence stops it at 5e-6), and the table of types by school-wide awards, rounded.
    frame, drawn = schools()
    weights = drawn.weights
    assert estimates.means(frame["api00"], drawn)["estimation"].iloc[0] == pytest.approx(641.23, abs=0.005)
    assert weights @ frame["enroll"] == pytest.approx(3_647_300, rel=1e-5)
    table = pd.Series(weights).groupby([frame["stype"], frame["sch.wide"]]).sum().round()
    assert table.tolist() == [478, 3943, 201, 554, 393, 625]


@pytest.mark.parametrize(("population", "peer"), [(None, "api"), (757, "api_fpc")])
def test_replicates_that_are_raked_again(population: float | None, peer: str) -> None:
    frame, drawn = schools(population)
    assert drawn.weights[:40].tolist() == pytest.approx(R[peer]["weights"], rel=CLOSE)
    mean = estimates.means(frame["api00"], jackknife(drawn)).iloc[0]
    assert mean["estimation"] == pytest.approx(R[peer]["estimate"], rel=CLOSE)
    assert mean["erreur_type"] == pytest.approx(R[peer]["se"], rel=CLOSE)


def test_a_jackknife_without_raking() -> None:
    frame = pd.read_csv(GOLDEN / "apiclus1.csv")
    drawn = design(len(frame), recruitment="aleatoire", weights=frame["pw"], clusters=frame["dnum"])
    mean = estimates.means(frame["api00"], jackknife(drawn)).iloc[0]
    assert mean["erreur_type"] == pytest.approx(R["api_jackknife"]["se"], rel=CLOSE)
    assert np.isclose(mean["estimation"], R["api_jackknife"]["estimate"])
