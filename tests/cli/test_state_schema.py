"""``ctgeval etat --json`` tells what each notebook may be given, as a JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.light import light

Run = Callable[..., Any]


def test_the_state_of_a_dossier_comes_with_the_schema_of_each_notebook(run: Run, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    result = run("etat", light(tmp_path / "dossier"), "--json", "--out", tmp_path / "bilans")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert set(told["parametres"]) == {one["bilan"] for one in told["bilans"]} >= {"bilan_annuel", "diagnostic"}
    for name, schema in told["parametres"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["title"]
        assert schema["additionalProperties"] is False
        assert {"release", "territoire", "periode"} <= set(schema["properties"]), name
        assert all(one["type"] == "string" and one["description"] for one in schema["properties"].values())
