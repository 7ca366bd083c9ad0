"""What each reader is told of the plan, as it stood at the end of the period of their bilan."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import ctgeval
from ctgeval.followup import plan
from ctgeval.followup.topic import Reader

Told = Callable[..., dict[str, pd.DataFrame]]
NOTHING = pd.DataFrame()


@pytest.fixture(scope="module")
def told(demo: ctgeval.Dossier) -> Told:
    def tables(audience: str = "interne") -> dict[str, pd.DataFrame]:
        assert plan.TOPIC.tables is not None
        return dict(plan.TOPIC.tables(demo, Reader(audience=audience, partner="", results=NOTHING, progress=NOTHING)))

    return tables


def test_each_year_of_the_plan_is_a_period_told_at_its_end_or_at_the_last_news(demo: ctgeval.Dossier) -> None:
    found = plan.spans(demo)
    assert [span.period for span in found] == ["2022", "2023", "2024", "2025"]
    assert found[-2].day == dt.date(2024, 12, 31)
    # The last state of the plan is of 15 December 2025.
    assert (found[-1].since, found[-1].day) == (dt.date(2024, 12, 31), dt.date(2025, 12, 15))


ACTIONS = """\
id;axe;intitule;debut;fin;etat;etat_date
A1;Jeunesse;Ouvrir un lieu;2024-01-01;2025-09-30;en_cours;2025-03-10
"""


def test_a_register_that_goes_on_says_that_the_plan_still_holds(dossier: Callable[..., ctgeval.Dossier]) -> None:
    # The state is of March, a note of December: in between, the deadline of September was missed.
    note = "date;type;texte\n2025-12-09;frein;Le local manque.\n"
    silent, kept = dossier(actions_csv=ACTIONS), dossier(actions_csv=ACTIONS, journal_csv=note)
    assert [plan.spans(one)[-1].day for one in (silent, kept)] == [dt.date(2025, 3, 10), dt.date(2025, 12, 9)]
    counted = kept.indicators("PI02", geo="EPCI-200070035").set_index("time_period")
    assert counted.loc["2025-S2", "value"] == 0
    assert counted.loc["2025-S2", "denominator"] == 1
    assert "2025-S2" not in set(silent.indicators("PI02", geo="EPCI-200070035")["time_period"])
    assert counted.loc["2025-S2", "obs_status"] == "A"


def test_a_contribution_waits_until_the_day_at_which_the_plan_is_told(dossier: Callable[..., ctgeval.Dossier]) -> None:
    held = "id;type;date;partenaires_presents\nAT;atelier;2025-04-10;Caf\n"
    asked = "id;atelier;texte\nC1;AT;Une carte.\n"
    note = "date;type;texte\n2025-12-09;frein;Le local manque.\n"
    found = dossier(actions_csv=ACTIONS, instances_csv=held, contributions_csv=asked, journal_csv=note)
    # From 10 April to 9 December: 243 days.
    assert found.workshops()["waiting"].tolist() == [243]


def test_a_mistyped_year_and_a_meeting_to_come_move_no_deadline(dossier: Callable[..., ctgeval.Dossier]) -> None:
    later = "date;type;texte\n2052-12-09;frein;Le local manque.\n"
    planned = "id;type;date;invites\nC1;COPIL;2025-11-30;8\n"
    found = plan.spans(dossier(actions_csv=ACTIONS, journal_csv=later, instances_csv=planned))
    assert [span.day for span in found][-1] == dt.date(2025, 3, 10)


def test_the_plan_of_a_past_period_is_not_told_with_what_came_later(told: Told) -> None:
    states = told()["action_states"].set_index(["periode", "id"])
    assert states.loc[("2023", "A02"), "etat"] == "en_cours"
    assert states.loc[("2025", "A02"), "etat"] == "realisee"
    assert states.loc[("2024", "A12"), "fin"] == "2025-06-30"
    # From 30 June 2025 to 31 December 2026: 549 days.
    assert (states.loc[("2025", "A12"), "fin"], states.loc[("2025", "A12"), "jours_report"]) == ("2026-12-31", 549)
    assert ("2023", "A22") not in states.index


def test_what_moved_in_2025_is_what_the_files_say(told: Told) -> None:
    moved = told()["action_changes"].query("periode == '2025'")
    assert list(moved[["id", "kind"]].itertuples(index=False, name=None)) == [
        ("A01", "etat"),
        ("A04", "jalon_franchi"),
        ("A11", "jalon_manque"),
        ("A12", "etat"),
        ("A12", "fin"),
        ("A18", "jalon_manque"),
        ("A22", "jalon_franchi"),
    ]
    assert set(moved["since"]) == {"2024-12-31"}
    assert told()["action_changes"].query("periode == '2022'").empty


def test_a_milestone_of_an_action_given_up_is_awaited_no_more(told: Told) -> None:
    found = told()["milestones"].query("periode == '2025' and action == 'A06'")
    assert found["situation"].tolist() == ["sans_objet"]


def test_sheets_and_histories_are_for_those_who_run_the_plan(told: Told) -> None:
    for audience, kept in (("interne", True), ("cotech", True), ("copil", False), ("habitants", False)):
        tables = told(audience)
        assert (len(tables["action_sheets"]) > 0) is kept
        assert (len(tables["action_history"]) > 0) is kept
        assert len(tables["action_states"]) > 0
    history = told()["action_history"].query("id == 'A01'")
    assert history["etat"].tolist() == ["en_cours", "realisee", "perennisee"]
    # From 15 March 2022 to 4 September 2023: 538 days.
    assert history["days"].tolist()[0] == 538


def test_a_plan_without_anything_gives_empty_tables_and_no_observation(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(checkout / "data" / "demo", folder, ignore=shutil.ignore_patterns(".ctgeval", "reports"))
    for name in ("actions", "jalons", "fiches"):
        (folder / f"{name}.csv").unlink()
    dossier = ctgeval.open(folder)
    assert plan.TOPIC.tables is not None
    assert plan.TOPIC.observations is not None
    assert plan.TOPIC.problems is not None
    found = plan.TOPIC.tables(dossier, Reader(audience="interne", partner="", results=NOTHING, progress=NOTHING))
    assert all(frame.empty for frame in found.values())
    assert plan.TOPIC.observations(dossier).empty
    assert list(plan.TOPIC.problems(dossier)) == []


def test_half_years_and_years_of_the_plan_agree(demo: ctgeval.Dossier) -> None:
    rows = demo.indicators("PI01", geo="EPCI-249900001").set_index("time_period")["value"]
    assert rows["2025-S2"] == rows["2025"] == pytest.approx(100 * 22 / 25)
    # At 30 June 2022, six actions are known and all have begun.
    assert rows["2022-S1"] == 100
    assert demo.action_changes(dt.date(2024, 12, 31), dt.date(2025, 12, 31))["id"].tolist()[0] == "A01"
    assert demo.actions(history=True).query("id == 'A12'")["etat"].tolist() == ["non_engagee", "reportee"]
    assert set(demo.milestones(dt.date(2025, 12, 31))["action"]) >= {"A01", "A18"}
