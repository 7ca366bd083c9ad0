"""What each reader is told of the budget, and the indicators that it gives."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import ctgeval
from ctgeval.followup import funding
from ctgeval.followup.topic import Reader
from tests.light import light

CC = "EPCI-249900001"
FILES = ("actions.csv", "budget.csv")
NO_RESULT = pd.DataFrame(columns=["indicator", "geo", "time_period", "value"], dtype=str)


def told(
    dossier: ctgeval.Dossier, audience: str = "interne", results: pd.DataFrame = NO_RESULT
) -> dict[str, pd.DataFrame]:
    assert funding.TOPIC.tables is not None
    return dict(
        funding.TOPIC.tables(dossier, Reader(audience=audience, partner="", results=results, progress=pd.DataFrame()))
    )


def test_the_totals_of_the_demo_agree_to_the_cent(demo: ctgeval.Dossier) -> None:
    controls = told(demo)["budget_controls"]
    assert len(controls) > 10
    assert controls["gap"].eq(0).all()
    assert demo.budget_controls()["gap"].eq(0).all()


def test_executed_and_cofinanced_are_indicators(demo: ctgeval.Dossier) -> None:
    # 757 260,40 carried out over 810 500 planned; 438 756,60 received over 757 260,40.
    executed = demo.indicators("PI03", geo=CC).set_index("time_period").loc["2025"]
    assert (executed["numerator"], executed["denominator"]) == (757260.4, 810500)
    assert executed["value"] == pytest.approx(93.43, abs=0.005)
    shared = demo.indicators("PI04", geo=CC).set_index("time_period")
    assert shared.loc["2025", "value"] == pytest.approx(57.94, abs=0.005)
    # The balance of the MSA comes later: the share of the last year may still rise.
    assert shared["obs_status"].to_dict() == {"2022": "A", "2023": "A", "2024": "A", "2025": "P"}


def test_gifts_in_kind_are_apart(demo: ctgeval.Dossier) -> None:
    gifts = told(demo)["budget_in_kind"]
    # 1 920 + 4 800 + 3 840.
    assert gifts.query("exercice == 2025")["montant"].sum() == 10560
    assert "Heures de bénévoles valorisées" in set(gifts["poste"])


def test_published_grants_are_held_against_the_budget(demo: ctgeval.Dossier) -> None:
    rows = told(demo)["grants"].set_index("exercice")
    # 2 550,42 + 1 767,97 + 3 004,66 in both; 3 500 granted in 2024 for the conseiller numérique, 2 797,24 paid.
    assert (rows.loc[2023, "montant"], rows.loc[2023, "ecart"]) == (7323.05, 0)
    assert rows.loc[2024, "ecart"] == pytest.approx(702.76)


def test_a_unit_of_output_has_a_cost_where_it_is_counted(demo: ctgeval.Dossier) -> None:
    costs = told(demo, results=demo.indicators())["unit_costs"].set_index(["action", "exercice"])
    # 58 446,78 over 19 011 days of children.
    assert costs.loc[("A07", 2025), "cout_unitaire"] == pytest.approx(3.0744, abs=0.0001)
    assert pd.isna(costs.loc[("A07", 2024), "cout_unitaire"])
    assert costs.loc[("A07", 2024), "reason"]
    assert "PE01" not in set(costs["indicateur"])


def test_what_the_coordinator_counted_by_hand_is_kept(tmp_path: Path) -> None:
    folder = light(tmp_path / "demo", files=FILES)
    with (folder / "observations.csv").open("a", encoding="utf-8") as stream:
        stream.write(f"budget_execute;{CC};2025;700000;france-services;;\n")
    rows = ctgeval.open(folder).indicators("PI03", geo=CC).set_index("time_period")
    assert rows.loc["2025", "numerator"] == 700000
    assert rows.loc["2024", "numerator"] == 807425.86


def test_without_a_budget_there_is_nothing(tmp_path: Path) -> None:
    folder = light(tmp_path / "demo", files=FILES, sources=("subventions-departement",))
    (folder / "budget.csv").unlink()
    dossier = ctgeval.open(folder)
    found = told(dossier, "copil")
    assert all(frame.empty for name, frame in found.items() if name != "grants")
    assert found["grants"]["budget"].isna().all()
    assert funding.TOPIC.observations is not None
    assert funding.TOPIC.observations(dossier).empty


def test_a_year_in_thousands_is_a_warning_that_the_page_tells(tmp_path: Path) -> None:
    folder = light(tmp_path / "demo", files=FILES)
    text = (folder / "budget.csv").read_text(encoding="utf-8")
    (folder / "budget.csv").write_text(
        text.replace("A09;2024;depense;Personnel;;prevu;22300,00", "A09;2024;depense;Personnel;;prevu;22,30"), "utf-8"
    )
    dossier = ctgeval.open(folder)
    doubts = told(dossier)["budget_doubts"]
    assert doubts["exercice"].tolist() == ["2024"]
    assert "A09" in doubts["sentence"].item()
    assert funding.TOPIC.problems is not None
    (problem,) = (one for one in funding.TOPIC.problems(dossier) if "milliers" in one.message)
    assert (problem.file, problem.column, problem.severity) == ("budget.csv", "montant", "avertissement")
