"""Raking: published tables, hand-made ones, laws, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DossierError
from ctgeval.surveys.raking import TOLERANCE
from ctgeval.surveys.weighting import effective_size, kish_effect, rake

# Bishop, Fienberg and Holland (1975), Discrete Multivariate Analysis, ch. 3: a population by age and marital status,
# last year's table brought to this year's margins; printed with its fit to two decimals in the SAS/IML User's Guide,
# example 9.14 (output 9.14.1).
KNOWN = [
    [1306, 83, 0], [619, 765, 3], [263, 1194, 9], [173, 1372, 28],
    [171, 1393, 51], [159, 1372, 81], [208, 1350, 108], [1116, 4100, 2329],
]  # fmt: skip
AGES = [1412, 1402, 1450, 1541, 1681, 1532, 1662, 7644]
STATUSES = [3988, 11702, 2634]
FITTED = [
    [1325.27, 86.73, 0.00], [615.56, 783.39, 3.05], [253.94, 1187.18, 8.88], [165.13, 1348.55, 27.32],
    [173.41, 1454.71, 52.87], [147.21, 1308.12, 76.67], [202.33, 1352.28, 107.40], [1105.16, 4181.04, 2357.81],
]  # fmt: skip


def test_a_published_table_is_raked_to_the_last_digit() -> None:
    rows = [(i, j, count) for i, row in enumerate(KNOWN) for j, count in enumerate(row) if count]
    frame = pd.DataFrame(rows, columns=["age", "etat", "poids"])
    raked = rake(
        frame,
        {"etat": dict(enumerate(STATUSES)), "age": dict(enumerate(AGES))},
        recruitment="exhaustif",
        weights=frame["poids"],
    )
    found = np.zeros((8, 3))
    found[frame["age"], frame["etat"]] = raked.weights
    assert raked.converged
    assert np.abs(found - np.array(FITTED)).max() <= 0.0051


def people(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_one_margin_is_a_rule_of_three() -> None:
    # 3 women and 1 man for a half of each: 4 x 0.5 / 3 = 2/3 for each woman, 4 x 0.5 / 1 = 2 for the man.
    # Kish: 4 x (3 x 4/9 + 4) / 16 = 4/3; 4 persons over 4/3 are 3.
    raked = rake(people(sexe=["F", "F", "F", "H"]), {"sexe": {"F": 0.5, "H": 0.5}}, recruitment="aleatoire")
    assert raked.weights.tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])
    assert raked.design_effect == pytest.approx(4 / 3)
    assert raked.effective_size == pytest.approx(3)
    assert raked.spread == pytest.approx((2 / 3, 2))
    spread = "Les poids vont de 0,67 à 2,00 fois leur moyenne\u202f; effet de plan 1,33"
    assert raked.said() == (
        "4\u00a0réponses redressées sur «\u202fsexe\u202f».",
        "Le calage a convergé en 1\u00a0passage.",
        f"{spread}, soit l’équivalent de 3\u00a0réponses de même poids.",
    )


def test_counts_give_weights_of_the_population_and_percentages_weights_of_the_respondents() -> None:
    frame = people(sexe=["F", "F", "F", "H"])
    counts = rake(frame, {"sexe": {"F": 520, "H": 480}}, recruitment="aleatoire").weights
    percentages = rake(frame, {"sexe": {"F": 52, "H": 48}}, recruitment="aleatoire").weights
    assert counts.sum() == pytest.approx(1000)
    assert percentages.sum() == pytest.approx(4)
    assert (counts / percentages).tolist() == pytest.approx([250] * 4)
    assert rake(frame, {"sexe": {"F": 52, "H": 48}}, recruitment="aleatoire", total=10).weights.sum() == pytest.approx(
        10
    )


def test_numbers_and_texts_are_one_category() -> None:
    raked = rake(people(q=[1.0, 2, "2 "]), {"q": {"1": 50, 2: 50}}, recruitment="aleatoire")
    assert raked.weights.tolist() == pytest.approx([1.5, 0.75, 0.75])


def test_trimmed_weights_still_meet_the_margins() -> None:
    random = np.random.default_rng(3)
    frame = people(
        age=list(random.choice(["a", "b", "c"], 200, p=[0.6, 0.3, 0.1])),
        sexe=list(random.choice(["F", "H"], 200, p=[0.8, 0.2])),
    )
    margins = {"age": {"a": 30, "b": 35, "c": 35}, "sexe": {"F": 52, "H": 48}}
    free = rake(frame, margins, recruitment="aleatoire")
    bound = rake(frame, margins, recruitment="aleatoire", bounds=(0.3, 5))
    assert free.spread[1] > 5
    assert bound.converged
    assert bound.spread[1] == pytest.approx(5)
    assert bound.at_high > 0
    assert bound.gaps.max() < 1e-9
    assert bound.design_effect < free.design_effect
    assert any("arrêtés à une borne" in sentence for sentence in bound.said())


def test_bounds_that_no_weights_keep_to_are_said_and_not_hidden() -> None:
    raked = rake(
        people(sexe=["F"] * 9 + ["H"]),
        {"sexe": {"F": 50, "H": 50}},
        recruitment="aleatoire",
        bounds=(0.5, 2),
        cycles=50,
    )
    assert not raked.converged
    assert raked.cycles == 50
    assert raked.gaps["sexe"] > 0.1
    assert "n’a pas convergé après 50" in " ".join(raked.said())


def test_margins_that_no_weights_can_meet_together_are_said() -> None:
    # Every woman is young and every man old: half of women and a third of young people can't be had at once.
    raked = rake(
        people(sexe=["F", "F", "H"], age=["j", "j", "v"]),
        {"sexe": {"F": 50, "H": 50}, "age": {"j": 30, "v": 70}},
        recruitment="aleatoire",
        cycles=30,
    )
    assert not raked.converged
    assert raked.gaps.max() == pytest.approx(0.2)


def test_weights_bounded_by_their_start_keep_near_it() -> None:
    frame = people(sexe=["F", "F", "F", "H"])
    raked = rake(
        frame,
        {"sexe": {"F": 60, "H": 40}},
        recruitment="aleatoire",
        weights=[1, 1, 4, 2],
        bounds=(0.5, 2),
        bounds_of="depart",
    )
    # Women have 6 of 8, they must have 0.6: each is divided by 1.25; the man goes from 0.25 to 0.4, 1.6 times.
    assert raked.weights.tolist() == pytest.approx([0.4, 0.4, 1.6, 1.6])


def test_who_did_not_answer_keeps_the_share_he_had() -> None:
    frame = people(sexe=["F", "F", "H", None])
    raked = rake(frame, {"sexe": {"F": 50, "H": 50}}, recruitment="aleatoire")
    # The silent person had 1/4 and keeps it; the rest, 3/4, is halved: 3/8 of 4 for two women, and for one man.
    assert raked.weights.tolist() == pytest.approx([0.75, 0.75, 1.5, 1])
    assert raked.missing == {"sexe": 1}
    assert "garde la part" in " ".join(raked.said())
    aside = rake(frame, {"sexe": {"F": 50, "H": 50}}, recruitment="aleatoire", missing="ecarter")
    assert aside.weights.isna().tolist() == [False, False, False, True]
    assert aside.weights.dropna().tolist() == pytest.approx([0.75, 0.75, 1.5])
    assert aside.n == 3
    assert "n’a pas de poids" in " ".join(aside.said())


def test_missing_answers_can_be_refused_with_their_lines() -> None:
    with pytest.raises(DossierError) as caught:
        rake(
            people(sexe=["F", None, "H"]),
            {"sexe": {"F": 1, "H": 1}},
            recruitment="aleatoire",
            missing="refuser",
            file="e.csv",
        )
    assert [problem.row for problem in caught.value.problems] == [3]
    assert "fichier e.csv, ligne 3, colonne « sexe »" in str(caught.value)


def test_volunteers_may_be_weighted_but_remain_volunteers() -> None:
    raked = rake(people(sexe=["F", "F", "H"]), {"sexe": {"F": 50, "H": 50}}, recruitment="volontaire")
    assert "ne forment pas un échantillon, même redressés" in raked.said()[-1]


FAULTS = {
    "a category that nobody answered": ({"sexe": {"F": 50, "H": 40, "X": 10}}, "Personne n’a répondu « X » à « sexe »"),
    "an answer that the margin lacks": ({"sexe": {"F": 100}}, "La modalité « H » de « sexe » est répondue"),
    "a zero margin": ({"sexe": {"F": 100, "H": 0}}, "La marge de « H » (sexe) est nulle"),
    "a negative margin": ({"sexe": {"F": 100, "H": -5}}, "La marge de « H » (sexe) est négative"),
    "a margin that is no number": ({"sexe": {"F": 100, "H": "beaucoup"}}, "La marge de « H » (sexe) est illisible"),
    "an infinite margin": ({"sexe": {"F": 100, "H": float("inf")}}, "La marge de « H » (sexe) est illisible"),
    "other totals": ({"sexe": {"F": 50, "H": 70}, "age": {"j": 70, "v": 80}}, "n’ont pas le même total (120 et 150)"),
    "counts beside shares": ({"sexe": {"F": 500, "H": 500}, "age": {"j": 0.4, "v": 0.6}}, "n’ont pas le même total"),
    "shares that lack something": ({"sexe": {"F": 0.5, "H": 0.3}}, "Les parts de « sexe » totalisent 80,0"),
    "an unknown variable": ({"sex": {"F": 50, "H": 50}}, "Vouliez-vous dire « sexe » ?"),
    "nobody answered at all": ({"vide": {"a": 1}}, "Personne n’a répondu à « vide »"),
    "no category": ({"sexe": {}}, "La marge « sexe » n’a aucune modalité"),
    "no margin": ({}, "Aucune marge n’est donnée"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_impossible_margins_are_named(fault: str) -> None:
    margins, expected = FAULTS[fault]
    frame = people(sexe=["F", "F", "H"], age=["j", "v", "v"], vide=[None, None, " "])
    with pytest.raises(DossierError) as caught:
        rake(frame, margins, recruitment="aleatoire")
    assert expected in str(caught.value)
    assert all(problem.remedy for problem in caught.value.problems)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(DossierError) as caught:
        rake(
            people(sexe=["F", "H"], age=["j", "j"]),
            {"sexe": {"F": -1, "H": 1}, "age": {"j": 50, "v": 50}},
            recruitment="aleatoire",
        )
    assert len(caught.value.problems) == 2


def test_nobody_to_weigh_is_an_error() -> None:
    with pytest.raises(DossierError, match="Aucune réponse"):
        rake(people(sexe=[]), {"sexe": {"F": 1}}, recruitment="aleatoire")


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (0, "est nul"),
        (-2, "est négatif"),
        (None, "manque"),
        ("deux", "n’est pas un nombre"),
        (float("inf"), "est infini"),
    ],
)
def test_a_weight_that_is_none_is_told_with_its_line(weight: object, expected: str) -> None:
    with pytest.raises(DossierError) as caught:
        rake(
            people(sexe=["F", "H", "H"]), {"sexe": {"F": 1, "H": 1}}, recruitment="aleatoire",
            weights=[1, weight, 3], lines=[12, 15, 18], file="reponses.csv",
        )  # fmt: skip
    assert expected in str(caught.value)
    assert caught.value.problems[0].row == 15
    assert "retirer la réponse" in caught.value.problems[0].remedy


def test_as_many_weights_as_respondents() -> None:
    with pytest.raises(DossierError, match="2\u00a0poids pour 3\u00a0réponses"):
        rake(people(sexe=["F", "H", "H"]), {"sexe": {"F": 1, "H": 1}}, recruitment="aleatoire", weights=[1, 2])


@pytest.mark.parametrize("bounds", [(1.2, 3), (0.2, 0.9), (-1, 3), (2, 1)])
def test_bounds_hold_one(bounds: tuple[float, float]) -> None:
    with pytest.raises(DossierError, match="encadrer 1"):
        rake(people(sexe=["F"]), {"sexe": {"F": 1}}, recruitment="aleatoire", bounds=bounds)


def test_words_that_are_none_are_refused() -> None:
    frame, margins = people(sexe=["F"]), {"sexe": {"F": 1}}
    with pytest.raises(DossierError, match="Vouliez-vous dire « volontaire »"):
        rake(frame, margins, recruitment="volontaires")  # type: ignore[arg-type]
    with pytest.raises(DossierError, match="neutre, ecarter ou refuser"):
        rake(frame, margins, recruitment="aleatoire", missing="rien")  # type: ignore[arg-type]
    with pytest.raises(DossierError, match="moyenne ou depart"):
        rake(frame, margins, recruitment="aleatoire", bounds_of="rien")  # type: ignore[arg-type]


def test_leaving_incomplete_answers_out_must_leave_somebody() -> None:
    with pytest.raises(DossierError, match="Il ne reste personne dans la modalité « H » de « sexe »"):
        rake(
            people(sexe=["F", "H"], age=["j", None]),
            {"sexe": {"F": 1, "H": 1}, "age": {"j": 2}},
            recruitment="aleatoire",
            missing="ecarter",
        )


def test_no_weight_at_all_has_no_effect() -> None:
    assert np.isnan(kish_effect(np.array([np.nan])))
    assert effective_size(np.array([])) == 0


answers = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.floats(1e-3, 1e3)), min_size=6, max_size=40
).filter(lambda rows: len({(a, b) for a, b, _ in rows}) == 6)


@settings(max_examples=40)
@given(answers, st.floats(0.05, 0.95), st.tuples(st.floats(0.1, 1), st.floats(0.1, 1), st.floats(0.1, 1)))
def test_every_margin_is_met_whatever_the_respondents(
    rows: list[tuple[str, str, float]], share: float, other: tuple[float, float, float]
) -> None:
    frame = pd.DataFrame(rows, columns=["u", "v", "w"])
    margins = {"u": {"a": share, "b": 1 - share}, "v": dict(zip("xyz", (x / sum(other) for x in other), strict=True))}
    raked = rake(frame, margins, recruitment="aleatoire", weights=frame["w"])
    if raked.converged:
        after = raked.weights.groupby(frame["u"]).sum() / raked.weights.sum()
        assert after["a"] == pytest.approx(share, rel=10 * TOLERANCE)
        assert raked.design_effect >= 1
        order = np.random.default_rng(0).permutation(len(frame))
        again = rake(frame.iloc[order], margins, recruitment="aleatoire", weights=frame["w"].iloc[order]).weights
        assert again.sort_index().tolist() == pytest.approx(raked.weights.tolist(), rel=1e-6)
    else:
        assert raked.gaps.max() > 0
    assert (raked.weights > 0).all()
    replicates = raked.again(np.column_stack([raked.start, 2 * raked.start]))
    if raked.converged:
        assert np.allclose(replicates, raked.weights.to_numpy()[:, None], rtol=1e-9)
