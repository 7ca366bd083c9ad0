"""A word of its own in every column that a coordinator fills: who reads it is decided here, and nobody else does.

Persons' counts are under the threshold (10 000): none of them leaves. A column that is added to a table is unknown here
until somebody decides who may read it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import ctgeval
from ctgeval import Dossier, programme

CODE = "EPCI-200070035"
OTHERS = ("cotech", "copil", "partenaire", "habitants")
CONFIG = f"""\
[territoire]
code = "{CODE}"
perimetre = 2024
[convention]
signature = 2022-01-01
debut = 2022-01-01
fin = 2026-12-31
signataires = ["CC", "Caf"]
[indicateurs]
retenus = ["PE09", "QL01"]
[publication]
seuil = {{ personnes = 10000, sensible = 10000 }}
[[source]]
cle = "ouvert"
titre = "Relais"
producteur = "CC"
licence = "Licence Ouverte 2.0"
mise_a_jour = 2026-02-01
diffusion = "ouverte"
[[source]]
cle = "zqsource"
titre = "zqsourcetitre"
producteur = "zqsourceproducteur"
licence = "zqsourcelicence"
mise_a_jour = 2026-02-01
diffusion = "interne"
[[bilan]]
carnet = "bilan_annuel"
audience = "copil"
periode = "2025"
"""
EVALUATION = """\
[[question]]
id = "Q1"
texte = "zqquestiontexte"
criteres = ["impact"]
criteres_de_jugement = ["zqquestioncritere"]
indicateurs = ["PE09"]
elements_qualitatifs = ["zqquestionqualitatif"]
reponse = "zqquestionreponse"
constats = ["zqquestionconstat {{PE09:valeur}}"]
[[question.jugement]]
critere_de_jugement = 1
constat = "zqquestionjugement"
niveau = "satisfait"
[[question.preuve]]
type = "entretien"
texte = "zqpreuvetexte"
source = "zqpreuvesource"
lien = "documents/zqpreuvelien.md"
[[question.preuve]]
type = "verbatim"
texte = "zqpreuveverbatim"
source = "zqpreuveverbatimsource"
[question.contribution]
pour = ["zqquestionpour"]
"""
JUDGED = """\
theme = "Convention"
[QL01]
nature = "jugement"
label = "Habitude"
definition = "Ce que l’on juge."
kind = "processus"
source = "Comité technique"
periodicity = "annuelle"
caveats = ["Un avis."]
echelle = ["naissant", "installé"]
"""
DAY = "2025-02-01"
_MEETING = {"id": "R1", "action": "A01", "date": DAY, "niveau": "information", "secteur": "", "tranche_age": ""}
_LEFT = {"mesure": "demandes_accueil_sans_solution", "territoire": CODE, "periode": "2025-S2"}
ROWS: Mapping[str, list[dict[str, str]]] = {
    "cibles": [{"indicateur": "PE09", "territoire": CODE, "periode_cible": "2026-S2", "valeur_cible": "10"}],
    "actions": [{"id": "A01", "debut": DAY, "etat": "en_cours", "etat_date": DAY}],
    "fiches": [{"action": "A01", "effectif_vise": "7883", "moyens_humains_etp": "7877"}],
    "jalons": [{"action": "A01", "prevu_le": DAY}],
    "liens": [{"action": "A01", "indicateur": "PE09", "nature": "impact"}],
    "budget": [{"action": "A01", "exercice": "2025", "nature": "recette", "statut": "verse", "montant": "10,00"}],
    "observations": [
        {**_LEFT, "valeur": "7919", "source": "ouvert"},
        {**_LEFT, "mesure": "demandes_accueil", "valeur": "20000", "source": "ouvert"},
        {**_LEFT, "mesure": "naissances", "periode": "2025", "valeur": "7907", "source": "zqsource"},
    ],
    "journal": [{"date": DAY, "action": "A01", "type": "reussite", "indicateur": "PE09"}],
    "partenaires": [{"id": "caf", "territoire": CODE}],
    "instances": [
        {"id": "AT1", "type": "atelier", "date": DAY, "partenaires_presents": "caf; zqpresent",
         "partenaires_invites": "caf; zqpresent; zqabsent"},
        {"id": "C1", "type": "COPIL", "date": DAY, "partenaires_presents": "caf", "partenaires_invites": "caf"},
    ],
    "contributions": [
        {"id": "C1", "atelier": "AT1", "suite": "retenue", "action": "A01"},
        {"id": "C2", "atelier": "AT1", "suite": "refusee"},
    ],
    "participation": [
        {**_MEETING, "presences": "7901", "personnes_distinctes": "7873", "sexe": ""},
        {**_MEETING, "presences": "7867", "personnes_distinctes": "7853", "sexe": "F"},
        {**_MEETING, "presences": "34", "personnes_distinctes": "20", "sexe": "M"},
    ],
    "propositions": [{"id": "P1", "date": DAY, "suite": "refusee", "reponse_le": DAY}],
    "communication": [{"periode": "2025", "valeur": "7841", "mesure": "abonnés"}],
    "evenements": [{"id": "E1", "date": DAY, "presences": "7829", "repondants": "7823", "satisfaits": "7817"}],
    "recommandations": [
        {"id": "R01", "date": DAY, "etat": "proposee"},
        {"id": "R02", "date": DAY, "etat": "acceptee", "decidee_le": DAY},
    ],
    "jugements": [{"indicateur": "QL01", "territoire": CODE, "date": DAY, "niveau": "installé"}],
}  # fmt: skip
EVERYBODY, NOBODY, TECHNICAL = frozenset(OTHERS), frozenset[str](), frozenset({"cotech"})
WORKING, BODIES = frozenset({"cotech", "copil"}), frozenset({"cotech", "copil", "partenaire"})
READERS: Mapping[frozenset[str], str] = {
    EVERYBODY: "actions.axe actions.objectif actions.intitule actions.pilote actions.dispositifs actions.motif "
    "jalons.intitule budget.poste budget.financeur journal.texte journal.a_refaire journal.a_eviter journal.contexte "
    "journal.freins journal.leviers instances.sujet instances.methode contributions.texte contributions.motif "
    "participation.type propositions.origine propositions.texte propositions.motif communication.canal "
    "evenements.intitule evenements.lieu evenements.objectifs evenements.comptage evenements.enseignement "
    "recommandations.origine1 recommandations.texte1 recommandations.motif1 recommandations.instance1 "
    "jugements.juge_par jugements.motif questiontexte",
    BODIES: "actions.partenaires fiches.copilotes liens.motif partenaires.nom partenaires.type instances.sujet1 "
    "contributions.texte1 contributions.motif1 questioncritere preuvetexte preuvesource present",
    WORKING: "recommandations.origine recommandations.texte recommandations.motif recommandations.instance",
    frozenset({"copil"}): "texte",
    TECHNICAL: "fiches.enjeu fiches.objectif_general fiches.objectifs_operationnels fiches.constat fiches.description "
    "fiches.territoires fiches.moyens_materiels fiches.resultats_attendus fiches.freins fiches.leviers fiches.suites "
    "questionreponse questionqualitatif questionconstat questionjugement questionpour absent 7883 7877",
    NOBODY: "cibles.motif actions.public_cible actions.lien_preuve fiches.lien_deliberation journal.mots_cles "
    "partenaires.autres_noms instances.methode1 recommandations.chiffre recommandations.chiffre1 "
    "jugements.lien_preuve preuvelien preuveverbatim preuveverbatimsource source sourcetitre sourceproducteur "
    "sourcelicence 7919 7907 7901 7873 7867 7853 7841 7829 7823 7817 "
    + " ".join(f"observations.{name}{at}" for name in ("structure", "sexe", "age", "remarque") for at in ("", 1, 2)),
}  # fmt: skip
ONCE = {"participation.type1", "participation.type2"}
"""Words of rows that are one with another: the first of them is the one that is told."""


def word(what: str) -> str:
    return what if what.isdigit() else f"zq{re.sub('[._]', '', what)}"


def cell(table: str, column: str, kind: str, rank: int) -> str:
    told = word(f"{table}.{column}{rank or ''}")
    return {"texte": told, "lien": f"documents/{told}.pdf"}.get(kind, "")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    folder: Path = tmp_path_factory.mktemp("mots")
    (folder / "textes" / "bilan_annuel").mkdir(parents=True)
    texts = {
        "ctg.toml": CONFIG, "evaluation.toml": EVALUATION, "indicateurs.toml": JUDGED,
        "textes/bilan_annuel/synthese.md": "zqtexte {{PE09:valeur}}\n",
    }  # fmt: skip
    for name, schema in programme.SCHEMAS.items():
        lines = [";".join(one.name for one in schema.columns)]
        for rank, row in enumerate(ROWS[name]):
            cells = [row.get(one.name, cell(name, one.name, one.kind, rank)) for one in schema.columns]
            lines.append(";".join(f'"{text}"' for text in cells))
        texts[f"{name}.csv"] = "\n".join(lines) + "\n"
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return ctgeval.open(folder)


@pytest.fixture(scope="module")
def seen(planted: Dossier) -> Callable[[str], set[str]]:
    """Everything planted that a release says, in its tables or beside them."""

    @cache
    def found(audience: str) -> set[str]:
        folder = planted.release(audience, "caf" if audience == "partenaire" else None).path
        told = [
            pd.read_parquet(path).to_csv() if path.suffix == ".parquet" else path.read_text(encoding="utf-8")
            for path in sorted(folder.iterdir())
        ]
        return {one for text in told for one in re.findall(r"zq\w+|(?<![\d.])7[89]\d\d(?=\D)", text)}

    return found


def test_every_column_of_every_table_is_decided() -> None:
    decided = {one for names in READERS.values() for one in names.split()} | ONCE
    filled = {
        f"{name}.{column.name}{rank or ''}"
        for name, schema in programme.SCHEMAS.items()
        for rank, row in enumerate(ROWS[name])
        for column in schema.columns
        if column.kind in {"texte", "lien"} and column.name not in row
    }
    assert filled - decided == set()


@pytest.mark.parametrize("audience", OTHERS)
def test_each_reads_what_was_decided_and_nothing_else(seen: Callable[[str], set[str]], audience: str) -> None:
    may = {word(one) for readers, names in READERS.items() if audience in readers for one in names.split()}
    assert seen(audience) - may == set()
    assert may - seen(audience) == set()


def test_the_team_reads_the_counts_that_are_kept_from_others(seen: Callable[[str], set[str]]) -> None:
    assert {"7919", "7907", "7901", "7841", "7829", "zqsourcetitre", "zqpreuvelien"} <= seen("interne")
