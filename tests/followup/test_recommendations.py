"""What rules raise is for those who decide, and what is masked for a reader is in none of that reader's tables."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import ctgeval
from ctgeval.followup import Reader, journal, recommendations

Open = Callable[..., ctgeval.Dossier]
Read = Callable[..., Reader]
RULES = """
[[regle]]
id = "RG1"
quand = { plus_de = 22 }
indicateurs = ["PE09"]
texte = "Chercher pourquoi {{indicateur:valeur}}."
[[regle]]
id = "RG2"
quand = { etat = ["en_retard"] }
texte = "Relancer {{action:nom}} : {{PE09:valeur}} sans solution."
"""
PLAN = "id;axe;intitule;etat;etat_date;fin\nA1;Enfance;La crèche;en_cours;2025-12-01;2025-06-30\n"
REGISTER = """\
id;date;origine;texte;etat;instance;decidee_le;chiffre;action;motif
R01;2025-01-02;COTECH;Ouvrir;proposee;;;PE09 2025-S2 : 24 %;;
R01;2025-01-02;COTECH;Ouvrir;acceptee;COPIL;2025-11-12;;;
R02;2025-02-02;règle RG2;Relancer;proposee;;;;A1;
"""
NOTES = "date;action;type;texte;indicateur\n2025-06-01;A1;reussite;Un guichet unique;PE09\n"


@pytest.fixture(scope="module")
def made(dossier: Open) -> ctgeval.Dossier:
    return dossier(regles_toml=RULES, actions_csv=PLAN, recommandations_csv=REGISTER, journal_csv=NOTES)


def told(dossier: ctgeval.Dossier, who: Reader) -> dict[str, pd.DataFrame]:
    return dict(recommendations.TOPIC.tables(dossier, who))  # type: ignore[misc]


def test_the_committee_reads_what_the_rules_raise_with_its_figure(made: ctgeval.Dossier, reader: Read) -> None:
    found = told(made, reader(made, "copil"))["proposals_of_rules"]
    assert found["regle"].tolist() == ["RG1", "RG2"]
    assert found.loc[0, "texte"] == "Chercher pourquoi 24,0\u202f%."
    assert "2e semestre 2025" in found.loc[0, "chiffre"].replace("\u00a0", " ")
    assert found["recommandation"].tolist() == ["", "R02"]
    assert found["periode"].tolist() == ["2025", "2025"]


@pytest.mark.parametrize("audience", ["partenaire", "habitants"])
def test_what_nobody_has_decided_stays_with_those_who_decide(
    made: ctgeval.Dossier, reader: Read, audience: str
) -> None:
    found = told(made, reader(made, audience))
    assert found["proposals_of_rules"].empty
    assert found["recommendations"]["etat"].tolist() == ["acceptee"]


@pytest.mark.parametrize("audience", ["cotech", "copil", "partenaire", "habitants"])
def test_a_figure_that_is_masked_raises_nothing_and_is_quoted_nowhere(
    made: ctgeval.Dossier, reader: Read, audience: str
) -> None:
    who = reader(made, audience, masked="2025-S2")
    tables = {**told(made, who), **journal.TOPIC.tables(made, who)}  # type: ignore[misc]
    said = " ".join(str(cell) for table in tables.values() for cell in table.to_numpy().ravel())
    assert "24" not in said.replace("2024", "")
    assert "RG1" not in tables["proposals_of_rules"]["regle"].tolist()
    if audience in {"cotech", "copil"}:
        assert "Relancer La crèche : non diffusable sans solution." in said
        assert "Demandes d’accueil sans solution à 3 mois, 2e semestre 2025 : non diffusable" in said.replace(
            "\u00a0", " "
        )
    assert tables["practices"].empty


def test_a_typed_figure_is_the_team_s_alone_unless_it_names_an_indicator_and_a_period(
    dossier: Open, reader: Read
) -> None:
    made = dossier(recommandations_csv=REGISTER.replace("PE09 2025-S2 : 24 %", "24 familles sur 100"))
    inside, outside = (told(made, reader(made, who))["recommendations"] for who in ("interne", "copil"))
    assert inside["chiffre"].eq("24 familles sur 100").any()
    assert not outside["chiffre"].str.contains("24").any()


def test_a_practice_is_shown_with_its_figure(made: ctgeval.Dossier, reader: Read) -> None:
    found = journal.TOPIC.tables(made, reader(made, "habitants"))["practices"]  # type: ignore[misc]
    assert found[["action_label", "shown", "time_period", "source"]].to_numpy().tolist() == [
        ["La crèche", "24,0\u202f%", "2025-S2", "relais"]
    ]


def test_problems_name_their_file(dossier: Open) -> None:
    made = dossier(
        regles_toml=RULES.replace("PE09", "PE90"),
        recommandations_csv=REGISTER.replace("COPIL;2025-11-12", "COPIL;"),
        journal_csv=NOTES.replace("PE09", "PE90"),
        actions_csv=PLAN,
    )
    problems = made.problems()
    files = problems.loc[problems["severity"].eq("avertissement"), "file"]
    assert {"regles.toml", "recommandations.csv", "journal.csv"} <= set(files)
