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
