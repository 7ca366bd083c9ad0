"""What each reader is told of the partnership and of the workshops of the demo, and what its figures are."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import ctgeval
from ctgeval.confidentiality.released import TABLES
from ctgeval.followup import partnership, workshops
from ctgeval.followup.topic import Reader

PUBLIC = {"partnership", "partners", "partner_links", "partner_changes", "attendance", "partner_attendance", "meetings"}


@pytest.fixture(scope="module")
def dossier(demo: ctgeval.Dossier) -> ctgeval.Dossier:
    return demo


def told(dossier: ctgeval.Dossier, audience: str) -> dict[str, pd.DataFrame]:
    none = pd.DataFrame()
    reader = Reader(audience=audience, partner="", results=none, progress=none)
    found = {**partnership.TOPIC.tables(dossier, reader), **workshops.TOPIC.tables(dossier, reader)}  # type: ignore[misc]
    assert all(list(frame.columns) == list(TABLES[name]) for name, frame in found.items())
    return found


def test_the_demo_has_one_isolated_partner_and_one_that_never_came(dossier: ctgeval.Dossier) -> None:
    last = dossier.network(2025)
    assert last.isolated == ("habitat",)
    # 94 pairs of the 26 x 25 / 2 = 325 that 26 partners could make.
    assert (last.pairs, last.possible) == (94, 325)
    guests = told(dossier, "cotech")["partner_attendance"].query("year == 2025 and invitations_total > 0")
    assert list(guests.loc[guests["last"].eq(""), "nom"]) == ["Tribunal judiciaire"]


def test_observations_give_attendance_and_density(dossier: ctgeval.Dossier) -> None:
    found = partnership.TOPIC.observations(dossier).set_index(["measure", "time_period"])["value"]  # type: ignore[misc]
    # 2025: COPIL 6 + 7 of 8 + 8, COTECH 9 + 8 of 11 + 11.
    assert found["presences_instances", "2025"] == 30
    assert found["invitations_instances", "2025"] == 38
    assert found["presences_instances", "2025-S1"] + found["presences_instances", "2025-S2"] == 30
    assert found["paires_partenaires_observees", "2025"] == 94
    assert found["paires_partenaires_possibles", "2025"] == 325


def test_nobody_but_the_team_and_the_cotech_knows_who_came(dossier: ctgeval.Dossier) -> None:
    for audience in ("copil", "partenaire"):
        found = told(dossier, audience)
        assert found["partner_attendance"].empty
        assert found["partners"]["meetings"].isna().all()
        assert set(found["workshops"]["came"]) == {""}
        assert len(found["partners"]) > 0
    for audience in ("interne", "cotech"):
        found = told(dossier, audience)
        assert len(found["partner_attendance"]) > 0
        assert found["workshops"]["came"].str.contains("Caf").any()


def test_inhabitants_are_told_how_many_and_no_name(dossier: ctgeval.Dossier) -> None:
    found = told(dossier, "habitants")
    assert {name for name in PUBLIC if len(found[name])} == {"partnership"}
    assert not found["partnership"].map(lambda value: "Caf" in str(value)).any(axis=None)
    assert set(found["workshop_contributions"]["state"]) == {"retenue"}


def test_the_summary_of_a_year_and_its_change(dossier: ctgeval.Dossier) -> None:
    years = told(dossier, "copil")["partnership"].set_index("year")
    assert years.loc[2022, ["joined", "gained"]].isna().all()
    assert (years.loc[2025, "isolated"], years.loc[2025, "joined"], years.loc[2025, "left"]) == (1, 4, 0)
    assert years.loc[2025, "pairs"] - years.loc[2024, "pairs"] == years.loc[2025, "gained"] - years.loc[2025, "lost"]


def test_workshops_say_what_became_of_their_contributions(dossier: ctgeval.Dossier) -> None:
    found = dossier.workshops().set_index("id")
    assert list(found["contributions"]) == [3, 3, 3, 3]
    assert found[["retenue", "refusee", "en_cours", "en_attente"]].sum().tolist() == [6, 2, 2, 2]
    # The last day that the tables know is 15 December 2025: 17 + 30 + 15 = 62 days after 14 October.
    assert found.loc["AT-2025-1", "waiting"] == 62
    rows = told(dossier, "copil")["workshop_contributions"]
    then = rows[rows["periode"].eq("2023")].set_index("id" if "id" in rows else "text")
    assert "Former les secrétaires de mairie à repérer les droits qui ne sont pas demandés." not in then.index


def test_partners_and_meetings_are_there_for_the_evaluator(dossier: ctgeval.Dossier) -> None:
    partners = dossier.partners().set_index("id")
    assert len(partners) == 26
    assert partners["listed"].all()
    assert (partners.loc["tribunal", "invitations"], partners.loc["tribunal", "presences"]) == (8, 0)
    assert len(dossier.meetings()) == 28
    assert dossier.network().pairs >= dossier.network(2025).pairs


def test_the_demo_has_no_problem_of_partnership(dossier: ctgeval.Dossier) -> None:
    assert list(partnership.TOPIC.problems(dossier)) == []  # type: ignore[misc]
    assert list(workshops.TOPIC.problems(dossier)) == []  # type: ignore[misc]


def test_a_dossier_without_tables_gives_nothing_and_raises_nothing(tmp_path: Path) -> None:
    text = '[territoire]\ncode = "EPCI-200070035"\nperimetre = 2024\n'
    (tmp_path / "ctg.toml").write_text(text, encoding="utf-8")
    bare = ctgeval.open(tmp_path)
    assert all(frame.empty for frame in told(bare, "interne").values())
    assert partnership.TOPIC.observations(bare).empty  # type: ignore[misc]
    assert list(partnership.TOPIC.problems(bare)) == []  # type: ignore[misc]
    assert bare.partners().empty
    assert bare.workshops().empty
    assert bare.network().reason
