"""The indicators of a dossier in its problems and its releases: sheets, links, judgements, what tells of effects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import ctgeval
from ctgeval import followup
from ctgeval.confidentiality.released import TABLES
from ctgeval.dossier import Dossier
from ctgeval.errors import Problem
from ctgeval.followup import catalogue
from ctgeval.followup.topic import Reader

G = "EPCI-200070035"
CTG = """\
[territoire]
code = "EPCI-200070035"
perimetre = 2024
[convention]
debut = 2022-01-01
fin = 2026-12-31
[indicateurs]
retenus = [{retained}]
"""
OWN = """\
theme = "Local"
[PE09]
direction = "neutral"
[QL01]
nature = "jugement"
label = "Partenariat"
kind = "processus"
echelle = ["faible", "moyen", "fort"]
definition = "Comment les partenaires travaillent ensemble."
"""
ACTIONS = "id;axe;intitule;etat;etat_date\nA01;Petite enfance;Ouvrir une crèche;en_cours;2023-01-01\n"
JUDGED = (
    "indicateur;territoire;date;niveau;juge_par;motif;lien_preuve\n"
    f"QL01;{G};2023-05-02;faible;COTECH;Deux réunions.;\nQL01;{G};2025-05-02;moyen;COPIL;Un projet;cr-2025.pdf\n"
)
SILENT = ["PE01", "PE02", "PE03", "EN01", "AV01", "PI01", "PO01", "QL01"]

Make = Callable[..., Dossier]


@pytest.fixture
def dossier(tmp_path: Path) -> Make:
    """Open a dossier with these indicators retained, and these files."""

    def make(retained: list[str], **files: str) -> Dossier:
        told = ", ".join(f'"{id}"' for id in retained)
        (tmp_path / "ctg.toml").write_text(CTG.format(retained=told), encoding="utf-8")
        for name, text in {"indicateurs.toml": OWN, "actions.csv": ACTIONS, **files}.items():
            (tmp_path / name.replace("_", ".")).write_text(text, encoding="utf-8")
        return ctgeval.open(tmp_path)

    return make


def problems(opened: Dossier) -> list[Problem]:
    assert catalogue.TOPIC.problems is not None
    return list(catalogue.TOPIC.problems(opened))


def tables(opened: Dossier, audience: str) -> dict[str, pd.DataFrame]:
    assert catalogue.TOPIC.tables is not None
    nothing = pd.DataFrame()
    found = dict(
        catalogue.TOPIC.tables(opened, Reader(audience=audience, partner="", results=nothing, progress=nothing))
    )
    for name, table in found.items():
        assert list(table.columns) == list(TABLES[name])
    return found


def test_a_programme_that_can_not_speak_of_effects_is_told_what_to_add(dossier: Make) -> None:
    (found,) = problems(dossier(SILENT))
    assert "ne pourra pas parler d’effets" in found.message
    assert "contexte, moyens, processus et réalisation" in found.message
    # PE05, PE08 and PE09 are the first results of the themes that are followed.
    assert "PE05 (Taux d’occupation des EAJE (heures réalisées))" in found.remedy
    assert (found.file, found.key, found.severity) == ("ctg.toml", "indicateurs.retenus", "avertissement")


def test_one_indicator_of_effects_is_enough_or_a_link_that_makes_one(dossier: Make) -> None:
    assert not problems(dossier([*SILENT, "PE09"]))
    liens = "action;indicateur;nature;motif\nA01;PE02;resultat;L’offre nouvelle est l’effet recherché.\n"
    assert not problems(dossier(SILENT, liens_csv=liens))


@pytest.mark.parametrize(("count", "told"), [(7, True), (8, False), (20, False), (21, True)])
def test_too_few_or_too_many_indicators_are_told(dossier: Make, count: int, told: bool) -> None:
    retained = list(ctgeval.indicators.catalogue())[:count] if count > 20 else [*SILENT, "PE09"][-count:]
    chosen = retained if len(retained) == count else list(ctgeval.indicators.catalogue())[:count]
    found = [one for one in problems(dossier(chosen)) if "de 8 à 20" in one.message]
    assert [one.value for one in found] == ([str(count)] if told else [])


def test_every_fault_of_the_topic_has_its_place(dossier: Make) -> None:
    opened = dossier(
        [*SILENT, "PE09"],
        indicateurs_toml=f'{OWN}[PE02]\nfactr = 100\n[LC01]\nlabel = "Repas"\n',
        liens_csv="action;indicateur;nature;motif\nA1;PE01;;\nA01;PE02;;\n",
        jugements_csv=JUDGED.replace("faible", "fable"),
        cibles_csv=f"indicateur;territoire;periode_cible;valeur_cible\nQL01;{G};2026;3\n",
    )
    found = problems(opened)
    assert {(one.file, one.row, one.column, one.value) for one in found if one.row} == {
        ("liens.csv", 2, "action", "A1"),
        ("jugements.csv", 2, "niveau", "fable"),
        ("cibles.csv", 2, "indicateur", "QL01"),
    }
    assert "PE02.factr" in {one.key for one in found}
    assert {one.severity for one in found} == {"avertissement", "partiel"}
    assert not [one for one in opened.problems().to_dict("records") if one["severity"] == "bloquant"]


def test_one_unusable_definition_leaves_only_itself_out_and_the_bilan_says_so(dossier: Make) -> None:
    opened = dossier(["PE01", "PE02", "QL01"], indicateurs_toml=f"{OWN}[PE02]\nfactor = 0\n", jugements_csv=JUDGED)
    opened.require_sound()
    release = opened.release("copil")
    assert set(release.table("sheets")["indicator"]) == {"PE01", "QL01"}
    assert release.table("judgements")["level"].tolist() == ["faible", "moyen"]
    # Nothing of a judgement is ever a figure.
    assert "QL01" not in {*release.results["indicator"], *release.indicators["id"], *release.progress["indicator"]}
    (sentence,) = release.notices.loc[release.notices["indicator"].eq("PE02"), "sentence"]
    assert "Places en EAJE pour 100 enfants de moins de 3 ans » manque à ce bilan" in sentence


def test_releases_hold_what_each_reader_may_know(dossier: Make) -> None:
    liens = "action;indicateur;nature;motif\nA01;PE01;realisation;x\nA09;PE01;;\nA01;PE99;;\n"
    opened = dossier(["PE09", "QL01"], jugements_csv=JUDGED, liens_csv=liens)
    own, public = tables(opened, "interne"), tables(opened, "habitants")
    sheets = own["sheets"]
    assert list(dict.fromkeys(sheets["indicator"])) == ["PE09", "QL01"]
    origin = sheets.loc[sheets["indicator"].eq("PE09") & sheets["key"].eq("origine"), "text"].item()
    assert "le sens" in origin
    assert own["links"][["action", "indicator", "kind_label", "changed"]].to_numpy().tolist() == [
        ["A01", "PE01", "Réalisation", True]
    ]
    judged = own["judgements"]
    assert judged[["level", "before", "last", "evidence"]].to_numpy().tolist() == [
        ["faible", "", False, ""], ["moyen", "faible", True, "cr-2025.pdf"],
    ]  # fmt: skip
    assert list(judged["scale"].iloc[0]) == ["faible", "moyen", "fort"]
    assert public["sheets"].empty
    assert public["links"].empty
    assert public["judgements"]["evidence"].tolist() == ["", ""]
    assert public["judgements"]["level"].tolist() == ["faible", "moyen"]


def test_an_indicator_that_nobody_has_judged_is_awaited(dossier: Make) -> None:
    (row,) = tables(dossier(["QL01"]), "interne")["judgements"].to_dict("records")
    assert (row["indicator"], row["geo"], row["level"], row["date"]) == ("QL01", G, "", "")


def test_the_topic_is_among_those_of_the_follow_up() -> None:
    assert catalogue.TOPIC in followup.topics.TOPICS
