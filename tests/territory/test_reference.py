"""The reference geography of the package: what is known of it, and what it must agree with."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

from ctgeval.errors import TerritoryError, UnknownTerritory
from ctgeval.territory import reference
from ctgeval.territory.events import chain
from ctgeval.territory.reference import Reference

CIVRAISIEN = "EPCI-200070035"
YEARS = range(2020, 2027)


@pytest.fixture(scope="module")
def france() -> Reference:
    return reference.load()


def test_its_source_licence_and_date_are_told(france: Reference) -> None:
    assert france.years == tuple(YEARS)
    assert "Insee" in france.source
    assert france.licence.startswith("Licence Ouverte 2.0")
    assert france.updated == "2026-03-09"
    assert france.fictional is False
    assert any("2026" in note for note in france.notes)


def test_it_is_small_and_keeps_the_licence_of_its_package() -> None:
    data = resources.files("ctgeval.territory") / "data"
    files = {Path(str(path)).name: Path(str(path)).stat().st_size for path in data.iterdir()}
    assert sum(files.values()) < 1_100_000
    assert "MIT License" in (data / "LICENSE-decoupage-administratif.txt").read_text(encoding="utf-8")
    assert set(json.loads((data / "source.json").read_text(encoding="utf-8"))["paquets"]) == {str(y) for y in YEARS}


@pytest.mark.parametrize(
    ("year", "communes"),
    [(2020, 34968), (2021, 34965), (2022, 34955), (2023, 34945), (2024, 34935), (2025, 34875), (2026, 34875)],
)
def test_the_number_of_communes_is_that_of_insee(france: Reference, year: int, communes: int) -> None:
    assert sum(len(france.members(geo, year)) for geo in france.territories("REG", year)["geo"]) == communes


@pytest.mark.parametrize(("year", "count"), [(2020, 36), (2023, 36), (2024, 35), (2026, 35)])
def test_members_of_the_civraisien(france: Reference, year: int, count: int) -> None:
    members = france.members(CIVRAISIEN, year)
    assert len(members) == count
    assert "COM-86082" in members
    assert ("COM-86231" in members) == (year < 2024)


def test_names(france: Reference) -> None:
    assert france.name(CIVRAISIEN, 2024) == "CC du Civraisien en Poitou"
    assert france.name("EPCI-200070043", 2024) == "CC Vienne et Gartempe"
    assert france.name("DEP-86", 2020) == "Vienne"
    assert france.name("REG-75", 2026) == "Nouvelle-Aquitaine"
    assert france.name("COM-86231") == "Saint-Macoux"
    assert france.last_name("COM-86043") == ""
    assert france.name("FRANCE", 2024) == "France"


def test_parents_and_members_of_other_levels(france: Reference) -> None:
    assert france.parents("COM-86082", 2024) == (CIVRAISIEN, "DEP-86", "REG-75")
    assert france.parents(CIVRAISIEN, 2024) == ("DEP-86", "REG-75")
    assert france.parents("DEP-86", 2024) == ("REG-75",)
    assert france.members("COM-86082", 2024) == ("COM-86082",)
    assert CIVRAISIEN in france.members("DEP-86", 2024, level="EPCI")
    assert len(france.members("REG-75", 2024, level="DEP")) == 12
    assert len(france.members("FRANCE", 2024, level="REG")) == 18


def test_every_commune_of_metropolitan_france_has_its_parents(france: Reference) -> None:
    for year in (2020, 2026):
        epci = set(france.territories("EPCI", year)["geo"])
        members = [code for geo in sorted(epci) for code in france.members(geo, year)]
        assert len(members) == len(set(members))
        assert set(members) <= set(france.members("FRANCE", year))


@pytest.mark.parametrize(
    ("geo", "message"),
    [
        ("EPCI-200070036", "Aucun territoire.*EPCI-200070035 \\(CC du Civraisien en Poitou\\)"),
        ("COM-86043", "passé à COM-86082 \\(Valence-en-Poitou\\) le 1er janvier 2019"),
        ("COM-86231", "Saint-Macoux.*COM-86247"),
    ],
)
def test_unknown_territories_are_refused_with_the_near_ones(france: Reference, geo: str, message: str) -> None:
    assert not france.exists(geo, 2024)
    with pytest.raises(UnknownTerritory, match=message):
        france.name(geo, 2024)
    with pytest.raises(UnknownTerritory):
        france.members(geo, 2024)


def test_a_year_out_of_the_reference_is_refused(france: Reference) -> None:
    with pytest.raises(TerritoryError, match="de 2020 à 2026"):
        france.members(CIVRAISIEN, 2019)


def test_near_by_name(france: Reference) -> None:
    assert france.near("civraisien") == [f"{CIVRAISIEN} (CC du Civraisien en Poitou)"]


def test_legal_population_is_that_of_three_years_before(france: Reference) -> None:
    assert [france.population(CIVRAISIEN, year) for year in (2021, 2024, 2026)] == [27407, 26926, 26641]
    assert france.population("COM-86082", 2026) == 4325
    assert math.isnan(france.population(CIVRAISIEN, 2020))
    assert math.isnan(france.population("DEP-976", 2024))
    epci = france.territories("EPCI", 2026).set_index("geo")
    assert epci.loc[CIVRAISIEN, "population"] == 26641
    assert epci.index.is_monotonic_increasing
    assert frozenset(epci.index) == france.codes("EPCI", 2026)
    for level in ("COM", "DEP"):
        table = france.territories(level, 2025).head(60)
        alone = [france.population(geo, 2025) for geo in table["geo"]]
        assert table["population"].tolist() == pytest.approx(alone, nan_ok=True)


def test_the_population_of_a_merged_commune_is_the_sum(france: Reference) -> None:
    # Census 2020 is on the codes of 2022: in 2023, nothing had merged there; in 2024, Saint-Macoux had.
    before = france.population("COM-86247", 2023) + france.population("COM-86231", 2023)
    assert france.population("COM-86247", 2024) == pytest.approx(before, rel=0.05)


def test_changed_between(france: Reference) -> None:
    assert france.changed_between("COM-86082", 2018, 2019)
    assert france.changed_between("COM-86082", 2019, 2018)
    assert not france.changed_between("COM-86082", 2019, 2026)
    assert not france.changed_between("COM-86194", 2008, 2026)
    assert not france.changed_between(CIVRAISIEN, 2020, 2026)
    assert not france.changed_between("DEP-85", 2020, 2026)
    assert not france.changed_between("FRANCE", 2020, 2026)
    moved = [geo for geo in france.territories("EPCI", 2020)["geo"] if france.exists(geo, 2021)]
    assert any(france.changed_between(geo, 2020, 2021) for geo in moved)


@pytest.mark.parametrize("first", range(2020, 2026))
def test_events_lead_from_each_list_of_communes_to_the_next(france: Reference, first: int) -> None:
    link = chain(france.event_list, first, first + 1)
    before, after = set(france.members("FRANCE", first)), set(france.members("FRANCE", first + 1))
    assert {image for code in before for image in link.images.get(code, (code,))} == after
    assert not before & set(link.absent)


def test_restored_communes_are_splits(france: Reference) -> None:
    split = france.events[(france.events["kind"] == "scission") & (france.events["effective"] == "2024-01-01")]
    parts = split[split["code_before"] == "COM-85084"]["code_after"]
    assert sorted(parts) == ["COM-85084", "COM-85165", "COM-85212"]


def test_events_are_those_of_an_independent_table(france: Reference, real_data: Path) -> None:
    theirs: dict[int, set[tuple[str, str]]] = defaultdict(set)
    with (real_data / "geo" / "passages_communes_2008_2024.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            theirs[int(row["cog_apres"])].add((f"COM-{row['code_avant']}", f"COM-{row['code_apres']}"))
    ours: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for event in france.event_list:
        ours[event.geography].add((event.code_before, event.code_after))
    differences = {year: ours[year] ^ theirs[year] for year in range(2009, 2025) if ours[year] != theirs[year]}
    # Ours tells the two steps of 2016 and 2017 (change of département, then merger), theirs one.
    steps = {("COM-02344", "COM-51664"), ("COM-51664", "COM-51171"), ("COM-02344", "COM-51171")}
    assert differences == {2017: steps}


@pytest.mark.parametrize("census", range(2018, 2024))
def test_populations_are_those_of_the_census_they_claim(france: Reference, real_data: Path, census: int) -> None:
    panel = pd.read_csv(real_data / "population" / "population_communes_2006_2023.csv.gz", dtype={"CODGEO": str})
    panel = panel[panel["millesime_rp"] == census].assign(geo=lambda rows: "COM-" + rows["CODGEO"])
    ours = france.populations[france.populations["census"] == census]
    both = ours.merge(panel, on="geo")
    wrong = both[both["population"] != both["POP"]]
    # What differs merged between the geography of the panel and ours.
    link = chain(france.event_list, int(both["annee_geo"].iloc[0]), int(both["geography"].iloc[0]))
    assert len(both) > 7000
    assert set(wrong["geo"]) <= {*link.after, *link.shares}


def test_an_arrondissement_municipal_sends_to_its_city(france: Reference) -> None:
    with pytest.raises(UnknownTerritory, match="arrondissement municipal de Marseille") as raised:
        france.name("COM-13201", 2024)
    assert raised.value.problem.remedy == "Utilisez COM-13055."
