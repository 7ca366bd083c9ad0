"""A plain table of counts or amounts is protected from its rule alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ctgeval import confidentiality
from ctgeval.confidentiality.plain_table import group_disclosures, protect_plain, requirements
from ctgeval.confidentiality.rules import Rule
from ctgeval.errors import ConfidentialityError, ProtectionInfeasible

RULE = Rule(threshold=5, source="essai")
MARGINS = {"geo": {"EPCI": ["A", "B", "C"]}}


def counts(*values: float, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"geo": ["A", "B", "C", "EPCI"], "value": [*values, float(sum(values))]}).assign(**columns)


def test_a_small_count_takes_its_cheapest_neighbour() -> None:
    found = protect_plain(counts(3, 20, 40), RULE, margins=MARGINS)
    assert found.frame["value"].isna().tolist() == [True, True, False, False]
    assert found.chosen.audit.safe
    assert found.frame.columns.tolist() == ["geo", "value"]


def test_the_rest_of_a_base_is_a_count_too() -> None:
    """38 of 40: two are not, and the total of the EPCI would give it back."""
    frame = counts(38, 20, 30, whole=[40.0, 60.0, 70.0, 170.0])
    assert requirements(frame, RULE) == {("A", "rest"): 5.0}
    found = protect_plain(frame, RULE, margins=MARGINS)
    assert found.frame["value"].isna().tolist() == [True, True, False, False]
    all_of_them = counts(40, 20, 30, whole=[40.0, 60.0, 70.0, 170.0])
    assert requirements(all_of_them, RULE) == {("A", "rest"): 5.0}
    assert not requirements(frame, Rule(threshold=5, source="essai", complement=False))


@pytest.mark.parametrize(("count", "base"), [(3.0, 4.0), (5.0, 5.0), (2.0, 5.0)])
def test_a_base_that_is_small_and_known_is_refused_by_name(count: float, base: float) -> None:
    """Of 4 known to all, whatever is masked, both the count and what is left are under 5."""
    with pytest.raises(ProtectionInfeasible, match=r"connue de tous.*« A »"):
        protect_plain(counts(count, 20, 30, whole=[base, 60.0, 70.0, 130.0 + base]), RULE, margins=MARGINS)


def test_a_mark_may_hide_that_nobody_of_a_small_base_is_counted() -> None:
    """Where zeros are masked too, a rest may be all of a base of 5."""
    rule = Rule(threshold=5, source="essai", zeros="masked")
    found = protect_plain(counts(5, 20, 30, whole=[5.0, 60.0, 70.0, 135.0]), rule, margins=MARGINS, level="L1")
    assert found.frame["value"].isna().tolist() == [True, True, False, False]


def test_forced_cells() -> None:
    found = protect_plain(counts(3, 20, 40), RULE, margins=MARGINS, forced=[("B",)])
    assert found.frame["value"].isna().tolist() == [True, False, True, False]
    with pytest.raises(ProtectionInfeasible, match="B"):
        protect_plain(counts(3, 20, 40), RULE, margins=MARGINS, forced=[("B",), ("C",), ("EPCI",)])
    with pytest.raises(ProtectionInfeasible, match=r"par elles-mêmes.*« A »"):
        protect_plain(counts(3, 20, 40), RULE, margins=MARGINS, forced=[("A",)])
    with pytest.raises(ConfidentialityError, match="n’est pas dans le tableau"):
        protect_plain(counts(3, 20, 40), RULE, margins=MARGINS, forced=[("Z",)])


@pytest.mark.parametrize(
    ("limits", "row", "asked"),
    [
        ({}, {"n": 2, "largest": 80.0, "second": 20.0}, 108.0),
        ({"dominance": 85}, {"n": 9, "largest": 86.0, "second": 5.0}, 108.6),
        ({"dominance": 85}, {"n": 9, "largest": 85.0, "second": 5.0}, None),
        ({"dominance_two": 90}, {"n": 9, "largest": 60.0, "second": 31.0}, 106.0),
        ({"dominance_two": 90}, {"n": 9, "largest": 60.0, "second": 30.0}, None),
        ({"p_percent": 10}, {"n": 9, "largest": 70.0, "second": 24.0}, 107.0),
        ({"p_percent": 10}, {"n": 9, "largest": 70.0, "second": 20.0}, None),
        ({"dominance": 85, "width": 20}, {"n": 9, "largest": 90.0, "second": 5.0}, 120.0),
    ],
)
def test_amounts(limits: dict[str, float], row: dict[str, float], asked: float | None) -> None:
    """Of 100 in all: too few contribute, one or two make nearly all of it, the second knows the first within p %."""
    rule = Rule(threshold=3, source="essai", **limits)
    frame = pd.DataFrame({"geo": ["A"], "value": [100.0]}).assign(**{name: [told] for name, told in row.items()})
    found = requirements(frame, rule, whole_numbers=False)
    assert found == ({} if asked is None else {("A",): pytest.approx(asked)})


def test_a_masked_amount_may_be_as_great_as_the_rule_wants() -> None:
    rule = Rule(threshold=3, source="essai", dominance=85)
    frame = counts(
        157, 124, 900, n=[1, 8, 9, 18], largest=[157.0, 30.0, 200.0, 200.0], second=[0.0, 30.0, 150.0, 157.0]
    )
    found = protect_plain(frame, rule, margins=MARGINS, whole_numbers=False)
    assert found.frame["value"].isna().tolist() == [True, True, False, False]
    assert found.chosen.audit.high[0] >= 157 * 1.1


@pytest.mark.parametrize(
    ("limits", "given", "lacking"),
    [
        ({}, {}, "n"),
        ({"dominance": 85}, {"n": [9, 9, 9, 27]}, "largest"),
        ({"p_percent": 10}, {"n": [9, 9, 9, 27], "largest": [9.0, 9.0, 9.0, 9.0]}, "second"),
    ],
)
def test_amounts_of_nobody_knows_whom_are_refused(
    limits: dict[str, float], given: dict[str, Any], lacking: str
) -> None:
    """Without its contributors, an amount of one firm would be shown as if it broke no rule."""
    rule = Rule(threshold=3, source="essai", **limits)
    with pytest.raises(ConfidentialityError, match=lacking):
        protect_plain(counts(157, 124, 900, **given), rule, margins=MARGINS, whole_numbers=False)


def test_a_rule_of_dominance_leaves_counts_to_their_threshold() -> None:
    rule = Rule(threshold=5, source="essai", dominance=85, p_percent=10)
    assert requirements(counts(3, 20, 40), rule) == {("A",): 5.0}


@pytest.mark.parametrize("value", [["3", "x", "40", "63"], [None, "a", None, None]])
def test_values_that_are_not_numbers_are_refused(value: list[Any]) -> None:
    frame = counts(3, 20, 40).assign(value=pd.Series(value, dtype=object))
    with pytest.raises(ConfidentialityError, match="nombres"):
        protect_plain(frame, RULE, margins=MARGINS)
    with pytest.raises(ConfidentialityError, match="« value »"):
        protect_plain(frame[["geo"]], RULE, margins=MARGINS)


@pytest.mark.parametrize("value", [-3.0, 2.5])
def test_what_is_no_count_is_refused_by_name(value: float) -> None:
    with pytest.raises(ConfidentialityError, match="« B"):
        protect_plain(counts(3, 20, 40).assign(value=[3.0, value, 40.0, 43.0 + value]), RULE, margins=MARGINS)


def test_amounts_need_not_be_whole() -> None:
    rule = Rule(threshold=3, source="essai")
    found = protect_plain(counts(157.5, 124.25, 900, n=[1, 8, 9, 18]), rule, margins=MARGINS)
    assert found.frame["value"].isna().tolist() == [True, True, False, False]
    assert not found.system.integral.any()


def test_a_part_that_nobody_knows_hides_its_neighbours() -> None:
    frame = counts(2, 20, 9).assign(value=[2.0, np.nan, 9.0, np.nan])
    found = protect_plain(frame, RULE, margins=MARGINS)
    assert found.frame["value"].isna().tolist() == [True, True, False, True]
    assert found.chosen.audit.safe


def test_masked_zeros() -> None:
    """Where the mark may hide a zero, one neighbour of 2 leaves room enough."""
    rule = Rule(threshold=3, source="essai", zeros="masked")
    found = protect_plain(counts(1, 2, 60), rule, margins=MARGINS, level="L1")
    assert np.isnan(found.frame["value"]).sum() == 2


def test_all_of_a_row_in_one_sensitive_category() -> None:
    frame = pd.DataFrame(
        [
            ("A", "oui", 12.0),
            ("A", "non", 0.0),
            ("A", "tous", 12.0),
            ("B", "oui", 3.0),
            ("B", "non", 9.0),
            ("B", "tous", 12.0),
        ],
        columns=["geo", "pauvre", "value"],
    )
    margins = {"pauvre": {"tous": ["oui", "non"]}}
    told = group_disclosures(frame, margins, sensitive={"pauvre": ["oui"]})
    assert told.to_dict("records") == [{"geo": "A", "pauvre": "tous", "category": "oui", "value": 12.0}]
    assert group_disclosures(frame, margins, sensitive={"pauvre": ["non"]}).empty
    with pytest.raises(ConfidentialityError):
        group_disclosures(frame, margins, sensitive={"riche": ["oui"]})


def test_one_call_protects_a_table_of_counts() -> None:
    frame = pd.DataFrame({"geo": ["CC", "A", "B", "C"], "value": [40.0, 21.0, 16.0, 3.0]})
    rule = Rule(threshold=5, source="Essai.")
    protected = confidentiality.protect(frame, rule, margins={"CC": ["A", "B", "C"]})
    assert protected.frame["value"].isna().tolist() == [False, False, True, True]
    assert (protected.primary_count, protected.secondary_count) == (1, 1)
    assert {**protected.audit, "empreinte": ""} == {
        "cellules": 4,
        "masquees": 2,
        "seuil": 5,
        "seuil_sensible": 0,
        "regle": rule.sentence,
        "fondement": "Essai.",
        "methode": "le moins de cases possible, ce qu’un calcul a prouvé",
        "niveaux": ["L1", "L2", "L3"],
        "intervalle_le_plus_etroit": 3.4,
        "empreinte": "",
    }
    found = confidentiality.attack(protected).set_index("geo")
    assert found.loc["C", ["low", "high", "required", "ok"]].tolist() == [1, 18, 5, True]
    private = protected.private_audit().set_index("geo")
    assert private["status"].to_dict() == {"CC": "s", "A": "s", "B": "x", "C": "u"}
    assert private["value"].to_dict() == {"CC": 40, "A": 21, "B": 16, "C": 3}


def test_what_only_result_tables_have_is_refused_for_others() -> None:
    frame = pd.DataFrame({"geo": ["CC", "A"], "value": [6.0, 6.0]})
    with pytest.raises(ConfidentialityError, match="tableau de résultats"):
        confidentiality.protect(frame, Rule(threshold=5, source="Essai."), margins={"CC": ["A"]}, elsewhere=[frame])
