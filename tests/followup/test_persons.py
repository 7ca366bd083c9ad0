"""Persons that a coordinator names by mistake: told with their place, and out of what anybody else reads."""

from __future__ import annotations

import json
from collections.abc import Callable

import pandas as pd
import pytest

import ctgeval
from ctgeval import Dossier
from ctgeval.confidentiality.released import TABLES
from ctgeval.followup import persons
from ctgeval.sources.known_persons import persons_in

SEEN = ("Durand", "Lefèvre", "LEFÈVRE")
FILES = {
    "actions_csv": "id;axe;intitule;pilote;etat;etat_date;motif\n"
    "A01;Jeunesse;Local de l’école Jean Moulin;Claire Durand;en_cours;2025-01-01;Départ de Mme Durand\n",
    "fiches_csv": "action;constat;copilotes\nA01;Dit par Claire Durand;Caf, Mme Durand\n",
    "jalons_csv": "action;intitule;prevu_le\nA01;Rendez-vous chez M. Durand;2025-03-01\n",
    "budget_csv": "action;exercice;nature;financeur;statut;montant\nA01;2025;recette;Claire Durand;verse;10,00\n",
    "journal_csv": "date;action;type;texte;leviers\n2025-02-01;A01;reussite;Directrice Claire Durand recrutée;"
    "Le numéro de M. Durand\n2025-03-01;A01;frein;Poste vacant;\n",
    "partenaires_csv": "id;nom;type\ncaf;Caf;\nfoyer;Compagnie Aline Robert;\n",
    "instances_csv": "id;type;date;partenaires_presents;sujet;methode\n"
    "AT1;atelier;2025-02-01;caf;Chez Claire Durand;Animé par LEFÈVRE Marie\n",
    "contributions_csv": "id;atelier;texte;suite;action;motif\nC1;AT1;Le fils de Mme Durand attend;retenue;A01;"
    "Vu avec Marie Lefèvre\n",
    "participation_csv": "id;date;type;presences\nR1;2025-02-01;Réunion chez Mme Durand;20\n",
    "propositions_csv": "id;origine;date;texte;suite;motif\n"
    "P1;Mme Lefèvre, Civray;2025-02-01;Un banc devant chez Mme Durand;refusee;Déjà dit à Claire Durand\n"
    "P2;Journée;2025-02-01;Une table;;\nP3;Journée;2025-02-01;Un abri;;\n"
    "P4;Journée;2025-02-01;Un four;;\n",
    "communication_csv": "canal;periode;mesure;valeur\nSite de Claire Durand;2025;visites;100\n",
    "evenements_csv": "id;date;intitule;lieu;presences;enseignement\n"
    "E1;2025-02-01;Journée;Salle des fêtes, 3 rue du Port;30;Remercier Marie Lefèvre\n",
    "recommandations_csv": "id;date;origine;texte;etat;instance;decidee_le;motif\n"
    "R1;2025-02-01;COTECH, Mme Durand;Revoir Marie Lefèvre;acceptee;COPIL;2025-03-01;Accord de M. Durand\n"
    "R2;2025-02-01;COTECH;Continuer;proposee;;;\n",
    "evaluation_toml": '[[question]]\nid = "Q1"\ntexte = "Claire Durand a-t-elle aidé ?"\ncriteres = ["impact"]\n'
    'constats = ["Mme Durand le dit."]\n',
}  # fmt: skip


@pytest.fixture(scope="module")
def named(dossier: Callable[..., Dossier]) -> Dossier:
    return dossier(**FILES)


@pytest.mark.parametrize("audience", ["cotech", "habitants"])
def test_no_release_names_anybody(named: Dossier, audience: str) -> None:
    release = named.release(audience)
    told = {name: release.table(name).to_csv() for name in TABLES}
    assert {name: found for name, text in told.items() if (found := [one for one in SEEN if one in text])} == {}
    assert "École Jean Moulin".casefold() in told["actions"].casefold()
    assert "3 rue du Port" in told["events"]
    assert "Directrice [nom] recrutée" in told["journal"]


def test_the_team_reads_what_it_wrote(named: Dossier) -> None:
    assert "Directrice Claire Durand" in named.release("interne").journal["texte"].iloc[0]


def test_each_is_told_with_its_place(named: Dossier) -> None:
    found = named.problems()
    found = found[found["message"].str.startswith("Ce texte parle d’une personne")]
    places = set(zip(found["file"], found["column"], strict=True))
    assert {
        ("actions.csv", "motif"), ("fiches.csv", "constat"), ("jalons.csv", "intitule"), ("budget.csv", "financeur"),
        ("journal.csv", "texte"), ("journal.csv", "leviers"), ("instances.csv", "methode"),
        ("contributions.csv", "texte"), ("propositions.csv", "origine"), ("propositions.csv", "texte"),
        ("evenements.csv", "enseignement"), ("recommandations.csv", "motif"),
    } <= places  # fmt: skip
    assert "evenements.csv" not in {file for file, column in places if column == "lieu"}
    assert found.loc[found["file"].ne("evaluation.toml"), "row"].notna().all()
    assert "evaluation.toml" in set(found["file"])
    assert set(found["severity"]) == {"avertissement"}


def test_the_author_of_a_text_is_told_of_who_is_named_in_it(dossier: Callable[..., Dossier]) -> None:
    made = dossier()
    (made.path / "textes" / "bilan_annuel").mkdir(parents=True)
    (made.path / "textes" / "bilan_annuel" / "synthese.md").write_text("Merci à Marie Lefèvre.\n", encoding="utf-8")
    again = ctgeval.open(made.path)
    (row,) = again.problems().query("message.str.contains('tel qu’il est écrit')").to_dict("records")
    assert row["file"].endswith("synthese.md")
    assert again.release("copil").texts["markdown"].tolist() == ["Merci à Marie Lefèvre.\n"]


def test_the_name_of_a_listed_organisation_stays(dossier: Callable[..., Dossier]) -> None:
    made = dossier(
        partenaires_csv="id;nom;autres_noms\nt;Compagnie Claire Durand;La troupe Claire Durand\n",
        journal_csv="date;type;texte\n2025-02-01;reussite;Compagnie Claire Durand : 12 ateliers, dit Marie Lefèvre\n",
    )
    assert made.release("habitants").journal["texte"].tolist() == ["Compagnie Claire Durand : 12 ateliers, dit [nom]"]


def test_a_table_that_names_nobody_is_the_same(dossier: Callable[..., Dossier]) -> None:
    frame = pd.DataFrame({"texte": pd.Series(["Le relais", None], dtype="str"), "n": [1.0, 2.0]})
    found = persons.without_persons(dossier(), {"journal": frame})["journal"]
    pd.testing.assert_frame_equal(found, frame)


def test_the_numbers_of_a_record_stay_and_its_sentences_lose_their_names(dossier: Callable[..., Dossier]) -> None:
    # The decimals of this slope have the form of a number of the sécurité sociale: 2 54 09 33 608 193 14.
    record = {"slope": 0.254093360819314, "said": ["Vu avec Claire Durand", 3], "unit": "EPCI-249600024"}
    frame = pd.DataFrame({"record": [json.dumps(record), "", None]})
    found = persons.without_persons(dossier(), {"impact": frame})["impact"]["record"]
    assert json.loads(found[0]) == record | {"said": ["Vu avec [nom]", 3]}
    assert found[1] == ""
    plain = json.dumps(record | {"said": []})
    kept = persons.without_persons(dossier(), {"impact": pd.DataFrame({"record": [plain]})})["impact"]["record"]
    assert kept.tolist() == [plain]


def test_the_names_that_the_dossier_holds_are_known_for_the_last_scan(named: Dossier) -> None:
    found = persons.known(named)
    assert {"Durand", "Claire Durand", "Lefèvre", "LEFÈVRE Marie"} <= found
    assert persons_in("Merci à Durand", found) == ("Durand",)


def test_a_family_name_alone_goes_once_a_table_has_said_whose_it_is(dossier: Callable[..., Dossier]) -> None:
    made = dossier(
        journal_csv="date;type;texte\n2025-02-01;reussite;Vu avec Claire Durand\n"
        "2025-03-01;frein;Le départ de Durand, école Durand\n2025-03-02;frein;Le départ de Lefèvre\n"
    )
    told = made.release("habitants").journal["texte"].tolist()
    assert sorted(told) == ["Le départ de Lefèvre", "Le départ de [nom], école Durand", "Vu avec [nom]"]
