"""What a dossier says of participation, communication and its event, and what each reader may know of it."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ctgeval
from ctgeval import followup
from ctgeval.confidentiality.released import TABLES
from ctgeval.confidentiality.rules import Rule, primary
from ctgeval.dossier import Dossier
from ctgeval.followup import communication, event, participants, participation
from tests.light import light

EPCI = "EPCI-249900001"
HEAD = "id;action;date;type;niveau;presences;personnes_distinctes;tranche_age;sexe;secteur\n"


@pytest.fixture
def with_tables(tmp_path: Path) -> Any:
    """Return the population of the demo with other registers, or none of them."""

    def made(**texts: str) -> Dossier:
        folder = light(tmp_path / "dossier", files=("actions.csv",), sources=("insee-population", "insee-ages"))
        for name, text in texts.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        return ctgeval.open(folder)

    return made


def told(dossier: Dossier, audience: str) -> dict[str, pd.DataFrame]:
    none = pd.DataFrame()
    reader = followup.Reader(audience=audience, partner="", results=none, progress=none)
    topics = (participation.TOPIC, communication.TOPIC, event.TOPIC)
    return {name: frame for topic in topics if topic.tables for name, frame in topic.tables(dossier, reader).items()}


def test_the_widest_gap_of_each_year_by_hand(demo: Dossier) -> None:
    # Census of 2022, 15 and over: 22 294 inhabitants, of whom 5 771 + 2 646 + 411 = 8 828 are 60 and over (39.60 %).
    # 2025: 49 + 8 + 12 = 69 attendances of 60 and over, out of 72 + 22 + 34 = 128 (53.91 %): 14.31 points more.
    ages = participants.Ground.of(demo).censuses[0].ages
    assert sum(count for band, count in ages.items() if band.first >= 15) == 22_294
    assert sum(count for band, count in ages.items() if band.first >= 60) == 8_828
    assert participants.widest(demo)[2025] == pytest.approx(100 * (69 / 128 - 8_828 / 22_294))


def test_the_observations_of_the_catalogue(demo: Dossier) -> None:
    found = pd.concat(
        [
            topic.observations(demo)
            for topic in (participation.TOPIC, communication.TOPIC, event.TOPIC)
            if topic.observations
        ]
    )
    value = found.set_index(["measure", "time_period"])["value"]
    assert found["geo"].unique().tolist() == [EPCI]
    assert value["propositions", "2023"] == 17
    assert value["propositions_retenues", "2023"] == 11
    assert value["envois_lettre", "2025-Q4"] == 1604
    assert value["canaux_actifs", "2024"] == 5
    assert value["presences_evenement", "2025"] == 203
    assert found.set_index(["measure", "time_period"])["obs_status"]["propositions", "2025"] == "P"


def test_indicators_come_from_the_registers(demo: Dossier) -> None:
    known = demo.indicators(geo=EPCI).set_index(["indicator", "time_period"])["value"]
    assert known["PI07", "2025"] == pytest.approx(14.308, abs=0.001)
    assert known["PI08", "2024"] == pytest.approx(75)  # 3 of 4
    assert known["PI09a", "2025-Q4"] == pytest.approx(100 * 674 / 1604)
    assert known["PI09b", "2025-Q4"] == 1763
    assert known["PI09c", "2025"] == 4
    assert known["PI10a", "2025"] == 203
    assert known["PI10b", "2025"] == pytest.approx(100 * 63 / 74)


def test_other_readers_are_shown_years_alone_and_no_small_band(demo: Dossier) -> None:
    inside, outside = told(demo, "interne")["representativeness"], told(demo, "copil")["representativeness"]
    assert inside["participants"].between(1, 4).any()
    assert not outside["participants"].between(1, 4).any()
    assert outside["event"].eq("").all()
    assert inside["event"].ne("").any()
    pd.testing.assert_frame_equal(outside, told(demo, "habitants")["representativeness"])


def test_a_small_meeting_and_the_total_that_gives_it_back_are_masked(with_tables) -> None:
    dossier = with_tables(
        participation=HEAD
        + "R1;;2024-05-13;Réunion;information;3;3;;;\nR2;;2024-06-13;Réunion;information;30;;;;\n"
        + "R1;;2024-05-13;Réunion;information;2;;;F;\nR1;;2024-05-13;Réunion;information;1;;;M;\n"
        + "R2;;2024-06-13;Réunion;information;16;;;F;\nR2;;2024-06-13;Réunion;information;14;;;M;\n"
        + "R3;;2025-06-13;Réunion;information;18;4;;;\n"
    )
    inside, outside = told(dossier, "interne"), told(dossier, "copil")
    assert inside["participation"]["presences"].tolist() == [3, 30, 18]
    assert outside["participation"]["presences"].fillna(-1).tolist() == [-1, 30, 18]
    assert outside["participation"]["personnes_distinctes"].isna().all()
    assert outside["participation"]["conf_status"].tolist() == ["C", "F", "C"]
    assert outside["participation_years"]["presences"].fillna(-1).tolist() == [-1, 18]
    assert outside["participation_years"]["conf_status"].tolist() == ["C", "F"]
    # What is compared with the census leaves the small meeting out: 16 and 14, not 18 and 15.
    assert outside["representativeness"]["participants"].tolist() == [16, 14]


@pytest.mark.parametrize(("men", "told_"), [((2, 2, 2), False), ((2, 6, 2), True), ((4, 4, 4), False)])
def test_attendances_are_not_persons(with_tables, men: tuple[int, ...], told_: bool) -> None:
    # Two men who come to three meetings are six attendances, and two persons.
    rows = [
        f"R{at};;2024-0{at}-13;Réunion;;{20 + count};;;;\nR{at};;2024-0{at}-13;Réunion;;20;;;F;\n"
        f"R{at};;2024-0{at}-13;Réunion;;{count};;;M;\n"
        for at, count in enumerate(men, start=1)
    ]
    dossier = with_tables(participation=HEAD + "".join(rows))
    inside = told(dossier, "interne")["representativeness"].query("event == ''")
    assert inside["participants"].tolist() == [60, sum(men)]
    outside = told(dossier, "copil")["representativeness"]
    assert outside["participants"].dropna().tolist() == ([60, sum(men)] if told_ else [])
    assert outside["reason"].str.contains("diffusable").any() != told_


def test_those_who_came_again_to_one_meeting_are_counted_once(with_tables) -> None:
    # Twelve sessions of one cycle: of 40 attendances, 30 are those of somebody already there.
    lines = "R1;;2024-05-13;Cycle;;40;10;;;\nR1;;2024-05-13;Cycle;;32;;;F;\nR1;;2024-05-13;Cycle;;8;;;M;\n"
    outside = told(with_tables(participation=HEAD + lines), "copil")["representativeness"]
    assert outside["participants"].dropna().empty
    assert outside["reason"].str.contains("diffusable").all()


def test_few_who_came_from_elsewhere_are_not_what_is_left(with_tables) -> None:
    dossier = with_tables(
        participation=HEAD
        + "R1;;2024-05-13;Réunion;;32;;;;\nR1;;2024-05-13;Réunion;;10;;;;GRP-tressonne\n"
        + "R1;;2024-05-13;Réunion;;20;;;;GRP-sorvanne\nR1;;2024-05-13;Réunion;;2;;;;COM-99201\n"
    )
    (row,) = told(dossier, "copil")["representativeness"].to_dict("records")
    assert "n’est pas diffusable" in row["reason"]
    assert len(told(dossier, "interne")["representativeness"]) == 3


def test_without_a_population_by_age_nothing_is_tested(with_tables) -> None:
    dossier = with_tables(participation=HEAD + "R1;;2024-05-13;R;;20;;15-29;;\nR1;;2024-05-13;R;;20;;30+;;\n")
    text = (dossier.path / "ctg.toml").read_text(encoding="utf-8")
    start = text.index('[[source]]\ncle = "insee-ages"')
    (dossier.path / "ctg.toml").write_text(text[:start] + text[text.index("[[source]]", start + 5) :], encoding="utf-8")
    again = ctgeval.open(dossier.path)
    (row,) = told(again, "interne")["representativeness"].to_dict("records")
    assert "pas de comparaison, pas de test" in row["reason"]
    assert np.isnan(row["test_p"])
    assert participants.widest(again) == {}


def test_a_population_that_is_not_open_is_not_used(with_tables) -> None:
    dossier = with_tables(participation=HEAD + "R1;;2024-05-13;R;;20;;15-29;;\nR1;;2024-05-13;R;;20;;30+;;\n")
    text = (dossier.path / "ctg.toml").read_text(encoding="utf-8")
    start = text.index('cle = "insee-ages"')
    own = text[start:].replace('diffusion = "ouverte"', 'diffusion = "interne"', 1)
    (dossier.path / "ctg.toml").write_text(text[:start] + own, encoding="utf-8")
    assert participants.widest(dossier)
    assert participants.widest(ctgeval.open(dossier.path)) == {}


def test_satisfaction_of_few_respondents_is_masked_with_its_complement(with_tables) -> None:
    head = "id;date;intitule;lieu;objectifs;presences;comptage;repondants;satisfaits;cout;action;enseignement\n"
    dossier = with_tables(
        evenements=head
        + "J1;2022-11-26;J;;;100;e;20;18;;;\n"  # two who are not: they would be known
        + "J2;2023-11-26;J;;;100;e;20;12;;;\n"
        + "J3;2024-11-26;J;;;100;e;3;3;;;\n"
        + "J4;2025-11-26;J;;;4;e;;;400;;\n"
    )
    shown = told(dossier, "copil")["events"]
    assert shown["satisfaits"].fillna(-1).tolist() == [-1, 12, -1, -1]
    assert shown["satisfaction"].fillna(-1).tolist() == [-1, 60, -1, -1]
    assert shown["repondants"].fillna(-1).tolist() == [20, 20, -1, -1]
    assert shown["presences"].fillna(-1).tolist() == [100, 100, 100, -1]
    assert np.isnan(shown["cout_par_presence"].iloc[3])
    assert shown["conf_status"].tolist() == ["C", "F", "C", "C"]
    assert told(dossier, "interne")["events"]["satisfaits"].fillna(-1).tolist() == [18, 12, 3, -1]
    # The rows of the results are masked by the same rule: neither gives the other back.
    rule = Rule(threshold=5, source="[publication] seuil")
    rows = dossier.indicators("PI10b", geo=EPCI)
    masked = primary(rows, rule, catalogue=dossier.catalogue).any
    assert dict(zip(rows["time_period"], masked, strict=True)) == {"2022": True, "2023": False, "2024": True}


def test_no_edition_of_a_year_gives_a_small_one_back(with_tables) -> None:
    head = "id;date;intitule;lieu;objectifs;presences;comptage;repondants;satisfaits;cout;action;enseignement\n"
    dossier = with_tables(
        evenements=head
        + "J1;2022-05-26;J;;;3;e;;;30;;\nJ2;2022-11-26;J;;;100;e;20;12;400;;\n"
        + "J3;2023-05-26;J;;;60;e;;;;;\n"
        + "J4;2024-05-26;J;;;3;e;;;;;\nJ5;2024-11-26;J;;;2;e;;;;;\n"
    )
    yearly = event.TOPIC.observations(dossier).query("measure == 'presences_evenement'")  # type: ignore[misc]
    # 103 in 2022 with 100 shown beside it would be 3; of 5 in two editions, each is under 5 for certain.
    assert dict(zip(yearly["time_period"], yearly["value"], strict=True)) == {"2022": 103, "2023": 60}
    shown = told(dossier, "copil")["events"]
    assert shown["presences"].fillna(-1).tolist() == [-1, -1, 60, -1, -1]
    for name in ("taux_reponse", "cout_par_presence"):
        assert shown[name].isna().all()
    assert shown["presences_avant"].isna().tolist() == [True, True, True, False, True]
    assert shown["evolution_presences"].isna().all()
    assert told(dossier, "interne")["events"]["presences"].tolist() == [3, 100, 60, 3, 2]


def test_no_table_of_a_release_adds_channels(demo: Dossier) -> None:
    found = told(demo, "interne")
    last = found["communication"].query("periode == '2025-Q4'")["valeur"].tolist()
    totals = {sum(some) for size in range(2, len(last) + 1) for some in combinations(last, size)}
    assert len(totals) == 4
    for name in ("communication", "communication_channels"):
        numbers = set(found[name].select_dtypes("number").to_numpy().ravel().tolist())
        assert numbers.isdisjoint(totals)


def test_empty_registers_give_empty_tables(with_tables) -> None:
    dossier = with_tables()
    for audience in ("interne", "habitants"):
        for name, frame in told(dossier, audience).items():
            assert list(frame) == list(TABLES[name])
            assert frame.empty
    for topic in (participation.TOPIC, communication.TOPIC, event.TOPIC):
        assert topic.observations is not None
        assert topic.observations(dossier).empty
        assert topic.problems is not None
        assert list(topic.problems(dossier)) == []


def test_faults_are_told_with_their_place_and_block_nothing(with_tables) -> None:
    dossier = with_tables(
        participation=HEAD + "R1;A99;2024-05-13;R;;20;;;;COM-99201\n",
        propositions="id;origine;date;texte;suite;reponse_le;motif;action\nP1;x;2024-05-13;y;refusee;2024-05-01;;\n",
        communication="canal;periode;mesure;valeur\nLettre;2024;envois;10\nLettre;2024;ouvertures;12\n",
        evenements="id;date;intitule;presences;comptage;repondants;satisfaits\nJ1;2024-11-26;J;10;e;5;7\n",
    )
    found = dossier.problems()
    ours = found[found["file"].isin(["participation.csv", "propositions.csv", "communication.csv", "evenements.csv"])]
    # More letters opened than sent: the row is set aside. Nothing blocks.
    assert set(ours["severity"]) == {"avertissement", "partiel"}
    assert ours.loc[ours["severity"].eq("partiel"), "file"].tolist() == ["communication.csv"]
    assert set(zip(ours["file"], ours["column"], strict=True)) == {
        ("participation.csv", "action"),
        ("participation.csv", "secteur"),
        ("propositions.csv", "reponse_le"),
        ("propositions.csv", "motif"),
        ("communication.csv", "valeur"),
        ("evenements.csv", "satisfaits"),
    }
    assert ours["remedy"].ne("").all()
    assert ours["row"].notna().all()


def test_the_demo_gives_its_registers(demo: Dossier) -> None:
    assert demo.participation()["id"].is_unique
    assert len(demo.proposals()) == 28
    assert set(demo.communication()["canal"]) == {
        "Affichage",
        "Lettre d’information",
        "Presse locale",
        "Réseau social",
        "Site internet",
    }
    assert demo.events()["annee"].tolist() == [2022, 2023, 2024, 2025]
    names = {"participation.csv", "propositions.csv", "communication.csv", "evenements.csv"}
    assert not demo.problems()["file"].isin(names).any()
