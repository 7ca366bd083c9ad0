"""A table with its margins as equations: what is read, what is refused, and what else may be known of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ctgeval.confidentiality import Rule, attack
from ctgeval.confidentiality.attacker import audit
from ctgeval.confidentiality.contingency import by_column, rate_form, system_of
from ctgeval.confidentiality.forms import Form
from ctgeval.errors import ConfidentialityError

RULE = Rule(threshold=5, source="Essai.")
MARGINS = {"geo": {"CC": ["A", "B", "C"]}}


def table(**values: float) -> pd.DataFrame:
    return pd.DataFrame({"geo": list(values), "value": list(values.values())})


def of(found: pd.DataFrame, geo: str) -> tuple[float, float]:
    row = found[found["geo"] == geo].iloc[0]
    return float(row["low"]), float(row["high"])


def test_margins_of_the_territories_may_be_given_alone() -> None:
    frame = table(CC=20, A=9, B=8, C=3)
    assert by_column({"CC": ["A", "B", "C", "CC"]}, frame) == by_column(MARGINS, frame)


@pytest.mark.parametrize(
    ("frame", "margins", "said"),
    [
        (table(CC=20, A=9, B=8, C=3), {"gex": {"CC": ["A"]}}, "colonne"),
        (table(CC=21, A=9, B=8, C=3), MARGINS, "somme de ses parties"),
        (pd.concat([table(CC=20, A=9, B=8, C=3), table(A=9)]), MARGINS, "deux fois"),
        (table(CC=20, A=9).drop(columns="value"), MARGINS, "value"),
        (table(CC=20, A=20), {"geo": {"CC": ["A"], "A": ["CC"]}}, "se contient"),
    ],
)
def test_a_table_that_can_t_be_read_is_refused(frame: pd.DataFrame, margins: dict[str, object], said: str) -> None:
    with pytest.raises(ConfidentialityError, match=said):
        system_of(frame, margins)


def test_rounded_values_need_not_add_up() -> None:
    frame = table(CC=20, A=10, B=5, C=10).assign(low=lambda t: t["value"] - 2, high=lambda t: t["value"] + 2)
    system_of(frame, MARGINS)


def test_a_masked_cell_alone_under_its_total_is_found_again() -> None:
    found = attack(table(CC=20, A=9, B=8, C=np.nan), margins=MARGINS, rule=RULE)
    assert of(found, "C") == (3, 3)
    assert not found["ok"].any()


def test_two_masked_cells_hide_each_other_within_their_sum() -> None:
    found = attack(table(CC=20, A=9, B=np.nan, C=np.nan), margins=MARGINS, rule=RULE)
    assert of(found, "B") == of(found, "C") == (1, 10)
    assert found["ok"].all()
    assert of(attack(table(CC=20, A=9, B=np.nan, C=np.nan), margins=MARGINS, level="L0"), "B") == (0, 11)


def test_a_commune_without_a_row_is_unknown_too() -> None:
    found = attack(table(CC=20, A=9, B=np.nan), margins=MARGINS)
    assert of(found, "B") == (1, 11)


def test_a_rate_with_one_decimal_gives_its_count_back() -> None:
    frame = table(CC=200, A=180, B=np.nan, C=np.nan)
    assert of(attack(frame, margins=MARGINS), "C") == (1, 19)
    told = rate_form(("C",), 41, 7.3)
    assert of(attack(frame, margins=MARGINS, forms=[told]), "C") == (3, 3)
    assert of(attack(frame, margins=MARGINS, forms=[told]), "B") == (17, 17)


def test_a_form_brings_in_cells_that_the_table_does_not_have() -> None:
    change = Form(terms=((("C",), 1.0), (("C, 2023",), -1.0)), low=-4, high=-4)
    frame = table(CC=20, A=9, B=np.nan, C=np.nan)
    assert of(attack(frame, margins=MARGINS, forms=[change]), "C") == (1, 10)
    before = Form(terms=((("C, 2023",), 1.0),), low=7, high=7)
    assert of(attack(frame, margins=MARGINS, forms=[change, before]), "C") == (3, 3)


def test_forms_that_contradict_the_table_are_told() -> None:
    with pytest.raises(ConfidentialityError, match="se contredisent"):
        attack(
            table(CC=20, A=9, B=np.nan, C=np.nan),
            margins=MARGINS,
            forms=[Form(terms=((("C",), 1.0),), low=15, high=15)],
        )


def test_one_who_is_alone_in_a_cell_knows_it() -> None:
    # B is one person, who knows it: C, hidden from others in [1, 4], is 4 for that one.
    frame = table(CC=14, A=9, B=1, C=4)
    system = system_of(frame, MARGINS, required={("B",): 3.0, ("C",): 3.0})
    hidden = np.array([False, False, True, True])
    plain, contributor = audit(system, hidden, level="L1"), audit(system, hidden, level="L2")
    assert list(zip(plain.low, plain.high, strict=True)) == [(1, 4), (1, 4)]
    assert (contributor.low[1], contributor.high[1], contributor.level[1]) == (4, 4, "L2")


def test_the_rest_of_a_base_is_a_count_too() -> None:
    frame = table(CC=60, A=28, B=22, C=10).assign(whole=[68.0, 30.0, 26.0, 12.0])
    system = system_of(frame, MARGINS, required={("A", "rest"): 5.0})
    shown = audit(system, np.zeros(system.size, dtype=bool))
    assert (shown.low[0], shown.high[0], bool(shown.ok[0])) == (2, 2, False)


def test_an_audit_says_how_narrow_the_narrowest_interval_is() -> None:
    frame = table(CC=20, A=9, B=8, C=3)
    system = system_of(frame, MARGINS, required={("C",): 5.0})
    hidden = np.array([False, False, True, True])
    assert audit(system, hidden).narrowest == pytest.approx(9 / 5)
    assert np.isnan(audit(system_of(frame, MARGINS), hidden).narrowest)
