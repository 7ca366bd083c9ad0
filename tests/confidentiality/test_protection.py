"""Masking of small counts, and of every total that would give one back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.confidentiality import ProtectedTable, Rule, protect
from ctgeval.confidentiality.equations import assemble
from ctgeval.indicators import definition
from ctgeval.indicators.compute import RESULT_COLUMNS
from ctgeval.intervals import wilson
from tests.confidentiality.attacker import base_of_interval

RULE = Rule(threshold=5, source="essai")
EPCI = "EPCI-299900001"
COMMUNES = ("COM-99101", "COM-99102", "COM-99103", "COM-99104")
FAMILIES, USERS, PLACES, MEDIAN = "PE07", "AV04", "PE02", "CO02"


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


def test_small_count_and_its_total_are_masked_the_others_stay() -> None:
    table = protect(rows(FAMILIES, counts(12, 3, 20, 8)), RULE, margins={EPCI: COMMUNES})
    assert shown(table) == {"COM-99101", "COM-99103", "COM-99104"}
    hidden = table.frame[table.frame["geo"].isin([EPCI, "COM-99102"])]
    numbers = ["value", "low", "high", "ci_low", "ci_high", "numerator", "denominator", "n"]
    assert hidden[numbers].isna().all(axis=None)
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


def test_totals_of_totals_are_masked_too() -> None:
    group = "GRP-nord"
    frame = pd.concat([rows(FAMILIES, counts(12, 3, 20, 8)), rows(FAMILIES, {group: 15})])
    table = protect(frame, RULE, margins={EPCI: [group, *COMMUNES[2:]], group: COMMUNES[:2]})
    assert shown(table) == {"COM-99101", "COM-99103", "COM-99104"}


def test_year_is_masked_with_its_half_year() -> None:
    frame = pd.concat(
        [
            rows(FAMILIES, {EPCI: 3}, period="2024-S1"),
            rows(FAMILIES, {EPCI: 30}, period="2024-S2"),
            rows(FAMILIES, {EPCI: 33}, period="2024"),
            rows(FAMILIES, {EPCI: 29}, period="2023"),
        ]
    )
    frame = protect(frame, RULE, margins={}).frame
    assert set(frame.loc[frame["value"].notna(), "time_period"]) == {"2024-S2", "2023"}


def test_total_over_a_category_is_masked_with_it() -> None:
    frame = pd.concat(
        [rows(FAMILIES, {EPCI: value}).assign(sexe=sexe) for sexe, value in (("F", 30), ("M", 2), ("", 32))]
    )
    frame = protect(frame, RULE, margins={}).frame
    assert list(frame.loc[frame["value"].notna(), "sexe"]) == ["F"]


def test_another_indicator_of_the_same_count_hides_the_same_cells() -> None:
    other = next(
        (
            key
            for key, item in definition.catalogue().items()
            if key != USERS and set(item.numerator_measures) & set(definition.get(USERS).numerator_measures)
        ),
        None,
    )
    frame = pd.concat([rows(USERS, {"COM-99101": 2, EPCI: 200}, base=900), rows(other or USERS, {EPCI: 200}, base=900)])
    table = protect(frame, RULE, margins={EPCI: COMMUNES})
    assert shown(table) == set()


def test_small_base_hides_its_row_and_the_counts_of_the_others() -> None:
    frame = pd.concat([rows(PLACES, {"COM-99101": 6}, base=3), rows(PLACES, {EPCI: 60}, base=300)])
    table = protect(frame, RULE, margins={EPCI: COMMUNES})
    assert shown(table) == {EPCI}
    assert table.frame[["numerator", "denominator"]].isna().all(axis=None)


def test_secret_of_the_source_stays_secret_and_its_epci_row_stays_published() -> None:
    median = pd.concat([rows(MEDIAN, {EPCI: 19560}), rows(MEDIAN, {"COM-99101": np.nan})])
    median = median.assign(numerator=np.nan, conf_status=["F", "C"])
    assert shown(protect(median, RULE, margins={EPCI: COMMUNES})) == {EPCI}


def test_only_protect_makes_a_protected_table() -> None:
    with pytest.raises(TypeError, match="protect"):
        ProtectedTable(
            frame=pd.DataFrame(),
            rule=RULE,
            primary_count=0,
            secondary_count=0,
            system=assemble({}, []),
            hidden=np.zeros(0, dtype=bool),
            key_columns=(),
        )


def test_audit_never_tells_which_cell_was_masked() -> None:
    audit = protect(rows(FAMILIES, counts(12, 3, 20, 8)), RULE, margins={EPCI: COMMUNES}).audit
    assert audit["masquees"] == 2
    assert "COM-" not in repr(audit)
    assert "1 et 4" in audit["regle"].replace("\u00a0", " ").replace("\u202f", " ")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=2, max_size=6), st.integers(2, 7), st.integers(1, 5))
def test_no_published_sum_gives_a_masked_count_back(values: list[int], threshold: int, split: int) -> None:
    """An attacker who knows every margin solves for the masked cells: none may be pinned or proved small."""
    communes = [f"COM-991{number:02d}" for number in range(len(values))]
    group = communes[:split]
    data = {
        **dict(zip(communes, map(float, values), strict=True)),
        "GRP-a": float(sum(values[:split])),
        EPCI: float(sum(values)),
    }
    frame = protect(
        rows(FAMILIES, data), Rule(threshold=threshold, source="essai"), margins={EPCI: communes, "GRP-a": group}
    ).frame.set_index("geo")
    masked = [geo for geo in communes if np.isnan(frame.loc[geo, "value"])]
    assert masked == [geo for geo, value in zip(communes, values, strict=True) if 0 < value < threshold]
    for total, parts in ((EPCI, communes), ("GRP-a", group)):
        hidden = set(masked) & set(parts)
        assert np.isnan(frame.loc[total, "value"]) == bool(hidden)


def test_same_input_gives_the_same_table_whatever_the_order() -> None:
    frame = rows(FAMILIES, counts(12, 3, 20, 8))
    straight = protect(frame, RULE, margins={EPCI: COMMUNES}).frame
    turned = protect(frame.iloc[::-1], RULE, margins={EPCI: COMMUNES}).frame
    pd.testing.assert_frame_equal(straight, turned.iloc[::-1].reset_index(drop=True))


def test_a_rate_shown_without_its_counts_has_no_interval_that_would_tell_them() -> None:
    # The base of one commune is too small: the others keep their rate, and neither counts nor what gives them back.
    frame = pd.concat(
        [rows("PE04", {"COM-99101": 2.0}, base=3), rows("PE04", {"COM-99102": 10.0, "COM-99103": 12.0}, base=25)],
        ignore_index=True,
    ).assign(ci_low=1.0, ci_high=99.0, limits="petit_effectif provisoire")
    table = protect(frame, RULE, margins={}).frame
    kept = table[table["value"].notna()]
    assert set(kept["geo"]) == {"COM-99102", "COM-99103"}
    assert kept[["ci_low", "ci_high", "numerator", "denominator", "n"]].isna().all(axis=None)
    assert set(kept["limits"]) == {"provisoire"}


def test_the_interval_of_a_share_gives_its_base_back_to_who_reads_it() -> None:
    # What the rule above is for: 45 of 72, and 0 of 30.
    for k, n in ((45, 72), (0, 30), (10, 20)):
        low, high = wilson(k, n)
        assert base_of_interval(k / n, float(low), float(high)) == pytest.approx(n)
