"""Trends and places are made from what their reader is shown, and neighbours are ranked for the team only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import ctgeval
from ctgeval.confidentiality.released import TABLES
from ctgeval.followup import Reader, quality, trends

CODE, OTHER = "EPCI-200070035", "EPCI-200070043"
COMPARED = f'\n[comparaison]\nterritoires = ["{OTHER}"]\n'
YEARS = range(2018, 2025)


def observations(values: dict[str, list[float]]) -> str:
    lines = ["mesure;territoire;periode;valeur;source"]
    for geo, unsolved in values.items():
        for year, count in zip(YEARS, unsolved, strict=True):
            lines += [
                f"demandes_accueil;{geo};{year};200;relais",
                f"demandes_accueil_sans_solution;{geo};{year};{count:g};relais",
            ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def opened(dossier: Callable[..., ctgeval.Dossier]) -> ctgeval.Dossier:
    made = dossier(
        observations=observations({CODE: [60, 56, 52, 48, 44, 40, 36], OTHER: [100, 104, 98, 101, 99, 103, 100]})
    )
    (made.path / "ctg.toml").write_text(
        (made.path / "ctg.toml").read_text(encoding="utf-8") + COMPARED, encoding="utf-8"
    )
    return ctgeval.open(made.path)


def tables(opened: ctgeval.Dossier, made: Reader) -> dict[str, pd.DataFrame]:
    assert trends.TOPIC.tables
    found = dict(trends.TOPIC.tables(opened, made))
    for name, frame in found.items():
        assert set(TABLES[name]) <= set(frame.columns)
    return found


def test_the_team_reads_the_trend_the_place_and_the_line_of_each(
    opened: ctgeval.Dossier, reader: Callable[..., Reader]
) -> None:
    found = tables(opened, reader(opened, "interne"))
    trend = found["trends"].query("geo == @CODE").iloc[0]
    assert (trend["way"], trend["verdict"], trend["n"]) == ("baisse", "amelioration", 7)
    place = found["standing"].iloc[0]
    # 36 of 200 is 18 %, 100 of 200 is 50 %.
    assert (place["value"], place["median"], place["gap"]) == pytest.approx((18.0, 50.0, -32.0))
    assert (place["place"], place["rank"]) == ("plus_favorable", 2)
    assert found["standing_lines"]["other"].tolist() == [OTHER]
    assert opened.benchmark("PE09")["place"].tolist() == ["plus_favorable"]
    assert opened.trends(geo=CODE)["way"].tolist() == ["baisse"]


def test_others_are_not_told_the_order_of_named_neighbours(
    opened: ctgeval.Dossier, reader: Callable[..., Reader]
) -> None:
    found = tables(opened, reader(opened, "copil"))
    place = found["standing"].iloc[0]
    assert found["standing_lines"].empty
    assert np.isnan([place["rank"], place["rank_low"], place["rank_high"]]).all()
    assert place["place"] == "plus_favorable"
    assert "rang" not in place["sentence"]


def test_a_masked_period_is_in_no_trend_and_no_comparison(
    opened: ctgeval.Dossier, reader: Callable[..., Reader]
) -> None:
    found = tables(opened, reader(opened, "copil", masked="2024"))
    trend = found["trends"].query("geo == @CODE").iloc[0]
    assert (trend["last_period"], trend["n"]) == ("2023", 6)
    assert found["standing"].iloc[0]["time_period"] == "2023"


def test_a_slip_of_a_digit_is_a_problem_of_the_dossier_with_its_row(dossier: Callable[..., ctgeval.Dossier]) -> None:
    made = dossier(observations=observations({CODE: [60, 56, 52, 480, 44, 40, 36]}).replace(";200;", ";2000;"))
    assert quality.TOPIC.problems
    (found,) = quality.TOPIC.problems(made)
    assert (found.file, found.row, found.column, found.value) == ("observations.csv", 9, "valeur", "480")
    assert (found.severity, bool(found.remedy)) == ("avertissement", True)
