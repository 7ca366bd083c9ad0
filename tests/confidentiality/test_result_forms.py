"""What published figures leave of one another must not be a small count: every known trap, first sprung.

Each trap is first shown to leak when the rows that break the rule are masked and nothing else; then the protected table
is attacked, and nothing is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ctgeval.confidentiality import ProtectedTable, Rule, attack, deciding, protect
from ctgeval.confidentiality.attacker import audit, violations
from ctgeval.confidentiality.contingency import rate_form
from ctgeval.confidentiality.equations import System
from ctgeval.confidentiality.ledger import Record, RegisteredRelease
from ctgeval.confidentiality.published_forms import forms_of
from ctgeval.confidentiality.suppression import Chosen, primaries
from ctgeval.errors import ConfidentialityError
from ctgeval.indicators import definition
from ctgeval.indicators.compute import RESULT_COLUMNS

RULE = Rule(threshold=5, sensitive_threshold=11, source="essai")
EPCI, NORTH, SOUTH = "EPCI-299900001", "GRP-nord", "GRP-sud"
A, B, C, D = (f"COM-9910{number}" for number in range(1, 5))
MARGINS = {EPCI: (A, B, C, D), NORTH: (A, B), SOUTH: (C, D)}


def row(
    indicator: str, geo: str, count: float, base: float = np.nan, period: str = "2024", **more: object
) -> dict[str, object]:
    value = count if np.isnan(base) else 100 * count / base
    told: dict[str, object] = {
        "indicator": indicator, "geo": geo, "time_period": period, "value": value, "low": value, "high": value,
        "numerator": count, "denominator": base, "n": base, "conf_status": "F", "obs_status": "A", "limits": "",
        "reason": "",
    }  # fmt: skip
    return told | more


def table(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows)).reindex(columns=list(RESULT_COLUMNS))


def shown(frame: pd.DataFrame) -> list[bool]:
    return list(frame["value"].notna())


def _nothing_more(system: System, *, level: str = "L3", **_: Any) -> Chosen:
    """Mask what breaks the rule by itself, and nothing that would give it back."""
    first = primaries(system)
    return Chosen(
        hidden=first, primary=first, method="rien", optimal=False, weight=0.0, bound=0.0, iterations=0, cuts=0,
        audit=audit(system, first),
    )  # fmt: skip


def safely(
    frame: pd.DataFrame,
    *,
    margins: Mapping[str, Iterable[str]] = MARGINS,
    elsewhere: Sequence[pd.DataFrame] = (),
    **options: Any,
) -> ProtectedTable:
    """Protect a table that leaks without it; one who attacks the result finds nothing, and the gate knew the leak."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deciding, "choose", _nothing_more)
        with pytest.raises(ConfidentialityError, match="Version refusée") as refused:
            protect(frame, RULE, margins=margins, elsewhere=elsewhere, **options)
    assert not any(char.isdigit() for char in refused.value.problem.message)
    made = protect(frame, RULE, margins=margins, elsewhere=elsewhere, **options)
    found = attack(made)
    assert found["ok"].all()
    assert not len(violations(made.system, made.hidden))
    return made


def test_commune_without_a_row_is_not_found_by_subtraction() -> None:
    frame = table(row("PO02", EPCI, 63), row("PO02", A, 20), row("PO02", B, 20), row("PO02", C, 20))
    # One commune is enough to hide the one without a row: the total stays.
    assert shown(safely(frame).frame) == [True, False, True, True]


def test_former_groupings_do_not_give_what_is_between_them_and_the_epci() -> None:
    frame = table(row("PO02", EPCI, 63), row("PO02", NORTH, 40), row("PO02", C, 20))
    assert shown(safely(frame).frame) == [True, True, False]


def test_a_rest_that_could_be_published_takes_nothing_away() -> None:
    frame = table(row("PO02", EPCI, 70), row("PO02", NORTH, 40), row("PO02", C, 20))
    assert shown(protect(frame, RULE, margins=MARGINS).frame) == [True, True, True]


def test_half_year_that_no_source_gives_is_not_found_from_the_year() -> None:
    frame = table(row("PO02", EPCI, 33, period="2024"), row("PO02", EPCI, 30, period="2024-S1"))
    assert sum(shown(safely(frame).frame)) == 1


def test_whole_territory_does_not_say_that_the_rest_is_a_hundred_per_cent() -> None:
    frame = table(row("PA06", EPCI, 40, 60), row("PA06", A, 20, 40))
    assert sum(shown(safely(frame).frame)) == 1


def test_two_audiences_do_not_tell_the_difference_of_their_sources() -> None:
    wide, narrow = table(row("PE07", EPCI, 33)), table(row("PE07", EPCI, 30))
    # One of the two is enough, the same whoever is served first.
    assert shown(safely(wide, elsewhere=(narrow,)).frame) == [True]
    assert shown(safely(narrow, elsewhere=(wide,)).frame) == [False]


def test_what_is_masked_for_one_audience_is_masked_for_the_others() -> None:
    wide = table(row("PE07", EPCI, 33), row("PE07", A, 30), row("PE07", B, 3))
    narrow = table(row("PE07", EPCI, 33))
    # 3 of 33 are hidden by the 30 of the other commune: the total that both audiences read stays.
    assert shown(protect(narrow, RULE, margins=MARGINS, elsewhere=(wide,)).frame) == [True]
    births = table(row("PO02", EPCI, 63), row("PO02", A, 30), row("PO02", B, 3), row("PO02", SOUTH, 30))
    only = table(row("PO02", A, 30))
    masked = shown(safely(births, elsewhere=(only,)).frame)
    assert shown(protect(only, RULE, margins=MARGINS, elsewhere=(births,)).frame) == [masked[1]]


def test_partial_return_does_not_tell_what_the_others_counted() -> None:
    frame = table(
        row("PE07", EPCI, np.nan, low=3.0, high=np.inf), row("PE07", A, np.nan, low=30.0, high=np.inf, reason="x")
    )
    made = protect(frame, RULE, margins={}).frame
    assert list(made["low"].fillna(-1)) == [-1, 30]


def test_whole_of_a_sensitive_part_has_the_threshold_of_the_part() -> None:
    frame = table(row("EN04", A, 3, 8), row("EN03", A, 8), row("EN03", B, 12))
    assert shown(protect(frame, RULE, margins={}).frame) == [False, False, True]


def test_masked_rows_are_all_alike() -> None:
    frame = table(
        row("PE07", A, np.nan, low=1.0, high=4.0, conf_status="C", obs_status="Q", limits="valeurs_masquees"),
        row("PE07", B, 3, obs_status="P", limits="provisoire"),
        row("PE07", C, 2, reason="essai"),
    )
    made = protect(frame, RULE, margins=MARGINS).frame
    for name in ("value", "low", "high", "numerator", "conf_status", "obs_status", "limits", "reason"):
        assert len({str(value) for value in made[name]}) == 1, name


def test_small_base_is_hidden_among_neighbours_and_the_total_stays() -> None:
    frame = table(
        row("PE02", EPCI, 12, 103), row("PE02", A, 0, 3), row("PE02", B, 2, 10), row("PE02", C, 4, 30),
        row("PE02", D, 6, 60),
    )  # fmt: skip
    # Two neighbours are enough for one who knows the rules and every other figure.
    assert shown(safely(frame).frame) == [True, False, False, True, True]


def test_small_base_without_enough_neighbours_takes_the_total_with_it() -> None:
    frame = table(row("PE02", NORTH, 12, 4), row("PE02", A, 0, 3), row("PE02", B, 2, 1))
    assert shown(protect(frame, RULE, margins=MARGINS).frame) == [False, False, False]


def test_base_of_an_older_vintage_is_the_same_cell() -> None:
    old = {"limits": "denominateur:2022"}
    frame = table(
        row("PE02", EPCI, 6, 66, period="2022"),
        row("PE02", A, 0, 3, **old), row("PE02", B, 2, 30, **old), row("PE02", C, 2, 33, **old),
    )  # fmt: skip
    made = protect(frame, RULE, margins={EPCI: (A, B, C)}).frame
    assert not made["value"].notna()[0] or made["value"].isna()[1:].sum() >= 2


def test_what_is_left_is_subtracted_from_in_its_turn() -> None:
    """The year of a commune, found from that of the others, must not give its second half-year."""
    frame = table(
        row("PO02", EPCI, 98), row("PO02", NORTH, 50), row("PO02", C, 40), row("PO02", D, 7, period="2024-S1"),
        row("PO02", EPCI, 60, period="2024-S1"),
    )  # fmt: skip
    made = safely(frame)
    assert made.secondary_count == 1


# -- the known traps, and what was published before --------------------------------------------------------------------


def told(made: ProtectedTable, day: str = "2025-03-01") -> list[Record]:
    """What the ledger remembers of a table."""
    release = RegisteredRelease(
        release="r1", sha256="", audience="habitants", day=day, state="published", reason="", forms=0, seal=""
    )
    return [Record(form, release) for form in forms_of(made)]


def test_three_former_communities_do_not_give_the_commune_that_is_in_none() -> None:
    inside = {f"GRP-{number}": (f"COM-9920{number}",) for number in range(1, 4)}
    margins = {EPCI: ("COM-99201", "COM-99202", "COM-99203", "COM-99204"), **inside}
    frame = table(row("PO02", EPCI, 63), *(row("PO02", geo, 20) for geo in inside))
    assert safely(frame, margins=margins).secondary_count == 1


def test_commune_nouvelle_less_one_of_those_that_it_is_made_of() -> None:
    before = protect(table(row("PO02", A, 30), row("PO02", B, 3)), RULE, margins={})
    assert shown(before.frame) == [True, False]
    # Later, the merged commune bears the code of the larger one.
    made = safely(table(row("PO02", A, 33)), margins={}, finest={A: (A, B)}, earlier=told(before))
    assert shown(made.frame) == [False]


def test_commune_nouvelle_is_told_when_its_parts_never_were() -> None:
    made = protect(table(row("PO02", A, 33)), RULE, margins={}, finest={A: (A, B)})
    assert shown(made.frame) == [True]


def test_epci_that_gained_a_commune_does_not_give_it() -> None:
    before = protect(table(row("PO02", EPCI, 115)), RULE, margins={EPCI: (A, B)})
    now = table(row("PO02", EPCI, 118))
    assert shown(protect(now, RULE, margins={EPCI: (A, B, C)}).frame) == [True]
    assert shown(safely(now, margins={EPCI: (A, B, C)}, earlier=told(before)).frame) == [False]


def test_rate_with_one_decimal_and_its_base() -> None:
    # 7,5 % of 40 is 3, and nothing else.
    counts = pd.DataFrame({"geo": ["a", "b", "t"], "value": [np.nan, np.nan, 20.0]})
    found = attack(counts, margins={"t": ["a", "b"]}, forms=[rate_form(("a",), 40, 7.5)]).set_index("geo")
    assert tuple(found.loc["a", ["low", "high"]]) == (3, 3)
    frame = table(row("PE04", A, 3, 40), row("PE03", A, 40), row("PE03", B, 60))
    made = protect(frame, RULE, margins=MARGINS)
    assert shown(made.frame) == [False, True, True]
    assert attack(made)["ok"].all()


def test_cumulated_figures_do_not_give_what_came_between() -> None:
    name = "PO02"
    catalogue = {name: replace(definition.get(name), since_start=True)}
    frame = table(*(row(name, EPCI, count, period=year) for year, count in (("2022", 30), ("2023", 33), ("2024", 60))))
    assert safely(frame, catalogue=catalogue).secondary_count == 1
    # Told year after year, the last one waits.
    early = protect(frame.iloc[:1], RULE, margins=MARGINS, catalogue=catalogue)
    later = safely(frame.iloc[1:2], catalogue=catalogue, earlier=told(early))
    assert shown(later.frame) == [False]


def test_total_and_one_category_do_not_give_the_other() -> None:
    frame = table(row("PO02", EPCI, 32), row("PO02", EPCI, 30, sexe="F"))
    assert sum(shown(safely(frame).frame)) == 1


def test_same_period_published_again_keeps_its_mask() -> None:
    frame = table(row("PO02", EPCI, 63), row("PO02", A, 20), row("PO02", B, 3), row("PO02", C, 20), row("PO02", D, 20))
    first = safely(frame)
    again = protect(frame, RULE, margins=MARGINS, earlier=told(first))
    assert shown(again.frame) == shown(first.frame)
    assert again.audit["empreinte"] == first.audit["empreinte"]
    assert (again.audit["revisees"], again.audit["deja_publiees"]) == (0, 0)


def test_what_was_masked_must_not_be_shown_once_the_rest_was() -> None:
    frame = table(row("PO02", EPCI, 63), row("PO02", A, 20), row("PO02", B, 3), row("PO02", SOUTH, 40))
    first = protect(frame, RULE, margins=MARGINS)
    hidden = next(geo for geo, seen in zip(frame["geo"], shown(first.frame), strict=True) if not seen and geo != B)
    wanted = [("PO02", hidden, "2024")]
    assert protect(frame, RULE, margins=MARGINS, forced=wanted).frame["value"].notna().sum() == 2
    with pytest.raises(ConfidentialityError, match="version « habitants » du 2025-03-01") as refused:
        protect(frame, RULE, margins=MARGINS, forced=wanted, earlier=told(first))
    assert B in str(refused.value)


def test_figure_revised_since_is_left_out_and_counted() -> None:
    before = protect(table(row("PO02", EPCI, 60), row("PO02", A, 30)), RULE, margins=MARGINS)
    made = protect(table(row("PO02", EPCI, 70), row("PO02", A, 30)), RULE, margins=MARGINS, earlier=told(before))
    assert shown(made.frame) == [True, True]
    assert made.audit["revisees"] == 1


def test_small_count_published_before_the_threshold_rose_is_masked_and_told() -> None:
    frame = table(row("PO02", A, 7), row("PO02", B, 30))
    before = protect(frame, RULE, margins={})
    made = protect(frame, Rule(threshold=10, source="essai"), margins={}, earlier=told(before))
    assert shown(made.frame) == [False, True]
    assert made.audit["deja_publiees"] == 1


def test_total_that_is_not_the_sum_of_its_parts_is_protected_all_the_same() -> None:
    frame = table(row("PO02", NORTH, 25), row("PO02", A, 20), row("PO02", B, 3))
    made = safely(frame)
    assert made.secondary_count == 1


def test_secret_of_the_source_is_not_narrowed_by_what_is_shown() -> None:
    frame = table(
        row("PO02", NORTH, 23), row("PO02", A, 20), row("PO02", B, np.nan, low=1.0, high=4.0, conf_status="C"),
    )  # fmt: skip
    made = safely(frame)
    assert made.secondary_count == 1
    found = attack(made).set_index("geo")
    assert found.loc[B, "high"] == 4


def test_figure_of_the_communes_that_answered_does_not_give_the_one_that_did_not() -> None:
    answered = [row("PE04", one, 10, 20) for one in (A, B, C)]
    frame = table(
        row("PE04", EPCI, 30, 60, completeness=0.75), *answered, row("PE04", D, np.nan), row("PE03", EPCI, 63),
    )  # fmt: skip
    assert safely(frame).secondary_count == 1


def test_mask_does_not_depend_on_the_order_of_rows_nor_of_versions() -> None:
    wide = table(row("PO02", EPCI, 63), row("PO02", A, 30), row("PO02", B, 3), row("PO02", SOUTH, 30))
    narrow = table(row("PO02", B, 3), row("PO02", EPCI, 63))
    one = protect(wide, RULE, margins=MARGINS, elsewhere=(narrow,))
    other = protect(narrow, RULE, margins=MARGINS, elsewhere=(wide.iloc[::-1],))
    masked = dict(zip(one.frame["geo"], shown(one.frame), strict=True))
    assert shown(other.frame) == [masked[B], masked[EPCI]]


def test_private_audit_tells_why_each_cell_went() -> None:
    frame = table(row("PO02", EPCI, 63), row("PO02", A, 20), row("PO02", B, 3), row("PO02", SOUTH, 40))
    audit_ = protect(frame, RULE, margins=MARGINS).private_audit().set_index("geo")
    assert audit_.loc[B, "status"] == "u"
    assert audit_.loc[B, "value"] == 3
    assert sorted(audit_["status"]) == ["s", "s", "u", "x"]


def test_contributor_does_not_find_what_the_others_counted() -> None:
    # 33 births, of which one maternity declared 30: it would know that the others declared 3.
    frame, its_own = table(row("PO02", A, 33), row("PO02", B, 40), row("PO02", NORTH, 73)), table(row("PO02", A, 30))
    assert shown(protect(frame, RULE, margins=MARGINS).frame) == [True, True, True]
    made = safely(frame, insiders=[its_own])
    assert shown(made.frame) == [False, False, True]
    rest = attack(made).query("rest")
    assert list(rest["required"]) == [5]
    assert rest["high"].item() >= 5
    # Alone in a figure, it learns nothing.
    assert shown(protect(frame, RULE, margins=MARGINS, insiders=[table(row("PO02", A, 33))]).frame) == [True] * 3
