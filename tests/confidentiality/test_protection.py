"""Masking of small counts, and of as little as may be of what would give one back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.confidentiality import ProtectedTable, Rule, attack, protect
from ctgeval.confidentiality.rules import SourceRule
from ctgeval.errors import ConfidentialityError, ProtectionInfeasible
from ctgeval.indicators import definition
from ctgeval.indicators.compute import RESULT_COLUMNS
from ctgeval.intervals import wilson
from tests.confidentiality.attacker import System, base_of_interval

RULE = Rule(threshold=5, source="essai")
EPCI = "EPCI-299900001"
COMMUNES = ("COM-99101", "COM-99102", "COM-99103", "COM-99104")
BIRTHS, FAMILIES, USERS, PLACES, MEDIAN = "PO02", "PE07", "AV04", "PE02", "CO02"


def rows(
    indicator: str, counts: Mapping[str, float], *, base: float | None = None, period: str = "2024"
) -> pd.DataFrame:
    table = pd.DataFrame({"geo": list(counts), "numerator": [float(count) for count in counts.values()]})
    table["denominator"] = np.nan if base is None else float(base)
    table["value"] = table["numerator"] if base is None else table["numerator"] / base * 100
    table = table.assign(indicator=indicator, time_period=period, low=table["value"], high=table["value"])
    table = table.assign(conf_status="F", obs_status="A", n=table["numerator"])
    return table.reindex(columns=RESULT_COLUMNS).astype({"reason": str, "limits": str})


def shown(protected: ProtectedTable, indicator: str | None = None) -> set[str]:
    frame = protected.frame
    if indicator:
        frame = frame[frame["indicator"].eq(indicator)]
    return set(frame.loc[frame["value"].notna(), "geo"])


def counts(*values: float) -> dict[str, float]:
    return {**dict(zip(COMMUNES, values, strict=False)), EPCI: sum(values)}


def proved_safe(table: ProtectedTable) -> ProtectedTable:
    """The attacker, who is not the solver, finds nothing."""
    assert attack(table)["ok"].all()
    return table


def test_small_count_and_one_neighbour_are_masked_the_total_stays() -> None:
    # A total costs ten times a commune: the smallest neighbour goes, and the attacker can't tell one from the other.
    table = proved_safe(protect(rows(BIRTHS, counts(12, 3, 20, 8)), RULE, margins={EPCI: COMMUNES}))
    assert shown(table) == {"COM-99101", "COM-99103", EPCI}
    hidden = table.frame[table.frame["geo"].isin(["COM-99104", "COM-99102"])]
    numbers = ["value", "low", "high", "ci_low", "ci_high", "numerator", "denominator", "n"]
    assert hidden[numbers].isna().all(axis=None)
    assert len(hidden) == 2
    assert set(hidden["conf_status"]) == {"C"}
    assert (table.primary_count, table.secondary_count) == (1, 1)


def test_zero_is_told_and_nothing_is_masked_without_a_small_count() -> None:
    table = protect(rows(FAMILIES, counts(12, 0, 20, 8)), RULE, margins={EPCI: COMMUNES})
    assert shown(table) == {*COMMUNES, EPCI}


def test_places_and_structures_are_never_masked() -> None:
    name = next(
        key
        for key, item in definition.catalogue().items()
        if item.numerator_measures and not item.denominator_measures and item.unit in ("structures", "MAM", "places")
    )
    table = protect(rows(name, counts(1, 2, 0, 3)), RULE, margins={EPCI: COMMUNES})
    assert shown(table) == {*COMMUNES, EPCI}


def test_complement_is_treated_like_the_count() -> None:
    part = next(
        key
        for key, item in definition.catalogue().items()
        if item.nature == "part"
        and not item.sensitive
        and {"PE04", "PE08", "PE09", "AD02"} & {key}
        and item.denominator_measures
    )
    frame = pd.concat([rows(part, {"COM-99101": 97}, base=100), rows(part, {"COM-99102": 60}, base=100)])
    secret = part in {"PE04", "PE08"}
    table = protect(frame, RULE, margins={})
    assert ("COM-99101" in shown(table)) is not secret
    assert "COM-99102" in shown(table)


def test_hundred_per_cent_of_persons_is_masked() -> None:
    table = protect(rows("PE04", {"COM-99101": 40, "COM-99102": 20}, base=40), RULE, margins={})
    assert shown(table) == {"COM-99102"}


def test_totals_of_totals_are_looked_at_together() -> None:
    group = "GRP-nord"
    frame = pd.concat([rows(BIRTHS, counts(12, 3, 20, 8)), rows(BIRTHS, {group: 15})])
    table = proved_safe(protect(frame, RULE, margins={EPCI: [group, *COMMUNES[2:]], group: COMMUNES[:2]}))
    # Of the two in the group, none may be shown with it: the group and its total stay, or one of them goes.
    assert table.secondary_count == 1
    assert "COM-99102" not in shown(table)
    assert EPCI in shown(table)


def test_year_does_not_give_a_half_year_back() -> None:
    frame = pd.concat(
        [
            rows(BIRTHS, {EPCI: 3}, period="2024-S1"),
            rows(BIRTHS, {EPCI: 30}, period="2024-S2"),
            rows(BIRTHS, {EPCI: 33}, period="2024"),
            rows(BIRTHS, {EPCI: 29}, period="2023"),
        ]
    )
    table = proved_safe(protect(frame, RULE, margins={}))
    told = set(table.frame.loc[table.frame["value"].notna(), "time_period"])
    assert told in ({"2024-S2", "2023"}, {"2024", "2023"})


def test_persons_counted_once_a_year_are_protected_as_if_they_were_summed() -> None:
    # One family came in both half-years: 32 of the 33, and a reader who knows which would subtract.
    frame = pd.concat(
        [rows(FAMILIES, {EPCI: count}, period=span) for span, count in (("2024-S1", 3), ("2024-S2", 30), ("2024", 32))]
    )
    table = proved_safe(protect(frame, RULE, margins={}))
    assert table.frame["value"].notna().sum() == 1


def test_total_and_the_other_category_are_not_both_shown() -> None:
    frame = pd.concat(
        [rows(FAMILIES, {EPCI: value}).assign(sexe=sexe) for sexe, value in (("F", 30), ("M", 2), ("", 32))]
    )
    table = proved_safe(protect(frame, RULE, margins={}))
    told = list(table.frame.loc[table.frame["value"].notna(), "sexe"])
    assert told in (["F"], [""])


def test_same_count_in_another_indicator_is_masked_too() -> None:
    # The base of one is the count of the other.
    frame = pd.concat([rows("PE03", {"COM-99101": 3, EPCI: 200}), rows("PE04", {"COM-99101": 0}, base=3)])
    table = proved_safe(protect(frame, RULE, margins={EPCI: COMMUNES}))
    assert list(table.frame["value"].notna()) == [False, True, False]


def test_small_base_hides_its_row_and_the_others_keep_their_counts() -> None:
    frame = pd.concat([rows(PLACES, {"COM-99101": 6}, base=3), rows(PLACES, {EPCI: 60}, base=300)])
    table = proved_safe(protect(frame, RULE, margins={EPCI: COMMUNES}))
    assert shown(table) == {EPCI}
    # Whoever knows the places finds the base of a rate that is shown: it is counted among what he knows.
    told = table.frame[["numerator", "denominator"]]
    assert told.iloc[0].isna().all()
    assert list(told.iloc[1]) == [60, 300]


def test_secret_of_the_source_stays_secret_and_its_epci_row_stays_published() -> None:
    median = pd.concat([rows(MEDIAN, {EPCI: 19560}), rows(MEDIAN, {"COM-99101": np.nan})])
    median = median.assign(numerator=np.nan, conf_status=["F", "C"])
    assert shown(protect(median, RULE, margins={EPCI: COMMUNES})) == {EPCI}


def test_only_protect_makes_a_protected_table() -> None:
    with pytest.raises(TypeError, match="protect"):
        replace(protect(rows(BIRTHS, counts(12, 30)), RULE, margins={}), token=object())


def test_audit_never_tells_which_cell_was_masked() -> None:
    audit = protect(rows(BIRTHS, counts(12, 3, 20, 8)), RULE, margins={EPCI: COMMUNES}).audit
    assert audit["masquees"] == 2
    assert audit["niveaux"] == ["L1", "L2", "L3"]
    # A masked 3 and 8: either may be anything from 1 to 10, nine wide for a threshold of five.
    assert audit["intervalle_le_plus_etroit"] == 1.8
    assert "COM-" not in repr(audit)
    assert "1 et 4" in audit["regle"].replace("\u00a0", " ").replace("\u202f", " ")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=2, max_size=6), st.integers(2, 7), st.integers(1, 5))
def test_no_published_sum_gives_a_masked_count_back(values: list[int], threshold: int, split: int) -> None:
    """One who writes the published sums as his own program proves no masked count to be under the threshold."""
    communes = [f"COM-991{number:02d}" for number in range(len(values))]
    group = communes[:split]
    data = {
        **dict(zip(communes, map(float, values), strict=True)),
        "GRP-a": float(sum(values[:split])),
        EPCI: float(sum(values)),
    }
    frame = protect(
        rows(BIRTHS, data), Rule(threshold=threshold, source="essai"), margins={EPCI: communes, "GRP-a": group}
    ).frame.set_index("geo")
    system = System([(commune, "", "", "") for commune in communes])
    grounds = {**{commune: [commune] for commune in communes}, "GRP-a": group, EPCI: communes}
    for geo, ground in grounds.items():
        if np.isfinite(frame.loc[geo, "value"]):
            system.know([(commune, "", "", "") for commune in ground], frame.loc[geo, "value"])
    for geo, ground in grounds.items():
        if 0 < data[geo] < threshold:
            assert np.isnan(frame.loc[geo, "value"])
            assert system.greatest([(commune, "", "", "") for commune in ground]) >= threshold - 1e-6


def test_same_input_gives_the_same_table_whatever_the_order() -> None:
    frame = rows(FAMILIES, counts(12, 3, 20, 8))
    straight = protect(frame, RULE, margins={EPCI: COMMUNES}).frame
    turned = protect(frame.iloc[::-1], RULE, margins={EPCI: COMMUNES}).frame
    pd.testing.assert_frame_equal(straight, turned.iloc[::-1].reset_index(drop=True))


def test_the_interval_of_a_share_gives_its_base_back_to_who_reads_it() -> None:
    # Why the interval of a row goes with it: 45 of 72, and 0 of 30.
    for k, n in ((45, 72), (0, 30), (10, 20)):
        low, high = wilson(k, n)
        assert base_of_interval(k / n, float(low), float(high)) == pytest.approx(n)


def test_rows_that_must_be_shown_are_shown_or_refused_by_name() -> None:
    table = rows(BIRTHS, counts(12, 3, 20, 8))
    usual = protect(table, RULE, margins={EPCI: COMMUNES})
    assert "COM-99104" not in shown(usual)
    forced = protect(table, RULE, margins={EPCI: COMMUNES}, forced=[(BIRTHS, "COM-99104", "2024")])
    assert shown(proved_safe(forced)) == {"COM-99103", "COM-99104", EPCI}
    with pytest.raises(ProtectionInfeasible, match=r"par elles-mêmes.*« PO02, COM-99102, 2024 »"):
        protect(table, RULE, margins={EPCI: COMMUNES}, forced=[(BIRTHS, "COM-99102", "2024")])
    with pytest.raises(ConfidentialityError, match="COM-99109"):
        protect(table, RULE, margins={EPCI: COMMUNES}, forced=[(BIRTHS, "COM-99109", "2024")])
    every = [(BIRTHS, geo, "2024") for geo in (*COMMUNES, EPCI) if geo != "COM-99102"]
    with pytest.raises(ProtectionInfeasible, match="COM-99104, 2024") as refused:
        protect(table, RULE, margins={EPCI: COMMUNES}, forced=every)
    assert len(refused.value.problems) == 1


def test_a_source_that_imposes_more_masks_more_and_its_neighbours_protect_as_much() -> None:
    """A count of 7 from that source: nobody may prove that it is under 11."""
    table = rows(BIRTHS, counts(40, 7, 20, 60)).assign(source="caf")
    assert shown(protect(table, RULE, margins={EPCI: COMMUNES})) == {*COMMUNES, EPCI}
    rule = replace(RULE, by_source=(SourceRule("caf", 11, "essai"),))
    found = proved_safe(protect(table, rule, margins={EPCI: COMMUNES}))
    assert shown(found) == {"COM-99101", "COM-99104", EPCI}
    assert attack(found)["required"].max() == 11
    assert shown(protect(table.assign(source="autre"), rule, margins={EPCI: COMMUNES})) == {*COMMUNES, EPCI}
