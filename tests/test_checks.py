"""Problems of the inputs as a whole: each told once, with its place and its remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import ctgeval
from ctgeval.errors import DossierError

DEMO = Path(__file__).parents[1] / "data" / "demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(DEMO, tmp_path / "demo", ignore=shutil.ignore_patterns(".ctgeval"))
    return tmp_path / "demo"


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _found(folder: Path, text: str) -> pd.Series:  # type: ignore[type-arg]
    problems = ctgeval.open(folder).problems()
    (row,) = problems.index[problems["message"].str.contains(text, regex=False)]
    found = problems.loc[row]
    assert found["remedy"]
    return found


def test_unknown_retained_indicator_suggests_the_near_one(folder: Path) -> None:
    _edit(folder / "ctg.toml", '"PE04"', '"PE40"')
    found = _found(folder, "n’existe pas dans le catalogue")
    assert (found["value"], found["severity"], found["file"]) == ("PE40", "bloquant", "ctg.toml")
    assert "PE04" in found["remedy"]


def test_unknown_indicator_of_a_target_is_told_with_its_line(folder: Path) -> None:
    _edit(folder / "cibles.csv", "PE02;", "PE99;")
    found = _found(folder, "n’existe pas dans le catalogue")
    lines = (folder / "cibles.csv").read_text(encoding="utf-8").splitlines()
    assert lines[int(found["row"]) - 1].startswith("PE99")


def test_unknown_territory_of_a_count_is_told_with_its_line(folder: Path) -> None:
    _edit(folder / "observations.csv", "enfants_0_2;COM-99101;2018", "enfants_0_2;COM-99199;2018")
    found = _found(folder, "n’existe pas dans la géographie")
    assert (found["value"], int(found["row"]), found["column"]) == ("COM-99199", 2, "territoire")


def test_unknown_measure_suggests_the_near_one(folder: Path) -> None:
    _edit(folder / "observations.csv", "places_eaje;COM-99101;2018", "place_eaje;COM-99101;2018")
    found = _found(folder, "n’existe pas dans le catalogue")
    assert "places_eaje" in found["remedy"]


def test_undeclared_source_stays_inside_and_is_told(folder: Path) -> None:
    _edit(folder / "observations.csv", ";2018;108;caf-ombrenne", ";2018;108;caf-ombrene")
    found = _found(folder, "caf-ombrene")
    assert found["severity"] == "avertissement"
    assert "caf-ombrenne" in found["remedy"]


def test_budget_of_an_unknown_action_is_told(folder: Path) -> None:
    _edit(folder / "budget.csv", "\nA01;", "\nA91;")
    assert _found(folder, "A91")["file"] == "budget.csv"


def test_missing_return_names_the_structure_and_the_period(folder: Path) -> None:
    found = _found(folder, "Retour manquant")
    assert "ALSH de Sorvanne" in found["message"]
    assert found["value"] == "2024-S2"


def test_unknown_reference_of_a_text_is_told(folder: Path) -> None:
    _edit(folder / "textes" / "bilan_annuel" / "synthese.md", "{{PE02:valeur}}", "{{PE02:valeurs}}")
    assert "valeur" in _found(folder, "valeurs")["remedy"]


def test_a_blocking_problem_stops_the_build_and_says_them_all(folder: Path, tmp_path: Path) -> None:
    _edit(folder / "ctg.toml", '"PE04"', '"PE40"')
    _edit(folder / "observations.csv", "enfants_0_2;COM-99101;2018", "enfants_0_2;COM-99199;2018")
    with pytest.raises(DossierError) as raised:
        ctgeval.build(folder, out=tmp_path / "reports")
    assert len(raised.value.problems) == 2
    assert not list(tmp_path.glob("reports/**/*.html"))


def test_unknown_notebook_is_told_before_anything_is_built(folder: Path) -> None:
    _edit(folder / "ctg.toml", 'carnet = "bilan_annuel"', 'carnet = "bilan_anuel"')
    found = _found(folder, "Aucun carnet ne porte ce nom")
    assert (found["value"], found["severity"], found["file"]) == ("bilan_anuel", "bloquant", "ctg.toml")
    assert "bilan_annuel" in found["remedy"]
    assert found["key"].startswith("bilan[")


def test_range_upside_down_and_negative_tolerance_are_told_with_their_line(folder: Path) -> None:
    path = folder / "cibles.csv"
    header = path.read_text(encoding="utf-8").splitlines()[0].split(";")
    wrong = {"indicateur": "PE01", "territoire": "EPCI-249900001", "periode_cible": "2031"}
    wrong |= {"cible_min": "16", "cible_max": "12", "tolerance": "-1"}
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(";".join(wrong.get(name, "") for name in header) + "\n")
    line = len(path.read_text(encoding="utf-8").splitlines())
    for text, column in (("fourchette", "cible_min"), ("tolérance", "tolerance")):
        found = _found(folder, text)
        assert (int(found["row"]), found["column"], found["severity"]) == (line, column, "bloquant")


def test_a_baseline_after_the_start_of_the_convention_is_told_with_its_line(folder: Path) -> None:
    _edit(folder / "cibles.csv", "PE02;EPCI-249900001;2021;", "PE02;EPCI-249900001;2022;")
    found = _found(folder, "La situation de départ de PE02")
    assert (found["file"], int(found["row"]), found["column"]) == ("cibles.csv", 3, "periode_reference")
    assert (found["value"], found["severity"]) == ("2022", "avertissement")
    assert "1er janvier 2022" in found["message"]
    progress = ctgeval.open(folder).progress()
    (sentence,) = progress.loc[progress["indicator"].eq("PE02") & progress["geo"].eq("EPCI-249900001"), "sentence"]
    assert "postérieure au début de la convention" in sentence


def test_texts_that_no_bilan_shows_are_told(folder: Path) -> None:
    for name in ("bilan_annuel/sinthese.md", "bilan_anuel/synthese.md"):
        (folder / "textes" / name).parent.mkdir(exist_ok=True)
        (folder / "textes" / name).write_text("Un texte.", encoding="utf-8")
    assert "synthese" in _found(folder, "Aucune partie du bilan")["remedy"]
    assert "bilan_annuel" in _found(folder, "Aucun bilan ne s’appelle")["remedy"]


def test_own_measures_that_can_not_be_used_are_told(folder: Path) -> None:
    (folder / "mesures.toml").write_text('[repas]\nrepas_portes = { label = "Repas" }\n', encoding="utf-8")
    found = _found(folder, "est mal décrite")
    assert (found["file"], found["severity"]) == ("mesures.toml", "bloquant")
    assert "kind" in found["remedy"]


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("19031,Brive-la-Gaillarde,2021,2023,beaucoup,Insee", "avertissement"),
        ("1999,Nulle part,2021,2023,12,Insee", "avertissement"),
        ("86078,Civray,2021,2023,beaucoup,Insee", "bloquant"),
        # Val-de-Comporté since 2024: its former commune is ours too.
        ("86231,Saint-Saviol,2021,2023,beaucoup,Insee", "bloquant"),
        ("86999,Mal recopiée,2021,2023,12,Insee", "bloquant"),
        ("?,Sans code,2021,2023,12,Insee", "bloquant"),
    ],
)
def test_a_fault_blocks_only_when_it_may_be_about_our_ground(tmp_path: Path, line: str, severity: str) -> None:
    (tmp_path / "ctg.toml").write_text(
        '[territoire]\ncode = "EPCI-200070035"\nperimetre = 2024\n[[source]]\ncle = "pop"\nfichier = "pop.csv"\n'
        'format = "insee.population"\n',
        encoding="utf-8",
    )
    head = "CODGEO,LIBGEO,millesime_rp,annee_geo,POP,source\n86082,Valence-en-Poitou,2021,2023,4334,Insee\n"
    (tmp_path / "pop.csv").write_text(f"{head}{line}\n", encoding="utf-8")
    found = _found(tmp_path, "ligne écartée")
    assert found["severity"] == severity
    assert ("d’autres territoires" in found["remedy"]) == (severity == "avertissement")


@pytest.mark.parametrize(("text", "said"), [
    ("La crèche a ouvert douze places. Les parents attendent moins. Ils le disent. " * 3, ""),
    ("L’opérationnalisation de la contractualisation partenariale nécessite l’appropriation collective des "
     "préconisations évaluatives par les institutions signataires. " * 3, "difficile à lire"),
    ("Il y a " + "un mot puis " * 14 + "la fin. " + "La crèche a ouvert. Les parents sont contents. " * 6, "se perd"),
])  # fmt: skip
def test_a_text_for_the_inhabitants_that_is_hard_to_read_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "ctg.toml").write_text(
        '[territoire]\ncode = "EPCI-200070035"\nnom = "CC du Civraisien en Poitou"\nperimetre = 2024\n'
        '[[bilan]]\ncarnet = "diagnostic"\naudience = "habitants"\nperiode = "2025"\n',
        encoding="utf-8",
    )
    (tmp_path / "textes" / "diagnostic").mkdir(parents=True)
    (tmp_path / "textes" / "diagnostic" / "synthese.md").write_text(f"# Titre\n\n- {text}\n", encoding="utf-8")
    told = ctgeval.open(tmp_path).problems()
    found = told.loc[told["file"].str.endswith("synthese.md"), "message"].tolist()
    assert [said in message for message in found] == ([True] if said else [])
