"""The sections of trends and of the place among others: what each reader is told, and nothing when nothing is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from ctgeval.confidentiality.released import TABLES
from ctgeval.render.page import Page

EPCI, OTHER = "EPCI-900000001", "EPCI-900000002"
TREND: dict[str, Any] = {
    "indicator": "PE01", "geo": EPCI, "n": 7, "first_period": "2017", "last_period": "2023", "yearly_change": -0.53,
    "change_low": -0.81, "change_high": -0.2, "way": "baisse", "verdict": "degradation", "target_period": "2026",
    "target": 60.0, "projected": 51.2, "projected_low": 49.9, "projected_high": 52.5, "reason": "", "left_out": 0,
}  # fmt: skip
PLACE: dict[str, Any] = {
    "indicator": "PE01", "geo": EPCI, "time_period": "2021", "value": 53.1, "low": 53.1, "high": 53.1, "n_compared": 4,
    "rank": 4, "rank_low": 3, "rank_high": 4, "median": 57.0, "gap": -3.9, "gap_low": -4.4, "gap_high": -3.1,
    "place": "moins_favorable", "reason": "",
}  # fmt: skip
LINE = {"indicator": "PE01", "geo": EPCI, "other": OTHER, "time_period": "2021", "value": 58.25}


def table(name: str, *rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows)).reindex(columns=list(TABLES[name]))


def text(html: object) -> str:
    plain = re.sub(r"<[^>]+>", " ", re.sub(r'href="data:[^"]*"', "", str(html)))
    return re.sub(r"[\s\u00a0\u202f]+", " ", plain)


@pytest.fixture
def told(page: Callable[..., Page], full: Any) -> Callable[..., Page]:
    retained = full.indicators.assign(retained=full.indicators["id"].eq("PE01"))

    def made(audience: str, **tables: pd.DataFrame) -> Page:
        return page(audience=audience, indicators=retained, **tables)

    return made


def test_the_team_reads_slope_margin_and_projection(told: Callable[..., Page]) -> None:
    shown = text(told("interne", trends=table("trends", TREND)).trends())
    assert "Sur 1 indicateur dont la série est assez longue, 1 tendance nette" in shown
    assert "↘ en baisse, −0,53 par an (de −0,81 à −0,20)" in shown
    assert "51,2 en 2026 (de 49,9 à 52,5) ; cible : 60,0" in shown


def test_inhabitants_are_told_clear_trends_in_words_and_the_others_not_at_all(told: Callable[..., Page]) -> None:
    shown = told("habitants", trends=table("trends", TREND)).trends()
    assert "le chiffre baisse" in text(shown)
    assert "<table" not in str(shown)
    unsure = told("habitants", trends=table("trends", TREND | {"way": "aucune"})).trends()
    assert "le chiffre" not in text(unsure)
    assert "aucune tendance nette" in text(unsure)


def test_a_short_series_is_shown_to_the_team_as_such_and_left_out_for_the_copil(told: Callable[..., Page]) -> None:
    short = table("trends", TREND | {"way": "", "reason": "peu_de_points", "n": 3, "projected": float("nan")})
    assert "trop peu de périodes" in text(told("interne", trends=short).trends())
    assert "<table" not in str(told("copil", trends=short).trends())


def test_the_team_reads_the_range_of_ranks_and_every_line(told: Callable[..., Page]) -> None:
    shown = text(
        told("interne", standing=table("standing", PLACE), standing_lines=table("standing_lines", LINE)).standing()
    )
    assert "3e à 4e sur 5" in shown
    assert "−3,9 (de −4,4 à −3,1)" in shown
    assert "✘ moins favorable" in shown
    assert "CC du Plateau" in shown
    assert "58,3" in shown


def test_the_copil_reads_gaps_without_ranks_and_the_inhabitants_words(told: Callable[..., Page]) -> None:
    copil = text(told("copil", standing=table("standing", PLACE)).standing())
    assert "−3,9" in copil
    assert "Rang" not in copil
    public = told("habitants", standing=table("standing", PLACE)).standing()
    assert "moins bonne que dans la plupart" in text(public)
    assert "<table" not in str(public)


@pytest.mark.parametrize("name", ["trends", "standing"])
def test_nothing_known_is_one_line_and_the_team_is_told_what_to_provide(told: Callable[..., Page], name: str) -> None:
    for audience, asked in (("interne", True), ("copil", False)):
        shown = text(getattr(told(audience), name)())
        assert ("À fournir" in shown) is asked
        assert "Non renseigné" in shown
