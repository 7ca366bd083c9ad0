"""Indicators made from the real Caf and Insee files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ctgeval import indicators, observations, sources
from ctgeval.territory import reference

EPCI = "EPCI-200070035"


@pytest.fixture(scope="module")
def caf(real_data: Path) -> pd.DataFrame:
    return sources.read(
        real_data / "caf" / "txcouv_pe_com_2017_2021.csv", format="caf.taux_couverture", key="caf"
    ).observations


def computed(seen: pd.DataFrame, ids: list[str], geos: list[str]) -> pd.DataFrame:
    return indicators.compute(seen, ids, geos, reference=reference.load(), year=2024)


@pytest.mark.parametrize(
    ("geo", "first", "last"), [("COM-86194", 60.6, 53.1), ("COM-86066", 54.1, 46.3), ("COM-86041", 77.1, 62.6)]
)
def test_the_coverage_rates_of_the_vienne(caf: pd.DataFrame, geo: str, first: float, last: float) -> None:
    table = computed(caf, ["PE01"], [geo]).set_index("time_period")
    assert (table.loc["2017", "value"], table.loc["2021", "value"]) == (first, last)


def test_the_rate_of_a_departement_is_not_the_mean_of_its_communes(caf: pd.DataFrame) -> None:
    table = computed(caf, ["PE01"], ["DEP-86", EPCI])
    assert table["value"].isna().all()
    assert table.loc[table["geo"] == "DEP-86", "reason"].str.contains("ni ne se moyenne").all()
    assert table.loc[table["geo"] == EPCI, "reason"].str.contains("aucune valeur").all()
    assert (table.loc[table["geo"] == EPCI, "completeness"] == 0).all()


def test_the_median_income_of_the_civraisien_is_its_own_row(real_data: Path) -> None:
    names = ("FILO2016_DISP_EPCI.csv.gz", "FILO2017_DISP_EPCI.csv.gz", "FILO2018_DISP_EPCI.csv.gz")
    seen = observations.concat(
        sources.read(real_data / "insee" / name, format="insee.filosofi", key=name[:8]).observations for name in names
    )
    table = computed(seen, ["CO02"], [EPCI])
    assert table["value"].tolist() == [18644, 18850, 19560]


def test_a_median_of_communes_is_refused(real_data: Path) -> None:
    path = real_data / "insee" / "FILO2016_DISP_COM.csv.gz"
    seen = sources.read(path, format="insee.filosofi", key="filo").observations
    row = computed(seen, ["CO02"], [EPCI]).iloc[0]
    assert pd.isna(row["value"])
    assert "prendre la ligne" in row["reason"]
