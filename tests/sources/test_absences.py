from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctgeval.sources import absences
from ctgeval.sources.text import read_grid
from ctgeval.sources.tidy import Rejections
from ctgeval.territory import reference

Write = Callable[..., Path]
MEASURE = "projets_etat_communes"


def zeros(write: Write, geo: list[str], *, bad: tuple[int, ...] = (), by_epci: bool = True) -> pd.DataFrame:
    rejections = Rejections(read_grid(write("code;nom\n" + "".join(f"{code};x\n" for code in geo))))
    for place in bad:
        rejections.add(place, "code", "La ligne ne se lit pas.")
    found, _ = absences.zeros(
        rejections,
        {"COM": [MEASURE]},
        key="k",
        geo=np.array(geo, dtype=object),
        periods=np.full(len(geo), "2024", dtype=object),
        geography=np.full(len(geo), 2024.0),
        departements=np.array([code[4:6] for code in geo], dtype=object),
        reference=reference.load(),
        by_epci=by_epci,
    )
    return pd.concat(found) if found else pd.DataFrame({"geo": [], "value": []})


@pytest.fixture
def spread() -> list[str]:
    """One commune in each EPCI of the Vienne, and one more département told by one commune alone."""
    known = reference.load()
    epcis = known.members("DEP-86", 2024, level="EPCI")
    ours = [next(geo for geo in known.members(epci, 2024) if geo.startswith("COM-86")) for epci in epcis]
    return [*ours, "COM-79191"]


def test_a_list_spread_over_a_departement_has_zeros_for_the_others(write: Write, spread: list[str]) -> None:
    found = zeros(write, spread)
    every = {geo for geo in reference.load().codes("COM", 2024) if geo.startswith("COM-86")}
    assert set(found["geo"]) == every - set(spread)
    assert found["value"].eq(0).all()
    assert found["origin"].eq("fichier.csv").all()


def test_an_extract_has_none(write: Write, spread: list[str]) -> None:
    assert zeros(write, spread[:2]).empty
    assert zeros(write, spread, by_epci=False).empty


def test_a_rejected_row_leaves_its_departement_unknown(write: Write, spread: list[str]) -> None:
    assert zeros(write, spread, bad=(0,)).empty
    assert not zeros(write, spread, bad=(len(spread) - 1,)).empty


def test_communes_of_a_year_before_the_reference(real_data: Path) -> None:
    known = reference.load()
    table = pd.read_csv(real_data / "geo" / "appartenance_epci_2008_2024.csv.gz", dtype=str)
    for year in (2012, 2014, 2016, 2018, 2019):
        then = table[table["annee_geo"].eq(str(year))]
        held = set(then["DEP"])
        found = {geo[4:] for geo in absences.communes_at(known, year) if geo[4:6] in held}
        assert found == set(then["CODGEO"])


def test_a_year_that_nothing_tells_has_no_commune() -> None:
    known = reference.load()
    assert absences.communes_at(known, 1950) == set()
    assert absences.communes_at(known, 2090) == set()
    assert absences.communes_at(known, 2024) == known.codes("COM", 2024)
