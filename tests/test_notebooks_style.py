from __future__ import annotations

import ast
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest

import ctgeval
from ctgeval import render

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
AUDIENCES = {"interne", "cotech", "copil", "partenaire", "habitants"}
# What the reader of each kind came for.
FIRST = {
    "bilan": {"page.key_figures()", "page.returns()", "page.event()"},
    "capitalisation": {"page.journal()"},
    "chapitre": {"page.key_figures()"},
    "diagnostic": {"page.key_figures()"},
    "dossier de séance": {"page.decisions()"},
    "impact": {'page.text("synthese")'},
    "note": {"page.news(depuis)"},
    "présentation": {"page.key_figures()"},
    "suivi": {"page.key_figures()"},
    "étude": {"page.scenarios()"},
    "évaluation": {"page.key_figures()"},
}
TYPES = {"texte": str, "entier": int, "nombre": float, "booleen": bool}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Any:
    content = json.loads(request.param.read_text(encoding="utf-8"))
    return SimpleNamespace(stem=request.param.stem, **content)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell["cell_type"] == "code"]


def trees(notebook: Any) -> list[ast.Module]:
    return [ast.parse("".join(cell["source"])) for cell in code(notebook)]


def test_the_two_notebooks_are_there() -> None:
    assert {path.stem for path in NOTEBOOKS} >= {"bilan_annuel", "diagnostic"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_valid(path: Path) -> None:
    nbformat.validate(nbformat.read(path, as_version=4))


def test_notebook_is_stored_without_outputs(notebook: Any) -> None:
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code(notebook))


def test_cells_have_identifiers_that_say_what_they_hold(notebook: Any) -> None:
    names = [cell["id"] for cell in notebook.cells]
    assert len(set(names)) == len(names)
    assert all(name.isascii() and name.islower() for name in names)


def test_notebook_declares_what_it_is(notebook: Any) -> None:
    declared = notebook.metadata["ctgeval"]
    assert declared["carnet"] == notebook.stem
    assert declared["titre"]
    assert declared["nature"]
    assert set(declared["audiences"]) <= AUDIENCES
    assert notebook.metadata["kernelspec"]["name"] == "python3"


def test_parameters_are_literals_declared_with_type_and_description(notebook: Any) -> None:
    tagged = [cell for cell in code(notebook) if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    given = {}
    for statement in ast.parse("".join(tagged[0]["source"])).body:
        assert isinstance(statement, ast.Assign)
        assert isinstance(statement.targets[0], ast.Name)
        given[statement.targets[0].id] = ast.literal_eval(statement.value)
    declared = notebook.metadata["ctgeval"]["parametres"]
    assert set(given) == set(declared) >= {"release", "territoire", "periode"}
    for name, value in given.items():
        assert isinstance(value, TYPES[declared[name]["type"]])
        assert declared[name]["description"].endswith(".")


def test_notebook_imports_ctgeval_only_and_defines_nothing(notebook: Any) -> None:
    for tree in trees(notebook):
        for node in ast.walk(tree):
            assert not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
            if isinstance(node, ast.Import):
                assert {name.name.split(".")[0] for name in node.names} == {"ctgeval"}
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] == "ctgeval"


def test_every_call_is_a_section_of_the_page(notebook: Any) -> None:
    for tree in trees(notebook):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                assert isinstance(owner, ast.Name)
                assert hasattr({"page": render.Page, "ctgeval": ctgeval}[owner.id], node.func.attr)


def test_title_comes_first_and_reading_aids_last(notebook: Any) -> None:
    sources = ["".join(cell["source"]) for cell in code(notebook)]
    assert sources[1].endswith("page.title()")
    assert sources[2] in FIRST[notebook.metadata["ctgeval"]["nature"]]
    aids = sources[sources.index("page.limits()") :]
    assert {"page.sources()", "page.confidentiality()"} <= set(aids)
    assert set(aids[1:]) <= {"page.sources()", "page.confidentiality()", "page.annex()", "page.glossary()"}
