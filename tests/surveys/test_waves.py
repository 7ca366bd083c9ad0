"""Two waves question by question: verdicts corrected together, codes that changed, persons matched."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ctgeval.errors import DossierError
from ctgeval.surveys.design import design, design_of
from ctgeval.surveys.replication import bootstrap
from ctgeval.surveys.waves import COLUMNS, Compared, Wave, compare, corrected
from ctgeval.surveys.weighting import rake

AGREE = ("non", "plutot_non", "plutot_oui", "oui")
HAPPY = Compared(question="q1", kind="part", options=AGREE, counted=("plutot_oui", "oui"), label="satisfaits")


def wave(columns: dict[str, list[object]], recruitment: str = "aleatoire", **options: object) -> Wave:
    answers = pd.DataFrame(columns)
    return Wave(answers=answers, design=design(len(answers), recruitment=recruitment), **options)  # type: ignore[arg-type]


def test_each_question_has_its_row_and_they_are_corrected_together() -> None:
    before = wave({"q1": ["oui"] * 30 + ["non"] * 70, "q2": ["oui"] * 40 + ["non"] * 60, "age": list(range(100))})
    after = wave({"q1": ["oui"] * 60 + ["non"] * 40, "q2": ["oui"] * 54 + ["non"] * 46, "age": list(range(1, 101))})
    table = compare(
        before,
        after,
        [
            HAPPY,
            Compared(question="q2", kind="part", options=AGREE, counted=("oui",)),
            Compared(question="q2", kind="rang", options=AGREE),
            Compared(question="age", kind="moyenne"),
        ],
    )
    assert list(table.columns) == list(COLUMNS)
    assert table["verdict"].tolist() == ["hausse", "non_concluant", "non_concluant", "non_concluant"]
    assert table["option"].tolist()[:2] == ["satisfaits", "oui"]
    # 40 % then 54 %: alone, z = 1.983 and p = 0.047; with three others, 0.047 x 4 / 2 or x 4 / 3.
    second = table.iloc[1]
    assert second["p_value"] == pytest.approx(0.0474, abs=1e-4)
    assert second["p_adjusted"] > 0.05
    assert "non concluant" in second["sentence"]
    assert corrected(table) == (
        "4 comparaisons sont faites en même temps\u202f: les tests sont corrigés (Benjamini et Hochberg) pour que, "
        "parmi les changements annoncés, 5\u202f% au plus en moyenne soient dus au hasard."
    )
    assert corrected(table.head(1)) == ""


def test_the_same_persons_are_found_by_their_key_whatever_their_order() -> None:
    before = wave({"q1": ["non"] * 14 + ["oui"] * 6}, key=pd.Series([f"k{i}" for i in range(20)]))
    # Twelve of those who said no say yes; k19 did not come back, and a newcomer and two nameless ones count nowhere.
    answers = ["oui"] * 12 + ["non"] * 2 + ["oui"] * 5 + ["non"] * 3
    keys = [f"k{i}" for i in range(19)] + ["nouveau", None, None]
    order = np.random.default_rng(1).permutation(22)
    after = wave({"q1": list(np.array(answers)[order])}, key=pd.Series(np.array(keys, dtype=object)[order]))
    row = compare(before, after, [HAPPY]).iloc[0]
    assert (row["n_matched"], row["up"], row["down"], row["method"]) == (19, 12, 0, "mcnemar")
    assert row["p_value"] == pytest.approx(2 * 0.5**12 - 0.5**12)
    assert row["verdict"] == "hausse"
    ranked = compare(before, after, [Compared(question="q1", kind="rang", options=AGREE)]).iloc[0]
    assert (ranked["method"], ranked["verdict"], ranked["change"]) == ("wilcoxon", "hausse", 1)


def test_volunteers_are_described_and_not_tested() -> None:
    columns: dict[str, list[object]] = {"q1": ["oui"] * 10 + ["non"] * 30}
    other: dict[str, list[object]] = {"q1": ["oui"] * 30 + ["non"] * 10}
    for before, after in (
        (wave(columns, "volontaire"), wave(other, "volontaire")),
        (wave(columns), wave(other, "volontaire")),
        (
            wave(columns, "volontaire", key=pd.Series(range(40))),
            wave(other, "aleatoire", key=pd.Series(range(40))),
        ),
    ):
        row = compare(before, after, [HAPPY]).iloc[0]
        assert (row["verdict"], row["reason"], row["change"]) == ("non_evaluable", "volontaires", 0.5)
        assert np.isnan(row["p_value"])
        assert "sans intervalle" in row["sentence"]


def test_codes_that_changed_are_named_and_can_be_mapped() -> None:
    before = wave({"q1": ["1"] * 10 + ["4"] * 10})
    after = wave({"q1": ["oui"] * 10 + ["non"] * 10})
    with pytest.raises(DossierError) as caught:
        compare(before, after, [HAPPY])
    text = str(caught.value)
    assert "La question « q1 » n’a pas les mêmes codes aux deux vagues : « 1 » et « 4 » dans la vague première" in text
    assert "correspondance" in text
    mapped = Compared(question="q1", kind="part", options=AGREE, counted=("oui",), mapping={"1": "non", "4": "oui"})
    assert compare(before, after, [mapped]).iloc[0]["change"] == 0


def test_every_fault_is_told_at_once() -> None:
    before = wave({"q1": ["x"] * 12, "q2": ["oui"] * 12})
    after = wave({"q1": ["oui"] * 12}, name="2025")
    with pytest.raises(DossierError) as caught:
        compare(before, after, [HAPPY, Compared(question="q2", kind="part", options=AGREE, counted=("oui",))])
    assert len(caught.value.problems) == 2
    assert "manque dans la vague 2025" in str(caught.value)
    with pytest.raises(DossierError, match="n’est pas une de ses modalités"):
        compare(after, after, [Compared(question="q1", kind="part", options=AGREE, counted=("ouii",))])


def test_a_person_met_twice_is_refused_without_being_named() -> None:
    twice = wave({"q1": ["oui"] * 3}, key=pd.Series(["camille", "b", "camille"]))
    with pytest.raises(DossierError, match="présent deux fois") as caught:
        compare(twice, twice, [HAPPY])
    assert caught.value.problem.row == 4
    assert "camille" not in str(caught.value)


def test_raked_waves_are_compared_by_replication() -> None:
    random = np.random.default_rng(6)
    margins = {"sexe": {"F": 52, "H": 48}}

    def drawn(share: float, seed: int) -> Wave:
        frame = pd.DataFrame({"sexe": random.choice(["F", "H"], 200, p=[0.7, 0.3])})
        frame["q1"] = random.choice(["oui", "non"], 200, p=[share, 1 - share])
        raked = rake(frame, margins, recruitment="aleatoire")
        return Wave(answers=frame, design=bootstrap(design_of(raked), draws=200, seed=seed))

    row = compare(drawn(0.4, 1), drawn(0.7, 2), [HAPPY]).iloc[0]
    assert (row["verdict"], row["method"]) == ("hausse", "score")
    assert row["low"] < row["change"] < row["high"]


def test_few_or_no_answers() -> None:
    few = wave({"q1": ["oui"] * 10})
    assert compare(few, few, [HAPPY]).iloc[0]["reason"] == "trop_peu_de_reponses"
    none = wave({"q1": []})
    assert compare(none, few, [HAPPY]).iloc[0]["verdict"] == "non_evaluable"
    assert compare(few, few, []).empty
