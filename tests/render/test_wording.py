from __future__ import annotations

import math
from typing import Any

import pytest

from ctgeval.render import wording
from ctgeval.render.lines import Indicator, Line, Point

NNBSP, NBSP = "\u202f", "\u00a0"


def indicator(unit: str = "habitants", decimals: int | None = 0) -> Indicator:
    return Indicator("X", "Population municipale", "", "contexte", unit, "neutral", decimals, "", "", (), False)


def point(period: str, value: float, **more: Any) -> Point:
    known: dict[str, Any] = {
        "low": value, "high": value, "mark": "", "provisional": False, "geography": None, "source": "", "limits": "",
        "reason": "",
    }  # fmt: skip
    return Point(period, value, **{**known, **more})


def line(*points: Point) -> Line:
    return Line("COM-1", "Ayron", points)


def test_message_tells_value_start_and_gap() -> None:
    said = wording.message(line(point("2006", 26_885), point("2023", 26_641)), indicator())
    expected = (
        "Population municipale : 26 641 habitants en 2023, contre 26 885 en 2006, soit une baisse de 244 (0,9 %)."
    )
    assert said.replace(NNBSP, " ").replace(NBSP, " ") == expected


def test_message_of_a_percentage_speaks_of_points() -> None:
    said = wording.message(line(point("2020", 10.0), point("2021", 11.5)), indicator("%", 1))
    assert f"une hausse de 1,5{NBSP}point." in said


def test_message_of_an_income_keeps_its_sign() -> None:
    said = wording.message(line(point("2016", 18_644), point("2018", 19_560)), indicator("EUR par an"))
    assert f"19{NNBSP}560{NBSP}€ par an en 2018, contre 18{NNBSP}644{NBSP}€ en 2016" in said


def test_message_of_what_did_not_move() -> None:
    assert "comme en 2020" in wording.message(line(point("2020", 5), point("2021", 5)), indicator())


def test_message_of_a_single_period_claims_no_evolution() -> None:
    said = wording.message(line(point("2020", 5)), indicator())
    assert said.endswith("en 2020.")
    assert "contre" not in said


def test_masked_and_missing_are_told_apart() -> None:
    hidden = point("2021", math.nan, mark="masque")
    absent = point("2021", math.nan, mark="absent")
    assert "non diffusable" in wording.message(line(hidden), indicator())
    assert "non disponible" in wording.message(line(absent), indicator())
    assert "n’est pas diffusable" in wording.message(line(point("2020", 5), hidden), indicator())


def test_half_years_are_compared_with_the_same_half() -> None:
    points = [point("2022-S1", 10), point("2022-S2", 90), point("2023-S2", 99)]
    assert "contre 90 au 2e semestre 2022" in wording.message(line(*points), indicator())


def test_years_and_half_years_are_never_on_one_line() -> None:
    mixed = line(point("2021", 100), point("2022", 120), point("2022-S2", 60))
    assert [one.period for one in mixed.steady.points] == ["2021", "2022"]


@pytest.mark.parametrize(
    ("period", "said", "short"),
    [
        ("2021", "en 2021", "2021"),
        ("2021-S1", "au 1er semestre 2021", "S1 2021"),
        ("2021-Q3", "au 3e trimestre 2021", "T3 2021"),
        ("2021-09", "en septembre 2021", "09/2021"),
        ("2021-2022", "pendant l’année scolaire 2021-2022", "2021-22"),
    ],
)
def test_periods_read_well(period: str, said: str, short: str) -> None:
    assert wording.when(period) == said
    assert wording.short_period(period) == short


def test_span_agrees_with_its_periods() -> None:
    assert wording.span("2021-04", "2021-10", indicator()).startswith("D’avril 2021 à octobre 2021")
    assert wording.span("2021-S1", "2022-S2", indicator()).startswith("Du 1er semestre 2021 au 2e semestre 2022")


def test_progress_agrees_in_number() -> None:
    said = wording.progress(["atteint", "en_recul", "en_recul"])
    assert said == f"Sur 3{NBSP}indicateurs suivis, 1 atteint sa cible et 2 reculent."
    assert wording.progress(["stable"]) == f"Sur 1{NBSP}indicateur suivi, 1 reste stable."


def test_every_verdict_and_state_has_its_words() -> None:
    verdicts = {"atteint", "depasse", "en_progres", "stable", "en_recul", "maintenu", "non_maintenu", "sans_cible",
                "sans_reference", "reference_masquee", "non_evaluable", "non_concluant"}  # fmt: skip
    for table in ("verdicts", "bilans", "bilans_pluriel"):
        assert set(wording.catalogue()[table]) == verdicts
    assert len(set(wording.catalogue()["verdicts"].values())) == len(verdicts)


def test_interval_is_written_as_an_interval() -> None:
    bounded = point("2021", math.nan, low=1.0, high=4.0)
    assert wording.value(bounded, indicator()) == f"entre 1 et 4{NBSP}habitants"


def test_index_starts_at_100_and_needs_a_base() -> None:
    rebased = wording.rebase(line(point("2006", 50), point("2023", 60)), "2006")
    assert rebased is not None
    assert [one.value for one in rebased.points] == [100, 120]
    assert wording.rebase(line(point("2023", 60)), "2006") is None


@pytest.mark.parametrize(
    ("unit", "first", "last", "said", "number"),
    [
        ("habitants", 27_407, 26_641, f"−2,8{NNBSP}%", -2.7949),
        ("habitants", 0, 12, "+12", 12.0),
        ("%", 10.0, 11.5, f"+1,5{NBSP}point", 1.5),
        ("EUR par an", 20_170, 21_410, f"+6,1{NNBSP}%", 6.1477),
    ],
)
def test_the_number_of_an_evolution_is_the_one_that_is_told(
    unit: str, first: float, last: float, said: str, number: float
) -> None:
    measured = indicator(unit, 1 if unit == "%" else 0)
    before, after = point("2018", first), point("2023", last)

    assert wording.signed_change(before, after, measured) == said
    assert wording.evolved(before, after, measured) == pytest.approx(number, abs=1e-4)
