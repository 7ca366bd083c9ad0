"""Shares, means and medians by hand, on nobody, on one, on volunteers; laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval import intervals
from ctgeval.errors import DossierError
from ctgeval.surveys.design import design, design_of
from ctgeval.surveys.estimates import COLUMNS, means, medians, shares, weighted_median
from ctgeval.surveys.replication import bootstrap, jackknife
from ctgeval.surveys.weighting import rake


def test_a_weighted_share_by_hand() -> None:
    # Yes, weights 1 and 2; no, weights 3 and 4: p = 3/10. Linearised scores w (y - p) / W: .07, .14, -.09, -.12; their
    # mean is 0, their squares sum to .0470, times 4/3: variance 0.0626667, standard error 0.250333.
    drawn = design(4, recruitment="aleatoire", weights=[1, 2, 3, 4])
    table = shares(pd.Series(["oui", "oui", "non", "non"]), drawn)
    yes = table.set_index("modalite").loc["oui"]
    assert list(table.columns) == list(COLUMNS)
    assert (yes["n"], yes["effectif"], yes["raison"]) == (4, 2, "")
    assert yes["estimation"] == pytest.approx(0.3)
    assert yes["erreur_type"] == pytest.approx(np.sqrt(0.047 * 4 / 3))
    # Drawn simply, 4 persons would give p (1 - p) / 3 = 0.07: the design effect is 0.0626667 / 0.07 = 0.895, and as it
    # is under 1 the four persons are worth four.
    low, high = intervals.wilson(1.2, 4)
    assert (yes["bas"], yes["haut"], yes["n_efficace"]) == pytest.approx((float(low), float(high), 4))


def test_equal_weights_give_the_interval_of_wilson_itself() -> None:
    drawn = design(20, recruitment="aleatoire", weights=np.full(20, 7.5))
    table = shares(pd.Series(["a"] * 3 + ["b"] * 17), drawn, options=["a", "b", "c"])
    low, high = intervals.wilson([3, 17, 0], 20)
    assert table["bas"].tolist() == pytest.approx(low.tolist())
    assert table["haut"].tolist() == pytest.approx(high.tolist())
    assert table["effectif"].tolist() == [3, 17, 0]


def test_nobody_said_it_still_has_an_interval() -> None:
    # Weights 1, 1, 2: effective size 16/6 = 2.667 (Kish), as no variance is seen.
    drawn = design(3, recruitment="aleatoire", weights=[1, 1, 2])
    none = shares(pd.Series(["b", "b", "b"]), drawn, options=["a", "b"]).iloc[0]
    assert none["bas"] == 0
    assert none["haut"] == pytest.approx(float(intervals.wilson(0, 16 / 6)[1]))
    assert shares(pd.Series(["b"] * 3), drawn, options=["a", "b"], method="logit")["haut"].iloc[0] == none["haut"]


def test_a_weighted_mean_by_hand() -> None:
    # Values 0, 10 of weights 1, 3: mean 7.5; scores 1 x -7.5 / 4 and 3 x 2.5 / 4 = -+1.875: variance 2 x 2 x 1.875^2.
    mean = means(pd.Series([0.0, 10.0]), design(2, recruitment="aleatoire", weights=[1, 3])).iloc[0]
    assert mean["estimation"] == 7.5
    assert mean["erreur_type"] == pytest.approx(3.75)
    assert mean["haut"] - mean["estimation"] == pytest.approx(12.7062 * 3.75, rel=1e-5)


def test_without_weights_a_mean_has_the_error_of_school() -> None:
    values = pd.Series([1.0, 2, 4, 8])
    mean = means(values, design(4, recruitment="aleatoire")).iloc[0]
    assert (mean["n"], mean["estimation"]) == (4, 3.75)
    assert mean["erreur_type"] == pytest.approx(values.std() / 2)
    assert mean["effet_plan"] == pytest.approx(1)


def test_medians_by_hand() -> None:
    assert weighted_median(np.array([3.0, 1, 2]), np.ones(3)) == 2
    assert weighted_median(np.array([4.0, 1, 2, 3]), np.ones(4)) == 2.5
    assert weighted_median(np.array([1.0, 2, 3]), np.array([1.0, 1, 5])) == 3
    assert np.isnan(weighted_median(np.array([]), np.array([])))
    table = medians(pd.Series(range(1, 101)), design(100, recruitment="aleatoire")).iloc[0]
    # Half plus or minus 1.984 x 0.0503 = 0.0997: shares 0.4003 and 0.5997 of 100 persons, the 41st and the 60th.
    assert table[["estimation", "bas", "haut"]].tolist() == [50.5, 41, 60]


def test_groups_keep_their_own_size() -> None:
    drawn = design(6, recruitment="aleatoire")
    by = pd.Series(["nord", "nord", "nord", "sud", "sud", None])
    table = shares(pd.Series(["a", "b", None, "a", "a", "a"]), drawn, by=by)
    assert table["groupe"].tolist() == ["nord", "nord", "sud", "sud"]
    assert table["n"].tolist() == [2, 2, 2, 2]
    assert table["estimation"].tolist() == [0.5, 0.5, 1, 0]
    assert means(pd.Series([1.0, 3, 5, 7, 9, 11]), drawn, by=by)["estimation"].tolist() == [3, 8]


@pytest.mark.parametrize(("recruitment", "reason"), [("volontaire", "volontaires"), ("exhaustif", "exhaustif")])
def test_without_chance_there_is_no_interval(recruitment: str, reason: str) -> None:
    drawn = design(20, recruitment=recruitment)  # type: ignore[arg-type]
    answers = pd.Series(["a", "b"] * 10)
    for table in (
        shares(answers, drawn),
        shares(answers, drawn, method="logit"),
        means(pd.Series(range(20)), drawn),
        medians(pd.Series(range(20)), drawn),
        shares(answers, jackknife(drawn)),
    ):
        assert table["estimation"].notna().all()
        assert table[["erreur_type", "bas", "haut", "n_efficace"]].isna().all(axis=None)
        assert set(table["raison"]) == {reason}
    assert drawn.said() == ()


def test_who_asked_everybody_and_knows_how_many_they_are_corrects_for_it() -> None:
    answers = pd.Series(["a", "b"] * 10)
    half = shares(answers, design(20, recruitment="exhaustif", population=40)).iloc[0]
    whole = shares(answers, design(20, recruitment="exhaustif", population=20)).iloc[0]
    free = shares(answers, design(20, recruitment="aleatoire")).iloc[0]
    assert half["erreur_type"] == pytest.approx(free["erreur_type"] / np.sqrt(2))
    assert free["bas"] < half["bas"] < whole["bas"]
    assert (whole["bas"], whole["haut"], whole["erreur_type"]) == (0.5, 0.5, 0)


def test_a_stratum_of_one_is_said() -> None:
    drawn = design(4, recruitment="aleatoire", strata=["s", "s", "s", "t"])
    table = shares(pd.Series(["a", "b", "a", "a"]), drawn)
    assert set(table["raison"]) == {"strate_seule"}
    assert table["bas"].isna().all()


def test_nobody_and_one_person() -> None:
    nobody = shares(pd.Series([None, None], dtype=object), design(2, recruitment="aleatoire"), options=["a"]).iloc[0]
    assert (nobody["n"], nobody["raison"]) == (0, "aucune_reponse")
    assert np.isnan(nobody["estimation"])
    one = shares(pd.Series(["a", None]), design(2, recruitment="aleatoire")).iloc[0]
    assert (one["n"], one["estimation"], one["raison"]) == (1, 1.0, "une_seule_reponse")
    assert len(shares(pd.Series([], dtype=object), design(0, recruitment="aleatoire"))) == 0
    assert np.isnan(means(pd.Series([], dtype=float), design(0, recruitment="aleatoire"))["estimation"].iloc[0])


def test_clusters_that_agree_say_less() -> None:
    answers = pd.Series((["a"] * 10 + ["b"] * 10) * 3)
    alone = shares(answers, design(60, recruitment="aleatoire")).iloc[0]
    grouped = shares(answers, design(60, recruitment="aleatoire", clusters=np.arange(60) // 10)).iloc[0]
    assert grouped["n_efficace"] < 6.1 < alone["n_efficace"]
    assert grouped["bas"] < alone["bas"]


def test_replicates_of_raked_weights_are_worth_the_margin() -> None:
    # What is known exactly has no error left: the share of women, once raked on sex.
    random = np.random.default_rng(4)
    sex = pd.Series(random.choice(["F", "H"], 80, p=[0.7, 0.3]))
    drawn = design_of(rake(sex.to_frame("sexe"), {"sexe": {"F": 52, "H": 48}}, recruitment="aleatoire"))
    linear, again = shares(sex, drawn).iloc[0], shares(sex, jackknife(drawn)).iloc[0]
    assert linear["erreur_type"] > 0.04
    assert again["erreur_type"] == pytest.approx(0, abs=1e-9)
    assert "chacune redressée à nouveau" in jackknife(drawn).said()[0]


def test_the_bootstrap_is_close_to_linearisation_and_repeats_itself() -> None:
    random = np.random.default_rng(5)
    values = pd.Series(random.gamma(2, 3, 300))
    drawn = design(300, recruitment="aleatoire", weights=random.gamma(4, 1, 300), strata=np.arange(300) % 3)
    linear = means(values, drawn)["erreur_type"].iloc[0]
    one, two = (means(values, bootstrap(drawn, seed=seed))["erreur_type"].iloc[0] for seed in (1, 1))
    assert one == two
    assert one == pytest.approx(linear, rel=0.1)
    assert means(values, jackknife(drawn))["erreur_type"].iloc[0] == pytest.approx(linear, rel=0.02)
    assert means(values, jackknife(drawn, groups=60))["erreur_type"].iloc[0] == pytest.approx(linear, rel=0.3)
    assert jackknife(drawn, groups=60).replicates.shape[1] == 60  # type: ignore[union-attr]


def test_a_replicate_that_can_not_be_raked_is_counted_out() -> None:
    frame = pd.DataFrame({"sexe": ["F", "F", "F", "H"]})
    drawn = jackknife(design_of(rake(frame, {"sexe": {"F": 50, "H": 50}}, recruitment="aleatoire")))
    assert drawn.lost == 1
    assert drawn.replicates is not None
    assert drawn.replicates.shape == (4, 3)
    assert "1\u00a0réplication de plus n’a pas pu être redressée" in drawn.said()[0]


def test_too_little_to_replicate_leaves_the_design_as_it_is() -> None:
    for count in (0, 1):
        drawn = design(count, recruitment="aleatoire")
        assert jackknife(drawn).replicates is None
        assert bootstrap(drawn).replicates is None


def test_what_does_not_fit_is_refused() -> None:
    drawn = design(2, recruitment="aleatoire")
    with pytest.raises(DossierError, match="3 réponses pour 2 répondants"):
        shares(pd.Series(["a"] * 3), drawn)
    with pytest.raises(DossierError, match="n’est pas une modalité"):
        shares(pd.Series(["a", "z"]), drawn, options=["a"])
    with pytest.raises(DossierError, match="wilson ou logit"):
        shares(pd.Series(["a", "z"]), drawn, method="wald")  # type: ignore[arg-type]
    with pytest.raises(DossierError, match="plus petite que l’échantillon"):
        design(3, recruitment="exhaustif", population=2)
    with pytest.raises(DossierError, match="Il manque une strate"):
        design(2, recruitment="aleatoire", strata=["a", None])


rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]),
        st.floats(1e-6, 1e6),
        st.integers(0, 3),
        st.sampled_from(["x", "y", None]),
        st.one_of(st.none(), st.floats(-1e9, 1e9)),
    ),
    max_size=25,
)


@settings(max_examples=40)
@given(rows, st.sampled_from(["aleatoire", "exhaustif", "volontaire"]), st.booleans(), st.booleans())
def test_whatever_the_answers(
    given_rows: list[tuple[str | None, float, int, str | None, float | None]],
    recruitment: str,
    grouped: bool,
    replicated: bool,
) -> None:
    frame = pd.DataFrame(given_rows, columns=["q", "w", "c", "g", "v"])
    drawn = design(len(frame), recruitment=recruitment, weights=frame["w"], clusters=frame["c"] if grouped else None)  # type: ignore[arg-type]
    drawn = jackknife(drawn) if replicated else drawn
    for by in (None, frame["g"]):
        table = shares(frame["q"], drawn, options=["a", "b"], by=by)
        known = table["n"] > 0
        assert table.loc[known, "estimation"].between(0, 1).all()
        total = table.groupby("groupe")["estimation"].sum(min_count=2).dropna()
        assert total.tolist() == pytest.approx([1.0] * len(total))
        inside = table["bas"].notna()
        assert (table.loc[inside, "bas"] <= table.loc[inside, "estimation"] + 1e-9).all()
        assert (table.loc[inside, "haut"] >= table.loc[inside, "estimation"] - 1e-9).all()
        assert table.loc[inside, "haut"].le(1).all()
        logit = shares(frame["q"], drawn, options=["a", "b"], by=by, method="logit")
        assert logit["bas"].dropna().between(0, 1).all()
        for found in (means(frame["v"], drawn, by=by), medians(frame["v"], drawn, by=by)):
            assert found.loc[found["n"] > 0, "estimation"].notna().all()
            assert found.loc[found["n"] == 0, "estimation"].isna().all()
