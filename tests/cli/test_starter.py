"""``init`` makes a dossier that is ready to fill, and never touches one that exists."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import openpyxl
import pytest
from click.testing import Result

import ctgeval
from ctgeval import config, sources
from ctgeval.cli import starter
from ctgeval.indicators.verdict import Verdict
from ctgeval.programme import SCHEMAS, evaluation, rules
from ctgeval.sources.workbook import read_tables

Run = Callable[..., Result]
VERDICTS = get_args(Verdict)


def test_a_dossier_holds_what_the_coordinator_fills_in(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "a b" / "été"
    result = run("init", folder, "--territoire", "EPCI-200070035", "--debut", "2022-01-01", "--fin", "2026-12-31")
    assert result.exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "LISEZ-MOI.md",
        "ctg.toml",
        "enquetes.toml",
        "evaluation.toml",
        "indicateurs.toml",
        "regles.toml",
        "sources",
        "suivi.xlsx",
        "textes",
    ]
    found, problems = config.check(folder)
    assert found is not None
    assert {problem.severity for problem in problems} == {"avertissement"}
    assert found.territoire.nom == "CC du Civraisien en Poitou"
    assert found.convention is not None
    assert (found.convention.debut.year, found.convention.fin and found.convention.fin.year) == (2022, 2026)
    tables = read_tables(folder, SCHEMAS)
    assert all(table.problems == () and table.frame.empty for table in tables.values())
    checklist = (folder / "LISEZ-MOI.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in checklist for name, one in sources.formats().items() if one.producer)
    assert all(f"`{path.name}`" in checklist for path in folder.glob("*.toml"))
    assert all(f"« {name} »" in checklist for name in SCHEMAS)
    assert all(one.periodicity in checklist for one in sources.formats().values())


def test_every_commented_source_block_is_right_once_uncommented(tmp_path: Path) -> None:
    starter.make(tmp_path, code="EPCI-200070035", name=None, start=None, end=None)
    lines = (tmp_path / "ctg.toml").read_text(encoding="utf-8").splitlines()
    names = "cle fichier format producteur licence mise_a_jour diffusion convention finalite conservation_jusqu_au"
    names += " debut fin signature signataires"
    keys = ("# [[source]]", "# [convention]", *(f"# {name} =" for name in names.split()))
    text = "\n".join(line[2:] if line.startswith(keys) else line for line in lines)
    assert len(tomllib.loads(text)["source"]) == sum(bool(one.producer) for one in sources.formats().values()) + 1
    (tmp_path / "ctg.toml").write_text(text, encoding="utf-8")
    (tmp_path / "sources" / "nom-du-fichier.csv").write_text("x", encoding="utf-8")
    found, problems = config.check(tmp_path)
    assert found is not None
    assert [problem.key for problem in problems] == ["indicateurs.retenus"]


def test_without_a_territory_only_its_code_is_left_to_write(tmp_path: Path) -> None:
    made = starter.make(tmp_path, code=None, name=None, start=None, end=None)
    assert made.code == ""
    _, problems = config.check(tmp_path)
    assert [problem.key for problem in problems if problem.severity == "bloquant"] == ["territoire.code"]
    path = tmp_path / "ctg.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('code = ""', 'code = "COM-86194"'), encoding="utf-8")
    found = config.load(tmp_path)
    assert found.territoire.nom == "Poitiers"


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [
        ("200070035", None, "EPCI-200070035"),
        ("86194", None, "COM-86194"),
        ("dep-86", None, "DEP-86"),
        (None, "communauté de communes du civraisien-en-poitou", "EPCI-200070035"),
        (None, "Poitiers", "COM-86194"),
        ("EPCI-200070035", "Le Civraisien en Poitou", "EPCI-200070035"),
    ],
)
def test_a_territory_is_found_by_code_or_by_name(
    tmp_path: Path, code: str | None, name: str | None, expected: str
) -> None:
    assert starter.make(tmp_path, code=code, name=name, start=None, end=None).code == expected


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--nom", "Civrais"], "EPCI-200070035"),
        (["--nom", "Saint-Martin"], "--territoire"),
        (["--territoire", "EPCI-200070043", "--nom", "CC du Civraisien en Poitou"], "CC Vienne et Gartempe"),
        (["--territoire", "EPCI-200070034"], "EPCI-200070035"),
        (["--territoire", "civray"], "COM-86082"),
        (["--debut", "2026-01-01", "--fin", "2022-12-31"], "avant son début"),
    ],
)
def test_what_can_not_be_a_dossier_is_refused_and_nothing_is_written(
    run: Run, tmp_path: Path, options: list[str], said: str
) -> None:
    folder = tmp_path / "nouveau"
    result = run("init", folder, *options)
    assert result.exit_code == 1
    assert said in result.stderr
    assert not folder.exists()


def test_a_folder_in_use_is_left_as_it_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("à moi", encoding="utf-8")
    assert run("init", tmp_path).exit_code == 1
    assert "n’est pas vide" in run("init", tmp_path).stderr
    assert "porte déjà ce nom" in run("init", tmp_path / "notes.txt").stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_failure_half_way_leaves_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", write)
    result = run("init", tmp_path / "a" / "b")
    assert result.exit_code == 1
    assert "ne peut pas être créé" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_was_made_is_told_as_json(run: Run, tmp_path: Path) -> None:
    told = json.loads(run("init", tmp_path / "d", "--territoire", "COM-86194", "--json").stdout)
    assert told["territory"] == "COM-86194"
    assert sorted(told["files"]) == [
        "LISEZ-MOI.md", "ctg.toml", "enquetes.toml", "evaluation.toml", "indicateurs.toml", "regles.toml",
        "suivi.xlsx",
    ]  # fmt: skip


def test_the_same_options_give_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        starter.make(tmp_path / name, code="COM-86194", name=None, start=None, end=None)
    for file in ("ctg.toml", "LISEZ-MOI.md", "suivi.xlsx"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def uncommented(path: Path) -> str:
    """The lines that a coordinator frees of their comment mark; sentences stay comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    keys = re.compile(r"# (?:\[|\]|    \"|[a-z_]+ = )")
    return "\n".join(line[2:] if keys.match(line) and 'niveau = "satisfait", ' not in line else line for line in lines)


def test_the_models_of_questions_and_rules_are_right_once_uncommented(tmp_path: Path) -> None:
    starter.make(tmp_path, code="EPCI-200070035", name=None, start=None, end=None)
    empty = evaluation.read(tmp_path)
    assert (empty.questions, empty.problems) == ({}, ())
    assert rules.read(tmp_path, verdicts=VERDICTS) == rules.Rules(rules=(), problems=())
    for name in ("evaluation.toml", "regles.toml"):
        (tmp_path / name).write_text(uncommented(tmp_path / name), encoding="utf-8")
    asked, declared = evaluation.read(tmp_path), rules.read(tmp_path, verdicts=VERDICTS)
    assert (asked.problems, declared.problems) == ((), ())
    question = asked.questions["Q1"]
    assert (len(question.preuves), len(question.jugements), len(question.criteres_de_jugement)) == (3, 1, 2)
    assert set(question.contribution) == set(evaluation.RUBRICS)
    assert [one.condition for one in declared.rules] == ["verdict", "etat", "budget", "moins_de"]
    told = rules.problems(declared.rules, indicators=("PI05",), axes=(), fields=("valeur",))
    assert told == []


def test_the_model_of_indicators_is_right_once_uncommented(tmp_path: Path) -> None:
    starter.make(tmp_path, code="EPCI-200070035", name=None, start=None, end=None)
    assert ctgeval.open(tmp_path).own_indicators.problems == ()
    (tmp_path / "indicateurs.toml").write_text(uncommented(tmp_path / "indicateurs.toml"), encoding="utf-8")
    found = ctgeval.open(tmp_path)
    assert found.own_indicators.problems == ()
    assert {"LC01"} <= set(found.catalogue)
    assert set(found.qualitative) == {"QL01"}
    assert found.catalogue["AD01"].direction == "neutral"


def test_the_workbook_says_where_to_begin(tmp_path: Path) -> None:
    starter.make(tmp_path, code="EPCI-200070035", name=None, start=None, end=None)
    page = openpyxl.load_workbook(tmp_path / "suivi.xlsx")["Lisez-moi"]
    first = " ".join(str(row[0].value) for row in page.iter_rows(max_row=6))
    assert "Commencez par les feuilles « actions », « cibles » et « observations »" in first
