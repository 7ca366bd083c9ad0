"""A geography completed by a user's files: nothing counted twice, nothing contradicted in silence."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from ctgeval import observations, sources, territory
from ctgeval.errors import PerimeterMismatch, TerritoryError, UnknownTerritory
from ctgeval.territory import reference
from ctgeval.territory.reference import Reference

CIVRAISIEN = "EPCI-200070035"


@pytest.fixture(scope="module")
def france() -> Reference:
    return reference.load()


def events(*rows: tuple[str, str, str, str], share: float | None = None) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["effective", "code_before", "code_after", "kind"])
    return table.assign(effective=pd.to_datetime(table["effective"]), share=share)


def members(*rows: tuple[int, str, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["year", "commune", "epci", "epci_name"])
    return table.assign(commune_name="", dep="", reg="")


def people(geo: str, geography: int, value: float) -> pd.DataFrame:
    row = {"measure": "population_municipale", "geo": geo, "geography": geography, "time_period": "2019"}
    return observations.frame([{**row, "value": value}])


def test_what_is_known_is_not_counted_twice(france: Reference) -> None:
    again = events(
        ("2018-11-22", "COM-86043", "COM-86082", "fusion"),
        ("2018-11-22", "COM-86082", "COM-86082", "fusion"),
        ("2017-01-01", "COM-02344", "COM-51171", "fusion"),
    )
    more = france.extended(events=again)
    assert len(more.events) == len(france.events)
    assert more.conflicts == ()
    assert france.extended(events=events()).event_list == france.event_list


def test_an_event_after_the_last_year_is_added_and_the_commune_that_stays_with_it(france: Reference) -> None:
    more = france.extended(events=events(("2027-01-01", "COM-86247", "COM-86082", "fusion")))
    link = more.timeline.chain(2026, 2027)
    assert link.after == {"COM-86247": "COM-86082", "COM-86082": "COM-86082"}
    assert link.befores == {"COM-86082": ("COM-86082", "COM-86247")}
    assert france.timeline.chain(2026, 2027).after == {}
    assert len(more.extended(events=events(("2026-05-01", "COM-86247", "COM-86082", "fusion"))).events) == len(
        more.events
    )


def test_an_event_that_contradicts_the_lists_of_communes_is_told_and_left_out(france: Reference) -> None:
    more = france.extended(events=events(("2022-01-01", "COM-86247", "COM-86082", "fusion")))
    assert len(more.events) == len(france.events)
    (told,) = more.conflicts
    assert "COM-86247 → COM-86082" in told.message
    assert told.severity == "avertissement"


def test_a_change_of_seat_is_followed_when_the_file_tells_its_own_date(france: Reference) -> None:
    more = france.extended(events=events(("2024-03-13", "COM-69159", "COM-69114", "changement_de_code")))
    assert more.conflicts == ()
    for known in (france, more):
        assert territory.harmonise(people("COM-69159", 2024, 1.0), to=2025, reference=known)["geo"].tolist() == [
            "COM-69114"
        ]
        oudon = territory.harmonise(people("COM-14697", 2014, 1.0), to=2015, reference=known)
        assert oudon["geo"].tolist() == ["COM-14472"]
    median = people("COM-69159", 2024, 1.0).assign(measure="revenu_median")
    assert territory.harmonise(median, to=2025, reference=more)["value"].tolist() == [1.0]


def test_the_share_of_a_file_serves_where_no_census_counts_the_parts(france: Reference) -> None:
    file = events(
        ("2012-01-01", "COM-52031", "COM-52031", "scission"), ("2012-01-01", "COM-52031", "COM-52278", "scission")
    ).assign(share=[0.9, 0.1])
    shares = dict(france.extended(events=file).timeline.chain(2011, 2012).shares["COM-52031"])
    assert shares == pytest.approx({"COM-52031": 0.9, "COM-52278": 0.1})
    essarts = events(*(("2024-01-01", "COM-85084", part, "scission") for part in ("COM-85084", "COM-85165")), share=0.5)
    more = france.extended(events=essarts)
    assert more.timeline.chain(2023, 2024).shares == france.timeline.chain(2023, 2024).shares
    assert "50,0\u202f% dans le fichier, 72,4\u202f% au recensement" in more.conflicts[0].message


def test_a_history_of_every_year_goes_back_and_a_few_events_do_not(france: Reference) -> None:
    alone = france.extended(events=events(("1990-01-01", "COM-86043", "COM-86067", "fusion")))
    assert alone.since == 2006
    with pytest.raises(PerimeterMismatch, match="1999"):
        territory.harmonise(people("COM-86194", 1999, 1.0), to=2024, reference=alone)
    history = [(f"{year}-01-01", f"COM-0100{year % 10}", "COM-01999", "fusion") for year in range(1995, 2007)]
    assert france.extended(events=events(*history)).since == 1994


def test_members_of_other_years_make_partial_years(france: Reference) -> None:
    file = members(
        (2012, "COM-86078", "EPCI-248600439", "CC du Civraisien"),
        (2012, "COM-86103", "EPCI-248600553", "CC du Pays Gencéen"),
        (2017, "COM-86078", CIVRAISIEN, "CC du Civraisien en Poitou"),
        (2017, "COM-86103", CIVRAISIEN, "CC du Civraisien en Poitou"),
        (2017, "COM-86104", "", ""),
    )
    more = france.extended(membership=file)
    assert more.partial_years == (2012, 2017)
    assert more.years == france.years
    assert territory.members(CIVRAISIEN, year=2017, reference=more) == ("COM-86078", "COM-86103")
    assert more.parents("COM-86078", 2012) == ("EPCI-248600439", "DEP-86")
    assert more.parents("COM-86078", 2017) == (CIVRAISIEN, "DEP-86", "REG-75")
    assert more.parents("COM-86104", 2017) == ("DEP-86", "REG-75")
    assert territory.name("EPCI-248600439", reference=more) == "CC du Civraisien"
    assert more.territories("EPCI", 2012)["type"].tolist() == ["CC", "CC"]
    with pytest.raises(UnknownTerritory):
        territory.members(CIVRAISIEN, year=2012, reference=more)
    with pytest.raises(TerritoryError, match=r"geographie\.appartenance"):
        territory.members(CIVRAISIEN, year=2013, reference=more)
    with pytest.raises(TerritoryError):
        territory.members(CIVRAISIEN, year=2017)
    assert any("2012 à 2017" in note for note in more.notes)


def test_members_that_contradict_the_reference_or_one_another_are_told(france: Reference) -> None:
    file = members(
        (2024, "COM-86078", "EPCI-200070043", "CC Vienne et Gartempe"),
        (2024, "COM-86082", CIVRAISIEN, "CC du Civraisien en Poitou"),
        (2012, "COM-86078", "EPCI-248600439", "CC du Civraisien"),
        (2012, "COM-86078", "EPCI-248600553", "CC du Pays Gencéen"),
    )
    more = france.extended(membership=file)
    assert more.members(CIVRAISIEN, 2024) == france.members(CIVRAISIEN, 2024)
    assert more.parents("COM-86078", 2012)[0] == "EPCI-248600439"
    two, other = (problem.message for problem in more.conflicts)
    assert "deux EPCI" in two
    assert "commune n’a pas le même EPCI au 1er janvier 2024" in other
    assert "COM-86078 : EPCI-200070043 (EPCI-200070035" in other


def test_an_epci_is_followed_from_a_partial_year_when_its_ground_is_the_same(france: Reference) -> None:
    whole = [(2019, geo, CIVRAISIEN, "CC du Civraisien en Poitou") for geo in france.members(CIVRAISIEN, 2020)]
    more = france.extended(membership=members(*whole))
    row = people(CIVRAISIEN, 2019, 27_349.0)
    assert territory.harmonise(row, to=2024)["geography"].tolist() == [2019]
    assert territory.harmonise(row, to=2024, reference=more)["geography"].tolist() == [2024]
    fewer = france.extended(membership=members(*whole[:-1]))
    with pytest.raises(PerimeterMismatch, match="périmètre en 2019 et en 2024"):
        territory.harmonise(row, to=2024, reference=fewer)


def test_an_epci_that_goes_beyond_the_file_is_not_judged(france: Reference) -> None:
    straddling = next(
        geo for geo in france.territories("EPCI", 2020)["geo"] if len(france.members(geo, 2020, level="DEP")) > 1
    )
    first = france.members(straddling, 2020, level="DEP")[0]
    inside = [geo for geo in france.members(straddling, 2020) if first in france.parents(geo, 2020)]
    more = france.extended(membership=members(*((2019, geo, straddling, "CC") for geo in inside)))
    row = people(straddling, 2019, 1.0)
    assert territory.harmonise(row, to=2020, reference=more)["geography"].tolist() == [2019]
    assert territory.harmonise(people("EPCI-248600439", 2019, 1.0), to=2020, reference=more)["value"].tolist() == [1.0]


@pytest.fixture(scope="module")
def brought(real_data: Path) -> Reference:
    folder = real_data / "geo"
    passages = sources.read(folder / "passages_communes_2008_2024.csv", format="geographie.passages")
    table = sources.read(folder / "appartenance_epci_2008_2024.csv.gz", format="geographie.appartenance")
    return reference.load().extended(events=passages.tables["evenements"], membership=table.tables["appartenance"])


def test_the_civraisien_was_four_then_three_then_one(brought: Reference) -> None:
    now = set(brought.members(CIVRAISIEN, 2024))
    found = {}
    for year in (2012, 2014, 2017):
        after = brought.timeline.chain(year, 2024).after
        communes = [geo for geo in brought.codes("COM", year) if after.get(geo, geo) in now]
        epci = sorted(
            {parent for geo in communes for parent in brought.parents(geo, year) if parent.startswith("EPCI")}
        )
        found[year] = epci
        assert sum(len(brought.members(geo, year)) for geo in epci) == 40
    assert found == {
        2012: ["EPCI-248600371", "EPCI-248600439", "EPCI-248600504", "EPCI-248600553"],
        2014: ["EPCI-200043636", "EPCI-248600371", "EPCI-248600553"],
        2017: [CIVRAISIEN],
    }
    assert brought.partial_years == tuple(range(2008, 2020))
    assert len(brought.members(CIVRAISIEN, 2018)), len(brought.members(CIVRAISIEN, 2019)) == (40, 36)


@pytest.mark.parametrize(
    ("year", "held"),
    [
        (2012, ("EPCI-248600371", "EPCI-248600439", "EPCI-248600504", "EPCI-248600553")),
        (2014, ("EPCI-200043636", "EPCI-248600371", "EPCI-248600553")),
    ],
)
def test_an_epci_asked_for_before_it_existed_tells_where_its_communes_were(
    brought: Reference, year: int, held: tuple[str, ...]
) -> None:
    with pytest.raises(UnknownTerritory, match="Ses communes étaient alors dans") as caught:
        territory.members(CIVRAISIEN, year=year, reference=brought)
    told = caught.value.problem.message
    assert [geo for geo in re.findall(r"EPCI-\d{9}", told) if geo != CIVRAISIEN] == list(held)
    assert len(territory.members(CIVRAISIEN, year=2017, reference=brought)) == 40


def test_the_real_files_only_contradict_the_shares(brought: Reference) -> None:
    (told,) = brought.conflicts
    assert "COM-60054" in told.message
    assert "COM-85084" in told.message
    assert told.file == "passages_communes_2008_2024.csv"
    assert len(brought.events) == len(reference.load().events)
