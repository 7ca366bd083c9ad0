"""Names and values with braces, quotes and ends of lines stay names and values, from the declaration to the page."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import pytest

from ctgeval.errors import ParameterError
from ctgeval.report import execute
from ctgeval.report.parameters import LONGEST_TEXT, check, json_schema, schema
from tests.report.running import Bench

build = importlib.import_module("ctgeval.report.build").build

VALUES = (
    "'", '"', "'''", '"""', "\\", "\\'", "{}", "{0}", "{nom.__class__}", "%s %(x)s", "$HOME `id` $(id)", "#", ";1/0",
    "',1/0,'", "\\n1/0", "\\x27", "é 🙂 \u0301", "</script>{{7*7}}",
)  # fmt: skip
# The file systems of Windows refuse quotes and ends of lines.
PLACE = "a{b.__class__} {} {0} %s été" + ("" if os.name == "nt" else "'\"\\ $HOME `id`;\n#")


@pytest.fixture(scope="module", params=["fork", "process"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = Bench(tmp_path_factory.mktemp("noms").resolve())
    made.kind = request.param  # type: ignore[attr-defined]
    yield made
    made.close()


def test_each_value_reaches_the_notebook_as_it_was_given(bench: Any) -> None:
    for value in VALUES if bench.kind == "fork" else VALUES[6:8]:
        reply = bench.run("print(nom.encode('utf-8').hex())", nom=value, kernels=bench.kind)
        assert value.encode().hex() in reply["html"], value


@pytest.mark.parametrize(
    "value", ["a\nb", "a\rb", "a\u2028b", "a\x00b", "a\x1b[31m", "\u202eb", "x" * (LONGEST_TEXT + 1)]
)
def test_a_value_that_holds_more_than_a_line_of_text_is_refused(bench: Any, value: str) -> None:
    reply = bench.run("print('jamais')", nom=value, kernels=bench.kind)
    assert "paramètre « nom »" in reply["message"]
    assert "html" not in reply


def test_a_name_that_is_not_declared_runs_nothing_and_the_near_one_is_told(bench: Any) -> None:
    task = bench.task("print('jamais')", kernels=bench.kind)
    for name, said in (
        ("nmo", "« nom »"),
        ("nom=1;__import__('os')._exit(1)#", "n’est pas déclaré"),
        ("{}", "Paramètres déclarés"),
    ):
        reply = bench.pool(bench.kind).run(type(task)(task.notebook, task.scratch, {name: "x"}, 60.0))
        assert said in reply["message"]
        assert "html" not in reply


def test_a_type_of_the_metadata_is_kept_to(bench: Any) -> None:
    task = bench.task("print(type(nom).__name__, nom)", kernels=bench.kind)
    content = nbformat.read(task.notebook, as_version=4)
    for kind, value, other in (("entier", 3, 3.5), ("nombre", 2.5, "2.5"), ("booleen", True, 1), ("entier", 4, True)):
        content.metadata.ctgeval.parametres.nom.type = kind
        nbformat.write(content, task.notebook)
        reply, refused = (
            bench.pool(bench.kind).run(type(task)(task.notebook, task.scratch, {"nom": one}, 60.0))
            for one in (value, other)
        )
        assert f"{type(value).__name__} {value}" in reply["html"]
        assert f"n’est pas du type « {kind} »" in refused["message"]


def test_the_places_of_a_build_may_have_any_name(
    workshop: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / PLACE
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    out = tmp_path / PLACE / "bilans {} {0}"
    for kernels in ("fork", "process"):
        report = build(
            workshop.folder, out=out, audience="habitants", date=dt.date(2026, 1, 15), kernels=kernels, force=True
        )
        assert [entry.message for entry in report.entries] == [""]
        assert "canari-habitants" in report.entries[0].path.read_text(encoding="utf-8")


def test_the_cell_of_parameters_takes_the_place_of_a_former_one() -> None:
    values = {"nom": "b"}
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("nom = ''", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell("nom = 'a'", metadata={"tags": ["injected-parameters"]}),
        ]
    )
    execute.inject(notebook, values)
    assert [cell.source for cell in notebook.cells] == ["nom = ''", "# Parameters\nnom = 'b'"]


def test_the_schema_says_what_is_checked() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    kinds = {"texte": "t", "entier": "e", "nombre": "n", "booleen": "b"}
    declared = schema({"ctgeval": {"parametres": {name: {"type": kind} for kind, name in kinds.items()}}})
    told = json_schema(declared, title="Essai")
    jsonschema.Draft202012Validator.check_schema(told)
    validator = jsonschema.Draft202012Validator(json.loads(json.dumps(told)))
    for name in kinds.values():
        for value in ("a", "a\nb", "x" * 201, 1, 1.5, True, None, [], {}):
            try:
                accepted = bool(check({name: value}, declared))
            except ParameterError:
                accepted = False
            assert validator.is_valid({name: value}) == accepted, (name, value)
    assert not validator.is_valid({"autre": "x"})
