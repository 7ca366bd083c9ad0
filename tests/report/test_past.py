"""What the ledger gives away: the traps that no release shows by itself."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest

from ctgeval.confidentiality.forms import Cell, Form
from ctgeval.confidentiality.ledger import Record, RegisteredRelease
from ctgeval.report import past

YEAR = (dt.date(2023, 1, 1), dt.date(2023, 12, 31))
CIVRAY, GENCAY, SAVIGNE = "COM-86078", "COM-86103", "COM-86255"
MEASURE = "enfants_0_2"


def release(day: str, audience: str = "habitants") -> RegisteredRelease:
    return RegisteredRelease(
        release=f"r-{day}-{audience}", sha256="", audience=audience, day=day, state="published", reason="", forms=1,
        seal=f"{day}{audience}",
    )  # fmt: skip


FIRST, SECOND = release("2026-01-01"), release("2026-06-01")


def cell(*communes: str, measure: str = MEASURE, span: Any = YEAR, category: tuple[str, ...] = ()) -> Cell:
    return Cell(measure, communes[0] if len(communes) == 1 else "EPCI-1", frozenset(communes), *span, category)


def shown(value: float, told: Cell, by: RegisteredRelease = FIRST, high: float | None = None) -> Record:
    form = Form(
        terms=((told, 1.0),), low=value, high=value if high is None else high, indicator="PE01", geo=told.geo,
        time_period="2023",
    )  # fmt: skip
    return Record(form, by)


def masked(told: Cell, by: RegisteredRelease = FIRST, low: float = 1.0) -> Record:
    form = Form(
        terms=((told, 1.0),), low=low, high=math.inf, masked=True, indicator="PE01", geo=told.geo, time_period="2023"
    )
    return Record(form, by)


def seen(*records: Record, limit: float = 5) -> past.Seen:
    return past.attack(records, limit=lambda _: limit)


def test_a_total_less_all_but_one_of_its_communes_gives_the_last() -> None:
    found = seen(shown(118, cell(CIVRAY, GENCAY)), shown(115, cell(CIVRAY)), masked(cell(GENCAY)))
    assert (found.masked, found.attacked, found.revised) == (1, 1, 0)
    (one,) = found.disclosed
    assert (one.geo, one.indicator, one.time_period, one.release) == (GENCAY, "PE01", "2023", FIRST)
    assert (one.low, one.high) == pytest.approx((3, 3))
    assert one.exact


def test_a_perimeter_that_gained_a_commune_gives_it_although_each_bilan_alone_is_safe() -> None:
    before = [shown(115, cell(CIVRAY, GENCAY))]
    after = [shown(118, cell(CIVRAY, GENCAY, SAVIGNE), SECOND), masked(cell(SAVIGNE), SECOND)]
    assert seen(*after).disclosed == ()
    (one,) = seen(*before, *after).disclosed
    assert (one.geo, one.release, one.exact) == (SAVIGNE, SECOND, True)


def test_the_same_period_masked_otherwise_for_another_audience_gives_both() -> None:
    copil = release("2026-01-01", "copil")
    total = [shown(20, cell(CIVRAY, GENCAY, SAVIGNE), by) for by in (FIRST, copil)]
    for_all = [shown(9, cell(CIVRAY)), masked(cell(GENCAY)), masked(cell(SAVIGNE))]
    assert [one.geo for one in seen(*total, *for_all, limit=15).disclosed] == [GENCAY, SAVIGNE]
    assert seen(*total, *for_all, limit=5).disclosed == ()
    for_copil = [shown(8, cell(GENCAY), copil), masked(cell(CIVRAY), copil)]
    (one,) = seen(*total, *for_all, *for_copil, limit=5).disclosed
    assert (one.geo, one.high) == (SAVIGNE, pytest.approx(3))


def test_what_is_shown_somewhere_is_no_secret() -> None:
    found = seen(masked(cell(CIVRAY)), shown(3, cell(CIVRAY), SECOND), shown(30, cell(CIVRAY, GENCAY)))
    assert (found.masked, found.disclosed) == (0, ())


def test_two_masks_that_protect_each_other_hold() -> None:
    found = seen(shown(40, cell(CIVRAY, GENCAY)), masked(cell(CIVRAY)), masked(cell(GENCAY)))
    assert (found.masked, found.attacked, found.disclosed) == (2, 2, ())


def test_a_rounded_total_leaves_its_width() -> None:
    base = [shown(115, cell(CIVRAY)), masked(cell(GENCAY))]
    assert seen(*base, shown(115, cell(CIVRAY, GENCAY), high=119)).disclosed[0].high == pytest.approx(4)
    assert seen(*base, shown(115, cell(CIVRAY, GENCAY), high=120)).disclosed == ()


def test_cumulative_counts_give_the_quarter_between_them() -> None:
    start = dt.date(2023, 1, 1)
    flows = [name for name, one in past.measures.load().items() if one.kind == "flow" and one.additive_over_time]
    measure = flows[0]
    quarter = cell(CIVRAY, measure=measure, span=(dt.date(2023, 4, 1), dt.date(2023, 6, 30)))
    first = cell(CIVRAY, measure=measure, span=(start, dt.date(2023, 3, 31)))
    half = cell(CIVRAY, measure=measure, span=(start, dt.date(2023, 6, 30)))
    (one,) = seen(shown(31, first), shown(33, half, SECOND), masked(quarter, SECOND)).disclosed
    assert (one.low, one.high) == pytest.approx((2, 2))


def test_a_category_is_never_more_than_its_total() -> None:
    found = seen(shown(4, cell(CIVRAY, category=("",))), masked(cell(CIVRAY, category=("F",))))
    (one,) = found.disclosed
    assert (one.low, one.high, one.exact) == (pytest.approx(1), pytest.approx(4), False)


def test_a_rate_and_its_denominator_give_its_numerator() -> None:
    places, children = cell(CIVRAY, measure="places_eaje"), cell(CIVRAY)
    rate = [
        Record(Form(terms=((children, 1.0), (places, -0.305)), low=-math.inf, high=0.0, indicator="PE01"), FIRST),
        Record(Form(terms=((children, 1.0), (places, -0.295)), low=0.0, high=math.inf, indicator="PE01"), FIRST),
    ]
    (one,) = seen(*rate, shown(10, places), masked(children)).disclosed
    assert (one.low, one.high) == pytest.approx((2.95, 3.05))


def test_revised_figures_do_not_hide_what_the_last_release_gives_away() -> None:
    old = [shown(200, cell(CIVRAY, GENCAY)), shown(300, cell(CIVRAY))]
    new = [
        shown(118, cell(CIVRAY, GENCAY), SECOND),
        shown(115, cell(CIVRAY), SECOND),
        masked(cell(GENCAY), SECOND),
    ]
    found = seen(*old, *new)
    assert found.revised == 1
    assert [one.geo for one in found.disclosed] == [GENCAY]


def test_what_counts_nobody_is_not_attacked() -> None:
    found = seen(masked(cell(CIVRAY, measure="PE01")), shown(2, cell(CIVRAY, GENCAY, measure="PE01")))
    assert (found.masked, found.attacked, found.disclosed) == (1, 0, ())
