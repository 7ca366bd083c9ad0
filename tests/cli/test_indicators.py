"""``ctgeval indicateurs``: the catalogue by theme, a search, the sheet of some, those of a dossier."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from ctgeval import indicators

Run = Callable[..., Result]

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"


def test_the_catalogue_is_listed_by_theme(run: Run) -> None:
    result = run("indicateurs")
    assert result.exit_code == 0
    known = indicators.catalogue()
    assert f"Indicateurs ({len(known)})" in result.stdout
    assert all(f"  {id:<6}" in result.stdout for id in known)
    themes = [item.theme for item in known.values()]
    assert [line for line in result.stdout.splitlines() if line in themes] == list(dict.fromkeys(themes))
    assert "contexte, habitants" in result.stdout
    assert "retenu" not in result.stdout


def test_an_id_prints_its_sheet(run: Run) -> None:
    result = run("indicateurs", "pe01")
    assert result.exit_code == 0
    assert result.stdout.startswith("PE01 – Taux de couverture")
    for heading in (
        "Définition",
        "Calcul",
        "Nature",
        "Sens",
        "Périodicité",
        "D’un territoire à l’autre",
        "Précautions",
    ):
        assert f"\n{heading}\n" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_an_id_that_is_split_prints_each_part(run: Run) -> None:
    result = run("indicators", "PA01", "--json")
    assert [one["id"] for one in json.loads(result.stdout)["indicators"]] == ["PA01a", "PA01b"]


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["PE99"], "PE09"),
        (["PE01", "XX77"], "ctgeval indicateurs"),
        (["couvertre"], "couverture"),
        (["--theme", "parentalit2"], "Parentalité"),
        (["naissances", "--theme", "logement"], "ctgeval indicateurs"),
    ],
)
def test_what_is_not_known_names_the_near_ones(run: Run, words: list[str], near: str) -> None:
    result = run("indicateurs", *words)
    assert result.exit_code == 2
    assert near in result.stderr
    assert result.stdout == ""


def test_words_are_looked_for_without_accents(run: Run) -> None:
    def found(*words: str) -> list[str]:
        return [one["id"] for one in json.loads(run("indicateurs", *words, "--json").stdout)["indicators"]]

    assert found("mediation") == found("Médiation") == ["PA07"]
    assert found("couverture", "maternelles") == [
        id for id, item in indicators.catalogue().items()
        if "ouverture" in item.label + item.definition and "maternelles" in item.label + item.definition
    ]  # fmt: skip
    assert found("--theme", "parentalite", "résultat") == ["PA05"]


@pytest.mark.parametrize("word", ["crèche", "creches"])
def test_the_word_that_everybody_says_finds_those_of_the_profession(run: Run, word: str) -> None:
    found = run("indicateurs", word)
    assert found.exit_code == 0
    assert "  PE02 " in found.stdout
    assert "  PE05 " in found.stdout


def test_a_dossier_adds_its_own_and_marks_those_it_retains(run: Run) -> None:
    told = {one["id"]: one for one in json.loads(run("indicateurs", "--dossier", DEMO, "--json").stdout)["indicators"]}
    assert {"LC01", "QL01"} <= set(told)
    assert (told["QL01"]["qualitative"], told["QL01"]["unit"], told["QL01"]["origin"]) == (True, "", "dossier")
    assert told["QL01"]["scale"][0] == "chacun de son côté"
    assert (told["AD01"]["direction"], told["AD01"]["origin"], told["AD01"]["retained"]) == ("neutral", "modifie", True)
    assert (told["PE03"]["origin"], told["PE03"]["retained"]) == ("", False)
    shown = run("indicateurs", "--dossier", DEMO, "--theme", "indicateurs de la convention")
    assert "QL01  Habitude de travailler ensemble (processus, qualitatif) – retenu" in shown.stdout
    sheet = run("indicateurs", "AD01", "--dossier", DEMO).stdout
    assert "Retenu par le COPIL" in sheet
    assert "que le dossier modifie dans indicateurs.toml" in sheet


def test_a_sheet_is_machine_readable(run: Run) -> None:
    (told,) = json.loads(run("indicateurs", "PE02", "--json").stdout)["indicators"]
    assert told["sheet"]["sens"] == ["Une hausse est un progrès."]
    assert (told["kind"], told["unit"]) == ("realisation", "places pour 100 enfants de moins de 3 ans")


def test_english_says_that_labels_stay_french(run: Run) -> None:
    result = run("indicators", "couverture", "--lang", "en")
    assert "stay in French" in result.stdout
    assert "Indicators (" in result.stdout
    assert "stay in French" not in run("indicateurs", "couverture").stdout
    assert "No indicator" in run("indicateurs", "PE99", "--lang", "en").stderr


def test_a_dossier_that_can_not_be_opened_is_told(run: Run, tmp_path: Path) -> None:
    result = run("indicateurs", "--dossier", tmp_path)
    assert result.exit_code == 1
    assert "ctg.toml" in result.stderr


def test_faults_of_the_file_of_a_dossier_are_counted(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ctg.toml").write_text('[territoire]\ncode = "EPCI-200070035"\nperimetre = 2024\n', encoding="utf-8")
    (tmp_path / "indicateurs.toml").write_text("[PE01]\nfactr = 3\n", encoding="utf-8")
    result = run("indicateurs", "--dossier", tmp_path)
    assert "Problèmes dans indicateurs.toml : 1" in result.stdout
    assert "  PE01  " not in result.stdout
