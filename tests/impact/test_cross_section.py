from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DesignError, ImpactError, NotIdentified, TooFewUnits
from ctgeval.impact import ImpactResult, ReprCrossSections, did_cross_section

HOUSE = ["age", "agesq", "intst", "land", "area", "rooms", "baths"]


def survey(n_treated: int = 1, n_controls: int = 1, *, effect: float = 0.0, shock: float = 0.5, persons: int = 20,
           seed: int = 0) -> pd.DataFrame:  # fmt: skip
    """Different persons before and after in each territory, which has its own shock at each moment."""
    random = np.random.default_rng(seed)
    total = n_treated + n_controls
    place, post = np.repeat(np.arange(total), 2 * persons), np.tile(np.repeat([0, 1], persons), total)
    on = (place < n_treated).astype(int)
    own = random.normal(0, shock, (total, 2))[place, post]
    y = own + random.normal(0, 1, len(place)) + effect * on * post
    return pd.DataFrame({"y": y, "on": on, "post": post, "place": [f"COM-{k:05d}" for k in place]})


def run(data: pd.DataFrame, **options: Any) -> ImpactResult:
    return did_cross_section(data, **{"outcome": "y", "treated": "on", "post": "post", **options})


# -- published ----------------------------------------------------------------------------------------------------


def test_card_and_krueger(real_data: Path) -> None:
    data = pd.read_csv(real_data / "impact/card_krueger_1994.csv")
    errors = {}
    for kind in ("auto", "iid", "hc1"):
        found = did_cross_section(data, outcome="fte", treated="nj", post="d", errors=kind)  # type: ignore[arg-type]
        assert found.estimate == pytest.approx(2.75361, abs=5e-6)
        errors[kind] = found.std_error
    assert errors["iid"] == pytest.approx(1.68841, abs=5e-6)
    assert errors["hc1"] == pytest.approx(1.79545, abs=5e-6)
    means = found.details["means"]
    np.testing.assert_allclose(means["mean"].round(2), [20.44, 21.03, 23.33, 21.17])
    np.testing.assert_allclose(means["std_error"].round(2), [0.51, 0.52, 1.35, 0.94])
    # Independent samples: the four errors of the means, together.
    assert errors["auto"] == pytest.approx(np.sqrt((means["std_error"] ** 2).sum()))
    assert round(errors["auto"], 2) == 1.80
    assert found.details["missing"] == 26
    assert any("26 personnes" in limit for limit in found.limits)
    assert (found.verdict, found.evidence) == ("non_concluant", 2)


@pytest.mark.parametrize(
    ("covariates", "estimate", "error"),
    [([], -11863.90, 7456.65), (HOUSE[:2], -21920.27, 6359.75), (HOUSE, -14177.93, 4987.27)],
)
def test_kiel_and_mcclain(real_data: Path, covariates: list[str], estimate: float, error: float) -> None:
    data = pd.read_csv(real_data / "impact/kielmc.csv")
    found = did_cross_section(
        data, outcome="rprice", treated="nearinc", post="y81", covariates=covariates, errors="iid", unit_label="dollars"
    )
    assert found.estimate == pytest.approx(estimate, abs=5e-3)
    assert found.std_error == pytest.approx(error, abs=5e-3)


# -- laws ---------------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.floats(-100, 100))
def test_rows_shifts_and_scales(seed: int, scale: float, shift: float) -> None:
    data = survey(seed=seed)
    first = run(data)
    again = run(data.sample(frac=1, random_state=seed))
    moved = run(data.assign(y=scale * data["y"] + shift + 3 * data["on"] + 5 * data["post"]))
    assert again.estimate == pytest.approx(first.estimate)
    assert again.p_value == pytest.approx(first.p_value)
    assert moved.estimate == pytest.approx(scale * first.estimate, rel=1e-6, abs=1e-7)
    assert moved.std_error == pytest.approx(scale * first.std_error, rel=1e-6)
    turned = run(data.assign(on=1 - data["on"]))
    assert turned.estimate == pytest.approx(-first.estimate)


def test_weights_are_those_of_a_weighted_mean() -> None:
    data = survey(seed=3).assign(w=lambda rows: 1 + np.arange(len(rows)) % 4)
    found = run(data, weights="w")
    cells = data.groupby(["on", "post"])[["y", "w"]].apply(lambda rows: np.average(rows["y"], weights=rows["w"]))
    assert found.estimate == pytest.approx(cells[1, 1] - cells[1, 0] - cells[0, 1] + cells[0, 0])
    assert run(data.assign(w=7.0), weights="w").std_error == pytest.approx(run(data).std_error)


def test_a_read_survey_gives_the_same_result() -> None:
    data = survey(8, 22, seed=4)
    read = ReprCrossSections.from_frame(data, outcome="y", treated="on", post="post", cluster="place")
    assert (read.n, read.missing, read.smallest_cell) == (len(data), 0, 160)
    first, second = did_cross_section(read), run(data, cluster="place")
    assert (first.estimate, first.p_value) == (second.estimate, second.p_value)
    with pytest.raises(ValueError, match="read-only"):
        read.outcome[0] = 1.0


# -- territories --------------------------------------------------------------------------------------------------


def test_two_territories_never_give_a_verdict() -> None:
    data = survey(effect=5.0)
    found = run(data)
    assert found.p_value < 1e-6
    assert found.verdict == "non_concluant"
    assert any("tout le territoire" in limit for limit in found.limits)
    drawn = run(data, randomised=True)
    assert (drawn.verdict, drawn.evidence) == ("amelioration", 5)
    assert run(data, cluster="place").verdict == "non_concluant"


def test_a_large_effect_in_many_territories_is_found() -> None:
    found = run(survey(8, 24, effect=2.0, persons=30), cluster="place")
    assert found.verdict == "amelioration"
    assert found.inference.startswith("cluster+permutation")
    assert "32 territoires" in found.steps[0]


@pytest.mark.parametrize(("treated", "controls"), [(1, 20), (8, 22)])
def test_shocks_of_territories_are_not_called_effects(treated: int, controls: int) -> None:
    false = naive = 0
    for seed in range(40):
        data = survey(treated, controls, seed=seed)
        false += run(data, cluster="place").verdict in {"amelioration", "degradation"}
        naive += run(data).p_value < 0.05
    # 40 draws at 5 %: seven or more would happen three times in a thousand. By persons, noise is often an effect.
    assert false <= 6
    assert naive > 8


def test_cluster_errors_of_few_territories_are_refused() -> None:
    data = survey(3, 20)
    with pytest.raises(TooFewUnits, match="3 territoires") as caught:
        run(data, cluster="place", errors="cluster")
    assert 'errors="auto"' in caught.value.problem.remedy
    shown = run(data, cluster="place", errors="cluster", allow_invalid=True)
    assert (shown.valid, shown.verdict) == (False, "non_evaluable")
    assert shown.std_error > 0


def test_territories_asked_once_are_told() -> None:
    data = survey(8, 22, seed=5)
    data = data[~((data["place"] == "COM-00015") & (data["post"] == 1))]
    found = run(data, cluster="place")
    assert any("COM-00015" in limit for limit in found.limits)
    only = data[(data["post"] == 0) | (data["on"] == 0) | (data["place"] == "none")]
    with pytest.raises(NotIdentified, match="concernées après"):
        run(only, cluster="place")


def test_a_territory_with_both_groups_is_a_cluster_like_another() -> None:
    data = survey(15, 15).assign(on=lambda rows: np.arange(len(rows)) % 2)
    found = run(data, cluster="place")
    assert (found.inference, found.details["conclusive"]) == ("cluster", True)
    assert run(survey(4, 4).assign(on=lambda r: np.arange(len(r)) % 2), cluster="place").verdict == "non_concluant"


def test_few_persons_are_told_and_not_tested() -> None:
    found = run(survey(persons=3))
    assert np.isfinite(found.estimate)
    assert (found.verdict, found.valid) == ("non_evaluable", False)
    assert any("3 personne(s)" in limit for limit in found.limits)


# -- refusals -----------------------------------------------------------------------------------------------------


def refused(kind: type[ImpactError], data: pd.DataFrame, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        run(data, **options)
    assert caught.value.problem.remedy
    return str(caught.value)


def test_bad_columns_are_refused_with_rows_and_remedy() -> None:
    data = survey()
    assert "yy" in refused(DesignError, data, outcome="yy")
    commas = data.astype({"y": object})
    commas.loc[4, "y"] = "12,5"
    told = refused(DesignError, commas)
    assert "lignes 4" in told
    assert "virgule" in told
    assert "infinie" in refused(DesignError, data.assign(y=data["y"].where(data.index != 1, -np.inf)))
    assert "0 ou 1" in refused(DesignError, data.assign(on=data["on"] + 1))
    assert "0 ou 1" in refused(DesignError, data.assign(post=data["post"].where(data.index != 9)))
    assert "partout la même valeur" in refused(DesignError, data.assign(y=4.0))
    assert "manque sur 1 ligne" in refused(
        DesignError, data.assign(place=data["place"].where(data.index != 2)), cluster="place"
    )
    assert "vide" in refused(DesignError, data.iloc[:0])
    for weight in (0.0, -1.0, np.nan):
        assert "lignes 6" in refused(DesignError, data.assign(w=np.where(data.index == 6, weight, 1.0)), weights="w")


def test_an_empty_cell_is_named() -> None:
    data = survey()
    empty = data[~((data["on"] == 0) & (data["post"] == 1))]
    assert "de comparaison après" in refused(NotIdentified, empty)


def test_redundant_covariates_are_named() -> None:
    data = survey().assign(age=lambda rows: np.arange(len(rows)), months=lambda rows: 12.0 * np.arange(len(rows)))
    told = refused(NotIdentified, data, covariates=["age", "months"])
    assert "« months » se déduit de « age »" in told
    assert "« copy » se déduit de « concerné »" in refused(
        NotIdentified, data.assign(copy=data["on"]), covariates=["copy"]
    )


def test_options_that_mean_nothing_are_refused() -> None:
    assert "hc2" in refused(DesignError, survey(), errors="hc22")
    assert "cluster=" in refused(DesignError, survey(), errors="permutation")
    assert "sens" in refused(DesignError, survey(), direction="up")
    with pytest.raises(DesignError, match="Il manque une colonne"):
        did_cross_section(survey(), outcome="y")
