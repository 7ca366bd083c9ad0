"""Chaining of communes over invented events."""

from __future__ import annotations

from datetime import date

from ctgeval.territory.events import Event, Timeline, chain, touched

A, B, C, D, E = "COM-00001", "COM-00002", "COM-00003", "COM-00004", "COM-00005"


def on(year: int, *links: tuple[str, str], kind: str = "fusion", month: int = 1) -> list[Event]:
    return [Event(date(year, month, 1), before, after, kind) for before, after in links]


def test_mergers_follow_one_another() -> None:
    link = chain(on(2016, (A, A), (B, A)) + on(2019, (A, C), (C, C)), 2015, 2020)
    assert link.after == {A: C, B: C, C: C}
    assert link.befores == {C: (A, B, C)}
    assert not link.split


def test_only_events_between_the_two_geographies_count() -> None:
    events = on(2016, (A, A), (B, A)) + on(2019, (A, C), (C, C))
    assert chain(events, 2016, 2018).after == {}
    assert chain(events, 2016, 2019).befores == {C: (A, C)}
    assert chain(events, 2016, 2018).absent[B].code_after == A


def test_an_event_in_the_year_shows_in_the_next_geography() -> None:
    events = on(2016, (A, A), (B, A), month=6)
    assert chain(events, 2016, 2016).absent == {}
    assert chain(events, 2016, 2017).after == {A: A, B: A}


def test_two_steps_in_one_year_are_taken_in_order() -> None:
    events = [*on(2016, (B, C), kind="changement_de_code", month=12), *on(2017, (A, A), (C, A))]
    link = chain(events, 2016, 2017)
    assert link.befores == {A: (A, B)}
    assert set(link.absent) == {C}


def test_a_change_of_code_is_followed_without_a_merger() -> None:
    link = chain(on(2025, (A, B), kind="changement_de_code"), 2024, 2025)
    assert link.after == {A: B}
    assert link.befores == {}
    assert set(link.absent) == {B}


def test_a_split_is_not_followed_nor_what_joins_its_parts() -> None:
    events = on(2020, (A, A), (A, B), kind="scission") + on(2021, (B, C), (C, C))
    link = chain(events, 2019, 2021)
    assert set(link.split) == {A, C}
    assert link.split[C].effective == date(2020, 1, 1)
    assert link.after == {}
    assert link.images[A] == (A, C)
    assert chain(events, 2020, 2021).after == {B: C, C: C}


def test_a_code_that_comes_back_is_absent_only_in_between() -> None:
    events = on(2016, (A, A), (B, A)) + on(2024, (A, A), (A, B), kind="scission")
    assert B not in chain(events, 2015, 2015).absent
    assert B in chain(events, 2020, 2020).absent
    assert B not in chain(events, 2024, 2024).absent


def test_touched_gives_both_sides_and_the_first_event() -> None:
    events = on(2016, (A, A), (B, A)) + on(2019, (A, C), (C, C))
    assert set(touched(events, 2015, 2016)) == {A, B}
    assert touched(events, 2015, 2019)[A].effective == date(2016, 1, 1)
    assert touched(events, 2019, 2024) == {}


def test_parts_of_a_split_that_merge_again_are_the_whole() -> None:
    events = on(2020, (A, A), (A, B), kind="scission") + on(2022, (A, C), (B, C), (D, C))
    link = chain(events, 2019, 2022)
    assert link.after == {A: C, D: C}
    assert link.befores == {C: (A, D)}
    assert not link.split


def test_a_split_by_a_known_key_gives_shares_that_chain() -> None:
    parts = [Event(date(2020, 1, 1), A, A, "scission", 3.0), Event(date(2020, 1, 1), A, B, "scission", 1.0)]
    link = chain([*parts, *on(2021, (B, C), (C, C))], 2019, 2021)
    assert link.shares == {A: ((A, 0.75), (C, 0.25))}
    assert link.after == {C: C}
    assert link.befores == {C: (A, C)}
    assert not link.split


def test_a_restored_commune_gets_back_its_ground_if_it_was_whole_at_the_start() -> None:
    events = on(2016, (A, A), (B, A), (D, A)) + on(2024, (A, A), (A, B), (A, E), kind="scission")
    link = chain(events, 2015, 2024)
    assert link.after[B] == B
    assert set(link.split) == {A, D}
    later = on(2016, (A, A), (B, A), (D, A)) + on(2024, (A, A), (A, B), kind="scission")
    assert chain(later, 2015, 2024).after == {A: A, B: B, D: A}
    assert set(chain(later, 2018, 2024).split) == {A}


def test_chains_are_kept_and_do_not_depend_on_the_order_of_questions() -> None:
    events = tuple(on(2016, (A, A), (B, A)) + on(2019, (A, C), (C, C)) + on(2021, (D, C), (C, C)))
    line = Timeline(events)
    backwards = [line.chain(since, 2022) for since in (2021, 2018, 2015)]
    assert backwards == [chain(events, since, 2022) for since in (2021, 2018, 2015)]
    assert line.chain(2015, 2022) is backwards[2]
